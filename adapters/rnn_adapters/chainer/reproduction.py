"""Chainer's part of a reproduction: plain code of each route. Nothing here imports chainer."""

from __future__ import annotations

import numpy as np

from rnn_adapters.chainer import CONVENTIONS
from rnn_adapters.literals import literal, split, typed
from rnn_adapters.native import native_arrays
from rnn_adapters.reproduction import WEIGHTS, Code, Question, stacked
from rnn_reference.network import Array, Cell, Layer, States

LINKS = {("tanh", 1): "NStepRNNTanh", ("relu", 1): "NStepRNNReLU"}
LINKS |= {("tanh", 2): "NStepBiRNNTanh", ("relu", 2): "NStepBiRNNReLU"}
SAVED = {"npz": "npz", "hdf5": "h5"}
"""Routes through a file, and its suffix."""


def code(question: Question) -> Code | None:
    """Plain code of a call; none of dropout, which is random, and of what is not followed backwards."""
    call, followed = question.call, question.derivative is not None
    if call.dropout is not None or (followed and question.route == "no backprop mode"):
        return None
    kinds = [(layer.forward.activation.name, layer.directions) for layer in question.network.layers]
    if not set(kinds) <= LINKS.keys():
        return None
    writer = _Writer(question)
    return Code(
        imports=[
            "import chainer",
            "import numpy as np",
            "from chainer import functions as F",
            "from chainer import links as L",
        ],
        made=writer.made(),
        called=[*writer.called(), *writer.differentiated()],
        got=writer.got(),
        version="chainer.__version__",
        standard=["tempfile"] if question.route in SAVED else [],
    )


