"""The configuration of a Keras model: which layers are a stack of vanilla RNNs, and what they are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnn_adapters.keras.activations import NAMED
from rnn_adapters.port.contents import reading, shown
from rnn_adapters.port.found import Options, in_one_stack
from rnn_adapters.port.keras_layers import Config, Node, layers_of
from rnn_reference.activations import Activation
from rnn_reference.errors import BadInput
from rnn_reference.network import Cell, Layer, Network

STRANGERS = re.compile(
    r"(CuDNN)?(LSTM|GRU)|ConvLSTM\d?D?|(LSTM|GRU|StackedRNN)Cells?|RNN|SimpleRNN(Cell)?|Bidirectional"
)
"""Classes of recurrent layers; those that are read are read before this is asked."""
TRANSPARENT = frozenset(
    (
        *("Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianDropout", "GaussianNoise"),
        *("ActivityRegularization", "Identity", "InputLayer"),
    )
)
"""Layers that hand on what they get, but in training."""
OPTIONS = (
    *("dropout", "recurrent_dropout", "stateful"),
    *("kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer"),
    *("kernel_constraint", "recurrent_constraint", "bias_constraint"),
)
"""Those of a layer that say how it is trained and called, and are no part of a network."""


@dataclass(frozen=True)
class Recurrent:
    """A layer of the stack.

    Args:
        name: the layer's own, after those of the models that it is in.
        key: what a file of weights calls it: its class, and a number where there are more.
        kind: its class.
        cells: the options of its cells, forward before backward.
        activations: theirs.
    """

    name: str
    key: str
    kind: str
    cells: tuple[Config, ...]
    activations: tuple[Activation, ...]


@dataclass(frozen=True)
class Model:
    """What is read of a model: the stack, bottom layer first, and all else in words."""

    layers: tuple[Recurrent, ...]
    left_out: tuple[str, ...]


def read_model(text: str, options: Options, keras_2: bool) -> Model:
    """The stack of recurrent layers in a model's configuration.

    Args:
        keras_2: it is of Keras 2, which computes `hard_sigmoid` otherwise.

    Raises:
        BadInput: no configuration, no such layers, or layers that are no stack or no vanilla RNNs.
    """
    with reading("the configuration of a Keras model"):
        layers = layers_of(json.loads(text))
        found = list(_recurrent(layers, options.only, keras_2))
        _refuse_strangers(layers, {each.name for each in found}, options)
        if not found:
            got = ", ".join(dict.fromkeys(layer.kind for layer in layers)) or "no layers"
            raise BadInput(f"expected a layer SimpleRNN; got {got[:200]}")
        stack = _stack(found, {layer.name: layer for layer in layers})
        return Model(stack, tuple(_left_out(layers, stack)))


def _recurrent(layers: Sequence[Node], only: str, keras_2: bool) -> Iterator[Recurrent]:
    """Every layer whose cells are vanilla and whose name begins so, in the order of the configuration."""
    for layer in layers:
        cells = _cells(layer) if layer.name.startswith(only) else None
        if cells is not None:
            phis = tuple(_activation(cell.get("activation"), keras_2) for cell in cells)
            yield Recurrent(layer.name, layer.key, layer.kind, cells, phis)


def _kind(config: Config) -> str:
    return str(config["class_name"])


def _cells(layer: Node) -> tuple[Config, ...] | None:
    """The options of a layer's cells; None where it is no layer of vanilla cells."""
    kind, config = layer.kind, layer.config
    if kind == "SimpleRNN":
        _refuse_backwards(config, layer.name, wanted=False)
        return (config,)
    if kind == "RNN" and _kind(config["cell"]) == "SimpleRNNCell":
        _refuse_backwards(config, layer.name, wanted=False)
        return ({**config, **config["cell"]["config"]},)
    if kind != "Bidirectional":
        return None
    forward, backward = config["layer"], config.get("backward_layer")
    if backward is None:
        options = dict(forward["config"])
        backward = {**forward, "config": {**options, "go_backwards": not options.get("go_backwards", False)}}
    if any(_kind(each) != "SimpleRNN" for each in (forward, backward)):
        return None
    if config.get("merge_mode", "concat") != "concat":
        raise BadInput(
            f"layer {shown(layer.name)}: expected two directions side by side (merge_mode='concat');"
            f" got {shown(config['merge_mode'])}, which no network in canonical form has"
        )
    _refuse_backwards(forward["config"], layer.name, wanted=False)
    _refuse_backwards(backward["config"], layer.name, wanted=True)
    return forward["config"], backward["config"]


