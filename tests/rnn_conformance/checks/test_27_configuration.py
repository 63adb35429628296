"""CFG: configurations, arguments, default states, and layers that are not trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from rnn_adapters.histories import Action, Doing
from rnn_conformance.checks.support.asking import left_alone, one_of, with_states
from rnn_conformance.checks.support.derivatives import is_differentiable
from rnn_conformance.checks.support.draws import MANY_LAYERS, ONCE
from rnn_conformance.checks.support.expect import (
    expect_answer,
    expect_count,
    expect_everything,
    expect_output,
    with_other_merge,
)
from rnn_conformance.checks.support.histories import follow
from rnn_conformance.checks.support.mistakes import expect_refusal_of_states
from rnn_conformance.checks.test_07_errors import STATE_SHAPES
from rnn_conformance.checks.test_09_laws import arrays_of, identical
from rnn_conformance.checks.test_15_state import part
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.meaning import as_computed
from rnn_conformance.engine.strategies import ANY_DTYPE, POOL, TANH_OR_RELU, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import ACTIVATIONS, DEFAULTS, Activation
from rnn_reference.network import Cell, Layer, MergeMode, Network
from rnn_reference.parameters import network_parameters

HALF, FEW = 0.5, 0.25  # expensive cases; options that do not depend on the numbers
MORE = 2.0  # of one route alone, and of every activation

MERGES: tuple[MergeMode, ...] = ("concat", "sum", "mul", "ave", "none")


@check(
    "CFG-1",
    replace(POOL, activations=ACTIVATIONS, dtypes=(*POOL.dtypes, "float64")),
    needs=("outputs",),
    share=MORE,
    routes=("configuration",),
)
def test_a_layer_made_anew_from_its_configuration_computes_the_same(subject: Subject, case: Case) -> None:
    """Also where a parameter of an activation is zero, which is not the one that is not given.

    Or one, or negative, or of more digits than six, or the default beside another. Each case has the
    activation that it draws, and others.
    """
    expect_everything(subject, case)
    expect_more(subject, case)
    for activations in OTHER_PARAMETERS:
        if any(cell.activation.name in activations for cell in case.network.cells):
            network = with_parameters(subject, case.network, activations)
            expect_everything(subject, case.replace(network=network))
    if as_computed(case).network.dtype.itemsize >= 4:  # of narrower types the bounds say little
        for activations in OTHER_PARAMETERS:
            for made in one_of(case, under_each(subject, case.network, activations)).values():
                expect_everything(subject, case.replace(network=made()))


FIRST_DERIVATIVES: tuple[Doing, ...] = ("gradients", "tangents")
"""Those of what a layer computes; of gradients other clauses ask them."""


def expect_more(subject: Subject, case: Case) -> None:
    """What a route may lose that outputs do not show: derivatives, weights of after a call, kept states.

    Derivatives of the first steps of two rows, as the reference takes long for more.
    """
    supports, taken = subject.supports, with_states(subject, case.reordered(np.arange(min(2, len(case.x)))))
    is_given = case.initial_states is not None or not supports.initial_states  # as records tell it
    if is_given and is_differentiable(subject, taken):
        taken = part(taken, 0, 3, taken.initial_states)
        able = {do: do for do in FIRST_DERIVATIVES if supports.has(do)}
        doings = able if supports.expensive == "nothing" else one_of(case, able)
        halved = Action("assign", network=case.network.mapped(lambda array: array / 2))
        changed = [Action("call", taken.call), halved] if supports.assign_weights else []
        history = (*changed, *[Action(do, taken.call) for do in doings])
        left_alone(lambda: follow(subject, replace(taken, history=history)))()  # refusals have other clauses
    if case.call.stateful and supports.final_states:
        taken = part(case, 0, 3, case.initial_states)
        going_on = replace(taken.call, initial_states=None)
        follow(subject, replace(taken, call=going_on, history=(Action("call", taken.call),)))


def under_each(
    subject: Subject, network: Network, activations: Mapping[str, Activation]
) -> Mapping[str, Callable[[], Network]]:
    """The network under each of these activations of which parameters can be chosen."""

    def under(activation: Activation) -> Network:
        return Network(
            Layer(*(replace(cell, activation=activation) for cell in layer.cells)) for layer in network.layers
        )

    supports = subject.supports
    known = [name for name in activations if name in supports.parameters and name in supports.activations]
    return {name: partial(under, activations[name]) for name in known}


ZERO: Mapping[str, Activation] = {
    "elu": Activation("elu", 0.0),
    "leaky_relu": Activation("leaky_relu", 0.0),
    "hard_sigmoid": Activation("hard_sigmoid", 0.25, 0.0),
    "affine": Activation("affine", 0.375, 0.0),
}


OF_MANY_DIGITS: Mapping[str, Activation] = {
    "elu": Activation("elu", 0.18359375),
    "leaky_relu": Activation("leaky_relu", 0.18359375),
    "hard_sigmoid": Activation("hard_sigmoid", 0.18359375, 0.43359375),
    "affine": Activation("affine", 0.43359375, 0.18359375),
    "scaled_tanh": Activation("scaled_tanh", 0.43359375, 0.68359375),
}


ONE_OR_NEGATIVE: Mapping[str, Activation] = {
    "leaky_relu": Activation("leaky_relu", 1.0),
    "hard_sigmoid": Activation("hard_sigmoid", 1.0, -0.25),
    "affine": Activation("affine", 0.375, -1.0),
}


BESIDE_A_DEFAULT: Mapping[str, Activation] = {
    name: Activation(name, DEFAULTS[name]["alpha"], 0.4375)
    for name in ("hard_sigmoid", "affine", "scaled_tanh")
}


OTHER_PARAMETERS = (ZERO, ONE_OR_NEGATIVE, OF_MANY_DIGITS, BESIDE_A_DEFAULT)


def with_parameters(subject: Subject, network: Network, activations: Mapping[str, Activation]) -> Network:
    """The network with other parameters of each activation that is named, where they can be chosen."""

    def changed(cell: Cell) -> Cell:
        name = cell.activation.name
        known = name in activations and name in subject.supports.parameters
        return replace(cell, activation=activations[name]) if known else cell

    return Network(Layer(*map(changed, layer.cells)) for layer in network.layers)


@check(
    "CFG-2",
    Cases(
        layers=(1, 1, 2),
        dtypes=ANY_DTYPE,
        go_backwards=(False, True),
        merge_modes=MERGES,
        stateful=(False, True),
        exact=True,
        covering=True,
    ),
    needs=("kept_options",),
    share=FEW,
)
def test_every_option_survives_its_configuration(subject: Subject, case: Case) -> None:
    """Those that are lost are named together, so that a record of some does not excuse another."""
    options = subject.kept_options(case)
    lost = {name: both for name, both in options.items() if both[0] != both[1]}
    if lost:
        what = f"options lost: {', '.join(sorted(lost))}"
        shown = "; ".join(f"{name}: gave {gave}, left {left}" for name, (gave, left) in lost.items())
        raise NonConforming(f"{what} ({shown})", what=what)
    subject.tally.count(len(options))


@check(
    "CFG-3",
    replace(POOL, layers=(1, 1, 2, 2, 3), initial_states=(False, True, True, True)),
    needs=("outputs", "initial_states"),
    routes=("arguments",),
)
def test_how_arguments_are_said_changes_nothing(subject: Subject, case: Case) -> None:
    """Nor are wrong ones taken. From given states a stateful layer starts, whatever it keeps."""
    expect_everything(subject, case)
    expect_more(subject, case)
    if case.call.stateful and case.initial_states is not None and case.call.dropout is None:
        before = replace(case.call, initial_states=None)
        follow(subject, replace(case, history=(Action("call", before),)))
    if case.initial_states is not None:
        alone = case.replace(lengths=None, mask=None, stateful=False)
        for variant in ("state of a smaller batch", "state with one unit too many"):
            expect_refusal_of_states(subject, alone.replace(variant=variant), STATE_SHAPES)


@check(
    "CFG-4",
    replace(POOL, layers=(1, 1, 2), dtypes=("float32", "float64", "float16", "bfloat16"), exact=True),
    needs=("default_states",),
)
def test_default_states_are_zeros_of_the_type_computed_in(subject: Subject, case: Case) -> None:
    """And stay so, whatever is written into those that were told, of layers that keep states, too."""
    if case.network.dtype != np.float32:
        case = case.replace(compute_dtype=None)
    narrow = case.call.compute_dtype
    dtype = case.network.dtype if narrow is None else case.network.astype(narrow).dtype
    for asked in (case, *with_other_merge(subject, case)):
        expect_default_states(subject, asked, dtype)
    if narrow is not None:
        expect_default_states(subject, case.replace(compute_dtype=None), case.network.dtype)
    for integers in subject.supports.input_dtypes[-1:]:
        x = np.zeros(case.x.shape, integers)
        expect_default_states(subject, case.replace(x=x), dtype)
    if subject.supports.leading_axes:
        alone = case.replace(initial_states=None, lengths=None, mask=None)
        for x in (case.x[None], case.x[0]):
            expect_default_states(subject, alone.replace(x=x), dtype)
    expect_default_states(subject, case.reordered(np.arange(300) % len(case.x)), dtype)
    no_rows = case.reordered(np.arange(0))  # which may be refused (EDG-1)
    if left_alone(partial(subject.default_states, no_rows))() is not None:
        expect_default_states(subject, no_rows, dtype)
    case = case.replace(initial_states=None, return_sequences=subject.supports.sequence, training=False)
    if case.call.stateful and subject.supports.outputs:
        subject.reset_states(case.network)
        write_into_told(subject, case)
        expect_default_states(subject, case, dtype)
        expect_answer(subject, case, subject.run(case, return_sequences=case.call.return_sequences))
    case = case.replace(stateful=False)
    before = arrays_of(subject.run(case)) if subject.supports.outputs else []
    write_into_told(subject, case)
    expect_default_states(subject, case, dtype)
    after = arrays_of(subject.run(case)) if subject.supports.outputs else []
    subject.require(
        all(map(identical, before, after)), "writing into default states changed what the model computes"
    )


def write_into_told(subject: Subject, case: Case) -> None:
    """Write into the default states that are told, as far as that is possible."""
    for state in subject.told_default_states(case):
        if state.flags.writeable:
            state[...] = 1


def expect_default_states(subject: Subject, case: Case, dtype: np.dtype[Any]) -> None:
    """Zeros of this type, in the shapes of the network's states."""
    (*batch, _, _), found = case.x.shape, subject.default_states(case)
    shapes = [(layer.directions, *batch, layer.hidden_size) for layer in case.network.layers]
    subject.require(len(found) == len(shapes), f"states of {len(shapes)} layers expected; got {len(found)}")
    for index, (state, shape) in enumerate(zip(found, shapes, strict=True)):
        subject.has_shape(f"default state of layer {index}", state, shape, dtype)
        subject.require(
            not state.any(), f"default state of layer {index}: expected zeros; got {state.tolist()}"
        )


