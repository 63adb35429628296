"""From a case on which a clause fails to a script that shows it in plain code of the framework.

The check is run once more, and watched: what it was looking at when it failed is what the script shows.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call, CannotExpress, Output
from rnn_adapters.comparison import Right
from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.framework import Framework
from rnn_adapters.recurrence import Loop
from rnn_adapters.reproduction import Derivative, Quantity, Question, Source, script
from rnn_conformance.engine.case import Case, from_data
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.meaning import as_computed, in_processing_order, merged
from rnn_conformance.engine.results import Kind, Outcome
from rnn_conformance.engine.subject import Subject
from rnn_conformance.engine.watched import Made, Watched
from rnn_reference.bounds import Bounded, BoundedResult, bound_network, last_valid
from rnn_reference.errors import BadInput
from rnn_reference.gradient_bounds import BoundedGradients, bound_gradients
from rnn_reference.network import Array
from rnn_reference.precision import reference_dtype
from rnn_reference.second_gradients import bound_second_gradients

ANSWERS_BY_AN_ERROR: tuple[Kind, ...] = ("raised", "crashed", "timed out")
WRONG_ANSWERS: tuple[Kind, ...] = ("value", "shape", "dtype", "flaky", "wrong return")
OF_LAYER = re.compile(r"final states of layer (\d+)")
OF_GRADIENT = re.compile(
    r"gradient of (?:(x)|the initial (state) of layer (\d+)|(W_x|W_h|b|b_h) of cell (\d+))"
)
WIDTH = 108


def add_scripts(subject: Subject, check: Check, outcome: Outcome) -> None:
    """Give every finding of an outcome its script, where it can be told by one."""
    if subject.framework.reproduction is None:
        return
    for finding in outcome.findings:
        if finding.case is not None:
            finding.script = reproduced(subject, check, from_data(finding.case), finding.message)


def reproduced(subject: Subject, check: Check, case: Case, what: str = "") -> str:
    """The script that shows what a check finds on a case; "" where none can.

    Args:
        what: what is found, in words.
    """
    watched = Watched(subject)
    try:
        error = check.fails_on(watched, case)
        question = None if error is None else question_of(watched, error, title_of(check, what))
    except (CannotExpress, BadInput):
        return ""
    return "" if question is None else written(subject.framework, question)


def written(framework: Framework, question: Question) -> str:
    """The script of a question; "" where the framework has no plain code for it."""
    code = None if framework.reproduction is None else framework.reproduction(question)
    return "" if code is None else script(question, code)


def title_of(check: Check, what: str) -> str:
    """The first lines of a script."""
    first = what.strip().partition("\n")[0].replace("\\", "/").replace('"""', "'''").rstrip(":")
    lines = textwrap.wrap(first or check.title, WIDTH)
    lines += ["", *textwrap.wrap(f"Clause {check.clause} of rnn-conformance: {check.title}.", WIDTH)]
    return "\n".join(lines)


def script_of_lost(framework: Framework, check: Check, call: Case, what: str) -> str:
    """The script of a call that its process did not survive; "" where there is none."""
    if framework.conventions is None:
        return ""
    try:
        question = _of_call(Made("run", call), (), framework.conventions, title_of(check, what), raises=True)
    except BadInput:
        return ""
    return "" if question is None else written(framework, question)


def question_of(watched: Watched, error: NonConforming, title: str) -> Question | None:
    """What a script asks where a check failed; None where one call and what it gave do not tell it."""
    if not watched.made:
        return None
    last, conventions = watched.made[-1], watched.conventions
    before = _calls_before(watched.made)
    if before is None or last.method not in ("run", "gradients", "second_gradients"):
        return None
    if error.kind == "not refused":
        return Question(title, last.case.network, last.case.call, None, last.case.route)
    if error.kind in ANSWERS_BY_AN_ERROR:
        return _of_call(last, before, conventions, title, raises=True)
    if error.kind not in WRONG_ANSWERS:
        return None
    if last.method != "run":
        return _of_wrong_gradient(last, watched, title)
    return _of_wrong_value(last, before, watched, error, title)


def _calls_before(made: Sequence[Made]) -> tuple[Call, ...] | None:
    """The calls whose states the last one goes on from; None where something else was done in between."""
    *others, last = made
    call = last.case.call
    if not call.stateful or call.initial_states is not None:
        return ()
    kept = [each for each in others if _same_layer(each.case.call, call)]
    if any(each.method != "run" or each.case.network is not last.case.network for each in kept):
        return None
    return tuple(each.case.call for each in kept)


def _same_layer(one: Call, other: Call) -> bool:
    names = ("stateful", "return_sequences", "go_backwards", "merge_mode", "compute_dtype", "dropout")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _of_call(
    last: Made, before: tuple[Call, ...], conventions: Conventions, title: str, *, raises: bool
) -> Question | None:
    """What is right of a call that is answered by an error."""
    case = last.case
    quantity: Quantity = "sequence" if case.call.return_sequences else "last"
    question = Question(title, case.network, case.call, None, case.route, raises, before)
    if last.method != "run":
        derivative = _derivative(last, ("x", 0))
        right = _right_gradient(case, derivative).x
        kind: Quantity = "gradient" if derivative.direction is None else "second gradient"
        found = _with_one_bound(Right(right.value, right.bound))
        return replace(question, right=found, quantity=kind, derivative=derivative)
    asked = replace(question, quantity=quantity)
    return replace(asked, right=_with_one_bound(right_of(asked, conventions)))


