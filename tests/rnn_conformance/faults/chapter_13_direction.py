"""Faults that the clauses of chapter DIR must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.network import Array, Network


@fault("go-backwards-ignored", "DIR-1")
class GoBackwardsIgnored(Fault):
    """Runs forward when told to go backwards."""

    def backwards(self, x: Array) -> Array:
        return x


@fault("go-backwards-realigned", "DIR-2")
class GoBackwardsRealigned(Fault):
    """Declares processing order and returns the outputs of going backwards in input order."""

    def after_backwards(self, sequence: Array, final_states: list[Array]) -> tuple[Array, list[Array]]:
        return sequence[:, ::-1], final_states


@fault("backwards-final-state-at-last-input", "DIR-3")
class BackwardsFinalStateAtLastInput(Fault):
    """Returns as final state of going backwards the state after x[T−1], its first step."""

    def after_backwards(self, sequence: Array, final_states: list[Array]) -> tuple[Array, list[Array]]:
        return sequence, [sequence[None, :, 0]]


@fault("mask-not-reversed-going-backwards", "DIR-4")
class MaskNotReversedGoingBackwards(Fault):
    """Reverses the input of a layer that goes backwards and leaves its mask in forward order."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.go_backwards and call.mask is not None and call.mask.shape == call.x.shape[:2]:
            call = replace(call, mask=call.mask[:, ::-1])
        return super().run_usual(model, call)


@fault("padding-first-declared-last", "DIR-4")
class PaddingFirstDeclaredLast(Fault):
    """Declares that the outputs of masked steps stand last and leaves them where reversing put them."""

    conventions = replace(Fault.conventions, go_backwards_order="padding last")

    def ordered(self, sequence: Array, steps: Steps) -> Array:
        return sequence


@fault("padding-last-in-input-order", "DIR-2")
class PaddingLastInInputOrder(Fault):
    """Declares that masked steps stand last, the others in processing order, and gives input order."""

    conventions = replace(Fault.conventions, go_backwards_order="padding last")

    def ordered(self, sequence: Array, steps: Steps) -> Array:
        return sequence[:, ::-1]


@fault("turned-in-blocks", "DIR-1")
class TurnedInBlocks(Fault):
    """Turns input around in blocks of 32 steps, and leaves the blocks in their order."""

    def run_usual(self, model: Network, call: Call) -> Output:
        T = call.x.shape[1] if call.x.ndim == 3 else 0
        if not call.go_backwards or T <= 32:
            return super().run_usual(model, call)
        blocks = [call.x[:, first : first + 32] for first in range(0, T, 32)]
        return super().run_usual(model, replace(call, x=np.concatenate(blocks[::-1], axis=1)))


@fault("mask-turned-in-blocks", "DIR-4")
class MaskTurnedInBlocks(Fault):
    """Going backwards, turns the mask in blocks of 32 time steps, and leaves these in their order."""

    goes_backwards = False

    def run_usual(self, model: Network, call: Call) -> Output:
        self.goes_backwards = call.go_backwards
        return super().run_usual(model, call)

    def turned(self, steps: Array) -> Array:
        if not self.goes_backwards:
            return super().turned(steps)
        blocks = [steps[:, first : first + 32][:, ::-1] for first in range(0, steps.shape[1], 32)]
        return np.concatenate(blocks, axis=1) if blocks else steps
