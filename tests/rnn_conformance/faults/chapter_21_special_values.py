"""Faults that the clauses of chapter NAN must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.activations import Activation
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Network, States


@fault("relu-of-nan-is-zero", "NAN-1")
class ReluOfNanIsZero(Fault):
    """Takes the larger of z and 0 where NaN is not larger."""

    def activate(self, activation: Activation, z: Array) -> Array:
        return np.fmax(z, 0) if activation.name == "relu" else super().activate(activation, z)


@fault("relu-of-nan-is-zero-above", "NAN-1")
class ReluOfNanIsZeroAbove(Fault):
    """Takes NaN for 0 in layers above the first."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        if not np.isnan(x).any():
            return super().run_stack(network, x, states, steps)
        bottom, *above = network.layers
        sequence, final_states = super().run_stack(Network([bottom]), x, states[:1], steps)
        if above:
            sequence, others = super().run_stack(Network(above), np.nan_to_num(sequence), states[1:], steps)
            final_states = [*final_states, *others]
        return sequence, final_states


@fault("infinity-taken-for-missing", "NAN-2")
class InfinityTakenForMissing(Fault):
    """Replaces infinite input by zero."""

    def input_at(self, x: Array, t: int) -> Array:
        return np.where(np.isinf(x[:, t]), x.dtype.type(0), x[:, t])


@fault("tanh-by-exponentials", "NAN-3")
class TanhByExponentials(Fault):
    """Computes (e²ᶻ − 1) / (e²ᶻ + 1), which is ∞/∞ for large z."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "tanh":
            return super().activate(activation, z)
        e = np.exp(2 * z.astype(np.float64))
        return np.asarray((e - 1) / (e + 1), z.dtype)


@fault("nan-cleared-from-final-states", "NAN-4")
class NanClearedFromFinalStates(Fault):
    """Returns zero for NaN in final states."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return sequence, [np.where(np.isnan(state), state.dtype.type(0), state) for state in final]


@fault("nan-spread-by-centring", "NAN-4")
class NanSpreadByCentring(Fault):
    """Subtracts the mean of the batch from the input and adds it again."""

    def input_at(self, x: Array, t: int) -> Array:
        x_t = x[:, t]
        return x_t + 0 * x_t.mean(axis=0, dtype=x.dtype, keepdims=True) if len(x_t) else x_t


@fault("state-of-nan-forgotten", "NAN-5")
class StateOfNanForgotten(Fault):
    """Starts from zero where an initial state is no number."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_direction(cell, x, np.where(np.isnan(h), h.dtype.type(0), h), steps)


@fault("infinite-states-clipped", "NAN-6")
class InfiniteStatesClipped(Fault):
    """Takes zero for an infinite state."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_direction(cell, x, np.where(np.isinf(h), h.dtype.type(0), h), steps)


@fault("sign-of-zero-for-sign", "NAN-7")
class SignOfZeroForSign(Fault):
    """Adds a little to the state by its sign bit, which −0 has."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_direction(
            cell, x, np.where(np.signbit(h) & (h == 0), h.dtype.type(-1e-3), h), steps
        )


@fault("nan-of-other-digits", "NAN-1")
class NanOfOtherDigits(Fault):
    """Rounds input to bfloat16 on its bits: a NaN of all digits is carried into the sign, and is −0."""

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        narrow, cast = super().cast(model, call, dtype)
        if dtype != "bfloat16" or call.x.dtype != np.float32:
            return narrow, cast
        bits = call.x.copy().view(np.uint32)
        rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16  # halves to even
        return narrow, replace(cast, x=rounded.astype(np.uint16).view(cast.x.dtype))


@fault("states-mixed-by-arithmetic", "NAN-6")
class StatesMixedByArithmetic(Fault):
    """Chooses between the states after and before a step as m·h + (1 − m)·h′."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        m = taken.astype(after.dtype)
        with np.errstate(invalid="ignore"):
            mixed: Array = m * after + (1 - m) * before
        return mixed.astype(after.dtype)


@fault("kept-nan-is-nothing", "NAN-8")
class KeptNanIsNothing(Fault):
    """Marks states that were not kept yet by NaN, and so takes a kept NaN for zero."""

    def kept_states(self, model: Network) -> States | None:
        kept = super().kept_states(model)
        return None if kept is None else tuple(map(np.nan_to_num, kept))


@fault("kept-infinity-is-nothing", "NAN-8")
class KeptInfinityIsNothing(Fault):
    """Starts from zero where a state that was kept is infinite."""

    def kept_states(self, model: Network) -> States | None:
        kept = super().kept_states(model)
        return None if kept is None else tuple(np.where(np.isinf(h), h.dtype.type(0), h) for h in kept)


@fault("sigmoid-of-infinity-is-none", "NAN-9")
class SigmoidOfInfinityIsNone(Fault):
    """Adds a term of weight 0 to the sigmoid, which is 0 · ∞ for infinite z."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        return h + 0 * z if activation.name == "sigmoid" else h


@fault("gradients-cleared-of-nan", "NAN-10")
class GradientsClearedOfNan(Fault):
    """Returns zeros for a gradient in which a number is not finite."""

    def returned_as(self, gradient: Array, dtype: Any) -> Array:
        found = super().returned_as(gradient, dtype)
        return found if np.isfinite(found.astype(float)).all() else np.zeros_like(found)


@fault("elu-of-nan-is-zero", "NAN-4")
class EluOfNanIsZero(Fault):
    """Takes the lower of z and 0 before the exponential of elu, which for C's fmin of NaN and 0 is 0."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "elu" or z.dtype.itemsize < 4:
            return super().activate(activation, z)
        alpha, _ = self.parameters(activation, z.dtype)
        return np.where(z > 0, z, alpha * np.expm1(np.fmin(z, z.dtype.type(0))))


