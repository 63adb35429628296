"""What Keras exports of a model for others, and what runs it: `model.export` in each format."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from rnn_adapters.keras.layers import flat

Runner: TypeAlias = Callable[[list[Any]], list[Any]]
"""From the inputs of a model to its outputs."""


@dataclass(frozen=True)
class Export:
    """`model.export` in a format, and what is called of it.

    Args:
        format: by Keras's name.
        suffix: of the file.
        opened: makes a runner, of Keras, the file and the names of the inputs.
        fixed: how many axes of the inputs are of the sizes of a call, from the first one on.
    """

    format: str
    suffix: str
    opened: Callable[[Any, str, list[str]], Runner]
    fixed: int = 0

    def __call__(self, keras: Any, model: Any, inputs: Sequence[Any]) -> Runner:
        """What runs the model for inputs of these sizes, as far as they are fixed."""
        model(list(inputs))  # who was never called is not exported
        specs = [
            keras.InputSpec(
                shape=(*given.shape[: self.fixed], *symbol.shape[self.fixed :]),
                dtype=symbol.dtype,
                name=symbol.name,
            )
            for symbol, given in zip(model.inputs, inputs, strict=True)
        ]
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
            path = f"{folder}/model{self.suffix}"
            model.export(path, format=self.format, input_signature=[specs], verbose=False)
            return self.opened(keras, path, [symbol.name for symbol in model.inputs])


def by_tensorflow(keras: Any, path: str, names: list[str]) -> Runner:
    """`tf.saved_model.load`."""
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    return lambda inputs: flat(loaded.serve(list(map(tf.convert_to_tensor, inputs))))


def by_onnxruntime(keras: Any, path: str, names: list[str]) -> Runner:
    """A session of ONNX Runtime."""
    from rnn_adapters.onnx.runtime import session

    opened = session(Path(path).read_bytes())
    return lambda inputs: list(opened.run(None, dict(zip(names, inputs, strict=True))))


def by_litert(keras: Any, path: str, names: list[str]) -> Runner:
    """LiteRT's interpreter, of which TensorFlow's own is an older one."""
    from ai_edge_litert.interpreter import Interpreter

    signature = Interpreter(model_content=Path(path).read_bytes()).get_signature_runner()

    def run(inputs: list[Any]) -> list[Any]:
        found = signature(**dict(zip(names, inputs, strict=True)))
        return [found[f"output_{index}"] for index in range(len(found))]

    return run


def by_torch(keras: Any, path: str, names: list[str]) -> Runner:
    """`torch.export.load`."""
    import torch

    program = torch.export.load(path).module()
    return lambda inputs: flat(program(list(map(keras.ops.convert_to_tensor, inputs))))


SAVED_MODEL = Export("tf_saved_model", "", by_tensorflow)
ONNX = Export("onnx", ".onnx", by_onnxruntime)
ONNX_OF_SIZES = replace(ONNX, fixed=2)
LITERT = Export("litert", ".tflite", by_litert, fixed=1)
TORCH = Export("torch", ".pt2", by_torch, fixed=2)
