"""The command line: `rnn-conformance run | clauses | adapters | coverage | faults`.

Everything heavy is imported by the command that needs it: `--help` imports no NumPy, no framework, no pytest.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rnn_conformance.engine.results import AdapterResult
    from rnn_conformance.running.worker import Job

ALL_AS_RECORDED, SOMETHING_FAILED, COULD_NOT_RUN = 0, 1, 2
"""Exit status."""


class Commands(click.Group):
    """Answers bad input with one paragraph and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ValueError as error:
            from rnn_reference.errors import BadInput  # imports NumPy, which --help must not wait for

            if not isinstance(error, BadInput):
                raise
            click.echo(f"rnn-conformance: {error}", err=True)
            sys.exit(COULD_NOT_RUN)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rnn-conformance")
def main() -> None:
    """Does a framework compute a vanilla RNN as the spec says?"""


@main.command()
@click.option(
    "--adapter",
    "adapters",
    multiple=True,
    default=("reference",),
    show_default=True,
    help="What to check: a known adapter, module:attribute, or fault:NAME. May be repeated.",
)
@click.option(
    "--clause", "clauses", multiple=True, help="Only this clause (FWD-1) or chapter (BID). May be repeated."
)
@click.option(
    "--profile",
    default="quick",
    show_default=True,
    type=click.Choice(("quick", "ci", "fuzz")),
    help="How much is drawn.",
)
@click.option("--seconds", type=click.FloatRange(min=0), help="fuzz: time for each clause.  [default: 10]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draw other cases.")
@click.option("--case", "case_path", type=click.Path(path_type=Path), help="Run the one case in this file.")
@click.option(
    "--results",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where the results are written.",
)
@click.option("--deviations", help="A file of known deviations of your own adapters (TOML).")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=600.0,
    show_default=True,
    help="Seconds one check may take.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Adapters at a time.")
def run(
    adapters: tuple[str, ...],
    clauses: tuple[str, ...],
    profile: str,
    seconds: float | None,
    seed: int,
    case_path: Path | None,
    folder: Path,
    deviations: str | None,
    timeout: float,
    jobs: int,
) -> None:
    """Check implementations and print a matrix of clauses by adapter.

    \b
    Exit status: 0 all as recorded
                 1 a clause failed, or a known deviation is fixed
                 2 an adapter could not be checked
    """
    from rnn_conformance.engine.case import read_case, to_data
    from rnn_conformance.engine.clauses import select_clauses
    from rnn_conformance.engine.profiles import profile_named
    from rnn_conformance.running.worker import Job

    profile_named(profile, seconds)
    selected = select_clauses(clauses)
    case = None
    if case_path is not None:
        clause, read = read_case(case_path)
        selected, case = select_clauses((clause,)), to_data(read)
    wanted = [
        Job(name, selected, profile, seconds, seed, deviations, case) for name in dict.fromkeys(adapters)
    ]
    results, refusals = _run_jobs(wanted, timeout, jobs)
    _show(results, folder, deviations, again="" if case_path is None else str(case_path))
    for message in refusals:
        click.echo(f"rnn-conformance: {message}", err=True)
    if refusals:
        sys.exit(COULD_NOT_RUN)
    sys.exit(SOMETHING_FAILED if any(result.red for result in results) else ALL_AS_RECORDED)


def _run_jobs(jobs: list[Job], timeout: float, at_a_time: int) -> tuple[list[AdapterResult], list[str]]:
    """The results of the adapters that could be checked, and why the others could not."""
    from concurrent.futures import ThreadPoolExecutor

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from rnn_conformance.report.terminal import summary
    from rnn_conformance.running.process import run_adapter
    from rnn_conformance.running.worker import Checked, Checking, Event
    from rnn_reference.errors import BadInput

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:

        def one(job: Job) -> AdapterResult | str:
            task = progress.add_task(job.adapter, total=len(job.clauses), now="starting")

            def tell(event: Event) -> None:
                if isinstance(event, Checking):
                    progress.update(task, now=event.clause)
                elif isinstance(event, Checked):
                    progress.advance(task)

            try:
                result = run_adapter(job, timeout, tell)
            except BadInput as error:
                progress.update(task, now="could not be checked")
                return str(error)
            progress.update(task, now="")
            console.print(f"{summary(result)}  [{result.seconds:.1f} s]", highlight=False, markup=False)
            return result

        with ThreadPoolExecutor(at_a_time) as pool:
            answers = list(pool.map(one, jobs))
    results = [answer for answer in answers if not isinstance(answer, str)]
    return results, [answer for answer in answers if isinstance(answer, str)]


