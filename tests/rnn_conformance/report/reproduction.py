"""From a case on which a clause fails to a script that shows it without this project.

The check is run once more, and watched: the call that it was looking at when it failed is the one to show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import Conventions
from rnn_adapters.framework import Framework
from rnn_adapters.recurrence import Loop
from rnn_adapters.reproduction import Derivative, Question, Quantity, Right, script
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.meaning import as_computed, in_processing_order, merged
from rnn_conformance.engine.results import Kind
from rnn_conformance.engine.subject import SEQUENCE_AXES, Subject
from rnn_reference.bounds import Bounded, bound_network
from rnn_reference.errors import BadInput
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States, steps_of_lengths
from rnn_reference.precision import reference_dtype

Method = Literal["run", "gradients", "second_gradients"]
QUANTITIES: tuple[Quantity, ...] = ("sequence", "last", "final states")


@dataclass(frozen=True, eq=False)
class Made:
    """A call that a check made.

    Args:
        method: the adapter's, by name.
        given: what it was given besides the call.
    """

    method: str
    case: Case
    given: tuple[Any, ...] = ()


@dataclass(eq=False)
class Watched(Subject):
    """A subject of which it is known what a check last did. It shares the adapters of another one."""

    made: list[Made] = field(default_factory=list)
    compared: tuple[str, Any, Bounded] | None = None

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject.framework)
        self._adapters = subject._adapters
        self.made = []
        self.compared = None
        self.journal = lambda case: self._note("run", case)

    def _note(self, method: str, case: Case, given: tuple[Any, ...] = ()) -> None:
        self.made.append(Made(method, case, given))
        self.compared = None

    def _derived(self, method: str, case: Case, *given: Any) -> Any:
        try:
            return super()._derived(method, case, *given)
        finally:
            self._note(method, replace(case, route=self.route, layout=self.layout), given[1:])

    def _of_surface(self, method: str, case: Case, *given: Any) -> Any:
        try:
            return super()._of_surface(method, case, *given)
        finally:
            self._note(method, case, given)

    def reset_states(self, network: Network) -> None:
        super().reset_states(network)
        self.made.clear()

    def load_anew(self, network: Network) -> None:
        super().load_anew(network)
        self.made.clear()

    def assign_weights(self, network: Network, other: Network) -> None:
        super().assign_weights(network, other)
        self.made.append(Made("assign_weights", Case(other, Call(np.zeros(0)))))

    def agree(
        self, what: str, actual: Any, expected: Bounded, dtype: Any, axes: tuple[str, ...] = SEQUENCE_AXES
    ) -> None:
        self.compared = (what, actual, expected)
        super().agree(what, actual, expected, dtype, axes)
