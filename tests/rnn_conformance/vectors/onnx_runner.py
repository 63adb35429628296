"""Backend tests, those of vectors and ONNX's own of the operator `RNN`, by ONNX's own runner."""

from __future__ import annotations

import unittest
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeAlias
from unittest.mock import patch

from onnx import ModelProto
from onnx.backend.base import Backend, BackendRep
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner
from onnx.reference import ReferenceEvaluator

from rnn_adapters.declarations import one_of
from rnn_adapters.registry import load_framework, made_adapter
from rnn_conformance.engine.deviations import Deviation, known_deviations
from rnn_conformance.vectors.judge import unsupported
from rnn_conformance.vectors.onnx_cases import OnnxCase

Came: TypeAlias = Literal["pass", "value", "raised"]
"""What ONNX's runner makes of a case; in the words of `engine.results.Kind` where it fails."""

RTOL, ATOL = 1e-3, 1e-7
"""What ONNX's loader takes where a case says nothing."""


class EvaluatorRep(BackendRep):
    """A model in ONNX's own evaluator."""

    def __init__(self, evaluator: ReferenceEvaluator) -> None:
        self.evaluator = evaluator

    def run(self, inputs: Sequence[Any], **options: Any) -> tuple[Any, ...]:
        """All outputs, in the order of the model."""
        feeds = dict(zip(self.evaluator.input_names, inputs, strict=True))
        return tuple(self.evaluator.run(None, feeds))


class EvaluatorBackend(Backend):
    """ONNX's own evaluator. `operators` take the place of its own."""

    operators: tuple[type[Any], ...] = ()

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **options: Any) -> BackendRep:
        """The model, ready to be run."""
        return EvaluatorRep(ReferenceEvaluator(model, new_ops=list(cls.operators)))

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """It is NumPy."""
        return device == "CPU"


def backend_of(adapter: str) -> type[Backend]:
    """The backend of an adapter: ONNX Runtime brings its own.

    Raises:
        BadInput: the adapter is neither `onnx` nor `onnx-reference`.
    """
    one_of("--adapter", adapter, ("onnx", "onnx-reference"))
    if adapter == "onnx-reference":
        return EvaluatorBackend
    backend: type[Backend] = import_module("onnxruntime.backend.backend").OnnxRuntimeBackend
    return backend


def own_cases() -> list[TestCase]:
    """ONNX's own cases of the operator, with the numbers that it makes for them."""
    import_module("onnx.backend.test.case.node.rnn")
    from onnx.backend.test.case.node import _NodeTestCases as made

    return [case for case in made if case.model.graph.node[0].op_type == "RNN"]


def written_cases(folder: Path, names: Collection[str]) -> list[TestCase]:
    """Those of the folders in a folder that have these names, as ONNX's loader reads them."""
    return [case for case in load_model_tests(str(folder.parent), folder.name) if case.name in names]


@dataclass(frozen=True)
class Ran:
    """What came of a case.

    Args:
        came: "refused", which is right, too, where there is nothing to compute (EDG-1, 2, 4 and 5).
        message: the runner's.
        record: the id of the known deviation that it was expected to fail by.
    """

    name: str
    came: Literal["pass", "fail", "deviation", "refused"]
    message: str = ""
    record: str = ""


def run_cases(backend: type[Backend], cases: Sequence[TestCase]) -> dict[str, tuple[Came, str]]:
    """What ONNX's runner makes of each case, on the CPU: and its message.

    The runner loads some four thousand other cases as it is made; it is given these instead.
    """
    with patch("onnx.backend.test.runner.load_model_tests", lambda kind: cases if kind == "node" else []):
        runner = Runner(backend, __name__)
    result = unittest.TestResult()
    runner.include("_cpu$").test_suite.run(result)
    came: dict[str, tuple[Came, str]] = {case.name: ("pass", "") for case in cases}
    came |= {_name_of(test): ("value", message) for test, message in result.failures}
    came |= {_name_of(test): ("raised", message) for test, message in result.errors}
    assert not {_name_of(test) for test, _ in result.skipped} & set(came), "the runner skipped a case"
    return came


def _name_of(test: unittest.TestCase) -> str:
    """Of the case that a test on the CPU is of."""
    return test.id().rpartition(".")[2].removesuffix("_cpu")


def judged(
    cases: Iterable[OnnxCase], came: Mapping[str, tuple[Came, str]], known: Sequence[Deviation]
) -> list[Ran]:
    """What came of each case that was run, with the record that says so of those that fail as known."""
    return [_judged(case, *came[case.name], known) for case in cases if case.name in came]


def _judged(case: OnnxCase, kind: Came, message: str, known: Sequence[Deviation]) -> Ran:
    if kind == "pass":
        return Ran(case.name, "pass")
    for record in known:
        kinds = [record.kind] if isinstance(record.kind, str) else record.kind
        if kind in (kinds or [kind]) and any(map(record.covers, case.alone.cases)):
            return Ran(case.name, "deviation", message, record.id)
    if kind == "raised" and any(0 in array.shape for array in case.inputs):
        return Ran(case.name, "refused", message)
    return Ran(case.name, "fail", message)


def ran_by(adapter: str, cases: Sequence[OnnxCase], folder: Path) -> list[Ran]:
    """What ONNX's runner makes of the cases in a folder that an adapter declares to support.

    Raises:
        BadInput: see `backend_of`; or a record of the adapter is broken.
    """
    framework = load_framework(adapter)
    made = made_adapter(framework, "")
    supported = [case for case in cases if not unsupported(made.supports, case.alone)]
    written = written_cases(folder, {case.name for case in supported})
    came = run_cases(backend_of(adapter), written)
    return judged(supported, came, known_deviations(framework, made.versions()))
