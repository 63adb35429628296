"""`vectors promote`: a counterexample that a failure left becomes a vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rnn_adapters.declarations import DType
from rnn_adapters.written import check_fit
from rnn_conformance.checks.support.derivatives import cotangents, direction_of
from rnn_conformance.engine.case import Case, SavedCase, from_data, read_saved
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.histories import is_random
from rnn_conformance.faults.registry import PREFIX
from rnn_conformance.vectors.expected import Step
from rnn_conformance.vectors.form import TYPES, FlagData
from rnn_conformance.vectors.making import PROMOTED, Ids, ids_in, known_flags, make
from rnn_conformance.vectors.recipes import Recipe
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Network

COUNTEREXAMPLE = "counterexample"
"""The flag of what was found in an implementation and is no fault of the catalogue."""

FLOAT64 = np.dtype(np.float64)

DERIVED = {"gradient of": "gradients", "tangent of": "tangents"}
"""How messages begin of findings in derivatives, and by which step a vector takes these."""


def promote(path: Path, folder: Path, flags: Sequence[str] = (), comment: str = "") -> int:
    """Make the case in a file a vector of a folder; its id.

    Args:
        flags: what it hunts; none named: the flags of its likely cause, or that of counterexamples.
        comment: what is particular about it; "": what was found, and where.

    Raises:
        BadInput: the file is no case; what must come of it is no number, or nothing is known of it; a flag is
            unknown; or the vectors cannot be made.
    """
    saved = read_saved(path)
    recipe = recipe_of(saved, f"case file {path}", ids_in(folder), flags, comment)
    make(folder, recipe)
    return ids_in(folder).taken[recipe.name]


def recipe_of(saved: SavedCase, place: str, ids: Ids, flags: Sequence[str], comment: str) -> Recipe:
    """The recipe of the vector that a case becomes.

    Raises:
        BadInput: see `promote`.
    """
    if saved.clause not in all_clauses():
        raise BadInput(f"{place}: clause: expected one of the spec; got {saved.clause}")
    case = from_data(saved.case, place, checked=True)
    known = known_flags()
    for flag in flags:
        if flag not in known:
            raise BadInput(f"--flag: expected one of {', '.join(sorted(known))}; got {flag!r}")
    if any(is_random(moment.call) for moment in case.moments):
        raise BadInput(f"{place}: expected a case whose result is known; got one in which dropout acts")
    dtype: DType = next(each for each in TYPES if each == str(case.network.dtype))
    number = 1 + sum(name.startswith(PROMOTED) for name in (*ids.taken, *ids.retired))
    return Recipe(
        f"{PROMOTED}{number}",
        saved.clause,
        tuple(flags) or flags_of(saved, known),
        comment or found(saved),
        in_float64(case.network),
        [step.mapped(widened_exactly) for step in steps_of(case, saved.message)],
        dtype,
    )


def flags_of(saved: SavedCase, known: Mapping[str, FlagData]) -> tuple[str, ...]:
    """The flags that hunt the likely cause."""
    cause = saved.likely_cause.removeprefix(PREFIX)
    return tuple(name for name, flag in known.items() if cause in flag.faults)[:1] or (COUNTEREXAMPLE,)


def found(saved: SavedCase) -> str:
    """What was found, and where, in a sentence."""
    if not saved.adapter:
        return "a counterexample"
    versions = ", ".join(f"{name} {number}" for name, number in saved.versions.items())
    first, _, _ = saved.message.partition("\n")
    return f"found on {saved.adapter} ({versions}): {first}".rstrip(": ")


def steps_of(case: Case, message: str) -> list[Step]:
    """The history of a case, and its call; and its derivative, if the finding is one of that."""
    network, steps = case.network, list[Step]()
    for action in case.actions:
        if action.call is not None:
            check_fit(network, action.call)
            steps.append(_of_call(action.do, Case(network, action.call)))
        elif action.do in ("assign", "reset", "restore"):
            steps.append(Step(action.do, network=action.network))
        network = action.network or network
    for words, doing in DERIVED.items():
        if words in message and case.initial_states is not None and case.call.return_sequences:
            steps.append(_of_call(doing, case.replace(network=network)))
    return steps


def _of_call(do: str, case: Case) -> Step:
    match do:
        case "gradients":
            return Step("gradients", case.call, *cotangents(case))
        case "tangents":
            return Step("tangents", case.call, direction=direction_of(case))
    return Step("call", case.call)


def in_float64(network: Network) -> Network:
    """The very numbers of a network in float64."""
    return network.mapped(widened_exactly)


def widened_exactly(array: Array) -> Array:
    """The very numbers of an array in float64."""
    return array.astype(FLOAT64)
