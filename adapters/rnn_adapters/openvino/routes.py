"""The routes into OpenVINO, on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import openvino
from onnx import ModelProto

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Supports
from rnn_adapters.framework import DEFAULT
from rnn_adapters.onnx import CONVENTIONS as ONNX
from rnn_adapters.onnx.adapter import Named, OnnxAdapter
from rnn_adapters.onnx.adapter import Parts as OnnxParts
from rnn_adapters.onnx.graph import Style
from rnn_adapters.openvino import CONVENTIONS
from rnn_adapters.openvino.adapter import CORE, VERSIONS, Arrays, Compiled, OpenVinoAdapter, Parts

IN_ITS_TYPE = {"INFERENCE_PRECISION_HINT": "f32"}
"""Without it, a processor that has bfloat16 computes in that, whatever the type of the model."""
SUPPORTS = Supports(
    activations=("tanh", "relu", "sigmoid"),
    dtypes=("float32", "float64", "float16"),
    bidirectional=True,
    stacked=True,
    mixed_layers=True,
    no_bias=True,
    initial_states=True,
    sequence=True,
    last_output=True,
    final_states=True,
    lengths=True,
    go_backwards=True,
)


def compiled(model: Any, hints: Mapping[str, str] = IN_ITS_TYPE) -> Compiled:
    """The model, compiled for the CPU."""
    return CORE.compile_model(model, "CPU", dict(hints))


def through_a_file(model: Any, **options: Any) -> Compiled:
    """Another model, read from the file that this one was saved to."""
    with TemporaryDirectory() as folder:
        openvino.save_model(model, f"{folder}/model.xml", **options)
        return compiled(CORE.read_model(f"{folder}/model.xml"))


def imported(model: Any) -> Compiled:
    """What was compiled, exported and imported again."""
    return CORE.import_model(compiled(model).export_model(), "CPU", IN_ITS_TYPE)


def called(model: Compiled, inputs: Arrays) -> Arrays:
    """A call of a compiled model."""
    return [*model(inputs).values()]


def requested(request: Any, inputs: Arrays) -> Arrays:
    """A call of an infer request."""
    return [*request.infer(inputs).values()]


RNN_SEQUENCE = Parts(CONVENTIONS, SUPPORTS, compile=compiled, call=called)
"""What a user writes first, but for the precision."""
CELL = replace(
    RNN_SEQUENCE,
    conventions=replace(
        CONVENTIONS,
        layer="openvino.opset14.rnn_cell",
        axes={"x": ("batch", "input"), "sequence": ("batch", "hidden"), "final_states": ("batch", "hidden")},
    ),
    supports=replace(SUPPORTS, bidirectional=False, lengths=False, go_backwards=False),
    by_steps=True,
)
PARTS: Mapping[str, Parts] = {
    DEFAULT: RNN_SEQUENCE,
    "static shapes": replace(RNN_SEQUENCE, static=True),
    "precision left alone": replace(RNN_SEQUENCE, compile=partial(compiled, hints={})),
    "infer request": replace(
        RNN_SEQUENCE, compile=lambda model: compiled(model).create_infer_request(), call=requested
    ),
    "cell": CELL,
    "model file": replace(RNN_SEQUENCE, compile=through_a_file),
    "model file, not compressed": replace(
        RNN_SEQUENCE, compile=partial(through_a_file, compress_to_fp16=False)
    ),
    "exported": replace(RNN_SEQUENCE, compile=imported),
}


def converted(model: ModelProto) -> Compiled:
    """An ONNX model, converted and compiled."""
    return compiled(CORE.read_model(model.SerializeToString()))


def called_by_name(model: Compiled, feeds: Named) -> Named:
    """A call of what was converted, whose inputs and outputs keep their names."""
    found = model(dict(feeds))
    return {output.any_name: found[output] for output in model.outputs}


FROM_ONNX = OnnxParts(ONNX, replace(SUPPORTS, mixed_directions=True), make=converted, call=called_by_name)
"""A node of ONNX has an activation for each direction."""


def _onnx(parts: OnnxParts) -> Adapter[Any]:
    return OnnxAdapter("openvino", parts, VERSIONS)


ADAPTERS: Mapping[str, Callable[[], Adapter[Any]]] = {
    **{name: partial(OpenVinoAdapter, parts) for name, parts in PARTS.items()},
    "from ONNX": partial(_onnx, FROM_ONNX),
    "from ONNX, static shapes": partial(_onnx, replace(FROM_ONNX, style=Style(fixed_shapes=True))),
}
