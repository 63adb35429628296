"""Paddle's part of a reproduction: plain code of each route. Nothing here imports paddle."""

from __future__ import annotations

import numpy as np

from rnn_adapters.literals import literal, split, typed
from rnn_adapters.reproduction import WEIGHTS, Code, Question, stacked
from rnn_reference.network import Array, Cell

LOOPS = ("RNN", "BiRNN", "to_static RNN")
"""Routes by Paddle's own loop around cells."""
STATIC = ("to_static", "to_static RNN")
NOT_DIFFERENTIATED = ("no grad", "jit.save")


def code(question: Question) -> Code | None:
    """Plain code of a call; none of dropout, which is random, and of a loop over no steps."""
    route, call = question.route, question.call
    if call.dropout is not None or (route == "cell" and not call.x.shape[1]):
        return None
    if question.derivative is not None and route in NOT_DIFFERENTIATED:
        return None
    writer = _Writer(question)
    standard = {"state dict": ["io"], "jit.save": ["tempfile"]}
    return Code(
        imports=["import numpy as np", "import paddle"],
        made=writer.made(),
        called=[*writer.called(), *writer.differentiated()],
        got=writer.got(),
        version="paddle.__version__",
        standard=standard.get(route, []),
    )


class _Writer:
    """Writes the parts of one script."""

    def __init__(self, question: Question) -> None:
        self.question = question
        (self.spoken,) = question.spoken
        self.network, self.call, self.route = question.network, question.call, question.route
        self.directions = question.directions[0]
        self.of_cells = self.route in LOOPS or self.route == "cell"
        self.time_major = self.route == "time major"

    # The layer.

    def made(self) -> list[str]:
        """The layer, with its weights."""
        typed = str(self.network.dtype) != "float32"
        lines = [f'paddle.set_default_dtype("{self.network.dtype}")'] if typed else []
        given = [
            "for parameter, array in zip(rnn.parameters(), weights):",
            "    parameter.set_value(array)",
        ]
        lines.append(self._new())
        if self.question.right is not None:  # a call that must be refused is, whatever the weights are
            lines += [*split("weights = [", self._weights(), "]"), *given]
        if self.route != "state dict":
            return [*lines, *self._wrapped()]
        return [
            *lines,
            "file = io.BytesIO()",
            "paddle.save(rnn.state_dict(), file)",
            "file.seek(0)",
            self._new(),
            "rnn.set_state_dict(paddle.load(file))",
        ]

    def _new(self) -> str:
        """A line that makes the layer, with Paddle's own weights."""
        if self.of_cells:
            cells = [
                f"paddle.nn.SimpleRNNCell({', '.join([str(cell.input_size), *self._options(cell)])})"
                for cell in self.network.cells
            ]
            if self.route == "cell":
                return f"rnn = {cells[0]}"
            kind = "BiRNN" if len(cells) == 2 else "RNN"
            backwards = ["is_reverse=True"] if self.call.go_backwards else []
            return f"rnn = paddle.nn.{kind}({', '.join([*cells, *backwards])})"
        bottom = self.network.layers[0]
        options = [str(bottom.input_size), *self._options(bottom.forward)]
        options += [f"num_layers={self.network.num_layers}"] if self.network.num_layers > 1 else []
        options += ['direction="bidirect"'] if self.directions == 2 else []
        options += ["time_major=True"] if self.time_major else []
        return f"rnn = paddle.nn.SimpleRNN({', '.join(options)})"

    def _options(self, cell: Cell) -> list[str]:
        """The size of a cell, and what is not Paddle's default."""
        options = [str(cell.hidden_size)]
        options += [f'activation="{cell.activation}"'] if cell.activation.name != "tanh" else []
        return [*options, *([] if cell.biases else ["bias_ih_attr=False", "bias_hh_attr=False"])]

    def _weights(self) -> list[str]:
        """An expression for each parameter; cells by themselves have two biases even where they have none."""
        found = list[str]()
        for index, cell in enumerate(self.network.cells):
            W_x, W_h, b, b_h = (self.question.weight(role, index) for role in WEIGHTS)
            found += [W_x, W_h]
            if cell.biases or self.of_cells:
                zeros = f"0 * {b or b_h}" if b or b_h else f"np.zeros_like({W_h}[0])"
                found += [b or zeros, b_h or zeros]
        return found

    def _wrapped(self) -> list[str]:
        """What a route does with the layer once it has its weights."""
        if self.route == "eval":
            return ["rnn.eval()", *["rnn.train()"] * self.call.training]
        if self.route == "no grad" and not self.call.training:
            return ["rnn.eval()"]
        if self.route in STATIC:
            return ["rnn = paddle.jit.to_static(rnn, full_graph=True)"]
        if self.route != "jit.save":
            return []
        dtype, last = self.network.dtype, self.network.layers[0]
        spec = "paddle.static.InputSpec({}, {!r})".format
        count = len(self.network.cells)
        specs = [spec(f"[None, None, {last.input_size}]", str(dtype))]
        specs.append(
            spec(f"[{count}, None, {last.hidden_size}]", str(dtype)) if self.spoken.states else "None"
        )
        specs.append(spec("[None]", "int64") if self.spoken.lengths else "None")
        return [
            'path = tempfile.mkdtemp() + "/rnn"',
            *split("paddle.jit.save(rnn, path, [", specs, "])"),
            "rnn = paddle.jit.load(path)",
        ]

    # Calls.

    def called(self) -> list[str]:
        """Lines that give `y` and `h_n`."""
        followed = self.question.derivative is not None
        lines = [f"x_t = paddle.to_tensor({self._turned(self.spoken.x)}{', stop_gradient=False' * followed})"]
        states = self._states(followed)
        lines += states
        if self.route == "cell":
            return [
                *lines,
                f"state, outputs = {'h' if states else 'None'}, []",
                f"for t in range({self.call.x.shape[1]}):",
                "    output, state = rnn(x_t[:, t], state)",
                "    outputs.append(output)",
                "y, h_n = paddle.stack(outputs, axis=1), state",
            ]
        arguments = ["x_t", *(["h"] if states else [])]
        if self.spoken.lengths:
            named = "" if states or self.route == "jit.save" else "sequence_length="
            arguments.append(f"{named}paddle.to_tensor({self.spoken.lengths})")
        call = f"y, h_n = rnn({', '.join(arguments)})"
        return (
            [*lines, "with paddle.no_grad():", f"    {call}"] if self.route == "no grad" else [*lines, call]
        )

    def _states(self, followed: bool) -> list[str]:
        """A line that gives the initial states `h`."""
        typed = ", stop_gradient=False" * followed
        given = self.spoken.states
        if given is None:
            return []
        names = [name for of_layer in given for name in of_layer]
        if not self.of_cells or len(names) != len(self.network.cells):
            return [f"h = paddle.to_tensor({stacked(names)}{typed})"]
        tensors = [f"paddle.to_tensor({name}{typed})" for name in names]
        return split("h = (", tensors, ")") if len(names) == 2 else [f"h = {tensors[0]}"]

    def _turned(self, array: str) -> str:
        return f"{array}.swapaxes(0, 1)" if self.time_major and self.call.x.ndim > 1 else array

    def differentiated(self) -> list[str]:
        """Lines that give the gradient `d`."""
        of = self.question.derivative
        if of is None:
            return []
        d_sequence = of.d_sequence.swapaxes(0, 1) if self.time_major else of.d_sequence
        lines = [
            *literal("d_y", np.ascontiguousarray(d_sequence)),
            *literal("d_h", self._like_states(np.concatenate(of.d_final_states))),
        ]
        two = self.of_cells and self.directions == 2
        lines += [
            f"outputs = [y, {'*h_n' if two else 'h_n'}]",
            f"sources = [x_t, {'*h' if two else 'h'}, *{self._trained()}]",
            f"cotangents = [paddle.to_tensor(d) for d in (d_y, {'*d_h' if two else 'd_h'})]",
        ]
        if of.direction is None:
            return [*lines, "d = paddle.grad(outputs, sources, cotangents)"]
        states = [self._like_states(np.concatenate(of.direction.initial_states))]
        arrays = [of.direction.x, *(states[0] if two else states)]
        arrays += [array for rates in of.direction.cells for array in rates if array is not None]
        return [
            *lines,
            *split("rates = [", [f"paddle.to_tensor({typed(array)})" for array in arrays], "]"),
            "first = paddle.grad(outputs, sources, cotangents, create_graph=True)",
            "d = paddle.grad(first, sources, rates, allow_unused=True)",
        ]

    def _trained(self) -> str:
        """The parameters that gradients are of."""
        if all(cell.biases for cell in self.network.cells):
            return "rnn.parameters()"
        return "(p for p in rnn.parameters() if not p.stop_gradient)"

    def _place(self) -> int:
        """The place of what a gradient is of among the sources."""
        assert self.question.derivative is not None
        (role, number), states = self.question.derivative.of, 1 + (self.of_cells and self.directions == 2)
        if role in ("x", "state"):
            return int(role == "state")
        each = 4 if self.network.cells[0].biases else 2
        return 1 + states + number * each + WEIGHTS.index(role)

    def _like_states(self, states: Array) -> Array:
        """(directions, batch, hidden) as one cell in a loop has it."""
        return states[0] if self.of_cells and self.directions == 1 else states

    # What is shown.

    def got(self) -> str:
        """The quantity in canonical axes."""
        of = self.question.derivative
        if of is not None:
            d = f"d[{self._place()}].numpy()"
            if of.of[0] != "state":
                return self._turned(d) if of.of[0] == "x" else d
            if self.of_cells:
                return "np.stack([d[1].numpy(), d[2].numpy()])" if self.directions == 2 else f"{d}[None]"
            return f"{d}{self._layer(of.of[1])}"
        if self.question.quantity == "sequence":
            return self._turned("y.numpy()")
        if not self.of_cells:
            return f"h_n.numpy(){self._layer(self.question.layer)}"
        return "np.stack([h.numpy() for h in h_n])" if self.directions == 2 else "h_n.numpy()[None]"

    def _layer(self, number: int) -> str:
        """The slice of all states that belongs to a layer."""
        if self.network.num_layers == 1:
            return ""
        return f"[{number * self.directions}:{(number + 1) * self.directions}]"
