"""Histories: what is drawn, what it is written as, how it is shown and made small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import random_case, random_cell

from rnn_adapters.adapter import Call
from rnn_adapters.histories import DOINGS, Action, Doing
from rnn_conformance.checks import all_checks
from rnn_conformance.checks.support.histories import follow
from rnn_conformance.engine.case import Case, SavedCase, from_data, read_case, to_data, write_case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.deviations import parse_deviations, within
from rnn_conformance.engine.drawing import draw_cases
from rnn_conformance.engine.histories import MOST, Histories, defined
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy, plain
from rnn_conformance.faults.registry import fault_framework
from rnn_reference.errors import BadInput
from rnn_reference.network import Network

HISTORIES = {clause: check for clause, check in all_checks().items() if clause.startswith("HIS")}
SUPPORTS = PlainNumpy.supports


def drawn(clause: str, count: int = 200, **declared: Any) -> list[Case]:
    found: list[Case] = []
    draw_cases(HISTORIES[clause].draw({"": replace(SUPPORTS, **declared)}), count, "a seed", found.append)
    return found


def a_history() -> Case:
    """Of every kind of action."""
    case = random_case(random_cell(3, 2), batch=2, time=3)
    other = replace(case.network.layers[0].forward, b=np.ones(2, np.float32))
    assigned = Network(replace(case.network.layers[0], forward=other))
    call = replace(case.call, lengths=np.array([1, 3]), stateful=True)
    return case.replace(
        history=(
            Action("call", call),
            Action("gradients", case.call),
            Action("tangents", case.call),
            Action("second_gradients", case.call),
            Action("ask", case.call),
            Action("mistake", case.call),
            Action("assign", network=assigned),
            Action("read"),
            Action("restore"),
            Action("reset"),
        )
    )


@pytest.mark.parametrize("clause", HISTORIES)
def test_what_is_drawn_is_defined_and_supported(clause: str) -> None:
    for case in drawn(clause, 100):
        assert len(case.history) >= 1
        assert defined(case).fingerprint == case.fingerprint
        assert within(SUPPORTS, case)


def test_histories_are_of_every_kind() -> None:
    done = {action.do for clause in HISTORIES for case in drawn(clause, 50) for action in case.history}
    assert done == set(DOINGS)
    calls = [moment.call for case in drawn("HIS-1") for moment in case.moments]
    for seen in (
        {len(call.x) for call in calls},
        {call.return_sequences for call in calls},
        {call.training for call in calls},
        {call.dropout for call in calls},
        {call.merge_mode for call in calls},
        {call.go_backwards for call in calls},
        {call.lengths is None for call in calls},
        {call.mask is None for call in calls},
        {call.initial_states is None for call in calls},
    ):
        assert len(seen) > 1
    stateful = [case for case in drawn("HIS-2") if goes_on(case)]
    assert len(stateful) > 20
    assert any(moment.call.stateful is False for case in stateful for moment in case.moments)


def goes_on(case: Case) -> bool:
    """Whether the last call starts where another one ended."""
    calls = [
        action for action in case.history if action.do == "reset" or (action.call and action.call.stateful)
    ]
    going_on = case.call.stateful and case.initial_states is None
    return going_on and bool(calls) and calls[-1].do == "call"


def test_few_shapes_and_options_where_shapes_are_expensive() -> None:
    for case in drawn("HIS-1", expensive="shapes"):
        assert len(case.history) < MOST
        assert len({moment.x.shape for moment in case.moments}) <= 2
        assert len({(m.call.merge_mode, m.call.go_backwards, m.call.training) for m in case.moments}) == 1


def test_few_actions_of_any_options_where_steps_are_expensive() -> None:
    cases = drawn("HIS-1", expensive="steps")
    assert max(len(case.history) for case in cases) < MOST
    assert any(len({m.call.training for m in case.moments}) == 2 for case in cases)


def test_a_stateful_call_of_another_layer_is_reset_before() -> None:
    case = random_case(random_cell(3, 2), states=False).replace(stateful=True)
    same, larger = case.call, replace(case.call, x=np.repeat(case.x, 2, axis=0))
    given = random_case(random_cell(3, 2)).replace(stateful=True).call
    dropping = replace(case.call, training=True, dropout="input", rate=0.5)

    def history(*actions: Action) -> list[Doing]:
        return [action.do for action in defined(case.replace(history=actions)).history]

    assert history(Action("call", same)) == ["call"]
    assert history(Action("call", larger)) == ["call", "reset"]
    assert history(Action("call", larger), Action("reset")) == ["call", "reset"]
    assert history(Action("call", larger), Action("call", given)) == ["call", "call"]
    assert history(Action("call", replace(same, stateful=False))) == ["call"]
    assert history(Action("call", dropping)) == ["call", "reset"]
    assert history(Action("restore")) == ["restore"]
    assert history(Action("call", same), Action("restore")) == ["call", "restore", "reset"]


def test_written_and_read_back(tmp_path: Path) -> None:
    case = a_history()
    write_case(tmp_path / "case.json", SavedCase("HIS-1", to_data(case)))
    clause, back = read_case(tmp_path / "case.json")
    assert clause == "HIS-1"
    assert back.fingerprint == case.fingerprint
    assert back.facts == case.facts
    assert from_data(to_data(case), checked=True).fingerprint == case.fingerprint


def test_every_action_is_in_the_fingerprint() -> None:
    case = a_history()
    shorter = [case.replace(history=(*case.history[:i], *case.history[i + 1 :])) for i in range(7)]
    other = case.replace(history=(replace(case.history[0], call=case.call), *case.history[1:]))
    assert len({each.fingerprint for each in (case, other, *shorter)}) == 9


def test_facts_of_a_history() -> None:
    case = a_history()
    told = ("called", "assigned", "differentiated", "reset", "restored")
    assert all(case.facts[name] is True for name in told)
    assert not any(case.replace(history=()).facts[name] for name in told)
    assert [moment.facts["stateful"] for moment in case.moments] == [True, *[False] * 6]


def test_it_is_shown_as_numbered_actions() -> None:
    shown = repr(a_history()).splitlines()
    assert [line for line in shown if line[:1].isdigit()] == [
        "1. call:",
        "2. take the gradients of a call:",
        "3. take the JVP of a call:",
        "4. take the gradients of the gradients of a call:",
        "5. ask what is told of a call:",
        "6. make a call of a feature too many, as this one otherwise:",
        "7. assign weights:",
        "8. read weights, shapes and number",
        "9. save, load, and go on with what was loaded",
        "10. reset the states",
        "11. call:",
    ]
    assert "   b of cell 0 = [1.0, 1.0]" in shown
    assert "   lengths = [1, 3]" in shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"do": "call"}, "Action.call: expected one beside 'call'; got none"),
        ({"do": "assign"}, "Action.network: expected one beside 'assign'; got none"),
        (
            {"do": "reset", "call": Call(np.zeros((1, 1, 1)))},
            "Action.call: expected none beside 'reset'; got one",
        ),
        ({"do": "jump"}, "Action.do: expected one of call, gradients"),
    ],
)
def test_actions_that_are_none(given: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        Action(**given)
    assert str(refusal.value).startswith(said)


@pytest.mark.parametrize(
    ("name", "doings"),
    [
        ("mask-of-the-call-before", ["call"]),
        ("rows-of-the-largest-batch", ["call"]),
        ("state-kept-after-training", ["call"]),
        ("every-call-keeps-its-states", ["call"]),
    ],
)
def test_a_history_is_made_as_short_as_it_can_be(name: str, doings: list[Doing]) -> None:
    framework = fault_framework(name)
    clause = framework.adapter().clause  # type: ignore[attr-defined]
    outcome = perform(HISTORIES[clause], Subject(framework), PROFILES["quick"], [])
    found = [[action.do for action in each.case.history] for each in outcome.findings if each.case]
    assert doings in found, outcome.findings[0].shown_case


def test_the_message_says_after_which_action() -> None:
    case = random_case(random_cell(3, 2), states=False)
    case = case.replace(history=(Action("restore"), Action("read")))
    with pytest.raises(NonConforming) as found:
        follow(Subject(fault_framework("saved-without-bias")), case)
    assert found.value.finding.startswith("at action 2 of 3, read weights, shapes and number: b")


def test_a_correct_implementation_follows_any_history() -> None:
    subject = Subject(plain())
    for clause in HISTORIES:
        for case in drawn(clause, 30):
            follow(subject, case)


RECORD = """
[[deviation]]
id = "forgets"
adapter = "plain"
versions = {}
clause = "HIS-2"
what = "It forgets."
why = "Nobody knows."
when = { called = true, stateful = true }
[deviation.witness]
dtype = "float32"
layers = [{ forward = { W_x = [[1.0]], W_h = [[0.5]] } }]
x = [[[1.0]]]
stateful = true
history = [
    { do = "call", call = { x = [[[2.0]]], stateful = true } },
    { do = "assign", layers = [{ forward = { W_x = [[2.0]], W_h = [[0.5]] } }] },
]
"""


def test_a_witness_can_be_a_history() -> None:
    (record,) = parse_deviations(RECORD)
    witness = record.witness_of("HIS-2")
    assert [action.do for action in witness.history] == ["call", "assign"]
    assert record.covers(witness)
    assert not record.covers(witness.replace(history=()))
    later = witness.replace(stateful=False, history=(*witness.history, Action("call", witness.call)))
    assert record.covers(later)  # a call of its history is such a case
    with pytest.raises(BadInput, match="its witness does not meet its own condition: called is False"):
        parse_deviations(RECORD[: RECORD.index("history =")])


def test_what_a_history_needs_is_asked_of_a_route() -> None:
    case = a_history()
    assert within(SUPPORTS, case)
    assert not within(replace(SUPPORTS, assign_weights=False), case)
    assert not within(replace(SUPPORTS, restored=False), case)
    assert not within(replace(SUPPORTS, stateful=False), case)
    assert not within(replace(SUPPORTS, lengths=False, lengths_and_masks=False), case)
    maskless = replace(SUPPORTS, masks=False, lengths_and_masks=False, handed_masks=False, mask_dtypes=())
    assert within(maskless, case)


def test_a_history_has_no_actions_that_are_unsupported() -> None:
    lacking = Histories(cases=Cases(), doings=("assign", "restore"))
    found: list[Case] = []
    little = replace(SUPPORTS, assign_weights=False, restored=False)
    draw_cases(lacking({"": little}), 20, "a seed", found.append)
    assert {action.do for case in found for action in case.history} == {"call"}
