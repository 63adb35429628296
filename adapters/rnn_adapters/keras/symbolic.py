"""What Keras tells without numbers (shapes, masks, options), and how it trains.

Every function takes the module `keras`, which is imported only when an adapter is made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.keras.assembly import Assembled, Model, Parts
from rnn_adapters.keras.layers import Direction, LayerCall, Options, Workshop, bidirectional, simple_rnn
from rnn_adapters.reference import marked_by_value
from rnn_adapters.surface import Shape, Shapes, Training, UnknownAxis
from rnn_reference.network import Array, Cell, Layer, Network

SURFACE = (
    *("inferred_shapes", "unknown_axes", "handed_masks", "mask_dtypes"),
    *("kept_options", "default_states", "count_trainable", "trained"),
)
"""What only routes without a change of layers or models are asked for."""

# Shapes.


def inferred_shapes(
    keras: Any, ready: Assembled, network: Network, call: Call, unknown: tuple[UnknownAxis, ...]
) -> Mapping[str, Shapes]:
    """By `compute_output_shape`, layer by layer, and by calling the layers with symbols."""
    batch: int | None = None if "batch" in unknown else call.x.shape[0]
    time: int | None = None if "time" in unknown else call.x.shape[1]
    return {
        "compute_output_shape": _computed_shapes(keras, ready, (batch, time, network.input_size), call),
        "a symbolic call": _symbolic_shapes(keras, ready, network, (batch, time), call),
    }


def _computed_shapes(keras: Any, ready: Assembled, shape: Shape, call: Call) -> Shapes:
    outputs, finals = [shape], list[Shape]()
    for index, layer in enumerate(ready.layers):
        returned = layer.compute_output_shape(outputs[0])
        parts = [returned] if _is_shape(returned) else list(returned)
        count = ready.outputs if index == len(ready.layers) - 1 else 1
        outputs, finals = parts[:count], finals + parts[count:]
    if len(outputs) > 1:
        outputs = [keras.layers.Concatenate().compute_output_shape(outputs)]
    return _shapes(outputs[0], finals, call)


def _symbolic_shapes(
    keras: Any, ready: Assembled, network: Network, sizes: tuple[int | None, int | None], call: Call
) -> Shapes:
    dtype = str(network.dtype)

    def symbol(*shape: int | None, dtype: str = dtype) -> Any:
        return keras.Input(batch_shape=shape, dtype=dtype)

    mask = None if call.mask is None else symbol(*sizes, dtype="bool")
    states = None
    if call.initial_states is not None:
        states = [[symbol(sizes[0], each.hidden_size) for _ in each.cells] for each in network.layers]
    found = ready.through(ready.layers, symbol(*sizes, network.input_size), mask, states, training=False)
    outputs, finals = found[: ready.outputs], found[ready.outputs :]
    output = outputs[0] if len(outputs) == 1 else keras.ops.concatenate(outputs, axis=-1)
    types = sorted({str(each.dtype) for each in (output, *finals)})
    return _shapes(output.shape, [each.shape for each in finals], call, " and ".join(types))


def _is_shape(returned: Any) -> bool:
    return all(size is None or isinstance(size, int) for size in returned)


def _shapes(output: Shape, finals: list[Shape], call: Call, dtype: str = "") -> Shapes:
    whole, states = tuple(output), tuple(map(tuple, finals)) if finals else None
    return Shapes(whole, None, states, dtype) if call.return_sequences else Shapes(None, whole, states, dtype)


# Masks.


def handed_masks(keras: Any, ready: Assembled, call: Call) -> dict[str, Array | None]:
    """By `compute_mask`, layer by layer, and what a layer after them is given."""
    assert call.mask is not None
    mask: Any = call.mask
    for layer in ready.layers:
        mask = keras.tree.flatten(layer.compute_mask(None, mask))[0]
    x, value = marked_by_value(call.x, call.mask)
    masked = keras.layers.Masking(value, dtype=str(x.dtype))(x)
    outputs = ready.through(ready.layers, masked, None, None, training=False)[: ready.outputs]
    given = [_given_mask(keras, output) for output in outputs]
    found = {"compute_mask": mask, **{f"layer after output {i}": each for i, each in enumerate(given)}}
    return {way: None if each is None else keras.ops.convert_to_numpy(each) for way, each in found.items()}


def _given_mask(keras: Any, output: Any) -> Any:
    """The mask that the next layer is called with."""
    given = []

    class Next(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.supports_masking = True

        def call(self, inputs: Any, mask: Any = None) -> Any:
            given.append(mask)
            return inputs

    Next()(output)
    return given[-1]


# Configurations.


def anew(keras: Any, layer: Any) -> Any:
    """A layer made of what is written of another."""
    return keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))


def simple_rnn_anew(keras: Any, cell: Cell, options: Options) -> Any:
    """`SimpleRNN`, made anew from its configuration."""
    return anew(keras, simple_rnn(keras, cell, options))


def bidirectional_anew(keras: Any, direction: Direction, layer: Layer, options: Options) -> Any:
    """`Bidirectional` of a layer as it was first made, made anew from its configuration."""
    return anew(keras, bidirectional(keras, simple_rnn, layer, options))


def cloned(keras: Any, model: Any) -> Any:
    """`clone_model`, and the weights."""
    return _with_weights(keras.models.clone_model(model), model)


def through_json(keras: Any, model: Any) -> Any:
    """`to_json` and `model_from_json`, and the weights."""
    return _with_weights(keras.models.model_from_json(model.to_json()), model)


def _with_weights(model: Any, other: Any) -> Any:
    model.set_weights(other.get_weights())
    return model


def kept_options(keras: Any, network: Network, call: Call) -> dict[str, tuple[str, str]]:
    """Every option of `SimpleRNN`, or of `Bidirectional` and both of its layers."""
    layer = network.layers[0]
    given = _other_values(keras) | {"units": layer.hidden_size, "go_backwards": call.go_backwards}
    of_both: dict[str, Any] = {"trainable": False, "dtype_policy": given["dtype_policy"], "name": "both"}
    one = keras.layers.SimpleRNN(**_arguments(given))
    if layer.backward is None:
        other = anew(keras, one)
        return _compared(keras, "", given, other) | _configurations(one, other)
    merge_mode = None if call.merge_mode == "none" else call.merge_mode
    both = keras.layers.Bidirectional(one, merge_mode=merge_mode, **_arguments(of_both))
    other = anew(keras, both)
    forward, backward = (given | {"name": f"{way}_{given['name']}"} for way in ("forward", "backward"))
    return {
        **_compared(keras, "", of_both | {"merge_mode": merge_mode}, other),
        **_compared(keras, "forward ", forward, other.forward_layer),
        **_compared(keras, "backward ", backward | {"go_backwards": True}, other.backward_layer),
        **_configurations(both, other),
    }


def _other_values(keras: Any) -> dict[str, Any]:
    """Another value than the default for every option but the size, and the direction."""
    initializers, regularizers, constraints = keras.initializers, keras.regularizers, keras.constraints
    return {
        "activation": keras.activations.get("softsign"),
        "use_bias": False,
        "kernel_initializer": initializers.RandomUniform(-0.25, 0.5, seed=3),
        "recurrent_initializer": initializers.RandomNormal(0.5, 0.25, seed=4),
        "bias_initializer": initializers.Constant(0.125),
        "kernel_regularizer": regularizers.L1(0.25),
        "recurrent_regularizer": regularizers.L2(0.5),
        "bias_regularizer": regularizers.L1L2(0.25, 0.5),
        "activity_regularizer": regularizers.L2(0.125),
        "kernel_constraint": constraints.MaxNorm(2),
        "recurrent_constraint": constraints.UnitNorm(1),
        "bias_constraint": constraints.NonNeg(),
        "dropout": 0.25,
        "recurrent_dropout": 0.5,
        "seed": 7,
        "return_sequences": True,
        "return_state": True,
        "stateful": True,
        "unroll": True,
        "zero_output_for_mask": True,
        "trainable": False,
        "dtype_policy": keras.DTypePolicy("mixed_bfloat16"),
        "name": "mine",
    }


def _arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    return {"dtype" if name == "dtype_policy" else name: value for name, value in options.items()}


def _compared(keras: Any, where: str, given: Mapping[str, Any], layer: Any) -> dict[str, tuple[str, str]]:
    def told(value: Any) -> str:
        return json.dumps(keras.saving.serialize_keras_object(value), sort_keys=True)

    left = {name: getattr(layer.cell if name == "seed" else layer, name) for name in given}
    return {where + name: (told(value), told(left[name])) for name, value in given.items()}


def _configurations(one: Any, other: Any) -> dict[str, tuple[str, str]]:
    both = [json.dumps(layer.get_config(), sort_keys=True) for layer in (one, other)]
    return {"the whole configuration": (both[0], both[1])}


# Arguments.


def by_place(layer: Any) -> LayerCall:
    """Initial states by place: a tensor for one direction, a tuple for two."""

    def call(x: Any, initial_state: Any = None, **options: Any) -> Any:
        if initial_state is None:
            return layer(x, **options)
        states = initial_state[0] if len(initial_state) == 1 else tuple(initial_state)
        return layer(x, states, **options)

    return call


# States, and training.


def default_states(ready: Assembled, batch: int) -> list[Any]:
    """`get_initial_state` of every layer of one direction, forward before backward."""
    of_layers = [
        [layer.forward_layer, layer.backward_layer] if hasattr(layer, "forward_layer") else [layer]
        for layer in ready.layers
    ]
    return [state for both in of_layers for one in both for state in one.get_initial_state(batch)]


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

    class Holder(keras.Model):  # type: ignore[misc]
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
        self.model = keras.Model(self.built.model.inputs, self.built.model.outputs[0])
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
    class Linear(keras.losses.Loss):  # type: ignore[misc]
        def call(self, d: Any, outputs: Any) -> Any:
            return keras.ops.sum(d * outputs, axis=-1)

    return Linear(reduction="sum")
