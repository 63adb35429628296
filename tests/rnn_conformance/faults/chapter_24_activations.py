"""Faults that the clauses of chapter ACT must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, FaultOfSecondGradients, fault
from rnn_reference.activations import DEFAULTS, Activation
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States


@fault("parameter-of-zero-is-the-default", "ACT-9")
class ParameterOfZeroIsTheDefault(Fault):
    """Takes a parameter of 0 for one that was not given."""

    def parameters(self, activation: Activation, dtype: Any) -> tuple[Any, Any]:
        kind, defaults = np.dtype(dtype).type, DEFAULTS.get(activation.name, {})
        given = {"alpha": activation.alpha, "beta": activation.beta}
        alpha, beta = (kind(value or defaults.get(name, 0)) for name, value in given.items())
        return alpha, beta


@fault("sigmoid-piecewise", "ACT-1")
class SigmoidPiecewise(Fault):
    """Computes the hard sigmoid, which consists of three straight lines."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "sigmoid":
            return super().activate(activation, z)
        return np.asarray(np.clip(z / 6 + 0.5, 0, 1), z.dtype)


@fault("linear-as-relu", "ACT-2")
class LinearAsRelu(Fault):
    """Takes every activation that it does not know for relu."""

    def activate(self, activation: Activation, z: Array) -> Array:
        return super().activate(Activation("relu") if activation.name == "linear" else activation, z)


@fault("softsign-by-the-root", "ACT-3")
class SoftsignByTheRoot(Fault):
    """Computes z / √(1 + z²), which has the same limits and the same slope at 0."""

    def activate(self, activation: Activation, z: Array) -> Array:
        return z / np.sqrt(1 + z * z) if activation.name == "softsign" else super().activate(activation, z)


@fault("softplus-linear-too-soon", "ACT-4")
class SoftplusLinearTooSoon(Fault):
    """Takes softplus for z above 3, where the difference is still 0.05."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.where(z > 3, z, h) if activation.name == "softplus" else h


@fault("elu-scaled", "ACT-5")
class EluScaled(Fault):
    """Computes selu, which multiplies what lies below 0 by 1.67 and all of it by 1.05."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.asarray(1.0507 * np.where(h > 0, h, 1.6733 * h), h.dtype) if activation.name == "elu" else h


@fault("sigmoid-of-no-step", "ACT-6")
class SigmoidOfNoStep(Fault):
    """At masked time steps applies a sigmoid to the state."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return np.where(taken, after, self.activate(self.activation, before))

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        self.activation = Activation("sigmoid" if cell.activation.name == "sigmoid" else "linear")
        return super().step(cell, x_t, h)


@fault("elu-slope-from-zero", "ACT-7")
class EluSlopeFromZero(Fault):
    """Takes h for the derivative of elu below 0, which is h + 1."""

    def slope(self, activation: Activation, h: Array) -> Array:
        slope = super().slope(activation, h)
        return np.where(h > 0, slope, h) if activation.name == "elu" else slope


@fault("slope-of-no-parameter", "ACT-7")
class SlopeOfNoParameter(Fault):
    """Takes an α of 0 for one that was not given, in the derivative alone."""

    def slope(self, activation: Activation, h: Array) -> Array:
        if activation.name in ("elu", "leaky_relu") and not activation.alpha:
            activation = Activation(activation.name)
        return super().slope(activation, h)


@fault("softplus-bend-overflows", "ACT-7")
class SoftplusBendOverflows(Fault):
    """Computes φ″ of softplus by eʰ as it stands, which is ∞/∞ for large z."""

    def bend(self, activation: Activation, h: Array) -> Array:
        if activation.name != "softplus":
            return super().bend(activation, h)
        with np.errstate(over="ignore", invalid="ignore"):
            e = np.exp(h)
            bend: Array = (e - 1) / (e * e)
        return bend


@fault("leaky-relu-of-one-fifth", "ACT-8")
class LeakyReluOfOneFifth(Fault):
    """Takes 0.2 for the slope below 0, whatever it is told: the default of another framework."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name == "leaky_relu":
            activation = Activation("leaky_relu", alpha=0.2)
        return super().activate(activation, z)


