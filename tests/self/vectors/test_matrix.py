"""The kill matrix: it is of these vectors and faults, it is true, and every fault is killed twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from rnn_conformance.cli import main
from rnn_conformance.faults.registry import all_faults
from rnn_conformance.vectors import chapters, matrix
from rnn_conformance.vectors.chapters.chapter_01_recurrence import PLANS
from rnn_conformance.vectors.form import KILLS, KilledData, read_index, read_vectors, vectors_folder
from rnn_conformance.vectors.lint import LEAST
from rnn_conformance.vectors.matrix import (
    digest_of,
    in_first_type,
    kill_matrix,
    killers,
    not_shown,
    redundant,
    stored_matrix,
    written_matrix,
)
from rnn_reference import BadInput

READY = {vector.id: vector for vector in in_first_type(read_vectors(vectors_folder()))}
SAMPLE = [fault for fault in all_faults() if fault not in not_shown()][::24]


def test_it_is_of_these_vectors_and_faults() -> None:
    stored_matrix(vectors_folder())


@pytest.mark.parametrize("fault", [fault for fault in all_faults() if fault not in not_shown()])
def test_every_fault_that_vectors_can_show_is_killed_by_two(fault: str) -> None:
    killed = stored_matrix(vectors_folder()).faults[fault]
    two = [READY[number] for number in killed.by[:LEAST]]
    assert len(two) == LEAST
    assert killers(fault, two, [killed.route]).by == killed.by[:LEAST]


@pytest.mark.parametrize("fault", SAMPLE)
def test_rows_of_it_are_as_they_were_computed(fault: str) -> None:
    killed = stored_matrix(vectors_folder()).faults[fault]
    assert killers(fault, list(READY.values()), [killed.route]).by == killed.by


@pytest.mark.parametrize("fault", not_shown())
def test_what_cannot_be_shown_is_not(fault: str) -> None:
    """On a share of the vectors; the whole is asked when the matrix is computed."""
    assert killers(fault, list(READY.values())[::8], [""]).by == []


def test_every_fault_is_in_one_of_both_lists() -> None:
    kills = stored_matrix(vectors_folder())
    assert {*kills.faults, *kills.not_shown} == set(all_faults())
    assert not set(kills.faults) & set(kills.not_shown)


def test_no_vector_is_redundant() -> None:
    promoted = redundant(read_vectors(vectors_folder()), stored_matrix(vectors_folder()).faults)
    assert promoted == []


def test_a_fault_of_which_it_is_said_wrongly_that_none_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "not_shown", lambda: {"bias-dropped": "because"})
    with pytest.raises(BadInput, match="bias-dropped: expected that no vector shows it; these do: "):
        kill_matrix(list(READY.values())[:8], "0" * 64, ["bias-dropped"])


def test_vectors_that_kill_what_others_do_can_go() -> None:
    vectors = list(read_vectors(vectors_folder()))[:4]
    for vector in vectors:
        vector.clause = "FWD-1"
    ids = [vector.id for vector in vectors]
    assert redundant(vectors, {"a": KilledData(by=ids[:3])}) == ids[2:]
    assert redundant(vectors, {"a": KilledData(by=ids[:2]), "b": KilledData(by=ids[1:])}) == []


def test_what_can_go_is_retired(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the matrix is of those that are left."""
    few = dict(list(all_faults().items())[4:6])
    monkeypatch.setattr(matrix, "all_faults", lambda: few)
    monkeypatch.setattr(matrix, "not_shown", dict)
    monkeypatch.setattr(matrix, "ALIKE", 1)
    recipes = [recipe for plan in PLANS[:2] for recipe in plan.recipes()]
    monkeypatch.setattr(chapters, "all_recipes", lambda: iter(recipes))
    written_matrix(folder)
    assert CliRunner().invoke(main, ["vectors", "matrix", "--prune", "--folder", str(folder)]).exit_code == 0
    left = [vector.id for vector in read_vectors(folder)]
    assert 0 < len(left) < 4
    assert sorted([*left, *read_index(folder).retired.values()]) == [1, 2, 3, 4]
    assert all(set(killed.by) <= set(left) for killed in stored_matrix(folder).faults.values())


def test_one_of_other_vectors_is_refused(folder: Path) -> None:
    result = CliRunner().invoke(main, ["vectors", "matrix", "--folder", str(folder)])
    assert result.exit_code == 2
    assert "expected the matrix of these vectors and faults; got that of others" in result.stderr


def test_it_is_shown_and_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = dict(list(all_faults().items())[4:7])
    monkeypatch.setattr(matrix, "all_faults", lambda: few)
    monkeypatch.setattr(matrix, "not_shown", dict)
    before = digest_of(folder)
    written_matrix(folder)
    assert digest_of(folder) == before, "the matrix itself does not count"
    command = ["vectors", "matrix", "--folder", str(folder)]
    shown = CliRunner().invoke(main, command)
    assert shown.exit_code == 0, shown.output
    assert "every-other-step-skipped: " in shown.output
    assert "3 faults, each killed by " in shown.output
    json = CliRunner().invoke(main, [*command, "--format", "json"])
    assert '"digest"' in json.output
    assert (folder / KILLS).exists()
