"""The routes into Paddle, each put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import paddle
from paddle import nn

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.declarations import Supports
from rnn_adapters.framework import DEFAULT
from rnn_adapters.paddle import CONVENTIONS
from rnn_adapters.paddle.adapter import Parts, Returned, Tensor, through_a_file
from rnn_reference.network import Cell, Network

FLAGS = (
    *("bidirectional", "stacked", "no_bias", "initial_states", "sequence", "final_states", "lengths"),
    *("freshly_initialised", "gradients"),
    *("read_weights", "native_weights", "count_parameters", "assign_weights", "restored"),
    *("inferred_shapes", "count_trainable", "trained"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=("tanh", "relu"),
    dtypes=("float32", "float64"),
    dropout=("between layers",),
    unknown_axes=("batch", "time"),
    **SUPPORTED,
)
"""The kernel of `SimpleRNN` has gradients, but no gradients of gradients, by which Paddle has the JVP."""


def simple_rnn(network: Network, time_major: bool = False) -> nn.SimpleRNN:
    """`SimpleRNN`, with the options of a network."""
    bottom = network.layers[0]
    return nn.SimpleRNN(
        bottom.input_size,
        bottom.hidden_size,
        network.num_layers,
        direction="bidirect" if bottom.directions == 2 else "forward",
        time_major=time_major,
        activation=bottom.forward.activation.name,
        **bias(bottom.forward),
    )


def cell_of(cell: Cell) -> nn.SimpleRNNCell:
    """`SimpleRNNCell`, with the options of a cell."""
    return nn.SimpleRNNCell(cell.input_size, cell.hidden_size, cell.activation.name, **bias(cell))


def bias(cell: Cell) -> dict[str, bool]:
    """The arguments that leave the biases out, where a cell has none."""
    return {} if cell.biases else {"bias_ih_attr": False, "bias_hh_attr": False}


def of_cells(network: Network) -> Any:
    """`RNN` of one cell, or `BiRNN` of two."""
    cells = [cell_of(cell) for cell in network.cells]
    return nn.RNN(*cells) if len(cells) == 1 else nn.BiRNN(*cells)


def whole(rnn: Any, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """The batch at once."""
    sequence, h_n = rnn(x) if h0 is None and lengths is None else rnn(x, h0, lengths)
    return Returned(sequence, h_n, (x, sequence, h_n))


def by_cells(rnn: Any, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """The batch at once, with a state for each cell: (batch, hidden), or a tuple of two of them."""
    two = isinstance(rnn, nn.BiRNN)
    states = h0 if h0 is None or len(h0) != 1 + two else tuple(h0) if two else h0[0]
    sequence, finals, _ = whole(rnn, x, states, lengths)
    h_n = paddle.stack(list(finals) if two else [finals])
    return Returned(sequence, h_n, (x, sequence, finals[0] if two else finals))


def by_steps(cell: Any, x: Tensor, h0: Tensor | None, lengths: Any) -> Returned:
    """A cell, called for each step with (batch, input) and a state (batch, hidden)."""
    if not x.shape[1]:
        raise CannotExpress("a sequence of no steps: there is no call to be made")
    h = h0[0] if h0 is not None and len(h0) == 1 else h0
    outputs = []
    for t in range(x.shape[1]):
        output, h = cell(x[:, t]) if h is None else cell(x[:, t], h)
        outputs.append(output)
    return Returned(paddle.stack(outputs, axis=1), output[None], (x[:, -1], output, output))


def to_static(layer: Any) -> Any:
    """Made into a program when it is first called."""
    return paddle.jit.to_static(layer, full_graph=True)


def jit_saved(layer: Any) -> Any:
    """A program for each form of a call, written to a file when it is first made and read from it."""
    programs: dict[tuple[bool, bool], Any] = {}
    dtype, states = layer.weight_ih_l0.dtype, layer.num_layers * layer.num_directions
    specs = (
        paddle.static.InputSpec([None, None, layer.input_size], dtype),
        paddle.static.InputSpec([states, None, layer.hidden_size], dtype),
        paddle.static.InputSpec([None], "int64"),
    )

    def call(x: Tensor, h0: Tensor | None = None, lengths: Tensor | None = None) -> Any:
        given = (x, h0, lengths)
        form = (h0 is None, lengths is None)
        if form not in programs:
            asked = [None if each is None else spec for each, spec in zip(given, specs, strict=True)]
            with TemporaryDirectory() as folder:
                path = str(Path(folder, "rnn"))
                paddle.jit.save(layer, path, asked)
                programs[form] = paddle.jit.load(path)
        return programs[form](*(each for each in given if each is not None))

    return call


RNN = Parts(CONVENTIONS, SUPPORTS, make=simple_rnn, forward=whole)
"""What a user writes first: `nn.SimpleRNN`, made and called."""
OF_CELLS = replace(
    RNN,
    conventions=replace(
        CONVENTIONS,
        layer="paddle.nn.RNN",
        weights=tuple(replace(w, name=w.name.removesuffix("_l{layer}")) for w in CONVENTIONS.weights),
        axes={**CONVENTIONS.axes, "final_states": ("batch", "hidden")},
        final_state_order="one array of each cell; forward before backward",
        padded_output="undefined",
        padded_output_bidirectional="undefined",
        go_backwards_order="input",
    ),
    supports=replace(
        SUPPORTS,
        stacked=False,
        dropout=(),
        go_backwards=True,
        mixed_directions=True,
        tangents=True,
        second_gradients=True,
        default_states=True,
        inferred_shapes=False,
        unknown_axes=(),
    ),
    make=of_cells,
    forward=by_cells,
)
ONE_DIRECTION = replace(OF_CELLS.supports, bidirectional=False, mixed_directions=False)

ROUTES: Mapping[str, Parts] = {
    DEFAULT: RNN,
    "time major": replace(
        RNN,
        conventions=replace(
            CONVENTIONS,
            axes={
                "x": ("time", "batch", "input"),
                "sequence": ("time", "batch", "directions*hidden"),
                "final_states": ("layers*directions", "batch", "hidden"),
            },
        ),
        make=partial(simple_rnn, time_major=True),
        time_major=True,
    ),
    "RNN": replace(OF_CELLS, supports=ONE_DIRECTION),
    "BiRNN": OF_CELLS,
    "cell": replace(
        OF_CELLS,
        conventions=replace(
            OF_CELLS.conventions,
            layer="paddle.nn.SimpleRNNCell",
            axes={
                "x": ("batch", "input"),
                "sequence": ("batch", "hidden"),
                "final_states": ("batch", "hidden"),
            },
            final_state_order="the state that the last step returned",
            go_backwards_order=None,
        ),
        supports=replace(ONE_DIRECTION, lengths=False, go_backwards=False),
        make=lambda network: cell_of(network.cells[0]),
        forward=by_steps,
    ),
    "eval": replace(RNN, supports=replace(SUPPORTS, trained=False), evaluated=lambda call: True),
    "no grad": replace(
        RNN,
        supports=replace(SUPPORTS, gradients=False, trained=False),
        within=paddle.no_grad,
        evaluated=lambda call: True,
    ),
    "state dict": replace(RNN, reload=through_a_file),
    "to_static": replace(
        RNN,
        supports=replace(SUPPORTS, inferred_shapes=False, unknown_axes=(), restored=False, expensive="sizes"),
        wrap=to_static,
    ),
    "jit.save": replace(
        RNN,
        supports=Supports(
            activations=SUPPORTS.activations,
            dtypes=SUPPORTS.dtypes,
            bidirectional=True,
            stacked=True,
            no_bias=True,
            initial_states=True,
            sequence=True,
            final_states=True,
            lengths=True,
            expensive="sizes",
        ),
        wrap=jit_saved,
    ),
    "to_static RNN": replace(
        OF_CELLS,
        supports=replace(
            ONE_DIRECTION,
            go_backwards=False,
            tangents=False,
            second_gradients=False,
            restored=False,
            expensive="sizes",
        ),
        wrap=to_static,
    ),
}
