"""How a Keras layer is made anew from its configuration, and what is left of its options."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from rnn_adapters.adapter import Call
from rnn_adapters.keras.defaults import defaults
from rnn_adapters.keras.layers import Direction, LayerCall, Options, bidirectional, simple_rnn
from rnn_adapters.keras.own_cell import known_classes, own_cell_class
from rnn_reference.network import Cell, Layer, Network


def anew(keras: Any, layer: Any) -> Any:
    """A layer made of what is written of another."""
    return keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))


def second_anew(keras: Any, layer: Any) -> Any:
    """The second layer made of the same writing, which the first must leave as it is."""
    written = json.loads(json.dumps(keras.layers.serialize(layer)))
    keras.layers.deserialize(written)
    return keras.layers.deserialize(written)


def simple_rnn_anew(keras: Any, cell: Cell, options: Options) -> Any:
    """`SimpleRNN`, made anew from its configuration."""
    return second_anew(keras, simple_rnn(keras, cell, options))


def bidirectional_anew(keras: Any, direction: Direction, layer: Layer, options: Options) -> Any:
    """`Bidirectional` of a layer as it was first made, made anew from its configuration."""
    return second_anew(keras, bidirectional(keras, simple_rnn, layer, options))


def cloned(keras: Any, model: Any) -> Any:
    """`clone_model`, and the weights."""
    return _with_weights(keras.models.clone_model(model), model)


def through_json(keras: Any, model: Any) -> Any:
    """`to_json` and `model_from_json`, and the weights."""
    return _with_weights(keras.models.model_from_json(model.to_json()), model)


def _with_weights(model: Any, other: Any) -> Any:
    model.set_weights(other.get_weights())
    return model


KeptOptions: TypeAlias = Mapping[str, tuple[str, str]]
"""For each option, in words, what was given and what is left."""


@dataclass(frozen=True)
class OptionsOf:
    """What is asked of options.

    Args:
        values: another value than the default for every option but the size, and the direction.
        of_weights: what of them reaches the weights.
    """

    values: Callable[[Any], dict[str, Any]]
    of_weights: Callable[[Any, Mapping[str, Any]], KeptOptions]


def kept_options(keras: Any, network: Network, call: Call, of: OptionsOf | None = None) -> KeptOptions:
    """Every option of `SimpleRNN`, or of `Bidirectional` and both of its layers; of Keras 3 unless told."""
    of = of or OptionsOf(other_values, _of_weights)
    layer = network.layers[0]
    given = of.values(keras) | {"units": layer.hidden_size, "go_backwards": call.go_backwards}
    of_both: dict[str, Any] = {"trainable": False, "dtype_policy": given["dtype_policy"], "name": "both"}
    one = keras.layers.SimpleRNN(**_arguments(given))
    if layer.backward is None:
        other = anew(keras, one)
        of_layer = _compared(keras, "", given, other) | _configurations("", one, other)
        not_given = {name: (told(keras, a), told(keras, b)) for name, (a, b) in defaults(keras).items()}
        return {**of_layer, **_of_cells(keras, given), **of.of_weights(keras, given), **not_given}
    merge_mode = None if call.merge_mode == "none" else call.merge_mode
    both = keras.layers.Bidirectional(one, merge_mode=merge_mode, **_arguments(of_both))
    other = anew(keras, both)
    forward, backward = (given | {"name": f"{way}_{given['name']}"} for way in ("forward", "backward"))
    return {
        **_compared(keras, "", of_both | {"merge_mode": merge_mode}, other),
        **_compared(keras, "forward ", forward, other.forward_layer),
        **_compared(keras, "backward ", backward | {"go_backwards": True}, other.backward_layer),
        **_configurations("", both, other),
    }


OF_LOOP = (
    *("return_sequences", "return_state", "go_backwards", "stateful", "unroll"),
    *("zero_output_for_mask", "time_major"),
)
OF_BOTH = ("activity_regularizer", "trainable", "dtype_policy", "name")


def _of_cells(keras: Any, given: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The options of `SimpleRNNCell` and of the loop around it, and of a loop around two cells."""
    of_cell = {name: value for name, value in given.items() if name not in OF_LOOP}
    of_loop = {name: given[name] for name in (*OF_LOOP, *OF_BOTH) if name in given}
    cells = [keras.layers.SimpleRNNCell(**_arguments(of_cell | {"units": units})) for units in (3, 4)]
    one = keras.layers.RNN(cells[0], **_arguments(of_loop))
    of_stack = {name: given[name] for name in OF_BOTH if name != "activity_regularizer"}
    two = keras.layers.RNN(keras.layers.StackedRNNCells(cells, **_arguments(of_stack)), return_state=True)
    of_one, of_two = anew(keras, one), anew(keras, two)
    return {
        **_compared(keras, "cell ", of_cell | {"units": 3}, of_one.cell),
        **_compared(keras, "loop around a cell: ", of_loop, of_one),
        **_configurations("of a loop around a cell", one, of_one),
        **_compared(keras, "stack of cells: ", of_stack, of_two.cell),
        **_compared(keras, "second cell ", of_cell | {"units": 4}, of_two.cell.cells[1]),
        **_configurations("of a loop around two cells", two, of_two),
        **_of_own_cells(keras),
    }


