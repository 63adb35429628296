"""What the reference expects of derivatives, asserted on a subject: shared by the checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.expected import bounds_of
from rnn_conformance.engine.meaning import as_computed, in_processing_order
from rnn_conformance.engine.subject import SEQUENCE_AXES, STATE_AXES, Subject
from rnn_reference.bounds import Bounded, BoundedResult
from rnn_reference.gradient_bounds import BoundedGradients, bound_gradients, bound_parted_gradient
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States
from rnn_reference.precision import reference_dtype
from rnn_reference.second_gradients import Moving, bound_second_gradients, moving_parts
from rnn_reference.tangents import bound_merged_tangent, bound_tangents

LARGE, SMALL = 2.0**6, 2.0**-13
"""Of cotangents: beyond a hundred and below a ten-thousandth in what comes of them; float16 holds both."""


def _none(states: States) -> States:
    return tuple(map(np.zeros_like, states))


COTANGENTS: Mapping[str, Callable[[Array, States], tuple[Array, States]]] = {
    "of outputs alone": lambda d, states: (d, _none(states)),
    "of final states alone": lambda d, states: (np.zeros_like(d), states),
    "of one state alone": lambda d, states: (np.zeros_like(d), (*states[:1], *_none(states[1:]))),
    "of the last output alone": lambda d, states: (
        d * (np.arange(d.shape[1])[:, None] == d.shape[1] - 1).astype(d.dtype),
        _none(states),
    ),
    "large": lambda d, states: (_times(d, LARGE), tuple(_times(state, LARGE) for state in states)),
    "small": lambda d, states: (_times(d, SMALL), tuple(_times(state, SMALL) for state in states)),
}
"""Which gradients come in, by the variant of a case: others than all of them, and of another size."""


SIZES: Mapping[str, float] = {"huge": 2.0**60, "minute": 2.0**-60}
"""Of cotangents and rates of change, in which derivatives are linear, by the variant of a case."""


def size_of(case: Case) -> float:
    """Of the cotangents, or rates of change, of a case; narrow types do not hold such numbers."""
    return 1.0 if as_computed(case).network.dtype.itemsize < 4 else SIZES.get(case.variant, 1.0)


def far_size_of(case: Case) -> float:
    """The same where float64 alone holds it."""
    return size_of(case) ** 4


def _times(array: Array, size: float) -> Array:
    return np.asarray(array * array.dtype.type(size))


def cotangents(case: Case, units: int = 8, size: float = 1.0) -> tuple[Array, States]:
    """The gradients that come in, the same for every case of these shapes; its variant may choose some.

    Args:
        units: they are multiples of size / units; of many, with full mantissas.
        size: a power of two, their order of magnitude.
    """
    generator = np.random.default_rng(9)  # of one unit and one step, those of 0 cancel each other

    def array(shape: tuple[int, ...]) -> Array:
        numbers = np.round(units * generator.standard_normal(shape)) / units
        return (size * numbers).astype(case.network.dtype)

    both = case.call.merge_mode in ("concat", "none")
    top = case.network.layers[-1]
    d_sequence = array((*case.x.shape[:2], top.output_size if both else top.hidden_size))
    if case.steps is not None:
        d_sequence[~case.steps] = 0  # what stands there is a convention
    states = tuple(array(shape) for shape in case.network.state_shapes(case.x.shape[0]))
    chosen = COTANGENTS.get(case.variant)
    return (d_sequence, states) if chosen is None else chosen(d_sequence, states)


def is_differentiable(subject: Subject, case: Case) -> bool:
    """Whether gradients can be asked of the case as it is."""
    able = all(map(subject.supports.has, ("gradients", "sequence", "final_states")))
    return able and case.call.return_sequences and case.initial_states is not None


Ask = Callable[[Case, Array, States], Gradients]


def gradients_of(
    subject: Subject, case: Case, units: int = 8, size: float = 1.0
) -> tuple[Gradients, BoundedGradients]:
    """The framework's gradients, and the reference's with their bounds, whatever options the case combines.

    Steps stand in the order of the case's outputs. What mixed precision gives in the type of the weights is
    rounded first, as the bounds allow for it.
    """
    return gradients_from(subject, case, *cotangents(as_seen(subject, case), units, size))


def gradients_from(
    subject: Subject,
    case: Case,
    *given: *tuple[Array, States],
    said: Case | None = None,
    ask: Ask | None = None,
) -> tuple[Gradients, BoundedGradients]:
    """The same, of given cotangents of the case as it is seen.

    Args:
        said: the case as the framework is told it, if that is another way to say the same.
        ask: asks for the gradients of a case; None: `subject.gradients`.
    """
    seen = as_seen(subject, case)
    found = (ask or subject.gradients)(said or case, *handed_cotangents(subject, case, *given))
    expected = bound_gradients(
        seen.network, seen.x, seen.initial_states, incoming(seen, given[0]), given[1], seen.steps
    )
    return as_computed_in(subject, seen, found, case), expected


def as_seen(subject: Subject, case: Case) -> Case:
    """The case without options that gives what this one gives, in the order of its outputs."""
    return in_processing_order(as_computed(case), subject.conventions.go_backwards_order)


def handed_cotangents(
    subject: Subject, case: Case, d_sequence: Array, d_final_states: States
) -> tuple[Array, States]:
    """Cotangents of the case as it is seen, in the type of the weights and in the order of its outputs."""
    in_input_order = case.call.go_backwards and subject.conventions.go_backwards_order == "input"
    d_sequence = d_sequence[:, ::-1] if in_input_order else d_sequence
    dtype = case.network.dtype
    return d_sequence.astype(dtype), tuple(state.astype(dtype) for state in d_final_states)


def incoming(seen: Case, d_sequence: Array) -> Bounded:
    """The cotangents of the outputs of both directions, if these are merged."""
    wide = reference_dtype(seen.network.dtype)
    both = bounds_of(seen).sequence
    return bound_parted_gradient(seen.call.merge_mode, d_sequence.astype(wide), both, seen.network.dtype)


def as_computed_in(subject: Subject, seen: Case, found: Gradients, case: Case) -> Gradients:
    """Gradients of the case with input as the case as it is seen has it, and in its type."""
    dtype, seen_dtype = case.network.dtype, seen.network.dtype
    found = found._replace(x=_as_seen_steps(subject, case, found.x))
    if dtype == seen_dtype:
        return found
    for array in all_of(found):
        subject.require(array.dtype == dtype, f"a gradient: expected {dtype}; got {array.dtype}", "dtype")
    return found.mapped(lambda array: array.astype(seen_dtype))


def _as_seen_steps(subject: Subject, case: Case, of_input: Array) -> Array:
    """What belongs to the steps of the input, with these where the case as it is seen has them."""
    if of_input.shape != case.x.shape:
        return of_input
    return in_processing_order(case.replace(x=of_input), subject.conventions.go_backwards_order).x


def all_of(found: Gradients) -> list[Array]:
    """All arrays of gradients."""
    weights = [array for cell in found.cells for array in cell if array is not None]
    return [found.x, *found.initial_states, *weights]


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


def expect_all(
    subject: Subject,
    case: Case,
    units: int = 8,
    size: float = 1.0,
    said: Case | None = None,
    ask: Ask | None = None,
) -> None:
    """All gradients, whatever options the case combines."""
    seen = as_seen(subject, case)
    given = cotangents(seen, units, size)
    expect_each(subject, seen, *gradients_from(subject, case, *given, said=said, ask=ask))


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


Ways = dict[str, Callable[[], None]]
"""What is asked of derivatives, by the name of each."""


def expect_gradients_of_the_last_step(subject: Subject, case: Case) -> None:
    """The same where the last step alone has a cotangent, or, if it is masked, final states alone do."""
    seen = as_seen(subject, case)
    d_sequence, d_final_states = cotangents(seen)
    not_the_last = np.arange(case.x.shape[1])[:, None] % (case.x.shape[1] - 1) > 0
    d_sequence = np.where(not_the_last, d_sequence.dtype.type(0), d_sequence)
    given = (d_sequence.astype(seen.network.dtype), d_final_states)
    expect_each(subject, seen, *gradients_from(subject, case, *given))


def remembering(case: Case) -> Case:
    """The case with weights that carry a state on nearly as it is, each unit to the next, and small numbers.

    Gradients then neither vanish nor grow on their way; relu lets positive numbers alone.
    """

    def cell(given: Cell) -> Cell:
        carried = np.roll(np.eye(given.hidden_size, dtype=given.W_h.dtype), 1, axis=0)
        return replace(given, W_h=carried * given.W_h.dtype.type(31 / 32), W_x=np.abs(given.W_x))

    small = case.mapped(lambda array: np.abs(array) * array.dtype.type(2.0**-6))
    layers = (Layer(*map(cell, layer.cells)) for layer in small.network.layers)
    return small.replace(network=Network(layers))


def derivatives_that_can_be_asked(subject: Subject, case: Case, said: Case | None = None) -> Ways:
    """Each derivative that is supported, as the reference has it.

    Args:
        said: the case as the framework is told it, if that is another way to say the same.
    """
    supports = subject.supports
    known: dict[str, tuple[bool, Callable[[], None]]] = {
        "gradients": (True, lambda: expect_all(subject, case, said=said)),
        "JVP": (supports.tangents, lambda: expect_tangents(subject, case, said=said)),
        "gradients of gradients": (
            supports.second_gradients,
            lambda: expect_second_gradients(subject, case, said=said),
        ),
    }
    return {name: ask for name, (able, ask) in known.items() if able}


DIRECTIONS: Mapping[str, Callable[[Gradients], Gradients]] = {
    "input at rest": lambda rates: rates._replace(x=np.zeros_like(rates.x)),
    "states at rest": lambda rates: rates._replace(initial_states=_none(rates.initial_states)),
    "weights at rest": lambda rates: rates._replace(cells=rates.mapped(np.zeros_like).cells),
    "weights alone": lambda rates: rates.mapped(np.zeros_like)._replace(cells=rates.cells),
    "input alone": lambda rates: rates.mapped(np.zeros_like)._replace(x=rates.x),
    "states alone": lambda rates: rates.mapped(np.zeros_like)._replace(initial_states=rates.initial_states),
}
"""What changes and what does not, by the variant of a case."""
SLOWLY: Mapping[str, Callable[[Gradients], Gradients]] = {
    "slow": lambda rates: rates.mapped(lambda array: _times(array, SMALL)),
}
"""How slowly all changes, by the variant of a case, in narrow types, too."""


def direction_of(case: Case, units: int = 8, size: float = 1.0) -> Gradients:
    """Rates of change of everything: multiples of size / units, the same for every case of these shapes.

    Others, if the case has such a variant.
    """
    generator = np.random.default_rng(1)

    def like(array: Array) -> Array:
        rates = np.round(units * generator.standard_normal(array.shape)) / units
        return np.asarray(size * rates, case.network.dtype)

    assert case.initial_states is not None
    cells = [CellGradients(cell.W_x, cell.W_h, cell.b, cell.b_h) for cell in case.network.cells]
    rates = Gradients(case.x, case.initial_states, tuple(cells)).mapped(like)
    chosen = {**DIRECTIONS, **SLOWLY}.get(case.variant)
    return rates if chosen is None else chosen(rates)


def expect_tangents(
    subject: Subject, case: Case, units: int = 8, size: float = 1.0, said: Case | None = None
) -> None:
    """The rates of change of the outputs in a direction; at masked time steps they are a convention."""
    seen, direction = as_seen(subject, case), direction_of(case, units, size)
    found = subject.tangents(said or case, direction)
    expected = rates_of(seen, direction_as_seen(subject, seen, direction, case))
    sequence, dtype = expected.sequence, seen.network.dtype
    if case.call.merge_mode not in ("concat", "none"):
        sequence = bound_merged_tangent(case.call.merge_mode, bounds_of(seen).sequence, sequence, dtype)
    if seen.steps is not None:
        sequence = Bounded(sequence.value, np.where(seen.steps[:, :, None], sequence.bound, np.inf))
    output = found.sequence
    if output is not None and case.call.go_backwards and subject.conventions.go_backwards_order == "input":
        output = output[:, ::-1]
    subject.agree("tangent of the sequence output", output, sequence, dtype)
    final_states = found.final_states
    if final_states is not None and subject.conventions.state_dtype == "weights":
        final_states = tuple(state.astype(dtype) for state in final_states)
    for index, bounded in enumerate(expected.final_states):
        subject.agree(
            f"tangent of the final states of layer {index}",
            None if final_states is None else final_states[index],
            bounded,
            dtype,
            STATE_AXES,
        )


def rates_of(seen: Case, direction: Gradients) -> BoundedResult:
    """ḣ of every output, those of two directions side by side."""
    return bound_tangents(seen.network, seen.x, seen.initial_states, direction, seen.steps)


def direction_as_seen(subject: Subject, seen: Case, direction: Gradients, case: Case) -> Gradients:
    """A direction in which the case changes, for the case as it is seen."""
    direction = direction._replace(x=_as_seen_steps(subject, case, direction.x))
    return direction.mapped(lambda array: array.astype(seen.network.dtype))


def expect_second_gradients(
    subject: Subject, case: Case, units: int = 8, size: float = 1.0, said: Case | None = None
) -> None:
    """The double backward within its bounds, whatever options the case combines.

    It is linear in the cotangents and in the direction: where one is large, the other is small.

    Args:
        said: the case as the framework is told it, if that is another way to say the same.
    """
    seen, direction = as_seen(subject, case), direction_of(case, units, 1 / size)
    d_sequence, d_final_states = cotangents(seen, units, size)
    handed = handed_cotangents(subject, case, d_sequence, d_final_states)
    returned = subject.second_gradients(said or case, *handed, direction)
    found = as_computed_in(subject, seen, returned, case)
    towards, dtype = direction_as_seen(subject, seen, direction, case), seen.network.dtype
    both = Moving(bounds_of(seen).sequence, rates_of(seen, towards).sequence)
    g = moving_parts(seen.call.merge_mode, d_sequence.astype(reference_dtype(dtype)), both, dtype)
    expected = bound_second_gradients(
        seen.network, seen.x, seen.initial_states, g, d_final_states, towards, seen.steps
    )
    expect_each(subject, seen, found, expected)
