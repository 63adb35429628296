"""Results files: what is written is read back, what breaks the schema is refused both ways."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rnn_conformance.engine.clauses import spec_folder, spec_version
from rnn_conformance.engine.environment import this_environment
from rnn_conformance.engine.results import AdapterResult, read_result, write_result
from rnn_conformance.running.messages import Job
from rnn_conformance.running.process import run_adapter
from rnn_reference import BadInput

OLDER = Path(__file__).parents[1] / "report" / "files" / "results-2.json"
"""Written by the suite 2026.11.0."""


@pytest.fixture(scope="module")
def result() -> AdapterResult:
    return run_adapter(Job("fault:transposed-recurrent-weight", ["FWD-2"]), 60)


def test_what_is_written_is_read_back_and_keeps_the_schema(tmp_path: Path, result: AdapterResult) -> None:
    path = write_result(tmp_path, result)
    assert read_result(path) == result
    schema = json.loads((spec_folder() / "schemas" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema)


def test_a_run_tells_where_it_was_made(result: AdapterResult) -> None:
    assert result.spec_version == spec_version() == "1"
    assert result.environment == this_environment()
    assert result.environment.packages["numpy"]


def test_a_file_of_the_schema_before_is_read() -> None:
    result = read_result(OLDER)
    assert (result.spec_version, result.environment.python) == ("", "3.11.7")
    assert result.environment.platform.startswith("Linux")
    assert [outcome.clause for outcome in result.outcomes] == ["FWD-2", "SEQ-1"]
    assert result.outcomes[0].findings[0].case is not None


def negative(document: dict[str, Any]) -> None:
    document["outcomes"][0]["cases"] = -1


def another_verdict(document: dict[str, Any]) -> None:
    document["outcomes"][0]["verdict"] = "splendid"


def no_clause(document: dict[str, Any]) -> None:
    document["outcomes"][0]["clause"] = "../FWD"


def no_environment(document: dict[str, Any]) -> None:
    del document["environment"]


def a_later_schema(document: dict[str, Any]) -> None:
    document["schema"] = "rnn-conformance/results/4"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (negative, r"outcomes\[0\]\.cases: expected int >= 0"),
        (another_verdict, r"outcomes\[0\]\.verdict: invalid enum value 'splendid'"),
        (no_clause, r"outcomes\[0\]\.clause: expected str matching regex"),
        (no_environment, "expected a field environment; got none"),
        (
            a_later_schema,
            "expected schema rnn-conformance/results/3 or .*/2; got '.*/4'",
        ),
    ],
)
def test_a_file_that_breaks_the_schema_is_refused(
    tmp_path: Path, result: AdapterResult, spoil: Callable[[dict[str, Any]], None], words: str
) -> None:
    path = write_result(tmp_path, result)
    document = json.loads(path.read_text(encoding="utf-8"))
    spoil(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(BadInput, match=words):
        read_result(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{}", b"[" * 100_000])
def test_what_is_no_results_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(BadInput, match=f"results file {path}: No such file"):
        read_result(path)
    path.write_bytes(content)
    with pytest.raises(BadInput, match="results file"):
        read_result(path)


def test_what_would_be_no_results_file_is_not_written(tmp_path: Path) -> None:
    result = read_result(OLDER)
    result.outcomes[0].worst_ratio = math.nan
    with pytest.raises(BadInput, match=r"outcomes\[0\]\.worst_ratio: expected float; got null"):
        write_result(tmp_path, result)
    assert not list(tmp_path.iterdir())
