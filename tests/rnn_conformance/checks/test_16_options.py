"""OPT: options together, and routes. One strategy draws all, one judgement asks for everything."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Output
from rnn_adapters.declarations import DropoutPlace
from rnn_conformance.checks.support.expect import Run, expect_everything
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import Draw, check
from rnn_conformance.engine.strategies import BATCH, Cases, Padding, Regime
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array, Layer, MergeMode, Network

HALF = 0.5  # these cases are expensive

TAME: tuple[Regime, ...] = ("contractive", "moderate")
SHORT = (1, 2, 3, 4, 5, 6)
SAID: tuple[Padding, ...] = ("none", "lengths", "mask", "lengths and mask")
NO_DROPOUT: tuple[DropoutPlace | None, ...] = (None, None, "input", "state", "between layers")
"""Outside training, where it changes nothing (DRP-1)."""
MERGES: tuple[MergeMode, ...] = ("concat", "sum", "mul", "ave", "none")


def together(
    padding: tuple[Padding, ...] = SAID,
    variants: tuple[str, ...] = ("",),
    batch: tuple[int, ...] = BATCH,
) -> Draw:
    """All options of a call, drawn beside each other."""
    return Cases(
        layers=(1, 1, 1, 2),
        directions=(1, 2, 2),
        regimes=TAME,
        batch=batch,
        time=SHORT,
        padding=padding,
        go_backwards=(False, True),
        merge_modes=MERGES,
        dropout=NO_DROPOUT,
        rates=(0.5,),
        variants=variants,
    )


TOGETHER = together()
OUTPUTS = ("outputs",)


@check("OPT-1", TOGETHER, needs=OUTPUTS)
def test_options_act_together_as_each_does_alone(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check("OPT-2", TOGETHER, needs=OUTPUTS, routes=("unrolled",))
def test_unrolling_changes_nothing(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check("OPT-3", TOGETHER, needs=OUTPUTS, routes=("axes",), share=HALF)
def test_the_order_of_axes_changes_nothing(subject: Subject, case: Case) -> None:
    """A square input (batch as long as time) is the one that shows axes taken for each other."""
    square = min(case.x.shape[:2])
    lengths = None if case.call.lengths is None else np.minimum(case.call.lengths, square)
    case = case.replace(x=case.x[:, :square], lengths=lengths).reordered(np.arange(square))
    expect_everything(
        subject, case.replace(mask=None if case.call.mask is None else case.call.mask[:, :square])
    )


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "another order": np.asfortranarray,
    "gaps": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "backwards": lambda array: array[..., ::-1].copy()[..., ::-1],
    "read-only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
    "unaligned": lambda array: np.frombuffer(b"-" + array.tobytes(), array.dtype, offset=1).reshape(
        array.shape
    ),
}


@check("OPT-4", together(variants=tuple(LAYOUTS)), needs=OUTPUTS)
def test_how_arrays_lie_in_memory_changes_nothing(subject: Subject, case: Case) -> None:
    laid = LAYOUTS[case.variant] if case.variant else np.asarray
    states = None if case.initial_states is None else tuple(map(laid, case.initial_states))
    mask = None if case.call.mask is None else laid(case.call.mask)
    expect_everything(subject, case.replace(x=laid(case.x), initial_states=states, mask=mask))


@check("OPT-5", TOGETHER, needs=OUTPUTS, routes=("cell",), share=HALF)
def test_a_cell_gives_what_the_layer_gives(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check("OPT-6", TOGETHER, needs=OUTPUTS, routes=("compiled",), share=HALF)
def test_compiling_changes_nothing(subject: Subject, case: Case) -> None:
    """Run with other weights first, which a compiled layer must not keep."""
    halved = Network(
        Layer(*(replace(c, W_x=c.W_x / 2) for c in layer.cells)) for layer in case.network.layers
    )
    subject.run(case.replace(network=halved))
    expect_everything(subject, case)


@check("OPT-7", TOGETHER, needs=OUTPUTS, routes=("saved",), share=HALF)
def test_saving_and_loading_change_nothing(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


SOME_ROWS = (1, 2, 3, 3, 4, 5)
"""More than a model predicts at a time."""


@check("OPT-8", together(batch=SOME_ROWS), needs=OUTPUTS, routes=("model",), share=HALF)
def test_a_model_around_the_layer_changes_nothing(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check(
    "OPT-9",
    together(("lengths", "mask", "lengths", "mask", "none", "lengths and mask")),
    needs=("variable_lengths", "outputs"),
    routes=("padding",),
    share=HALF,
)
def test_steps_not_taken_can_be_said_otherwise(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


BATCHES: dict[str, tuple[int, ...]] = {
    "no batch axis": (),
    "two axes": (2, 3),
    "two other axes": (3, 2),
    "one row each": (6, 1),
    "six rows in one": (1, 6),
    "three axes": (2, 1, 3),
}


@check(
    "OPT-10",
    together(batch=(6,), variants=tuple(BATCHES)),
    needs=("leading_axes", "outputs"),
)
def test_any_number_of_batch_axes_is_as_one(subject: Subject, case: Case) -> None:
    batch = BATCHES[case.variant]
    rows = np.arange(math.prod(batch)) % case.x.shape[0]
    expect_everything(subject, case.reordered(rows), in_batch_axes(subject, batch))


def in_batch_axes(subject: Subject, batch: tuple[int, ...]) -> Run:
    """Makes a call with its rows in these axes, and gives what is returned with its rows in one."""

    def given(array: Array | None, before: int = 0) -> Array | None:
        if array is None:
            return None
        return array.reshape((*array.shape[:before], *batch, *array.shape[before + 1 :]))

    def returned(what: str, array: Array | None, before: int, after: int) -> Array | None:
        if array is None:
            return None
        axes = slice(before, before + len(batch))
        subject.require(
            array.shape[axes] == batch and array.ndim == before + len(batch) + after,
            f"{what}: expected batch axes {batch} after {before} and before {after} others;"
            f" got shape {array.shape}",
            kind="shape",
        )
        return array.reshape((*array.shape[:before], math.prod(batch), *array.shape[axes.stop :]))

    def run(case: Case, *, return_sequences: bool) -> Output:
        call, states = case.call, case.initial_states
        turned = case.replace(
            x=given(case.x),
            initial_states=None if states is None else tuple(given(state, 1) for state in states),
            lengths=given(call.lengths),
            mask=given(call.mask),
        )
        output = subject.run(turned, return_sequences=return_sequences)
        finals = output.final_states
        return replace(
            output,
            sequence=returned("sequence output", output.sequence, 0, 2),
            last=returned("last output", output.last, 0, 1),
            final_states=None
            if finals is None
            else tuple(returned("final states", state, 1, 1) for state in finals),  # type: ignore[misc]
        )

    return run
