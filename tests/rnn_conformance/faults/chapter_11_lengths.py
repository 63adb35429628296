"""Faults that the clauses of chapter LEN must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Network, States


@fault("backward-starts-in-padding", "LEN-1")
class BackwardStartsInPadding(Fault):
    """Starts the backward direction at x[T−1] in every row, through the padding."""

    def turned(self, steps: Array) -> Array:
        return np.ones_like(steps)


@fault("lengths-ignored", "LEN-2")
class LengthsIgnored(Fault):
    """Takes all steps of every row and clears the padded outputs afterwards."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return after


@fault("final-state-at-last-position", "LEN-2")
class FinalStateAtLastPosition(Fault):
    """Takes the final state of every row from position T−1 of the padded outputs."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x, h, steps)
        return outputs, final if steps is None else final * steps[:, -1:]


@fault("padded-output-carried", "LEN-3")
class PaddedOutputCarried(Fault):
    """Declares zeros at masked time steps and carries the last output on."""

    def padded(self, sequence: Array, steps: Array) -> Array:
        return sequence


@fault("padding-times-zero", "LEN-4")
class PaddingTimesZero(Fault):
    """Clears what is masked by multiplying it with zero, which leaves NaN where it was."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return np.asarray(taken * after + ~taken * before, after.dtype)


@fault("lengths-sorted-not-unsorted", "LEN-5")
class LengthsSortedNotUnsorted(Fault):
    """Sorts rows by length for its kernel and returns them sorted."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        steps = self.steps(call)
        if steps is None or output.sequence is None:
            return output
        order = np.argsort(-steps.sum(axis=1), kind="stable")
        states = tuple(state[:, order] for state in output.final_states or ())
        return Output(output.sequence[order], output.last, states, output.native_shapes)


@fault("empty-row-takes-a-step", "LEN-6")
class EmptyRowTakesAStep(Fault):
    """Takes the first step of a row of length 0."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None or call.lengths is None:
            return steps
        steps = steps.copy()
        steps[:, :1] = True
        return steps


@fault("lengths-clipped", "LEN-7")
class LengthsClipped(Fault):
    """Takes lengths below 0 as 0 and above T as T."""

    def steps(self, call: Call) -> Steps:
        if call.lengths is not None:
            call = replace(call, lengths=np.clip(call.lengths, 0, call.x.shape[1]))
        return super().steps(call)


@fault("length-of-a-step-too-many", "LEN-7")
class LengthOfAStepTooMany(Fault):
    """Takes a length of T + 1 for T."""

    def steps(self, call: Call) -> Steps:
        if call.lengths is not None:
            T = call.x.shape[1]
            call = replace(call, lengths=np.where(call.lengths == T + 1, T, call.lengths))
        return super().steps(call)


