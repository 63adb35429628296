"""Faults that the clauses of chapter DRP must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.declarations import DropoutPlace
from rnn_adapters.surface import Shapes, Trained, Training, UnknownAxis
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States


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


@fault("units-dropped-step-by-step-beside-a-mask", "DRP-4")
class UnitsDroppedStepByStepBesideAMask(UnitsDroppedStepByStep):
    """Draws anew before every step of a sequence that has a mask."""

    beside_a_mask = False

    def steps(self, call: Call) -> Array | None:
        steps = super().steps(call)
        self.beside_a_mask = steps is not None
        return steps

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().step(cell, x_t, h) if self.beside_a_mask else Fault.step(self, cell, x_t, h)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Array, Array]:
        return super().dropout_masks(x, h) if self.beside_a_mask else Fault.dropout_masks(self, x, h)


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


@fault("rate-rounded-to-eighths", "DRP-8")
class RateRoundedToEighths(Fault):
    """Divides by a share that is rounded to three bits."""

    def left_of(self, array: Array, rate: float) -> Array:
        left = super().left_of(array, rate)
        return np.asarray((left > 0) / (1 - round(8 * rate) / 8), array.dtype)


@fault("rate-off-by-a-tenth", "DRP-8")
class RateOffByATenth(Fault):
    """Drops a tenth more than the rate."""

    def left_of(self, array: Array, rate: float) -> Array:
        kept = self._random.random(array.shape) >= min(1.1 * rate, 0.99)
        return np.asarray(kept / (1 - rate), array.dtype)


@fault("one-mask-for-all-rows", "DRP-9")
class OneMaskForAllRows(Fault):
    """Drops the same units in all rows."""

    def left_of(self, array: Array, rate: float) -> Array:
        left = super().left_of(array, rate)
        return left if len(left) == 0 else np.broadcast_to(left[:1], left.shape)


@fault("the-same-number-in-every-row", "DRP-9")
class TheSameNumberInEveryRow(Fault):
    """Drops exactly the share of every row, chosen at random."""

    def left_of(self, array: Array, rate: float) -> Array:
        order = self._random.random(array.shape).argsort(axis=-1).argsort(axis=-1)
        kept = order >= round(rate * array.shape[-1])
        return np.asarray(kept / (1 - rate), array.dtype)


@fault("calls-share-half-of-a-mask", "DRP-10")
class CallsShareHalfOfAMask(Fault):
    """Seeds its generator anew in every call for the first half of the rows."""

    def left_of(self, array: Array, rate: float) -> Array:
        half, left = len(array) // 2, super().left_of(array, rate).copy()
        left[:half] = np.asarray(np.random.default_rng(5).random(array[:half].shape) >= rate) / (1 - rate)
        return left


@fault("directions-share-a-mask", "DRP-11")
class DirectionsShareAMask(Fault):
    """Draws once for both directions of a layer."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        self.seed = int(self._random.integers(2**32))
        return super().run_layer(layer, x, h0, steps)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Array, Array]:
        self._random = np.random.default_rng(self.seed)
        return super().dropout_masks(x, h)


@fault("layers-share-a-mask", "DRP-12")
class LayersShareAMask(Fault):
    """Draws once for all layers."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        self.seed = int(self._random.integers(2**32))
        return super().run_stack(network, x, states, steps)

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        self._random = np.random.default_rng(self.seed)
        found = super().run_layer(layer, x, h0, steps)
        self._random = np.random.default_rng(self.seed + 1)
        return found


@fault("one-mask-between-all-layers", "DRP-12")
class OneMaskBetweenAllLayers(Fault):
    """Drops the same between all layers of one width."""

    seed = 0

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        self.seed = int(self._random.integers(2**32))
        return super().run_stack(network, x, states, steps)

    def between_layers(self, sequence: Array) -> Array:
        self._random = np.random.default_rng(self.seed)
        return super().between_layers(sequence)


@fault("gradients-without-dropout", "DRP-13")
class GradientsWithoutDropout(Fault):
    """Differentiates the network as it is outside training."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        return super().gradients(model, replace(call, training=False), d_sequence, d_final_states)


