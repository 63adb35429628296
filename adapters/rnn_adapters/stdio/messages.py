"""The messages of the protocol: what is asked and what is answered. The spec has a chapter about them.

Requests and answers are open: fields that are not known are ignored. The documents in them (networks, calls,
outputs, declarations) are those of the written form, which is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec

from rnn_adapters.surface import UnknownAxis
from rnn_adapters.written import (
    ArrayData,
    CallData,
    ConventionsData,
    GradientsData,
    NetworkData,
    OutputData,
    RouteData,
    ShapesData,
    SupportsData,
    TrainedData,
    TrainingData,
    documents_schema,
)
from rnn_adapters.written_documents import names

PROTOCOL = 1
"""The version of the protocol, raised when the meaning of a message changes."""

DEADLINE = 60.0
"""Seconds that an answer may take, where the harness declares no other."""

CLOSING_SECONDS = 10.0
"""Seconds that a harness may take to end."""

LARGEST = 2**26
"""Bytes of a line, its end not counted."""

REFUSED, CANNOT_EXPRESS, OUT_OF_MEMORY = "refused", "cannot express", "out of memory"
UNKNOWN_REQUEST, FAILED = "unknown request", "failed"
ErrorKind: TypeAlias = Literal["refused", "cannot express", "out of memory", "unknown request", "failed"]

Printable: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[ -~]{1,64}$")]
AxisName: TypeAlias = Annotated[str, names(get_args(UnknownAxis))]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=86400)]


class Request(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="request"):
    """What all requests have in common: a number, which the answer repeats."""

    id: int = 0


class Hello(Request, tag="hello", kw_only=True, omit_defaults=False):
    """Who are you? The first request."""

    protocol: int = PROTOCOL


class Load(Request, tag="load", kw_only=True):
    """Load a network, in place of the one before; what follows is about it."""

    network: NetworkData
    route: str = ""


class Run(Request, tag="run", kw_only=True):
    """Make a call of the loaded network."""

    call: CallData


class Differentiate(Request, tag="gradients", kw_only=True):
    """Gradients of Σ d_sequence · sequence + Σ d_final_states · final_states."""

    call: CallData
    d_sequence: ArrayData
    d_final_states: list[ArrayData]


class Tangents(Request, tag="tangents", kw_only=True):
    """Derivatives of sequence output and final states in a direction."""

    call: CallData
    direction: GradientsData


class SecondGradients(Request, tag="second_gradients", kw_only=True):
    """Gradients of Σ direction · gradients."""

    call: CallData
    d_sequence: ArrayData
    d_final_states: list[ArrayData]
    direction: GradientsData


class ReadWeights(Request, tag="read_weights", kw_only=True):
    """The weights that are held now."""


class NativeWeights(Request, tag="native_weights", kw_only=True):
    """For each cell, the shapes of the framework's own arrays by role."""


class CountParameters(Request, tag="count_parameters", kw_only=True):
    """The number of parameters, by the framework's own count."""


class ResetStates(Request, tag="reset_states", kw_only=True):
    """Let stateful layers forget."""


class FreshlyInitialised(Request, tag="freshly_initialised", kw_only=True):
    """A network of these sizes and options with initial weights of the framework's own."""

    like: NetworkData
    seed: int
    route: str = ""


class AssignWeights(Request, tag="assign_weights", kw_only=True):
    """Give what is loaded these weights; it goes on being called, and keeps its states."""

    network: NetworkData


class Restored(Request, tag="restored", kw_only=True):
    """Save what is loaded and load it again; what follows is about what came back."""


class InferredShapes(Request, tag="inferred_shapes", kw_only=True):
    """The shapes that are inferred for the outputs of a call, by each way to infer them."""

    call: CallData
    unknown: list[AxisName] = msgspec.field(default_factory=list)


class HandedMasks(Request, tag="handed_masks", kw_only=True):
    """The masks that the layer after the top one is given, by each way in which they are handed on."""

    call: CallData


class KeptOptions(Request, tag="kept_options", kw_only=True):
    """What was given for each option, or is documented of one left alone, and what a layer then has."""

    call: CallData


class WrongLayers(Request, tag="wrong_layers", kw_only=True):
    """For each description that makes no layer, the error that it is refused with; empty for none."""

    call: CallData


class DefaultStates(Request, tag="default_states", kw_only=True):
    """The states that a call is said to start from if none are given."""

    call: CallData


class CountTrainable(Request, tag="count_trainable", kw_only=True):
    """The number of parameters that would be trained, by each way to keep layers from it."""

    frozen: list[int] = msgspec.field(default_factory=list)


class Train(Request, tag="trained", kw_only=True):
    """Train, and tell the weights after every step."""

    call: CallData
    training: TrainingData


