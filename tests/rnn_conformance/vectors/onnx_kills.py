"""Which faults of the catalogue ONNX's own cases of the operator `RNN` notice, and which the vectors do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from onnx import ModelProto
from onnx.backend.test.runner import Runner
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from rich.console import Console
from rich.progress import track

from rnn_adapters.adapter import Adapter, Call
from rnn_adapters.native import canonical_weights
from rnn_adapters.onnx import CONVENTIONS
from rnn_adapters.onnx.graph import NAMES
from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.faults.registry import fault_named
from rnn_conformance.vectors.form import read_vectors
from rnn_conformance.vectors.onnx_cases import onnx_cases
from rnn_conformance.vectors.onnx_runner import ATOL, RTOL, own_cases
from rnn_reference.activations import DEFAULTS, Activation, ActivationName
from rnn_reference.network import Array, Cell, Layer, Network

Outputs: TypeAlias = Sequence[Array] | None
"""What an implementation gave; None: it raised."""

Same: TypeAlias = Callable[[Sequence[Array]], bool]
"""Whether outputs are as they should be."""


ONNX, LOOSE, RUNNER, BOUNDS = (
    "ONNX's cases, ONNX's tolerances",
    "vectors, ONNX's tolerances",
    "vectors, the tolerances of their data.json",
    "vectors, a bound for each element",
)
COMPARISONS = (ONNX, LOOSE, RUNNER, BOUNDS)


class RNN(OpRun):
    """The operator, computed by the adapter that is set."""

    op_domain = ""
    adapter: Adapter[Any]

    def _run(
        self,
        X: Array,
        W: Array,
        R: Array,
        B: Array | None = None,
        sequence_lens: Array | None = None,
        initial_h: Array | None = None,
        direction: str = "forward",
        layout: int = 0,
        activations: Sequence[str] | None = None,
        activation_alpha: Sequence[float] | None = None,
        activation_beta: Sequence[float] | None = None,
        **options: Any,
    ) -> tuple[Array, ...]:
        arrays = {name: array for name, array in {"W": W, "R": R, "B": B}.items() if array is not None}
        named = activations_of(activations, activation_alpha, activation_beta, len(W))
        weights = canonical_weights(CONVENTIONS.weights, arrays, len(W))
        cells = [Cell(**each, activation=name) for each, name in zip(weights, named, strict=True)]
        states = initial_h if initial_h is None or not layout else initial_h.swapaxes(0, 1)
        call = Call(
            X if layout else np.ascontiguousarray(X.swapaxes(0, 1)),
            None if states is None else (states,),
            lengths=None if sequence_lens is None else sequence_lens.astype(np.int64),
            go_backwards=direction == "reverse",
        )
        output = self.adapter.run(self.adapter.load(Network([Layer(*cells)])), call)
        assert output.sequence is not None
        assert output.final_states is not None
        batch, time, features = output.sequence.shape
        Y = output.sequence.reshape(batch, time, len(W), features // len(W))
        Y, Y_h = Y[:, ::-1] if call.go_backwards else Y, output.final_states[0]
        if layout:
            return Y, Y_h.swapaxes(0, 1)
        return Y.transpose(1, 2, 0, 3), Y_h


def activations_of(
    names: Sequence[str] | None,
    alphas: Sequence[float] | None,
    betas: Sequence[float] | None,
    directions: int,
) -> Iterator[Activation]:
    """The activation of each direction; parameters are consumed in order by those that have some."""
    known: dict[str, ActivationName] = {own: name for name, own in NAMES.items()}
    given = {"alpha": iter(alphas or ()), "beta": iter(betas or ())}
    for name in (names or ["Tanh"] * directions)[:directions]:
        defaults = DEFAULTS.get(known[name], {})
        yield Activation(known[name], **{p: next(given[p], default) for p, default in defaults.items()})


@dataclass(frozen=True, eq=False)
class Asked:
    """A case, and how its outputs may be compared.

    Args:
        comparisons: by the names of `COMPARISONS`.
    """

    evaluator: ReferenceEvaluator
    inputs: Sequence[Array]
    comparisons: Mapping[str, Same]

    def outputs_of(self, adapter: Adapter[Any]) -> Outputs:
        """What an adapter gives as the operator of ONNX's evaluator."""
        RNN.adapter = adapter
        given = [array.copy() for array in self.inputs]  # some faults change their arguments
        try:
            found = self.evaluator.run(None, dict(zip(self.evaluator.input_names, given, strict=True)))
        except Exception:
            return None
        return [np.asarray(array) for array in found]


