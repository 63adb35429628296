"""TRN: steps of plain gradient descent."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from rnn_adapters.surface import Trained, Training
from rnn_conformance.checks.support.derivatives import (
    as_seen,
    expect_all,
    handed_cotangents,
    incoming,
    is_differentiable,
)
from rnn_conformance.checks.support.expect import expect_count, expect_loaded
from rnn_conformance.checks.support.histories import called
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.expected import bounds_of
from rnn_conformance.engine.meaning import merged
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import POOL, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.bounds import Bounded
from rnn_reference.gradient_bounds import bound_gradients
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.training import ROLES, descended, loss_of

MORE, SOME, FEW = 0.5, 0.3, 0.2  # a model is compiled for every case
TWICE = 2.0  # where else few cases are left that no record covers

NEEDS = ("trained", "sequence")
TAME: tuple[Regime, ...] = ("contractive", "moderate")
SHORT = (1, 2, 3, 4)
OPTIONS = replace(
    POOL,
    return_sequences=(True,),
    regimes=("contractive",),
    stateful=(False,),
    dropout=(None,),
    training=(False,),
)
"""All options of a step: it keeps no states, and nothing is dropped."""
IN_TRAINING = replace(OPTIONS, dropout=POOL.dropout, training=(True,))
"""And those of a call of training, at a rate of 0."""
SHORT_OPTIONS = replace(OPTIONS, time=SHORT, batch=(1, 2, 3, 33), inputs=(1, 2, 3), hidden=(1, 2, 3, 4))
WIDE = ("float32", "float32", "float64")
LOSSES = {"": 1.0, "large": 2.0**10, "small": 2.0**-12}
"""What the multiples of 1/8 in a loss are multiplied with, by variant: gradients of many hundreds, or below a
thousandth."""
STEPS = 6
RATE = 0.125
"""A power of two, which every type has."""
FINE_RATE = 0.1
"""Which no type but float64 has as it is."""
STEADY_RATE = 2.0**-7
"""At which several steps of few rows do not run away."""
SMALL_RATE = 2.0**-10
"""Of which the errors of narrow gradients are small beside the distance of two narrow numbers.

Nor do many rows run away at it."""


def counted(seen: Case) -> Array:
    """What each output counts in the loss: multiples of 1/8, the same for every case of these shapes.

    Args:
        seen: the case without options, whose outputs stand in processing order.
    """
    top, both = seen.network.layers[-1], seen.call.merge_mode in ("concat", "none")
    shape = (*seen.x.shape[:2], top.output_size if both else top.hidden_size)
    d = (np.round(8 * np.random.default_rng(2).standard_normal(shape)) / 8).astype(seen.network.dtype)
    if seen.steps is not None:
        d[~seen.steps] = 0
    return np.asarray(d * seen.network.dtype.type(LOSSES.get(seen.variant, 1.0)))


def training_of(
    subject: Subject, case: Case, steps: int = 1, frozen: tuple[int, ...] = (), rate: float = RATE
) -> Training:
    """Steps with this loss, in the type of the weights and the order of the case's outputs."""
    d, _ = handed_cotangents(subject, case, counted(as_seen(subject, case)), ())
    return Training(d, rate, steps, frozen)


def trained(
    subject: Subject, case: Case, steps: int = 1, frozen: tuple[int, ...] = (), rate: float = RATE
) -> list[Network]:
    """The weights as the framework holds them, before the first step and after each."""
    before = subject.read_weights(case.network)
    found = subject.trained(case, training_of(subject, case, steps, frozen, rate))
    return [before, *networks_of(case, found, steps)]


def networks_of(case: Case, found: Trained, steps: int) -> list[Network]:
    """The networks after each step, with the activations of the case."""
    if len(found.networks) != steps or len(found.losses) != steps + 1:
        raise NonConforming(
            f"trained: expected the weights after {steps} steps and {steps + 1} losses;"
            f" got {len(found.networks)} and {len(found.losses)}",
            kind="wrong return",
        )
    return [as_in(case, network) for network in found.networks]


def as_in(case: Case, network: Network) -> Network:
    """A network that was read back, with the activations of the case."""
    if len(network.cells) != len(case.network.cells):
        raise NonConforming(
            f"trained: expected {len(case.network.cells)} cells; got {len(network.cells)}",
            kind="wrong return",
        )
    if network.dtype != case.network.dtype:
        raise NonConforming(
            f"weights: expected dtype {case.network.dtype}; got {network.dtype}", kind="dtype", what="weights"
        )
    cells = iter(
        Cell(cell.W_x, cell.W_h, cell.b, cell.b_h, like.activation)
        for cell, like in zip(network.cells, case.network.cells, strict=True)
    )
    return Network(Layer(*(next(cells) for _ in layer.cells)) for layer in case.network.layers)


