"""The written form of networks, calls, and what a call gives."""

from __future__ import annotations

import math
from typing import Annotated, Any, TypeAlias, get_args

import msgspec
import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.declarations import DropoutPlace, DType, NarrowType, one_of
from rnn_adapters.written_arrays import DTYPES, NOT_FINITE, ArrayData, read_array, write_array
from rnn_adapters.written_documents import Data, changed, names, placed, within
from rnn_reference.activations import ACTIVATIONS
from rnn_reference.errors import BadInput
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import (
    Array,
    Cell,
    Layer,
    MergeMode,
    Network,
    States,
    checked_call,
    checked_steps,
    steps_of_lengths,
)

NETWORK_DTYPES: tuple[DType, ...] = get_args(DType)
INT64, BOOL = DTYPES["int64"], DTYPES["bool"]
PLAIN = ("return_sequences", "go_backwards", "merge_mode", "stateful", "training", "dropout", "compute_dtype")
"""The options of a call that are written as they are."""

NetworkDTypeName: TypeAlias = Annotated[str, names(NETWORK_DTYPES)]
FORM = rf"^({'|'.join(ACTIVATIONS)})(\([^()]*\))?$"
ActivationForm: TypeAlias = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": FORM})]
"""A name, or with parameters as `str` writes them: "elu(alpha=0.5)"."""
MergeModeName: TypeAlias = Annotated[str, names(get_args(MergeMode))]
DropoutName: TypeAlias = Annotated[str, names(get_args(DropoutPlace))]
NarrowName: TypeAlias = Annotated[str, names(get_args(NarrowType))]
Rate: TypeAlias = float | Annotated[str, names(NOT_FINITE)]


class CellData(Data):
    """A `Cell` as written."""

    W_x: ArrayData
    W_h: ArrayData
    b: ArrayData | None = None
    b_h: ArrayData | None = None
    activation: ActivationForm = "tanh"


class LayerData(Data):
    """A `Layer` as written."""

    forward: CellData
    backward: CellData | None = None


class NetworkData(Data):
    """A `Network` as written; `dtype` is that of every array that says no other."""

    dtype: NetworkDTypeName
    layers: list[LayerData]


class CallData(Data, kw_only=True):
    """A `Call` as written."""

    x: ArrayData
    initial_states: list[ArrayData] | None = None
    lengths: ArrayData | None = None
    mask: ArrayData | None = None
    return_sequences: bool = True
    go_backwards: bool = False
    merge_mode: MergeModeName = "concat"
    stateful: bool = False
    training: bool = False
    dropout: DropoutName | None = None
    rate: Rate = 0.0
    compute_dtype: NarrowName | None = None


class CaseData(CallData, kw_only=True):
    """A network and a call of it in one object, by which route, in which variant and layout."""

    dtype: NetworkDTypeName
    layers: list[LayerData]
    route: str = ""
    variant: str = ""
    layout: str = "plain"


class OutputData(Data):
    """An `Output` as written."""

    sequence: ArrayData | None = None
    last: ArrayData | None = None
    final_states: list[ArrayData] | None = None
    native_shapes: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)


class CellGradientsData(Data):
    """`CellGradients` as written."""

    W_x: ArrayData
    W_h: ArrayData
    b: ArrayData | None = None
    b_h: ArrayData | None = None


class GradientsData(Data):
    """`Gradients` as written, or a direction of the same form."""

    x: ArrayData
    initial_states: list[ArrayData]
    cells: list[CellGradientsData]


def write_network(network: Network) -> NetworkData:
    """The written form of a network.

    Raises:
        BadInput: it is of a type that has no written form (longdouble).
    """
    return NetworkData(_dtype_name(network), _write_layers(network))


def write_call(call: Call, dtype: np.dtype[Any]) -> CallData:
    """The written form of a call, whether or not it fits its network.

    Args:
        dtype: the network's; arrays of another type say theirs.

    Raises:
        BadInput: an array is of a type that has no written form.
    """
    return CallData(**_call_fields(call, dtype))


