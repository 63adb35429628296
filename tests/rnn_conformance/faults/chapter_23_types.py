"""Faults that the clauses of chapter DTY must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.network import Array, Cell, Network


@fault("float16-returned-as-float32", "DTY-1")
class Float16ReturnedAsFloat32(Fault):
    """Returns the float32 numbers that a step of narrow numbers was computed in."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return (sequence, final) if x.itemsize >= 4 else (sequence.astype(np.float32), final)


@fault("float16-computed-in-bfloat16", "DTY-2")
class Float16ComputedInBfloat16(Fault):
    """Takes and gives float16 and computes in bfloat16, which has three bits fewer."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        if x_t.dtype != np.float16:
            return super().pre_activation(cell, x_t, h)
        z = super().pre_activation(cell.astype("bfloat16"), x_t.astype("bfloat16"), h.astype("bfloat16"))
        return z.astype(x_t.dtype)


@fault("sums-in-the-narrow-type", "DTY-3")
class SumsInTheNarrowType(Fault):
    """Rounds the sum of the products to the narrow type after each of them."""

    def product(self, a: Array, W: Array) -> Array:
        if a.itemsize >= 4:
            return super().product(a, W)
        total = np.zeros((*a.shape[:-1], W.shape[0]), a.dtype)
        for number, weights in zip(np.moveaxis(a, -1, 0), W.T, strict=True):
            total = total + number[..., None] * weights
        return total


@fault("small-float16-flushed", "DTY-4")
class SmallFloat16Flushed(Fault):
    """Takes float16 numbers below the smallest normal one for zero."""

    def product(self, a: Array, W: Array) -> Array:
        if a.dtype == np.float16:
            a = np.where(np.abs(a) < 2.0**-14, a.dtype.type(0), a)
        return super().product(a, W)


@fault("narrow-backward-not-turned", "DTY-5")
class NarrowBackwardNotTurned(Fault):
    """Has code of its own for narrow types, which leaves backward outputs in processing order."""

    def aligned(self, backward: Array) -> Array:
        return super().aligned(backward) if backward.itemsize >= 4 else backward


@fault("mixed-precision-of-unrounded-weights", "DTY-6")
class MixedPrecisionOfUnroundedWeights(Fault):
    """Computes in float32 and rounds only what it returns."""

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        return model, call

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        if self.computing is None:
            return sequence, final
        return sequence.astype(self.computing), [state.astype(self.computing) for state in final]


@fault("mixed-precision-of-truncated-weights", "DTY-6")
class MixedPrecisionOfTruncatedWeights(Fault):
    """Cuts the weights off where they are to be rounded to nearest."""

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        _, call = super().cast(model, call, dtype)
        bits = 11 if dtype == "float16" else 8

        def cut(array: Array) -> Array:
            mantissa, exponent = np.frexp(array)
            truncated: Array = np.ldexp(np.trunc(mantissa * 2**bits) / 2**bits, exponent).astype(dtype)
            return truncated

        return model.mapped(cut), call


@fault("mixed-precision-returned-as-float32", "DTY-7")
class MixedPrecisionReturnedAsFloat32(Fault):
    """Computes in the narrow type and returns float32."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        if self.computing is None:
            return sequence, final
        return sequence.astype(np.float32), [state.astype(np.float32) for state in final]


@fault("states-declared-in-the-type-of-the-weights", "DTY-7")
class StatesDeclaredInTheTypeOfTheWeights(Fault):
    """Declares final states in the type of the weights and returns the narrow ones computed in."""

    conventions = replace(Fault.conventions, state_dtype="weights")

    def shown(self, state: Array, dtype: Any) -> Array:
        return state
