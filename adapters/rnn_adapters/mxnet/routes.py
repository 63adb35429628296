"""The routes into MXNet, each put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from mxnet import nd
from mxnet.gluon import rnn

from rnn_adapters.declarations import Supports
from rnn_adapters.framework import DEFAULT
from rnn_adapters.mxnet import CONVENTIONS
from rnn_adapters.mxnet.adapter import NDArray, Parts, Returned
from rnn_reference.network import Cell, Network

FLAGS = (
    *("bidirectional", "stacked", "initial_states", "sequence", "final_states", "gradients"),
    *("freshly_initialised", "read_weights", "native_weights", "count_parameters", "assign_weights"),
    *("restored", "count_trainable", "trained"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=("tanh", "relu"),
    dtypes=("float32", "float64"),
    dropout=("between layers",),
    **SUPPORTED,
)
"""float16 has no products on a CPU; the operator's gradient has none of its own, so no double backward."""


def layer_of(network: Network, layout: str = "TNC") -> Any:
    """`RNN`, with the options of a network."""
    bottom = network.layers[0]
    return rnn.RNN(
        bottom.hidden_size,
        network.num_layers,
        activation=bottom.forward.activation.name,
        layout=layout,
        bidirectional=bottom.directions == 2,
        input_size=bottom.input_size,
        dtype=str(network.dtype),
    )


def cell_of(cell: Cell) -> Any:
    """`RNNCell`, with the options of a cell."""
    made = rnn.RNNCell(cell.hidden_size, activation=cell.activation.name, input_size=cell.input_size)
    made.cast(str(cell.dtype))
    return made


def of_cells(network: Network) -> Any:
    """A cell, or `BidirectionalCell` of two."""
    cells = [cell_of(cell) for cell in network.cells]
    return cells[0] if len(cells) == 1 else rnn.BidirectionalCell(*cells)


def whole(block: Any, x: NDArray, h0: NDArray | None, lengths: Any) -> Returned:
    """The batch at once; states are returned only where they are given."""
    states = block.begin_state(x.shape[block._layout.find("N")]) if h0 is None else h0
    sequence, (h_n,) = block(x, states)
    return Returned(sequence, h_n, (x, sequence, h_n))


def by_unroll(block: Any, x: NDArray, h0: NDArray | None, lengths: NDArray | None) -> Returned:
    """The loop of a cell over all steps, with a state for each direction."""
    states = None if h0 is None else list(h0)
    sequence, found = block.unroll(
        len(x), x, begin_state=states, layout="TNC", merge_outputs=True, valid_length=lengths
    )
    return Returned(sequence, nd.stack(*found), (x, sequence, found[0]))


def by_steps(cell: Any, x: NDArray, h0: NDArray | None, lengths: Any) -> Returned:
    """A cell, called for each step with (batch, input) and a state (batch, hidden)."""
    cell.reset()
    states = cell.begin_state(x.shape[1], dtype=x.dtype) if h0 is None else list(h0)
    outputs = []
    for x_t in x:
        output, states = cell(x_t, states)
        outputs.append(output)
    return Returned(nd.stack(*outputs), nd.stack(*states), (x_t, output, states[0]))


RNN = Parts(CONVENTIONS, SUPPORTS, make=layer_of, forward=whole)
"""What a user writes first: `gluon.rnn.RNN`, made and called."""
UNROLL = replace(
    RNN,
    conventions=replace(
        CONVENTIONS,
        layer="mxnet.gluon.rnn.RNNCell",
        weights=tuple(replace(w, name=w.name.removeprefix("l{layer}_")) for w in CONVENTIONS.weights),
        axes={**CONVENTIONS.axes, "final_states": ("batch", "hidden")},
        final_state_order="a state for each cell; forward before backward",
        padded_output="zero",
        padded_output_bidirectional="zero",
    ),
    supports=replace(
        SUPPORTS,
        activations=("tanh", "relu", "sigmoid", "softsign"),
        stacked=False,
        dropout=(),
        lengths=True,
        mixed_directions=True,
    ),
    make=of_cells,
    forward=by_unroll,
)

ROUTES: Mapping[str, Parts] = {
    DEFAULT: RNN,
    "NTC": replace(
        RNN,
        conventions=replace(
            CONVENTIONS,
            axes={
                **CONVENTIONS.axes,
                "x": ("batch", "time", "input"),
                "sequence": ("batch", "time", "directions*hidden"),
            },
        ),
        make=partial(layer_of, layout="NTC"),
        batch_first=True,
    ),
    "hybridized": replace(
        RNN, supports=replace(SUPPORTS, dropout=()), prepare=lambda block: block.hybridize()
    ),
    "unroll": UNROLL,
    "cell": replace(
        UNROLL,
        conventions=replace(
            UNROLL.conventions,
            axes={
                "x": ("batch", "input"),
                "sequence": ("batch", "hidden"),
                "final_states": ("batch", "hidden"),
            },
            padded_output="undefined",
            padded_output_bidirectional="undefined",
        ),
        supports=replace(UNROLL.supports, lengths=False, bidirectional=False, mixed_directions=False),
        forward=by_steps,
    ),
    "parameters file": replace(RNN, by_file=True),
}
