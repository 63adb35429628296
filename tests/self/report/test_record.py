"""`rnn-conformance record`: from a failure to a known deviation, without writing TOML by hand."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from helpers import random_case, random_cell

from rnn_conformance.cli import main
from rnn_conformance.engine.case import SavedCase, read_saved, to_data, write_case
from rnn_conformance.engine.deviations import Deviation, parse_deviations
from rnn_conformance.engine.results import Outcome
from rnn_conformance.report.record import TODO, toml
from rnn_conformance.running.jobs import run_jobs
from rnn_conformance.running.messages import Job


def run(fault: str, clauses: list[str], folder: Path, deviations: Path | None = None) -> list[Outcome]:
    file = None if deviations is None else str(deviations)
    (answer,) = run_jobs([Job(f"fault:{fault}", clauses, deviations_file=file)], folder=folder)
    assert answer.result is not None, answer.refusal
    return answer.result.outcomes


def record(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["record", *arguments])


def failures(folder: Path) -> list[str]:
    return sorted(map(str, (folder / "failures").glob("*.json")))


@pytest.mark.parametrize(
    ("fault", "clauses", "options"),
    [
        ("initial-state-broadcast", ["ERR-3"], ["--every-route"]),
        ("transposed-recurrent-weight", ["FWD-2"], ["--every-route"]),
        ("second-bias-not-counted", ["PAR-1"], ["--every-route"]),
        ("unrolled-from-zeros", ["OPT-2"], []),
        ("bias-gradient-averaged", ["GRD-5"], ["--every-route"]),
        ("bias-dropped", ["FWD-4", "PAR-4"], ["--every-route"]),
    ],
)
def test_a_failure_becomes_a_deviation(
    fault: str, clauses: list[str], options: list[str], tmp_path: Path
) -> None:
    """A run, its failure files, the record of them, and a run that knows it."""
    found = run(fault, clauses, tmp_path / "first")
    assert {outcome.verdict for outcome in found} == {"fail"}
    made = record(*failures(tmp_path / "first"), *options)
    assert made.exit_code == 0, made.output
    (parsed,) = parse_deviations(made.stdout)
    assert parsed.adapter == f"fault:{fault}"
    assert parsed.clauses == clauses
    assert parsed.why == TODO
    assert list(parsed.versions) == ["numpy"]
    (tmp_path / "mine.toml").write_text(made.stdout, encoding="utf-8")
    again = run(fault, clauses, tmp_path / "second", tmp_path / "mine.toml")
    assert [outcome.verdict for outcome in again] == ["deviation"] * len(clauses), again


def saved(tmp_path: Path, name: str, **changes: Any) -> str:
    case = random_case(random_cell(2, 3), batch=1).replace(route="loop")
    of: dict[str, Any] = {
        "clause": "FWD-2",
        "case": to_data(case),
        "adapter": "mine",
        "versions": {"my-rnn": "1.2.3+cpu", "numpy": "2.0"},
        "kind": "value",
        "message": 'sequence output: "wrong"\nand more',
    }
    path = tmp_path / f"{name}.json"
    write_case(path, SavedCase(**(of | changes)))
    return str(path)


def parsed_record(*paths: str) -> Deviation:
    made = record(*paths)
    assert made.exit_code == 0, made.output
    (parsed,) = parse_deviations(made.stdout)
    return parsed


def test_what_a_record_says(tmp_path: Path) -> None:
    parsed = parsed_record(saved(tmp_path, "one"))
    assert parsed.id == "mine-fwd-2-value"
    assert parsed.versions == {"my-rnn": ">=1.2.3"}
    assert parsed.what == 'sequence output: "wrong"'
    assert parsed.when == {"route": "loop"}
    assert parsed.kind == "value"
    assert parsed.witness.route == ""


def test_several_failures_are_one_record(tmp_path: Path) -> None:
    other = to_data(random_case(random_cell(2, 3), seed=2))
    parsed = parsed_record(
        saved(tmp_path, "one"), saved(tmp_path, "two", clause="FWD-4", case=other, adapter="yours")
    )
    assert parsed.clause == ["FWD-2", "FWD-4"]
    assert parsed.adapter == ["mine", "yours"]
    assert parsed.when == {"route": ["loop", "default"]}
    assert list(parsed.witnesses) == ["FWD-4"]


@pytest.mark.parametrize("changes", [{"kind": "shape"}, {"facts": {"batch": 2}}])
def test_different_findings_are_several_records(changes: dict[str, Any], tmp_path: Path) -> None:
    other = to_data(random_case(random_cell(2, 3), batch=2))
    made = record(saved(tmp_path, "one"), saved(tmp_path, "two", case=other, **changes))
    one, two = parse_deviations(made.stdout)
    assert one.id != two.id
    assert (one.kind, one.when) != (two.kind, two.when)


def test_facts_that_a_case_shares_are_taken_from_another_file(tmp_path: Path) -> None:
    """Of a route that few cases took it is not known what matters."""
    parsed = parsed_record(saved(tmp_path, "one"), saved(tmp_path, "two", facts={"dtype": "float32"}))
    assert parsed.when == {"dtype": "float32", "route": "loop"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"versions": {"other": "1"}}, "expected a failure of my-rnn, as in"),
        ({"adapter": ""}, "it does not say what was found"),
    ],
)
def test_what_can_be_no_record_is_explained(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    done = record(saved(tmp_path, "one"), saved(tmp_path, "two", **changes))
    assert done.exit_code == 2
    assert message in done.output


def test_a_case_file_of_before_is_read_and_explained(tmp_path: Path) -> None:
    path = Path(saved(tmp_path, "one"))
    document = json.loads(path.read_bytes())
    path.write_text(json.dumps({name: document[name] for name in ("clause", "case")}))
    assert read_saved(path).clause == "FWD-2"
    done = record(str(path))
    assert done.exit_code == 2
    assert "it does not say what was found" in done.output


@pytest.mark.parametrize(
    "value",
    [
        'quoted "text" with \\ and \t and \x7f and φ',
        [[-0.0, 1e-45, 3.4e38], ["nan", 5]],
        {"a key": True, "other": {"empty": {}, "none": []}},
        [{"forward": {"W_x": [[0.1] * 40]}}, {"forward": {"W_x": [[0.2] * 40]}}],
    ],
)
def test_what_is_written_is_read(value: Any) -> None:
    back = tomllib.loads(f"value = {toml(value)}")["value"]
    assert repr(back) == repr(value)
