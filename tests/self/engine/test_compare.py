"""The comparator itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnn_conformance.engine.compare import NonConforming, Tally, compare
from rnn_reference import Bounded

AXES = ("batch", "time", "unit")
NAN, INF = np.nan, np.inf


def run(actual: Any, value: Any, bound: Any = 0.0, dtype: str = "float32") -> Tally:
    value = np.asarray(value, float).reshape(1, -1, 1)
    if isinstance(actual, list):
        actual = np.asarray(actual, dtype).reshape(1, -1, 1)
    return compare("out", actual, Bounded(value, np.broadcast_to(bound, value.shape)), dtype, AXES)


@pytest.mark.parametrize(
    ("actual", "value", "bound"),
    [
        ([1.0], [1.0], 0.0),
        ([1.0], [1.5], 0.5),
        ([NAN], [NAN], 0.0),
        ([INF], [INF], 0.0),
        ([-INF], [-INF], 0.0),
        ([0.0], [-0.0], 0.0),
        ([7.0], [1.0], INF),  # no claim
        ([NAN], [1.0], INF),
    ],
)
def test_equal(actual: Any, value: Any, bound: float) -> None:
    run(actual, value, bound)


@pytest.mark.parametrize(
    ("actual", "value", "bound"),
    [
        ([1.0], [1.5], 0.49),
        ([NAN], [0.0], 1.0),
        ([0.0], [NAN], 1.0),
        ([INF], [1.0], 1.0),
        ([1.0], [INF], 1.0),
        ([INF], [-INF], 1.0),
        ([NAN], [INF], 1.0),
        ([INF], [NAN], 1.0),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.5], 0.1),
    ],
)
def test_different(actual: Any, value: Any, bound: float) -> None:
    with pytest.raises(NonConforming):
        run(actual, value, bound)


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        (None, "out: expected an array of shape (1, 2, 1); got None"),
        ([[[1.0], [2.0]]], "got list"),
        (3.0, "got float"),
        (np.zeros((2, 1, 1), "float32"), "out: expected shape (1, 2, 1); got (2, 1, 1)"),
        (np.zeros((1, 2), "float32"), "out: expected shape (1, 2, 1); got (1, 2)"),
        (np.zeros((1, 2, 1)), "out: expected dtype float32; got float64"),
        (np.zeros((1, 2, 1), object), "out: expected dtype float32; got object"),
    ],
)
def test_not_an_array_wrong_shape_wrong_type(actual: Any, message: str) -> None:
    with pytest.raises(NonConforming) as error:
        compare("out", actual, Bounded(np.zeros((1, 2, 1)), np.zeros((1, 2, 1))), "float32", AXES)
    assert message in str(error.value)


def test_an_empty_array_is_no_evidence() -> None:
    empty = np.zeros((0, 3, 2), "float32")
    tally = compare("out", empty, Bounded(empty.astype(float), empty.astype(float)), "float32", AXES)
    assert tally == Tally()
    with pytest.raises(NonConforming):
        compare("out", empty, Bounded(np.zeros((1, 3, 2)), np.zeros((1, 3, 2))), "float32", AXES)


def test_the_first_difference_is_the_earliest_in_time() -> None:
    actual = np.zeros((2, 3, 2), "float32")
    actual[0, 2, 0] = actual[1, 1, 1] = 0.5
    with pytest.raises(NonConforming) as error:
        compare("out", actual, Bounded(np.zeros((2, 3, 2)), np.full((2, 3, 2), 0.25)), "float32", AXES)
    message = str(error.value)
    assert "2 of 12 values are out of bound; the first at batch 1, time 1, unit 1" in message
    for words in ("value    0.5", "expected 0.0", "error    0.5", "bound    0.25", "error ÷ bound = 2"):
        assert words in message


def test_only_elements_with_an_informative_bound_count() -> None:
    tally = run([1.0, 0.0, 1.0], [1.0, 0.0, 1.0], np.array([[[1e-6], [1e-2], [INF]]]))
    assert (tally.elements, tally.informative) == (2, 1)


def test_the_worst_ratio_is_reported() -> None:
    tally = run([1.0, 2.0], [1.25, 2.0], 0.5)
    assert tally.worst_ratio == 0.5


@pytest.mark.parametrize(
    ("actual", "bound", "ratio"), [(1.0, 0.25, 4.0), (NAN, 0.25, 1e300), (1.0, 0.0, 1e300)]
)
def test_a_difference_carries_its_ratio(actual: float, bound: float, ratio: float) -> None:
    with pytest.raises(NonConforming) as error:
        run([actual], [0.0], bound)
    assert error.value.ratio == ratio


def test_the_distribution_of_error_over_bound_is_kept() -> None:
    tally = Tally()
    assert tally.quantiles() == {}
    value, bound = np.zeros(101), np.full(101, 100.0)
    tally.add(compare("errors", np.arange(101.0), Bounded(value, bound), np.float64, ("place",)))
    # Of 101 ratios from 0 to 1 a quantile is within one step, 1/100, of its own number.
    assert all(abs(found - float(name)) <= 1 / 100 for name, found in tally.quantiles().items())
    assert list(tally.quantiles()) == ["0.5", "0.9", "0.99"]
    assert tally.worst_ratio == 1.0
