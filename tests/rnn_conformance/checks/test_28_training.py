"""TRN: steps of plain gradient descent."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rnn_adapters.surface import Trained, Training
from rnn_conformance.checks.support.derivatives import as_seen, handed_cotangents, incoming
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import ANY_ACTIVATION, BATCH_OR_MANY, POOL, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.bounds import Bounded
from rnn_reference.gradient_bounds import bound_gradients
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.training import ROLES, bound_loss, descended

MORE, SOME, FEW = 0.5, 0.3, 0.2  # a model is compiled for every case

NEEDS = ("trained", "sequence")
TAME: tuple[Regime, ...] = ("contractive", "moderate")
SHORT = (1, 2, 3, 4)
RATE = 0.125
"""A power of two, which every type has."""
FINE_RATE = 0.1
"""Which no type but float64 has as it is."""
SMALL_RATE = 2.0**-10
"""Of which the errors of narrow gradients are small beside the distance of two narrow numbers."""


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
    return d


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
    Cases(directions=(1,), regimes=TAME, time=(*SHORT, 27), dtypes=("float32", "float64"), scatter=True),
    needs=NEEDS,
    share=SOME,
)
def test_a_step_of_training_goes_down_the_gradient(subject: Subject, case: Case) -> None:
    rate = FINE_RATE if case.network.dtype == np.float64 else RATE
    expect_step(subject, case, *trained(subject, case, rate=rate), rate=rate)


@check(
    "TRN-2",
    Cases(
        layers=(1, 1, 2, 3),
        directions=(1, 2, 2),
        activations=ANY_ACTIVATION,
        dtypes=("float32", "float32", "float64"),
        regimes=TAME,
        batch=BATCH_OR_MANY,
        time=SHORT,
        padding=("none", "lengths", "mask", "lengths and mask"),
        go_backwards=(False, True),
        merge_modes=POOL.merge_modes,
        layouts=POOL.layouts,
    ),
    needs=NEEDS,
    share=MORE,
)
def test_a_step_trains_stacks_and_both_directions(subject: Subject, case: Case) -> None:
    expect_step(subject, case, *trained(subject, case))


@check(
    "TRN-3",
    Cases(directions=(1, 2), activations=ANY_ACTIVATION, regimes=TAME, time=SHORT),
    needs=NEEDS,
    share=SOME,
)
def test_every_step_starts_from_the_weights_before_it(subject: Subject, case: Case) -> None:
    networks = trained(subject, case, steps=3)
    for before, after in pairwise(networks):
        expect_step(subject, case, before, after)


@check(
    "TRN-4",
    Cases(layers=(2,), regimes=TAME, time=SHORT),
    needs=(*NEEDS, "count_trainable", "stacked"),
    share=FEW,
)
def test_layers_that_are_not_trained_keep_their_weights(subject: Subject, case: Case) -> None:
    for frozen in (0, 1):
        expect_step(subject, case, *trained(subject, case, frozen=(frozen,)), frozen=(frozen,))


@check(
    "TRN-5",
    Cases(
        layers=(1, 2, 2),
        dtypes=("float32", "float32", "float64"),
        regimes=TAME,
        batch=(1, 33, 3, 33),
        time=SHORT,
        padding=("none", "lengths", "mask", "lengths and mask"),
        go_backwards=(False, True),
    ),
    needs=NEEDS,
    share=SOME,
)
def test_the_loss_is_that_of_the_weights_of_each_step(subject: Subject, case: Case) -> None:
    """Where a stack is trained without its bottom layer, of the weights that this keeps."""
    expect_losses(subject, case)
    if case.network.num_layers > 1 and subject.supports.count_trainable:
        expect_losses(subject, case, frozen=(0,))


def expect_losses(subject: Subject, case: Case, frozen: tuple[int, ...] = ()) -> None:
    """Of two steps, and of the weights after them."""
    before, seen = as_in(case, subject.read_weights(case.network)), as_seen(subject, case)
    found = subject.trained(case, training_of(subject, case, 2, frozen))
    networks = [before, *networks_of(case, found, 2)]
    told_in = None if subject.conventions.loss_dtype == "computed" else subject.conventions.loss_dtype
    given = seen.x, seen.initial_states, counted(seen), seen.steps, told_in
    expected = [bound_loss(each, *given) for each in networks]
    bounded = Bounded(
        np.stack([each.value for each in expected]), np.stack([each.bound for each in expected])
    )
    losses = np.array(found.losses).astype(case.network.dtype)
    subject.agree("loss", losses, bounded, case.network.dtype, ("step",))


@check(
    "TRN-6",
    Cases(
        layers=(1, 2),
        regimes=("contractive",),
        time=SHORT,
        compute_dtypes=("bfloat16", "float16"),
        padding=("none", "lengths", "mask"),
        scatter=True,
    ),
    needs=(*NEEDS, "compute_dtypes"),
    share=SOME,
)
def test_mixed_precision_trains_the_weights_in_their_own_type(subject: Subject, case: Case) -> None:
    expect_step(subject, case, *trained(subject, case, rate=SMALL_RATE), rate=SMALL_RATE)