def expect_step(
    subject: Subject,
    case: Case,
    before: Network,
    after: Network,
    *,
    frozen: tuple[int, ...] = (),
    rate: float = RATE,
) -> None:
    """One step from the framework's own weights before it; frozen layers keep theirs to the bit."""
    before = as_in(case, before)
    seen = as_seen(subject, case.replace(network=before))
    d = incoming(seen, counted(seen))
    gradients = bound_gradients(seen.network, seen.x, seen.initial_states, d, None, seen.steps)
    expected = descended(before, gradients, rate)
    layers = [index for index, layer in enumerate(case.network.layers) for _ in layer.cells]
    for index, (of_cell, old, new) in enumerate(zip(expected, before.cells, after.cells, strict=True)):
        for role in ROLES:
            was, now = getattr(old, role), getattr(new, role)
            what = f"{role} of cell {index} after a step"
            if was is None or layers[index] in frozen:
                subject.require(
                    (was is None and now is None) or np.array_equal(was, now),
                    f"{what}: it is not trained, and was changed",
                )
                continue
            axes = ("unit", "from")[: was.ndim]
            subject.agree(what, now, of_cell[role], case.network.dtype, axes)


@check(
    "TRN-1",
    Cases(
        directions=(1,),
        activations=POOL.activations,
        regimes=TAME,
        regime_of_many=POOL.regime_of_many,
        time=(*SHORT, 27),
        batch=POOL.batch,
        inputs=POOL.inputs,
        hidden=POOL.hidden,
        dtypes=("float32", "float64"),
        layouts=POOL.layouts,
        variants=tuple(LOSSES),
        scatter=True,
        covering=True,
    ),
    needs=NEEDS,
    share=SOME,
)
def test_a_step_of_training_goes_down_the_gradient(subject: Subject, case: Case) -> None:
    """Large losses at a low rate, and small ones at a high rate, so that weights move about as far."""
    fine = case.network.dtype == np.float64 and not case.variant
    rate = FINE_RATE if fine else RATE / LOSSES[case.variant] ** 0.5
    expect_step(subject, case, *trained(subject, case, rate=rate), rate=rate)


@check(
    "TRN-2",
    replace(
        IN_TRAINING,
        dtypes=WIDE,
        compute_dtypes=(None,),
        batch=(1, 2, 2, 3, 4, 300),
        time=(*SHORT, *SHORT, 17),
    ),
    needs=NEEDS,
    share=MORE,
)
def test_a_step_trains_stacks_and_both_directions(subject: Subject, case: Case) -> None:
    expect_step(subject, case, *trained(subject, case))


@check(
    "TRN-3",
    replace(SHORT_OPTIONS, layers=(1, 1, 2), batch=(1, 2, 3), scatter=True),
    needs=NEEDS,
    share=SOME,
)
def test_every_step_starts_from_the_weights_before_it(subject: Subject, case: Case) -> None:
    networks = trained(subject, case, steps=STEPS, rate=STEADY_RATE)
    for before, after in pairwise(networks):
        expect_step(subject, case, before, after, rate=STEADY_RATE)


@check(
    "TRN-4",
    replace(SHORT_OPTIONS, layers=(2, 3), batch=(1, 2, 3)),
    needs=(*NEEDS, "count_trainable", "stacked"),
    share=FEW,
)
def test_layers_that_are_not_trained_keep_their_weights(subject: Subject, case: Case) -> None:
    """Each by itself, and of three the outer two; in a second step, too, after a question about others."""
    top = case.network.num_layers - 1
    for frozen in [(index,) for index in range(top + 1)] + [(0, top)] * (top > 1):
        subject.count_trainable(case, tuple(index for index in range(top + 1) if index not in frozen))
        for before, after in pairwise(trained(subject, case, 2, frozen, STEADY_RATE)):
            expect_step(subject, case, before, after, frozen=frozen, rate=STEADY_RATE)


@check(
    "TRN-5",
    replace(
        OPTIONS,
        layers=(1, 1, 2, 2),
        dtypes=WIDE,
        compute_dtypes=(None,),
        poisons=("numbers", "nan"),
        batch=(1, 33, 3, 33),
        time=SHORT,
        inputs=(1, 2, 3),
        hidden=(1, 2, 3, 4),
        scatter=True,
    ),
    needs=NEEDS,
    share=SOME,
    compiled=TWICE,
)
def test_the_loss_is_that_of_the_weights_of_each_step(subject: Subject, case: Case) -> None:
    """Where a stack is trained without its bottom layer, of the weights that this keeps."""
    expect_losses(subject, case)
    if case.network.num_layers > 1 and subject.supports.count_trainable:
        expect_losses(subject, case, frozen=(0,))


