"""Faults that the clauses of chapter BID must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.network import Array, Layer, Network


@fault("backward-outputs-not-realigned", "BID-1")
class BackwardOutputsNotRealigned(Fault):
    """Leaves the backward outputs in the order in which they were computed."""

    def aligned(self, backward: Array) -> Array:
        return backward


@fault("backward-runs-forward", "BID-1")
class BackwardRunsForward(Fault):
    """Runs the backward direction forward in time."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        if layer.backward is None:
            return super().run_layer(layer, x, h0, steps)
        sequence, final = self.run_direction(layer.forward, x, h0[0], steps)
        backward, final_backward = self.run_direction(layer.backward, x, h0[1], steps)
        return self.join(sequence, backward), np.stack([final, final_backward])


@fault("directions-swapped", "BID-2")
class DirectionsSwapped(Fault):
    """Puts the backward outputs first."""

    def join(self, forward: Array, backward: Array) -> Array:
        return super().join(backward, forward)


@fault("directions-interleaved", "BID-2")
class DirectionsInterleaved(Fault):
    """Joins the directions unit by unit instead of side by side."""

    def join(self, forward: Array, backward: Array) -> Array:
        return np.stack([forward, backward], axis=-1).reshape(*forward.shape[:-1], -1)


@fault("concatenated-on-wrong-axis", "BID-2")
class ConcatenatedOnWrongAxis(Fault):
    """Joins the directions on the time axis."""

    def join(self, forward: Array, backward: Array) -> Array:
        return np.concatenate([forward, backward], axis=1)


@fault("backward-starts-from-forward", "BID-3")
class BackwardStartsFromForward(Fault):
    """Starts the backward direction from the forward direction's final state."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        if layer.backward is not None:
            _, final = self.run_direction(layer.forward, x, h0[0], steps)
            h0 = np.stack([h0[0], final])
        return super().run_layer(layer, x, h0, steps)


@fault("forward-weights-for-both", "BID-3")
class ForwardWeightsForBoth(Fault):
    """Runs both directions with the forward cell's weights."""

    def load(self, network: Network) -> Network:
        loaded = super().load(network)
        return Network(Layer(*(layer.forward for _ in layer.cells)) for layer in loaded.layers)


@fault("backward-final-state-at-last-input", "BID-4")
class BackwardFinalStateAtLastInput(Fault):
    """Returns as backward final state the one after x[T−1], its first step."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        sequence, final = super().run_layer(layer, x, h0, steps)
        if layer.backward is not None:
            final[1] = sequence[:, -1, layer.hidden_size :]
        return sequence, final


@fault("backward-last-output-at-last-input", "BID-5")
class BackwardLastOutputAtLastInput(Fault):
    """Takes the last output of both directions at index T−1, where the backward one has seen one input."""

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        return sequence[:, -1]


@fault("initial-state-for-both-directions", "BID-6")
class InitialStateForBothDirections(Fault):
    """Starts both directions from the forward direction's initial state."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_layer(layer, x, np.stack([h0[0]] * layer.directions), steps)


@fault("forward-activation-for-both", "BID-7")
class ForwardActivationForBoth(Fault):
    """Runs both directions with the activation of the forward one."""

    def load(self, network: Network) -> Network:
        loaded = super().load(network)
        return Network(
            Layer(*(replace(cell, activation=layer.forward.activation) for cell in layer.cells))
            for layer in loaded.layers
        )


@fault("forward-bias-decides-for-both", "BID-7")
class ForwardBiasDecidesForBoth(Fault):
    """Adds no bias in the backward direction if the forward one has none."""

    def load(self, network: Network) -> Network:
        loaded = super().load(network)
        return Network(
            Layer(
                *(cell if layer.forward.biases else replace(cell, b=None, b_h=None) for cell in layer.cells)
            )
            for layer in loaded.layers
        )
