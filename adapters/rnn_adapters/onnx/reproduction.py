"""The part of ONNX's runtimes in a reproduction: the model that a route writes, as calls of `onnx.helper`."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnn_adapters.literals import WIDTH, split, written_dtype
from rnn_adapters.onnx.graph import Asked, Style, model_of, nodes_of, weights_of
from rnn_adapters.reproduction import Code, Question, stacked
from rnn_reference.network import Cell


@dataclass(frozen=True)
class Runtime:
    """What opens a model, as plain code.

    Args:
        imports: its imports.
        opened: lines that make of `model` what is called.
        called: an expression for all outputs in their order, of feeds by name.
        version: an expression for its version.
        standard: modules of the standard library that it needs.
    """

    imports: Sequence[str]
    opened: Sequence[str]
    called: str
    version: str
    standard: Sequence[str] = ()


def code(question: Question, runtime: Runtime, style: Style, *, by_steps: bool = False) -> Code | None:
    """Plain code of a call; none of what a model of ONNX does not have."""
    call = question.call
    if question.derivative is not None or call.dropout is not None or call.mask is not None:
        return None
    if by_steps and not call.x.size:
        return None  # no step, no call
    writer = _Writer(question, style, by_steps)
    made = [*writer.model(), *runtime.opened]
    narrow = ["import ml_dtypes  # NumPy learns bfloat16 of it"] if writer.narrow else []
    return Code(
        imports=[*narrow, "import numpy as np", *_needed(runtime.imports, made)],
        made=made,
        called=writer.called(runtime.called),
        got=writer.got(),
        version=runtime.version,
        standard=runtime.standard,
    )


def _needed(imports: Sequence[str], lines: Sequence[str]) -> list[str]:
    """Imports without what no line uses."""
    used = any("numpy_helper" in line for line in lines)
    return [each if used else each.replace("numpy_helper, ", "") for each in imports]


class _Writer:
    """Writes the model of a call as code, from the model that the adapter makes of it."""

    def __init__(self, question: Question, style: Style, by_steps: bool) -> None:
        self.question, self.style, self.by_steps = question, style, by_steps
        self.narrow = str(question.network.dtype) == "bfloat16"
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
        self.made: Any = model_of(question.network, asked, style)

    def model(self) -> list[str]:
        """Lines that give `model`: ONNX's own text of it, and the weights."""
        head, nodes = text_of(self.made)
        if within := self._weights_within():
            return [*_opened(head), *within, *_closed(nodes)]
        arrays = self._weights()
        text = [*_opened(head), "{", *_closed(nodes)]
        pairs = [f'"{name}": {array}' for name, array in arrays.items()]
        weights = split("weights = {", pairs, "}")
        if self.narrow:
            weights.append('weights = {n: w.astype("bfloat16") for n, w in weights.items()}')
        if not self.made.graph.initializer:
            return [*text, *weights]
        add = "numpy_helper.from_array(w, name) for name, w in weights.items()"
        return [*text, *weights, f"model.graph.initializer.extend({add})"]

    def _weights_within(self) -> list[str]:
        """The weights in the text of the model, and the brace after them.

        Nothing where they are no finite numbers of float32 or float64, for which alone it has words.
        """
        arrays = weights_of(self.question.network, self.style)
        typed = {"float32": "float", "float64": "double"}.get(str(self.question.network.dtype), "")
        finite = all(array.size and np.isfinite(array).all() for array in arrays.values())
        if not typed or not finite or self.style.weights_as_inputs:
            return []
        said = [
            f"{typed}[{', '.join(map(str, array.shape))}] {name} = {{{', '.join(map(str, array.ravel()))}}}"
            for name, array in arrays.items()
        ]
        lines = split("<", said, "> {")
        return lines if len(lines) == 1 else _filled("<", said, "> {")

    def _weights(self) -> dict[str, str]:
        """An expression for each array of the graph."""
        found, first = dict[str, str](), 0
        for index, layer in enumerate(self.question.network.layers):
            place = first
            for node, cells in nodes_of(index, layer.cells, self.style):
                numbers = range(place, place + len(cells))
                place += len(cells)
                for name, role in (("W", "W_x"), ("R", "W_h")):
                    found[f"{name}_{node}"] = stacked([self.question.weight(role, i) for i in numbers])
                if any(cell.biases for cell in cells):
                    found[f"B_{node}"] = stacked(
                        [self._bias(i, c) for i, c in zip(numbers, cells, strict=True)]
                    )
            first += layer.directions
        return found

    def _bias(self, index: int, cell: Cell) -> str:
        """Both biases of a cell in one array."""
        first, second = (self.question.weight(role, index) for role in ("b", "b_h"))
        zeros = f"np.zeros_like({self.question.weight('W_h', index)}[0])"
        return (
            f"np.concatenate([{first or zeros}, {second or (f'np.zeros_like({first})' if first else zeros)}])"
        )

    def called(self, called: str) -> list[str]:
        """Lines that give `outputs`."""
        if self.by_steps:
            return self._called_by_steps(called)
        typed = 'f if n == "sequence_lens" else f.astype("bfloat16")'
        narrow = [f"feeds = {{n: {typed} for n, f in feeds.items()}}"] if self.narrow else []
        feeds = self._feeds()
        whole = f"outputs = {called.replace('feeds', feeds[0].removeprefix('feeds = '))}"
        if len(feeds) == 1 and not narrow and len(whole) <= WIDTH:
            return [whole]
        return [*feeds, *narrow, f"outputs = {called}"]

    def _called_by_steps(self, called: str) -> list[str]:
        """A call for each step, whose outputs are kept in `Y`."""
        typed, names = '.astype("bfloat16")' * self.narrow, [output.name for output in self.made.graph.output]
        layers = self.question.network.layers
        states = [f"outputs[{names.index(f'Y_h_{index}')}]" for index in range(len(layers))]
        if self.spoken.states is not None:
            first = [stacked(each) for each in self.spoken.states]
        else:
            dtype, rows = written_dtype(self.question.call.x), len(self.question.call.x)
            shapes = [(layer.directions, rows, layer.hidden_size) for layer in layers]
            first = [f'np.zeros({shape}, "{dtype}")' for shape in shapes]
        lines = [
            *split("h = [", [f"{state}{typed}" for state in first], "]"),
            "Y = []",
            f"for x_t in {self.spoken.x}{typed}.swapaxes(0, 1):",
            '    feeds = {"X": x_t[None], **{f"initial_h_{i}": state for i, state in enumerate(h)}}',
            f"    outputs = {called}",
            f"    h = [{', '.join(states)}]",
        ]
        return [*lines, f"    Y.append(outputs[{names.index('Y')}])"] if "Y" in names else lines

    def _feeds(self) -> list[str]:
        """Lines that give `feeds`."""
        spoken = self.spoken
        first = bool(self.style.batch_first) or spoken.call.x.ndim < 2
        feeds = [f'"X": {spoken.x}' if first else f'"X": {spoken.x}.swapaxes(0, 1)']
        if spoken.lengths:
            feeds.append(f'"sequence_lens": np.int32({spoken.lengths})')
        for index, names in enumerate(spoken.states or []):
            turned = ".swapaxes(0, 1)" if self.style.batch_first == "layout" else ""
            feeds.append(f'"initial_h_{index}": {stacked(names)}{turned}')
        more = ["**weights"] if self.style.weights_as_inputs else []
        return split("feeds = {", [*feeds, *more], "}")

    def got(self) -> str:
        """The quantity in canonical axes; as it is where the call must be refused."""
        question, names = self.question, [output.name for output in self.made.graph.output]
        if question.right is None and not self.by_steps:
            return "outputs[0]"
        if question.quantity == "sequence":
            Y, D = f"outputs[{names.index('Y')}]", question.network.layers[-1].directions
            if self.by_steps:
                return "np.concatenate(Y)[:, 0].swapaxes(0, 1)"
            H, (batch, time) = question.network.layers[-1].hidden_size, question.call.x.shape[:2]
            if self.style.batch_first:
                return f"{Y}.reshape({batch}, {time}, {D * H})"
            if D == 1:
                return f"{Y}[:, 0].swapaxes(0, 1)"
            return f"{Y}.transpose(2, 0, 1, 3).reshape({batch}, {time}, {D * H})"
        number = question.layer if question.quantity == "final states" else question.network.num_layers - 1
        Y_h = f"outputs[{names.index(f'Y_h_{number}')}]"
        Y_h += ".swapaxes(0, 1)" if self.style.batch_first == "layout" else ""
        if question.quantity == "final states":
            return Y_h
        top = question.network.layers[-1]
        if top.directions == 1:
            return f"{Y_h}[0]"
        return f"{Y_h}.swapaxes(0, 1).reshape({question.call.x.shape[0]}, {top.output_size})"


