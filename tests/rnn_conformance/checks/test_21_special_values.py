"""NAN: NaN, infinity and overflow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Output
from rnn_conformance.checks.support.derivatives import (
    all_of,
    as_computed_in,
    as_seen,
    cotangents,
    direction_of,
    expect_each,
    expect_states,
    expect_x,
    gradients_of,
    handed_cotangents,
    is_differentiable,
)
from rnn_conformance.checks.support.draws import OfOneActivation, OfOneActivationInAnyType
from rnn_conformance.checks.support.expect import in_input_order, sequence_of
from rnn_conformance.checks.test_19_gradients import NEEDS as GRADIENTS
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.meaning import as_computed, merged
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import EITHER_OUTPUT, POOL, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import ACTIVATION_ACCURACY, ACTIVATIONS, Activation, ActivationName, phi
from rnn_reference.bounds import Bounded
from rnn_reference.gradient_bounds import BoundedGradients
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import precision_of, reference_dtype

HALF = 0.5

TAME: tuple[Regime, ...] = ("contractive", "moderate")
ONE = Cases(directions=(1,), regimes=TAME, time=(1, 2, 3, 4, 5))
UNDER_TANH_OR_RELU = replace(ONE, layers=(1, 1, 2), activations=(Activation("tanh"), Activation("relu")))
"""Of others the clause says nothing: where an implementation has neither, it is not asked."""
ANY_TYPE = ("float32", "float64", "float16", "bfloat16")
TANH = Cases(
    directions=(1,),
    activations=("tanh",),
    regimes=TAME,
    time=(1, 2, 3, 4, 5),
    dtypes=("float32", *ANY_TYPE),
    compute_dtypes=(None, None, "float16", "bfloat16"),
)


def expect_signs(subject: Subject, case: Case, signs: Array) -> None:
    """The outputs of the first row at the first step are ±1."""
    dtype = as_computed(case).network.dtype
    sequence = sequence_of(subject, as_computed(case), subject.run(case))[:1, :1]
    expected = signs[None, None].astype(reference_dtype(dtype))
    units = phi(Activation("tanh")).units(np.abs(expected))
    bound = np.full_like(expected, units * precision_of(dtype).unit_roundoff)
    subject.agree("output of step 0", sequence, Bounded(expected, bound), dtype)


def with_weight_of_first_feature(case: Case, column: Array) -> Case:
    """The case with one column of W_x changed."""
    (cell,) = case.network.cells
    W_x = cell.W_x.copy()
    W_x[:, 0] = column
    return case.replace(network=Network(Layer(replace(cell, W_x=W_x))))


def alternating(units: int, dtype: Any) -> Array:
    """+1, −1, +1, …"""
    return (1 - 2 * (np.arange(units) % 2)).astype(dtype)


KINDS_OF_NAN = ("NaN of all digits", "NaN of all bits", "NaN of the lowest digit")
IN_ANY_TYPE = replace(
    UNDER_TANH_OR_RELU,
    dtypes=ANY_TYPE,
    compute_dtypes=(None, None, "float16", "bfloat16"),
    variants=("", *KINDS_OF_NAN),
)


def nan_of(dtype: np.dtype[Any], which: str) -> Any:
    """One of the many NaN of a type: NaN are all numbers of the highest exponent and any digits but zeros.

    A type that is cut out of another's bits, or rounded on them, may take some of them for infinity or zero.
    """
    bits, digits = 8 * dtype.itemsize, -1 - round(np.log2(precision_of(dtype).unit_roundoff))
    sign, exponent = 2 ** (bits - 1), 2 ** (bits - 1) - 2**digits
    number = {
        "": exponent + 2 ** (digits - 1),
        "NaN of all digits": exponent + 2**digits - 1,
        "NaN of all bits": sign + exponent + 2**digits - 1,
        "NaN of the lowest digit": exponent + 1,
    }[which]
    return np.array(number, f"u{dtype.itemsize}").view(dtype)


@check("NAN-1", OfOneActivation(IN_ANY_TYPE), needs=("sequence", "exact_factors"))
def test_nan_stays_nan(subject: Subject, case: Case) -> None:
    step = case.x.shape[1] // 2
    x = case.x.copy()
    x[0, step, 0] = nan_of(x.dtype, case.variant)
    sequence = sequence_of(subject, as_computed(case), subject.run(case.replace(x=x)))
    after = sequence[0, step:]
    subject.require(
        bool(np.isnan(after).all()),
        f"after NaN at time {step}, expected NaN in every unit; got {after.tolist()}",
    )


OF_EITHER_SIGN = replace(TANH, variants=("", "negative"))


def sign_of(case: Case) -> float:
    """The sign of the number that is infinite, or huge, by the variant of a case."""
    return -1.0 if case.variant == "negative" else 1.0


@check("NAN-2", OF_EITHER_SIGN, needs=("sequence", "tanh", "exact_factors"), share=HALF)
def test_tanh_of_infinity_is_one(subject: Subject, case: Case) -> None:
    weights = alternating(case.network.cells[0].hidden_size, case.network.dtype)
    x, sign = case.x.copy(), weights.dtype.type(sign_of(case))
    x[0, 0, 0] = sign * np.inf
    expect_signs(subject, with_weight_of_first_feature(case.replace(x=x), weights / 4), weights * sign)


HUGE = {"float16": 2.0**12, "bfloat16": 2.0**100, "float32": 2.0**100, "float64": 2.0**800}
"""Numbers whose square is too large for the type."""


@check("NAN-3", OF_EITHER_SIGN, needs=("sequence", "tanh"), share=HALF)
def test_tanh_of_a_sum_that_overflows_is_one(subject: Subject, case: Case) -> None:
    """All other terms of the first row are zero, so that the sum has the sign of its one huge term."""
    (cell,) = case.network.cells
    weights = alternating(cell.hidden_size, case.network.dtype)
    x, sign = case.x.copy(), weights.dtype.type(sign_of(case))
    x[0, 0] = 0
    huge = HUGE[str(as_computed(case).network.dtype)]
    x[0, 0, 0] = huge * sign
    no_bias = None if cell.b is None else np.zeros_like(cell.b)
    quiet = replace(cell, b=no_bias, b_h=None if cell.b_h is None else no_bias)
    states = case.initial_states
    if states is not None:
        states = tuple(np.zeros_like(state) for state in states)
    quiet_case = case.replace(network=Network(Layer(quiet)), x=x, initial_states=states)
    huge_case = with_weight_of_first_feature(quiet_case, weights * weights.dtype.type(huge))
    expect_signs(subject, huge_case, weights * sign)


COMBINED = replace(
    POOL,
    layers=(1, 1, 2),
    activations=ACTIVATIONS,
    stateful=(False,),
    dropout=(None,),
    poisons=("numbers",),
    return_sequences=(True,),
)
"""All options that leave finite numbers finite."""


def everything_of(subject: Subject, case: Case) -> list[Array]:
    """Sequence, final states and last output of a call, those that there are, each with its rows first."""
    output = subject.run(case, return_sequences=subject.supports.sequence)
    found = [] if output.sequence is None else [output.sequence]
    found += [np.moveaxis(state, 1, 0) for state in output.final_states or ()]
    if subject.supports.last_output:
        last = subject.run(case, return_sequences=False).last
        found += [] if last is None else [last]
    return found


@check("NAN-4", OfOneActivation(COMBINED), needs=("outputs", "exact_factors"))
def test_nan_shows_in_final_states_and_last_outputs_of_its_row_alone(subject: Subject, case: Case) -> None:
    """The first step of the first row is NaN, and valid; what else there is, is as it was without it."""
    clean = everything_of(subject, case)
    x = case.x.copy()
    x[0, 0] = np.nan
    spoilt = everything_of(subject, case.replace(x=x))
    shown = spoilt[1 if subject.supports.sequence else 0 :]
    if case.steps is None or case.steps[0, 0]:
        subject.require(
            all(bool(np.isnan(array[0]).all()) for array in shown),
            "NaN at the first step is missing from final states or last output",
        )
    if subject.supports.sequence:
        expect_nan_where_it_reaches(subject, case.replace(x=x), spoilt[0])
    expect_other_rows(subject, case, spoilt, clean)


def expect_nan_where_it_reaches(subject: Subject, case: Case, sequence: Array) -> None:
    """At valid time steps, exactly what NaN in the input reaches is NaN, be it merged or not."""
    seen = as_seen(subject, case)
    expected = subject.bounds_of(seen).sequence
    with np.errstate(invalid="ignore"):
        expected = expected if case.call.merge_mode in ("concat", "none") else merged(seen, expected)
    if case.call.go_backwards and subject.conventions.go_backwards_order == "input":
        sequence = sequence[:, ::-1]
    steps = np.ones(case.x.shape[:2], bool) if seen.steps is None else seen.steps
    found, reached = np.isnan(sequence.astype(float))[steps], np.isnan(expected.value.astype(float))[steps]
    subject.require(np.array_equal(found, reached), "the sequence output is NaN elsewhere than it must be")


def expect_other_rows(subject: Subject, case: Case, spoilt: list[Array], clean: list[Array]) -> None:
    """All rows but the first are as they were, to within twice their bounds."""
    seen = as_seen(subject, case)
    bounds = subject.bounds_of(seen)
    sequence = (
        bounds.sequence if case.call.merge_mode in ("concat", "none") else merged(seen, bounds.sequence)
    )
    for one, other in zip(spoilt, clean, strict=True):
        finite = bool(np.isfinite(one[1:].astype(float)).all())
        subject.require(finite, "NaN or an infinity of the first row reached another row")
        largest = 2 * max(float(part.bound.max()) for part in (sequence, *bounds.final_states))
        far = np.abs(one[1:].astype(float) - other[1:].astype(float)).max(initial=0)
        subject.require(far <= largest, f"another row than that of NaN changed, by {far:.3g}")


def with_a_first_step(case: Case) -> Case:
    """The case with the first step of the first row among those that its mask leaves."""
    if case.call.mask is None:
        return case
    mask = case.call.mask.copy()
    mask[0, 0] = True
    return case.replace(mask=mask)


@check(
    "NAN-5",
    replace(COMBINED, initial_states=(True,), variants=("nan", "inf", "-inf", *KINDS_OF_NAN)),
    needs=("outputs", "initial_states", "exact_factors"),
)
def test_special_initial_states_stay_in_their_row(subject: Subject, case: Case) -> None:
    case = with_a_first_step(case)
    clean = everything_of(subject, case)
    assert case.initial_states is not None
    states = tuple(state.copy() for state in case.initial_states)
    of_nan = case.variant not in ("inf", "-inf")
    for state in states:
        state[:, 0] = nan_of(state.dtype, case.variant.removeprefix("nan")) if of_nan else float(case.variant)
    spoilt = everything_of(subject, case.replace(initial_states=states))
    if of_nan:
        subject.require(
            all(bool(np.isnan(array[0]).all()) for array in spoilt[1:]),
            "an initial state of NaN is missing from final states or last output",
        )
    expect_other_rows(subject, case, spoilt, clean)


@check(
    "NAN-6",
    replace(OF_EITHER_SIGN, initial_states=(True,), padding=("none", "lengths", "mask")),
    needs=("sequence", "initial_states", "tanh", "exact_factors"),
    share=HALF,
)
def test_tanh_of_an_infinite_state_is_one(subject: Subject, case: Case) -> None:
    """Also beside masked time steps, of which the first one of the row is none."""
    (cell,), states = case.network.cells, case.initial_states
    assert states is not None
    weights = alternating(cell.hidden_size, case.network.dtype)
    sign = weights.dtype.type(sign_of(case))
    W_h, state, signs = cell.W_h.copy(), states[0].copy(), weights * sign
    W_h[:, 0], state[0, 0, 0] = weights / 4, sign * np.inf
    infinite = case.replace(network=Network(Layer(replace(cell, W_h=W_h))), initial_states=(state,))
    infinite = with_a_first_step(infinite)
    expect_signs(subject, infinite, signs)
    if (mask := infinite.call.mask) is not None:
        for dtype in subject.supports.mask_dtypes[-1:]:
            expect_signs(subject, infinite.replace(mask=mask.astype(dtype)), signs)


@check("NAN-7", replace(COMBINED, initial_states=(True,)), needs=("outputs",), share=HALF)
def test_negative_zeros_are_zeros(subject: Subject, case: Case) -> None:
    """Half of the numbers are zero; whether these are negative changes no output and no gradient."""

    def with_zeros(sign: float) -> Case:
        def change(array: Array) -> Array:
            places = np.arange(array.size).reshape(array.shape) % 2 == 0
            return np.where(places, array.dtype.type(sign * 0.0), array)

        return case.mapped(change)

    positive, negative = (everything_of(subject, with_zeros(sign)) for sign in (1.0, -1.0))
    subject.require(
        all(map(np.array_equal, positive, negative)), "with −0 in place of 0 an output is another number"
    )
    if is_differentiable(subject, case):
        given = handed_cotangents(subject, case, *cotangents(as_seen(subject, case)))
        positive, negative = (all_of(subject.gradients(with_zeros(sign), *given)) for sign in (1.0, -1.0))
        subject.require(
            all(map(np.array_equal, positive, negative)),
            "with −0 in place of 0 a gradient is another number",
        )


@check(
    "NAN-8",
    replace(COMBINED, initial_states=(False,), stateful=(True,), padding=("none", "lengths", "mask")),
    needs=("outputs", "stateful", "final_states", "exact_factors"),
    share=HALF,
)
def test_nan_that_was_kept_shows_in_the_next_call(subject: Subject, case: Case) -> None:
    case = with_a_first_step(case)
    x = case.x.copy()
    x[0, :, 0] = np.nan  # at masked time steps, too, where nothing reads it
    subject.reset_states(case.network)
    subject.run(case.replace(x=x))
    for array in shown_of_first_row(subject, case, subject.run(case)):
        subject.require(
            bool(np.isnan(array).all()), "a stateful layer kept NaN, and its next call shows none"
        )
    subject.tally.count()
    for name, infinity in KEPT_INFINITIES.items():
        if name in subject.supports.activations:
            expect_kept_infinity(subject, case.replace(x=np.abs(case.x)), Activation(name), infinity)


KEPT_INFINITIES: dict[ActivationName, float] = {"relu": np.inf, "linear": -np.inf}
"""What a state can be under an activation."""


def expect_kept_infinity(subject: Subject, case: Case, activation: Activation, infinity: float) -> None:
    """With positive weights, ±∞ that was kept makes every unit of its row infinite."""

    def positive(cell: Cell) -> Cell:
        one = cell.dtype.type(1)
        return Cell(np.abs(cell.W_x) + one, np.abs(cell.W_h) + one, cell.b, cell.b_h, activation)

    layers = [Layer(*map(positive, layer.cells)) for layer in case.network.layers]
    case = case.replace(network=Network(layers), x=case.x.copy())
    infinite = case.replace(x=case.x.copy())
    infinite.x[0] = infinity
    expected = np.abs(infinity) if case.call.merge_mode == "mul" else infinity
    subject.reset_states(case.network)
    subject.run(infinite)
    after = subject.run(case)
    for array in shown_of_first_row(subject, case, after):
        subject.require(
            bool((array == expected).all()), "a stateful layer kept an infinity, and its next call shows none"
        )
    subject.require(
        all(bool((state[:, 0].astype(float) == infinity).all()) for state in after.final_states or ()),
        "a stateful layer kept an infinity, and the final states of its next call show none",
    )


def shown_of_first_row(subject: Subject, case: Case, output: Output) -> list[Array]:
    """The sequence or the last output of the first row, at its valid time steps."""
    found = [] if output.last is None else [output.last[0]]
    if output.sequence is not None:
        sequence = in_input_order(subject, case, output.sequence)[0]
        found.append(sequence if case.steps is None else sequence[case.steps[0]])
    return [array.astype(float) for array in found]


def limits(activation: Activation, signs: Array) -> Array:
    """What φ comes to at ±∞."""
    alpha = activation.parameters.get("alpha", 1.0)
    low, high = {
        "tanh": (-1, 1),
        "relu": (0, np.inf),
        "sigmoid": (0, 1),
        "softplus": (0, np.inf),
        "elu": (-alpha, np.inf),
        "hard_sigmoid": (0, 1),
        "scaled_tanh": (-alpha, alpha),
    }.get(activation.name, (-np.inf, np.inf))
    return np.where(signs > 0, high, low)


@check(
    "NAN-9",
    OfOneActivationInAnyType(
        replace(
            TANH,
            directions=(1, 1, 2),
            activations=tuple(name for name in ACTIVATIONS if name != "softsign"),
            dtypes=("float32", "float32", "float64", "float16", "bfloat16"),
            compute_dtypes=(None, None, "float16", "bfloat16"),
            time=(1,),
            hidden=(2, 4),  # as many limits of either sign
            variants=OF_EITHER_SIGN.variants,
            return_sequences=EITHER_OUTPUT,
        )
    ),
    needs=("outputs", "exact_factors"),
)
def test_infinite_input_gives_the_limit_of_the_activation(subject: Subject, case: Case) -> None:
    """In all that a call of one step gives. So does an infinite state."""
    layer, states = case.network.layers[0], case.initial_states
    weights, x = alternating(layer.hidden_size, case.network.dtype), case.x.copy()
    signs = weights * weights.dtype.type(sign_of(case))

    def fed(cell: Cell, role: str) -> Cell:
        W = getattr(cell, role).copy()
        W[:, 0] = weights / 4
        return replace(cell, **{role: W})

    def network(role: str) -> Network:
        return Network(Layer(*(fed(cell, role) for cell in layer.cells)))

    x[0, 0, 0] = sign_of(case) * np.inf
    expect_limits(subject, case.replace(network=network("W_x"), x=x), signs)
    if states is not None:
        infinite = states[0].copy()
        infinite[:, 0, 0] = sign_of(case) * np.inf
        of_states = case.replace(network=network("W_h"), initial_states=(infinite,))
        expect_limits(subject, of_states, signs)


def expect_limits(subject: Subject, case: Case, signs: Array) -> None:
    """The outputs of the first row are what φ comes to, by the signs of infinite pre-activations."""
    layer, dtype = case.network.layers[0], as_computed(case).network.dtype
    limit = limits(layer.forward.activation, signs).astype(reference_dtype(dtype))
    of_one = (ACTIVATION_ACCURACY + 2) * precision_of(dtype).unit_roundoff * np.maximum(np.abs(limit), 1)
    for array in everything_of(subject, case):
        found = array[0].astype(dtype).reshape(-1, len(signs))
        expected = np.broadcast_to(limit, found.shape)
        exact = np.isinf(limit) | (layer.forward.activation.name == "relu")
        bound = np.broadcast_to(np.where(exact, 0, of_one), found.shape)
        subject.agree("output of the first row", found, Bounded(expected, bound), dtype, ("place", "unit"))


SHOWING_NAN: tuple[ActivationName, ...] = ("tanh", "sigmoid", "softsign", "softplus", "scaled_tanh")
"""Of which the derivative at NaN is NaN."""
STRAIGHT: tuple[ActivationName, ...] = ("linear", "affine", "leaky_relu", "elu")
"""Of which it may be a number; NaN times a slope that is not 0 is NaN all the same."""


@check(
    "NAN-10",
    replace(
        COMBINED,
        activations=(*SHOWING_NAN, *STRAIGHT),
        regimes=("contractive",),
        initial_states=(True,),
    ),
    needs=(*GRADIENTS, "exact_factors"),
    share=HALF,
)
def test_nan_in_gradients_stays_in_its_row_and_is_not_lost(subject: Subject, case: Case) -> None:
    """In the input of a row, at all steps, and in the cotangents of its outputs or of its final states; under
    straight activations, in cotangents alone.

    That row ends in padding if any row does.
    """
    case = with_a_padded_row_first(case)
    found, expected = gradients_of(subject, case)
    expect_each(subject, as_seen(subject, case), found, expected)
    bent = all(cell.activation.name in SHOWING_NAN for cell in case.network.cells)
    for where in ("input", "outputs", "final states")[not bent :]:
        expect_nan_in_gradients(subject, case, where, expected)
    if subject.supports.tangents:
        expect_nan_in_rates(subject, case)


def expect_nan_in_rates(subject: Subject, case: Case) -> None:
    """In the rate of change of the first row's input: in a JVP it shows in that row alone."""
    direction = direction_of(case)
    rates = direction.x.copy()
    rates[0] = np.nan
    found = subject.tangents(case, direction._replace(x=rates)).final_states
    assert found is not None
    for state in (array.astype(float) for array in found):
        subject.require(
            not np.isnan(state[:, 1:]).any(), "NaN in the rate of a row's input reached another row"
        )
        subject.require(
            (case.steps is not None and not case.steps[0].any()) or bool(np.isnan(state[:, 0]).all()),
            "NaN in the rate of a row's input is missing from those of its final states",
        )


