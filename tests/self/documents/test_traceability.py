"""Clauses, checks, faults and vectors name each other, and nothing else."""

from __future__ import annotations

import pytest

from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.report.traceability import Vector, gaps, gaps_of_suite, traces, vectors_of_suite
from rnn_conformance.vectors.form import read_index, vectors_folder

CLAUSES = ("ABC-1", "WEX-1")
CHECKS = {"test_one": "ABC-1", "test_example": "WEX-1"}
FAULTS = {"wrong": "ABC-1"}


def test_everything_is_traced() -> None:
    assert gaps_of_suite() == []


def test_nothing_is_missing_where_all_is_named() -> None:
    assert gaps(CLAUSES, CHECKS, FAULTS, {"1": "ABC-1"}, {"torch": ["ABC-1"]}) == []


@pytest.mark.parametrize(
    ("checks", "faults", "vectors", "asked", "missing"),
    [
        ({"test_one": "ABC-1"}, {}, {}, [], "clause WEX-1: no check asks it"),
        ({"test_two": "ABC-2"}, {}, {}, [], "check test_two: ABC-2 is no clause"),
        ({}, {"late": "ABC-2"}, {}, [], "fault late: ABC-2 is no clause"),
        ({}, {"wrong": "WEX-1"}, {}, [], "clause ABC-1: no fault shows that its check can fail"),
        ({}, {}, {"7": "ABC-2"}, [], "vector 7: ABC-2 is no clause"),
        ({}, {}, {}, ["ABC-2"], "results of torch: ABC-2 is no clause"),
    ],
)
def test_what_is_missing_is_said(
    checks: dict[str, str], faults: dict[str, str], vectors: dict[str, str], asked: list[str], missing: str
) -> None:
    assert missing in gaps(CLAUSES, checks or CHECKS, faults or FAULTS, vectors, {"torch": asked})


def test_a_trace_has_all_that_names_the_clause() -> None:
    vectors = [Vector(3, "FWD-2"), Vector(8, "FWD-2"), Vector(9, "FWD-3")]
    trace = traces(vectors)["FWD-2"]
    assert [check.title for check in trace.checks] == ["recurrent weight leads from column to row"]
    assert {fault.name for fault in trace.faults} >= {"fault:transposed-recurrent-weight"}
    assert [vector.id for vector in trace.vectors] == [3, 8]
    assert list(traces([])) == list(all_clauses())


def test_the_vectors_are_those_of_the_index() -> None:
    vectors = vectors_of_suite()
    assert [vector.id for vector in vectors] == sorted(read_index(vectors_folder()).ids.values())
    assert all(vector.comment for vector in vectors)
