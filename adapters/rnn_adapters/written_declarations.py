"""The written form of declarations. What is read is validated by the declarations themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Annotated, Any, TypeAlias, get_args

import msgspec

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import (
    ROLES,
    ROUTE_KINDS,
    Conventions,
    Expensive,
    Initialisation,
    LossDType,
    NativeWeight,
    OutputOrder,
    PaddedOutput,
    StateDType,
    Supports,
)
from rnn_adapters.framework import Route
from rnn_adapters.surface import IntegerType, MaskType, UnknownAxis
from rnn_adapters.written_documents import Data, names, placed, within
from rnn_adapters.written_networks import (
    DropoutName,
    MergeModeName,
    NarrowName,
    NetworkDTypeName,
)
from rnn_reference.activations import ACTIVATIONS
from rnn_reference.quantised import Quantised

ActivationName: TypeAlias = Annotated[str, names(ACTIVATIONS)]
RoleName: TypeAlias = Annotated[str, names(ROLES)]
PaddedName: TypeAlias = Annotated[str, names(get_args(PaddedOutput))]
OrderName: TypeAlias = Annotated[str, names(get_args(OutputOrder))]
InitialisationName: TypeAlias = Annotated[str, names(get_args(Initialisation))]
StateDTypeName: TypeAlias = Annotated[str, names(get_args(StateDType))]
LossDTypeName: TypeAlias = Annotated[str, names(get_args(LossDType))]
ExpensiveName: TypeAlias = Annotated[str, names(get_args(Expensive))]
UnknownAxisName: TypeAlias = Annotated[str, names(get_args(UnknownAxis))]
MaskTypeName: TypeAlias = Annotated[str, names(get_args(MaskType))]
IntegerTypeName: TypeAlias = Annotated[str, names(get_args(IntegerType))]
RouteKindName: TypeAlias = Annotated[str, names(ROUTE_KINDS)]


class NativeWeightData(Data):
    """A `NativeWeight` as written."""

    role: RoleName
    name: str
    axes: list[str]
    part: int = 0


class QuantisedData(Data):
    """`rnn_reference.quantised.Quantised` as written."""

    weight_intervals: float | None = None
    input_intervals: float | None = None
    least_weight_spacing: float = 0.0
    least_input_spacing: float = 0.0
    weight_dtype: NarrowName | None = None


class ConventionsData(Data):
    """`Conventions` as written."""

    layer: str
    weights: list[NativeWeightData]
    bias_vectors: int | None = None
    axes: dict[str, list[str]] = msgspec.field(default_factory=dict)
    last_output: str = "unsupported"
    final_state_order: str = "unsupported"
    padded_output: PaddedName = "undefined"
    padded_output_bidirectional: PaddedName = "undefined"
    go_backwards_order: OrderName | None = None
    initialisation: dict[str, InitialisationName] = msgspec.field(default_factory=dict)
    reuses_outputs: bool = False
    state_dtype: StateDTypeName = "computed"
    loss_dtype: LossDTypeName = "computed"
    quantised: QuantisedData | None = None


class SupportsData(Data):
    """`Supports` as written."""

    activations: list[ActivationName]
    dtypes: list[NetworkDTypeName]
    parameters: list[ActivationName] = msgspec.field(default_factory=list)
    compute_dtypes: list[NarrowName] = msgspec.field(default_factory=list)
    bidirectional: bool = False
    mixed_directions: bool = False
    stacked: bool = False
    mixed_layers: bool = False
    no_bias: bool = False
    initial_states: bool = False
    sequence: bool = False
    last_output: bool = False
    final_states: bool = False
    lengths: bool = False
    masks: bool = False
    lengths_and_masks: bool = False
    go_backwards: bool = False
    merge_modes: list[MergeModeName] | msgspec.UnsetType = msgspec.UNSET
    stateful: bool = False
    dropout: list[DropoutName] = msgspec.field(default_factory=list)
    freshly_initialised: bool = False
    gradients: bool = False
    tangents: bool = False
    second_gradients: bool = False
    read_weights: bool = False
    native_weights: bool = False
    count_parameters: bool = False
    assign_weights: bool = False
    restored: bool = False
    leading_axes: bool = False
    inferred_shapes: bool = False
    unknown_axes: list[UnknownAxisName] = msgspec.field(default_factory=list)
    handed_masks: bool = False
    mask_dtypes: list[MaskTypeName] = msgspec.field(default_factory=list)
    input_dtypes: list[IntegerTypeName] = msgspec.field(default_factory=list)
    kept_options: bool = False
    wrong_layers: bool = False
    default_states: bool = False
    count_trainable: bool = False
    trained: bool = False
    expensive: ExpensiveName = "nothing"


class RouteData(Data):
    """A `Route` as written: all but how its adapter is made, and what this machine lacks for it."""

    kind: RouteKindName
    what: str
    expensive: bool = False


def write_conventions(conventions: Conventions) -> ConventionsData:
    """The written form of conventions."""
    given = _given(conventions)
    given["weights"] = [NativeWeightData(**_given(weight)) for weight in conventions.weights]
    if conventions.quantised is not None:
        given["quantised"] = QuantisedData(**_given(conventions.quantised))
    return ConventionsData(**given)


def write_supports(supports: Supports) -> SupportsData:
    """The written form of what is supported."""
    return SupportsData(**_given(supports))


def write_route(route: Route) -> RouteData:
    """The written form of a route."""
    given = _given(route)
    return RouteData(**{name: given[name] for name in RouteData.__struct_fields__ if name in given})


def read_conventions(data: ConventionsData, place: str = "") -> Conventions:
    """The conventions that were written.

    Raises:
        BadInput: they are none; the message names the place.
    """
    weights, where = [], within(place, "weights")
    for index, weight in enumerate(data.weights):
        with placed(f"{where}[{index}]", "NativeWeight"):
            weights.append(NativeWeight(**_declared(weight)))
    quantised = None
    if data.quantised is not None:
        with placed(within(place, "quantised"), "Quantised"):
            quantised = Quantised(**_declared(data.quantised))
    with placed(place, "Conventions"):
        return Conventions(**_declared(data) | {"weights": tuple(weights), "quantised": quantised})


def read_supports(data: SupportsData, place: str = "") -> Supports:
    """What was written to be supported.

    Raises:
        BadInput: a name is unknown, or one ability needs another; the message names the place.
    """
    with placed(place, "Supports"):
        return Supports(**_declared(data))


def read_route(data: RouteData, make: Callable[[], Adapter[Any]], place: str = "") -> Route:
    """The route that was written, with what makes its adapter.

    Raises:
        BadInput: its kind is unknown.
    """
    with placed(place, "Route"):
        return Route(**_declared(data), make=make)


def _given(declared: Any) -> dict[str, Any]:
    """The fields that have not their default value, tuples as lists."""
    given = {}
    for each in fields(declared):
        value = getattr(declared, each.name)
        default = {} if each.default is MISSING else each.default
        if value != default:
            given[each.name] = _with(list, value)
    return given


def _declared(data: Data) -> dict[str, Any]:
    """The fields that are given, lists as tuples."""
    given = ((name, getattr(data, name)) for name in data.__struct_fields__)
    return {name: _with(tuple, value) for name, value in given if value is not msgspec.UNSET}


def _with(kind: type[list[Any]] | type[tuple[Any, ...]], value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _with(kind, each) for name, each in value.items()}
    return kind(value) if isinstance(value, (list, tuple)) else value
