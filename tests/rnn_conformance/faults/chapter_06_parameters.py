"""Faults that the clauses of chapter PAR must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.declarations import Role
from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.network import Array, Cell, Network


@fault("second-bias-not-counted", "PAR-1")
class SecondBiasNotCounted(Fault):
    """Declares two bias vectors and counts one."""

    def count_parameters(self, model: Network) -> int:
        return super().count_parameters(model) - sum(cell.hidden_size for cell in model.cells if cell.biases)


@fault("bias-counted-without-bias", "PAR-2")
class BiasCountedWithoutBias(Fault):
    """Counts two bias vectors in layers that have none."""

    def count_parameters(self, model: Network) -> int:
        return sum(c.hidden_size * (c.input_size + c.hidden_size + 2) for c in model.cells)


@fault("upper-layers-counted-as-first", "PAR-3")
class UpperLayersCountedAsFirst(Fault):
    """Counts upper layers with the input size of the first."""

    def count_parameters(self, model: Network) -> int:
        I = model.input_size  # noqa: E741 (the spec's symbol)
        return sum(c.hidden_size * (I + c.hidden_size + (2 if c.biases else 0)) for c in model.cells)


@fault("second-bias-dropped", "PAR-4")
class SecondBiasDropped(Fault):
    """Adds the first bias vector only."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(replace(cell, b_h=None), x_t, h)


@fault("float16-weights", "PAR-5")
class Float16Weights(Fault):
    """Keeps the weights in float16."""

    def stored(self, cell: Cell) -> Cell:
        stored = super().stored(cell)
        halves = {
            role: weight.astype(np.float16).astype(weight.dtype)
            for role in ("W_x", "W_h", "b", "b_h")
            if (weight := getattr(stored, role)) is not None
        }
        return replace(stored, **halves)


@fault("count-in-words", "PAR-1")
class CountInWords(Fault):
    """Gives the number of parameters as text."""

    def count_parameters(self, model: Network) -> Any:
        return f"{super().count_parameters(model):,}"


@fault("weights-read-as-arrays", "PAR-5")
class WeightsReadAsArrays(Fault):
    """Gives its weights back as a list of arrays, not as a network."""

    def read_weights(self, model: Network) -> Any:
        return [cell.W_x for cell in model.cells]


@fault("parameters-counted-in-bytes", "PAR-1")
class ParametersCountedInBytes(Fault):
    """Counts the bytes of all weights, four for each parameter whatever its type."""

    def count_parameters(self, model: Network) -> int:
        arrays = [array for cell in model.cells for array in (cell.W_x, cell.W_h, *cell.biases)]
        return sum(array.nbytes for array in arrays) // 4


@fault("weights-are-added-to-zeros", "PAR-5")
class WeightsAreAddedToZeros(Fault):
    """Adds what it loads to zeros, as several files can be parts of one layer: 0 + (−0) is 0."""

    def stored(self, cell: Cell) -> Cell:
        return super().stored(cell).mapped(lambda array: np.zeros_like(array) + array)


@fault("assigned-where-it-is-not-equal", "PAR-5")
class AssignedWhereItIsNotEqual(Fault):
    """Assigns an array only if it is not equal to the one that is held, as −0 is to 0."""

    def assign(self, role: Role, held: Array, given: Array) -> None:
        if not np.array_equal(held, given):
            super().assign(role, held, given)
