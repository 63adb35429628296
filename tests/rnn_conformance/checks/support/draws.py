"""Cases of one activation, and cases that are drawn once on each route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

from hypothesis.strategies import SearchStrategy

from rnn_adapters.declarations import Supports
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.drawing import Structures
from rnn_conformance.engine.meaning import as_computed
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.structures import structures_of_each_activation
from rnn_reference.activations import Activation
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


class OfOneActivationInAnyType(OfOneActivation):
    """The same, in narrow types, too, in which others are of tanh and relu: of one step bounds say enough."""

    def __call__(self, routes: Mapping[str, Supports]) -> SearchStrategy[Case]:
        return super().__call__(routes).map(lambda case: self.of_any(case, routes[case.route]))

    def of_any(self, case: Case, supports: Supports) -> Case:
        """The case, if it is computed in a narrow type with any of the activations, by its numbers."""
        if as_computed(case).network.dtype.itemsize >= 4:
            return case
        names = [name for name in supports.activations if name in self.cases.activations]
        activation = Activation(names[crc32(case.fingerprint) % len(names)])
        layers = (
            Layer(*(replace(cell, activation=activation) for cell in each.cells))
            for each in case.network.layers
        )
        return case.replace(network=Network(layers))


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
