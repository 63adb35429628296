"""Everything is asked by one route, however expensive it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from elsewhere import COMPILING

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.deviations import parse_deviations, witnessed
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.results import read_result
from rnn_conformance.engine.subject import Subject
from rnn_conformance.running.jobs import again, run_jobs
from rnn_conformance.running.messages import Job
from rnn_conformance.running.session import Session
from rnn_conformance.running.shards import merge_folders
from rnn_reference.errors import BadInput

ADAPTER = "elsewhere:COMPILING"

RECORD = """
[[deviation]]
id = "adds-one"
adapter = "compiling"
versions = {}
clause = "FWD-2"
elsewhere = true
what = "Where it is compiled, one is added."
why = "To be witnessed where FWD-2 does not take that route."
when = { route = "compiled" }
[deviation.witness]
dtype = "float32"
layers = [{ forward = { W_x = [[1.0]], W_h = [[0.5]], b = [0.25] } }]
x = [[[1.0]]]
"""


def verdict(clause: str, route: str) -> str:
    return Session(ADAPTER, PROFILES["quick"], route=route).perform(all_checks()[clause]).verdict


def test_a_fault_on_an_expensive_route_is_found_by_whoever_asks_for_it() -> None:
    assert [verdict("FWD-2", route) for route in ("", "compiled")] == ["pass", "fail"]


def test_it_draws_as_many_cases_as_the_default_route() -> None:
    cases = [
        Session(ADAPTER, PROFILES["quick"], route=route).perform(all_checks()["PAR-1"]).cases
        for route in ("", "compiled")
    ]
    assert cases[0] == cases[1] > 0


def test_clauses_about_other_routes_are_not_asked() -> None:
    outcome = Session(ADAPTER, PROFILES["quick"], route="compiled").perform(all_checks()["OPT-11"])
    assert (outcome.verdict, outcome.reason) == ("unsupported", "route 'compiled' is none of these: device")
    assert verdict("OPT-6", "compiled") == "fail"


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ("compield", r"route: expected one of those of compiling \(compiled, gpu\); got 'compield'"),
        ("gpu", "'gpu' cannot be taken: this machine lacks a GPU"),
    ],
)
def test_a_route_that_cannot_be_taken_is_refused(route: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Session(ADAPTER, PROFILES["quick"], route=route)


def test_a_record_about_an_expensive_route_is_witnessed_where_the_clause_does_not_take_it() -> None:
    check, subject, (record,) = all_checks()["FWD-2"], Subject(COMPILING), parse_deviations(RECORD)
    subject.absent = COMPILING.absent_routes()
    assert witnessed(check, subject, check.asked_on(subject).routes, record) == {"compiled": "deviates"}


def test_only_records_that_claim_the_route_are_kept(tmp_path: Path) -> None:
    records = tmp_path / "deviations.toml"
    of_the_default = RECORD.replace('"adds-one"', '"of the default"').replace('"compiled"', '"default"')
    records.write_text(RECORD + of_the_default)
    session = Session(ADAPTER, PROFILES["quick"], deviations_file=str(records), route="compiled")
    assert [record.id for record in session.deviations] == ["adds-one"]
    assert session.perform(all_checks()["INI-1"]).verdict == "deviation"


def test_its_results_are_those_of_an_adapter_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
    jobs = [Job(ADAPTER, ["FWD-2"]), Job(ADAPTER, ["FWD-2"], route="compiled")]
    whole, alone = run_jobs(jobs, folder=tmp_path / "results")
    assert whole.path != alone.path
    assert alone.path is not None
    result = read_result(alone.path)
    assert (result.adapter, result.asked_for, result.route) == ("compiling by compiled", ADAPTER, "compiled")
    assert "--route compiled" in again(alone.job, "FWD-2")
    merged = merge_folders([tmp_path / "results"], tmp_path / "merged")
    assert {answer.job.route for answer in merged} == {"", "compiled"}


def test_a_case_names_its_route_itself(tmp_path: Path) -> None:
    options = ("--adapter", "reference", "--route", "compiled", "--case", "case.json")
    command = [sys.executable, "-m", "rnn_conformance.cli", "run", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "--route goes neither with --case, which names the route itself" in " ".join(
        done.stderr.replace("│", " ").split()
    )
