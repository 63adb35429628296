"""Faults that the clauses of chapter MOD must catch."""

from __future__ import annotations

import numpy as np

from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.network import Array, Network


@fault("weights-stored-otherwise", "MOD-1")
class WeightsStoredOtherwise(Fault):
    """Declares its input weights as (hidden, input) and stores them as (input, hidden)."""

    def native_weights(self, model: Network) -> list[dict[str, tuple[int, ...]]]:
        return [
            {role: shape[::-1] if role == "W_x" else shape for role, shape in cell.items()}
            for cell in super().native_weights(model)
        ]


@fault("time-major-undeclared", "MOD-2")
class TimeMajorUndeclared(Fault):
    """Declares batch first and takes time first."""

    def seen(self, x: Array) -> Array:
        return np.moveaxis(x, 1, 0)
