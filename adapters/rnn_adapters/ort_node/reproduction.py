"""The part of ONNX Runtime for JavaScript in a reproduction: a model as bytes, opened and called by Node."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import ModelProto

from rnn_adapters.literals import WIDTH
from rnn_adapters.onnx.graph import Asked, Style, model_of, nodes_of, weights_of
from rnn_adapters.onnx.reproduction import text_of
from rnn_adapters.ort_node import PACKAGES
from rnn_adapters.ort_node.routes import routes
from rnn_adapters.reproduction import Code, Question
from rnn_adapters.reproduction_javascript import split
from rnn_reference.network import Array, Cell

HALF = (
    "const half = (bits) => {",
    "  const [sign, exponent, digits] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];",
    "  if (exponent === 31) return digits ? NaN : sign * Infinity;",
    "  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + digits) : 2 ** -24 * digits);",
    "};",
)
"""The number that a float16 has for its bits, which is all that JavaScript knows of it."""


EXTERNAL = "external data"


@dataclass(frozen=True)
class Opening:
    """What opens a model, as plain code.

    Args:
        opened: lines that make `session` of `model`.
        imports: modules of Node that it needs.
    """

    opened: Sequence[str] = ("const session = await ort.InferenceSession.create(model);",)
    imports: Sequence[str] = ()


FILES = ("import fs from 'node:fs';", "import os from 'node:os';", "import path from 'node:path';")
FOLDER = "fs.mkdtempSync(path.join(os.tmpdir(), 'rnn-'))"
IN_A_FILE = f"const file = path.join({FOLDER}, 'model{{}}');"
OF_A_FILE = "const session = await ort.InferenceSession.create(file);"
OPTIMISED = (
    IN_A_FILE,
    "await ort.InferenceSession.create(model, {{ optimizedModelFilePath: file }});",
    OF_A_FILE,
)
OPENINGS: Mapping[str, Opening] = {
    "not optimised": Opening(
        ["const options = { graphOptimizationLevel: 'disabled' };",
         "const session = await ort.InferenceSession.create(model, options);"]
    ),
    "model file": Opening([IN_A_FILE.format(".onnx"), "fs.writeFileSync(file, model);", OF_A_FILE], FILES),
    "optimised file": Opening([line.format(".onnx") for line in OPTIMISED], FILES),
    "ORT format": Opening([line.format(".ort") for line in OPTIMISED], FILES),
}  # fmt: skip
TWO_FILES = (
    f"const folder = {FOLDER};",
    "const file = path.join(folder, 'model.onnx');",
    "fs.writeFileSync(file, model);",
    "fs.writeFileSync(path.join(folder, 'weights'), weights);",
)
EXTERNAL_DATA: Mapping[str, Opening] = {
    "ort-node": Opening([*TWO_FILES, OF_A_FILE], FILES),
    "ort-web": Opening(
        [*TWO_FILES,
         "const externalData = [{ path: 'weights', data: path.join(folder, 'weights') }];",
         "const session = await ort.InferenceSession.create(file, { externalData });"],
        FILES,
    ),
}  # fmt: skip
"""By framework: in WebAssembly the file of the weights is named."""


def code(framework: str, question: Question) -> Code | None:
    """Plain code of a call; none of what a model of ONNX or a tensor of JavaScript does not have."""
    call, parts = question.call, routes(framework)[question.route]
    if question.derivative is not None or call.dropout is not None or call.mask is not None:
        return None
    if parts.by_steps and not call.x.size:
        return None  # no step, no call
    if any(array.dtype.kind == "c" for array in (call.x, *(call.initial_states or ()))):
        return None
    writer = _Writer(question, parts.style, parts.by_steps)
    openings = {**OPENINGS, EXTERNAL: EXTERNAL_DATA[framework]}
    opening = openings.get(question.route, Opening())
    return Code(
        imports=[*opening.imports, f"import * as ort from '{PACKAGES[framework]}';"],
        made=[*writer.model(), *opening.opened],
        called=writer.called(),
        got=writer.got(),
        version="ort.env.versions.common",
        language="javascript",
    )


class _Writer:
    """Writes the parts of one script, from the model that the adapter makes."""

    def __init__(self, question: Question, style: Style, by_steps: bool) -> None:
        self.question, self.style, self.by_steps = question, style, by_steps
        self.half = str(question.network.dtype) == "float16"
        (self.spoken,) = question.spoken
        call = question.call
        asked = Asked(
            initial_states=bool(call.initial_states) or by_steps,
            lengths=call.lengths is not None,
            sequence=call.return_sequences,
            final_states=style.final_states or not call.return_sequences,
            go_backwards=call.go_backwards,
            shape=call.x.shape[:2] if style.fixed_shapes else (),
        )
        self.made = model_of(question.network, asked, style)

    def model(self) -> list[str]:
        """Lines that give `model`, and `weights` where they are apart."""
        head, nodes = text_of(self.made)
        if self.question.route == EXTERNAL:
            held = dict(zip(("model", "weights"), weights_apart(self.made), strict=True))
        else:
            held = {"model": self.made.SerializeToString()}
        return [
            *(f"// {line}" for line in [*head, "{", *nodes]),
            "// }, and the weights",
            *(line for name, content in held.items() for line in bytes_of(name, content)),
            *(HALF if self.half else ()),
        ]

    # The call.

    def called(self) -> list[str]:
        """Lines that give `outputs`."""
        if self.by_steps:
            return self._by_steps()
        feeds = [f"{name}: {tensor}" for name, tensor in self._feeds().items()]
        at_once = f"const outputs = await session.run({{ {', '.join(feeds)} }});"
        fetches = self._fetches()
        if len(fetches) == 1 and len(at_once) <= WIDTH:
            return [at_once]
        return [*split("const feeds = { ", feeds, " };"), *fetches]

    def _fetches(self) -> list[str]:
        if self.question.route != "outputs given" or self.question.call.x.ndim < 2:
            return ["const outputs = await session.run(feeds);"]
        given = [
            f"{name}: {tensor_of(np.zeros(shape, self.question.network.dtype))}"
            for name, shape in self._outputs()
        ]
        return [
            *split("const fetches = { ", given, " };"),
            "const outputs = await session.run(feeds, fetches);",
        ]

    def _outputs(self) -> list[tuple[str, tuple[int, ...]]]:
        """The outputs that the model declares, with the shapes that they have for this call."""
        batch, time = self.question.call.x.shape[:2]
        sizes = {"batch": batch, "time": time}
        return [
            (
                each.name,
                tuple(sizes.get(axis.dim_param, axis.dim_value) for axis in each.type.tensor_type.shape.dim),
            )
            for each in self.made.graph.output
        ]

    def _feeds(self) -> dict[str, str]:
        """An expression for the tensor of every input."""
        call, spoken = self.question.call, self.spoken
        turned = not self.style.batch_first and call.x.ndim > 1
        feeds = {"X": self._tensor(call.x.swapaxes(0, 1) if turned else call.x, spoken.x, turned=turned)}
        if call.lengths is not None:
            feeds["sequence_lens"] = tensor_of(call.lengths.astype("int32"), spoken.lengths)
        for index, (names, states) in enumerate(
            zip(spoken.states or [], call.initial_states or (), strict=True)
        ):
            feeds[f"initial_h_{index}"] = self._tensor(states, f"[{', '.join(names)}].flat(Infinity)")
        return feeds | self._weights() if self.style.weights_as_inputs else feeds

    def _tensor(self, array: Array, flat: str, *, turned: bool = False) -> str:
        """A tensor of an array by its name, whose first two axes are exchanged where they are turned."""
        if turned and array.size and array.shape[0] > 1 and array.shape[1] > 1:
            flat = f"{flat}[0].map((_, t) => {flat}.map((row) => row[t])).flat(Infinity)"
        elif flat.isidentifier():
            flat = f"{flat}.flat(Infinity)"
        return tensor_of(array, flat)

    def _weights(self) -> dict[str, str]:
        """The tensors of the weights, by the names that the model has for them."""
        arrays, names, first = weights_of(self.question.network, self.style), dict[str, list[str]](), 0
        for index, layer in enumerate(self.question.network.layers):
            for node, cells in nodes_of(index, layer.cells, self.style):
                numbered = list(enumerate(cells, first))
                first += len(cells)
                for name, role in (("W", "W_x"), ("R", "W_h")):
                    names[f"{name}_{node}"] = [self.question.weight(role, number) for number, _ in numbered]
                names[f"B_{node}"] = [part for each in numbered for part in self._biases(*each)]
        return {
            name: tensor_of(array, f"[{', '.join(names[name])}].flat(Infinity)")
            for name, array in arrays.items()
        }

    def _biases(self, number: int, cell: Cell) -> list[str]:
        return [
            self.question.weight(role, number) or f"Array({cell.hidden_size}).fill(0)"
            for role in ("b", "b_h")
        ]

    def _by_steps(self) -> list[str]:
        """A call for each step, whose outputs are kept in `Y`."""
        call, layers = self.question.call, self.question.network.layers
        states = call.initial_states or tuple(
            np.zeros((layer.directions, len(call.x), layer.hidden_size), call.x.dtype) for layer in layers
        )
        names = self.spoken.states
        first = [
            tensor_of(state, f"[{', '.join(names[index])}].flat(Infinity)" if names else "")
            for index, state in enumerate(states)
        ]
        step = call.x[None, :, 0]
        tensor = (
            f"new ort.Tensor('float16', Uint16Array.from(bits[t]), {list(step.shape)})"
            if self.half
            else tensor_of(step, "x.map((row) => row[t]).flat(Infinity)")
        )
        given = [f"X: {tensor}", *(f"initial_h_{index}: h[{index}]" for index in range(len(layers)))]
        steps = [f"[{bits_of(call.x[:, t])}]" for t in range(call.x.shape[1])]
        lines = [
            *(split("const bits = [", steps, "];  // of x, step by step") if self.half else ()),
            *split("let h = [", first, "];"),
            "let outputs;",
            "const Y = [];",
            f"for (let t = 0; t < {call.x.shape[1]}; t += 1) {{",
            *(f"  {line}" for line in split("outputs = await session.run({ ", given, " });")),
            f"  h = [{', '.join(f'outputs.Y_h_{index}' for index in range(len(layers)))}];",
        ]
        return [*lines, *(["  Y.push(outputs.Y);"] if call.return_sequences else []), "}"]

    # What is shown.

    def got(self) -> str:
        """The quantity in canonical axes, in one row: scripts compare number by number."""
        question = self.question
        if question.quantity == "sequence":
            return self._numbers(self._sequence())
        number = question.layer if question.quantity == "final states" else question.network.num_layers - 1
        top, Y_h = question.network.layers[number], f"outputs.Y_h_{number}.data"
        if question.quantity == "final states" or top.directions == 1:
            return self._numbers(f"[...{Y_h}]")
        H, batch = top.hidden_size, len(question.call.x)
        halves = ", ".join(
            f"...{Y_h}.slice({first} * {H}, ({first} + 1) * {H})" for first in ("n", f"({batch} + n)")
        )
        return self._numbers(f"{_range(batch)}.flatMap((n) => [{halves}])")

    def _sequence(self) -> str:
        """The numbers of Y in the order (batch, time, directions, hidden)."""
        top, (batch, time) = self.question.network.layers[-1], self.question.call.x.shape[:2]
        D, H = top.directions, top.hidden_size
        if self.by_steps:
            row = f"[...y.data.slice(n * {H}, (n + 1) * {H})]"
            return f"{_range(batch)}.flatMap((n) => Y.flatMap((y) => {row}))"
        if self.style.batch_first or batch == 1 or math.prod((batch, time, H)) == 0:
            return "[...outputs.Y.data]"
        rows = f"{_range(time * D)}.map((t) => t * {batch} + n)"
        row = f"[...outputs.Y.data.slice(i * {H}, (i + 1) * {H})]"
        return f"{_range(batch)}.flatMap((n) => {rows}.flatMap((i) => {row}))"

    def _numbers(self, row: str) -> str:
        return f"{row}.map(half)" if self.half else row


def _range(count: int) -> str:
    """An expression for the numbers below this one."""
    return f"[...Array({count}).keys()]"


def tensor_of(array: Array, flat: str = "") -> str:
    """An expression for a tensor of this type and shape.

    Args:
        flat: an expression for its numbers in a row; none: zeros. Of float16 the bits are written.
    """
    dims, name = f"[{', '.join(map(str, array.shape))}]", array.dtype.name
    if name == "float16":
        return f"new ort.Tensor('float16', Uint16Array.of({bits_of(array)}), {dims})"
    kind = {
        "float32": "Float32Array",
        "float64": "Float64Array",
        "int32": "Int32Array",
        "int64": "BigInt64Array",
    }
    if not flat:
        return f"new ort.Tensor('{name}', new {kind[name]}({array.size}), {dims})"
    if name == "int64":
        flat = f"{flat}.map(BigInt)"
    made = f"{kind[name]}.from({flat})" if name in kind else flat
    return f"new ort.Tensor('{name}', {made}, {dims})"


def bits_of(array: Array) -> str:
    """The bits of each number of a float16 array, as numbers with commas between them."""
    return ", ".join(map(str, np.ascontiguousarray(array).view("u2").ravel()))


def bytes_of(name: str, content: bytes) -> list[str]:
    """Lines that give bytes their name."""
    start, text = f"const {name} = Buffer.from(", base64.b64encode(content).decode()
    first, width = WIDTH - len(f"{start}'' +"), WIDTH - len("  '' +")
    others = (text[at : at + width] for at in range(first, len(text), width))
    lines = [f"{start}'{text[:first]}'", *(f"  '{part}'" for part in others)]
    return [*(f"{line} +" for line in lines[:-1]), f"{lines[-1]}, 'base64');"]


def weights_apart(model: ModelProto) -> tuple[bytes, bytes]:
    """The files of a model whose weights are in one beside it."""
    saved = ModelProto()
    saved.CopyFrom(model)  # saving takes the weights out of it
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save_model(saved, path, save_as_external_data=True, location="weights", size_threshold=0)
        return path.read_bytes(), (path.parent / "weights").read_bytes()