@fault("gradients-of-states-not-divided", "DRP-13")
class GradientsOfStatesNotDivided(Fault):
    """Sends gradients through the kept parts of states as they are, and does not divide them by 1 − p."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        of_x, of_h = self.left
        if np.ndim(of_h):
            self.left = of_x, (of_h != 0).astype(of_h.dtype)
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("other-routes-keep-what-they-dropped", "DRP-14")
class OtherRoutesKeepWhatTheyDropped(Fault):
    """By every other route the second call of a network drops what the first has dropped."""

    def left_of(self, array: Array, rate: float) -> Array:
        if self.route:
            self._random = np.random.default_rng(array.shape)
        return super().left_of(array, rate)


@fault("top-layer-of-other-routes-not-in-training", "DRP-14")
class TopLayerOfOtherRoutesNotInTraining(Fault):
    """By every other route tells every layer of a stack but the top one that this is training."""

    layers_left = 0

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        self.layers_left = network.num_layers
        return super().run_stack(network, x, states, steps)

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        self.layers_left -= 1
        return super().run_layer(layer, x, h0, steps)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Array, Array]:
        x_mask, h_mask = super().dropout_masks(x, h)
        in_training = not self.route or self.layers_left or self.dropping[0] == "between layers"
        return (x_mask, h_mask) if in_training else (x.dtype.type(1), h.dtype.type(1))


@fault("training-of-the-first-trace", "DRP-1")
class TrainingOfTheFirstTrace(Fault):
    """Compiled, goes on training with the shapes with which it was first called in training."""

    def load(self, network: Network) -> Network:
        self._traced = dict[tuple[int, ...], bool]()
        return super().load(network)

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        if self.route == "compiled":
            call = replace(call, training=self._traced.setdefault(call.x.shape, call.training))
        return super().dropout_of(call)


@fault("last-output-dropped", "DRP-5")
class LastOutputDropped(Fault):
    """Drops the last output of the top layer as if there were a layer above."""

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        last, (place, rate) = super().last(network, sequence, final_states), self.dropping
        return last * self.left_of(last, rate) if place == "between layers" else last


@fault("third-call-drops-as-the-first", "DRP-10")
class ThirdCallDropsAsTheFirst(Fault):
    """Seeds its generator anew at every third call."""

    _calls = 0

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        place, rate = super().dropout_of(call)
        if place is not None:
            if self._calls % 3 == 2:
                self._random = np.random.default_rng(7)
            self._calls += 1
        return place, rate


@fault("backward-half-never-dropped", "DRP-11")
class BackwardHalfNeverDropped(Fault):
    """Between layers, drops of both directions as many features as one has."""

    def run_usual(self, model: Network, call: Call) -> Output:
        self._below = model.layers[0]
        return super().run_usual(model, call)

    def left_of(self, array: Array, rate: float) -> Array:
        left, H = super().left_of(array, rate), self._below.hidden_size
        if self.dropping[0] == "between layers" and self._below.directions == 2:
            left[..., H:] = 1
        return left


@fault("masks-of-a-cell-drawn-once", "DRP-14")
class MasksOfACellDrawnOnce(Fault):
    """By way of the cell, draws what is dropped once for each shape."""

    def left_of(self, array: Array, rate: float) -> Array:
        if self.route != "cell":
            return super().left_of(array, rate)
        known: dict[object, Array] = self.__dict__.setdefault("_drawn", {})
        key = (array.shape, rate)
        if key not in known:
            known[key] = super().left_of(array, rate)
        return known[key].copy()


@fault("weights-of-the-state-before-dropout", "DRP-13")
class WeightsOfTheStateBeforeDropout(Fault):
    """Multiplies what comes back with the states as they were before some of their units were dropped."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        weights, dx, dh0 = super().pull_back(cell, x, known, g, g_final, steps)
        place, rate = self.dropping
        if place != "state":
            return weights, dx, dh0
        return weights._replace(W_h=weights.W_h * (1 - rate)), dx, dh0