class _Writer:
    """Writes the parts of one script."""

    def __init__(self, question: Question) -> None:
        self.question = question
        (self.spoken,) = question.spoken
        self.network, self.call, self.route = question.network, question.call, question.route
        self.several = self.route == "link for each layer"

    # The links.

    def made(self) -> list[str]:
        """The links, with their weights."""
        dtype = str(self.network.dtype)
        weights = [
            self.question.weight(role, cell) or f"np.zeros_like({self._other(role, cell)})"
            for cell in range(len(self.network.cells))
            for role in WEIGHTS
        ]
        asked = (
            self.question.right is not None or self.route in SAVED
        )  # else it does not matter which they are
        given = [
            *split("weights = [", weights, "]"),
            "for parameter, array in zip(parameters, weights):",
            "    parameter.array[...] = array",
        ]
        return [
            *([f'chainer.global_config.dtype = np.dtype("{dtype}")'] if dtype != "float32" else []),
            *(self._new() if asked else self._new()[:-1]),
            *(given if asked else []),
            *self._reloaded(),
        ]

    def _other(self, role: str, cell: int) -> str:
        """A name of the shape of a bias that a cell does not have."""
        other = self.question.weight("b_h" if role == "b" else "b", cell)
        return other or f"{self.question.weight('W_h', cell)}[0]"

    def _new(self) -> list[str]:
        """Lines that make the links, with Chainer's own weights."""
        layers = self.network.layers
        if self.several:
            made = split("links = [", [self._link(layer, 1) for layer in layers], "]")
            cells = "for link in links for cell in link"
        else:
            made, cells = [f"rnn = {self._link(layers[0], len(layers))}"], "for cell in rnn"
        return [*made, f"parameters = [p {cells} for p in (cell.w0, cell.w1, cell.b0, cell.b1)]"]

    def _link(self, layer: Layer, count: int) -> str:
        kind = LINKS[layer.forward.activation.name, layer.directions]
        return f"L.{kind}({count}, {layer.input_size}, {layer.hidden_size}, 0.0)"

    def _reloaded(self) -> list[str]:
        """What a route does with the link once it has its weights."""
        made, parameters = self._new()[0], self._new()[-1]
        if self.route == "copy":
            return ['rnn = rnn.copy("copy")', parameters]
        if self.route not in SAVED:
            return []
        return [
            f'path = tempfile.mkdtemp() + "/rnn.{SAVED[self.route]}"',
            f"chainer.serializers.save_{self.route}(path, rnn)",
            made,
            f"chainer.serializers.load_{self.route}(path, rnn)",
            parameters,
        ]

    # Calls.

    def called(self) -> list[str]:
        """Lines that give the sequences `rows`, their outputs `ys`, and final states `h_n`."""
        bare = self.route == "arrays" and self.question.derivative is None
        wrapped = "{}" if bare else "chainer.Variable({})"
        x, lengths = self.spoken.x, self.spoken.lengths
        row, each = (f"{x}[i, :n]", f"i, n in enumerate({lengths})") if lengths else ("row", f"row in {x}")
        lines = [f"rows = [{wrapped.format(row)} for {each}]", *self._states()]
        if self.route == "test mode":
            return [*lines, 'with chainer.using_config("train", False):', "    h_n, ys = rnn(h, rows)"]
        if self.route == "no backprop mode":
            return [*lines, "with chainer.no_backprop_mode():", "    h_n, ys = rnn(h, rows)"]
        if self.route == "n_step_rnn":
            return [*lines, *self._by_steps()]
        if not self.several:
            return [*lines, "h_n, ys = rnn(h, rows)"]
        call = ["for link, h in zip(links, hs):", "    state, ys = link(h, ys)", "    h_n.append(state)"]
        return [*lines, "ys, h_n = rows, []", *call]

    def _states(self) -> list[str]:
        """Lines that give the initial state `h`, or those of each link."""
        given = self.spoken.states
        if self.several:
            states = [f"chainer.Variable({stacked(names)})" for names in given or []]
            return split("hs = [", states or ["None"] * self.network.num_layers, "]")
        names = [name for of_layer in given or [] for name in of_layer]
        return [f"h = chainer.Variable({stacked(names)})" if names else "h = None"]

    def _by_steps(self) -> list[str]:
        """The steps of all sequences, longest sequence first."""
        bottom = self.network.layers[0]
        function = "n_step_rnn" if bottom.directions == 1 else "n_step_birnn"
        first = f"F.permutate({'h' if self.spoken.states else 'rnn.init_hx(rows)'}, order, axis=1)"
        given = ["rnn.n_layers", "0.0", first, "rnn.ws", "rnn.bs", "steps"]
        return [
            'order = np.argsort([-len(row) for row in rows], kind="stable").astype("int32")',
            "steps = F.transpose_sequence([rows[i] for i in order])",
            *split(f"h_n, ys = F.{function}(", [*given, f'activation="{bottom.forward.activation}"'], ")"),
            "h_n, ys = F.permutate(h_n, order, axis=1, inv=True), F.transpose_sequence(ys)",
            "ys = [ys[i] for i in np.argsort(order)]",
        ]

    def differentiated(self) -> list[str]:
        """Lines that give the gradients `d`, in the order of `sources`."""
        of = self.question.derivative
        if of is None:
            return []
        lines = [
            "outputs, sources = [*ys, *h_n], [*rows, *hs, *parameters]"
            if self.several
            else "outputs, sources = [*ys, h_n], [*rows, h, *parameters]",
            *self._like_given("cotangents", of.d_sequence, of.d_final_states),
        ]
        if of.direction is not None:
            cells = (native_arrays(CONVENTIONS.weights, [Cell(*rates)]) for rates in of.direction.cells)
            weights = [typed(array) for cell in cells for array in cell.values()]
            return [
                *lines,
                *self._like_given("rates", of.direction.x, of.direction.initial_states),
                *split("rates += map(chainer.Variable, [", weights, "])"),
                "first = chainer.grad(outputs, sources, cotangents, enable_double_backprop=True)",
                "found = zip(sources, chainer.grad(first, sources, rates))",
                "d = [np.zeros_like(s.array) if each is None else each.array for s, each in found]",
            ]
        if self.route == "grad":
            return [*lines, "d = [each.array for each in chainer.grad(outputs, sources, cotangents)]"]
        return [
            *lines,
            "for parameter in parameters:",
            "    parameter.cleargrad()",
            "sum(F.sum(output * each) for output, each in zip(outputs, cotangents)).backward()",
            "d = [source.grad for source in sources]",
        ]

    def _like_given(self, name: str, x: Array, states: States) -> list[str]:
        """Lines that give variables shaped like the sequences and the states of each link."""
        lengths = self.spoken.lengths
        cut = f"*(d_x[i, :n] for i, n in enumerate({lengths}))" if lengths else "*d_x"
        groups = states if self.several else [np.concatenate(states)]
        lines, names = literal("d_x", x), [f"d_h_{index}" for index in range(len(groups))]
        for each, group in zip(names, groups, strict=True):
            lines += literal(each, group)
        return [*lines, *split(f"{name} = list(map(chainer.Variable, [", [cut, *names], "]))")]

    # What is shown.

    def got(self) -> str:
        """The quantity in canonical axes."""
        of, time = self.question.derivative, self.call.x.shape[1] if self.call.x.ndim > 1 else 0
        if of is None and self.question.quantity == "sequence":
            return f"F.pad_sequence(ys, {time}, 0).array"
        if of is None:
            index, cut = self._state(self.question.layer)
            return f"h_n{index}.array{cut}"
        role, number = of.of
        batch = len(self.call.x)
        if role == "x":
            return f"F.pad_sequence(d[:{batch}], {time}, 0).array"
        if role == "state":
            _, cut = self._state(number)
            return f"d[{batch + number * self.several}]{cut}"
        links = len(self.network.layers) if self.several else 1
        return f"d[{batch + links + 4 * number + WEIGHTS.index(role)}]"

    def _state(self, layer: int) -> tuple[str, str]:
        """The index of the link that has the state of a layer, and the slice of it."""
        if self.several:
            return f"[{layer}]", ""
        directions = self.network.layers[0].directions
        whole = self.network.num_layers == 1
        return "", "" if whole else f"[{layer * directions}:{(layer + 1) * directions}]"