def _derivative(last: Made, of: Source) -> Derivative:
    d_sequence, d_final_states, *direction = last.given
    return Derivative(of, d_sequence, d_final_states, *direction)


def _right_gradient(case: Case, of: Derivative) -> BoundedGradients:
    given = case.network, case.x, case.initial_states, of.d_sequence, of.d_final_states
    if of.direction is None:
        return bound_gradients(*given, case.steps)
    return bound_second_gradients(*given, of.direction, case.steps)


def _of_wrong_gradient(last: Made, watched: Watched, title: str) -> Question | None:
    compared = watched.compared
    found = None if compared is None else OF_GRADIENT.fullmatch(compared.what)
    if compared is None or found is None:
        return None
    x, state, layer, role, cell = found.groups()
    derivative = _derivative(last, (x or state or role, int(layer or cell or 0)))
    right = _simple(compared.actual, compared.expected)
    quantity: Quantity = "gradient" if derivative.direction is None else "second gradient"
    case = last.case
    return Question(
        title, case.network, case.call, right, case.route, quantity=quantity, derivative=derivative
    )


def _of_wrong_value(
    last: Made, before: tuple[Call, ...], watched: Watched, error: NonConforming, title: str
) -> Question | None:
    """The output that is wrong, by the recurrence or as the check had it."""
    case, call = last.case, last.case.call
    question = Question(title, case.network, call, None, case.route, before=before)
    output = watched.last_output
    asked = _asked_for(question, watched.supports)
    named = [each for each in asked if name_of(each) == error.what]
    for each in [*named, *asked]:
        actual, right = _part(each, output), right_of(each, watched.conventions)
        if error.kind in ("dtype", "wrong return") and each in named:
            dtype = call.compute_dtype or str(case.network.dtype)
            return replace(each, right=replace(right, dtype=dtype if error.kind == "dtype" else ""))
        if actual is not None and not _alike(actual, right.value, right.bound):
            simple = _simple(actual, Bounded(right.value, right.bound))
            return replace(each, right=replace(right, bound=simple.bound))
    if error.kind == "value" and (earlier := _of_an_earlier_call(watched, title)) is not None:
        return earlier
    compared = watched.compared
    for each in asked:
        actual = _part(each, output)
        if actual is not None and compared is not None and _same(actual, compared.actual):
            right = _simple(actual, compared.expected)
            return None if _alike(actual, right.value, right.bound) else replace(each, right=right)
    return None


def _of_an_earlier_call(watched: Watched, title: str) -> Question | None:
    """An output of an earlier call that is wrong by itself: laws compare what two calls gave."""
    for made, output in watched.answered[-2::-1]:
        case = made.case
        if case.call.stateful:
            continue
        for each in _asked_for(Question(title, case.network, case.call, None, case.route), watched.supports):
            actual, right = _part(each, output), right_of(each, watched.conventions)
            if actual is not None and not _alike(actual, right.value, right.bound):
                bound = _simple(actual, Bounded(right.value, right.bound)).bound
                return replace(each, right=replace(right, bound=bound))
    return None


def every_question(case: Case, adapter: Adapter[Any]) -> list[Question]:
    """What a script can ask of a case: one question for each output, with the right answer."""
    question = Question("A case.", case.network, case.call, None, case.route)
    asked = _asked_for(question, adapter.supports)
    return [replace(each, right=right_of(each, adapter.conventions)) for each in asked]


def _asked_for(question: Question, supports: Supports) -> list[Question]:
    """The question for every output that the call gives."""
    call = question.call
    found = [replace(question, quantity="sequence" if call.return_sequences else "last")]
    if not (supports.sequence if call.return_sequences else supports.last_output):
        found = []
    layers = question.network.num_layers if supports.final_states else 0
    return [*found, *(replace(question, quantity="final states", layer=layer) for layer in range(layers))]


def name_of(question: Question) -> str:
    """What checks call the output that is asked for."""
    if question.quantity == "final states":
        return f"final states of layer {question.layer}"
    return "sequence output" if question.quantity == "sequence" else "last output"


def _part(question: Question, output: Output | None) -> Array | None:
    if output is None:
        return None
    if question.quantity == "final states":
        states = output.final_states
        return None if states is None or len(states) <= question.layer else states[question.layer]
    return output.sequence if question.quantity == "sequence" else output.last


def _same(one: Array, other: Any) -> bool:
    return isinstance(other, np.ndarray) and one.shape == other.shape and one.tobytes() == other.tobytes()


