"""Mutants of a small framework are noticed by the suite and by its own tests, or survive."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from rnn_conformance.measure.mutants import command
from rnn_conformance.measure.mutants.farm import package_with
from rnn_conformance.measure.mutants.laboratory import Measured
from rnn_conformance.measure.mutants.mutate import Mutant
from rnn_conformance.measure.mutants.reach import AT_IMPORT
from rnn_conformance.measure.mutants.target import Known, OfAdapter, Target, target_named
from rnn_conformance.measure.mutants.trial import Way, by_own_tests, by_suite, reached_by
from rnn_conformance.running.process import Stop
from rnn_reference import BadInput

FILES = {
    "smallrnn/__init__.py": "from smallrnn.core import scaled\n",
    "smallrnn/core/__init__.py": "from smallrnn.core.step import scaled\n",
    "smallrnn/core/step.py": "USED = 1\nUNUSED = 2\n\n\ndef scaled(x):\n    return x * USED\n",
    "smallrnn/core/step_test.py": "import smallrnn as s\n\n\ndef test_two():\n    assert s.scaled(2) == 2\n",
    "smallrnn/data/numbers.txt": "1 2 3",
    "small_adapter.py": """
from dataclasses import replace

import smallrnn
from rnn_adapters import Call, Output
from rnn_adapters.reference import ReferenceAdapter
from rnn_adapters import Supports

class Small(ReferenceAdapter):
    name = "small"
    conventions = replace(ReferenceAdapter.conventions, axes={})
    supports = Supports(activations=("tanh",), dtypes=("float32",), sequence=True)

    def run(self, model, call):
        return Output(sequence=smallrnn.scaled(super().run(model, call).sequence))