def _refuse_backwards(config: Config, name: str, *, wanted: bool) -> None:
    got = bool(config.get("go_backwards", False))
    if got is not wanted:
        raise BadInput(
            f"layer {shown(name)}: expected go_backwards={wanted} of this direction; got {got}: one"
            " direction that goes the other way is an option of a call, which no canonical network has"
        )


def _activation(given: Any, keras_2: bool) -> Activation:
    """The activation of a cell: a name, or a layer or an object that is one.

    Raises:
        BadInput: it is not known here.
    """
    if given is None:
        return NAMED["linear"]
    if given == "hard_sigmoid" and keras_2:
        return Activation("hard_sigmoid")
    if isinstance(given, str) and given in NAMED:
        return NAMED[given]
    if isinstance(given, dict):
        config = given.get("config")
        known = LAYERS.get(given.get("class_name", ""))
        if known is not None and isinstance(config, dict):
            return Activation(known.name, alpha=config[known.parameter])
        if given.get("registered_name") == "rnn_adapters>WithParameters" and isinstance(config, dict):
            return Activation.parse(config["form"])
    raise BadInput(f"activation: expected {', '.join(NAMED)}, LeakyReLU or ELU; got {shown(given)}")


@dataclass(frozen=True)
class OfLayer:
    """An activation that Keras has as a layer with a parameter α."""

    name: Any
    parameter: str


LAYERS = {"LeakyReLU": OfLayer("leaky_relu", "negative_slope"), "ELU": OfLayer("elu", "alpha")}


def _refuse_strangers(layers: Sequence[Node], known: set[str], options: Options) -> None:
    """Refuse recurrent layers of other kinds, and those inside of other layers."""
    for layer in layers:
        if layer.name in known or not layer.name.startswith(options.only):
            continue
        inner = next((kind for kind in _classes(layer.whole) if STRANGERS.fullmatch(kind)), None)
        if inner is not None:
            what = inner if inner == layer.kind else f"{inner} inside of {layer.kind}"
            raise BadInput(
                f"layer {shown(layer.name)}: expected a vanilla RNN (SimpleRNN, RNN of a SimpleRNNCell, or"
                f" Bidirectional of two SimpleRNN); got {what}"
                + ("" if options.only else "; choose layers by the beginning of their names (--only)")
            )


def _classes(node: Any) -> Iterator[str]:
    """Every class that is named somewhere in a configuration."""
    if isinstance(node, dict):
        if isinstance(node.get("class_name"), str):
            yield node["class_name"]
        for child in node.values():
            yield from _classes(child)
    elif isinstance(node, list):
        for child in node:
            yield from _classes(child)


def _stack(found: Sequence[Recurrent], layers: Mapping[str, Node]) -> tuple[Recurrent, ...]:
    """The layers from the bottom to the top, each of which is fed by the one below and by nothing else."""
    names = {layer.name: layer for layer in found}
    below = {layer.name: _behind_transparent(layer.name, names, layers) for layer in found}
    return tuple(names[name] for name in in_one_stack(below))


def _behind_transparent(name: str, names: Mapping[str, Recurrent], layers: Mapping[str, Node]) -> str | None:
    """The recurrent layer that feeds one, through layers that hand on what they get; None where none does.

    Raises:
        BadInput: the layer, or a model that it is in, is called with several things, or several times.
    """
    at = layers[name]
    for _ in range(len(layers)):
        if len(at.sources) > 1 and (at.name == name or at.kind == "InputLayer"):
            raise BadInput(
                f"layer {shown(name)}: expected one input, and one call; got"
                f" {', '.join(map(shown, at.sources[:8]))}: initial states are no part of a network"
            )
        if len(at.sources) != 1 or at.sources[0] not in layers:
            return None
        at = layers[at.sources[0]]
        if at.name in names:
            return at.name
        if at.kind not in TRANSPARENT:
            return None
    return None


