"""`pytest --pyargs rnn_conformance`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from rnn_conformance.engine.results import read_result


def pytest_run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--pyargs",
        "rnn_conformance",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


def test_runs_every_check_for_the_named_adapters(tmp_path: Path) -> None:
    done = pytest_run("--rnn-adapter", "reference", "--rnn-results", "out", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    (path,) = (tmp_path / "out").glob("reference-*.json")
    assert len(read_result(path).outcomes) > 100


def test_clauses_are_selected_with_k_and_failures_are_explained(tmp_path: Path) -> None:
    name = "fault:transposed-recurrent-weight"
    done = pytest_run("--rnn-adapter", name, "-k", "FWD-2", cwd=tmp_path)
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert f"FWD-2 fail: {name}" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_clause_stands_in_the_id(tmp_path: Path) -> None:
    done = pytest_run("--rnn-adapter", "reference", "--collect-only", "-q", cwd=tmp_path)
    assert "test_01_recurrence.py::test_every_step_follows_the_recurrence[FWD-1-reference]" in done.stdout


def test_a_crash_fails_its_test_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "crashing.py").write_text((Path(__file__).parents[1] / "broken_adapters.py").read_text())
    arguments = ("--rnn-adapter", "crashing:Exits", "-k", "SEQ-1- or SEQ-2- or NUM-3-", "-v")
    done = pytest_run(*arguments, cwd=tmp_path)
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "with exit status 3" in done.stdout
    assert "FAILED" in next(line for line in done.stdout.splitlines() if "[SEQ-2-crashing:Exits]" in line)


def test_x_stops_at_the_first_failure(tmp_path: Path) -> None:
    name = "fault:transposed-recurrent-weight"
    done = pytest_run("--rnn-adapter", name, "--rnn-results", "out", "-x", "-k", "FWD-", cwd=tmp_path)
    assert re.search(r"= 1 failed, \d+ deselected in", done.stdout)
    (path,) = (tmp_path / "out").glob("*.json")
    assert [outcome.clause for outcome in read_result(path).outcomes] == ["FWD-1"]


def test_processes_of_xdist_write_one_file(tmp_path: Path) -> None:
    pytest_run("--rnn-adapter", "reference", "--rnn-results", "one", "-k", "FWD- or SEQ-", cwd=tmp_path)
    name = ("--rnn-adapter", "reference", "--rnn-results", "two")
    done = pytest_run(*name, "-n", "2", "-k", "FWD- or SEQ-", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    (alone,), (together,) = (tuple((tmp_path / each).rglob("*.json")) for each in ("one", "two"))
    told = [
        [(o.clause, o.verdict, o.digest) for o in read_result(path).outcomes] for path in (alone, together)
    ]
    assert told[0] == told[1]
    assert len(told[0]) > 10


def test_what_the_baseline_knows_fails_no_test_and_the_rest_does(tmp_path: Path) -> None:
    """The file is that of `run --update-baseline`; what it does not know fails, and is told alone."""
    name = "fault:transposed-recurrent-weight"
    command = [sys.executable, "-m", "rnn_conformance.cli", "run", "--adapter", name, "--clause", "FWD-2"]
    command += ["--baseline", "known.json", "--update-baseline"]
    assert subprocess.run(command, capture_output=True, cwd=tmp_path, check=False).returncode == 0
    known = ("--rnn-adapter", name, "--rnn-baseline", "known.json", "-k")
    done = pytest_run(*known, "FWD-1- or FWD-2-", cwd=tmp_path)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert f"FWD-1 fail: {name}" in done.stdout
    assert f"FWD-2 fail: {name}" not in done.stdout
    assert re.search(rf"Known by the baseline =+\s+FWD-2 {name}: value", done.stdout)

    baseline = json.loads((tmp_path / "known.json").read_text())
    left = [each for each in baseline["findings"] if each["route"]]
    assert len(left) < len(baseline["findings"])
    (tmp_path / "known.json").write_text(json.dumps({**baseline, "findings": left}))
    done = pytest_run(*known, "FWD-2-", cwd=tmp_path)
    assert done.returncode == 1
    assert "on the default route" in done.stdout
    assert "on route time major:" not in done.stdout


def test_a_baseline_that_is_missing_ends_the_run_with_status_2(tmp_path: Path) -> None:
    arguments = ("--rnn-adapter", "reference", "--rnn-baseline", "none.json", "-k", "FWD-2-")
    done = pytest_run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "none.json: No such file or directory" in done.stdout + done.stderr


def test_without_an_adapter_says_what_to_do(tmp_path: Path) -> None:
    done = pytest_run(cwd=tmp_path)
    assert done.returncode != 0
    assert "name what to check: --rnn-adapter NAME" in done.stdout + done.stderr


def test_an_unknown_adapter_ends_the_run_with_status_2(tmp_path: Path) -> None:
    done = pytest_run("--rnn-adapter", "nobody", cwd=tmp_path)
    assert done.returncode == 2
    assert "adapter 'nobody' is not known" in done.stdout + done.stderr


def test_the_plugin_costs_other_test_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\ndef test_nothing():\n    assert 'rnn_conformance.engine.check' not in sys.modules\n"
        "    assert 'numpy' not in sys.modules\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout
