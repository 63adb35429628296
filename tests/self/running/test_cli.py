"""The command line, as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_conformance.engine.results import read_result, results_schema
from rnn_reference import BadInput


def cli(*arguments: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rnn_conformance.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=timeout, check=False)


def test_a_run_prints_a_matrix_and_writes_results(tmp_path: Path) -> None:
    done = cli("run", "--adapter", "reference", "--clause", "FWD", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "every step follows the recurrence" in done.stdout
    assert "pass" in done.stdout
    result = read_result(tmp_path / "results" / "reference.json")
    assert [outcome.clause for outcome in result.outcomes] == [f"FWD-{n}" for n in range(1, 8)]
    assert all(outcome.cases and outcome.informative for outcome in result.outcomes)


def test_a_failure_says_everything_and_can_be_run_again(tmp_path: Path) -> None:
    name = "fault:transposed-recurrent-weight"
    done = cli("run", "--adapter", name, "--clause", "FWD-2", cwd=tmp_path)
    assert done.returncode == 1
    for words in (
        f"FWD-2 fail: {name} (numpy ",  # clause, adapter, versions
        "MUST lead from unit j at the step before to unit i",  # the clause's text
        "values are out of bound; the first at batch 0, time ",  # the first difference
        "value ",
        "expected ",
        "error ",
        "bound ",
        "likely cause: the output is that of fault:transposed-recurrent-weight",
        "the smallest case found that shows it:",
        "W_h = [[0.0, 0.0], [2.0, 0.0]]",
        f"run it again: rnn-conformance run --adapter {name} --case results/failures/",
    ):
        assert words in done.stdout, words
    again = next(line for line in done.stdout.splitlines() if line.startswith("run it again"))
    repeated = cli(*again.partition("rnn-conformance ")[2].split(), cwd=tmp_path)
    assert repeated.returncode == 1
    assert "FWD-2 fail" in repeated.stdout
    fine = again.partition("rnn-conformance ")[2].replace(name, "reference").split()
    assert cli(*fine, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--adapter", "torhc"], "adapter 'torhc' is not known; did you mean 'torch'?"),
        (["run", "--adapter", "fault:nothing"], "fault 'nothing' is not in the catalogue"),
        (
            ["run", "--adapter", "no_such_module:Thing"],
            "needs the module 'no_such_module', which is not installed",
        ),
        (["run", "--adapter", "json:dumps"], "adapter 'json:dumps' could not be made"),
        (["run", "--clause", "XYZ"], "--clause: expected a clause such as MOD-1"),
        (["run", "--case", "none.json"], "case file none.json: No such file or directory"),
        (["run", "--case", "bad.json"], "case file bad.json: Cell.W_x: expected finite weights"),
        (["run", "--deviations", "none.toml"], "deviations file none.toml: No such file"),
        (["run", "--seconds", "3"], "seconds: only the fuzz profile takes a time limit"),
        (["run", "--profile", "slow"], "Invalid value for '--profile'"),
        (["clauses", "XYZ"], "got 'XYZ'"),
        (["nothing"], "No such command 'nothing'"),
    ],
)
def test_bad_input_is_one_paragraph_and_exit_status_2(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "bad.json").write_text(
        '{"clause": "FWD-1", "case": {"dtype": "float32",'
        ' "layers": [{"forward": {"W_x": [[null]], "W_h": [[1]]}}], "x": [[[1]]]}}'
    )
    done = cli(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stdout + done.stderr
    assert "\n\n" not in done.stderr.strip() or "Usage" in done.stderr


def test_a_framework_that_is_not_installed_is_explained(tmp_path: Path) -> None:
    """Run without site-packages' frameworks: an import hook hides torch."""
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')")
    done = cli("run", "--adapter", "torch", cwd=tmp_path)
    assert done.returncode == 2
    words = " ".join(done.stderr.split())
    assert "needs the module 'torch', which is not installed here" in words
    assert "pip install 'rnn-conformance[torch]' brings it" in words


def test_one_bad_adapter_does_not_keep_the_others_from_being_checked(tmp_path: Path) -> None:
    done = cli("run", "--adapter", "nobody", "--adapter", "reference", "--clause", "FWD-1", cwd=tmp_path)
    assert done.returncode == 2
    assert (tmp_path / "results" / "reference.json").exists()


def test_fuzz_stops_when_its_time_is_up(tmp_path: Path) -> None:
    done = cli("run", "--profile", "fuzz", "--seconds", "3", "--clause", "FWD-1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (outcome,) = read_result(tmp_path / "results" / "reference.json").outcomes
    assert outcome.cases > 100


def test_lists(tmp_path: Path) -> None:
    clauses = cli("clauses", cwd=tmp_path)
    assert "FWD-1 MUST  every step follows the recurrence" in clauses.stdout
    assert "At every step t the state MUST be" in " ".join(
        cli("clauses", "FWD-1", cwd=tmp_path).stdout.split()
    )
    assert "keras-jax" in cli("adapters", cwd=tmp_path).stdout
    assert "transposed-recurrent-weight" in cli("faults", cwd=tmp_path).stdout


def test_help_is_quick_and_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("numpy", "pytest", "hypothesis", "torch", "keras", "tensorflow", "rich", "msgspec")
    code = (
        "import sys; from click.testing import CliRunner; from rnn_conformance.cli import main;"
        " result = CliRunner().invoke(main, ['--help']); assert result.exit_code == 0;"
        f" print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_results_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(BadInput, match="No such file"):
        read_result(path)
    path.write_text("{}")
    with pytest.raises(BadInput, match="missing required field"):
        read_result(path)


def test_the_results_schema_describes_the_results() -> None:
    schema = results_schema()
    assert "AdapterResult" in json.dumps(schema)
    properties = schema["$defs"]["AdapterResult"]["properties"]
    assert {"adapter", "versions", "outcomes", "profile", "seed"} <= set(properties)
