"""Faults that the clauses of chapter INI must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.network import Array, Cell, Layer, Network


@fault("default-state-of-ones", "INI-1")
class DefaultStateOfOnes(Fault):
    """Starts from ones where no initial state is given."""

    def run(self, model: Network, call: Call) -> Output:
        states = call.initial_states
        if states is None:
            shapes = model.state_shapes(call.x.shape[0])
            states = tuple(np.ones(shape, model.dtype) for shape in shapes)
        return super().run(model, replace(call, initial_states=states))


@fault("initial-state-ignored", "INI-2")
class InitialStateIgnored(Fault):
    """Starts from zeros whatever initial state is given."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_layer(layer, x, np.zeros_like(h0), steps)


@fault("initial-state-of-first-layer-for-all", "INI-3")
class InitialStateOfFirstLayerForAll(Fault):
    """Gives every layer the initial state of the first, where the shapes allow it."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        first = [states[0] if states[0].shape == h0.shape else h0 for h0 in states]
        return super().run_stack(network, x, first, steps)


@fault("final-states-batch-first", "INI-4")
class FinalStatesBatchFirst(Fault):
    """Returns final states as (batch, directions, hidden)."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        states = tuple(np.moveaxis(state, 0, 1) for state in output.final_states or ())
        return Output(output.sequence, output.last, states, output.native_shapes)


@fault("final-state-before-last-step", "INI-5")
class FinalStateBeforeLastStep(Fault):
    """Returns as final state the one before the last step."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, _ = super().run_direction(cell, x, h, steps)
        return outputs, outputs[:, -2] if x.shape[1] > 1 else h


@fault("final-state-of-top-layer-for-all", "INI-6")
class FinalStateOfTopLayerForAll(Fault):
    """Returns the top layer's final state for every layer, where the shapes allow it."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return sequence, [final[-1] if final[-1].shape == state.shape else state for state in final]


@fault("final-states-in-a-list", "INI-4")
class FinalStatesInAList(Fault):
    """Returns a list of final states where a tuple is declared."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        states: Any = list(output.final_states or ())
        return replace(output, final_states=states)


@fault("final-states-by-another-kernel", "INI-5")
class FinalStatesByAnotherKernel(Fault):
    """Adds in another order for the final states of rows of different length: their last digit is another."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        sequence, final = super().run_layer(layer, x, h0, steps)
        return sequence, final if steps is None else np.nextafter(final, final.dtype.type(2))
