"""A harness as a framework: what it declares, and an adapter for each of its routes that asks it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np

from rnn_adapters.adapter import Adapter, Call, CannotExpress, ImplementationLost, Output
from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.framework import DEFAULT, Framework
from rnn_adapters.stdio.connection import Connection
from rnn_adapters.stdio.messages import (
    DEADLINE,
    PROTOCOL,
    AssignWeights,
    CountParameters,
    CountTrainable,
    DefaultStates,
    Differentiate,
    DropCaches,
    FreshlyInitialised,
    GlobalState,
    HandedMasks,
    Hello,
    HelloData,
    InferredShapes,
    KeptOptions,
    Load,
    NativeWeights,
    ReadWeights,
    Request,
    ResetStates,
    Restored,
    Run,
    SecondGradients,
    Speaks,
    Tangents,
    Train,
    WrongLayers,
)
from rnn_adapters.surface import Shapes, Trained, Training, UnknownAxis
from rnn_adapters.written import (
    ArrayData,
    RouteData,
    ShapesData,
    read_array,
    read_conventions,
    read_gradients,
    read_network,
    read_output,
    read_route,
    read_shapes,
    read_supports,
    read_trained,
    write_array,
    write_call,
    write_gradients,
    write_network,
    write_training,
)
from rnn_reference.errors import BadInput
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States

DType: TypeAlias = np.dtype[Any]
Read = TypeVar("Read")
Given = ParamSpec("Given")

PREFIX = "stdio:"
"""Before the name that a harness gives itself, which may be that of another adapter."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """What was loaded last: the harness keeps no other network."""

    dtype: DType


class Harness:
    """A harness that has said what it is; it and all its routes are one process.

    Args:
        connection: on which nothing was asked yet. Its deadline stays if the harness declares no other.

    Raises:
        BadInput: it speaks another version, or declares what there is not.
        ImplementationLost: it ended, was silent, or does not keep to the protocol.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.loaded: Loaded | None = None
        try:
            self.hello = self._said()
            self.conventions = read_conventions(self.hello.conventions, "hello.conventions")
            self.supports = read_supports(self.hello.supports, "hello.supports")
        except BadInput:
            self.connection.end()
            raise
        connection.deadline = self.hello.deadline or connection.deadline

    def _said(self) -> HelloData:
        request = Hello()
        line = self.connection.exchange(request)
        speaks = self.connection.read(line, request, Speaks).protocol
        if speaks != PROTOCOL:
            raise BadInput(f"hello.protocol: expected {PROTOCOL}; got {speaks}")
        found: HelloData = self.connection.read(line, request)
        return found

    def framework(self, name: str = "") -> Framework:
        """The framework of its routes.

        Args:
            name: "" for the harness's own, after `stdio:`.

        Raises:
            BadInput: a route is declared to be what there is not.
        """
        return Framework(
            name or PREFIX + self.hello.name,
            partial(self.adapter, DEFAULT),
            routes={
                route: read_route(
                    RouteData(data.kind, data.what, data.expensive),
                    partial(self.adapter, route),
                    _place(route),
                )
                for route, data in self.hello.routes.items()
            },
            conventions=self.conventions,
        )

    def adapter(self, route: str = DEFAULT) -> StdioAdapter:
        """The adapter of a route.

        Raises:
            BadInput: the harness says that it is broken, or declares of it what there is not.
        """
        conventions, supports = self.conventions, self.supports
        if route != DEFAULT:
            data, place = self.hello.routes[route], _place(route)
            if data.broken:
                raise BadInput(data.broken)
            if data.conventions is not None:
                conventions = read_conventions(data.conventions, f"{place}.conventions")
            if data.supports is not None:
                supports = read_supports(data.supports, f"{place}.supports")
        return StdioAdapter(self, route, conventions, supports)

    def ask(self, request: Request) -> Any:
        """What it answers, as data (see `Connection.ask`)."""
        return self.connection.ask(request)

    def read(self, request: Request, read: Callable[..., Read], *of: Any) -> Read:
        """What it answers, read as what it stands for; a harness is stopped whose answer is none."""
        data = self.ask(request)
        try:
            return read(data, *of, "answer")
        except BadInput as error:
            raise self.connection.breach(request, error) from None


