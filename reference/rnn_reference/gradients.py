"""Backpropagation through time: gradients of x, initial states and every weight.

With g_t the cotangent of the output of step t, from the last step to the first:

    s_t = g_t + W_hᵀ a_{t+1}        (at the last step: g_t plus that of the final state)
    a_t = φ'(z_t) ⊙ s_t
    dx_t = W_xᵀ a_t,  dh_0 = W_hᵀ a_0
    dW_x = Σ a_t x_tᵀ,  dW_h = Σ a_t h_{t−1}ᵀ,  db = Σ a_t        over steps and rows
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnn_reference.activations import Activation, phi
from rnn_reference.forward import run_layer
from rnn_reference.network import (
    Array,
    Cell,
    Layer,
    MergeMode,
    Network,
    States,
    checked_array,
    checked_call,
    checked_steps,
)
from rnn_reference.precision import reference_dtype, widened


class CellGradients(NamedTuple):
    """Gradients of the weights of one cell, in their shapes; of each bias vector that there is."""

    W_x: Array
    W_h: Array
    b: Array | None = None
    b_h: Array | None = None

    def mapped(self, change: Callable[[Array], Array]) -> CellGradients:
        """The same with every array changed."""
        b, b_h = (None if bias is None else change(bias) for bias in (self.b, self.b_h))
        return CellGradients(change(self.W_x), change(self.W_h), b, b_h)


class Gradients(NamedTuple):
    """What `backpropagate` gives: gradients in the shapes of what they belong to."""

    x: Array  # (batch, time, input)
    initial_states: States  # per layer (directions, batch, hidden)
    cells: tuple[CellGradients, ...]  # bottom layer first, forward before backward

    def mapped(self, change: Callable[[Array], Array]) -> Gradients:
        """The same with every array changed."""
        cells = tuple(cell.mapped(change) for cell in self.cells)
        return Gradients(change(self.x), tuple(map(change, self.initial_states)), cells)


def derivative(activation: Activation, h: Array) -> Array:
    """φ'(z), from h = φ(z). That of relu at 0 is 0."""
    return phi(activation).derivative(h)


def backpropagate_cell(
    cell: Cell, x: Array, h0: Array, states: Array, g: Array, g_final: Array, steps: Array | None = None
) -> tuple[CellGradients, Array, Array]:
    """One direction: gradients of its weights, of x and of h0.

    Args:
        x, states, g: input, states and cotangents gradients in processing order, (batch, time, …).
        h0, g_final: initial state, and the gradient of the final one, (batch, hidden).
        steps: which steps each row takes; at another the state's gradient stays as it is.
    """
    before = np.concatenate([h0[:, None], states], axis=1)
    if steps is not None:
        x = np.where(steps[:, :, None], x, 0)  # 0 · NaN would be NaN
    a, s = np.zeros_like(states), g_final
    for t in reversed(range(x.shape[1])):
        s = s + g[:, t]
        a[:, t] = derivative(cell.activation, states[:, t]) * s
        through = a[:, t] @ cell.W_h
        if steps is not None:
            a[:, t] *= steps[:, t, None]
            through = np.where(steps[:, t, None], through, s)
        s = through
    db = a.sum(axis=(0, 1))
    weights = CellGradients(
        np.einsum("bth,bti->hi", a, x),
        np.einsum("bth,btk->hk", a, before[:, :-1]),
        db if cell.b is not None else None,
        db if cell.b_h is not None else None,
    )
    return weights, a @ cell.W_x, s


def parted_gradient(mode: MergeMode, g: Array, forward: Array, backward: Array) -> Array:
    """The cotangents of the outputs of two directions, side by side, from that of their merged output.

    Args:
        g, forward, backward: (batch, time, hidden); for a mode that puts them side by side, g has both.
    """
    match mode:
        case "sum":
            return np.concatenate([g, g], axis=-1)
        case "ave":
            return np.concatenate([g / 2, g / 2], axis=-1)
        case "mul":
            return np.concatenate([g * backward, g * forward], axis=-1)
        case "concat" | "none":
            return g


def backpropagate_layer(
    layer: Layer,
    x: Array,
    h0: Array,
    sequence: Array,
    g: Array,
    g_final: Array,
    steps: Array | None = None,
) -> tuple[list[CellGradients], Array, Array]:
    """One layer: gradients of its cells, of x and of h0 (directions, batch, hidden)."""
    H = layer.hidden_size
    weights, dx, dh0 = backpropagate_cell(
        layer.forward, x, h0[0], sequence[..., :H], g[..., :H], g_final[0], steps
    )
    if layer.backward is None:
        return [weights], dx, dh0[None]
    turned = np.s_[:, ::-1]
    weights_b, dx_b, dh0_b = backpropagate_cell(
        layer.backward,
        x[turned],
        h0[1],
        sequence[..., H:][turned],
        g[..., H:][turned],
        g_final[1],
        None if steps is None else steps[turned],
    )
    return [weights, weights_b], dx + dx_b[turned], np.stack([dh0, dh0_b])


def backpropagate(
    network: Network,
    x: Any,
    initial_states: Any = None,
    d_sequence: Any = None,
    d_final_states: Any = None,
    steps: Any = None,
) -> Gradients:
    """Gradients of Σ d_sequence · sequence + Σ d_final_states · final_states, in the reference's wider type.

    Args:
        network, x, initial_states, steps: as for `run_network`.
        d_sequence: the cotangents of the sequence output, in its shape; None for zeros.
        d_final_states: those of the final states, per layer (directions, batch, hidden); None for zeros.

    Raises:
        BadInput: an argument has the wrong rank, shape or dtype, or there are too many or too few.
    """
    x, states = checked_call(network, x, initial_states)
    taken = checked_steps(x, steps)
    _, g_final = checked_call(network, x, d_final_states)
    wide = reference_dtype(network.dtype)
    g = np.zeros((*x.shape[:2], network.output_size), network.dtype)
    if d_sequence is not None:
        g = checked_array("d_sequence", d_sequence, shape=g.shape, dtype=network.dtype)
    wider = network.astype(wide)
    inputs, sequences = [widened(x, wide)], []
    for layer, h0 in zip(wider.layers, states, strict=True):
        sequence, _ = run_layer(layer, inputs[-1], widened(h0, wide), taken)
        sequences.append(sequence)
        inputs.append(sequence)
    g = widened(g, wide)
    cells: list[CellGradients] = []
    dh0: list[Array] = []
    for index in reversed(range(network.num_layers)):
        weights, g, d_state = backpropagate_layer(
            wider.layers[index],
            inputs[index],
            widened(states[index], wide),
            sequences[index],
            g,
            widened(g_final[index], wide),
            taken,
        )
        cells, dh0 = weights + cells, [d_state, *dh0]
    return Gradients(g, tuple(dh0), tuple(cells))