def _alike(actual: Array, value: Array, bound: Array) -> bool:
    """Whether a script would find that `actual` is right."""
    if actual.shape != value.shape:
        return False
    with np.errstate(invalid="ignore"):
        near = np.abs(actual.astype(value.dtype) - value) <= bound
    return bool((near | (actual == value) | (np.isnan(actual) & np.isnan(value)) | np.isinf(bound)).all())


def _simple(actual: Array, expected: Bounded) -> Right:
    """With one bound for all elements, if that still tells."""
    value, bound = expected.value, expected.bound
    same = _largest(bound)
    return Right(value, bound if _alike(actual, value, same) else same)


def _with_one_bound(right: Right) -> Right:
    """Where nothing came that it could be compared with, the largest bound serves for all elements."""
    return replace(right, bound=_largest(right.bound))


def _largest(bound: Array) -> Array:
    """The largest of bounds in the place of all, but for those of which nothing is claimed."""
    claimed = np.isfinite(bound)
    return np.where(claimed, bound[claimed].max(), bound) if claimed.any() else bound


def right_of(question: Question, conventions: Conventions) -> Right:
    """What the recurrence gives for the output that is asked for.

    Raises:
        BadInput: the call is none that it has an answer to.
    """
    network, call = question.network, question.call
    dtype = network.dtype
    states = call.initial_states
    case = Case(
        network,
        replace(
            call,
            x=call.x.astype(dtype),
            initial_states=None if states is None else tuple(state.astype(dtype) for state in states),
            stateful=False,
            mask=None if call.mask is None else call.mask.astype(bool),
        ),
    )
    case, time = _with_calls_before(case, question.before), call.x.shape[1]
    seen = in_processing_order(as_computed(case), conventions.go_backwards_order)
    result = bound_network(seen.network, seen.x, seen.initial_states, seen.steps, conventions.quantised)
    bounded = BoundedResult(
        _claimed(seen, result.sequence), tuple(_claimed(seen, h) for h in result.final_states)
    )
    rounded = conventions.quantised is not None and conventions.quantised.weight_dtype is not None
    plain = call.compute_dtype is None and not rounded  # the script's own loop has the weights as given
    wide = reference_dtype(dtype) == np.longdouble != np.float64
    loop = Loop("longdouble" if wide else "float64") if plain and case.x.shape[1] else None
    if question.quantity == "final states":
        found = bounded.final_states[question.layer]
        return Right(found.value, found.bound, loop)
    if question.quantity == "last":
        last = bounded.last if call.merge_mode == "concat" else merged(seen, bounded.last)
        return Right(last.value, last.bound, loop)
    sequence = bounded.sequence if call.merge_mode == "concat" else merged(seen, bounded.sequence)
    value, bound = sequence.value.copy(), sequence.bound.copy()
    shown = conventions.padded_output
    if network.layers[-1].directions == 2:
        shown = conventions.padded_output_bidirectional
    if seen.steps is not None:
        masked = ~seen.steps
        if shown == "undefined":
            bound[masked] = np.inf
        elif shown == "zero":
            value[masked] = bound[masked] = 0
        elif shown == "carried" and masked[:, 0].any() and seen.initial_states is not None:
            first = masked & (last_valid(seen.steps) == 0)
            value[first] = bound[first] = 0
            loop = None
        loop = None if loop is None else replace(loop, masked="zero" if shown == "zero" else "state")
    if call.go_backwards and conventions.go_backwards_order == "input":
        value, bound = value[:, ::-1], bound[:, ::-1]
        loop = None if loop is None else replace(loop, turned=True)
    if call.go_backwards and conventions.go_backwards_order == "padding last" and seen.steps is not None:
        loop = None
    return Right(value[:, -time:] if time else value, bound[:, -time:] if time else bound, loop)


def _claimed(case: Case, found: Bounded) -> Bounded:
    """With a claim on NaN, too: it comes from NaN alone where no number is infinite."""
    if any(np.isinf(array.astype(float)).any() for array in (case.x, *(case.initial_states or ()))):
        return found
    return Bounded(found.value, np.where(np.isnan(found.value), 0, found.bound))


def _with_calls_before(case: Case, before: tuple[Call, ...]) -> Case:
    """The case of one call for all of them together.

    Raises:
        BadInput: layers that read from the end do not go on where they stopped, nor has one call several
            sizes, of which some were refused.
    """
    if not before:
        return case
    if case.call.go_backwards or any(layer.directions == 2 for layer in case.network.layers):
        raise BadInput("stateful calls: expected layers of one direction that go forward")
    calls = [*before, case.call]
    if len({(each.x.ndim, *each.x.shape[::2]) for each in calls}) > 1:
        raise BadInput("stateful calls: expected the same rows and features")
    steps = [np.ones(each.x.shape[:2], bool) if each.mask is None else each.mask for each in calls]
    masked = any(each.mask is not None for each in calls)
    return case.replace(
        x=np.concatenate([each.x for each in calls], axis=1),
        mask=np.concatenate(steps, axis=1) if masked else None,
        initial_states=before[0].initial_states,
    )
