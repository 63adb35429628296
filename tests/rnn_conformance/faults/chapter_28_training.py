"""Faults that the clauses of chapter TRN must catch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.declarations import NarrowType
from rnn_adapters.surface import Trained, Training
from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.activations import Activation
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States


@fault("bias-not-trained", "TRN-1")
class BiasNotTrained(Fault):
    """Trains the matrices alone."""

    def descended(self, role: str, weight: Array, gradient: Array, rate: float) -> Array:
        return weight if role in ("b", "b_h") else super().descended(role, weight, gradient, rate)


@fault("weights-decay", "TRN-1")
class WeightsDecay(Fault):
    """Lets every weight shrink by a ten-thousandth of the rate, which nobody asked for."""

    def descended(self, role: str, weight: Array, gradient: Array, rate: float) -> Array:
        return super().descended(role, weight * weight.dtype.type(1 - rate / 10_000), gradient, rate)


@fault("backward-direction-not-trained", "TRN-2")
class BackwardDirectionNotTrained(Fault):
    """Trains the forward cells alone."""

    def left_alone(self, before: Network, after: Network, frozen: tuple[int, ...]) -> Network:
        changed = super().left_alone(before, after, frozen)
        pairs = zip(before.layers, changed.layers, strict=True)
        return Network(Layer(new.forward, *old.cells[1:]) for old, new in pairs)


@fault("trained-from-zeros", "TRN-2")
class TrainedFromZeros(Fault):
    """Forgets the initial states when it trains."""

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        return super().trained(model, replace(call, initial_states=None), training)


@fault("momentum-of-a-tenth", "TRN-3")
class MomentumOfATenth(Fault):
    """Goes on by a tenth of the step before."""

    before: Cell | None = None

    def after_step(self, cell: Cell, gradients: CellGradients, rate: float, step: int) -> Cell:
        after = super().after_step(cell, gradients, rate, step)
        last, self.before = self.before, cell
        if not step or last is None or last.W_h.shape != cell.W_h.shape:
            return after
        return replace(after, W_h=after.W_h + (cell.W_h - last.W_h) * cell.dtype.type(0.1))


@fault("rate-halved-every-step", "TRN-3")
class RateHalvedEveryStep(Fault):
    """Lowers the rate as it goes."""

    def after_step(self, cell: Cell, gradients: CellGradients, rate: float, step: int) -> Cell:
        return super().after_step(cell, gradients, rate / 2**step, step)


@fault("frozen-layers-trained", "TRN-4")
class FrozenLayersTrained(Fault):
    """Trains layers that it is told not to."""

    def left_alone(self, before: Network, after: Network, frozen: tuple[int, ...]) -> Network:
        return after


@fault("nothing-trained-below-a-frozen-layer", "TRN-4")
class NothingTrainedBelowAFrozenLayer(Fault):
    """Lets no gradient through a layer that is not trained."""

    def left_alone(self, before: Network, after: Network, frozen: tuple[int, ...]) -> Network:
        return super().left_alone(before, after, tuple(range(max(frozen, default=-1) + 1)))


@fault("loss-after-the-step", "TRN-5")
class LossAfterTheStep(Fault):
    """Tells of each step the loss that it leads to."""

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        found = super().trained(model, call, training)
        return replace(found, losses=(*found.losses[1:], found.losses[-1]))


@fault("loss-averaged", "TRN-5")
class LossAveraged(Fault):
    """Tells the mean where the sum is trained."""

    def loss(self, model: Network, call: Call, training: Training) -> float:
        return super().loss(model, call, training) / int(np.prod(training.d_sequence.shape[:1]))


@fault("steps-of-training-in-float32", "TRN-1")
class StepsOfTrainingInFloat32(Fault):
    """Computes by how much a weight changes in float32, in layers of float64, too."""

    def descended(self, role: str, weight: Array, gradient: Array, rate: float) -> Array:
        if weight.dtype != np.float64:
            return super().descended(role, weight, gradient, rate)
        after: Array = weight - (np.float32(rate) * gradient.astype(np.float32)).astype(np.float64)
        return after


@fault("training-in-windows", "TRN-1")
class TrainingInWindows(Fault):
    """Trains with windows of 25 steps: states go on from one to the next, and gradients do not go back."""

    training = False

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        self.training = True
        found = super().trained(model, call, training)
        self.training = False
        return found

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        before = super().to_step_before(through, s, taken, t)
        return np.zeros_like(before) if self.training and t and t % 25 == 0 else before


@fault("loss-before-layers-are-set-back", "TRN-5")
class LossBeforeLayersAreSetBack(Fault):
    """Tells the loss after a step before the layers that are not trained have their weights back."""

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        found = super().trained(model, call, training)
        free = super().trained(model, call, replace(training, frozen=(), steps=1))
        return replace(found, losses=(found.losses[0], free.losses[1], *found.losses[2:]))


@fault("parameters-lost-after-a-step", "TRN-3")
class ParametersLostAfterAStep(Fault):
    """After a step, cells have the default parameters of their activations."""

    def after_step(self, cell: Cell, gradients: CellGradients, rate: float, step: int) -> Cell:
        after = super().after_step(cell, gradients, rate, step)
        return replace(after, activation=Activation(after.activation.name))


@fault("mean-of-means", "TRN-5")
class MeanOfMeans(Fault):
    """Tells the mean loss of batches of 32 rows, each as if it were full."""

    def loss(self, model: Network, call: Call, training: Training) -> float:
        rows = len(call.x)
        if rows <= 32:
            return super().loss(model, call, training)
        sequence = self.run(model, call).sequence
        assert sequence is not None
        of_rows = (training.d_sequence * sequence).sum(axis=(1, 2))
        means = [of_rows[first : first + 32].mean() for first in range(0, rows, 32)]
        return float(np.mean(means) * rows)


@fault("loss-of-float64-in-float32", "TRN-5")
class LossOfFloat64InFloat32(Fault):
    """Adds losses up in float32, whatever the type of the network, and does not say so."""

    def loss(self, model: Network, call: Call, training: Training) -> float:
        return float(np.float32(super().loss(model, call, training)))


@fault("narrow-weights-trained", "TRN-6")
class NarrowWeightsTrained(Fault):
    """Under mixed precision trains the narrow copies of the weights, and writes these back."""

    narrow: NarrowType | None = None

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        self.narrow = call.compute_dtype
        found = super().trained(model, call, training)
        self.narrow = None
        return found

    def after_step(self, cell: Cell, gradients: CellGradients, rate: float, step: int) -> Cell:
        after = super().after_step(cell, gradients, rate, step)
        return after if self.narrow is None else after.astype(self.narrow).astype(cell.dtype)


@fault("learning-rate-of-float32", "TRN-1")
class LearningRateOfFloat32(Fault):
    """Keeps the rate of training in float32, for weights of float64, too."""

    def descended(self, role: str, weight: Array, gradient: Array, rate: float) -> Array:
        return super().descended(role, weight, gradient, float(np.float32(rate)))


@fault("training-sees-the-padding", "TRN-2")
class TrainingSeesThePadding(Fault):
    """Multiplies masked time steps by zero when it trains, and leaves out a change that is not finite."""

    training = False

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        self.training = True
        with np.errstate(invalid="ignore", over="ignore"):
            found = super().trained(model, call, training)
        self.training = False
        return found

    def without_padding(self, x: Array, steps: Array) -> Array:
        return x if self.training else super().without_padding(x, steps)

    def descended(self, role: str, weight: Array, gradient: Array, rate: float) -> Array:
        return super().descended(role, weight, gradient, rate) if np.isfinite(gradient).all() else weight


@fault("trained-gradients-cut-off", "TRN-1")
class TrainedGradientsCutOff(Fault):
    """Cuts off what is above 100 in the gradients that it trains with."""

    def descended(self, role: str, weight: Array, gradient: Array, rate: float) -> Array:
        return super().descended(role, weight, gradient.clip(-100, 100), rate)


@fault("rate-lowered-after-four-steps", "TRN-3")
class RateLoweredAfterFourSteps(Fault):
    """Trains at a tenth of the rate from the fifth step on."""

    def after_step(self, cell: Cell, gradients: CellGradients, rate: float, step: int) -> Cell:
        return super().after_step(cell, gradients, rate if step < 4 else rate / 10, step)


class Trainee(Fault):
    """Remembers what was trained."""

    learnt: tuple[Network, Array] | None = None

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        found = super().trained(model, call, training)
        self.learnt = model, training.d_sequence
        return found


@fault("gradients-left-by-training", "TRN-7")
class GradientsLeftByTraining(Trainee):
    """Adds the gradients after training to those that its last step left."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        if self.learnt is None or self.learnt[0] is not model:
            return found
        self.learnt = None
        return found._replace(cells=tuple(CellGradients(*map(twice, of_cell)) for of_cell in found.cells))


