"""The routes into ONNX Runtime, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
import onnxruntime
from onnx import ModelProto

from rnn_adapters.onnx import CONVENTIONS
from rnn_adapters.onnx.adapter import Named, Parts
from rnn_adapters.onnx.graph import NAMES, Style
from rnn_adapters.onnx.routes import OPERATOR, written

VERSIONS = {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}
NOT_OPTIMISED = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
SUPPORTS = replace(
    OPERATOR,
    activations=(*NAMES, "linear"),
    parameters=("elu", "leaky_relu", "hard_sigmoid", "affine", "scaled_tanh"),
    dtypes=("float32", "float16"),
)
"""The operator has float64, too, of which ONNX Runtime has no kernel, as it documents."""


def session(model: str | bytes, **options: Any) -> Any:
    """A session of a model, or of the file of one, with the options that are given."""
    given = onnxruntime.SessionOptions()
    for name, value in options.items():
        setattr(given, name, value)
    return onnxruntime.InferenceSession(model, given, providers=["CPUExecutionProvider"])


def opened(model: ModelProto, **options: Any) -> Any:
    """A session of a model."""
    return session(model.SerializeToString(), **options)


def optimised_file(model: ModelProto, suffix: str) -> Any:
    """A session of the file that another one wrote when it had optimised the model."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/optimised{suffix}"
        opened(model, optimized_model_filepath=path)
        return session(path)


def external_data(model: ModelProto) -> Any:
    """A session of a file whose weights are in another file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save_model(model, path, save_as_external_data=True, size_threshold=0)
        return session(str(path))


def called(session: Any, feeds: Named) -> Named:
    """`run`, for all outputs."""
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def called_with_binding(session: Any, feeds: Named) -> Named:
    """`run_with_iobinding`."""
    binding, names = session.io_binding(), [output.name for output in session.get_outputs()]
    for name, array in feeds.items():
        binding.bind_cpu_input(name, array)
    for name in names:
        binding.bind_output(name)
    session.run_with_iobinding(binding)
    return dict(zip(names, binding.copy_outputs_to_cpu(), strict=True))


ONNX_RUNTIME = Parts(CONVENTIONS, SUPPORTS, make=opened, call=called)
"""What a user writes first: weights in the model, everything else left alone."""

ROUTES: Mapping[str, Parts] = {
    **written(ONNX_RUNTIME),
    "parameters left out": replace(
        ONNX_RUNTIME,
        supports=replace(SUPPORTS, activations=("leaky_relu", "elu", "hard_sigmoid"), parameters=()),
        style=Style(parameters=False),
    ),
    "IO binding": replace(ONNX_RUNTIME, call=called_with_binding),
    "fixed shapes": replace(ONNX_RUNTIME, style=Style(fixed_shapes=True)),
    "not optimised": replace(ONNX_RUNTIME, make=partial(opened, graph_optimization_level=NOT_OPTIMISED)),
    "optimised file": replace(ONNX_RUNTIME, make=partial(optimised_file, suffix=".onnx")),
    "ORT format": replace(ONNX_RUNTIME, make=partial(optimised_file, suffix=".ort")),
    "external data": replace(ONNX_RUNTIME, make=external_data),
}
