"""Faults that the clauses of chapter ACT must catch."""

from __future__ import annotations

import numpy as np

from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.network import Array, Cell


@fault("sigmoid-piecewise", "ACT-1")
class SigmoidPiecewise(Fault):
    """Computes the hard sigmoid, which consists of three straight lines."""

    def activate(self, activation: str, z: Array) -> Array:
        if activation != "sigmoid":
            return super().activate(activation, z)
        return np.asarray(np.clip(z / 6 + 0.5, 0, 1), z.dtype)


@fault("linear-as-relu", "ACT-2")
class LinearAsRelu(Fault):
    """Takes every activation that it does not know for relu."""

    def activate(self, activation: str, z: Array) -> Array:
        return super().activate("relu" if activation == "linear" else activation, z)


@fault("softsign-by-the-root", "ACT-3")
class SoftsignByTheRoot(Fault):
    """Computes z / √(1 + z²), which has the same limits and the same slope at 0."""

    def activate(self, activation: str, z: Array) -> Array:
        return z / np.sqrt(1 + z * z) if activation == "softsign" else super().activate(activation, z)


@fault("softplus-linear-too-soon", "ACT-4")
class SoftplusLinearTooSoon(Fault):
    """Takes softplus for z above 3, where the difference is still 0.05."""

    def activate(self, activation: str, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.where(z > 3, z, h) if activation == "softplus" else h


@fault("elu-scaled", "ACT-5")
class EluScaled(Fault):
    """Computes selu, which multiplies what lies below 0 by 1.67 and all of it by 1.05."""

    def activate(self, activation: str, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.asarray(1.0507 * np.where(h > 0, h, 1.6733 * h), h.dtype) if activation == "elu" else h


@fault("sigmoid-of-no-step", "ACT-6")
class SigmoidOfNoStep(Fault):
    """At masked steps applies a sigmoid to the state."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return np.where(taken, after, self.activate(self.activation, before))

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        self.activation = cell.activation if cell.activation == "sigmoid" else "linear"
        return super().step(cell, x_t, h)


@fault("elu-slope-from-zero", "ACT-7")
class EluSlopeFromZero(Fault):
    """Takes h for the derivative of elu below 0, which is h + 1."""

    def slope(self, activation: str, h: Array) -> Array:
        slope = super().slope(activation, h)
        return np.where(h > 0, slope, h) if activation == "elu" else slope
