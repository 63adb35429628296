"""`rnn-conformance campaign`: many seeds, on the workers of a Dask cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnn_conformance.commands.options import PROFILE, TIMEOUT, as_many_as_cores, folder
from rnn_conformance.report.status import ALL_AS_RECORDED, COULD_NOT_RUN, SOMETHING_FAILED

if TYPE_CHECKING:
    from rnn_conformance.running.campaign import Campaign, Total

SHOWN = 3
"""Of what was found, so many messages are shown for a clause."""


@click.command()
@click.option("--adapter", "adapters", multiple=True, required=True, help="What to check. May be repeated.")
@click.option("--clause", "clauses", multiple=True, help="Only this clause or chapter. May be repeated.")
@click.option("--seeds", default="0..9", show_default=True, help="A range, both ends included.")
@click.option("--per-task", type=click.IntRange(min=1), default=5, show_default=True, help="Seeds of a task.")
@click.option(
    "--packages",
    multiple=True,
    metavar="REQUIREMENTS",
    help="Checked with these, such as keras==3.10.0. Repeated: each by itself.",
)
@PROFILE
@folder("--results", "Where results are kept; what is there is not done again.", "campaign")
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster.  [default: workers on this machine]")
@as_many_as_cores("--workers", "On this machine.")
@TIMEOUT
def campaign(
    adapters: tuple[str, ...],
    clauses: tuple[str, ...],
    seeds: str,
    per_task: int,
    packages: tuple[str, ...],
    profile: str,
    folder: Path,
    scheduler: str | None,
    workers: int,
    timeout: float,
) -> None:
    """Check many seeds, on the workers of a Dask cluster. What is kept already is not done again.

    \b
    Exit status: 0 nothing was found
                 1 a clause is red on some seed
                 2 something could not be checked
    """
    from rnn_conformance.engine.clauses import select_clauses
    from rnn_conformance.running.campaign import Campaign, seeds_of, totals
    from rnn_reference.errors import BadInput

    try:
        import distributed
    except ModuleNotFoundError:
        raise BadInput(
            "campaign needs the package distributed; pip install 'rnn-conformance[campaign]' brings it"
        ) from None
    planned = Campaign(
        list(dict.fromkeys(adapters)),
        select_clauses(clauses),
        seeds_of(seeds),
        folder,
        [tuple(each.split()) for each in packages],
        profile,
        per_task,
        timeout,
    )
    if scheduler is not None:
        try:
            client = distributed.Client(scheduler, timeout=30)
        except (OSError, ValueError) as error:
            raise BadInput(f"--scheduler: no Dask cluster answers at {scheduler}: {error}") from None
        with client:
            problems = _carried_out(planned, client)
    else:
        with (
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs="ERROR"
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            problems = _carried_out(planned, client)
    found = totals(planned.results())
    _show(found)
    for problem in problems:
        click.echo(f"rnn-conformance: {problem}", err=True)
    if problems:
        sys.exit(COULD_NOT_RUN)
    sys.exit(SOMETHING_FAILED if any(total.failing for total in found) else ALL_AS_RECORDED)


def _carried_out(planned: Campaign, client: Any) -> list[str]:
    """Have it done, and show how far it is."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from rnn_conformance.running.campaign import Answered, carry_out

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("starting", total=None)

        def tell(answered: Answered, number: int, of: int) -> None:
            words = f"{answered.task.adapter} {answered.task.clause}"
            bars.update(bar, total=of, completed=number, description=words)
            if not console.is_terminal:
                click.echo(f"{number} of {of}: {words}", err=True)

        return carry_out(planned, client, tell)


def _show(found: list[Total]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    by_adapter = Table(
        "adapter", "clauses", "runs", "cases", "red", "worst error ÷ bound", header_style="bold"
    )
    for name in dict.fromkeys((total.adapter, total.version) for total in found):
        own = [total for total in found if (total.adapter, total.version) == name]
        by_adapter.add_row(
            Text(" ".join(name)),
            str(len(own)),
            str(sum(total.runs for total in own)),
            str(sum(total.cases for total in own)),
            str(sum(bool(total.failing) for total in own)),
            f"{max(total.worst_ratio for total in own):.3g}",
        )
    console = Console()
    if not console.is_terminal:
        console.width = 120
    console.print(by_adapter)
    for total in found:
        if total.failing:
            seeds = ", ".join(map(str, total.failing[:SHOWN])) + ", …" * (len(total.failing) > SHOWN)
            words = f"{total.adapter} {total.version}: {total.clause} is red on {len(total.failing)} of"
            click.echo(f"{words} {total.runs} seeds: {seeds}")
            for message in total.messages[:SHOWN]:
                click.echo(f"  {message}")
