"""The case in progress: whatever is drawn can be read back when the process is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case, to_data
from rnn_conformance.engine.drawing import draw_cases
from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.running.journal import Journal, case_in
from rnn_reference.network import Cell, Layer, Network

DIES = """
import os, sys
import numpy as np
from rnn_conformance.engine.case import Case
from rnn_conformance.running.journal import Journal
from rnn_reference.network import Cell, Layer, Network

one = np.ones((1, 1), np.float32)
journal = Journal(sys.argv[1])
for time in (2, 100_000, 3):
    journal.write(Case.of(Network(Layer(Cell(one, one))), np.ones((1, time, 1), np.float32)))
os.abort()
"""


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Journal, Path]:
    path = tmp_path / "drawn"
    return Journal(str(path)), path


def small() -> Case:
    one = np.ones((1, 1), np.float32)
    return Case.of(Network(Layer(Cell(one, one))), np.ones((1, 2, 1), np.float32))


@pytest.mark.parametrize("clause", ["OPT-1", "HIS-1", "HIS-4", "DTY-14", "GRD-16", "ACT-1", "ERR-1"])
def test_it_holds_what_is_drawn(kept: tuple[Journal, Path], clause: str) -> None:
    journal, path = kept
    cases: list[Case] = []
    draw_cases(all_checks()[clause].draw({"": PlainNumpy.supports}), 30, "a seed", cases.append)
    for case in cases:
        journal.write(case)
        found = case_in(path)
        assert found is not None
        assert found.fingerprint == case.fingerprint
        assert to_data(found) == to_data(case)
        assert repr(found) == repr(case)


def test_arrays_may_be_of_any_type_that_has_a_written_form(kept: tuple[Journal, Path]) -> None:
    journal, path = kept
    for x in (np.ones((1, 2, 1), ">f4"), np.zeros((1, 0, 1), np.complex64), np.array(7), np.ones(3, bool)):
        journal.write(small().replace(x=x, mask=np.array([[2, 0]], np.int8)[:, ::-1]))
        found = case_in(path)
        assert found is not None
        assert (found.x.dtype, found.x.tobytes()) == (x.dtype, x.tobytes())
        assert found.call.mask is not None
        assert found.call.mask.tolist() == [[0, 2]]


def test_none_is_kept_of_what_has_no_written_form(kept: tuple[Journal, Path]) -> None:
    journal, path = kept
    assert case_in(path) is None
    for x in (np.array([["a"]]), np.array([None]), [1.0]):
        journal.write(small())
        journal.write(small().replace(x=x))
        assert case_in(path) is None
    journal.write(small())
    journal.clear()
    assert case_in(path) is None
    assert case_in(path / "nothing") is None


def test_it_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "drawn"
    done = subprocess.run([sys.executable, "-c", DIES, str(path)], stderr=subprocess.DEVNULL, check=False)
    assert done.returncode < 0
    found = case_in(path)
    assert found is not None
    assert found.x.shape == (1, 3, 1)