@fault("full-rows-end-early", "LEN-8")
class FullRowsEndEarly(Fault):
    """Leaves out the last step of rows that have no padding."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None or steps.shape[1] < 2:
            return steps
        steps = steps.copy()
        steps[steps.all(axis=1), -1] = False
        return steps


@fault("lengths-clipped-beside-a-mask", "LEN-7")
class LengthsClippedBesideAMask(Fault):
    """Takes a length above the number of steps for that number if there is a mask, too."""

    def steps(self, call: Call) -> Steps:
        if call.lengths is not None and call.mask is not None:
            call = replace(call, lengths=np.minimum(call.lengths, call.x.shape[1]))
        return super().steps(call)


@fault("last-step-of-a-length-without-sign", "LEN-6")
class LastStepOfALengthWithoutSign(Fault):
    """Takes steps up to length − 1, which of a length of 0 without sign is the largest number there is."""

    def steps(self, call: Call) -> Array | None:
        steps = super().steps(call)
        if steps is None or call.lengths is None or call.lengths.dtype.kind != "u":
            return steps
        taken: Array = steps | (call.lengths == 0)[:, None]
        return taken


@fault("last-output-of-an-empty-row-is-zero", "LEN-6")
class LastOutputOfAnEmptyRowIsZero(Fault):
    """Takes the last output of a row from its outputs, of which one without a step has none."""

    lengths: Array | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        self.lengths = call.lengths
        return super().run_usual(model, call)

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        last = super().last(network, sequence, final_states)
        if self.lengths is None:
            return last
        return np.where(self.lengths[:, None] > 0, last, last.dtype.type(0))


@fault("one-length-for-all", "LEN-7")
class OneLengthForAll(Fault):
    """Compares time steps with the lengths by an operation that repeats a single one for all rows."""

    def steps(self, call: Call) -> Array | None:
        if call.lengths is not None and call.lengths.shape == (1,):
            call = replace(call, lengths=np.repeat(call.lengths, len(call.x)))
        return super().steps(call)


@fault("gradients-at-lengths-made-possible", "LEN-7")
class GradientsAtLengthsMadePossible(Fault):
    """Gradients are taken at a mask of the lengths, in which one above T is T, and one below 0 is 0."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if call.lengths is not None and call.x.ndim > 1:
            call = replace(call, lengths=np.clip(call.lengths, 0, call.x.shape[1]))
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("order-of-rows-in-a-byte", "LEN-5")
class OrderOfRowsInAByte(Fault):
    """Keeps the order of rows that it has sorted by their lengths in eight bits."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        if steps is None:
            return super().run_stack(network, x, states, steps)
        order = np.argsort(-steps.sum(axis=1), kind="stable")
        back, order = np.argsort(order), order.astype(np.int8)
        sorted_states = [state[:, order] for state in states]
        sequence, finals = super().run_stack(network, x[order], sorted_states, steps[order])
        return sequence[back], [final[:, back] for final in finals]


@fault("one-number-for-all-lengths", "LEN-7")
class OneNumberForAllLengths(Fault):
    """Takes a single number for the length of every row."""

    def steps(self, call: Call) -> Steps:
        if call.lengths is not None and not call.lengths.ndim:
            call = replace(call, lengths=np.broadcast_to(call.lengths, call.x.shape[:1]))
        return super().steps(call)


@fault("gradients-of-rows-in-a-byte", "LEN-5")
class GradientsOfRowsInAByte(Fault):
    """Brings gradients back into the order of rows by numbers of eight bits."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        if call.lengths is None:
            return found
        return found._replace(x=found.x[np.arange(len(found.x)).astype(np.uint8)])


@fault("gradients-before-a-length-without-sign", "LEN-6")
class GradientsBeforeALengthWithoutSign(Fault):
    """Going back from length − 1, takes all steps of a row of length 0 if the type has no sign."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        lengths = call.lengths
        if lengths is not None and lengths.dtype.kind == "u":
            call = replace(call, lengths=np.where(lengths == 0, call.x.shape[1], lengths))
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("jvp-of-rows-without-a-step-is-zero", "LEN-6")
class JvpOfRowsWithoutAStepIsZero(Fault):
    """Takes the final state of a row of length 0 for a constant, where it is the initial one."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        found = super().tangents(model, call, direction)
        if call.lengths is None or found.final_states is None:
            return found
        rows = (call.lengths > 0)[:, None]
        states = tuple(np.where(rows, state, state.dtype.type(0)) for state in found.final_states)
        return replace(found, final_states=states)


@fault("double-backward-before-a-length-without-sign", "LEN-6")
class DoubleBackwardBeforeALengthWithoutSign(Fault):
    """In a double backward goes back from length − 1, which of 0 without sign is the largest number."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        lengths, steps = call.lengths, call.x.shape[1]
        if lengths is not None and lengths.dtype.kind == "u":
            call = replace(call, lengths=np.where(lengths == 0, lengths.dtype.type(steps), lengths))
        return super().second_gradients(model, call, d_sequence, d_final_states, direction)


@fault("double-backward-of-full-rows-not-turned", "LEN-8")
class DoubleBackwardOfFullRowsNotTurned(Fault):
    """Has a shorter way for lengths of every step, which leaves what goes backwards in processing order."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        found = super().second_gradients(model, call, d_sequence, d_final_states, direction)
        full = call.lengths is not None and bool((call.lengths == call.x.shape[1]).all())
        return found._replace(x=found.x[:, ::-1]) if full and call.go_backwards else found
