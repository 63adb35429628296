"""The pytest plugin: `pytest --pyargs rnn_conformance --rnn-adapter NAME`.

pytest loads this in every test run of an environment in which it is installed, so it imports next to nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rnn_conformance.engine.check import Check
    from rnn_conformance.engine.results import AdapterResult, Outcome
    from rnn_conformance.running.session import Session


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
    group.addoption("--rnn-results", default=None, metavar="DIR", help="write a results file per adapter")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "clause(id): the clause of the spec that the test checks")
    config.stash[SESSIONS] = {}
    config.stash[OUTCOMES] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every check for every adapter that is named."""
    if "perform" in metafunc.fixturenames and _is_check(metafunc.function):
        names = metafunc.config.getoption("--rnn-adapter")
        if not names:
            raise pytest.UsageError(
                "name what to check: --rnn-adapter NAME (`rnn-conformance adapters` lists them)"
            )
        metafunc.parametrize("perform", names, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every check with its clause, and put the clause into its id."""
    for item in items:
        function: Any = getattr(item, "function", None)
        if _is_check(function):
            clause = function.check.clause
            item.add_marker(pytest.mark.clause(clause))
            item.extra_keyword_matches.add(clause)


@pytest.fixture(scope="session")
def perform(request: pytest.FixtureRequest) -> Callable[[Check], None]:
    """Performs a check for one adapter and answers as pytest does."""
    session = _session(request.config, request.param)

    def perform_check(check: Check) -> None:
        __tracebackhide__ = True
        outcome = session.perform(check)
        request.config.stash[OUTCOMES].setdefault(request.param, []).append(outcome)
        if outcome.verdict == "unsupported":
            pytest.skip(f"unsupported: {outcome.reason}")
        if outcome.verdict not in ("pass", "deviation"):
            pytest.fail(_explanation(session, outcome), pytrace=False)

    return perform_check


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the results, where asked to."""
    folder = session.config.getoption("--rnn-results", default=None)
    if folder is None:
        return
    from rnn_conformance.engine.results import write_result

    for name, outcomes in session.config.stash[OUTCOMES].items():
        result = _result(session.config.stash[SESSIONS][name])
        result.outcomes = outcomes
        write_result(Path(folder), result)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say which clauses stand on a recorded deviation: they pass, but not because all is well."""
    for name, outcomes in config.stash[OUTCOMES].items():
        deviating = [outcome for outcome in outcomes if outcome.verdict == "deviation"]
        if deviating:
            terminalreporter.section(f"known deviations of {name}")
            for outcome in deviating:
                terminalreporter.write_line(f"{outcome.clause}: {', '.join(outcome.deviations)}")


SESSIONS = pytest.StashKey[dict[str, "Session"]]()
OUTCOMES = pytest.StashKey[dict[str, "list[Outcome]"]]()


def _is_check(function: Any) -> bool:
    if not hasattr(function, "check"):
        return False
    from rnn_conformance.engine.check import Check

    return isinstance(function.check, Check)


def _session(config: pytest.Config, name: str) -> Session:
    from rnn_conformance.engine.profiles import profile_named
    from rnn_conformance.running.session import Session
    from rnn_reference.errors import BadInput

    sessions = config.stash[SESSIONS]
    if name not in sessions:
        here = str(config.invocation_params.dir)
        if here not in sys.path:  # an adapter given as module:attribute usually lies where pytest was called
            sys.path.insert(0, here)
        try:
            profile = profile_named(config.getoption("--rnn-profile"), config.getoption("--rnn-seconds"))
            seed, deviations = config.getoption("--rnn-seed"), config.getoption("--rnn-deviations")
            sessions[name] = Session(name, profile, seed, deviations)
        except BadInput as error:
            pytest.exit(f"rnn-conformance: {error}", returncode=2)
    return sessions[name]


def _result(session: Session) -> AdapterResult:
    from rnn_conformance.running.process import empty_result
    from rnn_conformance.running.worker import Job

    result = empty_result(Job(session.asked_for, [], session.profile.name, seed=session.seed))
    result.adapter, result.versions = session.subject.name, session.versions
    return result


def _explanation(session: Session, outcome: Outcome) -> str:
    from rnn_conformance.report.terminal import explanation

    again = (
        f"rnn-conformance run --adapter {session.asked_for} --clause {outcome.clause}"
        f" --profile {session.profile.name} --seed {session.seed}"
    )
    return explanation(_result(session), outcome, again)
