"""Whether two implementations answer a question alike: within the derived bounds of both, or to the bit.

What a correct implementation gives is within the forward bound of the reference. Two that compute the same
wrong thing are taken to be alike within twice that. Where nothing is derived, only the same bits are alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnn_adapters.adapter import Output
from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.surface import Trained
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.meaning import as_computed, in_processing_order, merged
from rnn_conformance.faults.transcripts import Question, Raised
from rnn_reference.bounds import Bounded, BoundedResult, bound_network
from rnn_reference.errors import BadInput
from rnn_reference.gradient_bounds import BoundedGradients, bound_gradients
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States
from rnn_reference.tangents import bound_tangents
from rnn_reference.training import bound_loss, gradient_descent

NO_CLAIM = np.inf
"""The margin of what is a convention, in which implementations may differ."""

Arrays = dict[str, Array]


class Margins:
    """How far answers may be apart: computed once for the questions of one case.

    Args:
        conventions: of the implementation in question.
        baseline: those of the one it is compared with.
    """

    def __init__(self, questions: list[Question], conventions: Conventions, baseline: Conventions) -> None:
        self._known: dict[int, Arrays] = {}
        self._questions = questions
        self._conventions, self._baseline = conventions, baseline

    def of(self, index: int) -> Arrays:
        """Margins of the arrays of an answer by name. One that is missing must be the same to the bit."""
        if index not in self._known:
            try:
                with np.errstate(all="ignore"):
                    self._known[index] = self._computed(index)
            except BadInput:
                self._known[index] = {}  # of bad input there is no reference result
        return self._known[index]

    def _computed(self, index: int) -> Arrays:
        question = self._questions[index]
        network, call = question.network, question.call
        if network is None or call is None:
            return {}
        case = Case(network, call)
        seen = in_processing_order(as_computed(case))
        states, steps = seen.initial_states, seen.steps
        if question.method == "run":
            if call.stateful and states is None:
                states = self._kept(index, seen)
            bounds = bound_network(seen.network, seen.x, states, steps, self._conventions.quantised)
            last = bounds.last
            if call.merge_mode not in ("concat", "none"):
                last = merged(seen, last)
                bounds = bounds._replace(sequence=merged(seen, bounds.sequence))
            found = _of_output(bounds) | {"last": _twice(last)}
            if steps is not None and self._padding_differs(network):
                shown = np.broadcast_to(steps[:, :, None], found["sequence"].shape)
                found["sequence"] = np.where(shown, found["sequence"], NO_CLAIM)
            return found
        if question.method == "gradients":
            _, d_sequence, d_final_states = question.given
            return _of_gradients(bound_gradients(network, case.x, states, d_sequence, d_final_states, steps))
        if question.method == "tangents":
            return _of_output(bound_tangents(network, case.x, states, question.given[1], steps))
        if question.method == "trained":
            training = question.given[1]
            given = (network, case.x, states, training.d_sequence)
            after = gradient_descent(*given, training.rate, steps)
            found = {f"{role} {i}": _twice(w) for i, cell in enumerate(after) for role, w in cell.items()}
            return found | {"loss 0": _twice(bound_loss(*given, steps))}
        return {}

    def _kept(self, index: int, case: Case) -> States | None:
        """The states that the last stateful call before this one left."""
        for before in range(index - 1, -1, -1):
            question = self._questions[before]
            if question.method in ("load", "reset_states"):
                return None
            if question.method == "run" and question.call is not None and question.call.stateful:
                earlier = in_processing_order(as_computed(Case(case.network, question.call)))
                states = earlier.initial_states or self._kept(before, case)
                quantised = self._conventions.quantised
                result = bound_network(case.network, earlier.x, states, earlier.steps, quantised)
                return tuple(state.value.astype(case.network.dtype) for state in result.final_states)
        return None

    def _padding_differs(self, network: Network) -> bool:
        name = "padded_output"
        if network.layers[-1].directions == 2:
            name = "padded_output_bidirectional"
        declared = getattr(self._conventions, name), getattr(self._baseline, name)
        return "undefined" in declared or declared[0] != declared[1]


def _twice(bounded: Bounded) -> Array:
    """Where there is no bound, nothing but the same will do."""
    return np.where(np.isfinite(bounded.bound), 2 * bounded.bound, 0)


def _of_output(bounds: BoundedResult) -> Arrays:
    states = {f"state {index}": _twice(state) for index, state in enumerate(bounds.final_states)}
    return {"sequence": _twice(bounds.sequence)} | states


def _of_gradients(bounds: BoundedGradients) -> Arrays:
    found = {"x": _twice(bounds.x)}
    found |= {f"state {index}": _twice(state) for index, state in enumerate(bounds.initial_states)}
    for index, cell in enumerate(bounds.cells):
        for role in ("W_x", "W_h", "b", "b_h"):
            of_role = getattr(cell, role)
            of_role = cell.b if of_role is None and role == "b_h" else of_role
            if of_role is not None:
                found[f"{role} {index}"] = _twice(of_role)
    return found


def arrays_of(
    question: Question, answer: Any, conventions: Conventions, of: Supports, common: Conventions
) -> Arrays | Raised:
    """What an answer consists of, in the common form.

    Args:
        conventions: of who answers.
        of: what the implementation in question supports; what it does not give is left out.
        common: the conventions of the other; what depends on one that differs is left out.
    """
    if isinstance(answer, Raised) or answer is None:
        return answer if isinstance(answer, Raised) else {}
    found: Arrays = {}
    if isinstance(answer, Output):
        call = question.call
        sequence = answer.sequence
        if call is not None and call.go_backwards and conventions.go_backwards_order == "input":
            sequence = None if sequence is None else sequence[:, ::-1]
        fields: list[tuple[str, Any, bool]] = [("sequence", sequence, of.sequence)]
        fields.append(("last", answer.last, of.last_output))
        states = answer.final_states or ()
        fields += [(f"state {index}", state, of.final_states) for index, state in enumerate(states)]
        found |= {name: array for name, array, shown in fields if shown and array is not None}
        if conventions.axes == common.axes:
            # Of a sequence that is not returned some tell the shape, and others do not.
            told = [name for name in answer.native_shapes if name != "sequence" or sequence is not None]
            found |= {f"shape of {name}": np.array(answer.native_shapes[name]) for name in told}
    elif isinstance(answer, Gradients):
        found["x"] = answer.x
        found |= {f"state {index}": state for index, state in enumerate(answer.initial_states)}
        cells = [(cell.W_x, cell.W_h, cell.b, cell.b_h) for cell in answer.cells]
        found |= _by_role(cells, both=conventions.bias_vectors == common.bias_vectors)
    elif isinstance(answer, Network):
        both = conventions.bias_vectors == common.bias_vectors
        found |= _by_role([(cell.W_x, cell.W_h, cell.b, cell.b_h) for cell in answer.cells], both=both)
        found |= {f"bias {index}": cell.bias for index, cell in enumerate(answer.cells)}
    elif isinstance(answer, Trained):
        both = conventions.bias_vectors == common.bias_vectors
        for step, network in enumerate(answer.networks):
            cells = [(cell.W_x, cell.W_h, cell.b, cell.b_h) for cell in network.cells]
            of_step = _by_role(cells, both=both)
            found |= {f"{name} after step {step}" if step else name: array for name, array in of_step.items()}
        found |= {f"loss {index}": np.array(loss) for index, loss in enumerate(answer.losses)}
    elif isinstance(answer, tuple):
        found |= {f"state {index}": state for index, state in enumerate(answer)}
    elif isinstance(answer, Mapping) and not _counts(answer):
        found |= _of_ways(answer)
    elif conventions.bias_vectors != common.bias_vectors:
        found["of another convention"] = np.array(conventions.bias_vectors or 0)
    elif isinstance(answer, list):
        for index, cell in enumerate(answer):
            found |= {f"shape of {role} {index}": np.array(shape) for role, shape in cell.items()}
    elif isinstance(answer, Mapping):
        found["numbers"] = np.array(sorted(set(answer.values())))
    else:
        found["number"] = np.array(answer)
    if not all(isinstance(array, np.ndarray) for array in found.values()):
        raise TypeError("an answer that is none")
    return found


def _counts(answer: Mapping[str, Any]) -> bool:
    return all(isinstance(value, int) for value in answer.values())


def _of_ways(answer: Mapping[str, Any]) -> Arrays:
    """What all ways give, each thing once, as implementations have other ways; of options, what is lost."""
    if all(isinstance(value, tuple) for value in answer.values()):
        return {"lost": np.array(sorted(name for name, (gave, left) in answer.items() if gave != left))}
    shown = [value if isinstance(value, np.ndarray) else repr(value) for value in answer.values()]
    distinct = {repr(value): np.asarray(value) for value in shown}
    return {f"answer {index}": value for index, value in enumerate(distinct.values())}


def _by_role(cells: Sequence[tuple[Array | None, ...]], *, both: bool) -> Arrays:
    return {
        f"{role} {index}": array
        for index, cell in enumerate(cells)
        for role, array in zip(("W_x", "W_h", "b", "b_h"), cell, strict=True)
        if array is not None and (both or role != "b_h")
    }


def are_alike(one: Arrays | Raised, other: Arrays | Raised, margins: Arrays) -> bool:
    """Whether two answers are the same within margins; two errors are if they are of one type."""
    if isinstance(one, Raised) or isinstance(other, Raised):
        return isinstance(one, Raised) and isinstance(other, Raised) and one.error == other.error
    return one.keys() == other.keys() and all(
        _near(array, other[name], margins.get(name)) for name, array in one.items()
    )


def _near(one: Array, other: Array, margin: Array | None) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    same = one == other
    if bool(same.all()):
        return True
    if one.dtype.kind in "iubOSU":
        return False
    same |= np.isnan(one) & np.isnan(other)
    if margin is not None and margin.shape == one.shape:
        wide = margin.dtype if margin.dtype.kind == "f" else np.dtype(float)
        with np.errstate(all="ignore"):
            same |= (np.abs(one.astype(wide) - other.astype(wide)) <= margin) | (margin == NO_CLAIM)
    return bool(same.all())
