"""The routes into torch, each put together from its parts."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import pad
from torch.nn.utils.rnn import (
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    unpack_sequence,
)

from rnn_adapters.adapter import Call
from rnn_adapters.declarations import DType, Supports
from rnn_adapters.framework import DEFAULT
from rnn_adapters.surface import UnknownAxis
from rnn_adapters.torch import CONVENTIONS
from rnn_adapters.torch.adapter import Function, Parts, Returned, Tensors, forward_ad, through_a_file
from rnn_adapters.torch.onnx_files import (
    Exporter,
    InOnnx,
    Opener,
    by_dynamo,
    by_torchscript,
    in_onnx,
    in_onnxruntime,
    in_openvino,
    written_anew,
)
from rnn_adapters.torch.supports import SUPPORTS
from rnn_reference.quantised import Quantised


def called(rnn: Any, x: Any, h0: Tensor | None) -> Any:
    """The call as it is written, with an initial state or without."""
    return rnn(x) if h0 is None else rnn(x, h0)


def whole(
    rnn: Any,
    x: Tensor,
    h0: Tensor | None,
    lengths: Tensor | None,
    batch_first: bool = False,
    enforce_sorted: bool = False,
) -> Returned:
    """The batch at once; with lengths as a packed sequence, whose output comes back padded with zeros."""
    if lengths is None:
        sequence, h_n = called(rnn, x, h0)
        return Returned(sequence, h_n, (x, sequence, h_n))
    value, tangent = forward_ad.unpack_dual(x)
    packed = pack_padded_sequence(value, lengths, batch_first, enforce_sorted)
    if tangent is not None:  # forward mode, which torch does not have of packing: it is linear
        rates = pack_padded_sequence(tangent, lengths, batch_first, enforce_sorted).data
        packed = packed._replace(data=forward_ad.make_dual(packed.data, rates))
    output, h_n = called(rnn, packed, h0)
    sequence, _ = pad_packed_sequence(output, batch_first, total_length=x.shape[1 if batch_first else 0])
    return Returned(sequence, h_n, (x, sequence, h_n))


def by_sorted_rows(rnn: Any, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """Rows sorted by length, as `enforce_sorted=True` asks, and put back into their order."""
    fitting = lengths is not None and len(lengths) == x.shape[1] == (x if h0 is None else h0).shape[1]
    if lengths is None or not fitting:  # torch is to answer a mistake
        return whole(rnn, x, h0, lengths, enforce_sorted=True)
    lengths, order = lengths.sort(descending=True, stable=True)
    h0 = None if h0 is None else h0.index_select(1, order)
    found, back = whole(rnn, x.index_select(1, order), h0, lengths, enforce_sorted=True), order.argsort()
    return Returned(found.sequence.index_select(1, back), found.h_n.index_select(1, back), found.native)


def by_list_of_rows(rnn: Any, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """A list of rows as they are, without padding, and a list of their outputs."""
    if lengths is None or not bool(((lengths >= 0) & (lengths <= len(x))).all()):
        return whole(rnn, x, h0, lengths)  # a row has no other length than its own: torch is to answer
    rows = [row[:length] for row, length in zip(x.unbind(1), lengths, strict=True)]
    output, h_n = called(rnn, pack_sequence(rows, enforce_sorted=False), h0)
    padded = [pad(row, (0, 0, 0, len(x) - len(row))) for row in unpack_sequence(output)]
    sequence = torch.stack(padded, 1)
    return Returned(sequence, h_n, (x, sequence, h_n))


def by_rows(rnn: Any, x: Tensor, h0: Tensor | None, lengths: Any) -> Returned:
    """Each row by itself: (time, input), with a state (layers·directions, hidden)."""
    states = [None] * x.shape[1] if h0 is None else h0.unbind(1)
    rows = [whole(rnn, row, state, None) for row, state in zip(x.unbind(1), states, strict=True)]
    sequence, h_n = torch.stack([row.sequence for row in rows], 1), torch.stack([row.h_n for row in rows], 1)
    return Returned(sequence, h_n, rows[0].native)


def by_vmap(rnn: Any, x: Tensor, h0: Tensor | None, lengths: Any) -> Returned:
    """The rows as (time, input), vectorised."""
    sequence, h_n = called(torch.vmap(rnn, in_dims=1, out_dims=1), x, h0)
    return Returned(sequence, h_n, (x[:, 0], sequence[:, 0], h_n[:, 0]))


def by_steps(cell: Any, x: Tensor, h0: Tensor | None, lengths: Any) -> Returned:
    """A cell, called for each step with (batch, input) and a state (batch, hidden)."""
    h = h0[0] if h0 is not None and len(h0) == 1 else h0  # of more than one, torch says what it thinks
    states = [h := called(cell, x_t, h) for x_t in x.unbind(0)]
    return Returned(torch.stack(states), states[-1][None], (x[-1], states[-1], states[-1]))


def by_vmapped_steps(cell: Any, x: Tensor, h0: Tensor | None, lengths: Any) -> Returned:
    """The same of a cell that is vectorised over rows of (input,)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "There is a performance drop")  # it goes row by row
        return by_steps(torch.vmap(cell), x, h0, lengths)


