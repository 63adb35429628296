"""What the reference expects of the steps of a vector, with the bounds, in exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Context, Decimal
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.declarations import ROLES
from rnn_adapters.surface import Training
from rnn_adapters.written import (
    ArrayData,
    CellGradientsData,
    write_array,
    write_call,
    write_gradients,
    write_network,
    write_training,
)
from rnn_adapters.written_arrays import DTYPES
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import INFORMATIVE, INFORMATIVE_UNITS
from rnn_conformance.engine.meaning import as_computed, in_processing_order, merged
from rnn_conformance.vectors import claims
from rnn_conformance.vectors.form import TYPES, Doing, StepData, ValuesData
from rnn_reference.bounds import Bounded, bound_stack, join
from rnn_reference.exact import ARITHMETIC, decimal_of, exact_numbers
from rnn_reference.gradient_bounds import BoundedGradients, bound_gradients, bound_parted_gradient
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States, checked_call, checked_steps
from rnn_reference.precision import EXACT, precision_of, widened
from rnn_reference.second_gradients import Moving, bound_second_gradients, moving_parts
from rnn_reference.tangents import bound_merged_tangent, bound_tangents
from rnn_reference.training import gradient_descent

FLOAT64 = np.dtype(np.float64)

UP = Context(prec=3, rounding=ROUND_CEILING)
"""Bounds are rounded up to three digits."""

NARROW_TYPES = ("float16", "bfloat16")
WIDE_ONLY: tuple[Doing, ...] = ("tangents", "second_gradients", "train")
"""What the spec asks of float32 and float64 only."""

EVIDENCE = 0.5
"""The share of a step's elements whose bound must be informative in a type, or the type is left out."""


Claim: TypeAlias = Literal["derived", "exact", "at points", "saturated"]
"""What is claimed of results.

    derived     the forward bound (NUM-4) and the bounds of gradients
    exact       all numbers on the way are integers that the type holds: nothing is rounded (EXA-1)
    at points   one step of an exact pre-activation: what φ may be wrong by (NUM-1, NUM-7, NUM-8)
    saturated   tanh of an infinite sum, or of one that overflows, is ±1 (NAN-2, NAN-3, NAN-6)
"""


@dataclass(frozen=True, eq=False)
class Step:
    """One thing that is done with a network; see `StepData`. Arrays are float64.

    Args:
        claim: where the bounds come from, if not from the derivation for any call.
    """

    do: Doing
    call: Call | None = None
    d_sequence: Array | None = None
    d_final_states: States | None = None
    direction: Gradients | None = None
    training: Training | None = None
    network: Network | None = None
    claim: Claim = "derived"

    def mapped(self, change: Callable[[Array], Array]) -> Step:
        """The step with all its floating-point arrays changed."""

        def each(arrays: States | None) -> States | None:
            return None if arrays is None else tuple(map(change, arrays))

        call, training = self.call, self.training
        if call is not None:
            call = replace(call, x=change(call.x), initial_states=each(call.initial_states))
        if training is not None:
            training = replace(training, d_sequence=change(training.d_sequence))
        return replace(
            self,
            call=call,
            d_sequence=None if self.d_sequence is None else change(self.d_sequence),
            d_final_states=each(self.d_final_states),
            direction=None if self.direction is None else self.direction.mapped(change),
            training=training,
            network=None if self.network is None else self.network.mapped(change),
        )


Values = dict[str, Any]
"""Bounded arrays by the names of `ValuesData`."""


