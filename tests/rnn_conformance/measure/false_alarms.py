"""False alarms on frameworks that are correct: `rnn-conformance measure false-alarms --cases 100000 torch`.

Fresh cases, none of them drawn by the quick and ci profiles, for every kind of bound there is. On a framework
that is correct none may fail. One adapter of Keras for each process.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import Body, Check, Unsupported
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import Profile
from rnn_conformance.engine.subject import Subject
from rnn_conformance.running.session import Session
from rnn_reference.network import Array

CLAUSES = {
    "FWD-1": "residual check",
    "NUM-2": "residual check, relu, any scale",
    "NUM-4": "forward bound",
    "STK-1": "upper layer of a stack",
    "STK-2": "final states of every layer",
    "MRG-1": "merged directions",
    "LEN-1": "variable-length sequences",
    "DTY-2": "float16 and bfloat16",
    "ACT-6": "other activations",
    "GRD-6": "gradients",
    "NUM-10": "float64, every kind of output",
    "GRD-16": "double backward",
    "DTY-13": "gradients of narrow types",
    "OPT-1": "all options together",
}
"""Clauses that compare within a bound, one for each kind, and what is compared."""

FILLS = 20
"""A structure (sizes, options) is drawn once for so many cases: building layers costs most."""

SHOWN = 5
"""Alarms of one clause that are printed."""

ROUND = 25
"""Structures that are drawn with one seed."""

SMALL_ROUND = 5
"""The same where time is limited."""


def filled_anew(case: Case, random: np.random.Generator) -> Case:
    """The case with other numbers of like size: shuffled, with other signs, and each a little smaller."""

    def other(array: Array) -> Array:
        numbers = random.permutation(array.reshape(-1)).reshape(array.shape)
        factors = random.choice((-1, 1), array.shape) * random.uniform(7 / 8, 1, array.shape)
        return (numbers * factors).astype(array.dtype)

    return case.mapped(other)


def many_times(body: Body, fills: int) -> Body:
    """A check's body on so many cases of each structure."""

    def bodies(subject: Subject, case: Case) -> None:
        random = np.random.default_rng(np.frombuffer(case.x.tobytes() + b"\0", np.uint8))
        for _ in range(fills):
            body(subject, filled_anew(case, random))

    return bodies


@dataclass
class Count:
    """What was seen of one clause."""

    cases: int = 0
    elements: int = 0
    alarms: list[str] = field(default_factory=list)
    worst_ratio: float = 0.0
    seconds: float = 0.0
    supported: bool = True


