"""A framework: its default route, the others, and what is needed to take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import METHODS, ROUTE_KINDS, Conventions, RouteKind, checked_together, one_of
from rnn_adapters.npm import Npm
from rnn_adapters.reproduction import Reproduce
from rnn_reference.errors import BadInput

DEFAULT = ""
"""The name of the default route: what a user of the framework writes first."""


@dataclass(frozen=True)
class Route:
    """Another route into the same layer, which must compute the same (the spec's chapter on options).

    Args:
        kind: in what it differs from the default route; the clause that asks for it depends on this.
        what: the route in the framework's own words, such as "SimpleRNN(unroll=True)".
        make: makes the adapter that takes it; imports the framework.
        expensive: taken only by the clauses that are about routes; others take every clause.
        missing: what is missing for it on this machine, in words, such as a GPU; may import the framework.

    Raises:
        BadInput: a kind that is not known.
    """

    kind: RouteKind
    what: str
    make: Callable[[], Adapter[Any]] = field(repr=False)
    expensive: bool = False
    missing: Callable[[], Sequence[str]] = field(default=tuple, repr=False)

    def __post_init__(self) -> None:
        one_of("Route.kind", self.kind, ROUTE_KINDS)


@dataclass(frozen=True)
class Framework:
    """An implementation by name: how its adapters are made, and what a run of it needs.

    Everything here is known before the framework is imported; `make` imports it.

    Args:
        name: what it is called on the command line and in results.
        make: makes the adapter of the default route.
        routes: the others, by name.
        conventions: those of the default route, where they can be told without importing the framework.
        title: how the tables of the spec call it, with a word about where it runs; "" leaves it out of them.
        extra: the extra of this distribution that installs it.
        modules: the top-level modules without which it cannot be made.
        missing: what else is missing for it here, in words, such as a program; nothing is started to tell.
        install: the command that brings what is missing besides, which no extra does.
        npm: the npm packages that it is; None: its packages are Python's.
        deviations: the file of known deviations, as "package/file"; "" where there are none.
        reproduction: writes the framework's part of a script that shows what was found without this project.
        bug_report: the form in which the framework's makers want to be told, as "package/file"; "": any.
        isolated: every check is performed in a process of its own: bad input is known to end the process.
        alias: another name of one of several frameworks, whose name its results have.

    Raises:
        BadInput: a route without a name.
    """

    name: str
    make: Callable[[], Adapter[Any]] = field(repr=False)
    routes: Mapping[str, Route] = field(default_factory=dict)
    conventions: Conventions | None = None
    title: str = ""
    extra: str = ""
    modules: tuple[str, ...] = ()
    missing: Callable[[], Sequence[str]] = field(default=tuple, repr=False)
    install: str = ""
    npm: Npm | None = None
    deviations: str = ""
    reproduction: Reproduce | None = field(default=None, repr=False)
    bug_report: str = ""
    isolated: bool = False
    alias: bool = False

    def __post_init__(self) -> None:
        if DEFAULT in self.routes:
            raise BadInput(f"Framework.routes of {self.name}: expected routes with a name; got one without")

    def absent_routes(self) -> dict[str, str]:
        """The routes that cannot be taken on this machine, and what is missing for each.

        Imports the framework, where one of its routes depends on the machine.
        """
        found = {name: ", ".join(route.missing()) for name, route in self.routes.items()}
        return {name: missing for name, missing in found.items() if missing}

    def adapter(self, route: str = DEFAULT) -> Adapter[Any]:
        """A new adapter that takes this route.

        Raises:
            BadInput: there is no such route, or what it is made by gives no adapter, or a broken one.
        """
        if route and route not in self.routes:
            known = ", ".join(self.routes) or "none"
            raise BadInput(f"route: expected one of those of {self.name} ({known}); got {route!r}")
        made = self.routes[route].make() if route else self.make()
        if not isinstance(made, Adapter):
            raise BadInput(f"{self.name}: expected an rnn_adapters.Adapter; got {type(made).__name__}")
        checked_adapter(made)
        return made


def not_installed(modules: Sequence[str]) -> list[str]:
    """The packages that are missing, as `Route.missing` says it. Nothing is imported."""
    return [f"the package {module}" for module in modules if find_spec(module) is None]


def framework_of(adapter: Adapter[Any]) -> Framework:
    """A framework of one route, made of an adapter that stands alone."""
    return Framework(adapter.name, lambda: adapter)


def checked_adapter(adapter: Adapter[Any]) -> None:
    """Refuse an adapter that is broken: what it declares it must have.

    Raises:
        BadInput: a declaration is missing or of another type, one contradicts another, or the method of a
            declared ability is missing.
    """
    from rnn_adapters.declarations import Supports

    where = f"adapter {getattr(adapter, 'name', type(adapter).__name__)!r} is broken"
    for name, kind in (("name", str), ("conventions", Conventions), ("supports", Supports)):
        value = getattr(adapter, name, None)
        if not isinstance(value, kind):
            raise BadInput(f"{where}: {name}: expected a {kind.__name__}; got {type(value).__name__}")
    try:
        checked_together(adapter.conventions, adapter.supports)
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from None
    methods = {name: name for name in METHODS} | {"stateful": "reset_states"}
    for ability, method in methods.items():
        if adapter.supports.has(ability) and getattr(type(adapter), method) is getattr(Adapter, method):
            raise BadInput(f"{where}: it declares Supports.{ability}; its class has no method {method}")
