"""Faults that the clauses of chapter SEQ must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, CannotExpress, Output
from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.network import Array, Network


@fault("sequence-time-major", "SEQ-1")
class SequenceTimeMajor(Fault):
    """Returns the sequence output as (time, batch, features)."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        sequence = None if output.sequence is None else np.moveaxis(output.sequence, 1, 0)
        return Output(sequence, output.last, output.final_states, output.native_shapes)


@fault("return-sequences-ignored", "SEQ-2")
class ReturnSequencesIgnored(Fault):
    """Returns the outputs of every step where the last was asked for."""

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        return sequence


@fault("last-output-is-first", "SEQ-3")
class LastOutputIsFirst(Fault):
    """Returns the output of step 0 as the last output."""

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        return sequence[:, 0]


@fault("output-in-float64", "SEQ-4")
class OutputInFloat64(Fault):
    """Returns float64 whatever the weights are."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        sequence = None if output.sequence is None else output.sequence.astype(np.float64)
        return Output(sequence, output.last, output.final_states, output.native_shapes)


@fault("hard-cases-declined", "SEQ-1")
class HardCasesDeclined(Fault):
    """Has no words for sequences of more than two steps, it says."""

    def run(self, model: Network, call: Call) -> Output:
        if call.x.ndim == 3 and call.x.shape[1] > 2:
            raise CannotExpress("more than two steps")
        return super().run(model, call)


@fault("output-of-none", "SEQ-1")
class OutputOfNone(Fault):
    """Forgets to return what it computed."""

    def run(self, model: Network, call: Call) -> Any:
        super().run(model, call)


@fault("sequence-in-a-list", "SEQ-1")
class SequenceInAList(Fault):
    """Returns nested lists where an array is declared."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        sequence: Any = None if output.sequence is None else output.sequence.tolist()
        return replace(output, sequence=sequence)


@fault("sequence-of-a-stateful-layer-returned", "SEQ-2")
class SequenceOfAStatefulLayerReturned(Fault):
    """Returns the sequence beside a last output where states are kept."""

    def run_usual(self, model: Network, call: Call) -> Output:
        output = super().run_usual(model, call)
        if call.return_sequences or not call.stateful or output.last is None:
            return output
        return replace(output, sequence=np.repeat(output.last[:, None], call.x.shape[1], axis=1))
