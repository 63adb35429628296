"""EXA: cases in which nothing is rounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.checks.support.expect import final_states_of, sequence_of
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import phi
from rnn_reference.bounds import Bounded
from rnn_reference.forward import run_network
from rnn_reference.network import Cell, Layer, Network
from rnn_reference.precision import precision_of

EXACT: tuple[Regime, ...] = ("exact",)
SMALL = (1, 2, 3, 4)


def absolute(case: Case) -> Case:
    """The case with the absolute values of all numbers: its states are as large as any sum can become."""
    cells = [
        [
            Cell(np.abs(cell.W_x), np.abs(cell.W_h), np.abs(cell.bias), activation="relu")
            for cell in layer.cells
        ]
        for layer in case.network.layers
    ]
    states = None if case.initial_states is None else tuple(map(np.abs, case.initial_states))
    return Case.of(Network(Layer(*layer) for layer in cells), np.abs(case.x), states)


@check(
    "EXA-1",
    Cases(layers=(1, 2), activations=("relu",), regimes=EXACT, time=(1, 2, 3), hidden=SMALL, inputs=SMALL),
    needs=("sequence", "relu", "exact_factors"),
)
def test_sums_of_integers_are_exact(subject: Subject, case: Case) -> None:
    integers = case.replace(
        x=np.round(case.x * 8) * 125 + 1,
        network=case.network.mapped(np.round),
        initial_states=None
        if case.initial_states is None
        else tuple(np.round(state * 8) * 125 for state in case.initial_states),
    )
    largest = absolute(integers)
    sums = run_network(largest.network, largest.x, largest.initial_states).sequence
    if sums.max(initial=0) * precision_of(case.network.dtype).unit_roundoff >= 1:
        return  # too large to be exact: nothing is claimed
    expected = run_network(integers.network, integers.x, integers.initial_states)
    output = subject.run(integers)
    sequence = sequence_of(subject, integers, output)
    exactly = Bounded(expected.sequence, np.zeros_like(expected.sequence))
    subject.agree("sequence output of integers", sequence, exactly, case.network.dtype)
    if subject.supports.final_states:
        for one, state in zip(expected.final_states, final_states_of(subject, integers, output), strict=True):
            subject.require(np.array_equal(one, state), "a final state of integers is not exact")


@check(
    "EXA-2",
    Cases(directions=(1,), activations=("tanh",), regimes=EXACT, hidden=SMALL, inputs=SMALL),
    needs=("sequence", "tanh", "exact_factors"),
)
def test_tanh_of_an_exact_sum_is_as_exact_as_tanh(subject: Subject, case: Case) -> None:
    cell = replace(case.network.cells[0].mapped(np.round), W_h=np.zeros_like(case.network.cells[0].W_h))
    eighths = case.replace(network=Network(Layer(cell)), x=np.round(case.x * 8) / 8)
    expected = run_network(eighths.network, eighths.x, eighths.initial_states).sequence
    units = phi(cell.activation).units(np.abs(expected))
    own, wide = (precision_of(dtype).unit_roundoff for dtype in (case.network.dtype, expected.dtype))
    bound = np.full_like(expected, units * own + wide)
    sequence = sequence_of(subject, eighths, subject.run(eighths))
    subject.agree("sequence output", sequence, Bounded(expected, bound), case.network.dtype)
