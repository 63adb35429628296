"""What the reference expects of a case, asserted on a subject: shared by the checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from rnn_adapters.adapter import Output
from rnn_adapters.declarations import PaddedOutput
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.meaning import as_computed, in_processing_order, merged, padding_last
from rnn_conformance.engine.subject import LAST_AXES, SEQUENCE_AXES, STATE_AXES, Subject
from rnn_reference.bounds import Bounded, last_valid, replay_layer
from rnn_reference.network import Array, Cell, Layer, Network, States, checked_call
from rnn_reference.parameters import network_parameters
from rnn_reference.precision import reference_dtype


class Run(Protocol):
    """Loads a case's network and calls it, as `Subject.run` does."""

    def __call__(self, case: Case, *, return_sequences: bool) -> Output: ...


def sequence_of(subject: Subject, case: Case, output: Output) -> Array:
    """The sequence output, which must be (batch, time, directions·hidden) of the network's dtype."""
    B, T, _ = case.x.shape
    shape = (B, T, case.network.output_size)
    return subject.has_shape("sequence output", output.sequence, shape, case.network.dtype)


def final_states_of(subject: Subject, case: Case, output: Output, dtype: Any = None) -> States:
    """The final states, which must be one array (directions, batch, hidden) for each layer.

    Args:
        dtype: the type that they must have; None: the network's.
    """
    dtype = case.network.dtype if dtype is None else dtype
    shapes = case.network.state_shapes(case.x.shape[0])
    states = output.final_states
    if states is None or len(states) != len(shapes):
        got = "None" if states is None else f"{len(states)}"
        raise NonConforming(f"final states: expected one array for each of {len(shapes)} layers; got {got}")
    return tuple(
        subject.has_shape(f"final states of layer {index}", state, shape, dtype)
        for index, (state, shape) in enumerate(zip(states, shapes, strict=True))
    )


def copied_final_states(subject: Subject, case: Case, output: Output) -> States:
    """The final states as they are now, whatever later calls write into the arrays."""
    return tuple(state.copy() for state in final_states_of(subject, case, output))


def going_on_from(subject: Subject, case: Case, output: Output) -> States:
    """The final states of a call as the next one can be given them: in the type of the weights, copied."""
    computed = as_computed(case) if subject.conventions.state_dtype == "computed" else case
    found = final_states_of(subject, computed, output)
    return tuple(state.astype(case.network.dtype) for state in found)


def expect_steps(subject: Subject, case: Case, output: Output) -> Array:
    """The residual check of a network of one layer: every step from the state before it (NUM-3)."""
    (layer,) = case.network.layers
    sequence = sequence_of(subject, case, output)
    x, (h0,) = checked_call(case.network, case.x, case.initial_states)
    expected = replay_layer(
        layer, x, h0, sequence, case.network.dtype, steps=case.steps, quantised=subject.conventions.quantised
    )
    subject.agree("sequence output", sequence, expected, case.network.dtype)
    return sequence


def expect_top_steps(subject: Subject, case: Case, output: Output) -> None:
    """The residual check of a stack's top layer, fed by the reference's layer below and its forward bound."""
    _, states = checked_call(case.network, case.x, case.initial_states)
    below = subject.bounds_of_layers(case)[0][-2]
    sequence = sequence_of(subject, case, output)
    expected = replay_layer(
        case.network.layers[-1],
        below.value,
        states[-1],
        sequence,
        case.network.dtype,
        below.bound,
        case.steps,
        subject.conventions.quantised,
    )
    subject.agree("sequence output", sequence, expected, case.network.dtype)


def expect_final_states(subject: Subject, case: Case, output: Output, dtype: Any = None) -> None:
    """Every final state within the forward bound (NUM-4).

    Args:
        dtype: the type that they must have; None: the network's. What comes in a wider one is rounded, as
            the bound allows for.
    """
    expected = subject.bounds_of(case).final_states
    found = final_states_of(subject, case, output, dtype)
    for index, (state, bounded) in enumerate(zip(found, expected, strict=True)):
        actual = state.astype(case.network.dtype)
        subject.agree(f"final states of layer {index}", actual, bounded, case.network.dtype, STATE_AXES)