@dataclass
class Follower:
    """Follows the steps of a vector in one type, exactly.

    Args:
        network: the weights that are loaded now.
        kept: the states that stateful layers keep, with their bounds.
    """

    network: Network
    kept: tuple[Bounded, ...] | None = field(default=None)

    def after(self, step: Step) -> Values:
        """What a step gives."""
        match step.do:
            case "assign":
                assert step.network is not None
                self.network = step.network
            case "reset":
                self.kept = None
            case "call":
                return self._called(step)
            case "gradients":
                return self._gradients(step)
            case "tangents":
                return self._tangents(step)
            case "second_gradients":
                return self._second_gradients(step)
            case "train":
                return self._trained(step)
        return {}

    def _seen(self, step: Step) -> Case:
        assert step.call is not None
        return in_processing_order(as_computed(Case(self.network, step.call)))

    def _called(self, step: Step) -> Values:
        seen = self._seen(step)
        x, given = checked_call(seen.network, seen.x, seen.initial_states)
        starts: tuple[Array | Bounded, ...] = given
        if seen.call.stateful and seen.initial_states is None and self.kept is not None:
            starts = self.kept
        exact_x = exactly(x)
        sequences, finals = bound_stack(seen.network, exact_x, starts, checked_steps(x, seen.steps))
        if step.claim != "derived":
            claimed = partial(claims.CLAIMS[step.claim], seen)
            sequences, finals = [*sequences[:-1], claimed(sequences[-1])], tuple(map(claimed, finals))
        if seen.call.stateful:
            self.kept = finals
        values: Values = {"final_states": finals}
        if seen.call.return_sequences:
            values["sequence"] = self._claimed(seen, merged_as_asked(seen, sequences[-1]))
        else:
            last = join([finals[-1].at(direction) for direction in range(len(finals[-1].value))])
            values["last"] = merged_as_asked(seen, last)
        return values

    def _claimed(self, case: Case, sequence: Bounded) -> Bounded:
        """What stands at masked time steps is a convention, of which nothing is said here."""
        if case.steps is None:
            return sequence
        valid = case.steps[:, :, None]
        return Bounded(np.where(valid, sequence.value, 0.0), np.where(valid, sequence.bound, np.inf))

    def _gradients(self, step: Step) -> Values:
        seen = self._seen(step)
        d_sequence, d_final_states = _of_type(seen, step)
        g: Array | Bounded = d_sequence
        if _is_merged(seen):
            g = bound_parted_gradient(
                seen.call.merge_mode, widened(d_sequence, EXACT), _of_both(seen), seen.network.dtype
            )
        found = bound_gradients(seen.network, seen.x, seen.initial_states, g, d_final_states, seen.steps)
        return self._differentiated(seen, step, found)

    def _tangents(self, step: Step) -> Values:
        seen = self._seen(step)
        found = bound_tangents(seen.network, seen.x, seen.initial_states, _direction(step), seen.steps)
        sequence = found.sequence
        if _is_merged(seen):
            sequence = bound_merged_tangent(
                seen.call.merge_mode, _of_both(seen), sequence, seen.network.dtype
            )
        return {"sequence": self._claimed(seen, sequence), "final_states": found.final_states}

    def _second_gradients(self, step: Step) -> Values:
        seen, direction = self._seen(step), _direction(step)
        given = _of_type(seen, step)
        g: Array | Moving = given[0]
        if _is_merged(seen):
            rates = bound_tangents(seen.network, seen.x, seen.initial_states, direction, seen.steps).sequence
            both = Moving(_of_both(seen), rates)
            g = moving_parts(seen.call.merge_mode, widened(given[0], EXACT), both, seen.network.dtype)
        found = bound_second_gradients(
            seen.network, seen.x, seen.initial_states, g, given[1], direction, seen.steps
        )
        return self._differentiated(seen, step, found)

    def _differentiated(self, seen: Case, step: Step, found: BoundedGradients) -> Values:
        """Gradients, those of the input in its own order."""
        of_x = found.x.at(np.s_[:, ::-1]) if _goes_backwards(step) else found.x
        values: Values = {"x": of_x, "initial_states": found.initial_states, "cells": found.cells}
        if step.claim != "exact":
            return values
        given = _of_type(seen, step)
        claims.require_exact_gradients(seen, *given, *(() if step.direction is None else (_direction(step),)))
        return {name: without_bounds(value) for name, value in values.items()}

    def _trained(self, step: Step) -> Values:
        seen = self._seen(step)
        assert step.training is not None
        cells = gradient_descent(
            seen.network,
            seen.x,
            seen.initial_states,
            step.training.d_sequence,
            step.training.rate,
            seen.steps,
        )
        layers = [index for index, layer in enumerate(seen.network.layers) for _ in layer.cells]
        frozen = [layer in step.training.frozen for layer in layers]
        kept = [
            {role: exactly(getattr(cell, role)) for role in after} if stays else after
            for cell, after, stays in zip(seen.network.cells, cells, frozen, strict=True)
        ]
        return {"cells": kept}


