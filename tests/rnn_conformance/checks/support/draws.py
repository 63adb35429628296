"""Cases that are drawn, and then changed in a way that the facts of a case should show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
