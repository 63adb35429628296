"""The pytest plugin: `pytest --pyargs rnn_conformance --rnn-adapter NAME`.

Each adapter is checked in a process of its own, as by the command line: one that crashes or hangs fails the
test that it happens in, and no other. The process is asked for one clause after the other, when its test is
run, so that `-k`, `-x` and the like do what they always do.

pytest loads this in every test run of an environment in which it is installed, so it imports next to nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rnn_conformance.engine.check import Check
    from rnn_conformance.engine.results import Outcome
    from rnn_conformance.report.baseline import Judged
    from rnn_conformance.running.messages import Job
    from rnn_conformance.running.sharing import Names


PARTS = "parts"
"""Below the results, where the processes of pytest-xdist write until theirs are put together."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the suite."""
    group = parser.getgroup("rnn-conformance")
    group.addoption(
        "--rnn-adapter",
        action="append",
        default=[],
        metavar="NAME",
        help="check this implementation: a known adapter, module:attribute or fault:NAME; may be repeated",
    )
    group.addoption(
        "--rnn-profile", default="quick", choices=("quick", "ci", "fuzz"), help="how much is drawn"
    )
    group.addoption("--rnn-seconds", type=float, default=None, help="fuzz: time for each clause")
    group.addoption("--rnn-seed", type=int, default=0, help="draw other cases")
    group.addoption("--rnn-deviations", default=None, help="known deviations of your own adapters (TOML)")
    group.addoption(
        "--rnn-timeout", type=float, default=600.0, help="seconds that one check may take (default: 600)"
    )
    group.addoption("--rnn-results", default=None, metavar="DIR", help="write a results file per adapter")
    group.addoption(
        "--rnn-baseline",
        default=None,
        metavar="FILE",
        help="known findings, as `rnn-conformance run --update-baseline` writes them: fail on others only",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "clause(id): the clause of the spec that the test checks")
    config.stash[OUTCOMES] = {}
    config.stash[JUDGED] = []
    results = config.getoption("--rnn-results")
    if results is not None and not _part(config):  # what a run that was killed has left
        shutil.rmtree(Path(results) / PARTS, ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every check for every adapter that is named."""
    if "perform" in metafunc.fixturenames and _is_check(metafunc.function):
        names = list(dict.fromkeys(metafunc.config.getoption("--rnn-adapter")))
        if not names:
            raise pytest.UsageError(
                "name what to check: --rnn-adapter NAME (`rnn-conformance adapters` lists them)"
            )
        clause = metafunc.function.check.clause
        ids = [f"{clause}-{name}" for name in names]
        metafunc.parametrize("perform", names, ids=ids, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every check with its clause."""
    for item in items:
        function: Any = getattr(item, "function", None)
        if _is_check(function):
            item.add_marker(pytest.mark.clause(function.check.clause))


@pytest.fixture(scope="session")
def perform(request: pytest.FixtureRequest) -> Iterator[Callable[[Check], None]]:
    """Performs a check for one adapter and answers as pytest does."""
    import msgspec

    from rnn_conformance.report.baseline import Known
    from rnn_conformance.report.run import commands, only_new
    from rnn_conformance.report.terminal import explanation
    from rnn_conformance.running.process import Run
    from rnn_conformance.running.recording import Answer, Recorder
    from rnn_reference.errors import BadInput

    config, results = request.config, request.config.getoption("--rnn-results")
    folder = None if results is None else Path(results)
    timeout = config.getoption("--rnn-timeout")
    answer = Answer(_job(request))
    recorder = Recorder(folder, answer, f"{PARTS}/{_part(config)}" if _part(config) else ".")
    here = config.invocation_params.dir
    path = config.getoption("--rnn-baseline")
    with Run(answer.job, timeout, environment=_paths(here), folder=here) as run:
        try:
            known = Known.at(None if path is None else here / path, update=False, one_case=False)
            run.start()
            config.stash.setdefault(NAMES, _no_names()).take(answer.job, run.result)
            recorder.start(run.result)
        except BadInput as error:
            pytest.exit(f"rnn-conformance: {error}", returncode=2)

        def perform_check(check: Check) -> None:
            __tracebackhide__ = True
            try:
                outcome = run.perform(check.clause)
            except BadInput as error:
                pytest.fail(f"rnn-conformance: {error}", pytrace=False)
            recorder.record(run.result, outcome)
            config.stash[OUTCOMES].setdefault(request.param, []).append(outcome)
            if outcome.verdict == "unsupported":
                pytest.skip(f"unsupported: {outcome.reason}")
            judged = known.judge([msgspec.structs.replace(run.result, outcomes=[outcome])])
            if judged is not None:
                config.stash[JUDGED].append(judged)
            if outcome.verdict not in ("pass", "deviation"):
                again = commands(answer, outcome, folder, timeout, None)
                if judged is not None:
                    if not judged.is_new(run.result, outcome):
                        return
                    outcome, again = only_new(judged, run.result, outcome, again)
                pytest.fail(explanation(run.result, outcome, again), pytrace=False)

        yield perform_check
    recorder.write(run.result)
    if answer.refusal:
        pytest.exit(f"rnn-conformance: {answer.refusal}", returncode=2)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Put together what the processes of pytest-xdist have written."""
    results = session.config.getoption("--rnn-results")
    if results is None or _part(session.config):
        return
    from rnn_conformance.running.shards import merge_folders

    folder = Path(results)
    if (folder / PARTS).is_dir():
        merge_folders(sorted((folder / PARTS).iterdir()), folder)
        shutil.rmtree(folder / PARTS)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say which clauses stand on a record or on the baseline: they pass, but not because all is well."""
    for name, outcomes in config.stash[OUTCOMES].items():
        deviating = [outcome for outcome in outcomes if outcome.verdict == "deviation"]
        if deviating:
            terminalreporter.section(f"known deviations of {name}")
            for outcome in deviating:
                terminalreporter.write_line(f"{outcome.clause}: {', '.join(outcome.deviations)}")
    if config.stash[JUDGED]:
        from rnn_conformance.report.run import baseline_lines

        lines: dict[str, list[str]] = {}
        for judged in config.stash[JUDGED]:
            for heading, told in baseline_lines(judged):
                lines.setdefault(heading, []).extend(told)
        for heading, told in lines.items():
            if told:
                terminalreporter.section(heading)
                for line in told:
                    terminalreporter.write_line(line)


OUTCOMES = pytest.StashKey[dict[str, "list[Outcome]"]]()
JUDGED = pytest.StashKey[list["Judged"]]()
NAMES = pytest.StashKey["Names"]()


def _is_check(function: Any) -> bool:
    if not hasattr(function, "check"):
        return False
    from rnn_conformance.engine.check import Check

    return isinstance(function.check, Check)


def _job(request: pytest.FixtureRequest) -> Job:
    """The checks of this adapter that are selected."""
    from rnn_conformance.running.messages import Job

    selected = [
        item.function.check.clause
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and _is_check(item.function)
        and item.callspec.params.get("perform") == request.param
    ]
    option = request.config.getoption
    return Job(
        request.param,
        selected,
        option("--rnn-profile"),
        option("--rnn-seconds"),
        option("--rnn-seed"),
        option("--rnn-deviations"),
    )


def _part(config: pytest.Config) -> str:
    """The name of this process of pytest-xdist; "" where there is but one."""
    worker: dict[str, str] = getattr(config, "workerinput", {})
    return worker.get("workerid", "")


def _no_names() -> Names:
    from rnn_conformance.running.sharing import Names

    return Names()


def _paths(here: Path) -> dict[str, str]:
    """Where pytest found modules, an adapter's own process finds them, too."""
    return {"PYTHONPATH": os.pathsep.join(str(here / path) for path in sys.path)}
