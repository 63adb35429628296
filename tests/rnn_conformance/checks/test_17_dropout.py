"""DRP: dropout. What every draw has in common, on layers that pass numbers on as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from rnn_adapters.declarations import DropoutPlace, Supports
from rnn_conformance.checks.support.chance import largest_deviation_of_a_share
from rnn_conformance.checks.support.expect import expect_output, final_states_of, sequence_of
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.strategies import SEEDS, Cases, Regime
from rnn_conformance.engine.subject import Subject
from rnn_reference.bounds import Bounded
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import reference_dtype

HALF, FEW = 0.5, 0.25

TAME: tuple[Regime, ...] = ("contractive", "moderate")
PLACES: tuple[DropoutPlace, ...] = ("input", "state", "between layers")
RATES = (0.5, 0.75)
MANY = 64
"""Rows and units: 64² numbers are dropped independently."""
NEEDS = ("sequence", "dropout")


@dataclass(frozen=True)
class PassingOn:
    """Cases whose output shows what was dropped at a place: numbers from 1 to 2, or what is left of them."""

    place: DropoutPlace
    rows: int = 3
    units: int = 4
    steps: int = 3

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        return st.builds(self.build, st.sampled_from(list(routes)), SEEDS, st.sampled_from(RATES))

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """What such cases need, and is unsupported."""
        needed = ["relu", "float32", "initial_states"]
        lacking = [name for name in needed if not supports.has(name)]
        return tuple(lacking if self.place in supports.dropout else [f"dropout {self.place}", *lacking])

    def build(self, route: str, seed: int, rate: float) -> Case:
        """The case of one seed."""
        identity = np.eye(self.units, dtype=np.float32)
        nothing, no_bias = np.zeros_like(identity), np.zeros(self.units, np.float32)
        shape = (self.rows, self.steps, self.units)
        numbers = np.random.default_rng(seed).uniform(1, 2, shape).astype(np.float32)
        layers_count = 1 + (self.place == "between layers")
        states = tuple(np.zeros((1, self.rows, self.units), np.float32) for _ in range(layers_count))
        if self.place == "state":
            layers = [Layer(Cell(nothing, identity, no_bias, activation="relu"))]
            states, numbers = (numbers[None, :, 0],), np.zeros_like(numbers)
        else:
            layers = [Layer(Cell(identity, nothing, no_bias, activation="relu")) for _ in states]
        network = Network(layers)
        return Case.of(network, numbers, states, training=True, dropout=self.place, rate=rate, route=route)


@dataclass(frozen=True)
class AnyPlace:
    """Many numbers, at each place where a route can drop some."""

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        strategies = []
        for place in PLACES:
            at_place = PassingOn(place, MANY, MANY, 2)
            able = {name: supports for name, supports in routes.items() if not at_place.lacking(supports)}
            strategies += [at_place(able)] if able else []
        return st.one_of(strategies)

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """What such cases need at every place, and is unsupported."""
        return min((PassingOn(place).lacking(supports) for place in PLACES), key=len)


def dropped(subject: Subject, case: Case) -> Array:
    """Which numbers of the sequence output were dropped; the others must be what they were over 1 − p."""
    sequence = sequence_of(subject, case, subject.run(case))
    scale = 1 / (1 - case.call.rate)
    if case.call.dropout == "state":
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
    Cases(layers=(1, 2), regimes=TAME, time=(1, 2, 3, 4), dropout=PLACES, rates=RATES),
    needs=NEEDS,
    share=HALF,
)
def test_outside_training_dropout_changes_nothing(subject: Subject, case: Case) -> None:
    expect_output(subject, case, subject.run(case))


@check(
    "DRP-2",
    Cases(layers=(1, 2), regimes=TAME, time=(1, 2, 3, 4), dropout=PLACES, rates=(0.0,), training=(True,)),
    needs=NEEDS,
    share=HALF,
)
def test_a_rate_of_zero_changes_nothing(subject: Subject, case: Case) -> None:
    expect_output(subject, case, subject.run(case))


@check("DRP-3", PassingOn("input"), needs=NEEDS, share=FEW)
def test_the_same_features_are_dropped_at_all_steps(subject: Subject, case: Case) -> None:
    gone = dropped(subject, case)
    subject.require(
        bool((gone == gone[:, :1]).all()),
        f"dropped at some steps and not at others: {gone.astype(int).tolist()}",
    )


@check("DRP-4", PassingOn("state"), needs=NEEDS, share=FEW)
def test_the_same_units_are_dropped_before_all_steps(subject: Subject, case: Case) -> None:
    gone = dropped(subject, case)
    subject.require(
        bool((gone == gone[:, :1]).all()),
        f"dropped at some steps and not at others: {gone.astype(int).tolist()}",
    )


@check("DRP-5", PassingOn("between layers"), needs=(*NEEDS, "final_states"), share=FEW)
def test_the_top_layer_and_final_states_are_not_dropped(subject: Subject, case: Case) -> None:
    """Dropped once, a number is 0 or itself over 1 − p. Twice, it would be over (1 − p)²."""
    dropped(subject, case)
    bottom = final_states_of(subject, case, subject.run(case))[0][0]
    subject.require(np.array_equal(bottom, case.x[:, -1]), "a final state of the layer below was dropped")
    alone = Case.of(
        Network(case.network.layers[0]),
        case.x,
        None if case.initial_states is None else case.initial_states[:1],
        training=True,
        dropout=case.call.dropout,
        rate=case.call.rate,
    )
    subject.require(
        np.array_equal(sequence_of(subject, alone, subject.run(alone)), case.x),
        "a network of one layer has nothing between layers, and yet its output was changed",
    )


@check("DRP-6", AnyPlace(), needs=NEEDS, share=FEW)
def test_the_share_dropped_is_the_rate(subject: Subject, case: Case) -> None:
    share = float(dropped(subject, case)[:, 0].mean())
    allowed = largest_deviation_of_a_share(MANY * MANY)
    if abs(share - case.call.rate) > allowed:
        raise NonConforming(f"share dropped: expected {case.call.rate} ± {allowed:.3f}; got {share:.3f}")
    subject.tally.count()


@check("DRP-7", AnyPlace(), needs=NEEDS, share=FEW)
def test_every_call_draws_anew(subject: Subject, case: Case) -> None:
    one, other = (dropped(subject, case) for _ in range(2))
    subject.require(not np.array_equal(one, other), f"two calls dropped the same of {one.size} numbers")
