"""The command line, as a user meets it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest

from rnn_conformance.engine.results import RED, AdapterResult, read_result, results_schema
from rnn_conformance.measure.commands import PROGRAMS

HERE = Path(__file__).parent
README = HERE.parents[2] / "README.md"
ADAPTERS = str(HERE.parent)
"""Where broken_adapters and hostile_adapters lie."""


def results(folder: Path, adapter: str) -> AdapterResult:
    (found,) = [result for path in folder.glob("*.json") if (result := read_result(path)).adapter == adapter]
    return found


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([ADAPTERS, os.environ.get("PYTHONPATH", "")])}


def cli(*arguments: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rnn_conformance.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, timeout=timeout, check=False, env=environment()
    )


def test_a_run_prints_a_matrix_and_writes_results(tmp_path: Path) -> None:
    done = cli("run", "--adapter", "reference", "--clause", "FWD", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "every step follows the recurrence" in done.stdout
    assert "pass" in done.stdout
    result = results(tmp_path / "results", "reference")
    assert [outcome.clause for outcome in result.outcomes] == [f"FWD-{n}" for n in range(1, 8)]
    assert all(outcome.cases and outcome.informative for outcome in result.outcomes)


def test_a_baseline_makes_a_fork_green_until_something_is_new(tmp_path: Path) -> None:
    name = "fault:transposed-recurrent-weight"
    known = ("run", "--adapter", name, "--clause", "FWD-2", "--baseline", "known.json")
    assert cli(*known, cwd=tmp_path).returncode == 2  # there is none yet
    assert cli(*known, "--update-baseline", cwd=tmp_path).returncode == 0
    done = cli(*known, "--junit", "junit.xml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"Known by the baseline\n  FWD-2 {name}: value, on the default route" in done.stdout
    assert "run it again" not in done.stdout
    assert 'failures="0"' in (tmp_path / "junit.xml").read_text(encoding="utf-8")
    document = json.loads((tmp_path / "known.json").read_text(encoding="utf-8"))
    document["findings"] = [each for each in document["findings"] if each["route"] != "unrolled"]
    document["findings"].append(document["findings"][0] | {"route": "another"})
    (tmp_path / "known.json").write_text(json.dumps(document), encoding="utf-8")
    done = cli(*known, cwd=tmp_path)
    assert done.returncode == 1
    assert "FWD-2 fail" in done.stdout
    assert "value, on route unrolled" in done.stdout
    assert done.stdout.count("run it again") == 1
    assert f"Gone, and still in the baseline (--update-baseline)\n  FWD-2 {name}" in done.stdout
    assert "on route another" in done.stdout


def test_a_failure_says_everything_and_can_be_run_again(tmp_path: Path) -> None:
    name = "fault:transposed-recurrent-weight"
    done = cli("run", "--adapter", name, "--clause", "FWD-2", cwd=tmp_path)
    assert done.returncode == 1
    readme = README.read_text(encoding="utf-8").replace("2.4.6", numpy.__version__)
    shown = readme[readme.index("```text\nFWD-2") :]
    assert told(shown) == told(done.stdout)
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
    (repeated, *_) = run_again(done.stdout, tmp_path)
    assert repeated.returncode == 1
    assert "FWD-2 fail" in repeated.stdout
    (fine, *_) = run_again(done.stdout.replace(f"--adapter {name}", "--adapter reference"), tmp_path)
    assert fine.returncode == 0


def told(output: str) -> list[str]:
    """The explanation of the first failure, up to the first command, but for how many cases showed it."""
    lines = output[
        output.index("FWD-2 fail") : output.index(".json", output.index("run it again"))
    ].splitlines()
    return [line for line in lines if not line.startswith("value, on the default route")]


def run_again(output: str, cwd: Path) -> list[subprocess.CompletedProcess[str]]:
    """What the commands give that stand in the explanation of a failure."""
    lines = [line for line in output.splitlines() if line.startswith("run it again: rnn-conformance ")]
    assert lines
    return [cli(*shlex.split(line.partition("rnn-conformance ")[2]), cwd=cwd) for line in lines]


def test_the_command_to_run_a_failure_again_is_complete(tmp_path: Path) -> None:
    """Every option that matters is another than the default, and has a space where it can."""
    (tmp_path / "my records.toml").write_text("")
    options = ["--seed", "3", "--profile", "ci", "--results", "my results", "--deviations", "my records.toml"]
    name = "fault:transposed-recurrent-weight"
    done = cli("run", "--adapter", name, "--clause", "FWD-2", *options, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    for again in run_again(done.stdout, tmp_path):
        assert again.returncode == 1, again.stderr
        assert "FWD-2 fail" in again.stdout
    assert not (tmp_path / "results").exists()


def test_a_case_is_run_as_one_of_another_clause_and_writes_nothing(tmp_path: Path) -> None:
    cli("run", "--adapter", "fault:transposed-recurrent-weight", "--clause", "FWD-2", cwd=tmp_path)
    path = next((tmp_path / "results" / "failures").glob("*-FWD-2.json"))
    before = sorted(tmp_path.rglob("*"))
    done = cli("run", "--case", str(path), "--clause", "FWD-1", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FWD-1" in done.stdout
    assert "FWD-2" not in done.stdout
    assert sorted(tmp_path.rglob("*")) == before


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
        (["run", "--case", "bad.json"], "case file bad.json: layers[0].forward.W_x: expected numbers"),
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


def test_a_route_that_this_machine_lacks_is_named_and_the_run_is_green(tmp_path: Path) -> None:
    done = cli(
        "run", "--adapter", "elsewhere:FRAMEWORK", "--clause", "FWD-1", "--clause", "OPT-11", cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "route gpu of elsewhere: this machine lacks a GPU" in " ".join(done.stdout.split())
    result = results(tmp_path / "results", "elsewhere")
    assert result.absent_routes == {"gpu": "a GPU"}
    assert [outcome.verdict for outcome in result.outcomes] == ["pass", "unsupported"]


def test_a_case_of_a_route_that_this_machine_lacks_is_refused(tmp_path: Path) -> None:
    layer = {"forward": {"W_x": [[1.0]], "W_h": [[0.5]], "b": [0.25]}}
    case = {"x": [[[0.5]]], "dtype": "float32", "route": "gpu", "layers": [layer]}
    written = {"clause": "OPT-11", "adapter": "elsewhere", "case": case}
    (tmp_path / "case.json").write_text(json.dumps(written), encoding="utf-8")
    done = cli("run", "--adapter", "elsewhere:FRAMEWORK", "--case", "case.json", cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "this machine lacks a GPU" in " ".join(done.stderr.split())


def test_one_bad_adapter_does_not_keep_the_others_from_being_checked(tmp_path: Path) -> None:
    done = cli("run", "--adapter", "nobody", "--adapter", "reference", "--clause", "FWD-1", cwd=tmp_path)
    assert done.returncode == 2
    assert results(tmp_path / "results", "reference").outcomes


def test_fuzz_stops_when_its_time_is_up(tmp_path: Path) -> None:
    done = cli("run", "--profile", "fuzz", "--seconds", "3", "--clause", "FWD-1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (outcome,) = results(tmp_path / "results", "reference").outcomes
    assert outcome.cases > 100


def test_lists(tmp_path: Path) -> None:
    clauses = cli("clauses", cwd=tmp_path)
    assert "FWD-1 MUST  every step follows the recurrence" in clauses.stdout
    assert "At every step t the state MUST be" in " ".join(
        cli("clauses", "FWD-1", cwd=tmp_path).stdout.split()
    )
    assert "transposed-recurrent-weight" in cli("faults", cwd=tmp_path).stdout


def test_adapters_are_listed_with_what_is_wrong_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two entry points: one has the name of what is built in, the other leads nowhere."""
    info = tmp_path / "made_up-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[rnn_conformance.adapters]\nreference = made_up:Rnn\nnowhere = no_such_module:Rnn\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    done = cli("adapters", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "keras-jax" in done.stdout
    words = " ".join(done.stdout.split())
    assert "The entry point reference = made_up:Rnn is not used: reference is built in." in words
    assert "cannot be imported: adapter 'nowhere' needs the module 'no_such_module'" in words


