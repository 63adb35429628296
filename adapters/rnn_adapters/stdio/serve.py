"""`python -m rnn_adapters.stdio.serve NAME`: an adapter of the registry behind the protocol.

Needs what the written form needs (NumPy, ml_dtypes, msgspec) and the framework, and nothing of the suite.
"""

from __future__ import annotations

import copy
import os
import re
import sys
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast, get_args

import msgspec
import numpy as np

from rnn_adapters.adapter import Adapter, Call, CannotExpress
from rnn_adapters.declarations import one_of
from rnn_adapters.framework import DEFAULT, Framework
from rnn_adapters.registry import load_framework, made_adapter
from rnn_adapters.stdio.messages import (
    CANNOT_EXPRESS,
    FAILED,
    OUT_OF_MEMORY,
    PROTOCOL,
    REFUSED,
    UNKNOWN_REQUEST,
    AnyRequest,
    AssignWeights,
    Bye,
    CountParameters,
    CountTrainable,
    DeclaredRoute,
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
    Nothing,
    ReadWeights,
    Request,
    ResetStates,
    Restored,
    Run,
    SecondGradients,
    Tangents,
    Train,
    WrongLayers,
)
from rnn_adapters.surface import UnknownAxis
from rnn_adapters.written import (
    CellData,
    NetworkData,
    encoded,
    read_array,
    read_call,
    read_gradients,
    read_network,
    read_training,
    write_array,
    write_conventions,
    write_gradients,
    write_network,
    write_output,
    write_route,
    write_shapes,
    write_supports,
    write_trained,
)
from rnn_reference.activations import ACTIVATIONS
from rnn_reference.errors import BadInput
from rnn_reference.network import Network


@dataclass
class Server:
    """Answers requests with what the adapters of a framework give."""

    framework: Framework
    adapters: dict[str, Adapter[Any]] = field(default_factory=dict)
    loaded: tuple[Adapter[Any], Any, np.dtype[Any]] | None = None

    def answer(self, request: Request) -> Any:
        """The answer, as data.

        Raises:
            Exception: there is none; whatever the adapter raises.
        """
        match request:
            case Hello():
                return self.hello()
            case Load():
                self.loaded = None
                adapter, network = self.adapter(request.route), as_written(request.network)
                self.loaded = (adapter, adapter.load(network), network.dtype)
                return Nothing()
            case FreshlyInitialised():
                self.loaded = None
                made = self.adapter(request.route).freshly_initialised(as_written(request.like), request.seed)
                return write_network(made)
            case GlobalState():
                return dict(self.adapter(request.route).global_state())
            case DropCaches():
                self.loaded = None
                self.adapter(request.route).drop_caches()
                return Nothing()
            case Bye():
                for adapter in self.adapters.values():
                    adapter.close()
                return Nothing()
        return self.of_loaded(request)

    def of_loaded(self, request: Request) -> Any:
        """The answer to a request about the network that is loaded."""
        if self.loaded is None:
            raise BadInput("expected a network to be loaded; got none")
        adapter, model, dtype = self.loaded
        match request:
            case ReadWeights():
                return write_network(adapter.read_weights(model))
            case NativeWeights():
                return adapter.native_weights(model)
            case CountParameters():
                return int(adapter.count_parameters(model))
            case ResetStates():
                adapter.reset_states(model)
                return Nothing()
            case Run():
                return write_output(adapter.run(model, read_call(request.call, dtype)), dtype)
            case AssignWeights():
                adapter.assign_weights(model, as_written(request.network))
                return Nothing()
            case Restored():
                self.loaded = None
                self.loaded = (adapter, adapter.restored(model), dtype)
                return Nothing()
            case CountTrainable():
                return dict(adapter.count_trainable(model, tuple(request.frozen)))
            case InferredShapes() | HandedMasks() | KeptOptions() | WrongLayers() | DefaultStates() | Train():
                return self.of_surface(request, read_call(request.call, dtype))
            case Tangents():
                call, direction = read_call(request.call, dtype), read_gradients(request.direction, dtype)
                return write_output(adapter.tangents(model, call, direction), dtype)
            case Differentiate() | SecondGradients():
                call = read_call(request.call, dtype)
                of_sequence = read_array(request.d_sequence, dtype)
                of_states = tuple(read_array(each, dtype) for each in request.d_final_states)
                if isinstance(request, Differentiate):
                    return write_gradients(adapter.gradients(model, call, of_sequence, of_states), dtype)
                direction = read_gradients(request.direction, dtype)
                found = adapter.second_gradients(model, call, of_sequence, of_states, direction)
                return write_gradients(found, dtype)
        raise AssertionError(request)

    def of_surface(
        self,
        request: InferredShapes | HandedMasks | KeptOptions | WrongLayers | DefaultStates | Train,
        call: Call,
    ) -> Any:
        """The answer to a request about a call of which no outputs are asked for."""
        assert self.loaded is not None
        adapter, model, dtype = self.loaded
        match request:
            case InferredShapes():
                for axis in request.unknown:
                    one_of("unknown", axis, get_args(UnknownAxis))
                found = adapter.inferred_shapes(
                    model, call, cast(tuple[UnknownAxis, ...], (*request.unknown,))
                )
                return {way: write_shapes(shapes) for way, shapes in found.items()}
            case HandedMasks():
                masks, of_mask = adapter.handed_masks(model, call), np.dtype(bool)
                return {way: None if m is None else write_array(m, of_mask) for way, m in masks.items()}
            case KeptOptions():
                return dict(adapter.kept_options(model, call))
            case WrongLayers():
                return dict(adapter.wrong_layers(model, call))
            case DefaultStates():
                return [write_array(state, dtype) for state in adapter.default_states(model, call)]
            case Train():
                return write_trained(adapter.trained(model, call, read_training(request.training, dtype)))
        raise AssertionError(request)

    def adapter(self, route: str) -> Adapter[Any]:
        """The adapter of a route, made once."""
        if route not in self.adapters:
            self.adapters[route] = made_adapter(self.framework, route)
        return self.adapters[route]

    def hello(self) -> HelloData:
        """What the framework declares, all its routes included."""
        default = self.adapter(DEFAULT)
        return HelloData(
            protocol=PROTOCOL,
            name=re.sub(r"[^A-Za-z0-9_.+-]", "-", self.framework.name)[:64],
            versions=default.versions(),
            conventions=write_conventions(default.conventions),
            supports=write_supports(default.supports),
            routes={name: self.declared(name) for name in self.framework.routes},
        )

    def declared(self, route: str) -> DeclaredRoute:
        """What is declared of a route, as far as it is not declared of the default one."""
        written = write_route(self.framework.routes[route])
        declared = DeclaredRoute(kind=written.kind, what=written.what, expensive=written.expensive)
        default = self.adapter(DEFAULT)
        try:
            adapter = self.adapter(route)
        except BadInput as error:
            declared.broken = str(error)
            return declared
        if adapter.conventions != default.conventions:
            declared.conventions = write_conventions(adapter.conventions)
        if adapter.supports != default.supports:
            declared.supports = write_supports(adapter.supports)
        return declared


