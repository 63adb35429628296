"""What the reference expects of a case, asserted on a subject: shared by the checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rnn_adapters.adapter import Output
from rnn_conformance.case import Case
from rnn_conformance.compare import NonConforming
from rnn_conformance.subject import LAST_AXES, STATE_AXES, Subject
from rnn_reference.bounds import Bounded, bound_layers, bound_network, replay_layer
from rnn_reference.network import Array, Layer, Network, States, checked_call


def sequence_of(subject: Subject, case: Case, output: Output) -> Array:
    """The sequence output, which must be (batch, time, directions·hidden) of the network's dtype."""
    B, T, _ = case.x.shape
    shape = (B, T, case.network.output_size)
    return subject.has_shape("sequence output", output.sequence, shape, case.network.dtype)


def final_states_of(subject: Subject, case: Case, output: Output) -> States:
    """The final states, which must be one array (directions, batch, hidden) for each layer."""
    shapes = case.network.state_shapes(case.x.shape[0])
    states = output.final_states
    if states is None or len(states) != len(shapes):
        got = "None" if states is None else f"{len(states)}"
        raise NonConforming(f"final states: expected one array for each of {len(shapes)} layers; got {got}")
    return tuple(
        subject.has_shape(f"final states of layer {index}", state, shape, case.network.dtype)
        for index, (state, shape) in enumerate(zip(states, shapes, strict=True))
    )


def expect_steps(subject: Subject, case: Case, output: Output) -> Array:
    """The residual check of a network of one layer: every step from the state before it (NUM-3)."""
    (layer,) = case.network.layers
    sequence = sequence_of(subject, case, output)
    x, (h0,) = checked_call(case.network, case.x, case.initial_states)
    expected = replay_layer(layer, x, h0, sequence, case.network.dtype)
    subject.agree("sequence output", sequence, expected, case.network.dtype)
    return sequence


def expect_top_steps(subject: Subject, case: Case, output: Output) -> None:
    """The residual check of a stack's top layer, fed by the reference's layer below and its forward bound."""
    below = Network(case.network.layers[:-1])
    x, states = checked_call(case.network, case.x, case.initial_states)
    lower, _ = bound_layers(below, x, states[:-1])
    sequence = sequence_of(subject, case, output)
    expected = replay_layer(
        case.network.layers[-1], lower[-1].value, states[-1], sequence, case.network.dtype, lower[-1].bound
    )
    subject.agree("sequence output", sequence, expected, case.network.dtype)


def expect_final_states(subject: Subject, case: Case, output: Output) -> None:
    """Every final state within the forward bound (NUM-4)."""
    expected = bound_network(case.network, case.x, case.initial_states).final_states
    for index, (actual, bounded) in enumerate(
        zip(final_states_of(subject, case, output), expected, strict=True)
    ):
        subject.agree(f"final states of layer {index}", actual, bounded, case.network.dtype, STATE_AXES)


def expect_last(subject: Subject, case: Case, output: Output) -> None:
    """The last output within the forward bound (NUM-4)."""
    expected = bound_network(case.network, case.x, case.initial_states).last
    subject.agree("last output", output.last, expected, case.network.dtype, LAST_AXES)


def expect_same(
    subject: Subject, what: str, actual: Array, other: Array, bound: Any, axes: tuple[str, ...]
) -> None:
    """Two runs of one computation: each is within `bound` of the truth, so they are within twice that."""
    subject.agree(what, actual, Bounded(other.astype(bound.dtype), 2 * bound), actual.dtype, axes)


def with_cell(case: Case, **weights: Any) -> Case:
    """The case of one layer with the given weights changed in every one of its cells."""
    (layer,) = case.network.layers
    return case.replace(network=Network(Layer(*(replace(cell, **weights) for cell in layer.cells))))
