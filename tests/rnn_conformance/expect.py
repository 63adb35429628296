"""What the reference expects of a case, asserted on a subject: shared by the checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import NotOffered, Output
from rnn_conformance.case import Case
from rnn_conformance.compare import NonConforming
from rnn_conformance.subject import LAST_AXES, SEQUENCE_AXES, STATE_AXES, Subject
from rnn_reference.bounds import Bounded, bound_layers, bound_network, last_taken, replay_layer
from rnn_reference.network import Array, Layer, Network, States, checked_call
from rnn_reference.precision import reference_dtype


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
    expected = replay_layer(layer, x, h0, sequence, case.network.dtype, steps=case.steps)
    subject.agree("sequence output", sequence, expected, case.network.dtype)
    return sequence


def expect_top_steps(subject: Subject, case: Case, output: Output) -> None:
    """The residual check of a stack's top layer, fed by the reference's layer below and its forward bound."""
    below = Network(case.network.layers[:-1])
    x, states = checked_call(case.network, case.x, case.initial_states)
    lower, _ = bound_layers(below, x, states[:-1], case.steps)
    sequence = sequence_of(subject, case, output)
    expected = replay_layer(
        case.network.layers[-1],
        lower[-1].value,
        states[-1],
        sequence,
        case.network.dtype,
        lower[-1].bound,
        case.steps,
    )
    subject.agree("sequence output", sequence, expected, case.network.dtype)


def expect_final_states(subject: Subject, case: Case, output: Output) -> None:
    """Every final state within the forward bound (NUM-4)."""
    expected = bound_network(case.network, case.x, case.initial_states, case.steps).final_states
    for index, (actual, bounded) in enumerate(
        zip(final_states_of(subject, case, output), expected, strict=True)
    ):
        subject.agree(f"final states of layer {index}", actual, bounded, case.network.dtype, STATE_AXES)


def expect_last(subject: Subject, case: Case, output: Output) -> None:
    """The last output within the forward bound (NUM-4)."""
    expected = bound_network(case.network, case.x, case.initial_states, case.steps).last
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


def expect_padding(subject: Subject, case: Case, output: Output) -> None:
    """At steps that were not taken the sequence output shows what the conventions declare, to the bit."""
    sequence, steps = sequence_of(subject, case, output), case.steps
    assert steps is not None
    both = case.network.layers[-1].directions == 2
    conventions = subject.conventions
    declared = conventions.padded_output_bidirectional if both else conventions.padded_output
    if declared == "undefined":
        raise NotOffered(f"{subject.name} declares nothing about outputs at steps that are not taken")
    shown = np.zeros_like(sequence)
    if declared in ("carried", "state"):
        before = shown[:, 0]
        if declared == "state" and case.initial_states is not None:
            before = case.initial_states[-1][0]
        known = np.concatenate([before[:, None], sequence], axis=1)
        shown = np.take_along_axis(known, last_taken(steps)[:, :, None], axis=1)
    no_claim = np.where(np.broadcast_to(steps[:, :, None], sequence.shape), np.inf, 0.0)
    wide = reference_dtype(case.network.dtype)
    subject.agree(
        f"sequence output at steps not taken (declared: {declared})",
        sequence,
        Bounded(shown.astype(wide), no_claim),
        case.network.dtype,
    )


def poisoned(case: Case) -> Case:
    """The case with its variant, a number in words, as input at all steps that are not taken."""
    assert case.steps is not None
    x = case.x.copy()
    x[~case.steps] = float(case.variant)
    return case.replace(x=x)


def expect_same_outputs(
    subject: Subject, what: str, case: Case, other: Case, order: Array | None = None
) -> None:
    """Outputs at steps taken, and final states, are those of `other` with its rows in the given order."""
    rows = slice(None) if order is None else order
    output = subject.run(other)
    expected = sequence_of(subject, other, output)[rows].copy()
    final = tuple(state[:, rows].copy() for state in output.final_states or ())
    bounds = bound_network(other.network, other.x, other.initial_states, other.steps)
    bound = bounds.sequence.bound[rows]
    if case.steps is not None:
        bound = np.where(case.steps[:, :, None], bound, np.inf)
    output = subject.run(case)
    expect_same(subject, what, sequence_of(subject, case, output), expected, bound, SEQUENCE_AXES)
    for index, state in enumerate(output.final_states or ()):
        expect_same(
            subject,
            f"{what}: final states of layer {index}",
            state,
            final[index],
            bounds.final_states[index].bound[:, rows],
            STATE_AXES,
        )
