"""`OnnxAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from onnx import ModelProto

from rnn_adapters.adapter import Adapter, Call, CannotExpress, Output
from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.native import canonical_weights
from rnn_adapters.onnx.graph import Asked, Style, model_of, weights_of
from rnn_reference.network import Array, Cell, Layer, Network

Named: TypeAlias = Mapping[str, Array]
"""Arrays by their names in a model."""
NATIVE = {"x": "X", "sequence": "Y", "final_states": "Y_h_0"}
"""The arrays whose axes are declared, by their names in a model."""
Session: TypeAlias = Any
"""What a model is called by: an `InferenceSession`, a `ReferenceEvaluator`."""


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        make: makes a session of a model.
        call: calls it: all outputs, by name.
        weights: the weights that a session holds, where it shows them.
        style: how a model is written.
        by_steps: the caller makes a call for each step.
    """

    conventions: Conventions
    supports: Supports
    make: Callable[[ModelProto], Session]
    call: Callable[[Session, Named], Named]
    weights: Callable[[Session], Named] | None = None
    style: Style = field(default_factory=Style)
    by_steps: bool = False


@dataclass
class Loaded:
    """A network, and its sessions: one for each form of a call, made when it is first asked for."""

    network: Network
    weights: Named
    sessions: dict[Asked, Session] = field(default_factory=dict)


class OnnxAdapter(Adapter[Loaded]):
    """A route into a runtime of ONNX models, put together from its parts."""

    def __init__(self, name: str, parts: Parts, versions: Mapping[str, str]) -> None:
        self.name = name
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports
        self._versions = {**versions, "numpy": np.__version__}

    def versions(self) -> dict[str, str]:
        return self._versions

    def load(self, network: Network) -> Loaded:
        return Loaded(network, weights_of(network, self.parts.style))

    def run(self, model: Loaded, call: Call) -> Output:
        h0 = [self._states(state) for state in call.initial_states or ()]
        make = self._by_steps if self.parts.by_steps else self._whole
        found, native = make(model, call, self._x(call), h0)
        finals = [self._states(found[f"Y_h_{i}"]) for i in range(len(found) - ("Y" in found))]
        return Output(
            sequence=self._sequence(found["Y"]) if "Y" in found else None,
            last=None if call.return_sequences else side_by_side(finals[-1], 0).copy(),
            final_states=tuple(finals) if finals else None,
            native_shapes={name: native[own].shape for name, own in NATIVE.items() if own in native},
        )

    def read_weights(self, model: Loaded) -> Network:
        layers = []
        for index, layer in enumerate(model.network.layers):
            held = canonical_weights(self.conventions.weights, self._held(model, index), layer.directions)
            cells = zip(held, layer.cells, strict=True)
            layers.append(Layer(*(Cell(**weights, activation=cell.activation) for weights, cell in cells)))
        return Network(layers)

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        layers, weights = model.network.layers, self.conventions.weights
        of_layers = [self._held(model, index) for index in range(len(layers))]
        return [
            {weight.role: held[weight.name].shape for weight in weights if weight.name in held}
            for layer, held in zip(layers, of_layers, strict=True)
            for _ in layer.cells
        ]

    def _held(self, model: Loaded, index: int) -> Named:
        """The weights of a layer as a session holds them, by their names in the conventions."""
        assert self.parts.weights is not None
        arrays = self.parts.weights(self._session(model, Asked(False, False, True, True, False)))
        names = {weight.name: f"{weight.name}_{index}" for weight in self.conventions.weights}
        return {name: arrays[own] for name, own in names.items() if own in arrays}

    def _whole(self, model: Loaded, call: Call, x: Array, h0: Sequence[Array]) -> tuple[Named, Named]:
        """What one call gave; and the same with what it took."""
        asked = self._asked(model, call, h0)
        feeds = {"X": x}
        if call.lengths is not None:
            feeds["sequence_lens"] = call.lengths.astype(np.int32)
        found = self._called(model, asked, feeds, h0)
        return found, {"X": x, **found}

    def _by_steps(self, model: Loaded, call: Call, x: Array, h0: Sequence[Array]) -> tuple[Named, Named]:
        """What the calls of the caller's own loop gave together; and what the last one took and gave."""
        if not len(x):
            raise CannotExpress("a sequence of no steps: there is no call to be made")
        steps = [x[t : t + 1] for t in range(len(x))]
        made = []
        for step in steps:
            made.append(self._called(model, self._asked(model, call, h0), {"X": step}, h0))
            h0 = [made[-1][f"Y_h_{i}"] for i in range(model.network.num_layers)]
        sequence = {"Y": np.concatenate([each["Y"] for each in made])} if call.return_sequences else {}
        return {**made[-1], **sequence}, {"X": steps[-1], **made[-1]}

    def _asked(self, model: Loaded, call: Call, h0: Sequence[Array]) -> Asked:
        style = self.parts.style
        return Asked(
            initial_states=bool(h0),
            lengths=call.lengths is not None,
            sequence=call.return_sequences,
            final_states=style.final_states or not call.return_sequences,
            go_backwards=call.go_backwards,
            shape=call.x.shape[:2] if style.fixed_shapes else (),
        )

    def _called(self, model: Loaded, asked: Asked, feeds: dict[str, Array], h0: Sequence[Array]) -> Named:
        """One call of a session."""
        feeds |= {f"initial_h_{i}": state for i, state in enumerate(h0)}
        if self.parts.style.weights_as_inputs:
            feeds |= model.weights
        return self.parts.call(self._session(model, asked), feeds)

    def _session(self, model: Loaded, asked: Asked) -> Session:
        if asked not in model.sessions:
            model.sessions[asked] = self.parts.make(model_of(model.network, asked, self.parts.style))
        return model.sessions[asked]

    def _x(self, call: Call) -> Array:
        """The input in the axes of this route; contiguous if the call's is, else with its strides."""
        if self.parts.style.batch_first or call.x.ndim < 2:
            return call.x
        turned = call.x.swapaxes(0, 1)
        return np.ascontiguousarray(turned) if call.x.flags.c_contiguous and call.x.flags.aligned else turned

    def _states(self, state: Array) -> Array:
        """From canonical axes to those of this route, or back."""
        return state.swapaxes(0, 1) if self.parts.style.batch_first == "layout" else state

    def _sequence(self, Y: Array) -> Array:
        """(time, directions, batch, hidden) or (batch, time, directions, hidden) in canonical axes."""
        if self.parts.style.batch_first:
            return side_by_side(Y, -2)
        return side_by_side(Y, 1).swapaxes(0, 1)


def side_by_side(array: Array, directions: int) -> Array:
    """An array whose axis of directions is joined with its last one, the features."""
    moved = np.moveaxis(array, directions, -2)
    return moved.reshape(*moved.shape[:-2], moved.shape[-2] * moved.shape[-1])