def write_case(
    network: Network, call: Call, route: str = "", variant: str = "", layout: str = "plain"
) -> CaseData:
    """The written form of a network and a call of it; `read_network` and `read_call` take it, too.

    Raises:
        BadInput: as `write_network` and `write_call`.
    """
    name, layers = _dtype_name(network), _write_layers(network)
    return CaseData(
        dtype=name,
        layers=layers,
        route=changed(route, ""),
        variant=changed(variant, ""),
        layout=changed(layout, "plain"),
        **_call_fields(call, network.dtype),
    )


def write_output(output: Output, dtype: np.dtype[Any]) -> OutputData:
    """The written form of an output; `dtype` is the network's.

    Raises:
        BadInput: an array is of a type that has no written form.
    """
    return OutputData(
        _optional(output.sequence, dtype, "sequence"),
        _optional(output.last, dtype, "last"),
        None if output.final_states is None else _write_states(output.final_states, dtype, "final_states"),
        {name: tuple(map(int, shape)) for name, shape in output.native_shapes.items()},
    )


def write_gradients(gradients: Gradients, dtype: np.dtype[Any]) -> GradientsData:
    """The written form of gradients, or of a direction; `dtype` is the network's.

    Raises:
        BadInput: an array is of a type that has no written form.
    """
    return GradientsData(
        write_array(gradients.x, dtype, "x"),
        _write_states(gradients.initial_states, dtype, "initial_states"),
        [_write_cell_gradients(cell, dtype, f"cells[{i}]") for i, cell in enumerate(gradients.cells)],
    )


def read_network(data: NetworkData | CaseData, place: str = "") -> Network:
    """The network that was written.

    Raises:
        BadInput: it is none; the message names the place.
    """
    one_of(within(place, "dtype"), data.dtype, NETWORK_DTYPES)
    dtype, where = DTYPES[data.dtype], within(place, "layers")
    with placed(place, "Network"):
        return Network([_read_layer(each, dtype, f"{where}[{i}]") for i, each in enumerate(data.layers)])


def read_call(data: CallData, dtype: np.dtype[Any], place: str = "") -> Call:
    """The call that was written, whether or not it fits its network (`check_fit`).

    Args:
        dtype: the network's.

    Raises:
        BadInput: an array or an option is none; the message names the place.
    """
    one_of(within(place, "merge_mode"), data.merge_mode, get_args(MergeMode))
    one_of(within(place, "dropout"), data.dropout, (None, *get_args(DropoutPlace)))
    one_of(within(place, "compute_dtype"), data.compute_dtype, (None, *get_args(NarrowType)))
    if isinstance(data.rate, str):
        one_of(within(place, "rate"), data.rate, NOT_FINITE)
    options: dict[str, Any] = {name: getattr(data, name) for name in PLAIN}
    states = data.initial_states
    return Call(
        read_array(data.x, dtype, within(place, "x")),
        None if states is None else _read_states(states, dtype, within(place, "initial_states")),
        lengths=_maybe(data.lengths, INT64, within(place, "lengths")),
        mask=_maybe(data.mask, BOOL, within(place, "mask")),
        rate=NOT_FINITE[data.rate] if isinstance(data.rate, str) else data.rate,
        **options,
    )


def check_fit(network: Network, call: Call) -> None:
    """Refuse a call that does not fit its network, as one of bad input does not.

    Raises:
        BadInput: type or shape of x, of an initial state, of lengths or mask; or a length that there is not.
    """
    checked_call(network, call.x, call.initial_states)
    if call.lengths is not None:
        checked_steps(call.x, steps_of_lengths(call.lengths, call.x.shape[1]))
    checked_steps(call.x, call.mask)


def read_output(data: OutputData, dtype: np.dtype[Any], place: str = "") -> Output:
    """The output that was written; `dtype` is the network's.

    Raises:
        BadInput: an array is none; the message names the place.
    """
    states = data.final_states
    return Output(
        _maybe(data.sequence, dtype, within(place, "sequence")),
        _maybe(data.last, dtype, within(place, "last")),
        None if states is None else _read_states(states, dtype, within(place, "final_states")),
        data.native_shapes,
    )


