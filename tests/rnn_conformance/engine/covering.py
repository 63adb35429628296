"""Which option values to draw together next, so that every two of them occur, and then every three.

Drawn at random, rare values meet late or never. Here each row is built toward the pairs that are still
missing, one option after the other, and toward triples when no pair is missing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from rnn_reference.network import Array

Level = str
Row = dict[str, Level]
"""A value for each option, the route among them."""

Levels = Mapping[str, Sequence[Level]]
"""The values that each option can take on one route."""

Excluded = Sequence[Mapping[str, Level]]
"""What no call combines: values of two options each."""


def covering_rows(routes: Sequence[Levels], excluded: Excluded, seed_text: str) -> Iterator[Row]:
    """Rows until every pair, and then every triple, of values has occurred that some route can combine.

    Args:
        routes: for each route its options, the same ones in the same order, the route itself first.
        seed_text: decides between choices that are equally good; the same text gives the same rows.
    """
    space, decide = Space(routes, excluded), random.Random(seed_text)
    rows: list[list[int]] = []
    for strength in (2, 3):
        missing = space.combinations(strength)
        for row in rows:
            missing[np.ix_(*[row] * strength)] = False
        order = np.argwhere(missing).tolist()
        decide.shuffle(order)
        order.sort(key=space.without_route)
        for wanted in order:
            if not missing[tuple(wanted)]:
                continue
            built = space.row(wanted, missing, decide)
            missing[tuple(wanted)] = False  # where a third option stands in the way, there is no such row
            if built is not None:
                missing[np.ix_(*[built] * strength)] = False
                rows.append(built)
                yield space.named(built)


ROUTE = 16
"""What a missing pair with the route counts as much as: about the number of other options."""


class Space:
    """All values of all options, by number, and which of them go together."""

    def __init__(self, routes: Sequence[Levels], excluded: Excluded) -> None:
        self.options = list(routes[0])
        values = [
            (option, level)
            for option in self.options
            for level in dict.fromkeys(level for levels in routes for level in levels[option])
        ]
        self._values = values
        self._routes_count = len(routes)
        number = {value: index for index, value in enumerate(values)}
        self._routes = [
            [[number[option, level] for level in levels[option]] for option in self.options]
            for levels in routes
        ]
        option_of = np.array([self.options.index(option) for option, _ in values])
        self._fits = option_of[:, None] != option_of[None, :]
        for each in excluded:
            one, other = [number.get(item) for item in each.items()]
            if one is not None and other is not None:
                self._fits[one, other] = self._fits[other, one] = False
        itself = self._fits | np.eye(len(values), dtype=bool)
        for option in range(len(self.options)):  # what leaves a third option no value does not fit either
            of_option = itself[:, option_of == option].astype(int)
            self._fits &= of_option @ of_option.T > 0

    def without_route(self, wanted: list[int]) -> bool:
        """Whether a combination says nothing of the route. Those that do come first."""
        return min(wanted) >= self._routes_count

    def named(self, row: list[int]) -> Row:
        """A row in words."""
        return dict(self._values[value] for value in row)

    def combinations(self, strength: int) -> Array:
        """For every two or three values whether some route allows them together."""
        size = len(self._values)
        allowed = np.zeros((size,) * strength, bool)
        for route in self._routes:
            on_route = np.zeros(size, bool)
            on_route[[value for values in route for value in values]] = True
            pairs = self._fits & on_route[:, None] & on_route[None, :]
            allowed |= pairs if strength == 2 else pairs[:, :, None] & pairs[:, None, :] & pairs[None, :, :]
        return allowed

    def row(self, wanted: list[int], missing: Array, decide: random.Random) -> list[int] | None:
        """A row that holds the wanted values, and of what is missing as much as comes along."""
        able = [route for route in self._routes if all(any(w in values for values in route) for w in wanted)]
        route = decide.choice(able)
        chosen: list[int | None] = [next((w for w in wanted if w in values), None) for values in route]
        places = [place for place, value in enumerate(chosen) if value is None]
        decide.shuffle(places)
        row = list(wanted)
        for place in places:
            fitting = [value for value in route[place] if self._fits[value, row].all()]
            if not fitting:
                return None
            of_row = missing[np.ix_(fitting, *[row] * (missing.ndim - 1))]
            if missing.ndim == 2:  # a route has all its pairs soon
                of_row = of_row * np.where(np.array(row) < self._routes_count, ROUTE, 1)
            gains = of_row.reshape(len(fitting), -1).sum(axis=1)
            best = [value for value, gain in zip(fitting, gains, strict=True) if gain == gains.max()]
            value = decide.choice(best)
            chosen[place] = value
            row.append(value)
        return [value for value in chosen if value is not None]