""",
}
STEP = "core/step.py"
ADAPTER = "small_adapter:Small"
TARGET = Target(
    "smallrnn",
    ADAPTER,
    {ADAPTER: OfAdapter()},
    {STEP: []},
    own_tests=["core/step_test.py"],
)
WAY = Way(TARGET, ADAPTER, Stop())
HARMLESS = FILES["smallrnn/core/step.py"].replace("= 2", "= 3")
WRONG = FILES["smallrnn/core/step.py"].replace("USED = 1", "USED = 2")
HANGING = FILES["smallrnn/core/step.py"].replace("return", "while True: pass\n    return")


def mutant(source: str, line: int = 1) -> Mutant:
    return Mutant(STEP, "", "constant", "", "", lines=(line, line), source=source)


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))


def test_the_package_is_there_once_more_with_one_file_changed() -> None:
    with package_with(TARGET.folder, {STEP: "changed"}, ["core/step_test.py"]) as folder:
        assert (folder / "smallrnn" / STEP).read_text() == "changed"
        assert (folder / "smallrnn/data/numbers.txt").read_text() == "1 2 3"
        assert not (folder / "smallrnn/core").is_symlink()
        assert (folder / "smallrnn/data").is_symlink()
    assert not folder.exists()
    assert (TARGET.folder / STEP).read_text() == FILES["smallrnn/core/step.py"]


def test_lines_are_told_by_the_chapters_that_execute_them() -> None:
    reached = reached_by(WAY)
    assert reached[STEP][AT_IMPORT] == [1, 2, 5, 6]  # the smoke test calls it
    assert reached[STEP]["FWD"] == [6]
    assert "GRD" not in reached[STEP]  # no gradients are declared


def test_chapters_that_do_not_execute_a_change_are_not_asked() -> None:
    way = replace(WAY, reached={STEP: {AT_IMPORT: [1, 2, 5], "FWD": [6]}})
    assert "GRD-1" in way.clauses(None)
    assert "GRD-1" in way.clauses(mutant(HARMLESS, 2))
    assert "GRD-1" not in way.clauses(mutant(WRONG, 6))
    assert "FWD-1" in way.clauses(mutant(WRONG, 6))
    assert not way.clauses(mutant(WRONG, 7))


def test_lines_are_left_out_or_known_whatever_they_become() -> None:
    of_step = Known(STEP, "scaled", "return x * USED", "whatever it is")
    target = replace(TARGET, left_out=["UNUSED"], outside=[of_step])
    assert any("UNUSED" in each.line for each in TARGET.mutants(ADAPTER))
    found = target.mutants(ADAPTER)
    assert found
    for each in found:
        assert "UNUSED" not in each.line
        assert bool(target.why(target.outside, each, ADAPTER)) == (each.function == "scaled")


def test_a_file_that_is_not_loaded_is_told() -> None:
    target = replace(TARGET, files={STEP: [], "core/other.py": []})
    (target.folder / "core/other.py").write_text("")
    with pytest.raises(BadInput, match="does not load core/other"):
        reached_by(replace(WAY, target=target))


def test_the_suite_notices_a_wrong_step_and_no_harmless_change() -> None:
    wrong = by_suite(WAY, mutant(WRONG))
    assert "fail: sequence output:" in wrong.how
    assert wrong.cpu_seconds > 0
    assert not by_suite(WAY, mutant(HARMLESS)).killed


def test_own_tests_notice_a_wrong_step_and_no_harmless_change() -> None:
    wrong = by_own_tests(WAY, mutant(WRONG))
    assert "step_test.py::test_two" in wrong.how
    assert wrong.cpu_seconds > 0
    assert not by_own_tests(WAY, mutant(HARMLESS)).killed


def test_what_hangs_is_noticed_and_ended() -> None:
    assert by_own_tests(replace(WAY, deadline=2.0), mutant(HANGING)).how == "not done after 2 s"
    hanging = by_suite(replace(WAY, deadline=3.0), mutant(HANGING))
    assert hanging.late
    assert not by_suite(WAY, mutant(WRONG)).late


def test_what_cannot_be_imported_is_noticed() -> None:
    broken = by_suite(WAY, mutant("no python"))
    assert "SyntaxError" in broken.how
    assert broken.cpu_seconds > 0
    assert by_own_tests(WAY, mutant("no python")).killed


def test_the_command_counts_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unused = Known(STEP, "", "UNUSED = 2", "nobody reads it", "constant", "UNUSED = 3")
    gone = Known(STEP, "", "GONE = 2", "it was there once", "constant", "GONE = 3")
    divided = Known(STEP, "scaled", "return x * USED", "it is one", "arithmetic", "return (x / USED)")
    target = replace(TARGET, equivalent=[unused, gone], outside=[divided])
    monkeypatch.setattr(command, "target_named", lambda framework: target)
    arguments = ["--framework", "small", "--own-tests", "--results", str(tmp_path / "out")]
    done = CliRunner().invoke(command.main, arguments)
    (path,) = (tmp_path / "out").iterdir()
    measured = msgspec.json.decode(path.read_bytes(), type=Measured)
    survived = [each.mutant.becomes for each in measured.tried if not each.trials["suite"].killed]
    assert measured.mutants_in_all == len(measured.tried) == 5
    assert sorted(survived) == ["UNUSED = 3", "pass", "return (x / USED)"]  # UNUSED is not assigned
    assert done.exit_code == 1
    assert done.stdout.count("survived the suite") == 1
    assert "-UNUSED = 2" in done.stdout
    assert "known, and not there: core/step.py : GONE = 3" in done.stdout
    again = [*arguments, "--survivors", str(path)]
    assert "3 of 5 mutants" in CliRunner().invoke(command.main, again).stdout


def test_files_of_frameworks_can_be_read() -> None:
    for framework in ("keras", "torch"):
        target = target_named(framework)
        assert target.files_for(target.adapter)
        for record in (*target.equivalent, *target.outside):
            assert record.why
            assert Mutant(
                *(getattr(record, name) for name in ("file", "function", "operator", "line", "becomes"))
            )
    with pytest.raises(BadInput, match="expected one of keras, torch"):
        target_named("nowhere")
    with pytest.raises(BadInput, match="--adapter: expected one of"):
        target_named("keras").files_for("torch")
