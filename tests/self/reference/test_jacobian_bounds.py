"""The sharper forward bound holds, and is never wider than the simple one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers import ACTIVATION_FORMS

from rnn_conformance.engine.case import Case
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.measure.power import drawn
from rnn_conformance.measure.tightness import informative_shares
from rnn_reference import Layer, Network
from rnn_reference.bounds import Bounded, bound_cell
from rnn_reference.jacobian_bounds import sharp_bound_cell


def both(case: Case, x_error: float = 0.0) -> tuple[Bounded, Bounded]:
    assert case.initial_states is not None
    (cell,) = case.network.cells
    x = Bounded(case.x.astype(float), np.full(case.x.shape, x_error))
    given: tuple[Any, ...] = (cell, x, case.initial_states[0][0], case.network.dtype, case.steps)
    return bound_cell(*given)[0], sharp_bound_cell(*given)[0]


def random_case(seed: int, regime: Regime, activation: Any, masked: bool) -> Case:
    rng = np.random.default_rng(seed)
    case = drawn(int(rng.integers(1, 9)), int(rng.integers(1, 25)), "float32", regime, rng)
    (cell,) = case.network.cells
    case = case.replace(network=Network(Layer(replace(cell, activation=activation))))
    return case.replace(mask=rng.random(case.x.shape[:2]) < 0.7) if masked else case


@pytest.mark.parametrize("activation", ACTIVATION_FORMS)
@pytest.mark.parametrize("regime", ["contractive", "moderate", "chaotic", "saturating"])
@pytest.mark.parametrize("masked", [False, True])
def test_holds_and_is_never_wider(activation: str, regime: Regime, masked: bool) -> None:
    plain = PlainNumpy()
    for seed in range(15):
        case = random_case(seed, regime, activation, masked)
        simple, sharp = both(case)
        assert (sharp.bound <= simple.bound).all()
        output = plain.run(plain.load(case.network), case.call)
        assert output.sequence is not None
        error = np.abs(output.sequence - sharp.value)
        claimed = np.isfinite(sharp.bound)
        if case.steps is not None:
            claimed &= case.steps[:, :, None]
        assert (error <= sharp.bound)[claimed].all()


def test_an_input_that_is_wrong_by_so_much_is_covered() -> None:
    case = random_case(1, "moderate", "tanh", masked=False)
    x_error = 1e-4
    _, sharp = both(case, x_error)
    plain, rng = PlainNumpy(), np.random.default_rng(0)
    for _ in range(20):
        shifted = case.x + x_error * rng.choice([-1, 1], case.x.shape).astype(np.float32) * np.float32(0.999)
        output = plain.run(plain.load(case.network), case.replace(x=shifted).call)
        assert output.sequence is not None
        assert (np.abs(output.sequence - sharp.value) <= sharp.bound).all()


def test_says_something_for_longer() -> None:
    simple, sharp = informative_shares(16, 32, "moderate", 10)
    assert simple < 0.5
    assert sharp > 0.9
