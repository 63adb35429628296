"""Faults that the clauses of chapter GRD must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, FaultOfSecondGradients, Steps, fault
from rnn_reference.activations import Activation
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, MergeMode, Network, States


@fault("slope-without-square", "GRD-1")
class SlopeWithoutSquare(Fault):
    """Takes 1 − |h| for the derivative of tanh."""

    def slope(self, activation: Activation, h: Array) -> Array:
        return 1 - np.abs(h) if activation.name == "tanh" else super().slope(activation, h)


@fault("slope-of-relu-always-one", "GRD-1")
class SlopeOfReluAlwaysOne(Fault):
    """Lets gradients through relu where it is zero."""

    def slope(self, activation: Activation, h: Array) -> Array:
        return np.ones_like(h) if activation.name == "relu" else super().slope(activation, h)


@fault("initial-state-gradient-dropped", "GRD-2")
class InitialStateGradientDropped(Fault):
    """Treats the initial state as a constant."""

    def to_initial_state(self, s: Array) -> Array:
        return np.zeros_like(s)


@fault("gradient-truncated", "GRD-3")
class GradientTruncated(Fault):
    """Goes back two steps and no further: truncated backpropagation."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        return super().to_step_before(np.zeros_like(through) if t % 2 else through, s, taken, t)


@fault("recurrent-gradient-transposed", "GRD-4")
class RecurrentGradientTransposed(Fault):
    """Gives the gradient of W_h transposed, which its shape does not show."""

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        return super().of_weights(cell, dW_x, np.ascontiguousarray(dW_h.T), db)


@fault("recurrent-gradient-without-initial-state", "GRD-4")
class RecurrentGradientWithoutInitialState(Fault):
    """Takes the state after the first step for the initial state."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        weights, dx, dh0 = super().pull_back(cell, x, known, g, g_final, steps)
        late = np.concatenate([known[:, 1:2], known[:, 1:]], axis=1)
        wrong, _, _ = super().pull_back(cell, x, late, g, g_final, steps)
        return weights._replace(W_h=wrong.W_h), dx, dh0


@fault("second-bias-gradient-missing", "GRD-5")
class SecondBiasGradientMissing(Fault):
    """Gives the second bias no gradient."""

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        weights = super().of_weights(cell, dW_x, dW_h, db)
        return weights._replace(b_h=None if weights.b_h is None else np.zeros_like(db))


@fault("bias-gradient-averaged", "GRD-5")
class BiasGradientAveraged(Fault):
    """Halves the gradient of each of two biases, as if they shared it."""

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        return super().of_weights(cell, dW_x, dW_h, db / 2)


@fault("backward-gradient-misaligned", "GRD-6")
class BackwardGradientMisaligned(Fault):
    """Lets gradients into the backward direction in forward order."""

    def aligned_gradient(self, g: Array) -> Array:
        return g


@fault("gradient-through-padding", "GRD-7")
class GradientThroughPadding(Fault):
    """Lets masked time steps give gradients to input and weights."""

    def taking_part(self, taken: Array) -> Array:
        return np.ones_like(taken)


@fault("gradient-ends-at-padding", "GRD-7")
class GradientEndsAtPadding(Fault):
    """Loses the state's gradient at masked time steps."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        return through if taken is None else np.where(taken, through, s.dtype.type(0))


@fault("gradient-spread-over-rows", "GRD-8")
class GradientSpreadOverRows(Fault):
    """Gives every row the mean of the rows' gradients, as a mean over the batch in the wrong place does."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        mean = through.mean(axis=0, keepdims=True, dtype=through.dtype)
        return super().to_step_before(np.broadcast_to(mean, through.shape), s, taken, t)


@fault("unrolled-gradient-truncated", "GRD-9")
class UnrolledGradientTruncated(Fault):
    """Unrolled, carries gradients no further than one step back."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        before = super().to_step_before(through, s, taken, t)
        return 0 * before if self.route == "unrolled" and t % 2 else before


