"""The command line: `rnn-conformance run | record | report | report-bug | sweep | clauses | adapters | …`.

Everything heavy is imported by the command that needs it: `--help` imports no NumPy, no framework, no pytest.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from rnn_conformance.measure.commands import measure
from rnn_conformance.report.campaigns import campaign
from rnn_conformance.report.commands import badge, compare, for_integration, jobs, merge
from rnn_conformance.report.site.command import report
from rnn_conformance.report.status import ALL_AS_RECORDED, COULD_NOT_RUN, INTERRUPTED, SOMETHING_FAILED
from rnn_conformance.report.versions import bisect, sweep


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
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)


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
    help="What to check: a known adapter, module:attribute, stdio:COMMAND or fault:NAME. May be repeated.",
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
    help="Seconds that one check may take.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    show_default="the cores",
    help="Adapters at a time.",
)
@click.option(
    "--examples", metavar="FOLDER|URL", help="Try counterexamples kept there, too, and keep new ones."
)
@click.option(
    "--shard", metavar="NUMBER/COUNT", help="Only this share of the clauses, such as 2/8; see merge."
)
@click.option("--fail-fast", is_flag=True, help="End at the first finding; what catches most is asked first.")
@for_integration
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
    examples: str | None,
    shard: str | None,
    fail_fast: bool,
    drift: bool,
    baseline: Path | None,
    update_baseline: bool,
    junit: Path | None,
) -> None:
    """Check implementations and print a matrix of clauses by adapter.

    Results are written while it runs, an adapter in a file of its own. With --clause, what the file says of
    other clauses stays, if it is of the same versions, profile, seed and environment; with --case, nothing is
    written.

    With --baseline, findings that its file knows do not fail the run, and what is known and gone is told.

    \b
    Exit status: 0 all as recorded, or in the baseline
                 1 a clause failed, a known deviation is fixed or never was one, or nothing was asserted
                 2 an adapter could not be checked, or the suite itself failed
                 130, 143 ended by Ctrl-C or SIGTERM; what there is is shown and written
    """
    from rnn_conformance.engine.case import read_case, to_data
    from rnn_conformance.engine.clauses import select_clauses
    from rnn_conformance.engine.profiles import profile_named
    from rnn_conformance.report.baseline import Known
    from rnn_conformance.report.progress import progress
    from rnn_conformance.report.run import exit_status, show
    from rnn_conformance.running.jobs import ended_by_signals, run_jobs
    from rnn_conformance.running.messages import Job
    from rnn_conformance.running.order import most_killing_first
    from rnn_conformance.running.process import Stop
    from rnn_conformance.running.shards import parsed_shard

    stop = Stop()
    with ended_by_signals(stop):
        profile_named(profile, seconds)
        known = Known.at(baseline, update=update_baseline, one_case=case_path is not None)
        if deviations is not None:
            from rnn_conformance.engine.deviations import read_deviations

            read_deviations(deviations)
        selected, case = select_clauses(clauses), None
        if case_path is not None:
            clause, read = read_case(case_path)
            selected, case = select_clauses(clauses or (clause,)), to_data(read)
        if shard is not None:
            selected = parsed_shard(shard).share(selected)
        if fail_fast:
            selected = most_killing_first(selected)
        wanted = [
            Job(
                name, selected, profile, seconds, seed, deviations, case, drift=drift, examples=examples or ""
            )
            for name in dict.fromkeys(adapters)
        ]
        written = None if case is not None else folder
        with progress() as shown:
            answers = run_jobs(
                wanted,
                timeout=timeout,
                at_a_time=jobs,
                folder=written,
                progress=shown,
                stop=stop,
                fail_fast=fail_fast,
                is_bad=known.is_bad,
            )
        judged = known.judge([answer.result for answer in answers if answer.result is not None])
        show(answers, folder, timeout, case_path, judged)
        if junit is not None:
            from rnn_conformance.report.junit import write_junit

            write_junit(junit, [answer.result for answer in answers if answer.result is not None], judged)
    for answer in answers:
        if answer.refusal:
            click.echo(f"rnn-conformance: {answer.refusal}", err=True)
    sys.exit(exit_status(answers, stop.signal, judged, part=shard is not None))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE.json…")
@click.option("--every-route", is_flag=True, help="It happens on every route: name none.")
@click.option(
    "--update-ranges",
    is_flag=True,
    help="The files are sweeps: write the versions that they found into the records of the frameworks.",
)
@click.option("--deviations", type=click.Path(path_type=Path), help="Update this file of records instead.")
def record(files: tuple[Path, ...], every_route: bool, update_ranges: bool, deviations: Path | None) -> None:
    """Print a record of a known deviation, made of what a failure left in results/failures.

    Several files, of other routes, clauses or adapters of one framework, give one record where they are of
    one kind and the same facts matter. It is ready for the file that --deviations takes, but for the reason:
    that stands in the framework's source.
    """
    from rnn_conformance.engine.case import read_saved
    from rnn_conformance.report.record import records

    if update_ranges:
        from rnn_conformance.report.versions import update_records

        sys.exit(update_records(files, deviations))
    saved = {path: read_saved(path) for path in dict.fromkeys(files)}
    click.echo(records(saved, every_route=every_route), nl=False)


@main.command("report-bug")
@click.argument("failure", type=click.Path(path_type=Path), metavar="FAILURE.json")
@click.option("--since", default="", help="The first release that does it.", metavar="VERSION")
def report_bug(failure: Path, since: str) -> None:
    """Print the text of an issue, made of what a failure left in results/failures.

    It is in the form that the framework's makers ask for, with the script that stands beside the file.
    """
    from rnn_conformance.engine.case import read_saved
    from rnn_conformance.report.issue import framework_named, issue_of, written

    saved = read_saved(failure)
    issue = issue_of(failure, saved, since)
    click.echo(written(issue, framework_named(saved.adapter).bug_report), nl=False)


@main.command()
@click.option("--adapter", required=True, help="Whose known deviations: a known adapter.")
@click.option(
    "--write",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the reports and their scripts into this folder.",
)
def upstream(adapter: str, folder: Path | None) -> None:
    """List the known deviations of an adapter as reports for its makers, and how long each script is.

    A record of several adapters is reported with the first of them.
    """
    from rnn_conformance.report.upstream import reports, write, write_index

    for each in reports(adapter):
        lines = len(each.script.splitlines())
        words = f"a script of {lines} lines" if lines else "no script can show it"
        click.echo(f"{each.record.id}: {words}")
        if folder is not None:
            write(folder, each)
    if folder is not None:
        write_index(folder)


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
    """List the known adapters, and what is missing for each."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from rnn_adapters.registry import known_adapters, load_framework, missing_modules, shadowed
    from rnn_reference.errors import BadInput

    table = Table("adapter", "made by", "installed", header_style="bold")
    for name, target in known_adapters().items():
        try:
            framework = load_framework(name)
        except BadInput as error:
            table.add_row(name, escape(target), f"[red]cannot be imported:[/] {escape(str(error))}")
            continue
        missing = [*missing_modules(framework), *framework.missing()]
        state = f"[yellow]no: {escape(', '.join(missing))}[/]" if missing else "[green]yes[/]"
        if missing and framework.extra:
            state += f"  [dim]pip install 'rnn-conformance\\[{framework.extra}]'[/]"
        elif missing and framework.install:
            state += f"  [dim]{escape(framework.install)}[/]"
        table.add_row(name, escape(target), state)
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)
    for name, target in shadowed().items():
        console.print(
            f"[yellow]The entry point {name} = {escape(target)} is not used: {name} is built in.[/]"
        )
    console.print(
        "Your own: --adapter module:attribute or stdio:COMMAND. Faulty ones: --adapter fault:NAME.",
        highlight=False,
    )


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


@main.group()
def protocol() -> None:
    """Implementations in other languages: the protocol over standard input and output."""


@protocol.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds that an answer may take, where the harness declares no other.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def check(command: tuple[str, ...], deadline: float) -> None:
    """Start a harness and tell, step by step, what is wrong with it. spec/96-protocol.md has the rules.

    \b
    Exit status: 0 it keeps to the protocol, as far as this shows
                 1 something is wrong
                 2 it cannot be started
    """
    from rnn_conformance.running.protocol import steps

    wrong = 0
    for step in steps(command, deadline):
        wrong += bool(step.wrong)
        click.echo(f"{'WRONG' if step.wrong else 'ok':5}  {step.name}: {step.wrong or step.said}")
        if step.fatal:
            click.echo("nothing else can be tried")
    sys.exit(SOMETHING_FAILED if wrong else ALL_AS_RECORDED)


main.add_command(measure)
main.add_command(compare)
main.add_command(badge)
main.add_command(merge)
main.add_command(campaign)
main.add_command(jobs)
main.add_command(report)
main.add_command(sweep)
main.add_command(bisect)

if __name__ == "__main__":
    main()
