"""ERR: how bad input is answered."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.framework import DEFAULT
from rnn_adapters.surface import IntegerType
from rnn_conformance.checks.support.asking import derivatives_of, one_of
from rnn_conformance.checks.support.expect import (
    copied_final_states,
    expect_everything,
    expect_output,
)
from rnn_conformance.checks.support.mistakes import (
    Change,
    Mistake,
    among_batch_axes,
    derivatives_of_the_wrong,
    expect_refusal,
    expect_refusal_of_states,
    in_other_batch_axes,
    is_refused,
    of_any,
    with_state,
    with_x,
)
from rnn_conformance.checks.test_09_laws import identical
from rnn_conformance.checks.test_11_lengths import LENGTHS
from rnn_conformance.checks.test_12_masks import MASKS
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.strategies import EITHER_OUTPUT, POOL, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import precision_of

HALF, FEW = 0.5, 0.25  # these cases are expensive, or have little to draw
MORE = 2.5  # six mistakes on every route
OF_TYPES = 2.0  # nine, each in stacks and in every processing order

FEATURES: dict[str, Mistake] = {
    "one feature too many": with_x(lambda x: np.concatenate([x, x[..., :1]], axis=-1)),
    "one feature too few": with_x(lambda x: x[..., :-1]),
    "all features twice": with_x(lambda x: np.concatenate([x, x], axis=-1)),
    "no features": with_x(lambda x: x[..., :0]),
    "one feature, or two where one is right": with_x(
        lambda x: x[..., :1] if x.shape[-1] > 1 else np.concatenate([x, x], axis=-1)
    ),
}
AXES: dict[str, Mistake] = {
    "one axis": with_x(lambda x: x[0, 0]),
    "four axes": with_x(lambda x: x[None]),
    "four axes, the second of one": with_x(lambda x: x[:, None]),
    "four axes, the last of one": with_x(lambda x: x[..., None]),
}
STATE_SHAPES: dict[str, Change] = {
    "state of batch 1": lambda state: state[:, :1],
    "state of a larger batch": lambda state: np.concatenate([state, state[:, :1]], axis=1),
    "state of a smaller batch": lambda state: state[:, :-1],
    "state with one unit too many": lambda state: np.concatenate([state, state[..., :1]], axis=-1),
    "state with one unit too few": lambda state: state[..., :-1],
    "state of as many numbers in other axes": lambda state: (
        state.swapaxes(1, 2) if state.shape[1] != state.shape[2] else state.reshape(len(state), 1, -1)
    ),
}
STATE_NUMBERS: dict[str, Change] = {
    "a state too many": lambda state: np.concatenate([state, state[:1]]),
    "a state too few": lambda state: state[:-1],
}


ANY_CALL = replace(POOL, exact=True)
"""A mistake is one whatever else is asked for."""


@check("ERR-1", replace(ANY_CALL, variants=tuple(FEATURES)))
def test_wrong_number_of_features_is_an_error(subject: Subject, case: Case) -> None:
    """Of integers, too, where these are taken as input."""
    expect_refusal(subject, case, FEATURES)
    for dtype in subject.supports.input_dtypes[:1]:
        expect_refusal(subject, case.replace(x=np.ones(case.x.shape, dtype)), FEATURES)


@check("ERR-2", replace(ANY_CALL, variants=tuple(AXES)), needs=("time_axis",), share=HALF)
def test_wrong_number_of_axes_is_an_error(subject: Subject, case: Case) -> None:
    """Four axes are right where there may be two batch axes, and where each row is a call: it has three."""
    of_rows = not subject.conventions.has_axis("x", "batch")
    if of_rows or subject.supports.leading_axes or subject.adapter_of(DEFAULT).supports.leading_axes:
        case = case.replace(variant="one axis")
    expect_refusal(subject, case, AXES)
    # What else is given may be what is refused.
    expect_refusal(subject, case.replace(initial_states=None, lengths=None, mask=None), AXES)


@check(
    "ERR-3",
    replace(
        ANY_CALL,
        layers=(1, 2, 3, 3),
        batch=tuple(rows for rows in ANY_CALL.batch if rows > 1),  # of one row, a state of batch 1 is right
        variants=tuple(STATE_SHAPES),
        initial_states=(True,),
    ),
    needs=("initial_states",),
    share=MORE,
)
def test_initial_state_of_the_wrong_shape_is_an_error(subject: Subject, case: Case) -> None:
    expect_refusal_of_states(subject, case, STATE_SHAPES)


@check(
    "ERR-4",
    replace(ANY_CALL, variants=tuple(STATE_NUMBERS), initial_states=(True,)),
    needs=("initial_states",),
)
def test_wrong_number_of_initial_states_is_an_error(subject: Subject, case: Case) -> None:
    expect_refusal_of_states(subject, case, STATE_NUMBERS)


OTHERS_OF_STATES = ("int32", "int64", "bool", "float16")
TYPES = (
    *("float64", "float16", "int32", "int64", "bool", "complex64", "complex128"),
    *("float64 states", "complex64 states"),
    *("complex128", "complex64 states", "complex64 states"),  # no imaginary part may be lost in any layer
)


@check(
    "ERR-5",
    replace(
        POOL,
        layers=(1, 2, 2),
        time=(1, 2, 3),
        dtypes=("float32", "float32", "float32", "float64"),
        compute_dtypes=(None,),
        poisons=("numbers",),
        initial_states=(True,),
        dropout=(None,),
        return_sequences=(True,),
        variants=TYPES,
    ),
    needs=("sequence", "initial_states"),
    share=OF_TYPES,
)
def test_input_of_another_type_is_the_same_numbers_or_an_error(subject: Subject, case: Case) -> None:
    """States are of another type in one layer, in each of them in turn.

    Complex numbers come with an imaginary part, which must not be dropped, and with none. Whether it was
    taken or refused, input of another type leaves this to no later call.
    """
    assert case.initial_states is not None
    name, _, of_states = case.variant.partition(" ")
    dtype, weights = np.dtype(name), case.network.dtype
    if of_states:
        for place, state in enumerate(case.initial_states):
            states = list(case.initial_states)
            for imaginary in imaginary_parts(dtype):
                states[place] = (state + imaginary if imaginary else state).astype(dtype)
                given = case.replace(initial_states=tuple(states))
                expect_the_same_or_an_error(subject, f"{name} initial states", dtype, given, case)
        other = OTHERS_OF_STATES[of_any(case.call, len(OTHERS_OF_STATES))]
        expect_states_of_another_type(subject, np.dtype(other), case)
        return
    # Numbers that both types have.
    common = case.x.astype(dtype if dtype.kind != "c" else weights)
    for imaginary in imaginary_parts(dtype):
        given = case.replace(x=(common + imaginary if imaginary else common).astype(dtype))
        meant = case.replace(x=common.astype(weights))
        expect_the_same_or_an_error(subject, f"{name} input", dtype, given, meant)
        narrow = subject.supports.compute_dtypes
        if narrow and dtype.kind != "c" and weights == np.float32:
            mixed = {"compute_dtype": narrow[of_any(case.call, len(narrow))]}
            expect_the_same_or_an_error(
                subject, f"{name} input", dtype, given.replace(**mixed), meant.replace(**mixed)
            )
    expect_output(subject, case, subject.run(case))


def expect_states_of_another_type(subject: Subject, dtype: np.dtype[Any], case: Case) -> None:
    """All of them are, and hold numbers that both types have."""
    states = [state.astype(dtype) for state in case.initial_states or ()]
    given = case.replace(initial_states=tuple(states))
    meant = case.replace(initial_states=tuple(state.astype(case.network.dtype) for state in states))
    expect_the_same_or_an_error(subject, f"{dtype} initial states", dtype, given, meant)


def imaginary_parts(dtype: np.dtype[Any]) -> tuple[complex, ...]:
    """The imaginary parts that numbers of a type are asked with."""
    return (1j, 0j) if dtype.kind == "c" else (0j,)


def expect_the_same_or_an_error(
    subject: Subject, what: str, dtype: np.dtype[Any], given: Case, meant: Case
) -> None:
    """What is given is taken for what is meant, or refused; what is complex is refused, in every type."""
    finding = f"expected an error for {what}; got an answer"
    output = subject.answer_to(given)
    if output is None:
        subject.tally.count()
        is_float32 = given.network.dtype == np.float32
        for narrow in subject.supports.compute_dtypes if dtype.kind == "c" and is_float32 else ():
            mixed = subject.answer_to(given.replace(compute_dtype=narrow))
            subject.require(mixed is None, f"{finding} in {narrow}", "not refused")
        return
    subject.require(dtype.kind != "c", finding, "not refused")
    expect_output(subject, meant, output)


ONE_CELL = "of one cell alone"


@check(
    "ERR-6",
    Cases(
        variants=("no such activation", "Tanhh", "", ONE_CELL, ONE_CELL, "tanhh", "relu-like"),
        layers=(1, 2, 3),
        time=(1, 2, 3),
        exact=True,
        covering=True,
    ),
    needs=("names_activations",),
    share=HALF,
)
def test_an_unknown_activation_is_an_error(subject: Subject, case: Case) -> None:
    cells = list(case.network.cells)
    for index in unknown_cells(subject, case):
        unknown = copy.copy(cells[index])
        activation = copy.copy(unknown.activation)
        object.__setattr__(activation, "name", case.variant)  # Activation itself would refuse it
        object.__setattr__(unknown, "activation", activation)
        cells[index] = unknown
    given = iter(cells)
    layers = [Layer(*(next(given) for _ in layer.cells)) for layer in case.network.layers]
    refusal = subject.refusal_of(case.replace(network=Network(layers)))
    subject.require(
        refusal is not None, f"activation {case.variant!r}: expected an error; got an answer", "not refused"
    )


def unknown_cells(subject: Subject, case: Case) -> range:
    """The cells of which none is known: of those that may differ, one alone if the variant says so."""
    layers, supports, count = case.network.layers, subject.supports, len(case.network.cells)
    if case.variant != ONE_CELL or not (supports.mixed_layers or len(layers) == 1):
        return range(count)
    wrong = of_any(case.call, count)
    if supports.mixed_directions:
        return range(wrong, wrong + 1)
    first = 0
    for layer in layers:
        if wrong < first + layer.directions:
            break
        first += layer.directions
    return range(first, first + layer.directions)


INTEGERS = get_args(IntegerType)


@check(
    "ERR-7",
    replace(POOL, dropout=(None,), poisons=("numbers",), variants=INTEGERS),
    needs=("input_dtypes", "outputs"),
)
def test_integers_are_taken_for_the_numbers_that_they_are(subject: Subject, case: Case) -> None:
    """An integer is neither NaN nor infinite, so nothing of this kind stands at masked time steps."""
    known = subject.supports.input_dtypes
    dtype = np.dtype(case.variant if case.variant in known else known[0])

    def run(case: Case, *, return_sequences: bool) -> Output:
        return subject.run(case.replace(x=case.x.astype(dtype)), return_sequences=return_sequences)

    expect_everything(subject, with_large_integers(case, dtype), run)
    if case.call.stateful and subject.supports.sequence and subject.supports.final_states:
        alone = case.replace(initial_states=None, return_sequences=True, compute_dtype=None)
        expect_integers_to_go_on(subject, alone, dtype)
    if subject.supports.sequence:
        expect_floats_after_integers(subject, case.replace(return_sequences=True, stateful=False), dtype)
    others = [other for other in known if other != dtype]
    if others and subject.supports.sequence:
        other = np.dtype(others[of_any(case.call, len(others))])
        case = case.replace(return_sequences=True, stateful=False)
        expect_integers_after_others(subject, case, dtype, other)


def expect_integers_to_go_on(subject: Subject, case: Case, dtype: np.dtype[Any]) -> None:
    """A call with integers starts from the states that were left, and leaves its own to the next."""
    subject.load_anew(case.network)
    states = copied_final_states(subject, case, subject.run(case))
    integers = case.replace(x=np.rint(np.abs(case.x)))
    found = subject.run(integers.replace(x=integers.x.astype(dtype)))
    expect_output(subject, integers.replace(initial_states=states), found)
    states = copied_final_states(subject, integers, found)
    expect_output(subject, case.replace(initial_states=states), subject.run(case))


def expect_floats_after_integers(subject: Subject, case: Case, dtype: np.dtype[Any]) -> None:
    """What was first called with integers takes other numbers as they are, in the type of the weights."""
    subject.load_anew(case.network)
    subject.run(case.replace(x=np.rint(np.abs(case.x)).astype(dtype)))
    floats = case.replace(compute_dtype=None)
    expect_output(subject, floats, subject.run(floats))


def expect_integers_after_others(
    subject: Subject, case: Case, dtype: np.dtype[Any], other: np.dtype[Any]
) -> None:
    """What is loaded takes small integers of another type, and then large ones of this."""
    large = with_large_integers(case, dtype)
    small = large.replace(x=np.rint(np.abs(case.x)))
    for given, of_type in ((small, other), (large, dtype)):
        expect_output(subject, given, subject.run(given.replace(x=given.x.astype(of_type))))


def with_large_integers(case: Case, dtype: np.dtype[Any]) -> Case:
    """The case with input of integers, the largest as large as it can be, and weights that are as small.

    Each integer is one that the type of the weights, and the one that is computed in, hold exactly. In
    float16 they are few enough for the weights to stay above its smallest normal numbers.
    """
    precision = precision_of(case.call.compute_dtype or case.network.dtype)
    digits = round(-np.log2(precision.unit_roundoff))
    bits = min(int(np.iinfo(dtype).max).bit_length(), int(np.log2(precision.largest)) - 4)
    x = case.x.astype(np.float64)
    x = np.abs(x) if dtype.kind == "u" else x
    largest = np.abs(x).max(initial=0) or 1.0
    kept = min(digits, bits)
    x = np.rint(x / largest * (2.0**kept - 1)) * 2.0 ** (bits - kept)
    factor = 2.0 ** (round(np.log2(largest)) - bits)

    def small(cell: Cell) -> Cell:
        return replace(cell, W_x=cell.W_x * cell.dtype.type(factor))

    bottom, *others = case.network.layers
    network = Network([Layer(*map(small, bottom.cells)), *others])
    return case.replace(network=network, x=x.astype(case.network.dtype))


@check("ERR-8", Cases(layers=(1,), time=(1, 2, 3), exact=True), needs=("wrong_layers",), share=FEW)
def test_what_makes_no_layer_is_refused_when_it_is_made(subject: Subject, case: Case) -> None:
    """What is accepted is named together, so that a record of some does not excuse another."""
    refused = subject.wrong_layers(case)
    accepted = sorted(words for words, error in refused.items() if not error)
    if accepted:
        what = f"layers made of {'; '.join(accepted)}"
        raise NonConforming(f"{what}: expected errors", kind="not refused", what=what)
    subject.tally.count(len(refused))


NO_OPTIONS: dict[str, Any] = {
    "compute_dtype": None,
    "go_backwards": False,
    "merge_mode": "concat",
    "lengths": None,
    "mask": None,
}


@check(
    "ERR-9",
    Cases(
        layers=(1, 2),
        regimes=("contractive",),
        compute_dtypes=(None, "float16", "bfloat16"),
        go_backwards=(False, True),
        merge_modes=("concat", "sum", "mul", "ave", "none"),
        padding=("none", "mask", "lengths", "lengths and mask"),
        return_sequences=EITHER_OUTPUT,
        stateful=(False, False, True),
        variants=("", "training", "derivatives"),
    ),
    needs=("outputs",),
)
def test_a_refused_call_leaves_nothing_behind(subject: Subject, case: Case) -> None:
    """Wrong calls of what is loaded, in training, too, then right ones: without options, and with them.

    In the variant of training a right call of training is answered, too; what it drops is not known. In that
    of derivatives those of the wrong calls are asked for, and right ones give to the bit what they gave.
    """
    of_input = [FEATURES["one feature too many"], AXES["one axis"]]
    of_padding = [a_mask_of_a_step_too_many] if subject.supports.masks else []
    of_state = (
        [with_state(STATE_SHAPES["state with one unit too many"])] if case.initial_states is not None else []
    )
    training = [
        replace(case.call, training=True, dropout=place, rate=0.5) for place in subject.supports.dropout
    ]
    mistakes = [*of_input, *of_state]
    if case.variant != "training":  # each in turn is the last, so that what it leaves is not overwritten
        mistakes += of_padding
        last = sum(case.x.shape) % len(mistakes)
        mistakes = [*mistakes[last + 1 :], *mistakes[: last + 1]]
    right = derivatives_of(subject, case) if case.variant == "derivatives" else {}
    right = right if subject.supports.expensive == "nothing" else one_of(case, right)
    before = {name: copied(ask()) for name, ask in right.items()}
    with subject.nothing_altered(drawing=True):
        for mistake in mistakes:
            for call in (case.call, *training):
                subject.error_of(case.network, mistake(call))
            if case.variant == "derivatives":
                for derivative in derivatives_of_the_wrong(subject, case, mistake).values():
                    for _ in range(2):  # the second may find what the first has left open
                        is_refused(derivative)
    for name, ask in right.items():
        after = copied(ask())
        subject.require(
            len(after) == len(before[name]) and all(map(identical, before[name], after)),
            f"{name}: refused calls have changed what is asked after them",
        )
    if case.variant == "training":
        for call in training:
            subject.call(case.network, call)
    if case.call.stateful and subject.supports.sequence and subject.supports.final_states:
        alone = case.replace(**NO_OPTIONS, return_sequences=True)
        # What the top layer of a stack refuses, those below it have answered.
        expect_kept_states_to_stay(subject, alone, of_input, of_state if case.network.num_layers == 1 else [])
    bare = case.replace(**NO_OPTIONS)
    if bare.fingerprint != case.fingerprint:
        expect_everything(subject, bare)
    expect_everything(subject, case)


def copied(found: Sequence[Array] | None) -> list[Array]:
    """The arrays that a derivative gave, as they are now; none where there is no answer."""
    return [array.copy() for array in found or ()]


def expect_kept_states_to_stay(
    subject: Subject, case: Case, of_input: Sequence[Mistake], of_state: Sequence[Mistake]
) -> None:
    """Stateful layers go on from where they were, whatever states a refused call was given, if any.

    Where a mistake is answered, the states after it are nobody's: all is done again without it.
    """
    stateful = case.replace(initial_states=None)
    shapes, dtype = case.network.state_shapes(len(case.x)), case.network.dtype
    given = stateful.replace(initial_states=tuple(np.full(shape, 0.5, dtype) for shape in shapes))
    of_call = [*of_input, a_mask_of_a_step_too_many] if subject.supports.masks else [*of_input]
    if subject.supports.lengths and all(
        subject.conventions.has_axis("x", axis) for axis in ("batch", "time")
    ):
        of_call.append(lengths_of_a_step_too_many)
    wrong = [mistake(stateful.call) for mistake in of_call]
    wrong += [mistake(given.call) for mistake in (*of_call, *of_state)]
    while True:
        subject.reset_states(case.network)
        states = copied_final_states(subject, stateful, subject.run(stateful))
        refused = [call for call in wrong if subject.error_of(case.network, call)]
        if case.variant == "derivatives":
            for mistake in of_call:
                for derivative in derivatives_of_the_wrong(subject, given, mistake).values():
                    is_refused(derivative)
        if len(refused) == len(wrong):
            break
        wrong = refused
    expect_output(subject, stateful.replace(initial_states=states), subject.run(stateful))


def a_mask_of_a_step_too_many(call: Call) -> Call:
    """One that has a time step more than the input."""
    return replace(call, mask=np.ones((len(call.x), call.x.shape[1] + 1), bool), lengths=None)


def lengths_of_a_step_too_many(call: Call) -> Call:
    """Lengths of a time step more than the input has."""
    return replace(call, lengths=np.full(len(call.x), call.x.shape[1] + 1), mask=None)


IN_OTHER_AXES: dict[str, Mistake] = {
    field: in_other_batch_axes(field) for field in ("initial_states", "lengths", "mask")
}
OF_THE_LAST_AXIS: dict[str, Mistake] = {
    field: in_other_batch_axes(field, 3, (3,)) for field in ("initial_states", "lengths", "mask")
}
"""Three rows in the last batch axis alone, which broadcasting would repeat for the first."""
OF_ONE_ROW: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((2, 3), (1, 1)),
    ((2, 3), (1, 3)),
    ((2, 3), (2, 1)),
    ((), (1,)),
    ((1,), ()),
    ((1,), (1, 1)),
)
"""Batch axes of the input, and others that broadcasting or a reshape would bring into them."""
IN_TWO_AXES = {
    "x": among_batch_axes(FEATURES),
    "initial_states": among_batch_axes({name: with_state(change) for name, change in STATE_SHAPES.items()}),
    "lengths": among_batch_axes(LENGTHS),
    "mask": among_batch_axes(MASKS),
}
"""What is a mistake beside one batch axis, by what is wrong."""


@check(
    "ERR-10",
    replace(
        ANY_CALL,
        initial_states=(False, True, True, True),
        padding=("lengths", "none", "mask", "lengths and mask"),
    ),
    needs=("leading_axes",),
    share=HALF,
)
def test_rows_in_other_batch_axes_are_an_error(subject: Subject, case: Case) -> None:
    """Each of what a call has beside its input. What is a mistake of one batch axis is one of two."""
    given = [field for field in IN_OTHER_AXES if getattr(case.call, field) is not None]
    for field in given:
        expect_refusal(subject, case.replace(variant=field), IN_OTHER_AXES)
        expect_refusal(subject, case.replace(variant=field), OF_THE_LAST_AXIS)
        for batch, of_field in OF_ONE_ROW:
            mistake = in_other_batch_axes(field, math.prod(of_field), of_field, batch)
            when = f"in batch axes {of_field} beside {batch}"
            expect_refusal(subject, case.replace(variant=field), {field: mistake}, when)
    for field in ("x", *given):
        for name in IN_TWO_AXES[field]:
            expect_refusal(subject, case.replace(variant=name), IN_TWO_AXES[field])
