"""What stands behind each clause: its check, the faults that the check must catch, its vectors.

All of these name clauses by their ids. `gaps` says, in both directions, which names lead nowhere and which
clauses nothing stands behind.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.clauses import Clause, all_clauses
from rnn_conformance.faults.registry import Fault, all_faults
from rnn_conformance.vectors.form import read_vectors, vectors_folder

EXAMPLES = "WEX"
"""The chapter of worked examples. Its clauses repeat those of others on given networks."""


@dataclass(frozen=True)
class Vector:
    """What is told here of a vector.

    Args:
        comment: what it is, in words.
    """

    id: int
    clause: str
    comment: str = ""


@dataclass(frozen=True)
class Trace:
    """What stands behind one clause."""

    clause: Clause
    checks: tuple[Check, ...]
    faults: tuple[type[Fault], ...]
    vectors: tuple[Vector, ...]


def traces(vectors: Sequence[Vector]) -> dict[str, Trace]:
    """What stands behind every clause, by its id."""
    return {
        id: Trace(
            clause,
            tuple(check for check in all_checks().values() if check.clause == id),
            tuple(fault for fault in all_faults().values() if fault.clause == id),
            tuple(vector for vector in vectors if vector.clause == id),
        )
        for id, clause in all_clauses().items()
    }


def vectors_of_suite() -> list[Vector]:
    """The vectors of this installation, in the order of their ids.

    Raises:
        BadInput: they cannot be read.
    """
    vectors = [Vector(each.id, each.clause, each.comment) for each in read_vectors(vectors_folder())]
    return sorted(vectors, key=lambda vector: vector.id)


def gaps(
    clauses: Collection[str],
    checks: Mapping[str, str],
    faults: Mapping[str, str],
    vectors: Mapping[str, str],
    runs: Mapping[str, Sequence[str]] | None = None,
) -> list[str]:
    """What is missing between clauses and what names them, a sentence each; none where all is traced.

    Args:
        clauses: their ids.
        checks: for each check, by name, its clause; so for `faults` and `vectors`.
        runs: for each run, by name, the clauses that it has a verdict on.
    """
    missing = [
        f"{kind} {name}: {clause} is no clause"
        for kind, named in (("check", checks), ("fault", faults), ("vector", vectors))
        for name, clause in named.items()
        if clause not in clauses
    ]
    missing += [
        f"results of {run}: {clause} is no clause"
        for run, asked in (runs or {}).items()
        for clause in asked
        if clause not in clauses
    ]
    checked, caught = set(checks.values()), set(faults.values())
    missing += [f"clause {clause}: no check asks it" for clause in clauses if clause not in checked]
    missing += [
        f"clause {clause}: no fault shows that its check can fail"
        for clause in clauses
        if clause not in caught and not clause.startswith(EXAMPLES)
    ]
    return missing


def gaps_of_suite() -> list[str]:
    """What is missing in this suite, by its own clauses, checks, faults and vectors."""
    return gaps(
        all_clauses(),
        {check.name: id for id, check in all_checks().items()},
        {name: fault.clause for name, fault in all_faults().items()},
        {str(vector.id): vector.clause for vector in vectors_of_suite()},
    )
