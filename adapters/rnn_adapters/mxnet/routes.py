"""The routes into MXNet, each put together from its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mxnet import autograd, gluon, nd
from mxnet.gluon import rnn

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.declarations import Supports
from rnn_adapters.framework import DEFAULT
from rnn_adapters.mxnet import CONVENTIONS
from rnn_adapters.mxnet.adapter import Loaded, MxnetAdapter, NDArray, Parts, Returned, Symbol, through_file
from rnn_reference.network import Cell, Network

States = Sequence[NDArray]

FLAGS = (
    *("bidirectional", "stacked", "initial_states", "sequence", "final_states", "gradients"),
    *("freshly_initialised", "read_weights", "native_weights", "count_parameters", "assign_weights"),
    *("restored", "inferred_shapes", "default_states", "count_trainable", "trained"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=("tanh", "relu"),
    dtypes=("float32", "float64"),
    dropout=("between layers",),
    unknown_axes=("batch", "time"),
    **SUPPORTED,
)
"""float16 has no products on a CPU; the operator's gradient has none of its own, so no double backward."""


NAMES = {"softplus": "softrelu"}
"""Of activations, where MXNet's is another."""


def layer_of(network: Network, dropout: float, other: Any, layout: str = "TNC", **options: Any) -> Any:
    """`RNN`, with the options of a network, and the parameters of another one or its own."""
    bottom = network.layers[0]
    if other is not None:
        options |= {"prefix": other.prefix, "params": other.params}
    return rnn.RNN(
        bottom.hidden_size,
        network.num_layers,
        activation=bottom.forward.activation.name,
        layout=layout,
        dropout=dropout,
        bidirectional=bottom.directions == 2,
        input_size=bottom.input_size,
        dtype=str(network.dtype),
        **options,
    )


def cell_of(cell: Cell) -> Any:
    """`RNNCell`, with the options of a cell."""
    name = cell.activation.name
    made = rnn.RNNCell(cell.hidden_size, activation=NAMES.get(name, name), input_size=cell.input_size)
    made.cast(str(cell.dtype))
    return made


def of_cells(network: Network, dropout: float, other: Any, stacked: Any = rnn.SequentialRNNCell) -> Any:
    """`RNNCell`, `BidirectionalCell` of two, or a stack of these and of `DropoutCell`s."""
    count = network.num_layers
    if other is None:
        layers = [cells_of(*map(cell_of, layer.cells)) for layer in network.layers]
    else:
        layers = [other] if count == 1 else [other[index] for index in range(count)]
    if count == 1:
        return layers[0]
    stack = stacked()
    for index, layer in enumerate(layers):
        if dropout and index:
            stack.add(rnn.DropoutCell(dropout))
        stack.add(layer)
    return stack


of_hybrid_cells = partial(of_cells, stacked=rnn.HybridSequentialRNNCell)


def cells_of(*cells: Any) -> Any:
    """A cell, or `BidirectionalCell` of two."""
    return cells[0] if len(cells) == 1 else rnn.BidirectionalCell(*cells)


class Unrolled(gluon.HybridBlock):
    """A block that unrolls a cell of its own.

    `form` is set before a call: how many steps there are, and whether lengths are given.
    """

    def __init__(self, cell: Any) -> None:
        super().__init__(prefix="")
        self.cell = cell
        self.form = (0, False)

    def hybrid_forward(self, F: Any, x: Any, states: Any, lengths: Any = None) -> tuple[Any, Any]:
        """Sequence and states."""
        sequence, found = self.cell.unroll(
            self.form[0], x, states, layout="TNC", merge_outputs=True, valid_length=lengths
        )
        return sequence, found


@dataclass(frozen=True)
class Imported:
    """The symbol of an `RNN` as a block, which is called as the `RNN` itself."""

    block: Any
    begin_state: Callable[..., Any]
    _layout: str = "TNC"

    def __call__(self, x: NDArray, states: States) -> tuple[NDArray, States]:
        """Sequence and states."""
        sequence, *found = self.block(x, *states)
        return sequence, found

    def collect_params(self) -> Any:
        """Those of the block."""
        return self.block.collect_params()


