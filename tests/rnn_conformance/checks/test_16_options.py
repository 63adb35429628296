"""OPT: options together, and routes. One strategy draws all, one judgement asks for everything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rnn_adapters.histories import Action, Doing
from rnn_conformance.checks.support.asking import one_of, with_states
from rnn_conformance.checks.support.batch_axes import BatchAxes
from rnn_conformance.checks.support.derivatives import (
    expect_all,
    expect_second_gradients,
    expect_tangents,
    is_differentiable,
)
from rnn_conformance.checks.support.draws import MANY_LAYERS, ONCE
from rnn_conformance.checks.support.expect import (
    asked_for,
    expect_assigned,
    expect_everything,
    expect_going_on,
    expect_output,
)
from rnn_conformance.checks.support.histories import DERIVATIVES, follow
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.handing import LAYOUTS, PLAIN
from rnn_conformance.engine.strategies import FORMS, POOL
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Cell, Layer, Network

OFTEN = 4.0  # so many cases hold every pair of option values in the quick profile, every triple in ci

MORE = 1.5  # of six ways to lie in memory

OUTPUTS = ("outputs",)


@check("OPT-1", POOL, needs=OUTPUTS, share=OFTEN)
def test_options_act_together_as_each_does_alone(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check("OPT-2", POOL, needs=OUTPUTS, routes=("unrolled",))
def test_unrolling_changes_nothing(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


SQUARES = ((1, 1, 1, 1), (2, 2, 3, 1), (3, 3, 2, 4), (3, 3, 3, 2), (4, 4, 1, 3), (17, 17, 2, 3))
"""As many rows as steps, which shows axes that are taken for each other."""


@check("OPT-3", replace(POOL, sizes=SQUARES), needs=OUTPUTS, routes=("axes",))
def test_the_order_of_axes_changes_nothing(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


OTHER_LAYOUTS = tuple(name for name in LAYOUTS if name != PLAIN)


LAID_OUT = replace(
    POOL, layouts=OTHER_LAYOUTS, poisons=("numbers",), initial_states=(False, True, True, True)
)


@check("OPT-4", LAID_OUT, needs=OUTPUTS, share=MORE)
def test_how_arrays_lie_in_memory_changes_nothing(subject: Subject, case: Case) -> None:
    """Those of weights as those of the call, and of cotangents as of both."""
    case = case.replace(network=case.network.mapped(LAYOUTS[case.layout]))
    expect_everything(subject, case)
    if is_differentiable(subject, case):
        expect_all(subject, case)


@check("OPT-5", POOL, needs=OUTPUTS, routes=("cell",))
def test_a_cell_gives_what_the_layer_gives(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check("OPT-6", POOL, needs=OUTPUTS, routes=("compiled",))
def test_compiling_changes_nothing(subject: Subject, case: Case) -> None:
    """Run first with nothing masked, in the other processing order or merged otherwise: other programs.

    In training, too, where it drops something, which no other call does. Then with other weights, which a
    compiled layer must not keep, be others loaded or assigned. Stateful ones
    are called four times in a row: what they kept when they were compiled is not what they keep.
    """
    halved, asked = case.network.mapped(lambda array: array / 2), asked_for(subject, case)[0]
    first = alike = [*programs_alike(subject, case), *in_training(subject, case)]
    others = with_other_parameters(subject, case.network)
    if others is not case.network:
        first = [each.replace(network=others) for each in (*alike, case)]
    # Before the other weights and after them: what was compiled may be kept beyond a network, or with it.
    for each in (*first, case.replace(network=halved), *alike):
        subject.run(each, return_sequences=asked)
    expect_everything(subject, case)
    if case.call.stateful and subject.supports.final_states:
        going_on = replace(case.call, initial_states=None)
        follow(
            subject,
            replace(
                case, call=going_on, history=(Action("call", case.call), *[Action("call", going_on)] * 2)
            ),
        )
    if subject.supports.assign_weights:
        expect_assigned(subject, case)
        taken = with_states(subject, case)
        if subject.supports.expensive == "nothing" and is_differentiable(subject, taken):
            able = {do: do for do in DERIVATIVES if subject.supports.has(do)}
            expect_assigned_derivatives(subject, taken, tuple(one_of(case, able)))


def programs_alike(subject: Subject, case: Case) -> Iterator[Case]:
    """Calls whose arrays are those of the case in shape and type, and whose results are others."""
    call, layers = case.call, case.network.layers
    if call.mask is not None:
        yield case.replace(mask=np.ones_like(call.mask))
    if call.lengths is not None:
        yield case.replace(lengths=np.minimum(call.lengths, 1))
    if subject.supports.go_backwards and len(layers) == 1 and layers[0].directions == 1:
        yield case.replace(go_backwards=not call.go_backwards)
    of_one_size = [mode for mode in ("sum", "mul", "ave") if mode in subject.supports.merge_modes]
    if call.merge_mode in of_one_size:
        others = np.roll(of_one_size, -1 - of_one_size.index(call.merge_mode))[:-1]
        yield from (case.replace(merge_mode=str(mode)) for mode in others)


def in_training(subject: Subject, case: Case) -> list[Case]:
    """The call as one of training that drops something, where it can: what it gives is not known."""
    places = {place: place for place in subject.supports.dropout}
    return [case.replace(training=True, dropout=place, rate=0.5) for place in one_of(case, places)]


def with_other_parameters(subject: Subject, network: Network) -> Network:
    """The network with the next parameters that its activations are drawn with, if these can be chosen."""
    if not any(cell.activation.name in subject.supports.parameters for cell in network.cells):
        return network

    def another(cell: Cell) -> Cell:
        chosen = cell.activation.name in subject.supports.parameters
        forms = FORMS.get(cell.activation.name, (cell.activation,)) if chosen else (cell.activation,)
        place = forms.index(cell.activation) if cell.activation in forms else -1
        return replace(cell, activation=forms[(place + 1) % len(forms)])

    return Network(Layer(*map(another, layer.cells)) for layer in network.layers)


@check(
    "OPT-7",
    replace(POOL, layouts=(PLAIN, *OTHER_LAYOUTS)),
    needs=OUTPUTS,
    share=MORE,
    routes=("saved",),
)
def test_saving_and_loading_change_nothing(subject: Subject, case: Case) -> None:
    """Weights lie in memory as the arrays of the call do. Others can be assigned afterwards."""
    expect_everything(subject, case.replace(network=case.network.mapped(LAYOUTS[case.layout])))
    if subject.supports.assign_weights:
        expect_assigned(subject, case)


SOME_ROWS = (1, 2, 3, 5, 6, 7, 18)
"""From fewer than a model predicts at a time to what it predicts in several parts."""


@check("OPT-8", replace(POOL, batch=SOME_ROWS), needs=OUTPUTS, routes=("model",))
def test_a_model_around_the_layer_changes_nothing(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check(
    "OPT-9",
    replace(POOL, padding=("lengths", "mask", "lengths", "mask", "none", "lengths and mask")),
    needs=("variable_lengths", "outputs"),
    routes=("padding",),
)
def test_steps_not_taken_can_be_said_otherwise(subject: Subject, case: Case) -> None:
    """Also where a step that is taken is next to the number that stands for padding, in every feature."""
    expect_everything(subject, case)
    if case.steps is not None and case.steps.any() and case.x.shape[-1] > 1:
        expect_everything(subject, next_to_padding(case))


def next_to_padding(case: Case) -> Case:
    """The case with one number in all features of the first step that is taken, but the next one in the last.

    The next one of float32 in float64, which some round to that.
    """
    assert case.steps is not None
    x, dtype = case.x.copy(), case.x.dtype
    narrow = np.dtype(np.float32) if dtype == np.float64 else dtype
    row, step = np.argwhere(case.steps)[0]
    value = x[row, step, 0].astype(narrow)
    value = value if abs(value) > 2.0**-6 else narrow.type(0.5)  # what is next to 0 may be flushed to it
    x[row, step] = value
    x[row, step, -1] = np.nextafter(value, narrow.type(9))
    return case.replace(x=x)


BATCHES: dict[str, tuple[int, ...]] = {
    "no batch axis": (),
    "two axes": (2, 3),
    "two other axes": (3, 2),
    "one row each": (6, 1),
    "six rows in one": (1, 6),
    "three axes": (2, 1, 3),
    "three other axes": (1, 2, 3),
}


@check(
    "OPT-10",
    replace(POOL, batch=(6,), variants=tuple(BATCHES)),
    needs=("leading_axes", "outputs"),
)
def test_any_number_of_batch_axes_is_as_one(subject: Subject, case: Case) -> None:
    """Gradients have those of the input and of the states."""
    rows = np.arange(math.prod(BATCHES[case.variant])) % case.x.shape[0]
    axes, case = BatchAxes(subject, BATCHES[case.variant]), case.reordered(rows)
    expect_everything(subject, case, axes.run)
    if is_differentiable(subject, case):
        expect_all(subject, case, ask=axes.gradients)
    expect_going_on(subject, case, axes.run)


@check("OPT-11", replace(POOL, scatter=True), needs=OUTPUTS, routes=("device",))
def test_another_device_changes_nothing(subject: Subject, case: Case) -> None:
    """Nor are its derivatives others, nor states that are kept there others than those that were returned.

    Weights that are assigned are those of all that is asked afterwards.
    """
    supports = subject.supports
    expect_everything(subject, case)
    if supports.assign_weights:
        expect_assigned(subject, case)
    taken = with_states(subject, case)
    if is_differentiable(subject, taken):
        expect_all(subject, taken)
        if supports.tangents:
            expect_tangents(subject, taken)
        if supports.second_gradients:
            expect_second_gradients(subject, taken)
        if supports.assign_weights:
            expect_assigned_derivatives(subject, taken)
    if supports.stateful and supports.final_states:
        if supports.has("float64"):
            case = case.mapped(lambda array: array.astype(np.float64))
        call = replace(case.call, stateful=True, initial_states=None, compute_dtype=None)
        follow(subject, replace(case, call=call, history=(Action("call", call),)))


def expect_assigned_derivatives(subject: Subject, case: Case, asked: tuple[Doing, ...] = DERIVATIVES) -> None:
    """Those of weights that are assigned after derivatives of others were taken."""
    halved = case.network.mapped(lambda array: array / 2)
    doings = [do for do in asked if subject.supports.has(do)]
    history = [Action(do, case.call) for do in doings]
    history = [*history, Action("assign", network=case.network), *history]
    follow(subject, replace(case, network=halved, history=tuple(history)))


@check(
    "OPT-12",
    MANY_LAYERS,
    needs=("sequence",),
    routes=("saved",),
    share=ONCE,
)
def test_a_file_of_many_layers_keeps_them_in_their_places(subject: Subject, case: Case) -> None:
    """Also when what runs is saved and loaded."""
    expect_output(subject, case, subject.run(case))
    if subject.supports.restored:
        subject.restore(case.network)
        expect_output(subject, case, subject.run(case))