class StdioAdapter(Adapter[Loaded]):
    """A route of a harness."""

    def __init__(self, harness: Harness, route: str, conventions: Conventions, supports: Supports) -> None:
        self.name = harness.hello.name
        self.conventions = conventions
        self.supports = supports
        self._harness = harness
        self._route = route

    def versions(self) -> dict[str, str]:
        return dict(self._harness.hello.versions)

    def load(self, network: Network) -> Loaded:
        self._harness.ask(Load(network=_written(write_network, network), route=self._route))
        self._harness.loaded = Loaded(network.dtype)
        return self._harness.loaded

    def run(self, model: Loaded, call: Call) -> Output:
        request = Run(call=_written(write_call, call, self._current(model)))
        return self._harness.read(request, read_output, model.dtype)

    def read_weights(self, model: Loaded) -> Network:
        self._current(model)
        return self._harness.read(ReadWeights(), read_network)

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        self._current(model)
        shapes: list[dict[str, tuple[int, ...]]] = self._harness.ask(NativeWeights())
        return shapes

    def count_parameters(self, model: Loaded) -> int:
        self._current(model)
        return int(self._harness.ask(CountParameters()))

    def reset_states(self, model: Loaded) -> None:
        self._current(model)
        self._harness.ask(ResetStates())

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        self._harness.loaded = None
        request = FreshlyInitialised(like=_written(write_network, like), seed=seed, route=self._route)
        return self._harness.read(request, read_network)

    def assign_weights(self, model: Loaded, network: Network) -> None:
        self._current(model)
        self._harness.ask(AssignWeights(network=_written(write_network, network)))

    def restored(self, model: Loaded) -> Loaded:
        dtype = self._current(model)
        self._harness.loaded = None
        self._harness.ask(Restored())
        self._harness.loaded = Loaded(dtype)
        return self._harness.loaded

    def inferred_shapes(
        self, model: Loaded, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        written = _written(write_call, call, self._current(model))
        found: dict[str, ShapesData] = self._harness.ask(InferredShapes(call=written, unknown=list(unknown)))
        return {way: read_shapes(shapes) for way, shapes in found.items()}

    def handed_masks(self, model: Loaded, call: Call) -> Mapping[str, Array | None]:
        request = HandedMasks(call=_written(write_call, call, self._current(model)))
        return self._harness.read(request, _masks)

    def kept_options(self, model: Loaded, call: Call) -> Mapping[str, tuple[str, str]]:
        request = KeptOptions(call=_written(write_call, call, self._current(model)))
        found: dict[str, tuple[str, str]] = self._harness.ask(request)
        return found

    def wrong_layers(self, model: Loaded, call: Call) -> Mapping[str, str]:
        request = WrongLayers(call=_written(write_call, call, self._current(model)))
        found: dict[str, str] = self._harness.ask(request)
        return found

    def default_states(self, model: Loaded, call: Call) -> States:
        request = DefaultStates(call=_written(write_call, call, self._current(model)))
        return self._harness.read(request, _states, model.dtype)

    def count_trainable(self, model: Loaded, frozen: tuple[int, ...]) -> Mapping[str, int]:
        self._current(model)
        found: dict[str, int] = self._harness.ask(CountTrainable(frozen=list(frozen)))
        return found

    def trained(self, model: Loaded, call: Call, training: Training) -> Trained:
        dtype = self._current(model)
        request = Train(
            call=_written(write_call, call, dtype), training=_written(write_training, training, dtype)
        )
        return self._harness.read(request, read_trained)

    def gradients(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        of_sequence, *of_states = _cotangents(self._current(model), d_sequence, d_final_states)
        request = Differentiate(
            call=_written(write_call, call, model.dtype), d_sequence=of_sequence, d_final_states=of_states
        )
        return self._harness.read(request, read_gradients, model.dtype)

    def tangents(self, model: Loaded, call: Call, direction: Gradients) -> Output:
        dtype = self._current(model)
        request = Tangents(
            call=_written(write_call, call, dtype), direction=_written(write_gradients, direction, dtype)
        )
        return self._harness.read(request, read_output, dtype)

    def second_gradients(
        self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        dtype = self._current(model)
        of_sequence, *of_states = _cotangents(dtype, d_sequence, d_final_states)
        request = SecondGradients(
            call=_written(write_call, call, dtype),
            d_sequence=of_sequence,
            d_final_states=of_states,
            direction=_written(write_gradients, direction, dtype),
        )
        return self._harness.read(request, read_gradients, dtype)

    def global_state(self) -> Mapping[str, str]:
        found: dict[str, str] = self._harness.ask(GlobalState(route=self._route))
        return found

    def drop_caches(self) -> None:
        self._harness.loaded = None
        self._harness.ask(DropCaches(route=self._route))

    def close(self) -> None:
        self._harness.connection.close()

    def _current(self, model: Loaded) -> DType:
        """The type of a model that is still loaded."""
        if model is not self._harness.loaded:
            raise BadInput("model: expected the network that was loaded last; got one from before")
        return model.dtype


def framework_of_command(command: str, deadline: float = DEADLINE) -> Framework:
    """The framework behind `stdio:COMMAND`; the harness is started now, and says what it is.

    Args:
        command: as in a shell, but for what only a shell understands.
        deadline: seconds that an answer may take, where the harness declares no other.

    Raises:
        BadInput: it cannot be started, or does not say what it is.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadInput(f"stdio: expected a command; got {command!r} ({error})") from None
    if not words:
        raise BadInput("stdio: expected a command, as in --adapter 'stdio:./rnn --quiet'; got none")
    try:
        return Harness(Connection(words, deadline)).framework()
    except ImplementationLost as lost:
        raise BadInput(f"stdio: {words[0]!r} cannot be asked: its process {lost.how}") from None


def _place(route: str) -> str:
    return f"hello.routes[{route!r}]"


def _masks(data: Mapping[str, ArrayData | None], place: str) -> dict[str, Array | None]:
    return {
        way: None if mask is None else read_array(mask, np.dtype(bool), f"{place}[{way!r}]")
        for way, mask in data.items()
    }


def _states(data: Sequence[ArrayData], dtype: DType, place: str) -> States:
    return tuple(read_array(state, dtype, f"{place}[{index}]") for index, state in enumerate(data))


def _written(write: Callable[Given, Read], *given: Given.args, **named: Given.kwargs) -> Read:
    try:
        return write(*given, **named)
    except BadInput as error:
        raise CannotExpress(f"the written form has no words for it: {error}") from None


def _cotangents(dtype: DType, d_sequence: Array, d_final_states: States) -> list[ArrayData]:
    return [_written(write_array, each, dtype) for each in (d_sequence, *d_final_states)]
