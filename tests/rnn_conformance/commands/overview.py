"""`rnn-conformance matrix`: one matrix over results that were made in many environments."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rnn_conformance.report.status import ALL_AS_RECORDED, SOMETHING_FAILED


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS…")
@click.option("--clauses", "by_clause", is_flag=True, help="Clauses as rows, not chapters.")
def matrix(results: tuple[Path, ...], by_clause: bool) -> None:
    """Show one matrix over all frameworks: files that `run` wrote, or folders of them.

    Of each framework the newest run counts. Known frameworks without results stand below, with the reason.
    The exit status is 1 where a clause of any is red.
    """
    from rich.console import Console

    from rnn_adapters.registry import built_in
    from rnn_conformance.report import overview, terminal
    from rnn_conformance.report.site.runs import read_runs

    found = overview.newest(run.result for run in read_runs(results))
    console = Console()
    if not console.is_terminal:
        console.width = 40 + 30 * len(found)
    console.print(terminal.matrix(found) if by_clause else overview.overview(found))
    for line in overview.left_out(found, built_in().values()):
        console.print(f"left out: {line}", markup=False, highlight=False)
    sys.exit(SOMETHING_FAILED if overview.any_red(found) else ALL_AS_RECORDED)