def expect_losses(subject: Subject, case: Case, frozen: tuple[int, ...] = ()) -> None:
    """Of two steps, and of the weights after them.

    All outputs count as what they are in size, so that nothing cancels: a bound says little of a loss near 0.
    """
    before, outside = as_in(case, subject.read_weights(case.network)), as_seen(subject, case)
    d = np.copysign(counted(outside), shown(outside).value).astype(outside.network.dtype)
    training = Training(handed_cotangents(subject, case, d, ())[0], SMALL_RATE, 2, frozen)
    found = subject.trained(case, training)
    networks = [before, *networks_of(case, found, 2)]
    told_in = None if subject.conventions.loss_dtype == "computed" else subject.conventions.loss_dtype
    seen = [as_seen(subject, case.replace(network=network)) for network in networks]
    expected = [loss_of(shown(each), each.network.dtype, d, told_in) for each in seen]
    bounded = Bounded(
        np.stack([each.value for each in expected]), np.stack([each.bound for each in expected])
    )
    losses = np.array(found.losses).astype(case.network.dtype)
    subject.agree("loss", losses, bounded, case.network.dtype, ("step",))


def shown(case: Case) -> Bounded:
    """The sequence output, both directions merged if they are to be."""
    both = bounds_of(case).sequence
    return both if case.call.merge_mode in ("concat", "none") else merged(case, both)


@check(
    "TRN-6",
    replace(
        SHORT_OPTIONS,
        layers=(1, 1, 2),
        batch=(1, 2, 3),
        poisons=("numbers", "nan"),
        dtypes=("float32",),
        compute_dtypes=("bfloat16", "float16"),
        scatter=True,
    ),
    needs=(*NEEDS, "compute_dtypes"),
    share=MORE,
)
def test_mixed_precision_trains_the_weights_in_their_own_type(subject: Subject, case: Case) -> None:
    expect_step(subject, case, *trained(subject, case, rate=SMALL_RATE), rate=SMALL_RATE)


@check(
    "TRN-7",
    replace(
        SHORT_OPTIONS,
        layers=(1, 1, 2),
        batch=(1, 2, 3),
        stateful=(False, True, True),
        dropout=POOL.dropout,
        initial_states=(False, False, True),
        variants=("", "assigned", "restored"),
    ),
    needs=NEEDS,
    share=MORE,
)
def test_training_leaves_nothing_behind_but_weights(subject: Subject, case: Case) -> None:
    """A bottom layer that is not trained is trained afterwards; a rate is of training alone.

    The first training drops, in training mode. The last one may be of other weights, or of a layer that was
    saved and loaded since.
    """
    learning = case.replace(stateful=False, dropout=None, rate=0.0)
    frozen = (0,) if case.network.num_layers > 1 and subject.supports.count_trainable else ()
    subject.load_anew(case.network)
    before, kept = subject.read_weights(case.network), None
    if case.call.stateful and subject.supports.final_states:
        kept = called(subject, case, None)
    with subject.nothing_altered(drawing=True):
        first = training_of(subject, learning, 2, frozen, STEADY_RATE)
        found = subject.trained(case.replace(stateful=False, training=True), first, going_on=True)
    after = networks_of(case, found, 2)[-1]
    held = as_in(case, subject.read_weights(case.network))
    subject.require(
        any(all(map(np.array_equal, weights(held), weights(each))) for each in (before, after)),
        "after training the weights are neither those before the first step nor those after the last",
    )
    subject.holding(case.network, held)
    case, learning = case.replace(network=held), learning.replace(network=held)
    # What is kept shows where no states are given.
    called(subject, case.replace(initial_states=None) if case.call.stateful else case, kept)
    if is_differentiable(subject, case):
        expect_all(subject, case)
    expect_loaded(subject, held)
    if subject.supports.count_parameters:
        expect_count(subject, held)
    if case.variant == "assigned" and subject.supports.assign_weights:
        held, given = held.mapped(np.negative), held
        subject.assign_weights(given, held)
        learning = learning.replace(network=held)
    elif case.variant == "restored" and subject.supports.restored:
        subject.restore(held)
    again = subject.trained(learning, training_of(subject, learning, rate=STEADY_RATE))
    expect_step(subject, learning, held, *networks_of(learning, again, 1), rate=STEADY_RATE)


def weights(network: Network) -> list[Array]:
    """Those of all cells."""
    return [array for cell in network.cells for role in ROLES if (array := getattr(cell, role)) is not None]
