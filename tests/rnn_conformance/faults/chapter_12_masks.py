"""Faults that the clauses of chapter MSK must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Network, States


@fault("mask-not-reversed", "MSK-1")
class MaskNotReversed(Fault):
    """Applies the mask to the backward direction in forward order."""

    def turned(self, steps: Array) -> Array:
        return steps


@fault("mask-ignored-by-state", "MSK-1")
class MaskIgnoredByState(Fault):
    """Clears the outputs of masked time steps but lets the state go through them."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return after


@fault("only-padding-masked", "MSK-1")
class OnlyPaddingMasked(Fault):
    """Reads a mask as lengths: masked time steps count only at the end of a row."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None:
            return None
        left: Array = np.maximum.accumulate(steps[:, ::-1], axis=1)[:, ::-1]
        return left


@fault("state-cleared-at-masked-steps", "MSK-2")
class StateClearedAtMaskedSteps(Fault):
    """Sets the state to zero at masked time steps."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return np.where(taken, after, after.dtype.type(0))


@fault("zero-only-at-the-end", "MSK-3")
class ZeroOnlyAtTheEnd(Fault):
    """Declares zeros at masked time steps and shows them only after the last valid one."""

    def padded(self, sequence: Array, steps: Array) -> Array:
        before_the_end: Array = np.maximum.accumulate(steps[:, ::-1], axis=1)[:, ::-1]
        return super().padded(sequence, before_the_end)


@fault("masked-outputs-times-zero", "MSK-3")
class MaskedOutputsTimesZero(Fault):
    """Multiplies outputs at masked time steps with 0, which leaves NaN."""

    def padded(self, sequence: Array, steps: Array) -> Array:
        times: Array = sequence * steps[:, :, None].astype(sequence.dtype)
        return times


@fault("masked-step-times-zero", "MSK-4")
class MaskedStepTimesZero(Fault):
    """Adds what a masked time step would have given times zero, which is NaN where the input is."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return np.where(taken, after, before + 0 * after)


@fault("masked-rows-give-zeros", "MSK-5")
class MaskedRowsGiveZeros(Fault):
    """Gives zeros as final state of rows without a step."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x, h, steps)
        return outputs, final if steps is None else final * steps.any(axis=1, keepdims=True)


@fault("masked-rows-give-no-output", "MSK-7")
class MaskedRowsGiveNoOutput(Fault):
    """Gives zeros as last output of rows without a step, whose state is another."""

    def run_usual(self, model: Network, call: Call) -> Output:
        output, steps = super().run_usual(model, call), self.steps(call)
        if steps is None or output.last is None:
            return output
        return replace(output, last=output.last * steps.any(axis=1, keepdims=True))


@fault("mask-cut-to-fit", "MSK-6")
class MaskCutToFit(Fault):
    """Cuts or fills up a mask until it fits the input."""

    def steps(self, call: Call) -> Steps:
        if call.mask is not None and call.mask.shape != call.x.shape[:2]:
            fitted = np.ones(call.x.shape[:2], bool)
            B, T = np.minimum(fitted.shape, call.mask.shape)
            fitted[:B, :T] = call.mask[:B, :T]
            call = replace(call, mask=fitted)
        return super().steps(call)


@fault("mask-of-one-row-for-all", "MSK-6")
class MaskOfOneRowForAll(Fault):
    """Takes a mask of one row for all rows of the batch."""

    def steps(self, call: Call) -> Steps:
        if call.mask is not None and call.mask.ndim == 2 and len(call.mask) == 1 and call.x.ndim == 3:
            call = replace(call, mask=np.repeat(call.mask, len(call.x), axis=0))
        return super().steps(call)


@fault("mask-judged-by-its-ends", "MSK-1")
class MaskJudgedByItsEnds(Fault):
    """Takes a row for valid throughout whose first and last of more than six steps are."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None or call.mask is None or steps.shape[1] <= 6:
            return steps
        return steps | (steps[:, :1] & steps[:, -1:])


@fault("mask-ignored-beside-lengths", "MSK-8")
class MaskIgnoredBesideLengths(Fault):
    """Goes by the lengths alone where a mask is given, too."""

    def steps(self, call: Call) -> Steps:
        return super().steps(call if call.lengths is None else replace(call, mask=None))


@fault("lengths-ignored-beside-a-mask", "MSK-8")
class LengthsIgnoredBesideAMask(Fault):
    """Goes by the mask alone where lengths are given, too."""

    def steps(self, call: Call) -> Steps:
        return super().steps(call if call.mask is None else replace(call, lengths=None))


@fault("mask-of-numbers-cut", "MSK-6")
class MaskOfNumbersCut(Fault):
    """Converts a mask of numbers by itself, and cuts it to the time steps of the input."""

    def steps(self, call: Call) -> Steps:
        if call.mask is not None and call.mask.dtype != bool and call.mask.ndim == 2:
            call = replace(call, mask=call.mask[:, : call.x.shape[1]])
        return super().steps(call)


@fault("mask-of-every-step-in-input-order", "MSK-9")
class MaskOfEveryStepInInputOrder(Fault):
    """Has a shorter way for a mask that leaves nothing out, which turns outputs of going backwards back."""

    def ordered(self, sequence: Array, steps: Array | None) -> Array:
        if steps is not None and steps.all():
            return sequence[:, ::-1]
        return super().ordered(sequence, steps)


@fault("mask-of-time-for-all-rows", "MSK-6")
class MaskOfTimeForAllRows(Fault):
    """Takes a mask without a batch axis for that of every row."""

    def steps(self, call: Call) -> Steps:
        if call.mask is not None and call.mask.shape == call.x.shape[1:2]:
            call = replace(call, mask=np.broadcast_to(call.mask, call.x.shape[:2]))
        return super().steps(call)


@fault("state-lost-in-a-long-gap", "MSK-1")
class StateLostInALongGap(Fault):
    """Skips blocks of eight steps that no row takes, and goes on from zeros behind them."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        if steps is None:
            return super().run_direction(cell, x, h, steps)
        outputs = [np.empty((len(x), 0, cell.hidden_size), x.dtype)]
        for first in range(0, max(x.shape[1], 1), 8):
            part = np.s_[:, first : first + 8]
            sequence, h = super().run_direction(cell, x[part], h, steps[part])
            outputs.append(sequence)
            if not steps[part].any() and steps[:, :first].any() and steps[:, first + 8 :].any():
                h = np.zeros_like(h)
        return np.concatenate(outputs, axis=1), h


@fault("cotangents-turned-at-a-mask-of-every-step", "MSK-9")
class CotangentsTurnedAtAMaskOfEveryStep(Fault):
    """Has a shorter way back for a mask that leaves nothing out, on which cotangents are in input order."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if call.go_backwards and call.lengths is None and call.mask is not None and call.mask.all():
            d_sequence = d_sequence[:, ::-1]
        return super().gradients(model, call, d_sequence, d_final_states)
