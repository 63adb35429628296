"""NUM: how exact the results are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.checks.support.draws import OfOneActivation
from rnn_conformance.checks.support.expect import (
    expect_everything,
    expect_final_states,
    expect_last,
    expect_steps,
    final_states_of,
    sequence_of,
    with_cell,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import HIDDEN_OR_MANY, POOL, Cases
from rnn_conformance.engine.subject import LAST_AXES, Subject
from rnn_reference.activations import ACTIVATION_ACCURACY, ACTIVATIONS
from rnn_reference.bounds import Bounded
from rnn_reference.jacobian_bounds import sharp_bound_cell
from rnn_reference.network import Array, Layer, Network, checked_call
from rnn_reference.precision import precision_of, reference_dtype


@check("NUM-1", Cases(directions=(1,), activations=("tanh",)), needs=("sequence", "tanh"))
def test_tanh_is_this_exact(subject: Subject, case: Case) -> None:
    """Units without recurrence, fed by one weight of 1: the pre-activation is the input, exactly."""
    cell = case.network.cells[0]
    W_x = np.zeros_like(cell.W_x)
    W_x[:, 0] = 1
    b = np.zeros_like(cell.W_h[0]) if cell.biases else None
    case = with_cell(case, W_x=W_x, W_h=np.zeros_like(cell.W_h), b=b, b_h=None)
    expect_steps(subject, case, subject.run(case))


@check(
    "NUM-2",
    Cases(activations=("relu",), regimes=("moderate", "huge", "exact", "tiny"), scatter=True),
    needs=("sequence",),
)
def test_the_pre_activation_is_this_exact(subject: Subject, case: Case) -> None:
    """Under relu an output above zero is the pre-activation itself."""
    expect_steps(subject, case, subject.run(case))


@check(
    "NUM-3",
    Cases(activations=("tanh",), regimes=("chaotic", "moderate"), time=(50, 100, 200), scatter=True),
    needs=("sequence",),
    share=0.2,
)
def test_every_step_of_a_long_sequence_is_as_exact_as_the_first(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check(
    "NUM-4", Cases(layers=(1, 2), regimes=("contractive",), time=(1, 2, 3, 4, 5, 6)), needs=("final_states",)
)
def test_what_shows_no_sequence_is_within_the_forward_bound(subject: Subject, case: Case) -> None:
    expect_final_states(subject, case, subject.run(case))
    if subject.supports.last_output:
        expect_last(subject, case, subject.run(case, return_sequences=False))


BEYOND_FLOAT32 = {"": 1.0, "large": 2.0**200, "small": 2.0**-200}
"""What numbers are multiplied by: of the last two float32 makes an infinity and zero."""
OF_WEIGHTS = {"large weights": 2.0**200, "small weights": 2.0**-200}
"""What input weights are multiplied by, and the input is divided by."""


@check(
    "NUM-5",
    Cases(dtypes=("float64",), scatter=True, variants=(*BEYOND_FLOAT32, *OF_WEIGHTS)),
    needs=("sequence",),
    share=1.5,
)
def test_float64_is_computed_in_float64(subject: Subject, case: Case) -> None:
    """Be input, states and biases large or small, or weights: they come to nothing in a type of fewer
    exponents."""
    if case.variant in OF_WEIGHTS:
        factor = OF_WEIGHTS[case.variant]
        cells = (replace(cell, W_x=cell.W_x * factor) for cell in case.network.cells)
        case = case.replace(network=Network(Layer(*cells)), x=case.x / factor)
        expect_steps(subject, case, subject.run(case))
        return
    factor = BEYOND_FLOAT32[case.variant]

    def scaled(bias: Array | None) -> Array | None:
        return None if bias is None else bias * factor

    cells = (replace(cell, b=scaled(cell.b), b_h=scaled(cell.b_h)) for cell in case.network.cells)
    states = case.initial_states
    case = case.replace(
        network=Network(Layer(*cells)),
        x=case.x * factor,
        initial_states=None if states is None else tuple(state * factor for state in states),
    )
    expect_steps(subject, case, subject.run(case))


@check(
    "NUM-6",
    Cases(
        regimes=("moderate", "contractive"),
        padding=("none", "lengths"),
        time=(16, 32),
        inputs=(4,),
        hidden=(8, 16),
        scatter=True,
    ),
    needs=("final_states", "exact_factors"),
    share=0.25,
)
def test_final_states_of_longer_sequences_are_within_the_sharper_bound(subject: Subject, case: Case) -> None:
    (final,) = final_states_of(subject, case, subject.run(case))
    x, ((*initial,),) = checked_call(case.network, case.x, case.initial_states)
    exact = Bounded(x.astype(float), np.zeros(x.shape))
    for direction, cell in enumerate(case.network.cells):
        turned = np.s_[:, ::-1] if direction else np.s_[:, :]
        steps = None if case.steps is None else case.steps[turned]
        _, bounded = sharp_bound_cell(cell, exact.at(turned), initial[direction], x.dtype, steps)
        subject.agree(f"final state of direction {direction}", final[direction], bounded, x.dtype, LAST_AXES)


MAGNITUDES = {"float16": (-24, 14), "bfloat16": (-133, 125), "float32": (-149, 125), "float64": (-1074, 1021)}
"""The exponents of the smallest number of a type, and of one that no sum of two of them overflows."""


NEARLY, SEVERAL = (12.0, 24.0), 4
"""Where float32 still tells φ from its limit, and where float64 does; both stand among several numbers."""


def over_all_magnitudes(case: Case) -> Case:
    """The case with units without recurrence and bias, each of which gets one feature as it is.

    Signs are those of the drawn numbers, as are the places; sizes go from the smallest number to the largest.
    """
    low, high = MAGNITUDES[str(case.network.dtype)]
    generator = np.random.default_rng(case.x.size)
    spread = generator.permutation(np.linspace(low, high, case.x.size))
    sizes = np.exp2(spread.astype(np.longdouble)).reshape(case.x.shape)
    # One in two near the numbers where φ is neither z nor saturated, 1/16 to some dozens.
    places = generator.permutation(case.x.size).reshape(case.x.shape)
    near = (np.abs(case.x) + 2.0**-4) * 2.0 ** (places // 2 % 5)
    sizes = np.where(places % 2 == 1, near, sizes)
    x = np.where(case.x < 0, -sizes, sizes)
    if case.x.size >= SEVERAL:
        x = np.where(places == 1, NEARLY[0], np.where(places == 3, NEARLY[1], x))
    return fed_directly(case).replace(x=x.astype(case.network.dtype))


def bottom_of(case: Case) -> Case:
    """The forward direction of the bottom layer alone."""
    forward, states = case.network.layers[0].forward, case.initial_states
    return case.replace(
        network=Network(Layer(forward)),
        merge_mode="concat",
        initial_states=None if states is None else tuple(state[:1] for state in states[:1]),
    )


def fed_directly(case: Case) -> Case:
    """The case in which the pre-activation of every unit is the first feature, or another, exactly."""
    cell = case.network.cells[0]
    W_x = np.zeros_like(cell.W_x)
    W_x[np.arange(W_x.shape[0]), np.arange(W_x.shape[0]) % W_x.shape[1]] = 1
    return with_cell(case, W_x=W_x, W_h=np.zeros_like(cell.W_h), b=np.zeros_like(cell.bias), b_h=None)


def fed(case: Case) -> Array:
    """The pre-activations of such a case."""
    units = np.arange(case.network.layers[0].hidden_size)
    return case.x[..., units % case.x.shape[-1]]


ANY_TYPE = ("float32", "float32", "float64", "float16", "bfloat16")
OF_TANH = Cases(
    directions=(1,), activations=("tanh",), initial_states=(False,), hidden=HIDDEN_OR_MANY, scatter=True
)


@check(
    "NUM-7",
    replace(OF_TANH, dtypes=ANY_TYPE),
    needs=("sequence", "tanh", "exact_factors"),
)
def test_tanh_is_this_exact_for_numbers_of_any_size(subject: Subject, case: Case) -> None:
    case = over_all_magnitudes(case)
    sequence = expect_steps(subject, case, subject.run(case))
    subject.require(bool((np.abs(sequence) <= 1).all()), f"tanh beyond ±1: {np.abs(sequence).max()!r}")
    z = fed(case)
    large = np.abs(z) >= SATURATED
    wrong = sequence[large] != np.sign(z[large])
    subject.require(not wrong.any(), f"tanh of {z[large][wrong][:3]} is {sequence[large][wrong][:3]}")


SATURATED = 32
"""1 − tanh 32 is 3e-28, nothing beside 1 in every type."""
NEAR_ZERO = 2.0**-8


@check(
    "NUM-8",
    replace(OF_TANH, dtypes=ANY_TYPE),
    needs=("sequence", "tanh", "exact_factors"),
)
def test_tanh_near_zero_is_as_exact_as_its_size(subject: Subject, case: Case) -> None:
    case = over_all_magnitudes(case)
    sequence = sequence_of(subject, case, subject.run(case))
    wide = reference_dtype(case.network.dtype)
    z = fed(case).astype(wide)
    of_type = precision_of(case.network.dtype)
    bound = ACTIVATION_ACCURACY * of_type.unit_roundoff * np.abs(z) + of_type.underflow
    near = Bounded(np.tanh(z), np.where(np.abs(z) <= NEAR_ZERO, bound, np.inf))
    subject.agree("tanh near 0", sequence, near, case.network.dtype)


@check(
    "NUM-9",
    replace(OF_TANH, initial_states=(False, True, True), dtypes=ANY_TYPE),
    needs=("sequence", "tanh", "exact_factors"),
)
def test_tanh_is_odd_to_the_bit(subject: Subject, case: Case) -> None:
    """The same numbers at the same places, all with the other sign."""
    for seen in (over_all_magnitudes(case), fed_directly(case)):
        one = sequence_of(subject, seen, subject.run(seen)).copy()
        other = sequence_of(subject, seen, subject.run(seen.replace(x=-seen.x)))
        wrong = one != -other
        subject.require(
            not wrong.any(), f"tanh of z and −z: {one[wrong][:3].tolist()} and {other[wrong][:3].tolist()}"
        )


@check(
    "NUM-10",
    OfOneActivation(
        replace(
            POOL,
            layers=(1, 1, 2),
            activations=ACTIVATIONS,
            dtypes=("float64",),
            compute_dtypes=(None,),
            scatter=True,
        )
    ),
    needs=("outputs", "float64"),
)
def test_everything_of_float64_is_computed_in_float64(subject: Subject, case: Case) -> None:
    """Final states, last outputs, stacks, merged directions, given states, every activation."""
    expect_everything(subject, case)


@check(
    "NUM-11",
    Cases(
        directions=(1,), activations=ACTIVATIONS, initial_states=(False,), dtypes=("float64",), scatter=True
    ),
    needs=("sequence", "float64"),
)
def test_the_activation_of_float64_is_computed_in_float64(subject: Subject, case: Case) -> None:
    """Of pre-activations that float32 holds, too, so that it is seen by itself."""
    case = fed_directly(case)
    case = case.replace(x=case.x.astype(np.float32).astype(np.float64))
    expect_steps(subject, case, subject.run(case))