@fault("tangent-of-recurrent-weights-dropped", "GRD-10")
class TangentOfRecurrentWeightsDropped(Fault):
    """In the JVP takes the recurrent weights for constants."""

    def rate_of_z(
        self, cell: Cell, towards: CellGradients, x_t: Array, dx_t: Array, h: Array, dh: Array
    ) -> Array:
        constant = towards._replace(W_h=np.zeros_like(towards.W_h))
        return super().rate_of_z(cell, constant, x_t, dx_t, h, dh)


@fault("second-gradient-of-weights-dropped", "GRD-11")
class SecondGradientOfWeightsDropped(Fault):
    """When a gradient is differentiated again, takes the weights it went through for constants."""

    def through_changed_weights(self, a: Array, V: Array) -> Array:
        return 0 * super().through_changed_weights(a, V)


@fault("relu-slope-of-one-at-zero", "GRD-12")
class ReluSlopeOfOneAtZero(Fault):
    """Takes 1 for the derivative of relu at 0."""

    def slope(self, activation: Activation, h: Array) -> Array:
        slope = super().slope(activation, h)
        return np.ones_like(h) * (h >= 0) if activation.name == "relu" else slope


@fault("relu-slope-of-half-at-zero-the-second-time", "GRD-13")
class ReluSlopeOfHalfAtZeroTheSecondTime(FaultOfSecondGradients):
    """Takes 1/2 for the derivative of relu at 0 where a gradient is differentiated, and 0 before."""

    def slope(self, activation: Activation, h: Array) -> Array:
        slope = super().slope(activation, h)
        return (
            np.where(h == 0, h.dtype.type(0.5), slope) if self.second and activation.name == "relu" else slope
        )


@fault("gradients-of-none", "GRD-1")
class GradientsOfNone(Fault):
    """Keeps the gradients to itself, as a backward pass does that only fills attributes."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Any:
        super().gradients(model, call, d_sequence, d_final_states)


@fault("input-gradient-missing", "GRD-1")
class InputGradientMissing(Fault):
    """Gives None for the gradient of the input, which nobody asked it to keep."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        missing: Any = None
        return super().gradients(model, call, d_sequence, d_final_states)._replace(x=missing)


@fault("slopes-in-float32", "GRD-14")
class SlopesInFloat32(Fault):
    """Keeps the derivatives of the activation in float32, whatever the type."""

    def slope(self, activation: Activation, h: Array) -> Array:
        return super().slope(activation, h).astype(np.float32).astype(h.dtype)


@fault("cotangents-in-float32", "GRD-14")
class CotangentsInFloat32(Fault):
    """Takes cotangents in float32, whatever the type."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        narrowed = (d.astype(np.float32).astype(d.dtype) for d in d_final_states)
        return super().gradients(
            model, call, d_sequence.astype(np.float32).astype(d_sequence.dtype), tuple(narrowed)
        )


@fault("tangents-in-float32", "GRD-15")
class TangentsInFloat32(Fault):
    """Takes rates of change in float32, whatever the type."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        narrowed = direction.mapped(lambda array: array.astype(np.float32).astype(array.dtype))
        return super().tangents(model, call, narrowed)


@fault("bend-without-its-sign", "GRD-16")
class BendWithoutItsSign(Fault):
    """Takes the second derivative of tanh for positive."""

    def bend(self, activation: Activation, h: Array) -> Array:
        bend = super().bend(activation, h)
        return np.abs(bend) if activation.name == "tanh" else bend


@fault("bend-of-sigmoid-without-its-sign", "GRD-16")
class BendOfSigmoidWithoutItsSign(Fault):
    """Takes the second derivative of sigmoid for positive, which it is below 0."""

    def bend(self, activation: Activation, h: Array) -> Array:
        bend = super().bend(activation, h)
        return np.abs(bend) if activation.name == "sigmoid" else bend


@fault("bend-dropped", "GRD-16")
class BendDropped(Fault):
    """Takes the derivative of every activation for a constant when a gradient is differentiated."""

    def bend(self, activation: Activation, h: Array) -> Array:
        return np.zeros_like(h)


