"""MLX's part of a reproduction: plain code of each route. Nothing here imports mlx."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rnn_adapters.comparison import OF_THE_TYPE
from rnn_adapters.literals import WIDTH, split
from rnn_adapters.reproduction import Code, Question, arrays_of_calls, numbered
from rnn_adapters.reproduction_functional import OfFunction, differentiable
from rnn_reference.activations import Activation
from rnn_reference.network import Cell

NAMED = ("relu", "sigmoid", "softsign", "softplus")
"""Functions of `nn` of the same name."""
FUNCTIONS: Mapping[str, str] = {
    "linear": "lambda z: z",
    "elu": "lambda z: nn.elu(z, {alpha})",
    "leaky_relu": "lambda z: nn.leaky_relu(z, {alpha})",
    "hard_sigmoid": "lambda z: mx.clip({alpha} * z + {beta}, 0, 1)",
    "affine": "lambda z: {alpha} * z + {beta}",
    "scaled_tanh": "lambda z: {alpha} * mx.tanh({beta} * z)",
}
"""What a user writes of the others."""
MODULES: Mapping[str, str] = {
    "tanh": "nn.Tanh()",
    "relu": "nn.ReLU()",
    "sigmoid": "nn.Sigmoid()",
    "linear": "nn.Identity()",
    "softsign": "nn.Softsign()",
    "softplus": "nn.Softplus()",
    "elu": "nn.ELU({alpha})",
    "leaky_relu": "nn.LeakyReLU({alpha})",
}
FORMS = {"safetensors file": "safetensors", "npz file": "npz"}
CALLED = {
    "vmap": "mx.vmap({})({})",
    "checkpoint": "nn.utils.checkpoint({})({})",
    "compiled": "mx.compile({})({})",
}
"""How a layer is called with arguments; others are called as they are."""
DIFFERENTIATED = ("", "activation modules", "checkpoint", *FORMS)
"""Routes whose derivatives are written by `mx.grad` of a call."""


def code(question: Question) -> Code | None:
    """Plain code of a call; none where a route has no call for it."""
    route, call = question.route, question.call
    if (route == "unbatched" and not len(call.x)) or (route == "cell" and not call.x.shape[1]):
        return None
    derived = question.derivative is not None
    if derived and not (differentiable(question) and route in DIFFERENTIATED):
        return None
    writer = _Writer(question)
    files = route in FORMS or route == "exported"
    return Code(
        imports=["import mlx.core as mx", "import numpy as np", "from mlx import nn"],
        made=writer.made(),
        called=writer.differentiated() if derived else writer.called(),
        got=writer.got(),
        version="mx.__version__",
        standard=["tempfile"] if files else [],
        typed=f"{writer.answer()}.dtype == mx.{{}}" if writer.widened else OF_THE_TYPE,
    )


class _Writer:
    """Writes the parts of one script."""

    def __init__(self, question: Question) -> None:
        self.question = question
        (self.spoken,) = question.spoken
        self.count = question.network.num_layers
        self.types = {name: str(array.dtype) for name, array in arrays_of_calls(question).items()}

    def made(self) -> list[str]:
        """The layers, with their weights."""
        lines = list[str]()
        for index, cell in enumerate(self.question.network.cells):
            name, new = self._layer(index), self._new(cell)
            lines.append(f"{name} = {new}")
            lines += self._given(index, self._tensor)
            if form := FORMS.get(self.question.route):
                lines += [
                    f'path = tempfile.mkdtemp() + "/{name}.{form}"',
                    f"{name}.save_weights(path)",
                    f"{name} = {new}",
                    f"{name}.load_weights(path)",
                ]
        return lines

    def called(self) -> list[str]:
        """Lines that give the sequence output of each layer."""
        states = [self._tensor(names[0]) for names in self.spoken.states or []]
        return self._layers(self._tensor(self.spoken.x), states)

    def differentiated(self) -> list[str]:
        """Lines that give `d`."""
        typed = ", mx.float64" * (str(self.question.network.dtype) == "float64")
        written = OfFunction(self.question, "mx.grad", f"mx.array({{}}{typed})")
        weights = [line for index in range(self.count) for line in self._given(index, str)]
        states = [names[0] for names in self.spoken.states or []]
        finals = [f"{self._output(index)}[:, -1]" for index in range(self.count)]
        lines = [*weights, *self._layers(self.spoken.x, states)]
        return written.lines(lines, self._output(self.count - 1), finals)

    def got(self) -> str:
        """The quantity in canonical axes."""
        if self.question.derivative is not None:
            return OfFunction(self.question, "mx.grad").got
        typed = ".astype(mx.float32)" * self.widened
        if self.question.quantity == "final states":
            return f"np.array({self.answer()}[:, -1]{typed})[None]"
        return f"np.array({self.answer()}{typed})"

    @property
    def widened(self) -> bool:
        """Whether the answer is of a type that NumPy lacks; derivatives of it are not asked."""
        return str(self.question.network.dtype) == "bfloat16"

    def answer(self) -> str:
        """The sequence output that is shown, or whose end is."""
        is_final = self.question.quantity == "final states"
        return self._output(self.question.layer if is_final else self.count - 1)

    def _layer(self, index: int) -> str:
        return numbered("rnn", index, self.count)

    def _output(self, index: int) -> str:
        return numbered("y", index, self.count)

    def _new(self, cell: Cell) -> str:
        """A new layer."""
        options = [str(cell.input_size), str(cell.hidden_size)]
        options += [] if cell.biases else ["bias=False"]
        phi = self._phi(cell.activation)
        return f"nn.RNN({', '.join([*options, *([f'nonlinearity={phi}'] if phi else [])])})"

    def _phi(self, of: Activation) -> str:
        """MLX's argument; "" where it is the default."""
        parameters = {name: repr(value) for name, value in of.parameters.items()}
        if self.question.route == "activation modules":
            return MODULES[of.name].format(**parameters)
        if of.name in NAMED:
            return f"nn.{of.name}"
        # A name that is unknown is handed on: what MLX says to it is part of what is shown.
        return "" if of.name == "tanh" else FUNCTIONS.get(of.name, f'"{of.name}"').format(**parameters)

    def _given(self, index: int, tensor: Callable[[str], str]) -> list[str]:
        """A line that gives a layer its weights."""
        of = self.question
        named = {"Wxh": of.weight("W_x", index), "Whh": of.weight("W_h", index), "bias": of.bias(index)}
        pairs = [f'"{name}": {tensor(array)}' for name, array in named.items() if array]
        lines = split(f"{self._layer(index)}.update({{", pairs, "})")
        typed, names = (
            tensor("w"),
            ", ".join(f'("{name}", {array})' for name, array in named.items() if array),
        )
        at_once = f"{self._layer(index)}.update({{name: {typed} for name, w in [{names}]}})"
        return lines if len(lines) == 1 or len(at_once) > WIDTH else [at_once]

    def _tensor(self, array: str) -> str:
        """An array of NumPy, or a sum of them, in MLX: without being told it takes float64 as float32."""
        dtype = self.types.get(array, str(self.question.network.dtype))
        return f"mx.array({array}, mx.{dtype})" if dtype in ("float64", "bfloat16") else f"mx.array({array})"

    def _layers(self, x: str, states: list[str]) -> list[str]:
        """One layer after the other, of these expressions."""
        lines = list[str]()
        for index in range(self.count):
            output = self._output(index)
            lines += self._one(self._layer(index), output, [x, *states[index : index + 1]])
            x = output
        return lines

    def _one(self, layer: str, output: str, given: list[str]) -> list[str]:
        """A call of one layer."""
        route, arguments = self.question.route, ", ".join(given)
        if route == "unbatched":
            rows = f"{layer}(*row) for row in zip({arguments})"
            return [f"{output} = mx.stack([{rows}])"]
        if route == "cell":
            first = [f"h = {given[1]}"] if len(given) == 2 else ["h = None"]
            steps = self.question.call.x.shape[1]
            return [
                f"steps = mx.split({given[0]}, {steps}, axis=1)",
                *first,
                "outputs = []",
                "for step in steps:",
                f"    outputs.append({layer}(step, h))",
                "    h = outputs[-1][:, 0]",
                f"{output} = mx.concatenate(outputs, axis=1)",
            ]
        if route == "exported":
            return [
                f'path = tempfile.mkdtemp() + "/{layer}.mlxfn"',
                f"mx.export_function(path, {layer}, {arguments})",
                f"({output},) = mx.import_function(path)({arguments})",
            ]
        return [f"{output} = {CALLED.get(route, '{}({})').format(layer, arguments)}"]