def _of_own_cells(keras: Any) -> dict[str, tuple[str, str]]:
    """A stack of cells of a class that it is told of only when it is made anew."""
    own = [own_cell_class(keras)(units, activation="relu") for units in (3, 4)]
    written = json.loads(json.dumps(keras.layers.StackedRNNCells(own).get_config()))
    stack = keras.layers.StackedRNNCells.from_config(written, custom_objects=known_classes(keras))
    cells = dict(zip(("first", "second"), zip(own, stack.cells, strict=True), strict=True))
    return {
        f"{which} own cell: {name}": (told(keras, getattr(one, name)), told(keras, getattr(other, name)))
        for which, (one, other) in cells.items()
        for name in ("units", "activation", "name")
    }


FILLINGS = {"kernel": 0.25, "recurrent": 0.5, "bias": 0.125}


def filled(keras: Any, given: Mapping[str, Any]) -> Any:
    """A layer made anew of one with these regularisers and constraints, and one number in each weight."""
    initializers = {f"{w}_initializer": keras.initializers.Constant(v) for w, v in FILLINGS.items()}
    others = {n: v for n, v in given.items() if n.endswith(("_regularizer", "_constraint"))}
    other = anew(keras, keras.layers.SimpleRNN(2, **initializers, **others))
    other.build((None, None, 2))
    return other


def _of_weights(keras: Any, given: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The number that fills each of them, their regulariser and their constraint."""
    found: dict[str, tuple[str, str]] = {}
    for weight, of in zip(FILLINGS, filled(keras, given).cell.weights, strict=True):
        found[f"filling of {weight}"] = (str({FILLINGS[weight]}), str(set(of.numpy().ravel().tolist())))
        for name in ("regularizer", "constraint"):
            gave = told(keras, given[f"{weight}_{name}"])
            found[f"{name} of {weight}"] = (gave, told(keras, getattr(of, name)))
    return found


def told(keras: Any, value: Any) -> str:
    """What is written of a value of an option."""
    return json.dumps(keras.saving.serialize_keras_object(value), sort_keys=True)


def other_values(keras: Any) -> dict[str, Any]:
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
    holder = {"seed": getattr(layer, "cell", layer)}  # SimpleRNN does not show it
    left = {name: getattr(holder.get(name, layer), name) for name in given}
    return {where + name: (told(keras, value), told(keras, left[name])) for name, value in given.items()}


def _configurations(what: str, one: Any, other: Any) -> dict[str, tuple[str, str]]:
    both = [json.dumps(layer.get_config(), sort_keys=True) for layer in (one, other)]
    return {f"whole configuration {what}".strip(): (both[0], both[1])}


# Arguments.


def by_place(layer: Any) -> LayerCall:
    """Initial states by place: a tensor for one direction, a tuple for two."""

    def call(x: Any, initial_state: Any = None, **options: Any) -> Any:
        if initial_state is None:
            return layer(x, **options)
        states = initial_state[0] if len(initial_state) == 1 else tuple(initial_state)
        return layer(x, states, **options)

    return call
