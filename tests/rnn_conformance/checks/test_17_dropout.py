"""DRP: dropout. What every draw has in common, on layers that pass numbers on as they are."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any
from zlib import crc32

import numpy as np
from hypothesis import strategies as st

from rnn_adapters.adapter import CannotExpress, Output
from rnn_adapters.declarations import ROUTE_KINDS, DropoutPlace, Role, Supports
from rnn_adapters.surface import Training
from rnn_conformance.checks.support.asking import left_alone, told_of
from rnn_conformance.checks.support.batch_axes import BatchAxes
from rnn_conformance.checks.support.chance import (
    largest_deviation_of_a_share,
    largest_deviation_of_any_share,
)
from rnn_conformance.checks.support.derivatives import expect_all, is_differentiable
from rnn_conformance.checks.support.expect import (
    Run,
    asked_for,
    expect_everything,
    final_states_of,
    in_input_order,
    sequence_of,
    states_dtype,
)
from rnn_conformance.checks.support.histories import called
from rnn_conformance.checks.support.telling import (
    THROUGH_ZERO,
    Telling,
    expect_gradients_of_what_is_left,
    expect_what_is_left,
)
from rnn_conformance.checks.test_15_state import KEEPING
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.drawing import STRUCTURE, Structures
from rnn_conformance.engine.meaning import as_computed
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import BATCH, HIDDEN, INPUT, POOL, SEEDS, STRUCTURES
from rnn_conformance.engine.subject import Subject
from rnn_reference.bounds import Bounded, gamma
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import precision_of, reference_dtype

HALF, FEW = 0.5, 0.25

TAME: tuple[Regime, ...] = ("contractive", "moderate")
PLACES: tuple[DropoutPlace, ...] = ("input", "state", "between layers")
RATES = (0.5, 0.75)
MANY = 64
"""Rows and units: 64² numbers are dropped independently."""
NEEDS = ("sequence", "dropout")


@dataclass(frozen=True)
class PassingOn:
    """Cases whose output shows what was dropped at a place: numbers from 1 to 2, or what is left of them.

    Args:
        place: where something is dropped.
        rows, units, steps: of the input.
        padded: whether every other row has a step that is not taken, on routes that take masks or lengths: by
            masks the second one, by lengths the last one.
    """

    place: DropoutPlace
    rows: int = 3
    units: int = 4
    steps: int = 3
    padded: bool = False

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        cases = st.builds(self.build, st.sampled_from(list(routes)), SEEDS, st.sampled_from(RATES))
        return cases.map(lambda case: self.with_padding(case, routes[case.route]) if self.padded else case)

    def with_padding(self, case: Case, supports: Supports) -> Case:
        """The case with a mask or, at the other rate, with lengths."""
        mask = np.ones(case.x.shape[:2], bool)
        mask[1::2, 1] = False
        lengths = np.full(self.rows, self.steps)
        lengths[1::2] -= 1
        if supports.lengths and not (supports.masks and case.call.rate == RATES[0]):
            return case.replace(lengths=lengths)
        return case.replace(mask=mask) if supports.masks else case

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
    """Many numbers, at each place where a route can drop some.

    Args:
        rows, steps: of the input.
    """

    rows: int = MANY
    steps: int = 2

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        strategies = []
        for place in PLACES:
            at_place = PassingOn(place, self.rows, MANY, self.steps)
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
    valid = np.ones(case.x.shape[:2], bool) if case.steps is None else case.steps
    sequence = np.where(valid[..., None], sequence, sequence[:, :1])  # masked ones are no matter here
    if case.call.dropout == "state":
        assert case.initial_states is not None
        taken = np.where(valid, np.cumsum(valid, axis=1), 1)
        kept = case.initial_states[0][0][:, None] * scale ** taken[..., None]
    else:
        kept = np.where(valid[..., None], case.x, case.x[:, :1]) * scale
    gone: Array = sequence == 0
    expected = np.where(gone, 0, kept).astype(reference_dtype(case.network.dtype))
    subject.agree("numbers that were kept", sequence, Bounded(expected, 0 * expected), case.network.dtype)
    return gone


@check("DRP-1", replace(POOL, dropout=PLACES, training=(False,)), needs=("outputs", "dropout"))
def test_outside_training_dropout_changes_nothing(subject: Subject, case: Case) -> None:
    """Nor does the call of training before, in which it acts. So it is with gradients."""
    subject.run(case.replace(training=True), return_sequences=asked_for(subject, case)[0])
    expect_everything(subject, case)
    expect_gradients_where_padding_is_of_numbers(subject, case)


@check(
    "DRP-2",
    replace(POOL, dropout=PLACES, rates=(0.0,), training=(True,)),
    needs=("outputs", "dropout"),
)
def test_a_rate_of_zero_changes_nothing(subject: Subject, case: Case) -> None:
    """Nor does the call before, of another rate, be it refused. So it is with gradients."""
    subject.answer_to(case.replace(rate=0.5))
    expect_everything(subject, case)
    expect_gradients_where_padding_is_of_numbers(subject, case)


def expect_gradients_where_padding_is_of_numbers(subject: Subject, case: Case) -> None:
    """Of a call that drops nothing; those that go through NaN and infinities have clauses of their own."""
    if is_differentiable(subject, case) and bool(np.isfinite(case.x.astype(float)).all()):
        left_alone(lambda: expect_all(subject, case))()


@check("DRP-3", PassingOn("input", padded=True), needs=NEEDS, share=FEW)
def test_the_same_features_are_dropped_at_all_steps(subject: Subject, case: Case) -> None:
    """At more than a hundred, too."""
    many = case.replace(x=np.repeat(case.x[:, :1], STEPS, axis=1), mask=None, lengths=None)
    for seen in (case, many):
        gone = dropped(subject, seen)
        subject.require(
            bool((gone == gone[:, :1]).all()),
            f"dropped at some steps and not at others: {gone[:, :6].astype(int).tolist()}",
        )


@check("DRP-4", PassingOn("state", padded=True), needs=NEEDS, share=FEW)
def test_the_same_units_are_dropped_before_all_steps(subject: Subject, case: Case) -> None:
    """Before more than a hundred, too, at which what is kept stays what it is: times 1 − p, over 1 − p."""
    many = with_smaller_recurrent_weights(case)
    kept_for_long = sequence_of(subject, many, subject.run(many))
    for gone in (dropped(subject, case), kept_for_long == 0):
        subject.require(
            bool((gone == gone[:, :1]).all()),
            f"dropped at some steps and not at others: {gone[:, :6].astype(int).tolist()}",
        )
    assert many.initial_states is not None
    expected = np.where(kept_for_long == 0, 0, many.initial_states[0][0][:, None])
    subject.require(np.array_equal(kept_for_long, expected), f"states that were kept change in {STEPS} steps")


def with_smaller_recurrent_weights(case: Case) -> Case:
    """The case of many steps, with recurrent weights of 1 − p on the diagonal."""
    (cell,) = case.network.cells
    smaller = replace(cell, W_h=cell.W_h * cell.dtype.type(1 - case.call.rate))
    x = np.repeat(case.x[:, :1], STEPS, axis=1)
    return case.replace(network=Network(Layer(smaller)), x=x, mask=None, lengths=None)


@check("DRP-5", PassingOn("between layers"), needs=(*NEEDS, "final_states"), share=FEW)
def test_the_top_layer_and_final_states_are_not_dropped(subject: Subject, case: Case) -> None:
    """Dropped once, a number is 0 or itself over 1 − p. Twice, it would be over (1 − p)²."""
    dropped(subject, case)
    if subject.supports.last_output:
        last = subject.run(case, return_sequences=False).last
        once = subject.has_shape("last output", last, case.x[:, -1].shape, case.network.dtype)
        kept = case.x[:, -1] / (1 - case.network.dtype.type(case.call.rate))
        subject.require(
            bool(((once == 0) | (once == kept)).all()),
            f"last output: expected each 0 or {kept.tolist()}; got {once.tolist()}",
        )
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
    """That of a call for the last output alone, too."""
    if subject.supports.last_output:
        expect_share("dropped of last outputs", subject, gone_of_last(subject, case), case.call.rate)
    share = float(dropped(subject, case)[:, 0].mean())
    allowed = largest_deviation_of_a_share(MANY * MANY)
    if abs(share - case.call.rate) > allowed:
        raise NonConforming(f"share dropped: expected {case.call.rate} ± {allowed:.3f}; got {share:.3f}")
    subject.tally.count()


@check("DRP-7", AnyPlace(), needs=NEEDS, share=FEW)
def test_every_call_draws_anew(subject: Subject, case: Case) -> None:
    """Those for the last output alone, and for gradients, too."""
    one, other = (dropped(subject, case) for _ in range(2))
    subject.require(not np.array_equal(one, other), f"two calls dropped the same of {one.size} numbers")
    if subject.supports.gradients:
        through, again = (gone_of_gradients(subject, case) for _ in range(2))
        expect_independent("two calls for gradients", subject, through, again, case.call.rate)
    if subject.supports.last_output:
        first, second = (gone_of_last(subject, case) for _ in range(2))
        expect_independent("two calls for last outputs", subject, first, second, case.call.rate)


def gone_of_gradients(subject: Subject, case: Case) -> Array:
    """Which gradients are 0, by row and unit: they go through what was dropped.

    Those of the initial state, or else of the first step of the input.
    """
    found = gradients_of_all_alike(subject, case)
    gone: Array = (found.initial_states[0][0] if case.call.dropout == "state" else found.x[:, 0]) == 0
    return gone


def gone_of_last(subject: Subject, case: Case) -> Array:
    """Which numbers of the last output, asked for alone, were dropped."""
    last = subject.run(case, return_sequences=False).last
    shape = (len(case.x), case.network.output_size)
    gone: Array = subject.has_shape("last output", last, shape, as_computed(case).network.dtype) == 0
    return gone


ANY_RATE = (0.1, 0.3, 0.5, 0.7, 0.9)
WIDE = 127
"""Rows and units: so many numbers that a rate which is wrong by a twentieth shows. A prime, so that blocks of
any size leave something over."""


def roundings(rate: float) -> float:
    """How often, in units of u, x / (1 − p) is rounded: p, 1 − p, the quotient, and the product."""
    return rate / (1 - rate) + 4


def shown_by(subject: Subject, case: Case, run: Run | None = None) -> Array:
    """What a call gives at those time steps that all rows take, in the order of the input."""
    computed, output = as_computed(case), (run or subject.run)(case, return_sequences=True)
    sequence = in_input_order(subject, case, sequence_of(subject, computed, output))
    return sequence[:, steps_of_all(case)]


def steps_of_all(case: Case) -> Array:
    """The time steps that all rows take."""
    return np.arange(case.x.shape[1]) if case.steps is None else np.flatnonzero(case.steps.all(axis=0))


def kept_and_gone(subject: Subject, case: Case, run: Run | None = None) -> Array:
    """As `dropped`, at any rate: what is kept is within its roundings of x / (1 − p).

    Args:
        run: makes the call; None: `Subject.run`.
    """
    sequence, computed = shown_by(subject, case, run), as_computed(case)
    dtype, layers = computed.network.dtype, case.network.num_layers
    powers = np.ones(sequence.shape[1])
    kept = computed.x[:, steps_of_all(case), : sequence.shape[-1]].astype(reference_dtype(dtype))
    if case.call.dropout == "state":
        assert computed.initial_states is not None
        kept = np.broadcast_to(computed.initial_states[-1][0][:, None].astype(kept.dtype), sequence.shape)
        powers = np.arange(1.0, 1 + sequence.shape[1])[:: -1 if case.call.go_backwards else 1]
    elif case.call.dropout == "input":
        powers = powers * layers
    else:
        powers = powers * (layers - 1)
    scale = (1 / (1 - case.call.rate)) ** powers[:, None]
    gone: Array = sequence == 0
    expected = np.where(gone, 0, kept * scale)
    rounded = gamma(math.ceil(roundings(case.call.rate)), precision_of(dtype).unit_roundoff)
    bound = np.abs(expected) * np.expm1(powers[:, None] * np.log1p(rounded)) * 1.01
    subject.agree("numbers that were kept", sequence, Bounded(expected, bound), dtype)
    return gone


Manner = Callable[[Case, Supports], Case]


def with_a_step_that_half_the_rows_take(case: Case) -> Case:
    """The case with a third step, which every other row does not take."""
    taken = np.ones((len(case.x), 1 + case.x.shape[1]), bool)
    taken[1::2, -1] = False
    return case.replace(x=np.concatenate([case.x, case.x[:, -1:]], axis=1), mask=taken)


def in_lengths(case: Case, supports: Supports) -> Case:
    """The case with lengths, where there are some."""
    if not supports.lengths:
        return case
    padded = with_a_step_that_half_the_rows_take(case)
    assert padded.call.mask is not None
    return padded.replace(lengths=padded.call.mask.sum(axis=1), mask=None)


def in_a_mask(case: Case, supports: Supports) -> Case:
    """The case with a mask, where there are some."""
    return with_a_step_that_half_the_rows_take(case) if supports.masks else case


def in_the_other_way(case: Case, supports: Supports) -> Case:
    """The case of one layer backwards, or of two directions merged; else as it is."""
    network = case.network
    if network.num_layers == 1 and network.layers[0].directions == 1 and supports.go_backwards:
        return case.replace(go_backwards=True)
    modes = [mode for mode in supports.merge_modes if mode not in ("concat", "none")]
    if network.num_layers == 1 and network.layers[0].directions == 2 and modes and supports.final_states:
        return case.replace(merge_mode=modes[len(modes) // 2])
    return case


def as_it_is(case: Case, supports: Supports) -> Case:
    """The case."""
    return case


MANNERS: tuple[Manner, ...] = (in_lengths, in_a_mask, in_the_other_way, as_it_is)
"""What a call may say beside its dropout."""


def with_some_of(case: Case, supports: Supports, stateful: bool, states: bool, bias: bool) -> Case:
    """The case that keeps its states, is given none, or whose cells have no bias, where that can be.

    Of dropped states those that are given count, and would have to replace those that are kept.
    """
    if case.call.dropout != "state":
        case = case.replace(stateful=supports.stateful and stateful)
        case = case if states else case.replace(initial_states=None)
    if supports.no_bias and not bias:
        layers = [Layer(*(replace(cell, b=None) for cell in layer.cells)) for layer in case.network.layers]
        case = case.replace(network=Network(layers))
    return case


def types_of(supports: Supports) -> list[tuple[str, str | None]]:
    """Those of weights, and those that layers of float32 are told to compute in; wide ones twice."""
    wide = [(dtype, None) for dtype in ("float32", "float64") if supports.has(dtype)]
    narrow = [(dtype, None) for dtype in supports.dtypes if (dtype, None) not in wide]
    computed = [("float32", dtype) for dtype in supports.compute_dtypes if supports.has("float32")]
    return [*wide * 2, *narrow, *computed]


@dataclass(frozen=True)
class AtAnyRate(AnyPlace):
    """Many numbers, at any rate and place, in some number of layers and directions.

    Args:
        places: where to drop.
        layers, directions: of the network.
        width: rows and units.
        manners: what calls say beside their dropout; if only "as it is", nor are they stateful, or without
            states or bias. They are of any type in any case.
    """

    places: tuple[DropoutPlace, ...] = PLACES
    layers: int = 1
    directions: int = 1
    width: int = WIDE
    manners: tuple[Manner, ...] = MANNERS

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        able = self.able(routes)

        def made(structure: bytes, seed: int, rate: float) -> Case:
            route, place = able[structure[0] * len(able) // 256]
            case = self.build(route, place, seed, rate)
            return self.in_some_manner(case, routes[route], structure[1:])

        return st.builds(made, STRUCTURES, SEEDS, st.sampled_from(ANY_RATE))

    def able(self, routes: Mapping[str, Supports]) -> list[tuple[str, DropoutPlace]]:
        """The routes, each with a place at which it drops."""
        return [
            (route, place)
            for place in self.places
            for route, supports in routes.items()
            if place in supports.dropout and not self.lacking_at(place, supports)
        ]

    def in_some_manner(self, case: Case, supports: Supports, structure: bytes) -> Case:
        """The case of one type, with one option or another."""
        types, manner = types_of(supports), self.manners[structure[1] * len(self.manners) // 256]
        dtype, narrow = types[structure[0] * len(types) // 256]
        if self.manners != (as_it_is,):
            stateful, states, bias = (each >= 128 for each in structure[2:5])
            case = with_some_of(case, supports, stateful, states, bias)
        case = manner(case, supports)
        of_type = case.mapped(lambda array: array.astype(dtype))
        return of_type.replace(compute_dtype=narrow)

    def structures(self, routes: Mapping[str, Supports]) -> Structures:
        """The structures of the cases that are drawn first: every route once, then at its other places.

        Types and manners are gone through in turns.
        """
        able = self.able(routes)

        def every(seed_text: str) -> Iterator[bytes]:
            decide = random.Random(f"{seed_text}/routes")
            waiting, later = decide.sample(range(len(able)), len(able)), list[int]()
            turns = [decide.random() for _ in TURNS]
            while waiting:
                taken = set[str]()
                for index in waiting:
                    route = able[index][0]
                    if route in taken:
                        later.append(index)
                        continue
                    taken.add(route)
                    turns = [(turn + step) % 1 for turn, step in zip(turns, TURNS, strict=True)]
                    chosen = bytes(int(256 * turn) for turn in turns)
                    rest = decide.randbytes(STRUCTURE - 1 - len(chosen))
                    yield bytes([-(-256 * index // len(able))]) + chosen + rest
                waiting, later = later, []

        return every

    def rows_of_routes(self, routes: Mapping[str, Supports]) -> int:
        """How many cases it takes until every route has been asked once."""
        return len({route for route, _ in self.able(routes)})

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        return min((self.lacking_at(place, supports) for place in self.places), key=len)

    def lacking_at(self, place: DropoutPlace, supports: Supports) -> tuple[str, ...]:
        """What such cases need at a place, and is unsupported."""
        also = [("bidirectional", self.directions > 1), ("stacked", self.layers > 1)]
        lacking = [name for name, needed in also if needed and not supports.has(name)]
        return (*PassingOn(place).lacking(supports), *lacking)

    def build(self, route: str, place: DropoutPlace, seed: int, rate: float) -> Case:
        """The case of one seed."""
        case = PassingOn(place, self.width, self.width, 2).build(route, seed, rate)
        bottom = case.network.layers[0].forward
        layers = self.layers + (place == "between layers")
        lowest = Layer(*(bottom,) * self.directions)
        network = Network([lowest, *[above(lowest)] * (layers - 1)])
        states = tuple(
            np.zeros((self.directions, self.width, self.width), np.float32)
            if place != "state"
            else np.repeat((case.initial_states or ())[0], self.directions, axis=0)
            for _ in range(layers)
        )
        return case.replace(network=network, initial_states=states)


def above(layer: Layer) -> Layer:
    """The layer fed by one like it: each direction passes on what that of the one below gives."""
    nothing = np.zeros_like(layer.forward.W_x)
    columns = [[nothing] * layer.directions for _ in layer.cells]
    for index, (column, cell) in enumerate(zip(columns, layer.cells, strict=True)):
        column[index] = cell.W_x
    fed = zip(layer.cells, columns, strict=True)
    return Layer(*(replace(cell, W_x=np.concatenate(column, axis=1)) for cell, column in fed))


TURNS = (0.382, 0.618)
"""How far types and manners go on from case to case: by the golden section, which soon is near everything."""

ALWAYS = ("sequence", "dropout")
CALLS = 8
"""Of which every two are compared."""


def expect_share(what: str, subject: Subject, happened: Array, expected: float) -> None:
    """The share of what happened, among independent numbers, is as expected (Hoeffding, as in DRP-6)."""
    allowed, share = largest_deviation_of_a_share(happened.size), float(happened.mean())
    if abs(share - expected) > allowed:
        raise NonConforming(f"{what}: expected a share of {expected:.4g} ± {allowed:.3f}; got {share:.3f}")
    subject.tally.count()


def expect_independent(what: str, subject: Subject, one: Array, other: Array, rate: float) -> None:
    """Of two sets of numbers, place by place, both are dropped as often as by themselves."""
    expect_share(f"dropped both: {what}", subject, one & other, rate * rate)


def at_half(subject: Subject, case: Case, gone: Array) -> Array:
    """What is dropped at the first step at a rate of one half, where equal sets differ most from others."""
    return gone if case.call.rate == 0.5 else kept_and_gone(subject, case.replace(rate=0.5))[:, 0]


def expect_none_alike(what: str, subject: Subject, sets: Array, rate: float = 0.5) -> None:
    """No two of these sets of numbers, one a row, are dropped at the same places, nor at opposite ones.

    Of two that are dropped independently, at a rate of one half, half of the places agree, and p² + (1 − p)²
    at another: up to what the largest of all these shares may deviate by.
    """
    (count, places), gone = sets.shape, sets.astype(np.float32)
    if count == 1:  # of a witness
        return
    agreeing = (gone @ gone.T + (1 - gone) @ (1 - gone).T) / places
    alike = rate * rate + (1 - rate) * (1 - rate)
    off = np.abs(agreeing - alike) * (1 - np.eye(count))
    allowed = largest_deviation_of_any_share(places, count * (count - 1) // 2)
    if off.max() > allowed:
        one, other = (int(index) for index in np.unravel_index(off.argmax(), off.shape))
        raise NonConforming(
            f"{what} {one} and {other}: expected a share of {alike:.4g} ± {allowed:.3f} of {places}"
            f" numbers to be dropped in both or in neither; got {agreeing[one, other]:.3f}"
        )
    subject.tally.count()


RARE = 1 / 512
"""A rate at which, of all numbers of a case, none is dropped once in 10¹³ cases."""
OFTEN = 0.99
"""A rate near 1."""


@check("DRP-8", AtAnyRate(), needs=ALWAYS, share=HALF)
def test_what_is_kept_is_divided_and_the_share_is_right_at_any_rate(subject: Subject, case: Case) -> None:
    rare = kept_and_gone(subject, case.replace(rate=RARE))
    subject.require(bool(rare.any()), f"at a rate of {RARE}, nothing is dropped of {rare[:, 0].size} numbers")
    for rate in (case.call.rate, OFTEN):
        gone = kept_and_gone(subject, case.replace(rate=rate))
        independent = gone if case.call.dropout == "between layers" else gone[:, :1]
        expect_share("dropped", subject, independent, rate)


@check("DRP-9", AtAnyRate(), needs=ALWAYS, share=FEW)
def test_rows_and_units_are_dropped_by_themselves(subject: Subject, case: Case) -> None:
    """Disjoint pairs of rows, of units, and of steps; and how many of a row are dropped."""
    rate, gone = case.call.rate, kept_and_gone(subject, case)
    first = gone[:, 0]
    half, even = WIDE // 2, WIDE - WIDE % 2
    expect_independent("neighbouring rows", subject, first[:even:2], first[1:even:2], rate)
    expect_independent("neighbouring units", subject, first[:, :even:2], first[:, 1:even:2], rate)
    expect_independent("rows half a batch apart", subject, first[:half], first[half:even], rate)
    expect_independent("units half a layer apart", subject, first[:, :half], first[:, half:even], rate)
    half_gone = at_half(subject, case, first)
    expect_none_alike("rows", subject, half_gone)
    expect_none_alike("units, and those of the row after,", subject, with_next_row(half_gone))
    of_many = kept_and_gone(subject, of_many_rows_and_units(case))[:, 0]
    expect_none_alike("rows of many", subject, of_many)
    expect_none_alike("units of many", subject, of_many.T)
    if case.call.dropout == "between layers":
        expect_independent("steps", subject, gone[:, 0], gone[:, 1], rate)
        of_steps = np.moveaxis(kept_and_gone(subject, of_many_steps(case)), 1, 0)
        expect_none_alike("steps", subject, of_steps.reshape(len(of_steps), -1))
        of_one_row = kept_and_gone(subject, of_many_steps(case, STEPS_OF_A_ROW).reordered(np.zeros(1, int)))[
            0
        ]
        expect_none_alike("steps of a single row", subject, of_one_row)
    for what, counts in (("row", first.sum(axis=1)), ("unit", first.sum(axis=0))):
        number = round(rate * WIDE)
        exactly = math.comb(WIDE, number) * rate**number * (1 - rate) ** (WIDE - number)
        expect_share(f"{number} of {WIDE} dropped in a {what}", subject, counts == number, exactly)


STEPS, ROWS = 300, 8
"""More steps than blocks have, and few rows, which have many units."""
STEPS_OF_A_ROW = 1100


def of_many_steps(case: Case, steps: int = STEPS) -> Case:
    """Few rows of many steps, of which every two are compared, at a rate of one half.

    They are padded where the case is.
    """
    states, padded = case.initial_states, case.steps is not None
    case = case.replace(
        x=np.repeat(case.x[:ROWS, :1], steps - padded, axis=1),
        initial_states=None if states is None else tuple(state[:, :ROWS] for state in states),
        rate=0.5,
        stateful=False,
    )
    if not padded:
        return case
    some = with_a_step_that_half_the_rows_take(case)
    assert some.call.mask is not None
    return some if case.call.lengths is None else some.replace(lengths=some.call.mask.sum(axis=1), mask=None)


MANY_OF_BOTH = 300
"""More rows, and more units, than blocks of 256 hold."""


def of_many_rows_and_units(case: Case) -> Case:
    """The case of more rows and units, of which every two are compared, at a rate of one half.

    It has one step, which all rows take.
    """
    at = np.arange(MANY_OF_BOTH) % WIDE
    first, states, identity = case.x[at, :1][..., at], case.initial_states, np.eye(MANY_OF_BOTH)
    layers = [
        Layer(*(of_more_units(cell, identity.astype(cell.dtype)) for cell in layer.cells))
        for layer in case.network.layers
    ]
    return case.replace(
        network=Network(layers),
        x=first,
        initial_states=None if states is None else tuple(state[:, at][..., at] for state in states),
        lengths=None,
        mask=None,
        rate=0.5,
        stateful=False,
    )


def of_more_units(cell: Cell, identity: Array) -> Cell:
    """A cell of more units, that passes on what it passes on: its input or its state."""
    W_x, W_h = (identity * W[0, 0] for W in (cell.W_x, cell.W_h))
    b = None if cell.b is None else np.resize(cell.b, len(identity))
    return replace(cell, W_x=W_x, W_h=W_h, b=b)


def with_next_row(gone: Array) -> Array:
    """For each unit what is dropped of all rows but the last, and then what of those after them."""
    return np.concatenate([gone[:-1], gone[1:]], axis=1).T


@check("DRP-10", AtAnyRate(), needs=ALWAYS, share=FEW)
def test_calls_drop_independently(subject: Subject, case: Case) -> None:
    """Whatever is done between them, once or twice: calls outside training, questions, weights, loading,
    gradients, a layer made anew of the same weights.

    Those of more steps, and those for last outputs alone, too; and those of a layer that keeps states,
    whether or not these are reset.
    """
    calls = list[Array]()
    for number in range(CALLS):
        calls.append(kept_and_gone(subject, case)[:, 0])
        if number in (0, 1):
            subject.run(case.replace(training=False))
            for question in told_of(subject, case).values():
                question()
        elif number in (2, 3) and subject.supports.assign_weights:
            subject.assign_weights(case.network, case.network)
        elif number in (4, 5) and subject.supports.restored:
            subject.restore(case.network)
        elif number == 6 and subject.supports.gradients:
            gradients_of_all_alike(subject, case)
    subject.load_anew(case.network)
    for _ in range(2):
        calls.append(kept_and_gone(subject, of_one_step_more(case))[:, 0])
        if subject.supports.last_output:
            calls.append(gone_of_last(subject, case))
    if subject.supports.stateful and not case.call.stateful:
        stateful = case.replace(stateful=True)
        # Of dropped states those that are given count, and would have to replace those that are kept.
        again = (False,) if case.call.dropout != "state" else ()
        for reset in (True, True, *again):
            if reset:
                subject.reset_states(case.network)
            calls.append(kept_and_gone(subject, stateful)[:, 0])
    if subject.supports.stateful and case.call.dropout == "state" and case.steps is None:
        expect_other_kept_states_dropped(subject, case.replace(stateful=True))
    for (one, first), (two, second) in combinations(enumerate(calls, 1), 2):
        what = f"calls {one} and {two}"
        expect_independent(what, subject, first, second, case.call.rate)
        turned = np.roll(second, 1, axis=0)
        expect_independent(f"{what}, a row apart", subject, first, turned, case.call.rate)


def of_one_step_more(case: Case) -> Case:
    """The case with its first step twice."""
    mask, lengths = case.call.mask, case.call.lengths
    return case.replace(
        x=np.concatenate([case.x[:, :1], case.x], axis=1),
        mask=None if mask is None else np.concatenate([mask[:, :1], mask], axis=1),
        lengths=None if lengths is None else lengths + 1,
    )


def expect_other_kept_states_dropped(subject: Subject, case: Case) -> None:
    """Of the states that a call in training has left and kept, the next one drops its share."""
    subject.reset_states(case.network)
    subject.run(case.replace(training=False))
    going_on = case.replace(initial_states=None)
    computed = as_computed(going_on)
    left, then = ((sequence_of(subject, computed, subject.run(going_on)) != 0).all(axis=1) for _ in range(2))
    subject.require(bool(left.any()), "of the states that were kept, nothing is left in the next call")
    expect_share("dropped by the next call of a stateful layer", subject, ~then[left], case.call.rate)


def gradients_of_all_alike(subject: Subject, case: Case) -> Gradients:
    """The gradients of outputs that all count alike, and of final states that do not count."""
    zeros = tuple(np.zeros(shape, case.network.dtype) for shape in case.network.state_shapes(len(case.x)))
    case = case if case.initial_states else case.replace(initial_states=zeros)
    ones = np.ones((*case.x.shape[:2], case.network.output_size), case.network.dtype)
    if case.steps is not None:
        ones[~case.steps] = 0
    return subject.gradients(case, ones, zeros)


@check(
    "DRP-11",
    AtAnyRate(directions=2),
    needs=(*ALWAYS, "bidirectional"),
    share=0.35,
)
def test_directions_drop_independently(subject: Subject, case: Case) -> None:
    """Both of the same numbers. The backward direction starts at the last step.

    Between layers each direction of the upper layer is fed by that of the one below.
    """
    rate = case.call.rate
    forward, backward = gone_by_direction(subject, case)
    one, other = forward[:, 0], backward[:, -1]
    expect_share("dropped by the forward direction", subject, one, rate)
    expect_share("dropped by the backward direction", subject, other, rate)
    expect_independent("the two directions", subject, one, other, rate)
    if case.call.dropout == "between layers":
        expect_independent("the two directions at one step", subject, one, backward[:, 0], rate)
    forward, backward = gone_by_direction(subject, case.replace(rate=0.5))
    rows = np.concatenate([forward[:, 0], backward[:, -1]])
    expect_none_alike("rows of both directions", subject, rows)


def gone_by_direction(subject: Subject, case: Case) -> tuple[Array, Array]:
    """What each direction drops, at every step; where they are merged, at the last one of each."""
    if case.call.merge_mode not in ("concat", "none"):
        output, computed = subject.run(case), as_computed(case)
        states = final_states_of(subject, computed, output, states_dtype(subject, case))[-1]
        forward, backward = states[:, :, None] == 0
        return forward, backward
    forward, backward = np.split(shown_by(subject, case) == 0, 2, axis=-1)
    return forward, backward


LAYERS = 3
"""What two of them share that do not lie one above the other shows, too."""


@check(
    "DRP-12",
    AtAnyRate(places=("between layers", "input"), layers=LAYERS),
    needs=(*ALWAYS, "stacked"),
    share=HALF,
)
def test_layers_drop_independently(subject: Subject, case: Case) -> None:
    """What passes three times has been divided three times, and was kept with the probability (1 − p)³.

    Input of three layers is dropped three times, and between layers what passes four. In both directions the
    upper two have inputs of the same shape. What the upper of two layers drops by itself shows where the
    lower one gives ones.
    """
    if case.call.dropout == "input":
        expect_upper_layer_by_itself(subject, case)
    drops_states = "state" in subject.supports.dropout and subject.supports.final_states
    if drops_states and case.initial_states is not None:
        expect_states_of_layers_independent(subject, case)
    gone, share = kept_and_gone(subject, case), 1 - (1 - case.call.rate) ** LAYERS
    expect_share("dropped by any layer", subject, gone[:, 0], share)
    if case.call.dropout == "between layers":  # one may drop what the other drops a step later
        expect_independent("two steps of all layers", subject, gone[:, 0], gone[:, 1], share)
    elif subject.supports.bidirectional:
        case = of_three_layers_in_both_directions(case)
        share = 1 - (1 - case.call.rate) ** 3
        forward, backward = gone_by_direction(subject, case)
        expect_share("dropped by any layer forwards", subject, forward[:, 0], share)
        expect_share("dropped by any layer backwards", subject, backward[:, -1], share)


def expect_upper_layer_by_itself(subject: Subject, case: Case) -> None:
    """Rows and features are dropped of the input of an upper layer by themselves, at a rate of one half.

    So are those of both directions below it, where it may have as many units as it reads, and so does each of
    its own directions. Of its bias nothing is divided, and at all steps the same is dropped.
    """
    bottom, supports, dtype = case.network.layers[0].forward, subject.supports, case.network.dtype
    directions = 2 if supports.bidirectional else 1
    units = bottom.hidden_size * (directions if supports.mixed_layers else 1)
    one = np.ones(bottom.hidden_size, dtype)
    below = replace(bottom, W_x=np.zeros_like(bottom.W_x), b=one, b_h=None)
    identity = np.eye(units, bottom.hidden_size * directions, dtype=dtype)
    b = None if bottom.b is None else np.ones(units, dtype)
    top = Cell(identity, np.zeros((units, units), dtype), b, activation=bottom.activation)
    network = Network([Layer(*(below,) * directions), Layer(*(top,) * directions)])
    stack = case.replace(network=network, initial_states=None, stateful=False, rate=0.5, go_backwards=False)
    shown, alone = shown_by(subject, stack), 0.0 if b is None else 1.0
    gone: Array = shown == alone
    expected = np.where(gone, alone, alone + 2)
    subject.agree(
        "output of an upper layer", shown, Bounded(expected, 0 * expected), as_computed(case).network.dtype
    )
    subject.require(
        bool((gone == gone[:, :1]).all()), "dropped at some steps and not at others by an upper layer"
    )
    of_directions = np.split(gone[:, 0], directions, axis=-1)
    expect_share("dropped of the input of an upper layer", subject, gone[:, 0], 0.5)
    expect_none_alike("rows of an upper layer", subject, np.concatenate(of_directions))
    features = np.concatenate(of_directions, axis=-1).T
    expect_none_alike("features of an upper layer", subject, features)


def expect_states_of_layers_independent(subject: Subject, case: Case) -> None:
    """No row of the states of a stack is dropped as another one, in whichever layer and direction.

    At a rate of one half.
    """
    stack = of_layers_that_keep_their_states(subject, case).replace(rate=0.5)
    output = subject.run(stack)
    states = final_states_of(subject, as_computed(stack), output, states_dtype(subject, stack))
    gone = np.concatenate([state == 0 for state in states])
    expect_share("dropped of the states of a stack", subject, gone, 0.5)
    expect_none_alike("rows of the states of a stack", subject, gone.reshape(-1, gone.shape[-1]))
    expect_none_alike("units of the states of a stack", subject, np.concatenate([each.T for each in gone]))


def of_layers_that_keep_their_states(subject: Subject, case: Case) -> Case:
    """The case of a stack, in both directions where there are two, whose layers pass on states of ones.

    Nothing goes from one layer to the next.
    """
    bottom, dtype = case.network.layers[0].forward, case.network.dtype
    directions, units = 2 if subject.supports.bidirectional else 1, bottom.hidden_size
    b = None if bottom.b is None else np.zeros_like(bottom.b)
    cell = replace(bottom, W_h=np.eye(units, dtype=dtype), b=b)
    lowest, upper = (
        replace(cell, W_x=np.zeros((units, size), dtype)) for size in (cell.input_size, directions * units)
    )
    network = Network([Layer(*(each,) * directions) for each in (lowest, upper, upper)])
    return case.replace(
        network=network,
        initial_states=(np.ones((directions, len(case.x), units), dtype),) * LAYERS,
        stateful=False,
        go_backwards=False,
        merge_mode="concat",
        dropout="state",
    )


def of_three_layers_in_both_directions(case: Case) -> Case:
    """The case with a layer more, each in both directions, at a rate that keeps all numbers finite."""
    bottom, states = case.network.layers[0].forward, case.initial_states
    lowest = Layer(bottom, bottom)
    zeros = (np.zeros((2, len(case.x), bottom.hidden_size), case.network.dtype),) * 3
    return case.replace(
        network=Network([lowest, *[above(lowest)] * 2]),
        initial_states=None if states is None else zeros,
        go_backwards=False,
        stateful=False,
        rate=min(case.call.rate, 0.7),
    )


@check("DRP-13", AtAnyRate(manners=(as_it_is,)), needs=(*ALWAYS, "gradients"), share=HALF)
def test_gradients_go_through_what_was_kept(subject: Subject, case: Case) -> None:
    """Layers that pass their input on pass its gradient on, times 0 or 1 / (1 − p).

    Of a state that is passed on at each step the gradient is the sum over all steps; of two directions each
    goes through what it has kept itself. In narrow types rates are lower, so that sums stay finite.
    """
    if as_computed(case).network.dtype.itemsize < 4:
        expect_through_what_was_kept(subject, case.replace(rate=min(case.call.rate, 0.7)))
        case = case.mapped(lambda array: array.astype(np.float32)).replace(compute_dtype=None)
    expect_through_what_was_kept(subject, case)
    if case.call.dropout == "between layers":
        for manner in (as_it_is, in_lengths, in_a_mask):
            expect_through_both_gaps(subject, manner(case, subject.supports))
        if subject.supports.bidirectional:
            expect_through_the_gap_below_two_directions(subject, case)
    expect_final_states_through_what_was_kept(subject, case)
    if case.call.dropout == "input" and subject.supports.stacked:
        expect_each_layer_through_its_own(subject, case)
        if subject.supports.bidirectional:
            expect_directions_above_through_their_own(subject, case)
    if case.call.dropout == "state" and subject.supports.stacked:
        expect_states_through_their_own(subject, case)
        lower_rate = case.replace(rate=min(case.call.rate, 0.7))
        expect_final_states_through_what_was_kept(
            subject, of_layers_that_keep_their_states(subject, lower_rate)
        )
    if case.call.dropout == "state" and subject.supports.bidirectional:
        expect_through_what_was_kept(subject, in_both_directions(case))


def expect_through_both_gaps(subject: Subject, case: Case) -> None:
    """Of three layers: what either gap drops has no gradient, and the rest was divided twice.

    Biases of 1 keep relu from hiding what the upper gap drops.
    """
    bottom, dtype, rate = case.network.layers[0].forward, case.network.dtype, case.call.rate
    above = Layer(replace(bottom, b=np.ones_like(bottom.bias)))
    zeros = (np.zeros((1, *case.x[:, 0].shape), dtype),) * 3
    deep = case.replace(network=Network([Layer(bottom), above, above]), initial_states=zeros)
    found = gradients_of_all_alike(subject, deep).x
    found = found if case.steps is None else found[:, steps_of_all(case)]
    gone: Array = found == 0
    expected = np.where(gone, 0, (1 / (1 - reference_dtype(dtype).type(rate))) ** 2)
    rounded = gamma(2 * math.ceil(roundings(rate)), roundoff_of(case))
    subject.agree("gradient of x through three layers", found, Bounded(expected, expected * rounded), dtype)
    expect_share("gradients dropped by either gap", subject, gone, 1 - (1 - rate) ** 2)


def expect_each_layer_through_its_own(subject: Subject, case: Case) -> None:
    """Of one row, the gradient of the bias below tells what the upper layer kept, and that of x what both.

    The weights above have theirs of what the layer below gave. Biases of 1 keep relu from hiding anything.
    """
    bottom, x, dtype = case.network.layers[0].forward, case.x[:1], case.network.dtype
    cell = replace(bottom, b=np.ones_like(bottom.bias))
    zeros = (np.zeros((1, 1, bottom.hidden_size), dtype),) * 2
    stack = case.replace(network=Network([Layer(cell), Layer(cell)]), x=x, initial_states=zeros)
    found = gradients_of_all_alike(subject, stack)
    assert found.cells[0].b is not None
    assert found.cells[1].b is not None
    of_all = np.full(bottom.hidden_size, float(x.shape[1]))
    subject.agree("gradient of b above", found.cells[1].b, Bounded(of_all, 0 * of_all), dtype, ("unit",))
    above, below = found.cells[0].b != 0, found.x[0, 0] != 0
    scale = 1 / (1 - reference_dtype(dtype).type(case.call.rate))
    given = (1 + np.where(below, x[0] * scale, 0)).sum(axis=0)
    expected = np.where(above, scale * given, 0)
    rounded = gamma(2 * math.ceil(roundings(case.call.rate)) + 2 + x.shape[1], roundoff_of(case))
    of_weights = np.diag(found.cells[1].W_x)
    subject.agree(
        "gradient of W_x above", of_weights, Bounded(expected, expected * rounded), dtype, ("unit",)
    )
    expect_share("dropped by the upper layer", subject, ~above, case.call.rate)


def expect_directions_above_through_their_own(subject: Subject, case: Case) -> None:
    """Of one row: each direction above sends back gradients through what it has kept itself.

    A unit above, which has no bias, is positive if it was given something. What it sends back comes to the
    bias below, which is 1.
    """
    bottom, dtype, x = case.network.layers[0].forward, case.network.dtype, case.x[:1]
    nothing, one = np.zeros_like(bottom.bias), np.ones_like(bottom.bias)
    lowest = Layer(*(replace(bottom, b=one),) * 2)
    upper = Layer(*(replace(cell, b=nothing) for cell in above(lowest).cells))
    zeros = (np.zeros((2, 1, bottom.hidden_size), dtype),) * 2
    stack = case.replace(network=Network([lowest, upper]), x=x, initial_states=zeros)
    cells = gradients_of_all_alike(subject, stack).cells
    for name, below, over in zip(("forward", "backward"), cells[:2], cells[2:], strict=True):
        assert below.b is not None
        assert over.b is not None
        alike = np.array_equal(below.b == 0, over.b == 0)
        subject.require(
            alike, f"the {name} direction above sends gradients through other numbers than it has kept"
        )
        expect_share(f"dropped by the {name} direction above", subject, over.b == 0, case.call.rate)


def expect_final_states_through_what_was_kept(subject: Subject, case: Case) -> None:
    """Gradients of final states alone go the same way; between layers, those of lower layers are not dropped.

    That of a layer that passes on its state is passed back to the initial state, at each step times the same.
    """
    place, dtype, steps = case.call.dropout, case.network.dtype, case.x.shape[1]
    ones = tuple(np.ones(shape, dtype) for shape in case.network.state_shapes(len(case.x)))
    nothing = np.zeros((*case.x.shape[:2], case.network.output_size), dtype)
    given = case if case.initial_states else case.replace(initial_states=tuple(map(np.zeros_like, ones)))
    gradients = subject.gradients(given, nothing, ones)
    scale = 1 / (1 - reference_dtype(dtype).type(case.call.rate))
    count = math.ceil(roundings(case.call.rate)) + 1
    straight = 1.0 if place == "between layers" else 0.0
    found = np.stack(gradients.initial_states) if place == "state" else gradients.x[:, -1]
    kept, count = (scale**steps, count * steps) if place == "state" else (straight + scale, count)
    gone: Array = found == straight
    expected = np.where(gone, straight, kept)
    bound = np.where(gone, 0, expected * gamma(count, roundoff_of(case)))
    axes = ("layer", "direction", "batch", "unit")[-found.ndim :]
    subject.agree("gradient of final states", found, Bounded(expected, bound), dtype, axes)
    expect_share("gradients of final states dropped", subject, gone, case.call.rate)


def expect_states_through_their_own(subject: Subject, case: Case) -> None:
    """Of the first step of two layers: the gradient of each initial state goes through what it has kept.

    The upper layer passes on what the lower one gives. No later output counts.
    """
    bottom, dtype, x = case.network.layers[0].forward, case.network.dtype, case.x
    identity = np.eye(bottom.hidden_size, dtype=dtype)
    cell = replace(bottom, W_x=identity, W_h=identity, b=np.ones_like(bottom.bias))
    states = tuple(np.ones((1, len(x), bottom.hidden_size), dtype) for _ in range(2))
    network = Network([Layer(cell), Layer(cell)])
    stack = case.replace(
        network=network, x=np.abs(x), initial_states=states, lengths=None, mask=None, go_backwards=False
    )
    d = np.zeros((*x.shape[:2], bottom.hidden_size), dtype)
    d[:, 0] = 1
    scale = 1 / (1 - reference_dtype(dtype).type(case.call.rate))
    rounded = gamma(math.ceil(roundings(case.call.rate)), roundoff_of(case))
    of_states = subject.gradients(stack, d, tuple(map(np.zeros_like, states))).initial_states
    for index, found in enumerate(of_states):
        expected = np.where(found == 0, 0, scale)
        what = f"gradient of the initial state of layer {index}"
        subject.agree(what, found, Bounded(expected, expected * rounded), dtype)
        expect_share(f"dropped of the state of layer {index}", subject, found == 0, case.call.rate)


def expect_through_the_gap_below_two_directions(subject: Subject, case: Case) -> None:
    """Both directions above read what is left of the forward one below, alike or each by itself."""
    bottom, dtype, rate = case.network.layers[0].forward, case.network.dtype, case.call.rate
    W_x = np.concatenate([bottom.W_x, np.zeros_like(bottom.W_x)], axis=1)
    above = replace(bottom, W_x=W_x, b=np.ones_like(bottom.bias))
    zeros = (np.zeros((2, *case.x[:, 0].shape), dtype),) * 2
    both = Network([Layer(bottom, bottom), Layer(above, above)])
    found = gradients_of_all_alike(subject, case.replace(network=both, initial_states=zeros)).x
    scale = 1 / (1 - reference_dtype(dtype).type(rate))
    kept = np.clip(np.rint(found / scale), 0, 2)
    rounded = gamma(math.ceil(roundings(rate)) + 1, roundoff_of(case))
    subject.agree(
        "gradient of x below two directions", found, Bounded(kept * scale, kept * scale * rounded), dtype
    )
    alike = not (kept == 1).any()
    expect_share("dropped below two directions", subject, kept == 0, rate if alike else rate * rate)


def roundoff_of(case: Case) -> float:
    """That of the type that is computed in."""
    return precision_of(as_computed(case).network.dtype).unit_roundoff


def in_both_directions(case: Case) -> Case:
    """The case of one layer, the same backwards beside it."""
    cell, states = case.network.cells[0], case.initial_states or ()
    both = tuple(np.repeat(state, 2, axis=0) for state in states)
    return case.replace(network=Network(Layer(cell, cell)), initial_states=both or None)


def expect_through_what_was_kept(subject: Subject, case: Case) -> None:
    """Gradients of outputs that all count alike."""
    dtype, steps = case.network.dtype, case.x.shape[1]
    gradients = gradients_of_all_alike(subject, case)
    scale = 1 / (1 - reference_dtype(dtype).type(case.call.rate))
    rounded = math.ceil(roundings(case.call.rate))
    if case.call.dropout == "state":
        what, found = "gradient of the initial state", gradients.initial_states[0]
        kept, rounded = sum(scale**step for step in range(1, 1 + steps)), (rounded + 1) * steps
    else:
        what, found, kept = "gradient of x", gradients.x, scale
    gone: Array = found == 0
    expected = np.where(gone, 0, kept)
    bound = expected * gamma(rounded, roundoff_of(case))
    subject.agree(what, found, Bounded(expected, bound), dtype)
    if case.call.dropout == "input":
        subject.require(bool((gone == gone[:, :1]).all()), "dropped at some steps and not at others")
    independent = gone if case.call.dropout == "state" else gone[:, 0]
    expect_share("gradients dropped", subject, independent, case.call.rate)
    count = 2 * rounded + 1 + len(case.x) * steps  # of both factors, of their product, and of the sum
    if 2 * count * roundoff_of(case) > 1:
        return  # of so many narrow numbers a sum says nothing
    for cell, (role, of_weights) in enumerate(gradients_of_factors(as_computed(case), ~gone, scale)):
        bound = of_weights * gamma(count, roundoff_of(case))
        of_top = gradients.cells[cell - case.network.layers[-1].directions]
        axes = ("unit", "from")
        subject.agree(f"gradient of {role}", getattr(of_top, role), Bounded(of_weights, bound), dtype, axes)


def gradients_of_factors(case: Case, kept: Array, scale: Any) -> list[tuple[Role, Array]]:
    """For each direction the gradient of the weights that what is dropped is multiplied with, and their role.

    All terms are positive, so that it is as exact as each of them and their sum.

    Args:
        kept: which numbers of the input, or of the states (directions, rows, units), were.
        scale: 1 / (1 − p).
    """
    if case.call.dropout != "state":
        return [("W_x", np.einsum("bti,btj->ij", 1.0 * kept, case.x * kept * scale))]
    assert case.initial_states is not None
    given = zip(case.initial_states[0], kept, strict=True)
    return [
        ("W_h", of_recurrent_weights(state, of_direction, scale, case.x.shape[1]))
        for state, of_direction in given
    ]


def of_recurrent_weights(state: Array, kept: Array, scale: Any, steps: int) -> Array:
    """The gradient of W_h of one direction that passes a state on, and drops all but what is kept."""
    before, through = [state * (1.0 * kept) * scale], kept * scale
    for _ in range(steps - 1):
        before.append(before[-1] * through)
    total, s = np.zeros((kept.shape[1],) * 2), np.zeros(kept.shape)
    for factor in reversed(before):
        a = (1 + s) * kept
        total, s = total + a.T @ factor, a * through
    return total


AXES = (4, 16)
"""Batch axes of as many rows."""


@check("DRP-14", AtAnyRate(width=MANY), needs=ALWAYS, share=HALF, routes=ROUTE_KINDS)
def test_every_other_route_drops_alike(subject: Subject, case: Case) -> None:
    """In a layer by itself and in a stack, whose layers may be cells of one loop.

    Rows of several batch axes are dropped by themselves, too.
    """
    rate, place = case.call.rate, case.call.dropout
    if subject.supports.leading_axes:
        rows = case.replace(rate=0.5, stateful=False)
        gone_in_axes = kept_and_gone(subject, rows, BatchAxes(subject, AXES).run)[:, 0]
        expect_none_alike("rows of two batch axes", subject, gone_in_axes)
        for of_place in ("input", "state"):
            if of_place in subject.supports.dropout:
                expect_alike_without_batch_axis(subject, case.route, of_place)
    for layers in (1, 2) if subject.supports.stacked else (1,):
        count = layers + (place == "between layers")
        stack = with_layers(case, count, narrower=subject.supports.mixed_layers)
        drop_elsewhere(subject, stack)
        one, other = (kept_and_gone(subject, stack) for _ in range(2))
        passed = 1 if place == "state" else layers  # of the states only the top one is seen
        share = 1 - (1 - rate) ** passed
        if place != "between layers":
            same = bool((one == one[:, :1]).all())
            subject.require(same, "dropped at some steps and not at others")
            one, other = one[:, 0], other[:, 0]
        expect_share("dropped", subject, one, share)
        expect_independent("two calls", subject, one, other, share)


def expect_alike_without_batch_axis(subject: Subject, route: str, place: DropoutPlace) -> None:
    """Of a row by itself the same is dropped at all steps."""
    row = PassingOn(place, 1, MANY, 3).build(route, 0, 0.5)
    gone = kept_and_gone(subject, row, BatchAxes(subject, ()).run)
    same = bool((gone == gone[:, :1]).all())
    subject.require(same, "without a batch axis, dropped at some steps and not at others")


def drop_elsewhere(subject: Subject, case: Case) -> None:
    """Calls that drop at other places, where the next one must not; other clauses judge them."""
    for place in subject.supports.dropout:
        if place != case.call.dropout and (place != "between layers" or case.network.num_layers > 1):
            with suppress(CannotExpress):
                subject.error_of(case.network, case.replace(dropout=place).call)


def with_layers(case: Case, count: int, *, narrower: bool) -> Case:
    """The case with so many layers; those above the lowest may have half its units, and pass on as many."""
    bottom, states = case.network.layers[0].forward, case.initial_states
    units = max(1, bottom.hidden_size // 2) if narrower else bottom.hidden_size
    b = None if bottom.b is None else bottom.b[:units]
    second = replace(bottom, W_x=bottom.W_x[:units], W_h=bottom.W_h[:units, :units], b=b)
    third = replace(second, W_x=second.W_x[:, :units])
    cells = [bottom, second, third][:count]
    kept = states and tuple(states[0][..., : cell.hidden_size] for cell in cells)
    alone = count == 1 and case.call.go_backwards
    return case.replace(network=Network(map(Layer, cells)), initial_states=kept, go_backwards=alone)


@check(
    "DRP-15",
    replace(KEEPING, dropout=PLACES, training=(True,)),
    needs=("sequence", "final_states", "stateful", "dropout"),
)
def test_a_call_that_drops_keeps_the_states_that_it_returns(subject: Subject, case: Case) -> None:
    """The call after it drops nothing, and so tells where it started."""
    case = case.replace(rate=0.5)
    subject.reset_states(case.network)
    kept = called(subject, case, None)
    called(subject, case.replace(training=False), kept)


WHAT_IS_LEFT = replace(
    POOL,
    layers=(1, 1, 2),
    activations=THROUGH_ZERO,
    batch=BATCH,
    inputs=INPUT,
    hidden=HIDDEN,
    dropout=PLACES,
    rates=RATES,
    training=(False,),
)
"""All options beside each other, and something is dropped."""


SOME = 0.75
TOLD_BY_OUTPUTS = ("sequence", "final_states", "initial_states", "dropout")


def what_is_left(place: DropoutPlace) -> Telling:
    """Cases that drop at one place, of layers that were given other weights, or loaded, before, too."""
    variants = ("", "assigned", "restored")
    return Telling(replace(WHAT_IS_LEFT, dropout=(place,), variants=variants))


@check("DRP-16", what_is_left("input"), needs=TOLD_BY_OUTPUTS, share=SOME)
def test_what_is_left_of_the_input_is_computed_as_outside_training(subject: Subject, case: Case) -> None:
    for return_sequences in asked_for(subject, case):
        expect_calls_of_what_is_left(subject, case.replace(return_sequences=return_sequences))


@check("DRP-17", what_is_left("state"), needs=TOLD_BY_OUTPUTS, share=SOME)
def test_what_is_left_of_the_state_is_computed_as_outside_training(subject: Subject, case: Case) -> None:
    expect_calls_of_what_is_left(subject, case)


@check("DRP-18", what_is_left("between layers"), needs=(*TOLD_BY_OUTPUTS, "stacked"), share=SOME)
def test_what_is_left_between_layers_is_computed_as_outside_training(subject: Subject, case: Case) -> None:
    expect_calls_of_what_is_left(subject, case)


def expect_calls_of_what_is_left(subject: Subject, case: Case) -> None:
    """All that is returned is computed of what is left; a stateful layer goes on in a second call."""
    prepare(subject, case)
    if case.call.stateful:
        subject.reset_states(case.network)
    output = subject.run(case, return_sequences=case.call.return_sequences)
    expect_what_is_left(subject, case, output)
    if case.call.stateful and case.initial_states is None:
        computed = final_states_of(subject, as_computed(case), output, states_dtype(subject, case))
        states = tuple(state.astype(case.network.dtype) for state in computed)
        output = subject.run(case, return_sequences=case.call.return_sequences)
        expect_what_is_left(subject, case.replace(initial_states=states), output)


def prepare(subject: Subject, case: Case) -> None:
    """Give a loaded layer the weights of the case in place of others, or save and load it, if it can be."""
    if case.variant == "assigned" and subject.supports.assign_weights:
        subject.assign_weights(case.network.mapped(np.negative), case.network)
    if case.variant == "restored" and subject.supports.restored:
        subject.restore(case.network)


@check(
    "DRP-19",
    Telling(
        replace(
            WHAT_IS_LEFT,
            layers=(1,),
            dtypes=("float32", "float32", "float64"),
            compute_dtypes=(None,),
            initial_states=(True,),
            poisons=("numbers",),
            dropout=("input", "state"),
            return_sequences=(True,),
            scatter=True,
        )
    ),
    needs=("sequence", "final_states", "initial_states", "dropout", "gradients"),
)
def test_gradients_are_those_of_what_is_left(subject: Subject, case: Case) -> None:
    """A gradient that is 0 tells what was dropped; where one is by chance, another call tells more."""
    for last in (False, False, True):
        try:
            expect_gradients_of_what_is_left(subject, case)
        except NonConforming:
            if last:
                raise
        else:
            return


@check("DRP-20", AtAnyRate(places=("input",)), needs=(*ALWAYS, "input_dtypes"), share=FEW)
def test_integers_are_dropped_as_the_numbers_that_they_are(subject: Subject, case: Case) -> None:
    """Numbers that 3/4 does not divide, at a rate of 1/4."""
    integers = subject.supports.input_dtypes
    dtype = integers[crc32(case.fingerprint) % len(integers)]

    def run(case: Case, *, return_sequences: bool = True) -> Output:
        return subject.run(case.replace(x=case.x.astype(dtype)), return_sequences=return_sequences)

    gone = kept_and_gone(subject, case.replace(x=np.rint(np.abs(case.x)) + 1, rate=0.25), run)
    expect_share("of integers dropped", subject, gone[:, :1], 0.25)


STEPS_OF_TRAINING = 6
SMALL_RATE = 2.0**-16
"""A rate of learning at which every unit stays positive; times it nothing is rounded."""


@dataclass(frozen=True)
class OfTraining(AtAnyRate):
    """Few rows, in calls that are not stateful, as a step is none."""

    width: int = MANY
    manners: tuple[Manner, ...] = (in_lengths, in_a_mask, as_it_is)

    def in_some_manner(self, case: Case, supports: Supports, structure: bytes) -> Case:
        case = super().in_some_manner(case, supports, structure)
        return case.reordered(np.arange(ROWS)).replace(stateful=False)


@check("DRP-21", OfTraining(), needs=(*NEEDS, "trained"), share=FEW)
def test_steps_of_training_drop_as_calls_do(subject: Subject, case: Case) -> None:
    """A row's units alone count in the loss: where what they read is dropped, their weights stay as they are.

    Each step drops by itself, those of another training too, and a call after either; and so do rows.
    """
    case, rate = with_positive_units(case), case.call.rate
    gone = list[Array]()
    for d, steps in ((counted_by_row(case, 1), STEPS_OF_TRAINING), (counted_by_row(case), 1)):
        training = Training(d, SMALL_RATE, steps)
        networks = [subject.read_weights(case.network), *subject.trained(case, training).networks]
        for before, after in pairwise(networks):
            gone.append(gone_of_step(subject, case, d, before, after))
        sequence = sequence_of(subject, as_computed(case), subject.run(case))
        gone.append(sequence[:, 0] == 1)
    of_all = np.stack(gone)
    expect_share("dropped by steps of training", subject, of_all, rate)
    expect_none_alike("steps of training and calls", subject, of_all.reshape(len(of_all), -1), rate)
    expect_independent("neighbouring rows in training", subject, of_all[:, ::2], of_all[:, 1::2], rate)
    if case.call.dropout != "between layers":
        if subject.supports.stacked and subject.supports.count_trainable:
            expect_frozen_layers_drop(subject, case)
        if subject.supports.bidirectional:
            expect_directions_drop_by_themselves(subject, case)


def with_positive_units(case: Case) -> Case:
    """The case with biases of 1 in the top layer, whose outputs are then 1 where something was dropped.

    Those below have biases, too: not everywhere may some layers have none.
    """
    *below, top = case.network.layers
    biased = [Layer(replace(layer.forward, b=layer.forward.bias)) for layer in below]
    cell = replace(top.forward, b=np.ones_like(top.forward.bias))
    return case.replace(network=Network([*biased, Layer(cell)]))


def owners(units: int) -> Array:
    """The row of each unit: of all units of a row, one in eight counts in the loss."""
    return np.arange(units) % ROWS


def counted_by_row(case: Case, steps: int = STEPS) -> Array:
    """What each output counts: 1 if its unit is one of its row.

    Of the first step alone where others have dropped something else, or go back through it. So they do from
    the second step of training on, as recurrent weights of 0 have changed by then.

    Args:
        steps: the most time steps that count.
    """
    units = case.network.output_size
    counts: Array = np.equal.outer(np.arange(ROWS), owners(units))
    d = np.repeat(counts[:, None], case.x.shape[1], axis=1).astype(case.network.dtype)
    d[:, steps if case.call.dropout == "input" else 1 :] = 0
    if case.steps is not None:
        d[~case.steps] = 0
    return d


def gone_of_step(subject: Subject, case: Case, d: Array, before: Network, after: Network) -> Array:
    """What a step of training dropped of each row, all of whose units read it alike."""
    role: Role = "W_h" if case.call.dropout == "state" else "W_x"
    was, now, rows = before.cells[-1], after.cells[-1], owners(case.network.output_size)
    assert was.b is not None
    assert now.b is not None
    alike = (getattr(was, role) == getattr(now, role)) | np.eye(was.hidden_size, dtype=bool)
    gone = np.stack([alike[rows == row].all(axis=0) for row in range(ROWS)])
    factors, sizes = multiplied(case, d, before)
    scale = ~gone / (1 - case.call.rate)
    rounded = gamma(math.ceil(roundings(case.call.rate)) + 3 + was.hidden_size, roundoff_of(case))
    counts = d.sum(axis=1)[rows, np.arange(len(rows))].astype(float)
    for what, gradient, size in (
        (role, (factors * scale)[rows], (sizes * scale)[rows]),
        ("b", counts, counts),
    ):
        old: Array = getattr(was, what)
        bound = (np.abs(old) + SMALL_RATE * size) * rounded
        bounded = Bounded(old - SMALL_RATE * gradient, bound)
        axes = ("unit", "from")[: old.ndim]
        subject.agree(f"{what} after a step of training", getattr(now, what), bounded, old.dtype, axes)
    return gone


def multiplied(case: Case, d: Array, network: Network) -> tuple[Array, Array]:
    """What the weights of the top layer are multiplied with in each row, before some of it is dropped, of all
    steps that count, and the sizes of its terms."""
    if case.call.dropout == "state":
        assert case.initial_states is not None
        states = case.initial_states[0][0].astype(float)
        return states, states
    counts: Array = (d != 0).any(axis=-1, keepdims=True)
    x: Array = (case.x.astype(float) * counts).sum(axis=1)
    if case.call.dropout == "input":
        return x, x
    (below,) = network.layers[0].cells
    W_x, b = below.W_x.astype(float), below.bias.astype(float)
    return x @ W_x.T + b, x @ np.abs(W_x).T + np.abs(b)


def expect_directions_drop_by_themselves(subject: Subject, case: Case) -> None:
    """In a step of training, of which the first step of each direction counts in the loss."""
    both, forward = in_both_directions(case), counted_by_row(case, 1)
    taken = np.ones(case.x.shape[:2], bool) if case.steps is None else case.steps
    backward = np.zeros_like(forward)
    backward[np.arange(ROWS), taken.shape[1] - 1 - taken[:, ::-1].argmax(axis=1)] = forward[:, 0]
    before = subject.read_weights(both.network)
    training = Training(np.concatenate([forward, backward], axis=-1), SMALL_RATE)
    (after,) = subject.trained(both, training).networks
    cells = zip((forward, backward), before.cells, after.cells, strict=True)
    one, other = (
        gone_of_step(subject, case, d, Network(Layer(was)), Network(Layer(now))) for d, was, now in cells
    )
    expect_independent("the two directions in training", subject, one, other, case.call.rate)


def expect_frozen_layers_drop(subject: Subject, case: Case) -> None:
    """A layer that is kept from being trained drops, and so does the one above it.

    What the weights above are multiplied with is the output of the layer below: more than 1 where that has
    kept something, and 0 where the upper layer drops it, if it drops of the input.
    """
    layer, states, place = case.network.layers[0], case.initial_states, case.call.dropout
    identity = np.eye(layer.hidden_size, dtype=case.network.dtype)
    top = replace(layer.forward, W_x=identity)
    stack = case.replace(
        network=Network([layer, Layer(top)]),
        initial_states=states and (states[0],) * 2,
        mask=None,
        lengths=None,
    )
    d = np.zeros((ROWS, *case.x.shape[1:]), case.network.dtype)
    d[:, 0] = counted_by_row(stack, 1)[:, 0]
    before = subject.read_weights(stack.network)
    ((after,), rows) = subject.trained(stack, Training(d, 1.0, 1, (0,))).networks, owners(layer.hidden_size)
    through = (before.cells[-1].W_x - after.cells[-1].W_x).astype(float)
    of_rows = [
        np.where(np.eye(len(rows), dtype=bool), 0, through)[rows == row].max(axis=0) for row in range(ROWS)
    ]
    given, scale = np.stack(of_rows), 1 / (1 - case.call.rate)
    beyond = given > 1.25 * (scale if place == "input" else 1)
    left = (1 - case.call.rate) ** (2 if place == "input" else 1)
    expect_share("left by a layer that is not trained, and by the one above", subject, beyond, left)
    if place == "input":
        expect_share("dropped above a layer that is not trained", subject, given == 0, case.call.rate)
