"""A run in parts gives the very results of a whole one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from rnn_conformance.engine.results import AdapterResult, read_result
from rnn_conformance.running.shards import Shard, merge_folders, merged, parsed_shard
from rnn_reference import BadInput

FAULT = "fault:transposed-recurrent-weight"


def cli(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rnn_conformance.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


def told(path: Path) -> dict[str, object]:
    """What results say, but for times, and for what depends on them: how small a case was made."""
    result = msgspec.to_builtins(read_result(path))
    for outcome in result["outcomes"]:
        outcome["findings"] = sorted({finding["kind"] for finding in outcome["findings"]})
    for each in (result, *result["outcomes"]):
        for name in ("started", "seconds", "start_up_seconds", "framework_seconds", "peak_memory_mib"):
            each.pop(name, None)
    return dict(result)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of a whole run, and of three parts of it."""
    folder = tmp_path_factory.mktemp("whole")
    options = ("--adapter", "reference", "--adapter", FAULT, "--clause", "FWD", "--clause", "SEQ")
    assert cli("run", *options, "--results", "whole", cwd=folder).returncode == 1
    for part in ("1/3", "2/3", "3/3"):
        cli("run", *options, "--shard", part, "--results", part[0], cwd=folder)
    return folder


def test_parts_give_what_the_whole_gives(whole: Path) -> None:
    done = cli("merge", "1", "2", "3", "--results", "merged", cwd=whole)
    assert done.returncode == 1
    assert f"FWD-2 fail: {FAULT}" in done.stdout
    results = sorted(path.name for path in (whole / "whole").glob("*.json"))
    assert len(results) == 2
    assert [told(whole / "merged" / name) for name in results] == [
        told(whole / "whole" / name) for name in results
    ]


def test_cases_of_what_was_found_come_along(whole: Path) -> None:
    answers = merge_folders([whole / part for part in "123"], whole / "together")
    cases = {path.name: path.read_bytes() for part in "123" for path in (whole / part / "failures").iterdir()}
    assert {path.name: path.read_bytes() for path in (whole / "together" / "failures").iterdir()} == cases
    assert {path.name for answer in answers for path in answer.cases.values()} == set(cases)
    assert "FWD-2" in "".join(cases)


def test_every_clause_is_in_one_share() -> None:
    clauses = [str(number) for number in range(20)]
    shares = [clause for number in range(1, 9) for clause in Shard(number, 8).share(clauses)]
    assert sorted(shares, key=int) == clauses


@pytest.mark.parametrize("text", ["", "2", "0/3", "4/3", "a/b", "-1/3", "1/3/4"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="--shard: expected NUMBER/COUNT"):
        parsed_shard(text)


def one(whole: Path, part: str) -> AdapterResult:
    return read_result(next((whole / part).glob("reference*.json")))


def test_parts_of_other_runs_are_refused(whole: Path) -> None:
    other = msgspec.structs.replace(one(whole, "2"), seed=1)
    with pytest.raises(BadInput, match="expected parts of one run"):
        merged([one(whole, "1"), other])


def test_parts_that_disagree_are_refused(whole: Path) -> None:
    part = one(whole, "1")
    changed = msgspec.structs.replace(part.outcomes[0], verdict="fail")
    with pytest.raises(BadInput, match="was asked twice: pass, and then fail"):
        merged([part, msgspec.structs.replace(part, outcomes=[changed])])


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is none in"):
        merge_folders([tmp_path], tmp_path / "merged")
