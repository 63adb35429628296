"""Several workers for one adapter: each clause is asked once, and the results are those of one worker."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Lock

import pytest

from rnn_conformance.engine.clauses import select_clauses
from rnn_conformance.engine.results import AdapterResult, Outcome
from rnn_conformance.running import process
from rnn_conformance.running.jobs import run_jobs
from rnn_conformance.running.messages import Checked, Checking, Event, Job, Started
from rnn_conformance.running.process import WORTH_A_START, Run, Worker
from rnn_conformance.running.recording import Answer
from rnn_reference import BadInput

CLAUSES = [f"FWD-{number}" for number in range(1, 4 * WORTH_A_START + 1)]
"""Names; the stub takes any."""


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that checks nothing; the title of an outcome is the number of its process."""
    monkeypatch.setattr(process, "WORKER", ("-u", str(Path(__file__).with_name("stub_worker.py"))))


def whole(answer: Answer) -> AdapterResult:
    assert answer.result is not None
    return answer.result


def processes(answer: Answer) -> int:
    return len({outcome.title for outcome in whole(answer).outcomes})


class Heard:
    """What a run tells."""

    def __init__(self) -> None:
        self.started_jobs, self.ended_jobs = list[str](), list[str]()
        self.events = list[Event]()

    def started(self, job: Job) -> None:
        self.started_jobs.append(job.adapter)

    def tell(self, job: Job, event: Event) -> None:
        self.events.append(event)

    def ended(self, answer: Answer) -> None:
        self.ended_jobs.append(answer.job.adapter)


def together(monkeypatch: pytest.MonkeyPatch, count: int, adapter: str = "stub") -> None:
    """Let so many wait for each other with their first clause in hand, so that nobody asks all of them."""
    there, perform = Barrier(count, timeout=30), Run.perform

    def waiting(run: Run, clause: str, seed: int | None = None) -> Outcome:
        if run.job.adapter == adapter and not run.result.outcomes:
            there.wait()
        return perform(run, clause, seed)

    monkeypatch.setattr(Run, "perform", waiting)


@pytest.mark.usefixtures("stub")
def test_each_clause_is_asked_once_and_by_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    together(monkeypatch, 3)
    heard = Heard()
    (answer,) = run_jobs([Job("stub", CLAUSES)], at_a_time=3, progress=heard)
    assert [outcome.clause for outcome in whole(answer).outcomes] == CLAUSES
    assert processes(answer) == 3
    assert sum(isinstance(event, Started) for event in heard.events) == 3
    assert sum(isinstance(event, Checked) for event in heard.events) == len(CLAUSES)
    assert (heard.started_jobs, heard.ended_jobs) == (["stub"], ["stub"])
    assert whole(answer).peak_memory_mib >= 1.5
    assert not whole(answer).interrupted


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize("fail_fast", [False, True])
def test_clauses_about_routes_come_first_where_no_order_is_given(fail_fast: bool) -> None:
    heard, clauses = Heard(), ["FWD-1", "OPT-1", "OPT-2", "HIS-1"]
    (answer,) = run_jobs([Job("stub", clauses)], progress=heard, fail_fast=fail_fast)
    begun = [event.clause for event in heard.events if isinstance(event, Checking)]
    assert begun == (clauses if fail_fast else ["OPT-2", "FWD-1", "OPT-1", "HIS-1"])
    assert [outcome.clause for outcome in whole(answer).outcomes] == clauses


@pytest.mark.usefixtures("stub")
def test_the_first_worker_begins_with_routes_and_the_others_with_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together(monkeypatch, 3)
    first, perform = dict[Run, str](), Run.perform

    def noting(run: Run, clause: str, seed: int | None = None) -> Outcome:
        first.setdefault(run, clause)
        return perform(run, clause, seed)

    monkeypatch.setattr(Run, "perform", noting)
    routes = [f"OPT-2{number}" for number in range(WORTH_A_START)]
    run_jobs([Job("stub", CLAUSES + routes)], at_a_time=3)
    assert sorted(first.values()) == [*CLAUSES[:2], routes[0]]


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize(
    ("clauses", "workers"), [(1, 1), (2 * WORTH_A_START - 1, 1), (2 * WORTH_A_START, 2), (len(CLAUSES), 4)]
)
def test_a_worker_is_started_where_it_has_enough_to_do(
    monkeypatch: pytest.MonkeyPatch, clauses: int, workers: int
) -> None:
    counted, lock = list[Run](), Lock()
    everybody, start = Barrier(workers, timeout=30), Run.start

    def counting(run: Run) -> Worker:
        with lock:
            if first := run not in counted:
                counted.append(run)
        if first:
            everybody.wait()
        return start(run)

    monkeypatch.setattr(Run, "start", counting)
    run_jobs([Job("stub", CLAUSES[:clauses])], at_a_time=8)
    assert len(counted) == workers