@fault("bend-in-float32", "GRD-17")
class BendInFloat32(Fault):
    """Keeps second derivatives in float32, whatever the type."""

    def bend(self, activation: Activation, h: Array) -> Array:
        return super().bend(activation, h).astype(np.float32).astype(h.dtype)


@fault("gradient-of-backwards-input-not-turned", "GRD-18")
class GradientOfBackwardsInputNotTurned(Fault):
    """Gives the gradient of the input of a layer that goes backwards in processing order."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        return found._replace(x=found.x[:, ::-1]) if call.go_backwards else found


@fault("average-as-sum-in-gradients", "GRD-18")
class AverageAsSumInGradients(Fault):
    """Differentiates the average of both directions as if it were their sum."""

    def parted(self, mode: MergeMode, g: Array, forward: Array, backward: Array) -> Array:
        return super().parted("sum" if mode == "ave" else mode, g, forward, backward)


@fault("backpropagation-cut-off", "GRD-20")
class BackpropagationCutOff(Fault):
    """Sends no gradient further back than to the start of its block of 16 steps."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        before = super().to_step_before(through, s, taken, t)
        return before * 0 if t and t % 16 == 0 else before


@fault("masked-gradients-times-zero", "GRD-19")
class MaskedGradientsTimesZero(Fault):
    """Multiplies the gradients of masked time steps with zero, which leaves NaN as it is."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        with np.errstate(invalid="ignore"):
            return super().gradients(model, call, d_sequence, d_final_states)

    def without_padding(self, x: Array, steps: Array) -> Array:
        return x


@fault("tangent-of-a-product-is-one-of-rates", "GRD-10")
class TangentOfAProductIsOneOfRates(Fault):
    """Merges the rates of two directions as the outputs are merged, those of a product, too."""

    def merged_rates(self, mode: MergeMode, outputs: list[Array], rates: list[Array]) -> Array:
        return self.merged(mode, np.concatenate(rates, axis=-1))


@fault("tangents-go-forward", "GRD-10")
class TangentsGoForward(Fault):
    """Differentiates a layer that goes backwards as one that goes forward."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        return super().tangents(model, replace(call, go_backwards=False), direction)


@fault("factors-of-a-product-at-rest", "GRD-16")
class FactorsOfAProductAtRest(Fault):
    """In a double backward, takes the outputs by which a merged cotangent is multiplied for constants."""

    def moving_cotangents(
        self, mode: MergeMode, g: Array, outputs: Array, rates: Array
    ) -> tuple[Array, Array]:
        parts, changes = super().moving_cotangents(mode, g, outputs, rates)
        return parts, np.zeros_like(changes)


@fault("double-backward-not-turned", "GRD-16")
class DoubleBackwardNotTurned(Fault):
    """Leaves the double backward of the input of a layer that goes backwards in processing order."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        found = super().second_gradients(model, call, d_sequence, d_final_states, direction)
        return found._replace(x=found.x[:, ::-1]) if call.go_backwards else found


@fault("masked-checkpoints", "GRD-20")
class MaskedCheckpoints(Fault):
    """Begins anew every 16 steps from what the outputs show, which is zero at masked steps."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        if steps is not None:
            known = known.copy()
            for t in range(16, x.shape[1], 16):
                known[:, t] *= steps[:, t - 1, None]
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("gradient-cut-off-every-hundred-steps", "GRD-20")
class GradientCutOffEveryHundredSteps(Fault):
    """Lets no gradient through every hundredth step."""

    def to_step_before(self, through: Array, s: Array, taken: Any, t: int) -> Array:
        before = super().to_step_before(through, s, taken, t)
        return np.zeros_like(before) if t and t % 100 == 0 else before


@fault("factors-of-zero-at-rest", "GRD-16")
class FactorsOfZeroAtRest(Fault):
    """In a double backward of a product, divides by outputs, and where one is zero takes it for at rest."""

    def moving_cotangents(
        self, mode: MergeMode, g: Array, outputs: Array, rates: Array
    ) -> tuple[Array, Array]:
        parts, changes = super().moving_cotangents(mode, g, outputs, rates)
        return parts, np.where(outputs == 0, changes.dtype.type(0), changes)


