"""Cases of one activation, and cases that are drawn once on each route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis.strategies import SearchStrategy

from rnn_adapters.declarations import Supports
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.drawing import Structures
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.structures import structures_of_each_activation
from rnn_reference.network import Layer, Network


@dataclass(frozen=True)
class OfOneActivation:
    """Cases in which all cells have one activation, by which a finding is named."""

    cases: Cases

    def __call__(self, routes: Mapping[str, Supports]) -> SearchStrategy[Case]:
        return self.cases(routes).map(alike)

    def structures(self, routes: Mapping[str, Supports]) -> Structures:
        """The structures of the cases that are drawn first: one of each activation."""
        pools = [self.cases.pools(route, supports) for route, supports in routes.items()]
        return lambda seed_text: structures_of_each_activation(pools, seed_text)

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """What no case can do without, and is unsupported."""
        return self.cases.lacking(supports)


def alike(case: Case) -> Case:
    """The case with the activation of its first cell in all of them."""
    first = case.network.cells[0].activation
    layers = [[replace(cell, activation=first) for cell in layer.cells] for layer in case.network.layers]
    return case.replace(network=Network(Layer(*cells) for cells in layers))


ONCE = 0.01
"""The share of what is asked for no more than a case on each route."""


class OnceOnEachRoute(Cases):
    """What is too expensive to be asked twice: a case for each route, of a single structure."""

    def pools(self, route: str, supports: Supports) -> dict[str, Sequence[Any]]:
        pools = super().pools(route, replace(supports, mixed_layers=False))
        return {**pools, "directions": pools["directions"][-1:]}

    def rows_of_routes(self, routes: Mapping[str, Supports]) -> int:
        return len(routes)


MANY_LAYERS = OnceOnEachRoute(
    layers=(12,),
    directions=(1, 2),
    biases=(1,),
    activations=("tanh",),
    regimes=("damped",),
    time=(2,),
    batch=(2,),
    inputs=(2,),
    hidden=(2,),
    initial_states=(False,),
    scatter=True,
    covering=True,
)
"""All of the same sizes, so that nothing but the numbers tells that two have changed places."""
