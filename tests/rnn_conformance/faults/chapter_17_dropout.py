"""Faults that the clauses of chapter DRP must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.declarations import DropoutPlace
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.network import Array, Cell, Network


@fault("dropout-outside-training", "DRP-1")
class DropoutOutsideTraining(Fault):
    """Drops in evaluation as it does in training."""

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        return call.dropout, call.rate


@fault("rate-of-zero-as-default", "DRP-2")
class RateOfZeroAsDefault(Fault):
    """Takes a rate of zero for none given, and drops half."""

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        return super().dropout_of(replace(call, rate=call.rate or 0.5))


@fault("features-dropped-unscaled", "DRP-3")
class FeaturesDroppedUnscaled(Fault):
    """Does not divide what it keeps by 1 − p."""

    def left_of(self, array: Array, rate: float) -> Array:
        return np.sign(super().left_of(array, rate))


@fault("features-dropped-step-by-step", "DRP-3")
class FeaturesDroppedStepByStep(Fault):
    """Draws anew which features to drop at every step."""

    def input_at(self, x: Array, t: int) -> Array:
        place, rate = self.dropping
        return x[:, t] * self.left_of(x[:, t], rate) if place == "input" else x[:, t]

    def dropout_masks(self, x: Array, h: Array) -> tuple[Array, Array]:
        _, h_mask = super().dropout_masks(x, h)
        return np.ones_like(x[:, 0]), h_mask


@fault("units-dropped-step-by-step", "DRP-4")
class UnitsDroppedStepByStep(Fault):
    """Draws anew which units of the state to drop at every step."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        place, rate = self.dropping
        return super().step(cell, x_t, h * self.left_of(h, rate) if place == "state" else h)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Array, Array]:
        x_mask, _ = super().dropout_masks(x, h)
        return x_mask, np.ones_like(h)


@fault("top-layer-dropped", "DRP-5")
class TopLayerDropped(Fault):
    """Drops outputs of the top layer, too."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return self.between_layers(sequence), final


@fault("rate-as-share-kept", "DRP-6")
class RateAsShareKept(Fault):
    """Keeps the share that it should drop."""

    def left_of(self, array: Array, rate: float) -> Array:
        dropped = super().left_of(array, 1 - rate) == 0
        return np.asarray(~dropped / (1 - rate), array.dtype)


@fault("dropout-drawn-once", "DRP-7")
class DropoutDrawnOnce(Fault):
    """Keeps what it dropped in the first call for all others."""

    def left_of(self, array: Array, rate: float) -> Array:
        self._random = np.random.default_rng(0)
        return super().left_of(array, rate)
