"""BID: bidirectional layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.checks.support.expect import (
    expect_final_states,
    expect_last,
    expect_same,
    expect_steps,
    sequence_of,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import SEQUENCE_AXES, Subject
from rnn_reference.network import Layer, Network

TAME: tuple[Regime, ...] = ("contractive", "moderate")
BOTH = ("bidirectional", "sequence")


@check("BID-1", Cases(directions=(2,)), needs=BOTH)
def test_backward_outputs_stand_at_the_time_of_their_input(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("BID-2", Cases(directions=(2,), biases=(1, 2)), needs=BOTH)
def test_forward_outputs_come_first_on_the_feature_axis(subject: Subject, case: Case) -> None:
    """A backward direction of zero weights gives φ(0), in the second half."""
    forward, backward = case.network.cells
    nothing = replace(
        backward,
        **{
            role: np.zeros_like(w)
            for role in ("W_x", "W_h", "b", "b_h")
            if (w := getattr(backward, role)) is not None
        },
    )
    case = case.replace(network=Network(Layer(forward, nothing)))
    expect_steps(subject, case, subject.run(case))


@check("BID-3", Cases(directions=(2,), regimes=TAME), needs=BOTH)
def test_directions_do_not_depend_on_each_other(subject: Subject, case: Case) -> None:
    """Each half is what a layer of that direction alone gives."""
    forward, backward = case.network.cells
    H = forward.hidden_size
    both = sequence_of(subject, case, subject.run(case)).copy()
    bound = subject.bounds_of(case).sequence.bound
    for index, cell, order in ((0, forward, slice(None)), (1, backward, slice(None, None, -1))):
        states = None if case.initial_states is None else (case.initial_states[0][index : index + 1],)
        alone = Case.of(Network(Layer(cell)), case.x[:, order], states)
        single = sequence_of(subject, alone, subject.run(alone))[:, order]
        half = slice(index * H, (index + 1) * H)
        name = ("forward", "backward")[index]
        expect_same(subject, f"{name} half", both[..., half], single, bound[..., half], SEQUENCE_AXES)


@check("BID-4", Cases(directions=(2,), regimes=TAME), needs=("bidirectional", "final_states"))
def test_backward_final_state_is_the_one_after_the_first_input(subject: Subject, case: Case) -> None:
    expect_final_states(subject, case, subject.run(case))


@check("BID-5", Cases(directions=(2,), regimes=TAME), needs=("bidirectional", "last_output"))
def test_last_output_joins_the_final_states(subject: Subject, case: Case) -> None:
    expect_last(subject, case, subject.run(case, return_sequences=False))


@check("BID-6", Cases(directions=(2,), initial_states=(True,)), needs=(*BOTH, "initial_states"))
def test_each_direction_starts_from_its_own_initial_state(subject: Subject, case: Case) -> None:
    """The forward direction starts from zeros, the backward direction does not."""
    assert case.initial_states is not None
    (state,) = case.initial_states
    case = case.replace(initial_states=(np.stack([np.zeros_like(state[0]), state[1]]),))
    expect_steps(subject, case, subject.run(case))


@check("BID-7", Cases(directions=(2,), mixed_directions=(True,)), needs=(*BOTH, "mixed_directions"))
def test_each_direction_has_its_own_activation_and_bias(subject: Subject, case: Case) -> None:
    """The strategy draws both for each direction."""
    expect_steps(subject, case, subject.run(case))
