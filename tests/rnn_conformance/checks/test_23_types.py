"""DTY: types narrower than float32, and mixed precision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.declarations import NarrowType
from rnn_adapters.histories import Action
from rnn_conformance.checks.support.derivatives import expect_all, expect_second_gradients
from rnn_conformance.checks.support.expect import (
    expect_everything,
    expect_output,
    expect_steps,
    expect_top_steps,
    final_states_of,
    sequence_of,
    with_cell,
)
from rnn_conformance.checks.support.histories import follow
from rnn_conformance.checks.test_19_gradients import NEEDS as GRADIENTS
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.meaning import as_computed
from rnn_conformance.engine.strategies import EITHER_OUTPUT, FLOAT32, POOL, TANH_OR_RELU, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import precision_of

NARROW: tuple[NarrowType, ...] = ("float16", "bfloat16")
SHORT = (1, 2, 3)
LONG_SUMS = (64,)
HALF = 0.5  # each case is called in mixed precision, too, for a sequence and for the last output
MORE = 2.0  # of few routes alone


@check("DTY-1", Cases(layers=(1, 2), dtypes=NARROW, time=SHORT), needs=("sequence", "narrow_dtypes"))
def test_what_is_returned_has_the_type_of_the_network(subject: Subject, case: Case) -> None:
    output = subject.run(case)
    sequence_of(subject, case, output)
    if subject.supports.final_states:
        final_states_of(subject, case, output)
    if subject.supports.last_output:
        shape = (case.x.shape[0], case.network.output_size)
        last = subject.run(case, return_sequences=False).last
        subject.has_shape("last output", last, shape, case.network.dtype)


@check("DTY-2", Cases(directions=(1,), dtypes=NARROW, scatter=True), needs=("sequence", "narrow_dtypes"))
def test_a_step_rounds_each_product_and_sum_once(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


def cancelling(numbers: Array) -> Array:
    """The numbers, with those of the second half of the last axis the negatives of those of the first."""
    half = numbers.shape[-1] // 2
    return np.concatenate([numbers[..., :half], -numbers[..., :half]], axis=-1)


@check(
    "DTY-3",
    Cases(directions=(1,), dtypes=NARROW, inputs=LONG_SUMS, hidden=(2, 4), time=SHORT, scatter=True),
    needs=("sequence", "narrow_dtypes"),
)
def test_products_are_summed_in_float32(subject: Subject, case: Case) -> None:
    """Long sums that first grow large and then cancel: what is lost on the way does not come back."""
    case = with_cell(case, W_x=np.abs(case.network.cells[0].W_x)).replace(x=cancelling(np.abs(case.x)))
    expect_steps(subject, case, subject.run(case))


@check(
    "DTY-4",
    Cases(
        directions=(1, 1, 2),
        merge_modes=("mul", "concat", "sum", "ave", "none"),
        dtypes=("float16",),
        regimes=("small",),
        stateful=(False, False, True),
        scatter=True,
    ),
    needs=("sequence", "float16"),
)
def test_small_float16_numbers_are_not_flushed(subject: Subject, case: Case) -> None:
    """Nor those that two directions make when they are merged, nor those that are kept."""
    if case.call.stateful:
        going_on = case.replace(initial_states=None)
        follow(subject, replace(going_on, history=(Action("call", going_on.call),)))
    elif case.network.layers[0].directions == 1:
        expect_steps(subject, case, subject.run(case))
    else:
        expect_output(subject, case, subject.run(case))


@check(
    "DTY-5",
    replace(
        POOL,
        layers=(1, 1, 2),
        activations=TANH_OR_RELU,
        dtypes=NARROW,
        compute_dtypes=(None,),
        time=(*SHORT, 18),
    ),
    needs=("sequence", "narrow_dtypes"),
)
def test_layers_directions_and_states_of_narrow_types(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check(
    "DTY-6",
    Cases(
        directions=(1,),
        compute_dtypes=NARROW,
        inputs=(2, 4, 6),
        hidden=(2, 3, 4),
        biases=(1, 2),
        initial_states=(False,),
        scatter=True,
    ),
    needs=("sequence", "compute_dtypes"),
)
def test_mixed_precision_rounds_weights_and_input_first(subject: Subject, case: Case) -> None:
    """In the first unit products cancel to zero once their factors are rounded, and do not before."""
    cell = case.network.cells[0]
    half = cell.W_x.shape[1] // 2
    W_x, x = cell.W_x.copy(), case.x.copy()
    W_x[0, half:] = W_x[0, :half].astype(case.call.compute_dtype)
    x[..., half:] = -x[..., :half].astype(case.call.compute_dtype)
    case = with_cell(case, W_x=W_x, W_h=0 * cell.W_h, b=0 * cell.W_h[0], b_h=None).replace(x=x)
    expect_steps(subject, as_computed(case), subject.run(case))


@check(
    "DTY-7",
    replace(
        POOL,
        layers=(1, 1, 2),
        activations=TANH_OR_RELU,
        dtypes=FLOAT32,
        compute_dtypes=NARROW,
        time=(*SHORT, 18),
        scatter=True,
    ),
    needs=("sequence", "compute_dtypes"),
)
def test_mixed_precision_computes_as_a_network_of_that_type(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


def computed_both_ways(subject: Subject, case: Case) -> list[Case]:
    """The case of a narrow type, and the same in mixed precision where that is supported."""
    narrow = str(case.network.dtype)
    if narrow not in subject.supports.compute_dtypes or case.network.dtype == "float32":
        return [case]
    return [case, case.mapped(lambda array: array.astype(np.float32)).replace(compute_dtype=narrow)]


def expect_all_of_it(subject: Subject, case: Case) -> None:
    """Sequence, final states and last output, of the narrow type and in mixed precision."""
    for each in computed_both_ways(subject, case):
        expect_everything(subject, each)


@check(
    "DTY-8",
    Cases(
        directions=(1,),
        dtypes=NARROW,
        biases=(1,),
        initial_states=(True,),
        regimes=("moderate",),
        batch=(2,),
        time=(1, 2),
        inputs=(256, 1100),
        hidden=(256, 520),
        scatter=True,
    ),
    needs=("sequence", "initial_states", "narrow_dtypes"),
    share=0.2,
)
def test_sums_of_hundreds_of_products_are_summed_in_float32(subject: Subject, case: Case) -> None:
    """Of input and of state, which first grow large and then cancel."""
    cell, states = case.network.cells[0], case.initial_states
    assert states is not None
    case = with_cell(case, W_x=np.abs(cell.W_x), W_h=np.abs(cell.W_h)).replace(
        x=cancelling(np.abs(case.x)), initial_states=tuple(cancelling(np.abs(state)) for state in states)
    )
    for each in computed_both_ways(subject, case):
        expect_steps(subject, as_computed(each), subject.run(each))


@check(
    "DTY-9",
    Cases(
        dtypes=NARROW,
        regimes=("moderate", "contractive"),
        time=(1,),
        merge_modes=("concat", "sum", "ave"),
        scatter=True,
        return_sequences=EITHER_OUTPUT,
    ),
    needs=("outputs", "narrow_dtypes"),
)
def test_large_narrow_numbers_do_not_overflow(subject: Subject, case: Case) -> None:
    """The largest sum of all terms is a quarter to an eighth of the largest number.

    So that of two outputs, which directions are merged by, is no more than a half.
    """
    terms = np.concatenate(
        [np.abs(case.x).astype(float) @ np.abs(cell.W_x).astype(float).T for cell in case.network.cells]
    )
    largest = precision_of(case.network.dtype).largest
    factor = 2.0 ** np.floor(np.log2(largest / 4 / max(terms.max(), 1)))
    expect_all_of_it(subject, case.replace(x=case.x * case.x.dtype.type(factor)))


SMALL = {"float16": 2.0**-13, "bfloat16": 2.0**-110}


@check(
    "DTY-10",
    Cases(
        activations=("relu",),
        dtypes=NARROW,
        regimes=("contractive",),
        time=SHORT,
        merge_modes=("concat", "sum", "ave"),
        scatter=True,
        return_sequences=EITHER_OUTPUT,
    ),
    needs=("outputs", "narrow_dtypes", "relu"),
    share=HALF,
)
def test_small_narrow_numbers_are_kept(subject: Subject, case: Case) -> None:
    """Under relu: how exact tanh is, is said in units of 1."""
    factor = case.network.dtype.type(SMALL[str(case.network.dtype)])

    def small(cell: Cell) -> Cell:
        b, b_h = (None if bias is None else bias * factor for bias in (cell.b, cell.b_h))
        return replace(cell, b=b, b_h=b_h)

    states, layers = case.initial_states, case.network.layers
    case = case.replace(
        network=Network(Layer(*map(small, layer.cells)) for layer in layers),
        x=case.x * factor,
        initial_states=None if states is None else tuple(state * factor for state in states),
    )
    expect_all_of_it(subject, case)


@check(
    "DTY-11",
    Cases(layers=(1, 2), dtypes=NARROW, padding=("none", "lengths"), time=(1, 2, 3, 4, 5), scatter=True),
    needs=("sequence", "states_or_last", "narrow_dtypes"),
    share=HALF,
)
def test_final_states_of_narrow_types_are_the_outputs_to_the_bit(subject: Subject, case: Case) -> None:
    for each in computed_both_ways(subject, case):
        seen, output = as_computed(each), subject.run(each)
        expected = last_outputs(seen, sequence_of(subject, seen, output))
        of_weights = subject.conventions.state_dtype == "weights"
        if subject.supports.final_states:
            top = final_states_of(subject, each, output, None if of_weights else seen.network.dtype)[-1]
            rounded = np.concatenate(list(top), axis=-1).astype(seen.network.dtype)
            subject.require(np.array_equal(rounded, expected), "final states are not the last outputs")
        if subject.supports.last_output:
            last = subject.run(each, return_sequences=False).last
            last = subject.has_shape("last output", last, expected.shape, expected.dtype)
            subject.require(np.array_equal(last, expected), "the last output is not that of the sequence")


def last_outputs(case: Case, sequence: Array) -> Array:
    """Of each direction and row what the sequence shows at the last valid step of each."""
    steps = np.ones(case.x.shape[:2], bool) if case.steps is None else case.steps
    H, rows = case.network.layers[-1].hidden_size, np.arange(len(sequence))
    latest = steps.shape[1] - 1 - steps[:, ::-1].argmax(axis=1)
    forward = sequence[rows, latest, :H]
    return np.concatenate([forward, sequence[rows, steps.argmax(axis=1), H:]], axis=-1)


@check(
    "DTY-12",
    Cases(
        layers=(1, 2, 3),
        compute_dtypes=NARROW,
        hidden=(2, 4, 6),
        time=SHORT,
        initial_states=(True,),
        scatter=True,
    ),
    needs=("sequence", "initial_states", "compute_dtypes"),
)
def test_mixed_precision_rounds_initial_states_first(subject: Subject, case: Case) -> None:
    """As for the input: in the first unit products of the state cancel to zero once they are rounded."""
    narrow, states = case.call.compute_dtype, case.initial_states
    assert states is not None

    def of_state_alone(cell: Cell) -> Cell:
        half, W_h = cell.hidden_size // 2, cell.W_h.copy()
        W_h[0, half:] = W_h[0, :half].astype(narrow)
        return Cell(np.zeros_like(cell.W_x), W_h, np.zeros_like(cell.bias), None, cell.activation)

    def opposite(state: Array) -> Array:
        half = state.shape[-1] // 2
        return np.concatenate([state[..., :half], -state[..., :half].astype(narrow)], -1, dtype=state.dtype)

    network = Network(Layer(*map(of_state_alone, layer.cells)) for layer in case.network.layers)
    case = case.replace(network=network, initial_states=tuple(map(opposite, states)))
    expect_top = expect_steps if network.num_layers == 1 else expect_top_steps
    expect_top(subject, as_computed(case), subject.run(case))


OF_GRADIENTS = Cases(
    layers=(1, 2),
    regimes=("contractive",),
    time=SHORT,
    hidden=(1, 2, 3, 4),
    initial_states=(True,),
    padding=("none", "lengths"),
    variants=("", "large", "small"),
    scatter=True,
)


@check("DTY-13", replace(OF_GRADIENTS, dtypes=NARROW), needs=(*GRADIENTS, "narrow_dtypes"))
def test_gradients_of_narrow_types(subject: Subject, case: Case) -> None:
    """Small ones are mostly below the smallest normal float16, and large ones no infinities."""
    expect_all(subject, case)


@check("DTY-14", replace(OF_GRADIENTS, compute_dtypes=NARROW), needs=(*GRADIENTS, "compute_dtypes"))
def test_gradients_in_mixed_precision(subject: Subject, case: Case) -> None:
    expect_all(subject, case)


@check("DTY-15", replace(POOL, layers=(1, 1, 2)), needs=("outputs",), share=MORE, routes=("quantised",))
def test_quantised_factors_are_rounded_as_declared(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check(
    "DTY-16",
    Cases(
        directions=(1,),
        time=(1,),
        regimes=("moderate", "contractive"),
        initial_states=(True,),
        variants=("halfway", "small", "large"),
        scatter=True,
    ),
    needs=("sequence", "initial_states", "rounded_weights"),
    routes=("quantised",),
)
def test_weights_are_rounded_to_the_nearest_number_of_any_size(subject: Subject, case: Case) -> None:
    """What small weights are multiplied with is large, and the other way round."""
    quantised, states = subject.conventions.quantised, case.initial_states
    assert quantised is not None
    assert quantised.weight_dtype is not None
    assert states is not None
    cell, narrow = case.network.cells[0], quantised.weight_dtype
    (W_x, x), (W_h, h) = (cell.W_x, case.x), (cell.W_h, states[0])
    if case.variant == "halfway" or narrow == "bfloat16":  # which is as wide as float32
        W_x, W_h = halfway(W_x, narrow), halfway(W_h, narrow)
    else:
        (W_x, x), (W_h, h) = rescaled(W_x, x, case.variant), rescaled(W_h, h, case.variant)
    case = with_cell(case, W_x=W_x, W_h=W_h).replace(x=x, initial_states=(h,))
    expect_steps(subject, case, subject.run(case))


def halfway(W: Array, narrow: str) -> Array:
    """Numbers in the middle between two neighbours of a narrow type, near those of the array."""
    near = W.astype(narrow)
    middle: Array = (
        near.astype(W.dtype) + np.nextafter(near, np.array(np.inf, near.dtype)).astype(W.dtype)
    ) / 2
    return middle


EXPONENTS = {"small": np.arange(-13, -25, -1), "large": np.arange(17, 13, -1)}
"""Of factors of weights, some of which are then below the smallest normal float16, or beyond the largest."""


def rescaled(W: Array, a: Array, variant: str) -> tuple[Array, Array]:
    """Weights and what they are multiplied with, both by powers of two, so that products stay as they are."""
    factors = np.exp2(np.resize(EXPONENTS[variant], W.shape[-1])).astype(W.dtype)
    return W * factors, a / factors


@check(
    "DTY-17",
    replace(
        OF_GRADIENTS,
        dtypes=NARROW,
        activations=("relu", "relu", "relu", "tanh"),  # of tanh most bounds say little
        layers=(1, 1, 2),
        time=(1, 2, 3),
        padding=("none", "lengths", "mask"),
        go_backwards=(False, True),
        merge_modes=("concat", "sum", "mul", "ave", "none"),
        variants=("", "", "", "", "small", "slow"),
    ),
    needs=(*GRADIENTS, "second_gradients", "narrow_dtypes"),
    share=HALF,
)
def test_gradients_of_gradients_of_narrow_types(subject: Subject, case: Case) -> None:
    """Small ones, of small cotangents or of slow changes, are mostly below the smallest normal float16.

    So they are asked beside usual ones, of which the bounds say more.
    """
    for each in computed_both_ways(subject, case):
        for variant in ("", case.variant) if case.variant else ("",):
            expect_second_gradients(subject, replace(each, variant=variant))
