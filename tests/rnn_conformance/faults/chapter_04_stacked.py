"""Faults that the clauses of chapter STK must catch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Layer, Network, States


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


def by_name(layers: int) -> list[int]:
    """The numbers of layers in the order of their names: the tenth before the second."""
    return sorted(range(layers), key=str)


@fault("gradients-in-the-order-of-names", "STK-5")
class GradientsInTheOrderOfNames(Fault):
    """Gives the gradients of layers in the order of their names, as a dictionary does that is sorted."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        cells = iter(found.cells)
        of_layers = [[next(cells) for _ in layer.cells] for layer in model.layers]
        return found._replace(
            cells=tuple(cell for place in by_name(len(of_layers)) for cell in of_layers[place])
        )


@fault("assigned-in-the-order-of-names", "STK-5")
class AssignedInTheOrderOfNames(Fault):
    """Assigns weights to layers in the order of their names."""

    def assign_weights(self, model: Network, network: Network) -> None:
        order = by_name(len(network.layers))
        alike = len({layer.forward.W_x.shape for layer in network.layers[1:]}) == 1
        layers = [network.layers[place] for place in order] if alike else network.layers
        super().assign_weights(model, Network(layers))


@fault("states-taken-in-the-order-of-names", "STK-5")
class StatesTakenInTheOrderOfNames(Fault):
    """Takes initial states for layers in the order of their names."""

    def run_usual(self, model: Network, call: Call) -> Output:
        states = call.initial_states
        if states is not None and len(states) == len(model.layers):
            call = replace(call, initial_states=tuple(states[place] for place in by_name(len(states))))
        return super().run_usual(model, call)


@fault("frozen-by-the-beginning-of-a-name", "STK-5")
class FrozenByTheBeginningOfAName(Fault):
    """Freezes all layers whose names begin with that of one: with the first the tenth."""

    def count_trainable(self, model: Network, frozen: tuple[int, ...]) -> Mapping[str, int]:
        begun = (
            index
            for index in range(len(model.layers))
            if any(str(index).startswith(str(number)) for number in frozen)
        )
        return super().count_trainable(model, tuple(begun))


@fault("cotangents-of-final-states-in-the-order-of-names", "STK-5")
class CotangentsOfFinalStatesInTheOrderOfNames(Fault):
    """Takes the cotangents of final states by the sorted names of the layers, where all are of one size."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if len({state.shape for state in d_final_states}) == 1:
            names = sorted(range(len(d_final_states)), key=str)
            d_final_states = tuple(d_final_states[index] for index in names)
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("saved-layers-in-the-order-of-their-names", "STK-5")
class SavedLayersInTheOrderOfTheirNames(Fault):
    """Loads the layers of a file in the order of their names: the tenth comes before the second."""

    def restored(self, model: Network) -> Network:
        layers = super().restored(model).layers
        return Network(layers[index] for index in sorted(range(len(layers)), key=str))
