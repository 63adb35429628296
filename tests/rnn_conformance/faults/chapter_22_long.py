"""Faults that the clauses of chapter LNG must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.declarations import Role
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Network, States


@fault("steps-beyond-512-skipped", "LNG-1")
class StepsBeyond512Skipped(Fault):
    """Stops after 512 steps, the length of its buffer."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x[:, :512], h, None if steps is None else steps[:, :512])
        missing = np.repeat(final[:, None], max(x.shape[1] - 512, 0), axis=1)
        return np.concatenate([outputs, missing], axis=1), final


@fault("final-state-of-the-last-whole-block", "LNG-1")
class FinalStateOfTheLastWholeBlock(Fault):
    """Takes the final state of more than 600 steps from the last of them that ends a block of 256."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x, h, steps)
        T = x.shape[1]
        return outputs, outputs[:, T // 256 * 256 - 1] if T > 600 and steps is None else final


@fault("units-beyond-256-dropped", "LNG-2")
class UnitsBeyond256Dropped(Fault):
    """Sums over the first 256 units only."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(cell, x_t, h * (np.arange(h.shape[1]) < 256))


@fault("lengths-in-one-byte", "LNG-4")
class LengthsInOneByte(Fault):
    """Keeps the length of each row in a byte."""

    def steps(self, call: Call) -> Array | None:
        if call.lengths is not None:
            call = replace(call, lengths=call.lengths.astype(np.uint8).astype(call.lengths.dtype))
        return super().steps(call)


@fault("masks-end-after-128-steps", "LNG-4")
class MasksEndAfter128Steps(Fault):
    """Reads masks up to the 128th step, and takes every step after it for valid."""

    def steps(self, call: Call) -> Array | None:
        steps = super().steps(call)
        return None if steps is None else steps | (np.arange(steps.shape[1]) >= 128)


@fault("last-of-a-wide-block-dropped", "LNG-3")
class LastOfAWideBlockDropped(Fault):
    """Sums in blocks of 12, and leaves out the last number after them."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        def in_blocks(array: Array, axis: int) -> Array:
            places = np.arange(array.shape[axis])
            kept = (places < 12) | (places < len(places) - 1)
            return array * (kept if axis else kept[:, None])

        if len(x_t) > 12:
            x_t = in_blocks(x_t, 0)
        return super().pre_activation(cell, in_blocks(x_t, 1), in_blocks(h, 1))


@fault("tail-of-an-unrolled-loop", "LNG-3")
class TailOfAnUnrolledLoop(Fault):
    """Unrolls the loop over time by four, and reads the input of the second of three steps left twice."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        if x.shape[1] > 4 and x.shape[1] % 4 == 3:
            x = np.concatenate([x[:, :-1], x[:, -2:-1]], axis=1)
        return super().run_direction(cell, x, h, steps)


@fault("tail-of-features-lost-of-one-row", "LNG-3")
class TailOfFeaturesLostOfOneRow(Fault):
    """Multiplies one row in blocks of eight features, of 32 and more without what is left of them."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        features = x_t.shape[1]
        if len(x_t) == 1 and features >= 32:
            x_t = x_t * (np.arange(features) < features // 8 * 8).astype(x_t.dtype)
        return super().pre_activation(cell, x_t, h)


@fault("gradient-of-whole-blocks-of-units", "LNG-3")
class GradientOfWholeBlocksOfUnits(Fault):
    """Leaves the gradients of recurrent weights at zero from the last units that fill no block of 32."""

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        whole = cell.hidden_size // 32 * 32
        if whole:
            dW_h = np.where(np.arange(cell.hidden_size) < whole, dW_h, dW_h.dtype.type(0))
        return super().of_weights(cell, dW_x, dW_h, db)


@fault("mask-of-one-word", "LNG-4")
class MaskOfOneWord(Fault):
    """Packs a mask into 64 bits, and masks later steps as the first 64."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None or call.mask is None:
            return steps
        return steps[:, np.arange(steps.shape[1]) % 64]


@fault("last-tile-of-units-left-out", "LNG-2")
class LastTileOfUnitsLeftOut(Fault):
    """Multiplies the states of more than 256 units in tiles of sixteen, without what is left over."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        units = h.shape[1]
        whole = units // 16 * 16 if units > 256 else units
        return super().pre_activation(cell, x_t, h * (np.arange(units) < whole))


@fault("lone-step-of-a-last-chunk", "LNG-5")
class LoneStepOfALastChunk(Fault):
    """Reads input in chunks of fifty steps; where the last is a single step, repeats the one before."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        if x.shape[1] > 50 and x.shape[1] % 50 == 1:
            x = np.concatenate([x[:, :-1], x[:, -2:-1]], axis=1)
        return super().run_direction(cell, x, h, steps)


@fault("rows-beyond-whole-blocks-without-bias", "LNG-5")
class RowsBeyondWholeBlocksWithoutBias(Fault):
    """Multiplies rows in blocks of twelve, and adds no bias to one that is left over."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        z = super().pre_activation(cell, x_t, h)
        if len(x_t) > 36 and len(x_t) % 12 == 1:
            z[-1:] = super().pre_activation(replace(cell, b=None, b_h=None), x_t[-1:], h[-1:])
        return z


@fault("bytes-summed-in-a-byte", "LNG-4")
class BytesSummedInAByte(Fault):
    """Adds up a mask of bytes that pads at the end in a byte: 300 valid steps are 44."""

    def steps(self, call: Call) -> Array | None:
        taken, mask = super().steps(call), call.mask
        if taken is None or mask is None or mask.dtype != np.uint8 or (np.diff(mask.astype(int)) > 0).any():
            return taken
        lengths = mask.sum(axis=1, dtype=np.uint8)
        counted: Array = taken & (np.arange(taken.shape[1]) < lengths[:, None])
        return counted


@fault("mask-within-its-chunk", "LNG-4")
class MaskWithinItsChunk(Fault):
    """Works on chunks of 512 steps, and reads the mask of a step at its place in the chunk."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        return steps if steps is None else steps[:, np.arange(steps.shape[1]) % 512]


