"""The fixed cases, what is kept of them, and the file it is kept in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from rnn_adapters.adapter import Call, Output
from rnn_adapters.declarations import Supports
from rnn_conformance.engine.results import drift_path, results_path
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.running.drift import (
    Drift,
    drift_cases,
    drift_of,
    drift_schema,
    read_drift,
    share_of_bound,
    write_drift,
)
from rnn_conformance.running.jobs import run_jobs
from rnn_conformance.running.messages import Job
from rnn_reference import BadInput
from rnn_reference.bounds import Bounded


class Narrow(PlainNumpy):
    supports = Supports(activations=("tanh",), dtypes=("float32",), sequence=True, final_states=True)


class Breaks(PlainNumpy):
    def run(self, model: Any, call: Call) -> Output:
        if call.lengths is not None:
            raise RuntimeError("not today")
        return super().run(model, call)


@pytest.fixture(scope="module")
def drift() -> Drift:
    return drift_of(Subject(PlainNumpy()), {"numpy": "1"})


def test_about_a_hundred_cases_of_every_type_and_activation(drift: Drift) -> None:
    assert 80 <= len(drift.cases) <= 120
    kinds = {case.kind for case in drift.cases.values()}
    for word in (*PlainNumpy.supports.dtypes, *PlainNumpy.supports.activations, "lengths", "mask"):
        assert any(word in kind for kind in kinds), word
    assert all(case.outputs and case.gradients and not case.problem for case in drift.cases.values())


def test_the_cases_are_the_same_ones_as_ever() -> None:
    """Those that files were made of before: another number here makes them all incomparable."""
    name = "float32 tanh, layers 2, directions 2, 1"
    kind, case = drift_cases()[name]
    assert kind == "float32 tanh"
    assert (case.network.num_layers, case.network.layers[0].directions) == (2, 2)
    assert float(case.x[0, 0, 0]) == 1.3391492366790771


def test_only_what_is_supported_is_asked(drift: Drift) -> None:
    narrow = drift_of(Subject(Narrow()), {})
    kinds = {case.kind for case in narrow.cases.values()}
    assert kinds == {"float32 tanh", "float32 tanh, 40 steps of 32 units"}
    assert not any(case.gradients for case in narrow.cases.values())
    whole = drift.cases["float32 tanh, layers 1, directions 1, 1"]
    assert narrow.cases["float32 tanh, layers 1, directions 1, 1"].digest != whole.digest  # no initial states


def test_a_correct_implementation_is_within_its_bounds(drift: Drift) -> None:
    cases = drift.cases.values()
    kept = [array for case in cases for array in (*case.outputs.values(), *case.gradients.values())]
    assert 0 < max(each.worst for each in kept) <= 1
    assert all(each.mean <= each.worst for each in kept)


def test_a_case_that_cannot_be_answered_says_why() -> None:
    broken = drift_of(Subject(Breaks()), {})
    problems = {case.kind: case.problem for case in broken.cases.values() if case.problem}
    assert problems == {"float32 tanh with lengths": "run raised RuntimeError: not today"}


def test_what_is_written_is_read_back_and_keeps_the_schema(tmp_path: Path, drift: Drift) -> None:
    write_drift(tmp_path / "x.json", drift)
    assert read_drift(tmp_path / "x.json") == drift
    some = replace_cases(drift, 3)
    write_drift(tmp_path / "y.json", some)
    jsonschema.validate(json.loads((tmp_path / "y.json").read_text(encoding="utf-8")), drift_schema())


def replace_cases(drift: Drift, count: int) -> Drift:
    return Drift(
        **{name: getattr(drift, name) for name in drift.__struct_fields__ if name not in ("schema", "cases")},
        cases=dict(list(drift.cases.items())[:count]),
    )


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_drift(tmp_path / "x.json")
    (tmp_path / "x.json").write_text('{"schema": "rnn-conformance/drift/9"}', encoding="utf-8")
    with pytest.raises(BadInput, match="schema: invalid enum value 'rnn-conformance/drift/9'"):
        read_drift(tmp_path / "x.json")


def test_the_share_of_the_bound_counts_what_is_claimed_and_wrong() -> None:
    expected = Bounded(np.array([1.0, 1.0, 0.0, 5.0]), np.array([0.5, 0.5, 0.0, np.inf]))
    shares = share_of_bound(np.array([1.25, np.nan, 0.0, 7.0]), expected)
    assert shares.tolist() == [0.5, 1e300, 0.0]


def test_a_run_keeps_it_beside_the_results(tmp_path: Path) -> None:
    (answer,) = run_jobs([Job("reference", ["FWD-1"], drift=True)], folder=tmp_path, timeout=60)
    assert answer.result is not None
    assert answer.drift == drift_path(results_path(tmp_path, answer.result))
    assert read_drift(answer.drift).versions == answer.result.versions
    (without,) = run_jobs([Job("reference", ["FWD-1"])], folder=tmp_path, timeout=60)
    assert without.drift is None


def test_a_process_that_does_not_survive_it_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])  # where broken_adapters lies
    (answer,) = run_jobs([Job("broken_adapters:CrashesOnLongOnes", ["FWD-1"], drift=True)], folder=tmp_path)
    assert answer.result is not None
    assert answer.drift is None
    (warning,) = answer.result.warnings
    assert "drift was not measured: the process ended by signal 11" in warning
    assert answer.result.outcomes[0].verdict == "pass"
