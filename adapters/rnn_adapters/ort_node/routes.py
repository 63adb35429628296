"""The routes into ONNX Runtime for JavaScript: native (`ort-node`), and in WebAssembly (`ort-web`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from onnx import ModelProto

from rnn_adapters.adapter import Adapter
from rnn_adapters.onnx import CONVENTIONS
from rnn_adapters.onnx.adapter import OnnxAdapter, Parts
from rnn_adapters.onnx.graph import NAMES, Style
from rnn_adapters.onnx.routes import OPERATOR, written
from rnn_adapters.ort_node.sessions import Session, close, process_of

SUPPORTS = replace(
    OPERATOR,
    activations=(*NAMES, "linear"),
    parameters=("elu", "leaky_relu", "hard_sigmoid", "affine", "scaled_tanh"),
    dtypes=("float32", "float16"),
)
"""As ONNX Runtime's in Python."""
STYLE = Style(opset=min(26, onnx.defs.onnx_opset_version()), ir_version=min(13, onnx.IR_VERSION))
"""The newest that current releases take, as ONNX is further than they are; with an older ONNX, its newest."""


class OrtNodeAdapter(OnnxAdapter):
    """A route of a framework, all of which are one process."""

    def close(self) -> None:
        close(self.name)


def adapter(framework: str, route: str) -> Adapter[Any]:
    """The adapter of a route."""
    versions = {**process_of(framework).versions, "onnx": onnx.__version__}
    return OrtNodeAdapter(framework, routes(framework)[route], versions)


def routes(framework: str) -> Mapping[str, Parts]:
    """Every route of a framework."""
    opened = partial(_opened, framework)
    default = Parts(CONVENTIONS, SUPPORTS, make=opened, call=Session.run, style=STYLE)
    found = {
        **written(default),
        "parameters left out": replace(
            default,
            supports=replace(SUPPORTS, activations=("leaky_relu", "elu", "hard_sigmoid"), parameters=()),
            style=replace(STYLE, parameters=False),
        ),
        "outputs given": replace(default, call=partial(Session.run, preallocated=True)),
        "fixed shapes": replace(default, style=replace(STYLE, fixed_shapes=True)),
        "not optimised": replace(default, make=partial(opened, graphOptimizationLevel="disabled")),
        "model file": replace(default, make=partial(_model_file, framework)),
        "external data": replace(default, make=partial(_external_data, framework)),
    }
    if framework == "ort-web":
        return found
    return found | {
        "optimised file": replace(default, make=partial(_optimised_file, framework, suffix=".onnx")),
        "ORT format": replace(default, make=partial(_optimised_file, framework, suffix=".ort")),
    }


def _opened(framework: str, model: ModelProto, **options: Any) -> Session:
    """A session of a model, with the options that are given."""
    return process_of(framework).open(model.SerializeToString(), **options)


def _model_file(framework: str, model: ModelProto) -> Session:
    """A session of a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save_model(model, path)
        return process_of(framework).open(path=str(path))


def _external_data(framework: str, model: ModelProto) -> Session:
    """A session of a file whose weights are in another file; in WebAssembly that one is named."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save_model(model, path, save_as_external_data=True, location="weights", size_threshold=0)
        named: dict[str, Any] = {}
        if framework == "ort-web":
            named["externalData"] = [{"path": "weights", "data": f"{folder}/weights"}]
        return process_of(framework).open(path=str(path), **named)


def _optimised_file(framework: str, model: ModelProto, suffix: str) -> Session:
    """A session of the file that another one wrote when it had optimised the model."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/optimised{suffix}"
        _opened(framework, model, optimizedModelFilePath=path)
        return process_of(framework).open(path=path)
