"""Which fault of the catalogue would explain a failure."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.faults.registry import PREFIX, all_faults, fault_named
from rnn_reference.bounds import bound_network
from rnn_reference.errors import BadInput


def likely_cause(subject: Subject, case: Case) -> str:
    """The fault whose output on the case is the implementation's own, in words; "" when none or several fit.

    Equal means within the forward bound of the reference. This is a hint for the reader, not a verdict.
    """
    try:
        bounds = bound_network(case.network, case.x, case.initial_states, case.steps)
    except BadInput:
        return ""  # a case of bad input has no reference result
    margin = float(
        max(bounds.sequence.bound.max(initial=0), *(s.bound.max(initial=0) for s in bounds.final_states))
    )
    calls = [case.asking(return_sequences=wanted) for wanted in (True, False)][
        : 1 + subject.supports.last_output
    ]
    matching: dict[str, str] = {}
    try:
        actual = [_arrays(subject.adapter.run(subject.model(case.network), call)) for call in calls]
        plain = [_arrays(_run(None, case, call)) for call in calls]
        if all(_equal(a, p, margin) for a, p in zip(actual, plain, strict=True)):
            return ""  # nothing is wrong with the numbers
        for name, fault in all_faults().items():
            try:
                faulty = [_arrays(_run(name, case, call)) for call in calls]
            except Exception:  # it returns what is no output at all
                continue
            if all(_equal(a, f, margin) for a, f in zip(actual, faulty, strict=True)):
                matching[name] = (fault.__doc__ or "").splitlines()[0]
    except Exception:
        return ""  # a hint must not hide the finding
    if len(matching) != 1:
        return ""
    ((name, words),) = matching.items()
    return f"the output is that of {PREFIX}{name}: {words[0].lower()}{words[1:]}"


def _run(name: str | None, case: Case, call: Call) -> Output:
    adapter = PlainNumpy() if name is None else fault_named(name)
    try:
        return adapter.run(adapter.load(case.network), call)
    except Exception:
        return Output()


def _arrays(output: Output) -> dict[str, Any]:
    states = output.final_states or ()
    named = {"sequence": output.sequence, "last": output.last}
    named |= {f"state {index}": np.array(state) for index, state in enumerate(states)}
    return {name: np.array(array) for name, array in named.items() if array is not None}


def _equal(one: dict[str, Any], other: dict[str, Any], margin: float) -> bool:
    return one.keys() == other.keys() and all(
        one[name].shape == other[name].shape
        and one[name].dtype == other[name].dtype
        and bool(np.all(np.abs(one[name].astype(float) - other[name].astype(float)) <= margin))
        for name in one
    )
