"""LNG: long sequences and wide layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from hypothesis.strategies import SearchStrategy

from rnn_adapters.adapter import Output
from rnn_adapters.declarations import Supports
from rnn_conformance.checks.support.derivatives import (
    expect_all,
    expect_gradients_of_the_last_step,
    expect_tangents,
    is_differentiable,
    remembering,
)
from rnn_conformance.checks.support.expect import (
    expect_answer,
    expect_assigned,
    expect_everything,
    expect_going_on,
    expect_steps,
    final_states_of,
    of_numbers,
    sequence_of,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.drawing import Structures
from rnn_conformance.engine.meaning import padding_last
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import POOL, Cases, Sizes
from rnn_conformance.engine.structures import MANY
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import ActivationName
from rnn_reference.network import Array

SOME = 0.5
RARELY = 0.1  # one case takes as long as hundreds of small ones

BOUNDED: tuple[ActivationName, ...] = ("tanh", "sigmoid", "softsign")
"""Others grow beyond every number in so many steps."""
CHAOTIC: tuple[Regime, ...] = ("chaotic",)


@dataclass(frozen=True)
class OnOneRoute:
    """Large cases, which the first route alone takes: the default one, where it can.

    Args:
        cases: what to draw.
        fewer: the same where layers or shapes are expensive.
        fewest: the same where steps are.
        of_shapes: the same where shapes are; None for `fewer`.
    """

    cases: Cases
    fewer: Cases
    fewest: Cases
    of_shapes: Cases | None = None

    def __call__(self, routes: Mapping[str, Supports]) -> SearchStrategy[Case]:
        return self._of(routes)(self._first(routes))

    def structures(self, routes: Mapping[str, Supports]) -> Structures | None:
        """The structures of the cases that are drawn first."""
        return self._of(routes).structures(self._first(routes))

    def _first(self, routes: Mapping[str, Supports]) -> Mapping[str, Supports]:
        return dict([next(iter(routes.items()))])

    def _of(self, routes: Mapping[str, Supports]) -> Cases:
        (supports,) = self._first(routes).values()
        by_cost = {"nothing": self.cases, "steps": self.fewest, "shapes": self.of_shapes or self.fewer}
        return by_cost.get(supports.expensive, self.fewer)

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """What no case can do without, and is unsupported."""
        return self.cases.lacking(supports)


LONG = Cases(
    activations=BOUNDED,
    regimes=CHAOTIC,
    batch=(2,),
    time=(33_000,),
    inputs=(2,),
    hidden=(4,),
    padding=("lengths", "none", "lengths"),
    dtypes=("float64", "float32"),
    scatter=True,
)


def shortened(case: Case) -> Case:
    """A padded case whose first row lacks a step, and whose second row has half of them."""
    if case.steps is None:
        return case
    most = case.x.shape[1]
    lengths = np.array([most - 1, most // 2])
    if case.call.mask is None:
        return case.replace(lengths=lengths)
    return case.replace(mask=(np.arange(most) < lengths[:, None]).astype(case.call.mask.dtype))


WIDE = Cases(
    directions=(2, 1),
    regimes=("moderate",),
    dtypes=("float64", "float32"),
    batch=(2,),
    time=(4,),
    inputs=(257, 256),
    hidden=(523, 512),
    biases=(1,),
    scatter=True,
)
"""Features and units: primes, which leave something over of blocks of any size, and powers of two."""


def around(*powers: int) -> tuple[int, ...]:
    """Sizes at which kernels change their path, and those beside them."""
    return tuple(size for power in powers for size in (power, power - 1, power + 1))


UNITS = (*around(8, 16, 32, 64, 128), 200)
TAILS = (3, 7, 3, 11, 5, 3, 7, 3, 6, 9, 3, 11, 3, 7, 3, 10)
"""Steps: with every tail of loops that are unrolled by two or by four."""
KERNEL_SIZES: tuple[Sizes, ...] = (
    *zip(reversed((3, *around(4, 8, 16, 32, 64))), TAILS, UNITS[5:] + UNITS[:5], UNITS, strict=True),
    *((2, time, 3, 4) for time in around(16, 32, 64, 128, 256)),
    *((1, 3, size, size) for size in (9, 11, 21, 39, 70, 133)),
    *((5, 2, 37, 69), (18, 2, 21, 133), (35, 2, 69, 70)),
    *((300, 2, 2, 3), (300, 2, 2, 3), (2, 2, 300, 3), (2, 2, 3, 300)),
)
"""Batch, time, input and hidden size at once: a case shows each that is wrong. Large batches are of few
units; one row alone, which kernels of its own take, is of many, and some rows are left over of blocks of four
where units are many, too. 300 is more than a byte counts, and than a block of 256 holds."""
KERNELS = replace(
    POOL,
    layers=(1, 1, 2, 5, 6),
    regimes=("damped",),
    initial_states=(False, True, True, True),
    return_sequences=(True, True, False),
    sizes=KERNEL_SIZES,
    scatter=True,
)
PADDED = replace(
    POOL,
    layers=(1, 1, 1, 2),
    directions=(1, 1, 1, 2),
    activations=BOUNDED,
    regimes=("damped",),
    batch=(4,),
    time=(530, 530, 140),
    inputs=(2,),
    hidden=(3,),
    padding=("lengths", "mask", "lengths", "mask", "none", "lengths and mask"),
    go_backwards=(False, True, True),
    scatter=True,
)
"""Beyond the 127 and the 255 that a byte counts to, and blocks of 512 steps."""


class Shortened(OnOneRoute):
    """Of which some are padded."""

    def __call__(self, routes: Mapping[str, Supports]) -> SearchStrategy[Case]:
        return super().__call__(routes).map(shortened)


LONG_SEQUENCES = Shortened(LONG, replace(LONG, time=(400,)), replace(LONG, time=(100,)))
WIDE_LAYERS = OnOneRoute(WIDE, WIDE, WIDE)
PADDED_SEQUENCES = OnOneRoute(
    PADDED,
    replace(PADDED, time=(530,)),
    replace(PADDED, time=(140,), directions=(1,), layers=(1,)),
)


def numbers(most: int, apart: int) -> Cases:
    """Networks of few units, for numbers of steps and of rows: the variant says the first two of them."""
    return Cases(
        directions=(1,),
        regimes=("contractive",),
        sizes=((most, most, 2, 3),),
        scatter=True,
        variants=tuple(f"{first}, {first + apart}, …" for first in range(1, apart + 1)),
    )


ANY_NUMBER = OnOneRoute(numbers(130, 1), numbers(130, 8), numbers(18, 8), numbers(18, 8))


@check("LNG-1", LONG_SEQUENCES, needs=("sequence",), share=RARELY)
def test_thousands_of_steps_follow_the_recurrence(subject: Subject, case: Case) -> None:
    """Final states are the last of them; of rows that have not all of them, too, where lengths say so."""
    if case.steps is not None:
        expect_all_steps(subject, case.replace(lengths=None, mask=None))
    expect_all_steps(subject, case)


def expect_all_steps(subject: Subject, case: Case) -> None:
    """NaN would be as good as NaN; of these activations there is none."""
    output = subject.run(case)
    sequence = expect_steps(subject, case, output)
    lengths = np.full(len(case.x), case.x.shape[1]) if case.steps is None else case.steps.sum(axis=1)
    valid = sequence if case.steps is None else sequence[case.steps]
    subject.require(bool(np.isfinite(valid).all()), "a state is NaN or infinite")
    if subject.supports.final_states:
        ((forward, *backward),) = final_states_of(subject, case, output)
        parts = np.split(sequence, 1 + len(backward), axis=-1)
        left = [parts[0][np.arange(len(lengths)), lengths - 1], *(part[:, 0] for part in parts[1:])]
        subject.require(
            all(map(np.array_equal, left, (forward, *backward))), "final states are not the last outputs"
        )


@check("LNG-2", WIDE_LAYERS, needs=("sequence",), share=RARELY)
def test_hundreds_of_units_follow_the_recurrence(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("LNG-3", KERNELS, needs=("outputs",))
def test_every_size_follows_the_recurrence_under_every_option(subject: Subject, case: Case) -> None:
    """So do derivatives, of which each weight has a share in all rows and steps, and states that are kept.

    Of many units, all that are assigned count.
    """
    expect_everything(subject, case)
    expect_going_on(subject, case)
    if subject.supports.assign_weights and case.network.layers[0].hidden_size > MANY:
        expect_assigned(subject, case)
    if is_differentiable(subject, case):
        case = with_zeros_for_padding(case)
        expect_all(subject, case)
        if subject.supports.tangents:
            expect_tangents(subject, case)


def with_zeros_for_padding(case: Case) -> Case:
    """What stands at masked time steps is another clause's, where derivatives are asked (GRD-19)."""
    if case.steps is None:
        return case
    return case.replace(x=np.where(case.steps[:, :, None], case.x, case.x.dtype.type(0)))


