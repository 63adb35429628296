"""Which fault of the catalogue behaves as an implementation does that fails.

A fault is named only if it answers everything that the failing check asks as the implementation does: on the
failing case as drawn, on the small one, and on fresh cases that share its facts. It must fail where the
implementation fails, and pass where it passes. And it must answer alike what the check does not ask: plain
calls of the same networks, as they were drawn. All else has no known fault.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call, CannotExpress
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.reference import in_type
from rnn_conformance.engine.case import Case, Fact
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.drawing import Enough, draw_cases
from rnn_conformance.engine.findings import Failed
from rnn_conformance.engine.results import Kind
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.likeness import Arrays, Margins, are_alike, arrays_of
from rnn_conformance.faults.plain import ROUTES, PlainNumpy
from rnn_conformance.faults.registry import PREFIX, Fault, all_faults
from rnn_conformance.faults.transcripts import Exchange, Listener, Question, Raised, answers
from rnn_reference.activations import Activation
from rnn_reference.network import Array, Layer, Network

UNKNOWN = "no known fault"

TOLD: tuple[Kind, ...] = ("value", "shape", "dtype", "not refused", "raised")
"""Kinds of findings in which something was answered that can be compared."""

FRESH = 5
"""Cases of the same facts, besides the failing ones."""

MOST_FRESH = 20
"""So many, where those before all pass: one of them must fail, or what fits may be anything."""

DRAWN = 4
"""Times as many are drawn to find them."""

SECONDS = 0.3
"""What one finding may always take, however little is left in the purse."""


class OutOfTime(Exception):
    """Nothing can be said: the time for it is spent."""


@dataclass(frozen=True, eq=False)
class Failure:
    """What is to be explained.

    Args:
        check: which fails.
        subject: what it fails on.
        cases: the failing ones, the smallest first.
        facts: what they have in common, and is needed.
        leave: the cases that must not be run, or are wrong for a reason that is known.
        seconds: what the search may take.
        now: by this clock.
    """

    check: Check
    subject: Subject
    cases: tuple[Case, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    leave: Callable[[Case], bool] = lambda case: False
    seconds: float = SECONDS
    now: Callable[[], float] = time.process_time


def failure_of(
    check: Check, subject: Subject, first: Failed, smallest: Failed, facts: Mapping[str, Fact]
) -> Failure:
    """A finding as something to be explained.

    Args:
        first, smallest: the case as drawn, and made small.
    """
    cases = {case.fingerprint: case for case in (smallest.case, first.case)}
    return Failure(check, subject, tuple(cases.values()), facts)


def likely_cause(failure: Failure) -> str:
    """The fault that behaves alike, in words; `UNKNOWN`, or "" where time did not suffice to tell."""
    try:
        name = the_one(explaining(failure), failure.check.clause)
    except OutOfTime:
        return ""
    if not name:
        return UNKNOWN
    words = (all_faults()[name].__doc__ or "").splitlines()[0]
    return f"the output is that of {PREFIX}{name}: {words[0].lower()}{words[1:]}"


def the_one(names: list[str], clause: str) -> str:
    """Of several that behave alike, the one that this clause is there for; "" where none or several are."""
    own = [name for name in names if all_faults()[name].clause == clause]
    for left in (names, own):
        if len(left) == 1:
            return left[0]
    return ""


def explaining(failure: Failure) -> list[str]:
    """The faults that behave as the implementation does.

    Raises:
        OutOfTime: not all could be tried.
    """
    stop = failure.now() + failure.seconds

    def go_on() -> None:
        if failure.now() > stop:
            raise OutOfTime

    trials = list[Trial]()
    left = list(all_faults())
    fresh, fresh_failing = 0, 0
    for number, case in enumerate(_cases(failure)):
        go_on()
        trial = tried(failure, case)
        if trial is None:
            continue
        if number >= len(failure.cases):
            fresh, fresh_failing = fresh + 1, fresh_failing + (trial.found is not None)
        elif trial.found is None:
            return []  # it fails now and then
        trials.append(trial)
        kept = list[str]()
        for name in left:
            go_on()
            if trial.explained_by(name):
                kept.append(name)
        left = kept
        if not left or (fresh >= FRESH and fresh_failing):
            break
    if not fresh_failing:
        return []
    left = [name for name in left if all(trial.judged_alike(name) for trial in reversed(trials))]
    for trial in trials if left else ():
        go_on()
        beyond = trial.asked_beyond()
        left = [name for name in left if beyond.explained_by(name)]
    return left


def _cases(failure: Failure) -> Iterator[Case]:
    """The failing ones, then fresh ones that share their facts."""
    yield from failure.cases
    few = _fresh(failure, FRESH)
    yield from few
    if len(few) == FRESH:
        yield from _fresh(failure, MOST_FRESH)[FRESH:]


def _fresh(failure: Failure, count: int) -> list[Case]:
    seen = {case.fingerprint for case in failure.cases}
    route, fresh = failure.cases[0].route, list[Case]()

    def visit(case: Case) -> None:
        facts = case.facts
        if case.fingerprint in seen or any(facts[name] != value for name, value in failure.facts.items()):
            return
        seen.add(case.fingerprint)
        if not failure.leave(case):
            fresh.append(case)
        if len(fresh) == count:
            raise Enough

    strategy = failure.check.draw({route: failure.subject.adapter_of(route).supports})
    seed = f"{failure.check.clause}/diagnosis"
    with suppress(Enough):
        draw_cases(strategy, DRAWN * MOST_FRESH, seed, visit)
    return fresh


@dataclass(frozen=True, eq=False)
class Trial:
    """What the check asked and the implementation answered on one case.

    Args:
        kind: the route's kind; "" is the default one's.
        found: what kind of thing was wrong; None where the clause held.
    """

    check: Check
    case: Case
    adapter: Adapter[Any]
    kind: str
    found: Kind | None
    questions: list[Question]
    answered: list[Arrays | Raised]
    usual: list[Arrays | Raised]
    margins: Margins

    def explained_by(self, name: str) -> bool:
        """Whether a fault answers alike, and, where the clause fails, otherwise than what has no fault."""
        try:
            faulty = answers(faulty_adapter(name, self.kind), self.questions)
            told = [
                _arrays(question, answer, PlainNumpy.conventions, self.adapter)
                for question, answer in zip(self.questions, faulty, strict=True)
            ]
        except Exception:  # it answers what is no answer at all
            return False
        apart, same, usual_bits = False, True, True
        for index, (mine, its, usual) in enumerate(zip(self.answered, told, self.usual, strict=True)):
            bits_alike, near = are_alike(mine, its, {}), Arrays()
            if not bits_alike:
                near = self.margins.of(index)
                if not are_alike(mine, its, near):
                    return False
            same = same and bits_alike
            if not (isinstance(its, Raised) or are_alike(its, usual, {})):
                usual_bits = False
                apart = apart or not are_alike(its, usual, near or self.margins.of(index))
        return self.found is None or apart or (same and not usual_bits)

    def asked_beyond(self) -> Trial:
        """Plain calls of the case's network, with initial states; of the same with tanh, without options.

        The latter in float32, where that is supported: nothing of a case but its sizes is left.
        """
        supports, network, call = self.adapter.supports, self.case.network, self.case.call
        states = call.initial_states
        if states is None and supports.initial_states:
            states = tuple(map(_some_numbers, network.state_shapes(call.x.shape[0])))
            states = tuple(state.astype(network.dtype) for state in states)
        asked = [(network, dataclasses.replace(call, initial_states=states, stateful=False))]
        if "tanh" in supports.activations:
            plainest = Network(
                Layer(*(dataclasses.replace(cell, activation=Activation("tanh")) for cell in layer.cells))
                for layer in network.layers
            )
            plain_call = Call(call.x, states)
            if "float32" in supports.dtypes:
                plainest, plain_call = in_type("float32", plainest, plain_call)
            asked.append((plainest, plain_call))
        questions = list[Question]()
        for of, given in asked:
            questions.append(Question("load", of, ()))
            for wanted in [True] * supports.sequence + [False] * supports.last_output:
                asking = dataclasses.replace(given, return_sequences=wanted)
                questions.append(Question("run", of, (asking,)))
        heard = list(zip(questions, answers(self.adapter, questions), strict=True))
        return _trial(self.check, self.case, self.adapter, self.kind, None, heard)

    def judged_alike(self, name: str) -> bool:
        """Whether the clause holds or fails for a fault as it does for the implementation."""
        adapter = faulty_adapter(name, self.kind)
        adapter.supports = self.adapter.supports
        subject = Subject(_framework(adapter, self.case.route))
        try:
            error = self.check.fails_on(subject, self.case)
        except Exception:
            return False
        return (None if error is None else error.kind) == self.found


def tried(failure: Failure, case: Case) -> Trial | None:
    """One case put before the implementation, and before one without a fault; None if there are no words."""
    adapter = failure.subject.adapter_of(case.route)
    listener = Listener(adapter)
    try:
        error = failure.check.fails_on(Subject(_framework(listener, case.route)), case)
    except CannotExpress:
        return None
    kind = failure.subject.framework.routes[case.route].kind if case.route else ""
    found = None if error is None else error.kind
    return _trial(failure.check, case, adapter, kind, found, listener.heard)


def _trial(
    check: Check, case: Case, adapter: Adapter[Any], kind: str, found: Kind | None, heard: list[Exchange]
) -> Trial:
    questions = [question for question, _ in heard]
    answered = [_arrays(question, answer, adapter.conventions, adapter) for question, answer in heard]
    usual = [
        _arrays(question, answer, PlainNumpy.conventions, adapter)
        for question, answer in zip(questions, answers(PlainNumpy(_route(kind)), questions), strict=True)
    ]
    margins = Margins(questions, adapter.conventions, PlainNumpy.conventions)
    return Trial(check, case, adapter, kind, found, questions, answered, usual, margins)


def _some_numbers(shape: tuple[int, ...]) -> Array:
    """Multiples of 1/8, the same for the same shape, no two beside each other alike."""
    numbers: Array = (1 + np.arange(np.prod(shape, dtype=int)).reshape(shape) % 7) / 8
    return numbers


def _arrays(question: Question, answer: Any, conventions: Any, adapter: Adapter[Any]) -> Arrays | Raised:
    other = PlainNumpy.conventions if conventions is adapter.conventions else adapter.conventions
    return arrays_of(question, answer, conventions, adapter.supports, other)


def _route(kind: str) -> str:
    """The route of the plain implementation of this kind; the default one where it has none, or several."""
    if sum(of_kind == kind for of_kind, _ in ROUTES.values()) > 1:
        return DEFAULT
    return next((name for name, (of_kind, _) in ROUTES.items() if of_kind == kind), DEFAULT)


def faulty_adapter(name: str, kind: str) -> Fault:
    """A fault of the catalogue, by its route of this kind."""
    return all_faults()[name](_route(kind))


def _framework(adapter: Adapter[Any], route: str) -> Framework:
    """One adapter as a framework that has this route."""
    routes = {route: Route("cell", "", lambda: adapter)} if route else {}
    return Framework(adapter.name, lambda: adapter, routes)
