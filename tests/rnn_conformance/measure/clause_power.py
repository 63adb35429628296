"""How small a fault each clause still sees: `rnn-conformance measure clause-power`.

A correct implementation of which one number is changed is put before every check, on those cases that the
check draws in which the change shows in any output at all. For each clause and fault the smallest change that
is noticed in nine cases of ten; beside it that which `numpy.allclose` notices of the same outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from rnn_adapters.adapter import Call, CannotExpress, Output
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import Profile
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy, framework_of_plain, plain
from rnn_conformance.measure.power import CHANGES
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Cell, Network

ENOUGH = 0.9
"""The share of cases in which a fault must be noticed."""

RTOL, ATOL = 1e-5, 1e-6
"""What the suite is compared with, and no verdict rests on: often seen in tests; NumPy's own atol is 1e-8."""

EXPENSIVE = ("LNG", "INT")
"""Chapters whose cases take seconds each."""

Change = Callable[[Array, float], Array]


def largest_changed(array: Array, change: float) -> Array:
    """The largest number changed by a share of itself."""
    changed = array.copy()
    place = np.unravel_index(np.argmax(np.abs(array)), array.shape)
    changed[place] *= array.dtype.type(1 + change)
    return changed


def middle_step(sequence: Array, change: float) -> Array:
    """All outputs of the step in the middle, changed by a share of themselves."""
    changed = sequence.copy()
    changed[:, sequence.shape[1] // 2] *= sequence.dtype.type(1 + change)
    return changed


def first_unit(array: Array, change: float) -> Array:
    """The outputs of the first unit, changed by a share of themselves."""
    changed = array.copy()
    changed[..., :1] *= array.dtype.type(1 + change)
    return changed


class Changed(PlainNumpy):
    """The plain implementation with one number changed.

    Args:
        what: one of `FAULTS`.
        change: the share of itself that it changes by.
        route: one of those of the plain implementation.
    """

    def __init__(self, what: str = "nothing", change: float = 0.0, route: str = "") -> None:
        super().__init__(route)
        self.what, self.change = what, change

    def load(self, network: Network) -> Network:
        loaded = super().load(network)
        role = {"one recurrent weight": "W_h", "one input weight": "W_x", "one bias": "b"}.get(self.what)
        bottom = loaded.layers[0]
        array = None if role is None else getattr(bottom.forward, role)
        if role is None or array is None or not array.size:
            return loaded
        weights: dict[str, Any] = {role: largest_changed(array, self.change)}
        cell: Cell = replace(bottom.forward, **weights)
        return Network([replace(bottom, forward=cell), *loaded.layers[1:]])

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        sequence, last, states = output.sequence, output.last, output.final_states
        if self.what == "one step" and sequence is not None and sequence.size:
            sequence = middle_step(sequence, self.change)
        if self.what == "one unit":
            sequence = None if sequence is None else first_unit(sequence, self.change)
            last = None if last is None else first_unit(last, self.change)
            states = tuple(first_unit(state, self.change) for state in states or ())
        return replace(output, sequence=sequence, last=last, final_states=states)


FAULTS = ("one recurrent weight", "one input weight", "one bias", "one step", "one unit")


def drawn_by(check: Check, count: int) -> list[Case]:
    """Cases of a check."""
    found: list[Case] = []

    def collect(subject: Subject, case: Case) -> None:
        found.append(case)
        subject.tally.count()

    collecting = replace(check, body=collect, share=1.0)
    perform(collecting, Subject(plain()), Profile("power", count, 0), [], 0)
    return found[:count]


def share_noticed(check: Check, cases: list[Case], what: str, change: float) -> float:
    """The share of cases in which the clause is broken by a fault."""
    subject = Subject(framework_of_plain(PlainNumpy.name, partial(Changed, what, change)))
    noticed = 0
    for case in cases:
        try:
            noticed += check.fails_on(subject, case) is not None
        except CannotExpress:
            continue
    return noticed / len(cases)


def outputs_of(case: Case, adapter: PlainNumpy) -> list[Array]:
    """All arrays that the case's call gives; none if it is refused."""
    arrays: list[Array | None] = []
    try:
        model = adapter.load(case.network)
        for return_sequences in (True, False):
            output = adapter.run(model, case.asking(return_sequences=return_sequences))
            arrays += [output.sequence, output.last, *(output.final_states or ())]
    except (ValueError, BadInput):
        return []
    return [array.astype(float) for array in arrays if array is not None]


def differs(case: Case, what: str, change: float, same: Callable[[Array, Array], bool]) -> bool:
    """Whether any output of the changed implementation is not the same as the right one."""
    pairs = zip(outputs_of(case, PlainNumpy()), outputs_of(case, Changed(what, change)), strict=True)
    return any(not same(found, right) for right, found in pairs)


def identical(found: Array, right: Array) -> bool:
    """To the bit."""
    return np.array_equal(found, right, equal_nan=True)


def close(found: Array, right: Array) -> bool:
    """By `numpy.allclose`, within `RTOL` and `ATOL`."""
    return np.allclose(found, right, rtol=RTOL, atol=ATOL, equal_nan=True)


def smallest(share: Callable[[float], float]) -> float | None:
    """The smallest change noticed in enough cases, going down from the largest; None if none is."""
    found = None
    for change in CHANGES:
        if share(change) < ENOUGH:
            break
        found = change
    return found


def power_of(check: Check, count: int) -> dict[str, float | None]:
    """For each fault, and for `allclose` and the first of them, the smallest change noticed."""
    cases, found = drawn_by(check, count), dict[str, float | None]()
    for what in FAULTS:
        shows = [case for case in cases if differs(case, what, CHANGES[0], identical)]
        found[what] = smallest(partial(share_noticed, check, shows, what)) if shows else None
        if what == FAULTS[0]:
            found["allclose"] = smallest(partial(share_by_allclose, shows, what)) if shows else None
    return found


def share_by_allclose(cases: list[Case], what: str, change: float) -> float:
    """The share of cases in which `allclose` tells the outputs from the right ones."""
    return sum(differs(case, what, change, close) for case in cases) / len(cases)


def power_by_clause(count: int, chapters: tuple[str, ...]) -> Iterator[tuple[Check, dict[str, float | None]]]:
    """Every clause that notices any of the faults."""
    for clause, check in all_checks().items():
        chapter = clause.split("-")[0]
        if check.routes or chapter in EXPENSIVE or (chapters and chapter not in chapters):
            continue
        found = power_of(check, count)
        if any(found[what] is not None for what in FAULTS):
            yield check, found


@click.command()
@click.argument("chapters", nargs=-1)
@click.option("--cases", default=30, show_default=True, help="Cases of each clause.")
def main(chapters: tuple[str, ...], cases: int) -> None:
    """Print the smallest change of one number that each clause notices, of all chapters or of those named."""
    console = Console(width=140)
    table = Table(title=f"Smallest change noticed in {ENOUGH:.0%} of {cases} cases", title_justify="left")
    for heading in ("clause", "check", FAULTS[0], "the same by allclose", *FAULTS[1:]):
        table.add_column(heading)
    for check, found in track(power_by_clause(cases, chapters), transient=True, console=Console(stderr=True)):
        shown = ["–" if change is None else f"{change:.0e}" for change in found.values()]
        table.add_row(check.clause, check.title, *shown)
    console.print(table)


if __name__ == "__main__":
    main()
