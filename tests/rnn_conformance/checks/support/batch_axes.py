"""Calls with several batch axes, or with none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from rnn_adapters.adapter import Output
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.subject import Subject
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, States


@dataclass(frozen=True)
class BatchAxes:
    """Asks of a case with its rows in these axes, and gives what is returned with its rows in one.

    Args:
        batch: sizes of the axes; none: the case has one row, and no batch axis.
    """

    subject: Subject
    batch: tuple[int, ...]

    def run(self, case: Case, *, return_sequences: bool) -> Output:
        """As `Subject.run`."""
        output = self.subject.run(self._told(case), return_sequences=return_sequences)
        sequence, last, finals = output.sequence, output.last, output.final_states
        return replace(
            output,
            sequence=None if sequence is None else self._in_one("sequence output", sequence, 0, 2),
            last=None if last is None else self._in_one("last output", last, 0, 1),
            final_states=None if finals is None else self._states_in_one("final states", finals),
        )

    def gradients(self, case: Case, d_sequence: Array, d_final_states: States) -> Gradients:
        """As `Subject.gradients`."""
        d_states = tuple(self._in_all(state, 1) for state in d_final_states)
        found = self.subject.gradients(self._told(case), self._in_all(d_sequence), d_states)
        return found._replace(
            x=self._in_one("gradient of x", found.x, 0, 2),
            initial_states=self._states_in_one("gradient of the initial states", found.initial_states),
        )

    def _told(self, case: Case) -> Case:
        states, lengths, mask = case.initial_states, case.call.lengths, case.call.mask
        return case.replace(
            x=self._in_all(case.x),
            initial_states=None if states is None else tuple(self._in_all(state, 1) for state in states),
            lengths=None if lengths is None else self._in_all(lengths),
            mask=None if mask is None else self._in_all(mask),
        )

    def _in_all(self, array: Array, before: int = 0) -> Array:
        return array.reshape((*array.shape[:before], *self.batch, *array.shape[before + 1 :]))

    def _states_in_one(self, what: str, states: States) -> States:
        return tuple(self._in_one(what, state, 1, 1) for state in states)

    def _in_one(self, what: str, array: Array, before: int, after: int) -> Array:
        axes = slice(before, before + len(self.batch))
        self.subject.require(
            array.shape[axes] == self.batch and array.ndim == before + len(self.batch) + after,
            f"{what}: expected batch axes {self.batch} after {before} and before {after} others;"
            f" got shape {array.shape}",
            kind="shape",
        )
        return array.reshape((*array.shape[:before], math.prod(self.batch), *array.shape[axes.stop :]))
