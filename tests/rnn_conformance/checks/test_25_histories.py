"""HIS: histories, of which every action is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any
from zlib import crc32

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.histories import Action, Doing
from rnn_conformance.checks.support.asking import is_sparing, with_states
from rnn_conformance.checks.support.derivatives import (
    as_seen,
    cotangents,
    expect_all,
    handed_cotangents,
    is_differentiable,
)
from rnn_conformance.checks.support.expect import expect_answer, expect_loaded
from rnn_conformance.checks.support.histories import DERIVATIVES, follow
from rnn_conformance.checks.test_09_laws import arrays_of, identical
from rnn_conformance.checks.test_16_options import programs_alike
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.histories import Histories
from rnn_conformance.engine.strategies import BATCH, HIDDEN, INPUT, POOL
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import precision_of

HALF = 0.5  # these cases are expensive: all options, derivatives, ten calls
MORE = 2.0  # of stateful layers and of float64 little is left where a framework deviates

CALLS = replace(
    POOL,
    layers=(1, 1, 2, 3),
    batch=(*BATCH, 33),
    time=(1, 2, 3, 4, 5, 17),
    inputs=INPUT,
    hidden=HIDDEN,
    padding=("none", "none", "lengths", "mask", "lengths and mask"),
    stateful=(False,),
    dropout=(None,),
    rates=(0.0,),
    training=(False,),
)
"""All options; whether a call trains, and drops something, is drawn for each of a history."""
STATEFUL = replace(CALLS, stateful=(True,), initial_states=(False, False, False, True))
IN_MIXED_PRECISION = replace(
    CALLS,
    dtypes=("float32", "float32", "float32", *POOL.dtypes),
    compute_dtypes=(None, None, "float16", "bfloat16"),
)
EITHER = replace(STATEFUL, stateful=(False, True, True))
DIFFERENTIATED = replace(EITHER, layers=(1, 1, 2), time=(1, 2, 3, 4, 5))
"""Of longer and larger ones the reference takes too long; GRD-20 has some."""
TIMES = 10
BIASES = ("b", "b_h")
OTHERS: tuple[Doing, ...] = ("reset", "mistake", "ask", "restore")


@check("HIS-1", Histories(cases=CALLS, least=3, dropout=True), needs=("outputs",))
def test_calls_before_a_call_change_nothing(subject: Subject, case: Case) -> None:
    follow(subject, case)


@check(
    "HIS-2",
    Histories(
        cases=STATEFUL,
        doings=(*("call", "call", "call", "call", "call", "assign", "assign"), *OTHERS),
    ),
    needs=("outputs", "final_states", "stateful"),
)
def test_kept_states_go_through_a_history(subject: Subject, case: Case) -> None:
    """And through a call that is not stateful and computes in another type.

    What is kept is not used by one that is not stateful, be it NaN, which times zero is NaN.
    """
    network = follow(subject, case)
    going_on = replace(case.call, initial_states=None)
    if going_on.stateful:
        again, reset = Action("call", going_on), Action("reset")
        history = again, reset, again, Action("ask", going_on), again, reset
        follow(subject, replace(case, network=network, call=going_on, history=history))
        if subject.supports.assign_weights:
            halved = Action("assign", network=network.mapped(lambda array: array / 2))
            network = follow(subject, replace(case, network=network, call=going_on, history=(again, halved)))
    if going_on.stateful and subject.conventions.quantised is None:
        subject.call(network, replace(going_on, x=np.full_like(case.x, np.nan)))
        plain = replace(case, network=network, call=replace(going_on, stateful=False))
        expect_answer(subject, plain, subject.call(network, plain.call))
    for call in in_another_type(subject, case):
        another = replace(call, stateful=False, initial_states=None)
        calls = Action("call", going_on), Action("call", another)
        follow(subject, replace(case, network=network, call=going_on, history=calls))


@check(
    "HIS-3",
    Histories(cases=IN_MIXED_PRECISION, doings=("assign", "call", "assign", "read", "mistake")),
    needs=("outputs", "assign_weights"),
)
def test_assigned_weights_are_those_of_the_calls_after(subject: Subject, case: Case) -> None:
    """Biases alone, the same numbers in other places, those that were loaded first, and the next ones.

    These last show where weights are read. All others are asked in another type, too, in which the call
    before has made copies of the weights.
    """
    network = follow(subject, case)
    others = of_biases(network, moved), of_biases(case.network, moved), case.network.mapped(turned)
    for assigned in (*others, case.network):
        subject.assign_weights(network, assigned)
        for call in (case.call, *in_another_type(subject, case)):
            expect_answer(subject, replace(case, network=assigned, call=call), subject.call(assigned, call))
        network = assigned
    # Arrays that are alike when they are loaded, as zeros are, are assigned apart.
    bare = of_biases(case.network, lambda bias, _: np.zeros_like(bias))
    subject.load_anew(bare)
    subject.assign_weights(bare, network)
    expect_answer(subject, replace(case, network=network), subject.call(network, case.call))
    if subject.supports.expensive == "nothing":
        expect_assigned_after_many_shapes(subject, replace(case, network=network))
    if subject.supports.read_weights:
        nudged = network.mapped(lambda array: np.nextafter(array, array.dtype.type(9)))
        subject.assign_weights(network, nudged)
        expect_loaded(subject, nudged)


def expect_assigned_after_many_shapes(subject: Subject, case: Case) -> None:
    """What is assigned is what calls of a shape use that came after many others."""
    x, network = with_states(subject, case).x[:1, :1], case.network.mapped(turned)
    asked = subject.supports.sequence
    calls = [Call(np.repeat(x, time, axis=1), return_sequences=asked) for time in range(1, 12)]
    for call in calls:
        subject.call(case.network, call)
    subject.assign_weights(case.network, network)
    for call in calls[-2:]:
        expect_answer(subject, Case(network, call, case.route), subject.call(network, call))
    subject.assign_weights(network, case.network)


def moved(bias: Array, _: int) -> Array:
    """The bias with another number added to all of its numbers."""
    return np.asarray(bias + bias.dtype.type(1))


def turned(array: Array) -> Array:
    """The same numbers, the last one first."""
    return np.flip(array).copy()


def in_another_type(subject: Subject, case: Case) -> list[Call]:
    """A call in mixed precision in another type, where there is one."""
    if case.call.compute_dtype is None:
        return []
    types = [narrow for narrow in subject.supports.compute_dtypes if narrow != case.call.compute_dtype]
    return [replace(case.call, compute_dtype=narrow) for narrow in types[:1]]


@check(
    "HIS-4",
    Histories(
        cases=replace(DIFFERENTIATED, compute_dtypes=(None, None, "float16", "bfloat16")),
        doings=("gradients", "call", "assign", "tangents", "second_gradients", "ask"),
    ),
    needs=("gradients", "sequence", "initial_states"),
    share=MORE,
    compiled=HALF,
)
def test_derivatives_change_nothing_and_are_those_of_the_weights_of_now(subject: Subject, case: Case) -> None:
    """Nor do they change the states that a layer kept in the call before them, be they of a stateful call.

    Derivatives of calls whose arrays have the shapes and types of these are others: other programs.
    """
    taken = with_states(subject, replace(case, history=()))
    alike = list(programs_alike(subject, taken)) if is_differentiable(subject, taken) else []
    asked = parts_of(subject, case, {"history": True, "alike": bool(alike), "states": case.call.stateful})
    network = follow(subject, case) if "history" in asked else with_last_weights(subject, case)
    if "history" in asked and subject.supports.assign_weights and case.call.compute_dtype is not None:
        halved = network.mapped(lambda array: array / 2)
        able = [do for do in DERIVATIVES if subject.supports.has(do)]
        history = (
            Action("call", taken.call),
            Action("assign", network=halved),
            *(Action(do, taken.call) for do in (able[:1] if is_sparing(subject) else able)),
        )
        network = follow(subject, replace(taken, network=network, history=history))
    if alike and not is_sparing(subject):
        expect_all_after_nan(subject, replace(taken, network=network))
    if "alike" in asked:
        for each in (*alike[: 1 if is_sparing(subject) else None], taken):
            expect_all(subject, replace(each, network=network))
    if subject.supports.read_weights:
        expect_loaded(subject, network)
    if "states" in asked:
        half = tuple(np.full(shape, 0.5, network.dtype) for shape in network.state_shapes(len(case.x)))
        call, plain = replace(case.call, initial_states=None), Call(taken.x, half)
        going_on = replace(taken.call, initial_states=half)
        of_stateful = [Action(do, going_on) for do in DERIVATIVES if subject.supports.has(do)]
        between = [Action("gradients", plain), *of_stateful]
        if is_sparing(subject) and case.history:
            between = one_of(case, between)
        around = (Action("call", call), *between)
        follow(subject, replace(case, network=network, call=call, history=around))


def expect_all_after_nan(subject: Subject, case: Case) -> None:
    """Gradients after some of NaN, as a loss that overflowed has: nothing of these is left."""
    nan = case.replace(x=np.full_like(case.x, np.nan))
    subject.gradients(nan, *handed_cotangents(subject, case, *cotangents(as_seen(subject, case))))
    expect_all(subject, case)


def parts_of(subject: Subject, case: Case, parts: Mapping[str, bool]) -> list[str]:
    """The parts of a check that a case has; where shapes are expensive one of them, another for other cases.

    The simplest cases, as witnesses of records are, and what others shrink to, have all of them everywhere.
    """
    there = [name for name, has in parts.items() if has]
    simple = len(case.x) == 1 and len(case.history) <= 1
    return one_of(case, there) if is_sparing(subject) and not simple else there


def one_of(case: Case, pool: Sequence[Any]) -> list[Any]:
    """One of these, another for other cases."""
    return [pool[crc32(case.fingerprint) // 64 % len(pool)]]


def with_last_weights(subject: Subject, case: Case) -> Network:
    """The network of the case, loaded, and then given the last weights of its history, if there are any."""
    subject.load_anew(case.network)
    assigned = [action.network for action in case.history if action.network is not None]
    if assigned:
        subject.assign_weights(case.network, assigned[-1])
    return assigned[-1] if assigned else case.network


@check(
    "HIS-5",
    Histories(cases=DIFFERENTIATED, doings=("restore", "call", "assign", "restore", *DERIVATIVES)),
    needs=("outputs", "restored"),
)
def test_saved_and_loaded_it_goes_on_with_its_weights(subject: Subject, case: Case) -> None:
    """Also when biases that were alike when it was saved are assigned apart: they are not one array.

    Numbers of every magnitude that the type has are the same afterwards; layers that keep states keep them.
    """
    supports = subject.supports
    biases = supports.assign_weights and any(cell.biases for cell in case.network.cells)
    asked = parts_of(subject, case, {"history": True, "states": case.call.stateful, "biases": biases})
    network = follow(subject, case) if "history" in asked else with_last_weights(subject, case)
    if "states" in asked:
        going_on = replace(case.call, initial_states=None)
        history = Action("restore"), Action("reset"), Action("call", going_on)
        follow(subject, replace(case, network=network, call=going_on, history=history))
    if supports.assign_weights and supports.read_weights:
        wide = network.mapped(of_every_magnitude)
        subject.assign_weights(network, wide)
        subject.restore(wide)
        expect_loaded(subject, wide)
        subject.assign_weights(wide, network)
    if "biases" in asked:
        alike = of_biases(network, lambda bias, _: np.zeros_like(bias))
        apart = of_biases(network, lambda bias, number: np.full_like(bias, number / 2))
        subject.assign_weights(network, alike)
        subject.restore(alike)
        subject.assign_weights(alike, apart)
        expect_answer(subject, case.replace(network=apart), subject.call(apart, case.call))


def of_every_magnitude(array: Array) -> Array:
    """The numbers as they are, very large, and very small, one after the other, and −0 now and then."""
    digits = round(0.75 * np.log2(precision_of(array.dtype).largest))
    exponents = digits * (np.arange(array.size) % 3 - 1).reshape(array.shape)
    changed = np.asarray(np.ldexp(array.astype(np.float64), exponents), array.dtype)
    now_and_then = (np.arange(array.size) % 5 == 3).reshape(array.shape)
    return np.where(now_and_then, array.dtype.type(-0.0), changed)


def of_biases(network: Network, made: Callable[[Array, int], Array]) -> Network:
    """The network with other biases, each made of the one that it has and of its number."""
    numbers = count(1)

    def changed(cell: Cell) -> Cell:
        for role in BIASES:
            if (bias := getattr(cell, role)) is not None:
                other: Any = made(bias, next(numbers))
                cell = replace(cell, **{role: other})
        return cell

    return Network(Layer(*map(changed, layer.cells)) for layer in network.layers)


@check("HIS-6", Histories(cases=CALLS), needs=("outputs",), share=HALF)
def test_the_same_call_gives_the_same_ten_times(subject: Subject, case: Case) -> None:
    """And one of other numbers its own: nothing of those before is taken for it, often as they came."""
    network = follow(subject, case)
    once = arrays_of(subject.call(network, case.call))
    for number in range(2, TIMES + 1):
        with subject.nothing_altered():
            again = arrays_of(subject.call(network, case.call))
        subject.require(
            len(once) == len(again) and all(map(identical, once, again)),
            f"the same call gave something else the {number}th time",
        )
    repeated = replace(case, network=network, history=())
    of_halves = replace(repeated.mapped(half_of), network=network)
    for each in (*programs_alike(subject, repeated), of_halves, repeated):
        expect_answer(subject, each, subject.call(network, each.call))
    if subject.supports.read_weights:
        expect_loaded(subject, network)


def half_of(array: Array) -> Array:
    """Half of each number, in their type."""
    return np.asarray(array / 2, array.dtype)


@check(
    "HIS-7",
    Histories(
        cases=DIFFERENTIATED,
        doings=(
            *("call", "assign", "call", "assign", "call", "assign", "call", "assign"),
            *("gradients", "restore", "read", "tangents", "mistake"),
        ),
        least=4,
        dropout=True,
    ),
    needs=("outputs",),
    routes=("unrolled", "axes", "cell", "compiled", "saved", "model", "padding", "device"),
)
def test_histories_by_every_other_route(subject: Subject, case: Case) -> None:
    follow(subject, case)
