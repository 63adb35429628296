"""`rnn-conformance record`, `report-bug` and `upstream`: what to do about a finding."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
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
        from rnn_conformance.commands.versions import update_records

        sys.exit(update_records(files, deviations))
    saved = {path: read_saved(path) for path in dict.fromkeys(files)}
    click.echo(records(saved, every_route=every_route), nl=False)


@click.command("report-bug")
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


@click.command()
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
