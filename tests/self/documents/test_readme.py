"""What the README says is so: its adapter passes the suite, and a failure looks as it is shown."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from docs import ROOT, readme_adapter

from rnn_conformance.cli import main
from rnn_conformance.report import status

README = (ROOT / "README.md").read_text(encoding="utf-8")
VERSION = re.compile(r"\d+\.\d+\.\d+")


def command_line(folder: Path, *arguments: str, expect: int) -> str:
    """What `rnn-conformance` prints in a folder."""
    path = os.pathsep.join([str(folder), *sys.path])
    done = subprocess.run(
        [sys.executable, "-m", "rnn_conformance.cli", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


def test_the_adapter_is_short() -> None:
    body = readme_adapter().partition("class MyRnn")[2].splitlines()[1:]
    assert len([line for line in body if line.strip()]) <= 30


def test_the_adapter_passes_the_whole_suite(tmp_path: Path) -> None:
    (tmp_path / "my_rnn.py").write_text(readme_adapter(), encoding="utf-8")
    command_line(tmp_path, "run", "--adapter", "my_rnn:MyRnn", expect=0)
    result = json.loads((tmp_path / "results" / "mine-1.0.json").read_text(encoding="utf-8"))
    verdicts = {outcome["clause"]: outcome["verdict"] for outcome in result["outcomes"]}
    assert verdicts["FWD-1"] == "pass"
    assert verdicts["BID-1"] == "unsupported"
    assert set(verdicts.values()) == {"pass", "unsupported"}


def test_a_failure_looks_as_it_is_shown(tmp_path: Path) -> None:
    command = re.search(r"Run a fault and see for yourself: `rnn-conformance ([^`]+)`", README)
    shown = re.search(r"^```text\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert command is not None
    assert shown is not None
    printed = command_line(tmp_path, *command[1].split(), expect=1)
    explanation = printed[: printed.index("Clauses by adapter")].partition("\n")[2]
    assert VERSION.sub("…", explanation) == VERSION.sub("…", shown[1])


def test_the_commands_of_a_release_do_as_they_say(tmp_path: Path) -> None:
    (tmp_path / "my_rnn.py").write_text(readme_adapter(), encoding="utf-8")
    section = README.partition("## Did this release change anything?")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    printed = [command_line(tmp_path, *shlex.split(line)[1:], expect=0) for line in lines]
    shown = re.search(r"```text\n(.*?)```", section, re.DOTALL)
    assert shown is not None
    assert any(text.endswith(shown[1]) for text in printed)
    assert any(text.startswith("### `mine") for text in printed)
    assert (tmp_path / "junit.xml").exists()
    badge = json.loads((tmp_path / "badge.json").read_text(encoding="utf-8"))
    assert badge["message"] == "7 of 7 clauses"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_in_the_table(name: str) -> None:
    assert f"| `rnn-conformance {name}" in README


def test_every_exit_status_is_in_the_table() -> None:
    for number in (status.ALL_AS_RECORDED, status.SOMETHING_FAILED, status.COULD_NOT_RUN):
        assert f"\n| {number} | " in README
    assert f"\n| {status.INTERRUPTED}, 143 | " in README
