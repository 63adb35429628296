"""The likely cause of a failure: named where it is the catalogue's fault, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rnn_adapters.adapter import Call, Output
from rnn_adapters.framework import Framework
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.results import Finding
from rnn_conformance.faults import diagnosis
from rnn_conformance.faults.chapter_01_recurrence import TransposedRecurrentWeight
from rnn_conformance.faults.diagnosis import UNKNOWN, the_one
from rnn_conformance.faults.plain import framework_of_plain
from rnn_conformance.faults.registry import all_faults
from rnn_conformance.measure.diagnosis import explained
from rnn_conformance.measure.unknown_faults import PERTURBATIONS, combined, perturbed
from rnn_conformance.running.session import Session
from rnn_reference.network import Network


def findings(adapter: str, clause: str) -> list[Finding]:
    outcome = Session(adapter, PROFILES["quick"]).perform(all_checks()[clause])
    assert outcome.findings
    return outcome.findings


@pytest.fixture(autouse=True)
def _as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_conformance.running.session.SECONDS", 20.0)


@pytest.mark.parametrize(
    "name",
    [
        "transposed-recurrent-weight",
        "bias-doubled",
        "directions-swapped",
        "recurrent-gradient-transposed",
        "second-bias-not-counted",
        "unrolled-from-zeros",  # on one route alone
        "state-not-kept",
        "extra-features-cut",
    ],
)
def test_a_fault_of_the_catalogue_is_named(name: str) -> None:
    clause = all_faults()[name].clause
    for finding in findings(f"fault:{name}", clause):
        assert finding.likely_cause.startswith(f"the output is that of fault:{name}: ")


class Sparing(TransposedRecurrentWeight):
    """Tells no shape of a sequence that it does not return, as a program in another language may."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        if output.sequence is not None:
            return output
        shapes = {name: shape for name, shape in output.native_shapes.items() if name != "sequence"}
        return replace(output, native_shapes=shapes)


def test_shapes_of_what_is_not_returned_do_not_count() -> None:
    names = named(framework_of_plain("sparing", Sparing), "FWD-2")
    assert names == {"transposed-recurrent-weight"}


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def leave_out(name: str) -> None:
        left = {other: fault for other, fault in all_faults().items() if other != name}
        monkeypatch.setattr(diagnosis, "all_faults", lambda: left)

    return leave_out


@pytest.mark.parametrize(
    "name",
    ["transposed-recurrent-weight", "bias-doubled", "directions-swapped", "bias-gradient-averaged"],
)
def test_a_fault_that_is_held_out_is_not_known(name: str, without: Callable[[str], None]) -> None:
    without(name)
    for finding in findings(f"fault:{name}", all_faults()[name].clause):
        assert finding.likely_cause == UNKNOWN


def named(framework: Framework, clause: str) -> set[str]:
    found, _ = explained(framework, clause)
    assert found
    return {the_one(alike, clause) for alike in found}


@pytest.mark.parametrize(
    ("one", "other", "clause"),
    [
        ("transposed-recurrent-weight", "bias-doubled", "FWD-2"),
        ("transposed-recurrent-weight", "bias-doubled", "FWD-4"),
        ("directions-swapped", "input-of-previous-step", "BID-2"),
    ],
)
def test_two_faults_at_once_are_not_known(one: str, other: str, clause: str) -> None:
    assert named(combined(one, other), clause) == {""}


@pytest.mark.parametrize("kind", PERTURBATIONS[:4])
def test_small_changes_are_not_known(kind: type) -> None:
    assert named(perturbed(kind, 3), "FWD-2") == {""}
