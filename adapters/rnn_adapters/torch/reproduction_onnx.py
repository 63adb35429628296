"""A call of what torch writes as ONNX, as the plain code of a script. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnn_adapters.reproduction import Question

TORCHSCRIPT = ("ONNX by TorchScript", "ONNX by TorchScript in OpenVINO")
ANY_TIME = ("ONNX, any time", *TORCHSCRIPT)
IN_OPENVINO = ("ONNX in OpenVINO", "ONNX by TorchScript in OpenVINO")
ROUTES = ("ONNX", *ANY_TIME, "ONNX in OpenVINO")

PACKED = (
    "packed = pack_padded_sequence(x, lengths, enforce_sorted=False)",
    "output, h_n = self.rnn(packed{})",
    "return pad_packed_sequence(output, total_length=x.shape[0])[0], h_n",
)


def imports(route: str) -> list[str]:
    """What is imported besides torch."""
    return ["import openvino"] if route in IN_OPENVINO else ["import onnxruntime"]


def standard(route: str) -> list[str]:
    """The modules of the standard library."""
    return ["io"] if route in TORCHSCRIPT else []


def holder(names: Sequence[str]) -> list[str]:
    """Lines of the module that is written, whose inputs have these names."""
    h0 = ", h0" if "h0" in names else ""
    body = [line.format(h0) for line in PACKED] if "lengths" in names else [f"return self.rnn(x{h0})"]
    return [
        "",
        "class Holder(torch.nn.Module):",
        "    def __init__(self, rnn):",
        "        super().__init__()",
        "        self.rnn = rnn",
        "",
        f"    def forward(self, {', '.join(names)}):",
        *(f"        {line}" for line in body),
        "",
    ]


def called(question: Question, given: Mapping[str, str], typed: str) -> list[str]:
    """Lines that write a model, and give `sequence` and `h_n` of it.

    Args:
        given: expressions for the inputs by name.
        typed: the argument for a type that is not torch's default.
    """
    route, network, names = question.route, question.network, [*given]
    time = 2 if route in ANY_TIME else question.call.x.shape[1]
    states = network.num_layers * network.layers[0].directions
    example = {
        "x": f"torch.zeros({time}, 3, {network.input_size}{typed})",
        "h0": f"torch.zeros({states}, 3, {network.layers[0].hidden_size}{typed})",
        "lengths": f"torch.full((3,), {time})",
    }
    axes = {name: {0 if name == "lengths" else 1: "batch"} for name in names}
    axes["x"] |= {0: "time"} if route in ANY_TIME else {}
    feeds = ", ".join(f'"{name}": {of}.numpy()' for name, of in given.items())
    lines = [
        *holder(names),
        f"example = ({', '.join(example[name] for name in names)},)",
        f'names = {{"input_names": {names!r}, "output_names": ["sequence", "h_n"]}}'.replace("'", '"'),
        *(_by_torchscript(axes) if route in TORCHSCRIPT else _by_dynamo(axes)),
        f"feeds = {{{feeds}}}",
    ]
    if route not in IN_OPENVINO:
        lines.append("session = onnxruntime.InferenceSession(model)")
        return [*lines, "sequence, h_n = [torch.from_numpy(each) for each in session.run(None, feeds)]"]
    return [
        *lines,
        "core = openvino.Core()",
        'compiled = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})',
        "found = compiled(feeds)",
        'sequence, h_n = torch.from_numpy(found["sequence"]), torch.from_numpy(found["h_n"])',
    ]


def _by_torchscript(axes: Mapping[str, Mapping[int, str]]) -> list[str]:
    every = {**axes, "sequence": axes["x"], "h_n": {1: "batch"}}
    return [
        f"axes = {every!r}".replace("'", '"'),
        "file = io.BytesIO()",
        "torch.onnx.export(Holder(rnn), example, file, dynamo=False, dynamic_axes=axes, **names)",
        "model = file.getvalue()",
    ]


def _by_dynamo(axes: Mapping[str, Mapping[int, str]]) -> list[str]:
    shapes = ", ".join(f"{{{', '.join(f'{axis}: auto' for axis in sorted(of))}}}" for of in axes.values())
    return [
        "auto = torch.export.Dim.AUTO",
        f"shapes = ({shapes},)",
        "program = torch.onnx.export(Holder(rnn), example, dynamo=True, dynamic_shapes=shapes, **names)",
        "model = program.model_proto.SerializeToString()",
    ]
