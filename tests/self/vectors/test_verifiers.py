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
    "23-types",
    "25-histories",
    "28-training",
)
TEXT = (spec_folder() / "94-vectors.md").read_text(encoding="utf-8")

Command = list[str]


def in_python(folder: Path) -> Command:
    return [sys.executable, str(folder / "verify.py")]


def in_node(folder: Path) -> Command:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    return [node, str(folder / "verify.mjs")]


def in_c(folder: Path) -> Command:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed")
    sources = [str(folder / name) for name in ("verify.c", "layer.c", "json.c")]
    warned = ["-Wall", "-Wextra", "-Werror"]
    program = str(folder / "verify")
    subprocess.run([compiler, "-std=c99", "-O1", *warned, *sources, "-lm", "-o", program], check=True)
    return [program]


COMMANDS: Mapping[str, Callable[[Path], Command]] = {"py": in_python, "mjs": in_node, "c": in_c}
"""By the ending of the files."""

PLANTED = {
    ("layer.py", "b_h left out"): ('ROLES = ("W_x", "W_h", "b", "b_h")', 'ROLES = ("W_x", "W_h", "b")'),
    ("layer.py", "both directions forward"): ("(1, -1), starts", "(1, 1), starts"),
    ("layer.py", "lengths ignored"): (
        'call["lengths"][row] if "lengths" in call else len(steps)',
        "len(steps)",
    ),
    ("layer.py", "weights without a gradient"): ("(one, other.value, other.tangent)", "(one, 0.0, 0.0)"),
    ("layer.py", "a slope that does not change"): ("growth * slope * z.tangent", "0.0"),
    ("layer.py", "digits cut off"): ("round(value / unit)", "int(value / unit)"),
    ("layer.py", "frozen layers are trained"): ("0.0 if n in frozen else rate", "rate"),
    ("layer.mjs", "W_h transposed"): (
        "[...pairs(W_x[i], x), ...pairs(row, h)]",
        "[...pairs(W_x[i], x), ...pairs(W_h.map((r) => r[i]), h)]",
    ),
    ("layer.mjs", "b_h left out"): ("[b, b_h].flatMap", "[b].flatMap"),
    ("layer.mjs", "both directions forward"): (
        "runCell(cell, reversed(xs), states[n][d], reversed(valid))",
        "runCell(cell, xs, states[n][d], valid)",
    ),
    ("layer.mjs", "lengths ignored"): ("(call.lengths?.[row] ?? xs.length)", "xs.length"),
    ("layer.mjs", "weights without a gradient"): ("[one, other.value, other.tangent]", "[one, 0, 0]"),
    ("layer.mjs", "every type is float64"): ('dtype === "float64" || value === 0', "true || value === 0"),
    ("layer.c", "rows of W_h from the last"): (
        "product(id(&W_h->items[i].items[k]), id(&h->items[k]))",
        "product(id(&W_h->items[W_h->size - 1 - i].items[k]), id(&h->items[k]))",
    ),
    ("layer.c", "b_h left out"): ("if (b_h) sum +=", "if (b_h) sum += 0 *"),
    ("layer.c", "both directions forward"): (
        "backward ? xs->size - 1 - step : step",
        "backward ? step : step",
    ),
    ("layer.c", "lengths ignored"): ("from < lengths->items[row].number", "1"),
    ("layer.c", "weights without a gradient"): ("numbers[other].value, numbers[other].tangent", "0, 0"),
    ("layer.c", "every type is float64"): ("format->digits == 53 ||", "1 ||"),
}
"""For a file and a mistake: what stands in it, once, and what the mistake makes of it."""

BLIND = {
    "verify.py": ("abs(actual - expected) <= bound", "True"),
    "verify.mjs": ("Math.abs(actual - expected) <= bound", "true"),
    "verify.c": ("fabs(a - e) <= b", "1"),
}
"""What makes a verifier accept all numbers."""


def placed(folder: Path, name: str, source: str) -> None:
    """All files of the verifiers in a folder, but of this one another source."""
    shutil.copytree(VERIFIERS, folder, dirs_exist_ok=True)
    (folder / name).write_text(source, encoding="utf-8")


def verified(language: str, folder: Path, files: tuple[str, ...]) -> tuple[int, str]:
    """The exit status of the verifier in a folder on files of vectors, and what it prints."""
    paths = [str(vectors_folder() / f"{file}.json") for file in files]
    command = [*COMMANDS[language](folder), *paths]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert not ended.stderr
    return ended.returncode, ended.stdout


