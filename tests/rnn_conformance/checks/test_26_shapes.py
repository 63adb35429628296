"""SHP: shapes before numbers, and the masks that go with outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from rnn_adapters.adapter import Output
from rnn_adapters.declarations import NarrowType
from rnn_adapters.surface import Shape, Shapes, UnknownAxis
from rnn_conformance.checks.support.asking import expect_derivatives, left_alone, with_states
from rnn_conformance.checks.support.derivatives import is_differentiable
from rnn_conformance.checks.support.expect import (
    asked_for,
    expect_everything,
    features_of,
    of_numbers,
    with_other_merge,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.meaning import as_computed, in_processing_order
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import ANY_DTYPE, EITHER_OUTPUT, POOL, Cases, Padding
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array, MergeMode

FEW = 0.25  # a mask is right or wrong as a whole
MORE = 1.5  # of options as many as of a call

TAME: tuple[Regime, ...] = ("contractive", "moderate")
SHORT = (1, 2, 3, 4)
MASKED: tuple[Padding, ...] = ("mask",)
BOTH: tuple[Padding, ...] = ("lengths and mask",)
SAID: tuple[Padding, ...] = ("none", "mask", "lengths and mask")
MERGES: tuple[MergeMode, ...] = ("concat", "sum", "mul", "ave", "none")
NARROW: tuple[NarrowType | None, ...] = (None, "float16", "bfloat16")

UNKNOWN: Mapping[str, tuple[UnknownAxis, ...]] = {
    "nothing unknown": (),
    "batch unknown": ("batch",),
    "time unknown": ("time",),
    "batch and time unknown": ("batch", "time"),
}

ANY = Cases(
    layers=(1, 1, 2),
    directions=(1, 2, 2),
    batch=(1, 2, 3, 4, 300),
    time=(*SHORT, 300),
    padding=SAID,
    go_backwards=(False, True),
    merge_modes=MERGES,
    stateful=(False, False, True),
    dtypes=ANY_DTYPE,
    compute_dtypes=(None, None, None, "float16", "bfloat16"),
    training=(False, True),
    dropout=POOL.dropout,
    variants=tuple(UNKNOWN),
    exact=True,
)


def dropping(case: Case) -> Case:
    """The case, which drops numbers if it is one of training: shapes and masks do not depend on them."""
    return case.replace(rate=0.5) if case.call.training and case.call.dropout else case


def as_handed(case: Case) -> Case:
    """The case with whole numbers: a mask does not depend on them, and some are told by a number (OPT-9)."""
    return dropping(case.replace(x=np.rint(case.x)))


def unknown_of(subject: Subject, case: Case) -> tuple[UnknownAxis, ...]:
    """The axes that the framework is not told, of those that it can do without.

    Stateful layers keep states for a batch that they know.
    """
    known = subject.supports.unknown_axes
    given = "batch" if case.call.stateful else ""
    return tuple(axis for axis in UNKNOWN[case.variant] if axis in known and axis != given)


def sizes_of(subject: Subject, case: Case) -> tuple[int | None, int | None]:
    """Batch and time as far as the framework is told of them."""
    batch, time, _ = case.x.shape
    unknown = unknown_of(subject, case)
    return None if "batch" in unknown else batch, None if "time" in unknown else time


def expect_shape(subject: Subject, what: str, inferred: Shape | None, expected: Shape) -> None:
    """One shape, in which None is an axis that cannot be known."""
    if inferred != expected:
        message = f"{what}: expected {expected}; inferred {inferred}"
        raise NonConforming(message, kind="shape", what=what)
    subject.tally.count()


def otherwise(subject: Subject, case: Case) -> Case:
    """The case with something else than what it was asked with: other axes unknown, or input of integers."""
    integers, number = subject.supports.input_dtypes, sum(case.x.shape)
    if number % 2 and integers:
        return case.replace(x=np.rint(np.abs(case.x)).astype(integers[number // 2 % len(integers)]))
    others = [variant for variant in UNKNOWN if variant != case.variant]
    return case.replace(variant=others[number // 2 % len(others)])


@check("SHP-1", ANY, needs=("inferred_shapes", "sequence"))
def test_the_shape_of_the_sequence_output_is_inferred(subject: Subject, case: Case) -> None:
    """And once more of the same network and input, where directions are merged in another way."""
    case = dropping(case)
    for asked in (case, *with_other_merge(subject, case), otherwise(subject, case)):
        expected = (*sizes_of(subject, asked), features_of(asked))
        for way, shapes in subject.inferred_shapes(asked, unknown_of(subject, asked)).items():
            expect_shape(subject, f"sequence output by {way}", shapes.sequence, expected)
    for empty, way, shapes in inferred_of_zero(subject, case):
        expected = (*empty.x.shape[:2], features_of(empty))
        expect_shape(subject, f"empty sequence output by {way}", shapes.sequence, expected)
    if subject.supports.lengths:
        expect_padding_to_count(subject, case)


def expect_padding_to_count(subject: Subject, case: Case) -> None:
    """Beside lengths alone, of which none may be T, the inferred time is that of the input.

    An error is left alone: what packs rows cannot always say how much there is of them before it counts.
    """
    time = case.x.shape[1]
    short = np.full(len(case.x), max(time - 1, 1))
    asked = case.replace(lengths=short, mask=None)
    expected = (*sizes_of(subject, asked), features_of(asked))
    found = left_alone(partial(subject.inferred_shapes, asked, unknown_of(subject, asked)))() or {}
    for way, shapes in found.items():
        expect_shape(subject, f"sequence output beside lengths by {way}", shapes.sequence, expected)


def inferred_of_zero(subject: Subject, case: Case) -> Iterator[tuple[Case, str, Shapes]]:
    """What is inferred of no rows and of no time steps, by way.

    A size of zero is known: it is inferred, or refused as where it is computed (EDG-1, EDG-2).
    """
    lengths = case.call.lengths
    no_steps = case.replace(
        x=case.x[:, :0],
        lengths=None if lengths is None else 0 * lengths,
        mask=None if case.call.mask is None else case.call.mask[:, :0],
    )
    for empty in (case.reordered(np.arange(0)), no_steps):
        asked = left_alone(partial(subject.inferred_shapes, empty, ()))
        for way, shapes in (asked() or {}).items():
            yield empty, way, shapes


@check("SHP-2", ANY, needs=("inferred_shapes", "last_output"))
def test_the_shape_of_the_last_output_is_inferred(subject: Subject, case: Case) -> None:
    for asked in (dropping(case), otherwise(subject, case)):
        asking = asked.replace(return_sequences=False)
        expected = (sizes_of(subject, asking)[0], features_of(asking))
        for way, shapes in subject.inferred_shapes(asking, unknown_of(subject, asking)).items():
            expect_shape(subject, f"last output by {way}", shapes.last, expected)
    asking = dropping(case).replace(return_sequences=False)
    for empty, way, shapes in inferred_of_zero(subject, asking):
        expected = (len(empty.x), features_of(empty))
        expect_shape(subject, f"empty last output by {way}", shapes.last, expected)


@check("SHP-3", ANY, needs=("inferred_shapes", "final_states"))
def test_the_shapes_of_final_states_are_inferred(subject: Subject, case: Case) -> None:
    """Beside sequences as beside last outputs."""
    batch, _ = sizes_of(subject, case)
    expected = [(batch, cell.hidden_size) for cell in case.network.cells]
    for sequences in asked_for(subject, case):
        asking = dropping(case).replace(return_sequences=sequences)
        for way, shapes in subject.inferred_shapes(asking, unknown_of(subject, case)).items():
            found = list(shapes.final_states or ())
            if found != expected:
                what = f"final states by {way}"
                raise NonConforming(f"{what}: expected {expected}; inferred {found}", kind="shape", what=what)
            subject.tally.count()
    for empty, way, shapes in inferred_of_zero(subject, dropping(case)):
        of_empty = [(len(empty.x), cell.hidden_size) for cell in case.network.cells]
        what, found = f"final states of empty input by {way}", list(shapes.final_states or ())
        if found != of_empty:
            raise NonConforming(f"{what}: expected {of_empty}; inferred {found}", kind="shape", what=what)
        subject.tally.count()


@check(
    "SHP-4",
    Cases(
        layers=(1, 1, 2),
        directions=(1, 1, 2),
        dtypes=(
            "float32",
            "float32",
            "float32",
            "float64",
            "float16",
            "bfloat16",
        ),  # the first for mixed precision
        compute_dtypes=NARROW,
        padding=SAID,
        go_backwards=(False, True),
        merge_modes=MERGES,
        stateful=(False, False, True),
        variants=tuple(UNKNOWN),
        covering=True,
    ),
    needs=("inferred_shapes", "outputs"),
    share=MORE,
)
def test_the_type_of_outputs_is_inferred(subject: Subject, case: Case) -> None:
    """Integers are taken for numbers of the type computed in, and change nothing of it."""
    if case.network.dtype != np.float32:
        case = case.replace(compute_dtype=None)
    expect_inferred_type(subject, case)
    if case.call.compute_dtype is not None:
        expect_inferred_type(subject, case.replace(compute_dtype=None))
    known = subject.supports.input_dtypes
    for dtype in {known[-1], known[sum(case.x.shape) % len(known)]} if known else ():
        expect_inferred_type(subject, case.replace(x=np.rint(np.abs(case.x)).astype(dtype)))


def expect_inferred_type(subject: Subject, case: Case) -> None:
    """By every way, of sequences and of last outputs."""
    supports, expected = subject.supports, case.call.compute_dtype or str(case.network.dtype)
    asked = [kind for kind, able in ((True, supports.sequence), (False, supports.last_output)) if able]
    inferred = {
        f"{way}, {'sequence' if sequences else 'last'} output": shapes.dtype
        for sequences in asked or [False]
        for way, shapes in subject.inferred_shapes(
            case.replace(return_sequences=sequences), unknown_of(subject, case)
        ).items()
        if shapes.dtype
    }
    subject.require(bool(inferred), "no type is inferred in any way", kind="wrong return")
    for way, dtype in inferred.items():
        what = f"type by {way}"
        if dtype != expected:
            raise NonConforming(f"{what}: expected {expected}; inferred {dtype}", kind="dtype", what=what)
        subject.tally.count()


def of_outputs(subject: Subject, case: Case) -> Array | None:
    """The mask in the order of the outputs."""
    order = subject.conventions.go_backwards_order
    return case.steps if order == "input" else in_processing_order(case, order).steps


def expect_handed(subject: Subject, case: Case, expected: Array | None) -> None:
    """In every way, this mask is handed on."""
    for way, mask in subject.handed_masks(case).items():
        what = f"mask handed on by {way}"
        shown = "none" if expected is None else expected.astype(int).tolist()
        if mask is None or expected is None:
            alike = mask is None and expected is None
        else:
            alike = mask.shape == expected.shape and np.array_equal(mask.astype(bool), expected)
        if not alike:
            got = "none" if mask is None else mask.astype(int).tolist()
            raise NonConforming(f"{what}: expected {shown}; got {got}", what=what)
        subject.tally.count()


HANDED = replace(
    POOL,
    layers=(1, 1, 1, 2, 3),
    directions=(1, 1, 2),
    batch=(1, 2, 3, 4, 130),
    time=(1, 2, 3, 6, 33, 130),
    padding=(*MASKED * 3, *BOTH * 2, "lengths", "mask of every step", "mask of no step in any row"),
    poisons=("numbers",),
    go_backwards=(False, True, True),
    stateful=(False, False, False, True),
    return_sequences=(True,),
    exact=True,
    covering=False,
)
"""Half of them go backwards where they can: what the covering of pairs draws mostly merges directions."""


NUMBERS = ("uint8", "int32", "int64", "float32")
"""Types of masks."""


def in_numbers(subject: Subject, case: Case) -> Case:
    """The case with a mask of the numbers of its variant, if it has one and the framework takes these."""
    if case.call.mask is None or case.variant not in subject.supports.mask_dtypes:
        return case
    return of_numbers(case, case.variant)


@check("SHP-5", replace(HANDED, variants=("", *NUMBERS)), needs=("handed_masks", "sequence"), share=MORE)
def test_the_mask_is_handed_on_with_the_sequence_output(subject: Subject, case: Case) -> None:
    """Be it of booleans or of numbers, whatever was handed on before of the same shape; of integers, too."""
    full = case.replace(mask=None if case.call.mask is None else np.ones_like(case.call.mask))
    for each in (full, case) if case.call.mask is not None else (case,):
        expect_handed(subject, as_handed(in_numbers(subject, each)), of_outputs(subject, each))
    for dtype in subject.supports.input_dtypes[:1]:
        undropped = case.replace(
            dropout=None, rate=0.0
        )  # what drops integers has a clause of its own (DRP-20)
        integers = as_handed(undropped).replace(x=np.rint(np.abs(case.x)).astype(dtype))
        expect_handed(subject, integers, of_outputs(subject, case))


@check("SHP-6", replace(HANDED, variants=("", *NUMBERS)), needs=("handed_masks", "last_output"), share=FEW)
def test_no_mask_is_handed_on_with_a_last_output(subject: Subject, case: Case) -> None:
    """Be it of booleans or of numbers."""
    case = in_numbers(subject, case)
    expect_handed(subject, as_handed(case).replace(return_sequences=False), None)


@check(
    "SHP-7",
    replace(
        POOL,
        padding=(*MASKED, *MASKED, "lengths and mask"),
        variants=NUMBERS,
    ),
    needs=("mask_dtypes", "outputs"),
)
def test_a_mask_of_numbers_is_as_one_of_booleans(subject: Subject, case: Case) -> None:
    """In derivatives, too; those of other types than float32 have clauses of their own."""
    known = subject.supports.mask_dtypes
    dtype = case.variant if case.variant in known else known[0]

    def run(case: Case, *, return_sequences: bool) -> Output:
        return subject.run(of_numbers(case, dtype), return_sequences=return_sequences)

    expect_everything(subject, case, run)
    expect_derivatives_as_of_booleans(subject, case, dtype)


def expect_derivatives_as_of_booleans(subject: Subject, case: Case, dtype: str) -> None:
    """Where they can be taken, of float32."""
    taken = with_states(subject, case).replace(stateful=False)
    if not is_differentiable(subject, taken) or as_computed(case).network.dtype != np.float32:
        return
    expect_derivatives(subject, taken, of_numbers(taken, dtype))


@check(
    "SHP-8",
    Cases(
        layers=(1, 1, 2),
        directions=(1, 1, 2),
        time=SHORT,
        hidden=(1, 2, 4),
        padding=SAID,
        go_backwards=(False, True),
        merge_modes=MERGES,
        variants=tuple(UNKNOWN),
        return_sequences=EITHER_OUTPUT,
        exact=True,
        covering=True,
    ),
    needs=("inferred_shapes", "outputs"),
    routes=("unrolled", "axes", "cell", "compiled", "saved", "model", "padding"),
)
def test_every_other_route_infers_the_same(subject: Subject, case: Case) -> None:
    supports = subject.supports
    batch, time = sizes_of(subject, case)
    states = [(batch, cell.hidden_size) for cell in case.network.cells]
    for sequences in asked_for(subject, case):
        asking = case.replace(return_sequences=sequences)
        for way, shapes in subject.inferred_shapes(asking, unknown_of(subject, case)).items():
            if sequences and supports.sequence:
                expected = (batch, time, features_of(case))
                expect_shape(subject, f"sequence output by {way}", shapes.sequence, expected)
            elif not sequences:
                expect_shape(subject, f"last output by {way}", shapes.last, (batch, features_of(case)))
            found, expected_states = list(shapes.final_states or ()), states if supports.final_states else []
            said = f"final states by {way}: expected {expected_states}; inferred {found}"
            subject.require(found == expected_states, said, kind="shape")
        if supports.handed_masks and case.steps is not None:
            expect_handed(subject, asking, of_outputs(subject, case) if sequences else None)
