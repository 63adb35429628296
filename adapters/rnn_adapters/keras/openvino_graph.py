"""What Keras makes for OpenVINO: graphs, which are compiled when their numbers are asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnn_adapters.keras.assembly import Model
from rnn_adapters.keras.layers import flat
from rnn_reference.network import Array

IN_ITS_TYPE = {"INFERENCE_PRECISION_HINT": "f32"}
"""As `keras.ops.convert_to_numpy` compiles: otherwise some processors compute float32 in bfloat16."""


def computed_together(returned: list[Any]) -> list[Any]:
    """What a call returned, computed as `keras.ops.convert_to_numpy` does, but in one graph.

    It would compile one for each of outputs and final states, and each of these holds most of the others.
    """
    if len(returned) == 1 or any(isinstance(value, np.ndarray) for value in returned):
        return returned
    import openvino

    model = openvino.Model([value.output for value in returned], [])
    return outputs_of(openvino.compile_model(model, "CPU", IN_ITS_TYPE), {})


class Exported(Model):
    """A functional model in OpenVINO's own form, read and run by OpenVINO without Keras."""

    def give(self, weights: Sequence[Mapping[str, Array]]) -> None:
        super().give(weights)
        import openvino

        with tempfile.TemporaryDirectory() as folder:
            self.model.export(path := f"{folder}/model.xml", format="openvino", verbose=False)
            self._compiled = openvino.compile_model(openvino.Core().read_model(path), "CPU", IN_ITS_TYPE)

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        return outputs_of(self._compiled, [*first, *flat(states or [])])


def outputs_of(compiled: Any, inputs: Any) -> list[Array]:
    """What a compiled model gives: OpenVINO hands over bfloat16 as if it were float16."""
    arrays = compiled(inputs).to_tuple()
    return [
        array.view("bfloat16") if port.get_element_type().get_type_name() == "bf16" else array
        for port, array in zip(compiled.outputs, arrays, strict=True)
    ]
