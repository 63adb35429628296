"""The order in which a run that ends at the first finding performs its checks: `order.json`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

ORDER = Path(__file__).with_name("order.json")
"""Clauses, the one that catches most faults of the catalogue first, then the one that catches most of the
others, and so on; with these faults. `rnn-conformance measure kills --write` makes it; with `--extend`, it
keeps what stands there and adds the faults that do not."""

Order = dict[str, list[str]]
"""For each clause, by id, faults that it catches and that do not stand at one before it."""


def known_order() -> Order:
    """What stands in `ORDER`."""
    return msgspec.json.decode(ORDER.read_bytes(), type=Order)


def most_killing_first(clauses: list[str]) -> list[str]:
    """The clauses in the order of `ORDER`; those that do not stand there follow in their own."""
    known = known_order()
    return [*(id for id in known if id in clauses), *(id for id in clauses if id not in known)]


def greedy_order(kills: Mapping[str, Iterable[str]]) -> Order:
    """The clauses that catch a fault which those before them do not.

    Args:
        kills: the faults that each clause catches. Of clauses that catch as many, the first is taken.
    """
    left = {clause: dict.fromkeys(faults) for clause, faults in kills.items()}
    order: Order = {}
    while left:
        best = max(left, key=lambda clause: len(left[clause]))
        caught = list(left.pop(best))
        if not caught:
            break
        order[best] = caught
        for faults in left.values():
            for fault in caught:
                faults.pop(fault, None)
    return order


def extended_order(order: Order, faults: Mapping[str, str], catches: Callable[[str, str], bool]) -> Order:
    """An order with the faults that do not stand in it, and without those that are none any more.

    Args:
        faults: by name, the clause that must catch it, which is asked first where it stands there, and is
            added where no other catches it.
        catches: whether a clause, the second, catches a fault, the first.
    """
    extended = {clause: [fault for fault in caught if fault in faults] for clause, caught in order.items()}
    known = {fault for caught in extended.values() for fault in caught}
    for fault, own in faults.items():
        if fault not in known:
            asked = [*([own] if own in extended else ()), *extended]
            first = next((clause for clause in asked if catches(fault, clause)), own)
            extended.setdefault(first, []).append(fault)
    most_first = sorted(extended.items(), key=lambda each: -len(each[1]))
    return {clause: caught for clause, caught in most_first if caught}
