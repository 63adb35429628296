"""Keras trains: a model is compiled and fitted, and layers are kept from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.keras.assembly import Model, Parts
from rnn_adapters.keras.layers import Options, Workshop
from rnn_adapters.surface import Training
from rnn_reference.network import Layer, Network


def count_trainable(keras: Any, parts: Parts, network: Network, frozen: tuple[int, ...]) -> dict[str, int]:
    """Parameters that a model would train, by each way to keep layers of it from being trained."""

    def count(inner: Mapping[str, Any], outer: Mapping[str, Any]) -> int:
        made = []
        for index, layer in enumerate(network.layers):
            changed = (inner, outer) if index in frozen else ({}, {})
            made.append(_made(keras, parts, layer, *changed))
            if index in frozen and not (inner or outer):
                made[-1].trainable = False
        return sum(int(np.prod(weight.shape)) for weight in _holding(keras, made).trainable_weights)

    argument = {"trainable": False}
    ways = {"an argument": count(argument, {}), "trainable = False": count({}, {})}
    if any(network.layers[index].backward is not None for index in frozen):
        ways["an argument of Bidirectional"] = count({}, argument)
    return ways


def _made(keras: Any, parts: Parts, layer: Layer, inner: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    """A built layer, with more arguments of its directions or of `Bidirectional`."""
    direction: Any = partial(parts.direction, **inner)
    if layer.backward is None:
        made = partial(direction, **outer)(keras, layer.forward, Options())
    else:
        made = partial(parts.two_directions, **outer)(keras, direction, layer, Options())
    made.build((None, None, layer.input_size))
    return made


def _holding(keras: Any, layers: list[Any]) -> Any:
    """A model that holds these layers."""

    class Holder(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.held = layers

    return Holder()


class Trainee:
    """A functional model of new layers, compiled to descend the gradient of Σ d · outputs."""

    def __init__(self, keras: Any, parts: Parts, network: Network, call: Call, training: Training) -> None:
        self.built = Model(Workshop(keras, parts), network, Model.plan_of(parts, call))
        for index in training.frozen:
            self.built.layers[index].trainable = False
        shown = self.built.model.outputs[: self.built.outputs]
        output = shown[0] if len(shown) == 1 else keras.ops.concatenate(shown, axis=-1)
        self.model = keras.Model(self.built.model.inputs, output)
        self.model.compile(keras.optimizers.SGD(training.rate), _linear_loss(keras))
        states = [state for layer in call.initial_states or () for state in layer]
        self._given = [*self.built.first_inputs(call), *states], training.d_sequence

    def step(self, index: int) -> float:
        """The loss before a step: of the first by `fit`, of others by `train_on_batch`."""
        if index:
            return float(self.model.train_on_batch(*self._given))
        rows = len(self._given[1])
        history = self.model.fit(*self._given, batch_size=rows, shuffle=False, verbose=0)
        return float(history.history["loss"][0])

    def loss(self) -> float:
        """The loss, by `evaluate`."""
        return float(self.model.evaluate(*self._given, batch_size=len(self._given[1]), verbose=0))


def _linear_loss(keras: Any) -> Any:
    class Linear(keras.losses.Loss):
        def call(self, d: Any, outputs: Any) -> Any:
            return keras.ops.sum(d * outputs, axis=-1)

    return Linear(reduction="sum")
