"""PAR: parameters and their number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.checks.support.expect import expect_count, expect_loaded, expect_steps
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import ANY_DTYPE, HIDDEN, INPUT, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array, Layer, Network
from rnn_reference.precision import precision_of

FEW = 0.5  # a count is right or wrong as a whole; PAR-4 takes three runs

COUNTED = Cases(
    dtypes=ANY_DTYPE, inputs=(*INPUT, 70), hidden=(*HIDDEN, 21, 130, 200), exact=True, covering=True
)
"""In all types, and up to numbers that two bytes do not count to."""


@check(
    "PAR-1",
    replace(COUNTED, directions=(1,), biases=(1, 2)),
    needs=("count_parameters",),
    share=FEW,
)
def test_a_biased_layer_has_this_many_parameters(subject: Subject, case: Case) -> None:
    expect_count(subject, case.network)


@check(
    "PAR-2",
    replace(COUNTED, directions=(1,), biases=(0,)),
    needs=("count_parameters", "no_bias"),
    share=FEW,
)
def test_a_layer_without_bias_has_this_many_parameters(subject: Subject, case: Case) -> None:
    expect_count(subject, case.network)


@check("PAR-3", replace(COUNTED, layers=(1, 2, 3)), needs=("count_parameters",), share=FEW)
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
    """To the bit; one bias may come back as two of which one is zero, two as their sum.

    Also where they are as small and as large as numbers of their type are, or −0, and where that is assigned
    over 0, which it equals.
    """
    expect_loaded(subject, case.network)
    sizes = case.network.mapped(of_all_sizes)
    expect_loaded(subject, sizes)
    if subject.supports.assign_weights:
        subject.assign_weights(sizes.mapped(lambda array: array + array.dtype.type(0)), sizes)
        expect_loaded(subject, sizes)


def of_all_sizes(array: Array) -> Array:
    """The array with a quarter of the largest number of its type, the smallest there is, −0, and its own."""
    precision = precision_of(array.dtype)
    smallest = np.nextafter(array.dtype.type(0), array.dtype.type(1))
    changed = array.copy().reshape(-1)
    changed[::3], changed[1::3] = smallest, np.asarray(precision.largest / 4, array.dtype)
    changed[2::6] = np.asarray(-0.0, array.dtype)
    return changed.reshape(array.shape)