def expect_last(subject: Subject, case: Case, output: Output) -> None:
    """The last output within the forward bound (NUM-4)."""
    expected = subject.bounds_of(case).last
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


def declared_padding(subject: Subject, case: Case) -> PaddedOutput:
    """What the sequence output shows at masked time steps, by the conventions."""
    conventions = subject.conventions
    if case.network.layers[-1].directions == 2:
        return conventions.padded_output_bidirectional
    return conventions.padded_output


def expect_padding(subject: Subject, case: Case, sequence: Array) -> None:
    """At masked time steps the sequence output shows what the conventions declare, to the bit."""
    steps, declared = case.steps, declared_padding(subject, case)
    assert steps is not None
    shown = np.zeros_like(sequence)
    if declared in ("carried", "state"):
        if case.network.layers[-1].directions == 2 and case.call.merge_mode not in ("concat", "none"):
            return  # of a merged output nobody can tell what either direction carries on
        shown = carried(case, sequence, steps, from_state=declared == "state")
    no_claim = np.where(np.broadcast_to(steps[:, :, None], sequence.shape), np.inf, 0.0)
    wide = reference_dtype(case.network.dtype)
    subject.agree(
        f"sequence output at masked time steps (declared: {declared})",
        sequence,
        Bounded(shown.astype(wide), no_claim),
        case.network.dtype,
    )


def with_nan(case: Case) -> Case:
    """The case with NaN at the valid time steps of the first row, if its variant says so."""
    if case.variant != "nan":
        return case
    assert case.steps is not None
    x = case.x.copy()
    x[0][case.steps[0]] = np.nan
    return case.replace(x=x)


def of_numbers(case: Case, dtype: str) -> Case:
    """The case with a mask of numbers."""
    assert case.call.mask is not None
    return case.replace(mask=case.call.mask.astype(dtype))


def carried(case: Case, sequence: Array, steps: Array, *, from_state: bool) -> Array:
    """The output of the last valid time step of each direction, wherever the sequence output stands."""
    parts = np.split(sequence, case.network.layers[-1].directions, axis=-1)
    shown = []
    for direction, part in enumerate(parts):
        order = slice(None, None, -1 if direction else 1)
        before = np.zeros_like(part[:, 0])
        if from_state and case.initial_states is not None:
            before = case.initial_states[-1][direction]
        known = np.concatenate([before[:, None], part[:, order]], axis=1)
        last = last_valid(steps[:, order])[:, :, None]
        shown.append(np.take_along_axis(known, last, axis=1)[:, order])
    return np.concatenate(shown, axis=-1)


def in_input_order(subject: Subject, case: Case, sequence: Array) -> Array:
    """The sequence output with each step at the time of its input, whatever way the layer went."""
    order = subject.conventions.go_backwards_order
    if not case.call.go_backwards or order == "input":
        return sequence
    if order == "padding last" and case.steps is not None:
        back = np.argsort(padding_last(case.steps[:, ::-1]), axis=1)
        sequence = np.take_along_axis(sequence, back[:, :, None], axis=1)
    return sequence[:, ::-1]


def features_of(case: Case) -> int:
    """How many features the top layer gives."""
    together = case.call.merge_mode in ("concat", "none")
    return case.network.output_size if together else case.network.layers[-1].hidden_size


def with_other_merge(subject: Subject, case: Case) -> list[Case]:
    """The case with a merge mode that gives another number of features, if there is one."""
    layers, modes = case.network.layers, subject.supports.merge_modes
    if len(layers) > 1 or layers[0].directions == 1:
        return []
    others = [case.replace(merge_mode=mode) for mode in modes]
    return [other for other in others if features_of(other) != features_of(case)][:1]


