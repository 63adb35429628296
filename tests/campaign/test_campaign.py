"""Campaigns on a Dask cluster of this machine: nothing is lost, and nothing done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import distributed
import pytest

from rnn_conformance.engine.results import AdapterResult, read_result
from rnn_conformance.running.campaign import Answered, Campaign, Task, carry_out, done, seeds_of, totals
from rnn_reference import BadInput

FAULT = "fault:transposed-recurrent-weight"


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL"
    ) as made:
        yield made


@pytest.fixture
def client(cluster: distributed.LocalCluster) -> Iterator[distributed.Client]:
    with distributed.Client(cluster) as made:
        yield made


def planned(folder: Path, *adapters: str, clauses: tuple[str, ...] = ("FWD-1", "FWD-2")) -> Campaign:
    return Campaign(list(adapters), list(clauses), range(4), folder, [], per_task=2)


def told(results: list[AdapterResult]) -> set[tuple[str, int, str, str, str]]:
    return {(r.adapter, r.seed, o.clause, o.verdict, o.digest) for r in results for o in r.outcomes}


def test_every_seed_gives_what_a_run_of_it_gives(client: distributed.Client, tmp_path: Path) -> None:
    planned_ = planned(tmp_path / "campaign", "reference", FAULT)
    answered = list[Answered]()
    assert carry_out(planned_, client, lambda one, number, of: answered.append(one)) == []
    assert len(answered) == 8
    found = told(planned_.results())
    assert len(found) == 2 * 4 * 2
    command = [
        sys.executable,
        "-m",
        "rnn_conformance.cli",
        "run",
        "--adapter",
        "reference",
        "--adapter",
        FAULT,
    ]
    options = ["--clause", "FWD-1", "--clause", "FWD-2", "--seed", "3", "--results", "run"]
    subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, check=False)
    alone = told([read_result(path) for path in (tmp_path / "run").glob("*.json")])
    assert alone
    assert alone == {each for each in found if each[1] == 3}
    red = {(total.adapter, total.clause): total.failing for total in totals(planned_.results())}
    assert red[FAULT, "FWD-2"] == [0, 1, 2, 3]
    assert red["reference", "FWD-2"] == []


def test_what_is_kept_is_not_done_again(client: distributed.Client, tmp_path: Path) -> None:
    first = planned(tmp_path, "reference", clauses=("FWD-1",))
    carry_out(first, client, lambda *_: None)
    assert planned(tmp_path, "reference", clauses=("FWD-1",)).tasks() == []
    more = planned(tmp_path, "reference")
    assert {task.clause for task in more.tasks()} == {"FWD-2"}
    carry_out(more, client, lambda *_: None)
    assert len(told(more.results())) == 8


def test_a_lost_worker_costs_its_task_again_and_nothing_else(
    cluster: distributed.LocalCluster, client: distributed.Client, tmp_path: Path
) -> None:
    """A worker is killed while it has a task; all is done in the end, each once."""
    clauses = ("FWD-1", "FWD-2", "FWD-3", "SEQ-1")
    whole, numbers = planned(tmp_path, "reference", clauses=clauses), list[int]()
    before = set(client.run(os.getpid).values())

    def kill() -> None:
        time.sleep(1.5)
        os.kill(min(before), signal.SIGKILL)

    threading.Thread(target=kill).start()
    assert carry_out(whole, client, lambda one, number, of: numbers.append(number)) == []
    assert numbers == list(range(1, len(whole.clauses) * 2 + 1))
    assert len(told(whole.results())) == 4 * len(clauses)
    client.wait_for_workers(2, timeout=30)
    assert min(before) not in client.run(os.getpid).values()


def test_what_cannot_be_checked_is_said_and_the_rest_is_done(
    client: distributed.Client, tmp_path: Path
) -> None:
    problems = carry_out(planned(tmp_path, "nobody", "reference"), client, lambda *_: None)
    assert len(problems) == 2
    assert "adapter 'nobody' is not known" in problems[0]
    assert len(told(planned(tmp_path, "reference").results())) == 8


def test_bad_input_is_the_problem_of_its_task() -> None:
    answered = done(Task("reference", "FWD-1", (0,), profile="endless"))
    assert "endless" in answered.problem
    assert not answered.results


@pytest.mark.parametrize("text", ["", "a", "3..1", "1..", "-1..2"])
def test_what_are_no_seeds_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="--seeds: expected a range"):
        seeds_of(text)


def test_the_command_tells_what_was_found(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "rnn_conformance.cli",
        "campaign",
        "--adapter",
        FAULT,
        "--clause",
        "FWD-2",
    ]
    finished = subprocess.run(
        [*command, "--seeds", "0..1"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1, finished.stderr
    assert "FWD-2 is red on 2 of 2 seeds: 0, 1" in finished.stdout
    assert (tmp_path / "campaign" / "installed" / "seed-00001").is_dir()


def test_a_scheduler_that_is_not_there_is_said(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rnn_conformance.cli", "campaign", "--adapter", "reference"]
    finished = subprocess.run(
        [*command, "--scheduler", "tcp://127.0.0.1:1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 2
    assert "--scheduler: no Dask cluster answers at tcp://127.0.0.1:1" in finished.stderr