def by_autograd(function: Function, sources: Tensors, cotangents: Tensors, call: Call) -> Tensors:
    """Gradients with respect to what the module itself holds."""
    sequence, h_n, _ = function(*sources[:2])
    found: Tensors = torch.autograd.grad([sequence, h_n], sources, cotangents)
    return found


def by_vjp(function: Function, sources: Tensors, cotangents: Tensors, call: Call) -> Tensors:
    """Gradients by `torch.func.vjp`; by autograd where sequences are packed, which vjp cannot."""
    if call.lengths is not None:
        return by_autograd(function, sources, cotangents, call)
    detached = [source.detach() for source in sources]
    pull_back = torch.func.vjp(lambda *given: tuple(function(*given)[:2]), *detached)[1]
    found: Tensors = pull_back(tuple(cotangents))
    return found


class Holder(Module):
    """TorchScript needs a module with one `forward`; that of RNN is overloaded."""

    def __init__(self, rnn: Module) -> None:
        super().__init__()
        self.rnn = rnn

    def forward(self, x: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As RNN's."""
        # TorchScript has no `cast`, and reads what follows "type: ignore" as a type.
        return self.rnn(x, h0)  # type: ignore[no-any-return]


class Functional(Holder):
    """The weights are arguments of the call."""

    def forward(self, x: Any, h0: Tensor | None = None) -> Any:
        """As RNN's."""
        weights = {name: parameter.clone() for name, parameter in self.rnn.named_parameters()}
        return torch.func.functional_call(self.rnn, weights, (x, h0))


class Exported(Module):
    """`torch.export` of a call: a program for one number of time steps and any number of rows."""

    def __init__(self, rnn: Module) -> None:
        super().__init__()
        self.rnn = rnn
        self._programs = dict[tuple[int, int, bool], Any]()

    def forward(self, *given: Tensor) -> Any:
        """As RNN's."""
        key = (len(given[0]), len(given), self.training)
        if key not in self._programs:
            like = tuple(
                each.new_zeros(len(each), 3, each.shape[-1]) for each in given
            )  # 1 row would be fixed
            rows = tuple({1: torch.export.Dim.AUTO} for _ in given)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # RNN lists its weights anew when it is called
                exported = torch.export.export(Holder(self.rnn), like, dynamic_shapes=rows, strict=False)
            self._programs[key] = exported.module()
        return self._programs[key](*given)


def exported_symbols(
    rnn: Any, x: Tensor, h0: Tensor | None, unknown: Collection[UnknownAxis]
) -> tuple[Any, Any]:
    """The outputs as `torch.export` has them in a program of any number of rows or time steps.

    Of an unknown axis the example has three, as one would be taken for a constant.
    """
    rows, time = ("batch" in unknown, x.shape[1]), ("time" in unknown, len(x))
    steps, batch = (3 if is_unknown else size for is_unknown, size in (time, rows))
    example = [x.new_zeros(steps, batch, x.shape[-1])]
    example += [] if h0 is None else [h0.new_zeros(len(h0), batch, h0.shape[-1])]
    any_size = torch.export.Dim.DYNAMIC
    axes = [{axis: any_size for axis, (is_unknown, _) in enumerate((time, rows)) if is_unknown}]
    axes += [] if h0 is None else [{1: any_size} if rows[0] else {}]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # RNN lists its weights anew when it is called
        program = torch.export.export(Holder(rnn), (*example,), dynamic_shapes=(*axes,), strict=False)
    (returned,) = program.graph.find_nodes(op="output")
    sequence, h_n = (node.meta["val"] for node in returned.args[0])
    return sequence, h_n


class Traced(Module):
    """`torch.jit.trace` of a call on other sizes, once without an initial state and once with."""

    def __init__(self, rnn: Any) -> None:
        super().__init__()
        self.rnn = rnn
        rows = (rnn.num_layers * (1 + rnn.bidirectional), 3, rnn.hidden_size)
        like = partial(torch.zeros, dtype=rnn.weight_ih_l0.dtype)
        x, h0 = like(2, 3, rnn.input_size), like(rows)
        trace: Any = torch.jit.trace
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # checks of sizes are not traced; and it is deprecated
            self._traces = [trace(Holder(rnn), given, check_trace=False) for given in ((x,), (x, h0))]

    def forward(self, *given: Tensor) -> Any:
        """As RNN's."""
        return self._traces[len(given) - 1](*given)


class Negated(Module):
    """A parametrization that is exact: the parameter holds the weight with the other sign."""

    def forward(self, held: Tensor) -> Tensor:
        """The weight."""
        return -held

    right_inverse = forward


def parametrized(rnn: Module) -> Module:
    """Every weight is computed from a parameter at each use."""
    for name in [name for name, _ in rnn.named_parameters()]:
        torch.nn.utils.parametrize.register_parametrization(rnn, name, Negated())
    return rnn


def scripted(rnn: Module) -> Any:
    """TorchScript."""
    script: Any = torch.jit.script
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, and still to be right
        return script(Holder(rnn))


def compiled(module: Module, backend: str = "inductor") -> Any:
    """`torch.compile`, which by default stops compiling after eight shapes of all modules together."""
    compile_module: Any = torch.compile
    return compile_module(module, backend=backend, isolate_recompiles=True, recompile_limit=64)


def quantised(cell: Module, dtype: torch.dtype) -> Module:
    """A copy of a cell with its weights in a type, by `quantize_dynamic` of a module that holds it."""
    # What it makes, it fills at random first.
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # deprecated, and still to be right
        quantize: Any = torch.ao.quantization.quantize_dynamic  # imported when it is asked for
        found: Module = quantize(torch.nn.ModuleList([cell]), {torch.nn.RNNCell}, dtype)[0]
    return found


def rnn_cell(*, num_layers: int, bidirectional: bool, **options: Any) -> Module:
    """`torch.nn.RNNCell`: one layer of one direction."""
    cell: Module = torch.nn.RNNCell(**options)
    return cell


def axes(x: str, sequence: str, final_states: str) -> Mapping[str, tuple[str, ...]]:
    """`Conventions.axes`, with spaces between."""
    return {"x": (*x.split(),), "sequence": (*sequence.split(),), "final_states": (*final_states.split(),)}


RNN = Parts(CONVENTIONS, SUPPORTS, make=torch.nn.RNN, forward=whole, differentiate=by_autograd)
"""What a user writes first: `torch.nn.RNN`, made and called."""
BATCH_FIRST = replace(
    RNN,
    conventions=replace(
        CONVENTIONS,
        axes=axes("batch time input", "batch time directions*hidden", "layers*directions batch hidden"),
    ),
    make=partial(torch.nn.RNN, batch_first=True),
    forward=partial(whole, batch_first=True),
    batch_first=True,
)
NO_LENGTHS = replace(CONVENTIONS, padded_output="undefined", padded_output_bidirectional="undefined")
UNBATCHED = replace(
    RNN,
    conventions=replace(
        NO_LENGTHS, axes=axes("time input", "time directions*hidden", "layers*directions hidden")
    ),
    supports=replace(SUPPORTS, lengths=False),
    forward=by_rows,
)
CELL = replace(
    RNN,
    conventions=replace(
        NO_LENGTHS,
        layer="torch.nn.RNNCell",
        weights=tuple(replace(w, name=w.name.removesuffix("_l{layer}")) for w in CONVENTIONS.weights),
        axes=axes("batch input", "batch hidden", "batch hidden"),
        last_output="unsupported: a step returns its state",
        final_state_order="the state that the last step returned",
    ),
    supports=replace(SUPPORTS, stacked=False, bidirectional=False, lengths=False, dropout=()),
    make=rnn_cell,
    forward=by_steps,
)
GRAPH = replace(
    RNN,
    conventions=NO_LENGTHS,
    supports=replace(  # functional_call refuses these
        SUPPORTS,
        lengths=False,
        dropout=(),
        tangents=False,
        inferred_shapes=False,
        restored=False,
        expensive="sizes",
    ),
)
"""What is made a graph of, with the module in it."""
ONNX_TYPES: tuple[DType, ...] = ("float32", "float64", "float16")
"""Of bfloat16 ONNX Runtime has no matrix product."""
ONNX = Parts(
    CONVENTIONS,
    Supports(
        activations=SUPPORTS.activations,
        dtypes=ONNX_TYPES,
        bidirectional=True,
        stacked=True,
        no_bias=True,
        initial_states=True,
        sequence=True,
        final_states=True,
        lengths=True,
        expensive="sizes",
    ),
    make=torch.nn.RNN,
    forward=in_onnx,
    differentiate=by_autograd,
    reload=written_anew,
)
"""A module that is written and never called itself."""


def written(exporter: Exporter, opener: Opener, fixed_time: bool = False, **supports: Any) -> Parts:
    """A route by an exporter and a runtime, for any number of rows, and of steps unless it is fixed."""
    in_file = partial(InOnnx, export=exporter, open_model=opener, fixed_time=fixed_time)
    return replace(ONNX, supports=replace(ONNX.supports, **supports), wrap=in_file)


def written_for_a_time(opener: Opener) -> Parts:
    """A route by `by_dynamo`, which writes no packed sequences, and a runtime, for a number of time steps."""
    parts = written(by_dynamo, opener, fixed_time=True, lengths=False, expensive="shapes")
    return replace(parts, conventions=NO_LENGTHS)


EIGHT_BITS = Quantised(
    weight_intervals=127.5, input_intervals=127, least_weight_spacing=2.0**-23, least_input_spacing=6.1e-5
)
"""Of the default `qconfig`: weights as qint8, symmetric; inputs as quint8 with `reduce_range`, a bit less."""
QUANTISED = replace(
    CELL,
    conventions=replace(
        CELL.conventions, layer="torch.ao.nn.quantized.dynamic.RNNCell", quantised=EIGHT_BITS
    ),
    supports=Supports(  # a cell without bias is refused
        activations=SUPPORTS.activations,
        dtypes=("float32",),
        initial_states=True,
        sequence=True,
        final_states=True,
    ),
    reload=partial(quantised, dtype=torch.qint8),
)
IN_FLOAT16 = replace(
    QUANTISED,
    conventions=replace(QUANTISED.conventions, quantised=Quantised(weight_dtype="float16")),
    reload=partial(quantised, dtype=torch.float16),
)
"""Inputs, states and biases stay in float32, as do products and their sums."""

WITHOUT_GRADIENTS = replace(SUPPORTS, gradients=False, tangents=False, second_gradients=False)

ROUTES: Mapping[str, Parts] = {
    DEFAULT: RNN,
    "batch first": BATCH_FIRST,
    "unbatched": UNBATCHED,
    "vmap": replace(
        UNBATCHED, supports=replace(GRAPH.supports, gradients=False, second_gradients=False), forward=by_vmap
    ),
    "cell": CELL,
    "vmap of a cell": replace(CELL, forward=by_vmapped_steps),
    "sorted lengths": replace(RNN, forward=by_sorted_rows),
    "list of rows": replace(RNN, supports=replace(SUPPORTS, tangents=False), forward=by_list_of_rows),
    "no grad": replace(RNN, supports=WITHOUT_GRADIENTS, within=torch.no_grad),
    "inference mode": replace(RNN, supports=WITHOUT_GRADIENTS, within=torch.inference_mode),
    "functional call": replace(RNN, wrap=Functional, differentiate=by_vjp),
    "parametrized": replace(RNN, wrap=parametrized, stored=operator.neg),
    "state dict": replace(RNN, reload=through_a_file),
    "compiled": replace(
        RNN,
        supports=replace(SUPPORTS, restored=False),  # what is loaded would be compiled anew
        wrap=compiled,
        forget=torch.compiler.reset,
    ),
    "compiled cell": replace(
        CELL,
        supports=replace(  # AOTAutograd has no second gradients
            CELL.supports, second_gradients=False, restored=False, expensive="shapes"
        ),
        wrap=partial(compiled, backend="aot_eager"),
        forget=torch.compiler.reset,
    ),
    "scripted": replace(GRAPH, wrap=scripted),
    "traced": replace(GRAPH, wrap=Traced),
    "exported": replace(
        GRAPH,
        supports=replace(
            GRAPH.supports,
            inferred_shapes=True,
            unknown_axes=("batch", "time"),
            expensive="shapes",
        ),
        wrap=Exported,
        inferred=exported_symbols,
    ),
    "ONNX": written_for_a_time(in_onnxruntime),
    "ONNX, any time": written(by_dynamo, in_onnxruntime),
    "ONNX by TorchScript": written(  # of its operator RNN ONNX Runtime has no kernel in float64
        by_torchscript, in_onnxruntime, dtypes=("float32", "float16")
    ),
    "ONNX in OpenVINO": written_for_a_time(in_openvino),
    "ONNX by TorchScript in OpenVINO": written(by_torchscript, in_openvino),
    "quantised cell": QUANTISED,
    "float16 cell": IN_FLOAT16,
    "cuda": replace(RNN, device="cuda"),
    "mps": replace(RNN, supports=replace(SUPPORTS, dtypes=("float32", "float16", "bfloat16")), device="mps"),
}