def expect_output(subject: Subject, case: Case, output: Output) -> None:
    """Whatever options the case combines: the sequence output, its padding, and the final states."""
    conventions = subject.conventions
    seen = in_processing_order(as_computed(case), conventions.go_backwards_order)
    if subject.supports.sequence:
        if case.call.go_backwards and conventions.go_backwards_order == "input":
            output = replace(output, sequence=sequence_of(subject, seen, output)[:, ::-1])
        _expect_sequence(subject, seen, output)
    if subject.supports.final_states:
        expect_final_states(subject, seen, output, states_dtype(subject, case))


def expect_everything(subject: Subject, case: Case, run: Run | None = None) -> None:
    """All that calls for sequences and for last outputs give; of one of both where calls are expensive.

    A layer that keeps its states is called twice in any case: the reset between the calls must be one.

    Args:
        run: makes the calls; None: `Subject.run`.
    """
    supports, run = subject.supports, _from_a_reset(subject, run or subject.run)
    if supports.one_output_a_case:
        for _ in range(2 if case.call.stateful else 1):
            expect_answer(subject, case, run(case, return_sequences=case.call.return_sequences))
        return
    if supports.sequence or supports.final_states:
        expect_output(subject, case, run(case, return_sequences=supports.sequence))
    if supports.last_output:
        asking = case.replace(return_sequences=False)
        expect_answer(subject, asking, run(case, return_sequences=False))


def expect_going_on(subject: Subject, case: Case, run: Run | None = None) -> None:
    """A call of layers that keep their states starts from those that the call before it returned.

    Args:
        run: makes the calls; None: `Subject.run`.
    """
    run = run or subject.run
    if not (case.call.stateful and subject.supports.sequence and subject.supports.final_states):
        return
    subject.reset_states(case.network)
    states = going_on_from(subject, case, run(case, return_sequences=True))
    found = run(case.replace(initial_states=None), return_sequences=True)
    expect_output(subject, case.replace(initial_states=states), found)


def asked_for(subject: Subject, case: Case) -> list[bool]:
    """For each call that shows what a case gives, whether it asks for sequences: one, or one of each kind."""
    supports = subject.supports
    if supports.one_output_a_case:
        return [case.call.return_sequences]
    return list(dict.fromkeys([supports.sequence, *[False] * supports.last_output]))


def expect_assigned(subject: Subject, case: Case) -> None:
    """The weights of the case, assigned to a network that has run with others."""
    halved = case.network.mapped(lambda array: array / 2)
    subject.run(case.replace(network=halved), return_sequences=asked_for(subject, case)[0])
    subject.assign_weights(halved, case.network)
    expect_everything(subject, case)


def expect_merged_last(subject: Subject, case: Case, output: Output) -> None:
    """Whatever options the case combines: the last output."""
    seen = in_processing_order(as_computed(case))
    last = subject.bounds_of(seen).last
    last = last if case.call.merge_mode == "concat" else merged(seen, last)
    subject.agree("last output", output.last, last, seen.network.dtype, LAST_AXES)


def expect_answer(subject: Subject, case: Case, output: Output) -> None:
    """Whatever options the case combines: all that its call asks for, the last output or the sequence."""
    if case.call.return_sequences:
        expect_output(subject, case, output)
        return
    expect_no_sequence(subject, output)
    if subject.supports.last_output:
        expect_merged_last(subject, case, output)
    if subject.supports.final_states:
        seen = in_processing_order(as_computed(case))
        expect_final_states(subject, seen, output, states_dtype(subject, case))


def expect_no_sequence(subject: Subject, output: Output) -> None:
    """A call for last outputs returns no sequence."""
    subject.require(output.sequence is None, "a sequence output was returned that was not asked for")


def states_dtype(subject: Subject, case: Case) -> Any:
    """The type of final states where it is not the one that the call computes in."""
    return case.network.dtype if subject.conventions.state_dtype == "weights" else None