@check("LNG-4", PADDED_SEQUENCES, needs=("outputs", "variable_lengths"), share=SOME)
def test_options_are_honoured_at_hundreds_of_steps(subject: Subject, case: Case) -> None:
    """Also where lengths are said by a mask of bytes, of which a byte does not hold the sum.

    And where lengths themselves are bytes, which the numbers of later time steps are not. Gradients go back
    as far, and kept states come from the last step.
    """
    expect_everything(subject, case)
    expect_going_on(subject, case)
    if is_differentiable(subject, case):
        expect_gradients_of_the_last_step(subject, remembering(with_zeros_for_padding(case)))
    some = case.steps is not None and not case.steps.all()
    if some and case.call.lengths is not None and case.call.mask is None:
        lengths = np.minimum(case.call.lengths, 1 + case.call.lengths % 100)
        few = case.replace(lengths=lengths.astype(np.uint8))
        if subject.refusal_of(few) is None:  # which integers lengths are is the framework's affair
            expect_everything(subject, few)
    if "uint8" in subject.supports.mask_dtypes and case.steps is not None:

        def run(case: Case, *, return_sequences: bool) -> Output:
            return subject.run(of_numbers(case, "uint8"), return_sequences=return_sequences)

        expect_everything(subject, padded_at_the_end(case, case.steps), run)