@fault("hard-sigmoid-of-one-sixth", "ACT-9")
class HardSigmoidOfOneSixth(Fault):
    """Computes relu6(z + 3) / 6, the hard sigmoid of other frameworks, whatever it is told."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name == "hard_sigmoid":
            activation = Activation("hard_sigmoid", alpha=1 / 6, beta=0.5)
        return super().activate(activation, z)


@fault("affine-shifted-before", "ACT-10")
class AffineShiftedBefore(Fault):
    """Computes α (z + β)."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name == "affine":
            alpha, beta = self.parameters(activation, z.dtype)
            return np.asarray(alpha * (z + beta), z.dtype)
        return super().activate(activation, z)


@fault("scaled-tanh-the-other-way-round", "ACT-11")
class ScaledTanhTheOtherWayRound(Fault):
    """Computes β tanh(α z)."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name == "scaled_tanh":
            activation = Activation("scaled_tanh", alpha=activation.beta, beta=activation.alpha)
        return super().activate(activation, z)


@fault("elu-without-alpha", "ACT-12")
class EluWithoutAlpha(Fault):
    """Computes elu with α = 1, whatever it is told."""

    def activate(self, activation: Activation, z: Array) -> Array:
        return super().activate(Activation("elu") if activation.name == "elu" else activation, z)


@fault("first-parameters-for-all-cells", "ACT-13")
class FirstParametersForAllCells(Fault):
    """Keeps one set of parameters for each activation, that of the first cell that has it."""

    def load(self, network: Network) -> Network:
        first: dict[str, Activation] = {}

        def of_first(cell: Cell) -> Cell:
            return replace(cell, activation=first.setdefault(cell.activation.name, cell.activation))

        return super().load(
            Network(Layer(*(of_first(cell) for cell in layer.cells)) for layer in network.layers)
        )


@fault("sigmoid-beyond-one", "ACT-14")
class SigmoidBeyondOne(Fault):
    """Gives for large z the number after 1."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        beyond = np.nextafter(z.dtype.type(1), z.dtype.type(2))
        return np.where(z > 25, beyond, h) if activation.name == "sigmoid" else h


@fault("softplus-overflows", "ACT-14")
class SoftplusOverflows(Fault):
    """Computes ln(1 + eᶻ) as it stands, which is ∞ for large z."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "softplus":
            return super().activate(activation, z)
        with np.errstate(over="ignore"):
            return np.log1p(np.exp(z))


@fault("softplus-linear-above-20", "ACT-15")
class SoftplusLinearAbove20(Fault):
    """Takes softplus for z above 20, which is right to the last digit of float32."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.where(z > 20, z, h) if activation.name == "softplus" else h


@fault("sigmoid-saturates-early", "ACT-14")
class SigmoidSaturatesEarly(Fault):
    """Gives exactly 1 for z above 8, where 1 − h is still 3e-4."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.where(z > 8, h.dtype.type(1), h) if activation.name == "sigmoid" else h


@fault("offset-of-slope-one-lost", "ACT-10")
class OffsetOfSlopeOneLost(Fault):
    """Takes affine of α = 1 for no activation, whatever β is."""

    def activate(self, activation: Activation, z: Array) -> Array:
        of_one = activation.name == "affine" and self.parameters(activation, z.dtype)[0] == 1
        return z if of_one else super().activate(activation, z)


@fault("slope-of-elu-without-a-branch", "ACT-7")
class SlopeOfEluWithoutABranch(Fault):
    """Multiplies both pieces of the slope of elu by 0 or 1, though exp(z) may be infinite."""

    def slope(self, activation: Activation, h: Array) -> Array:
        if activation.name != "elu":
            return super().slope(activation, h)
        alpha, _ = self.parameters(activation, h.dtype)
        above = (h > 0).astype(h.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            below = np.where(h > 0, alpha * np.exp(h), h + alpha).astype(h.dtype)
            slope: Array = above + (1 - above) * below
        return slope


@fault("softplus-overflows-in-float16", "ACT-16")
class SoftplusOverflowsInFloat16(Fault):
    """Computes log(1 + eᶻ) as it is written, in the type of z."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "softplus" or z.dtype.itemsize != 2:
            return super().activate(activation, z)
        with np.errstate(over="ignore"):
            h: Array = np.log(1 + np.exp(z))
            return h