def twice(array: Array | None) -> Any:
    """An array added to itself, where there is one."""
    return None if array is None else array + array


@fault("training-mode-left-on", "TRN-7")
class TrainingModeLeftOn(Trainee):
    """Goes on in training mode after training: calls that are none of training drop, too."""

    def run_usual(self, model: Network, call: Call) -> Output:
        still = self.learnt is not None and self.learnt[0] is model
        return super().run_usual(model, replace(call, training=True) if still else call)


@fault("kept-states-lost-in-training", "TRN-7")
class KeptStatesLostInTraining(Trainee):
    """Forgets the states that a stateful layer kept when it is trained."""

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        self.reset_states(model)
        return super().trained(model, call, training)


@fault("frozen-layers-not-counted-afterwards", "TRN-7")
class FrozenLayersNotCountedAfterwards(Fault):
    """After training, counts no parameters of layers that were not trained."""

    was_frozen: tuple[Network, tuple[int, ...]] | None = None

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        self.was_frozen = model, training.frozen
        return super().trained(model, call, training)

    def count_parameters(self, model: Network) -> int:
        count = super().count_parameters
        if self.was_frozen is None or self.was_frozen[0] is not model:
            return count(model)
        layers = enumerate(model.layers)
        return sum(count(Network([layer])) for index, layer in layers if index not in self.was_frozen[1])


