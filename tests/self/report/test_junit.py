"""JUnit XML: well-formed whatever is said, and green where a run is."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from runs import VALUE, changed, outcome, result

from rnn_conformance.engine.results import AdapterResult, Finding, Outcome, Verdict
from rnn_conformance.report.baseline import Baseline, judge, updated
from rnn_conformance.report.junit import junit, write_junit

HOSTILE = "]]> <script> & \" ' \x00 \x0b \x1b[31m \ufffe \ud800 \U0001f600 é"


def cases(of: AdapterResult, baseline: Baseline | None = None) -> dict[str, ET.Element]:
    root = ET.fromstring(junit([of], None if baseline is None else judge(baseline, [of])))
    return {str(case.get("name")): case for case in root.iter("testcase")}


def tags(case: ET.Element) -> list[str]:
    return [child.tag for child in case]


def test_a_test_case_for_each_clause_and_route() -> None:
    of = result(
        outcome("fail", changed(route="loop"), default="pass", loop="fail"),
        outcome("unsupported", clause="FWD-2"),
        outcome("deviation", clause="FWD-3", default="deviation"),
    )
    found = cases(of)
    assert {name: tags(case) for name, case in found.items()} == {
        "FWD-1 [default]": [],
        "FWD-1 [loop]": ["failure"],
        "FWD-2": ["skipped"],
        "FWD-3 [default]": ["system-out"],
    }
    (failure,) = found["FWD-1 [loop]"]
    assert failure.get("type") == "value"
    assert failure.get("message") == "2 of 4 values are out of bound"
    assert "directions = 2" in str(failure.text)
    assert found["FWD-1 [loop]"].get("classname") == "mine.FWD-1"


@pytest.mark.parametrize(
    ("verdict", "tag"),
    [("error", "error"), ("broken adapter", "error"), ("vacuous", "failure"), ("fixed", "failure")],
)
def test_a_red_clause_whose_routes_pass_is_a_case_of_its_own(verdict: Verdict, tag: str) -> None:
    red = msgspec.structs.replace(outcome(verdict, default="pass"), reason="why\nmore", traceback="where")
    (case, route) = cases(result(red)).values()
    assert (case.get("name"), tags(case), tags(route)) == ("FWD-1", [tag], [])
    assert (case[0].get("type"), case[0].get("message")) == (verdict, "why")
    assert "where" in str(case[0].text)


def test_a_process_that_was_lost_is_a_failure_of_the_clause() -> None:
    lost = Outcome(
        clause="FWD-1", title="", verdict="fail", findings=[Finding(kind="crashed", message="died")]
    )
    (case,) = cases(result(lost)).values()
    assert (tags(case), case[0].get("type")) == (["failure"], "crashed")


def test_what_a_baseline_knows_is_skipped() -> None:
    old = result(outcome("fail", VALUE, default="fail"))
    baseline = updated(Baseline(), [old])
    assert tags(cases(old, baseline)["FWD-1 [default]"]) == ["skipped", "system-out"]
    new = result(outcome("fail", VALUE, changed(kind="shape"), default="fail"))
    assert tags(cases(new, baseline)["FWD-1 [default]"]) == ["failure"]


def test_it_is_counted() -> None:
    of = result(outcome("fail", VALUE, default="fail"), outcome("unsupported", clause="FWD-2"))
    root = ET.fromstring(junit([of, msgspec.structs.replace(of, adapter="another")]))
    counted = [(each.get("tests"), each.get("failures"), each.get("skipped")) for each in (root, *root)]
    assert counted == [("4", "2", "2"), ("2", "1", "1"), ("2", "1", "1")]


def test_hostile_words_keep_it_well_formed(tmp_path: Path) -> None:
    finding = Finding(kind="raised", message=HOSTILE, route=HOSTILE, shown_case=HOSTILE)
    red = Outcome(clause="FWD-1", title=HOSTILE, verdict="fail", reason=HOSTILE, findings=[finding])
    of = result(red, adapter=HOSTILE, versions={HOSTILE: HOSTILE}, interrupted=True)
    write_junit(tmp_path / "junit.xml", [of])
    root = ET.parse(tmp_path / "junit.xml").getroot()
    (failure,) = root.iter("failure")
    assert "]]> <script> & \" '" in str(failure.text)
    assert "\U0001f600 é" in str(failure.text)
    assert "interrupted" in str(next(root.iter("system-err")).text)
