"""What catches most is asked first."""

from __future__ import annotations

import msgspec

from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.faults.registry import all_faults
from rnn_conformance.running.order import ORDER, extended_order, greedy_order, most_killing_first


def test_each_clause_is_followed_by_the_one_that_catches_most_of_what_is_left() -> None:
    kills = {"A-1": ["a", "b"], "A-2": ["c"], "B-1": ["a", "b", "c"], "B-2": ["d"], "C-1": ["d"], "C-2": []}
    assert greedy_order(kills) == {"B-1": 3, "B-2": 1}


def test_an_order_is_extended_by_the_clauses_of_what_nothing_in_it_catches() -> None:
    kills = {"A-1": "ab", "B-1": "c", "C-1": "b", "D-1": "def"}
    faults = {"a": "C-1", "b": "C-1", "c": "B-1", "d": "D-1", "e": "D-1", "f": "E-1"}
    asked = list[tuple[str, str]]()

    def catches(fault: str, clause: str) -> bool:
        asked.append((fault, clause))
        return fault in kills.get(clause, "")

    assert extended_order(["A-1", "C-1"], faults, catches) == {"D-1": 3, "A-1": 2, "B-1": 1}
    assert ("a", "C-1") not in asked  # A-1 catches it


def test_the_order_is_that_of_the_file_and_others_follow() -> None:
    known = msgspec.json.decode(ORDER.read_bytes(), type=dict[str, int])
    assert set(known) <= set(all_clauses())
    assert sum(known.values()) > 2 / 3 * len(all_faults())  # else it is time to make it anew
    assert list(known.values()) == sorted(known.values(), reverse=True)
    order = most_killing_first(list(all_clauses()))
    assert order[: len(known)] == list(known)
    assert order[len(known) :] == [clause for clause in all_clauses() if clause not in known]
    assert most_killing_first(["NEW-1", next(iter(known))]) == [next(iter(known)), "NEW-1"]
