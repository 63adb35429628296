"""GRD: gradients."""

from __future__ import annotations

import numpy as np

from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.strategies import Cases, Regime
from rnn_conformance.engine.subject import SEQUENCE_AXES, STATE_AXES, Subject
from rnn_reference.bounds import Bounded
from rnn_reference.gradient_bounds import BoundedCellGradients, BoundedGradients, bound_gradients
from rnn_reference.gradients import CellGradients, Gradients, backpropagate
from rnn_reference.network import Array, Cell, Layer, Network, States
from rnn_reference.precision import precision_of
from rnn_reference.second_gradients import second_gradients
from rnn_reference.tangents import bound_tangents

HALF = 0.5

TAME: tuple[Regime, ...] = ("contractive", "moderate")
SHORT = (1, 2, 3, 4, 5)
NEEDS = ("gradients", "sequence", "initial_states")
ONE = Cases(directions=(1,), regimes=TAME, time=SHORT, initial_states=(True,))


def cotangents(case: Case) -> tuple[Array, States]:
    """The gradients that come in: multiples of 1/8, the same for every case of these shapes."""
    generator = np.random.default_rng(0)

    def array(shape: tuple[int, ...]) -> Array:
        return (np.round(8 * generator.standard_normal(shape)) / 8).astype(case.network.dtype)

    d_sequence = array((*case.x.shape[:2], case.network.output_size))
    if case.steps is not None:
        d_sequence[~case.steps] = 0  # what stands there is a convention
    return d_sequence, tuple(array(shape) for shape in case.network.state_shapes(case.x.shape[0]))


def gradients_of(subject: Subject, case: Case) -> tuple[Gradients, BoundedGradients]:
    """The framework's gradients, and the reference's with their bounds."""
    d_sequence, d_final_states = cotangents(case)
    expected = bound_gradients(
        case.network, case.x, case.initial_states, d_sequence, d_final_states, case.steps
    )
    return subject.gradients(case, d_sequence, d_final_states), expected


def expect_x(subject: Subject, case: Case, found: Gradients, expected: BoundedGradients) -> None:
    """The gradient of the input."""
    subject.agree("gradient of x", found.x, expected.x, case.network.dtype, SEQUENCE_AXES)


def expect_states(subject: Subject, case: Case, found: Gradients, expected: BoundedGradients) -> None:
    """The gradients of the initial states."""
    for index, bounded in enumerate(expected.initial_states):
        subject.agree(
            f"gradient of the initial state of layer {index}",
            found.initial_states[index],
            bounded,
            case.network.dtype,
            STATE_AXES,
        )


def expect_weights(
    subject: Subject, case: Case, found: Gradients, expected: BoundedGradients, roles: tuple[str, ...]
) -> None:
    """The gradients of some weights of every cell. A framework of two biases has both, also for one."""
    for index, bounded in enumerate(expected.cells):
        for role in roles:
            of_role, actual = getattr(bounded, role), getattr(found.cells[index], role)
            if of_role is None and role != "b":
                of_role = bounded.b if actual is not None else None
            if of_role is None:
                continue
            if actual is None and role == "b_h" and subject.conventions.bias_vectors == 1:
                continue
            axes = ("unit", "from")[: of_role.value.ndim]
            subject.agree(f"gradient of {role} of cell {index}", actual, of_role, case.network.dtype, axes)


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
    Cases(directions=(1,), biases=(1, 2), regimes=TAME, time=SHORT, initial_states=(True,)),
    needs=NEEDS,
    share=HALF,
)
def test_gradient_of_every_bias(subject: Subject, case: Case) -> None:
    expect_weights(subject, case, *gradients_of(subject, case), ("b", "b_h"))


def expect_all(subject: Subject, case: Case) -> None:
    """All gradients."""
    expect_each(subject, case, *gradients_of(subject, case))


def expect_each(subject: Subject, case: Case, found: Gradients, expected: BoundedGradients) -> None:
    """Those of the input, of the initial states and of every weight."""
    if len(found.cells) != len(expected.cells) or len(found.initial_states) != len(expected.initial_states):
        raise NonConforming(
            f"gradients of {len(expected.cells)} cells and {len(expected.initial_states)} layers expected;"
            f" got {len(found.cells)} and {len(found.initial_states)}"
        )
    expect_x(subject, case, found, expected)
    expect_states(subject, case, found, expected)
    expect_weights(subject, case, found, expected, ("W_x", "W_h", "b", "b_h"))


@check("GRD-6", Cases(layers=(1, 2), regimes=TAME, time=SHORT, initial_states=(True,)), needs=NEEDS)
def test_gradients_of_stacks_and_of_both_directions(subject: Subject, case: Case) -> None:
    expect_all(subject, case)


@check(
    "GRD-7",
    Cases(
        layers=(1, 2), regimes=TAME, time=SHORT, initial_states=(True,), padding=("lengths", "mask", "mask")
    ),
    needs=(*NEEDS, "variable_lengths"),
)
def test_gradients_of_rows_of_different_length(subject: Subject, case: Case) -> None:
    found, _ = gradients_of(subject, case)
    assert case.steps is not None
    subject.require(
        not found.x[~case.steps].any(),
        f"gradient of x at masked time steps: {found.x[~case.steps].tolist()}",
    )
    expect_all(subject, case)


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
    Cases(layers=(1, 2), regimes=TAME, time=SHORT, initial_states=(True,), padding=("none", "lengths")),
    needs=NEEDS,
    routes=("unrolled", "axes", "cell", "compiled", "saved", "model", "padding"),
    share=0.4,  # of the cases that there are for each route
)
def test_gradients_by_every_other_way_in(subject: Subject, case: Case) -> None:
    expect_all(subject, case)


def direction_of(case: Case) -> Gradients:
    """Rates of change of everything: multiples of 1/8, the same for every case of these shapes."""
    generator = np.random.default_rng(1)

    def like(array: Array) -> Array:
        rates = np.round(8 * generator.standard_normal(array.shape)) / 8
        return np.asarray(rates, case.network.dtype)

    assert case.initial_states is not None
    cells = [CellGradients(cell.W_x, cell.W_h, cell.b, cell.b_h) for cell in case.network.cells]
    return Gradients(case.x, case.initial_states, tuple(cells)).mapped(like)


@check(
    "GRD-10",
    Cases(layers=(1, 2), regimes=TAME, time=SHORT, initial_states=(True,)),
    needs=(*NEEDS, "tangents"),
    share=HALF,
)
def test_forward_mode_gives_the_derivative_in_a_direction(subject: Subject, case: Case) -> None:
    direction = direction_of(case)
    found = subject.tangents(case, direction)
    expected = bound_tangents(case.network, case.x, case.initial_states, direction, case.steps)
    subject.agree("tangent of the sequence output", found.sequence, expected.sequence, case.network.dtype)
    for index, bounded in enumerate(expected.final_states):
        subject.agree(
            f"tangent of the final states of layer {index}",
            None if found.final_states is None else found.final_states[index],
            bounded,
            case.network.dtype,
            STATE_AXES,
        )


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
