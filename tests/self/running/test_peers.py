"""Whatever a harness does, there is a verdict with its case, and the other clauses are unharmed."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import pytest
from hostile_peers import DEADLINE, STRIKES

from rnn_conformance.engine.results import AdapterResult, Outcome, results_path
from rnn_conformance.running.jobs import run_jobs
from rnn_conformance.running.messages import Job
from rnn_conformance.running.process import run_adapter

SERVED = f"stdio:{sys.executable} -m rnn_adapters.stdio.serve reference"


@pytest.fixture(autouse=True)
def _in_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])  # where hostile_peers lies


def run(adapter: str, *clauses: str) -> AdapterResult:
    return run_adapter(Job(adapter, list(clauses)), 60)


def harmed(behaviour: str) -> Outcome:
    """What becomes of FWD-1 under such a harness."""
    (outcome,) = run(f"hostile_peers:peer_{behaviour}", "FWD-1").outcomes
    assert outcome.verdict == "fail"
    return outcome


NONE = "gave an answer to run that is none and was stopped"
LOST = {
    "garbage": rf"{NONE} \(line: JSON is malformed.*the line is 'Segmentation fault\?",
    "no_text": rf"{NONE} \(line: ",
    "half_a_line": "ended with exit status 0, in the middle of the answer to run",
    "wrong_id": rf"{NONE} \(line: expected id \d+; got 0; the line is",
    "two_answers": r"that is none and was stopped \(line: expected id \d+; got \d+",
    "nothing_in_it": rf"{NONE} \(line: expected one of answer and error; got neither",
    "answer_and_error": rf"{NONE} \(line: expected one of answer and error; got answer and error",
    "words_for_numbers": rf'{NONE} \(answer.sequence: expected numbers, "nan", "inf" or "-inf"; got "one"',
    "bare_nan": rf"{NONE} \(line: JSON is malformed",
    "ragged": rf"{NONE} \(answer.sequence: expected lists of one length",
    "too_large_for_the_type": rf"{NONE} \(.*number",
    "exits": "ended with exit status 3, without an answer to run.*\n.*no memory left in the cupboard",
    "aborts": r"ended by signal 6 \(SIGABRT\), without an answer to run",
    "closes_its_output": "closed its output, without an answer to run",
    "endless_line": r"answered run by a line of more than \d+ bytes and was stopped",
    "endless_lines": r"that is none and was stopped \(line: expected id \d+; got \d+",
    "own_error": r"answered run by an error of its own \(failed: I am \?\[31m confused\) and was stopped",
}
TIMED_OUT = ("silence", "slow", "half_a_line_and_silence")
ANSWERED = {
    "another_shape": ("shape", "expected shape"),
    "refuses": ("raised", "run raised Refused: not on a Wednesday"),
    "out_of_memory": ("raised", "run raised MemoryError: too many"),
}


def test_every_behaviour_is_tried() -> None:
    assert {*LOST, *TIMED_OUT, *ANSWERED} == set(STRIKES)


@pytest.mark.parametrize("behaviour", LOST)
def test_a_harness_that_breaks_is_a_finding_with_its_case(behaviour: str) -> None:
    (finding,) = harmed(behaviour).findings
    assert finding.kind == "crashed"
    assert re.search(LOST[behaviour], finding.message), finding.message
    assert finding.case is not None
    assert "time 1" in finding.shown_case or behaviour in (
        "two_answers",
        "endless_lines",
    )  # seen a call later


@pytest.mark.parametrize("behaviour", TIMED_OUT)
def test_a_harness_that_is_too_slow_is_one_too(behaviour: str) -> None:
    (finding,) = harmed(behaviour).findings
    assert finding.kind == "timed out"
    assert f"gave no answer to run for {DEADLINE:g} s and was stopped" in finding.message
    assert finding.case is not None
    assert "time 1" in finding.shown_case


@pytest.mark.parametrize("behaviour", ANSWERED)
def test_what_it_answers_is_judged_as_that_of_any_adapter(behaviour: str) -> None:
    kind, message = ANSWERED[behaviour]
    finding = harmed(behaviour).findings[0]
    assert finding.kind == kind
    assert message in finding.message
    assert finding.facts.get("time") == 1 or finding.case is not None


def test_the_run_goes_on_with_a_new_process() -> None:
    outcomes = run("hostile_peers:peer_garbage", "FWD-1", "PAR-1", "FWD-2").outcomes
    assert [outcome.verdict for outcome in outcomes] == ["fail", "pass", "fail"]


def test_a_harness_that_breaks_on_bad_input_has_not_refused_it() -> None:
    (outcome,) = run("hostile_peers:peer_exits", "ERR-1").outcomes
    assert (outcome.verdict, outcome.findings[0].kind) == ("fail", "crashed")


RECORD = """
[[deviation]]
id = "exits-at-one-step"
adapter = "stdio:reference"
versions = { numpy = ">=1" }
clause = "FWD-1"
what = "ends the process"
why = "it was made to"
when = { time = 1 }
ends_process = true
witness = { dtype = "float32", layers = [{ forward = { W_x = [[1.0]], W_h = [[1.0]] } }], x = [[[1.0]]] }
"""


def test_what_breaks_it_can_be_recorded(tmp_path: Path) -> None:
    path = tmp_path / "records.toml"
    path.write_text(RECORD)
    job = Job("hostile_peers:peer_exits", ["FWD-1"], deviations_file=str(path))
    (outcome,) = run_adapter(job, 60).outcomes
    assert outcome.verdict == "deviation"
    assert outcome.elements > 0


def test_no_process_is_left() -> None:
    """What a harness was started as has ended with the run, though it would wait for ever."""
    marker = f"silence-{os.getpid()}"
    sleeper = f"{sys.executable} -c 'import time; time.sleep(3600)' {marker}"
    answers = run_jobs([Job(f"stdio:{sleeper}", ["FWD-1"])], timeout=1)
    assert "gave no sign" in answers[0].refusal
    until = time.monotonic() + 10
    while left := [path for path in Path("/proc").glob("[0-9]*/cmdline") if marker.encode() in _read(path)]:
        assert time.monotonic() < until, left
        time.sleep(0.05)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_results_have_a_name_of_their_own(tmp_path: Path) -> None:
    result = run(SERVED, "FWD-1")
    assert result.adapter == "stdio:reference"
    assert result.asked_for == SERVED
    assert re.fullmatch(r"stdio-reference-[\w.]+\.json", results_path(tmp_path, result).name)


def test_the_reference_is_the_same_over_the_protocol() -> None:
    """The same cases with the same errors: nothing is lost on the way there and back."""
    clauses = ("FWD-1", "BID-1", "LEN-1", "ERR-5", "ERR-6", "EDG-1", "GRD-1", "GRD-10", "NAN-1", "DTY-1")
    there, here = run(SERVED, *clauses), run("reference", *clauses)
    for one, other in zip(there.outcomes, here.outcomes, strict=True):
        assert one.verdict == other.verdict == "pass"
        assert one.digest == other.digest
        assert (one.elements, one.worst_ratio) == (other.elements, other.worst_ratio)


def test_a_default_that_is_not_the_documented_one_is_found_over_the_protocol() -> None:
    served = "rnn_conformance.faults.chapter_27_configuration:AnotherDefaultThanDocumented"
    (outcome,) = run(SERVED.replace("reference", served), "CFG-2").outcomes
    assert outcome.verdict == "fail"
    assert [finding.kind for finding in outcome.findings] == ["value"]
    assert "options lost: default of return_sequences" in outcome.findings[0].message