@fault("nan-cotangent-is-cleared-in-padding", "NAN-10")
class NanCotangentIsClearedInPadding(Fault):
    """Clears NaN from the gradient of a state that padding comes after, for fear of what that holds."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Array | None
    ) -> tuple[CellGradients, Array, Array]:
        if steps is not None and steps.shape[1]:
            cleared = ~steps[:, -1, None] & np.isnan(g_final.astype(float))
            g_final = np.where(cleared, g_final.dtype.type(0), g_final)
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("nan-of-a-state-is-rounded-on-its-bits", "NAN-5")
class NanOfAStateIsRoundedOnItsBits(Fault):
    """Makes states bfloat16 by rounding their bits: NaN of few digits is infinity, of all digits zero."""

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        narrow_model, narrow = super().cast(model, call, dtype)
        states = call.initial_states
        if dtype != "bfloat16" or states is None or any(state.dtype != np.float32 for state in states):
            return narrow_model, narrow
        of_type = narrow_model.dtype
        return narrow_model, replace(
            narrow, initial_states=tuple(on_bits(state, of_type) for state in states)
        )


def on_bits(state: Array, of_type: np.dtype[Any]) -> Array:
    """The upper half of the bits, rounded to even."""
    bits = np.array(state, order="C").view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    return rounded.astype(np.uint16).view(of_type)


@fault("minus-infinity-taken-for-missing", "NAN-2")
class MinusInfinityTakenForMissing(Fault):
    """Takes −∞ in the input for padding, and zero for it."""

    def input_at(self, x: Array, t: int) -> Array:
        return np.where(np.isneginf(x[:, t].astype(float)), x.dtype.type(0), x[:, t])


@fault("infinite-states-kept-within-range", "NAN-9")
class InfiniteStatesKeptWithinRange(Fault):
    """Starts from a state of ±10⁴ where it is infinite."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        within = np.where(np.isinf(h), np.sign(h) * h.dtype.type(1e4), h)
        return super().run_direction(cell, x, within, steps)


@fault("float16-outputs-kept-within-range", "NAN-9")
class Float16OutputsKeptWithinRange(Fault):
    """Gives the largest number of float16 for an infinity."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        largest = np.float16(65504)
        return h.clip(-largest, largest) if h.dtype == np.float16 else h


@fault("kept-minus-infinity-is-nothing", "NAN-8")
class KeptMinusInfinityIsNothing(Fault):
    """Marks states that were not kept yet by −∞, and so takes a kept one for zero."""

    def kept_states(self, model: Network) -> States | None:
        kept = super().kept_states(model)
        if kept is None:
            return None
        return tuple(np.where(np.isneginf(state.astype(float)), state.dtype.type(0), state) for state in kept)


@fault("cotangents-of-outputs-cleared-of-nan", "NAN-10")
class CotangentsOfOutputsClearedOfNan(Fault):
    """Takes NaN in the cotangent of an output for zero."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        cleared = np.where(np.isnan(d_sequence.astype(float)), d_sequence.dtype.type(0), d_sequence)
        return super().gradients(model, call, cleared, d_final_states)


@fault("rates-cleared-of-nan", "NAN-10")
class RatesClearedOfNan(Fault):
    """Gives zero in a JVP for a rate of change that is NaN."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        found = super().tangents(model, call, direction)
        states = tuple(
            np.where(np.isnan(state.astype(float)), state.dtype.type(0), state)
            for state in found.final_states or ()
        )
        return replace(found, final_states=states)


@fault("gradients-through-straight-lines-cleared-of-nan", "NAN-10")
class GradientsThroughStraightLinesClearedOfNan(Fault):
    """Takes NaN that comes back through linear, affine, leaky_relu or elu for zero."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        weights, dx, dh = super().pull_back(cell, x, known, g, g_final, steps)
        if cell.activation.name in ("linear", "affine", "leaky_relu", "elu"):
            return weights.mapped(np.nan_to_num), np.nan_to_num(dx), np.nan_to_num(dh)
        return weights, dx, dh


@fault("final-states-chosen-by-a-product", "NAN-8")
class FinalStatesChosenByAProduct(Fault):
    """Sums the states of padded rows times 1 at the last valid step, and 0 elsewhere: 0 · ∞ is NaN."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        sequence, final = super().run_direction(cell, x, h, steps)
        if steps is None or not x.shape[1]:
            return sequence, final
        last = steps.shape[1] - 1 - steps[:, ::-1].argmax(axis=1)
        chosen = np.equal(np.arange(steps.shape[1]), last[:, None])[:, :, None].astype(sequence.dtype)
        summed = (sequence * chosen).sum(axis=1).astype(sequence.dtype)
        return sequence, np.where(steps.any(axis=1, keepdims=True), summed, final)
