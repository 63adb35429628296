"""Rows of option values: every pair and triple that can be, none that cannot, and the same ones again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations, product

from helpers import EVERYTHING

from rnn_conformance.engine.case import Case
from rnn_conformance.engine.covering import Row, covering_rows
from rnn_conformance.engine.drawing import draw_cases
from rnn_conformance.engine.strategies import POOL

ONE = {"route": ["one"], "a": ["0", "1", "2"], "b": ["x", "y"], "c": ["u", "v"], "d": ["p", "q"]}
OTHER = {**ONE, "route": ["other"], "a": ["0"]}
EXCLUDED = ({"a": "1", "b": "y"}, {"c": "v", "d": "q"})


def rows(seed: str = "a seed") -> list[Row]:
    return list(covering_rows([ONE, OTHER], EXCLUDED, seed))


def possible(strength: int) -> set[tuple[tuple[str, str], ...]]:
    found: set[tuple[tuple[str, str], ...]] = set()
    for levels in (ONE, OTHER):
        for values in product(*levels.values()):
            row = dict(zip(levels, values, strict=True))
            if not any(each.items() <= row.items() for each in EXCLUDED):
                found.update(combinations(row.items(), strength))
    return found


def test_every_pair_and_triple_occurs_and_nothing_that_is_excluded() -> None:
    for strength in (2, 3):
        occurring = {each for row in rows() for each in combinations(row.items(), strength)}
        assert occurring == possible(strength)


def test_pairs_come_first_and_those_of_a_route_before_all() -> None:
    """Of a route there cannot be fewer rows than one of its options has values: 3 and 2."""
    of_routes = {pair for pair in possible(2) if pair[0][0] == "route"}
    first = {each for row in rows()[:6] for each in combinations(row.items(), 2)}
    assert of_routes <= first
    assert possible(2) <= {each for row in rows()[:12] for each in combinations(row.items(), 2)}


def test_the_seed_decides() -> None:
    assert rows() == rows()
    assert rows() != rows("another seed")


def test_routes_where_each_shape_is_expensive_are_asked_as_often_as_others() -> None:
    """Their sizes are given together, and count as a batch and a time all the same."""
    routes = {str(number): EVERYTHING for number in range(11)}
    routes["shapes"] = replace(EVERYTHING, expensive="shapes")
    strategy, structures, cases = POOL(routes), POOL.structures(routes), list[Case]()
    draw_cases(strategy, POOL.rows_of_routes(routes), "a seed", cases.append, structures)
    asked = Counter(case.route for case in cases)
    assert asked["shapes"] <= 2 * min(asked.values())
    sizes = {case.x.shape[:2] for case in cases if case.route == "shapes"}
    assert {(batch == 1, time == 1) for batch, time in sizes} == set(product((False, True), repeat=2))