@fault("leaky-relu-by-maximum", "ACT-8")
class LeakyReluByMaximum(Fault):
    """Computes leaky_relu as the larger of z and α z, which is the smaller one above α = 1."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "leaky_relu":
            return super().activate(activation, z)
        larger: Array = np.maximum(z, self.parameters(activation, z.dtype)[0] * z)
        return larger


@fault("narrow-sigmoid-of-three-lines", "ACT-17")
class NarrowSigmoidOfThreeLines(Fault):
    """Computes the hard sigmoid for the sigmoid in narrow types, for which it has no exponential."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name == "sigmoid" and z.dtype.itemsize == 2:
            activation = Activation("hard_sigmoid", 1 / 6, 0.5)
        return super().activate(activation, z)


@fault("hard-sigmoid-clips-its-argument", "ACT-14")
class HardSigmoidClipsItsArgument(Fault):
    """Clips z where α z + β is 0 and 1, and not what it computes of that, which is rounded once more."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "hard_sigmoid" or z.dtype.itemsize < 4:
            return super().activate(activation, z)
        alpha, beta = self.parameters(activation, z.dtype)
        return np.asarray(alpha * np.clip(z, -beta / alpha, (1 - beta) / alpha) + beta)


class OfNarrowTypes(Fault):
    """Has derivatives of its own for narrow types."""

    narrow = False

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        self.narrow = (call.compute_dtype or str(model.dtype)) in ("float16", "bfloat16")
        try:
            return super().tangents(model, call, direction)
        finally:
            self.narrow = False

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        self.narrow = (call.compute_dtype or str(model.dtype)) in ("float16", "bfloat16")
        try:
            return super().second_gradients(model, call, d_sequence, d_final_states, direction)
        finally:
            self.narrow = False


@fault("narrow-rates-through-straight-lines", "ACT-17")
class NarrowRatesThroughStraightLines(OfNarrowTypes):
    """In narrow types takes 1 for the derivative of sigmoid and softsign in a JVP and a double backward."""

    def slope(self, activation: Activation, h: Array) -> Array:
        if self.narrow and activation.name in ("sigmoid", "softsign"):
            return np.ones_like(h)
        return super().slope(activation, h)


@fault("narrow-bends-dropped", "ACT-17")
class NarrowBendsDropped(OfNarrowTypes):
    """In narrow types has the second derivative of tanh alone."""

    def bend(self, activation: Activation, h: Array) -> Array:
        bend = super().bend(activation, h)
        return np.zeros_like(bend) if self.narrow and activation.name != "tanh" else bend


@fault("narrow-leaky-relu-by-maximum", "ACT-8")
class NarrowLeakyReluByMaximum(Fault):
    """In narrow types computes leaky_relu as the larger of z and α z."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "leaky_relu" or z.dtype.itemsize >= 4:
            return super().activate(activation, z)
        alpha, _ = self.parameters(activation, z.dtype)
        return np.asarray(np.maximum(z, alpha * z))


@fault("leaky-relu-of-float64-by-maximum", "ACT-8")
class LeakyReluOfFloat64ByMaximum(Fault):
    """In float64 computes leaky_relu as the larger of z and α z."""

    def activate(self, activation: Activation, z: Array) -> Array:
        if activation.name != "leaky_relu" or z.dtype != np.float64:
            return super().activate(activation, z)
        alpha, _ = self.parameters(activation, z.dtype)
        return np.asarray(np.maximum(z, alpha * z))


@fault("narrow-sigmoid-beyond-one", "ACT-16")
class NarrowSigmoidBeyondOne(Fault):
    """In narrow types gives for large z the number after 1."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        if activation.name != "sigmoid" or z.dtype.itemsize >= 4:
            return h
        after = np.nextafter(h.dtype.type(1), h.dtype.type(2))
        return np.where(z > z.dtype.type(16), after, h)


@fault("bends-of-mixed-precision-dropped", "ACT-17")
class BendsOfMixedPrecisionDropped(FaultOfSecondGradients):
    """In mixed precision has the second derivative of tanh alone."""

    def bend(self, activation: Activation, h: Array) -> Array:
        is_lost = self.is_mixed and activation.name != "tanh"
        return np.zeros_like(h) if is_lost else super().bend(activation, h)


@fault("slow-rates-of-float16-flushed", "ACT-17")
class SlowRatesOfFloat16Flushed(Fault):
    """Takes rates of change of float16 that are not normal numbers for zero."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        if model.dtype == np.float16:
            least, zero = np.float16(2.0**-14), np.float16(0)
            direction = direction.mapped(lambda array: np.where(np.abs(array) < least, zero, array))
        return super().tangents(model, call, direction)
