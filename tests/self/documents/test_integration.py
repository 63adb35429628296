"""The guide to continuous integration: its commands, its files, and the scripts of the action."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from docs import FILE, ROOT

GUIDE = (ROOT / "spec" / "97-continuous-integration.md").read_text(encoding="utf-8")
COMMANDS = {"rnn-conformance": ["-m", "rnn_conformance.cli"], "pytest": ["-m", "pytest"]}
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def environment(**variables: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"} | variables


def test_commands_end_as_they_say(tmp_path: Path) -> None:
    printed, commands = "", 0
    for block in FILE.finditer(GUIDE):
        if block["language"] == "text":
            assert block["text"] == printed
        if block["language"] != "sh":
            continue
        for line in block["text"].splitlines():
            command, _, comment = line.partition("  # exit status ")
            name, *arguments = shlex.split(command)
            done = subprocess.run(
                [sys.executable, *COMMANDS[name], *arguments],
                capture_output=True,
                text=True,
                cwd=tmp_path,
                env=environment(),
                check=False,
            )
            assert done.returncode == int(comment or 0), f"{line}\n{done.stdout}{done.stderr}"
            printed, commands = done.stdout, commands + 1
    assert commands == 15


def workflows() -> list[dict[str, Any]]:
    return [yaml.safe_load(block["text"]) for block in FILE.finditer(GUIDE) if block["language"] == "yaml"]


def test_workflows_give_the_action_inputs_that_it_has() -> None:
    used = [
        step["with"]
        for workflow in workflows()
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("rnn-conformance/")
    ]
    assert len(used) == 2
    for given in used:
        assert given.keys() <= ACTION["inputs"].keys()
        assert {name for name, each in ACTION["inputs"].items() if each.get("required")} <= given.keys()


def test_jobs_name_what_the_workflow_takes_of_its_matrix() -> None:
    (text,) = [block["text"] for block in FILE.finditer(GUIDE) if block["language"] == "text"]
    taken = set(re.findall(r"\{\{ matrix\.(\w+) \}\}", GUIDE))
    assert all(job.keys() == taken for job in json.loads(text)["include"])


def test_the_environment_of_tox_can_be_read() -> None:
    (text,) = [block["text"] for block in FILE.finditer(GUIDE) if block["language"] == "ini"]
    read = configparser.ConfigParser(interpolation=None)
    read.read_string(text)
    assert read.has_option("testenv:rnn", "commands")


def step(name: str) -> dict[str, Any]:
    return next(step for step in ACTION["runs"]["steps"] if step["name"] == name)


@pytest.mark.parametrize(("adapter", "status"), [("reference", 0), ("fault:transposed-recurrent-weight", 1)])
def test_the_action_checks_and_writes_a_summary(adapter: str, status: int, tmp_path: Path) -> None:
    """Its script, with the inputs as GitHub would hand them over."""
    inputs = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()}
    inputs |= {"adapter": f"\n{adapter}\n", "arguments": "--clause FWD-2", "results": "my results"}
    given = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], value)
        for name, value in step("Check")["env"].items()
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("Check")["run"]],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(
            **given,
            GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"),
            PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        ),
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("```text\n")
    assert "FWD-2" in summary
    assert (tmp_path / "my results" / "junit.xml").exists()


def test_no_input_of_the_action_is_pasted_into_a_script() -> None:
    """What stands in an input is data: a script gets it by its environment."""
    assert all("${{" not in step.get("run", "") for step in ACTION["runs"]["steps"])