def as_written(data: NetworkData) -> Network:
    """The network. An activation keeps its name: one that is not known is the adapter's to refuse."""
    names = [cell.activation for layer in data.layers for cell in (layer.forward, layer.backward) if cell]
    if all(name.partition("(")[0] in ACTIVATIONS for name in names):
        return read_network(data, "network")

    def plain(cell: CellData) -> CellData:
        return msgspec.structs.replace(cell, activation="tanh")

    layers = [
        msgspec.structs.replace(
            layer,
            forward=plain(layer.forward),
            backward=None if layer.backward is None else plain(layer.backward),
        )
        for layer in data.layers
    ]
    network = read_network(msgspec.structs.replace(data, layers=layers), "network")
    for cell, name in zip(network.cells, names, strict=True):
        unknown = copy.copy(cell.activation)
        object.__setattr__(unknown, "name", name)  # Activation itself would refuse it
        object.__setattr__(cell, "activation", unknown)
    return network


def serve(framework: Framework, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests, a line each, until `bye` or the end of the input."""
    server = Server(framework)
    for line in requests:
        answer, request = answered(server, line)
        answers.write(encoded(answer) + b"\n")
        answers.flush()
        if isinstance(request, Bye):
            return


def answered(server: Server, line: bytes) -> tuple[dict[str, Any], Request | None]:
    """The answer to a line, and the request that stood in it, if one did."""
    request: Request | None = None
    number: int | None = None
    try:
        number = msgspec.json.decode(line, type=Numbered).id
        request = msgspec.json.decode(line, type=AnyRequest)
        return {"id": number, "answer": server.answer(request)}, request
    except msgspec.DecodeError as error:
        kind, message = (UNKNOWN_REQUEST if number is not None else FAILED), str(error)
    except CannotExpress as error:
        kind, message = CANNOT_EXPRESS, str(error)
    except MemoryError as error:
        kind, message = OUT_OF_MEMORY, str(error)
    except Exception as error:
        kind, message = REFUSED, f"{type(error).__name__}: {error}"
    return {"id": number, "error": {"kind": kind, "message": message}}, request


class Numbered(msgspec.Struct):
    """Of a request that may not be known, its number."""

    id: int


def main() -> None:
    """Serve the framework that the command line names; what it prints goes to standard error."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m rnn_adapters.stdio.serve NAME")
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        try:
            framework = load_framework(sys.argv[1])
        except BadInput as error:
            sys.exit(f"rnn_adapters.stdio.serve: {error}")
        serve(framework, requests, answers)


if __name__ == "__main__":
    main()
