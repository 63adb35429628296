"""Faults that the clauses of chapter DTY must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np

from rnn_adapters.adapter import Call
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.activations import Activation
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network, States


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


@fault("state-products-in-the-narrow-type", "DTY-8")
class StateProductsInTheNarrowType(Fault):
    """Sums the products of the state in the narrow type, 16 units after the others."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        if h.itemsize >= 4:
            return super().pre_activation(cell, x_t, h)
        of_h = np.zeros_like(h)
        for first in range(0, h.shape[1], 16):
            now = np.s_[..., first : first + 16]
            of_h = of_h + self.product(h[now], cell.W_h[now])
        of_x = super().pre_activation(cell, x_t, np.zeros_like(h))
        total: Array = of_x + of_h
        return total


@fault("bfloat16-through-float16", "DTY-9")
class Bfloat16ThroughFloat16(Fault):
    """Has no code for bfloat16 and takes float16 for it, which overflows."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if z.dtype == "bfloat16":
            with np.errstate(over="ignore"):
                return super().activate(activation, z.astype(np.float16)).astype(z.dtype)
        return super().activate(activation, z)


@fault("narrow-sums-scaled-on-the-way", "DTY-9")
class NarrowSumsScaledOnTheWay(Fault):
    """Computes eight times the sum and divides it by eight, which a large one does not survive."""

    def product(self, a: Array, W: Array) -> Array:
        with np.errstate(over="ignore"):
            scaled: Array = super().product(a * a.dtype.type(8), W) / a.dtype.type(8)
            return scaled


@fault("small-outputs-flushed", "DTY-10")
class SmallOutputsFlushed(Fault):
    """Flushes float16 outputs below the smallest normal number to zero."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.where(np.abs(h) < 2.0**-14, h.dtype.type(0), h) if h.dtype == np.float16 else h


@fault("narrow-final-states-by-way-of-the-other-type", "DTY-11")
class NarrowFinalStatesByWayOfTheOtherType(Fault):
    """Returns float16 final states that went through bfloat16."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        if x.dtype != np.float16:
            return sequence, final
        return sequence, [state.astype("bfloat16").astype(x.dtype) for state in final]


@fault("mixed-precision-of-unrounded-states", "DTY-12")
class MixedPrecisionOfUnroundedStates(Fault):
    """In mixed precision multiplies initial states as they come, and rounds the product."""

    unrounded: tuple[Array, ...] | None = None

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        self.unrounded = call.initial_states
        return super().cast(model, call, dtype)

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        self.at_start = self.computing is not None and self.unrounded is not None
        return super().run_direction(cell, x, h, steps)

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        if not self.at_start or self.unrounded is None or self.unrounded[0].shape[1:] != h.shape:
            return super().step(cell, x_t, h)
        self.at_start = False
        wide = self.unrounded[0][0] @ cell.W_h.T.astype(np.float32)
        of_x = self.pre_activation(cell, x_t, np.zeros_like(h))
        return self.activate(cell.activation, of_x + wide.astype(h.dtype))


@fault("narrow-slopes-of-bits", "DTY-13")
class NarrowSlopesOfBits(Fault):
    """In gradients of narrow types has lost the square in 1 − h²."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        self.is_narrow = model.dtype.itemsize < 4
        return super().gradients(model, call, d_sequence, d_final_states)

    def slope(self, activation: Activation, h: Array) -> Array:
        slope = super().slope(activation, h)
        return 1 - np.abs(h) if self.is_narrow and activation.name == "tanh" else slope


@fault("mixed-precision-gradients-in-the-narrow-type", "DTY-14")
class MixedPrecisionGradientsInTheNarrowType(Fault):
    """In mixed precision gives gradients of the type computed in, not of the weights."""

    def returned_as(self, gradient: Array, dtype: Any) -> Array:
        return gradient.astype(dtype if self.computing is None else self.computing)


@fault("backward-recurrent-weights-cut-off", "DTY-12")
class BackwardRecurrentWeightsCutOff(Fault):
    """In mixed precision the recurrent weights of backward directions lose the digits that do not fit."""

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        lost = {"float16": 2**13 - 1, "bfloat16": 2**16 - 1}[dtype]

        def cut(cell: Cell) -> Cell:
            bits = cell.W_h.view(np.uint32) & np.uint32(2**32 - 1 - lost)
            return replace(cell, W_h=bits.view(np.float32))

        layers = [Layer(layer.forward, *map(cut, layer.cells[1:])) for layer in model.layers]
        return super().cast(Network(layers), call, dtype)


