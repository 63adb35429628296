"""The fault catalogue: faulty implementations, each naming the clause that must catch it.

A fault that no check catches is a failing test of the suite. Each can be run as an adapter,
`fault:NAME`, to see what its failure looks like.
"""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TypeAlias

from rnn_adapters.adapter import Call
from rnn_adapters.framework import Framework
from rnn_conformance.faults.plain import PlainNumpy, framework_of_plain
from rnn_reference.errors import BadInput
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States

PREFIX = "fault:"

Steps: TypeAlias = Array | None


class Fault(PlainNumpy):
    """A faulty implementation.

    The docstring of each says what it gets wrong; `clause` is the clause whose check must catch it.
    """

    clause: str


class FaultOfSecondGradients(Fault):
    """One that is in what a double backward alone goes through; `second` is its call while it runs."""

    second: Call | None = None

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        self.second = call
        try:
            return super().second_gradients(model, call, d_sequence, d_final_states, direction)
        finally:
            self.second = None

    @property
    def is_mixed(self) -> bool:
        """Whether a double backward of mixed precision runs."""
        return self.second is not None and self.second.compute_dtype is not None


_REGISTERED: dict[str, type[Fault]] = {}


def fault(name: str, clause: str) -> Callable[[type[Fault]], type[Fault]]:
    """Put a class into the catalogue.

    Raises:
        BadInput: another fault has this name.
    """

    def register(made: type[Fault]) -> type[Fault]:
        if name in _REGISTERED:
            raise BadInput(f"fault {name!r}: expected a name of its own; another fault has it")
        made.name, made.clause = PREFIX + name, clause
        _REGISTERED[name] = made
        return made

    return register


@cache
def all_faults() -> dict[str, type[Fault]]:
    """Every fault by name, in the order of the chapters."""
    package = import_module("rnn_conformance.faults")
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        if module.startswith("chapter_"):
            import_module(f"{package.__name__}.{module}")
    return _REGISTERED


def fault_framework(name: str) -> Framework:
    """The faulty implementation called NAME or fault:NAME, with all its routes.

    Raises:
        BadInput: it is not in the catalogue.
    """
    fault = fault_named(name)
    return framework_of_plain(fault.name, type(fault))


def fault_named(name: str) -> Fault:
    """The faulty implementation called NAME or fault:NAME, by its default route.

    Raises:
        BadInput: it is not in the catalogue.
    """
    bare = name.removeprefix(PREFIX)
    faults = all_faults()
    if bare not in faults:
        close = difflib.get_close_matches(bare, faults, n=1)
        hint = f"; did you mean {PREFIX}{close[0]}?" if close else ""
        raise BadInput(f"fault {bare!r} is not in the catalogue{hint} `rnn-conformance faults` lists them")
    return faults[bare]()
