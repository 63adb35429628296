"""The routes of tf_keras: those of Keras 3 on TensorFlow, and what only the Keras 2 API has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import DEFAULT, Route
from rnn_adapters.keras import layers
from rnn_adapters.keras.assembly import through_model_file
from rnn_adapters.keras.routes import (
    CONSTANT,
    DEFAULT_ROUTE,
    DERIVATIVES,
    OF_A_MODEL,
    ONE_DIRECTION,
    SURFACE,
    TENSORFLOW,
    KerasRoute,
    default_conventions,
    modelled,
)
from rnn_adapters.keras.routes import ROUTES as OF_KERAS
from rnn_adapters.tf_keras import assembly, calling

CONVENTIONS = replace(default_conventions("tensorflow"), layer="tf_keras.layers.SimpleRNN")
"""Of the default route: those of Keras 3 on TensorFlow."""

TIME_FIRST = {
    "x": ("time", "batch", "input"),
    "sequence": ("time", "batch", "directions*hidden"),
    "final_states": ("batch", "hidden"),
}

OF_KERAS_2: Mapping[str, KerasRoute] = {
    "ragged": KerasRoute(
        "padding",
        "lengths as a `tf.RaggedTensor`",
        {"assembly": assembly.Ragged},
        ("masks", "restored", *SURFACE),
        {"lengths": True},
        {
            "padded_output": "zero",  # by `to_tensor`
            "padded_output_bidirectional": "zero",
            "go_backwards_order": "padding last",
        },
        expensive=False,
    ),
    "time major": KerasRoute(
        "axes",
        "`SimpleRNN(time_major=True)`",
        {"assembly": assembly.TimeMajor, "direction": partial(layers.simple_rnn, time_major=True)},
        conventions={"axes": TIME_FIRST},
    ),
    "RNN of cells, top first": KerasRoute(
        "cell",
        "`StackedRNNCells(…, reverse_state_order=True)`",
        {"assembly": assembly.ReversedOrder},
        (*ONE_DIRECTION, *OF_A_MODEL),
        {"merge_modes": ("concat",)},
    ),
    "states in the input": KerasRoute(
        "arguments", "`layer([x, h])`", {"caller": calling.in_the_input}, DERIVATIVES
    ),
    "states of the type computed in": KerasRoute(
        "arguments",
        "initial states cast by the caller to the type that a layer computes in",
        {"caller": calling.of_the_type_computed_in},
    ),
    "SavedModel": modelled(
        "saved",
        '`save(…, save_format="tf")` to and `load_model` from a folder',
        passage=partial(through_model_file, suffix="", save_format="tf"),
    ),
    "TFLite": KerasRoute(
        "saved",
        "a functional model through `tf.lite.TFLiteConverter`, interpreted",
        {"assembly": assembly.Lite},
        (*CONSTANT, "compute_dtypes", "read_weights", "assign_weights", "freshly_initialised"),
        {"dtypes": ("float32",)},
    ),
}
"""Those that Keras 3 does not have, or not on TensorFlow."""

OF_KERAS_3 = (
    *("RNN of an own cell", "RNN of a bare cell", "RNN of own cells", "own cell, from_config"),
    *("cell of a bare state", "gpu"),
)
"""Those whose cells are written for Keras 3. It has no `keras.device`, and its `export` has no formats."""

ALL: Mapping[str, KerasRoute] = {
    **{
        name: route
        for name, route in OF_KERAS.items()
        if name not in OF_KERAS_3 and set(TENSORFLOW) <= set(route.backends) and "export" not in route.parts
    },
    **OF_KERAS_2,
}


def made(name: str = DEFAULT) -> Adapter[Any]:
    """The adapter of a route; imports tf_keras."""
    from rnn_adapters.tf_keras.adapter import TfKerasAdapter

    route = ALL[name] if name else DEFAULT_ROUTE
    parts, conventions, supports = route.put_together("tensorflow")
    supports = replace(supports, input_dtypes=())  # not cast, and a product with them is an error
    if name == "unrolled":
        supports = replace(supports, restored=False)  # saved, it does not know how many steps come
    if name == "cell":
        parts, supports = replace(parts, assembly=assembly.CellOfKeras2), replace(supports, dropout=())
    if name == "RNN of cells":
        supports = replace(supports, dropout=(), stateful=False)
    if name == "time major":
        parts = assembly.TimeMajorParts(**vars(parts))
    layer = conventions.layer.replace("keras.", "tf_keras.", 1)
    return TfKerasAdapter(parts, replace(conventions, layer=layer), supports)


ROUTES = {
    name: Route(route.kind, route.what, partial(made, name), route.expensive) for name, route in ALL.items()
}
"""By name, besides the default one."""
