"""From a case on which a clause fails to a script that shows it without this project.

The check is run once more, and watched: the call that it was looking at when it failed is the one to show.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.reproduction import Quantity
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.subject import SEQUENCE_AXES, Subject
from rnn_reference.bounds import Bounded
from rnn_reference.network import Network

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