@pytest.mark.parametrize("arguments", [["--help"], ["measure", "--help"], ["run", "--help"]])
def test_help_is_quick_and_imports_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    heavy = ("numpy", "pytest", "hypothesis", "torch", "keras", "tensorflow", "rich", "msgspec")
    code = (
        "import sys; from click.testing import CliRunner; from rnn_conformance.cli import main;"
        " result = CliRunner().invoke(main, ARGUMENTS); assert result.exit_code == 0;"
        f" print([name for name in {heavy} if name in sys.modules])"
    ).replace("ARGUMENTS", repr(arguments))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_the_results_schema_describes_the_results() -> None:
    schema = results_schema()
    assert "AdapterResult" in json.dumps(schema)
    properties = schema["$defs"]["AdapterResult"]["properties"]
    assert {"adapter", "versions", "outcomes", "profile", "seed"} <= set(properties)


def verdicts(result: AdapterResult) -> dict[str, str]:
    return {outcome.clause: outcome.verdict for outcome in result.outcomes}


def started(cwd: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command line at work."""
    command = [sys.executable, "-m", "rnn_conformance.cli", "run", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env=environment()
    )


def until(condition: object, seconds: float = 60.0) -> None:
    """Wait for something to become true."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_workers_and_loses_nothing(tmp_path: Path, number: int, status: int) -> None:
    """Two adapters at a time have each passed one check and hang in the second."""
    clauses = ("--clause", "SEQ-1", "--clause", "SEQ-2", "--clause", "SEQ-4")
    names = ("Hangs", "HangsToo")
    adapters = [word for name in names for word in ("--adapter", f"hostile_adapters:{name}")]
    run = started(tmp_path, *adapters, "--jobs", "2", *clauses)
    until(lambda: len(list(tmp_path.glob("*.hangs"))) == 2)
    workers = [int(path.stem) for path in tmp_path.glob("*.hangs")]
    assert all(map(lives, workers))
    run.send_signal(number)
    output, errors = run.communicate(timeout=20)
    assert run.returncode == status, output + errors
    assert not any(map(lives, workers))
    assert "stopping" in errors
    assert "Traceback" not in output + errors
    for name in ("hangs", "hangs-too"):
        result = results(tmp_path / "results", name)
        assert result.interrupted
        assert verdicts(result) == {"SEQ-1": "pass"}
    assert "interrupted; 1 clauses were checked" in output


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    code = (
        "import os, signal, time\n"
        "from rnn_conformance.running.jobs import ended_by_signals\n"
        "from rnn_conformance.running.process import Stop\n"
        "with ended_by_signals(Stop()):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    print('still there', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(60)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 130
    assert done.stdout == "still there\n"


def test_results_of_other_clauses_stay_if_they_are_of_the_same_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("run", "--clause", "FWD-1", "--clause", "FWD-2", cwd=tmp_path)
    cli("run", "--clause", "FWD-3", "--clause", "FWD-1", cwd=tmp_path)
    assert list(verdicts(results(tmp_path / "results", "reference"))) == ["FWD-1", "FWD-2", "FWD-3"]
    cli("run", "--clause", "FWD-3", "--seed", "1", cwd=tmp_path)
    assert list(verdicts(results(tmp_path / "results", "reference"))) == ["FWD-3"]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # another environment
    cli("run", "--clause", "FWD-1", "--seed", "1", cwd=tmp_path)
    assert list(verdicts(results(tmp_path / "results", "reference"))) == ["FWD-1"]


def test_cases_of_failures_go_when_they_are_stale_and_stay_otherwise(tmp_path: Path) -> None:
    name, failures = "fault:transposed-recurrent-weight", tmp_path / "results" / "failures"
    cli("run", "--adapter", name, "--clause", "FWD-2", cwd=tmp_path)
    kept = next(failures.glob("*-FWD-2.json"))
    stale = kept.with_name(kept.name.replace("FWD-2", "PAR-1"))
    stale.write_text("{}")
    second = stale.with_suffix(".2.json")
    second.write_text("{}")
    cli("run", "--adapter", name, "--clause", "PAR-1", cwd=tmp_path)
    assert kept.exists()
    assert not stale.exists()
    assert not second.exists()


def test_a_place_that_cannot_be_written_is_refused_before_any_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = cli("run", "--results", "file/below", cwd=tmp_path, timeout=20)
    assert done.returncode == 2
    assert "--results: file/below cannot be written: Not a directory" in done.stderr
    assert done.stdout == ""


def test_two_adapters_of_one_name_are_refused(tmp_path: Path) -> None:
    names = ("broken_adapters:Prints", "hostile_adapters:AlsoPrints")
    adapters = [word for name in names for word in ("--adapter", name)]
    done = cli("run", *adapters, "--clause", "FWD-1", cwd=tmp_path)
    assert done.returncode == 2
    told = " ".join(done.stderr.split())
    orders = (names, names[::-1])  # whichever says its name first
    assert any(f"got {one} and {other}, which are both called 'prints'" in told for one, other in orders)


def test_a_run_that_asserts_nothing_is_red(tmp_path: Path) -> None:
    done = cli("run", "--adapter", "hostile_adapters:Little", "--clause", "BID-1", cwd=tmp_path)
    assert done.returncode == 1
    assert "nothing was asserted" in done.stdout


def test_fail_fast_ends_at_the_first_finding_and_keeps_what_there_is(tmp_path: Path) -> None:
    """A fault that many clauses catch: those before it pass, it is shown, and nothing follows."""
    names = ("fault:transposed-recurrent-weight", "reference")
    adapters = [word for name in names for word in ("--adapter", name)]
    done = cli("run", "--fail-fast", "--jobs", "1", *adapters, cwd=tmp_path)
    assert done.returncode == 1
    result = results(tmp_path / "results", names[0])
    assert result.interrupted
    assert [outcome.verdict in RED for outcome in result.outcomes].count(True) == 1
    assert len(result.outcomes) < 20
    assert f"interrupted; {len(result.outcomes)} clauses were checked" in done.stdout
    assert result.red[0].clause in done.stdout
    assert [path.name for path in (tmp_path / "results").glob("*.json")] == [
        f"{names[0].replace(':', '-')}-{numpy.__version__}.json"
    ]


def test_fail_fast_changes_nothing_where_nothing_is_found(tmp_path: Path) -> None:
    done = cli("run", "--fail-fast", "--clause", "FWD", "--clause", "EXA", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = results(tmp_path / "results", "reference")
    assert not result.interrupted
    assert list(verdicts(result)) == [f"FWD-{n}" for n in range(1, 8)] + [f"EXA-{n}" for n in range(1, 3)]


def test_measures_are_commands(tmp_path: Path) -> None:
    done = cli("measure", "coverage", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "all that can be combined occur together" in done.stdout
    listed = cli("measure", "--help", cwd=tmp_path).stdout
    for name in PROGRAMS:
        assert name in listed
        assert cli("measure", name, "--help", cwd=tmp_path).returncode == 0
