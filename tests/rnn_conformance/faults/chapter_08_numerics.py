"""Faults that the clauses of chapter NUM must catch."""

from __future__ import annotations

import numpy as np

from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.activations import Activation
from rnn_reference.network import Array, Cell, Network


@fault("tanh-approximated", "NUM-1")
class TanhApproximated(Fault):
    """Computes tanh by a rational approximation that is exact to 1e-4."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "tanh":
            return super().activate(activation, z)
        c = np.clip(z, -3, 3)
        approximate: Array = c * (27 + c * c) / (27 + 9 * c * c)
        return approximate.astype(z.dtype)


@fault("products-in-float16", "NUM-2")
class ProductsInFloat16(Fault):
    """Rounds the weights and inputs of each product to float16 and multiplies those."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        with np.errstate(over="ignore"):
            x_t, h = (a.astype(np.float16).astype(a.dtype) for a in (x_t, h))
        return super().pre_activation(cell, x_t, h)


@fault("state-drifts", "NUM-3")
class StateDrifts(Fault):
    """Loses a little of the state in each step: 1e-6 of it for every step gone by."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs = []
        for t in range(x.shape[1]):
            h = self.step(cell, x[:, t], h * x.dtype.type(1 - 1e-6 * t))
            outputs.append(h)
        return np.stack(outputs, axis=1), h


@fault("final-state-in-float16", "NUM-4")
class FinalStateInFloat16(Fault):
    """Returns final states that went through float16."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        with np.errstate(over="ignore"):
            return sequence, [state.astype(np.float16).astype(state.dtype) for state in final]


@fault("float64-computed-in-float32", "NUM-5")
class Float64ComputedInFloat32(Fault):
    """Takes and gives float64 and computes in float32."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        z = super().pre_activation(cell.astype(np.float32), x_t.astype(np.float32), h.astype(np.float32))
        return z.astype(x_t.dtype)


@fault("state-shrinks-in-long-sequences", "NUM-6")
class StateShrinksInLongSequences(Fault):
    """From the twelfth step on loses a ten-thousandth of the state in each."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs = [np.empty((len(x), 0, cell.hidden_size), x.dtype)]
        for t in range(x.shape[1]):
            after = self.step(cell, x[:, t], h * x.dtype.type(1 - 1e-4 * (t >= 12)))
            h = after if steps is None else self.masked(after, h, steps[:, t, None])
            outputs.append(h[:, None])
        return np.concatenate(outputs, axis=1), h
