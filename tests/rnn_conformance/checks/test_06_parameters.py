"""PAR: parameters and their number."""

from __future__ import annotations

from dataclasses import replace

from rnn_conformance.checks.support.expect import expect_count, expect_loaded, expect_steps
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import ANY_DTYPE, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Layer, Network

FEW = 0.5  # a count is right or wrong as a whole; PAR-4 takes three runs


@check(
    "PAR-1",
    Cases(directions=(1,), biases=(1, 2), dtypes=ANY_DTYPE, exact=True),
    needs=("count_parameters",),
    share=FEW,
)
def test_a_biased_layer_has_this_many_parameters(subject: Subject, case: Case) -> None:
    expect_count(subject, case.network)


@check(
    "PAR-2",
    Cases(directions=(1,), biases=(0,), dtypes=ANY_DTYPE, exact=True),
    needs=("count_parameters", "no_bias"),
    share=FEW,
)
def test_a_layer_without_bias_has_this_many_parameters(subject: Subject, case: Case) -> None:
    expect_count(subject, case.network)


@check("PAR-3", Cases(layers=(1, 2, 3), dtypes=ANY_DTYPE, exact=True), needs=("count_parameters",), share=FEW)
def test_a_stack_has_this_many_parameters(subject: Subject, case: Case) -> None:
    expect_count(subject, case.network)


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


@check("PAR-5", Cases(layers=(1, 2, 3), dtypes=ANY_DTYPE, exact=True), needs=("read_weights",))
def test_weights_read_back_are_the_weights_loaded(subject: Subject, case: Case) -> None:
    """To the bit; one bias may come back as two of which one is zero, two as their sum."""
    expect_loaded(subject, case.network)