def whole(block: Any, x: NDArray, states: States | None, lengths: NDArray | None) -> Returned:
    """The batch at once; states are returned only where they are given."""
    given = block.begin_state(x.shape[block._layout.find("N")]) if states is None else list(states)
    sequence, found = block(x, given) if lengths is None else block(x, given, lengths)
    return Returned(sequence, found, (x, sequence, found[0]))


def with_lengths(block: Any, x: NDArray, states: States | None, lengths: NDArray | None) -> Returned:
    """The batch at once, by a block that has to be told lengths."""
    full = nd.full(x.shape[1], len(x), dtype="int32")
    return whole(block, x, states, full if lengths is None else lengths)


def without_states(block: Any, x: NDArray, states: States | None, lengths: NDArray | None) -> Returned:
    """The batch at once; no states are returned where none are given."""
    if states is not None:
        return whole(block, x, states, lengths)
    sequence = block(x)
    return Returned(sequence, None, (x, sequence))


def by_unroll(block: Any, x: NDArray, states: States | None, lengths: NDArray | None) -> Returned:
    """The loop of a cell over all steps, with a state for each direction."""
    sequence, found = block.unroll(
        len(x), x, begin_state=states, layout="TNC", merge_outputs=True, valid_length=lengths
    )
    return Returned(sequence, found, (x, sequence, found[0]))


def by_unroll_of_lists(block: Any, x: States, states: States | None, lengths: NDArray | None) -> Returned:
    """The same of a list of (batch, input) into one of (batch, hidden)."""
    outputs, found = block.unroll(
        len(x), list(x), begin_state=states, layout="TNC", merge_outputs=False, valid_length=lengths
    )
    return Returned(outputs, found, (x[0], outputs[0], found[0]))


def by_unrolled(block: Any, x: NDArray, states: States | None, lengths: NDArray | None) -> Returned:
    """The same by a block, which is compiled anew for every number of steps, and for lengths."""
    if block.form != (form := (len(x), lengths is not None)):
        block.form = form
        block.hybridize()
    given = block.cell.begin_state(batch_size=x.shape[1], dtype=x.dtype) if states is None else states
    sequence, found = block(x, given) if lengths is None else block(x, given, lengths)
    return Returned(sequence, found, (x, sequence, found[0]))


def by_steps(cell: Any, x: States, states: States | None, lengths: Any) -> Returned:
    """A cell, called for each step with (batch, input) and a state (batch, hidden)."""
    if not x:
        raise CannotExpress("a sequence of no steps: there is no call to be made")
    cell.reset()
    found = cell.begin_state(batch_size=len(x[0]), dtype=x[0].dtype) if states is None else list(states)
    outputs = []
    for x_t in x:
        output, found = cell(x_t, found)
        outputs.append(output)
    return Returned(outputs, found, (x_t, output, found[0]))


def by_backward(outputs: States, sources: States, cotangents: States) -> States:
    """Of all outputs, by `backward`."""
    autograd.backward(list(outputs), list(cotangents))
    return [source.grad for source in sources]


def by_grad(outputs: States, sources: States, cotangents: States) -> States:
    """By `autograd.grad`."""
    found: States = autograd.grad(list(outputs), list(sources), list(cotangents))
    return found


def symbolic(block: Any, x: Symbol, states: Sequence[Symbol], steps: int) -> tuple[Symbol, Sequence[Symbol]]:
    """The symbols that `RNN` gives for symbols."""
    sequence, found = block(x, states)
    return sequence, found


def symbolic_unroll(
    block: Any, x: Symbol, states: Sequence[Symbol], steps: int
) -> tuple[Symbol, Sequence[Symbol]]:
    """The symbols that a cell gives."""
    sequence, found = block.unroll(steps, x, begin_state=states, layout="TNC", merge_outputs=True)
    return sequence, found


def through_symbol(model: Loaded, adapter: MxnetAdapter) -> Loaded:
    """The symbol and the weights of a block by way of two files; a call comes before they can be written."""
    (cell, *_), block = model.network.cells, model.block
    dtype = str(model.network.dtype)
    block.hybridize()
    block(nd.zeros((1, 1, cell.input_size), dtype=dtype), block.begin_state(1))
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "block"))
        block.export(path)
        made = gluon.SymbolBlock.imports(f"{path}-symbol.json", ["data0", "data1"], f"{path}-0000.params")
    return replace(model, block=Imported(made, block.begin_state))


