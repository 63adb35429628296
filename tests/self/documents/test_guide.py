"""The guide to adding a framework, followed to the letter in a folder of its own."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from docs import FILE, ROOT

GUIDE = ROOT / "spec" / "95-add-a-framework.md"
COMMANDS = {
    "rnn-conformance": [sys.executable, "-m", "rnn_conformance.cli"],
    "python": [sys.executable],
}


def run(line: str, folder: Path) -> None:
    """Run a command of the guide; it ends with the exit status that a comment says, or 0."""
    command, _, comment = line.partition("  # exit status ")
    name, *arguments = shlex.split(command)
    path = os.pathsep.join([str(folder / "adapters"), str(folder), *sys.path])
    done = subprocess.run(
        [*COMMANDS[name], *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.returncode == int(comment or 0), f"{line}\n{done.stdout}{done.stderr}"
    (folder / "printed.txt").write_text(done.stdout, encoding="utf-8")


def test_every_step_leads_where_it_says(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "adapters", tmp_path / "adapters", ignore=ignored)
    commands = 0
    for block in FILE.finditer(GUIDE.read_text(encoding="utf-8")):
        if block["name"]:
            path = tmp_path / block["name"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        elif block["language"] == "sh":
            for line in block["text"].splitlines():
                run(line, tmp_path)
                commands += 1
        elif block["language"] == "text":  # what the last command printed
            printed = (tmp_path / "printed.txt").read_text(encoding="utf-8")
            assert block["text"].strip() in printed, printed
        elif block["language"] == "toml":
            tomllib.loads(block["text"])
        elif block["language"] == "ini":
            configparser.ConfigParser(interpolation=None).read_string(block["text"])
    assert commands == 4
