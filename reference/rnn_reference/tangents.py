"""The JVP, by forward mode: how the outputs change when input, initial states and weights go in a direction.

With a dot for the rate of change of each,

    ż_t = W_x ẋ_t + Ẇ_x x_t + W_h ḣ_{t−1} + Ẇ_h h_{t−1} + ḃ
    ḣ_t = φ'(z_t) ⊙ ż_t

Every value comes with its bound; the derivation is the spec's chapter on gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_reference.bounds import Bounded, BoundedResult, bound_layer, join, merge_bounds
from rnn_reference.gradient_bounds import Arithmetic, bounded_derivative
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, MergeMode, Network, checked_call, checked_steps
from rnn_reference.precision import reference_dtype, widened


def bound_cell_tangents(
    cell: Cell,
    towards: CellGradients,
    x: Bounded,
    dx: Bounded,
    h0: Array,
    dh0: Array,
    states: Bounded,
    arithmetic: Arithmetic,
    steps: Array | None,
) -> tuple[Bounded, Bounded]:
    """One direction, of arrays in processing order and of the wider type.

    Args:
        towards: Ẇ_x, Ẇ_h and ḃ.
        x, dx, states: input, ẋ and states (batch, time, …) with their bounds.
        h0, dh0: initial state and its rate of change (batch, hidden).
        steps: which steps each row takes; at another ḣ stays as it is.

    Returns:
        ḣ and ż at every step.
    """
    h, dh = exactly(h0), exactly(dh0)
    db = sum((bias for bias in (towards.b, towards.b_h) if bias is not None), start=np.zeros_like(cell.bias))
    rates, of_z = (exactly(np.empty_like(states.value)) for _ in range(2))
    for t in range(x.value.shape[1]):
        now = np.s_[:, t]
        products = [(dx.at(now), cell.W_x), (x.at(now), towards.W_x), (dh, cell.W_h), (h, towards.W_h)]
        dz = arithmetic.linear(products, db)
        z = x.value[now] @ cell.W_x.T + h.value @ cell.W_h.T + cell.bias
        slope = bounded_derivative(cell, states.at(now), z, arithmetic)
        after = arithmetic.multiply(slope, dz)
        if steps is not None:
            taken = steps[:, t, None]
            after = Bounded(np.where(taken, after.value, dh.value), np.where(taken, after.bound, dh.bound))
        h, dh = states.at(now), after
        rates.value[now], rates.bound[now] = dh.value, dh.bound
        of_z.value[now], of_z.bound[now] = dz.value, dz.bound
    return rates, of_z


def bound_tangents(
    network: Network, x: Any, initial_states: Any, direction: Gradients, steps: Any = None
) -> BoundedResult:
    """The derivatives of all outputs in one direction, each with the bound of every element (GRD-10).

    Args:
        network, x, initial_states, steps: as for `run_network`.
        direction: rates of change in the shapes of what changes, of the network's dtype.

    Raises:
        BadInput: see `rnn_reference.network.checked_call` and `checked_steps`.
    """
    x, states = checked_call(network, x, initial_states)
    dx, d_states = checked_call(network, direction.x, direction.initial_states)
    taken = checked_steps(x, steps)
    wide, arithmetic = reference_dtype(network.dtype), Arithmetic(network.dtype)
    value, rate = (exactly(widened(where_taken(array, taken), wide)) for array in (x, dx))
    cells = iter(direction.cells)
    finals = []
    for index, layer in enumerate(network.layers):
        sequence, _ = bound_layer(layer, value, states[index], network.dtype, taken)
        parts, last = [], []
        for d, cell in enumerate(layer.cells):
            towards = next(cells).mapped(lambda array: widened(array, wide))
            H = layer.hidden_size
            turned = np.s_[:, ::-1] if d else np.s_[:, :]
            dh0 = widened(d_states[index][d], wide)
            rates, _ = bound_cell_tangents(
                cell.astype(wide),
                towards,
                value.at(turned),
                rate.at(turned),
                widened(states[index][d], wide),
                dh0,
                sequence.at(np.s_[..., d * H : (d + 1) * H]).at(turned),
                arithmetic,
                None if taken is None else taken[turned],
            )
            parts.append(rates.at(turned))
            last.append(rates.at(np.s_[:, -1]) if x.shape[1] else exactly(dh0))
        value, rate = sequence, join(parts)
        finals.append(Bounded(np.stack([f.value for f in last]), np.stack([f.bound for f in last])))
    return BoundedResult(rate, tuple(finals))


def bound_merged_tangent(mode: MergeMode, both: Bounded, rates: Bounded, dtype: Any) -> Bounded:
    """How the merged output of two directions changes (GRD-10); a product by the product rule.

    Args:
        both, rates: outputs of the two directions side by side, and ḣ of each.
    """
    H = both.value.shape[-1] // 2
    (forward, backward), (d_forward, d_backward) = (
        (of.at(np.s_[..., :H]), of.at(np.s_[..., H:])) for of in (both, rates)
    )
    if mode != "mul":
        return merge_bounds(mode, d_forward, d_backward, dtype)
    arithmetic = Arithmetic(dtype)
    return arithmetic.sum(arithmetic.multiply(d_forward, backward), arithmetic.multiply(forward, d_backward))


def where_taken(array: Array, steps: Array | None) -> Array:
    """The input without what stands at steps that are not taken: 0 · NaN would be NaN."""
    return array if steps is None else np.where(steps[:, :, None], array, array.dtype.type(0))


def exactly(array: Array) -> Bounded:
    """Numbers that are given, and so are exact."""
    return Bounded(array, np.zeros(array.shape, array.dtype))
