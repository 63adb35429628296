"""Wrong calls as data: for each mistake, how it changes a call that is right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call, CannotExpress
from rnn_conformance.checks.support.asking import derivatives_at, one_of, with_states
from rnn_conformance.checks.support.derivatives import (
    as_seen,
    cotangents,
    handed_cotangents,
    is_differentiable,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array

Change = Callable[[Array], Array]
Mistake = Callable[[Call], Call]


def with_x(change: Change) -> Mistake:
    """A mistake in the input."""
    return lambda call: replace(call, x=np.ascontiguousarray(change(call.x)))


def of_a_feature_too_many(call: Call) -> Call:
    """The call with its last feature twice."""
    return with_x(lambda x: np.concatenate([x, x[..., -1:]], axis=-1))(call)


def with_state(change: Change, layer: int = -1) -> Mistake:
    """A mistake in the initial state of one layer: those of all others are right."""

    def mistake(call: Call) -> Call:
        states = list(call.initial_states or ())
        states[layer] = np.ascontiguousarray(change(states[layer]))
        return replace(call, initial_states=tuple(states))

    return mistake


def of_any(call: Call, count: int) -> int:
    """One of so many, which differs from call to call: of two or more the last as often as all others."""
    number = int(call.x.shape[0] + call.x.shape[1])
    return count - 1 if number % 2 or count < 2 else number // 2 % (count - 1)


def with_lengths(change: Change) -> Mistake:
    """A mistake in the lengths."""

    def mistake(call: Call) -> Call:
        assert call.lengths is not None
        return replace(call, lengths=change(call.lengths))

    return mistake


def with_mask(change: Change) -> Mistake:
    """A mistake in the mask."""

    def mistake(call: Call) -> Call:
        assert call.mask is not None
        return replace(call, mask=np.ascontiguousarray(change(call.mask)))

    return mistake


def in_other_batch_axes(
    field: str,
    rows_of_field: int = 6,
    batch_of_field: tuple[int, ...] = (3, 2),
    batch: tuple[int, ...] = (2, 3),
) -> Mistake:
    """Rows in some batch axes, but those of one field of the call in others, or fewer of them."""

    def mistake(call: Call) -> Call:
        def inside(name: str, array: Array, before: int = 0) -> Array:
            rows, axes = (rows_of_field, batch_of_field) if name == field else (math.prod(batch), batch)
            taken: Array = np.take(array, np.arange(rows) % call.x.shape[0], axis=before)
            return taken.reshape((*taken.shape[:before], *axes, *taken.shape[before + 1 :]))

        states, lengths, mask = call.initial_states, call.lengths, call.mask
        return replace(
            call,
            x=inside("x", call.x),
            initial_states=None
            if states is None
            else tuple(inside("initial_states", state, 1) for state in states),
            lengths=None if lengths is None else inside("lengths", lengths),
            mask=None if mask is None else inside("mask", mask),
        )

    return mistake


def among_batch_axes(mistakes: Mapping[str, Mistake]) -> dict[str, Mistake]:
    """Mistakes of one batch axis, made of calls whose rows stand in two."""
    in_two = in_other_batch_axes("none")

    def of_two(mistake: Mistake) -> Mistake:
        return lambda call: mistake(in_two(call))

    return {name: of_two(mistake) for name, mistake in mistakes.items()}


def expect_refusal(subject: Subject, case: Case, mistakes: Mapping[str, Mistake], when: str = "") -> None:
    """The call with the case's mistake (its variant) must raise, and again; what error is not asked.

    The calls of the case's history, which witnesses alone have, are made before it.

    Args:
        when: what is said of the moment in a finding, and asked for by records.
    """
    for before in case.moments[:-1]:
        subject.call(before.network, before.call)
    # What shrinking leaves must still be a mistake: a state cut from one row to one row is none.
    case = at_least_three_rows(case)
    call = mistakes[case.variant](case.call)
    moments = (when, AGAIN) if case.call.stateful else (when, AGAIN, AFTERWARDS)
    for moment in moments:
        if moment == AFTERWARDS:
            subject.error_of(case.network, case.call)  # whether it is right others ask
        if subject.error_of(case.network, call) is None:
            said, words = f", {moment}" if moment else "", given_in(call)
            finding = f"{case.variant}{said}: expected an error; got an answer ({words})"
            raise NonConforming(finding, kind="not refused", what=moment)
        subject.tally.count()
    expect_refusal_of_derivatives(subject, case, mistakes[case.variant])


AGAIN, AFTERWARDS = "made again", "after a right call"
"""What was checked once, in this call or in another of such input, may be taken for right."""


def given_in(call: Call) -> str:
    """What is given in a call, in words."""
    given = {
        "x": call.x.shape,
        "initial states": None if call.initial_states is None else [s.shape for s in call.initial_states],
        "lengths": None if call.lengths is None else call.lengths.tolist(),
        "mask": None if call.mask is None else call.mask.shape,
    }
    return ", ".join(f"{name} {value}" for name, value in given.items() if value is not None)


def expect_refusal_of_derivatives(subject: Subject, case: Case, mistake: Mistake) -> None:
    """Derivatives must raise where the call is wrong: all of them, or one where much is expensive."""
    able = derivatives_of_the_wrong(subject, case, mistake)
    for name, derivative in (able if subject.supports.expensive == "nothing" else one_of(case, able)).items():
        for moment in ("", f", {AGAIN}"):
            if not is_refused(derivative):
                finding = f"{case.variant}, {name}{moment}: expected an error; got an answer"
                raise NonConforming(finding, kind="not refused", what=name)
            subject.tally.count()
    if able:
        subject.load_anew(case.network)  # what a derivative leaves that was refused is ERR-9's


def derivatives_of_the_wrong(
    subject: Subject, case: Case, mistake: Mistake
) -> dict[str, Callable[[], list[Array]]]:
    """For each derivative that can be asked of a case, that of its call with a mistake.

    Where its outputs had other axes, the cotangents of outputs have them, too: what folds axes of the input
    into one does so with these.
    """
    mask = case.call.mask
    right = with_states(subject, case.replace(mask=None if mask is None else mask.astype(bool)))
    if not is_differentiable(subject, right):
        return {}
    wrong = replace(right, call=mistake(replace(right.call, mask=mask)))
    d_sequence, d_final_states = handed_cotangents(subject, right, *cotangents(as_seen(subject, right)))
    if wrong.x.shape[:-1] != right.x.shape[:-1]:
        d_sequence = np.resize(d_sequence, (*wrong.x.shape[:-1], d_sequence.shape[-1]))
    return derivatives_at(subject, wrong, (d_sequence, d_final_states))


def is_refused(derivative: Callable[[], object]) -> bool:
    """Whether a derivative raises an error; what there are no words for counts as refused."""
    try:
        derivative()
    except CannotExpress:
        return True
    except NonConforming as error:
        if error.kind != "raised":
            raise
        return True
    return False


def expect_refusal_of_states(subject: Subject, case: Case, changes: Mapping[str, Change]) -> None:
    """The call must raise with a wrong initial state in each layer, the top one first.

    A stateful one must do so with nothing kept, and once its layers keep something. Layers below the one that
    refuses may keep what they were given, but not for the next of these calls.
    """
    for layer in reversed(range(case.network.num_layers)):
        wrong = {case.variant: with_state(changes[case.variant], layer)}
        when = ""
        if case.call.stateful:
            subject.reset_states(case.network)
            expect_refusal(subject, case, wrong)
            subject.reset_states(case.network)
            subject.error_of(case.network, at_least_three_rows(case).call)  # whether it is right others ask
            when = "with kept states"
        expect_refusal(subject, case, wrong, when)


def at_least_three_rows(case: Case) -> Case:
    """The case with its rows repeated until there are three."""
    rows = np.arange(max(3, case.x.shape[0])) % case.x.shape[0]
    return case.reordered(rows)