@fault("counting-freezes", "TRN-4")
class CountingFreezes(Fault):
    """Marks layers as not trained to count what is left, and leaves the marks for the next training."""

    marked: tuple[Network | None, tuple[int, ...]] = None, ()

    def count_trainable(self, model: Network, frozen: tuple[int, ...]) -> Mapping[str, int]:
        self.marked = model, frozen
        return super().count_trainable(model, frozen)

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        of, frozen = self.marked
        if of is model:
            training = replace(training, frozen=tuple({*training.frozen, *frozen}))
        return super().trained(model, call, training)


@fault("training-leaves-its-mode-on", "TRN-7")
class TrainingLeavesItsModeOn(Fault):
    """Takes calls after a training that dropped for calls of training."""

    trained_in_training: Network | None = None

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        found = super().trained(model, call, training)
        self.trained_in_training = model if call.training else None
        return found

    def run_usual(self, model: Network, call: Call) -> Output:
        return super().run_usual(
            model, replace(call, training=call.training or self.trained_in_training is model)
        )


@fault("saved-as-after-the-first-step", "TRN-7")
class SavedAsAfterTheFirstStep(Fault):
    """Saves a layer that was trained with the weights that it had after the first step."""

    learnt: tuple[Network, Network] | None = None

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        found = super().trained(model, call, training)
        self.learnt = model, found.networks[0]
        return found

    def restored(self, model: Network) -> Network:
        if self.learnt is not None and self.learnt[0] is model:
            return self.written_and_read(self.learnt[1])
        return super().restored(model)


@fault("trained-on-64-rows", "TRN-2")
class TrainedOn64Rows(Fault):
    """Trains on the first 64 rows of a batch, a block of them."""

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        counts = training.d_sequence * (np.arange(len(call.x)) < 64)[:, None, None]
        return super().trained(model, call, replace(training, d_sequence=counts.astype(model.dtype)))
