"""EDG: degenerate sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.declarations import Supports
from rnn_conformance.checks.support.asking import with_states
from rnn_conformance.checks.support.derivatives import (
    all_of,
    as_seen,
    cotangents,
    expect_all,
    expect_tangents,
    handed_cotangents,
    is_differentiable,
)
from rnn_conformance.checks.support.expect import (
    copied_final_states,
    expect_answer,
    expect_everything,
    expect_final_states,
    expect_output,
    going_on_from,
    with_other_merge,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.strategies import POOL, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.forward import run_network
from rnn_reference.network import Cell, Layer, Network

SOME, FEW = 0.6, 0.5  # sizes leave little to draw


ANY = replace(POOL, layers=(1, 1, 1, 2), directions=(1, 2), poisons=("numbers",))
"""Of empty arrays the shape and the type are what counts, and options change both."""


def gives_it_or_refuses(subject: Subject, case: Case) -> None:
    """An error, while loading or while running, is a right answer too."""
    refusal = subject.refusal_of(case)
    if refusal is None:
        for asked in (case, *with_other_merge(subject, case)):
            expect_everything(subject, asked)
        expect_derivatives_or_an_error(subject, case)
    else:
        subject.tally.count()


def expect_derivatives_or_an_error(subject: Subject, case: Case) -> None:
    """Gradients and a JVP of the case with states, where it can be differentiated."""
    case = with_states(subject, case)
    if not is_differentiable(subject, case):
        return
    without_numbers = 0 in (len(case.x), case.network.layers[0].hidden_size)
    of_gradients = expect_no_gradient if without_numbers else expect_all
    for able, expect in (
        (True, of_gradients),
        (subject.supports.tangents and not without_numbers, expect_tangents),
    ):
        try:
            if able:
                expect(subject, case)
        except NonConforming as error:
            if error.kind != "raised":
                raise


def expect_no_gradient(subject: Subject, case: Case) -> None:
    """Where there are no rows, or no units, every gradient is zero, of the shape of what it belongs to."""
    found = subject.gradients(case, *handed_cotangents(subject, case, *cotangents(as_seen(subject, case))))
    for array in all_of(found):
        subject.require(not array.any(), f"a gradient of no numbers is not zero: {array.tolist()}")
    shapes = [case.x.shape, *case.network.state_shapes(len(case.x))]
    given = [array.shape for array in (found.x, *found.initial_states)]
    for cell, of_cell in zip(case.network.cells, found.cells, strict=True):
        shapes += [cell.W_x.shape, cell.W_h.shape]
        given += [of_cell.W_x.shape, of_cell.W_h.shape]
    subject.require(given == shapes, f"gradients: expected shapes {shapes}; got {given}", "shape")


def with_an_answer(case: Case, supports: Supports) -> Case:
    """A case whose answer is not zero throughout, which would show little, if there can be one.

    Then all numbers have positive signs, and without a bias it starts from a state, or, if none can be given,
    has a bias after all.
    """
    if run_network(case.network, case.x, case.initial_states).sequence.any():
        return case
    if case.initial_states is None and supports.initial_states:
        shapes = case.network.state_shapes(len(case.x))
        case = case.replace(initial_states=tuple(np.full(s, 0.5, case.network.dtype) for s in shapes))
    elif case.initial_states is None:
        case = case.replace(network=with_biases(case.network))
    return case.mapped(np.abs)


def with_biases(network: Network) -> Network:
    """The network with a bias of one half in each cell that has none."""

    def changed(cell: Cell) -> Cell:
        return cell if cell.biases else replace(cell, b=np.full(cell.hidden_size, 0.5, cell.dtype))

    return Network(Layer(*map(changed, layer.cells)) for layer in network.layers)


@check("EDG-1", replace(ANY, batch=(0,)), needs=("outputs", "batch_axis"), share=FEW)
def test_an_empty_batch(subject: Subject, case: Case) -> None:
    gives_it_or_refuses(subject, case)


@check("EDG-2", replace(ANY, time=(0,)), needs=("outputs", "time_axis"), share=FEW)
def test_a_sequence_of_no_steps(subject: Subject, case: Case) -> None:
    """Twice, and what is written into the states of the first call does not reach the second.

    Of no step nothing is dropped, whatever the rate: the states go on whole.
    """
    if case.call.training and case.call.dropout is not None:
        case = case.replace(rate=0.5)
    gives_it_or_refuses(subject, case)
    if case.call.stateful and subject.supports.final_states and subject.refusal_of(case) is None:
        expect_kept_states_of_no_steps(subject, case)
    case = case.replace(return_sequences=True, stateful=False, compute_dtype=None)
    if subject.supports.sequence and subject.supports.final_states and subject.refusal_of(case) is None:
        written, _ = subject.run_kept(case)
        for state in written.final_states:
            if state.flags.writeable:
                state[...] = 77
        expect_final_states(subject, case, subject.run(case))


def expect_kept_states_of_no_steps(subject: Subject, case: Case) -> None:
    """After a call of one step, those of a call of none are the kept ones, from which it starts."""
    one = np.full((len(case.x), 1, case.network.input_size), 0.5, case.network.dtype)
    bare = case.replace(initial_states=None, lengths=None, mask=None)
    subject.load_anew(case.network)
    states = going_on_from(subject, case, subject.call(case.network, bare.replace(x=one).call))
    output = subject.answer_to(bare)
    if output is not None:
        expect_answer(subject, bare.replace(initial_states=states), output)


@check("EDG-3", Cases(batch=(1, 2), time=(1, 2), inputs=(1, 2), hidden=(1, 2)), needs=("outputs",), share=FEW)
def test_sizes_of_one(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check("EDG-4", replace(ANY, inputs=(0,), time=(1, 2, 3, 3, 4, 5)), needs=("outputs",), share=SOME)
def test_input_of_no_features(subject: Subject, case: Case) -> None:
    """Layers that keep their states go on from them."""
    case = with_an_answer(case, subject.supports)
    gives_it_or_refuses(subject, case)
    if case.call.stateful and subject.supports.final_states and subject.supports.sequence:
        case = case.replace(initial_states=None, compute_dtype=None, return_sequences=True)
        if subject.refusal_of(case) is None:
            expect_to_go_on(subject, case)


def expect_to_go_on(subject: Subject, case: Case, between: Case | None = None) -> None:
    """Of two stateful calls, the second goes on from the states that the first one left.

    Args:
        between: another call, which leaves these as they are.
    """
    subject.load_anew(case.network)
    states = copied_final_states(subject, case, subject.run(case))
    if between is not None:
        subject.run(between)
    expect_output(subject, case.replace(initial_states=states), subject.run(case))


@check("EDG-5", replace(ANY, hidden=(0,)), needs=("outputs",), share=FEW)
def test_a_layer_of_no_units(subject: Subject, case: Case) -> None:
    gives_it_or_refuses(subject, case)


@check(
    "EDG-6",
    replace(
        ANY,
        time=(1, 2, 3),
        initial_states=(False,),
        stateful=(True,),
        compute_dtypes=(None,),
        dropout=(None,),
    ),
    needs=("sequence", "final_states", "stateful", "time_axis"),
    share=FEW,
)
def test_a_stateful_call_of_no_steps(subject: Subject, case: Case) -> None:
    """Between two calls, of which the second goes on from the states that the first one left."""
    case = case.replace(return_sequences=True)
    lengths, mask = case.call.lengths, case.call.mask
    nothing = case.replace(
        x=case.x[:, :0],
        lengths=None if lengths is None else np.zeros_like(lengths),
        mask=None if mask is None else mask[:, :0],
    )
    if subject.refusal_of(nothing) is not None:
        subject.tally.count()
        return
    expect_to_go_on(subject, case, nothing)
