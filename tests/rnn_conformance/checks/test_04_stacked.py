"""STK: stacked layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.histories import Action, Doing
from rnn_conformance.checks.support.derivatives import is_differentiable
from rnn_conformance.checks.support.draws import MANY_LAYERS, ONCE
from rnn_conformance.checks.support.expect import (
    asked_for,
    expect_everything,
    expect_final_states,
    expect_top_steps,
)
from rnn_conformance.checks.support.histories import DERIVATIVES, follow
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import EITHER_OUTPUT, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Network
from rnn_reference.parameters import network_parameters

TAME: tuple[Regime, ...] = ("contractive", "moderate")
SHORT = (1, 2, 3, 4)


@check("STK-1", Cases(layers=(2, 3), regimes=TAME, time=SHORT), needs=("stacked", "sequence"))
def test_each_layer_is_fed_by_the_sequence_below(subject: Subject, case: Case) -> None:
    expect_top_steps(subject, case, subject.run(case))


@check(
    "STK-2",
    Cases(layers=(2, 3), regimes=TAME, time=SHORT, return_sequences=EITHER_OUTPUT),
    needs=("stacked", "final_states"),
)
def test_final_states_are_listed_from_the_bottom_up(subject: Subject, case: Case) -> None:
    """Beside sequences as beside last outputs."""
    for sequences in asked_for(subject, case):
        expect_final_states(subject, case, subject.run(case, return_sequences=sequences))


@check(
    "STK-3", Cases(layers=(3, 4), directions=(1,), regimes=TAME, time=SHORT), needs=("stacked", "sequence")
)
def test_layers_apply_in_the_order_of_the_stack(subject: Subject, case: Case) -> None:
    """Above the first layer all have the same shape: only their order tells them apart."""
    expect_top_steps(subject, case, subject.run(case))


@check("STK-4", Cases(layers=(2, 3), regimes=TAME, time=SHORT), needs=("stacked", "mixed_layers", "sequence"))
def test_layers_may_differ(subject: Subject, case: Case) -> None:
    """The strategy draws layers of different sizes, directions and activations where they are supported."""
    expect_top_steps(subject, case, subject.run(case))


@check("STK-5", MANY_LAYERS, needs=("stacked", "outputs"), share=ONCE)
def test_each_of_many_layers_has_its_place(subject: Subject, case: Case) -> None:
    """Of states, of weights as they are read back, assigned, saved, of derivatives, of layers to train."""
    supports, network = subject.supports, case.network
    if supports.initial_states:
        shapes = enumerate(network.state_shapes(len(case.x)), 1)
        case = case.replace(
            initial_states=tuple(np.full(shape, number / 16, network.dtype) for number, shape in shapes)
        )
    expect_everything(subject, case)
    does: list[Doing] = ["read"] * supports.read_weights
    if is_differentiable(subject, case):
        does += [do for do in DERIVATIVES if supports.has(do)]
    asked = [Action(do, None if do == "read" else case.call) for do in does]
    if supports.assign_weights:
        halved = Action("assign", network=network.mapped(lambda array: array / 2))
        asked = [Action("call", case.call), halved, *asked]
    if supports.restored:
        asked.append(Action("restore"))
    follow(subject, replace(case, history=tuple(asked)))
    if supports.count_trainable:
        of_others = network_parameters(
            Network([*network.layers[:1], *network.layers[2:]]), subject.conventions.bias_vectors
        )
        for way, count in subject.count_trainable(case, (1,)).items():
            said = f"trainable parameters by {way}, frozen [1]: expected {of_others}; got {count}"
            subject.require(count == of_others, said)
