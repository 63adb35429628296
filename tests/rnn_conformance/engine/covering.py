"""Which option values to draw together next, so that every two of them occur, and then every three.

Drawn at random, rare values meet late or never. Here each row is built toward the pairs that are still
missing, one option after the other, and toward triples when no pair is missing.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

import numpy as np

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
            missing.remove(row)
        order = missing.listed()
        decide.shuffle(order)
        order.sort(key=space.without_route)
        for wanted in order:
            if not missing.has(wanted):
                continue
            built = space.row(wanted, missing, decide)
            if built is None:  # a third option stands in the way
                missing.drop(wanted)
                continue
            missing.remove(built)
            rows.append(built)
            yield space.named(built)


ROUTE = 16
"""What a missing pair with the route counts as much as: about the number of other options."""

Bits = int
"""A set of values, by number: those whose bits are set."""


def _bits(values: Iterable[int]) -> Bits:
    return sum(1 << value for value in values)


class Combinations:
    """Combinations of values, of options in any order, of which some are missing yet.

    Args:
        last: for all values of a combination but the last, what that can be.
        strength: how many values each has.
    """

    def __init__(self, last: dict[tuple[int, ...], Bits], strength: int) -> None:
        self._last = last
        self.strength = strength

    def listed(self) -> list[list[int]]:
        """All that are missing, in order."""
        return [
            [*first, value]
            for first, last in self._last.items()
            for value in range(last.bit_length())
            if last >> value & 1
        ]

    def has(self, wanted: list[int]) -> bool:
        """Whether a combination is missing."""
        *first, value = wanted
        return bool(self._last[tuple(first)] >> value & 1)

    def drop(self, wanted: list[int]) -> None:
        """A combination, in this order of its values, is not missing any more."""
        *first, value = wanted
        self._last[tuple(first)] &= ~(1 << value)

    def remove(self, row: list[int]) -> None:
        """Nor is any of a row."""
        others = ~_bits(row)
        for first in product(row, repeat=self.strength - 1):
            if first in self._last:
                self._last[first] &= others

    def with_value(self, value: int, row: list[int], among: Bits) -> int:
        """How many hold this value and others of a row, the last of them among these."""
        firsts = ((value, *others) for others in product(row, repeat=self.strength - 2))
        return sum((self._last.get(first, 0) & among).bit_count() for first in firsts)


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
        self._on_route = [_bits(value for values in route for value in values) for route in self._routes]
        option_of = np.array([self.options.index(option) for option, _ in values])
        fits = option_of[:, None] != option_of[None, :]
        for each in excluded:
            one, other = [number.get(item) for item in each.items()]
            if one is not None and other is not None:
                fits[one, other] = fits[other, one] = False
        itself = fits | np.eye(len(values), dtype=bool)
        for option in range(len(self.options)):  # what leaves a third option no value does not fit either
            of_option = itself[:, option_of == option].astype(int)
            fits &= of_option @ of_option.T > 0
        self._fits = [_bits(np.flatnonzero(row).tolist()) for row in fits]

    def without_route(self, wanted: list[int]) -> bool:
        """Whether a combination says nothing of the route. Those that do come first."""
        return min(wanted) >= self._routes_count

    def named(self, row: list[int]) -> Row:
        """A row in words."""
        return dict(self._values[value] for value in row)

    def combinations(self, strength: int) -> Combinations:
        """So many values that some route allows together."""
        found: dict[tuple[int, ...], Bits] = {}
        for on_route in self._on_route:
            fitting = [
                fits & on_route if on_route >> value & 1 else 0 for value, fits in enumerate(self._fits)
            ]
            for value, others in enumerate(fitting):
                pairs: dict[tuple[int, ...], Bits] = {(value,): others}
                if strength == 3:
                    pairs = {
                        (value, other): others & fitting[other]
                        for other in range(len(fitting))
                        if others >> other & 1
                    }
                for first, last in pairs.items():
                    found[first] = found.get(first, 0) | last
        return Combinations(dict(sorted(found.items())), strength)

    def row(self, wanted: list[int], missing: Combinations, decide: random.Random) -> list[int] | None:
        """A row that holds the wanted values, and of what is missing as much as comes along."""
        row, among = list(wanted), _bits(wanted)
        able = [number for number, on_route in enumerate(self._on_route) if not among & ~on_route]
        route = self._routes[decide.choice(able)]
        chosen: list[int | None] = [next((w for w in wanted if w in values), None) for values in route]
        places = [place for place, value in enumerate(chosen) if value is None]
        decide.shuffle(places)
        of_routes = (1 << self._routes_count) - 1
        for place in places:
            fitting = [value for value in route[place] if not among & ~self._fits[value]]
            if not fitting:
                return None
            gains = [missing.with_value(value, row, among) for value in fitting]
            if missing.strength == 2:  # a route has all its pairs soon
                weights = [missing.with_value(value, row, among & of_routes) for value in fitting]
                gains = [gain + (ROUTE - 1) * of_route for gain, of_route in zip(gains, weights, strict=True)]
            best = [value for value, gain in zip(fitting, gains, strict=True) if gain == max(gains)]
            value = decide.choice(best)
            chosen[place] = value
            row.append(value)
            among |= 1 << value
        return [value for value in chosen if value is not None]
