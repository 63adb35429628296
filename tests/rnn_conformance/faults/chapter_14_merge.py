"""Faults that the clauses of chapter MRG must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.network import Array, MergeMode, Network


@fault("average-as-sum", "MRG-1")
class AverageAsSum(Fault):
    """Does not halve the sum for an average."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        return super().merged("sum" if mode == "ave" else mode, both)


@fault("unaligned-outputs-merged", "MRG-1")
class UnalignedOutputsMerged(Fault):
    """Merges each forward output with the backward output of the opposite step."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        if mode == "concat" or both.ndim < 3:
            return super().merged(mode, both)
        H = both.shape[-1] // 2
        return super().merged(mode, np.concatenate([both[..., :H], both[:, ::-1, H:]], axis=-1))


@fault("last-output-not-merged", "MRG-2")
class LastOutputNotMerged(Fault):
    """Merges sequences and only joins last outputs."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        return super().merged(mode if both.ndim == 3 else "concat", both)


@fault("final-states-merged", "MRG-3")
class FinalStatesMerged(Fault):
    """Returns the merged final state for both directions."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        if call.merge_mode in ("concat", "none"):
            return output
        states = tuple(
            np.stack([self.merged(call.merge_mode, np.concatenate(list(state), axis=-1))] * 2)
            for state in output.final_states or ()
        )
        return replace(output, final_states=states)