@fault("nothing-dropped-at-rare-rates", "DRP-8")
class NothingDroppedAtRareRates(Fault):
    """Compares eight random bits with the rate, so that none is dropped at rates below 1/256."""

    def left_of(self, array: Array, rate: float) -> Array:
        return super().left_of(array, rate) if rate >= 1 / 256 else np.full_like(array, 1 / (1 - rate))


@fault("reset-draws-as-at-first", "DRP-10")
class ResetDrawsAsAtFirst(Fault):
    """Begins its random numbers anew where states are reset."""

    def reset_states(self, model: Network) -> None:
        super().reset_states(model)
        self._random = np.random.default_rng(0)


@fault("backward-gradients-through-the-forward-mask", "DRP-13")
class BackwardGradientsThroughTheForwardMask(Fault):
    """Takes gradients of the backward direction through what the forward direction kept of its state."""

    _ways: tuple[int, ...] = ()
    _of_forward: tuple[Any, Any] = (1, 1)

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        self._ways = tuple(number for layer in model.layers[::-1] for number in range(layer.directions))
        return super().gradients(model, call, d_sequence, d_final_states)

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        way, *others = self._ways or (0,)
        self._ways = tuple(others)
        if way == 1:
            self.left = self._of_forward
        self._of_forward = self.left
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("scale-of-dropout-in-float32", "DRP-8")
class ScaleOfDropoutInFloat32(Fault):
    """Computes 1 / (1 − p) in float32, for layers of float64, too."""

    def left_of(self, array: Array, rate: float) -> Array:
        scale = np.float32(1) / np.float32(1 - rate)
        return np.asarray((self._random.random(array.shape) >= rate) * scale, array.dtype)