def with_a_padded_row_first(case: Case) -> Case:
    """The case with its rows turned, until the first one is masked at the last step, if any is."""
    ends_in_padding = np.zeros(len(case.x), bool) if case.steps is None else ~case.steps[:, -1]
    return case.reordered(np.roll(np.arange(len(case.x)), -int(ends_in_padding.argmax())))


def expect_nan_in_gradients(subject: Subject, case: Case, where: str, expected: BoundedGradients) -> None:
    """In the input of the first row, or in cotangents of it; others are as without."""
    seen = as_seen(subject, case)
    given, x = cotangents(seen), case.x.copy()
    if where == "input":
        x[0] = np.nan
    elif where == "outputs":
        given[0][0, slice(None) if seen.steps is None else seen.steps[0]] = np.nan
    else:
        for state in given[1]:
            state[:, 0] = np.nan
    spoilt = case.replace(x=x)
    found = as_computed_in(
        subject, seen, subject.gradients(spoilt, *handed_cotangents(subject, case, *given)), case
    )

    def of_others(bounded: Bounded, rows: Any) -> Bounded:
        bound = bounded.bound.copy()
        bound[rows] = np.inf
        return Bounded(bounded.value, bound)

    others = BoundedGradients(
        of_others(expected.x, np.s_[:1]),
        tuple(of_others(state, np.s_[:, :1]) for state in expected.initial_states),
        expected.cells,
    )
    expect_x(subject, seen, found, others)
    expect_states(subject, seen, found, others)
    if seen.steps is None or seen.steps[0].any():
        shown = [state[:, 0] for state in found.initial_states]
        shown += [array for cell in found.cells for array in cell if array is not None]
        subject.require(
            all(bool(np.isnan(array.astype(float)).all()) for array in shown),
            "NaN is missing from the gradient of a weight or of its row's initial state",
        )
