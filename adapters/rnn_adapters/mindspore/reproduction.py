"""MindSpore's part of a reproduction: plain code of each route. Nothing here imports mindspore."""

from __future__ import annotations

import numpy as np

from rnn_adapters.literals import literal, split, typed
from rnn_adapters.reproduction import WEIGHTS, Code, Question, stacked
from rnn_reference.network import Array, States

NATIVE = {"W_x": "weight_ih", "W_h": "weight_hh", "b": "bias_ih", "b_h": "bias_hh"}
CELLS = ("cell", "jit cell", "vmap of a cell")
FILES = {"checkpoint": "rnn.ckpt", "safetensors": "rnn.safetensors", "MindIR": "rnn.mindir"}


def code(question: Question) -> Code | None:
    """Plain code of a call; none of dropout, which is random, and of what a route cannot express."""
    route, call, of = question.route, question.call, question.derivative
    if call.dropout is not None or (route in CELLS and not call.x.shape[1]):
        return None
    if route == "MindIR" and call.lengths is not None and call.initial_states is None:
        return None
    if of is not None and (route == "MindIR" or (of.direction is not None and route not in CELLS)):
        return None
    writer = _Writer(question)
    return Code(
        imports=["import mindspore as ms", "import numpy as np"],
        made=writer.made(),
        called=[*writer.called(), *writer.differentiated()],
        got=writer.got(),
        version="ms.__version__",
        standard=["tempfile"] if route in FILES else [],
    )


