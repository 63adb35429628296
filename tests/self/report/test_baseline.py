"""What a baseline knows does not fail a run; what is new does; what is gone is told."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from runs import VALUE, changed, outcome, result

from rnn_conformance.engine.clauses import spec_folder
from rnn_conformance.engine.results import Finding, Outcome, RouteOutcome, Verdict
from rnn_conformance.report.baseline import (
    Baseline,
    Known,
    KnownFinding,
    KnownRed,
    judge,
    read_baseline,
    updated,
    write_baseline,
)
from rnn_conformance.report.run import exit_status
from rnn_conformance.running.messages import Job
from rnn_conformance.running.recording import Answer
from rnn_reference import BadInput

JOB = Job("mine", [])


def status(baseline: Baseline, *outcomes: Outcome) -> int:
    """The exit status of a run with this baseline."""
    of = result(*outcomes)
    return exit_status([Answer(JOB, of)], 0, judge(baseline, [of]))


def passing(clause: str = "FWD-2") -> Outcome:
    return Outcome(clause=clause, title="", verdict="pass", elements=1)


@pytest.mark.parametrize(
    "red",
    [
        outcome("fail", VALUE),
        outcome("fail", VALUE, changed(route="loop"), changed(kind="shape", facts={})),
        outcome("vacuous"),
        outcome("fixed", default="pass"),
        outcome("never deviated"),
        Outcome(clause="FWD-1", title="", verdict="fail", findings=[Finding(kind="crashed", message="died")]),
    ],
)
def test_a_fork_starts_green_and_stays_so(red: Outcome) -> None:
    assert status(Baseline(), red, passing()) == 1
    baseline = updated(Baseline(), [result(red, passing())])
    assert status(baseline, red, passing()) == 0
    assert updated(baseline, [result(red, passing())]) == baseline


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (outcome("fail", VALUE), 0),
        (outcome("fail", changed(message="other numbers")), 0),
        (outcome("fail", changed(facts={"directions": 2, "dtype": "float16"})), 0),
        (outcome("fail", VALUE, changed(facts={})), 1),
        (outcome("fail", VALUE, changed(route="loop")), 1),
        (outcome("fail", VALUE, changed(kind="crashed")), 1),
        (outcome("vacuous"), 1),
        (outcome("broken adapter"), 1),
        (outcome("error"), 2),
        (outcome("pass"), 0),
    ],
)
def test_what_is_new_fails(now: Outcome, expected: int) -> None:
    baseline = updated(Baseline(), [result(outcome("fail", VALUE))])
    assert status(baseline, now, passing()) == expected


def test_an_adapter_that_could_not_be_checked_is_no_pass() -> None:
    of = result(passing())
    assert exit_status([Answer(JOB, of, refusal="broken")], 0, judge(Baseline(), [of])) == 2


@pytest.mark.parametrize("verdict", ["error", "broken adapter"])
def test_what_could_not_be_checked_is_never_known(tmp_path: Path, verdict: Verdict) -> None:
    old = updated(Baseline(), [result(outcome("fail", VALUE))])
    new = updated(old, [result(outcome(verdict))])
    assert not new.reds
    assert bool(new.findings) is (verdict == "error")
    path = tmp_path / "b.json"
    write_baseline(
        path, Baseline(reds=[KnownRed(adapter="mine", clause="FWD-1", route=None, verdict=verdict)])
    )
    with pytest.raises(BadInput, match="expected a verdict of fail, vacuous, fixed, never deviated; got"):
        read_baseline(path)


def test_of_a_route_and_its_clause_the_route_alone_is_known() -> None:
    red = outcome("never deviated", default="pass", loop="never deviated")
    red.routes[1] = RouteOutcome(route="loop", verdict="never deviated", reason="it conforms\nmore")
    (known,) = updated(Baseline(), [result(red)]).reds
    assert known == KnownRed(
        adapter="mine", clause="FWD-1", route="loop", verdict="never deviated", comment="it conforms"
    )


def test_what_is_gone_is_told_and_taken_out() -> None:
    baseline = updated(Baseline(), [result(outcome("fail", VALUE), outcome("vacuous", clause="FWD-2"))])
    now = result(passing("FWD-1"), passing("FWD-2"))
    judged = judge(baseline, [now])
    assert ([each.clause for each in judged.gone], [each.clause for each in judged.gone_reds]) == (
        ["FWD-1"],
        ["FWD-2"],
    )
    assert updated(baseline, [now]) == Baseline()


def test_other_clauses_and_adapters_stay() -> None:
    baseline = updated(Baseline(), [result(outcome("fail", VALUE), outcome("vacuous", clause="FWD-2"))])
    other = msgspec.structs.replace(result(outcome("fail", VALUE)), adapter="another")
    both = updated(baseline, [other])
    assert [(entry.adapter, entry.clause) for entry in both.findings] == [
        ("another", "FWD-1"),
        ("mine", "FWD-1"),
    ]
    assert both.reds == baseline.reds
    assert not judge(baseline, [other]).gone


def test_facts_that_were_left_out_by_hand_stay_out() -> None:
    wide = KnownFinding(adapter="mine", clause="FWD-1", route="", kind="value", comment="ours")
    assert updated(Baseline(findings=[wide]), [result(outcome("fail", VALUE))]).findings == [wide]


def test_what_is_written_is_read_back_sorted_and_keeps_the_schema(tmp_path: Path) -> None:
    many = result(
        outcome("fail", changed(route="loop"), VALUE, clause="BID-1"),
        outcome("fail", VALUE, clause="FWD-2"),
        outcome("vacuous"),
    )
    baseline = updated(Baseline(), [many])
    write_baseline(tmp_path / "b.json", baseline)
    assert read_baseline(tmp_path / "b.json") == baseline
    assert [(entry.clause, entry.route) for entry in baseline.findings] == [
        ("FWD-2", ""),
        ("BID-1", ""),
        ("BID-1", "loop"),
    ]
    assert baseline.findings[0].comment == "2 of 4 values are out of bound"
    schema = json.loads((spec_folder() / "schemas" / "baseline.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads((tmp_path / "b.json").read_text(encoding="utf-8")), schema)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory; --update-baseline writes what a run finds there"),
        ("{}", None),
        ('{"findings": [{"adapter": "a"}]}', r"findings\[0\]: expected a field clause; got none"),
        ('{"known": []}', "expected known fields; got known"),
        ('{"schema": "rnn-conformance/results/3"}', "schema: invalid enum value"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str | None, words: str | None) -> None:
    path = tmp_path / "b.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    if words is None:
        assert read_baseline(path) == Baseline()
        return
    with pytest.raises(BadInput, match=words):
        read_baseline(path)


def test_what_makes_no_sense_together_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected --baseline FILE, too"):
        Known.at(None, update=True, one_case=False)
    with pytest.raises(BadInput, match="got --case"):
        Known.at(tmp_path / "b.json", update=False, one_case=True)
    with pytest.raises(BadInput, match="No such file"):
        Known.at(tmp_path / "b.json", update=False, one_case=False)


def test_a_run_that_fails_fast_goes_on_at_what_is_known(tmp_path: Path) -> None:
    red = outcome("fail", VALUE)
    known = updated(Baseline(), [result(red)])
    write_baseline(tmp_path / "b.json", known)
    for update in (False, True):
        assert not Known.at(tmp_path / "b.json", update=update, one_case=False).is_bad(result(), red)
    assert Known.at(None, update=False, one_case=False).is_bad(result(), red)
    new = outcome("fail", changed(route="loop"))
    assert Known.at(tmp_path / "b.json", update=False, one_case=False).is_bad(result(), new)
    assert not Known.at(tmp_path / "b.json", update=True, one_case=False).is_bad(result(), new)
