"""The routes by an export, as plain code: a function `exported` in the place of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ExportLines:
    """How a format is written and run.

    Args:
        format, suffix: see `rnn_adapters.keras.exports.Export`; no format is the default one.
        run: lines that return the outputs for `given`, of the file at `path`.
        imported: the module that runs it, as it is imported.
        fixed: how many axes of the inputs have the sizes of the call.
    """

    format: str
    suffix: str
    run: tuple[str, ...]
    imported: str
    fixed: int = 0

    @property
    def lines(self) -> list[str]:
        """The function."""
        options = f', format="{self.format}"' if self.format else ""
        body, signature = ["model(given)"], ""
        if self.fixed:
            signature = ", input_signature=[specs]"
            body += [
                "specs = [",
                f"    keras.InputSpec(shape=(*array.shape[:{self.fixed}], *symbol.shape[{self.fixed}:]),"
                " dtype=symbol.dtype, name=symbol.name)",
                "    for symbol, array in zip(model.inputs, given)",
                "]",
            ]
        body.append(f'path = tempfile.mkdtemp() + "/model{self.suffix}"')
        body.append(f"model.export(path{options}{signature}, verbose=False)")
        return ["", "def exported(given):", *(f"    {line}" for line in [*body, *self.run]), ""]


ONNX = ExportLines(
    "onnx",
    ".onnx",
    (
        "session = onnxruntime.InferenceSession(path)",
        "names = [symbol.name for symbol in model.inputs]",
        "return session.run(None, dict(zip(names, given)))",
    ),
    "import onnxruntime",
)
ONNX_OF_SIZES = replace(ONNX, fixed=2)

EXPORTS: Mapping[str, ExportLines] = {
    "SavedModel": ExportLines(
        "",
        "",
        (
            "loaded = tf.saved_model.load(path)",
            "types = [symbol.dtype for symbol in model.inputs]",
            "return loaded.serve(list(map(tf.cast, given, types)))",
        ),
        "import tensorflow as tf",
    ),
    "ONNX": ONNX,
    "ONNX by jax2onnx": ONNX_OF_SIZES,
    "ONNX by jax2onnx, any sizes": ONNX,
    "ONNX by torch": ONNX_OF_SIZES,
    "LiteRT": ExportLines(
        "litert",
        ".tflite",
        (
            "runner = Interpreter(path).get_signature_runner()",
            "found = runner(**{symbol.name: array for symbol, array in zip(model.inputs, given)})",
            'return [found[f"output_{index}"] for index in range(len(found))]',
        ),
        "from ai_edge_litert.interpreter import Interpreter",
        fixed=1,
    ),
    "torch program": ExportLines(
        "torch",
        ".pt2",
        (
            "program = torch.export.load(path).module()",
            "types = [symbol.dtype for symbol in model.inputs]",
            "return program(list(map(keras.ops.convert_to_tensor, given, types)))",
        ),
        "import torch",
        fixed=2,
    ),
}
"""By route."""