def text_of(model: Any) -> tuple[list[str], list[str]]:
    """A model without its weights in ONNX's text: what comes before them, and the nodes."""
    graph = model.graph
    inputs, outputs = f"rnn ({_values(graph.input)})", f"=> ({_values(graph.output)})"
    whole = f"{inputs} {outputs}"
    head = f'<ir_version: {model.ir_version}, opset_import: ["" : {model.opset_import[0].version}]>'
    nodes = [line for node in graph.node for line in _node(node)]
    return [head, *([whole] if len(whole) <= WIDTH else [inputs, outputs])], nodes


def _opened(head: Sequence[str]) -> list[str]:
    """The text of a model, begun."""
    return [f'model = parser.parse_model("""{head[0]}', *head[1:]]


def _closed(nodes: Sequence[str]) -> list[str]:
    """The nodes of a model, and what ends its text."""
    return [*nodes[:-1], f'{nodes[-1]} }}""")'] if len(nodes[-1]) + 6 <= WIDTH else [*nodes, '}""")']


def _filled(start: str, items: Sequence[str], end: str) -> list[str]:
    """Items with commas between them, as many on a line as there is room for."""
    lines = [start]
    for item in items:
        lines[-1:] = [lines[-1] + item] if len(lines[-1]) + len(item) < WIDTH else [lines[-1].rstrip(), item]
        lines[-1] += ", "
    return [*lines[:-1], lines[-1].removesuffix(", ") + end]


