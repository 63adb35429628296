"""The options of Keras 2, and what of them reaches the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnn_adapters.keras.configuration import FILLINGS, KeptOptions, OptionsOf, filled, other_values, told


def _values(keras: Any) -> dict[str, Any]:
    """Those of Keras 3, but that the layer has no seed, and can have time first."""
    values = other_values(keras) | {"time_major": True}
    del values["seed"]
    return values


def _of_weights(keras: Any, given: Mapping[str, Any]) -> KeptOptions:
    """The number that fills each of them, its constraint, and what its regulariser adds to the loss."""
    layer, found = filled(keras, given), dict[str, tuple[str, str]]()
    for weight, of, loss in zip(FILLINGS, layer.cell.weights, layer.losses, strict=True):
        found[f"filling of {weight}"] = (str({FILLINGS[weight]}), str(set(of.numpy().ravel().tolist())))
        of_number = given[f"{weight}_regularizer"](of)
        found[f"regularizer of {weight}"] = (str(float(of_number)), str(float(loss)))
        constraint = given[f"{weight}_constraint"]
        found[f"constraint of {weight}"] = (told(keras, constraint), told(keras, of.constraint))
    return found


OPTIONS = OptionsOf(_values, _of_weights)
