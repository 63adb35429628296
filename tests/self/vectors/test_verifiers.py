"""The verifiers in plain Python, JavaScript and C: what they pass, and that they fail."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rnn_conformance.engine.clauses import spec_folder
from rnn_conformance.vectors.form import read_index, vectors_folder

VERIFIERS = spec_folder() / "verifiers"
FILES = (
    "01-recurrence",
    "05-bidirectional",
    "06-parameters",
    "11-lengths",
    "13-direction",
    "19-gradients",
    "25-histories",
)

Command = list[str]


def in_python(source: Path) -> Command:
    return [sys.executable, str(source)]


def in_node(source: Path) -> Command:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    return [node, str(source)]


def in_c(source: Path) -> Command:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed")
    program = source.with_suffix("")
    told = [
        compiler,
        "-std=c99",
        "-O1",
        "-Wall",
        "-Wextra",
        "-Werror",
        str(source),
        "-lm",
        "-o",
        str(program),
    ]
    subprocess.run(told, check=True)
    return [str(program)]


COMMANDS: Mapping[str, Callable[[Path], Command]] = {
    "verify.py": in_python,
    "verify.mjs": in_node,
    "verify.c": in_c,
}

PLANTED = {
    ("verify.py", "b_h left out"): ('("W_x", "W_h", "b", "b_h")', '("W_x", "W_h", "b")'),
    ("verify.py", "both directions forward"): ("(1, -1), starts", "(1, 1), starts"),
    ("verify.py", "lengths ignored"): ('call["lengths"][row] if "lengths" in call else len(xs)', "len(xs)"),
    ("verify.py", "weights without a gradient"): ("(other, self.value)", "(other, 0.0)"),
    ("verify.mjs", "W_h transposed"): ("dot(cell.W_h[i], h)", "dot(cell.W_h.map((row) => row[i]), h)"),
    ("verify.mjs", "b_h left out"): (" + (cell.b_h?.[i] ?? 0)", ""),
    ("verify.mjs", "both directions forward"): (
        "runCell(cell, reversed(xs), states[n][d], reversed(valid))",
        "runCell(cell, xs, states[n][d], valid)",
    ),
    ("verify.mjs", "lengths ignored"): ("(call.lengths?.[row] ?? xs.length)", "xs.length"),
    ("verify.c", "rows of W_h from the last"): ("dot(&W_h->items[i], h)", "dot(&W_h->items[H - 1 - i], h)"),
    ("verify.c", "b_h left out"): ("if (b_h) z +=", "if (b_h) z += 0 *"),
    ("verify.c", "both directions forward"): ("d ? -1 : 1", "1"),
    ("verify.c", "lengths ignored"): ("from < lengths->items[row].number", "1"),
}
"""For a verifier and a mistake: what stands in its source, once, and what the mistake makes of it."""


def verified(name: str, source: str, folder: Path, files: tuple[str, ...]) -> tuple[int, str]:
    """The exit status of a verifier on files of vectors, and what it prints."""
    path = folder / name
    path.write_text(source, encoding="utf-8")
    paths = [str(vectors_folder() / f"{file}.json") for file in files]
    ended = subprocess.run([*COMMANDS[name](path), *paths], capture_output=True, text=True, check=False)
    assert not ended.stderr
    return ended.returncode, ended.stdout


def source_of(name: str) -> str:
    return (VERIFIERS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_verifier_supports_passes(name: str, tmp_path: Path) -> None:
    status, printed = verified(name, source_of(name), tmp_path, (*FILES, "flags", "index"))
    passed, skipped, failed = (int(part.split()[0]) for part in printed.splitlines()[-1].split(","))
    index = read_index(vectors_folder())
    assert status == 0, printed
    assert failed == 0
    assert passed + skipped == sum(index.files[f"{file}.json"].vectors for file in FILES)
    assert passed > skipped


@pytest.mark.parametrize(("name", "mistake"), PLANTED)
def test_a_mistake_fails(name: str, mistake: str, tmp_path: Path) -> None:
    before, after = PLANTED[name, mistake]
    source = source_of(name)
    assert source.count(before) == 1
    status, printed = verified(name, source.replace(before, after), tmp_path, FILES)
    assert status == 1
    assert printed.startswith("vector ")


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_verified_is_no_success(name: str, tmp_path: Path) -> None:
    assert verified(name, source_of(name), tmp_path, ()) == (1, "0 passed, 0 skipped, 0 failed\n")


def test_the_chapter_says_how_long_they_are() -> None:
    text = (spec_folder() / "94-vectors.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(verify\.\w+)` \| (\d+) \|", text, re.MULTILINE))
    assert told == {name: str(len(source_of(name).splitlines())) for name in COMMANDS}


def test_the_command_of_the_chapter_that_takes_python_alone() -> None:
    text = (spec_folder() / "94-vectors.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"```sh\npython3 (spec/verifiers/verify\.py) spec/vectors/\*\.json\n```", text)
    files = sorted(map(str, (spec_folder() / "vectors").glob("*.json")))
    program = spec_folder() / Path(command).relative_to("spec")
    done = subprocess.run([sys.executable, program, *files], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