def padded_at_the_end(case: Case, steps: Array) -> Case:
    """The case with a mask of which each row's valid time steps stand first, as those of lengths do."""
    places = padding_last(steps)
    x = np.take_along_axis(case.x, places[:, :, None], axis=1)
    return case.replace(x=x, lengths=None, mask=np.take_along_axis(steps, places, axis=1))


MANY_ROWS = 66_000
"""Each has a state of its own: more than 16 bits number, and than CUDA has blocks."""


@check("LNG-5", ANY_NUMBER, needs=("sequence",), share=RARELY)
def test_any_number_of_steps_and_of_rows_follows_the_recurrence(subject: Subject, case: Case) -> None:
    """Of the first steps of two rows, the first rows for two steps, and of more rows than a byte counts."""
    expected, most = subject.bounds_of(case).sequence, case.x.shape[1]
    first, second = map(int, case.variant.split(",")[:2])
    for number in range(first, most + 1, second - first):
        for rows, steps in ((2, number), (number, 2)):
            states = case.initial_states
            part = case.replace(
                x=case.x[:rows, :steps],
                initial_states=None if states is None else tuple(state[:, :rows] for state in states),
            )
            subject.agree(
                f"sequence output of {rows} rows and {steps} steps",
                sequence_of(subject, part, subject.run(part)),
                expected.at(np.s_[:rows, :steps]),
                case.network.dtype,
            )
    expect_many_rows(subject, case)


def expect_many_rows(subject: Subject, case: Case) -> None:
    """Without padding, which LNG-3 has in smaller batches; and their gradients."""
    x, states = np.resize(case.x[:, :2], (MANY_ROWS, 2, case.network.input_size)), case.initial_states
    if subject.supports.initial_states:
        own = (np.arange(MANY_ROWS) / MANY_ROWS).astype(case.network.dtype)[:, None]
        states = tuple(np.broadcast_to(own, shape).copy() for shape in case.network.state_shapes(MANY_ROWS))
    many = case.replace(x=x, initial_states=states)
    expect_answer(subject, many, subject.run(many))
    if is_differentiable(subject, many):
        expect_all(subject, many)
