"""OpenVINO's part of a reproduction: plain code of each route. Nothing here imports openvino."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnn_adapters.literals import split
from rnn_adapters.reproduction import Code, Question, numbered, stacked

IMPORTS = ("import numpy as np", "import openvino", "from openvino import opset14 as ops")
VERSION = "openvino.__version__"
HINT = '{"INFERENCE_PRECISION_HINT": "f32"}'
PLAIN = f'compiled = openvino.compile_model(model, "CPU", {HINT})'
FILE = 'path = tempfile.mkdtemp() + "/model.xml"'
OF_FILE = PLAIN.replace("(model", "(path")
COMPILED: Mapping[str, Sequence[str]] = {
    "precision left alone": ['compiled = openvino.compile_model(model, "CPU")'],
    "infer request": [PLAIN, "request = compiled.create_infer_request()"],
    "model file": [FILE, "openvino.save_model(model, path)", OF_FILE],
    "model file, not compressed": [
        FILE,
        "openvino.save_model(model, path, compress_to_fp16=False)",
        OF_FILE,
    ],
    "exported": [PLAIN, f'compiled = openvino.Core().import_model(compiled.export_model(), "CPU", {HINT})'],
}
"""What makes of a model what is called, where it is not compiled at once."""


def code(question: Question) -> Code | None:
    """Plain code of a call; none of what OpenVINO does not have."""
    call = question.call
    if question.derivative is not None or call.dropout is not None or call.mask is not None:
        return None
    if question.route.startswith("from ONNX"):
        return _from_onnx(question)
    if question.route == "cell":
        return _by_steps(question)
    return Code(
        imports=IMPORTS,
        made=[*_model(question), *_compiled(question)],
        called=_called(question),
        got=_got(question),
        version=VERSION,
        standard=["tempfile"] if question.route.startswith("model file") else [],
    )


def _compiled(question: Question) -> Sequence[str]:
    """Lines that give `compiled`; where a call must be refused it does not matter how precise it is."""
    if question.right is None and question.route not in COMPILED:
        return COMPILED["precision left alone"]
    return COMPILED.get(question.route, [PLAIN])


def _by_steps(question: Question) -> Code | None:
    """A model of cells, called for each step."""
    network, call, dtype = question.network, question.call, f"np.{question.network.dtype}"
    if not call.x.shape[1]:
        return None  # no step, no call
    (spoken,) = question.spoken
    lines, states, steps, y = list[str](), list[str](), list[str](), "x_in"
    lines.append(f"x_in = ops.parameter([-1, {network.input_size}], {dtype})")
    for index, layer in enumerate(network.layers):
        H, bias = layer.hidden_size, question.bias(index)
        states.append(numbered("h_in", index, network.num_layers))
        steps.append(numbered("step", index, network.num_layers))
        weights = [question.weight(role, index) for role in ("W_x", "W_h")]
        phi = f'["{layer.forward.activation.name}"]'
        arguments = [y, states[-1], *weights, bias or f"np.zeros({H}, {dtype})", str(H), phi, "[]", "[]"]
        lines.append(f"{states[-1]} = ops.parameter([-1, {H}], {dtype})")
        lines += split(f"{steps[-1]} = ops.rnn_cell(", arguments, ")")
        y = f"{steps[-1]}.output(0)"
    outputs = ", ".join(f"{step}.output(0)" for step in steps)
    lines.append(f"model = openvino.Model([{outputs}], [x_in, {', '.join(states)}])")
    rows = [f"np.zeros(({len(call.x)}, {layer.hidden_size}), {dtype})" for layer in network.layers]
    first = rows if spoken.states is None else [names[0] for names in spoken.states]
    got = "np.stack(outputs, axis=1)" if question.quantity == "sequence" else "h[-1]"
    return Code(
        imports=IMPORTS,
        made=[*lines, PLAIN],
        called=[
            *split("h, outputs = [", first, "], []"),
            f"for t in range({call.x.shape[1]}):",
            f"    h = [each.copy() for each in compiled([{spoken.x}[:, t], *h]).values()]",
            "    outputs.append(h[-1])",
        ],
        got=f"h[{question.layer}][None]" if question.quantity == "final states" else got,
        version=VERSION,
    )


def _from_onnx(question: Question) -> Code | None:
    """An ONNX model, converted and compiled."""
    from rnn_adapters.onnx.graph import Style
    from rnn_adapters.onnx.reproduction import Runtime
    from rnn_adapters.onnx.reproduction import code as onnx_code

    runtime = Runtime(
        imports=["import openvino", "from onnx import numpy_helper, parser"],
        opened=["model = openvino.Core().read_model(model.SerializeToString())", PLAIN],
        called="list(compiled(feeds).values())",
        version=VERSION,
    )
    return onnx_code(question, runtime, Style(fixed_shapes=question.route != "from ONNX"))


def _model(question: Question) -> list[str]:
    """Lines that give `model`."""
    network, call, dtype = question.network, question.call, f"np.{question.network.dtype}"
    static = question.route == "static shapes"
    batch, time = call.x.shape[:2] if static else (-1, -1)
    x_in, lengths_in = f"[{batch}, {time}, {network.input_size}], {dtype}", f"[{batch}], np.int32"
    lines = [f"x_in, lengths_in = ops.parameter({x_in}), ops.parameter({lengths_in})"]
    y, cell, states, nodes = "x_in", 0, list[str](), list[str]()
    for index, layer in enumerate(network.layers):
        D, H = layer.directions, layer.hidden_size
        if index:
            turned = f"ops.transpose({nodes[-1]}.output(0), np.array([0, 2, 1, 3]))"
            shape = f"np.array([0, 0, {layer.input_size}])"
            lines.append(f"y = ops.reshape({turned}, {shape}, special_zero=True)")
            y = "y"
        states.append(numbered("h_in", index, network.num_layers))
        nodes.append(numbered("rnn", index, network.num_layers))
        numbers = range(cell, cell + D)
        weights = [stacked([question.weight(role, i) for i in numbers]) for role in ("W_x", "W_h")]
        biases = [question.bias(i) for i in numbers]
        weights.append(stacked_sums(biases) if all(biases) else f"np.zeros(({D}, {H}), {dtype})")
        direction = "bidirectional" if D == 2 else "reverse" if call.go_backwards else "forward"
        phi = layer.forward.activation.name
        arguments = [y, states[-1], "lengths_in", *weights, str(H), f'"{direction}"', f'["{phi}"]']
        lines.append(f"{states[-1]} = ops.parameter([{batch}, {D}, {H}], {dtype})")
        lines += split(f"{nodes[-1]} = ops.rnn_sequence(", arguments, ")")
        cell += D
    outputs = [f"{nodes[-1]}.output(0)"] if call.return_sequences else []
    outputs += [f"{node}.output(1)" for node in nodes]
    whole = "rnn.outputs()" if len(outputs) == 2 and len(nodes) == 1 else f"[{', '.join(outputs)}]"
    return [*lines, f"model = openvino.Model({whole}, [{', '.join(['x_in', 'lengths_in', *states])}])"]


def stacked_sums(names: Sequence[str]) -> str:
    """An expression for arrays, or sums of arrays, along a new first axis."""
    if len(names) == 1:
        return f"{names[0]}[None]" if names[0].isidentifier() else f"({names[0]})[None]"
    return stacked(names)


def _called(question: Question) -> list[str]:
    (spoken,) = question.spoken
    call, dtype = question.call, f"np.{question.call.x.dtype}"
    rows = call.x.shape[0]
    lengths = f"np.int32({spoken.lengths})" if spoken.lengths else f"np.int32({[call.x.shape[1]] * rows})"
    if spoken.states is None:
        shapes = [(rows, layer.directions, layer.hidden_size) for layer in question.network.layers]
        states = [f"np.zeros({shape}, {dtype})" for shape in shapes]
    else:
        states = [
            f"{names[0]}[:, None]" if len(names) == 1 else f"np.stack([{', '.join(names)}], axis=1)"
            for names in spoken.states
        ]
    what = "request.infer({})" if question.route == "infer request" else "compiled({})"
    inputs = f"[{', '.join([spoken.x, lengths, *states])}]"
    return [f"outputs = list({what.format(inputs)}.values())"]


def _got(question: Question) -> str:
    """The quantity in canonical axes."""
    top, (batch, time) = question.network.layers[-1], question.call.x.shape[:2]
    if question.quantity == "sequence":
        if top.directions == 1:
            return "outputs[0][:, 0]"
        return f"outputs[0].swapaxes(1, 2).reshape({batch}, {time}, {top.output_size})"
    first = int(question.call.return_sequences)
    if question.quantity == "final states":
        return f"outputs[{first + question.layer}].swapaxes(0, 1)"
    return f"outputs[-1].reshape({batch}, {top.output_size})"