def _left_out(layers: Sequence[Node], stack: Sequence[Recurrent]) -> Iterator[str]:
    """All that is in a model besides the stack, in words."""
    names = {layer.name for layer in stack}
    for layer in layers:
        if layer.name not in names and layer.kind != "InputLayer":
            yield f"layer {shown(layer.name)}: {layer.kind}"
    for recurrent in stack:
        for cell in recurrent.cells:
            for option in OPTIONS:
                if cell.get(option):
                    yield f"layer {shown(recurrent.name)}: {option}={shown(_plain(cell[option]))}"
            policy = _plain(cell.get("dtype"))
            if isinstance(policy, str) and policy.startswith("mixed_"):
                yield f"layer {shown(recurrent.name)}: dtype={policy!r}, which says what it computes in"


def _plain(option: Any) -> Any:
    """An option without what Keras writes around an object."""
    if isinstance(option, dict) and isinstance(option.get("config"), dict):
        return option["config"].get("name", option.get("class_name"))
    return option


# Writing.


def written_model(network: Network) -> dict[str, Any]:
    """The configuration of a `Sequential` model of these layers, which returns every output."""
    shape = [None, None, network.input_size]
    dtype = str(network.dtype)
    layers = [_object("InputLayer", {"name": "input", "batch_shape": shape, "dtype": dtype})]
    for index, layer in enumerate(network.layers):
        made = _written_layer(layer, f"rnn_{index}")
        layers.append(made | {"build_config": {"input_shape": [None, None, layer.input_size]}})
    config = {"name": "network", "layers": layers, "build_input_shape": shape}
    return _object("Sequential", config, module="keras") | {"build_config": {"input_shape": shape}}


def _written_layer(layer: Layer, name: str) -> dict[str, Any]:
    if layer.backward is None:
        return _written_direction(layer.forward, name, backwards=False)
    directions = {
        "layer": _written_direction(layer.forward, f"forward_{name}", backwards=False),
        "backward_layer": _written_direction(layer.backward, f"backward_{name}", backwards=True),
    }
    dtype = str(layer.forward.dtype)
    return _object("Bidirectional", {"name": name, "dtype": dtype, "merge_mode": "concat", **directions})


def _written_direction(cell: Cell, name: str, *, backwards: bool) -> dict[str, Any]:
    config = {
        "name": name,
        "units": cell.hidden_size,
        "activation": written_activation(cell.activation, str(cell.dtype)),
        "use_bias": bool(cell.biases),
        "return_sequences": True,
        "go_backwards": backwards,
        "dtype": str(cell.dtype),
    }
    if config["dtype"] in ("float16", "bfloat16"):
        config["recurrent_initializer"] = "zeros"  # no backend has the QR of the default in these types
    return _object("SimpleRNN", config)


def written_activation(activation: Activation, dtype: str = "float32") -> Any:
    """The name of an activation, or the layer that is one; it computes in a type.

    Raises:
        BadInput: Keras has neither.
    """
    for name, named in NAMED.items():
        if activation == named:
            return name
    for kind, of_layer in LAYERS.items():
        if activation.name == of_layer.name:
            return _object(kind, {of_layer.parameter: activation.alpha, "dtype": dtype})
    raise BadInput(
        f"activation {activation}: Keras has no name for it, and no layer; expected one of"
        f" {', '.join(str(each) for each in NAMED.values())}, or leaky_relu or elu with any alpha"
    )


def _object(kind: str, config: Mapping[str, Any], module: str = "keras.layers") -> dict[str, Any]:
    return {"module": module, "class_name": kind, "config": dict(config), "registered_name": None}
