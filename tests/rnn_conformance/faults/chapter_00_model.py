"""Faults that the clauses of chapter MOD must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
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


@fault("shapes-as-text", "MOD-1")
class ShapesAsText(Fault):
    """Gives the shapes of its weights as text."""

    def native_weights(self, model: Network) -> Any:
        return [{role: str(shape) for role, shape in cell.items()} for cell in super().native_weights(model)]


@fault("axes-undeclared", "MOD-2")
class AxesUndeclared(Fault):
    """Shows the shape of an array whose axes it does not declare."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        return replace(output, native_shapes={**output.native_shapes, "mask": (1,)})


@fault("states-batch-first-where-time-is", "MOD-2")
class StatesBatchFirstWhereTimeIs(Fault):
    """With time first, shows the final states of a bidirectional layer as (batch, directions, hidden)."""

    def run_time_major(self, model: Network, call: Call) -> Output:
        output = super().run_time_major(model, call)
        directions, batch, hidden = output.native_shapes["final_states"]
        if directions == 1:
            return output
        shown = {**output.native_shapes, "final_states": (batch, directions, hidden)}
        return replace(output, native_shapes=shown)
