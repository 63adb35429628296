"""Faults that are in no catalogue: two of it at once, and small changes of the plain implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from rnn_adapters.framework import Framework
from rnn_conformance.faults.plain import PlainNumpy, framework_of_plain
from rnn_conformance.faults.registry import PREFIX, Fault, Steps, all_faults
from rnn_reference.activations import Activation
from rnn_reference.gradients import CellGradients
from rnn_reference.network import Array, Cell, Layer, Network


class Perturbed(PlainNumpy):
    """The plain implementation with something wrong at a place that a number decides.

    Args:
        number: decides the place.
        route: one of those of the plain implementation.
    """

    def __init__(self, number: int = 0, route: str = "") -> None:
        super().__init__(route)
        self.number = number

    def changed(self, array: Array, by: float = 0.5) -> Array:
        """The array with one of its numbers changed."""
        if not array.size:
            return array
        changed = np.array(array)
        changed[np.unravel_index(self.number % array.size, array.shape)] += array.dtype.type(by)
        return changed


class RecurrentWeightChanged(Perturbed):
    """Changes one recurrent weight."""

    def stored(self, cell: Cell) -> Cell:
        return super().stored(replace(cell, W_h=self.changed(cell.W_h)))


class InputWeightChanged(Perturbed):
    """Changes one input weight."""

    def stored(self, cell: Cell) -> Cell:
        return super().stored(replace(cell, W_x=self.changed(cell.W_x)))


class RecurrentWeightsScaled(Perturbed):
    """Multiplies the recurrent weights by 5/4."""

    def stored(self, cell: Cell) -> Cell:
        return super().stored(replace(cell, W_h=cell.W_h * cell.dtype.type(1.25)))


class BiasOfOneUnitDropped(Perturbed):
    """Adds one unit no bias."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        z = super().pre_activation(cell, x_t, h)
        if cell.hidden_size:
            unit = self.number % cell.hidden_size
            z[:, unit] -= cell.bias[unit]
        return z


class StepSkipped(Perturbed):
    """Leaves the state as it was at one step."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        taken = np.ones(x.shape[:2], bool) if steps is None else steps.copy()
        if x.shape[1]:
            taken[:, self.number % x.shape[1]] = False
        return super().run_direction(cell, x, h, taken)


class StateOfOneUnitForgotten(Perturbed):
    """Starts one unit from zero at every step."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        h = h.copy()
        if cell.hidden_size:
            h[:, self.number % cell.hidden_size] = 0
        return super().step(cell, x_t, h)


class OneRowWrong(Perturbed):
    """Reads the input of one row with the other sign."""

    def input_at(self, x: Array, t: int) -> Array:
        x_t = x[:, t].copy()
        if len(x_t):
            x_t[self.number % len(x_t)] *= -1
        return x_t


class ActivationCutOff(Perturbed):
    """Cuts off what is above 0.9 in size."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        cut: Array = np.clip(h, h.dtype.type(-0.9), h.dtype.type(0.9))
        return cut


class FinalStateOfOneUnitWrong(Perturbed):
    """Returns the final state of one unit with the other sign."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        sequence, final = super().run_layer(layer, x, h0, steps)
        final = np.array(final)
        if layer.hidden_size:
            final[..., self.number % layer.hidden_size] *= -1
        return sequence, final


class SlopeTooLarge(Perturbed):
    """Multiplies the derivative of the activation by 9/8."""

    def slope(self, activation: Activation, h: Array) -> Array:
        slope: Array = super().slope(activation, h) * h.dtype.type(1.125)
        return slope


class OneGradientMissing(Perturbed):
    """Gives one recurrent weight no gradient."""

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        dW_h = np.array(dW_h)
        if dW_h.size:
            dW_h[np.unravel_index(self.number % dW_h.size, dW_h.shape)] = 0
        return super().of_weights(cell, dW_x, dW_h, db)


class CountIsOff(Perturbed):
    """Counts a few parameters too many."""

    def count_parameters(self, model: Network) -> int:
        return super().count_parameters(model) + 1 + self.number % 3


class WeightReadWrong(Perturbed):
    """Gives one weight back changed."""

    def read_weights(self, model: Network) -> Network:
        first, *others = model.layers
        cell = replace(first.forward, W_x=self.changed(first.forward.W_x))
        return Network([replace(first, forward=cell), *others])


PERTURBATIONS: tuple[type[Perturbed], ...] = (
    RecurrentWeightChanged,
    InputWeightChanged,
    RecurrentWeightsScaled,
    BiasOfOneUnitDropped,
    StepSkipped,
    StateOfOneUnitForgotten,
    OneRowWrong,
    ActivationCutOff,
    FinalStateOfOneUnitWrong,
    SlopeTooLarge,
    OneGradientMissing,
    CountIsOff,
    WeightReadWrong,
)
"""None of them is in the catalogue."""


def perturbed(kind: type[Perturbed], number: int) -> Framework:
    """A small change of the plain implementation."""
    make: Callable[[str], PlainNumpy] = partial(kind, number)
    return framework_of_plain(f"{kind.__name__} {number}", make)


def combined(one: str, other: str) -> Framework:
    """Two faults of the catalogue in one implementation."""
    bases: tuple[type[Fault], ...] = (all_faults()[one], all_faults()[other])
    both: Any = type("Both", bases, {"__doc__": f"{one} and {other}.", "name": f"{PREFIX}{one}+{other}"})
    return framework_of_plain(both.name, both)
