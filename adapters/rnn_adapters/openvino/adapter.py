"""`OpenVinoAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import openvino

from rnn_adapters.adapter import Adapter, Call, CannotExpress, Output
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.openvino.graph import Asked, cells, sequences
from rnn_adapters.openvino_runtime import narrow_by_default
from rnn_reference.network import Array, Network

CORE: Any = openvino.Core()
VERSIONS = {
    "openvino": openvino.__version__.partition("-")[0],
    **narrow_by_default(openvino),
    "numpy": np.__version__,
}
Compiled: TypeAlias = Any
Arrays: TypeAlias = list[Array]


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        compile: makes of a model what is called.
        call: calls it: its outputs, in order.
        static: a model is of one batch size and length.
        by_steps: the caller calls a model of cells for each step.
    """

    conventions: Conventions
    supports: Supports
    compile: Callable[[Any], Compiled]
    call: Callable[[Compiled, Arrays], Arrays]
    static: bool = False
    by_steps: bool = False


@dataclass
class Loaded:
    """A network, and what was compiled of it: a model for each form of a call, when it is first asked for."""

    network: Network
    compiled: dict[Asked, Compiled] = field(default_factory=dict)


class OpenVinoAdapter(Adapter[Loaded]):
    """A route into OpenVINO, put together from its parts."""

    name = "openvino"

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports

    def versions(self) -> dict[str, str]:
        return VERSIONS

    def load(self, network: Network) -> Loaded:
        return Loaded(network)

    def run(self, model: Loaded, call: Call) -> Output:
        rows = call.x.shape[:1]
        given = call.initial_states or [
            np.zeros((layer.directions, *rows, layer.hidden_size), call.x.dtype)
            for layer in model.network.layers
        ]
        states = [state.swapaxes(0, 1) for state in given]
        return (self._by_steps if self.parts.by_steps else self._whole)(model, call, states)

    def _whole(self, model: Loaded, call: Call, states: Sequence[Array]) -> Output:
        """One call of a model of sequences."""
        sizes = call.x.shape[:2] if self.parts.static else ()
        compiled = self._compiled(model, Asked(call.return_sequences, call.go_backwards, *sizes))
        lengths = np.full(call.x.shape[0], call.x.shape[1]) if call.lengths is None else call.lengths
        found = self.parts.call(compiled, [call.x, lengths.astype(np.int32), *states])
        top, finals = (found[:1], found[1:]) if call.return_sequences else ([], found)
        native = {"x": call.x, "final_states": finals[0], **({"sequence": top[0]} if top else {})}
        return Output(
            sequence=side_by_side(top[0].swapaxes(1, 2)) if top else None,
            last=None if top else side_by_side(finals[-1]).copy(),
            final_states=tuple(final.swapaxes(0, 1) for final in finals),
            native_shapes={name: array.shape for name, array in native.items()},
        )

    def _by_steps(self, model: Loaded, call: Call, states: Sequence[Array]) -> Output:
        """The caller's own loop over a model of cells."""
        if not call.x.shape[1]:
            raise CannotExpress("a sequence of no steps: there is no call to be made")
        compiled = self._compiled(model, Asked(False, False))
        held, outputs = [state[:, 0] if state.shape[1] == 1 else state for state in states], []
        for t in range(call.x.shape[1]):
            x = call.x[:, t]
            held = self.parts.call(compiled, [x, *held])
            outputs.append(held[-1])
        return Output(
            sequence=np.stack(outputs, axis=1) if call.return_sequences else None,
            last=None if call.return_sequences else held[-1].copy(),
            final_states=tuple(state[None] for state in held),
            native_shapes={
                name: array.shape for name, array in zip(ARRAYS, (x, held[-1], held[0]), strict=True)
            },
        )

    def _compiled(self, model: Loaded, asked: Asked) -> Compiled:
        if asked not in model.compiled:
            written = (cells if self.parts.by_steps else sequences)(model.network, asked)
            model.compiled[asked] = self.parts.compile(written)
        return model.compiled[asked]


def side_by_side(array: Array) -> Array:
    """(…, directions, hidden) as (…, directions·hidden)."""
    return array.reshape(*array.shape[:-2], array.shape[-2] * array.shape[-1])