RNN = Parts(CONVENTIONS, SUPPORTS, make=layer_of, forward=whole, differentiate=by_backward, symbolic=symbolic)
"""What a user writes first: `gluon.rnn.RNN`, made and called."""
UNROLL = replace(
    RNN,
    conventions=replace(
        CONVENTIONS,
        layer="mxnet.gluon.rnn.RNNCell",
        weights=tuple(replace(w, name=w.name.removeprefix("l{layer}_")) for w in CONVENTIONS.weights),
        axes={**CONVENTIONS.axes, "final_states": ("batch", "hidden")},
        final_state_order="a state for each cell; layer 0 forward, layer 0 backward, layer 1 forward, …",
        padded_output="zero",
        padded_output_bidirectional="zero",
    ),
    supports=replace(
        SUPPORTS,
        activations=("tanh", "relu", "sigmoid", "softsign", "softplus"),
        unknown_axes=(),
        lengths=True,
        mixed_directions=True,
        mixed_layers=True,
    ),
    make=of_cells,
    forward=by_unroll,
    symbolic=symbolic_unroll,
    by_cells=True,
)
WITHOUT_SYMBOLS: dict[str, Any] = {"inferred_shapes": False, "unknown_axes": ()}
BY_STEPS = replace(
    UNROLL,
    conventions=replace(
        UNROLL.conventions,
        axes={"x": ("batch", "input"), "sequence": ("batch", "hidden"), "final_states": ("batch", "hidden")},
        padded_output="undefined",
        padded_output_bidirectional="undefined",
    ),
    supports=replace(
        UNROLL.supports, lengths=False, bidirectional=False, mixed_directions=False, **WITHOUT_SYMBOLS
    ),
    forward=by_steps,
    symbolic=None,
    by_steps=True,
)


def static(block: Any) -> None:
    """Compiled for shapes that do not change, in memory that is kept."""
    block.hybridize(static_alloc=True, static_shape=True)


def hybridized(block: Any) -> None:
    """Compiled when it is first called."""
    block.hybridize()


def of_unrolled(network: Network, dropout: float, other: Any) -> Unrolled:
    """A block of the cells."""
    return Unrolled(of_hybrid_cells(network, dropout, None if other is None else other.cell))


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
    "states left out": replace(
        RNN,
        conventions=replace(CONVENTIONS, final_state_order="returned only where states are given"),
        supports=replace(SUPPORTS, final_states=False),
        forward=without_states,
    ),
    "sequence lengths": replace(
        RNN,
        supports=replace(SUPPORTS, dtypes=("float32",), lengths=True, **WITHOUT_SYMBOLS),
        make=partial(layer_of, use_sequence_length=True),
        forward=with_lengths,
        symbolic=None,
    ),
    "recorded": replace(RNN, within=lambda training: autograd.record(train_mode=training)),
    "grad": replace(RNN, differentiate=by_grad),
    "hybridized": replace(RNN, prepare=hybridized),
    "hybridized static": replace(RNN, prepare=static),
    "parameters file": replace(RNN, reload=through_file),
    "symbol file": replace(
        RNN,
        supports=replace(SUPPORTS, dropout=(), restored=False, default_states=False, **WITHOUT_SYMBOLS),
        reload=through_symbol,
    ),
    "unroll": UNROLL,
    "unroll lists": replace(
        UNROLL,
        conventions=replace(
            UNROLL.conventions,
            axes={
                "x": ("batch", "input"),
                "sequence": ("batch", "directions*hidden"),
                "final_states": ("batch", "hidden"),
            },
        ),
        supports=replace(UNROLL.supports, **WITHOUT_SYMBOLS),
        forward=by_unroll_of_lists,
        symbolic=None,
        by_steps=True,
    ),
    "unroll hybridized": replace(
        UNROLL,
        supports=replace(UNROLL.supports, default_states=False, expensive="shapes", **WITHOUT_SYMBOLS),
        make=of_unrolled,
        forward=by_unrolled,
        symbolic=None,
    ),
    "cell": BY_STEPS,
    "cell by grad": replace(
        BY_STEPS,
        supports=replace(BY_STEPS.supports, activations=("tanh", "relu", "sigmoid"), second_gradients=True),
        differentiate=by_grad,
    ),
    "cell hybridized": replace(BY_STEPS, make=of_hybrid_cells, prepare=hybridized),
}