def counted(
    session: Session, check: Check, cases: int, fills: int, seconds: float, progress: Progress
) -> Count:
    """At least so many cases of a clause, each round with a seed of its own; none is begun after so long."""
    structures = min(ROUND if seconds == float("inf") else SMALL_ROUND, -(-cases // fills))
    count, profile = Count(), Profile("alarms", max_examples=structures, per_expensive_route=0)
    task = progress.add_task(f"{session.subject.name} {check.clause}", total=cases)
    start = session.seed
    repeated = replace(check, body=many_times(check.body, fills))
    ended = time.perf_counter() + seconds
    while count.cases < cases and (not count.cases or time.perf_counter() < ended):
        outcome = perform(repeated, session.subject, profile, session.deviations, start)
        start += 1
        if outcome.cases == outcome.deviating_cases:  # known deviations cover all that can be drawn
            break
        count.cases += fills * (outcome.cases - outcome.deviating_cases)
        count.elements += outcome.elements
        count.seconds += outcome.seconds
        count.worst_ratio = max(count.worst_ratio, outcome.worst_ratio)
        count.alarms += [f"seed {start - 1}: {finding.message}" for finding in outcome.findings]
        progress.update(task, completed=count.cases)
    progress.remove_task(task)
    return count


def table_of(name: str, counts: dict[str, Count]) -> Table:
    """The counts, clause by clause and together."""
    table = Table(title=f"False alarms on {name}", title_justify="left")
    for heading in ("clause", "compared", "cases", "numbers", "alarms", "worst error ÷ bound", "seconds"):
        table.add_column(heading)
    for clause, count in counts.items():
        if not count.supported:
            table.add_row(clause, CLAUSES[clause], "unsupported")
            continue
        table.add_row(
            clause,
            CLAUSES[clause],
            f"{count.cases:,}",
            f"{count.elements:,}",
            str(len(count.alarms)),
            f"{count.worst_ratio:.3f}",
            f"{count.seconds:.0f}",
        )
    table.add_section()
    table.add_row(
        "all",
        "",
        f"{sum(count.cases for count in counts.values()):,}",
        f"{sum(count.elements for count in counts.values()):,}",
        str(sum(len(count.alarms) for count in counts.values())),
        f"{max(count.worst_ratio for count in counts.values()):.3f}",
        f"{sum(count.seconds for count in counts.values()):.0f}",
    )
    return table


def count_alarms(
    name: str, route: str, cases: int, fills: int, seed: int, seconds: float, progress: Progress
) -> dict[str, Count]:
    """Alarms of all clauses that are supported, which share the cases; by the default route, or by another.

    Args:
        seconds: what all of them may take, of which each is given its share.

    Raises:
        BadInput: no such adapter, or it is broken.
    """
    session = Session(name, Profile("alarms", max_examples=ROUND, per_expensive_route=0), seed)
    if route:
        session.subject = Subject(session.subject.adapter_of(route))
    checks, counts = {clause: all_checks()[clause] for clause in CLAUSES}, dict[str, Count]()
    left = [clause for clause, check in checks.items() if is_supported(check, session.subject)]
    ended = time.perf_counter() + seconds
    for clause, check in checks.items():
        if clause not in left:
            counts[clause] = Count(supported=False)
            continue
        missing = cases - sum(count.cases for count in counts.values())
        share = (ended - time.perf_counter()) / len(left)
        counts[clause] = counted(session, check, max(-(-missing // len(left)), 1), fills, share, progress)
        left.remove(clause)
        count = counts[clause]
        progress.console.print(f"{name} {clause}: {count.cases:,} cases, {len(count.alarms)} alarms")
    return counts


def is_supported(check: Check, subject: Subject) -> bool:
    """Whether a clause applies."""
    try:
        return bool(check.asked_on(subject).routes)
    except Unsupported:
        return False


@click.command()
@click.argument("adapters", nargs=-1, required=True)
@click.option("--cases", default=100_000, show_default=True, help="For each adapter, over all clauses.")
@click.option("--fills", default=FILLS, show_default=True, help="Cases of each structure, drawn once.")
@click.option("--route", default="", help="Another route, by name, where the default one is slow.")
@click.option("--seconds", default=float("inf"), help="For each adapter: how many cases there were is shown.")
@click.option("--seed", default=1_000_000, show_default=True, help="Of the first round.")
def main(adapters: tuple[str, ...], cases: int, fills: int, route: str, seconds: float, seed: int) -> None:
    """Count the false alarms on frameworks that are correct; exit with 1 if there is one."""
    console, alarms = Console(width=120), 0
    for name in adapters:
        began = time.perf_counter()
        columns = (*Progress.get_default_columns(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            counts = count_alarms(name, route, cases, fills, seed, seconds, progress)
        console.print(table_of(name, counts))
        by = f" by {route}" if route else ""
        console.print(f"{name}{by}: {time.perf_counter() - began:.0f} s, seeds from {seed}")
        for clause, count in counts.items():
            for message in count.alarms[:SHOWN]:
                console.print(f"{clause}: {message}", markup=False)
        alarms += sum(len(count.alarms) for count in counts.values())
    raise SystemExit(1 if alarms else 0)


if __name__ == "__main__":
    main()
