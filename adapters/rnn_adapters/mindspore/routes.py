"""The routes into MindSpore, each put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import mindspore
from mindspore import nn, ops

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.declarations import Supports
from rnn_adapters.framework import DEFAULT
from rnn_adapters.mindspore import CONVENTIONS
from rnn_adapters.mindspore.adapter import (
    Function,
    Parts,
    Returned,
    Tensor,
    Tensors,
    through_checkpoint,
)
from rnn_reference.network import Network

FLAGS = (
    *("bidirectional", "stacked", "no_bias", "initial_states", "sequence", "final_states", "lengths"),
    *("freshly_initialised", "gradients"),
    *("read_weights", "native_weights", "count_parameters", "assign_weights", "restored"),
    *("count_trainable", "trained"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=("tanh", "relu"),
    dtypes=("float32", "float16"),
    dropout=("between layers",),
    **SUPPORTED,
)


def rnn_of(network: Network, batch_first: bool = False) -> nn.RNN:
    """`RNN`, with the options of a network."""
    bottom = network.layers[0]
    return nn.RNN(
        bottom.input_size,
        bottom.hidden_size,
        network.num_layers,
        nonlinearity=bottom.forward.activation.name,
        has_bias=bool(bottom.forward.biases),
        batch_first=batch_first,
        bidirectional=bottom.directions == 2,
        dtype=getattr(mindspore, str(network.dtype)),
    )


def cell_of(network: Network) -> nn.RNNCell:
    """`RNNCell`, with the options of the one cell of a network."""
    (cell,) = network.cells
    return nn.RNNCell(
        cell.input_size,
        cell.hidden_size,
        has_bias=bool(cell.biases),
        nonlinearity=cell.activation.name,
        dtype=getattr(mindspore, str(network.dtype)),
    )


def whole(rnn: Any, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """The batch at once."""
    sequence, h_n = rnn(x, h0, lengths)
    return Returned(sequence, h_n, (x, sequence, h_n))


def by_steps(cell: Any, x: Tensor, h0: Tensor | None, lengths: Any) -> Returned:
    """A cell, called for each step with (batch, input) and a state (batch, hidden)."""
    if not len(x):
        raise CannotExpress("a sequence of no steps: there is no call to be made")
    h = ops.zeros((x.shape[1], cell.hidden_size), x.dtype) if h0 is None else h0[0] if len(h0) == 1 else h0
    outputs = []
    for t in range(len(x)):
        h = cell(x[t], h)
        outputs.append(h)
    return Returned(ops.stack(outputs), h.expand_dims(0), (x[0], h, h))


def by_value_and_grad(function: Function, given: Tensors, held: Tensors) -> Tensors:
    """By `value_and_grad`."""
    _, (of_given, of_held) = mindspore.value_and_grad(function, (0, 1), mindspore.ParameterTuple(held))(
        *given
    )
    return [*of_given, *of_held]


def by_grad(function: Function, given: Tensors, held: Tensors) -> Tensors:
    """By `grad`."""
    of_given, of_held = mindspore.grad(function, (0, 1), mindspore.ParameterTuple(held))(*given)
    return [*of_given, *of_held]


RNN = Parts(CONVENTIONS, SUPPORTS, make=rnn_of, forward=whole, differentiate=by_value_and_grad)
"""What a user writes first: `nn.RNN`, made and called."""

ROUTES: Mapping[str, Parts] = {
    DEFAULT: RNN,
    "batch first": replace(
        RNN,
        conventions=replace(
            CONVENTIONS,
            axes={
                **CONVENTIONS.axes,
                "x": ("batch", "time", "input"),
                "sequence": ("batch", "time", "directions*hidden"),
            },
        ),
        make=partial(rnn_of, batch_first=True),
        batch_first=True,
    ),
    "grad": replace(RNN, differentiate=by_grad),
    "checkpoint": replace(RNN, reload=through_checkpoint),
    "cell": replace(
        RNN,
        conventions=replace(
            CONVENTIONS,
            layer="mindspore.nn.RNNCell",
            weights=tuple(replace(w, name=w.name.removesuffix("_l{layer}")) for w in CONVENTIONS.weights),
            axes={
                "x": ("batch", "input"),
                "sequence": ("batch", "hidden"),
                "final_states": ("batch", "hidden"),
            },
            final_state_order="the state that the last step returned",
            padded_output="undefined",
            padded_output_bidirectional="undefined",
        ),
        supports=replace(SUPPORTS, stacked=False, bidirectional=False, lengths=False, dropout=()),
        make=cell_of,
        forward=by_steps,
    ),
    "jit": replace(
        RNN,
        supports=replace(SUPPORTS, dropout=(), restored=False, expensive="shapes"),
        wrap=mindspore.jit,
    ),
}