@fault("quantised-to-four-bits", "DTY-15")
class QuantisedToFourBits(Fault):
    """Keeps half of the bits of the weights."""

    def weight_spacing(self, W: Array) -> float:
        return 16 * super().weight_spacing(W)


@fault("quantised-by-the-spacing-of-the-input-weights", "DTY-15")
class QuantisedByTheSpacingOfTheInputWeights(Fault):
    """Rounds the recurrent weights to the grid of the input weights, beyond whose ends they are cut off."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        self.shared = super().weight_spacing(cell.W_x)
        return super().pre_activation(cell, x_t, h)

    def on_weight_grid(self, W: Array) -> Array:
        end = 128 * self.shared
        return super().on_weight_grid(W.clip(-end, end))

    def weight_spacing(self, W: Array) -> float:
        return self.shared


@fault("quantised-by-the-range-of-the-first-row", "DTY-15")
class QuantisedByTheRangeOfTheFirstRow(Fault):
    """Takes the range of the first row for that of the batch."""

    def range_of(self, a: Array) -> tuple[float, float]:
        return super().range_of(a[:1])


@fault("quantised-by-cutting-off", "DTY-15")
class QuantisedByCuttingOff(Fault):
    """Cuts numbers off where they are to be rounded to the nearest of the grid."""

    def on_grid(self, numbers: Array, spacing: float) -> Array:
        if not spacing:
            return numbers
        multiples: Array = np.floor(numbers / spacing) * numbers.dtype.type(spacing)
        return multiples


@fault("float16-weights-in-bfloat16", "DTY-15")
class Float16WeightsInBfloat16(Fault):
    """Rounds weights to bfloat16 where float16 is declared."""

    def in_float16(self, W: Array) -> Array:
        return W.astype(ml_dtypes.bfloat16).astype(W.dtype)


@fault("float16-weights-in-eight-bits", "DTY-15")
class Float16WeightsInEightBits(Fault):
    """Rounds weights to a grid of eight bits where float16 is declared."""

    def in_float16(self, W: Array) -> Array:
        return self.on_weight_grid(W)


@fault("float16-weights-cut-off", "DTY-15")
class Float16WeightsCutOff(Fault):
    """Cuts weights off where they are to be rounded to the nearest number of float16."""

    def in_float16(self, W: Array) -> Array:
        nearest = super().in_float16(W)
        below = np.nextafter(nearest.astype(np.float16), np.float16(0)).astype(W.dtype)
        return np.where(np.abs(nearest) > np.abs(W), below, nearest)


@fault("float16-weights-with-float16-inputs", "DTY-15")
class Float16WeightsWithFloat16Inputs(Fault):
    """Rounds inputs and states to float16, too, where only weights are declared to be."""

    def product(self, a: Array, W: Array) -> Array:
        if self.route == "float16 weights":
            a = self.in_float16(a)
        return super().product(a, W)


@fault("float16-weights-with-float16-biases", "DTY-15")
class Float16WeightsWithFloat16Biases(Fault):
    """Rounds biases to float16, too, where only weights are declared to be."""

    def stored(self, cell: Cell) -> Cell:
        cell = super().stored(cell)
        if self.route != "float16 weights" or cell.b is None:
            return cell
        return replace(cell, b=self.in_float16(cell.b))


@fault("float16-weights-ties-away-from-zero", "DTY-16")
class Float16WeightsTiesAwayFromZero(Fault):
    """Rounds a weight halfway between two numbers of float16 to the larger one, not to the even one."""

    def in_float16(self, W: Array) -> Array:
        return super().in_float16(np.nextafter(W, np.copysign(np.inf, W)))


@fault("float16-weights-flushed", "DTY-16")
class Float16WeightsFlushed(Fault):
    """Takes weights below the smallest normal number of float16 for zero."""

    def in_float16(self, W: Array) -> Array:
        nearest = super().in_float16(W)
        return np.where(
            np.abs(nearest) < np.finfo(np.float16).smallest_normal, nearest.dtype.type(0), nearest
        )


@fault("float16-weights-overflowing", "DTY-16")
class Float16WeightsOverflowing(Fault):
    """Makes weights beyond the largest number of float16 infinite."""

    def in_float16(self, W: Array) -> Array:
        with np.errstate(over="ignore"):
            return W.astype(np.float16).astype(W.dtype)


@fault("loss-scale-that-overflows", "DTY-13")
class LossScaleThatOverflows(Fault):
    """Multiplies gradients of float16 by 1024 on their way, beyond the largest number."""

    def returned_as(self, gradient: Array, dtype: Any) -> Array:
        if dtype != np.float16:
            return super().returned_as(gradient, dtype)
        with np.errstate(over="ignore"):
            scaled: Array = (gradient * np.float32(1024)).astype(np.float16)
        return scaled / np.float16(1024)


@fault("partial-sums-in-narrow-types", "DTY-8")
class PartialSumsInNarrowTypes(Fault):
    """Adds up 256 products at a time in float32, but those sums in the narrow type."""

    def product(self, a: Array, W: Array) -> Array:
        if a.dtype.itemsize >= 4:
            return super().product(a, W)
        total = super().product(a[:, :256], W[:, :256])
        for first in range(256, a.shape[1], 256):
            part = np.s_[:, first : first + 256]
            total = total + super().product(a[part], W[part])
        return total


@fault("small-products-of-directions-flushed", "DTY-4")
class SmallProductsOfDirectionsFlushed(Fault):
    """Where two directions are multiplied, makes zero of float16 products that are not normal numbers."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        merged = super().merged(mode, both)
        if mode != "mul" or merged.dtype != np.float16:
            return merged
        return np.where(np.abs(merged) < np.finfo(np.float16).smallest_normal, np.float16(0), merged)


