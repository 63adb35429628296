"""MXNet's part of a reproduction: plain code of each route. Nothing here imports mxnet."""

from __future__ import annotations

import numpy as np

from rnn_adapters.literals import WIDTH, literal, split, typed
from rnn_adapters.mxnet import CONVENTIONS
from rnn_adapters.native import native_arrays
from rnn_adapters.reproduction import WEIGHTS, Code, Question, stacked
from rnn_reference.network import Array, Cell, Layer, States

UNROLLED = ("unroll", "unroll lists", "unroll hybridized")
STEPPED = ("cell", "cell by grad", "cell hybridized")
NAMED = {"tanh": '"tanh"', "relu": '"relu"', "sigmoid": '"sigmoid"', "softsign": '"softsign"'}
NAMED |= {"softplus": '"softrelu"'}


def code(question: Question) -> Code | None:
    """Plain code of a call; none of dropout, which is random."""
    if question.call.dropout is not None:
        return None
    writer = _Writer(question)
    return Code(
        imports=["import mxnet as mx", "import numpy as np", "from mxnet.gluon import rnn"],
        made=writer.made(),
        called=[*writer.called(), *writer.differentiated()],
        got=writer.got(),
        version="mx.__version__",
        standard=["tempfile"] if question.route.endswith("file") else [],
    )


