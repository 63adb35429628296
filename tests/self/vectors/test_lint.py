"""The linter is silent about good files, and says what is wrong with every kind of bad one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rnn_conformance.cli import main
from rnn_conformance.vectors.form import (
    FLAGS,
    INDEX,
    KILLS,
    ChapterData,
    IndexData,
    chapter_text,
    checksum,
    read_file,
    table_text,
    vectors_folder,
)
from rnn_conformance.vectors.lint import LARGEST, problems

CHAPTER = "01-recurrence.json"


def seal(folder: Path, name: str) -> None:
    """Let the index have the checksum of a file as it is now."""
    index: IndexData = read_file(folder / INDEX, IndexData)
    index.files[name].sha256 = checksum((folder / name).read_bytes())
    (folder / INDEX).write_text(table_text(index), encoding="utf-8")


def change_vector(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    """The first vector otherwise, and all else as it must be."""

    def spoil(folder: Path) -> None:
        chapter: ChapterData = read_file(folder / CHAPTER, ChapterData)
        change(chapter.vectors[0])
        (folder / CHAPTER).write_text(chapter_text(chapter), encoding="utf-8")
        seal(folder, CHAPTER)

    return spoil


def change_json(name: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    """A file of a table otherwise."""

    def spoil(folder: Path) -> None:
        data = json.loads((folder / name).read_text(encoding="utf-8"))
        change(data)
        (folder / name).write_text(table_text(data), encoding="utf-8")
        if name != INDEX:
            seal(folder, name)

    return spoil


def with_field(name: str, value: Any) -> Callable[[Path], None]:
    """A field of the first vector otherwise."""

    def change(vector: Any) -> None:
        setattr(vector, name, value)

    return change_vector(change)


def first_bounds(vector: Any) -> Any:
    return vector.steps[0].bounds["float32"]


def without_claims(vector: Any) -> None:
    """All bounds of a type infinite."""
    bounds = first_bounds(vector)
    bounds.sequence, bounds.final_states = [[["inf"] * 3] * 5], [[[["inf"] * 3]]]


def replaced(old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        text = (folder / CHAPTER).read_text(encoding="utf-8")
        assert old in text
        (folder / CHAPTER).write_text(text.replace(old, new, 1), encoding="utf-8")
        seal(folder, CHAPTER)

    return spoil


def test_nothing_is_wrong_with_the_vectors_of_the_spec() -> None:
    assert problems(vectors_folder()) == []


def test_nothing_is_wrong_with_a_small_folder(folder: Path) -> None:
    assert problems(folder) == []


SPOILT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (
        lambda folder: (folder / CHAPTER).unlink(),
        "01-recurrence.json: index.json lists it, and it is",
    ),
    "surplus": (lambda folder: (folder / "x.json").write_text("{}"), "x.json: index.json does not list it"),
    "checksum": (
        lambda folder: (folder / CHAPTER).write_bytes((folder / CHAPTER).read_bytes() + b"\n"),
        "01-recurrence.json: expected the checksum that index.json says",
    ),
    "no JSON": (replaced('"steps"', "steps"), "vectors 01-recurrence.json: "),
    "unknown field": (replaced('"comment"', '"remark"'), "vectors 01-recurrence.json.vectors"),
    "spaces": (replaced('"id":1,', '"id": 1,'), "as `vectors make` writes it"),
    "another chapter": (replaced("01-recurrence.md", "02-outputs.md"), "expected chapter 01-recurrence.md"),
    "count": (
        change_json(INDEX, lambda data: data["files"][CHAPTER].update(vectors=9)),
        "01-recurrence.json: expected 9 vectors",
    ),
    "id of another": (
        with_field("id", 2),
        "vector 2: expected an id of its own",
    ),
    "order of ids": (
        with_field("id", 99),
        "expected ids in ascending order",
    ),
    "id not listed": (
        with_field("id", 99),
        "vector 99: index.json does not",
    ),
    "id retired": (
        change_json(INDEX, lambda data: data.update(retired={"old": 1})),
        "vector 1: this id was retired",
    ),
    "id listed twice": (
        change_json(INDEX, lambda data: data["ids"].update(other=1)),
        "index.json: expected each id once; 1 stands 2 times",
    ),
    "clause": (
        with_field("clause", "FWD-99"),
        "clause: expected one of the",
    ),
    "file of the clause": (
        with_field("clause", "BID-1"),
        "vector 1: expected it in 05-bidirectional.json",
    ),
    "no comment": (
        with_field("comment", ""),
        "comment: expected some words",
    ),
    "no flags": (with_field("flags", []), "flags: expected one at least"),
    "unknown flag": (
        with_field("flags", ["x"]),
        "expected those of flags.json",
    ),
    "type": (
        change_vector(lambda vector: vector.steps[0].bounds.pop("float32")),
        "network.dtype: expected one of",
    ),
    "types of steps": (
        change_vector(lambda vector: vector.steps[0].bounds.clear()),
        "steps[0]: expected both expected and bounds",
    ),
    "negative bound": (
        change_vector(lambda vector: first_bounds(vector).sequence[0][0].__setitem__(0, -1.0)),
        "expected bounds of 0 or more",
    ),
    "shape of bounds": (
        change_vector(lambda vector: first_bounds(vector).sequence[0].pop()),
        "expected the shapes of what is expected",
    ),
    "bound of infinity": (
        change_vector(lambda vector: vector.steps[0].expected.sequence[0][0].__setitem__(0, "inf")),
        "expected a bound of 0 where the value is not finite",
    ),
    "no claim": (
        change_vector(without_claims),
        "float32: expected something to be claimed",
    ),
    "digits": (
        change_vector(lambda vector: vector.steps[0].call.x[0][0].__setitem__(0, 0.1)),
        "expected types that hold all numbers exactly; got float32",
    ),
    "shape of x": (
        change_vector(lambda vector: vector.steps[0].call.x[0][0].append(1.0)),
        "expected lists of one length and depth",
    ),
    "without its cotangents": (
        replaced('"do":"call"', '"do":"gradients"'),
        "expected d_sequence and d_final_states beside 'gradients'",
    ),
    "flag of no vector": (
        change_json(FLAGS, lambda data: data["flags"].update(x={"what": "a", "effect": "b", "faults": []})),
        "flags.json: x: no vector has this flag",
    ),
    "flag of no fault": (
        change_json(FLAGS, lambda data: data["flags"]["every-step"]["faults"].append("x")),
        "flags.json: every-step: expected faults of the catalogue; got x",
    ),
    "killed by one": (
        change_json(KILLS, lambda data: data["faults"]["bias-dropped"].update(by=[1])),
        "kills.json: bias-dropped: expected 2 vectors at least",
    ),
    "killed by nobody": (
        change_json(KILLS, lambda data: data["faults"].pop("bias-dropped")),
        "kills.json: bias-dropped: expected it among those",
    ),
    "killed by what is gone": (
        change_json(KILLS, lambda data: data["faults"]["bias-dropped"].update(by=[1, 2, 77])),
        "kills.json: bias-dropped: there are no such vectors: 77",
    ),
    "a flag that is not true": (
        change_json(
            KILLS,
            lambda data: [
                data["faults"][fault].update(by=[3, 4])
                for fault in ("every-other-step-skipped", "state-reset-every-step")
            ],
        ),
        "vector 1: flags: every-step: it kills none of every-other-step-skipped",
    ),
    "too large": (
        lambda folder: (folder / "x.json").write_bytes(b" " * (LARGEST + 1)),
        f"all files: expected no more than {LARGEST} bytes",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_everything_that_is_wrong_is_told(name: str, folder: Path) -> None:
    spoil, said = SPOILT[name]
    spoil(folder)
    found = problems(folder)
    assert any(said in problem for problem in found), found


def test_the_command_ends_with_1_where_something_is_wrong(folder: Path) -> None:
    command = ["vectors", "lint", "--folder", str(folder)]
    assert CliRunner().invoke(main, command).exit_code == 0
    (folder / "x.json").write_text("{}")
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, result.output) == (1, "x.json: index.json does not list it\n")


def test_a_folder_without_an_index_is_explained(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["vectors", "lint", "--folder", str(tmp_path)])
    assert result.exit_code == 2
    assert "index.json: No such file or directory" in result.stderr
