"""From outside: the wheel in an empty environment, and an adapter of somebody's own."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from docs import ROOT, readme_adapter

ADAPTER = readme_adapter()


def run(*command: str | Path, cwd: Path, expect: int = 0) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=cwd, check=False
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own with nothing but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("outside")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    return python


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project: one file with an adapter."""
    (tmp_path / "my_rnn.py").write_text(ADAPTER)
    return tmp_path


def test_the_command_line(python: Path, project: Path) -> None:
    output = run(
        python.with_name("rnn-conformance"),
        "run",
        "--adapter",
        "my_rnn:MyRnn",
        "--adapter",
        "reference",
        cwd=project,
    )
    assert "every step follows the recurrence" in output
    result = json.loads((project / "results" / "mine-1.0.json").read_text())
    verdicts = {outcome["clause"]: outcome["verdict"] for outcome in result["outcomes"]}
    assert verdicts["FWD-1"] == "pass"
    assert verdicts["BID-1"] == "unsupported"
    assert set(verdicts.values()) == {"pass", "unsupported"}


def test_pytest(python: Path, project: Path) -> None:
    command = (python, "-m", "pytest", "--pyargs", "rnn_conformance", "--rnn-adapter", "my_rnn:MyRnn")
    output = run(*command, "-rs", cwd=project)
    assert "passed" in output
    assert "unsupported: mine does not support: bidirectional" in output


def test_a_fault_in_it_is_found(python: Path, project: Path) -> None:
    wrong = ADAPTER.replace("cell.W_h.T, cell.bias", "cell.W_h, cell.bias")
    (project / "my_rnn.py").write_text(wrong)
    output = run(
        python.with_name("rnn-conformance"),
        "run",
        "--adapter",
        "my_rnn:MyRnn",
        "--clause",
        "FWD-2",
        cwd=project,
        expect=1,
    )
    assert "FWD-2 fail: mine (mine 1.0)" in output
    assert "likely cause: the output is that of fault:transposed-recurrent-weight" in output


def test_input_that_it_does_not_refuse_is_found(python: Path, project: Path) -> None:
    (project / "my_rnn.py").write_text(ADAPTER.replace("call.x.ndim != 3", "False"))
    command = (python.with_name("rnn-conformance"), "run", "--adapter", "my_rnn:MyRnn", "--clause", "ERR-2")
    output = run(*command, cwd=project, expect=1)
    assert "four axes: expected an error; got an answer" in output
    assert "run it again: rnn-conformance run --adapter my_rnn:MyRnn --case" in output


def test_a_site(python: Path, project: Path) -> None:
    """Its templates are in the wheel; what it is made with comes by an extra."""
    command_line = python.with_name("rnn-conformance")
    run(command_line, "run", "--adapter", "my_rnn:MyRnn", "--clause", "FWD", cwd=project)
    output = run(command_line, "report", "results", cwd=project, expect=2)
    assert "pip install 'rnn-conformance[report]' brings it" in output
    run(python, "-m", "pip", "install", "--quiet", "rnn-conformance[report]", cwd=project)
    run(command_line, "report", "results", cwd=project)
    assert "every step follows the recurrence" in (project / "site" / "index.html").read_text(
        encoding="utf-8"
    )
    assert (project / "site" / "assets" / "site.css").exists()


def test_vectors(python: Path, project: Path) -> None:
    """They are in the wheel, and so is their schema."""
    command = (python.with_name("rnn-conformance"), "vectors", "verify", "--adapter")
    assert "mine (mine 1.0): " in run(*command, "my_rnn:MyRnn", cwd=project)
    wrong = ADAPTER.replace("cell.W_h.T, cell.bias", "cell.W_h, cell.bias")
    (project / "my_rnn.py").write_text(wrong)
    assert "(FWD-2) in float32: fail" in run(*command, "my_rnn:MyRnn", cwd=project, expect=1)
    script = (
        "from rnn_conformance.vectors.form import vectors_folder as folder;"
        "print((folder().parent / 'schemas' / 'vectors.json').is_file())"
    )
    assert run(python, "-c", script, cwd=project).split() == ["True"]


def test_programs_in_other_languages_are_in_it(python: Path, project: Path) -> None:
    script = (
        "from importlib.resources import files; tfjs = files('rnn_adapters.tfjs');"
        "names = ['js/main.js', 'declarations.json', 'package.json', 'package-lock.json', '.npmrc'];"
        "print(all((tfjs / name).is_file() for name in names), (files('rnn_adapters.c') / 'rnn.c').is_file())"
    )
    assert run(python, "-c", script, cwd=project).split() == ["True", "True"]
    output = run(python.with_name("rnn-conformance"), "adapters", cwd=project)
    assert "python -m rnn_adapters.tfjs.install" in output


def test_a_framework_that_is_missing_is_explained(python: Path, project: Path) -> None:
    output = run(python.with_name("rnn-conformance"), "run", "--adapter", "torch", cwd=project, expect=2)
    assert "adapter 'torch' needs the module 'torch', which is not installed here" in output
    assert "Traceback" not in output
