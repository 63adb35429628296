"""What only TensorFlow.js can show: run where Node is, and where it was installed by the command for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from docs import documents_for, run_script

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from reproductions import derivatives, ended, right_texts, text_of
from upstream import KNOWN, expect_kept, expect_shown, records_of

from rnn_adapters import Adapter, Call, load_adapter, load_framework
from rnn_adapters.npm import PACKAGE_FILES
from rnn_adapters.tfjs import DECLARED
from rnn_adapters.tfjs.installed import NPM, PACKAGE
from rnn_conformance.cli import main
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_conformance.running.protocol import steps
from rnn_reference import BadInput, Cell, Layer, Network, bound_network

FRAMEWORK = load_framework("tfjs")
RECORDS = records_of("tfjs")
SCRIPTS = Path(str(files("rnn_adapters.tfjs"))) / "js"
COMMAND = ["node", str(SCRIPTS / "main.js"), str(NPM.folder())]


@pytest.fixture(autouse=True)
def _session_of_its_own() -> None:
    """An adapter that is closed ends the process of all routes, and with it a session of the test before."""
    KNOWN.clear()


@pytest.fixture
def adapter() -> Iterator[Adapter[Any]]:
    made = load_adapter("tfjs")
    yield made
    made.close()


def small(activation: str = "tanh") -> tuple[Network, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    W_x, W_h, b = (rng.normal(size=size).astype("f4") for size in ((3, 2), (3, 3), 3))
    return Network([Layer(Cell(W_x, W_h, b, activation=activation))]), rng.normal(size=(4, 5, 2)).astype("f4")


def test_it_is_installed() -> None:
    assert NPM.missing(PACKAGE) == []


@pytest.mark.parametrize("path", documents_for("tfjs"), ids=lambda path: path.name)
def test_scripts_of_the_documents(path: Path) -> None:
    assert run_script(path, "tfjs", NPM.folder())


@pytest.mark.parametrize("route", ["", *FRAMEWORK.routes])
def test_a_first_call(route: str) -> None:
    network, x = small()
    adapter = load_adapter("tfjs", route)
    output = adapter.run(adapter.load(network), Call(x))
    expected = bound_network(network, x).sequence
    assert output.sequence is not None
    assert (abs(output.sequence - expected.value) <= expected.bound).all()
    adapter.close()


@pytest.mark.parametrize("form", ["leaky_relu", "leaky_relu(alpha=0.5)", "elu(alpha=0.5)", "scaled_tanh"])
def test_an_activation_that_has_no_name_passes_through_a_file(form: str) -> None:
    network, x = small(form)
    adapter = load_adapter("tfjs", "model file")
    output = adapter.run(adapter.load(network), Call(x))
    expected = bound_network(network, x).sequence
    assert output.sequence is not None
    assert (abs(output.sequence - expected.value) <= expected.bound).all()
    adapter.close()


def test_all_routes_are_those_of_one_process_until_it_is_closed(adapter: Adapter[Any]) -> None:
    first = load_adapter("tfjs", "unrolled")
    assert first.versions() == adapter.versions()
    adapter.close()
    network, x = small()
    again = load_adapter("tfjs", "unrolled")
    assert again.run(again.load(network), Call(x)).sequence is not None
    again.close()


def test_what_python_knows_of_it_is_what_the_harness_says() -> None:
    asked = '{"id": 1, "request": "hello", "protocol": 1}\n{"id": 2, "request": "bye"}\n'
    done = subprocess.run(COMMAND, input=asked, capture_output=True, text=True, check=True, timeout=60)
    said = json.loads(done.stdout.splitlines()[0])["answer"]
    assert said["conventions"] == DECLARED["conventions"]
    assert {name: (route["kind"], route["what"]) for name, route in said["routes"].items()} == {
        name: (route.kind, route.what) for name, route in FRAMEWORK.routes.items()
    }


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    subject = Subject(FRAMEWORK)
    assert not coverage_of(subject, PROFILES["quick"]).missing
    subject.close()


def test_it_keeps_to_the_protocol() -> None:
    wrong = {step.name: step.wrong for step in steps(COMMAND, 60) if step.wrong}
    assert {*wrong} == {"routes"}  # a model with states and returned states: tfjs-model-with-states
    assert "route 'functional'" in wrong["routes"]
    assert "neither initialState or constants should be provided" in wrong["routes"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("", "failed"),
        ("{", "failed"),
        ("[]", "failed"),
        ('{"id": 1.5, "request": "bye"}', "failed"),
        ('{"id": 1, "request": "run", "call": {"x": [[[1]]]}}', "failed"),
        ('{"id": 1, "request": "sing"}', "unknown request"),
        ('{"id": 1, "request": "toString"}', "unknown request"),
        ('{"id": 1, "request": "load"}', "failed"),
        ('{"id": 1, "request": "load", "route": "scenic", "network": {}}', "failed"),
        ('{"id": 1, "request": "load", "network": {"dtype": "float64", "layers": []}}', "refused"),
        (
            '{"id": 1, "request": "load", "network": {"dtype": "float32", "layers": [{"forward":'
            ' {"W_x": [[1, 2], [3]], "W_h": [[1, 2], [3, 4]]}}]}}',
            "failed",
        ),
    ],
)
def test_what_it_cannot_read_is_an_error_and_the_next_request_is_answered(line: str, kind: str) -> None:
    asked = f'{line}\n{{"id": 2, "request": "bye"}}\n'
    done = subprocess.run(COMMAND, input=asked, capture_output=True, text=True, check=True, timeout=60)
    error, answer = map(json.loads, done.stdout.splitlines())
    assert error["error"]["kind"] == kind
    assert answer == {"id": 2, "answer": {}}


def test_where_it_is_missing_this_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NPM.variable, str(tmp_path))
    with pytest.raises(
        BadInput, match=f"adapter 'tfjs' needs @tensorflow/tfjs in .*; {NPM.command} brings it"
    ):
        load_adapter("tfjs")
    said = CliRunner().invoke(main, ["adapters"], env={"COLUMNS": "250"}).output
    (line,) = [each for each in said.splitlines() if " tfjs " in each]
    assert f"no: @tensorflow/tfjs in {tmp_path}  {NPM.command}" in line
    monkeypatch.setenv("PATH", str(tmp_path))
    assert NPM.missing(PACKAGE) == ["the program 'node'", f"@tensorflow/tfjs in {tmp_path}"]


def test_npm_finds_its_files_without_an_address() -> None:
    for name in PACKAGE_FILES:
        assert (files("rnn_adapters.tfjs") / name).is_file()
    lock = json.loads((files("rnn_adapters.tfjs") / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


@pytest.fixture
def beside_modules(tmp_path: Path) -> Path:
    """A folder whose scripts find TensorFlow.js."""
    (tmp_path / "node_modules").symlink_to(NPM.folder() / "node_modules")
    return tmp_path


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_script_of_a_record_shows_it(record: Deviation, beside_modules: Path) -> None:
    expect_shown("tfjs", record, beside_modules)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    expect_kept("tfjs", record)


@pytest.mark.parametrize("route", ["", *FRAMEWORK.routes])
def test_a_script_of_a_case_that_is_right_ends_well(route: str, beside_modules: Path) -> None:
    for text in right_texts(FRAMEWORK, route, RECORDS, count=12):
        done = ended(text, beside_modules)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


def test_a_script_of_a_gradient_that_is_right_ends_well(beside_modules: Path) -> None:
    """Of first gradients; second ones are not right."""
    for question in derivatives("tfjs"):
        if question.quantity == "gradient":
            done = ended(text_of(FRAMEWORK, question), beside_modules)
            assert done.returncode == 0, done.stdout + done.stderr


def test_documented_defaults_are_asked(adapter: Adapter[Any]) -> None:
    """What is documented of them is what a layer has; but null, which is documented to be no activation."""
    network, x = small()
    options = adapter.kept_options(adapter.load(network), Call(x))
    asked = {name: both for name, both in options.items() if name.startswith(("default of ", "null for "))}
    assert asked["default of layer: kernelInitializer"][0].startswith("VarianceScaling")
    assert asked["default of both directions: mergeMode"] == ('"concat"', '"concat"')
    assert "default of loop around a cell: goBackwards" in asked
    other = {name for name, (documented, has) in asked.items() if documented != has}
    assert other == {"null for cell: activation", "null for layer: activation"}


@pytest.mark.parametrize("route", ["masking", "embedding"])
def test_a_mask_of_one_row_does_not_stand_in_an_input_of_several(route: str) -> None:
    network, x = small()
    adapter = load_adapter("tfjs", route)
    with pytest.raises(Exception, match=r"mask: expected shape 4,5, as the input has it; got 1,5"):
        adapter.run(adapter.load(network), Call(x, mask=np.ones((1, 5), bool)))
    adapter.close()