def _values(infos: Any) -> str:
    return ", ".join(map(_value, infos))


def _node(node: Any) -> list[str]:
    """A node in ONNX's text: on as many lines as it needs."""
    from onnx import helper

    told = [f"{each.name} = {_told(helper.get_attribute_value(each))}" for each in node.attribute]
    attributes = f" <{', '.join(told)}>" if told else ""
    text = f"{', '.join(node.output)} = {node.op_type}{attributes} ({', '.join(node.input)})"
    wrapped = textwrap.wrap(text, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f"{'        ' if index else '    '}{line}" for index, line in enumerate(wrapped)]


def _told(value: Any) -> str:
    """An attribute's value."""
    from onnx import TensorProto, numpy_helper

    if isinstance(value, TensorProto):
        numbers = [int(number) for number in numpy_helper.to_array(value)]
        return f"int64[{len(numbers)}] {{{', '.join(map(str, numbers))}}}"
    if isinstance(value, bytes):
        return f'"{value.decode()}"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = f"{value:.9g}"
        return text if set(text) & set(".e") else f"{text}.0"
    return f"[{', '.join(_told(each) for each in value)}]"


def _value(info: Any) -> str:
    """An input or an output of a graph in ONNX's text."""
    from onnx import TensorProto

    tensor = info.type.tensor_type
    sizes = [d.dim_param or str(d.dim_value) for d in tensor.shape.dim]
    return f"{TensorProto.DataType.Name(tensor.elem_type).lower()}[{', '.join(sizes)}] {info.name}"


# The runtimes.

IN_A_FILE = 'path = tempfile.mkdtemp() + "/model{}"'
OPTIMISED = (
    'path = tempfile.mkdtemp() + "/optimised{}"',
    "options = onnxruntime.SessionOptions()",
    "options.optimized_model_filepath = path",
    'onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])',
    'session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])',
)
EXTERNAL = "onnx.save_model(model, path, save_as_external_data=True, size_threshold=0)"
RUN = "session.run(None, feeds)"
SESSION = Runtime(
    ["import onnxruntime", "from onnx import numpy_helper, parser"],
    ['session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])'],
    RUN,
    "onnxruntime.__version__",
)
EVALUATOR = Runtime(
    ["import onnx", "from onnx import numpy_helper, parser, reference"],
    ["session = reference.ReferenceEvaluator(model)"],
    RUN,
    "onnx.__version__",
)
SESSIONS: Mapping[str, Runtime] = {
    "not optimised": replace(
        SESSION,
        opened=[
            "options = onnxruntime.SessionOptions()",
            "options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL",
            OPTIMISED[-2].replace("onnxruntime.Inf", "session = onnxruntime.Inf"),
        ],
    ),
    "IO binding": replace(
        SESSION,
        opened=[
            *SESSION.opened,
            "",
            "def run(feeds):",
            "    binding = session.io_binding()",
            "    for name, array in feeds.items():",
            "        binding.bind_cpu_input(name, array)",
            "    for output in session.get_outputs():",
            "        binding.bind_output(output.name)",
            "    session.run_with_iobinding(binding)",
            "    return binding.copy_outputs_to_cpu()",
        ],
        called="run(feeds)",
    ),
    "optimised file": replace(
        SESSION, opened=[line.format(".onnx") for line in OPTIMISED], standard=["tempfile"]
    ),
    "ORT format": replace(SESSION, opened=[line.format(".ort") for line in OPTIMISED], standard=["tempfile"]),
    "external data": replace(
        SESSION,
        imports=["import onnx", *SESSION.imports],
        opened=[IN_A_FILE.format(".onnx"), EXTERNAL, OPTIMISED[-1]],
        standard=["tempfile"],
    ),
}
EVALUATORS: Mapping[str, Runtime] = {
    "shapes checked": replace(
        EVALUATOR, opened=["session = reference.ReferenceEvaluator(model, check_shape_annotations=True)"]
    ),
    "model file": replace(
        EVALUATOR,
        opened=[
            IN_A_FILE.format(".onnx"),
            "onnx.save_model(model, path)",
            "session = reference.ReferenceEvaluator(onnx.load_model(path))",
        ],
        standard=["tempfile"],
    ),
    "external data": replace(
        EVALUATOR,
        opened=[
            IN_A_FILE.format(".onnx"),
            EXTERNAL,
            "session = reference.ReferenceEvaluator(onnx.load_model(path))",
        ],
        standard=["tempfile"],
    ),
}
