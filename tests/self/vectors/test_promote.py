"""A counterexample that a failure left becomes a vector, which shows the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from helpers import random_case, random_cell

from rnn_adapters.histories import Action
from rnn_conformance.cli import main
from rnn_conformance.engine.case import SavedCase, to_data, write_case
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import plain
from rnn_conformance.faults.registry import fault_framework
from rnn_conformance.vectors import chapters
from rnn_conformance.vectors.form import IndexData, VectorData, read_index, read_vectors
from rnn_conformance.vectors.judge import judge
from rnn_conformance.vectors.making import PROMOTED, make, stale
from rnn_conformance.vectors.ready import ready

CASE = random_case(random_cell(2, 3, gain=0.5), time=2)


@pytest.fixture(autouse=True)
def few_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the recipes only those that the small folder is made of."""
    from rnn_conformance.vectors.chapters.chapter_01_recurrence import PLANS

    recipes = [recipe for plan in PLANS[:2] for recipe in list(plan.recipes())[:2]]
    monkeypatch.setattr(chapters, "all_recipes", lambda: iter(recipes))


def saved(**changes: Any) -> SavedCase:
    fields: dict[str, Any] = {
        "clause": "FWD-2",
        "case": to_data(CASE),
        "adapter": "mine",
        "versions": {"mine": "1.0"},
        "kind": "value",
        "message": "sequence output: 2 of 4 values are out of bound; the first at batch 0\n  value 1",
        "likely_cause": "fault:transposed-recurrent-weight",
    }
    return SavedCase(**(fields | changes))


def promote(folder: Path, case: SavedCase, *options: str) -> Result:
    path = folder.parent / "failure.json"
    write_case(path, case)
    return CliRunner().invoke(main, ["vectors", "promote", str(path), "--folder", str(folder), *options])


def vector_in(folder: Path, number: int) -> VectorData:
    return next(vector for vector in read_vectors(folder) if vector.id == number)


def test_there_and_back(folder: Path) -> None:
    """It has the next id, the flag of its likely cause, and kills the fault; made again it is the same."""
    result = promote(folder, saved())
    assert (result.exit_code, result.output) == (0, "vector 5\n")
    vector = vector_in(folder, 5)
    assert vector.flags == ["recurrent-orientation"]
    assert vector.comment == (
        "found on mine (mine 1.0): sequence output: 2 of 4 values are out of bound; the first at batch 0"
    )
    assert read_index(folder).ids[f"{PROMOTED}1"] == 5
    assert vector.types == ["float64", "float32"]
    made = ready(vector, "float32")
    assert made.cases[-1].fingerprint == CASE.fingerprint
    assert judge(Subject(plain()), made).came == "pass"
    assert judge(Subject(fault_framework("transposed-recurrent-weight")), made).came == "fail"
    assert stale(folder) == []
    assert promote(folder, saved(), "--flag", "bias", "--comment", "mine").output == "vector 6\n"
    assert (vector_in(folder, 6).flags, vector_in(folder, 6).comment) == (["bias"], "mine")


def test_one_that_is_taken_out_is_retired(folder: Path) -> None:
    promote(folder, saved())
    make(folder, retire=[5])
    assert read_index(folder).retired == {f"{PROMOTED}1": 5}
    assert promote(folder, saved()).output == "vector 6\n"


def test_a_history_and_gradients(folder: Path) -> None:
    case = CASE.replace(
        history=(
            Action("call", CASE.call),
            Action("assign", network=CASE.network.mapped(lambda w: w / 2)),
            Action("read"),
        )
    )
    changes = {"clause": "HIS-4", "case": to_data(case), "likely_cause": ""}
    result = promote(folder, saved(**changes, message="at action 3: gradient of x: 1 of 4 values"))
    assert result.exit_code == 0, result.output
    vector = vector_in(folder, 5)
    assert [step.do for step in vector.steps] == ["call", "assign", "call", "gradients"]
    assert vector.flags == ["counterexample"]
    assert judge(Subject(plain()), ready(vector, "float32")).came == "pass"
    assert judge(Subject(fault_framework("slope-without-square")), ready(vector, "float32")).came == "fail"


@pytest.mark.parametrize(
    ("changes", "options", "said"),
    [
        ({"clause": "FWD-99"}, (), "clause: expected one of the spec; got FWD-99"),
        ({"case": to_data(CASE.replace(x=CASE.x[:, :, :1]))}, (), "x: expected shape"),
        (
            {"case": to_data(CASE.replace(training=True, dropout="input", rate=0.5))},
            (),
            "expected a case whose result is known; got one in which dropout acts",
        ),
        ({}, ("--flag", "x"), "--flag: expected one of "),
    ],
)
def test_what_cannot_become_a_vector_is_refused(
    changes: dict[str, Any], options: tuple[str, ...], said: str, folder: Path
) -> None:
    before: IndexData = read_index(folder)
    result = promote(folder, saved(**changes), *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert msgspec.json.encode(read_index(folder)) == msgspec.json.encode(before)


def test_a_file_that_is_no_case_is_refused(folder: Path) -> None:
    path = folder.parent / "failure.json"
    path.write_text("{}")
    result = CliRunner().invoke(main, ["vectors", "promote", str(path), "--folder", str(folder)])
    assert result.exit_code == 2
    assert "expected a field clause; got none" in result.stderr
