"""Mutation testing of a framework: how many of its mutants the suite notices, and its own tests.

`rnn-conformance measure mutants`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from rnn_conformance.measure.mutants.laboratory import Laboratory, Measured, Tried, surviving
from rnn_conformance.measure.mutants.mutate import Mutant, sample
from rnn_conformance.measure.mutants.target import target_named
from rnn_conformance.measure.mutants.trial import TRIALS, Way
from rnn_conformance.report.status import ALL_AS_RECORDED, SOMETHING_FAILED
from rnn_conformance.running.jobs import ended_by_signals
from rnn_conformance.running.process import Stop, Stopped
from rnn_conformance.running.recording import try_folder
from rnn_reference.errors import BadInput


@click.command()
@click.option("--framework", required=True, help="One of which it is known what to mutate: keras, …")
@click.option("--adapter", help="By which it is checked.  [default: as the framework's file says]")
@click.option(
    "--profile", default="quick", show_default=True, type=click.Choice(("quick", "ci")), help="Of the suite."
)
@click.option("--limit", type=click.IntRange(min=1), help="Try so many, a sample.  [default: all]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the sample.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Mutants at a time.")
@click.option("--own-tests", is_flag=True, help="Try the framework's own tests, too.")
@click.option("--results", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where to write.")
@click.option(
    "--survivors",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Try those alone that survived the suite in this file of an earlier run.",
)
def main(
    framework: str,
    adapter: str | None,
    profile: str,
    limit: int | None,
    seed: int,
    jobs: int,
    own_tests: bool,
    folder: Path | None,
    survivors: Path | None,
) -> None:
    """Change a framework's source in one small place, many times, and see who notices.

    \b
    Exit status: 0 the suite kills every mutant but those that are known to be equivalent, or outside of the
                   spec
                 1 others survive, or one that is known to be equivalent is killed
    """
    target = target_named(framework)
    adapter = adapter or target.adapter
    if own_tests and not target.own_tests:
        raise BadInput(f"--own-tests: no tests ship with {framework}")
    if folder is not None:
        try_folder(folder)
    found = target.mutants(adapter)
    chosen = sample(found, seed, limit)
    if survivors is not None:
        chosen = surviving(chosen, survivors)
    stop, console = Stop(), Console()
    if not console.is_terminal:
        console.width = 120
    measured = Measured(framework, adapter, profile, seed, len(found), {}, [])
    path = None if folder is None else folder / f"mutants-{adapter}.json"
    way = Way(target, adapter, stop, profile)
    laboratory = Laboratory(way, measured, tuple(TRIALS)[: 1 + own_tests], path)
    with ended_by_signals(stop):
        try:
            laboratory.try_original()
            for number, tried in enumerate(_tried(laboratory, chosen, jobs), 1):
                click.echo(f"{number} of {len(chosen)}: {_line(tried)}", err=True)
        except Stopped:
            click.echo("interrupted: this is what there is", err=True)
    _show(console, measured)
    for record in target.stale(found, adapter):
        place = f"{record.file} {record.function}: {record.becomes}"
        click.echo(f"known, and not there: {place}")
    if stop.signal:
        raise SystemExit(128 + stop.signal)
    raise SystemExit(SOMETHING_FAILED if any(each.wrong for each in measured.tried) else ALL_AS_RECORDED)


def _tried(laboratory: Laboratory, chosen: list[Mutant], jobs: int) -> Iterator[Tried]:
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(laboratory.try_mutant, chosen)


def _line(tried: Tried) -> str:
    said = "; ".join(
        f"{by}: {trial.how or 'survived'} [{trial.cpu_seconds:.1f} s]" for by, trial in tried.trials.items()
    )
    never = "" if tried.reached else " (never executed)"
    return f"{tried.mutant.file} {tried.mutant.function} {tried.mutant.operator}{never}: {said}"


def _show(console: Console, measured: Measured) -> None:
    """Survivors with their differences, then the table."""
    for each in measured.tried:
        if each.wrong:
            console.rule(f"{each.wrong}: {each.mutant.operator}", align="left", characters="─")
            console.print(each.diff, markup=False, highlight=False, soft_wrap=True)
    console.print(_table(measured))


COLUMNS = ("killed", "survived", "score", "late", "CPU s per kill", "CPU s", "the original, CPU s")


def _table(measured: Measured) -> Table:
    """How many each kills of those that are not equivalent, and at what cost."""
    counted = [each for each in measured.tried if not each.equivalent]
    never = sum(not each.reached for each in counted)
    outside = sum(bool(each.outside) for each in counted)
    title = (
        f"{len(measured.tried)} of {measured.mutants_in_all} mutants of {measured.framework}"
        f" ({measured.adapter}, profile {measured.profile}), seed {measured.seed}:"
        f" {len(measured.tried) - len(counted)} equivalent; of the others {outside} outside of the spec,"
        f" {never} never executed by the suite"
    )
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("by")
    for heading in COLUMNS:
        table.add_column(heading, justify="right")
    for by, original in measured.originals.items():
        trials = [each.trials[by] for each in counted]
        killed, seconds = sum(trial.killed for trial in trials), sum(trial.cpu_seconds for trial in trials)
        table.add_row(
            by,
            str(killed),
            str(len(trials) - killed),
            f"{killed / len(trials):.0%}" if trials else "–",
            str(sum(trial.late for trial in trials)),
            f"{seconds / killed:.1f}" if killed else "–",
            f"{seconds:.0f}",
            f"{original.cpu_seconds:.1f}",
        )
    return table


if __name__ == "__main__":
    main()
