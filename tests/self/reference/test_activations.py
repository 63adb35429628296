"""What the bounds take for known about each activation."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_reference.activations import ACTIVATIONS, PHI, Activation

Z = np.linspace(-30, 30, 60_001, dtype=np.longdouble)
EXACT = 64 * np.finfo(np.longdouble).eps


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_derivative_is_that_of_the_value(activation: Activation) -> None:
    """The slope between two points is between the least and the largest derivative there, φ' being monotone
    on each side of 0."""
    phi = PHI[activation]
    slope = np.diff(phi.value(Z)) / np.diff(Z)
    ends = phi.derivative(phi.value(Z))
    low, high = np.minimum(ends[:-1], ends[1:]), np.maximum(ends[:-1], ends[1:])
    rounding = 8 * np.finfo(np.longdouble).eps * np.maximum(np.abs(Z[1:]), 1) / np.diff(Z)
    assert (low - rounding <= slope).all()
    assert (slope <= high + rounding).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("delta", [1e-6, 0.1, 3.0])
def test_no_slope_within_delta_is_steeper_than_said(activation: Activation, delta: float) -> None:
    phi, z = PHI[activation], Z[::600]
    steepest = phi.steepest(z, np.full_like(z, delta))
    for shift in np.linspace(-delta, delta, 41):
        assert (phi.derivative(phi.value(z + shift)) <= steepest + EXACT).all()
    assert (steepest <= 1 + EXACT).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_derivative_changes_no_faster_than_said(activation: Activation) -> None:
    """With z, by `bend`; with h, by `turn`."""
    phi, h = PHI[activation], PHI[activation].value(Z)
    change = np.abs(np.diff(phi.derivative(h)))
    if np.isfinite(phi.bend):
        assert (change <= phi.bend * np.diff(Z) + EXACT).all()
        assert change.max() >= 0.99 * phi.bend * np.diff(Z).max()
        assert (change <= phi.turn * np.abs(np.diff(h)) * (1 + 1e-3) + EXACT).all()
    else:
        assert change.max() == 1


def test_nothing_overflows() -> None:
    far = np.array([-1e300, -1e3, 1e3, 1e300])
    for phi in PHI.values():
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            assert np.isfinite(phi.value(far)).all()
