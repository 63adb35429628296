"""The routes into MindSpore, each put together from its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mindspore
from mindspore import nn, ops

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.declarations import Supports
from rnn_adapters.framework import DEFAULT
from rnn_adapters.mindspore import CONVENTIONS
from rnn_adapters.mindspore.adapter import Parts, through_checkpoint
from rnn_adapters.mindspore.derivatives import (
    Made,
    Returned,
    Tensor,
    by_grad,
    by_grad_of_grad,
    by_grad_of_layer,
    by_value_and_grad,
    by_vjp,
    by_vjp_of_vjp,
)
from rnn_reference.network import Network

FLAGS = (
    *("bidirectional", "stacked", "no_bias", "initial_states", "sequence", "final_states", "lengths"),
    *("freshly_initialised", "wrong_layers", "gradients"),
    *("read_weights", "native_weights", "count_parameters", "assign_weights", "restored"),
    *("inferred_shapes", "count_trainable", "trained"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=("tanh", "relu"),
    dtypes=("float32", "float16"),
    compute_dtypes=("float16",),
    dropout=("between layers",),
    unknown_axes=("batch",),
    **SUPPORTED,
)


def rnn_of(network: Network, dropout: float, batch_first: bool = False) -> nn.RNN:
    """`RNN`, with the options of a network."""
    bottom = network.layers[0]
    return nn.RNN(
        bottom.input_size,
        bottom.hidden_size,
        network.num_layers,
        nonlinearity=bottom.forward.activation.name,
        has_bias=bool(bottom.forward.biases),
        batch_first=batch_first,
        dropout=dropout,
        bidirectional=bottom.directions == 2,
        dtype=getattr(mindspore, str(network.dtype)),
    )


def cell_of(network: Network, dropout: float) -> nn.RNNCell:
    """`RNNCell`, with the options of the one cell of a network; it drops nothing."""
    (cell,) = network.cells
    return nn.RNNCell(
        cell.input_size,
        cell.hidden_size,
        has_bias=bool(cell.biases),
        nonlinearity=cell.activation.name,
        dtype=getattr(mindspore, str(network.dtype)),
    )


def whole(made: Made, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """The batch at once."""
    sequence, h_n = made.called(x, h0, lengths)
    return Returned(sequence, h_n, (x, sequence, h_n))


def by_recompute(made: Made, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """The same by `recompute`."""
    sequence, h_n = mindspore.recompute(made.called, x, h0, lengths)
    return Returned(sequence, h_n, (x, sequence, h_n))


def by_steps(made: Made, x: Tensor, h0: Tensor | None, lengths: Any) -> Returned:
    """A cell, called for each step with (batch, input) and a state (batch, hidden)."""
    if not len(x):
        raise CannotExpress("a sequence of no steps: there is no call to be made")
    h = ops.zeros((x.shape[1], made.layer.hidden_size), x.dtype) if h0 is None else h0
    h = h.squeeze(0) if h.ndim == 3 else h
    outputs = []
    for t in range(len(x)):
        x_t = ops.gather(x, mindspore.Tensor(t), 0)  # x[t] cannot be differentiated twice
        h = made.called(x_t, h)
        outputs.append(h)
    return Returned(ops.stack(outputs), ops.stack([h]), (x_t, h, h))


@dataclass(frozen=True)
class Rows:
    """The rows of a batch as batches of one, (time, 1, input), vectorised by `vmap`.

    It must be told which arguments have rows, and compiles a call for its shapes. A batch of no rows ends the
    process (SIGFPE), as a division of integers by 0 does.
    """

    layer: nn.RNN
    mapped: dict[tuple[int | None, ...], Any] = field(default_factory=dict)

    def __call__(self, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        given = [x.expand_dims(2), None if h0 is None else h0.expand_dims(2)]
        axes = [1, None if h0 is None else 1]
        if lengths is not None:
            given, axes = [*given, lengths.expand_dims(1)], [*axes, 0]
        elif h0 is None:
            given, axes = given[:1], axes[:1]
        if tuple(axes) not in self.mapped:
            self.mapped[tuple(axes)] = mindspore.vmap(self.layer, in_axes=tuple(axes), out_axes=1)
        found: tuple[Tensor, Tensor] = self.mapped[tuple(axes)](*given)
        return found


def by_vmap(made: Made, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """Each row by itself, all at once."""
    sequence, h_n = made.called(x, h0, lengths)
    return Returned(sequence.squeeze(2), h_n.squeeze(2), (x[:, :1], sequence[:, 0], h_n[:, 0]))


def of_rows(cell: nn.RNNCell) -> Callable[[Tensor, Tensor], Tensor]:
    """A cell of which `vmap` makes one of rows, which are batches of one."""
    mapped = mindspore.vmap(cell)
    return lambda x_t, h: mapped(x_t.expand_dims(1), h.expand_dims(1)).squeeze(1)


def by_file(made: Made, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """The graph of a call, by way of a file."""
    if h0 is None and lengths is not None:  # inputs are told by their place
        layers = made.layer.num_layers * (2 if made.layer.bidirectional else 1)
        h0 = ops.zeros((layers, x.shape[1], made.layer.hidden_size), x.dtype)
    given = [each for each in (x, h0, lengths) if each is not None]
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "rnn"))
        mindspore.export(made.layer, *given, file_name=path, file_format="MINDIR")
        sequence, h_n = nn.GraphCell(mindspore.load(f"{path}.mindir"))(*given)
    return Returned(sequence, h_n, (x, sequence, h_n))


def through_state_dict(layer: Any, other: Any) -> Any:
    """Another layer with the weights of this one."""
    other.load_state_dict(layer.state_dict())
    return other


def compiled(capture: str) -> Callable[[Any], Any]:
    """What makes `jit` of a layer."""
    return partial(mindspore.jit, capture_mode=capture)


@contextmanager
def graph_mode() -> Iterator[None]:
    """All that is called is compiled."""
    before = mindspore.get_context("mode")
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    try:
        yield
    finally:
        mindspore.set_context(mode=before)


RNN = Parts(CONVENTIONS, SUPPORTS, make=rnn_of, forward=whole, differentiate=by_value_and_grad)
"""What a user writes first: `nn.RNN`, made and called."""
CELL = replace(
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
    supports=replace(
        SUPPORTS,
        stacked=False,
        bidirectional=False,
        lengths=False,
        dropout=(),
        wrong_layers=False,
        inferred_shapes=False,
        unknown_axes=(),
        second_gradients=True,
        tangents=True,
    ),
    make=cell_of,
    forward=by_steps,
    differentiate_twice=by_grad_of_grad,
    push=by_vjp_of_vjp,
)
"""Outside of graphs, only this can be differentiated twice, and has a JVP, which is made of two VJPs: RNN
indexes its states by a number, h[i], which is an error when a gradient of a gradient is taken."""
COMPILED_CELL = replace(
    CELL, supports=replace(CELL.supports, expensive="shapes", second_gradients=False, tangents=False)
)

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
    "vjp": replace(RNN, differentiate=by_vjp),
    "recompute": replace(RNN, forward=by_recompute),
    "checkpoint": replace(RNN, reload=through_checkpoint),
    "safetensors": replace(RNN, reload=partial(through_checkpoint, form="safetensors")),
    "state dict": replace(RNN, reload=through_state_dict),
    "MindIR": replace(
        RNN,
        supports=replace(SUPPORTS, gradients=False, trained=False, dropout=(), expensive="shapes"),
        forward=by_file,
        differentiate=None,
    ),
    "cell": CELL,
    "jit": replace(RNN, supports=replace(SUPPORTS, expensive="shapes"), wrap=compiled("ast")),
    "jit, set_data": replace(
        RNN,
        supports=replace(SUPPORTS, expensive="shapes"),
        assign=mindspore.Parameter.set_data,
        wrap=compiled("ast"),
    ),
    "jit of bytecode": replace(RNN, wrap=compiled("bytecode")),
    "jit cell": replace(COMPILED_CELL, wrap=compiled("ast")),
    "vmap": replace(
        RNN,
        conventions=replace(
            CONVENTIONS,
            axes={
                "x": ("time", "1", "input"),
                "sequence": ("time", "1", "directions*hidden"),
                "final_states": ("layers*directions", "1", "hidden"),
            },
        ),
        supports=replace(SUPPORTS, dropout=(), inferred_shapes=False, unknown_axes=(), expensive="shapes"),
        forward=by_vmap,
        wrap=Rows,
    ),
    "vmap of a cell": replace(COMPILED_CELL, wrap=of_rows),
    "graph mode": replace(
        RNN,
        supports=replace(SUPPORTS, trained=False, expensive="shapes"),
        differentiate=by_grad_of_layer,
        within=graph_mode,
        cotangents_as_computed=True,
    ),
}
