"""The suite catches every fault of the catalogue, and by the clause that the fault names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import plain
from rnn_conformance.faults.registry import Fault, all_faults, fault, fault_framework, fault_named
from rnn_conformance.running.session import kills
from rnn_reference import BadInput


@pytest.mark.parametrize("name", all_faults())
def test_is_caught_by_the_clause_that_it_names(name: str) -> None:
    assert kills(name)


@pytest.mark.parametrize("clause", all_checks())
@pytest.mark.parametrize("seed", [0, 1])
def test_the_implementation_without_a_fault_passes(clause: str, seed: int) -> None:
    """So it is the fault that is caught, and not the implementation that it was put into."""
    outcome = perform(all_checks()[clause], Subject(plain()), PROFILES["quick"], [], seed)
    assert outcome.verdict == "pass", outcome


def test_the_catalogue_is_documented() -> None:
    assert len(all_faults()) >= 20
    for each in all_faults().values():
        assert (each.__doc__ or "").strip().endswith(".")


def test_a_fault_that_does_not_exist_is_explained() -> None:
    with pytest.raises(BadInput, match="did you mean fault:bias-dropped"):
        fault_named("fault:bias-droped")


def test_two_faults_of_one_name_are_refused() -> None:
    with pytest.raises(BadInput, match="fault 'bias-dropped': expected a name of its own"):
        fault("bias-dropped", "FWD-4")(Fault)


@pytest.mark.parametrize(
    ("clause", "name"),
    [
        ("WEX-1", "second-bias-not-counted"),
        ("WEX-2", "return-sequences-ignored"),
        ("WEX-3", "sequence-time-major"),
        ("WEX-4", "relu-for-tanh"),
        ("WEX-5", "upper-layers-counted-as-first"),
        ("WEX-6", "directions-swapped"),
        ("WEX-7", "upper-layer-fed-swapped"),
    ],
)
def test_the_worked_examples_catch_faults_too(clause: str, name: str) -> None:
    quick = replace(PROFILES["quick"], shrink=False)
    outcome = perform(all_checks()[clause], Subject(fault_framework(name)), quick, [])
    assert outcome.verdict == "fail"
