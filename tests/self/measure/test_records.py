"""The measurement of records tells one that covers what conforms from one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.measure.records import Width, main, width_of
from rnn_conformance.running.session import Session

FAULT = "fault:tanh-for-relu"

RECORD = """
[[deviation]]
id = "tanh-for-relu"
adapter = "fault:tanh-for-relu"
versions = { numpy = ">=1" }
clause = ["FWD-1", "GRD-12"]
kind = "value"
what = "Computes tanh for relu."
why = "A fault of the catalogue."
when = { activation = "relu", hidden_size = [1, 2, 3] }
[deviation.witness]
dtype = "float32"
layers = [{ forward = { W_x = [[1.0]], W_h = [[0.5]], b = [0.25], activation = "relu" } }]
x = [[[1.0]]]
initial_states = [[[[0.5]]]]
"""

WIDE = RECORD.replace('activation = "relu", h', 'activation = ["relu", "tanh"], h')


def measured(folder: Path, text: str, clause: str = "FWD-1", cases: int = 40) -> Width:
    path = folder / "mine.toml"
    path.write_text(text)
    session = Session(FAULT, PROFILES["quick"], 7, str(path))
    (record,) = session.deviations
    return width_of(session, record, clause, cases, 60)


def test_what_is_covered_deviates(tmp_path: Path) -> None:
    """But for a few cases of which no output is above zero."""
    width = measured(tmp_path, RECORD)
    assert width.covered == 40
    assert width.deviating > 30
    assert ("activation", "tanh") not in dict(width.conforms_alone)


def test_a_condition_that_is_too_wide_is_told_by_what_conforms(tmp_path: Path) -> None:
    width = measured(tmp_path, WIDE)
    assert width.conforming > 10
    facts = dict(width.conforms_alone)
    assert facts["activation", "tanh"] == facts["activations", "tanh"] > 10
    assert ("activation", "relu") not in facts


def test_another_failure_is_no_deviation_of_the_record(tmp_path: Path) -> None:
    width = measured(tmp_path, RECORD.replace('"value"', '"raised"'), cases=5)
    assert width.otherwise > 3
    assert width.deviating == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"relu", h', '"relu", batch = 1000, h', "no case that it covers was drawn"),
        ("kind =", "ends_process = true\nkind =", "ends the process"),
    ],
)
def test_why_nothing_was_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str
) -> None:
    monkeypatch.setattr("rnn_conformance.measure.records.ROUNDS", 2)
    x = f"x = [{', '.join(['[[1.0]]'] * 1000)}]"
    h = f"[[{', '.join(['[0.5]'] * 1000)}]]"
    text = RECORD.replace(old, new).replace("x = [[[1.0]]]", x).replace("[[[0.5]]]", h)
    width = measured(tmp_path, text if "batch" in new else RECORD.replace(old, new))
    assert (width.covered, width.why_not) == (0, said)


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(WIDE)
    result = CliRunner().invoke(main, [FAULT, "--deviations", str(path), "--cases", "30"])
    assert result.exit_code == 0, result.output
    record, forward, gradients = result.output.splitlines()
    assert record == f"{FAULT}: tanh-for-relu"
    assert "only where it conforms: activation tanh (" in forward
    assert gradients.startswith("  GRD-12: ")


def test_a_record_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(RECORD)
    result = CliRunner().invoke(main, [FAULT, "--deviations", str(path), "--record", "nothing"])
    assert result.exit_code == 2
    assert "expected tanh-for-relu; got 'nothing'" in result.output