class _Writer:
    """Writes the parts of one script."""

    def __init__(self, question: Question) -> None:
        self.question = question
        (self.spoken,) = question.spoken
        self.network, self.call, self.route = question.network, question.call, question.route
        self.by_cells = self.route in UNROLLED or self.route in STEPPED
        self.by_steps = self.route == "unroll lists" or self.route in STEPPED
        self.dtype = str(self.network.dtype)
        self.typed = "" if self.dtype == "float32" else f', dtype="{self.dtype}"'

    # The block.

    def made(self) -> list[str]:
        """The block, with its weights."""
        weights = [
            self.question.weight(role, cell) or f"np.zeros_like({self._other(role, cell)})"
            for cell in range(len(self.network.cells))
            for role in WEIGHTS
        ]
        return [
            *(self._cells() if self.by_cells else self._layer()),
            "block.initialize()",
            *(self._given(weights) if self.question.right is not None or self.route.endswith("file") else []),
            *self._prepared(),
        ]

    def _given(self, weights: list[str]) -> list[str]:
        """Lines that give the block its weights; without them it has some, too."""
        return [
            "parameters = list(block.collect_params().values())",
            *split("weights = [", weights, "]"),
            "for parameter, array in zip(parameters, weights):",
            f"    parameter.set_data(mx.nd.array(array{self.typed}))",
        ]

    def _other(self, role: str, cell: int) -> str:
        """A name of the shape of a bias that a cell does not have."""
        other = self.question.weight("b_h" if role == "b" else "b", cell)
        return other or f"{self.question.weight('W_h', cell)}[0]"

    def _layer(self) -> list[str]:
        """Lines that make the `RNN`."""
        bottom = self.network.layers[0]
        return split(
            "block = rnn.RNN(",
            [
                str(bottom.hidden_size),
                *([f"num_layers={self.network.num_layers}"] if self.network.num_layers > 1 else []),
                f"activation={NAMED[bottom.forward.activation.name]}",
                *(['layout="NTC"'] if self.route == "NTC" else []),
                *(["bidirectional=True"] if bottom.directions == 2 else []),
                f"input_size={bottom.input_size}",
                *([f'dtype="{self.dtype}"'] if self.typed else []),
                *(["use_sequence_length=True"] if self.route == "sequence lengths" else []),
            ],
            ")",
        )

    def _cells(self) -> list[str]:
        """Lines that make the cells."""
        layers = [self._cell(layer) for layer in self.network.layers]
        if len(layers) == 1:
            made = [f"block = {layers[0]}"]
        else:
            kind = "HybridSequentialRNNCell" if self.route.endswith("hybridized") else "SequentialRNNCell"
            made = [f"block = rnn.{kind}()", *(f"block.add({layer})" for layer in layers)]
        return [*made, f'block.cast("{self.dtype}")'] if self.typed else made

    def _cell(self, layer: Layer) -> str:
        cells = [
            f"rnn.RNNCell({cell.hidden_size}, {NAMED[cell.activation.name]}, input_size={cell.input_size})"
            for cell in layer.cells
        ]
        return cells[0] if len(cells) == 1 else f"rnn.BidirectionalCell({', '.join(cells)})"

    def _prepared(self) -> list[str]:
        """What a route does with the block once it has its weights."""
        match self.route:
            case "hybridized" | "cell hybridized":
                return ["block.hybridize()"]
            case "hybridized static":
                return ["block.hybridize(static_alloc=True, static_shape=True)"]
            case "parameters file":
                return [
                    'path = tempfile.mkdtemp() + "/block.params"',
                    "block.save_parameters(path)",
                    *self._layer(),
                    "block.load_parameters(path)",
                    "parameters = list(block.collect_params().values())",
                ]
            case "symbol file":
                inputs = self.network.layers[0].input_size
                return [
                    "block.hybridize()",
                    f"block(mx.nd.zeros((1, 1, {inputs}){self.typed}), block.begin_state(1))",
                    'path = tempfile.mkdtemp() + "/block"',
                    "block.export(path)",
                    'files = f"{path}-symbol.json", ["data0", "data1"], f"{path}-0000.params"',
                    "imported = mx.gluon.SymbolBlock.imports(*files)",
                    "parameters = [imported.collect_params()[p.name] for p in parameters]",
                ]
            case "unroll hybridized":
                return [
                    "class Unrolled(mx.gluon.HybridBlock):",
                    "    def __init__(self):",
                    '        super().__init__(prefix="")',
                    "        self.cell = block",
                    "",
                    "    def hybrid_forward(self, F, data, states, valid_length=None):",
                    *split("        return self.cell.unroll(", self._unrolled(self.call.x.shape[1]), ")"),
                    "",
                    "unrolled = Unrolled()",
                    "unrolled.hybridize()",
                ]
        return []

    def _unrolled(self, steps: int) -> list[str]:
        """The arguments of `unroll`."""
        merged = "False" if self.route == "unroll lists" else "True"
        lengths = ["valid_length=valid_length"] if self.spoken.lengths or self._hybrid else []
        return [str(steps), "data", "states", 'layout="TNC"', f"merge_outputs={merged}", *lengths]

    @property
    def _hybrid(self) -> bool:
        return self.route == "unroll hybridized"

    # Calls.

    def called(self) -> list[str]:
        """Lines that give the sequence `ys` and final states `h_n`."""
        other = str(self.call.x.dtype) != self.dtype or self._foreign_states()
        axes = "" if self.route == "NTC" or self.call.x.ndim < 2 else ".swapaxes(0, 1)"
        whole = f"{self.spoken.x}{axes}"
        typed_x = f', dtype="{self.call.x.dtype}"' if other or self.typed else ""
        x = (
            f"[mx.nd.array(step{typed_x}) for step in {whole}]"
            if self.by_steps
            else f"mx.nd.array({whole}{typed_x})"
        )
        lines = [f"data = {x}", *self._states()]
        given = [line.partition(" = [") for line in lines]
        together = f"data, states = {x}, [{given[-1][2]}"
        if len(lines) == 2 and given[1][0] == "states" and given[1][2] and len(together) <= WIDTH - 20:
            lines = [together]
        if self.spoken.lengths:
            lines.append('valid_length = mx.nd.array(lengths, dtype="int32")')
        elif self.route == "sequence lengths":
            lines.append(
                f'valid_length = mx.nd.full({self.call.x.shape[0]}, {self.call.x.shape[1]}, dtype="int32")'
            )
        if self._of_data:
            lines.append("data.attach_grad()")
        elif self.question.derivative is not None:
            lines += [
                f"for each in ({'*data' if self.by_steps else 'data'}, *states):",
                "    each.attach_grad()",
            ]
        call = self._call()
        if self.question.derivative is not None or self.route == "recorded":
            train = "" if self.call.training else "train_mode=False"
            return [*lines, f"with mx.autograd.record({train}):", *(f"    {line}" for line in call)]
        if self.call.training:
            return [*lines, "with mx.autograd.train_mode():", *(f"    {line}" for line in call)]
        return [*lines, *call]

    def _foreign_states(self) -> bool:
        states = self.call.initial_states
        return states is not None and any(str(each.dtype) != self.dtype for each in states)

    def _call(self) -> list[str]:
        lengths = ", valid_length" if self.spoken.lengths or self.route == "sequence lengths" else ""
        if self.route in STEPPED:
            return [
                "ys, h_n = [], states",
                "for x_t in data:",
                "    y_t, h_n = block(x_t, h_n)",
                "    ys.append(y_t)",
                "h_n = [mx.nd.identity(state) for state in h_n]",
            ]
        if self.route == "unroll hybridized":
            return [f"ys, h_n = unrolled(data, states{lengths})"]
        if self.route in UNROLLED:
            return split("ys, h_n = block.unroll(", self._unrolled(self.call.x.shape[1]), ")")
        if self.route == "symbol file":
            return ["ys, *h_n = imported(data, *states)"]
        if self.route == "states left out" and not self.spoken.states:
            return ["ys = block(data)"]
        return [f"ys, h_n = block(data, states{lengths})"]

    def _states(self) -> list[str]:
        """Lines that give the initial `states`."""
        given, batch = self.spoken.states, self.call.x.shape[0]
        if given is None:
            if self.route in ("unroll", "unroll lists"):
                return ["states = None"]
            if self.route == "states left out":
                return []
            return [f"states = block.begin_state(batch_size={batch}{(self.by_cells and self.typed) or ''})"]
        names = [name for of_layer in given for name in of_layer]
        foreign = self._foreign_states()
        none = f'np.zeros((0, {batch}, {self.network.layers[0].hidden_size}), "{self.dtype}")'
        arrays = names if self.by_cells else [stacked(names) if names else none]
        dtype = self.spoken.arrays[names[0]].dtype if names else self.dtype
        typed_h = f', dtype="{dtype}"' if names and (foreign or self.typed) else ""
        made = [f"mx.nd.array({each}{typed_h})" for each in arrays]
        return split("states = [", made, "]")

    @property
    def _of_data(self) -> bool:
        """Whether what is asked for is the gradient of an input in one piece, by what a user calls first."""
        of = self.question.derivative
        plain = of is not None and of.of[0] == "x" and of.direction is None
        return plain and not self.by_steps and self.route not in ("grad", "cell by grad")

    def differentiated(self) -> list[str]:
        """Lines that give the gradients `d`, in the order of `sources`."""
        of = self.question.derivative
        if of is None:
            return []
        if self._of_data:
            given = self._like_given("cotangents", of.d_sequence, of.d_final_states)
            return [*given, "mx.autograd.backward([ys, *h_n], cotangents)"]
        lines = [
            "outputs, sources = [*ys, *h_n], [*data, *states, *(p.data() for p in parameters)]"
            if self.by_steps
            else "outputs, sources = [ys, *h_n], [data, *states, *(p.data() for p in parameters)]",
            *self._like_given("cotangents", of.d_sequence, of.d_final_states),
        ]
        if of.direction is not None:
            weights = [typed(array) for cell in of.direction.cells for array in self._native(Cell(*cell))]
            return [
                *lines,
                *self._like_given("rates", of.direction.x, of.direction.initial_states),
                *split("rates += [mx.nd.array(each, dtype=each.dtype) for each in (", weights, ")]"),
                "with mx.autograd.record():",
                "    first = mx.autograd.grad(outputs, sources, cotangents, create_graph=True)",
                "    inner = sum((each * rate).sum() for each, rate in zip(first, rates))",
                "inner.backward()",
                "d = [source.grad for source in sources]",
            ]
        if self.route in ("grad", "cell by grad"):
            return [*lines, "d = mx.autograd.grad(outputs, sources, cotangents)"]
        return [
            *lines,
            "mx.autograd.backward(outputs, cotangents)",
            "d = [source.grad for source in sources]",
        ]

    def _native(self, cell: Cell) -> list[Array]:
        arrays = native_arrays(CONVENTIONS.weights, [cell])
        zeros = np.zeros(cell.hidden_size, cell.dtype)
        return [arrays.get(weight.name, zeros) for weight in CONVENTIONS.weights]

    def _like_given(self, name: str, x: Array, states: States) -> list[str]:
        """Lines that give arrays shaped like the input and the states."""
        groups = [cell for layer in states for cell in layer] if self.by_cells else [np.concatenate(states)]
        names = [f"d_h_{index}" for index in range(len(groups))]
        lines = literal("d_x", x if self.route == "NTC" else x.swapaxes(0, 1))
        for each, group in zip(names, groups, strict=True):
            lines += literal(each, group)
        given = ", ".join(["*d_x" if self.by_steps else "d_x", *names])
        return [*lines, f"{name} = [mx.nd.array(each, dtype=each.dtype) for each in ({given})]"]

    # What is shown.

    def got(self) -> str:
        """The quantity in canonical axes."""
        of = self.question.derivative
        axes = "" if self.route == "NTC" or self.call.x.ndim < 2 else ".swapaxes(0, 1)"
        whole = "np.stack([each.asnumpy() for each in {}])" if self.by_steps else "{}.asnumpy()"
        if of is None and self.question.quantity == "sequence":
            return f"{whole.format('ys')}{axes}"
        if of is None:
            return self._state("h_n", self.question.layer)
        role, number = of.of
        steps = self.call.x.shape[1] if self.by_steps else 1
        if self._of_data:
            return f"data.grad.asnumpy(){axes}"
        if role == "x":
            return f"{whole.format(f'd[:{steps}]' if self.by_steps else 'd[0]')}{axes}"
        if role == "state":
            return self._state(f"d[{steps}:]", number)
        states = len(self.network.cells) if self.by_cells else 1
        return f"d[{steps + states + 4 * number + WEIGHTS.index(role)}].asnumpy()"

    def _state(self, name: str, layer: int) -> str:
        """The states of a layer, (directions, batch, hidden), from a list of states."""
        first = sum(self.question.directions[:layer])
        last = first + self.question.directions[layer]
        if self.by_cells:
            if last == first + 1 and name.isidentifier():
                return f"{name}[{first}].asnumpy()[None]"
            return f"np.stack([each.asnumpy() for each in {name}[{first}:{last}]])"
        return f"{name}[0].asnumpy()[{first}:{last}]"
