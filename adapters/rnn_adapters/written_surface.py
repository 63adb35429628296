"""The written form of inferred shapes, of training and of what it gave."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from rnn_adapters.declarations import one_of
from rnn_adapters.surface import Shape, Shapes, Trained, Training
from rnn_adapters.written_arrays import NOT_FINITE, ArrayData, read_array, write_array
from rnn_adapters.written_documents import Data, changed, within
from rnn_adapters.written_networks import NetworkData, Rate, read_network, write_network

ShapeData = list[int | None]


class ShapesData(Data):
    """`Shapes` as written; null for an axis whose size is unknown."""

    sequence: ShapeData | None = None
    last: ShapeData | None = None
    final_states: list[ShapeData] | None = None
    dtype: str = ""


class TrainingData(Data):
    """`Training` as written."""

    d_sequence: ArrayData
    rate: Rate
    steps: int = 1
    frozen: list[int] = msgspec.field(default_factory=list)


class TrainedData(Data):
    """`Trained` as written."""

    networks: list[NetworkData]
    losses: list[Rate]


def write_shapes(shapes: Shapes) -> ShapesData:
    """The written form of inferred shapes."""

    def written(shape: Shape | None) -> ShapeData | None:
        return None if shape is None else list(shape)

    states = None if shapes.final_states is None else list(map(list, shapes.final_states))
    return ShapesData(written(shapes.sequence), written(shapes.last), states, changed(shapes.dtype, ""))


def read_shapes(data: ShapesData) -> Shapes:
    """The shapes that were written."""

    def read(shape: ShapeData | None) -> Shape | None:
        return None if shape is None else tuple(shape)

    states = None if data.final_states is None else tuple(map(tuple, data.final_states))
    return Shapes(read(data.sequence), read(data.last), states, data.dtype)


def write_training(training: Training, dtype: np.dtype[Any]) -> TrainingData:
    """The written form of training; `dtype` is the network's.

    Raises:
        BadInput: the array is of a type that has no written form.
    """
    d_sequence = write_array(training.d_sequence, dtype, "d_sequence")
    return TrainingData(d_sequence, _write_number(training.rate), training.steps, list(training.frozen))


def read_training(data: TrainingData, dtype: np.dtype[Any], place: str = "") -> Training:
    """The training that was written; `dtype` is the network's.

    Raises:
        BadInput: the array or the rate is none; the message names the place.
    """
    d_sequence = read_array(data.d_sequence, dtype, within(place, "d_sequence"))
    rate = _read_number(data.rate, within(place, "rate"))
    return Training(d_sequence, rate, data.steps, tuple(data.frozen))


def write_trained(trained: Trained) -> TrainedData:
    """The written form of what training gave.

    Raises:
        BadInput: a network is of a type that has no written form (longdouble).
    """
    return TrainedData(list(map(write_network, trained.networks)), list(map(_write_number, trained.losses)))


def read_trained(data: TrainedData, place: str = "") -> Trained:
    """What was written of what training gave.

    Raises:
        BadInput: a network or a loss is none; the message names the place.
    """
    where = within(place, "networks")
    networks = tuple(read_network(each, f"{where}[{i}]") for i, each in enumerate(data.networks))
    where = within(place, "losses")
    return Trained(networks, tuple(_read_number(each, f"{where}[{i}]") for i, each in enumerate(data.losses)))


def _write_number(number: float) -> float | str:
    return float(number) if np.isfinite(number) else str(float(number))


def _read_number(number: float | str, place: str) -> float:
    if not isinstance(number, str):
        return number
    one_of(place, number, NOT_FINITE)
    return NOT_FINITE[number]
