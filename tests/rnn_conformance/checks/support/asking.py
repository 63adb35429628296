"""All that can be asked of a case besides the call itself: what must leave everything as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar
from zlib import crc32

import numpy as np

from rnn_adapters.adapter import CannotExpress
from rnn_conformance.checks.support.derivatives import (
    all_of,
    as_seen,
    cotangents,
    derivatives_that_can_be_asked,
    direction_of,
    handed_cotangents,
    is_differentiable,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array, States

Answer = TypeVar("Answer")
Asked = TypeVar("Asked")
Name = TypeVar("Name", bound=str)
Question = Callable[[], object]
JVP = "the JVP"


def one_of(case: Case, questions: Mapping[Name, Asked]) -> dict[Name, Asked]:
    """One of the questions, by its name, if there are any: another one for other cases."""
    names = list(questions)
    return {name: questions[name] for name in names[crc32(case.fingerprint) % max(len(names), 1) :][:1]}


def expect_derivatives(subject: Subject, case: Case, said: Case | None = None) -> None:
    """Every derivative of a case, one of them where shapes are compiled; refusals have other clauses.

    Args:
        said: the case as the framework is told it, if that is another way to say the same.
    """
    asked = derivatives_that_can_be_asked(subject, case, said)
    for derivative in (one_of(case, asked) if is_sparing(subject) else asked).values():
        left_alone(derivative)()


def expect_a_derivative(subject: Subject, case: Case) -> None:
    """One of the derivatives of a case, where it can be differentiated; of a stateful layer, from anew.

    Of one row of one layer, as witnesses of records are, all of them, unless shapes are compiled.
    """
    taken = with_states(subject, case)
    if is_differentiable(subject, taken):
        subject.load_anew(case.network)
        asked = derivatives_that_can_be_asked(subject, taken)
        simple = len(case.x) == 1 and len(case.network.layers) == 1 and not is_sparing(subject)
        for derivative in (asked if simple else one_of(case, asked)).values():
            left_alone(derivative)()


def is_sparing(subject: Subject) -> bool:
    """Whether each program is compiled for each shape, the dearest thing that is asked for."""
    return subject.supports.expensive == "shapes"


def derivatives_of(subject: Subject, case: Case) -> Mapping[str, Callable[[], list[Array] | None]]:
    """For each derivative that can be asked of a case, with all its options, the arrays that it gives."""
    case = with_states(subject, case)
    if not is_differentiable(subject, case):
        return {}
    given = handed_cotangents(subject, case, *cotangents(as_seen(subject, case)))
    return {what: left_alone(found) for what, found in derivatives_at(subject, case, given).items()}


def derivatives_at(
    subject: Subject, case: Case, given: tuple[Array, States]
) -> dict[str, Callable[[], list[Array]]]:
    """For each derivative that is supported, the arrays that it gives for these cotangents; errors stand."""
    direction, supports = direction_of(case), subject.supports

    def tangents() -> list[Array]:
        found = subject.tangents(case, direction)
        return [array for array in (found.sequence, *(found.final_states or ())) if array is not None]

    found = {"gradients": lambda: all_of(subject.gradients(case, *given))}
    if supports.tangents:
        found[JVP] = tangents
    if supports.second_gradients:
        found["gradients of gradients"] = lambda: all_of(subject.second_gradients(case, *given, direction))
    return found


def with_states(subject: Subject, case: Case) -> Case:
    """The case as it can be differentiated: with initial states, for sequences, with numbers as padding."""
    states = case.initial_states
    if states is None and subject.supports.initial_states:
        shapes = case.network.state_shapes(len(case.x))
        states = tuple(np.full(shape, 0.5, case.network.dtype) for shape in shapes)
    x = case.x if case.steps is None else np.where(case.steps[:, :, None], case.x, case.x.dtype.type(0.5))
    return case.replace(x=x, initial_states=states, return_sequences=True)


def told_of(subject: Subject, case: Case) -> Mapping[str, Question]:
    """What is told of a case without computing its outputs, as far as it is supported."""
    supports, plain = subject.supports, replace(case.call, compute_dtype=None)
    # Stateful layers keep states for a batch that they know.
    unknown = tuple(axis for axis in supports.unknown_axes if axis != "batch" or not case.call.stateful)
    known: dict[str, tuple[bool, Question]] = {
        "inferred shapes": (supports.inferred_shapes, partial(subject.inferred_shapes, case, ())),
        "inferred shapes of unknown sizes": (
            supports.inferred_shapes and bool(unknown),
            partial(subject.inferred_shapes, case, unknown),
        ),
        "masks handed on": (
            supports.handed_masks and case.steps is not None,
            partial(subject.handed_masks, case),
        ),
        "default states": (
            supports.default_states,
            partial(_zeros, subject, case.replace(initial_states=None)),
        ),
        "trainable parameters": (supports.count_trainable, partial(subject.count_trainable, case, (0,))),
        "options": (supports.kept_options, partial(subject.kept_options, replace(case, call=plain))),
        "shapes of weights": (supports.native_weights, partial(subject.native_weights, case.network)),
        "the number of parameters": (
            supports.count_parameters,
            partial(subject.count_parameters, case.network),
        ),
    }
    return {name: left_alone(question) for name, (able, question) in known.items() if able}


def _zeros(subject: Subject, case: Case) -> None:
    """Default states are zeros whenever they are asked for (CFG-4)."""
    zeros = not any(state.any() for state in subject.default_states(case))
    subject.require(zeros, "default states are not zeros")


def left_alone(question: Callable[[], Answer]) -> Callable[[], Answer | None]:
    """The question, whatever is answered: that is judged by the clauses about it, refusals included."""

    def asked() -> Answer | None:
        with suppress(CannotExpress):
            try:
                return question()
            except NonConforming as error:
                if error.kind != "raised":
                    raise
        return None

    return asked
