"""Faults that the clauses of chapter NAN must catch."""

from __future__ import annotations

import numpy as np

from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.activations import Activation
from rnn_reference.network import Array


@fault("relu-of-nan-is-zero", "NAN-1")
class ReluOfNanIsZero(Fault):
    """Takes the larger of z and 0 where NaN is not larger."""

    def activate(self, activation: Activation, z: Array) -> Array:
        return np.fmax(z, 0) if activation.name == "relu" else super().activate(activation, z)


@fault("infinity-taken-for-missing", "NAN-2")
class InfinityTakenForMissing(Fault):
    """Replaces infinite input by zero."""

    def input_at(self, x: Array, t: int) -> Array:
        return np.where(np.isinf(x[:, t]), x.dtype.type(0), x[:, t])


@fault("tanh-by-exponentials", "NAN-3")
class TanhByExponentials(Fault):
    """Computes (e²ᶻ − 1) / (e²ᶻ + 1), which is ∞/∞ for large z."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "tanh":
            return super().activate(activation, z)
        e = np.exp(2 * z.astype(np.float64))
        return np.asarray((e - 1) / (e + 1), z.dtype)
