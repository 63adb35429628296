"""torch's part of a reproduction: plain code of each route. Nothing here imports torch."""

from __future__ import annotations

import numpy as np

from rnn_adapters.comparison import OF_THE_TYPE
from rnn_adapters.literals import literal, split
from rnn_adapters.reproduction import Code, Question, Spoken, stacked
from rnn_adapters.torch import CONVENTIONS
from rnn_adapters.torch import reproduction_onnx as onnx

SORTED, LISTED = "sorted lengths", "list of rows"
DEVICES = ("cuda", "mps")
PACKING = "pack_padded_sequence, pad_packed_sequence"
CELLS = ("cell", "vmap of a cell", "compiled cell", "quantised cell", "float16 cell")
WITHIN = {"no grad": "torch.no_grad()", "inference mode": "torch.inference_mode()"}
HOLDER = (
    "class Holder(torch.nn.Module):",
    "    def __init__(self, rnn):",
    "        super().__init__()",
    "        self.rnn = rnn",
    "",
    "    def forward(self, x: torch.Tensor, h0: torch.Tensor | None = None):",
    "        return self.rnn(x, h0)",
)
WRAPPED = {
    "state dict": (
        "file, other = io.BytesIO(), copy.deepcopy(rnn)",
        "torch.save(rnn.state_dict(), file)",
        "file.seek(0)",
        "for parameter in other.parameters():",
        "    torch.nn.init.zeros_(parameter)",
        "other.load_state_dict(torch.load(file, weights_only=True))",
        "rnn = other",
    ),
    "vmap of a cell": ("rnn = torch.vmap(rnn)",),
    "quantised cell": (
        "rnn = torch.ao.quantization.quantize_dynamic(torch.nn.ModuleList([rnn]), dtype=torch.qint8)[0]",
    ),
    "float16 cell": (
        "cells = torch.nn.ModuleList([rnn])",
        "rnn = torch.ao.quantization.quantize_dynamic(",
        "    cells, {torch.nn.RNNCell}, dtype=torch.float16",
        ")[0]",
    ),
    "compiled": ("rnn = torch.compile(rnn)",),
    "compiled cell": ('rnn = torch.compile(rnn, backend="aot_eager")',),
    "scripted": ("", *HOLDER, "", "rnn = torch.jit.script(Holder(rnn))"),
    "traced": ("", *HOLDER, ""),
    "exported": ("", *HOLDER, ""),
    "parametrized": (
        "",
        "class Negated(torch.nn.Module):",
        "    def forward(self, held):",
        "        return -held",
        "",
        "    right_inverse = forward",
        "",
        "for name in [name for name, _ in rnn.named_parameters()]:",
        "    torch.nn.utils.parametrize.register_parametrization(rnn, name, Negated())",
    ),
    **{device: (f'rnn = rnn.to("{device}")',) for device in DEVICES},
}
"""What a route does with the layer once it has its weights."""


def code(question: Question) -> Code | None:
    """Plain code of a call; none of dropout, which is random, and of what belongs to another framework."""
    if question.call.dropout is not None or question.quantity == "last" or question.before:
        return None
    if question.derivative is not None and (question.route in WITHIN or question.quantity != "gradient"):
        return None
    if question.derivative is not None and question.route == "parametrized":  # its weights have other names
        return None
    padded = question.call.lengths is not None
    packing = ["pack_sequence, unpack_sequence"] if question.route == LISTED else [PACKING]
    utilities = [f"from torch.nn.utils.rnn import {names}" for names in packing if padded]
    in_onnx = question.route in onnx.ROUTES
    others = onnx.imports(question.route) if in_onnx else []
    return Code(
        imports=["import numpy as np", *sorted(["import torch", *others]), *utilities],
        made=[*_made(question), *WRAPPED.get(question.route, ())],
        called=_called(question),
        got=_got(question),
        version="torch.__version__",
        typed=f"{_answer(question)}.dtype == torch.{{}}" if _widened(question) else OF_THE_TYPE,
        standard=["copy", "io"] if question.route == "state dict" else onnx.standard(question.route),
    )


def _typed(question: Question) -> str:
    """The argument for a type that is not torch's default."""
    name = str(question.network.dtype)
    return "" if name == "float32" else f", dtype=torch.{name}"


def _tensor(question: Question, array: str) -> str:
    """A tensor of an array; of bfloat16, which arrays do not have, it is made here."""
    return f"torch.tensor({array}{_typed(question) if question.network.dtype == 'bfloat16' else ''})"


