"""From cases that fail to distinct findings: of one kind, route and facts that matter, and made small."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.declarations import Supports
from rnn_conformance.engine.case import Case, Fact, from_data, to_data
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.compare import NonConforming, Tally
from rnn_conformance.engine.deviations import Deviation, found_on, within
from rnn_conformance.engine.drawing import Enough, Structures, shrink
from rnn_conformance.engine.handing import PLAIN
from rnn_conformance.engine.histories import defined, without
from rnn_conformance.engine.results import Finding
from rnn_conformance.engine.subject import Subject
from rnn_conformance.engine.words import cut
from rnn_reference.network import Layer, Network

MOST = 5
"""Distinct findings of one clause; what else fails is counted with none."""

SIMPLEST: dict[str, Fact] = {
    "layers": 1,
    "directions": 1,
    "layers_differ": False,
    "initial_states": False,
    "padding": "none",
    "fully_masked_row": False,
    "last_step_masked": False,
    "return_sequences": True,
    "go_backwards": False,
    "merge_mode": "concat",
    "stateful": False,
    "training": False,
    "dropout": "none",
    "compute_dtype": "none",
    "layout": PLAIN,
    "padded_with": "numbers",
    "called": False,
    "assigned": False,
    "differentiated": False,
    "reset": False,
    "restored": False,
}
"""What these facts are where an option plays no part: a small case is otherwise only where it must be."""

TOLD_APART = ("variant", "dtype", "activation", "bias_vectors", "magnitude", "batch", "time")
"""Facts without a simplest value. They matter where cases of other values pass; so do those of which the
simplest value is never drawn."""

ENOUGH_OTHERS = 3
"""So many cases of another value must have passed before a fact is said to matter."""


@dataclass(frozen=True, eq=False)
class Failed:
    """A case that failed.

    Args:
        case: as drawn.
        error: what was found.
        call: the call that went wrong, as a case.
        place: its place among the cases of its round, from 0.
    """

    case: Case
    error: NonConforming
    call: Case | None = None
    place: int = 0

    def finding(self, facts: dict[str, Fact] | None = None, cases: int = 1) -> Finding:
        """Its written form."""
        told = [f"{name} {value}" for name, value in (facts or {}).items() if name in ("variant", "dtype")]
        message = self.error.finding + (f"\n(for {', '.join(told)})" if told else "")
        return Finding(
            kind=self.error.kind,
            message=cut(message),
            route=self.case.route,
            facts=facts or {},
            cases=cases,
            case=to_data(self.case),
            shown_case=repr(self.case if self.case.history or not self.call else self.call),
        )

    def is_like(self, kind: str, route: str, facts: Mapping[str, Fact]) -> bool:
        """Whether it shows a finding of this kind."""
        return self.error.kind == kind and self.case.route == route and _agrees(self.case.facts, facts)


Explain = Callable[[Check, Failed, Failed, Mapping[str, Fact]], str]
"""From a check, a case as drawn, the small one and the facts that matter to the likely cause, in words."""


@dataclass(frozen=True)
class Search:
    """The search for distinct findings among the cases of one round that failed.

    Args:
        strategy: what drew the cases.
        seed: with which it did.
        shrink: whether cases are made small.
        known: the recorded deviations. A case that one of them explains is none like it; one that ends the
            process is not tried.
        explain: tells the likely cause of each finding.
        structures: of the cases that were drawn first.
    """

    check: Check
    subject: Subject
    strategy: SearchStrategy[Case]
    seed: str
    shrink: bool = True
    known: Sequence[Deviation] = ()
    explain: Explain | None = None
    structures: Structures | None = None

    def findings(self, failed: list[Failed], passed: list[Case]) -> list[Finding]:
        """At most `MOST`; after each, cases like it are left aside."""
        found: list[Finding] = []
        left = list(failed)
        while left and len(found) < MOST:
            first = left.pop(0)
            if self.tried(first.case) is None:
                words = f"the same case failed once and passed once. When it failed: {first.error.finding}"
                flaky = Failed(first.case, NonConforming(words, kind="flaky"), first.call)
                found.append(flaky.finding())
                break
            smallest = self.smallest(first, found) if self.shrink else first
            facts = facts_that_matter(smallest, first, [first, *left], passed)
            alike = [each for each in left if each.is_like(first.error.kind, first.case.route, facts)]
            found.append(smallest.finding(facts, cases=1 + len(alike)))
            if self.explain is not None:
                found[-1].likely_cause = self.explain(self.check, first, smallest, facts)
            left = [each for each in left if each not in alike]
        return found

    def tried(self, case: Case) -> Failed | None:
        """The case tried once more; None where it holds now, or cannot be tried."""
        covering = [record for record in self.known if record.covers(case)]
        if any(record.ends_process for record in covering):
            return None
        self.subject.tally = Tally()
        try:
            error, excusing = found_on(self.check, self.subject, case, covering)
        except CannotExpress:
            return None
        if error is None or excusing:
            return None
        return Failed(case, error, self.subject.last_run)

    def smallest(self, first: Failed, found: list[Finding]) -> Failed:
        """The smallest case like the first that can be found in the time that is left for it.

        Where a small case of another route shows the same here, that is the one.
        """
        for finding in found:
            if finding.kind == first.error.kind and finding.route != first.case.route and finding.case:
                case = from_data(finding.case).replace(route=first.case.route)
                again = self.tried(case) if within(self.subject.supports, case) else None
                if again is not None and again.error.kind == first.error.kind:
                    return again
        purse = self.subject.purse
        began, allowed = purse.now(), purse.share
        best = self.with_fewer_options(first)

        def is_alike(case: Case) -> bool:
            nonlocal best
            if purse.now() - began > allowed:
                raise Enough
            tried = self.tried(case) if case.route == first.case.route else None
            if tried is None or tried.error.kind != first.error.kind:
                return False
            if size_of(case) <= size_of(best.case):
                best = tried
            return True

        shrink(self.strategy, first.place, self.seed, is_alike, self.structures)
        best = self.with_fewer_actions(best)
        purse.spend(purse.now() - began)
        return best

    def with_fewer_options(self, failed: Failed) -> Failed:
        """The case without the options that play no part: a few calls tell which facts matter."""
        pools: Callable[[str, Supports], Mapping[str, Sequence[Any]]] | None
        pools = getattr(self.check.draw, "pools", None)
        if pools is None:
            return failed
        allowed = pools(failed.case.route, self.subject.supports)
        best = failed
        for name, simplest, simplify in SIMPLIFICATIONS:
            if best.case.history and name in OF_NETWORK:
                continue
            if simplest in allowed[name] and best.case.facts[FACT_OF.get(name, name)] != (
                simplest or SIMPLEST.get(name, simplest)
            ):
                best = self.simpler(best, simplify(best.case))
        return best

    def with_fewer_actions(self, failed: Failed) -> Failed:
        """The case as far as to the call that goes wrong, and without the actions that play no part."""
        best = failed
        for moment in failed.case.moments[:-1]:
            best = self.simpler(failed, moment)
            if best is not failed:
                break
        before = None
        while best is not before:  # a reset may play no part once the call before it is gone
            before = best
            for place in reversed(range(len(best.case.history))):
                best = self.simpler(best, best.case.replace(history=without(best.case.history, place)))
        return best

    def simpler(self, best: Failed, case: Case) -> Failed:
        """The case where it shows the same and is defined, and otherwise the best one so far."""
        if case.history and defined(case).fingerprint != case.fingerprint:
            return best
        tried = self.tried(case)
        if tried is None or tried.error.kind != best.error.kind:
            return best
        return replace(tried, place=best.place)


def _one_layer(case: Case) -> Case:
    states = case.initial_states
    return case.replace(
        network=Network(case.network.layers[0]), initial_states=None if states is None else states[:1]
    )


def _one_direction(case: Case) -> Case:
    """Of one layer whose directions are not merged: elsewhere more would change than their number."""
    if case.network.num_layers > 1 or case.call.merge_mode != "concat":
        return case
    states = case.initial_states
    return case.replace(
        network=Network(Layer(case.network.layers[0].forward)),
        initial_states=None if states is None else (states[0][:1],),
    )


def _without_padding(case: Case) -> Case:
    """The case with every step valid; what no input may hold at a valid one is zero."""
    case = case if case.facts["padded_with"] == "numbers" else without_poison(case)
    return case.replace(lengths=None, mask=None)


def without_poison(case: Case) -> Case:
    """The case with zeros as input at masked time steps."""
    if case.steps is None:
        return case
    x = case.x.copy()
    x[~case.steps] = 0
    return case.replace(x=x)


Simplification = tuple[str, Fact | None, Callable[[Case], Case]]
SIMPLIFICATIONS: tuple[Simplification, ...] = (
    ("layout", PLAIN, lambda case: case.replace(layout=PLAIN)),
    ("poison", "numbers", without_poison),
    ("training", False, lambda case: case.replace(training=False)),
    ("dropout", None, lambda case: case.replace(dropout=None, rate=0.0)),
    ("compute_dtype", None, lambda case: case.replace(compute_dtype=None)),
    ("padding", "none", _without_padding),
    ("go_backwards", False, lambda case: case.replace(go_backwards=False)),
    ("merge_mode", "concat", lambda case: case.replace(merge_mode="concat")),
    ("stateful", False, lambda case: case.replace(stateful=False)),
    ("initial", False, lambda case: case.replace(initial_states=None)),
    ("layers", 1, _one_layer),
    ("directions", 1, _one_direction),
)
"""For each choice of a case (`Cases.pools`) its simplest value, and the case that makes it."""
OF_NETWORK = ("layers", "directions")
"""What all calls of a history have in common."""
FACT_OF = {"initial": "initial_states", "poison": "padded_with"}
"""The fact that tells of a choice, where its name is another."""


def facts_that_matter(
    smallest: Failed, first: Failed, failed: list[Failed], passed: list[Case]
) -> dict[str, Fact]:
    """The facts of a small failing case without which cases like it pass.

    Args:
        first: the case that was made small; a fact in which it differs does not matter.
    """
    facts, route, own = smallest.case.facts, smallest.case.route, first.case.facts
    fine = [case.facts for case in passed if case.route == route]
    wrong = [each.case.facts for each in failed if each.is_like(smallest.error.kind, route, {})]
    can_be = {name: {each[name] for each in (*fine, *wrong)} for name in (*SIMPLEST, *TOLD_APART)}
    chosen = {
        name: facts[name]
        for name, simplest in SIMPLEST.items()
        if facts[name] == own[name] != simplest and simplest in can_be[name]
    }
    for name in can_be:
        if name in chosen or facts[name] != own[name] or facts[name] == SIMPLEST.get(name):
            continue
        others = [each for each in fine if _agrees(each, chosen) and each[name] != facts[name]]
        elsewhere = any(each[name] != facts[name] for each in wrong if _agrees(each, chosen))
        if facts[name] and len(others) >= ENOUGH_OTHERS and not elsewhere:
            chosen[name] = facts[name]
    return chosen


def _agrees(facts: Mapping[str, Fact], chosen: Mapping[str, Fact]) -> bool:
    return all(facts[name] == value for name, value in chosen.items())


def size_of(case: Case) -> tuple[int, ...]:
    """How large a case is, the most important size first."""
    networks = [case.network, *(action.network for action in case.history if action.network)]
    cells = [cell for network in networks for cell in network.cells]
    arrays = [weight for cell in cells for weight in (cell.W_x, cell.W_h, *cell.biases)]
    for moment in case.moments:
        arrays += [moment.x, *(moment.initial_states or ())]
    numbers = sum(array.size for array in arrays)
    facts = case.facts  # which takes as long as all the rest
    options = sum(facts[name] != simplest for name, simplest in SIMPLEST.items())
    nonzero = sum(int(np.count_nonzero(array)) for array in arrays)
    letters = sum(len(repr(array.tolist())) for array in arrays) if numbers < 100 else 0
    return len(case.history), options, numbers, nonzero, letters
