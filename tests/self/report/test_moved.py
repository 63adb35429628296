"""The distance between numbers, and what is said of two versions."""

from __future__ import annotations

import copy
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from rnn_adapters.adapter import Call, Output
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.report.drift import drift_between, ulps_between
from rnn_conformance.running.drift import Drift, drift_of
from rnn_reference import BadInput

FLOATS = [np.dtype(name) for name in ("float16", "float32", "float64")] + [np.dtype(ml_dtypes.bfloat16)]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_neighbours_are_one_ulp_apart(dtype: Any) -> None:
    limits: Any = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]
    one, tiny, largest = (
        np.array([number]).astype(dtype) for number in (1.0, limits.smallest_subnormal, limits.max)
    )
    zero, minus_zero = np.array([0.0]).astype(dtype), np.array([-0.0]).astype(dtype)
    above = np.array([1 + float(limits.eps)]).astype(dtype)
    infinity, nan = np.array([np.inf]).astype(dtype), np.array([np.nan]).astype(dtype)
    for first, second, ulps in (
        (one, one, 0),
        (one, above, 1),
        (zero, minus_zero, 0),
        (zero, tiny, 1),
        (-tiny, tiny, 2),
        (largest, infinity, 1),
        (nan, nan, 0),
        (nan, one, np.inf),
        (one, -nan, np.inf),
    ):
        assert ulps_between(first, second).tolist() == [ulps]
        assert ulps_between(second, first).tolist() == [ulps]
    assert ulps_between(-largest, largest)[0] > 2.0 ** (8 * dtype.itemsize - 2)


class Rounding(PlainNumpy):
    """Gives every sequence output one step up."""

    def run(self, model: Any, call: Call) -> Output:
        output = super().run(model, call)
        assert output.sequence is not None
        if output.sequence.dtype == np.float32:
            output.sequence[...] = np.nextafter(output.sequence, np.float32(np.inf))
        return output


@pytest.fixture(scope="module")
def old() -> Drift:
    return drift_of(Subject(PlainNumpy()), {"numpy": "1"})


def test_one_version_does_not_move(old: Drift) -> None:
    found = drift_between(old, drift_of(Subject(PlainNumpy()), {"numpy": "1"}))
    assert found.bit_equal
    assert found.compared == len(old.cases)
    assert not found.missing
    assert not found.problems
    assert all(each.ulps == 0 and each.nearer == 0 and each.elements for each in found.moved)
    assert {each.part for each in found.moved} == {"outputs", "gradients"}


def test_one_that_rounds_otherwise_has_moved_by_one_ulp(old: Drift) -> None:
    new = drift_of(Subject(Rounding()), {"numpy": "2"})
    found = drift_between(old, new)
    assert not found.bit_equal
    moved = {(each.kind, each.part): each for each in found.moved if each.changed}
    assert all(kind.startswith("float32") and part == "outputs" for kind, part in moved)
    tanh = moved["float32 tanh", "outputs"]
    assert tanh.ulps == 1
    assert tanh.quantiles == {"0.5": 1.0, "0.9": 1.0, "0.99": 1.0}
    assert 0.5 < tanh.changed / tanh.elements < 1  # final states are as they were
    assert tanh.nearer == -1
    assert tanh.new_mean > tanh.old_mean
    assert drift_between(new, old).moved[0].nearer == 1


def test_what_became_nan_has_no_distance(old: Drift) -> None:
    new = copy.deepcopy(old)
    name = next(iter(new.cases))
    values: Any = new.cases[name].outputs["sequence output"].values
    values[0][0][0] = "nan"
    first = drift_between(old, new).moved[0]
    assert (first.changed, first.ulps) == (1, None)


def test_cases_of_one_only_and_others_are_missing(old: Drift) -> None:
    new = copy.deepcopy(old)
    first, second, third, *_ = new.cases
    del new.cases[first]
    new.cases[second].digest = "0" * 32
    new.cases[third].problem, new.cases[third].outputs = "run raised", {}
    found = drift_between(old, new)
    assert found.missing == [first, second]
    assert found.problems == {third: ("", "run raised")}
    assert found.compared == len(old.cases) - 3


def test_what_cannot_be_compared_is_refused(old: Drift) -> None:
    other = copy.deepcopy(old)
    other.adapter = "another"
    with pytest.raises(BadInput, match="expected two of one adapter"):
        drift_between(old, other)
    none = copy.deepcopy(old)
    for case in none.cases.values():
        case.digest = "0" * 32
    with pytest.raises(BadInput, match="which have none"):
        drift_between(old, none)
