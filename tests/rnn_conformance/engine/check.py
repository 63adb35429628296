"""A check: one clause, the cases to draw, what must hold; and on which routes it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis.strategies import SearchStrategy

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import ABILITIES, RANDOM, Conventions, Supports, one_of
from rnn_adapters.framework import DEFAULT
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.subject import Subject
from rnn_reference.errors import BadInput

Body = Callable[[Subject, Case], None]
Draw = Callable[[Mapping[str, Supports]], SearchStrategy[Case]]
"""From the routes, by name, the default one first, to cases that take one of them.

A draw may have a method `lacking(supports) -> tuple[str, ...]`, which names what its cases need beyond that.
"""

AXES = {"time_axis": "time", "batch_axis": "batch"}
"""Axes of the framework's own input array that a check may need."""


def _declares_padding(conventions: Conventions, supports: Supports) -> bool:
    """Whether it is declared what the sequence output shows at masked time steps."""
    both = conventions.padded_output_bidirectional if supports.bidirectional else "zero"
    return "undefined" not in (conventions.padded_output, both)


def _declares_one_of(*rules: str) -> Callable[[Conventions, Supports], bool]:
    """Whether some weight is declared to be filled by one of these rules."""
    return lambda conventions, supports: not set(rules).isdisjoint(conventions.initialisation.values())


CONVENTIONS: Mapping[str, Callable[[Conventions, Supports], bool]] = {
    "declared_axes": lambda conventions, supports: bool(conventions.axes),
    "declared_padding": _declares_padding,
    "exact_factors": lambda conventions, supports: conventions.quantised is None,
    "rounded_weights": lambda conventions, supports: (
        conventions.quantised is not None and conventions.quantised.weight_dtype is not None
    ),
    "lasting_outputs": lambda conventions, supports: not conventions.reuses_outputs,
    "declared_initialisation": _declares_one_of("zeros", *RANDOM),
    "declared_orthogonal": _declares_one_of("orthogonal"),
    "declared_distribution": _declares_one_of("glorot uniform", "lecun normal", "uniform 1/√H"),
    "declared_random_matrix": lambda conventions, supports: any(
        conventions.initialisation.get(role) in RANDOM for role in ("W_x", "W_h")
    ),
}
"""Conventions that a check may need, by name, and whether they are declared."""


class Unsupported(Exception):
    """The clause is not asked: what it needs is not declared."""


@dataclass(frozen=True)
class Check:
    """One check of one clause.

    Args:
        clause: id of the clause.
        body: asserts the clause on one case, by the methods of `Subject`.
        draw: the cases for an implementation that supports this much.
        needs: names of `ABILITIES`, of `AXES` or of `CONVENTIONS`, without which the clause does not apply.
        share: share of the profile's examples; below 1 for expensive cases.
        compiled: how many times this share where shapes are compiled: fewer, for cases of many programs.
        routes: kinds of routes that the clause is about. None named: it is about the default route, and holds
            on every other that is not expensive.

    Raises:
        BadInput: an ability that is not known.
    """

    clause: str
    body: Body
    draw: Draw
    needs: tuple[str, ...] = ()
    share: float = 1.0
    routes: tuple[str, ...] = ()
    compiled: float = 1.0

    def __post_init__(self) -> None:
        for need in self.needs:
            one_of(f"needs of {self.clause}", need, sorted({*ABILITIES, *AXES, *CONVENTIONS}))

    @property
    def name(self) -> str:
        return self.body.__name__

    @property
    def title(self) -> str:
        """What the check says, in words."""
        return self.name.removeprefix("test_").replace("_", " ")

    def asked_on(self, subject: Subject) -> Asked:
        """The routes of an implementation on which the clause is asked.

        Raises:
            Unsupported: there is none, by declaration.
        """
        known = subject.framework.routes
        names = [DEFAULT, *(name for name, route in known.items() if not route.expensive)]
        if self.routes:
            names = [name for name, route in known.items() if route.kind in self.routes]
        if not names:
            raise Unsupported(f"{subject.name} has no such route: {', '.join(self.routes)}")
        if subject.alone:
            if self.routes and subject.alone not in names:
                raise Unsupported(f"route {subject.alone!r} is none of these: {', '.join(self.routes)}")
            names = [subject.alone]
        there = [name for name in names if name not in subject.absent]
        if not there:
            lacks = [f"{subject.absent[name]}, for route {name}" for name in names]
            raise Unsupported(f"this machine lacks {'; '.join(lacks)}")
        asked, lacking = Asked({}, {}), dict[str, tuple[str, ...]]()
        for name in there:
            try:
                adapter = subject.adapter_of(name)
            except BadInput as error:
                asked.broken[name] = str(error)
                continue
            lacking[name] = self.lacking(adapter)
            if not lacking[name]:
                asked.routes[name] = adapter.supports
        if not asked.routes and not asked.broken:
            fewest = min(lacking.values(), key=len)
            raise Unsupported(f"{subject.name} does not support: {', '.join(fewest)}")
        return asked

    def fails_on(self, subject: Subject, case: Case) -> NonConforming | None:
        """What is found on one case; None where the clause holds.

        Raises:
            CannotExpress: the route has no words for a call that the check makes.
        """
        subject.take(case.route)
        subject.layout = case.layout
        subject.last_run = None
        try:
            self.body(subject, case)
        except NonConforming as error:
            return error
        return None

    def lacking(self, adapter: Adapter[object]) -> tuple[str, ...]:
        """What the clause needs and an adapter does not declare."""
        supports, conventions = adapter.supports, adapter.conventions
        found = []
        for need in self.needs:
            if need in AXES:
                has = conventions.has_axis("x", AXES[need])
            elif need in CONVENTIONS:
                has = CONVENTIONS[need](conventions, supports)
            else:
                has = supports.has(need)
            found += [need] * (not has)
        of_draw: Callable[[Supports], tuple[str, ...]] | None = getattr(self.draw, "lacking", None)
        if of_draw is not None:
            found += of_draw(supports)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Asked:
    """Where a clause is asked.

    Args:
        routes: what each route supports, the default one first.
        broken: the routes that could not be made, and why.
    """

    routes: dict[str, Supports]
    broken: dict[str, str]


def check(
    clause: str,
    draw: Draw,
    *,
    needs: tuple[str, ...] = (),
    share: float = 1.0,
    routes: tuple[str, ...] = (),
    compiled: float = 1.0,
) -> Callable[[Body], Callable[..., None]]:
    """Make a check of a function `(subject, case)`. pytest sees a test that takes the `perform` fixture."""

    def decorate(body: Body) -> Callable[..., None]:
        made = Check(clause, body, draw, needs, share, routes, compiled)

        def test(perform: Callable[[Check], None]) -> None:
            __tracebackhide__ = True
            perform(made)

        test.__name__, test.__doc__, test.__module__ = body.__name__, body.__doc__, body.__module__
        test.check = made  # type: ignore[attr-defined] # pytest takes functions
        return test

    return decorate