class GlobalState(Request, tag="global_state", kw_only=True):
    """Settings that a call must leave as they are."""

    route: str = ""


class DropCaches(Request, tag="drop_caches", kw_only=True):
    """What was built or compiled may be forgotten."""

    route: str = ""


class Bye(Request, tag="bye", kw_only=True):
    """The last request: the harness ends after its answer."""


class Nothing(msgspec.Struct):
    """An empty object."""


class DeclaredRoute(RouteData, kw_only=True):
    """A route of a harness.

    Args:
        conventions, supports: those of the default route, where they are not given.
        broken: why it cannot be taken; "" if it can.
    """

    conventions: ConventionsData | None = None
    supports: SupportsData | None = None
    broken: str = ""


class HelloData(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a harness says of itself.

    Args:
        protocol: the version that it speaks.
        versions: of what computes, the framework first.
        deadline: seconds that each later answer may take; None: `DEADLINE`.
    """

    protocol: int
    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$")]
    versions: dict[Printable, Printable]
    conventions: ConventionsData
    supports: SupportsData
    routes: dict[str, DeclaredRoute] = {}
    deadline: Seconds | None = None


class Trouble(msgspec.Struct):
    """Why there is no answer."""

    kind: str
    message: str = ""


class Answer(msgspec.Struct, omit_defaults=True):
    """An answer as a line: one of `answer` and `error`."""

    id: int | None = None
    answer: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: Trouble | msgspec.UnsetType = msgspec.UNSET


class Speaks(msgspec.Struct):
    """Of the answer to `hello` what every version of the protocol has."""

    protocol: int


AnyRequest: TypeAlias = (
    Hello
    | Load
    | Run
    | Differentiate
    | Tangents
    | SecondGradients
    | ReadWeights
    | NativeWeights
    | CountParameters
    | ResetStates
    | FreshlyInitialised
    | AssignWeights
    | Restored
    | InferredShapes
    | HandedMasks
    | KeptOptions
    | WrongLayers
    | DefaultStates
    | CountTrainable
    | Train
    | GlobalState
    | DropCaches
    | Bye
)

Shapes: TypeAlias = list[dict[str, tuple[int, ...]]]

ANSWERS: Mapping[type[Request], Any] = {
    Hello: HelloData,
    Load: Nothing,
    Run: OutputData,
    Differentiate: GradientsData,
    Tangents: OutputData,
    SecondGradients: GradientsData,
    ReadWeights: NetworkData,
    NativeWeights: Shapes,
    CountParameters: int,
    ResetStates: Nothing,
    FreshlyInitialised: NetworkData,
    AssignWeights: Nothing,
    Restored: Nothing,
    InferredShapes: dict[str, ShapesData],
    HandedMasks: dict[str, ArrayData | None],
    KeptOptions: dict[str, tuple[str, str]],
    WrongLayers: dict[str, str],
    DefaultStates: list[ArrayData],
    CountTrainable: dict[str, int],
    Train: TrainedData,
    GlobalState: dict[str, str],
    DropCaches: Nothing,
    Bye: Nothing,
}
"""For each request what is answered."""


def tag_of(request: type[Request]) -> str:
    """What a request is called on the line."""
    return str(request.__struct_config__.tag)


def unique(values: Iterable[Any]) -> list[Any]:
    """The values, each once."""
    found: list[Any] = []
    for value in values:
        found += [value] * (value not in found)
    return found


def protocol_schema() -> dict[str, Any]:
    """One JSON Schema (2020-12) of every line: requests, answers, and what stands in them."""
    kinds = {each: ANSWERS[each] for each in get_args(AnyRequest)}
    schema = documents_schema("The protocol of rnn-conformance", (*kinds, *kinds.values(), Trouble))
    definitions, requests = schema["$defs"], [{"$ref": f"#/$defs/{each.__name__}"} for each in kinds]
    for each in kinds:
        definition = definitions[each.__name__]
        definition["required"] = ["request", "id", *definition["required"][1:]]
        del definition["properties"]["id"]["default"]
    others = [*requests, {"$ref": "#/$defs/Trouble"}]
    of_answers = [each for each in unique(schema["anyOf"]) if each not in others]
    error = definitions["Trouble"]
    error["properties"]["kind"] = {"enum": list(get_args(ErrorKind))}
    definitions["Answer"] = {
        "title": "Answer",
        "type": "object",
        "properties": {
            "id": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "answer": {"anyOf": of_answers},
            "error": {"$ref": "#/$defs/Trouble"},
        },
        "required": ["id"],
        "oneOf": [{"required": ["answer"]}, {"required": ["error"]}],
    }
    schema["anyOf"] = [*requests, {"$ref": "#/$defs/Answer"}]
    return schema
