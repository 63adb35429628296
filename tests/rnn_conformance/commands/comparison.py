"""`rnn-conformance compare`, and `badge`: what results say beside others, and in a word.

Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnn_conformance.commands.options import (
    CACHE,
    DEVIATIONS,
    DRIFT,
    FILE,
    FORMAT,
    PROFILE,
    SEED,
    TIMEOUT,
    as_many_as_cores,
    folder,
)
from rnn_conformance.commands.stopping import stoppable
from rnn_conformance.report.status import ALL_AS_RECORDED, SOMETHING_FAILED

if TYPE_CHECKING:
    from rnn_conformance.report.comparison import Loaded
    from rnn_conformance.running.process import Stop


@dataclass(frozen=True)
class Versions:
    """Versions that `compare` runs.

    Args:
        adapter: None where none was named.
        folder: results go into a folder of it that is called as the packages are.
        cache: of the installed packages; None: the user's.
    """

    adapter: str | None
    clauses: tuple[str, ...]
    profile: str
    seed: int
    deviations: str | None
    folder: Path
    timeout: float
    at_a_time: int
    cache: Path | None
    drift: bool


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--adapter", help="The only adapter to compare; the one that is run, where versions are named.")
@click.option("--clause", "clauses", multiple=True, help="Run this clause or chapter only. May be repeated.")
@PROFILE
@SEED
@DEVIATIONS
@folder("--results", "Where the results of versions are written.")
@TIMEOUT
@as_many_as_cores("--jobs", "Workers at a time, that ask a version.")
@CACHE
@DRIFT
@FORMAT
def compare(
    old: str,
    new: str,
    adapter: str | None,
    clauses: tuple[str, ...],
    profile: str,
    seed: int,
    deviations: str | None,
    folder: Path,
    timeout: float,
    jobs: int,
    cache: Path | None,
    drift: bool,
    form: str,
) -> None:
    """Tell what changed from OLD to NEW: verdicts, findings, deviations, and numbers where they were kept.

    OLD and NEW are results files, folders of results, or versions, which are installed and run:

    \b
    rnn-conformance compare results/keras-numpy-3.9.2.json results/keras-numpy-3.10.0.json
    rnn-conformance compare before after
    rnn-conformance compare keras==3.9.2 keras==3.10.0 --adapter keras-numpy
    rnn-conformance compare "keras==3.9.2 numpy==1.26.4" "keras==3.9.2 numpy==2.0.2" --adapter keras-numpy

    A clause that only one side has checked is named, and compared with nothing.

    \b
    Exit status: 0 nothing is worse
                 1 a regression: a verdict got red, or a finding is new
                 2 they could not be compared
    """
    from rnn_conformance.report.comparison import compared

    versions = Versions(adapter, clauses, profile, seed, deviations, folder, timeout, jobs, cache, drift)
    with stoppable() as stop:
        before, after = (_side(side, versions, stop) for side in (old, new))
    comparison = compared(before, after)
    if form == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(comparison), indent=1))
    elif form == "markdown":
        from rnn_conformance.report.comparison_text import markdown

        click.echo(markdown(comparison), nl=False)
    else:
        from rich.console import Console

        from rnn_conformance.report.comparison_text import show

        console = Console()
        if not console.is_terminal:
            console.width = 200
        show(console, comparison)
    sys.exit(SOMETHING_FAILED if comparison.regression else ALL_AS_RECORDED)


def _side(side: str, versions: Versions, stop: Stop) -> dict[str, Loaded]:
    """The results of one side.

    Raises:
        BadInput: it is neither a file nor a folder nor packages, or they cannot be checked.
        Stopped: the run was told to stop.
    """
    from rnn_conformance.report.comparison import loaded_from

    if Path(side).exists():
        return loaded_from(Path(side), versions.adapter)
    return _of_version(side, tuple(side.split()), versions, stop)


def _of_version(side: str, packages: tuple[str, ...], versions: Versions, stop: Stop) -> dict[str, Loaded]:
    """The results of an adapter with these packages.

    Raises:
        BadInput: it cannot be checked with them.
        Stopped: the run was told to stop.
    """
    import msgspec

    from rnn_conformance.engine.clauses import select_clauses
    from rnn_conformance.engine.results import file_stem
    from rnn_conformance.report.comparison import Loaded
    from rnn_conformance.report.progress import progress
    from rnn_conformance.running.drift import read_drift
    from rnn_conformance.running.jobs import run_jobs
    from rnn_conformance.running.messages import Job
    from rnn_conformance.running.process import Stopped
    from rnn_conformance.running.releases import worker_at
    from rnn_reference.errors import BadInput

    if not any(sign in package for package in packages for sign in "=<>@~"):
        raise BadInput(
            f"expected a results file, a folder of results, or packages such as keras==3.10.0; got {side!r}"
        )
    if versions.adapter is None:
        raise BadInput(f"--adapter: expected the adapter that is to be run with {side}; got none")
    job = Job(
        versions.adapter,
        select_clauses(versions.clauses),
        versions.profile,
        seed=versions.seed,
        deviations_file=versions.deviations,
        drift=versions.drift,
        label=f"{versions.adapter} with {side}",
    )
    with worker_at(job, packages, versions.timeout, stop, versions.cache) as worker:
        job = msgspec.structs.replace(job, variables=worker.job.variables)
    with progress() as shown:
        (answer,) = run_jobs(
            [job],
            timeout=versions.timeout,
            at_a_time=versions.at_a_time,
            folder=versions.folder / file_stem(side),
            progress=shown,
            stop=stop,
        )
    if stop.signal:
        raise Stopped
    if answer.refusal or answer.result is None:
        raise BadInput(answer.refusal)
    drift = None if answer.drift is None else read_drift(answer.drift)
    return {answer.result.adapter: Loaded(answer.result, drift)}


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS.json…")
@click.option(
    "-o",
    "--output",
    type=FILE,
    help="Where it is written.  [default: standard output]",
)
@click.option("--label", default="RNN conformance", show_default=True, help="The left half of the badge.")
def badge(results: tuple[Path, ...], output: Path | None, label: str) -> None:
    """Make the data of a badge out of results: how many clauses pass, deviate and fail.

    Publish the file, and show it by the "endpoint" badge of shields.io.
    """
    import msgspec

    from rnn_conformance.engine.results import read_result
    from rnn_conformance.report.badge import badge as made_badge
    from rnn_conformance.report.badge import write_badge

    made = made_badge([read_result(path) for path in results], label)
    if output is None:
        click.echo(msgspec.json.format(msgspec.json.encode(made), indent=1))
    else:
        write_badge(output, made)
