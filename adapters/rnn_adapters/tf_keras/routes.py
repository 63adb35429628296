"""The routes of tf_keras: those of Keras 3 on TensorFlow, but for what the Keras 2 API does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import Route
from rnn_adapters.keras.routes import DEFAULT_ROUTE, TENSORFLOW, KerasRoute, default_conventions, modelled
from rnn_adapters.keras.routes import ROUTES as OF_KERAS
from rnn_adapters.tf_keras import passages

LAYER = "tf_keras.layers.SimpleRNN"
CONVENTIONS = replace(default_conventions("tensorflow"), layer=LAYER)
"""Of the default route: those of Keras 3 on TensorFlow."""

FILES: Mapping[str, KerasRoute] = {
    "H5 file": modelled(
        "saved", "`save` to and `load_model` from an `.h5` file", passage=passages.through_h5
    ),
    "SavedModel": modelled(
        "saved",
        '`save(…, save_format="tf")` to and `load_model` from a folder',
        passage=passages.through_saved_model,
    ),
}
"""What Keras 3 does not write."""

OF_KERAS_2: Mapping[str, KerasRoute] = {
    name: route for name, route in OF_KERAS.items() if set(TENSORFLOW) <= set(route.backends)
} | FILES


def made(name: str = "") -> Adapter[object]:
    """The adapter of a route; imports tf_keras."""
    from rnn_adapters.tf_keras.adapter import CellOfKeras2, TfKerasAdapter

    route = OF_KERAS_2[name] if name else DEFAULT_ROUTE
    parts, conventions, supports = route.put_together("tensorflow")
    if name == "cell":
        parts = replace(parts, assembly=CellOfKeras2)
    layer = conventions.layer.replace("keras.", "tf_keras.", 1)
    return TfKerasAdapter(parts, replace(conventions, layer=layer), supports)


ROUTES = {
    name: Route(route.kind, route.what, partial(made, name), route.expensive)
    for name, route in OF_KERAS_2.items()
}
"""By name, besides the default one."""