def read_gradients(data: GradientsData, dtype: np.dtype[Any], place: str = "") -> Gradients:
    """The gradients that were written; `dtype` is the network's.

    Raises:
        BadInput: an array is none; the message names the place.
    """
    cells = within(place, "cells")
    return Gradients(
        read_array(data.x, dtype, within(place, "x")),
        _read_states(data.initial_states, dtype, within(place, "initial_states")),
        tuple(
            CellGradients(**_read_weights(cell, dtype, f"{cells}[{index}]"))
            for index, cell in enumerate(data.cells)
        ),
    )


def _dtype_name(network: Network) -> str:
    name = str(network.dtype)
    if name not in NETWORK_DTYPES:
        raise BadInput(f"Network.dtype: expected one of {', '.join(NETWORK_DTYPES)}; got {name}")
    return name


def _write_layers(network: Network) -> list[LayerData]:
    dtype = network.dtype
    return [LayerData(*(_write_cell(cell, dtype) for cell in layer.cells)) for layer in network.layers]


def _write_cell(cell: Cell, dtype: np.dtype[Any]) -> CellData:
    return CellData(
        write_array(cell.W_x, dtype),
        write_array(cell.W_h, dtype),
        _optional(cell.b, dtype, "b"),
        _optional(cell.b_h, dtype, "b_h"),
        changed(str(cell.activation), "tanh"),
    )


def _write_cell_gradients(cell: CellGradients, dtype: np.dtype[Any], place: str) -> CellGradientsData:
    return CellGradientsData(
        write_array(cell.W_x, dtype, f"{place}.W_x"),
        write_array(cell.W_h, dtype, f"{place}.W_h"),
        _optional(cell.b, dtype, f"{place}.b"),
        _optional(cell.b_h, dtype, f"{place}.b_h"),
    )


def _call_fields(call: Call, dtype: np.dtype[Any]) -> dict[str, Any]:
    """The fields of `CallData` that have not their default value."""
    fields: dict[str, Any] = {"x": write_array(call.x, dtype, "x")}
    if call.initial_states is not None:
        fields["initial_states"] = _write_states(call.initial_states, dtype, "initial_states")
    if call.lengths is not None:
        fields["lengths"] = write_array(call.lengths, INT64, "lengths")
    if call.mask is not None:
        fields["mask"] = write_array(call.mask, BOOL, "mask")
    for name, default in DEFAULTS:
        value = getattr(call, name)
        if value != default:
            fields[name] = value
    if call.rate:
        finite = math.isfinite(call.rate)
        fields["rate"] = float(call.rate) if finite else str(float(call.rate))
    return fields


DEFAULTS = [(name, getattr(Call, name)) for name in PLAIN]


def _optional(array: Array | None, dtype: np.dtype[Any], place: str) -> ArrayData | None:
    return None if array is None else write_array(array, dtype, place)


def _write_states(states: States, dtype: np.dtype[Any], place: str) -> list[ArrayData]:
    return [write_array(state, dtype, f"{place}[{index}]") for index, state in enumerate(states)]


def _read_layer(data: LayerData, dtype: np.dtype[Any], place: str) -> Layer:
    forward = _read_cell(data.forward, dtype, within(place, "forward"))
    with placed(place, "Layer"):
        if data.backward is None:
            return Layer(forward)
        return Layer(forward, _read_cell(data.backward, dtype, within(place, "backward")))


def _read_cell(data: CellData, dtype: np.dtype[Any], place: str) -> Cell:
    weights, activation = _read_weights(data, dtype, place), changed(data.activation, "tanh")
    with placed(place, "Cell"):
        return Cell(**weights, activation=activation)


def _read_weights(data: CellData | CellGradientsData, dtype: np.dtype[Any], place: str) -> dict[str, Any]:
    return {
        role: read_array(array, dtype, within(place, role))
        for role in ("W_x", "W_h", "b", "b_h")
        if (array := getattr(data, role)) is not None
    }


def _maybe(data: ArrayData | None, dtype: np.dtype[Any], place: str) -> Array | None:
    return None if data is None else read_array(data, dtype, place)


def _read_states(data: list[ArrayData], dtype: np.dtype[Any], place: str) -> States:
    return tuple(read_array(state, dtype, f"{place}[{index}]") for index, state in enumerate(data))