def agreeing(expected: Sequence[Array], rtol: float, atol: float) -> Same:
    """ONNX's comparison with these outputs."""

    def same(outputs: Sequence[Array]) -> bool:
        try:
            Runner.assert_similar_outputs(expected, outputs, rtol=rtol, atol=atol)
        except AssertionError:
            return False
        return True

    return same


def within(expected: Sequence[Array], bounds: Sequence[Array]) -> Same:
    """The vectors' own comparison: a bound for each element."""

    def right(e: Array, bound: Array, a: Array) -> bool:
        if a.shape != e.shape or a.dtype != e.dtype:
            return False
        wide_e, wide_a = e.astype(np.float64), a.astype(np.float64)
        equal = (wide_e == wide_a) | (np.isnan(wide_e) & np.isnan(wide_a))
        return bool((equal | (np.abs(wide_a - wide_e) <= bound)).all())

    return lambda outputs: len(outputs) == len(expected) and all(map(right, expected, bounds, outputs))


def evaluator_of(model: ModelProto) -> ReferenceEvaluator:
    """ONNX's evaluator with this operator for its own."""
    return ReferenceEvaluator(model, new_ops=[RNN])


def asked_of(folder: Path) -> list[Asked]:
    """ONNX's own cases, and the vectors of a folder that the operator covers."""
    cases = []
    for own in own_cases():
        assert own.model is not None
        assert own.data_sets is not None
        ((inputs, outputs),) = own.data_sets
        cases.append(Asked(evaluator_of(own.model), inputs, {ONNX: agreeing(outputs, own.rtol, own.atol)}))
    for case in onnx_cases(read_vectors(folder)):
        expected, bounds = [each.value for each in case.outputs], [each.bound for each in case.outputs]
        comparisons = {
            LOOSE: agreeing(expected, RTOL, ATOL),
            RUNNER: agreeing(expected, 0.0, case.atol),
            BOUNDS: within(expected, bounds),
        }
        cases.append(Asked(evaluator_of(case.model), case.inputs, comparisons))
    return cases


@dataclass
class Counted:
    """What a comparison notices.

    Args:
        cases: how many there are.
        alarms: how many the correct implementation fails; they are not asked.
        kills: for each fault, on how many cases it is noticed.
    """

    cases: int = 0
    alarms: int = 0
    kills: dict[str, int] = field(default_factory=dict)


def counted(cases: Sequence[Asked], faults: Sequence[str]) -> tuple[set[str], dict[str, Counted]]:
    """The faults that change a bit of some output, and what each comparison notices of them."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        correct = [asked.outputs_of(PlainNumpy()) for asked in cases]
        counts = {name: Counted() for name in COMPARISONS}
        usable = list[dict[str, Same]]()
        for asked, outputs in zip(cases, correct, strict=True):
            passes = {n: outputs is not None and same(outputs) for n, same in asked.comparisons.items()}
            usable.append({name: same for name, same in asked.comparisons.items() if passes[name]})
            for name, passed in passes.items():
                counts[name].cases += 1
                counts[name].alarms += not passed
        shown = set[str]()
        for fault in track(faults, transient=True, console=Console(stderr=True)):
            for asked, outputs, comparisons in zip(cases, correct, usable, strict=True):
                faulty = asked.outputs_of(fault_named(fault))
                if alike(outputs, faulty):
                    continue
                shown.add(fault)
                for name, same in comparisons.items():
                    killed = faulty is None or not same(faulty)
                    counts[name].kills[fault] = counts[name].kills.get(fault, 0) + killed
    return shown, counts


def alike(one: Outputs, other: Outputs) -> bool:
    """Whether two implementations gave the same bits."""
    if one is None or other is None:
        return one is other
    return [(a.shape, a.dtype, a.tobytes()) for a in one] == [(a.shape, a.dtype, a.tobytes()) for a in other]


def summary(faults: int, shown: int, counts: Mapping[str, Counted]) -> Iterator[str]:
    """The table of the spec's chapter on vectors, in Markdown."""
    yield f"{shown} of {faults} faults change what the operator gives on some case."
    yield ""
    yield "| | cases | faults noticed | by two or more | a correct implementation fails |"
    yield "| --- | --- | --- | --- | --- |"
    for name, count in counts.items():
        noticed = [sum(kills >= least for kills in count.kills.values()) for least in (1, 2)]
        yield f"| {name} | {count.cases} | {noticed[0]} | {noticed[1]} | {count.alarms} |"
