"""PAR: parameters and their number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.checks.support.expect import expect_steps
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Cell, Layer, Network
from rnn_reference.parameters import network_parameters

FEW = 0.5  # a count is right or wrong as a whole; PAR-4 takes three runs


def count_agrees(subject: Subject, case: Case) -> None:
    """The framework's own count is the formula's, with the declared number of bias vectors."""
    expected = network_parameters(case.network, subject.conventions.bias_vectors)
    counted = subject.count_parameters(case.network)
    subject.require(counted == expected, f"parameters: expected {expected}; the framework counts {counted}")


@check("PAR-1", Cases(directions=(1,), biases=(1, 2), exact=True), needs=("count_parameters",), share=FEW)
def test_a_biased_layer_has_this_many_parameters(subject: Subject, case: Case) -> None:
    count_agrees(subject, case)


@check(
    "PAR-2", Cases(directions=(1,), biases=(0,), exact=True), needs=("count_parameters", "no_bias"), share=FEW
)
def test_a_layer_without_bias_has_this_many_parameters(subject: Subject, case: Case) -> None:
    count_agrees(subject, case)


@check("PAR-3", Cases(layers=(1, 2, 3), biases=(1, 2), exact=True), needs=("count_parameters",), share=FEW)
def test_a_stack_has_this_many_parameters(subject: Subject, case: Case) -> None:
    count_agrees(subject, case)


@check("PAR-4", Cases(biases=(2,)), needs=("sequence",), share=FEW)
def test_two_biases_act_as_their_sum(subject: Subject, case: Case) -> None:
    """Two vectors are drawn; then the first alone, then the second in the first's place."""
    (layer,) = case.network.layers
    for pick in (("b", "b_h"), ("b",), ("b_h",)):
        cells = [
            replace(cell, b=getattr(cell, pick[0]), b_h=cell.b_h if len(pick) > 1 else None)
            for cell in layer.cells
        ]
        picked = case.replace(network=Network(Layer(*cells)))
        expect_steps(subject, picked, subject.run(picked))


@check("PAR-5", Cases(layers=(1, 2, 3), exact=True), needs=("read_weights",))
def test_weights_read_back_are_the_weights_loaded(subject: Subject, case: Case) -> None:
    """To the bit; one bias may come back as two of which one is zero, two as their sum."""
    read = subject.read_weights(case.network)
    subject.require(
        len(read.cells) == len(case.network.cells),
        f"expected {len(case.network.cells)} cells back; got {len(read.cells)}",
    )
    for index, (loaded, back) in enumerate(zip(case.network.cells, read.cells, strict=True)):
        for role in ("W_x", "W_h", "bias"):
            want, got = getattr(loaded, role), getattr(back, role)
            subject.require(
                got.dtype == want.dtype and np.array_equal(want, got),
                f"{role} of cell {index}: loaded {want.tolist()} ({want.dtype});"
                f" read back {got.tolist()} ({got.dtype})",
            )
        subject.require(
            keeps_separate_biases(loaded, back),
            f"cell {index}: two bias vectors were loaded; those read back are not the same two",
        )


def keeps_separate_biases(loaded: Cell, back: Cell) -> bool:
    """Two vectors loaded and two read back must be the same two."""
    if len(loaded.biases) < 2 or len(back.biases) < 2:
        return True
    return all(np.array_equal(*pair) for pair in zip(loaded.biases, back.biases, strict=True))
