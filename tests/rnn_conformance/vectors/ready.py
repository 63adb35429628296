"""A vector made ready to be run in one of its types: what was written, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.declarations import one_of
from rnn_adapters.histories import DOINGS, OF_A_CALL, Action
from rnn_adapters.surface import Training
from rnn_adapters.written import (
    NetworkData,
    check_fit,
    read_array,
    read_call,
    read_gradients,
    read_network,
    read_training,
)
from rnn_adapters.written_arrays import DTYPES
from rnn_adapters.written_documents import within
from rnn_conformance.engine.case import Case
from rnn_conformance.vectors.form import StepData, VectorData, arrays_of
from rnn_reference.bounds import Bounded
from rnn_reference.errors import BadInput
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States

FLOAT64 = np.dtype(np.float64)


@dataclass(frozen=True, eq=False)
class ReadyStep:
    """A step in one type; see `StepData`.

    Args:
        case: the weights of now and the call that is made or differentiated, after all that was done before.
        expected: by the names of `arrays_of`, in float64.
    """

    do: str
    case: Case | None
    d_sequence: Array | None
    d_final_states: States
    direction: Gradients | None
    training: Training | None
    network: Network | None
    expected: Mapping[str, Bounded]


@dataclass(frozen=True, eq=False)
class Ready:
    """A vector in one type.

    Args:
        network: the weights that are loaded first.
    """

    vector: VectorData
    dtype: str
    network: Network
    steps: tuple[ReadyStep, ...]
    _cases: list[Case] = field(default_factory=list)

    @property
    def id(self) -> int:
        return self.vector.id

    @property
    def clause(self) -> str:
        return self.vector.clause

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The case of every step that makes or differentiates a call."""
        return tuple(step.case for step in self.steps if step.case is not None)


def ready(vector: VectorData, dtype: str) -> Ready:
    """The vector in one of its types.

    Raises:
        BadInput: it has no bounds for this type; a network, a call or an array is none, or they do not fit
            each other.
    """
    place = f"vector {vector.id}"
    one_of(f"{place}: type", dtype, vector.types)
    given = read_network(NetworkData(dtype, vector.network.layers), f"{place}: network")
    network, history, steps = given, list[Action](), list[ReadyStep]()
    for number, data in enumerate(vector.steps):
        step = _step(data, network, tuple(history), f"{place}: steps[{number}]", dtype)
        steps.append(step)
        network = step.network or network
        if data.do in DOINGS:
            call = step.case.call if step.case is not None and data.do in OF_A_CALL else None
            history.append(Action(data.do, call, step.network))
    return Ready(vector, dtype, given, tuple(steps))


def _step(data: StepData, network: Network, history: tuple[Action, ...], place: str, dtype: str) -> ReadyStep:
    kind = DTYPES[dtype]
    case = None
    if data.call is not None:
        call: Call = read_call(data.call, kind, within(place, "call"))
        check_fit(network, call)
        case = Case(network, call, history=history)
    missing = [name for name in NEEDED[data.do] if getattr(data, name) is None]
    if missing:
        raise BadInput(f"{place}: expected {' and '.join(missing)} beside {data.do!r}; got none")
    other = None
    if data.layers is not None:
        other = read_network(NetworkData(dtype, data.layers), place)
    direction = data.direction
    return ReadyStep(
        data.do,
        case,
        None if data.d_sequence is None else read_array(data.d_sequence, kind, within(place, "d_sequence")),
        tuple(
            read_array(state, kind, within(place, "d_final_states")) for state in data.d_final_states or ()
        ),
        None if direction is None else read_gradients(direction, kind, within(place, "direction")),
        None if data.training is None else read_training(data.training, kind, within(place, "training")),
        other,
        _expected(data, place, dtype),
    )


NEEDED: Mapping[str, tuple[str, ...]] = {
    "call": ("call", "expected"),
    "gradients": ("call", "d_sequence", "d_final_states", "expected"),
    "tangents": ("call", "direction", "expected"),
    "second_gradients": ("call", "d_sequence", "d_final_states", "direction", "expected"),
    "train": ("call", "training", "expected"),
    "assign": ("layers",),
    "reset": (),
    "restore": (),
}
"""What each step must have."""


def _expected(data: StepData, place: str, dtype: str) -> dict[str, Bounded]:
    if data.expected is None:
        return {}
    if dtype not in data.bounds:
        raise BadInput(f"{place}.bounds: expected {dtype}, as in the other steps; got none")

    def arrays(values: Any, name: str) -> dict[str, Array]:
        where = within(place, name)
        return {field: read_array(array, FLOAT64, f"{where}.{field}") for field, array in arrays_of(values)}

    values, bounds = arrays(data.expected, "expected"), arrays(data.bounds[dtype], f"bounds.{dtype}")
    if {name: array.shape for name, array in values.items()} != {
        name: array.shape for name, array in bounds.items()
    }:
        raise BadInput(f"{place}.bounds.{dtype}: expected the shapes of what is expected; got others")
    return {name: Bounded(value, bounds[name]) for name, value in values.items()}
