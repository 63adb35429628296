"""INI: initial and final states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.checks.support.expect import (
    expect_final_states,
    expect_steps,
    expect_top_steps,
    final_states_of,
    in_input_order,
    sequence_of,
    states_dtype,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.meaning import as_computed
from rnn_conformance.engine.strategies import POOL, Cases
from rnn_conformance.engine.subject import Subject

FEW = 0.5  # a shape or a count is right or wrong as a whole

GIVEN = (True,)


@check("INI-1", Cases(initial_states=(False,)), needs=("sequence",))
def test_without_an_initial_state_it_is_zero(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("INI-2", Cases(initial_states=GIVEN), needs=("sequence", "initial_states"))
def test_a_given_initial_state_is_the_state_before_the_first_step(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check(
    "INI-3",
    Cases(layers=(2, 3), initial_states=GIVEN, regimes=("contractive", "moderate"), time=(1, 2, 3)),
    needs=("sequence", "initial_states", "stacked"),
)
def test_each_layer_starts_from_its_own_initial_state(subject: Subject, case: Case) -> None:
    expect_top_steps(subject, case, subject.run(case))


@check("INI-4", Cases(layers=(1, 2), exact=True), needs=("final_states",), share=FEW)
def test_final_states_have_the_canonical_shape(subject: Subject, case: Case) -> None:
    final_states_of(subject, case, subject.run(case))


@check(
    "INI-5",
    replace(POOL, stateful=(False,), merge_modes=("concat", "none"), exact=True),
    needs=("final_states", "sequence"),
)
def test_final_state_is_the_output_of_the_last_step_taken(subject: Subject, case: Case) -> None:
    """To the bit: both are the same number, shown twice. A row that takes no step shows none."""
    output, computed = subject.run(case), as_computed(case)
    sequence = in_input_order(subject, case, sequence_of(subject, computed, output))
    top, H = case.network.layers[-1], case.network.layers[-1].hidden_size
    steps = np.ones(case.x.shape[:2], bool) if case.steps is None else case.steps
    first, last = np.argmax(steps, axis=1), steps.shape[1] - 1 - np.argmax(steps[:, ::-1], axis=1)
    rows, taking = np.arange(len(steps)), steps.any(axis=1)
    ends = [sequence[rows, first if case.call.go_backwards else last, :H], sequence[rows, first, H:]]
    final = final_states_of(subject, computed, output, states_dtype(subject, case))[-1]
    for direction, (state, end) in enumerate(zip(final, ends[: top.directions], strict=True)):
        state, end = state[taking].astype(end.dtype), end[taking]
        subject.require(
            np.array_equal(state, end, equal_nan=True),
            f"final state of direction {direction} is {state.tolist()};"
            f" the output of its last step is {end.tolist()}",
        )


@check(
    "INI-6",
    Cases(layers=(1, 2, 3), regimes=("contractive", "moderate"), time=(1, 2, 3, 4, 5)),
    needs=("final_states",),
)
def test_every_layer_gives_the_states_after_its_last_steps(subject: Subject, case: Case) -> None:
    expect_final_states(subject, case, subject.run(case))