@fault("dropout-threads-of-one-seed", "DRP-9")
class DropoutThreadsOfOneSeed(Fault):
    """From 32 rows on, draws for a sixth of them in each of six threads, which have the same seed."""

    def left_of(self, array: Array, rate: float) -> Array:
        rows = len(array)
        if rows < 32:
            return super().left_of(array, rate)
        return np.concatenate([super().left_of(array[: -(-rows // 6)], rate)] * 6)[:rows]


@fault("dropout-of-four-numbers-at-a-time", "DRP-9")
class DropoutOfFourNumbersAtATime(Fault):
    """Counts on by whole fours from row to row: the last units of a row share numbers with the next row."""

    def left_of(self, array: Array, rate: float) -> Array:
        units, rows = array.shape[-1], int(np.prod(array.shape[:-1]))
        apart = 4 * max(1, units // 4)
        numbers = self._random.random(rows * apart + units)
        drawn = numbers[np.arange(rows)[:, None] * apart + np.arange(units)].reshape(array.shape)
        return np.asarray((drawn >= rate) / (1 - rate), array.dtype)


@fault("evaluation-seeds-dropout-anew", "DRP-10")
class EvaluationSeedsDropoutAnew(Fault):
    """Makes its generator anew in each call that is not one of training."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if not call.training:
            self._random = np.random.default_rng(0)
        return super().run_usual(model, call)


@fault("stateful-layers-keep-what-they-drop", "DRP-10")
class StatefulLayersKeepWhatTheyDrop(Fault):
    """Stateful layers drop the same in all calls up to a reset."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.kept_masks: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        self.stateful = False

    def reset_states(self, model: Network) -> None:
        self.kept_masks.clear()
        super().reset_states(model)

    def run_usual(self, model: Network, call: Call) -> Output:
        self.stateful = call.stateful
        return super().run_usual(model, call)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Any, Any]:
        masks = super().dropout_masks(x, h)
        if not self.stateful or self.dropping[0] is None:
            return masks
        return self.kept_masks.setdefault((len(self.masks), *self.dropping, x.shape, h.shape), masks)


@fault("backward-drops-rows-in-reverse", "DRP-11")
class BackwardDropsRowsInReverse(Fault):
    """Drops in the backward direction what the forward one drops, from the last row to the first."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        self.of_layer = list[tuple[Any, Any]]()
        return super().run_layer(layer, x, h0, steps)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Any, Any]:
        masks = super().dropout_masks(x, h)
        if self.of_layer:
            masks = tuple(mask[::-1] if np.ndim(mask) else mask for mask in self.of_layer[0])
        self.of_layer.append(masks)
        return masks


@fault("layers-drop-a-step-apart", "DRP-12")
class LayersDropAStepApart(Fault):
    """Drops above a layer what it drops below it a step later."""

    def between_layers(self, x: Array) -> Array:
        place, rate = self.dropping
        below = self.left_between[-1] if self.left_between else None
        if place != "between layers" or below is None or below.shape != x.shape:
            return super().between_layers(x)
        left = self.left_of(x, rate)
        left[:, :-1] = below[:, 1:]
        self.left_between.append(left)
        return x * left


@fault("gradients-through-the-first-gap", "DRP-13")
class GradientsThroughTheFirstGap(Fault):
    """Gradients go through what was dropped above the bottom layer at every gap between equal layers."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        of_gaps = self.left_between
        of_gaps[:] = [of_gaps[0] if left.shape == of_gaps[0].shape else left for left in of_gaps]
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("sixteen-steps-dropped-alike", "DRP-9")
class SixteenStepsDroppedAlike(Fault):
    """Between layers, draws for sixteen steps and takes that for all blocks of as many."""

    def left_of(self, array: Array, rate: float) -> Array:
        left = super().left_of(array, rate)
        return left if left.ndim < 3 else left[:, np.arange(left.shape[1]) % 16]


@fault("dropped-states-kept", "DRP-15")
class DroppedStatesKept(Fault):
    """Keeps what is left of the state for the next step in place of the state."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        if self.dropping[0] == "state":
            left = iter([of_state for _, of_state in self.masks])
            final_states = [np.stack([h * next(left) for h in state]) for state in final_states]
        super().keep(model, final_states)


@fault("both-directions-dropped-alike", "DRP-11")
class BothDirectionsDroppedAlike(Fault):
    """Draws what is dropped between layers for one direction, and drops the same of the other."""

    directions = 1

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        self.directions = layer.directions
        return super().run_layer(layer, x, h0, steps)

    def between_layers(self, x: Array) -> Array:
        place, rate = self.dropping
        if place != "between layers" or self.directions == 1:
            return super().between_layers(x)
        half = self.left_of(x[..., : x.shape[-1] // 2], rate)
        self.left_between.append(np.concatenate([half, half], axis=-1))
        return x * self.left_between[-1]


@fault("nothing-dropped-with-lengths", "DRP-3")
class NothingDroppedWithLengths(Fault):
    """Drops nothing of the input of a call with lengths."""

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        packed = call.lengths is not None and call.dropout == "input"
        return (None, 0.0) if packed else super().dropout_of(call)


@fault("generator-anew-after-loading", "DRP-10")
class GeneratorAnewAfterLoading(Fault):
    """Loads a layer with the generator of dropout as it was made."""

    def restored(self, model: Network) -> Network:
        self._random = np.random.default_rng(0)
        return super().restored(model)


@fault("units-dropped-anew-every-sixty-four-steps", "DRP-4")
class UnitsDroppedAnewEverySixtyFourSteps(Fault):
    """Takes long sequences in parts of 64 steps, and draws anew for each of them which units to drop."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        if self.dropping[0] != "state" or x.shape[1] <= 64:
            return super().run_direction(cell, x, h, steps)
        parts = list[Array]()
        for first in range(0, x.shape[1], 64):
            part = np.s_[:, first : first + 64]
            sequence, h = super().run_direction(cell, x[part], h, None if steps is None else steps[part])
            parts.append(sequence)
        return np.concatenate(parts, axis=1), h


@fault("other-weights-seed-dropout-anew", "DRP-10")
class OtherWeightsSeedDropoutAnew(Fault):
    """Begins its random numbers anew where weights are assigned."""

    def assign_weights(self, model: Network, network: Network) -> None:
        super().assign_weights(model, network)
        self._random = np.random.default_rng(0)


@fault("directions-share-a-mask-in-float64", "DRP-11")
class DirectionsShareAMaskInFloat64(DirectionsShareAMask):
    """Draws once for both directions of a layer of float64."""

    def dropout_masks(self, x: Array, h: Array) -> tuple[Any, Any]:
        wide = x.dtype == np.float64
        return super().dropout_masks(x, h) if wide else Fault.dropout_masks(self, x, h)


@fault("gradients-in-mixed-precision-without-dropout", "DRP-13")
class GradientsInMixedPrecisionWithoutDropout(Fault):
    """In mixed precision, differentiates the network as it is outside training."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if call.compute_dtype is not None:
            call = replace(call, training=False)
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("batch-axes-share-a-mask", "DRP-14")
class BatchAxesShareAMask(Fault):
    """Draws for the last of several batch axes, and drops the same along the others."""

    last_axis = 0

    def run_in_one_batch_axis(self, model: Network, call: Call) -> Output:
        self.last_axis = call.x.shape[-3] if call.x.ndim > 3 else 0
        try:
            return super().run_in_one_batch_axis(model, call)
        finally:
            self.last_axis = 0

    def left_of(self, array: Array, rate: float) -> Array:
        left = super().left_of(array, rate)
        if not self.last_axis:
            return left
        return np.concatenate([left[: self.last_axis]] * (len(left) // self.last_axis))


@fault("bias-divided-with-the-input", "DRP-16")
class BiasDividedWithTheInput(Fault):
    """Divides W_x x + b by 1 − p, in place of x."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        z, (place, rate) = super().pre_activation(cell, x_t, h), self.dropping
        if place != "input":
            return z
        return np.asarray(z + cell.bias * (1 / (1 - rate) - 1), z.dtype)


@fault("last-output-of-all-the-input", "DRP-16")
class LastOutputOfAllTheInput(Fault):
    """Drops nothing of the input where the last output alone is asked for."""

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        last = not call.return_sequences and call.dropout == "input"
        return (None, 0.0) if last else super().dropout_of(call)


@fault("input-divided-with-the-state", "DRP-17")
class InputDividedWithTheState(Fault):
    """Divides the input, too, where some of the state is dropped."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        place, rate = self.dropping
        x_t = np.asarray(x_t / (1 - rate), x_t.dtype) if place == "state" else x_t
        return super().pre_activation(cell, x_t, h)


@fault("final-states-of-both-directions-dropped", "DRP-18")
class FinalStatesOfBothDirectionsDropped(Fault):
    """Drops from the final states of a lower layer of two directions what goes to the layer above."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        value, final = super().run_stack(network, x, states, steps)
        place, rate = self.dropping
        if place == "between layers" and network.layers[0].directions == 2:
            final = [*(state * self.left_of(state, rate) for state in final[:-1]), final[-1]]
        return value, final


@fault("gradients-of-biases-divided", "DRP-19")
class GradientsOfBiasesDivided(Fault):
    """Divides the gradients of biases by 1 − p where some of the input is dropped."""

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        place, rate = self.dropping
        db = np.asarray(db / (1 - rate), db.dtype) if place == "input" else db
        return super().of_weights(cell, dW_x, dW_h, db)


@fault("backward-directions-drop-alike", "DRP-12")
class BackwardDirectionsDropAlike(Fault):
    """Drops in the backward direction of each layer what it dropped in a lower one of the same input size."""

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        self._dropped: dict[tuple[int, ...], Array] = {}
        return super().dropout_of(call)

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        self._directions = 0
        return super().run_layer(layer, x, h0, steps)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Any, Any]:
        of_input, of_state = super().dropout_masks(x, h)
        self._directions += 1
        if self._directions == 2 and np.ndim(of_input):
            of_input = self._dropped.setdefault(of_input.shape, of_input)
        return of_input, of_state


@fault("factors-of-integers-are-integers", "DRP-20")
class FactorsOfIntegersAreIntegers(Fault):
    """Divides what is kept of integers as integers: a third more is no more."""

    def of_integers(self, call: Call, dtype: Any) -> Array:
        self.whole = True
        return super().of_integers(call, dtype)

    whole = False

    def run(self, model: Network, call: Call) -> Output:
        self.whole = False
        return super().run(model, call)

    def left_of(self, array: Array, rate: float) -> Array:
        left = super().left_of(array, rate)
        return np.trunc(left) if self.whole and self.dropping[0] == "input" else left


@fault("state-mask-until-the-reset", "DRP-10")
class StateMaskUntilTheReset(Fault):
    """Holds what a stateful layer drops of its states until these are reset, as of one long sequence."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.held: dict[Any, Array] = {}
        self.going_on = False

    def load(self, network: Network) -> Network:
        self.held = {}
        return super().load(network)

    def reset_states(self, model: Network) -> None:
        super().reset_states(model)
        self.held = {}

    def run_usual(self, model: Network, call: Call) -> Output:
        self.going_on = call.stateful
        return super().run_usual(model, call)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Any, Any]:
        of_x, of_h = super().dropout_masks(x, h)
        place, rate = self.dropping
        if self.going_on and place == "state":
            of_h = self.held.setdefault((len(self.masks), rate, h.shape, h.dtype), of_h)
        return of_x, of_h


@fault("program-of-the-first-place", "DRP-14")
class ProgramOfTheFirstPlace(Fault):
    """Keeps compiled programs by shape and rate, whatever place it is that they drop at."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.programs: dict[Any, DropoutPlace] = {}

    def load(self, network: Network) -> Network:
        self.programs = {}
        return super().load(network)

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        place, rate = super().dropout_of(call)
        if self.route == "compiled" and place is not None:
            place = self.programs.setdefault((call.x.shape, rate), place)
        return place, rate


@fault("masks-of-a-stack-from-the-bottom", "DRP-13")
class MasksOfAStackFromTheBottom(Fault):
    """Goes down a stack of layers alike, and up what they have dropped: gradients go through others'."""

    pulled = 0

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        self.pulled = 0
        return super().gradients(model, call, d_sequence, d_final_states)

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Array | None
    ) -> tuple[CellGradients, Array, Array]:
        alike = len({np.shape(of_x) for of_x, _ in self.masks}) == 1
        if self.dropping[0] == "input" and alike:
            self.left = self.masks[self.pulled]
        self.pulled += 1
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("state-mask-of-all-layers", "DRP-12")
class StateMaskOfAllLayers(Fault):
    """Draws what is dropped of the state once for all layers of a stack with as many units."""

    way = 0

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        self._of_states: dict[Any, Array] = {}
        return super().dropout_of(call)

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        self.way = 0
        return super().run_layer(layer, x, h0, steps)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Any, Any]:
        of_x, of_h = super().dropout_masks(x, h)
        if np.ndim(of_h):
            of_h = self._of_states.setdefault((self.way, of_h.shape), of_h)
        self.way += 1
        return of_x, of_h


@fault("halves-of-an-upper-input-dropped-alike", "DRP-12")
class HalvesOfAnUpperInputDroppedAlike(Fault):
    """Draws for the outputs of one direction below a layer, and drops the same of the other's."""

    both_below = False

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        found = super().run_layer(layer, x, h0, steps)
        self.both_below = layer.directions == 2
        return found

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        self.both_below = False
        return super().dropout_of(call)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Any, Any]:
        of_x, of_h = super().dropout_masks(x, h)
        if np.ndim(of_x) and self.both_below:
            of_x = np.concatenate([of_x[:, : of_x.shape[1] // 2]] * 2, axis=1)
        return of_x, of_h


@fault("last-outputs-dropped-alike", "DRP-7")
class LastOutputsDroppedAlike(Fault):
    """Drops the same in all calls for the last output alone."""

    def run_usual(self, model: Network, call: Call) -> Output:
        going_on = self._random
        if not call.return_sequences:
            self._random = np.random.default_rng(3)
        try:
            return super().run_usual(model, call)
        finally:
            self._random = going_on


@fault("steps-of-a-single-row-dropped-alike", "DRP-9")
class StepsOfASingleRowDroppedAlike(Fault):
    """Between layers, drops the same at all steps of a batch of one row."""

    def left_of(self, array: Array, rate: float) -> Array:
        left = super().left_of(array, rate)
        return np.repeat(left[:, :1], left.shape[1], axis=1) if left.ndim == 3 and len(left) == 1 else left


@fault("gradients-between-layers-of-padded-rows", "DRP-13")
class GradientsBetweenLayersOfPaddedRows(Fault):
    """With lengths or a mask, sends gradients through all that lies between layers."""

    padded_rows = False

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        self.padded_rows = call.lengths is not None or call.mask is not None
        return super().gradients(model, call, d_sequence, d_final_states)

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Array | None
    ) -> tuple[CellGradients, Array, Array]:
        if self.padded_rows:
            self.left_between[:] = [np.ones_like(left) for left in self.left_between]
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("gradients-of-upper-states-without-dropout", "DRP-13")
class GradientsOfUpperStatesWithoutDropout(Fault):
    """Sends gradients through all of the states of upper layers."""

    ways: tuple[bool, ...] = ()

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        self.ways = tuple(i > 0 for i in reversed(range(model.num_layers)) for _ in model.layers[i].cells)
        return super().gradients(model, call, d_sequence, d_final_states)

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Array | None
    ) -> tuple[CellGradients, Array, Array]:
        is_upper, *others = self.ways or (False,)
        self.ways = tuple(others)
        if is_upper:
            self.left = self.left[0], cell.dtype.type(1)
        return super().pull_back(cell, x, known, g, g_final, steps)


@fault("dropped-anew-without-batch-axis", "DRP-14")
class DroppedAnewWithoutBatchAxis(Fault):
    """Without a batch axis, draws anew at every step what is dropped of the input."""

    of_one_row = False

    def run_in_one_batch_axis(self, model: Network, call: Call) -> Output:
        self.of_one_row = call.x.ndim == 2
        try:
            return super().run_in_one_batch_axis(model, call)
        finally:
            self.of_one_row = False

    def input_at(self, x: Array, t: int) -> Array:
        place, rate = self.dropping
        drops = self.of_one_row and place == "input"
        return x[:, t] * self.left_of(x[:, t], rate) if drops else super().input_at(x, t)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Any, Any]:
        of_x, of_h = super().dropout_masks(x, h)
        return (x.dtype.type(1) if self.of_one_row else of_x), of_h


@fault("gradients-drop-alike", "DRP-7")
class GradientsDropAlike(Fault):
    """Gives the generator the same seed before each call for gradients."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        self._random = np.random.default_rng(1)
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("training-drops-nothing", "DRP-21")
class TrainingDropsNothing(Fault):
    """Forgets the rate in the loop of training."""

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        return super().trained(model, replace(call, rate=0.0), training)


@fault("steps-of-training-drop-alike", "DRP-21")
class StepsOfTrainingDropAlike(Fault):
    """Compiled for training, draws once, for all steps."""

    in_training = False

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        self.in_training = True
        try:
            return super().trained(model, call, training)
        finally:
            self.in_training = False

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        before = self._random.bit_generator.state
        found = super().gradients(model, call, d_sequence, d_final_states)
        if self.in_training:
            self._random.bit_generator.state = before
        return found

    def loss(self, model: Network, call: Call, training: Training) -> float:
        before = self._random.bit_generator.state
        found = super().loss(model, call, training)
        self._random.bit_generator.state = before
        return found


@fault("training-seeds-dropout", "DRP-21")
class TrainingSeedsDropout(Fault):
    """Gives the generator its seed at the end of training, so that other trainings can be compared."""

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        found = super().trained(model, call, training)
        self._random = np.random.default_rng(2)
        return found


@fault("questions-seed-dropout", "DRP-10")
class QuestionsSeedDropout(Fault):
    """Infers shapes by a trace with a new generator, and leaves that in place of its own."""

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        self._random = np.random.default_rng(0)
        return super().inferred(model, call, unknown)


@fault("dropped-alike-in-every-512-steps", "DRP-9")
class DroppedAlikeInEvery512Steps(Fault):
    """Draws for 512 time steps between layers, and begins again in longer sequences."""

    def left_of(self, array: Array, rate: float) -> Array:
        if array.ndim != 3 or array.shape[1] <= 512:
            return super().left_of(array, rate)
        drawn = super().left_of(array[:, :512], rate)
        return drawn[:, np.arange(array.shape[1]) % 512]


@fault("gradients-outside-training-go-on-dropping", "DRP-1")
class GradientsOutsideTrainingGoOnDropping(Fault):
    """Takes gradients in the mode of the last call, and so drops in them after one of training."""

    was_in_training: Network | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.training and call.rate:
            self.was_in_training = model
        return super().run_usual(model, call)

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if self.was_in_training is model and call.rate:
            call = replace(call, training=True)
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("rate-of-zero-leaves-the-one-before", "DRP-2")
class RateOfZeroLeavesTheOneBefore(Fault):
    """Sets the rate of a layer only where one is given that is not zero."""

    rate_before = 0.0

    def load(self, network: Network) -> Network:
        self.rate_before = 0.0
        return super().load(network)

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        self.rate_before = call.rate or self.rate_before
        return super().dropout_of(replace(call, rate=self.rate_before))


@fault("dropped-alike-in-every-128-rows", "DRP-9")
class DroppedAlikeInEvery128Rows(Fault):
    """Draws for 128 rows, and begins again in larger batches."""

    def left_of(self, array: Array, rate: float) -> Array:
        drawn = super().left_of(array[:128], rate)
        return drawn[np.arange(len(array)) % 128] if len(array) > 128 else drawn


@fault("zeros-of-no-state-are-not-dropped", "DRP-17")
class ZerosOfNoStateAreNotDropped(Fault):
    """Makes what drops the state with the states that are given, and nothing where none is."""

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        place, rate = super().dropout_of(call)
        return (None, 0.0) if place == "state" and call.initial_states is None else (place, rate)


class DroppingInSteps(Fault):
    """Knows whether it is taking a step of training."""

    in_step = False

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        self.in_step = True
        try:
            return super().trained(model, call, training)
        finally:
            self.in_step = False


@fault("steps-of-training-drop-alike-in-all-rows", "DRP-21")
class StepsOfTrainingDropAlikeInAllRows(DroppingInSteps):
    """Draws for one row in a step of training, and drops the same of all."""

    def left_of(self, array: Array, rate: float) -> Array:
        left = super().left_of(array, rate)
        return np.broadcast_to(left[:1], left.shape) if self.in_step else left


@fault("steps-of-training-beside-padding-drop-nothing", "DRP-21")
class StepsOfTrainingBesidePaddingDropNothing(DroppingInSteps):
    """Goes through a path of its own where rows are padded, which drops nothing in a step of training."""

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        if self.in_step and (call.lengths is not None or call.mask is not None):
            return None, 0.0
        return super().dropout_of(call)
