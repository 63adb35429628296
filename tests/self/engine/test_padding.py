"""What masked time steps show is looked at direction by direction."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers import random_case, random_cell

from rnn_adapters import Call, Output
from rnn_adapters.reference import ReferenceAdapter
from rnn_conformance.checks.support.expect import carried, expect_padding
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Network

STEPS = np.array([[False, True, False, True, False]])
CASE = random_case(random_cell(2, 1), random_cell(2, 1, seed=1), batch=1, time=5).replace(mask=STEPS)
SEQUENCE = np.array([[[np.nan, np.nan], [1, 10], [np.nan, np.nan], [3, 30], [np.nan, np.nan]]], "f4")


def test_each_direction_carries_on_its_own_way() -> None:
    assert CASE.initial_states is not None
    (states,) = CASE.initial_states
    forward, backward = states[0, 0, 0], states[1, 0, 0]
    masked = ~STEPS[0]
    from_state = carried(CASE, SEQUENCE, STEPS, from_state=True)[0, masked]
    np.testing.assert_array_equal(from_state[:, 0], np.array([forward, 1, 3], "f4"))
    np.testing.assert_array_equal(from_state[:, 1], np.array([10, 30, backward], "f4"))
    from_zero = carried(CASE, SEQUENCE, STEPS, from_state=False)[0, masked]
    np.testing.assert_array_equal(from_zero, np.array([[0, 10], [1, 30], [3, 0]], "f4"))


class SaysState(ReferenceAdapter):
    """Declares that masked time steps show the state; they are zero."""

    conventions = dataclasses.replace(
        ReferenceAdapter.conventions, padded_output="state", padded_output_bidirectional="state"
    )


class ShowsState(SaysState):
    """Shows it."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        assert output.sequence is not None
        shown = carried(CASE, output.sequence, STEPS, from_state=True)
        return dataclasses.replace(output, sequence=np.where(STEPS[..., None], output.sequence, shown))


def test_what_two_directions_show_is_held_to_what_is_declared() -> None:
    said, shows = Subject(SaysState()), Subject(ShowsState())
    sequence = said.run(CASE).sequence
    assert sequence is not None
    with pytest.raises(NonConforming, match="masked time steps"):
        expect_padding(said, CASE, sequence)
    shown = shows.run(CASE).sequence
    assert shown is not None
    expect_padding(shows, CASE, shown)
