"""Vectors as ONNX backend tests: run where ONNX is installed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rnn_adapters import load_framework
from rnn_adapters.registry import missing_modules
from rnn_conformance.cli import main
from rnn_conformance.engine.clauses import spec_folder
from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.faults.registry import fault_named
from rnn_conformance.vectors.form import read_vectors, vectors_folder
from rnn_conformance.vectors.onnx_cases import OnnxCase, onnx_cases, write_cases
from rnn_conformance.vectors.onnx_kills import ONNX, RNN, asked_of, counted, summary
from rnn_conformance.vectors.onnx_runner import (
    EvaluatorBackend,
    backend_of,
    own_cases,
    ran_by,
    run_cases,
    written_cases,
)

INSTALLED = [name for name in ("onnx", "onnx-reference") if not missing_modules(load_framework(name))]

OWN = {
    "test_simple_rnn_defaults",
    "test_simple_rnn_with_initial_bias",
    "test_rnn_seq_length",
    "test_simple_rnn_batchwise",
    "test_simple_rnn_reverse",
    "test_simple_rnn_bidirectional",
}


@pytest.fixture(scope="module")
def cases() -> list[OnnxCase]:
    return list(onnx_cases(read_vectors(vectors_folder())))


@pytest.fixture(scope="module")
def few(cases: list[OnnxCase]) -> list[OnnxCase]:
    """Of one direction and two, forward and backward, with lengths and without."""
    return [case for case in cases if case.alone.clause.split("-")[0] in ("FWD", "BID", "LEN", "DIR")]


@pytest.fixture(scope="module")
def folder(few: list[OnnxCase], tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("made") / "cases"
    write_cases(few, made)
    return made


def test_the_same_bytes_are_written_again(cases: list[OnnxCase], tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    write_cases(cases, folders[0])
    write_cases(onnx_cases(read_vectors(vectors_folder())), folders[1])
    one, other = (
        {path.relative_to(each): path.read_bytes() for path in each.rglob("*") if path.is_file()}
        for each in folders
    )
    assert len(one) > 5 * len(cases)
    assert one == other


@pytest.mark.parametrize("name", INSTALLED)
def test_onnx_s_runner_finds_what_is_recorded(name: str, few: list[OnnxCase], folder: Path) -> None:
    came = ran_by(name, few, folder)
    assert {each.came for each in came} <= {"pass", "deviation"}
    records = {each.record for each in came} - {""}
    lengths = [each for each in came if each.record == "onnx-reference-lengths-ignored"]
    assert records <= {"onnx-length-of-zero", "onnx-reference-lengths-ignored"}
    assert bool(lengths) == (name == "onnx-reference")
    assert sum(each.came == "pass" for each in came) > 20


@pytest.mark.parametrize("name", INSTALLED)
def test_without_its_records_a_known_deviation_is_a_failure(
    name: str, few: list[OnnxCase], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnn_conformance.vectors.onnx_runner.known_deviations", lambda *_: [])
    assert "fail" in {each.came for each in ran_by(name, few, folder)}


def came_of(fault: str, few: list[OnnxCase], folder: Path) -> Mapping[str, tuple[str, str]]:
    class Backend(EvaluatorBackend):
        operators = (RNN,)

    RNN.adapter = fault_named(fault) if fault else PlainNumpy()
    return run_cases(Backend, written_cases(folder, {case.name for case in few}))


def test_a_correct_operator_passes(few: list[OnnxCase], folder: Path) -> None:
    came = came_of("", few, folder)
    assert len(came) == len(few)
    assert {kind for kind, _ in came.values()} == {"pass"}


@pytest.mark.parametrize("fault", ["transposed-recurrent-weight", "backward-runs-forward", "lengths-ignored"])
def test_a_faulty_operator_fails(fault: str, few: list[OnnxCase], folder: Path) -> None:
    came = came_of(fault, few, folder)
    assert "value" in {kind for kind, _ in came.values()}
    assert any("Mismatched elements" in message for _, message in came.values())


@pytest.mark.parametrize("name", INSTALLED)
def test_onnx_s_own_cases(name: str) -> None:
    own = own_cases()
    assert {case.name for case in own} == OWN
    came = {case: kind for case, (kind, _) in run_cases(backend_of(name), own).items()}
    unsupported = {"test_simple_rnn_batchwise"} if name == "onnx" else set()  # layout = 1
    assert {case for case, kind in came.items() if kind != "pass"} == unsupported


def test_a_bound_counts_the_rounding_of_what_is_expected(cases: list[OnnxCase]) -> None:
    by_name = {case.name: case for case in cases}
    case = by_name["test_rnn_vector_0001"]
    exact = case.alone.steps[0].expected["final_states[0]"]
    Y_h = case.outputs[[output.name for output in case.model.graph.output].index("Y_h_0")]
    assert Y_h.value.dtype == np.float32
    assert (Y_h.bound >= exact.bound + np.abs(Y_h.value.astype(np.float64) - exact.value)).all()
    assert case.atol == max(float(each.bound.max()) for each in case.outputs)


def test_a_parameter_that_no_attribute_holds_is_not_written() -> None:
    exact = [each for each in read_vectors(vectors_folder()) if each.clause == "NUM-11"]
    comments = {case.alone.vector.comment for case in onnx_cases(exact)}
    assert len({each.comment for each in exact} - comments) == 2  # α = 0.01, and α and β, in float64
    assert "an activation of exact pre-activations, in float64" in comments


def test_what_a_fault_does_to_its_arguments_does_not_reach_the_next_one() -> None:
    asked = [each for each in asked_of(vectors_folder())[:80] if len(each.inputs[1]) == 2]
    shown, _ = counted(asked, ["input-changed-in-place", "slope-without-square"])
    assert "slope-without-square" not in shown  # only derivatives show it


def test_onnx_s_own_cases_do_not_notice_what_the_vectors_do() -> None:
    shown, counts = counted(asked_of(vectors_folder()), ["transposed-recurrent-weight"])
    assert shown == {"transposed-recurrent-weight"}
    kills = {name: count.kills["transposed-recurrent-weight"] for name, count in counts.items()}
    assert kills.pop(ONNX) == 0
    assert min(kills.values()) > 10
    lines = list(summary(1, 1, counts))
    assert lines[0].startswith("1 of 1 faults")
    assert [line.count("|") for line in lines[2:]] == [6] * 6


def test_the_spec_s_table_is_of_these_vectors(cases: list[OnnxCase]) -> None:
    text = (spec_folder() / "94-vectors.md").read_text(encoding="utf-8")
    assert "rnn-conformance measure onnx-kills" in text
    assert set(re.findall(r"^\| vectors, [^|]* \| (\d+) \|", text, re.MULTILINE)) == {str(len(cases))}


def test_the_command_writes_and_runs(tmp_path: Path) -> None:
    told = ["vectors", "onnx", "-o", str(tmp_path / "cases"), "--type", "float32"]
    for name in INSTALLED:
        told += ["--adapter", name]
    ended = CliRunner().invoke(main, told)
    assert ended.exit_code == 0, ended.output
    assert (tmp_path / "cases" / "test_rnn_vector_0001" / "test_data_set_0" / "bound_1.pb").exists()
    for name in INSTALLED:
        assert re.search(rf"^{name}: \d+ pass", ended.output, re.MULTILINE)