def _goes_backwards(step: Step) -> bool:
    return step.call is not None and step.call.go_backwards


def _is_merged(case: Case) -> bool:
    return case.call.merge_mode not in ("concat", "none")


def _of_type(seen: Case, step: Step) -> tuple[Array, States]:
    """The cotangents of a step, of the type that is computed in."""
    assert step.d_sequence is not None
    dtype = seen.network.dtype
    return step.d_sequence.astype(dtype), tuple(state.astype(dtype) for state in step.d_final_states or ())


def _direction(step: Step) -> Gradients:
    """In which everything changes, the input in processing order."""
    direction = step.direction
    assert direction is not None
    return direction._replace(x=direction.x[:, ::-1]) if _goes_backwards(step) else direction


def _of_both(seen: Case) -> Bounded:
    """The outputs of both directions, side by side."""
    x, states = checked_call(seen.network, seen.x, seen.initial_states)
    (both,), _ = bound_stack(seen.network, exactly(x), states, checked_steps(x, seen.steps))
    return both


def exactly(array: Array) -> Bounded:
    """Numbers that must come back to the bit."""
    return Bounded(widened(array, EXACT), widened(np.zeros(array.shape), EXACT))


def without_bounds(value: Any) -> Any:
    """Bounded arrays, in tuples and dictionaries as they came, with bounds of zero."""
    if isinstance(value, Bounded):
        return exactly(value.value)
    if isinstance(value, dict):
        return {name: without_bounds(each) for name, each in value.items()}
    if hasattr(value, "_asdict"):
        return {name: without_bounds(each) for name, each in value._asdict().items() if each is not None}
    return [without_bounds(each) for each in value]


def merged_as_asked(case: Case, both: Bounded) -> Bounded:
    """The two directions' outputs by the case's merge mode."""
    return merged(case, both) if _is_merged(case) else both


def fits(network: Network, steps: list[Step], dtype: str) -> bool:
    """Whether a type holds every number of a vector exactly."""
    kind, exact = DTYPES[dtype], True

    def check(array: Array) -> Array:
        nonlocal exact
        with np.errstate(over="ignore", invalid="ignore"):
            exact = exact and np.array_equal(array.astype(kind).astype(FLOAT64), array, equal_nan=True)
        return array

    network.mapped(check)
    for step in steps:
        step.mapped(check)
    return exact


def written_steps(
    network: Network, steps: list[Step], types: tuple[str, ...] = TYPES, evidence: float = EVIDENCE
) -> list[StepData]:
    """The steps of a vector as written, with what is expected of them.

    Args:
        network, steps: of float64.
        types: those that may have bounds; the types that do not hold its numbers, or in which most bounds
            would say nothing, are left out.
        evidence: the share of elements whose bound must say something.

    Returns:
        The steps; all with bounds for the same types, or without any where nothing can be said.
    """
    written = [_written_step(step) for step in steps]
    for dtype in types:
        derived_twice = any(step.do in WIDE_ONLY for step in steps)
        if not fits(network, steps, dtype) or (derived_twice and dtype in NARROW_TYPES):
            continue
        kind = DTYPES[dtype]
        follower = Follower(network.astype(kind))
        informative, elements, found = 0, 0, []
        with exact_numbers():
            for step in steps:
                values = follower.after(step.mapped(partial(np.asarray, dtype=kind)))
                found.append({name: _stored(value) for name, value in values.items()})
        for step, values in zip(steps, found, strict=True):
            narrow = None if step.call is None else step.call.compute_dtype
            for stored in _leaves(list(values.values())):
                informative += stored.informative(DTYPES[narrow or dtype])
                elements += stored.claimed
        if informative < evidence * elements:
            continue
        for step_data, values in zip(written, found, strict=True):
            if values:
                step_data.expected = _data(values, lambda stored: stored.value)
                step_data.bounds[dtype] = _data(values, lambda stored: stored.bound)
    return written


