"""The measurement of power measures."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_conformance.measure.power import FAULTS, drawn, nothing, noticed, shares


@pytest.mark.parametrize("name", FAULTS)
def test_a_large_fault_is_always_noticed_and_none_never(name: str) -> None:
    assert shares(FAULTS[name], 1e-2, "small", "float32", "moderate", 5)["residual check"] == 1
    assert shares(FAULTS[name], 1e-12, "small", "float32", "moderate", 5)["residual check"] == 0


def test_chaotic_weights_raise_no_false_alarm() -> None:
    found = shares(nothing, 0.0, "medium", "float32", "chaotic", 5)
    assert found["residual check"] == 0
    assert found["allclose 1e-5"] == 1


def test_what_is_compared() -> None:
    case = drawn(3, 4, "float32", "moderate", np.random.default_rng(0))
    assert case.x.shape == (2, 4, 1)
    assert set(noticed(case, nothing(case, 0.0, np.random.default_rng(0)))) == {
        "residual check",
        "allclose 1e-5",
        "allclose 1e-3",
    }
