"""What Keras returns on OpenVINO: graphs, which are compiled when their numbers are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_reference.network import Array


def computed_together(returned: list[Any]) -> list[Any]:
    """What a call returned, computed as `keras.ops.convert_to_numpy` does, but in one graph.

    It would compile one for each of outputs and final states, and each of these holds most of the others.
    """
    if len(returned) == 1 or any(isinstance(value, np.ndarray) for value in returned):
        return returned
    import openvino

    model = openvino.Model([value.output for value in returned], [])
    compiled = openvino.compile_model(model, "CPU", config={"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled({})
    return [_typed(found[index], value.dtype) for index, value in enumerate(returned)]


def _typed(array: Array, dtype: str) -> Array:
    """The array in its type: OpenVINO gives bfloat16 as if it were float16."""
    if dtype != "bfloat16":
        return array
    import ml_dtypes

    return array.view(ml_dtypes.bfloat16)