def _made(question: Question) -> list[str]:
    """The layer with its weights."""
    network, bottom = question.network, question.network.layers[0]
    cell = question.route in CELLS
    options = [str(bottom.input_size), str(bottom.hidden_size)]
    options += [f"num_layers={network.num_layers}"] if network.num_layers > 1 else []
    options += ['nonlinearity="relu"'] if bottom.forward.activation.name == "relu" else []
    options += [] if bottom.forward.biases else ["bias=False"]
    options += ["bidirectional=True"] if bottom.directions == 2 else []
    options += ["batch_first=True"] if question.route == "batch first" else []
    options += [_typed(question).removeprefix(", ")] if _typed(question) else []
    weights, index = list[str](), 0
    for layer in network.layers:
        for of in layer.cells:
            for weight in CONVENTIONS.weights:
                other = question.weight("b_h" if weight.role == "b" else "b", index)
                given = question.weight(weight.role, index) or f"np.zeros_like({other})"
                if weight.role in ("W_x", "W_h") or of.biases:
                    weights.append(given)
            index += 1
    made = f"rnn = torch.nn.{'RNNCell' if cell else 'RNN'}({', '.join(options)})"
    if question.right is None:  # a call that must be refused is, whatever the weights are
        return [made]
    start, end = "rnn.load_state_dict(dict(zip(rnn.state_dict(), map(torch.tensor, [", "]))))"
    return [made, *split(start, weights, end)]


def _called(question: Question) -> list[str]:
    (spoken,) = question.spoken
    lines = _by_route(question, spoken)
    within = [WITHIN[question.route]] if question.route in WITHIN else []
    if question.call.compute_dtype is not None:
        device = question.route if question.route in DEVICES else "cpu"
        within.append(f'torch.autocast("{device}", dtype=torch.{question.call.compute_dtype})')
    if within:
        lines = [f"with {', '.join(within)}:", *(f"    {line}" for line in lines)]
    return [*lines, *_differentiated(question)]


def _by_route(question: Question, spoken: Spoken) -> list[str]:
    """Lines that give `sequence` and `h_n`."""
    route, states = question.route, [name for names in spoken.states or [] for name in names]
    first = route == "batch first"
    turned = "" if first or question.call.x.ndim < 2 else ".swapaxes(0, 1)"
    lines, h0 = list[str](), "h" if states else ""
    x, h = f"{spoken.x}{turned}", f"{stacked(states)}" if states else ""
    if route == SORTED and spoken.lengths:
        lines.append(f'order = np.argsort(-{spoken.lengths}, kind="stable")')
        x, h = f"{spoken.x}[order]{turned}", f"{h}[:, order]" if h else ""
    gradient = question.derivative is not None
    lines.append(f"x_t = {_tensor(question, x)}" + ".requires_grad_()" * gradient)
    lines += [f"h = {_tensor(question, h)}" + ".requires_grad_()" * gradient] if h else []
    if route == "vmap of a cell" and not h0:  # which takes no None
        lines += ["steps = []", "for t in range(len(x_t)):", "    steps.append(rnn(x_t[t], *steps[-1:]))"]
        return [*lines, "sequence, h_n = torch.stack(steps), steps[-1][None]"]
    if route in CELLS:
        if question.call.x.shape[1] == 1:
            return [*lines, f"h_n = rnn(x_t[0]{', h[0]' if h0 else ''})[None]", "sequence = h_n"]
        start = "h = h[0]" if h0 else ""
        step = f"h = rnn(x_t[t]{', h' if h0 else ''})"
        if not h0:
            lines.append("h = None")
            step = "h = rnn(x_t[t], h)"
        lines += [start] if start else []
        lines += ["steps = []", "for t in range(len(x_t)):", f"    {step}", "    steps.append(h)"]
        return [*lines, "sequence, h_n = torch.stack(steps), h[None]"]
    if route == "unbatched":
        row = "rnn(x_t[:, i]" + (", h[:, i])" if h0 else ")")
        lines.append(f"rows = [{row} for i in range(x_t.shape[1])]")
        return [*lines, "sequence, h_n = (torch.stack(parts, 1) for parts in zip(*rows))"]
    if route in onnx.ROUTES:
        lines += [f"lengths_t = torch.tensor({spoken.lengths})"] if spoken.lengths else []
        inputs = {"x": "x_t", "h0": h0, "lengths": "lengths_t" if spoken.lengths else ""}
        inputs = {name: of for name, of in inputs.items() if of}
        return [*lines, *onnx.called(question, inputs, _typed(question))]
    given = f", {h0}" if h0 else ""
    if route == "vmap":
        return [*lines, f"sequence, h_n = torch.vmap(rnn, in_dims=1, out_dims=1)(x_t{given})"]
    if route == "functional call":
        call = f"torch.func.functional_call(rnn, dict(rnn.named_parameters()), ({{x}}{given or ','}))"
    elif route == "exported":
        call = f"torch.export.export(Holder(rnn), ({{x}}{given or ','})).module()({{x}}{given})"
    elif route == "traced":
        call = f"torch.jit.trace(Holder(rnn), {_traced_with(question, bool(h0))})({{x}}{given})"
    elif route in DEVICES:
        sent = f', h.to("{route}")' if h0 else ""
        call = f'rnn({{x}}.to("{route}"){sent})'
    else:
        call = f"rnn({{x}}{given})"
    if not spoken.lengths:
        lines.append(f"sequence, h_n = {call.format(x='x_t')}")
        return [*lines, *_sent_back(route)]
    if route == LISTED:
        lines.append(f"rows = [x_t[:length, i] for i, length in enumerate({spoken.lengths})]")
        lines.append(f"output, h_n = {call.format(x='pack_sequence(rows, enforce_sorted=False)')}")
        lines.append("parts = [(row, len(x_t) - len(row)) for row in unpack_sequence(output)]")
        padded = "[torch.nn.functional.pad(row, (0, 0, 0, left)) for row, left in parts]"
        return [*lines, f"sequence = torch.stack({padded}, 1)"]
    lengths = f"{spoken.lengths}[order]" if route == SORTED else spoken.lengths
    options = ", batch_first=True" * first
    unsorted = "" if route == SORTED else ", enforce_sorted=False"
    lines.append(f"packed = pack_padded_sequence(x_t, torch.tensor({lengths}){options}{unsorted})")
    lines.append(f"output, h_n = {call.format(x='packed')}")
    time = question.call.x.shape[1]
    lines.append(f"sequence, _ = pad_packed_sequence(output{options}, total_length={time})")
    if route == SORTED:
        lines += ["back = np.argsort(order)", "sequence, h_n = sequence[:, back], h_n[:, back]"]
    return [*lines, *_sent_back(route)]


