"""What a framework has built is forgotten between chapters, and where its process grows large."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.running import session
from rnn_conformance.running.memory import memory_mib, peak_memory_mib
from rnn_conformance.running.session import MUCH, ROOM, Session


@pytest.mark.skipif(sys.platform != "linux", reason="others tell the peak alone")
def test_memory_is_told_as_it_is_now() -> None:
    before = memory_mib()
    block = np.ones(2**24)  # 128 MiB
    assert 120 < memory_mib() - before < 200
    assert block.all()
    del block
    assert memory_mib() < before + 60
    assert peak_memory_mib() > before + 120


def asked(clauses: list[str], memory: Iterator[float], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The clauses before which what was built is forgotten, where memory is that."""
    checked, forgotten, now = Session("reference", PROFILES["quick"]), list[str](), [""]
    monkeypatch.setattr(session, "memory_mib", lambda: next(memory))
    monkeypatch.setattr(checked.subject, "drop_caches", lambda: forgotten.append(now[0]))
    for clause in clauses:
        now[0] = clause
        checked.perform(all_checks()[clause])
    return forgotten


def test_a_small_process_forgets_between_chapters(monkeypatch: pytest.MonkeyPatch) -> None:
    clauses = ["FWD-1", "FWD-2", "EXA-1", "EXA-2"]
    assert asked(clauses, iter([300.0] * 8), monkeypatch) == ["FWD-1", "EXA-1"]


def test_a_large_process_forgets_between_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is read before a check in a chapter, and again after something was forgotten."""
    memory = [300.0, MUCH + 1, 300.0, MUCH - 1, MUCH + 1, 900.0]
    clauses = ["FWD-1", "FWD-2", "FWD-3", "FWD-4"]
    assert asked(clauses, iter(memory), monkeypatch) == ["FWD-1", "FWD-2", "FWD-4"]


def test_what_cannot_be_forgotten_is_not_tried_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    large = 3 * MUCH
    memory = [large, large + ROOM - 1, large + ROOM + 1, large + 2 * ROOM, large + 2 * ROOM + 1]
    clauses = ["FWD-1", "FWD-2", "FWD-3", "FWD-4"]
    assert asked(clauses, iter(memory), monkeypatch) == ["FWD-1", "FWD-3"]
