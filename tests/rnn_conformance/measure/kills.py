"""Which clauses catch which faults of the catalogue, and in what order to ask.

`rnn-conformance measure kills`.
"""

from __future__ import annotations

from collections.abc import Iterator

import click
import msgspec
from rich.console import Console
from rich.progress import track
from rich.table import Table

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import VERDICTS_ALONE
from rnn_conformance.engine.results import RED
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.registry import all_faults, fault_framework
from rnn_conformance.running.order import ORDER, Order, extended_order, greedy_order, known_order


def clauses_that_catch(fault: str) -> Iterator[str]:
    """Those whose check is red in the quick profile."""
    subject, chapter = Subject(fault_framework(fault)), ""
    for clause, check in all_checks().items():
        if clause.partition("-")[0] != chapter:
            chapter = clause.partition("-")[0]
            subject.drop_caches()
        if perform(check, subject, VERDICTS_ALONE, []).verdict in RED:
            yield clause


class Catching:
    """Whether a check is red on a fault, asked of one fault after the other."""

    def __init__(self) -> None:
        self._checks, self._subject = all_checks(), dict[str, Subject]()

    def __call__(self, fault: str, clause: str) -> bool:
        if fault not in self._subject:
            self._subject = {fault: Subject(fault_framework(fault))}
        return perform(self._checks[clause], self._subject[fault], VERDICTS_ALONE, []).verdict in RED


@click.command()
@click.option("--write", is_flag=True, help="Rewrite the order in which `run --fail-fast` asks.")
@click.option("--extend", is_flag=True, help="Keep the order, and find who catches the faults that are new.")
def main(write: bool, extend: bool) -> None:
    """Run every fault of the catalogue against every clause.

    With --extend, only those that the order does not know, and each until the first clause that catches it:
    some seconds a fault, at most.
    """
    order = extended() if extend else measured()
    if write:
        ORDER.write_bytes(msgspec.json.format(msgspec.json.encode(order), indent=1) + b"\n")


def extended() -> Order:
    """What stands there, and more; shown."""
    faults = track(all_faults().items(), transient=True, console=Console(stderr=True))
    order = extended_order(known_order(), {name: fault.clause for name, fault in faults}, Catching())
    table = Table("clause", "faults that stand there", header_style="bold")
    for clause, caught in order.items():
        table.add_row(clause, str(len(caught)))
    Console().print(table)
    return order


def measured() -> Order:
    """The order of all clauses against all faults; shown."""
    kills: dict[str, list[str]] = {clause: [] for clause in all_checks()}
    for fault in track(list(all_faults()), transient=True, console=Console(stderr=True)):
        for clause in clauses_that_catch(fault):
            kills[clause].append(fault)
    order = greedy_order(kills)
    table = Table("clause", "faults that it catches", "that none above it does", header_style="bold")
    for clause, caught in order.items():
        table.add_row(clause, str(len(kills[clause])), str(len(caught)))
    console = Console()
    console.print(table)
    idle = ", ".join(clause for clause in kills if clause not in order)
    console.print(f"{len(all_faults())} faults, {len(order)} clauses; the others add none: {idle}")
    return order


if __name__ == "__main__":
    main()
