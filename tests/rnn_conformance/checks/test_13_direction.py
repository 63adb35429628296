"""DIR: processing order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.checks.support.expect import (
    expect_everything,
    expect_final_states,
    expect_last,
    expect_steps,
    final_states_of,
    sequence_of,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import POOL, TIME, Cases
from rnn_conformance.engine.subject import Subject

HALF = 0.5  # these cases are expensive, or have little to draw

TAME: tuple[Regime, ...] = ("contractive", "moderate")
BACKWARDS = Cases(directions=(1,), go_backwards=(True,), time=(*TIME, 33, 40))
TAME_BACKWARDS = Cases(directions=(1,), regimes=TAME, go_backwards=(True,))
SUPPORTED = ("go_backwards",)


@check("DIR-1", BACKWARDS, needs=("sequence", *SUPPORTED))
def test_backwards_takes_the_steps_from_the_end(subject: Subject, case: Case) -> None:
    """Put into processing order, the outputs follow the recurrence on the reversed input."""
    output = subject.run(case)
    sequence = sequence_of(subject, case, output)
    if subject.conventions.go_backwards_order == "input":
        sequence = sequence[:, ::-1]
    expect_steps(subject, case.replace(x=case.x[:, ::-1]), replace(output, sequence=sequence))


@check("DIR-2", TAME_BACKWARDS, needs=("sequence", "final_states", *SUPPORTED), share=HALF)
def test_backwards_outputs_are_in_the_declared_order(subject: Subject, case: Case) -> None:
    """The end of the outputs that holds the final state tells the order."""
    output = subject.run(case)
    sequence = sequence_of(subject, case, output)
    (final,) = final_states_of(subject, case, output)
    order = subject.conventions.go_backwards_order
    last = 0 if order == "input" else -1
    subject.require(
        np.array_equal(sequence[:, last], final[0]),
        f"outputs are declared in {order} order, but the one at index {last} is"
        f" {sequence[:, last].tolist()} and the final state is {final[0].tolist()}",
    )


@check("DIR-3", TAME_BACKWARDS, needs=("final_states", *SUPPORTED), share=HALF)
def test_backwards_ends_at_the_first_input(subject: Subject, case: Case) -> None:
    reversed_case = case.replace(x=case.x[:, ::-1])
    expect_final_states(subject, reversed_case, subject.run(case))
    if subject.supports.last_output:
        expect_last(subject, reversed_case, subject.run(case, return_sequences=False))


@check(
    "DIR-4",
    replace(
        POOL,
        layers=(1,),
        directions=(1,),
        go_backwards=(True,),
        padding=("lengths", "mask", "lengths and mask"),
        time=(2, 3, 4, 6, 17, 33, 40),
        dtypes=("float32", "float32", "float32", "float64"),
        compute_dtypes=(None, None, None, None, None, "float16", "bfloat16"),
    ),
    needs=("variable_lengths", "outputs", *SUPPORTED),
)
def test_backwards_leaves_out_the_same_steps(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)