def _sent_back(route: str) -> list[str]:
    """Lines that bring the outputs of another device to the CPU."""
    return ["sequence, h_n = sequence.cpu(), h_n.cpu()"] if route in DEVICES else []


def _traced_with(question: Question, with_state: bool) -> str:
    """The input of two time steps and three rows that a call is traced with."""
    bottom, typed = question.network.layers[0], _typed(question)
    x = f"torch.zeros(2, 3, {bottom.input_size}{typed})"
    count = question.network.num_layers * bottom.directions
    return f"({x}, torch.zeros({count}, 3, {bottom.hidden_size}{typed}))" if with_state else f"({x},)"


SOURCES = {"W_x": "weight_ih_l", "W_h": "weight_hh_l", "b": "bias_ih_l", "b_h": "bias_hh_l"}


def _differentiated(question: Question) -> list[str]:
    """Lines that give the gradient `d`."""
    of = question.derivative
    if of is None:
        return []
    role, number = of.of
    source = {"x": "x_t", "state": "h"}.get(role, "")
    if not source:
        directions = question.directions[0]
        suffix = "_reverse" if number % directions else ""
        source = f'dict(rnn.named_parameters())["{SOURCES[role]}{number // directions}{suffix}"]'
        if question.route in CELLS:
            source = f"rnn.{SOURCES[role].removesuffix('_l')}"
    turned = of.d_sequence if question.route == "batch first" else of.d_sequence.swapaxes(0, 1)
    return [
        *literal("d_sequence", np.ascontiguousarray(turned)),
        *literal("d_h_n", np.concatenate(of.d_final_states)),
        f"cotangents = [{_tensor(question, 'd_sequence')}, {_tensor(question, 'd_h_n')}]",
        f"(d,) = torch.autograd.grad([sequence, h_n], [{source}], cotangents)",
    ]


def _widened(question: Question) -> bool:
    """Whether what is shown is widened first, for a type that NumPy may lack."""
    return question.network.dtype.itemsize < 4 or question.call.compute_dtype is not None


def _answer(question: Question) -> str:
    """The name of what is shown."""
    if question.derivative is not None:
        return "d"
    return "h_n" if question.quantity == "final states" else "sequence"


def _got(question: Question) -> str:
    """What is shown, in canonical axes."""
    narrow = ".float()" * _widened(question)
    first = question.route == "batch first"
    if question.derivative is not None:
        turned = ".transpose(0, 1)" * (question.derivative.of[0] == "x" and not first)
        if question.derivative.of[0] == "state":
            return f"d{_layer(question)}{narrow}.numpy()"
        return f"d{turned}{narrow}.numpy()"
    if question.quantity == "final states":
        return f"h_n{_layer(question)}.detach(){narrow}.numpy()"
    return f"sequence.detach(){'' if first else '.transpose(0, 1)'}{narrow}.numpy()"


def _layer(question: Question) -> str:
    """The slice of h_n that belongs to a layer; nothing where there is one."""
    if question.network.num_layers == 1:
        return ""
    number = question.derivative.of[1] if question.derivative else question.layer
    start, count = sum(question.directions[:number]), question.directions[number]
    return f"[{start}:{start + count}]"
