"""EDG: degenerate sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnn_adapters.declarations import Supports
from rnn_conformance.checks.support.asking import left_alone, one_of, with_states
from rnn_conformance.checks.support.derivatives import (
    Ways,
    as_seen,
    cotangents,
    derivatives_that_can_be_asked,
    direction_of,
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
from rnn_reference.gradients import Gradients
from rnn_reference.network import Cell, Layer, Network, States

SOME, FEW = 0.6, 0.5  # sizes leave little to draw


ANY = replace(POOL, layers=(1, 1, 1, 2), directions=(1, 2), poisons=("numbers",))
"""Of empty arrays the shape and the type are what counts, and options change both."""


def gives_it_or_refuses(subject: Subject, case: Case) -> None:
    """An error, while loading or while running, is a right answer too."""
    refusal = subject.refusal_of(case)
    if refusal is None:
        for asked in (case, *with_other_merge(subject, case)):
            expect_everything(subject, asked)
        expect_derivatives_or_errors(subject, with_states(subject, case.replace(stateful=False)))
    else:
        subject.tally.count()


def expect_derivatives_or_errors(subject: Subject, case: Case) -> None:
    """What an answered call has as derivatives, where these can be taken: one of them."""
    if is_differentiable(subject, case):
        # Without features all but W_x has the derivatives that it would have.
        of_features = bool(case.x.shape[2])
        ways = of_no_numbers if of_features else derivatives_that_can_be_asked
        for derivative in one_of(case, ways(subject, case)).values():
            left_alone(derivative)()


def of_no_numbers(subject: Subject, case: Case) -> Ways:
    """Where there are no rows, no time steps or no units, derivatives are known to the bit.

    All that goes back, or changes, goes from state to state. Everything else is zero.
    """
    given = handed_cotangents(subject, case, *cotangents(as_seen(subject, case)))
    direction, supports = direction_of(case), subject.supports
    zeros = tuple(map(np.zeros_like, given[1]))
    known: dict[str, tuple[bool, Callable[[], None]]] = {
        "gradients": (
            True,
            lambda: expect_states_alone(subject, case, subject.gradients(case, *given), given[1]),
        ),
        "JVP": (
            supports.tangents,
            lambda: expect_rates_of_states(subject, case, direction.initial_states),
        ),
        "gradients of gradients": (
            supports.second_gradients,
            lambda: expect_states_alone(
                subject, case, subject.second_gradients(case, *given, direction), zeros
            ),
        ),
    }
    return {name: ask for name, (able, ask) in known.items() if able}


def expect_states_alone(subject: Subject, case: Case, found: Gradients, states: States) -> None:
    """Gradients of zeros, but for those of the initial states."""
    cells = [(cell.W_x, cell.W_h, cell.b, cell.b_h) for cell in case.network.cells]
    of_weights = [
        (of, weight)
        for of_cell, cell in zip(found.cells, cells, strict=True)
        for of, weight in zip(of_cell, cell, strict=True)
        if of is not None and weight is not None
    ]
    pairs = [(found.x, case.x), *of_weights]
    expected = [*(np.zeros_like(like) for _, like in pairs), *states]
    for array, right in zip([*(of for of, _ in pairs), *found.initial_states], expected, strict=True):
        subject.has_shape("a gradient", array, right.shape, right.dtype)
        if not np.array_equal(array, right):
            finding = f"a gradient: expected {right.tolist()}; got {array.tolist()}"
            raise NonConforming(finding, kind="value", what="a gradient")
        subject.tally.count()


def expect_rates_of_states(subject: Subject, case: Case, rates: States) -> None:
    """Final states that change as the initial ones do."""
    found = subject.tangents(case, direction_of(case)).final_states or ()
    for rate, right in zip(found, rates, strict=True):
        subject.require(
            rate.shape == right.shape and np.array_equal(rate.astype(right.dtype), right),
            f"JVP of final states: expected {right.tolist()}; got {rate.tolist()}",
        )


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
    """Which excuses no mistake: with another number of features it is refused."""
    gives_it_or_refuses(subject, case)
    x = case.x
    for features in (np.concatenate([x, x[..., :1]], axis=-1), x[..., :-1]):
        if subject.error_of(case.network, replace(case.call, x=features)) is None:
            finding = f"x {features.shape}: expected an error; got an answer"
            raise NonConforming(finding, kind="not refused", what="wrong features")
        subject.tally.count()


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
