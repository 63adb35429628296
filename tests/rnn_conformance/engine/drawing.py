"""Drawing with Hypothesis: the same seed gives the same cases, wherever the suite is installed.

Hypothesis mixes constants that it finds in local source files into what it draws, so that an editable install
would draw other cases than one in site-packages. Here it draws through a provider of our own, which knows a
seed and nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.control import BuildContext
from hypothesis.errors import Flaky
from hypothesis.internal.conjecture.choice import ChoiceTemplate
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider
from hypothesis.strategies import SearchStrategy

from rnn_conformance.engine.case import Case

BACKEND = "rnn-conformance"


STRUCTURE = 48
"""Bytes that decide the structure of a case, one for each choice. No other draw is of so many."""


class _Seed:
    """The seed of the drawing that is under way, and the structures that come first."""

    random = random.Random(0)
    structures: Iterator[bytes] = iter(())


class SeededProvider(PrimitiveProvider):
    """Uniform numbers and bytes from Python's Mersenne twister, the same in every version of Python."""

    lifetime = "test_case"
    _has_structure = False

    def draw_boolean(self, p: float = 0.5) -> bool:
        return _Seed.random.random() < p

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        low = -(2**63) if min_value is None else min_value
        high = low + 2**64 if max_value is None else max_value
        return low + int(_Seed.random.random() * 2**53) * (high - low + 1) // 2**53

    def draw_float(
        self,
        *,
        min_value: float = -1e9,
        max_value: float = 1e9,
        allow_nan: bool = True,
        smallest_nonzero_magnitude: float = 0.0,
    ) -> float:
        low, high = max(min_value, -1e9), min(max_value, 1e9)
        return low + _Seed.random.random() * (high - low)

    def draw_string(self, intervals: Any, *, min_size: int = 0, max_size: int = 2**16) -> str:
        size = self.draw_integer(min_size, min(max_size, min_size + 16))
        return "".join(chr(intervals[self.draw_integer(0, len(intervals) - 1)]) for _ in range(size))

    def draw_bytes(self, min_size: int = 0, max_size: int = 2**16) -> bytes:
        if min_size == max_size == STRUCTURE and not self._has_structure:
            self._has_structure = True  # what else a case draws of this size is drawn at random
            structure = next(_Seed.structures, None)
            if structure is not None:
                return structure
        size = self.draw_integer(min_size, min(max_size, min_size + 16)) if max_size > min_size else min_size
        return _Seed.random.randbytes(size)


AVAILABLE_PROVIDERS[BACKEND] = f"{__name__}.{SeededProvider.__name__}"


Structures = Callable[[str], Iterator[bytes]]
"""From the text of a seed to the structures of the cases that are drawn first."""


def draw_cases(
    strategy: SearchStrategy[Case],
    count: int,
    seed_text: str,
    visit: Callable[[Case], None],
    structures: Structures | None = None,
) -> None:
    """Hand so many cases to `visit`, the simplest first. What it raises ends the drawing.

    `shrink` has them drawn once more by Hypothesis's own loop, which keeps of each what it takes to make it
    small. Here nothing is kept, in half of the time.

    Before each case the global generators are set, each time to another state. A framework may take the seed
    of a layer from them: were it the same in two cases, two layers that are kept would drop the same numbers.

    Args:
        structures: of the cases after the simplest; None, and when there are no more: at random.
    """
    _begin(seed_text, structures)
    simplest = ConjectureData.for_choices([ChoiceTemplate("simplest", count=None)])
    with _generators_kept():
        for number in range(count):
            data = ConjectureData(random=None, provider=SeededProvider) if number else simplest
            with BuildContext(data, wrapped_test=draw_cases):
                case = data.draw(strategy)
            _set_generators(f"{seed_text}/{number}")
            visit(case)


def _set_generators(text: str) -> None:
    random.seed(text)
    np.random.seed(random.getrandbits(32))


@contextmanager
def _generators_kept() -> Iterator[None]:
    """Python's and NumPy's global generators are afterwards as they were."""
    state, of_numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(state)
        np.random.set_state(of_numpy)


class Enough(BaseException):
    """Ends a search: the budget is spent."""


class _Interesting(Exception):
    """Tells Hypothesis of a case like the one that is to be made small."""


def shrink(
    strategy: SearchStrategy[Case],
    index: int,
    seed_text: str,
    is_alike: Callable[[Case], bool],
    structures: Structures | None = None,
) -> None:
    """Draw again up to the case of this index, and make it small while `is_alike`.

    `is_alike` sees every case that is tried, and raises `Enough` to end the search. The smallest case is the
    last one for which it was true. The search also ends at a case that is alike once and then no more.

    Args:
        index: of the case among those that `draw_cases` hands over, from 0.
    """
    seen = -1

    def visit(case: Case) -> None:
        nonlocal seen
        seen += 1
        _set_generators(f"{seed_text}/made small/{seen}")
        if seen == index or (seen > index and is_alike(case)):
            raise _Interesting

    _begin(seed_text, structures)
    configured = settings(
        max_examples=index + 1,
        deadline=None,  # a first call may compile
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        backend=BACKEND,
        suppress_health_check=list(HealthCheck),
    )
    with suppress(_Interesting, Enough, Flaky):
        seed(seed_text)(configured(given(strategy)(visit)))()


def _begin(seed_text: str, structures: Structures | None) -> None:
    _Seed.random = random.Random(seed_text)
    _Seed.structures = iter(()) if structures is None else structures(seed_text)
