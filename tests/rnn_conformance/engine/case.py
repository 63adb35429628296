"""One case: a network, the call made of it, and how both are written down."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from rnn_adapters.adapter import Call, DropoutPlace, NarrowType
from rnn_reference.errors import BadInput
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

SHOWN_ELEMENTS = 48
"""Arrays with more elements than this are described, not printed."""


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """What one example of a check runs.

    Args:
        network: the weights.
        x: (batch, time, input), of the network's dtype.
        initial_states: per layer (directions, batch, hidden), or None.
        lengths: steps of each row, integers (batch,), or None.
        mask: the steps to take, booleans (batch, time), or None.
        go_backwards: whether the layer reads its input from the end.
        merge_mode: how a bidirectional layer merges its directions.
        stateful: whether the layers keep their states for the next call.
        training: whether dropout acts.
        dropout: where a share of the numbers is dropped, or None.
        rate: that share.
        compute_dtype: the type that the layer is told to compute in, or None for that of its weights.
        route: the way into the framework, by name; "" for the usual one.
        variant: which of several forms of the check this is; each check says what its variants are.
    """

    network: Network
    x: Array
    initial_states: States | None = None
    lengths: Array | None = None
    mask: Array | None = None
    go_backwards: bool = False
    merge_mode: MergeMode = "concat"
    stateful: bool = False
    training: bool = False
    dropout: DropoutPlace | None = None
    rate: float = 0.0
    compute_dtype: NarrowType | None = None
    route: str = ""
    variant: str = ""

    def call(self, *, return_sequences: bool = True) -> Call:
        return Call(return_sequences=return_sequences, **{name: getattr(self, name) for name in OF_CALLS})

    @staticmethod
    def of_call(network: Network, call: Call, route: str = "") -> Case:
        """The case that makes this call."""
        return Case(network, route=route, **{name: getattr(call, name) for name in OF_CALLS})

    @property
    def steps(self) -> Array | None:
        """Which steps each row takes (batch, time); None for all."""
        if self.lengths is None:
            return self.mask
        return steps_of_lengths(self.lengths, self.x.shape[1])

    def replace(self, **changes: Any) -> Case:
        return dataclasses.replace(self, **changes)

    def mapped(self, change: Callable[[Array], Array]) -> Case:
        """The case with all its weights, input and initial states changed."""
        states = self.initial_states
        return self.replace(
            network=self.network.mapped(change),
            x=change(self.x),
            initial_states=None if states is None else tuple(map(change, states)),
        )

    def reordered(self, rows: Array) -> Case:
        """The case with its rows in another order."""
        return self.replace(
            x=self.x[rows],
            initial_states=None
            if self.initial_states is None
            else tuple(s[:, rows] for s in self.initial_states),
            lengths=None if self.lengths is None else self.lengths[rows],
            mask=None if self.mask is None else self.mask[rows],
        )

    @property
    def facts(self) -> dict[str, str | int | bool]:
        """What conditions of deviations may ask about a case."""
        cells = self.network.cells
        return {
            "dtype": str(self.network.dtype),
            "activation": cells[0].activation.name,
            "layers": self.network.num_layers,
            "directions": max(layer.directions for layer in self.network.layers),
            "bias_vectors": max(len(cell.biases) for cell in cells),
            "batch": self.x.shape[0],
            "time": self.x.shape[1],
            "input_size": self.network.input_size,
            "hidden_size": self.network.layers[0].hidden_size,
            "initial_states": self.initial_states is not None,
            "padding": "mask" if self.mask is not None else "lengths" if self.lengths is not None else "none",
            "fully_masked_row": self._fully_masked_row(),
            "last_step_masked": self._last_step_masked(),
            "go_backwards": self.go_backwards,
            "merge_mode": self.merge_mode,
            "stateful": self.stateful,
            "dropout": self.dropout or "none",
            "compute_dtype": self.compute_dtype or "none",
            "route": self.route or "default",
            "variant": self.variant,
        }

    def _fully_masked_row(self) -> bool:
        taken = self.mask
        if self.lengths is not None:
            taken = self.lengths > 0  # impossible lengths, too, are cases
        return taken is not None and not taken.reshape(len(taken), -1).any(axis=1).all()

    def _last_step_masked(self) -> bool:
        """Whether some row leaves out the step that would be its last (going backwards, the first)."""
        if self.mask is None or self.mask.ndim != 2 or not self.mask.size:
            return False
        return not self.mask[:, 0 if self.go_backwards else -1].all()

    def __repr__(self) -> str:
        """The case in words and numbers: shapes first, then every array that is short enough to read."""
        hidden = "+".join(str(layer.hidden_size) for layer in self.network.layers)
        sizes = f"input {self.network.input_size}, hidden {hidden}"
        if self.x.ndim == 3:
            sizes = f"batch {self.x.shape[0]}, time {self.x.shape[1]}, {sizes}"
        lines = [f"{self.network.dtype}, {sizes}"]
        lines[0] += f", variant {self.variant!r}" if self.variant else ""
        lines[0] += f", route {self.route!r}" if self.route else ""
        for index, layer in enumerate(self.network.layers):
            for name, cell in zip(("forward", "backward"), layer.cells, strict=False):
                lines.append(f"layer {index} {name}, {cell.activation}:")
                lines += [
                    f"  {role} = {_shown(getattr(cell, role))}"
                    for role in ("W_x", "W_h", "b", "b_h")
                    if getattr(cell, role) is not None
                ]
        lines.append(f"x = {_shown(self.x)}")
        for index, state in enumerate(self.initial_states or ()):
            lines.append(f"initial state of layer {index} = {_shown(state)}")
        if self.initial_states is None:
            lines.append("no initial state given")
        lines += [
            f"{name} = {value.tolist()}"
            for name, value in (("lengths", self.lengths), ("mask", self.mask))
            if value is not None
        ]
        lines += ["go_backwards"] * self.go_backwards
        lines += [f"merge_mode = {self.merge_mode}"] * (self.merge_mode != "concat")
        lines += ["stateful"] * self.stateful
        lines += [f"dropout of {self.dropout}, rate {self.rate}"] * (self.dropout is not None)
        lines += ["training"] * self.training
        lines += [f"computed in {self.compute_dtype}"] * (self.compute_dtype is not None)
        return "\n".join(lines)


OF_CALLS = [argument.name for argument in dataclasses.fields(Call) if argument.name != "return_sequences"]
"""What a case and a call have in common."""


def _shown(array: Array) -> str:
    if array.size > SHOWN_ELEMENTS:
        return f"{array.size} values, shape {array.shape}"
    return repr(_to_data(array))


# The written form. Numbers are written with all the digits that make them exact.

ArrayData = list[Any] | dict[str, list[int]]
"""Nested lists; an array without elements is written as {"shape": [...]}."""


class CellData(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A `Cell` as written."""

    W_x: ArrayData
    W_h: ArrayData
    b: ArrayData | None = None
    b_h: ArrayData | None = None
    activation: str = "tanh"


