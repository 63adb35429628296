"""`rnn-conformance sweep` and `bisect`: a framework at many versions.

Everything heavy is imported when it is needed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnn_conformance.commands.options import (
    CACHE,
    DEVIATIONS,
    FORMAT,
    PROFILE,
    SEED,
    TIMEOUT,
    as_many_as_cores,
    folder,
)
from rnn_conformance.commands.stopping import stoppable
from rnn_conformance.report.status import ALL_AS_RECORDED, COULD_NOT_RUN, SOMETHING_FAILED

if TYPE_CHECKING:
    from rnn_conformance.running.sweep import Sweep

PACKAGE = click.option("--package", help="Whose versions.  [default: the first that the adapter names]")
BESIDE = click.option(
    "--with",
    "beside",
    multiple=True,
    metavar="REQUIREMENT",
    help="Installed with each version, such as numpy==1.26.4 or mlx-cpu=={version}. May be repeated.",
)


@click.command()
@click.argument("adapter")
@click.option(
    "--versions",
    default="..",
    show_default="all",
    help="A range 3.0.0..3.5.0, a list 3.9.2,3.10.0, or specifiers such as '>=3.0,!=3.2.0'.",
)
@click.option("--clause", "clauses", multiple=True, help="Only this clause or chapter. May be repeated.")
@click.option("--witnesses-only", is_flag=True, help="Run the witnesses of the records, and ask no clause.")
@PACKAGE
@BESIDE
@PROFILE
@SEED
@folder("--results", "Where the results are written, and found again.")
@DEVIATIONS
@click.option("--again", is_flag=True, help="Ask again what an earlier sweep has left in that folder.")
@click.option("--explain", is_flag=True, help="Make what is found small, and name its likely cause.")
@FORMAT
@as_many_as_cores("--jobs", "Versions at a time.")
@TIMEOUT
@CACHE
def sweep(
    adapter: str,
    versions: str,
    clauses: tuple[str, ...],
    witnesses_only: bool,
    package: str | None,
    beside: tuple[str, ...],
    profile: str,
    seed: int,
    folder: Path,
    deviations: str | None,
    again: bool,
    explain: bool,
    form: str,
    jobs: int,
    timeout: float,
    cache: Path | None,
) -> None:
    """Check ADAPTER at many versions of its framework: when did each deviation come, and when did it go?

    Each version is installed once into a folder of its own, before what is installed here; where it does not
    get along with that, with all that it requires. One that cannot be installed, or not be checked, is a row
    that says so. Results are kept, and used again.

    \b
    Exit status: 0 every version was tried
                 2 bad input, or a witness could not be run
    """
    from rnn_conformance.engine.clauses import select_clauses
    from rnn_conformance.report.progress import progress
    from rnn_conformance.report.sweep import could_not_run
    from rnn_conformance.running.environments import selected_versions
    from rnn_conformance.running.recording import try_folder
    from rnn_conformance.running.releases import package_of, releases_of
    from rnn_conformance.running.sweep import Plan, sweep_path
    from rnn_conformance.running.sweep import sweep as swept

    with stoppable() as stop:
        asked = [] if witnesses_only else select_clauses(clauses)
        try_folder(folder)
        package = package or package_of(adapter, timeout, stop)
        found = selected_versions(versions, releases_of(adapter, package))
        plan = Plan(
            adapter,
            package,
            found,
            asked,
            folder,
            beside=beside,
            profile=profile,
            seed=seed,
            timeout=timeout,
            at_a_time=jobs,
            cache=cache,
            again=again,
            deviations=deviations,
            explained=explain,
        )
        with progress() as shown:
            made = swept(plan, stop, _say, shown)
    _show(made, folder, form)
    click.echo(f"sweep: {sweep_path(folder, made.adapter, package)}", err=True)
    if could_not_run(made):
        sys.exit(COULD_NOT_RUN)


def _show(made: Sweep, folder: Path, form: str) -> None:
    import msgspec

    from rnn_conformance.report.sweep import as_markdown, other_cases, tables
    from rnn_conformance.running.sweep import results_of

    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(made)))
        return
    results = results_of(made, folder)
    found, sentence = tables(made, results), other_cases(results)
    if form == "markdown":
        click.echo("\n\n".join([*map(as_markdown, found), *([sentence] if sentence else [])]))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console.width = 160
    for each in found:
        table = Table(*each.columns, title=each.heading, title_justify="left", header_style="bold")
        for row in each.rows:
            table.add_row(*map(Text, row))
        console.print(table)
    if sentence:
        console.print(sentence, markup=False, highlight=False)


@click.command()
@click.argument("adapter")
@click.option("--clause", required=True, help="The clause, such as OPT-7.")
@click.option("--good", required=True, help="A version that meets it.")
@click.option("--bad", required=True, help="One that does not; it may be the older of the two.")
@PACKAGE
@BESIDE
@PROFILE
@SEED
@TIMEOUT
@CACHE
def bisect(
    adapter: str,
    clause: str,
    good: str,
    bad: str,
    package: str | None,
    beside: tuple[str, ...],
    profile: str,
    seed: int,
    timeout: float,
    cache: Path | None,
) -> None:
    """Find the release of ADAPTER's framework in which a finding of a clause came, or went.

    Both versions are asked the clause, and each finding that one has and the other has not is followed by its
    case through the releases between them. Known deviations count as findings here.

    \b
    Exit status: 0 the release of each is named
                 1 no finding tells the two versions apart
                 2 bad input
    """
    from rnn_conformance.engine.clauses import select_clauses
    from rnn_conformance.running.bisect import Bisection
    from rnn_conformance.running.environments import selected_versions
    from rnn_conformance.running.releases import package_of, releases_of
    from rnn_reference.errors import BadInput

    with stoppable() as stop:
        selected = select_clauses((clause,))
        if selected != [clause]:
            raise BadInput(f"--clause: expected one clause, such as OPT-7; got {clause!r}")
        older, newer = selected_versions(f"{good},{bad}", [])
        package = package or package_of(adapter, timeout, stop)
        releases = selected_versions(f"{older}..{newer}", releases_of(adapter, package))
        search = Bisection(adapter, package, releases, stop, _say, beside, profile, seed, timeout, cache)
        turns = search.between(clause, older, newer)
    if not turns:
        click.echo(f"{clause}: no finding tells {package} {older} and {newer} apart")
        sys.exit(SOMETHING_FAILED)
    for turn in turns:
        route = turn.finding.route or "the default route"
        click.echo(f"{clause} on {route}, {turn.finding.kind}: {turn.change} in {package} {turn.at}")
        click.echo(f"  the release before, {turn.before}, is otherwise")
        if turn.unusable:
            click.echo(f"  between them these could not be asked: {', '.join(turn.unusable)}")
        click.echo("\n".join(f"  | {line}" for line in turn.finding.message.splitlines()))


def update_records(sweeps: tuple[Path, ...], deviations: Path | None) -> int:
    """Write the versions that sweeps found into the files of records, and say what changes.

    Args:
        deviations: the file; None: those that ship with the frameworks of the sweeps.

    Returns:
        The exit status: 1 where something is left to be done by hand.

    Raises:
        BadInput: a file cannot be read, or the sweeps are of several packages.
    """
    from rnn_conformance.engine.deviations import read_deviations
    from rnn_conformance.report.ranges import changes, update
    from rnn_conformance.running.sweep import read_sweep
    from rnn_reference.errors import BadInput

    made = [read_sweep(path) for path in sweeps]
    paths = {_records_of(each.adapter) for each in made} if deviations is None else {deviations}
    by_hand = False
    for change in changes({path: read_deviations(str(path)) for path in sorted(paths)}, made):
        was, found = change.was or "any version", change.found.specifier or "no version"
        partly = f"; of its witnesses only some deviate at {', '.join(change.found.partly)}"
        click.echo(f"{change.id}: {change.package} {was} → {found}{partly * bool(change.found.partly)}")
        by_hand |= bool(change.found.partly)
        try:
            update(change)
        except BadInput as error:
            click.echo(f"  {error}")
            by_hand = True
    return SOMETHING_FAILED if by_hand else ALL_AS_RECORDED


def _records_of(adapter: str) -> Path:
    """The file of the records that ship with a framework."""
    from importlib.resources import files

    from rnn_adapters.registry import load_framework
    from rnn_reference.errors import BadInput

    file = load_framework(adapter).deviations
    if not file:
        raise BadInput(f"adapter {adapter!r} has no file of records; name one by --deviations")
    package, _, name = file.partition("/")
    return Path(str(files(package) / name))


def _say(words: str) -> None:
    click.echo(words, err=True)
