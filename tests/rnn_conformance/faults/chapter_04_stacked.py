"""Faults that the clauses of chapter STK must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.network import Array, Layer, Network


@fault("upper-layer-fed-swapped", "STK-1")
class UpperLayerFedSwapped(Fault):
    """Feeds upper layers the two directions of the layer below in the wrong order."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        final_states: list[Array] = []
        for index, (layer, h0) in enumerate(zip(network.layers, states, strict=True)):
            if index and network.layers[index - 1].directions == 2:
                x = np.roll(x, network.layers[index - 1].hidden_size, axis=-1)
            x, final = self.run_layer(layer, x, h0, steps)
            final_states.append(final)
        return x, final_states


@fault("upper-layer-fed-last-output", "STK-1")
class UpperLayerFedLastOutput(Fault):
    """Feeds upper layers the last output below at every step, as without return_sequences."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        final_states: list[Array] = []
        for layer, h0 in zip(network.layers, states, strict=True):
            x = x if not final_states else np.broadcast_to(x[:, -1:], x.shape)
            x, final = self.run_layer(layer, x, h0, steps)
            final_states.append(final)
        return x, final_states


@fault("final-states-top-first", "STK-2")
class FinalStatesTopFirst(Fault):
    """Lists the final states from the top layer down."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return sequence, final[::-1]


@fault("layers-in-wrong-order", "STK-3")
class LayersInWrongOrder(Fault):
    """Swaps the second and third layer where their shapes allow it."""

    def load(self, network: Network) -> Network:
        layers = list(super().load(network).layers)
        if len(layers) > 2 and layers[1].forward.W_x.shape == layers[2].forward.W_x.shape:
            layers[1], layers[2] = layers[2], layers[1]
        return Network(layers)


@fault("first-activation-for-all-layers", "STK-4")
class FirstActivationForAllLayers(Fault):
    """Runs all layers with the activation of the first."""

    def load(self, network: Network) -> Network:
        first = network.layers[0].forward.activation
        return super().load(
            Network(
                Layer(*(replace(cell, activation=first) for cell in layer.cells)) for layer in network.layers
            )
        )


@fault("final-states-exchanged-beside-a-last-output", "STK-2")
class FinalStatesExchangedBesideALastOutput(Fault):
    """Lists the lower two of three states in the wrong order where a last output is asked for."""

    def run_usual(self, model: Network, call: Call) -> Output:
        output, states = super().run_usual(model, call), []
        states = list(output.final_states or ())
        if not call.return_sequences and len(states) > 2:
            states[:2] = states[1::-1]
        return replace(output, final_states=tuple(states))
