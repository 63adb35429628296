"""Every subset of abilities works: what is declared is asked, what is not is unsupported."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rnn_adapters.declarations import FLAGS, NEEDED_BESIDE, Supports
from rnn_adapters.framework import Framework, Route
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.results import Outcome
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import ROUTES, PlainNumpy, framework_of_plain
from rnn_reference.network import Cell

ALL = PlainNumpy.supports
FEW = replace(PROFILES["quick"], max_examples=8, per_expensive_route=1)


def declaring(supports: Supports) -> Framework:
    """The correct implementation, which declares this much on every route."""

    def make(route: str) -> PlainNumpy:
        adapter = PlainNumpy(route)
        adapter.supports = supports
        return adapter

    routes = {
        name: Route(kind, what, lambda name=name: make(name))  # type: ignore[misc]
        for name, (kind, what) in ROUTES.items()
        if kind != "quantised"  # which is of another accuracy than this
    }
    return Framework("plain", lambda: make(""), routes)


def little(**abilities: Any) -> Supports:
    """One layer of one direction."""
    chosen: dict[str, Any] = {
        "activations": ("tanh",),
        "dtypes": ("float32",),
        "sequence": True,
        "final_states": True,
    }
    return Supports(**(chosen | abilities))


def outcomes(supports: Supports, clauses: list[str]) -> list[Outcome]:
    subject = Subject(declaring(supports))
    return [perform(all_checks()[clause], subject, FEW, []) for clause in clauses]


def expect_asked_or_unsupported(supports: Supports, clauses: list[str]) -> set[str]:
    """The clauses that were asked."""
    asked = set()
    for outcome in outcomes(supports, clauses):
        assert outcome.verdict in ("pass", "unsupported"), (outcome.clause, outcome, supports)
        if outcome.verdict == "pass":
            asked.add(outcome.clause)
    return asked


@pytest.mark.parametrize("activation", ALL.activations)
def test_one_activation_alone(activation: str) -> None:
    asked = expect_asked_or_unsupported(little(activations=(activation,)), list(all_checks()))
    assert {"FWD-1", "FWD-2", "SEQ-1", "INI-5"} <= asked
    assert "ERR-6" not in asked


@pytest.mark.parametrize("dtype", ALL.dtypes)
def test_one_type_alone(dtype: str) -> None:
    asked = expect_asked_or_unsupported(
        little(activations=("tanh", "relu"), dtypes=(dtype,)), list(all_checks())
    )
    assert "SEQ-1" in asked
    assert ("FWD-1" in asked) is (dtype in ("float32", "float64"))
    assert ("DTY-2" in asked) is (dtype in ("float16", "bfloat16"))


def test_no_outputs_at_all() -> None:
    asked = expect_asked_or_unsupported(
        little(sequence=False, final_states=False, count_parameters=True), list(all_checks())
    )
    assert "PAR-1" in asked
    assert not asked & {"FWD-1", "SEQ-1", "LAW-10", "EDG-3", "OPT-1"}


@pytest.mark.parametrize("output", ["sequence", "last_output", "final_states"])
def test_one_kind_of_output_alone(output: str) -> None:
    every = {name: getattr(ALL, name) for name in (each.name for each in fields(Supports))}
    every |= {name: name == output for name in ("sequence", "last_output", "final_states")}
    assert expect_asked_or_unsupported(Supports(**every), list(all_checks()))


@st.composite
def declarations(draw: Any) -> Supports:
    """Any subset of all abilities that does not contradict itself."""
    chosen: dict[str, Any] = {name: draw(st.booleans()) for name in FLAGS if getattr(ALL, name)}
    for name, needed in NEEDED_BESIDE.items():
        if chosen.get(name):
            chosen[name] = all(chosen.get(each, False) for each in needed)
    for name in ("activations", "dtypes"):
        pool = getattr(ALL, name)
        chosen[name] = tuple(draw(st.lists(st.sampled_from(pool), min_size=1, unique=True)))
    if chosen["bidirectional"]:
        modes = draw(st.lists(st.sampled_from(ALL.merge_modes[1:]), unique=True))
        chosen["merge_modes"] = ("concat", *modes)
    places = draw(st.lists(st.sampled_from(ALL.dropout), unique=True))
    chosen["dropout"] = tuple(p for p in places if chosen["stacked"] or p != "between layers")
    if "float32" in chosen["dtypes"]:
        chosen["compute_dtypes"] = tuple(draw(st.lists(st.sampled_from(ALL.compute_dtypes), unique=True)))
    computed_in = {*chosen["dtypes"], *chosen.get("compute_dtypes", ())}
    if {"float16", "bfloat16"} & computed_in and not {"tanh", "relu"} & set(chosen["activations"]):
        # How exact others are in narrow types is not specified, and so their gradients are no evidence.
        chosen["activations"] = ("tanh", *chosen["activations"])
    if ALL.parameters:
        chosen["parameters"] = tuple(name for name in ALL.parameters if name in chosen["activations"])
    return Supports(**chosen)


@settings(
    max_examples=25,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(declarations(), st.randoms(use_true_random=False))
def test_any_subset(supports: Supports, random: Any) -> None:
    """A share of the clauses each time; together every clause is asked of several subsets."""
    clauses = random.sample(list(all_checks()), 40)
    expect_asked_or_unsupported(supports, clauses)


class OneBias(PlainNumpy):
    """Has as many biases as the network that is loaded, and a rule for the second, too."""

    conventions = replace(
        PlainNumpy.conventions,
        bias_vectors=None,
        initialisation=dict(PlainNumpy.conventions.initialisation) | {"b_h": "zeros"},
    )

    def stored(self, cell: Cell) -> Cell:
        return cell.mapped(np.copy)

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        return replace(super().fresh_cell(random, like), b_h=None)


@pytest.mark.parametrize("clause", ["INT-1", "INT-3", "INT-5", "INT-7"])
def test_a_rule_is_not_asked_of_a_bias_that_the_network_lacks(clause: str) -> None:
    outcome = perform(all_checks()[clause], Subject(framework_of_plain("one-bias", OneBias)), FEW, [])
    assert outcome.verdict == "pass", outcome
