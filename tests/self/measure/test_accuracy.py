"""The measurement of activations finds an exact one exact and an approximated one out."""

from __future__ import annotations

import pytest

from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.faults.registry import fault_named
from rnn_conformance.measure.accuracy import activation_error
from rnn_reference.activations import ACTIVATION_ACCURACY, ACTIVATIONS, Activation, ActivationName


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_correct_activation_is_within_c(name: ActivationName) -> None:
    error = activation_error(PlainNumpy(), Activation(name), points=2000)
    assert error < ACTIVATION_ACCURACY
    assert bool(error) is (name not in ("relu", "linear", "affine"))


def test_an_approximated_tanh_is_not() -> None:
    assert activation_error(fault_named("tanh-approximated"), Activation("tanh"), points=2000) > 1000