def _written_step(step: Step) -> StepData:
    return StepData(
        do=step.do,
        call=None if step.call is None else write_call(step.call, FLOAT64),
        d_sequence=None if step.d_sequence is None else write_array(step.d_sequence, FLOAT64),
        d_final_states=None
        if step.d_final_states is None
        else [write_array(state, FLOAT64) for state in step.d_final_states],
        direction=None if step.direction is None else write_gradients(step.direction, FLOAT64),
        training=None if step.training is None else write_training(step.training, FLOAT64),
        layers=None if step.network is None else write_network(step.network).layers,
    )


@dataclass(frozen=True, eq=False)
class Stored:
    """An array as it is stored: each value the nearest float64, and its bound, which counts that rounding."""

    value: Array
    bound: Array

    @staticmethod
    def of(bounded: Bounded) -> Stored:
        pairs = [_stored_number(*pair) for pair in zip(bounded.value.flat, bounded.bound.flat, strict=True)]
        numbers = np.array(pairs, FLOAT64).reshape((-1, 2))
        shape = bounded.value.shape
        return Stored(numbers[:, 0].reshape(shape), numbers[:, 1].reshape(shape))

    @property
    def claimed(self) -> int:
        """How many elements there is a claim about."""
        return int(np.count_nonzero(np.isfinite(self.bound)))

    def informative(self, dtype: np.dtype[Any]) -> int:
        """How many elements have a bound that says something (`engine.compare`)."""
        finite = np.abs(self.value[np.isfinite(self.value)])
        share = max(INFORMATIVE, INFORMATIVE_UNITS * precision_of(dtype).unit_roundoff)
        return int(np.count_nonzero(self.bound <= share * finite.max(initial=0.0)))


def _stored_number(value: Any, bound: Any) -> tuple[float, float]:
    """A value and its bound. NaN must be NaN (NAN-1); of what else has no finite bound nothing is claimed."""
    stored, exact, wide = float(value), decimal_of(value), decimal_of(bound)
    if exact.is_nan():
        return stored, 0.0
    if not (exact.is_finite() and wide.is_finite()):
        return stored, np.inf
    rounding = ARITHMETIC.abs(ARITHMETIC.subtract(exact, Decimal(stored)))
    return stored, float(UP.plus(ARITHMETIC.add(wide, rounding)))


def _stored(value: Any) -> Any:
    """Bounded arrays as stored, in tuples and dictionaries as they came."""
    if isinstance(value, Bounded):
        return Stored.of(value)
    if isinstance(value, dict):
        return {name: _stored(each) for name, each in value.items()}
    if hasattr(value, "_asdict"):
        return {name: _stored(each) for name, each in value._asdict().items() if each is not None}
    return [_stored(each) for each in value]


def _leaves(value: Any) -> list[Stored]:
    if isinstance(value, Stored):
        return [value]
    each = value.values() if isinstance(value, dict) else value
    return [leaf for part in each for leaf in _leaves(part)]


def _data(values: Values, part: Callable[[Stored], Array]) -> ValuesData:
    """The values, or the bounds, as written."""

    def array(stored: Stored) -> ArrayData:
        return write_array(part(stored), FLOAT64)

    fields: dict[str, Any] = {}
    for name, value in values.items():
        if name == "cells":
            fields[name] = [
                CellGradientsData(**{role: array(cell[role]) for role in ROLES if role in cell})
                for cell in value
            ]
        else:
            fields[name] = list(map(array, value)) if isinstance(value, list) else array(value)
    return ValuesData(**fields)
