"""DRP: dropout. What every draw has in common, on layers that pass numbers on as they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import strategies as st

from rnn_adapters.adapter import DropoutPlace, NotOffered, Supports
from rnn_conformance.checks.support.chance import largest_deviation_of_a_share
from rnn_conformance.checks.support.expect import expect_output, final_states_of, sequence_of
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import Draw, check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.strategies import SEEDS, Regime, cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.bounds import Bounded
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import reference_dtype

HALF, FEW = 0.5, 0.25

TAME: tuple[Regime, ...] = ("contractive", "moderate")
PLACES: tuple[DropoutPlace, ...] = ("input", "state", "between layers")
RATES = (0.5, 0.75)
NEEDS = ("sequence", "dropout")


def passing_on(place: DropoutPlace, rows: int = 3, units: int = 4, steps: int = 3) -> Draw:
    """Cases whose output shows what was dropped at a place: numbers from 1 to 2, or what is left of them."""

    def build(route: str, seed: int, rate: float) -> Case:
        identity, nothing = np.eye(units, dtype=np.float32), np.zeros((units, units), np.float32)
        numbers = np.random.default_rng(seed).uniform(1, 2, (rows, steps, units)).astype(np.float32)
        no_bias = np.zeros(units, np.float32)
        states = tuple(np.zeros((1, rows, units), np.float32) for _ in range(1 + (place == "between layers")))
        if place == "state":
            layers = [Layer(Cell(nothing, identity, no_bias, activation="relu"))]
            states, numbers = (numbers[None, :, 0],), np.zeros_like(numbers)
        else:
            layers = [Layer(Cell(identity, nothing, no_bias, activation="relu")) for _ in states]
        network = Network(layers)
        return Case(network, numbers, states, training=True, dropout=place, rate=rate, route=route)

    def draw(ways: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        able = [
            way
            for way, supports in ways.items()
            if place in supports.dropout
            and "relu" in supports.activations
            and supports.initial_states
            and (supports.stacked or place != "between layers")
        ]
        if not able:
            raise NotOffered(f"dropout of this place is unsupported: {place}")
        return st.builds(build, st.sampled_from(able), SEEDS, st.sampled_from(RATES))

    return draw


def dropped(subject: Subject, case: Case) -> Array:
    """Which numbers of the sequence output were dropped; the others must be what they were over 1 − p."""
    sequence = sequence_of(subject, case, subject.run(case))
    scale = 1 / (1 - case.rate)
    if case.dropout == "state":
        assert case.initial_states is not None
        powers = scale ** np.arange(1, case.x.shape[1] + 1)
        kept = case.initial_states[0][0][:, None] * powers[:, None]
    else:
        kept = case.x * scale
    gone: Array = sequence == 0
    expected = np.where(gone, 0, kept).astype(reference_dtype(case.network.dtype))
    subject.agree("numbers that were kept", sequence, Bounded(expected, 0 * expected), case.network.dtype)
    return gone


@check(
    "DRP-1",
    cases(layers=(1, 2), regimes=TAME, time=(1, 2, 3, 4), dropout=PLACES, rates=RATES),
    needs=NEEDS,
    share=HALF,
)
def test_outside_training_dropout_changes_nothing(subject: Subject, case: Case) -> None:
    expect_output(subject, case, subject.run(case))


@check(
    "DRP-2",
    cases(layers=(1, 2), regimes=TAME, time=(1, 2, 3, 4), dropout=PLACES, rates=(0.0,), training=True),
    needs=NEEDS,
    share=HALF,
)
def test_a_rate_of_zero_changes_nothing(subject: Subject, case: Case) -> None:
    expect_output(subject, case, subject.run(case))


@check("DRP-3", passing_on("input"), needs=NEEDS, share=FEW)
def test_the_same_features_are_dropped_at_all_steps(subject: Subject, case: Case) -> None:
    gone = dropped(subject, case)
    subject.require(
        bool((gone == gone[:, :1]).all()),
        f"dropped at some steps and not at others: {gone.astype(int).tolist()}",
    )


@check("DRP-4", passing_on("state"), needs=NEEDS, share=FEW)
def test_the_same_units_are_dropped_before_all_steps(subject: Subject, case: Case) -> None:
    gone = dropped(subject, case)
    subject.require(
        bool((gone == gone[:, :1]).all()),
        f"dropped at some steps and not at others: {gone.astype(int).tolist()}",
    )


@check("DRP-5", passing_on("between layers"), needs=(*NEEDS, "final_states"), share=FEW)
def test_the_top_layer_and_final_states_are_not_dropped(subject: Subject, case: Case) -> None:
    """Dropped once, a number is 0 or itself over 1 − p. Twice, it would be over (1 − p)²."""
    dropped(subject, case)
    bottom = final_states_of(subject, case, subject.run(case))[0][0]
    subject.require(np.array_equal(bottom, case.x[:, -1]), "a final state of the layer below was dropped")
    alone = Case(
        Network(case.network.layers[0]),
        case.x,
        None if case.initial_states is None else case.initial_states[:1],
        training=True,
        dropout=case.dropout,
        rate=case.rate,
    )
    subject.require(
        np.array_equal(sequence_of(subject, alone, subject.run(alone)), case.x),
        "a network of one layer has nothing between layers, and yet its output was changed",
    )


MANY = 64
"""Rows and units: 64² numbers are dropped independently."""


def any_place(ways: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
    """Many numbers at each place that is supported."""
    strategies = []
    for place in PLACES:
        try:
            strategies.append(passing_on(place, MANY, MANY, 2)(ways))
        except NotOffered:
            continue
    if not strategies:
        raise NotOffered("dropout on layers that pass their input on is unsupported")
    return st.one_of(strategies)


@check("DRP-6", any_place, needs=NEEDS, share=FEW)
def test_the_share_dropped_is_the_rate(subject: Subject, case: Case) -> None:
    share = float(dropped(subject, case)[:, 0].mean())
    allowed = largest_deviation_of_a_share(MANY * MANY)
    if abs(share - case.rate) > allowed:
        raise NonConforming(f"share dropped: expected {case.rate} ± {allowed:.3f}; got {share:.3f}")
    subject.tally.count()


@check("DRP-7", any_place, needs=NEEDS, share=FEW)
def test_every_call_draws_anew(subject: Subject, case: Case) -> None:
    one, other = (dropped(subject, case) for _ in range(2))
    subject.require(not np.array_equal(one, other), f"two calls dropped the same of {one.size} numbers")
