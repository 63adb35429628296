"""Calls of training that tell what they have dropped, whatever options they combine (DRP-16 to DRP-19).

Units are added that read one feature or one unit each, and that nothing reads: such a unit is 0 where what it
reads was dropped. So the reference can compute the others of what is left. The share dropped is 1/2 or 3/4,
for which dividing by 1 − p is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rnn_adapters.adapter import Output
from rnn_adapters.declarations import DropoutPlace, Supports
from rnn_conformance.checks.support.derivatives import (
    as_computed_in,
    as_seen,
    cotangents,
    expect_each,
    handed_cotangents,
    incoming,
)
from rnn_conformance.checks.support.expect import (
    expect_answer,
    expect_padding,
    final_states_of,
    sequence_of,
    states_dtype,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.drawing import Structures
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import STATE_AXES, Subject
from rnn_reference.activations import Activation, ActivationName
from rnn_reference.bounds import Bounded, bound_layer
from rnn_reference.gradient_bounds import (
    Arithmetic,
    BoundedCellGradients,
    BoundedGradients,
    bound_gradients,
)
from rnn_reference.network import Array, Cell, Layer, Network, States

THROUGH_ZERO: tuple[Activation | ActivationName, ...] = (
    *("tanh", "relu", "tanh", "relu"),
    *("softsign", "elu", "leaky_relu", "scaled_tanh"),
    *(Activation("affine", alpha, 0.0) for alpha in (0.375, 1.4375)),
)
"""Activations that are 0 at 0 and nowhere else, if that of the opposite number is looked at, too."""


@dataclass(frozen=True)
class Telling:
    """Cases of training, made of cases outside of it that drop at some place.

    Args:
        cases: what is drawn.
    """

    cases: Cases

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        return self.cases(routes).map(telling)

    def structures(self, routes: Mapping[str, Supports]) -> Structures | None:
        """As of the cases."""
        return self.cases.structures(routes)

    def rows_of_routes(self, routes: Mapping[str, Supports]) -> int:
        """As of the cases."""
        return self.cases.rows_of_routes(routes)

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """As of the cases."""
        return self.cases.lacking(supports)


def telling(case: Case) -> Case:
    """The case in training, with units that tell what is dropped.

    Of the input each direction reads features of its own, so that what it drops of the others is no matter.
    What is dropped of a state shows before the first step of a row, if no number of it is 0, or else, as
    where none is given, before a later one; a number that is always 0 is the same if it is dropped.
    """
    place, network = case.call.dropout, case.network
    case = case.replace(training=True)
    if place == "between layers":
        case = case if case.call.go_backwards or case.call.merge_mode != "concat" else of_two_layers(case)
        return with_telling_top(case) if case.network.num_layers > 1 else case
    case = case.replace(network=Network(network.layers[:1]))
    layer, states = network.layers[0], case.initial_states
    states = None if states is None else states[:1]
    if place == "input":
        x = np.where(case.x == 0, case.x.dtype.type(1), case.x)
        case = case.replace(x=np.concatenate([x] * layer.directions, axis=-1))
    else:
        if states is not None:
            states = (np.where(states[0] == 0, states[0].dtype.type(1), states[0]),)
        case = case.replace(return_sequences=True)
    cells = [
        telling_cell(cell, direction, layer.directions, place, case)
        for direction, cell in enumerate(layer.cells)
    ]
    states = states and (padded(states[0], cells[0].hidden_size),)
    return case.replace(network=Network(Layer(*cells)), initial_states=states)


def telling_cell(cell: Cell, direction: int, directions: int, place: DropoutPlace | None, case: Case) -> Cell:
    """The cell of a direction with units that tell what it drops of its own features or of its state.

    What is divided by 1 − p is read with weights that are as much smaller, lest numbers grow.
    """
    of_input, dtype = place == "input", cell.dtype
    (H, size), kept = cell.W_x.shape, dtype.type(1 - case.call.rate)
    read = size if of_input else H
    units, own = H + 2 * read * directions, slice(H + 2 * read * direction, H + 2 * read * (direction + 1))
    both = np.concatenate([np.eye(read, dtype=dtype), -np.eye(read, dtype=dtype)])
    W_x = np.zeros((units, size * directions if of_input else size), dtype)
    W_h = np.zeros((units, units), dtype)
    first = slice(size * direction, size * (direction + 1)) if of_input else slice(size)
    W_x[:H, first] = cell.W_x * kept if of_input else cell.W_x
    W_h[:H, :H] = cell.W_h if of_input else cell.W_h * kept
    if of_input:
        W_x[own, first] = both
    else:
        W_h[own, :H] = both
    b, b_h = (None if bias is None else padded(bias, units) for bias in (cell.b, cell.b_h))
    if case.call.merge_mode == "mul":  # what tells of one direction is multiplied with numbers that are not 0
        b = np.zeros(units, dtype) if b is None else b
        b[H:], b[own] = 1, 0
    return replace(cell, W_x=W_x, W_h=W_h, b=b, b_h=b_h)


def padded(array: Array, size: int) -> Array:
    """An array whose last axis is longer, with zeros."""
    wider = np.zeros((*array.shape[:-1], size), array.dtype)
    wider[..., : array.shape[-1]] = array
    return wider


def of_two_layers(case: Case) -> Case:
    """The case, if of one layer, with another one like it on top."""
    if case.network.num_layers > 1:
        return case
    (layer,), states = case.network.layers, case.initial_states
    width = layer.output_size
    above = Layer(
        *(replace(cell, W_x=np.resize(cell.W_x, (cell.hidden_size, width))) for cell in layer.cells)
    )
    return case.replace(network=Network([layer, above]), initial_states=states and (states[0], states[0]))


def with_telling_top(case: Case) -> Case:
    """The case of two layers, of which the upper one tells what is dropped between them.

    Layers of one width stay so: to the lower one units are added that are 0.
    """
    bottom, top = case.network.layers[:2]
    dtype, H, read = case.network.dtype, top.hidden_size, bottom.output_size
    kept, units = dtype.type(1 - case.call.rate), H + 2 * read
    if (bottom.hidden_size, bottom.directions) == (H, top.directions):
        bottom = Layer(*(wider_cell(cell, units) for cell in bottom.cells))
    columns = columns_read(bottom, read // bottom.directions)
    cells = list[Cell]()
    for cell in top.cells:
        W_x, W_h = np.zeros((units, bottom.output_size), dtype), np.zeros((units, units), dtype)
        W_x[:H, columns], W_h[:H, :H] = cell.W_x * kept, cell.W_h
        W_x[np.arange(H, H + read), columns], W_x[np.arange(H + read, units), columns] = 1, -1
        b, b_h = (None if bias is None else padded(bias, units) for bias in (cell.b, cell.b_h))
        cells.append(Cell(W_x, W_h, b, b_h, cell.activation))
    states = case.initial_states
    return case.replace(
        network=Network([bottom, Layer(*cells)]),
        initial_states=states and (padded(states[0], bottom.hidden_size), padded(states[1], units)),
        return_sequences=True,
    )


def wider_cell(cell: Cell, units: int) -> Cell:
    """A cell with more units, which are 0."""
    W_x, W_h = np.zeros((units, cell.input_size), cell.dtype), np.zeros((units, units), cell.dtype)
    W_x[: cell.hidden_size], W_h[: cell.hidden_size, : cell.hidden_size] = cell.W_x, cell.W_h
    b, b_h = (None if bias is None else padded(bias, units) for bias in (cell.b, cell.b_h))
    return replace(cell, W_x=W_x, W_h=W_h, b=b, b_h=b_h)


def columns_read(layer: Layer, of_direction: int) -> Array:
    """Which of the outputs of the lower layer the upper one reads: of each direction the first ones."""
    starts = layer.hidden_size * np.arange(layer.directions)
    return np.concatenate([start + np.arange(of_direction) for start in starts])


def without_dropout(case: Case) -> Case:
    """The case outside training."""
    return case.replace(training=False, dropout=None, rate=0.0)


def told(case: Case, outputs: Array, steps: Array | None) -> list[Array]:
    """For each direction whether the numbers that it reads were kept, by row, told by these outputs.

    Args:
        outputs: of a call for sequences (batch, time, …), or of one for last outputs (batch, 1, …).
        steps: which of them are outputs of valid time steps; None: all.
    """
    directions, units = case.network.layers[0].directions, case.network.layers[0].hidden_size
    read = numbers_read(case)
    own = units - 2 * read * directions
    valid = np.ones(outputs.shape[:2], bool) if steps is None else steps
    any_of_them: Array = ((outputs != 0) & valid[:, :, None]).any(axis=1)
    side_by_side = case.call.merge_mode in ("concat", "none")
    starts = [
        own + direction * (2 * read + (units if side_by_side else 0)) for direction in range(directions)
    ]
    signs = np.s_[:read], np.s_[read : 2 * read]
    of_directions = (any_of_them[:, at : at + 2 * read] for at in starts)
    return [told_here[:, signs[0]] | told_here[:, signs[1]] for told_here in of_directions]


def numbers_read(case: Case) -> int:
    """How many features of the input, or units of the state, each direction reads of its own."""
    layer = case.network.layers[0]
    if case.call.dropout == "input":
        return layer.forward.input_size // layer.directions
    return layer.hidden_size // (1 + 2 * layer.directions)


def expect_what_is_left(subject: Subject, case: Case, output: Output) -> None:
    """All that the call returns is what the layer computes of what it has not dropped."""
    if case.call.dropout == "between layers":
        if case.network.num_layers > 1:
            expect_left_between(subject, case, output)
        else:
            expect_answer(subject, without_dropout(case), output)
        return
    seen, scale = as_seen(subject, case), 1 / (1 - case.call.rate)
    steps, outputs = seen.steps, output.sequence
    if not case.call.return_sequences:
        steps, outputs = None, None if output.last is None else output.last[:, None]
    elif case.call.go_backwards and subject.conventions.go_backwards_order == "input":
        steps = case.steps
    assert outputs is not None
    kept = told(case, outputs, steps)
    if case.call.dropout == "input":
        expect_answer(subject, without_dropout(case).replace(x=left_of_input(case, kept, scale)), output)
        return
    for row in range(len(case.x)):
        one = [row]
        of_row = Output(
            None if output.sequence is None else output.sequence[one],
            None if output.last is None else output.last[one],
            None if output.final_states is None else tuple(state[:, one] for state in output.final_states),
        )
        expect_answer(subject, left_of_row(without_dropout(case), kept, scale, row), of_row)


def left_of_input(case: Case, kept: list[Array], scale: float) -> Array:
    """What is left of the input at valid time steps."""
    of_all = np.concatenate(kept, axis=-1)[:, None]
    left = np.where(of_all, case.x * case.x.dtype.type(scale), case.x.dtype.type(0))
    return left if case.steps is None else np.where(case.steps[:, :, None], left, case.x)


def left_of_row(case: Case, kept: list[Array], scale: float, row: int) -> Case:
    """The case of one row, with recurrent weights that read what is left of its state."""
    cells = [
        replace(cell, W_h=times_columns(cell.W_h, of_direction[row], scale))
        for cell, of_direction in zip(case.network.cells, kept, strict=True)
    ]
    return case.reordered(np.array([row])).replace(network=Network(Layer(*cells)))


def times_columns(W: Array, kept: Array, scale: float) -> Array:
    """A matrix whose columns are those of what was kept, times the scale; nothing reads the last ones."""
    factors = padded((kept * scale).astype(W.dtype), W.shape[1])
    return W * factors


def expect_left_between(subject: Subject, case: Case, output: Output) -> None:
    """Of two layers: the lower one as it is, the upper one of what is left of its outputs."""
    seen, scale = as_seen(subject, case), 1 / (1 - case.call.rate)
    network, dtype, steps = seen.network, seen.network.dtype, seen.steps
    lower, states = case_of_bottom(seen), seen.initial_states
    below, of_lower = subject.bounds_of_layers(lower)
    sequence = sequence_of(subject, seen, output)
    lower_layer, upper_layer = network.layers
    units, of_direction = upper_layer.hidden_size, lower_layer.hidden_size
    if of_direction == units:
        of_direction = units // (1 + 2 * lower_layer.directions)
    columns = columns_read(lower_layer, of_direction)
    h0 = np.zeros(network.state_shapes(len(seen.x))[1], dtype) if states is None else states[1]
    sequences, finals = list[Bounded](), list[Bounded]()
    for direction in range(upper_layer.directions):  # each may drop by itself (DRP-11)
        own = np.s_[..., direction * units : (direction + 1) * units]
        positive, negative = np.split(sequence[own][..., units - 2 * columns.size :] != 0, 2, axis=-1)
        kept = np.zeros(below[0].value.shape, bool)
        kept[..., columns] = positive | negative
        u = Bounded(np.where(kept, below[0].value * scale, 0), np.where(kept, below[0].bound * scale, 0))
        both, final = bound_layer(upper_layer, u, h0, dtype, steps, subject.conventions.quantised)
        sequences.append(both.at(own))
        finals.append(final.at(direction))
    expected = Bounded(*(np.concatenate([getattr(each, part) for each in sequences], -1) for part in PARTS))
    of_upper = Bounded(*(np.stack([getattr(each, part) for each in finals]) for part in PARTS))
    shown = expected.bound if steps is None else np.where(steps[:, :, None], expected.bound, np.inf)
    subject.agree("sequence output", sequence, Bounded(expected.value, shown), dtype)
    found = final_states_of(subject, seen, output, states_dtype(subject, case))
    for index, (state, bounded) in enumerate(zip(found, (of_lower[0], of_upper), strict=True)):
        subject.agree(f"final states of layer {index}", state.astype(dtype), bounded, dtype, STATE_AXES)
    if steps is not None:
        expect_declared_padding(subject, seen, sequence)


PARTS = ("value", "bound")


def case_of_bottom(case: Case) -> Case:
    """The case of the bottom layer by itself, outside training."""
    states = case.initial_states
    return without_dropout(case).replace(
        network=Network(case.network.layers[:1]), initial_states=states and states[:1]
    )


def expect_declared_padding(subject: Subject, case: Case, sequence: Array) -> None:
    """What the conventions declare of masked time steps, if they do."""
    both = case.network.layers[-1].directions == 2
    conventions = subject.conventions
    declared = conventions.padded_output_bidirectional if both else conventions.padded_output
    if declared != "undefined":
        expect_padding(subject, case, sequence)


# Gradients


def expect_gradients_of_what_is_left(subject: Subject, case: Case) -> None:
    """Gradients of a call that drops of the input or of the state, which tell what was dropped by being 0."""
    seen, scale = as_seen(subject, case), 1 / (1 - case.call.rate)
    given = cotangents(seen, UNITS)
    found = subject.gradients(case, *handed_cotangents(subject, case, *given))
    found, outside = as_computed_in(subject, seen, found, case), without_dropout(seen)
    read, directions = numbers_read(case), case.network.layers[0].directions
    if case.call.dropout == "input":
        some = (found.x != 0).any(axis=1)
        kept = [some[:, d * read : (d + 1) * read] for d in range(directions)]
        left = outside.replace(x=left_of_input(outside, kept, scale))
        expected = gradients_outside(left, *given)
        of_input = np.concatenate(kept, axis=-1)[:, None] * scale
        expected = expected._replace(
            x=times(expected.x, of_input),
            cells=tuple(
                of_cell._replace(W_x=without_claim(of_cell.W_x, slice(d * read, (d + 1) * read)))
                for d, of_cell in enumerate(expected.cells)
            ),
        )
    else:
        kept = [found.initial_states[0][d][:, :read] != 0 for d in range(directions)]
        expected = sum_of_rows(outside, given, kept, scale)
    expect_each(subject, seen, found, expected)


UNITS = 2**20
"""Cotangents of full mantissas: next to no gradient is 0 by chance."""


def gradients_outside(case: Case, d_sequence: Array, d_final_states: States) -> BoundedGradients:
    """Those of the reference."""
    g = incoming(case, d_sequence)
    return bound_gradients(case.network, case.x, case.initial_states, g, d_final_states, case.steps)


def sum_of_rows(case: Case, given: tuple[Array, States], kept: list[Array], scale: float) -> BoundedGradients:
    """Gradients of all rows, each of which has recurrent weights of its own; those of weights are added."""
    rows = []
    for row in range(len(case.x)):
        one, of_row = [row], left_of_row(case, kept, scale, row)
        rows.append(gradients_outside(of_row, given[0][one], tuple(state[:, one] for state in given[1])))
    arithmetic, cells = Arithmetic(case.network.dtype), list[BoundedCellGradients]()
    for d, cell in enumerate(case.network.cells):
        read = kept[d].shape[1]
        factors = padded(kept[d] * scale, cell.hidden_size)
        of_cell = [each.cells[d] for each in rows]
        W_h = [times(each.W_h, factors[row]) for row, each in enumerate(of_cell)]
        biases = [
            None
            if getattr(cell, role) is None
            else arithmetic.sum(*(getattr(each, role) for each in of_cell))
            for role in ("b", "b_h")
        ]
        W_x = arithmetic.sum(*(each.W_x for each in of_cell))
        cells.append(BoundedCellGradients(W_x, without_claim(arithmetic.sum(*W_h), slice(read)), *biases))
    return BoundedGradients(
        joined([each.x for each in rows], 0),
        (joined([each.initial_states[0] for each in rows], 1),),
        tuple(cells),
    )


def times(bounded: Bounded, factors: Any) -> Bounded:
    """Times powers of two, or 0: exact."""
    return Bounded(bounded.value * factors, bounded.bound * factors)


def joined(parts: list[Bounded], axis: int) -> Bounded:
    """Rows together."""
    return Bounded(
        np.concatenate([part.value for part in parts], axis),
        np.concatenate([part.bound for part in parts], axis),
    )


def without_claim(bounded: Bounded, columns: slice) -> Bounded:
    """A gradient of weights of which only these columns are known: what is dropped for others is not told."""
    bound = np.full_like(bounded.bound, np.inf)
    bound[:, columns] = bounded.bound[:, columns]
    return Bounded(bounded.value, bound)