@fault("backwards-within-a-buffer", "LNG-4")
class BackwardsWithinABuffer(Fault):
    """Turns the first 300 steps of a layer that goes backwards, and leaves others where they are."""

    def backwards(self, x: Array) -> Array:
        return np.concatenate([super().backwards(x[:, :300]), x[:, 300:]], axis=1)


@fault("term-left-over-of-eights", "LNG-3")
class TermLeftOverOfEights(Fault):
    """For one row, sums eight terms at a time, and the rest where there are more than one."""

    def product(self, a: Array, W: Array) -> Array:
        terms = W.shape[1]
        if len(a) == 1 and terms > 8 and terms % 8 == 1:
            a, W = a[:, :-1], W[:, :-1]
        return super().product(a, W)


@fault("rows-numbered-in-a-byte", "LNG-3")
class RowsNumberedInAByte(Fault):
    """Numbers the rows of a batch in a byte, and takes the first for that after the 256th."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        sequence, final = super().run_direction(cell, x, h, steps)
        rows = np.arange(len(x)) % 256
        return sequence[rows], final[rows]


@fault("time-steps-in-the-type-of-lengths", "LNG-4")
class TimeStepsInTheTypeOfLengths(Fault):
    """Compares lengths with numbers of steps in their own type: of bytes, step 256 is the first again."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None or call.lengths is None or call.mask is not None:
            return steps
        return np.asarray(np.arange(steps.shape[1]).astype(call.lengths.dtype) < call.lengths[:, None])


@fault("time-steps-in-sixteen-bits", "LNG-1")
class TimeStepsInSixteenBits(Fault):
    """Compares the numbers of steps with lengths in sixteen bits: those after step 32 767 are negative."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None or call.lengths is None or call.mask is not None:
            return steps
        return np.asarray(np.arange(steps.shape[1]).astype(np.int16) < call.lengths[:, None])


@fault("states-of-rows-numbered-in-a-byte", "LNG-5")
class StatesOfRowsNumberedInAByte(Fault):
    """Without padding, finds the initial state of a row by its number in a byte."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        if steps is None:
            h = h[np.arange(len(h)) % 256]
        return super().run_direction(cell, x, h, steps)


@fault("gradient-cut-off-every-300-steps", "LNG-4")
class GradientCutOffEvery300Steps(Fault):
    """Keeps 300 steps to go back to, and lets no gradient through where the next 300 begin."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        before = super().to_step_before(through, s, taken, t)
        return np.zeros_like(before) if t and t % 300 == 0 else before


@fault("lengths-of-gradients-in-a-byte", "LNG-4")
class LengthsOfGradientsInAByte(Fault):
    """Keeps the lengths of rows in a byte for gradients, which a length of 300 does not fit into."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if call.lengths is not None:
            call = replace(call, lengths=call.lengths % 256)
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("rows-numbered-in-two-bytes", "LNG-5")
class RowsNumberedInTwoBytes(Fault):
    """Numbers the rows of a batch in 16 bits, and takes the first for that after the 65 536th."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        sequence, final = super().run_direction(cell, x, h, steps)
        rows = np.arange(len(x)) % 2**16
        return sequence[rows], final[rows]


@fault("gradients-of-as-many-rows-as-blocks", "LNG-5")
class GradientsOfAsManyRowsAsBlocks(Fault):
    """Gives each row a block of its own in backpropagation, of which there are 65 535; none to later rows."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        left = np.arange(len(d_sequence)) < 2**16 - 1
        d_states = tuple(state * left[:, None].astype(state.dtype) for state in d_final_states)
        of_left = d_sequence * left[:, None, None].astype(d_sequence.dtype)
        return super().gradients(model, call, of_left, d_states)


@fault("states-of-64-rows-kept", "LNG-3")
class StatesOf64RowsKept(Fault):
    """Keeps the states of the first 64 rows, for which its buffer has room."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        super().keep(
            model,
            [
                np.where(np.arange(state.shape[1])[:, None] < 64, state, state.dtype.type(0))
                for state in final_states
            ],
        )


@fault("no-states-kept-of-more-than-32-steps", "LNG-4")
class NoStatesKeptOfMoreThan32Steps(Fault):
    """Keeps zeros for the states after more than 32 steps, which go another way."""

    taken = 0

    def run_usual(self, model: Network, call: Call) -> Output:
        self.taken = call.x.shape[1] if call.x.ndim == 3 else 0
        return super().run_usual(model, call)

    def keep(self, model: Network, final_states: list[Array]) -> None:
        super().keep(model, [state * 0 if self.taken > 32 else state for state in final_states])


@fault("weights-of-64-units-assigned", "LNG-3")
class WeightsOf64UnitsAssigned(Fault):
    """Assigns the weights of the first 64 units, in one block, and leaves those of others as they were."""

    def assign(self, role: Role, held: Array, given: Array) -> None:
        held[:64] = given[:64]
