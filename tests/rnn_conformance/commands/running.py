"""`rnn-conformance run`, in one piece or in parts, and `merge`, which puts the parts together."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rnn_conformance.commands.options import (
    BASELINE,
    DEVIATIONS,
    DRIFT,
    JUNIT,
    SEED,
    TIMEOUT,
    as_many_as_cores,
    folder,
)


@click.command()
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
@click.option("--route", default="", help="Ask everything by this route alone, however expensive it is.")
@click.option(
    "--profile",
    default="quick",
    show_default=True,
    type=click.Choice(("quick", "ci", "fuzz")),
    help="How much is drawn.",
)
@click.option("--seconds", type=click.FloatRange(min=0), help="fuzz: time for each clause.  [default: 10]")
@SEED
@click.option("--case", "case_path", type=click.Path(path_type=Path), help="Run the one case in this file.")
@folder("--results", "Where the results are written.")
@DEVIATIONS
@TIMEOUT
@as_many_as_cores("--jobs", "Workers at a time: each asks clauses of an adapter, in a process of its own.")
@click.option(
    "--examples", metavar="FOLDER|URL", help="Try counterexamples kept there, too, and keep new ones."
)
@click.option(
    "--shard", metavar="NUMBER/COUNT", help="Only this share of the clauses, such as 2/8; see merge."
)
@click.option("--fail-fast", is_flag=True, help="End at the first finding; what catches most is asked first.")
@DRIFT
@BASELINE
@click.option("--update-baseline", is_flag=True, help="Write into the baseline what this run finds.")
@JUNIT
def run(
    adapters: tuple[str, ...],
    clauses: tuple[str, ...],
    route: str,
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
    written. With --route, they are those of an adapter of its own, such as "torch by compile".

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

    if route and (case_path is not None or drift):
        raise click.UsageError(
            "--route goes neither with --case, which names the route itself, nor with --drift"
        )
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
                name,
                selected,
                profile,
                seconds,
                seed,
                deviations,
                case,
                drift=drift,
                examples=examples or "",
                route=route,
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


@click.command()
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@folder("--results", "Where the whole is written.")
@BASELINE
@JUNIT
def merge(folders: tuple[Path, ...], folder: Path, baseline: Path | None, junit: Path | None) -> None:
    """Put together the results of `run --shard`, a folder of each part, and answer as the whole run does.

    \b
    Exit status: as that of run
    """
    from rnn_conformance.report.baseline import Known
    from rnn_conformance.report.run import exit_status, show
    from rnn_conformance.running.jobs import DEFAULT_TIMEOUT
    from rnn_conformance.running.shards import merge_folders

    known = Known.at(baseline, update=False, one_case=False)
    answers = merge_folders(folders, folder)
    results = [answer.result for answer in answers if answer.result is not None]
    judged = known.judge(results)
    show(answers, folder, DEFAULT_TIMEOUT, None, judged)
    if junit is not None:
        from rnn_conformance.report.junit import write_junit

        write_junit(junit, results, judged)
    sys.exit(exit_status(answers, 0, judged))


@click.command()
@click.option("--adapter", "adapters", multiple=True, required=True, help="What to check. May be repeated.")
@click.option("--shards", type=click.IntRange(min=1), default=1, show_default=True, help="Parts of each run.")
def jobs(adapters: tuple[str, ...], shards: int) -> None:
    """Write the jobs of a CI matrix: an adapter and a part of its run each, as JSON."""
    import json

    from rnn_adapters.registry import load_framework
    from rnn_conformance.engine.results import file_stem

    written = list[str]()
    for name in dict.fromkeys(adapters):
        extra = load_framework(name).extra
        for number in range(1, shards + 1):
            results = f"{file_stem(name)}-{number}-of-{shards}"
            job = {"adapter": name, "extra": extra, "shard": f"{number}/{shards}", "results": results}
            written.append(f" {json.dumps(job)}")
    click.echo('{"include": [\n' + ",\n".join(written) + "\n]}")