def _from_a_reset(subject: Subject, run: Run) -> Run:
    """Makes each stateful call as the first of its kind."""

    def reset_and_run(case: Case, *, return_sequences: bool) -> Output:
        if case.call.stateful:
            subject.reset_states(case.network)
        return run(case, return_sequences=return_sequences)

    return reset_and_run


def _expect_sequence(subject: Subject, case: Case, output: Output) -> None:
    if case.call.merge_mode not in ("concat", "none"):
        expected = subject.bounds_of(case).sequence
        expected = merged(case, expected)
        if case.steps is not None:
            bound = np.where(case.steps[:, :, None], expected.bound, np.inf)
            expected = Bounded(expected.value, bound)
        subject.agree("sequence output", output.sequence, expected, case.network.dtype)
    elif case.network.num_layers == 1:
        expect_steps(subject, case, output)
    else:
        expect_top_steps(subject, case, output)
    if case.steps is not None and declared_padding(subject, case) != "undefined":
        assert output.sequence is not None
        expect_padding(subject, case, output.sequence)


def poisoned(case: Case) -> Case:
    """The case with its variant, a number in words, as input at all masked time steps."""
    assert case.steps is not None
    x = case.x.copy()
    x[~case.steps] = float(case.variant)
    return case.replace(x=x)


def expect_same_outputs(
    subject: Subject, what: str, case: Case, other: Case, order: Array | None = None
) -> None:
    """Outputs at valid steps, and final states, are those of `other` with its rows in the given order."""
    rows = slice(None) if order is None else order
    output = subject.run(other)
    expected = sequence_of(subject, other, output)[rows].copy()
    final = tuple(state[:, rows].copy() for state in output.final_states or ())
    bounds = subject.bounds_of(other)
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


def expect_loaded(subject: Subject, network: Network) -> None:
    """The weights that are read back are those of the network, to the bit."""
    read = subject.read_weights(network)
    subject.require(
        len(read.cells) == len(network.cells),
        f"expected {len(network.cells)} cells back; got {len(read.cells)}",
    )
    for index, (loaded, back) in enumerate(zip(network.cells, read.cells, strict=True)):
        for role in ("W_x", "W_h", "bias"):
            want, got = getattr(loaded, role), getattr(back, role)
            same = np.array_equal(want, got) and (role == "bias" or same_signs(want, got))  # −0 + 0 is 0
            subject.require(
                got.dtype == want.dtype and same,
                f"{role} of cell {index}: loaded {want.tolist()} ({want.dtype});"
                f" read back {got.tolist()} ({got.dtype})",
            )
        of_each = (
            zip(loaded.biases, back.biases, strict=False) if len(loaded.biases) == len(back.biases) else ()
        )
        subject.require(
            all(same_signs(*both) for both in of_each),
            f"cell {index}: a zero of a bias came back with another sign",
        )
        subject.require(
            keeps_separate_biases(loaded, back),
            f"cell {index}: two bias vectors were loaded; those read back are not the same two",
        )


def same_signs(one: Array, other: Array) -> bool:
    """Whether the numbers of two arrays have the same signs, zeros among them."""
    return bool((np.signbit(one) == np.signbit(other)).all())


def expect_count(subject: Subject, network: Network) -> None:
    """The framework's own count is the formula's, with the declared number of bias vectors."""
    expected = network_parameters(network, subject.conventions.bias_vectors)
    counted = subject.count_parameters(network)
    subject.require(counted == expected, f"parameters: expected {expected}; the framework counts {counted}")


def keeps_separate_biases(loaded: Cell, back: Cell) -> bool:
    """Two vectors loaded and two read back must be the same two."""
    if len(loaded.biases) < 2 or len(back.biases) < 2:
        return True
    return all(np.array_equal(*pair) for pair in zip(loaded.biases, back.biases, strict=True))
