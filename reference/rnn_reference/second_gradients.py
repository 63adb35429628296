"""The double backward: gradients of Σ direction · gradients, which training with gradient penalties asks for.

Σ direction · gradients is the rate of change of the loss when input, initial states and weights go in that
direction, so its gradient is the rate of change of the gradient: forward mode through backpropagation. With a
dot for every rate of change,

    ṡ_t = W_hᵀ ȧ_{t+1} + Ẇ_hᵀ a_{t+1} + ġ_t
    ȧ_t = φ''(z_t) ż_t ⊙ s_t + φ'(z_t) ⊙ ṡ_t
    (W_xᵀ a_t)˙ = W_xᵀ ȧ_t + Ẇ_xᵀ a_t,   (Σ a_t x_tᵀ)˙ = Σ ȧ_t x_tᵀ + a_t ẋ_tᵀ,   …

Backpropagation that is differentiated backwards computes the same sums of the same products, in another
order. Every value comes with its bound; the derivation is the spec's chapter on gradients.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnn_reference.bounds import Bounded, bound_layer, join
from rnn_reference.gradient_bounds import (
    Arithmetic,
    BoundedCellGradients,
    BoundedGradients,
    bound_parted_gradient,
    bounded_bend,
    bounded_derivative,
)
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, MergeMode, Network, States, checked_call, checked_steps
from rnn_reference.precision import reference_dtype, widened
from rnn_reference.tangents import bound_cell_tangents, exactly, where_taken


class Moving(NamedTuple):
    """A quantity and its rate of change."""

    value: Bounded
    rate: Bounded

    def at(self, index: Any) -> Moving:
        """Both indexed alike."""
        return Moving(self.value.at(index), self.rate.at(index))


class Direction(NamedTuple):
    """What one direction of a layer does, forward and backward, in processing order.

    Args:
        cell, towards: of the wider type, and Ẇ_x, Ẇ_h and ḃ.
        x: input and ẋ.
        known: the initial state and all others, (batch, 1 + time, hidden), and ḣ.
        dz: ż.
        steps: which steps each row takes.
    """

    cell: Cell
    towards: CellGradients
    x: Moving
    known: Moving
    dz: Bounded
    steps: Array

    def pulled_back(
        self, g: Moving, g_final: Bounded, arithmetic: Arithmetic
    ) -> tuple[BoundedCellGradients, Moving, Bounded]:
        """Rates of change of the weights' gradients; gradient and rate of x; rate of that of h0.

        Args:
            g, g_final: cotangents; that of the final state does not change.
        """
        cell, towards, x, states = self.cell, self.towards, self.x, self.known.value.at(np.s_[:, 1:])
        before = self.known.at(np.s_[:, :-1])
        z = x.value.value @ cell.W_x.T + before.value.value @ cell.W_h.T + cell.bias
        slopes, bends = (of(cell, states, z, arithmetic) for of in (bounded_derivative, bounded_bend))
        a, da = exactly(np.zeros_like(z)), exactly(np.zeros_like(z))
        s, ds = g_final, exactly(np.zeros_like(g_final.value))
        for t in reversed(range(z.shape[1])):
            now, taken = np.s_[:, t], self.steps[:, t, None]
            s, ds = arithmetic.sum(s, g.value.at(now)), arithmetic.sum(ds, g.rate.at(now))
            a_t = arithmetic.multiply(slopes.at(now), s)
            bent = arithmetic.multiply(arithmetic.multiply(bends.at(now), self.dz.at(now)), s)
            da_t = arithmetic.sum(bent, arithmetic.multiply(slopes.at(now), ds))
            a.value[now], a.bound[now] = a_t.value * taken, a_t.bound * taken
            da.value[now], da.bound[now] = da_t.value * taken, da_t.bound * taken
            s = chosen(taken, arithmetic.apply(a_t, cell.W_h, np.abs(cell.W_h)), s)
            ds = chosen(taken, applied(arithmetic, da_t, cell.W_h, a_t, towards.W_h), ds)
        ones = exactly(np.ones((*z.shape[:2], 1), z.dtype))
        of_bias = arithmetic.collect(da, ones).at(np.s_[:, 0])

        def collected(v: Moving) -> Bounded:
            return arithmetic.sum(arithmetic.collect(da, v.value, 2), arithmetic.collect(a, v.rate, 2))

        weights = BoundedCellGradients(
            collected(x),
            collected(before),
            of_bias if cell.b is not None else None,
            of_bias if cell.b_h is not None else None,
        )
        of_x = arithmetic.apply(a, cell.W_x, np.abs(cell.W_x))
        return weights, Moving(of_x, applied(arithmetic, da, cell.W_x, a, towards.W_x)), ds


def applied(arithmetic: Arithmetic, da: Bounded, W: Array, a: Bounded, dW: Array) -> Bounded:
    """Wᵀ ȧ + Ẇᵀ a."""
    return arithmetic.sum(arithmetic.apply(da, W, np.abs(W)), arithmetic.apply(a, dW, np.abs(dW)))


def chosen(taken: Array, after: Bounded, before: Bounded) -> Bounded:
    """The one for the rows that take a step, and the other for those that do not."""
    return Bounded(np.where(taken, after.value, before.value), np.where(taken, after.bound, before.bound))


def bound_second_gradients(
    network: Network,
    x: Any,
    initial_states: Any,
    d_sequence: Array | Moving,
    d_final_states: States,
    direction: Gradients,
    steps: Any = None,
) -> BoundedGradients:
    """Gradients of Σ direction · gradients, the gradients being those of `backpropagate`, with bounds.

    Args:
        network, x, initial_states, d_sequence, d_final_states, steps: as for `gradients.backpropagate`;
            cotangents of the sequence output may change, too (`moving_parts`).
        direction: in the shapes of what belongs to it, of the network's dtype.

    Raises:
        BadInput: see `rnn_reference.network.checked_call` and `checked_steps`.
    """
    x, states = checked_call(network, x, initial_states)
    dx, d_states = checked_call(network, direction.x, direction.initial_states)
    taken = checked_steps(x, steps)
    taken = np.ones(x.shape[:2], bool) if taken is None else taken
    wide, arithmetic = reference_dtype(network.dtype), Arithmetic(network.dtype)
    towards = iter(direction.mapped(lambda array: widened(array, wide)).cells)
    below = Moving(*(exactly(widened(where_taken(array, taken), wide)) for array in (x, dx)))
    layers: list[list[Direction]] = []
    for index, layer in enumerate(network.layers):
        sequence, _ = bound_layer(layer, below.value, states[index], network.dtype, taken)
        H, of_layer = layer.hidden_size, list[Direction]()
        for d, cell in enumerate(layer.cells):
            turned, own = np.s_[:, :: -1 if d else 1], np.s_[..., d * H : (d + 1) * H]
            given = cell.astype(wide), next(towards), below.at(turned)
            h0, dh0 = (exactly(widened(each[index][d], wide)) for each in (states, d_states))
            passed = sequence.at(own).at(turned)
            rates, dz = bound_cell_tangents(
                *given[:2], *given[2], h0.value, dh0.value, passed, arithmetic, taken[turned]
            )
            known = Moving(after(h0, passed), after(dh0, rates))
            of_layer.append(Direction(*given, known, dz, taken[turned]))
        layers.append(of_layer)
        below = Moving(
            sequence,
            join([part.known.rate.at(np.s_[:, 1:]).at(turns(d)) for d, part in enumerate(of_layer)]),
        )
    g = d_sequence if isinstance(d_sequence, Moving) else still(widened(d_sequence, wide))
    cells, of_states = list[BoundedCellGradients](), list[Bounded]()
    for index in reversed(range(network.num_layers)):
        H, parts = network.layers[index].hidden_size, []
        for d, part in enumerate(layers[index]):
            of_own = g.at(np.s_[..., d * H : (d + 1) * H]).at(turns(d))
            found = part.pulled_back(of_own, exactly(widened(d_final_states[index][d], wide)), arithmetic)
            parts.append((found[0], found[1].at(turns(d)), found[2]))
        cells = [weights for weights, _, _ in parts] + cells
        of_h0 = [rate for _, _, rate in parts]
        of_states.insert(
            0, Bounded(np.stack([each.value for each in of_h0]), np.stack([each.bound for each in of_h0]))
        )
        g = Moving(*(arithmetic.sum(*each) for each in zip(*(of_x for _, of_x, _ in parts), strict=True)))
    return BoundedGradients(g.rate, tuple(of_states), tuple(cells))


def still(array: Array) -> Moving:
    """Numbers that are given and do not change."""
    return Moving(exactly(array), exactly(np.zeros_like(array)))


def moving_parts(mode: MergeMode, g: Array, both: Moving, dtype: Any) -> Moving:
    """The cotangents of the outputs of two directions, side by side, from that of their merged output.

    Args:
        g: of the merged output, of the wider type. It does not change; but under a product each direction
            gets it times the output of the other, which does.
        both: outputs of the two directions side by side, and ḣ of each.
    """
    value = bound_parted_gradient(mode, g, both.value, dtype)
    if mode != "mul":
        return Moving(value, exactly(np.zeros_like(value.value)))
    return Moving(value, bound_parted_gradient(mode, g, both.rate, dtype))


def turns(direction: int) -> Any:
    """From input to processing order, or back."""
    return np.s_[:, :: -1 if direction else 1]


def after(first: Bounded, others: Bounded) -> Bounded:
    """A state (batch, hidden) and then others (batch, time, hidden)."""
    return Bounded(
        np.concatenate([first.value[:, None], others.value], axis=1),
        np.concatenate([first.bound[:, None], others.bound], axis=1),
    )


def second_gradients(*arguments: Any) -> Gradients:
    """The values of `bound_second_gradients` alone, in the wider type."""
    found = bound_second_gradients(*arguments)

    def value(bounded: Bounded | None) -> Any:
        return None if bounded is None else bounded.value

    cells = tuple(CellGradients(*map(value, cell)) for cell in found.cells)
    return Gradients(found.x.value, tuple(map(value, found.initial_states)), cells)
