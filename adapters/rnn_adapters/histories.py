"""A history as data: what is done with one loaded network before a call of it, one action after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from rnn_adapters.adapter import Call
from rnn_adapters.declarations import one_of
from rnn_reference.errors import BadInput
from rnn_reference.network import Network

Doing: TypeAlias = Literal[
    "call",
    "gradients",
    "tangents",
    "second_gradients",
    "ask",
    "mistake",
    "read",
    "assign",
    "reset",
    "restore",
]
"""What can be done: call it; differentiate a call, backwards, forwards or twice; ask what is told of a call
that is not made; make one of a feature too many; read its weights, their shapes and number; assign others;
make stateful layers forget; save it and go on with what is loaded again."""

OF_A_CALL: tuple[Doing, ...] = ("call", "gradients", "tangents", "second_gradients", "ask", "mistake")
DOINGS: tuple[Doing, ...] = get_args(Doing)


@dataclass(frozen=True, eq=False)
class Action:
    """One action of a history.

    Args:
        do: what is done.
        call: the call that is made, differentiated or asked about; a mistake is made of a right one.
        network: the weights that are assigned, of the same sizes and activations as those before.

    Raises:
        BadInput: what is done is unknown, or its call or network is missing or one too many.
    """

    do: Doing
    call: Call | None = None
    network: Network | None = None

    def __post_init__(self) -> None:
        one_of("Action.do", self.do, DOINGS)
        for name, wanted in (("call", self.do in OF_A_CALL), ("network", self.do == "assign")):
            if (getattr(self, name) is not None) is not wanted:
                raise BadInput(
                    f"Action.{name}: expected {'one' if wanted else 'none'} beside {self.do!r};"
                    f" got {'none' if wanted else 'one'}"
                )


History: TypeAlias = tuple[Action, ...]