class LayerData(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A `Layer` as written."""

    forward: CellData
    backward: CellData | None = None


class CaseData(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A `Case` as written."""

    dtype: str
    layers: list[LayerData]
    x: ArrayData
    initial_states: list[ArrayData] | None = None
    lengths: list[int] | None = None
    mask: list[list[bool]] | None = None
    go_backwards: bool = False
    merge_mode: MergeMode = "concat"
    stateful: bool = False
    training: bool = False
    dropout: DropoutPlace | None = None
    rate: float = 0.0
    compute_dtype: NarrowType | None = None
    route: str = ""
    variant: str = ""


PLAIN = (
    "go_backwards",
    "merge_mode",
    "stateful",
    "training",
    "dropout",
    "rate",
    "compute_dtype",
    "route",
    "variant",
)
"""What is written as it is."""


class SavedCase(msgspec.Struct, forbid_unknown_fields=True):
    """A case in a file of its own, with the clause it is a case of."""

    clause: str
    case: CaseData


def to_data(case: Case) -> CaseData:
    """The written form of a case."""

    def cell_data(cell: Cell | None) -> CellData | None:
        if cell is None:
            return None
        b, b_h = (None if bias is None else _to_data(bias) for bias in (cell.b, cell.b_h))
        return CellData(_to_data(cell.W_x), _to_data(cell.W_h), b, b_h, str(cell.activation))

    layers = []
    for layer in case.network.layers:
        forward = cell_data(layer.forward)
        assert forward is not None
        layers.append(LayerData(forward, cell_data(layer.backward)))
    states = None if case.initial_states is None else [_to_data(state) for state in case.initial_states]
    return CaseData(
        str(case.network.dtype),
        layers,
        _to_data(case.x),
        states,
        None if case.lengths is None else case.lengths.tolist(),
        None if case.mask is None else case.mask.tolist(),
        **{name: getattr(case, name) for name in PLAIN},
    )


def from_data(data: CaseData, *, checked: bool = True) -> Case:
    """The case that was written.

    Args:
        checked: whether x and the initial states must fit the network. Cases of bad input do not.

    Raises:
        BadInput: something in it cannot be a network or a call.
    """
    if data.dtype not in ("float16", "bfloat16", "float32", "float64"):
        raise BadInput(f"dtype: expected float16, bfloat16, float32 or float64; got {data.dtype!r}")

    def cell(written: CellData) -> Cell:
        weights = {
            role: _from_data(f"Cell.{role}", value, data.dtype)
            for role in ("W_x", "W_h", "b", "b_h")
            if (value := getattr(written, role)) is not None
        }
        return Cell(**weights, activation=written.activation)

    network = Network(
        Layer(cell(layer.forward), None if layer.backward is None else cell(layer.backward))
        for layer in data.layers
    )
    x = _from_data("x", data.x, data.dtype)
    states: States | None = None
    if data.initial_states is not None:
        states = tuple(
            _from_data(f"initial_states[{i}]", state, data.dtype)
            for i, state in enumerate(data.initial_states)
        )
    lengths = None if data.lengths is None else np.array(data.lengths, np.int64)
    mask = None if data.mask is None else np.array(data.mask, bool).reshape(len(data.mask), -1)
    case = Case(network, x, states, lengths, mask, **{name: getattr(data, name) for name in PLAIN})
    if checked:
        checked_call(network, x, states)
        checked_steps(x, case.steps)
    return case


def read_case(path: Path) -> tuple[str, Case]:
    """The clause and the case in a file.

    Raises:
        BadInput: the file is missing, is no case, or holds a network or call that cannot be.
    """
    try:
        saved = msgspec.json.decode(path.read_bytes(), type=SavedCase)
        return saved.clause, from_data(saved.case)
    except OSError as error:
        raise BadInput(f"case file {path}: {error.strerror}") from None
    except (msgspec.DecodeError, BadInput) as error:
        raise BadInput(f"case file {path}: {error}") from None


def write_case(path: Path, clause: str, case: CaseData) -> None:
    """Write a case so that `read_case` gives it back, bit for bit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(SavedCase(clause, case)), indent=1) + b"\n")


def _to_data(array: Array) -> ArrayData:
    if array.size == 0:
        return {"shape": list(array.shape)}
    values: list[Any] = array.tolist()
    return values


def _from_data(name: str, value: ArrayData, dtype: str) -> Array:
    if isinstance(value, dict):
        if list(value) != ["shape"] or 0 not in value["shape"]:
            raise BadInput(
                f"{name}: expected nested lists, or {{'shape': [...]}} of an empty array; got {value}"
            )
        return np.zeros(value["shape"], dtype)
    try:
        return np.asarray(value, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name}: expected nested lists of numbers, of one length each; {error}") from None
