"""From a case on which a check fails to its script: the call that it looked at, and what is right of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import random_case, random_cell
from reproductions import ended_here

from rnn_adapters.reference_code import code
from rnn_adapters.reproduction import Question
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case, from_data
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.reproduction import question_of, reproduced
from rnn_conformance.engine.subject import Subject
from rnn_conformance.engine.watched import Watched
from rnn_conformance.faults.registry import all_faults, fault_framework
from rnn_conformance.running.session import Session

CASE = random_case(random_cell(3, 4))


def asked(fault: str, clause: str, case: Case) -> Question | None:
    watched = Watched(Subject(fault_framework(fault)))
    error = all_checks()[clause].fails_on(watched, case)
    assert error is not None
    return question_of(watched, error, "a title")


@pytest.mark.parametrize(
    ("fault", "clause", "quantity"),
    [
        ("transposed-recurrent-weight", "FWD-2", "sequence"),
        ("transposed-recurrent-weight", "NUM-4", "final states"),
    ],
)
def test_the_output_that_is_wrong_is_asked_for(fault: str, clause: str, quantity: str) -> None:
    question = asked(fault, clause, CASE)
    assert question is not None
    assert question.quantity == quantity
    assert question.right is not None
    assert question.right.loop is not None


def test_a_script_of_the_correct_reference_ends_well_on_what_a_fault_gets_wrong(tmp_path: Path) -> None:
    framework = replace(fault_framework("transposed-recurrent-weight"), reproduction=code)
    text = reproduced(Subject(framework), all_checks()["FWD-2"], CASE, "units are mixed up")
    assert text.startswith('"""units are mixed up')
    assert "Clause FWD-2" in text
    assert not ended_here(text, tmp_path)


def test_nothing_is_told_where_the_check_passes() -> None:
    framework = replace(fault_framework("transposed-recurrent-weight"), reproduction=code)
    assert reproduced(Subject(framework), all_checks()["PAR-1"], CASE) == ""


def test_nothing_is_told_without_plain_code() -> None:
    subject = Subject(fault_framework("transposed-recurrent-weight"))
    assert reproduced(subject, all_checks()["FWD-2"], CASE) == ""


def test_watching_leaves_nothing_loaded_that_is_no_longer() -> None:
    subject = Subject(fault_framework("transposed-recurrent-weight"))
    subject.run(CASE)
    Watched(subject).run(random_case(random_cell(3, 4, seed=7)))
    assert subject._loaded is None


CHAPTERS = ("FWD", "MSK", "LEN", "BID")
FAULTS = sorted(name for name, fault in all_faults().items() if fault.clause.partition("-")[0] in CHAPTERS)
WITHOUT = ("LEN-7", "MSK-6")
"""Clauses about calls that must be refused."""
OF_GRADIENTS = (
    "cotangents-turned-at-a-mask-of-every-step",
    "double-backward-before-a-length-without-sign",
    "double-backward-of-full-rows-not-turned",
    "empty-row-takes-a-step",
    "full-rows-end-early",
    "gradients-before-a-length-without-sign",
    "gradients-of-rows-in-a-byte",
    "jvp-of-rows-without-a-step-is-zero",
    "last-step-of-a-length-without-sign",
)
"""Faults that a gradient shows, or whose smallest case does: the code of the reference has none of these."""


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_right_is_right_for_every_fault_of_these_chapters(fault: str, tmp_path: Path) -> None:
    """The reference answers the question that a fault raises: a script of it must end well."""
    clause = all_faults()[fault].clause
    told = sum(_told(Session(f"fault:{fault}", replace(PROFILES["quick"], shrink=False)), clause, tmp_path))
    # Cases of all options at once have no script; made small, they have one.
    told = told or sum(_told(Session(f"fault:{fault}", PROFILES["quick"]), clause, tmp_path))
    assert told or clause in WITHOUT or fault in OF_GRADIENTS


def _told(session: Session, clause: str, folder: Path) -> Iterator[bool]:
    """For each finding of a clause whether there is a script of it, which ends well."""
    session.subject.framework = replace(session.subject.framework, reproduction=code)
    for finding in session.perform(all_checks()[clause]).findings:
        assert finding.case is not None
        if finding.kind != "not refused":  # the reference would have to refuse
            text = reproduced(session.subject, all_checks()[clause], from_data(finding.case), finding.message)
            assert not text or not ended_here(text, folder), text
            yield bool(text)
