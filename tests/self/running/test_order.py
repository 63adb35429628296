"""What catches most is asked first."""

from __future__ import annotations

from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.faults.registry import all_faults
from rnn_conformance.running.order import extended_order, greedy_order, known_order, most_killing_first


def test_each_clause_is_followed_by_the_one_that_catches_most_of_what_is_left() -> None:
    kills = {"A-1": ["a", "b"], "A-2": ["c"], "B-1": ["a", "b", "c"], "B-2": ["d"], "C-1": ["d"], "C-2": []}
    assert greedy_order(kills) == {"B-1": ["a", "b", "c"], "B-2": ["d"]}


def test_an_order_is_extended_by_the_faults_that_it_does_not_know() -> None:
    order = {"A-1": ["a", "gone"], "C-1": ["b"], "Z-1": ["gone too"]}
    kills = {"A-1": "a", "B-1": "c", "C-1": "gh", "D-1": "def"}
    faults = {"a": "C-1", "b": "C-1", "c": "B-1", "d": "D-1", "e": "D-1", "f": "D-1", "g": "E-1", "h": "C-1"}
    asked = list[tuple[str, str]]()

    def catches(fault: str, clause: str) -> bool:
        asked.append((fault, clause))
        return fault in kills.get(clause, "")

    expected = {"C-1": ["b", "g", "h"], "D-1": ["d", "e", "f"], "A-1": ["a"], "B-1": ["c"]}
    extended = extended_order(order, faults, catches)
    assert (extended, list(extended)) == (expected, list(expected))
    assert not {fault for fault, _ in asked} & {"a", "b"}  # where they are caught is known
    assert [clause for fault, clause in asked if fault == "h"] == ["C-1"]


def test_the_order_is_that_of_the_file_and_others_follow() -> None:
    known = known_order()
    assert set(known) <= set(all_clauses())
    caught = [fault for faults in known.values() for fault in faults]
    assert len(set(caught)) == len(caught)
    assert len(set(caught) & set(all_faults())) > 2 / 3 * len(all_faults())  # else it is time to extend it
    sizes = [len(faults) for faults in known.values()]
    assert sizes == sorted(sizes, reverse=True)
    order = most_killing_first(list(all_clauses()))
    assert order[: len(known)] == list(known)
    assert order[len(known) :] == [clause for clause in all_clauses() if clause not in known]
    assert most_killing_first(["NEW-1", next(iter(known))]) == [next(iter(known)), "NEW-1"]
