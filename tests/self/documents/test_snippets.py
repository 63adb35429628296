"""Every snippet of every document is run by a test, or refused here; every command is one that there is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from inspect import getsource
from pathlib import Path
from typing import Any

import pytest
from commands import commands_refused
from docs import (
    FENCE,
    FRAMEWORKS,
    ROOT,
    Fence,
    documents,
    documents_for,
    fences,
    run_script,
)

TESTS = {
    r"python": "self/documents/test_docs.py",
    rf"python ({'|'.join(FRAMEWORKS)})": "frameworks/test_*.py",
    r"javascript tfjs": "frameworks/test_tfjs.py",
    r"python of=\S+": "self/documents/test_snippets.py",
    r"mermaid": "self/documents/test_snippets.py",
    r"math": "",  # nothing to be run
}
"""What runs the snippets of any document, by what stands after the backticks."""

TESTS_OF_ONE = {
    "README.md": {r"sh|text": "self/documents/test_readme.py"},
    "93-ports.md": {
        r"python port": "self/port/test_chapter.py",
        r"(sh|text|python ports)": "frameworks/test_ports.py",
    },
    "94-vectors.md": {r"sh": "self/vectors/test_verifiers.py"},
    "95-add-a-framework.md": {r"sh|text|ini|toml|(python|toml) file=\S+": "self/documents/test_guide.py"},
    "96-protocol.md": {r"json": "self/adapters/test_stdio.py", r"sh": "self/documents/test_snippets.py"},
    "97-continuous-integration.md": {r"sh|text|ini|yaml file=\S+": "self/documents/test_integration.py"},
    "from-tensorflow-js.md": {r"text": "frameworks/test_tfjs.py"},  # what the JavaScript above prints
}
"""And those of one document."""

SNIPPETS = [(path, fence) for path in documents() for fence in fences(path.read_text(encoding="utf-8"))]
PASSAGES = [(path, fence) for path, fence in SNIPPETS if " of=" in fence.info]
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def runner_of(document: str, info: str) -> str | None:
    """The test that runs a snippet; None where there is none."""
    for known in (TESTS_OF_ONE.get(document, {}), TESTS):
        for pattern, test in known.items():
            if re.fullmatch(pattern, info):
                return test
    return None


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_every_snippet_is_run_by_a_test(path: Path) -> None:
    infos = {fence.info for fence in fences(path.read_text(encoding="utf-8"))}
    assert [info for info in infos if runner_of(path.name, info) is None] == []


@pytest.mark.parametrize("info", ["sh", "python tensorfuse", "c", "python  keras"])
def test_a_snippet_that_nothing_runs_is_found(info: str) -> None:
    assert runner_of("01-recurrence.md", info) is None


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_every_fence_says_what_it_is(path: Path) -> None:
    """One without a language would escape."""
    without = FENCE.sub("", path.read_text(encoding="utf-8"))
    assert "```" not in without.replace("````", "").replace("``` ````", "")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_tests_of_a_framework_run_its_snippets(framework: str) -> None:
    source = (ROOT / "tests" / "frameworks" / FRAMEWORKS[framework]).read_text(encoding="utf-8")
    assert documents_for(framework)
    assert f'documents_for("{framework}")' in source


def function_named(name: str) -> Any:
    """A function by its dotted name."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


@pytest.mark.parametrize(
    ("path", "fence"), PASSAGES, ids=[f"{path.name}:{fence.line}" for path, fence in PASSAGES]
)
def test_a_passage_stands_in_the_source(path: Path, fence: Fence) -> None:
    assert fence.text in getsource(function_named(fence.info.partition(" of=")[2]))


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_a_chart_shows_what_an_example_prints(path: Path) -> None:
    of_kind: dict[str, list[str]] = {}
    for fence in fences(path.read_text(encoding="utf-8")):
        of_kind.setdefault(fence.info, []).append(fence.text)
    printed = "\n".join(of_kind.get("python", []))
    for chart in of_kind.get("mermaid", []):
        for line in re.findall(r"^\s*line (\[.*\])$", chart, re.MULTILINE):
            assert f"\n{line}\n" in printed


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_every_command_is_one_that_there_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    commands = [line for fence in fences(text) if fence.info == "sh" for line in fence.text.splitlines()]
    commands += re.findall(r"^    (\w.*)$", FENCE.sub("", text), re.MULTILINE)  # an indented block
    commands += [
        " ".join(code.split()) for code in CODE.findall(re.sub(r"\n(?! *\n)", " ", FENCE.sub("", text)))
    ]
    assert [wrong for command in commands for wrong in commands_refused(command)] == []


@pytest.mark.parametrize(
    "command",
    [
        "rnn-conformance walk",
        "rnn-conformance run --adaptor torch",
        "rnn-conformance measure mood",
        "tox run -e keras-mxnet",
        "python3 -m tox run -e conformance,nothing",
        "python -m rnn_conformance.report.chairs",
    ],
)
def test_a_command_that_is_none_is_found(command: str) -> None:
    assert commands_refused(command) == [command]


def test_the_commands_of_the_protocol_end_well(tmp_path: Path) -> None:
    """With a program in the place of `./harness`."""
    harness = tmp_path / "harness"
    served = f"exec {shlex.quote(sys.executable)} -m rnn_adapters.stdio.serve reference"
    harness.write_text(f"#!/bin/sh\n{served}\n", encoding="utf-8")
    harness.chmod(0o755)
    chapter = next(path for path in documents() if path.name == "96-protocol.md")
    lines = [
        line
        for fence in fences(chapter.read_text(encoding="utf-8"))
        if fence.info == "sh"
        for line in fence.text.splitlines()
    ]
    assert len(lines) == 3
    for line in lines:
        _, *arguments = shlex.split(line)
        done = subprocess.run(
            [sys.executable, "-m", "rnn_conformance.cli", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_a_script_that_prints_something_else_is_found(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    right = (
        "```javascript tfjs\nconst a = 1;\nconsole.log(a);\n```\n\n```text\n1\n```\n\n"
        "```javascript tfjs\nlet b = a;\n```\n"
    )
    document.write_text(right, encoding="utf-8")
    assert run_script(document, "tfjs", tmp_path) == 2
    document.write_text(right.replace("\n1\n", "\n2\n"), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"page.md:1: it prints\n1\nand not\n2"):
        run_script(document, "tfjs", tmp_path)
