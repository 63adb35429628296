"""Counterexamples are kept, tried again, and gone when they are none any more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.examples import Examples, examples_at
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import plain
from rnn_conformance.faults.registry import fault_framework

FAULT = "fault:transposed-recurrent-weight"
CHECK = all_checks()["FWD-2"]


def of_fault(folder: Path) -> Examples:
    """Examples of a fault, found once."""
    examples = examples_at(str(folder), FAULT)
    examples.update(perform(CHECK, Subject(fault_framework(FAULT)), PROFILES["quick"], []))
    return examples


def test_a_counterexample_is_found_again_where_none_is_drawn(tmp_path: Path) -> None:
    (first, *_) = kept = of_fault(tmp_path).of("FWD-2")
    subject = Subject(fault_framework(FAULT))
    right = [case for case in kept if case.network.cells[0].hidden_size > 1]
    assert right
    drawn = perform(all_checks()["FWD-1"], Subject(plain()), PROFILES["quick"], [], kept=[first])
    assert drawn.verdict == "pass"
    again = perform(all_checks()["EDG-1"], subject, PROFILES["quick"], [])
    with_kept = perform(all_checks()["EDG-1"], subject, PROFILES["quick"], [], kept=[first])
    assert again.verdict == "pass"
    assert with_kept.verdict == "fail"
    assert with_kept.digest == again.digest
    assert with_kept.cases == again.cases + 1
    assert [finding.route for finding in with_kept.findings] == [first.route]


def test_what_is_mended_is_kept_no_longer(tmp_path: Path) -> None:
    examples = of_fault(tmp_path)
    kept = examples.of("FWD-2")
    examples.update(perform(CHECK, Subject(plain()), PROFILES["quick"], [], kept=kept))
    assert kept
    assert examples.of("FWD-2") == []


def test_adapters_have_their_own(tmp_path: Path) -> None:
    assert of_fault(tmp_path).of("FWD-2")
    assert examples_at(str(tmp_path), "another").of("FWD-2") == []


def test_what_cannot_be_read_is_forgotten(tmp_path: Path) -> None:
    database = DirectoryBasedExampleDatabase(tmp_path)
    database.save(b"rnn-conformance/mine/FWD-2", b"[1")
    assert Examples(database, "mine").of("FWD-2") == []
    assert not list(database.fetch(b"rnn-conformance/mine/FWD-2"))


def test_the_command_keeps_and_tries_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rnn_conformance.cli", "run", "--adapter", FAULT, "--examples", "kept"]
    for seed in ("0", "1"):
        options = ["--clause", "FWD-2", "--seed", seed]
        done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr
    assert examples_at(str(tmp_path / "kept"), FAULT).of("FWD-2")
