"""What the reference expects of gradients and of the JVP, asserted on a subject: shared by the checks."""

from __future__ import annotations

import numpy as np

from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.subject import SEQUENCE_AXES, STATE_AXES, Subject
from rnn_reference.bounds import Bounded
from rnn_reference.gradient_bounds import BoundedGradients, bound_gradients
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, States
from rnn_reference.tangents import bound_tangents


def cotangents(case: Case, units: int = 8) -> tuple[Array, States]:
    """The gradients that come in, the same for every case of these shapes.

    Args:
        units: they are multiples of 1/units; of many, with full mantissas.
    """
    generator = np.random.default_rng(0)

    def array(shape: tuple[int, ...]) -> Array:
        return (np.round(units * generator.standard_normal(shape)) / units).astype(case.network.dtype)

    both = case.call.merge_mode in ("concat", "none")
    top = case.network.layers[-1]
    d_sequence = array((*case.x.shape[:2], top.output_size if both else top.hidden_size))
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


def direction_of(case: Case, units: int = 8) -> Gradients:
    """Rates of change of everything: multiples of 1/units, the same for every case of these shapes."""
    generator = np.random.default_rng(1)

    def like(array: Array) -> Array:
        rates = np.round(units * generator.standard_normal(array.shape)) / units
        return np.asarray(rates, case.network.dtype)

    assert case.initial_states is not None
    cells = [CellGradients(cell.W_x, cell.W_h, cell.b, cell.b_h) for cell in case.network.cells]
    return Gradients(case.x, case.initial_states, tuple(cells)).mapped(like)


def expect_tangents(subject: Subject, case: Case, direction: Gradients) -> None:
    """The rates of change of the outputs in a direction; at masked time steps they are a convention."""
    found = subject.tangents(case, direction)
    expected = bound_tangents(case.network, case.x, case.initial_states, direction, case.steps)
    sequence = expected.sequence
    if case.steps is not None:
        sequence = Bounded(sequence.value, np.where(case.steps[:, :, None], sequence.bound, np.inf))
    subject.agree("tangent of the sequence output", found.sequence, sequence, case.network.dtype)
    for index, bounded in enumerate(expected.final_states):
        subject.agree(
            f"tangent of the final states of layer {index}",
            None if found.final_states is None else found.final_states[index],
            bounded,
            case.network.dtype,
            STATE_AXES,
        )