@fault("double-backward-of-padding-times-zero", "GRD-21")
class DoubleBackwardOfPaddingTimesZero(Fault):
    """Multiplies what the double backward makes of masked time steps with zero, which leaves NaN as it is."""

    twice = False

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        self.twice = True
        with np.errstate(invalid="ignore", over="ignore"):
            found = super().second_gradients(model, call, d_sequence, d_final_states, direction)
        self.twice = False
        return found

    def without_padding(self, x: Array, steps: Array) -> Array:
        return x if self.twice else super().without_padding(x, steps)


@fault("bias-gradient-of-whole-blocks", "GRD-7")
class BiasGradientOfWholeBlocks(Fault):
    """Sums the gradient of a bias over blocks of 16 rows, and of several leaves out what is left."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        weights, dx, dh0 = super().pull_back(cell, x, known, g, g_final, steps)
        rows, whole = len(x), len(x) - len(x) % 16
        if rows > 16 and weights.b is not None:
            some = None if steps is None else steps[:whole]
            left, _, _ = super().pull_back(cell, x[:whole], known[:whole], g[:whole], g_final[:whole], some)
            weights = weights._replace(b=left.b)
        return weights, dx, dh0


@fault("seams-of-sixteen-steps", "GRD-9")
class SeamsOfSixteenSteps(Fault):
    """Goes back by 16 steps at a time, and counts the cotangents where two of these meet twice."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        g = g.copy()
        g[:, 15:-1:16] *= g.dtype.type(2)
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("own-outputs-for-the-input-of-middle-layers", "GRD-6")
class OwnOutputsForTheInputOfMiddleLayers(Fault):
    """In the gradient of W_x of a layer between two others, takes its own outputs for its input."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        top = model.num_layers - 1
        self.between = [0 < index < top for index in range(top, -1, -1) for _ in model.layers[index].cells]
        return super().gradients(model, call, d_sequence, d_final_states)

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        weights, dx, dh0 = super().pull_back(cell, x, known, g, g_final, steps)
        own = known[:, 1:]
        if self.between.pop(0) and own.shape == x.shape:
            wrong, _, _ = super().pull_back(cell, own, known, g, g_final, steps)
            weights = weights._replace(W_x=wrong.W_x)
        return weights, dx, dh0


@fault("small-cotangents-skipped", "GRD-6")
class SmallCotangentsSkipped(Fault):
    """Takes cotangents below 1e-12 for zero, so that what is multiplied by a small number has no gradient."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        kept = np.where(np.abs(g) < 1e-12, g.dtype.type(0), g)
        return super().pull_back(cell, x, known, kept, g_final, steps)


@fault("cotangents-between-segments-count-twice", "GRD-20")
class CotangentsBetweenSegmentsCountTwice(Fault):
    """Goes back in segments of 32 steps, and adds the cotangent of the step at a seam in both."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Array | None
    ) -> tuple[CellGradients, Array, Array]:
        seams = np.arange(31, g.shape[1] - 1, 32)
        if seams.size:
            g = g.copy()
            g[:, seams] *= 2
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("softplus-slope-of-one", "GRD-14")
class SoftplusSlopeOfOne(Fault):
    """Takes 1 for the derivative of softplus from 20 on, which is right to the digits of float32."""

    def slope(self, activation: Activation, h: Array) -> Array:
        slope = super().slope(activation, h)
        return np.where(h > 20, h.dtype.type(1), slope) if activation.name == "softplus" else slope


@fault("product-divided-by-an-output", "GRD-18")
class ProductDividedByAnOutput(Fault):
    """Keeps the product of both directions alone, and divides it by one to get the other, but not by zero."""

    def parted(self, mode: MergeMode, g: Array, forward: Array, backward: Array) -> Array:
        if mode == "mul":
            product = forward * backward
            forward, backward = (
                np.divide(product, other, out=np.zeros_like(product), where=other != 0)
                for other in (backward, forward)
            )
        return super().parted(mode, g, forward, backward)


@fault("rates-cut-off", "GRD-20")
class RatesCutOff(Fault):
    """Computes rates of change over windows of 64 steps, each of which starts from rates of zero."""

    def rate_of_z(
        self, cell: Cell, towards: CellGradients, x: Array, dx: Array, h: Array, dh: Array
    ) -> Array:
        self.steps_taken = 0 if not dh.any() else self.steps_taken + 1
        new = self.steps_taken and self.steps_taken % 64 == 0
        return super().rate_of_z(cell, towards, x, dx, h, np.zeros_like(dh) if new else dh)

    steps_taken = 0


@fault("double-backward-cut-off", "GRD-22")
class DoubleBackwardCutOff(RatesCutOff):
    """Does so for the double backward alone."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        return Fault().tangents(model, call, direction)


