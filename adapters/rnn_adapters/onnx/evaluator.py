"""The routes into ONNX's own evaluator, which is NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from onnx import ModelProto
from onnx.reference import ReferenceEvaluator

from rnn_adapters.onnx import CONVENTIONS
from rnn_adapters.onnx.adapter import Named, Parts
from rnn_adapters.onnx.graph import Style
from rnn_adapters.onnx.routes import LAYOUT_1, OPERATOR, written

VERSIONS = {"onnx": onnx.__version__}
SUPPORTS = replace(
    OPERATOR,
    activations=("tanh", "linear", "affine"),
    parameters=("affine",),
    dtypes=("float32", "float64", "float16", "bfloat16"),
    read_weights=True,
    native_weights=True,
)
"""Of the operator's activations it has two."""


def called(evaluator: ReferenceEvaluator, feeds: Named) -> Named:
    """`run`, for all outputs."""
    return dict(zip(evaluator.output_names, evaluator.run(None, dict(feeds)), strict=True))


def held(evaluator: Any) -> Named:
    """The initialisers that it computes with."""
    weights: Named = evaluator.rt_inits_
    return weights


def checked(model: ModelProto) -> ReferenceEvaluator:
    """An evaluator that holds every value to the type and shape that the model declares of it."""
    return ReferenceEvaluator(model, check_shape_annotations=True)


def model_file(model: ModelProto, **options: Any) -> ReferenceEvaluator:
    """An evaluator of a model that was saved and loaded again."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save_model(model, path, **options)
        return ReferenceEvaluator(onnx.load_model(path))


def external_data(model: ModelProto) -> ReferenceEvaluator:
    """The same, with the weights in another file."""
    return model_file(model, save_as_external_data=True, size_threshold=0)


EVALUATOR = Parts(CONVENTIONS, SUPPORTS, make=ReferenceEvaluator, call=called, weights=held)
"""What a user writes first: weights in the model, everything else left alone."""

ROUTES: Mapping[str, Parts] = {
    **written(EVALUATOR),
    "layout 1": replace(EVALUATOR, conventions=LAYOUT_1, style=Style(batch_first="layout")),
    "shapes checked": replace(EVALUATOR, make=checked),
    "model file": replace(EVALUATOR, make=model_file),
    "external data": replace(EVALUATOR, make=external_data),
}
