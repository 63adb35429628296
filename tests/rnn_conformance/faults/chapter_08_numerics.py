"""Faults that the clauses of chapter NUM must catch."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.activations import Activation
from rnn_reference.network import Array, Cell, MergeMode, Network


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


@fault("float64-states-of-few-exponents", "NUM-5")
class Float64StatesOfFewExponents(Fault):
    """Makes zero of initial states of float64 that are below the smallest normal number of float32."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        if h.dtype == np.float64:
            h = np.where(np.abs(h) < np.finfo(np.float32).smallest_normal, 0.0, h)
        return super().run_direction(cell, x, h, steps)


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


@fault("tanh-beyond-one", "NUM-7")
class TanhBeyondOne(Fault):
    """Gives for large z the number after 1, as a rational approximation may where it is cut off."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        if activation.name != "tanh":
            return h
        beyond = np.nextafter(np.sign(z), 2 * np.sign(z), dtype=z.dtype)
        return np.where(np.abs(z) > 20, beyond, h)


@fault("tanh-never-one", "NUM-7")
class TanhNeverOne(Fault):
    """Gives for large z the number before 1."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.clip(h, -1 + np.finfo(z.dtype).epsneg, 1 - np.finfo(z.dtype).epsneg).astype(z.dtype)


@fault("tanh-of-float64-cut-off", "NUM-7")
class TanhOfFloat64CutOff(Fault):
    """Takes tanh of float64 for constant beyond 18, where it is not yet 1."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name == "tanh" and z.dtype == np.float64:
            z = np.clip(z, -18, 18)
        return super().activate(activation, z)


@fault("tanh-by-expm1-less-one", "NUM-8")
class TanhByDifference(Fault):
    """Computes 1 − 2 / (e²ᶻ + 1), which has lost the digits of a small z."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "tanh":
            return super().activate(activation, z)
        with np.errstate(over="ignore"):
            return np.asarray(1 - 2 / (np.exp(2 * z) + 1), z.dtype)


@fault("tanh-of-float64-by-exponentials", "NUM-8")
class TanhOfFloat64ByExponentials(Fault):
    """Computes (1 − e⁻²ᶻ) / (1 + e⁻²ᶻ) in float64 alone, which loses the digits of small z."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "tanh" or z.dtype != np.float64:
            return super().activate(activation, z)
        e = np.exp(-2 * np.abs(z))
        h: Array = np.copysign((1 - e) / (1 + e), z)
        return h


@fault("tanh-rounded-up", "NUM-9")
class TanhRoundedUp(Fault):
    """Rounds tanh towards +∞, a unit in the last place above what it is."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        inside = (activation.name == "tanh") & (np.abs(h) < 1) & (np.abs(h) > 1e-3)
        return np.where(inside, np.nextafter(h, np.inf, dtype=h.dtype), h)


class AlsoInFloat32(Fault):
    """Has numbers that go through float32."""

    def narrowed(self, array: Array) -> Array:
        """The numbers, through float32."""
        return array.astype(np.float32).astype(array.dtype) if array.dtype == np.float64 else array


@fault("final-states-in-float32", "NUM-10")
class FinalStatesInFloat32(AlsoInFloat32):
    """Returns final states that went through float32."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return sequence, [self.narrowed(state) for state in final]


@fault("initial-states-in-float32", "NUM-10")
class InitialStatesInFloat32(AlsoInFloat32):
    """Takes initial states in float32."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        return super().run_stack(network, x, [self.narrowed(state) for state in states], steps)


@fault("merged-in-float32", "NUM-10")
class MergedInFloat32(AlsoInFloat32):
    """Merges directions in float32."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        found = super().merged(mode, both)
        return found if mode in ("concat", "none") else self.narrowed(found)


@fault("between-layers-in-float32", "NUM-10")
class BetweenLayersInFloat32(AlsoInFloat32):
    """Hands float32 numbers from layer to layer."""

    def between_layers(self, x: Array) -> Array:
        return self.narrowed(super().between_layers(x))


@fault("activation-in-float32", "NUM-11")
class ActivationInFloat32(AlsoInFloat32):
    """Computes activations in float32, whatever the type."""

    def activate(self, activation: Activation, z: Array) -> Array:
        return self.narrowed(super().activate(activation, z))


@fault("parameters-in-float32", "NUM-11")
class ParametersInFloat32(AlsoInFloat32):
    """Keeps the parameters of activations in float32, whatever the type."""

    def parameters(self, activation: Activation, dtype: Any) -> tuple[Any, Any]:
        alpha, beta = super().parameters(activation, np.float32)
        return np.dtype(dtype).type(alpha), np.dtype(dtype).type(beta)


@fault("float64-weights-of-few-exponents", "NUM-5")
class Float64WeightsOfFewExponents(Fault):
    """Makes zero of weights of float64 that are below the smallest normal number of float32."""

    def stored(self, cell: Cell) -> Cell:
        stored = super().stored(cell)
        if stored.dtype != np.float64:
            return stored
        return stored.mapped(lambda array: np.where(np.abs(array) < np.finfo(np.float32).tiny, 0.0, array))