@pytest.mark.usefixtures("stub")
def test_free_workers_come_to_the_adapter_with_most_left(monkeypatch: pytest.MonkeyPatch) -> None:
    together(monkeypatch, 3, "isolated")  # which breaks where nobody comes
    jobs = [Job("stub", CLAUSES[:1]), Job("isolated", CLAUSES), Job("waits", CLAUSES[:2])]
    heard = Heard()
    answers = run_jobs(jobs, at_a_time=3, progress=heard)
    assert [len(whole(answer).outcomes) for answer in answers] == [1, len(CLAUSES), 2]
    assert sorted(heard.ended_jobs) == ["isolated", "stub", "waits"]


def refusing(monkeypatch: pytest.MonkeyPatch, *refused: int) -> None:
    """Let starts fail, by their numbers from 1; the others wait until these have."""
    lock, numbers, start = Lock(), iter(range(1, 1000)), Run.start
    failed = Barrier(2, timeout=30)

    def starting(run: Run) -> Worker:
        if run._worker is not None:
            return start(run)
        with lock:
            number = next(numbers)
        if number in refused:
            if len(refused) == 1:
                failed.wait()
            raise BadInput(f"no room for number {number}")
        if number == 1:
            failed.wait()
        return start(run)

    monkeypatch.setattr(Run, "start", starting)


@pytest.mark.usefixtures("stub")
def test_what_a_worker_leaves_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, 2)
    (answer,) = run_jobs([Job("stub", CLAUSES)], at_a_time=2)
    assert [outcome.clause for outcome in whole(answer).outcomes] == CLAUSES
    assert whole(answer).warnings == ["one of 2 workers gave up: no room for number 2"]
    assert not answer.refusal
    assert not whole(answer).interrupted


@pytest.mark.usefixtures("stub")
def test_where_all_give_up_the_adapter_cannot_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, 1, 2, 3)
    heard = Heard()
    (answer,) = run_jobs([Job("stub", CLAUSES)], at_a_time=3, progress=heard)
    assert answer.result is None
    assert answer.refusal.startswith("no room for number ")
    assert heard.ended_jobs == ["stub"]


@pytest.mark.usefixtures("stub")
def test_a_clause_whose_worker_cannot_come_back_is_asked_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first to be asked FWD-3 gives up; it is warned of, and whoever stays asks it."""
    together(monkeypatch, 2)
    perform, lost, lock = Run.perform, list[Run](), Lock()

    def failing(run: Run, clause: str, seed: int | None = None) -> Outcome:
        with lock:
            if give_up := clause == "FWD-3" and not lost:
                lost.append(run)
        if give_up:
            raise BadInput("out of memory")
        return perform(run, clause, seed)

    monkeypatch.setattr(Run, "perform", failing)
    (answer,) = run_jobs([Job("stub", CLAUSES)], at_a_time=2)
    assert [outcome.clause for outcome in whole(answer).outcomes] == CLAUSES
    assert whole(answer).warnings == ["one of 2 workers gave up: out of memory"]
    assert not answer.refusal


def test_the_results_are_those_of_one_worker(tmp_path: Path) -> None:
    """Cases as they were found: how small they can be made is a matter of the time that is left."""
    clauses = select_clauses(("FWD", "ERR", "LAW"))
    verdicts, cases = [], []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        names = ("reference", "fault:transposed-recurrent-weight")
        answers = run_jobs(
            [Job(name, clauses, explained=False) for name in names], at_a_time=workers, folder=folder
        )
        outcomes = [outcome for answer in answers for outcome in whole(answer).outcomes]
        verdicts.append([(each.clause, each.verdict, each.digest, len(each.findings)) for each in outcomes])
        cases.append(sorted(path.name for path in (folder / "failures").iterdir()))
    assert verdicts[0] == verdicts[1]
    assert cases[0] == cases[1] != []
