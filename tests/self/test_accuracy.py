"""The measurement of tanh finds an exact one exact and an approximated one out."""

from __future__ import annotations

from rnn_conformance.accuracy import tanh_error
from rnn_conformance.faults import fault_named
from rnn_conformance.plain import PlainNumpy
from rnn_reference.bounds import ACTIVATION_ACCURACY


def test_an_exact_tanh_is_within_c() -> None:
    assert 0 < tanh_error(PlainNumpy(), points=2000) < ACTIVATION_ACCURACY


def test_an_approximated_tanh_is_not() -> None:
    assert tanh_error(fault_named("tanh-approximated"), points=2000) > 1000