def _show(results: list[AdapterResult], folder: Path, deviations: str | None, again: str) -> None:
    """Write the results and print them: failures first, then the matrix and what it does not say."""
    from rich.console import Console

    from rnn_conformance.engine.case import write_case
    from rnn_conformance.engine.deviations import known_deviations
    from rnn_conformance.engine.results import write_result
    from rnn_conformance.report import terminal as render

    console = Console()
    if not console.is_terminal:  # a log has no width: give the matrix what it needs
        console.width = 60 + 20 * max(len(results), 1)
    written, records = [], []
    for result in results:
        written.append(str(write_result(folder, result)))
        records += known_deviations(result.adapter, result.versions, deviations)
        for outcome in result.red:
            command = f"rnn-conformance run --adapter {result.asked_for}"
            repeat = f"--clause {outcome.clause} --profile {result.profile} --seed {result.seed}"
            if again:
                repeat = f"--case {again}"
            elif outcome.failure is not None and outcome.failure.case is not None:
                path = render.case_file(folder, result, outcome)
                write_case(path, outcome.clause, outcome.failure.case)
                repeat = f"--case {path}"
            console.rule(characters="─", style="red")
            text = render.explanation(result, outcome, f"{command} {repeat}")
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    if not results:
        return
    console.print(render.matrix(results))
    for heading, lines in (
        ("Known deviations", render.deviation_lines(records, results)),
        ("Unsupported", render.unsupported_lines(results)),
    ):
        if lines:
            console.print(f"[bold]{heading}[/]")
            for line in lines:
                console.print(render.indented(line), markup=False, highlight=False, soft_wrap=True)
    console.print(f"results: {', '.join(written)}", markup=False, highlight=False, soft_wrap=True)


@main.command()
@click.argument("names", nargs=-1)
def clauses(names: tuple[str, ...]) -> None:
    """List the clauses of the spec, or the named ones (FWD-1) and chapters (BID) in full."""
    from rich.console import Console

    from rnn_conformance.checks import all_checks
    from rnn_conformance.engine.clauses import all_clauses, select_clauses

    console, chapter, checks = Console(), "", all_checks()
    for id in select_clauses(names):
        clause = all_clauses()[id]
        if clause.chapter != chapter:
            chapter = clause.chapter
            console.print(f"\n[bold]{chapter}[/] [dim]spec/{clause.file}[/]")
        console.print(f"[cyan]{id}[/] {clause.level}  {checks[id].title}", highlight=False)
        if names:
            console.print(f"  {clause.text}", markup=False, highlight=False)


@main.command()
def adapters() -> None:
    """List the known adapters and whether their framework is installed."""
    from importlib.util import find_spec

    from rich.console import Console
    from rich.table import Table

    from rnn_adapters.registry import EXTRAS, known_adapters, modules_needed

    table = Table("adapter", "made by", "installed", header_style="bold")
    for name, target in known_adapters().items():
        missing = [module for module in modules_needed(name) if find_spec(module) is None]
        state = f"[yellow]no: {', '.join(missing)}[/]" if missing else "[green]yes[/]"
        hint = (
            f"  [dim]pip install 'rnn-conformance\\[{EXTRAS[name]}]'[/]" if missing and name in EXTRAS else ""
        )
        table.add_row(name, target, state + hint)
    console = Console()
    console.print(table)
    console.print("Your own: --adapter module:attribute. Faulty ones: --adapter fault:NAME.", highlight=False)


@main.command()
@click.option(
    "--adapter", default="reference", show_default=True, help="A known adapter or module:attribute."
)
@click.option(
    "--profile",
    default="ci",
    show_default=True,
    type=click.Choice(("quick", "ci")),
    help="How much is drawn.",
)
def coverage(adapter: str, profile: str) -> None:
    """Count which option values are drawn together; nothing is run.

    \b
    Exit status: 0 every pair that can be combined occurs
                 1 some pair does not
    """
    from rich.console import Console
    from rich.table import Table

    from rnn_adapters.registry import load_adapter
    from rnn_conformance.engine.profiles import PROFILES
    from rnn_conformance.engine.subject import Subject
    from rnn_conformance.measure.coverage import coverage_of, values_table

    console = Console()
    with Console(stderr=True).status(f"drawing the {profile} profile"):
        found = coverage_of(Subject(load_adapter(adapter)), PROFILES[profile])
    table = Table("option", "cases of each value", header_style="bold")
    for option, values in values_table(found).items():
        table.add_row(option, ", ".join(f"{value}: {cases}" for value, cases in values.items()))
    console.print(table)
    for (one, value), (other, another) in found.missing:
        console.print(f"missing: {one} {value} with {other} {another}", highlight=False)
    occurring = len(found.possible) - len(found.missing)
    click.echo(f"{occurring} of {len(found.possible)} pairs of option values occur in {found.cases} cases")
    sys.exit(SOMETHING_FAILED if found.missing else ALL_AS_RECORDED)


@main.command()
@click.option("--verify", is_flag=True, help="Check that each is caught by the clause that it names.")
def faults(verify: bool) -> None:
    """List the faulty implementations that the suite must catch."""
    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    from rnn_conformance.faults.registry import all_faults
    from rnn_conformance.running.session import kills

    table = Table("fault", "clause", "what it gets wrong", header_style="bold")
    if verify:
        table.add_column("caught")
    missed = 0
    for name, fault in track(
        all_faults().items(), disable=not verify, transient=True, console=Console(stderr=True)
    ):
        row = [name, fault.clause, (fault.__doc__ or "").split("\n\n")[0]]
        if verify:
            caught = kills(name)
            missed += not caught
            row.append("[green]yes[/]" if caught else "[bold red]NO[/]")
        table.add_row(*row)
    Console().print(table)
    if verify:
        click.echo(
            f"{len(all_faults()) - missed} of {len(all_faults())} faults caught by the clause that they name"
        )
        sys.exit(SOMETHING_FAILED if missed else ALL_AS_RECORDED)


if __name__ == "__main__":
    main()
