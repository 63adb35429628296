"""Many versions of a framework: installed, swept, bisected; records get the versions that were found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import elman
import jsonschema
import msgspec
import pytest

from rnn_conformance.engine.deviations import read_deviations
from rnn_conformance.engine.results import Came, Witnessed, read_result
from rnn_conformance.report.ranges import Range, changes, found_range, runs, standing, update
from rnn_conformance.report.schemas import SCHEMAS
from rnn_conformance.report.sweep import could_not_run, tables
from rnn_conformance.running import environments
from rnn_conformance.running.environments import (
    NotInstallable,
    environment,
    released_versions,
    selected_versions,
)
from rnn_conformance.running.messages import Job, Tried, TryWitness
from rnn_conformance.running.process import Stop
from rnn_conformance.running.releases import requirements_at, worker_at
from rnn_conformance.running.sweep import Sweep, Swept, read_sweep, sweep_path
from rnn_reference import BadInput

ADAPTER = "elman:FRAMEWORK"
RECORD_OF_NAN = """
[[deviation]]
id = "a"
adapter = "elman"
versions = { elmanlib = ">=1.1" }
clause = "SEQ-3"
kind = "value"
what = "It is lost."
why = "So it is."
when = { time = 1 }
[deviation.witness]
dtype = "float32"
layers = [{ forward = { W_x = [[1.0]], W_h = [[0.5]], b = [0.25] } }]
x = [[[nan]]]
"""
HERE = str(Path(elman.__file__).parent)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return elman.wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(autouse=True)
def _no_other_index(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip, and the workers, find the releases of `elmanlib` and nothing else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([HERE, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(environments, "own_requirements", list)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("environments")


def cli(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rnn_conformance.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)


def test_releases_are_found_the_oldest_first() -> None:
    assert released_versions("elmanlib") == ["1.0", "1.1", "1.2", "1.3", "2.0", "2.1"]


def test_what_is_no_version_in_an_index_is_no_release(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "elmanlib (2.0)\nAvailable versions: 2.0, 1.6.2.linux-x86_64, 1.0\n"
    monkeypatch.setattr(environments, "run_installer", lambda *arguments: said)
    assert released_versions("elmanlib") == ["1.0", "2.0"]


def test_a_package_that_pip_does_not_find_is_named() -> None:
    with pytest.raises(NotInstallable, match="no version of elmanlob can be found"):
        released_versions("elmanlob")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("..", ["1.9", "1.10", "2.0"]),
        ("1.10..", ["1.10", "2.0"]),
        ("..1.10", ["1.9", "1.10"]),
        (">=1.9,!=1.10", ["1.9", "2.0"]),
        ("2.0, 1.5", ["1.5", "2.0"]),
    ],
)
def test_versions_are_selected(wanted: str, expected: list[str]) -> None:
    assert selected_versions(wanted, ["1.9", "1.10", "2.0"]) == expected


@pytest.mark.parametrize("wanted", ["", "new", "1.0..new", ">=new", "3.0..", "1.0,"])
def test_what_selects_no_version_is_refused(wanted: str) -> None:
    with pytest.raises(BadInput, match=r"^versions: "):
        selected_versions(wanted, ["1.9", "1.10", "2.0"])


def test_what_is_no_requirement_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected a requirement such as .*; got 'keras 3'"):
        environment(("keras 3",), cache=tmp_path)


def test_an_environment_is_installed_once(tmp_path: Path) -> None:
    made = environment(("elmanlib==1.0",), cache=tmp_path)
    (made.folder / "mark").touch()
    again = environment(("elmanlib==1.0",), cache=tmp_path)
    assert again == made
    assert (again.folder / "mark").exists()
    assert [folder.name for folder in tmp_path.iterdir()] == [made.folder.name]


def test_what_cannot_be_installed_leaves_no_environment(tmp_path: Path) -> None:
    with pytest.raises(NotInstallable, match=r"elmanlib==9.9 cannot be installed:\n.*elmanlib==9.9"):
        environment(("elmanlib==9.9",), cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_compare_runs_both_versions_and_tells_what_got_worse(tmp_path: Path, cache: Path) -> None:
    versions = ("elmanlib==1.0", "elmanlib==1.1", "--adapter", ADAPTER, "--clause", "SEQ")
    done = cli("compare", *versions, "--environments", cache, "--drift", "--format", "json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    (compared,) = json.loads(done.stdout)["adapters"]
    found = compared["difference"]
    assert (found["old"]["versions"], found["new"]["versions"]) == ({"elmanlib": "1.0"}, {"elmanlib": "1.1"})
    assert found["regressed"]
    assert not found["other_cases"]
    assert compared["drift"]["compared"]  # sequences, which are as they were
    assert not any(moved["changed"] for moved in compared["drift"]["moved"])
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == [
        "elmanlib--1.0",
        "elmanlib--1.1",
    ]


def test_a_version_that_cannot_be_compared_ends_with_2(tmp_path: Path, cache: Path) -> None:
    for version, words in (("1.2", "this release was made in a hurry"), ("9.9", "cannot be installed")):
        versions = ("elmanlib==1.0", f"elmanlib=={version}", "--adapter", ADAPTER, "--clause", "SEQ-1")
        done = cli("compare", *versions, "--environments", cache, cwd=tmp_path)
        assert done.returncode == 2, done.stdout
        assert words in done.stderr


def test_a_worker_finds_the_version_first(cache: Path) -> None:
    for version in ("1.0", "2.0"):
        with worker_at(Job(ADAPTER, []), (f"elmanlib=={version}",), 60, Stop(), cache) as worker:
            assert worker.started.versions == {"elmanlib": version}


def test_what_a_release_requires_is_installed_where_it_is_missing(cache: Path) -> None:
    with worker_at(Job(ADAPTER, []), ("elmanlib==2.1",), 60, Stop(), cache) as worker:
        assert worker.started.versions == {"elmanlib": "2.1"}


def test_a_release_that_cannot_be_imported_says_so(cache: Path) -> None:
    with pytest.raises(BadInput, match="this release was made in a hurry"):
        worker_at(Job(ADAPTER, []), ("elmanlib==1.2",), 60, Stop(), cache)


def test_a_sweep_tells_when_a_deviation_came_and_went(tmp_path: Path, cache: Path) -> None:
    """From nothing to a record with the right versions, by the commands that a user has."""
    options = ("--package", "elmanlib", "--environments", cache, "--versions", "..2.0", "--explain")
    done = cli("sweep", ADAPTER, *options, "--clause", "SEQ-3", "--clause", "FWD-1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "this release was made in a hurry" in done.stdout
    assert "pass 1.0; fail 1.1 … 1.3; pass 2.0" in done.stdout
    assert "FWD-1" not in done.stdout
    assert "The same cases were drawn at every version, for all of 2 clauses." in done.stdout
    made = read_sweep(sweep_path(tmp_path / "results", "elman", "elmanlib"))
    assert [swept.version for swept in made.swept if swept.problem] == ["1.2"]
    kept = [tmp_path / "results" / swept.results for swept in made.swept if swept.results]
    assert [read_result(path).versions["elmanlib"] for path in kept] == ["1.0", "1.1", "1.3", "2.0"]
    jsonschema.validate(json.loads(msgspec.json.encode(made)), SCHEMAS["sweep.json"]())

    records = tmp_path / "deviations.toml"
    failure = next((tmp_path / "results" / "failures").glob("*1.1*.json"))
    records.write_text(cli("record", failure, "--every-route", cwd=tmp_path).stdout, encoding="utf-8")
    assert 'versions = { elmanlib = ">=1.1" }' in records.read_text(encoding="utf-8")
    done = cli("sweep", ADAPTER, *options, "--witnesses-only", "--deviations", records, cwd=tmp_path)
    assert "conforms 1.0; deviates 1.1 … 1.3; conforms 2.0" in done.stdout, done.stdout + done.stderr

    sweep = sweep_path(tmp_path / "results", "elman", "elmanlib")
    done = cli("record", "--update-ranges", sweep, "--deviations", records, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "elman-seq-3-value: elmanlib >=1.1 → >=1.1, <2.0\n"
    assert 'versions = { elmanlib = ">=1.1, <2.0" }' in records.read_text(encoding="utf-8")
    done = cli("record", "--update-ranges", sweep, "--deviations", records, cwd=tmp_path)
    assert done.stdout == ""


def test_a_second_sweep_uses_what_the_first_has_left(tmp_path: Path, cache: Path) -> None:
    options = ("--package", "elmanlib", "--environments", cache, "--clause", "SEQ-3", "--explain")
    cli("sweep", ADAPTER, *options, "--versions", "1.0", cwd=tmp_path)
    (kept,) = (tmp_path / "results").glob("elman*.json")
    before = kept.stat().st_mtime_ns
    done = cli("sweep", ADAPTER, *options, "--versions", "1.0,1.1", "--format", "markdown", cwd=tmp_path)
    assert "| SEQ-3 | pass 1.0; fail 1.1 |" in done.stdout
    assert kept.stat().st_mtime_ns == before
    cli("sweep", ADAPTER, *options, "--versions", "1.0", "--again", cwd=tmp_path)
    assert kept.stat().st_mtime_ns > before


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("1.0", "1.3", "SEQ-3 on the default route, value: came in elmanlib 1.1\n  the release before, 1.0,"),
        ("2.0", "1.1", "SEQ-3 on the default route, value: went in elmanlib 2.0\n  the release before, 1.3,"),
    ],
)
def test_bisect_names_the_release(good: str, bad: str, said: str, tmp_path: Path, cache: Path) -> None:
    options = ("--package", "elmanlib", "--environments", cache)
    done = cli("bisect", ADAPTER, "--clause", "SEQ-3", "--good", good, "--bad", bad, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_bisect_says_where_nothing_tells_two_versions_apart(tmp_path: Path, cache: Path) -> None:
    options = ("--package", "elmanlib", "--environments", cache, "--good", "1.0", "--bad", "2.0")
    done = cli("bisect", ADAPTER, "--clause", "SEQ-3", *options, cwd=tmp_path)
    assert done.returncode == 1
    assert "SEQ-3: no finding tells elmanlib 1.0 and 2.0 apart" in done.stdout


def swept(version: str, *deviates: bool, problem: str = "", other: Came = "conforms") -> Swept:
    routes: dict[str, Came] = {
        str(number): "deviates" if each else other for number, each in enumerate(deviates)
    }
    return Swept(version=version, problem=problem, witnesses={"a": {"SEQ-3": Witnessed(routes=routes)}})


def test_a_witness_that_fails_otherwise_is_told_from_one_that_conforms() -> None:
    """It is no reason for a record to hold, and none to say that all is well."""
    assert standing(swept("1.0", False, other="fails otherwise"), "a") == "fails otherwise"
    assert standing(swept("1.0", False, True, other="fails otherwise"), "a") == "partly"
    both = sweep_of(swept("1.0", True), swept("1.1", False, other="fails otherwise"))
    assert found_range("a", [both]) == Range(">=1.0, <1.1")


def sweep_of(*versions: Swept) -> Sweep:
    return Sweep(
        adapter="elman",
        package="elmanlib",
        suite_version="",
        python="",
        platform="",
        profile="quick",
        seed=0,
        swept=list(versions),
    )


def test_a_witness_that_could_not_be_run_is_told() -> None:
    """It says nothing of the record, and that nothing was said is no silence."""
    lost = swept("1.1")
    lost.witnesses["a"]["SEQ-3"] = Witnessed(error="the process ended")
    made = sweep_of(swept("1.0", True), lost)
    assert could_not_run(made)
    assert not could_not_run(sweep_of(swept("1.0", True)))
    (table,) = [table for table in tables(made, {}) if table.heading == "Witnesses that could not be run"]
    assert table.rows == [("1.1", "a", "SEQ-3", "the process ended")]
    assert found_range("a", [made]) == Range(">=1.0")


def test_a_witness_tells_a_declaration_from_a_mistake(cache: Path) -> None:
    """A clause that is unsupported is one thing, a record that there is not another."""
    with worker_at(Job(ADAPTER, []), ("elmanlib==1.0",), 60, Stop(), cache) as worker:
        tried = worker.try_witness(TryWitness("nothing", "SEQ-3"), 60)
    assert isinstance(tried, Tried)
    assert "record: expected" in tried.witnessed.error


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ((swept("1.0", True), swept("1.1", True)), Range(">=1.0")),
        ((swept("1.0", False), swept("1.1", True)), Range(">=1.1")),
        ((swept("1.0", True), swept("1.1", False)), Range(">=1.0, <1.1")),
        ((swept("1.0", True), swept("1.1", False), swept("1.2", True)), Range(">=1.0, !=1.1")),
        ((swept("1.0", True), swept("1.1", problem="broken"), swept("1.2", True)), Range(">=1.0")),
        ((swept("1.0", True), swept("1.1", True, False)), Range(">=1.0, <1.1", ["1.1"])),
        ((swept("1.0", False),), Range("")),
        ((swept("1.0"),), None),
    ],
)
def test_a_range_is_what_was_seen(versions: tuple[Swept, ...], expected: Range | None) -> None:
    assert found_range("a", [sweep_of(*versions)]) == expected


def test_adapters_that_a_record_is_about_must_agree() -> None:
    one = sweep_of(swept("1.0", True), swept("1.1", True))
    other = sweep_of(swept("1.0"), swept("1.1", False))
    assert found_range("a", [one, other]) == Range(">=1.0, <1.1", ["1.1"])


def test_a_range_is_written_into_a_file_that_holds_what_is_no_number(tmp_path: Path) -> None:
    """NaN, which is not equal to itself, stands in some witnesses: it is no change of the record."""
    path = tmp_path / "records.toml"
    path.write_text(RECORD_OF_NAN, encoding="utf-8")
    found = changes({path: read_deviations(str(path))}, [sweep_of(swept("1.0", True), swept("1.1", False))])
    for change in found:
        update(change)
    assert path.read_text(encoding="utf-8") == RECORD_OF_NAN.replace(">=1.1", ">=1.0, <1.1")


@pytest.mark.parametrize(
    ("package", "versions", "name"),
    [
        ("@elman/lib", {"lib": "1.2"}, "lib"),
        ("elman-node", {"elman-node": "1.2", "elmanlib": "1.2"}, "elmanlib"),  # released together
        ("elman-node", {"elman-node": "1.2", "elmanlib": "2.0"}, "elman-node"),
    ],
)
def test_a_range_is_of_what_a_record_calls_the_package(
    package: str, versions: dict[str, str], name: str, tmp_path: Path
) -> None:
    path = tmp_path / "records.toml"
    path.write_text(RECORD_OF_NAN, encoding="utf-8")
    made = sweep_of(swept("1.1", problem="broken"), swept("1.2", False), swept("1.3", True))
    made.package = package
    for each in made.swept[1:]:
        each.versions = {known: each.version if at == "1.2" else at for known, at in versions.items()}
    (change,) = changes({path: read_deviations(str(path))}, [made])
    assert (change.package, change.found.specifier) == (name, ">=1.3")


def test_what_stands_beside_a_version_may_be_of_the_same_version() -> None:
    found = requirements_at("mlx", "0.30.0", ("mlx-cpu=={version}", "numpy==2.0"))
    assert found == ("mlx==0.30.0", "mlx-cpu==0.30.0", "numpy==2.0")


def test_neighbours_that_are_alike_are_one_run() -> None:
    assert runs([("1", "a"), ("2", "a"), ("3", "b"), ("4", "a")]) == [
        ("a", "1", "2"),
        ("b", "3", "3"),
        ("a", "4", "4"),
    ]
