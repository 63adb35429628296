"""GRD: gradients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.checks.support.derivatives import (
    COTANGENTS,
    DIRECTIONS,
    SIZES,
    as_seen,
    cotangents,
    direction_of,
    expect_all,
    expect_each,
    expect_gradients_of_the_last_step,
    expect_second_gradients,
    expect_states,
    expect_tangents,
    expect_weights,
    expect_x,
    far_size_of,
    gradients_of,
    rates_of,
    remembering,
    size_of,
)
from rnn_conformance.checks.support.draws import OfOneActivation
from rnn_conformance.checks.support.expect import poisoned
from rnn_conformance.checks.test_08_numerics import bottom_of, fed_directly, over_all_magnitudes
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.meaning import as_computed
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import BATCH_OR_MANY, POOL, Cases, Padding
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import ACTIVATIONS, Activation, ActivationName
from rnn_reference.bounds import Bounded
from rnn_reference.gradient_bounds import (
    BoundedCellGradients,
    BoundedGradients,
)
from rnn_reference.gradients import Gradients, backpropagate
from rnn_reference.network import Array, Cell, Layer, Network, States
from rnn_reference.precision import precision_of
from rnn_reference.second_gradients import second_gradients

HALF = 0.5
TWICE = 2.0  # what no other clause asks with all options
MORE = 1.5  # as many cases again of NaN and infinities; of stacks of three, and of cotangents of each kind
MOST = 0.75  # a case of each activation, and one more
SOME, FEW = 0.3, 0.2  # each takes as long as dozens of short ones

TAME: tuple[Regime, ...] = ("contractive", "moderate")
SHORT = (1, 2, 3, 4, 5)
NEEDS = ("gradients", "sequence", "initial_states")
ONE = Cases(
    directions=(1,),
    regimes=TAME,
    regime_of_many="damped",
    batch=BATCH_OR_MANY,
    time=SHORT,
    inputs=POOL.inputs,
    hidden=POOL.hidden,
    initial_states=(True,),
    layouts=POOL.layouts,
)


@check("GRD-1", ONE, needs=NEEDS, share=HALF)
def test_gradient_of_the_input(subject: Subject, case: Case) -> None:
    expect_x(subject, case, *gradients_of(subject, case))


@check("GRD-2", ONE, needs=NEEDS)
def test_gradient_of_the_initial_state(subject: Subject, case: Case) -> None:
    expect_states(subject, case, *gradients_of(subject, case))


@check("GRD-3", ONE, needs=NEEDS, share=HALF)
def test_gradient_of_the_input_weights(subject: Subject, case: Case) -> None:
    expect_weights(subject, case, *gradients_of(subject, case), ("W_x",))


@check("GRD-4", ONE, needs=NEEDS, share=HALF)
def test_gradient_of_the_recurrent_weights(subject: Subject, case: Case) -> None:
    expect_weights(subject, case, *gradients_of(subject, case), ("W_h",))


@check(
    "GRD-5",
    replace(ONE, biases=(1, 2)),
    needs=NEEDS,
    share=HALF,
)
def test_gradient_of_every_bias(subject: Subject, case: Case) -> None:
    expect_weights(subject, case, *gradients_of(subject, case), ("b", "b_h"))


OPTIONS = replace(
    POOL, initial_states=(True,), return_sequences=(True,), poisons=("numbers",), regimes=("contractive",)
)
"""All options that a call can combine; cotangents are of sequences, and what belongs to a state is asked of
states that are given. What stands at masked time steps is GRD-19's. Where states grow, the bounds of narrow
types say nothing."""

PADDED: tuple[Padding, ...] = ("lengths", "mask", "lengths and mask")
NO_STEP = "a row of no valid time step"
OF_SOME = ("", "", "", *COTANGENTS)
"""Of which outputs and states gradients come in."""


@check(
    "GRD-6",
    replace(
        OPTIONS,
        layers=(1, 2, 3, 3, 3),
        go_backwards=(False,),
        merge_modes=("concat",),
        dtypes=("float32", "float32", "float64"),  # of narrow stacks the bounds say little
        compute_dtypes=(None,),
        variants=(*OF_SOME, *SIZES),
    ),
    needs=NEEDS,
    share=MORE,
)
def test_gradients_of_stacks_and_of_both_directions(subject: Subject, case: Case) -> None:
    """Be what comes in large or small."""
    expect_all(subject, case, size=size_of(case))


@check(
    "GRD-7",
    replace(OPTIONS, padding=PADDED, variants=(*OF_SOME, NO_STEP, NO_STEP)),
    needs=(*NEEDS, "variable_lengths"),
)
def test_gradients_of_rows_of_different_length(subject: Subject, case: Case) -> None:
    """A row may have no valid time step at all, unless a call of it is refused (LEN-6)."""
    if case.variant == NO_STEP:
        case = with_an_empty_row(case)
        if subject.refusal_of(case) is not None:
            subject.tally.count()
            return
        subject.load_anew(case.network)  # without the states that a stateful layer keeps of that call
    (found, expected), seen = gradients_of(subject, case), as_seen(subject, case)
    assert seen.steps is not None
    at_masked = found.x[~seen.steps]
    subject.require(not at_masked.any(), f"gradient of x at masked time steps: {at_masked.tolist()}")
    expect_each(subject, seen, found, expected)


def with_an_empty_row(case: Case) -> Case:
    """The case with a first row of which no time step is valid."""
    lengths, mask, others = case.call.lengths, case.call.mask, np.arange(len(case.x)) > 0
    return case.replace(
        lengths=None if lengths is None else lengths * others.astype(lengths.dtype),
        mask=None if mask is None else mask & others[:, None],
    )


@check("GRD-8", ONE, needs=NEEDS, share=HALF)
def test_no_gradient_goes_to_later_steps_or_other_rows(subject: Subject, case: Case) -> None:
    """The cotangent of one step of the first row alone reaches that row, up to that step."""
    step = case.x.shape[1] // 2
    d_sequence, d_final_states = cotangents(case)
    alone = np.zeros_like(d_sequence)
    alone[0, step] = d_sequence[0, step]
    found = subject.gradients(case, alone, tuple(0 * state for state in d_final_states))
    subject.require(not found.x[0, step + 1 :].any(), f"a gradient at time {step} reached later input")
    subject.require(not found.x[1:].any(), "a gradient of the first row reached other rows' input")
    subject.require(
        not any(state[:, 1:].any() for state in found.initial_states),
        "a gradient of the first row reached other rows' initial states",
    )


@check(
    "GRD-9",
    OPTIONS,
    needs=NEEDS,
    routes=("unrolled", "axes", "cell", "compiled", "saved", "model", "padding", "device"),
)
def test_gradients_by_every_other_way_in(subject: Subject, case: Case) -> None:
    expect_all(subject, case)


@check(
    "GRD-10",
    replace(OPTIONS, poisons=POOL.poisons, variants=("", "", *DIRECTIONS, *SIZES)),
    needs=(*NEEDS, "tangents"),
    share=TWICE,
)
def test_forward_mode_gives_the_derivative_in_a_direction(subject: Subject, case: Case) -> None:
    """Of states that are zero, too, which change none the less; at rates however large or small."""
    expect_tangents(subject, case, size=size_of(case))
    if not case.variant and case.initial_states is not None:
        zeros = tuple(0 * state for state in case.initial_states)
        expect_tangents(subject, case.replace(initial_states=zeros))


def larger(array: Array) -> Array:
    """More than every number in size, and at least 1."""
    return np.asarray(np.abs(array) + 1, array.dtype)


def exact(found: Gradients) -> BoundedGradients:
    """Gradients with bounds of zero."""

    def bounded(array: Array) -> Bounded:
        return Bounded(array, np.zeros_like(array))

    cells = [
        BoundedCellGradients(
            bounded(cell.W_x),
            bounded(cell.W_h),
            None if cell.b is None else bounded(cell.b),
            None if cell.b_h is None else bounded(cell.b_h),
        )
        for cell in found.cells
    ]
    return BoundedGradients(bounded(found.x), tuple(map(bounded, found.initial_states)), tuple(cells))


def small_integers(array: Array) -> Array:
    """-1, 0 or 1 in place of every number."""
    return np.asarray(np.sign(np.round(array)), array.dtype)


def without_kinks(case: Case) -> Case:
    """The case with even weights and odd biases: pre-activations are odd, and so never 0."""

    def even(array: Array) -> Array:
        return 2 * small_integers(array)

    def odd(cell: Cell) -> Cell:
        assert cell.b is not None
        b_h = None if cell.b_h is None else even(cell.b_h)
        return Cell(even(cell.W_x), even(cell.W_h), even(cell.b) + 1, b_h, cell.activation)

    return case.mapped(small_integers).replace(
        network=Network(Layer(*map(odd, layer.cells)) for layer in case.network.layers)
    )


def expect_exact_second_gradients(subject: Subject, case: Case) -> None:
    """The double backward to the bit, where no integer on the way can be too large to be exact."""
    d_sequence, d_final_states = cotangents(case)
    asked = np.sign(d_sequence), tuple(map(np.sign, d_final_states)), direction_of(case).mapped(np.sign)
    if not stays_exact(case, *asked):
        return  # nothing is claimed
    expected = exact(second_gradients(case.network, case.x, case.initial_states, *asked))
    found = subject.second_gradients(case, *asked)
    expect_each(subject, case, found, expected)


INTEGERS = Cases(
    layers=(1, 2),
    activations=("relu",),
    biases=(1, 2),
    regimes=TAME,
    time=(1, 2, 3),
    hidden=(1, 2),
    inputs=(1, 2),
    initial_states=(True,),
)


@check("GRD-11", INTEGERS, needs=(*NEEDS, "second_gradients", "relu"), share=HALF)
def test_gradients_of_gradients_are_exact_in_integers(subject: Subject, case: Case) -> None:
    """Under relu all terms are products of integers, which no order of computing rounds."""
    expect_exact_second_gradients(subject, without_kinks(case))


@check("GRD-12", INTEGERS, needs=(*NEEDS, "relu"), share=HALF)
def test_the_derivative_of_relu_at_zero_is_zero(subject: Subject, case: Case) -> None:
    """Integers again, in which many pre-activations are exactly 0."""
    case = case.mapped(small_integers)
    d_sequence, d_final_states = cotangents(case)
    asked = np.sign(d_sequence), tuple(map(np.sign, d_final_states))
    if not stays_exact(case, *asked, direction_of(case).mapped(np.sign)):
        return  # nothing is claimed
    expected = exact(backpropagate(case.network, case.x, case.initial_states, *asked))
    found = subject.gradients(case, *asked)
    expect_each(subject, case, found, expected)
    if subject.supports.tangents:
        expect_exact_tangents(subject, case)


def expect_exact_tangents(subject: Subject, case: Case) -> None:
    """The JVP of integers to the bit, where no integer on the way can be too large to be exact."""
    direction, largest = direction_of(case).mapped(np.sign), case.mapped(larger)
    highest = rates_of(largest, direction.mapped(larger))
    sizes = [float(part.value.max(initial=0)) for part in (highest.sequence, *highest.final_states)]
    if max(sizes) * precision_of(case.network.dtype).unit_roundoff >= 1:
        return  # nothing is claimed
    expected, found = rates_of(case, direction), subject.tangents(case, direction)
    given = (found.sequence, *(found.final_states or ()))
    for name, actual, rates in zip(
        ("sequence output", *["final states"] * len(expected.final_states)),
        given,
        (expected.sequence, *expected.final_states),
        strict=True,
    ):
        exactly = Bounded(rates.value, np.zeros_like(rates.value))
        subject.agree(f"tangent of the {name} of integers", actual, exactly, case.network.dtype)


@check("GRD-13", INTEGERS, needs=(*NEEDS, "second_gradients", "relu"), share=HALF)
def test_it_is_zero_for_gradients_of_gradients_too(subject: Subject, case: Case) -> None:
    expect_exact_second_gradients(subject, case.mapped(small_integers))


def stays_exact(case: Case, d_sequence: Array, d_final_states: States, direction: Gradients) -> bool:
    """Whether no integer on the way can be too large.

    With larger numbers instead, all at least 1, whatever is computed on the way is a term or a factor of a
    result that is larger still.
    """
    largest = case.mapped(larger)
    results = second_gradients(
        largest.network,
        largest.x,
        largest.initial_states,
        larger(d_sequence),
        tuple(map(larger, d_final_states)),
        direction.mapped(larger),
    )
    sizes = [results.x, *results.initial_states, *(w for c in results.cells for w in c if w is not None)]
    highest = max(float(size.max(initial=0)) for size in sizes)
    return highest * precision_of(case.network.dtype).unit_roundoff < 1


BEYOND_FLOAT32 = 24
"""Where float64 still tells φ′ from its limit."""

FINE = 2**52
"""Of so many units a number of float64 has a full mantissa: one that went through float32 does not."""
THIRDS = (
    Activation("elu", 1 / 3),
    Activation("leaky_relu", 1 / 3),
    Activation("hard_sigmoid", 1 / 3, 0.6),
    Activation("affine", 1 / 3, 0.1),
    Activation("scaled_tanh", 1 / 3, 1.1),
)
"""Of parameters that float32 does not hold."""
IN_FLOAT64 = Cases(
    layers=(1, 2, 3),
    activations=(*ACTIVATIONS, *THIRDS),
    regimes=TAME,
    time=SHORT,
    initial_states=(True,),
    dtypes=("float64",),
    padding=POOL.padding,
    go_backwards=POOL.go_backwards,
    merge_modes=POOL.merge_modes,
    layouts=POOL.layouts,
    variants=("", *SIZES),
    scatter=True,
)
"""All options, but for those that are of other types."""


@check(
    "GRD-14",
    OfOneActivation(IN_FLOAT64),
    needs=(*NEEDS, "float64"),
)
def test_gradients_of_float64_are_computed_in_float64(subject: Subject, case: Case) -> None:
    """Also of numbers from the smallest to the largest: where float32 cannot tell φ′ from its limit."""
    expect_all(subject, case, FINE, far_size_of(case))
    expect_all(subject, beyond_float32(over_all_magnitudes(unpadded_bottom_of(case))), FINE)


def unpadded_bottom_of(case: Case) -> Case:
    """The forward direction of the bottom layer alone, of rows of full length."""
    return bottom_of(case).replace(lengths=None, mask=None)


def beyond_float32(case: Case) -> Case:
    """The case with input at two places that is as large as float64 alone can tell."""
    x = case.x.copy()
    x[0, 0], x[-1, -1] = BEYOND_FLOAT32, np.where(x[-1, -1] < 0, -BEYOND_FLOAT32, BEYOND_FLOAT32)
    return case.replace(x=x)


@check("GRD-15", OfOneActivation(IN_FLOAT64), needs=(*NEEDS, "float64", "tangents"))
def test_the_jvp_of_float64_is_computed_in_float64(subject: Subject, case: Case) -> None:
    expect_tangents(subject, case, FINE, far_size_of(case))


SHORTER = (1, 2, 3)
"""The bounds of the double backward grow faster."""


@check(
    "GRD-16",
    OfOneActivation(
        replace(
            IN_FLOAT64,
            batch=BATCH_OR_MANY,
            time=SHORTER,
            inputs=POOL.inputs,
            hidden=(1, 2, 3, 4, 1, 2, 3, 4, 21),
            activations=ACTIVATIONS,
            dtypes=("float32",),
            regimes=("contractive",),
            regime_of_many="damped",
            stateful=POOL.stateful,
            dropout=POOL.dropout,
            training=(True,),
            variants=("", *COTANGENTS, *DIRECTIONS, *SIZES),
        )
    ),
    needs=(*NEEDS, "second_gradients"),
)
def test_gradients_of_gradients_through_every_activation(subject: Subject, case: Case) -> None:
    """Be the cotangents large and the rates of change small, or the other way round, or some of them zero.

    Both directions are multiplied, too, also where an output is 0 and changes smoothly.
    """
    expect_second_gradients(subject, case, size=size_of(case))
    if "mul" in subject.supports.merge_modes and [layer.directions for layer in case.network.layers] == [2]:
        product = case.replace(merge_mode="mul", variant="")
        expect_second_gradients(subject, product)
        if all(cell.activation.name in ODD for cell in case.network.cells):
            expect_second_gradients(subject, starting_at_zero(product))


ODD: tuple[ActivationName, ...] = ("tanh", "scaled_tanh", "linear")
"""Functions that are 0 at 0, and smooth there."""


def under(name: ActivationName, network: Network) -> Network:
    """The network with one activation in every cell."""
    layers = (
        [replace(cell, activation=Activation(name)) for cell in layer.cells] for layer in network.layers
    )
    return Network(Layer(*cells) for cells in layers)


@check(
    "GRD-17",
    OfOneActivation(replace(IN_FLOAT64, time=SHORTER)),
    needs=(*NEEDS, "float64", "second_gradients"),
)
def test_gradients_of_gradients_of_float64_are_computed_in_float64(subject: Subject, case: Case) -> None:
    """Also where float32 cannot tell φ″ from its limit."""
    expect_second_gradients(subject, case, FINE, far_size_of(case))
    expect_second_gradients(subject, beyond_float32(fed_directly(unpadded_bottom_of(case))), FINE)


@check(
    "GRD-18",
    replace(
        OPTIONS,
        layers=(1,),
        time=(1, 2, 3, 4, 5, 6, 17),  # of more steps the bounds of narrow products say little
        go_backwards=(False, True, True),
        variants=OF_SOME,
    ),
    needs=NEEDS,
    share=TWICE,
)
def test_gradients_of_layers_that_go_backwards_and_of_merged_directions(subject: Subject, case: Case) -> None:
    """Products of directions also where an output is 0, which nothing can be divided by."""
    expect_all(subject, case)
    if case.call.merge_mode == "mul":
        expect_all(subject, starting_at_zero(case))


def starting_at_zero(case: Case) -> Case:
    """The case without biases and with zeros for the states and the input of the first step."""
    x, layer = case.x.copy(), case.network.layers[0]
    x[:, :1] = 0
    cells = (
        replace(cell, **{role: 0 * bias for role in BIASES if (bias := getattr(cell, role)) is not None})
        for cell in layer.cells
    )
    states = case.initial_states or ()
    return case.replace(network=Network(Layer(*cells)), x=x, initial_states=tuple(map(np.zeros_like, states)))


BIASES = ("b", "b_h")
POISONS = ("nan", "inf", "-inf", "1e30", "-1e30", "1e20")


@check(
    "GRD-19",
    replace(
        OPTIONS,
        padding=PADDED,
        time=OPTIONS.time[1:],
        dtypes=("float32", "float32", "float64", "bfloat16"),  # in float16, 1e30 is not a number
        compute_dtypes=(None, None, None, "bfloat16"),
        variants=POISONS,
    ),
    needs=(*NEEDS, "variable_lengths"),
    share=MORE,
)
def test_what_stands_at_masked_time_steps_reaches_no_gradient(subject: Subject, case: Case) -> None:
    """An infinity times a gradient of zero would be NaN.

    All other numbers are positive, so that no unit of relu is zero: such a zero would say nothing.
    """
    expect_all(subject, poisoned(case.mapped(np.abs)))


MANY_OF_ONE = (300, 3, 2, 3), (2, 3, 300, 3), (2, 3, 2, 300)
"""More rows, features or units than a block of 64 or of 256, and than a byte counts."""
FROM_FAR = Cases(
    layers=(1, 1, 1, 2),
    directions=(1, 1, 2),
    dtypes=("float32", "float32", "float64"),
    compute_dtypes=(None, None, None, "float16"),
    regimes=("contractive",),
    initial_states=(True,),
    sizes=(*[(2, 65, 2, 3), (2, 130, 2, 3), (2, 20, 2, 3)] * 3, *MANY_OF_ONE),
    padding=("mask", "none", "lengths"),
    go_backwards=POOL.go_backwards,
    merge_modes=POOL.merge_modes,
    layouts=POOL.layouts,
    scatter=True,
    covering=True,
)


@check("GRD-20", FROM_FAR, needs=NEEDS, share=MOST)
def test_gradients_come_from_a_hundred_steps_away(subject: Subject, case: Case) -> None:
    """Only the last step has a cotangent: all there is at the first has come the whole way.

    Where that one is masked, all has come from the final states. Then every step has one, which counts once.
    There are many rows, features or units, too. A JVP goes as far.
    """
    case = remembering(case)
    expect_all(subject, case)
    expect_gradients_of_the_last_step(subject, case)
    if subject.supports.tangents:
        expect_tangents(subject, case)


@check(
    "GRD-21",
    Cases(
        layers=(1, 2),
        dtypes=("float32", "float32", "float64", "bfloat16"),
        compute_dtypes=(None, None, None, "bfloat16"),
        regimes=("contractive",),
        time=(2, 3),
        hidden=(1, 2, 3),
        initial_states=(True,),
        padding=PADDED,
        go_backwards=POOL.go_backwards,
        merge_modes=POOL.merge_modes,
        layouts=POOL.layouts,
        stateful=POOL.stateful,
        variants=POISONS,
        covering=True,
    ),
    needs=(*NEEDS, "variable_lengths", "second_gradients"),
    share=HALF,
)
def test_what_stands_at_masked_time_steps_reaches_no_double_backward(subject: Subject, case: Case) -> None:
    """In bfloat16 under relu, if there is one: of tanh most bounds say little."""
    narrow = as_computed(case).network.dtype.itemsize < 4
    if narrow and "relu" in subject.supports.activations:
        case = case.replace(network=under("relu", case.network))
    expect_second_gradients(subject, poisoned(case.mapped(np.abs)))


@check("GRD-22", FROM_FAR, needs=(*NEEDS, "second_gradients"), share=FEW)
def test_gradients_of_gradients_come_from_a_hundred_steps_away(subject: Subject, case: Case) -> None:
    expect_second_gradients(subject, remembering(case))