@fault("softplus-bend-of-zero", "GRD-17")
class SoftplusBendOfZero(Fault):
    """Takes 0 for the second derivative of softplus from 20 on, which is right to the digits of float32."""

    def bend(self, activation: Activation, h: Array) -> Array:
        bend = super().bend(activation, h)
        return np.where(h > 20, h.dtype.type(0), bend) if activation.name == "softplus" else bend


@fault("no-state-gradient-without-final-cotangents", "GRD-6")
class NoStateGradientWithoutFinalCotangents(Fault):
    """Gives the initial states a gradient only where a final state has a cotangent."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        if any(state.any() for state in d_final_states):
            return found
        return found._replace(initial_states=tuple(map(np.zeros_like, found.initial_states)))


@fault("no-jvp-of-input-at-rest", "GRD-10")
class NoJvpOfInputAtRest(Fault):
    """Takes the JVP for zero where the input does not change, though weights and states do."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        found = super().tangents(model, call, direction)
        if direction.x.any() or found.sequence is None:
            return found
        finals = tuple(map(np.zeros_like, found.final_states or ()))
        return Output(np.zeros_like(found.sequence), final_states=finals)


@fault("bends-of-sixteen-units", "GRD-16")
class BendsOfSixteenUnits(Fault):
    """Takes the second derivative for zero beyond the first 16 units."""

    def bend(self, activation: Activation, h: Array) -> Array:
        bend = super().bend(activation, h)
        return np.where(np.arange(bend.shape[-1]) < 16, bend, bend.dtype.type(0))


@fault("input-weights-of-whole-blocks-of-rows", "GRD-20")
class InputWeightsOfWholeBlocksOfRows(Fault):
    """Sums the gradient of W_x over blocks of 64 rows, and of more rows leaves out what is left."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        weights, dx, dh0 = super().pull_back(cell, x, known, g, g_final, steps)
        rows, whole = len(x), len(x) - len(x) % 64
        if rows > 64:
            some = None if steps is None else steps[:whole]
            left, _, _ = super().pull_back(cell, x[:whole], known[:whole], g[:whole], g_final[:whole], some)
            weights = weights._replace(W_x=left.W_x)
        return weights, dx, dh0


@fault("no-gradient-of-rows-without-a-step", "GRD-7")
class NoGradientOfRowsWithoutAStep(Fault):
    """Leaves rows of length 0 out going back, as it did going forward, where states just pass."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        if call.lengths is None:
            return found
        some = (call.lengths > 0)[:, None]
        states = tuple(np.where(some, state, state.dtype.type(0)) for state in found.initial_states)
        return found._replace(initial_states=states)


@fault("jvp-without-the-rates-of-zero-states", "GRD-10")
class JvpWithoutTheRatesOfZeroStates(Fault):
    """Where a state is zero leaves the recurrent product out, and in the JVP that of its rate, too."""

    def rate_of_z(
        self, cell: Cell, towards: CellGradients, x_t: Array, dx_t: Array, h: Array, dh: Array
    ) -> Array:
        return super().rate_of_z(cell, towards, x_t, dx_t, h, dh if h.any() else np.zeros_like(dh))