def source_of(name: str) -> str:
    return (VERIFIERS / name).read_text(encoding="utf-8")


def planted(name: str, before: str, after: str) -> str:
    source = source_of(name)
    assert source.count(before) == 1
    return source.replace(before, after)


@pytest.mark.parametrize("language", COMMANDS)
def test_every_vector_passes(language: str, tmp_path: Path) -> None:
    shutil.copytree(VERIFIERS, tmp_path, dirs_exist_ok=True)
    files = tuple(path.stem for path in vectors_folder().glob("*.json"))
    status, printed = verified(language, tmp_path, files)
    count = sum(file.vectors for file in read_index(vectors_folder()).files.values())
    assert (status, printed) == (0, f"{count} passed, 0 skipped, 0 failed\n")
    assert f"all {count} vectors" in TEXT


@pytest.mark.parametrize(("name", "mistake"), PLANTED)
def test_a_mistake_of_a_layer_fails(name: str, mistake: str, tmp_path: Path) -> None:
    placed(tmp_path, name, planted(name, *PLANTED[name, mistake]))
    status, printed = verified(name.partition(".")[2], tmp_path, FILES)
    assert status == 1
    assert printed.startswith("vector ")


@pytest.mark.parametrize("name", BLIND)
def test_what_is_compared_is_what_fails(name: str, tmp_path: Path) -> None:
    """A verifier that takes every number for right passes a layer that is wrong."""
    language = name.partition(".")[2]
    placed(
        tmp_path,
        f"layer.{language}",
        planted(f"layer.{language}", *PLANTED[f"layer.{language}", "b_h left out"]),
    )
    assert verified(language, tmp_path, ("06-parameters",))[0] == 1
    (tmp_path / name).write_text(planted(name, *BLIND[name]), encoding="utf-8")
    assert verified(language, tmp_path, ("06-parameters",))[0] == 0


REFUSING = {
    "layer.py": (
        "        if call.keys() - FIELDS:",
        '        if not call["x"]:\n            raise {}("no rows")\n        if call.keys() - FIELDS:',
    ),
    "layer.mjs": (
        "    const unknown =",
        '    if (!call.x.length) throw new {}("no rows");\n    const unknown =',
    ),
    "layer.c": (
        "    for (int i = 0; call",
        '    if (call && !get(call, "x")->size) return {};\n    for (int i = 0; call',
    ),
}
"""A layer that has no batches without rows."""
REFUSALS = {"py": "ValueError", "mjs": "RangeError", "c": "REFUSED"}
LACKS = {"py": "NotImplementedError", "mjs": "Unsupported", "c": "UNSUPPORTED"}


@pytest.mark.parametrize("name", REFUSING)
def test_what_may_be_refused_passes_and_what_is_lacking_is_skipped(name: str, tmp_path: Path) -> None:
    language = name.partition(".")[2]
    before, after = REFUSING[name]
    counts = []
    for how in (REFUSALS[language], LACKS[language]):
        placed(tmp_path, name, planted(name, before, after.replace("{}", how)))
        status, printed = verified(language, tmp_path, ("10-sizes",))
        counts.append([status, *(int(part.split()[0]) for part in printed.splitlines()[-1].split(","))])
    (refused, passed, *_), (lacking, fewer, skipped, failed) = counts
    assert (refused, lacking, failed) == (0, 0, 0)
    assert skipped > 0
    assert passed == fewer + skipped


@pytest.mark.parametrize("language", COMMANDS)
def test_nothing_verified_is_no_success(language: str, tmp_path: Path) -> None:
    shutil.copytree(VERIFIERS, tmp_path, dirs_exist_ok=True)
    assert verified(language, tmp_path, ()) == (1, "0 passed, 0 skipped, 0 failed\n")


def test_the_chapter_says_how_long_they_are() -> None:
    told = dict(re.findall(r"^\| `(\w+\.\w+)` \| (\d+) \|", TEXT, re.MULTILINE))
    assert told == {
        path.name: str(len(source_of(path.name).splitlines()))
        for path in VERIFIERS.iterdir()
        if path.is_file() and path.suffix != ".h"
    }


def test_the_command_of_the_chapter_that_takes_python_alone() -> None:
    (command,) = re.findall(r"```sh\npython3 (spec/verifiers/verify\.py) spec/vectors/\*\.json\n```", TEXT)
    files = sorted(map(str, (spec_folder() / "vectors").glob("*.json")))
    program = spec_folder() / Path(command).relative_to("spec")
    done = subprocess.run([sys.executable, program, *files], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
