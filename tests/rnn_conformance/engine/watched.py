"""A subject that is watched: which calls a check made, and what it was looking at in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from rnn_adapters.adapter import Call, Output
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.subject import SEQUENCE_AXES, Subject
from rnn_reference.bounds import Bounded
from rnn_reference.network import Network


@dataclass(frozen=True, eq=False)
class Made:
    """A call that a check made.

    Args:
        method: of the adapter, by name.
        case: the network that was loaded, and the call.
        given: what the adapter was given besides.
    """

    method: str
    case: Case
    given: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class Compared:
    """What was compared last: by its name, what was found, and what was expected."""

    what: str
    actual: Any
    expected: Bounded


class Watched(Subject):
    """Shares the adapters of another subject, of which nothing is loaded any more afterwards.

    `answered` holds all calls that gave an output.

    `made` holds the calls since weights were loaded or states were reset; those after which weights were
    assigned, or what is loaded was saved and loaded again, by the name of that method.
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject.framework)
        self._adapters = subject._adapters
        subject._loaded = None
        self.made: list[Made] = []
        self.compared: Compared | None = None
        self.last_output: Output | None = None
        self.answered: list[tuple[Made, Output]] = []
        self._doing: tuple[str, tuple[Any, ...]] = ("run", ())
        self.journal = self._note

    def _note(self, case: Case) -> None:
        method, given = self._doing
        self.made.append(Made(method, case, given))
        self.compared = self.last_output = None

    @contextmanager
    def _as(self, method: str, given: tuple[Any, ...]) -> Iterator[None]:
        self._doing = method, tuple(each for each in given if not isinstance(each, Call))
        try:
            yield
        finally:
            self._doing = "run", ()

    def _derived(self, method: str, case: Case, *given: Any) -> Any:
        with self._as(method, given):
            return super()._derived(method, case, *given)

    def _of_surface(self, method: str, case: Case, *given: Any) -> Any:
        with self._as(method, given):
            return super()._of_surface(method, case, *given)

    def model(self, network: Network) -> Any:
        if self._loaded is None or self._loaded[0] is not network:
            self.made = self.made[-1:]  # the call that needs it
        return super().model(network)

    def call(self, network: Network, call: Call) -> Output:
        output = self.last_output = super().call(network, call)
        self.answered.append((self.made[-1], output))
        return output

    def answer_to(self, case: Case) -> Output | None:
        self.last_output = super().answer_to(case)
        return self.last_output

    def reset_states(self, network: Network) -> None:
        super().reset_states(network)
        self.made.clear()

    def assign_weights(self, network: Network, other: Network) -> None:
        super().assign_weights(network, other)
        self.made = [replace(each, method="assign_weights") for each in self.made]

    def restore(self, network: Network) -> None:
        super().restore(network)
        self.made = [replace(each, method="restored") for each in self.made]

    def agree(
        self, what: str, actual: Any, expected: Bounded, dtype: Any, axes: tuple[str, ...] = SEQUENCE_AXES
    ) -> None:
        self.compared = Compared(what, actual, expected)
        super().agree(what, actual, expected, dtype, axes)
