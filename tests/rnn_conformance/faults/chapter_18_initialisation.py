"""Faults that the clauses of chapter INT must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.faults.plain import TRUNCATED
from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.network import Array, Cell


@fault("input-weights-by-fan-in", "INT-1")
class InputWeightsByFanIn(Fault):
    """Draws W_x from ±√(6 / I), as for relu, and declares glorot."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        wider = np.sqrt((like.input_size + like.hidden_size) / like.input_size)
        return replace(cell, W_x=np.asarray(cell.W_x * wider, cell.dtype))


@fault("biases-of-one", "INT-1")
class BiasesOfOne(Fault):
    """Starts from biases of one, as some gates do, and declares zeros."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        return replace(cell, b=np.ones(cell.hidden_size, cell.dtype))


@fault("rows-of-length-one", "INT-2")
class RowsOfLengthOne(Fault):
    """Scales the rows of W_h to length one and takes that for orthogonal."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        W_h = random.standard_normal(like.W_h.shape)
        W_h /= np.linalg.norm(W_h, axis=1, keepdims=True)
        return replace(super().fresh_cell(random, like), W_h=W_h.astype(like.dtype))


@fault("normal-for-uniform", "INT-3")
class NormalForUniform(Fault):
    """Draws from a normal distribution of the same variance, cut off at the limit."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        limit = np.sqrt(6 / (like.input_size + like.hidden_size))
        normal = np.clip(random.standard_normal(like.W_x.shape) / np.sqrt(3), -1, 1) * limit
        return replace(super().fresh_cell(random, like), W_x=normal.astype(like.dtype))


class LecunNormal(Fault):
    """Draws both matrices by lecun normal, and declares it."""

    conventions = replace(
        Fault.conventions,
        initialisation={"W_x": "lecun normal", "W_h": "lecun normal", "b": "zeros", "b_h": "none"},
    )


@fault("normal-not-cut-off", "INT-1")
class NormalNotCutOff(LecunNormal):
    """Declares lecun normal and draws from a normal distribution of that variance, without an end."""

    def truncated_normal(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return random.standard_normal(shape) * TRUNCATED


@fault("cut-off-without-rescaling", "INT-3")
class CutOffWithoutRescaling(LecunNormal):
    """Cuts off a normal distribution of the variance 1/n_in, so that what is left has a smaller one."""

    def truncated_normal(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return super().truncated_normal(random, shape) * TRUNCATED


@fault("recurrent-weights-by-input-size", "INT-3")
class RecurrentWeightsByInputSize(LecunNormal):
    """Takes I for the number of inputs of W_h, which has H."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        W_h = cell.W_h * np.sqrt(like.hidden_size / like.input_size)
        return replace(cell, W_h=np.asarray(W_h, cell.dtype))


@fault("one-seed-for-all-cells", "INT-4")
class OneSeedForAllCells(Fault):
    """Draws every cell from the same seed."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        return super().fresh_cell(np.random.default_rng(0), like)