@fault("small-float16-gradients-flushed", "DTY-13")
class SmallFloat16GradientsFlushed(Fault):
    """Returns zero for gradients of float16 that are not normal numbers."""

    def returned_as(self, gradient: Array, dtype: Any) -> Array:
        found = super().returned_as(gradient, dtype)
        if found.dtype != np.float16:
            return found
        return np.where(np.abs(found) < np.finfo(np.float16).smallest_normal, np.float16(0), found)


@fault("double-backward-left-in-the-narrow-type", "DTY-17")
class DoubleBackwardLeftInTheNarrowType(Fault):
    """Returns gradients of gradients of mixed precision in the type computed in."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        found = super().second_gradients(model, call, d_sequence, d_final_states, direction)
        narrow = call.compute_dtype
        return found if narrow is None else found.mapped(lambda array: array.astype(narrow))


@fault("small-kept-states-flushed", "DTY-4")
class SmallKeptStatesFlushed(Fault):
    """Copies states of float16 to what keeps them with small numbers flushed to zero."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        smallest = np.float16(2**-14)
        flushed = [
            np.where(np.abs(state) < smallest, np.float16(0), state) if state.dtype == np.float16 else state
            for state in final_states
        ]
        super().keep(model, flushed)


@fault("small-double-backward-flushed", "DTY-17")
class SmallDoubleBackwardFlushed(Fault):
    """Returns zero for gradients of gradients of float16 that are not normal numbers."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        found = super().second_gradients(model, call, d_sequence, d_final_states, direction)
        if model.dtype != np.float16:
            return found
        least = np.float16(2.0**-14)
        return found.mapped(lambda array: np.where(np.abs(array) < least, np.float16(0), array))


@fault("bfloat16-merged-in-float16", "DTY-9")
class Bfloat16MergedInFloat16(Fault):
    """Merges directions of bfloat16 in float16, beyond whose largest number they are infinite."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        if both.dtype != ml_dtypes.bfloat16 or mode in ("concat", "none"):
            return super().merged(mode, both)
        with np.errstate(over="ignore"):
            return super().merged(mode, both.astype(np.float16)).astype(both.dtype)


@fault("small-sums-of-directions-flushed", "DTY-4")
class SmallSumsOfDirectionsFlushed(Fault):
    """Where two directions are added, makes zero of float16 sums that are not normal numbers."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        found = super().merged(mode, both)
        if found.dtype != np.float16 or mode not in ("sum", "ave"):
            return found
        return np.where(np.abs(found) < np.float16(2.0**-14), np.float16(0), found)