class _Writer:
    """Writes the parts of one script."""

    def __init__(self, question: Question) -> None:
        self.question = question
        (self.spoken,) = question.spoken
        self.network, self.call, self.route = question.network, question.call, question.route
        self.directions = question.directions[0]
        self.steps = self.route in CELLS
        self.batch_first = self.route == "batch first"

    # The layer.

    def made(self) -> list[str]:
        """The layer, with its weights."""
        lines = ["ms.set_context(mode=ms.GRAPH_MODE)"] if self.route == "graph mode" else []
        lines += [
            self._new("rnn"),
            *split("weights = {", self._weights(), "}"),
            "for name, array in weights.items():",
            "    rnn.parameters_dict()[name].set_data(ms.Tensor(array))",
            *self._reloaded(),
        ]
        if self.call.compute_dtype is not None:
            lines.append(f"rnn.to_float(ms.{self.call.compute_dtype})")
        if self.question.derivative is not None:
            lines.append("held = ms.ParameterTuple([rnn.parameters_dict()[name] for name in weights])")
        lines += ["rnn.set_train()"] if self.call.training else []
        if self.route.startswith("jit"):
            bytecode = ', capture_mode="bytecode"' if self.route == "jit of bytecode" else ""
            lines.append(f"rnn = ms.jit(rnn{bytecode})")
        lines += ["rnn = ms.vmap(rnn)"] if self.route == "vmap of a cell" else []
        if self.route == "vmap":
            axes = ", ".join(["1", *self._rest("1", "0")])
            lines.append(f"rnn = ms.vmap(rnn, in_axes=({axes},), out_axes=1)")
        return lines

    def _new(self, name: str) -> str:
        """A line that makes the layer, with MindSpore's own weights."""
        bottom = self.network.layers[0]
        options = [str(bottom.input_size), str(bottom.hidden_size)]
        options += [f"num_layers={self.network.num_layers}"] if self.network.num_layers > 1 else []
        activation = bottom.forward.activation.name
        options += [f'nonlinearity="{activation}"'] if activation != "tanh" else []
        options += [] if bottom.forward.biases else ["has_bias=False"]
        options += ["batch_first=True"] if self.batch_first else []
        options += ["bidirectional=True"] if self.directions == 2 else []
        dtype = str(self.network.dtype)
        options += [f"dtype=ms.{dtype}"] if dtype != "float32" else []
        return f"{name} = ms.nn.{'RNNCell' if self.steps else 'RNN'}({', '.join(options)})"

    def _weights(self) -> list[str]:
        """MindSpore's name of each weight, and what it is; there are two biases or none."""
        found = list[str]()
        for index, cell in enumerate(self.network.cells):
            layer, backward = divmod(index, self.directions)
            suffix = "" if self.steps else f"_l{layer}{'_reverse' * backward}"
            for role in WEIGHTS if cell.biases else WEIGHTS[:2]:
                other = self.question.bias(index)
                expression = self.question.weight(role, index) or f"np.zeros_like({other})"
                found.append(f'"{NATIVE[role]}{suffix}": {expression}')
        return found

    def _reloaded(self) -> list[str]:
        """What a route does with the layer once it has its weights."""
        if self.route == "state dict":
            return [self._new("other"), "other.load_state_dict(rnn.state_dict())", "rnn = other"]
        if self.route not in ("checkpoint", "safetensors"):
            return []
        form = ', format="safetensors"' if self.route == "safetensors" else ""
        return [
            f'path = tempfile.mkdtemp() + "/{FILES[self.route]}"',
            f"ms.save_checkpoint(rnn, path{form})",
            self._new("rnn"),
            f"ms.load_param_into_net(rnn, ms.load_checkpoint(path{form}))",
        ]

    # Calls.

    def called(self) -> list[str]:
        """Lines that give `y` and `h_n`, or the function of which they are."""
        lines = [f"data = ms.Tensor({self._turned(self.spoken.x)}.copy())", *self._states()]
        if self.spoken.lengths:
            lines.append(f"seq_length = ms.Tensor({self.spoken.lengths})")
        if self.route == "MindIR":
            given = ", ".join(self._arguments())
            return [
                *lines,
                f'path = tempfile.mkdtemp() + "/{FILES[self.route]}"',
                f'ms.export(rnn, {given}, file_name=path, file_format="MINDIR")',
                f"y, h_n = ms.nn.GraphCell(ms.load(path))({given})",
            ]
        if self.question.derivative is None and not self.steps:
            return [*lines, *self._results()]
        if self.question.derivative is not None and self.route == "graph mode":
            return lines
        lines += ["", "def outputs(data, h):", *self._body(), ""]
        return lines if self.question.derivative else [*lines, "y, h_n = outputs(data, h)"]

    def _body(self) -> list[str]:
        """Lines of the function of input and states."""
        if not self.steps:
            return [*(f"    {line}" for line in self._results()), "    return y, h_n"]
        step = "rnn(ms.ops.gather(data, ms.Tensor(t), 0), h)"
        if self.route == "vmap of a cell":
            step = "rnn(ms.ops.gather(data, ms.Tensor(t), 0).expand_dims(1), h.expand_dims(1)).squeeze(1)"
        return [
            "    h, y = h.squeeze(0), []",
            "    for t in range(len(data)):",
            f"        h = {step}",
            "        y.append(h)",
            "    return ms.ops.stack(y), ms.ops.stack([h])",
        ]

    def _results(self) -> list[str]:
        """Lines of a call of the layer."""
        if self.route == "vmap":
            rest = self._rest("h.expand_dims(2)", "seq_length.expand_dims(1)")
            call = f"rnn({', '.join(['data.expand_dims(2)', *rest])})"
            return [f"y, h_n = {call}", "y, h_n = y.squeeze(2), h_n.squeeze(2)"]
        arguments = ", ".join(["data", *self._rest("h", "seq_length")])
        called = f"ms.recompute(rnn, {arguments})" if self.route == "recompute" else f"rnn({arguments})"
        return [f"y, h_n = {called}"]

    def _rest(self, states: str, lengths: str) -> list[str]:
        """What a call has after the input, of states and lengths in these words."""
        given = [states] if self.spoken.states is not None else ["None"] if self.spoken.lengths else []
        return [*given, *([lengths] if self.spoken.lengths else [])]

    def _arguments(self) -> list[str]:
        """What a graph is called with."""
        states = ["h"] if self.spoken.states is not None else []
        return ["data", *states, *(["seq_length"] if self.spoken.lengths else [])]

    def _states(self) -> list[str]:
        """A line that gives the initial states `h`, where a call has any."""
        given = self.spoken.states
        if given is not None:
            names = [name for of_layer in given for name in of_layer]
            return [f"h = ms.Tensor({stacked(names)})"] if names else [self._no_states(0)]
        return [self._no_states(1)] if self.steps else []

    def _no_states(self, count: int) -> str:
        shape = count, self.call.x.shape[0], self.network.layers[0].hidden_size
        return f"h = ms.ops.zeros({shape}, ms.{self.call.x.dtype})"

    def _turned(self, array: str) -> str:
        return array if self.batch_first or self.call.x.ndim < 2 else f"{array}.swapaxes(0, 1)"

    def differentiated(self) -> list[str]:
        """Lines that give the gradients `d`."""
        of = self.question.derivative
        if of is None:
            return []
        computed_in = self.call.compute_dtype if self.route == "graph mode" else None
        of_type = "" if computed_in is None else f", ms.{computed_in}"
        lines = [
            *literal("d_y", self._own(of.d_sequence)),
            *literal("d_h", concatenated(of.d_final_states)),
            f"d_y, d_h = ms.Tensor(d_y{of_type}), ms.Tensor(d_h{of_type})",
        ]
        if self.route == "graph mode":
            given = ", ".join(self._arguments())
            return [
                *lines,
                f"of_given, of_held = ms.grad(rnn, (0, 1), held, sens_param=True)({given}, (d_y, d_h))",
                "d = [*of_given, *of_held]",
            ]
        if self.route == "grad":
            return [
                *lines,
                "gradients = ms.grad(outputs, (0, 1), held, sens_param=True)",
                "of_given, of_held = gradients(data, h, (d_y, d_h))",
                "d = [*of_given, *of_held]",
            ]
        if self.route == "vjp":
            return [
                *lines,
                "_, pulled_back = ms.vjp(outputs, data, h, weights=held)",
                "of_given, of_held = pulled_back(d_y, d_h)",
                "d = [*of_given, *of_held]",
            ]
        lines += [
            "",
            "def loss(data, h):",
            "    y, h_n = outputs(data, h)",
            "    return (y * d_y).sum() + (h_n * d_h).sum()",
            "",
        ]
        if of.direction is None:
            return [
                *lines,
                "_, (of_given, of_held) = ms.value_and_grad(loss, (0, 1), held)(data, h)",
                "d = [*of_given, *of_held]",
            ]
        arrays = [self._own(of.direction.x), concatenated(of.direction.initial_states)]
        for cell in of.direction.cells:
            rates = [array for array in cell if array is not None]
            biases = len(self.network.cells[0].biases) and 4
            arrays += rates + [np.zeros_like(rates[-1])] * max(biases - len(rates), 0)
        return [
            *lines,
            *split("rates = [", [f"ms.Tensor({typed(array)})" for array in arrays], "]"),
            "",
            "def inner(data, h):",
            "    of_given, of_held = ms.grad(loss, (0, 1), held)(data, h)",
            "    products = [(each * rate).sum() for each, rate in zip((*of_given, *of_held), rates)]",
            "    return ms.ops.stack(products).sum()",
            "",
            "of_given, of_held = ms.grad(inner, (0, 1), held)(data, h)",
            "d = [*of_given, *of_held]",
        ]

    def _own(self, sequence: Array) -> Array:
        return np.ascontiguousarray(sequence if self.batch_first else sequence.swapaxes(0, 1))

    # What is shown.

    def got(self) -> str:
        """The quantity in canonical axes."""
        of = self.question.derivative
        if of is None and self.question.quantity == "sequence":
            return self._turned("y.asnumpy()")
        if of is None:
            return f"h_n.asnumpy(){self._layer(self.question.layer)}"
        role, number = of.of
        if role == "x":
            return self._turned("d[0].asnumpy()")
        if role == "state":
            return f"d[1].asnumpy(){self._layer(number)}"
        each = 4 if self.network.cells[0].biases else 2
        return f"d[{2 + number * each + WEIGHTS.index(role)}].asnumpy()"

    def _layer(self, number: int) -> str:
        """The slice of all states that belongs to a layer."""
        if self.network.num_layers == 1:
            return ""
        return f"[{number * self.directions}:{(number + 1) * self.directions}]"


def concatenated(states: States) -> Array:
    """The states of all layers in one array."""
    return np.concatenate(states)
