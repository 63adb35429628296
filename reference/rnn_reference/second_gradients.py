"""Gradients of gradients: those of Σ direction · gradients, which training with gradient penalties asks for.

Σ direction · gradients is the rate of change of the loss when input, initial states and weights go in that
direction, so its gradient is the rate of change of the gradient: forward mode through backpropagation. With a
dot for every rate of change,

    ṡ_t = W_hᵀ ȧ_{t+1} + Ẇ_hᵀ a_{t+1} + ġ_t
    ȧ_t = φ''(z_t) ż_t ⊙ s_t + φ'(z_t) ⊙ ṡ_t
    (W_xᵀ a_t)˙ = W_xᵀ ȧ_t + Ẇ_xᵀ a_t,   (Σ a_t x_tᵀ)˙ = Σ ȧ_t x_tᵀ + a_t ẋ_tᵀ,   …
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_reference.activations import phi
from rnn_reference.forward import run_layer
from rnn_reference.gradients import CellGradients, Gradients, derivative
from rnn_reference.network import Array, Cell, Network, States, checked_call, checked_steps
from rnn_reference.precision import reference_dtype


def second_gradients_of_cell(
    cell: Cell,
    towards: CellGradients,
    x: tuple[Array, Array],
    known: Array,
    dh0: Array,
    g: tuple[Array, Array],
    g_final: Array,
    steps: Array | None,
) -> tuple[CellGradients, tuple[Array, Array], Array, Array]:
    """One direction, in processing order; pairs are of a value and its rate of change.

    Args:
        towards: Ẇ_x, Ẇ_h and ḃ.
        known: the initial state and all others, (batch, 1 + time, hidden); `dh0` is ḣ of the first.
        g, g_final: cotangents gradients; that of the final state does not change.

    Returns:
        Rates of change of the weights' gradients; gradient and rate of x; rate of that of h0; and ḣ (batch,
        time, hidden).
    """
    B, T, H = g[0].shape
    db = sum((bias for bias in (towards.b, towards.b_h) if bias is not None), start=np.zeros(H, known.dtype))
    taken = np.ones((B, T), bool) if steps is None else steps
    slopes = derivative(cell.activation, known[:, 1:])
    rates = np.zeros_like(known)
    rates[:, 0], dz = dh0, np.zeros((B, T, H), known.dtype)
    for t in range(T):
        dz[:, t] = x[1][:, t] @ cell.W_x.T + x[0][:, t] @ towards.W_x.T + db
        dz[:, t] += rates[:, t] @ cell.W_h.T + known[:, t] @ towards.W_h.T
        rates[:, t + 1] = np.where(taken[:, t, None], slopes[:, t] * dz[:, t], rates[:, t])
    bends = phi(cell.activation).second_derivative(known[:, 1:])
    a, da = np.zeros((2, B, T, H), known.dtype)
    s, ds = g_final, np.zeros_like(g_final)
    for t in reversed(range(T)):
        now = taken[:, t, None]
        s, ds = s + g[0][:, t], ds + g[1][:, t]
        a[:, t] = np.where(now, slopes[:, t] * s, 0)
        da[:, t] = np.where(now, bends[:, t] * dz[:, t] * s + slopes[:, t] * ds, 0)
        s, ds = (
            np.where(now, a[:, t] @ cell.W_h, s),
            np.where(now, da[:, t] @ cell.W_h + a[:, t] @ towards.W_h, ds),
        )

    def collected(v: Array, dv: Array) -> Array:
        rate: Array = np.einsum("bth,btk->hk", da, v) + np.einsum("bth,btk->hk", a, dv)
        return rate

    of_bias = da.sum(axis=(0, 1))
    weights = CellGradients(
        collected(*x),
        collected(known[:, :-1], rates[:, :-1]),
        of_bias if cell.b is not None else None,
        of_bias if cell.b_h is not None else None,
    )
    return weights, (a @ cell.W_x, da @ cell.W_x + a @ towards.W_x), ds, rates[:, 1:]


def second_gradients(
    network: Network,
    x: Any,
    initial_states: Any,
    d_sequence: Array,
    d_final_states: States,
    direction: Gradients,
    steps: Any = None,
) -> Gradients:
    """Gradients of Σ direction · gradients, the gradients being those of `backpropagate`, in the wider type.

    Args:
        network, x, initial_states, d_sequence, d_final_states, steps: as for `gradients.backpropagate`.
        direction: in the shapes of what belongs to it, of the network's dtype.

    Raises:
        BadInput: see `rnn_reference.network.checked_call` and `checked_steps`.
    """
    x, states = checked_call(network, x, initial_states)
    dx, d_states = checked_call(network, direction.x, direction.initial_states)
    taken = checked_steps(x, steps)
    wide = reference_dtype(network.dtype)
    wider = network.astype(wide)
    towards = direction.mapped(lambda array: array.astype(wide)).cells
    numbers = np.cumsum([0, *(layer.directions for layer in network.layers)])
    inputs = [(x.astype(wide), dx.astype(wide))]
    sequences: list[Array] = []

    def through(index: int, g: tuple[Array, Array]) -> list[Any]:
        """`second_gradients_of_cell` for each direction of a layer, turned into input order again."""
        layer, found = wider.layers[index], []
        for d, cell in enumerate(layer.cells):
            turned = np.s_[:, ::-1] if d else np.s_[:, :]
            own = np.s_[..., d * layer.hidden_size : (d + 1) * layer.hidden_size]
            h0 = states[index][d].astype(wide)
            weights, of_x, of_h0, rates = second_gradients_of_cell(
                cell,
                towards[numbers[index] + d],
                (inputs[index][0][turned], inputs[index][1][turned]),
                np.concatenate([h0[:, None], sequences[index][own][turned]], axis=1),
                d_states[index][d].astype(wide),
                (g[0][own][turned], g[1][own][turned]),
                d_final_states[index][d].astype(wide),
                None if taken is None else taken[turned],
            )
            found.append((weights, (of_x[0][turned], of_x[1][turned]), of_h0, rates[turned]))
        return found

    for index, layer in enumerate(wider.layers):
        sequence, _ = run_layer(layer, inputs[-1][0], states[index].astype(wide), taken)
        sequences.append(sequence)
        rates = [part[3] for part in through(index, (0 * sequence, 0 * sequence))]
        inputs.append((sequence, np.concatenate(rates, axis=-1)))
    g = (d_sequence.astype(wide), np.zeros(d_sequence.shape, wide))
    cells: list[CellGradients] = []
    of_states: list[Array] = []
    for index in reversed(range(network.num_layers)):
        parts = through(index, g)
        cells = [part[0] for part in parts] + cells
        of_states.insert(0, np.stack([part[2] for part in parts]))
        g = (sum(part[1][0] for part in parts), sum(part[1][1] for part in parts))
    return Gradients(g[1], tuple(of_states), tuple(cells))
