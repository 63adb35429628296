"""Two sides compared: how they are read, and what is said of them in text, Markdown and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner
from rich.console import Console
from runs import VALUE, outcome, result

from rnn_conformance.cli import main
from rnn_conformance.engine.clauses import spec_folder
from rnn_conformance.engine.environment import Environment
from rnn_conformance.engine.results import AdapterResult, Outcome, Verdict, drift_path, write_result
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.report.comparison import Comparison, Loaded, compared, loaded_from
from rnn_conformance.report.comparison_text import markdown, show
from rnn_conformance.running.drift import Drift, drift_of, write_drift
from rnn_reference import BadInput

HOSTILE = "a|b `c` <script> @everyone [x](http://y) \x1b[31m\n| d |"


def loaded(*outcomes: Outcome, version: str = "1.0", drift: Drift | None = None) -> dict[str, Loaded]:
    return {"mine": Loaded(result(*outcomes, version=version), drift)}


@pytest.fixture(scope="module")
def drift() -> Drift:
    made = drift_of(Subject(PlainNumpy()), {"mine": "1.0"})
    return msgspec.structs.replace(made, adapter="mine")


@pytest.fixture
def regression(drift: Drift) -> Comparison:
    """FWD-1 got red on the default route, by a hostile message; one number changed."""
    new = msgspec.convert(msgspec.to_builtins(drift), Drift)
    first = next(iter(new.cases.values()))
    values: Any = first.outputs["sequence output"].values
    values[0][0][0] += 1e-6
    bad = msgspec.structs.replace(VALUE, message=HOSTILE)
    return compared(
        loaded(outcome(default="pass", loop="pass"), drift=drift),
        loaded(outcome("fail", bad, default="fail", loop="pass"), version="1.1", drift=new),
    )


def text(comparison: Comparison) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        show(console, comparison)
    return capture.get()


def test_no_change_is_said_in_a_line(drift: Drift) -> None:
    same = compared(loaded(outcome(), drift=drift), loaded(outcome(), drift=drift))
    assert not same.regression
    words = f"no change; 1 clauses compared; every number the same to the bit, in {len(drift.cases)} cases"
    assert text(same).splitlines()[1:] == ["mine: mine 1.0 → mine 1.0", words]
    assert markdown(same) == f"### `mine: mine 1.0 → mine 1.0`\n\n{words}\n"


def test_a_regression_is_told_with_all_that_changed(regression: Comparison) -> None:
    assert regression.regression
    told = text(regression)
    for words in (
        "mine: mine 1.0 → mine 1.1",
        "regression in FWD-1; 1 clauses compared; 1 of ",
        "new: FWD-1 value, on the default route, where directions = 2: a|b",
        "Numbers that changed",
        "1 of 1632",
    ):
        assert words in told, told
    assert any(line.split()[1::2][:4] == ["FWD-1", "pass", "fail", "clause,"] for line in told.splitlines())


def test_what_others_say_is_no_markup_in_markdown(regression: Comparison) -> None:
    told = markdown(regression)
    assert "**regression in FWD-1;" in told
    assert "| `FWD-1` | `pass` | `fail` | `clause, default` |" in told
    (line,) = [line for line in told.splitlines() if "everyone" in line]
    assert line.startswith("- `new: FWD-1 value")
    assert line.endswith("`")
    assert line.count("`") == 2
    assert "|" not in line
    assert "\x1b" not in told


def test_json_keeps_the_schema(regression: Comparison) -> None:
    schema = json.loads((spec_folder() / "schemas" / "comparison.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(msgspec.json.encode(regression)), schema)


def test_what_else_differs_is_told_first() -> None:
    old = result(outcome(digest="0" * 32), environment=Environment(python="3.11"))
    new = result(outcome(digest="1" * 32), outcome(clause="FWD-2"))
    told = text(compared({"mine": Loaded(old)}, {"mine": Loaded(new)}))
    for words in (
        "python differs, too: 3.11 → 3.12",
        "other cases were drawn, so that what changed may be the cases' doing: FWD-1",
        "checked now only, and compared with nothing: FWD-2",
    ):
        assert words in told


def test_adapters_are_paired_and_the_others_named() -> None:
    other = msgspec.structs.replace(result(outcome()), adapter="another")
    old = loaded(outcome()) | {"another": Loaded(other)}
    found = compared(old, loaded(outcome()))
    assert [each.difference.new.adapter for each in found.adapters] == ["mine"]
    assert found.old_only == ["another"]
    assert "only on the old side: another" in text(found)
    with pytest.raises(BadInput, match="an adapter on both sides; got another on the old one and mine"):
        compared({"another": Loaded(other)}, loaded(outcome()))


def write(folder: Path, of: AdapterResult, drift: Drift | None = None) -> Path:
    path = write_result(folder, of)
    if drift is not None:
        write_drift(drift_path(path), drift)
    return path


def test_a_folder_is_read_with_its_drift_and_without_other_files(tmp_path: Path, drift: Drift) -> None:
    write(tmp_path, result(outcome()), drift)
    write(tmp_path, msgspec.structs.replace(result(outcome()), adapter="another", asked_for="another"))
    (tmp_path / "sweep-mine.json").write_text('{"schema": "rnn-conformance/sweep/1"}', encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    found = loaded_from(tmp_path)
    assert {name: each.drift is not None for name, each in found.items()} == {"another": False, "mine": True}
    assert list(loaded_from(tmp_path, "mine")) == ["mine"]


def test_drift_of_other_versions_is_left_aside(tmp_path: Path, drift: Drift) -> None:
    path = write(tmp_path, result(outcome()), msgspec.structs.replace(drift, versions={"mine": "0.9"}))
    assert loaded_from(path)["mine"].drift is None


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a results file; got none"):
        loaded_from(tmp_path)
    write(tmp_path, result(outcome()))
    write(tmp_path, result(outcome(), version="1.1"))
    with pytest.raises(BadInput, match=r"one results file of mine; got mine-1.0.json and mine-1.1.json"):
        loaded_from(tmp_path)
    with pytest.raises(BadInput, match="expected a results file of other; got none"):
        loaded_from(tmp_path, "other")


@pytest.mark.parametrize(("verdict", "status"), [("pass", 0), ("fail", 1)])
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_the_exit_status_tells_of_a_regression(
    tmp_path: Path, verdict: Verdict, status: int, form: str
) -> None:
    old, new = result(outcome()), result(outcome(verdict), version="1.1")
    paths = [str(write(tmp_path, each)) for each in (old, new)]
    done = CliRunner().invoke(main, ["compare", *paths, "--format", form])
    assert done.exit_code == status, done.output
    assert "FWD-1" in done.output or not status


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing.json", "nowhere"), "expected a results file, a folder of results, or packages such as"),
        (
            ("keras==3.9.2", "keras==3.10.0"),
            "--adapter: expected the adapter that is to be run",
        ),
    ],
)
def test_what_cannot_be_compared_ends_with_2(arguments: tuple[str, ...], words: str) -> None:
    done = CliRunner().invoke(main, ["compare", *arguments])
    assert done.exit_code == 2
    assert words in done.output
