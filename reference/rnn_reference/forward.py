"""The recurrence: one step, one direction, one layer, a stack.

    h_t = φ(W_x x_t + W_h h_{t-1} + b)

Arrays are canonical: x (batch, time, input), sequence output (batch, time, directions·hidden), states
(directions, batch, hidden) for each layer. Backward outputs stand at the time index of their input.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnn_reference.activations import Activation, phi
from rnn_reference.network import (
    Array,
    Cell,
    Layer,
    MergeMode,
    Network,
    States,
    checked_call,
    checked_steps,
)
from rnn_reference.precision import reference_dtype, widened


class Result(NamedTuple):
    """What a network computes: all outputs of its top layer, and the final states of every layer."""

    sequence: Array  # (batch, time, directions·hidden)
    final_states: States  # per layer (directions, batch, hidden)

    @property
    def last(self) -> Array:
        """The last output: the top layer's final states side by side, (batch, directions·hidden) (BID-5)."""
        return np.concatenate(list(self.final_states[-1]), axis=-1)


def activate(activation: Activation, z: Array, out: Array | None = None) -> Array:
    """φ(z), elementwise."""
    if activation.name == "tanh":
        return np.tanh(z, out=out)
    value = phi(activation).value(z)
    if out is None:
        return value
    out[...] = value
    return out


def step(cell: Cell, x_t: Array, h: Array) -> Array:
    """One step for a batch: x_t (batch, input) and the state before it (batch, hidden) → the state after."""
    return activate(cell.activation, x_t @ cell.W_x.T + h @ cell.W_h.T + cell.bias)


def run_cell(cell: Cell, x: Array, h: Array, steps: Array | None = None) -> tuple[Array, Array]:
    """All steps of one direction: the states (batch, time, hidden) and the last of them (batch, hidden).

    A row takes the steps that `steps` (batch, time) marks; at the others its state stays (MSK-1).
    """
    z = np.moveaxis(x, 1, 0) @ cell.W_x.T + cell.bias  # the inputs' share of every step, in one product
    W_h = np.ascontiguousarray(cell.W_h.T)
    for t, z_t in enumerate(z):  # (batch, hidden), turned into h_t where it stands
        z_t += h @ W_h
        activate(cell.activation, z_t, out=z_t)
        if steps is not None:
            np.copyto(z_t, h, where=~steps[:, t, None])
        h = z_t
    return np.moveaxis(z, 0, 1), h.copy()


def run_layer(layer: Layer, x: Array, h0: Array, steps: Array | None = None) -> tuple[Array, Array]:
    """One layer: sequence (batch, time, directions·hidden) and final states (directions, batch, hidden)."""
    sequence, final = run_cell(layer.forward, x, h0[0], steps)
    if layer.backward is None:
        return sequence, final[None]
    reversed_steps = None if steps is None else steps[:, ::-1]
    backward, final_backward = run_cell(layer.backward, x[:, ::-1], h0[1], reversed_steps)
    return np.concatenate([sequence, backward[:, ::-1]], axis=-1), np.stack([final, final_backward])


def merge_directions(mode: MergeMode, forward: Array, backward: Array) -> Array:
    """The two directions' outputs of a step as one, by a merge mode (MRG-1); features are the last axis."""
    match mode:
        case "sum":
            return forward + backward
        case "mul":
            return forward * backward
        case "ave":
            return (forward + backward) / 2
        case "concat" | "none":
            return np.concatenate([forward, backward], axis=-1)


def run_network(network: Network, x: Any, initial_states: Any = None, steps: Any = None) -> Result:
    """The whole stack, computed in a wider type than its weights: the reference result.

    float32 networks run in float64, float64 networks in `longdouble` where that is wider; the result
    keeps that type.

    Args:
        network: the weights.
        x: input (batch, time, input), of the network's dtype.
        initial_states: per layer (directions, batch, hidden); None for zeros.
        steps: the valid time steps, booleans (batch, time); None for all. At a masked time step the
            state stays, and the sequence output shows it; what a framework shows there is a convention.

    Raises:
        BadInput: see `rnn_reference.network.checked_call` and `checked_steps`.
    """
    x, states = checked_call(network, x, initial_states)
    taken = checked_steps(x, steps)
    wide = reference_dtype(network.dtype)
    wide_states = tuple(widened(state, wide) for state in states)
    return run_stack(network.astype(wide), widened(x, wide), wide_states, taken)


def run_stack(network: Network, x: Array, initial_states: States, steps: Array | None = None) -> Result:
    """The stack in the type of its arguments, which must all agree; nothing is checked."""
    final_states = []
    for layer, h0 in zip(network.layers, initial_states, strict=True):
        x, final = run_layer(layer, x, h0, steps)
        final_states.append(final)
    return Result(x, tuple(final_states))
