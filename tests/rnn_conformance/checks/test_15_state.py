"""STA: state across calls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.checks.support.draws import MANY_LAYERS, ONCE
from rnn_conformance.checks.support.expect import (
    asked_for,
    expect_answer,
    expect_output,
    expect_same,
    going_on_from,
    in_input_order,
    sequence_of,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.handing import laid_call
from rnn_conformance.engine.meaning import as_computed, in_processing_order
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import EITHER_OUTPUT, POOL
from rnn_conformance.engine.subject import SEQUENCE_AXES, Subject
from rnn_reference.network import Array, States

HALF = 0.5  # each case takes several calls

TAME: tuple[Regime, ...] = ("contractive", "moderate")
ALONE = replace(POOL, stateful=(False,), return_sequences=(True,))
"""All options but that of keeping states."""
PARTS = (2, 3, 4, 5, 6, 17, 27)
NEEDS = ("sequence", "final_states", "initial_states")


def part(case: Case, first: int, stop: int | None, states: States | None) -> Case:
    """Some of the steps, from other states.

    A row that has ended takes one, of zeros: lengths of 0 may be refused.
    """
    x, lengths, mask = case.x[:, first:stop], case.call.lengths, case.call.mask
    if lengths is not None:
        x = np.where((lengths > first)[:, None, None], x, x.dtype.type(0))
    return case.replace(
        x=x,
        lengths=None if lengths is None else np.clip(lengths - first, 1, x.shape[1]),
        mask=None if mask is None else mask[:, first:stop],
        initial_states=states,
    )


@check("STA-1", replace(POOL, stateful=(False,), exact=True), needs=("outputs",), share=HALF)
def test_a_call_leaves_nothing_behind(subject: Subject, case: Case) -> None:
    """Other calls in between: of other input, with states where they are supported, and of NaN."""

    asked = asked_for(subject, case)[0]

    def outputs() -> list[Array]:
        output = subject.run(case, return_sequences=asked)
        given = (output.sequence, output.last, *(output.final_states or ()))
        return [array for array in given if array is not None]

    before = outputs()
    subject.run(case.replace(x=1 - case.x[:, ::-1]))
    if subject.conventions.quantised is None:  # NaN has no place on a grid
        subject.run(case.replace(x=np.full_like(case.x, np.nan)))
    after = outputs()
    subject.require(
        all(np.array_equal(one, other, equal_nan=True) for one, other in zip(before, after, strict=True)),
        "the same call gave something else after another call",
    )


@check(
    "STA-2",
    replace(ALONE, directions=(1,), time=(2, 3, 4, 5)),
    needs=NEEDS,
)
def test_a_sequence_can_be_given_step_by_step(subject: Subject, case: Case) -> None:
    """All steps are compared together: alone, the bound of a step that a relu makes zero says nothing."""
    case = with_ends_masked(subject, case)
    whole = in_input_order(subject, case, sequence_of(subject, as_computed(case), subject.run(case))).copy()
    seen = in_processing_order(as_computed(case))
    bounds = subject.bounds_of(seen)
    bound = bounds.sequence.bound[:, ::-1] if case.call.go_backwards else bounds.sequence.bound
    taken = np.ones(case.x.shape[:2], bool) if case.steps is None else case.steps
    T = case.x.shape[1]
    states, steps = case.initial_states, [whole[:, :0]] * T
    for t in reversed(range(T)) if case.call.go_backwards else range(T):
        single = part(case, t, t + 1, states)
        output = subject.run(single)
        steps[t] = sequence_of(subject, as_computed(single), output).copy()
        states = going_on_from(subject, single, output)
    claimed = np.where(taken[:, :, None], bound, np.inf)
    expect_same(subject, "step by step", np.concatenate(steps, axis=1), whole, claimed, SEQUENCE_AXES)


def with_ends_masked(subject: Subject, case: Case) -> Case:
    """From the end, a shorter row begins with steps that it does not take: those have to be masked."""
    if not case.call.go_backwards or case.call.lengths is None:
        return case
    assert case.steps is not None
    if subject.supports.masks:
        return case.replace(lengths=None, mask=case.steps)
    return case.replace(x=np.where(case.steps[:, :, None], case.x, case.x.dtype.type(0)), lengths=None)


KEEPING = replace(ALONE, initial_states=(False,), stateful=(True,))


@check(
    "STA-3",
    replace(
        KEEPING,
        time=PARTS,
        activations=("tanh", "relu", "relu"),
        dtypes=("float32", "float32", "float64", "bfloat16"),
        compute_dtypes=(None, None, "bfloat16"),
        regimes=(*TAME, "tiny", "huge"),
    ),
    needs=("sequence", "final_states", "stateful"),
)
def test_a_stateful_layer_goes_on_where_it_was(subject: Subject, case: Case) -> None:
    """Be its states large or small: a type that is narrower than theirs has no room for those of relu."""
    expect_to_go_on(subject, case)


def expect_to_go_on(subject: Subject, case: Case) -> None:
    """The second half of the steps starts from the states that the first half left.

    Where there are masks, a call in between has no valid time step in the first row, whose state stays.
    """
    subject.reset_states(case.network)
    middle = case.x.shape[1] // 2
    states: States | None = None
    parts = [part(case, 0, middle, None), part(case, middle, None, None)]
    if subject.supports.masks:
        mask = np.broadcast_to(np.arange(len(case.x))[:, None] > 0, parts[0].x.shape[:2]).copy()
        parts.insert(1, parts[0].replace(lengths=None, mask=mask))
    for called in parts:
        output = subject.run(called)
        expect_output(subject, called.replace(initial_states=states), output)
        states = going_on_from(subject, called, output)


@check("STA-4", KEEPING, needs=("sequence", "final_states", "stateful"), share=HALF)
def test_a_reset_layer_starts_from_zeros(subject: Subject, case: Case) -> None:
    """As one that was never called; also after given states, of more rows, too, and after kept NaN."""
    starts: list[States | None] = [None]
    if subject.supports.initial_states:
        shapes = case.network.state_shapes(len(case.x))
        starts.append(tuple(np.full(shape, 0.5, case.network.dtype) for shape in shapes))
    for states in starts:
        subject.run(case.replace(initial_states=states))
        subject.reset_states(case.network)
        expect_output(subject, case, subject.run(case))
    subject.run(case.replace(x=np.full_like(case.x, np.nan)))
    subject.reset_states(case.network)
    expect_output(subject, case, subject.run(case))
    if subject.supports.initial_states:
        more = case.reordered(np.arange(len(case.x) + 1) % len(case.x))
        shapes = more.network.state_shapes(len(more.x))
        half = tuple(np.full(shape, 0.5, case.network.dtype) for shape in shapes)
        subject.run(more.replace(initial_states=half))
        subject.reset_states(case.network)
        expect_output(subject, case, subject.run(case))
    subject.load_anew(case.network)
    expect_output(subject, case, subject.run(case))


@check(
    "STA-5",
    replace(KEEPING, initial_states=(True,)),
    needs=(*NEEDS, "stateful"),
    share=HALF,
)
def test_a_stateful_layer_starts_from_given_states(subject: Subject, case: Case) -> None:
    """Be they zeros, or in the very arrays of the call before; and whatever it keeps, NaN too."""
    subject.run(case.replace(initial_states=None))
    output = subject.run(case)
    expect_output(subject, case, output)
    states = going_on_from(subject, case, output)
    output = subject.run(case.replace(initial_states=None))
    expect_output(subject, case.replace(initial_states=states), output)
    assert case.initial_states is not None
    zeros = case.replace(initial_states=tuple(map(np.zeros_like, case.initial_states)))
    expect_output(subject, zeros, subject.run(zeros))
    given = laid_call(case.call, np.array)
    for _ in range(2):
        expect_output(subject, case, subject.run_on(case, given))
    expect_to_go_on_from_another_type(subject, case)
    if subject.conventions.quantised is None:
        subject.run(case.replace(x=np.full_like(case.x, np.nan)))
        expect_output(subject, case, subject.run(case))


def expect_to_go_on_from_another_type(subject: Subject, case: Case) -> None:
    """Given states of another type may be refused (ERR-5); else those after them are kept as any are."""
    dtype, of_weights = ("int32", "float16")[sum(case.x.shape) % 2], case.network.dtype
    states = tuple(np.clip(np.rint(state), -9, 9) for state in case.initial_states or ())
    asked = case.replace(initial_states=tuple(state.astype(of_weights) for state in states))
    output = subject.answer_to(case.replace(initial_states=tuple(state.astype(dtype) for state in states)))
    if output is None:
        subject.tally.count()
        return
    kept = going_on_from(subject, asked, output)
    found = subject.run(case.replace(initial_states=None))
    expect_output(subject, case.replace(initial_states=kept), found)


@check(
    "STA-6",
    replace(ALONE, time=PARTS[:5], dtypes=("float32", "float32", "float32", "float64"), layers=(1, 1, 2, 3)),
    needs=NEEDS,
)
def test_states_given_back_continue_every_direction(subject: Subject, case: Case) -> None:
    """Where the same state goes in that came out, the second call is the recurrence from there."""
    middle = case.x.shape[1] // 2
    first = part(case, 0, middle, case.initial_states)
    output = subject.run(first)
    expect_output(subject, first, output)
    second = part(case, middle, None, going_on_from(subject, first, output))
    expect_output(subject, second, subject.run(second))


@check(
    "STA-7",
    replace(KEEPING, return_sequences=EITHER_OUTPUT),
    needs=("outputs", "final_states", "stateful"),
    share=HALF,
)
def test_what_is_written_into_an_output_does_not_reach_the_kept_states(subject: Subject, case: Case) -> None:
    for sequences in asked_for(subject, case):
        asking = case.replace(return_sequences=sequences)
        subject.reset_states(case.network)
        returned = subject.run_raw(asking)
        states = going_on_from(subject, case, returned)
        for array in (returned.sequence, returned.last, *(returned.final_states or ())):
            if array is not None and array.flags.writeable:
                array[...] = 77
        output = subject.call(case.network, asking.call)
        expect_answer(subject, asking.replace(initial_states=states), output)


@check(
    "STA-8",
    replace(MANY_LAYERS, directions=(1,), stateful=(True,)),
    needs=("sequence", "final_states", "stateful"),
    share=ONCE,
)
def test_each_of_many_layers_keeps_its_own_state(subject: Subject, case: Case) -> None:
    expect_to_go_on(subject, case)
