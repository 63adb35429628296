"""What a vector gives to an implementation, without what is expected, read in float64."""

from __future__ import annotations

import numpy as np

from rnn_adapters.written import (
    ArrayData,
    NetworkData,
    read_array,
    read_call,
    read_gradients,
    read_network,
    read_training,
)
from rnn_conformance.vectors.expected import Step
from rnn_conformance.vectors.form import DOINGS, StepData, VectorData
from rnn_reference.network import Array, Network

FLOAT64 = np.dtype(np.float64)


def given_by(vector: VectorData) -> tuple[Network, list[Step]]:
    """The network and the steps of a vector, every number as it is written.

    Raises:
        BadInput: something in it cannot be a network, a call or an array.
    """
    place = f"vector {vector.id}"
    network = read_network(NetworkData("float64", vector.network.layers), f"{place}: network")
    return network, [_step(step, f"{place}: steps[{number}]") for number, step in enumerate(vector.steps)]


def _step(data: StepData, place: str) -> Step:
    def array(written: ArrayData, name: str) -> Array:
        return read_array(written, FLOAT64, f"{place}.{name}")

    states, direction, training = data.d_final_states, data.direction, data.training
    return Step(
        next(each for each in DOINGS if each == data.do),
        None if data.call is None else read_call(data.call, FLOAT64, f"{place}.call"),
        None if data.d_sequence is None else array(data.d_sequence, "d_sequence"),
        None if states is None else tuple(array(state, "d_final_states") for state in states),
        None if direction is None else read_gradients(direction, FLOAT64, f"{place}.direction"),
        None if training is None else read_training(training, FLOAT64, f"{place}.training"),
        None if data.layers is None else read_network(NetworkData("float64", data.layers), place),
    )
