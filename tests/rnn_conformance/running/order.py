"""The order in which a run that ends at the first finding performs its checks: `order.json`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

ORDER = Path(__file__).with_name("order.json")
"""Clauses, the one that catches most faults of the catalogue first, then the one that catches most of the
others, and so on; with how many. `rnn-conformance measure kills --write` makes it; with `--extend`, it keeps
what stands there and adds to it."""


def known_order() -> dict[str, int]:
    """What stands in `ORDER`."""
    return msgspec.json.decode(ORDER.read_bytes(), type=dict[str, int])


def most_killing_first(clauses: list[str]) -> list[str]:
    """The clauses in the order of `ORDER`; those that do not stand there follow in their own."""
    known = known_order()
    return [*(id for id in known if id in clauses), *(id for id in clauses if id not in known)]


def greedy_order(kills: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """The clauses that catch a fault which those before them do not, and how many of these.

    Args:
        kills: the faults that each clause catches. Of clauses that catch as many, the first is taken.
    """
    left = {clause: set(faults) for clause, faults in kills.items()}
    order: dict[str, int] = {}
    while left:
        best = max(left, key=lambda clause: len(left[clause]))
        caught = left.pop(best)
        if not caught:
            break
        order[best] = len(caught)
        for faults in left.values():
            faults -= caught
    return order


def extended_order(
    order: Iterable[str], faults: Mapping[str, str], catches: Callable[[str, str], bool]
) -> dict[str, int]:
    """An order, and in it the clauses that catch what none of it does; those that catch most first.

    Args:
        faults: by name, the clause that must catch it, which is added where no other does.
        catches: whether a clause, the second, catches a fault, the first.
    """
    counts = dict.fromkeys(order, 0)
    for fault, own in faults.items():
        first = next((clause for clause in counts if catches(fault, clause)), own)
        counts[first] = counts.get(first, 0) + 1
    most_first = sorted(counts.items(), key=lambda each: -each[1])
    return {clause: count for clause, count in most_first if count}