@check(
    "CFG-5", Cases(layers=(1, 2, 3, 3), dtypes=ANY_DTYPE, exact=True), needs=("count_trainable",), share=HALF
)
def test_a_layer_that_is_not_trained_has_no_trainable_weights(subject: Subject, case: Case) -> None:
    """No layer frozen, each by itself, the bottom one with the top one, and all of them."""
    layers = case.network.layers
    top = len(layers) - 1
    alone = [(index,) for index in range(top + 1)]
    for frozen in dict.fromkeys(((), *alone, tuple({0, top}), tuple(range(top + 1)))):
        trained = [Network([layer]) for index, layer in enumerate(layers) if index not in frozen]
        expected = sum(network_parameters(each, subject.conventions.bias_vectors) for each in trained)
        lost = {way: n for way, n in subject.count_trainable(case, frozen).items() if n != expected}
        if lost:
            what = f"trainable parameters by {' and '.join(sorted(lost))}"
            shown = ", ".join(map(str, lost.values()))
            message = f"{what}, frozen {list(frozen)}: expected {expected}; got {shown}"
            raise NonConforming(message, what=what)
        subject.tally.count()
    if subject.supports.count_parameters:  # of layers that are not trained, too
        expect_count(subject, case.network)


@check(
    "CFG-6",
    replace(MANY_LAYERS, activations=TANH_OR_RELU),
    needs=("sequence",),
    routes=("configuration",),
    share=ONCE,
)
def test_a_configuration_of_many_layers_keeps_them_in_their_places(subject: Subject, case: Case) -> None:
    """Layers of two activations, and of one of which a parameter is chosen, where they may differ."""
    supports = subject.supports
    known = [Activation(name) for name in TANH_OR_RELU if name in supports.activations]
    known += [OF_MANY_DIGITS[name] for name in under_each(subject, case.network, OF_MANY_DIGITS)][:1]
    known = known or [case.network.cells[0].activation]
    known = known if supports.mixed_layers else known[:1]
    layers = [
        Layer(*(replace(cell, activation=known[number % len(known)]) for cell in layer.cells))
        for number, layer in enumerate(case.network.layers)
    ]
    case = case.replace(network=Network(layers))
    expect_output(subject, case, subject.run(case))
