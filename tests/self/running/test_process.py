"""Processes come and go, nothing is lost and nothing is left: with a stub in place of the worker."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest

from rnn_conformance.engine.results import AdapterResult
from rnn_conformance.running import process
from rnn_conformance.running.jobs import run_jobs
from rnn_conformance.running.messages import Checking, Event, Job
from rnn_conformance.running.process import WORTH_A_START, Stop, run_adapter
from rnn_reference import BadInput


@pytest.fixture(autouse=True)
def left_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A stub for the worker; and the folder in which temporary files would be left."""
    monkeypatch.setattr(process, "WORKER", ("-u", str(Path(__file__).with_name("stub_worker.py"))))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def run(
    *clauses: str, adapter: str = "stub", timeout: float = 20.0, stop: Stop | None = None
) -> AdapterResult:
    return run_adapter(Job(adapter, list(clauses)), timeout, stop=stop)


def verdicts(result: AdapterResult) -> dict[str, str]:
    return {outcome.clause: outcome.verdict for outcome in result.outcomes}


def test_one_process_performs_all_checks(left_over: Path) -> None:
    result = run("FWD-1", "FWD-2")
    assert verdicts(result) == {"FWD-1": "pass", "FWD-2": "pass"}
    assert len({outcome.title for outcome in result.outcomes}) == 1
    assert result.versions == {"stub": "1"}
    assert 0 < result.start_up_seconds < result.seconds
    assert result.peak_memory_mib > 1.5
    assert not list(left_over.iterdir())


def test_an_isolated_framework_has_a_process_for_each_check() -> None:
    result = run("FWD-1", "FWD-2", adapter="isolated")
    assert len({outcome.title for outcome in result.outcomes}) == 2


@pytest.mark.parametrize(("large", "processes"), [(1.0, 3), (2.0, 1)])
def test_a_process_that_has_grown_large_is_replaced_between_checks(
    monkeypatch: pytest.MonkeyPatch, large: float, processes: int
) -> None:
    monkeypatch.setattr(process, "LARGE", large)
    monkeypatch.setattr(process, "in_mib", lambda maxrss: 0.0)  # what the stub itself takes
    result = run(*(f"FWD-{number}" for number in range(1, 2 * WORTH_A_START + 2)))
    assert len({outcome.title for outcome in result.outcomes}) == processes


def test_threads_without_work_sleep_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert run("FWD-1", adapter="waits").versions == {"waiting": "passive"}
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert run("FWD-1", adapter="waits").versions == {"waiting": "active"}


def test_a_crash_leaves_the_case_that_was_running(left_over: Path) -> None:
    result = run("FWD-1", "DIE-1", "FWD-2")
    assert verdicts(result) == {"FWD-1": "pass", "DIE-1": "fail", "FWD-2": "pass"}
    outcome = result.outcomes[1]
    (finding,) = outcome.findings
    assert outcome.title == "a title"
    assert finding.kind == "crashed"
    assert finding.route == "loop"
    assert "by signal 6 (SIGABRT)" in finding.message
    assert "  | trouble in …/file.py:3" in finding.message
    assert finding.case is not None
    assert finding.case.x == [[[1.0]]]
    assert "time 1, input 1, hidden 1" in finding.shown_case
    assert not list(left_over.iterdir())


def test_half_a_line_and_a_child_that_lives_on_are_noticed() -> None:
    result = run("DIE-2", "FWD-1")
    assert verdicts(result) == {"DIE-2": "fail", "FWD-1": "pass"}
    assert "with exit status 0" in result.outcomes[0].findings[0].message
    assert result.seconds < 10


def test_a_hang_is_stopped() -> None:
    result = run("HNG-1", "FWD-1", timeout=1)
    assert verdicts(result) == {"HNG-1": "fail", "FWD-1": "pass"}
    assert result.outcomes[0].findings[0].kind == "timed out"


def test_trouble_at_the_end_is_a_warning() -> None:
    result = run("FWD-1", adapter="sticks")
    assert result.warnings == ["the door was stuck"]


def test_a_refusal_is_told() -> None:
    with pytest.raises(BadInput, match="not today"):
        run("FWD-1", adapter="refuses")


def test_stopping_ends_the_worker_and_keeps_what_there_is(left_over: Path) -> None:
    stop = Stop()
    workers: list[int] = []

    def tell(event: Event) -> None:
        if isinstance(event, Checking) and event.clause == "HNG-1":
            workers.extend(worker._process.pid for worker in stop.workers)
            threading.Timer(0.2, stop.request, [signal.SIGINT]).start()

    began = time.monotonic()
    result = run_adapter(Job("stub", ["FWD-1", "HNG-1", "FWD-2"]), 30, tell, stop)
    assert time.monotonic() - began < 10
    assert result.interrupted
    assert verdicts(result) == {"FWD-1": "pass"}
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not list(left_over.iterdir())


def test_a_run_that_was_stopped_starts_nothing_more() -> None:
    stop = Stop()
    stop.request(signal.SIGTERM)
    answers = run_jobs([Job("stub", ["FWD-1"])], stop=stop)
    assert [answer.result for answer in answers] == [None]
    assert not answers[0].refusal