def without_small(array: Array, least: float) -> Array:
    """The numbers, zero for those that are nearer to it than this."""
    return np.where(np.abs(array.astype(float)) < least, array.dtype.type(0), array)


@fault("small-rates-skipped", "GRD-10")
class SmallRatesSkipped(Fault):
    """Takes rates of change below 1e-12 for zero."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        return super().tangents(model, call, direction.mapped(lambda array: without_small(array, 1e-12)))


@fault("small-cotangents-skipped-the-second-time", "GRD-16")
class SmallCotangentsSkippedTheSecondTime(Fault):
    """Takes cotangents below 1e-12 for zero where a gradient is differentiated."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        d_sequence, *states = (without_small(array, 1e-12) for array in (d_sequence, *d_final_states))
        return super().second_gradients(model, call, d_sequence, tuple(states), direction)


@fault("cotangents-of-few-exponents", "GRD-14")
class CotangentsOfFewExponents(Fault):
    """Makes zero of cotangents of float64 that are below the smallest normal number of float32."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        least = float(np.finfo(np.float32).tiny) if model.dtype == np.float64 else 0.0
        d_sequence, *states = (without_small(array, least) for array in (d_sequence, *d_final_states))
        return super().gradients(model, call, d_sequence, tuple(states))


@fault("relu-slope-of-one-at-zero-in-a-jvp", "GRD-12")
class ReluSlopeOfOneAtZeroInAJvp(Fault):
    """Takes 1 for the derivative of relu at 0 in forward mode, and 0 in gradients."""

    forward_mode = False

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        self.forward_mode = True
        try:
            return super().tangents(model, call, direction)
        finally:
            self.forward_mode = False

    def slope(self, activation: Activation, h: Array) -> Array:
        if activation.name == "relu" and self.forward_mode:
            return (h >= 0).astype(h.dtype)
        return super().slope(activation, h)


@fault("weight-gradients-of-256-rows", "GRD-20")
class WeightGradientsOf256Rows(Fault):
    """Sums the gradients of weights over the first 256 rows, a block of them."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        weights, dx, dh = super().pull_back(cell, x, known, g, g_final, steps)
        if len(x) > 256:
            block = np.s_[:256]
            of_block = None if steps is None else steps[block]
            weights, _, _ = super().pull_back(
                cell, x[block], known[block], g[block], g_final[block], of_block
            )
        return weights, dx, dh


@fault("no-double-backward-without-cotangents-of-outputs", "GRD-16")
class NoDoubleBackwardWithoutCotangentsOfOutputs(Fault):
    """Gives no double backward where final states alone have cotangents."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        found = super().second_gradients(model, call, d_sequence, d_final_states, direction)
        return found if d_sequence.any() else found.mapped(np.zeros_like)


@fault("no-double-backward-of-input-at-rest", "GRD-16")
class NoDoubleBackwardOfInputAtRest(Fault):
    """Gives no double backward where the input does not change, though weights and states do."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        found = super().second_gradients(model, call, d_sequence, d_final_states, direction)
        return found if direction.x.any() else found.mapped(np.zeros_like)


@fault("mixed-double-backward-of-padding-times-zero", "GRD-21")
class MixedDoubleBackwardOfPaddingTimesZero(FaultOfSecondGradients):
    """In the double backward of mixed precision multiplies the input at masked time steps with zero."""

    def without_padding(self, x: Array, steps: Array) -> Array:
        if not self.is_mixed:
            return super().without_padding(x, steps)
        product: Array = x * steps[:, :, None].astype(x.dtype)
        return product


@fault("no-jvp-of-states-alone", "GRD-10")
class NoJvpOfStatesAlone(Fault):
    """Takes a JVP for zero where neither input nor weights change, and does not look at the states."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        weights = (rate for cell in direction.cells for rate in cell if rate is not None)
        if not any(rate.any() for rate in (direction.x, *weights)):
            direction = direction.mapped(np.zeros_like)
        return super().tangents(model, call, direction)
