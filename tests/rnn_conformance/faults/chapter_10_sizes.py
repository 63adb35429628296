"""Faults that the clauses of chapter EDG must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network, States


@fault("empty-batch-as-one-row", "EDG-1")
class EmptyBatchAsOneRow(Fault):
    """Answers an empty batch with a row of zeros."""

    def run(self, model: Network, call: Call) -> Output:
        if call.x.shape[0]:
            return super().run(model, call)
        x = np.zeros((1, *call.x.shape[1:]), call.x.dtype)
        return super().run(model, replace(call, x=x, initial_states=None))


@fault("no-steps-give-zeros", "EDG-2")
class NoStepsGiveZeros(Fault):
    """Gives zeros as final states of a sequence of no steps, whatever the initial states."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x, h, steps)
        return outputs, final if x.shape[1] else np.zeros_like(final)


@fault("single-axes-squeezed", "EDG-3")
class SingleAxesSqueezed(Fault):
    """Loses axes of size one."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        sequence = None if output.sequence is None else output.sequence.squeeze()
        return Output(sequence, output.last, output.final_states, output.native_shapes)


@fault("no-features-give-zeros", "EDG-4")
class NoFeaturesGiveZeros(Fault):
    """Gives zeros for input without features, though bias and state are there."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        h = super().step(cell, x_t, h)
        return h if cell.input_size else np.zeros_like(h)


@fault("no-units-as-one", "EDG-5")
class NoUnitsAsOne(Fault):
    """Gives a layer of no units a unit of zeros."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        if model.output_size or output.sequence is None:
            return output
        sequence = np.zeros((*output.sequence.shape[:2], 1), output.sequence.dtype)
        return Output(sequence, output.last, output.final_states, output.native_shapes)


@fault("no-steps-forget-kept-states", "EDG-6")
class NoStepsForgetKeptStates(Fault):
    """Keeps zeros after a stateful call of no steps."""

    def run_usual(self, model: Network, call: Call) -> Output:
        output = super().run_usual(model, call)
        if call.stateful and not call.x.shape[1]:
            self.reset_states(model)
        return output


@fault("zeros-shared-without-steps", "EDG-2")
class ZerosSharedWithoutSteps(Fault):
    """Makes zeros once for each shape, and returns these very zeros as the states after no steps."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.zeros: dict[tuple[tuple[int, ...], str], Array] = {}

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x, h, steps)
        if x.shape[1] or h.any():
            return outputs, final
        return outputs, self.zeros.setdefault((h.shape, h.dtype.name), final)

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_layer(layer, x, h0, steps)
        if x.shape[1] or layer.backward is not None or h0.any():
            return outputs, final
        return outputs, self.zeros[h0[0].shape, h0.dtype.name][None]


@fault("no-features-taken-for-no-steps", "EDG-4")
class NoFeaturesTakenForNoSteps(Fault):
    """Keeps the states of before where the input holds no number at all."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        if model.input_size:
            super().keep(model, final_states)


@fault("no-steps-in-the-type-of-the-weights", "EDG-2")
class NoStepsInTheTypeOfTheWeights(Fault):
    """Leaves early where there are no steps, before anything is converted to the type that is computed in."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.x.ndim == 3 and not call.x.shape[1]:
            call = replace(call, compute_dtype=None)
        return super().run_usual(model, call)


@fault("no-rows-are-not-merged", "EDG-1")
class NoRowsAreNotMerged(Fault):
    """Leaves early where there are no rows, before the directions are merged."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        return super().merged(mode, both) if len(both) else both


@fault("no-steps-end-where-nothing-was-kept", "EDG-2")
class NoStepsEndWhereNothingWasKept(Fault):
    """Answers a call of no time steps before it looks for the states that a stateful layer keeps."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.stateful and call.initial_states is None and call.x.ndim == 3 and not call.x.shape[1]:
            call = replace(call, stateful=False)
        return super().run_usual(model, call)


@fault("no-steps-give-states-no-gradient", "EDG-2")
class NoStepsGiveStatesNoGradient(Fault):
    """Gives zeros as gradient of the initial states of no steps, which is that of the final ones."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        if call.x.shape[1]:
            return found
        return found._replace(initial_states=tuple(map(np.zeros_like, found.initial_states)))


@fault("gradients-of-no-rows-are-a-mean", "EDG-1")
class GradientsOfNoRowsAreAMean(Fault):
    """Divides by the number of rows and multiplies by it: gradients of none are NaN."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        return found if len(call.x) else found.mapped(lambda array: array * array.dtype.type(np.nan))
