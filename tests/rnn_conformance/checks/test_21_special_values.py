"""NAN: NaN, infinity and overflow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_conformance.checks.support.expect import sequence_of
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import Cases, Regime
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import ACTIVATION_ACCURACY
from rnn_reference.bounds import Bounded
from rnn_reference.network import Array, Layer, Network
from rnn_reference.precision import precision_of, reference_dtype

HALF = 0.5

TAME: tuple[Regime, ...] = ("contractive", "moderate")
ONE = Cases(directions=(1,), regimes=TAME, time=(1, 2, 3, 4, 5))
TANH = Cases(directions=(1,), activations=("tanh",), regimes=TAME, time=(1, 2, 3, 4, 5))


def expect_signs(subject: Subject, case: Case, signs: Array) -> None:
    """The outputs of the first row at the first step are ±1."""
    sequence = sequence_of(subject, case, subject.run(case))[:1, :1]
    expected = signs[None, None].astype(reference_dtype(case.network.dtype))
    bound = np.full_like(expected, ACTIVATION_ACCURACY * precision_of(case.network.dtype).unit_roundoff)
    subject.agree("output of step 0", sequence, Bounded(expected, bound), case.network.dtype)


def with_weight_of_first_feature(case: Case, column: Array) -> Case:
    """The case with one column of W_x changed."""
    (cell,) = case.network.cells
    W_x = cell.W_x.copy()
    W_x[:, 0] = column
    return case.replace(network=Network(Layer(replace(cell, W_x=W_x))))


def alternating(units: int, dtype: Any) -> Array:
    """+1, −1, +1, …"""
    return (1 - 2 * (np.arange(units) % 2)).astype(dtype)


@check("NAN-1", ONE, needs=("sequence",), share=HALF)
def test_nan_stays_nan(subject: Subject, case: Case) -> None:
    step = case.x.shape[1] // 2
    x = case.x.copy()
    x[0, step, 0] = np.nan
    sequence = sequence_of(subject, case, subject.run(case.replace(x=x)))
    after = sequence[0, step:]
    subject.require(
        bool(np.isnan(after).all()),
        f"after NaN at time {step}, expected NaN in every unit; got {after.tolist()}",
    )


@check("NAN-2", TANH, needs=("sequence", "tanh"), share=HALF)
def test_tanh_of_infinity_is_one(subject: Subject, case: Case) -> None:
    signs = alternating(case.network.cells[0].hidden_size, case.network.dtype)
    x = case.x.copy()
    x[0, 0, 0] = np.inf
    expect_signs(subject, with_weight_of_first_feature(case.replace(x=x), signs / 4), signs)


@check("NAN-3", TANH, needs=("sequence", "tanh"), share=HALF)
def test_tanh_of_a_sum_that_overflows_is_one(subject: Subject, case: Case) -> None:
    """All other terms of the first row are zero, so that the sum has the sign of its one huge term."""
    (cell,) = case.network.cells
    signs = alternating(cell.hidden_size, case.network.dtype)
    x = case.x.copy()
    x[0, 0] = 0
    x[0, 0, 0] = 2.0**100
    no_bias = None if cell.b is None else np.zeros_like(cell.b)
    quiet = replace(cell, b=no_bias, b_h=None if cell.b_h is None else no_bias)
    states = case.initial_states
    if states is not None:
        states = tuple(np.zeros_like(state) for state in states)
    quiet_case = case.replace(network=Network(Layer(quiet)), x=x, initial_states=states)
    expect_signs(subject, with_weight_of_first_feature(quiet_case, signs * 2.0**100), signs)
