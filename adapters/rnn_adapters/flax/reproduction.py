"""Flax's part of a reproduction: plain code of each route, of nnx and of linen. Nothing here imports Flax."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from rnn_adapters.literals import WIDTH, split
from rnn_adapters.reproduction import Code, Question, numbered
from rnn_adapters.reproduction_functional import OfFunction, differentiable
from rnn_reference.activations import Activation
from rnn_reference.network import Cell

CALLABLES: Mapping[str, str] = {
    "linear": "lambda z: z",
    "softsign": "jax.nn.soft_sign",
    "elu": "lambda z: jax.nn.elu(z, {alpha})",
    "leaky_relu": "lambda z: jax.nn.leaky_relu(z, {alpha})",
    "hard_sigmoid": "lambda z: jax.numpy.clip({alpha} * z + {beta}, 0, 1)",
    "affine": "lambda z: {alpha} * z + {beta}",
    "scaled_tanh": "lambda z: {alpha} * jax.numpy.tanh({beta} * z)",
}
"""Those that `jax.nn` has by another name, or not."""
MERGES = {"sum": "a + b", "mul": "a * b", "ave": "(a + b) / 2"}
OPTIONS = {"time major": ["time_major=True"], "unrolled": ["unroll=3"]}
"""What `RNN` is given on a route."""
X64 = 'jax.config.update("jax_enable_x64", True)'
CELLS = ("cell", "scan of a cell")


def code_of(framework: str, question: Question) -> Code | None:
    """Plain code of a call; none of derivatives in narrow types, and of a loop over no steps."""
    writer = (_Nnx if framework == "flax-nnx" else _Linen)(question)
    if question.route == "cell" and not question.call.x.shape[1]:
        return None
    if question.derivative is not None:
        if not differentiable(question):
            return None
        written = OfFunction(question, "jax.grad")
        lines = [*writer.made(), *writer.called(), *writer.canonical()]
        called = written.lines(lines, writer.y, writer.finals())
        return Code(writer.imports(), [], called, written.got, "flax.__version__")
    called = [*writer.called(), *writer.canonical()]
    return Code(writer.imports(), writer.made(), called, writer.got(), "flax.__version__")


class _Writer(ABC):
    """Writes the parts of one script."""

    inputs: str  # the parts of a cell's weights
    states: str
    module: str

    def __init__(self, question: Question) -> None:
        self.question, self.network, self.call = question, question.network, question.call
        (self.spoken,) = question.spoken
        self.route = question.route
        self.time_major = self.route in ("time major", "scan of a cell")
        self.y = numbered("y", self.network.num_layers - 1, self.network.num_layers)

    # What the two interfaces say in different words.

    @abstractmethod
    def cell(self, cell: Cell) -> str:
        """An expression of a new cell."""

    @abstractmethod
    def holding(self, name: str, weights: str) -> list[str]:
        """Lines by which what is called by this name gets weights, which are written as a dictionary."""

    @abstractmethod
    def applied(self, name: str, arguments: Sequence[str]) -> str:
        """A call of a module, or of a cell, as it is written."""

    @abstractmethod
    def compiled(self, name: str, arguments: Sequence[str]) -> str:
        """The same, compiled."""

    @abstractmethod
    def by_rows(self, name: str, arguments: Mapping[str, str]) -> str:
        """The same of each row."""

    @abstractmethod
    def first_state(self, name: str, shape: str) -> str:
        """What a cell says that input of this shape starts from."""

    # Imports.

    def imports(self) -> list[str]:
        """The imports, and float64 where it is asked for."""
        found = ["import flax", "import jax", "import numpy as np", f"from flax import {self.module}"]
        if self.route == "bytes":
            found.append("from flax import serialization")
        return [*found, *self.more_imports(), *([X64] if self.network.dtype == "float64" else [])]

    def more_imports(self) -> list[str]:
        """Those that stand last."""
        return []

    # Layers.

    def made(self) -> list[str]:
        """The layers, with their weights."""
        lines, first = list[str](), 0
        for index, layer in enumerate(self.network.layers):
            name, cells = self._layer(index), [self.cell(cell) for cell in layer.cells]
            trees = [self._tree(first + place) for place in range(layer.directions)]
            first += layer.directions
            if self.route in CELLS:
                lines += [f"{name} = {cells[0]}", *self.holding(name, trees[0])]
            elif self.route == "flipped":
                for place, tree in enumerate(trees):
                    one = self._one(name, place, layer.directions)
                    lines += [f"{one} = {self._rnn(cells[place])}"]
                    lines += self.holding(one, f'{{"cell": {tree}}}')
            elif layer.directions == 2:
                both = [*map(self._rnn, cells), *self._of_both(index)]
                lines += split(f"{name} = {self.module_name}.Bidirectional(", both, ")")
                pairs = [f'"forward_rnn": {{"cell": {trees[0]}}}', f'"backward_rnn": {{"cell": {trees[1]}}}']
                lines += self.holding(name, f"{{{', '.join(pairs)}}}")
            else:
                lines.append(f"{name} = {self._rnn(cells[0], self._backwards())}")
                lines += self.holding(name, f'{{"cell": {trees[0]}}}')
        return lines

    @property
    def module_name(self) -> str:
        return self.module.rpartition(" ")[2]

    def _layer(self, index: int) -> str:
        return numbered("cell" if self.route in CELLS else "rnn", index, self.network.num_layers)

    def _one(self, name: str, place: int, directions: int) -> str:
        return name if directions == 1 else f"{name}_{('forward', 'backward')[place]}"

    def _rnn(self, cell: str, more: Sequence[str] = ()) -> str:
        return f"{self.module_name}.RNN({', '.join([cell, *OPTIONS.get(self.route, []), *more])})"

    def _backwards(self) -> list[str]:
        if not self.call.go_backwards:
            return []
        return ["reverse=True", *(["keep_order=True"] if self.route == "order kept" else [])]

    def _of_both(self, index: int) -> list[str]:
        """The options of `Bidirectional`, which merges as it is asked to."""
        merge = MERGES.get(self.call.merge_mode, "")
        options = [f"merge_fn=lambda a, b: {merge}"] if merge else []
        return [*options, *(["time_major=True"] if self.route == "time major" else [])]

    def _tree(self, index: int) -> str:
        """The weights of a cell."""
        of = self.question
        W_x, W_h = (self.typed(f"{of.weight(role, index)}.T") for role in ("W_x", "W_h"))
        bias = of.bias(index)
        bias = self.typed(f"({bias})" if "+" in bias else bias)
        return (
            f'{{"{self.inputs}": {{"kernel": {W_x}, "bias": {bias}}}, "{self.states}": {{"kernel": {W_h}}}}}'
        )

    def typed(self, array: str) -> str:
        """An array in the type of the network, which the script has in a wider one if it is bfloat16."""
        return f'{array}.astype("bfloat16")' if self.network.dtype == "bfloat16" else array

    def options(self, cell: Cell) -> list[str]:
        """The options of a cell that are not its defaults."""
        options, dtype = list[str](), str(self.network.dtype)
        if dtype != "float32":
            options += self.types_for(dtype)
        if self.call.compute_dtype is not None:
            options.append(f'dtype="{self.call.compute_dtype}"')
        phi = self._phi(cell.activation)
        return [*options, *([f"activation_fn={phi}"] if phi else [])]

    def types_for(self, dtype: str) -> list[str]:
        """The options by which a cell is of this type."""
        return [f'param_dtype="{dtype}"']

    def _phi(self, of: Activation) -> str:
        if of.name == "tanh":
            return ""
        parameters = {name: repr(value) for name, value in of.parameters.items()}
        return CALLABLES.get(of.name, f"jax.nn.{of.name}").format(**parameters)

    # Calls.

    def called(self) -> list[str]:
        """Lines that give the output and the carry of each layer."""
        x = self._turned(self.typed(self.spoken.x))
        lines, count = list[str](), self.network.num_layers
        for index, layer in enumerate(self.network.layers):
            names = (self.spoken.states or [[]] * count)[index]
            states = [self._state(name) for name in names]
            if self.route == "narrow types" and self.call.compute_dtype is not None and not states:
                narrow = f'np.zeros(({len(self.call.x)}, {{}})).astype("{self.call.compute_dtype}")'
                states = [narrow.format(cell.hidden_size) for cell in layer.cells]
            lines += self._one_layer(index, x, states)
            x = numbered("y", index, count)
        return lines

    def _state(self, name: str) -> str:
        narrow = self.call.compute_dtype if self.route == "narrow types" else None
        return f'{name}.astype("{narrow}")' if narrow else self.typed(name)

    def _turned(self, x: str) -> str:
        return f"{x}.swapaxes(0, 1)" if self.time_major and self.call.x.ndim > 1 else x

    def canonical(self) -> list[str]:
        """A line that turns the output of the top layer to (batch, time, features)."""
        return [f"{self.y} = {self.y}.swapaxes(0, 1)"] if self.time_major else []

    def _one_layer(self, index: int, x: str, states: list[str]) -> list[str]:
        layer, count = self.network.layers[index], self.network.num_layers
        name, y, carry = self._layer(index), numbered("y", index, count), numbered("carry", index, count)
        if self.route in CELLS:
            return self._by_steps(name, x, states, y, carry)
        if self.route == "flipped":
            return self._flipped(name, layer.directions, x, states, y, carry)
        given = {"": x}
        if states:
            given["initial_carry"] = states[0] if len(states) == 1 else f"({', '.join(states)})"
        if self.spoken.lengths:
            given["seq_lengths"] = self.spoken.lengths
        if self.route == "vmap":
            return [f"{carry}, {y} = {self.by_rows(name, given)}"]
        arguments = [f"{key}={value}" if key else value for key, value in given.items()]
        if self.route == "carry not asked for":
            return [f"{y} = {self.compiled(name, arguments)}"]
        arguments.append("return_carry=True")
        as_written = self.route == "eager" or self.question.derivative is not None
        call = (self.applied if as_written else self.compiled)(name, arguments)
        whole = f"{carry}, {y} = {call}"
        function, _, rest = call.partition(f'static_argnames="return_carry")({name}, ')
        if len(whole) <= WIDTH or not rest or as_written:
            return [whole]
        made = f'call = {function}static_argnames="return_carry")'
        return [made, f"{carry}, {y} = call({name}, {rest}"]

    def _by_steps(self, name: str, x: str, states: list[str], y: str, carry: str) -> list[str]:
        """A cell, step by step."""
        shape = f"({len(self.call.x)}, {self.network.input_size})"
        first = states[0] if states else self.first_state(name, shape)
        step = self.applied(name, ["h", "x_t"])
        if self.route == "scan of a cell":
            return [f"{carry}, {y} = jax.lax.scan(lambda h, x_t: {step}, {first}, {x})"]
        return [
            f"{carry}, outputs = {first}, []",
            f"for x_t in {x}.swapaxes(0, 1):",
            f"    {carry}, output = {self.applied(name, [carry, 'x_t'])}",
            "    outputs.append(output)",
            f"{y} = jax.numpy.stack(outputs, axis=1)",
        ]

    def _flipped(
        self, name: str, directions: int, x: str, states: list[str], y: str, carry: str
    ) -> list[str]:
        """Each direction by itself; the backward one of flipped input."""
        flip = f"flip_sequences({{}}, {self.spoken.lengths or None}, num_batch_dims=1, time_major=False)"
        lines, outputs, finals = list[str](), list[str](), list[str]()
        for place in range(directions):
            one = self._one(name, place, directions)
            backward = place == 1 if directions == 2 else self.call.go_backwards
            given = [flip.format(x) if backward else x]
            given += [f"initial_carry={states[place]}"] if states else []
            given += [f"seq_lengths={self.spoken.lengths}"] if self.spoken.lengths else []
            finals.append(f"{carry}_{place}" if directions == 2 else carry)
            outputs.append(f"{y}_{place}" if directions == 2 else y)
            call = self.compiled(one, [*given, "return_carry=True"])
            if self.question.derivative is not None:
                call = self.applied(one, [*given, "return_carry=True"])
            lines.append(f"{finals[-1]}, {outputs[-1]} = {call}")
            if backward:
                lines.append(f"{outputs[-1]} = {flip.format(outputs[-1])}")
        if directions == 1:
            return lines
        lines.append(f"{carry} = ({', '.join(finals)})")
        return [*lines, f"{y} = jax.numpy.concatenate([{', '.join(outputs)}], axis=-1)"]

    # What is shown.

    def finals(self) -> list[str]:
        """The final state of each cell."""
        found, count = list[str](), self.network.num_layers
        for index, layer in enumerate(self.network.layers):
            carry = numbered("carry", index, count)
            found += [carry] if layer.directions == 1 else [f"{carry}[0]", f"{carry}[1]"]
        return found

    def got(self) -> str:
        """The quantity in canonical axes."""
        if self.question.quantity != "final states":
            return f"np.array({self.y})"
        layer, directions = self.question.layer, self.question.directions
        carry = numbered("carry", layer, self.network.num_layers)
        return f"np.array({carry})[None]" if directions[layer] == 1 else f"np.stack({carry})"


class _Linen(_Writer):
    """Modules whose weights are beside them."""

    inputs, states, module = "i", "h", "linen as nn"

    def more_imports(self) -> list[str]:
        """`flip_sequences` is in a module below."""
        flipped = self.route == "flipped"
        return ["from flax.linen.recurrent import flip_sequences"] if flipped else []

    def cell(self, cell: Cell) -> str:
        make = "nn.remat(nn.SimpleCell)" if self.route == "remat" else "nn.SimpleCell"
        return f"{make}({', '.join([str(cell.hidden_size), *self.options(cell)])})"

    def holding(self, name: str, weights: str) -> list[str]:
        held = self._held(name)
        lines = [f"{held} = {weights}"]
        if self.route == "bytes":
            lines.append(f"zeros = jax.tree.map(np.zeros_like, {held})")
            lines.append(f"{held} = serialization.from_bytes(zeros, serialization.to_bytes({held}))")
        return lines

    def _held(self, name: str) -> str:
        """The name of the weights of a module."""
        return f"weights{name.removeprefix('rnn').removeprefix('cell')}"

    def applied(self, name: str, arguments: Sequence[str]) -> str:
        return f"{name}.apply({', '.join([self._variables(name), *arguments])})"

    def _variables(self, name: str) -> str:
        return f'{{"params": {self._held(name)}}}'

    def compiled(self, name: str, arguments: Sequence[str]) -> str:
        static = ', static_argnames="return_carry"' * ("return_carry=True" in arguments)
        return f"jax.jit({name}.apply{static})({', '.join([self._variables(name), *arguments])})"

    def by_rows(self, name: str, arguments: Mapping[str, str]) -> str:
        rows = [key or "x" for key in arguments]
        named = [f"{key}={key}" if key != "x" else key for key in rows] + ["return_carry=True"]
        function = f"lambda {', '.join(rows)}: {self.applied(name, named)}"
        return f"jax.vmap({function})({', '.join(arguments.values())})"

    def first_state(self, name: str, shape: str) -> str:
        return f"{name}.initialize_carry(jax.random.key(0), {shape})"


class _Nnx(_Writer):
    """Modules that hold their weights."""

    inputs, states, module = "dense_i", "dense_h", "nnx"

    def more_imports(self) -> list[str]:
        """What is in a module below."""
        names = ["flip_sequences"] if self.route == "flipped" else []
        narrow = self.network.dtype.itemsize < 4
        names += ["modified_orthogonal"] if self.route == "narrow types" and narrow else []
        lines = [f"from flax.nnx.nn.recurrent import {', '.join(names)}"] if names else []
        if self.route != "remat":
            return lines
        return [
            *lines,
            "",
            "class RematCell(nnx.SimpleCell):",
            "    __call__ = nnx.remat(nnx.SimpleCell.__call__)",
            "",
        ]

    def cell(self, cell: Cell) -> str:
        make = "RematCell" if self.route == "remat" else "nnx.SimpleCell"
        sizes = [str(cell.input_size), str(cell.hidden_size)]
        return f"{make}({', '.join([*sizes, *self.options(cell), 'rngs=nnx.Rngs(0)'])})"

    def types_for(self, dtype: str) -> list[str]:
        types = [f'dtype="{dtype}"', f'param_dtype="{dtype}"']
        helped = self.route == "narrow types" and self.network.dtype.itemsize < 4
        return [*types, "recurrent_kernel_init=modified_orthogonal"] if helped else types

    def holding(self, name: str, weights: str) -> list[str]:
        if self.route != "bytes":
            return [f"nnx.update({name}, {weights})"]
        return [
            f"weights = {weights}",
            "zeros = jax.tree.map(np.zeros_like, weights)",
            f"nnx.update({name}, serialization.from_bytes(zeros, serialization.to_bytes(weights)))",
        ]

    def applied(self, name: str, arguments: Sequence[str]) -> str:
        return f"{name}({', '.join(arguments)})"

    def compiled(self, name: str, arguments: Sequence[str]) -> str:
        kind = "Bidirectional" if self._is_bidirectional(name) else "RNN"
        if self.route == "split and merge":
            return self._merged(name, arguments)
        static = ', static_argnames="return_carry"' * ("return_carry=True" in arguments)
        return f"nnx.jit(nnx.{kind}.__call__{static})({', '.join([name, *arguments])})"

    def _is_bidirectional(self, name: str) -> bool:
        number = name.removeprefix("rnn").removeprefix("_")
        index = int(number) if number.isdigit() else 0
        return self.route != "flipped" and self.network.layers[index].directions == 2

    def _merged(self, name: str, arguments: Sequence[str]) -> str:
        """Of a module that `split` and `merge` made."""
        given = dict.fromkeys(arguments[:-1])
        rows = [key.partition("=")[0] if "=" in key else "x" for key in given]
        values = [key.partition("=")[2] if "=" in key else key for key in given]
        named = [f"{key}={key}" if key != "x" else key for key in rows] + [arguments[-1]]
        call = f"nnx.merge(nnx.graphdef({name}), state)({', '.join(named)})"
        function = f"lambda state, {', '.join(rows)}: {call}"
        return f"jax.jit({function})(nnx.state({name}), {', '.join(values)})"

    def by_rows(self, name: str, arguments: Mapping[str, str]) -> str:
        rows = [key or "x" for key in arguments]
        named = [f"{key}={key}" if key != "x" else key for key in rows] + ["return_carry=True"]
        function = f"lambda rnn, {', '.join(rows)}: rnn({', '.join(named)})"
        axes = ", ".join(["None", *("0" for _ in rows)])
        return f"nnx.vmap({function}, in_axes=({axes}))({', '.join([name, *arguments.values()])})"

    def first_state(self, name: str, shape: str) -> str:
        return f"{name}.initialize_carry({shape}, nnx.Rngs(0))"
