"""What a check asks an implementation on one case, what is answered, and the same asked of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call, CannotExpress, Output
from rnn_adapters.surface import Shapes, Trained, Training, UnknownAxis
from rnn_conformance.engine.handing import handed_call, twin
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States


@dataclass(frozen=True, eq=False)
class Raised:
    """In place of an answer: an error of this type."""

    error: str


@dataclass(frozen=True, eq=False)
class Question:
    """A method of an adapter that was called, and what with.

    Args:
        network: the one that was loaded last.
        given: what was handed over, but for the model.
    """

    method: str
    network: Network | None
    given: tuple[Any, ...]

    @property
    def call(self) -> Call | None:
        """The call, if one was made."""
        return self.given[0] if self.given and isinstance(self.given[0], Call) else None


Exchange = tuple[Question, Any]
"""A question and its answer, `Raised` where there was an error."""


class Listener(Adapter[Any]):
    """Another adapter, with everything that it is asked and answers kept.

    Copies are kept: what an adapter does to its arguments, and later to what it returned, changes nothing.
    """

    def __init__(self, inner: Adapter[Any]) -> None:
        self.inner = inner
        self.name, self.conventions, self.supports = inner.name, inner.conventions, inner.supports
        self.heard: list[Exchange] = []
        self._network: Network | None = None

    def versions(self) -> dict[str, str]:
        return self.inner.versions()

    def global_state(self) -> Mapping[str, str]:
        return self.inner.global_state()

    def load(self, network: Network) -> Any:
        self._network = network.mapped(twin)
        question = Question("load", self._network, ())
        try:
            model = self.inner.load(network)
        except (Exception, SystemExit) as error:
            self.heard.append((question, Raised(type(error).__name__)))
            raise
        self.heard.append((question, None))
        return model

    def run(self, model: Any, call: Call) -> Output:
        output: Output = self._asked("run", model, call)
        return output

    def read_weights(self, model: Any) -> Network:
        network: Network = self._asked("read_weights", model)
        return network

    def native_weights(self, model: Any) -> list[dict[str, tuple[int, ...]]]:
        weights: list[dict[str, tuple[int, ...]]] = self._asked("native_weights", model)
        return weights

    def count_parameters(self, model: Any) -> int:
        count: int = self._asked("count_parameters", model)
        return count

    def reset_states(self, model: Any) -> None:
        self._asked("reset_states", model)

    def assign_weights(self, model: Any, network: Network) -> None:
        self._asked("assign_weights", model, network)
        self._network = network.mapped(twin)

    def restored(self, model: Any) -> Any:
        question = Question("restored", self._network, ())
        answer = asked(self.inner, "restored", model, ())
        self.heard.append((question, Raised(type(answer).__name__) if _is_error(answer) else None))
        if _is_error(answer):
            raise answer
        return answer

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        answer: Network = self._asked("freshly_initialised", None, like, seed)
        return answer

    def gradients(self, model: Any, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        answer: Gradients = self._asked("gradients", model, call, d_sequence, d_final_states)
        return answer

    def tangents(self, model: Any, call: Call, direction: Gradients) -> Output:
        answer: Output = self._asked("tangents", model, call, direction)
        return answer

    def second_gradients(
        self, model: Any, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        given = (call, d_sequence, d_final_states, direction)
        answer: Gradients = self._asked("second_gradients", model, *given)
        return answer

    def inferred_shapes(
        self, model: Any, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        answer: Mapping[str, Shapes] = self._asked("inferred_shapes", model, call, unknown)
        return answer

    def handed_masks(self, model: Any, call: Call) -> Mapping[str, Array | None]:
        answer: Mapping[str, Array | None] = self._asked("handed_masks", model, call)
        return answer

    def kept_options(self, model: Any, call: Call) -> Mapping[str, tuple[str, str]]:
        answer: Mapping[str, tuple[str, str]] = self._asked("kept_options", model, call)
        return answer

    def wrong_layers(self, model: Any, call: Call) -> Mapping[str, str]:
        answer: Mapping[str, str] = self._asked("wrong_layers", model, call)
        return answer

    def default_states(self, model: Any, call: Call) -> States:
        answer: States = self._asked("default_states", model, call)
        return answer

    def count_trainable(self, model: Any, frozen: tuple[int, ...]) -> Mapping[str, int]:
        answer: Mapping[str, int] = self._asked("count_trainable", model, frozen)
        return answer

    def trained(self, model: Any, call: Call, training: Training) -> Trained:
        answer: Trained = self._asked("trained", model, call, training)
        return answer

    def _asked(self, method: str, model: Any, *given: Any) -> Any:
        question = Question(method, self._network, tuple(map(copied, given)))
        answer = asked(self.inner, method, model, given)
        self.heard.append((question, Raised(type(answer).__name__) if _is_error(answer) else copied(answer)))
        if _is_error(answer):
            raise answer
        return answer


def asked(adapter: Adapter[Any], method: str, model: Any, given: tuple[Any, ...]) -> Any:
    """What a method returns, or the error that it raises."""
    handed = given if method == "freshly_initialised" else (model, *given)
    try:
        return getattr(adapter, method)(*handed)
    except (Exception, SystemExit) as error:
        return error


def _is_error(answer: Any) -> bool:
    return isinstance(answer, Exception | SystemExit)


def answers(adapter: Adapter[Any], questions: list[Question]) -> list[Any]:
    """What another adapter answers to the same questions, asked one after the other."""
    model: Any = None
    found: list[Any] = []
    with np.errstate(all="ignore"):
        for question in questions:
            if question.method == "load":
                assert question.network is not None
                try:
                    model = adapter.load(question.network.mapped(twin))
                    answer: Any = None
                except Exception as error:
                    model, answer = None, error
            elif question.method == "restored":
                answer = asked(adapter, "restored", model, ())
                model, answer = (None, answer) if _is_error(answer) else (answer, None)
            else:
                answer = asked(adapter, question.method, model, tuple(map(copied, question.given)))
            found.append(Raised(type(answer).__name__) if _is_error(answer) else copied(answer))
    return found


def cannot_express(answer: Any) -> bool:
    """Whether a route had no words for the question."""
    return isinstance(answer, Raised) and answer.error == CannotExpress.__name__


def copied(given: Any) -> Any:
    """Whatever goes in or comes out, with arrays of its own."""
    if isinstance(given, np.ndarray):
        return twin(given)
    if isinstance(given, Call):
        return handed_call(given)
    if isinstance(given, Network):
        return given.mapped(twin)
    if isinstance(given, Output):
        states = given.final_states
        return replace(
            given,
            sequence=copied(given.sequence),
            last=copied(given.last),
            final_states=copied(states) if isinstance(states, tuple) else states,
        )
    if isinstance(given, Gradients):
        return given.mapped(twin)
    if isinstance(given, Training):
        return replace(given, d_sequence=twin(given.d_sequence))
    if isinstance(given, Trained):
        return replace(given, networks=copied(given.networks))
    if isinstance(given, Mapping):
        return {name: copied(value) for name, value in given.items()}
    return tuple(map(copied, given)) if isinstance(given, tuple) else given
