"""What changed between two runs: nothing between two of one version, and everything that did."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from runs import VALUE, changed, outcome, result

from rnn_conformance.engine.environment import Environment
from rnn_conformance.engine.results import AdapterResult, Finding, Outcome, Verdict, read_result
from rnn_conformance.report.difference import Change, difference
from rnn_conformance.running.messages import Job
from rnn_conformance.running.process import run_adapter
from rnn_reference import BadInput

FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize("adapter", ["reference", "fault:transposed-recurrent-weight"])
def test_two_runs_of_one_version_show_no_change(adapter: str) -> None:
    job = Job(adapter, ["FWD-1", "FWD-2", "BID-1", "GRD-1"])
    old, new = (run_adapter(job, 60) for _ in range(2))
    found = difference(old, new)
    assert found.checked == 4
    assert not found.is_change
    assert not found.is_regression
    assert not found.other_cases
    assert not found.conditions
    assert any(each.findings for each in new.outcomes) is adapter.startswith("fault:")


def test_the_fault_is_a_regression_of_the_reference() -> None:
    job = Job("reference", ["FWD-1", "FWD-2"])
    old = run_adapter(job, 60)
    new = run_adapter(msgspec.structs.replace(job, adapter="fault:transposed-recurrent-weight"), 60)
    new.adapter = old.adapter
    found = difference(old, new)
    assert found.regressed == ["FWD-1", "FWD-2"] or found.regressed == ["FWD-2"]
    assert "FWD-2" in {seen.clause for seen in found.findings_new}
    assert Change(clause="FWD-2", route=None, old="pass", new="fail", regressed=True) in found.verdicts


@pytest.mark.parametrize(
    ("old", "new", "regressed"),
    [
        ("pass", "fail", True),
        ("deviation", "fixed", True),
        ("unsupported", "vacuous", True),
        ("fail", "broken adapter", True),
        ("fail", "pass", False),
        ("fail", "fixed", False),
        ("pass", "unsupported", False),
        ("pass", "deviation", False),
    ],
)
def test_a_verdict_that_got_red_is_a_regression(old: Verdict, new: Verdict, regressed: bool) -> None:
    found = difference(result(outcome(old)), result(outcome(new)))
    assert found.verdicts == [Change(clause="FWD-1", route=None, old=old, new=new, regressed=regressed)]
    assert found.is_change
    assert found.is_regression is regressed


def test_a_route_that_got_red_is_one_though_the_clause_was_red_before() -> None:
    old = result(outcome("fail", default="fail", loop="pass"))
    new = result(outcome("fail", default="fail", loop="fail"))
    (change,) = difference(old, new).verdicts
    assert change == Change(clause="FWD-1", route="loop", old="pass", new="fail", regressed=True)


def test_a_new_route_is_asked_and_a_lost_one_is_told_of() -> None:
    old, new = result(outcome(default="pass", loop="pass")), result(outcome(default="pass", cell="pass"))
    assert [(each.route, each.old, each.new) for each in difference(old, new).verdicts] == [
        ("loop", "pass", None),
        ("cell", None, "pass"),
    ]
    assert not difference(old, new).is_regression


def test_a_new_finding_of_a_red_clause_is_a_regression() -> None:
    other = Finding(kind="shape", message="(3, 2)")
    found = difference(result(outcome("fail", VALUE)), result(outcome("fail", VALUE, other)))
    assert not found.verdicts
    assert [(seen.kind, seen.message) for seen in found.findings_new] == [("shape", "(3, 2)")]
    assert found.regressed == ["FWD-1"]


@pytest.mark.parametrize(
    ("new", "is_new"),
    [
        (changed(message="other numbers", cases=7), False),
        (changed(facts={"directions": 2, "padding": "mask"}), False),  # narrower
        (changed(facts={}), True),  # wider: more cases fail
        (changed(facts={"directions": 1}), True),
        (changed(kind="shape"), True),
        (changed(route="loop"), True),
    ],
)
def test_a_finding_is_known_by_kind_route_and_facts(new: Finding, is_new: bool) -> None:
    found = difference(result(outcome("fail", VALUE)), result(outcome("fail", new)))
    assert bool(found.findings_new) is is_new


def test_what_is_gone_is_told_of_and_is_no_regression() -> None:
    found = difference(result(outcome("fail", VALUE)), result(outcome("pass")))
    assert [seen.message for seen in found.findings_gone] == ["2 of 4 values are out of bound"]
    assert not found.is_regression


def test_deviations_that_were_met_come_and_go() -> None:
    old = result(Outcome(clause="FWD-1", title="", verdict="deviation", deviations=["a", "b"]))
    new = copy.deepcopy(old)
    new.outcomes[0].deviations = ["b", "c"]
    new.outcomes[0].unused_deviations = ["b"]
    found = difference(old, new)
    assert [record.id for record in found.deviations_new] == ["c"]
    assert [record.id for record in found.deviations_gone] == ["a", "b"]


def test_clauses_of_one_run_only_are_named_and_compared_with_nothing() -> None:
    old, new = result(outcome(), outcome(clause="FWD-2")), result(outcome(), outcome("fail", clause="FWD-3"))
    found = difference(old, new)
    assert (found.checked, found.clauses_new, found.clauses_gone) == (1, ["FWD-3"], ["FWD-2"])
    assert not found.is_regression


def test_other_cases_are_told_of() -> None:
    old, new = result(outcome(digest="0" * 32)), result(outcome(digest="1" * 32))
    assert difference(old, new).other_cases == ["FWD-1"]
    assert difference(old, old).other_cases == []


def test_what_differs_besides_the_framework_is_told() -> None:
    old = result(outcome(), environment=Environment(python="3.11", packages={"numpy": "1.26.4"}, cores=2))
    new = result(
        outcome(),
        version="2.0",
        profile="ci",
        environment=Environment(python="3.12", packages={"numpy": "2.0"}, threads={"OMP_NUM_THREADS": "1"}),
    )
    assert difference(old, new).conditions == {
        "profile": ("quick", "ci"),
        "python": ("3.11", "3.12"),
        "numpy": ("1.26.4", "2.0"),
        "OMP_NUM_THREADS": ("not set", "1"),
    }  # how many cores the new one had is not known


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda new: setattr(new, "adapter", "another"), "two runs of one adapter; got mine and another"),
        (lambda new: new.outcomes.clear(), "got none in common"),
    ],
)
def test_what_cannot_be_compared_is_refused(spoil: Callable[[AdapterResult], None], words: str) -> None:
    old = result(outcome())
    new = copy.deepcopy(old)
    spoil(new)
    with pytest.raises(BadInput, match=words):
        difference(old, new)


def test_an_older_file_is_compared_with_a_new_run() -> None:
    old = read_result(FILES / "results-2.json")
    new = run_adapter(Job(old.adapter, [each.clause for each in old.outcomes]), 60)
    found = difference(old, new)
    assert not found.is_regression
    assert not found.other_cases
    assert "spec" not in found.conditions
