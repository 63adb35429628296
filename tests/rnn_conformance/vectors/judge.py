"""An implementation before a vector: every step done, and what came of it compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.declarations import Supports
from rnn_conformance.checks.support.expect import (
    expect_no_sequence,
    final_states_of,
    in_input_order,
    states_dtype,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.deviations import ABILITY_OF, Deviation, within
from rnn_conformance.engine.meaning import as_computed, padding_last
from rnn_conformance.engine.subject import LAST_AXES, SEQUENCE_AXES, STATE_AXES, Subject
from rnn_conformance.vectors.judgement import Judgement
from rnn_conformance.vectors.ready import Ready, ReadyStep
from rnn_reference.bounds import Bounded
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States

ABILITIES: Mapping[str, str] = {
    **{str(doing): ability for doing, ability in ABILITY_OF.items()},
    "second_gradients": "second_gradients",
    "train": "trained",
}
"""What a step needs, beyond what its call makes use of."""


QUANTISED = "the bounds of vectors are those of factors that are not quantised"


def judge(subject: Subject, vector: Ready, known: Sequence[Deviation] = ()) -> Judgement:
    """What comes of a vector on the route that the subject takes.

    Args:
        known: the deviations that are recorded of it.
    """
    place = vector.id, vector.clause, vector.dtype, subject.route
    quantised = subject.conventions.quantised is not None
    why_not = QUANTISED if quantised else unsupported(subject.supports, vector)
    if why_not:
        return Judgement(*place, "unsupported", why_not)
    for record in known:
        if record.ends_process and _concerns(record, vector, subject.route):
            return Judgement(*place, "deviation", "not run: it ends the process", record.id)
    try:
        if vector.vector.may_refuse and subject.refusal_of(vector.cases[0].replace(route=subject.route)):
            return Judgement(*place, "pass", "refused, as it may be")
        follow(subject, vector)
    except CannotExpress as error:
        return Judgement(*place, "unsupported", f"the route has no words for it: {error}")
    except NonConforming as error:
        excuse = _excuse(known, vector, subject.route, error)
        return Judgement(*place, "deviation" if excuse else "fail", error.finding, excuse)
    return Judgement(*place, "pass")


def _concerns(record: Deviation, vector: Ready, route: str) -> bool:
    """Whether a record may excuse cases of the clause, as in a run, and is about a call of the vector.

    It may be about what stands in the input at masked time steps. Of routes its condition tells.
    """
    if not record.concerns(vector.clause):
        return False
    cases = [case.replace(route=route) for case in vector.cases]
    cases += [case.replace(variant=padding) for case in cases if (padding := _padding_of(case))]
    return any(map(record.covers, cases))


def _padding_of(case: Case) -> str:
    """The variant of checks that put NaN or infinity at masked time steps; "" where neither stands there."""
    if case.steps is None or case.x.shape[:2] != case.steps.shape:
        return ""
    masked = {str(float(number)) for number in case.x[~case.steps].ravel()}
    return masked.pop() if len(masked) == 1 and masked <= {"nan", "inf", "-inf"} else ""


def _excuse(known: Collection[Deviation], vector: Ready, route: str, error: NonConforming) -> str:
    """The id of the record that excuses a failure; "" where none does."""
    for record in known:
        if _concerns(record, vector, route) and record.excuses(error):
            return record.id
    return ""


def unsupported(supports: Supports, vector: Ready) -> str:
    """Why a vector cannot be asked; "" where it can."""
    for step in vector.steps:
        ability = ABILITIES.get(step.do)
        if ability is not None and not supports.has(ability):
            return f"{ability} is not supported"
    chosen = {cell.activation.name for cell in vector.network.cells if "(" in str(cell.activation)} - set(
        supports.parameters
    )
    if chosen:
        return f"parameters of {', '.join(sorted(chosen))} are not supported"
    for step in vector.steps:
        if step.case is None:
            continue
        if not within(supports, step.case):
            return "what the call makes use of is not supported"
        call = step.case.call
        if call.lengths is not None and call.mask is not None and not supports.lengths_and_masks:
            return "lengths beside a mask are not supported"
        if step.do != "call" and not (supports.sequence and supports.initial_states):
            return "derivatives without sequences and initial states are not supported"
        if not (
            supports.final_states or (supports.sequence if call.return_sequences else supports.last_output)
        ):
            return "nothing of what the call gives is supported"
    return ""


def follow(subject: Subject, vector: Ready) -> None:
    """All steps on a network that is loaded once.

    Raises:
        NonConforming: something is wrong; its message tells in which step.
    """
    network = vector.network
    subject.load_anew(network)
    for number, step in enumerate(vector.steps, 1):
        try:
            network = _done(subject, step, network)
        except NonConforming as error:
            if len(vector.steps) > 1:
                error.finding = f"at step {number} of {len(vector.steps)}, {step.do}: {error.finding}"
            raise


def _done(subject: Subject, step: ReadyStep, network: Network) -> Network:
    """The weights after a step."""
    match step.do:
        case "assign":
            assert step.network is not None
            subject.assign_weights(network, step.network)
            return step.network
        case "reset":
            subject.reset_states(network)
        case "restore":
            subject.restore(network)
        case "call":
            _called(subject, step)
        case "gradients" | "second_gradients":
            _differentiated(subject, step)
        case "tangents":
            _tangents(subject, step)
        case "train":
            _trained(subject, step)
    return network


def _called(subject: Subject, step: ReadyStep) -> None:
    case = step.case
    assert case is not None
    call, supports = case.call, subject.supports
    asked = supports.sequence if call.return_sequences else not supports.last_output
    output = subject.call(case.network, case.asking(return_sequences=asked))
    seen, dtype = as_computed(case), as_computed(case).network.dtype
    if "sequence" in step.expected and supports.sequence:
        expected = step.expected["sequence"]
        sequence = subject.has_shape("sequence output", output.sequence, expected.value.shape, dtype)
        if call.go_backwards:
            sequence = in_input_order(subject, seen, sequence)[:, ::-1]
        subject.agree("sequence output", sequence, expected, dtype, SEQUENCE_AXES)
    if "last" in step.expected and supports.last_output:
        expect_no_sequence(subject, output)
        subject.agree("last output", output.last, step.expected["last"], dtype, LAST_AXES)
    if supports.final_states:
        found = final_states_of(subject, seen, output, states_dtype(subject, case))
        for index, state in enumerate(found):
            expected = step.expected[f"final_states[{index}]"]
            name = f"final states of layer {index}"
            subject.agree(name, state.astype(dtype), expected, dtype, STATE_AXES)


def in_declared_order(subject: Subject, case: Case, sequence: Array) -> Array:
    """An array in processing order as the framework takes it."""
    order = subject.conventions.go_backwards_order
    if not case.call.go_backwards or order in (None, "processing"):
        return sequence
    if order == "padding last" and case.steps is not None:
        places = padding_last(case.steps[:, ::-1])
        return np.take_along_axis(sequence, places[:, :, None], axis=1)
    return sequence if order == "padding last" else sequence[:, ::-1]


def _differentiated(subject: Subject, step: ReadyStep) -> None:
    case = step.case
    assert case is not None
    assert step.d_sequence is not None
    d_sequence = np.ascontiguousarray(in_declared_order(subject, case, step.d_sequence))
    if step.do == "gradients":
        found = subject.gradients(case, d_sequence, step.d_final_states)
    else:
        assert step.direction is not None
        found = subject.second_gradients(case, d_sequence, step.d_final_states, step.direction)
    expect_gradients(subject, step.expected, found, case.network.dtype, as_computed(case).network.dtype)


def expect_gradients(
    subject: Subject, expected: Mapping[str, Bounded], found: Gradients, dtype: Any, computed: Any
) -> None:
    """Gradients of the type of the weights, which may have been computed in another.

    Of a cell with one bias, a framework that keeps two gives both that gradient.
    """
    actual: dict[str, Array | None] = {"x": found.x}
    actual |= {f"initial_states[{index}]": state for index, state in enumerate(found.initial_states)}
    for index, cell in enumerate(found.cells):
        actual |= {f"cells[{index}].{role}": array for role, array in cell._asdict().items()}
        b, one = actual[f"cells[{index}].b_h"], f"cells[{index}].b"
        if b is not None and one in expected:
            expected = {f"cells[{index}].b_h": expected[one], **expected}
    for name, bounded in expected.items():
        array = actual.get(name)
        if array is None and name.endswith(".b_h") and subject.conventions.bias_vectors == 1:
            continue
        what, axes = f"gradient of {name}", ("axis",) * bounded.value.ndim
        if isinstance(array, np.ndarray) and dtype != computed:
            array = subject.has_shape(what, array, bounded.value.shape, dtype).astype(computed)
        subject.agree(what, array, bounded, computed, axes)


def _tangents(subject: Subject, step: ReadyStep) -> None:
    case = step.case
    assert case is not None
    assert step.direction is not None
    found, dtype = subject.tangents(case, step.direction), case.network.dtype
    sequence, expected = found.sequence, step.expected["sequence"]
    if case.call.go_backwards:
        sequence = subject.has_shape("tangent of the sequence output", sequence, expected.value.shape, dtype)
        sequence = in_input_order(subject, case, sequence)[:, ::-1]
    subject.agree("tangent of the sequence output", sequence, expected, dtype)
    states: States = found.final_states or ()
    for index in range(case.network.num_layers):
        what, bounded = (
            f"tangent of the final states of layer {index}",
            step.expected[f"final_states[{index}]"],
        )
        subject.agree(what, states[index] if index < len(states) else None, bounded, dtype, STATE_AXES)


def _trained(subject: Subject, step: ReadyStep) -> None:
    case, training = step.case, step.training
    assert case is not None
    assert training is not None
    networks = subject.trained(case, training).networks
    if len(networks) != 1 or len(networks[0].cells) != len(case.network.cells):
        raise NonConforming(
            f"trained: expected the weights after 1 step; got {len(networks)}", kind="wrong return"
        )
    for name, bounded in step.expected.items():
        index, role = name.removeprefix("cells[").split("].")
        actual = getattr(networks[0].cells[int(index)], role)
        axes = ("unit", "from")[: bounded.value.ndim]
        subject.agree(f"{role} of cell {index} after a step", actual, bounded, case.network.dtype, axes)
