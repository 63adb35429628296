"""LAW: what must hold between two runs of the same implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from zlib import crc32

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.checks.support.asking import (
    JVP,
    derivatives_of,
    left_alone,
    one_of,
    told_of,
    with_states,
)
from rnn_conformance.checks.support.derivatives import (
    all_of,
    as_seen,
    cotangents,
    direction_of,
    handed_cotangents,
    is_differentiable,
)
from rnn_conformance.checks.support.expect import (
    asked_for,
    copied_final_states,
    expect_same,
    final_states_of,
    sequence_of,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.handing import laid_call, refill
from rnn_conformance.engine.meaning import as_computed
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import POOL, Cases
from rnn_conformance.engine.subject import SEQUENCE_AXES, STATE_AXES, Subject
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

TAME: tuple[Regime, ...] = ("contractive", "moderate")
SHORT = (1, 2, 3, 4, 5)
HALF = 0.5  # every law takes two runs or more
BACKWARDS = slice(None, None, -1)


def run(subject: Subject, case: Case) -> Array:
    """The sequence output of a case, kept from being overwritten by the next call."""
    return sequence_of(subject, case, subject.run(case)).copy()


def bound_of(subject: Subject, case: Case) -> Array:
    """The forward bound of the sequence output."""
    return subject.bounds_of(case).sequence.bound


def reachable(case: Case, step: int) -> Array:
    """Which elements of the sequence output of one layer an input at `step` may reach."""
    (layer,) = case.network.layers
    H, T = layer.hidden_size, case.x.shape[1]
    reached = np.zeros((T, layer.output_size), bool)
    reached[step:, :H] = True
    reached[: step + 1, H:] = True
    return reached


@check("LAW-1", Cases(regimes=TAME), needs=("sequence",), share=HALF)
def test_nothing_depends_on_what_was_not_read_yet(subject: Subject, case: Case) -> None:
    step = case.x.shape[1] // 2
    x = case.x.copy()
    x[:, step] = 1 - x[:, step]
    one, other = run(subject, case), run(subject, case.replace(x=x))
    untouched = ~reachable(case, step)
    what = f"outputs that the input at time {step} may not reach"
    bound = bound_of(subject, case)
    expect_same(
        subject, what, other[:, untouched], one[:, untouched], bound[:, untouched], ("batch", "place")
    )


@check("LAW-2", Cases(layers=(1, 2), regimes=TAME, time=SHORT), needs=("sequence",), share=HALF)
def test_rows_can_be_reordered(subject: Subject, case: Case) -> None:
    states = None if case.initial_states is None else tuple(s[:, BACKWARDS] for s in case.initial_states)
    reordered = run(subject, case.replace(x=case.x[BACKWARDS], initial_states=states))
    expect_same(
        subject,
        "outputs of reordered rows",
        reordered[BACKWARDS],
        run(subject, case),
        bound_of(subject, case),
        SEQUENCE_AXES,
    )


@check("LAW-3", Cases(directions=(1,), regimes=TAME), needs=("sequence",), share=HALF)
def test_units_can_be_reordered(subject: Subject, case: Case) -> None:
    (cell,) = case.network.cells
    b, b_h = (None if bias is None else bias[BACKWARDS] for bias in (cell.b, cell.b_h))
    turned = Cell(cell.W_x[BACKWARDS], cell.W_h[BACKWARDS, BACKWARDS], b, b_h, cell.activation)
    states = None if case.initial_states is None else tuple(s[..., BACKWARDS] for s in case.initial_states)
    reordered = run(subject, Case.of(Network(Layer(turned)), case.x, states))
    expect_same(
        subject,
        "outputs of reordered units",
        reordered[..., BACKWARDS],
        run(subject, case),
        bound_of(subject, case),
        SEQUENCE_AXES,
    )


@check("LAW-4", Cases(activations=("tanh",), regimes=TAME), needs=("sequence",), share=HALF)
def test_tanh_treats_both_signs_alike(subject: Subject, case: Case) -> None:
    (layer,) = case.network.layers
    cells = [
        replace(cell, b=None if cell.b is None else -cell.b, b_h=None if cell.b_h is None else -cell.b_h)
        for cell in layer.cells
    ]
    states = None if case.initial_states is None else tuple(-state for state in case.initial_states)
    negated = run(subject, Case.of(Network(Layer(*cells)), -case.x, states))
    expect_same(
        subject,
        "outputs of negated input",
        -negated,
        run(subject, case),
        bound_of(subject, case),
        SEQUENCE_AXES,
    )


@check("LAW-5", Cases(directions=(2,), regimes=TAME), needs=("sequence", "bidirectional"), share=HALF)
def test_reversed_time_exchanges_the_directions(subject: Subject, case: Case) -> None:
    (layer,) = case.network.layers
    assert layer.backward is not None
    exchanged = Network(Layer(layer.backward, layer.forward))
    states = None if case.initial_states is None else tuple(s[BACKWARDS] for s in case.initial_states)
    turned = run(subject, Case.of(exchanged, case.x[:, BACKWARDS], states))
    back = np.roll(turned[:, BACKWARDS], layer.hidden_size, axis=-1)
    expect_same(
        subject, "outputs of reversed time", back, run(subject, case), bound_of(subject, case), SEQUENCE_AXES
    )


@check(
    "LAW-6",
    Cases(layers=(1, 2), directions=(1,), regimes=TAME, time=(2, 3, 4, 5)),
    needs=("sequence", "final_states", "initial_states"),
    share=HALF,
)
def test_a_sequence_can_be_split_and_joined(subject: Subject, case: Case) -> None:
    split = case.x.shape[1] // 2
    first = case.replace(x=case.x[:, :split])
    between = copied_final_states(subject, first, subject.run(first))
    second = case.replace(x=case.x[:, split:], initial_states=between)
    output = subject.run(second)
    sequence = sequence_of(subject, second, output).copy()
    final = copied_final_states(subject, second, output)
    whole = subject.run(case)
    bounds = subject.bounds_of(case)
    expect_same(
        subject,
        f"second part, split at time {split}",
        sequence,
        sequence_of(subject, case, whole)[:, split:],
        bounds.sequence.bound[:, split:],
        SEQUENCE_AXES,
    )
    for index, state in enumerate(final_states_of(subject, case, whole)):
        expect_same(
            subject,
            f"final states of layer {index}",
            final[index],
            state,
            bounds.final_states[index].bound,
            STATE_AXES,
        )


@check(
    "LAW-7",
    Cases(directions=(1,), initial_states=(False,), regimes=TAME, time=(2, 3, 4, 5)),
    needs=("sequence",),
    share=HALF,
)
def test_without_recurrent_weights_every_step_is_a_dense_layer(subject: Subject, case: Case) -> None:
    (cell,) = case.network.cells
    dense = Network(Layer(replace(cell, W_h=np.zeros_like(cell.W_h))))
    case = case.replace(network=dense)
    B, T, I = case.x.shape  # noqa: E741 (the spec's symbol)
    steps = case.replace(x=case.x.reshape(B * T, 1, I))
    single, bound = run(subject, steps), bound_of(subject, steps)
    expect_same(
        subject,
        "outputs of single steps",
        single.reshape(B, T, -1),
        run(subject, case),
        (bound.reshape(B, T, -1) + bound_of(subject, case)) / 2,  # which all steps together may make wider
        SEQUENCE_AXES,
    )


@check(
    "LAW-8",
    Cases(layers=(2, 3), regimes=TAME, time=(1, 2, 3, 4)),
    needs=("sequence", "stacked"),
    share=HALF,
)
def test_a_stack_is_its_layers_one_after_the_other(subject: Subject, case: Case) -> None:
    x = case.x
    for index, layer in enumerate(case.network.layers):
        states = None if case.initial_states is None else (case.initial_states[index],)
        x = run(subject, Case.of(Network(layer), x, states))
    expect_same(
        subject, "outputs of single layers", x, run(subject, case), bound_of(subject, case), SEQUENCE_AXES
    )


@check(
    "LAW-9",
    replace(
        POOL,
        layers=(1,),
        go_backwards=(False,),
        merge_modes=("concat", "none"),
        stateful=(False,),
        return_sequences=(True,),
        poisons=("numbers",),
        variants=("nan", "inf", "-inf"),
    ),
    needs=("sequence", "exact_factors"),
    share=HALF,
)
def test_nan_and_infinity_stay_where_they_may_be(subject: Subject, case: Case) -> None:
    computed = as_computed(case)
    output, bounds = subject.run(case), subject.bounds_of(computed)
    clean, bound = sequence_of(subject, computed, output).copy(), bounds.sequence.bound
    final = [state.copy() for state in output.final_states or ()]
    if case.steps is not None:
        bound = np.where(case.steps[:, :, None], bound, np.inf)
    step = case.x.shape[1] // 2
    x = case.x.copy()
    x[0, step] = float(case.variant)
    output = subject.run(case.replace(x=x))
    spoilt = sequence_of(subject, computed, output)
    for state, before, of_state in zip(output.final_states or (), final, bounds.final_states, strict=False):
        one, other, bound_of_state = (array[:, 1:] for array in (state, before, of_state.bound))
        expect_same(subject, "final states of other rows", one, other, bound_of_state, STATE_AXES)
    expect_same(subject, "other rows", spoilt[1:], clean[1:], bound[1:], SEQUENCE_AXES)
    untouched = ~reachable(case, step)
    what = f"outputs that the input at time {step} may not reach"
    expect_same(subject, what, spoilt[0, untouched], clean[0, untouched], bound[0, untouched], ("place",))


ANY = replace(POOL, stateful=(False,), exact=True)


@check("LAW-10", ANY, needs=("outputs",), share=HALF)
def test_a_call_is_pure(subject: Subject, case: Case) -> None:
    """That it leaves its arguments alone is seen at every call, of every clause."""
    asked = asked_for(subject, case)[0]
    once, twice = (arrays_of(subject.run(case, return_sequences=asked)) for _ in range(2))
    expect_the_same(subject, "call gave something else the second time", once, twice)
    for what, derivative in one_of(case, derivatives_of(subject, case)).items():
        first, second = ([array.copy() for array in derivative() or ()] for _ in range(2))
        expect_the_same(subject, f"call gave other {what} the second time", first, second)
    for question in one_of(case, told_of(subject, case)).values():
        question()
    after = arrays_of(subject.run(case, return_sequences=asked))
    expect_the_same(subject, "call gave something else after what can be asked of it", once, after)
    if subject.supports.read_weights:
        for cell, back in zip(case.network.cells, subject.read_weights(case.network).cells, strict=True):
            subject.require(
                all(identical(getattr(cell, role), getattr(back, role)) for role in ("W_x", "W_h", "bias")),
                "the call changed the weights that the framework holds",
            )

    expect_numbers_to_count(subject, case.replace(return_sequences=asked))
    left_alone(lambda: expect_numbers_to_count_in_gradients(subject, with_states(subject, case)))()


def expect_numbers_to_count(subject: Subject, case: Case) -> None:
    """Arrays that were given before, and were filled anew since, are as new ones of these numbers."""
    other, given = of_other_numbers(case), laid_call(case.call, np.array)
    subject.run_on(case, given)
    refill(given, other.call)
    found = arrays_of(subject.run_on(other, given))
    expected = arrays_of(subject.run_on(other, laid_call(given, np.array)))
    expect_the_same(subject, "numbers in arrays that were filled anew gave something else", expected, found)


def expect_numbers_to_count_in_gradients(subject: Subject, case: Case) -> None:
    """The same of derivatives, for the arrays of the call, for cotangents and for directions.

    Of gradients, and of one of the other derivatives.
    """
    if not is_differentiable(subject, case):
        return
    supports = subject.supports

    def gradients(case: Case, given: Call, both: tuple[Array, States], direction: Gradients) -> list[Array]:
        return all_of(subject.gradients_on(case, given, both))

    def tangents(case: Case, given: Call, both: tuple[Array, States], direction: Gradients) -> list[Array]:
        return arrays_of(subject.tangents_on(case, given, direction))

    def second(case: Case, given: Call, both: tuple[Array, States], direction: Gradients) -> list[Array]:
        return all_of(subject.second_gradients_on(case, given, both, direction))

    others = {JVP: tangents} if supports.tangents else {}
    others |= {"gradients of gradients": second} if supports.second_gradients else {}
    for what, derivative in {"gradients": gradients, **one_of(case, others)}.items():
        other, given = of_other_numbers(case), laid_call(case.call, np.array)
        both = handed_cotangents(subject, case, *cotangents(as_seen(subject, case)))
        direction = direction_of(case)
        derivative(case, given, both, direction)
        refill(given, other.call)
        for array in (both[0], *both[1], *all_of(direction)):
            array *= -2
        found = [array.copy() for array in derivative(other, given, both, direction)]
        anew = both[0].copy(), tuple(state.copy() for state in both[1])
        expected = derivative(other, laid_call(given, np.array), anew, direction.mapped(np.copy))
        otherwise = f"numbers in arrays that were filled anew gave something else for {what}"
        expect_the_same(subject, otherwise, expected, found)


def of_other_numbers(case: Case) -> Case:
    """A call of the same shapes and other numbers: rows in reverse, and, with a mask, time steps, too."""
    call, states, T = case.call, case.initial_states, case.x.shape[1]
    turned = case.x[::-1] if call.mask is None else case.x[::-1, ::-1]
    lengths = None
    if call.lengths is not None:
        lengths = np.where(call.lengths > 0, T + 1 - call.lengths, 0)[::-1].astype(call.lengths.dtype)
    return case.replace(
        x=1 - turned,
        initial_states=None if states is None else tuple(1 - state[:, ::-1] for state in states),
        lengths=lengths,
        mask=None if call.mask is None else call.mask[::-1, ::-1],
    )


def expect_the_same(subject: Subject, otherwise: str, once: list[Array], again: list[Array]) -> None:
    """The same call gave the same arrays, to the bit."""
    same = len(once) == len(again) and all(map(identical, once, again))
    subject.require(same, f"the same {otherwise}")


@check("LAW-11", ANY, needs=("outputs",), share=HALF)
def test_a_call_leaves_global_state_alone(subject: Subject, case: Case) -> None:
    """The second call of its kind: the first may build layers. So do derivatives, and what is told."""
    asked = asked_for(subject, case)[0]
    subject.run(case, return_sequences=asked)
    with subject.nothing_altered():
        subject.run(case, return_sequences=asked)
    for derivative in one_of(case, derivatives_of(subject, case)).values():
        derivative()
        with subject.nothing_altered():
            derivative()
    for question in one_of(case, told_of(subject, case)).values():
        with subject.nothing_altered(drawing=True):  # each may build a layer
            question()
        subject.require_unseeded(question)


LATER = 5
"""Calls: of four buffers that take turns, the fourth one comes back to the first."""
MANY_LATER = 17
"""Of sixteen, in a case of three."""


@check(
    "LAW-12",
    replace(ANY, stateful=(False, True)),
    needs=("outputs", "lasting_outputs"),
)
def test_what_was_returned_stays_as_it_is(subject: Subject, case: Case) -> None:
    """Neither the next call changes it, nor those after it, nor derivatives, nor a reset of states."""
    case = case.replace(return_sequences=asked_for(subject, case)[0])
    many = MANY_LATER if crc32(case.fingerprint) % 3 == 0 else LATER
    later = [case.replace(x=number - case.x) for number in range(many)]
    expect_to_stay(subject, case, "later calls", lambda: [subject.run_raw(each) for each in later])
    for merging in merged_otherwise(subject, case):
        other = merging.replace(x=1 - case.x)
        expect_to_stay(subject, merging, "a later call", partial(subject.run_raw, other))
    for what, derivative in one_of(case, derivatives_of(subject, later[0])).items():
        expect_to_stay(subject, case, f"{what} of another call", derivative)
    if case.call.stateful:
        expect_to_stay(subject, case, "a reset", lambda: subject.reset_states(case.network))


def merged_otherwise(subject: Subject, case: Case) -> list[Case]:
    """The case in both directions, merged in each way: what is made of two outputs may be made in place."""
    (first, *above), supports = case.network.layers, subject.supports
    if above or not supports.bidirectional or not supports.sequence or supports.expensive != "nothing":
        return []
    both = case.replace(
        network=Network(Layer(first.forward, first.backward or first.forward)),
        initial_states=None,
        go_backwards=False,
        return_sequences=True,
    )
    return [both.replace(merge_mode=mode) for mode in supports.merge_modes]


def expect_to_stay(subject: Subject, case: Case, what: str, then: Callable[[], object]) -> None:
    """What the case returns is not changed by what is done then."""
    returned = arrays_of(subject.run_raw(case))
    before = [array.copy() for array in returned]
    then()
    subject.require(
        all(map(identical, before, returned)), f"{what} changed an array that an earlier call returned"
    )


@check(
    "LAW-13",
    replace(ANY, padding=("none", "mask of no step", "lengths", "mask of no step")),
    needs=("outputs",),
    share=HALF,
)
def test_what_is_written_into_an_output_reaches_nothing_else(subject: Subject, case: Case) -> None:
    """Neither another output, nor the input and initial states, nor what the model computes next.

    A mask that has no step in one row has none in any: then states go through untouched.
    """
    if case.call.mask is not None and not case.call.mask[:1].any():
        case = case.replace(mask=np.zeros_like(case.call.mask))
    for return_sequences in asked_for(subject, case):
        seen = case.replace(return_sequences=return_sequences)
        before = arrays_of(subject.run(seen, return_sequences=return_sequences))
        returned, given = subject.run_kept(seen)
        arrays, originals = arrays_of(returned), {k: a.copy() for k, a in given.items()}
        for index, array in enumerate(arrays):
            if not array.flags.writeable or not array.size:
                continue
            others = [(other, other.copy()) for other in arrays[:index] + arrays[index + 1 :]]
            array[...] = 77
            subject.require(
                all(identical(*both) for both in others), f"writing into output {index} changed another"
            )
            changed = [name for name, kept in originals.items() if not identical(kept, given[name])]
            subject.require(not changed, f"writing into output {index} changed {', '.join(changed)}")
        after = arrays_of(subject.run(seen, return_sequences=return_sequences))
        subject.require(
            all(map(identical, before, after)), "writing into an output changed what the model computes"
        )


def arrays_of(output: Output) -> list[Array]:
    """All arrays of an output, which may still be the framework's own."""
    single = [array for array in (output.sequence, output.last) if array is not None]
    return [*single, *(output.final_states or ())]


def identical(one: Array, other: Array) -> bool:
    """Equal to the bit, but for the payload of NaN."""
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
