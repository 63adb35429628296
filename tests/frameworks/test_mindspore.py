"""What only MindSpore can show: run where it, or RNN_CONFORMANCE_MINDSPORE, is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from helpers import random_case, random_cell
from reproductions import derivative_texts, right_texts
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Call, load_adapter, load_framework, worker
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import Layer, Network, bound_network

ROUTES = ("", *load_framework("mindspore").routes)
RECORDS = records_of("mindspore")
PYTHON = os.environ.get(worker.variable("mindspore"), sys.executable)
RUNS_EACH = """
import runpy, sys
for path in sys.argv[1:]:
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as error:
        if error.code:
            sys.exit(f"{path}: exit status {error.code}")
"""
IMPORTS_NOTHING = "import rnn_adapters.mindspore, sys; assert 'mindspore' not in sys.modules"


def test_it_is_not_imported_before_it_is_asked_for() -> None:
    subprocess.run([sys.executable, "-c", IMPORTS_NOTHING], check=True)


@pytest.mark.parametrize("route", ROUTES)
def test_a_first_call_in_each_type(route: str) -> None:
    adapter = load_adapter("mindspore", route)
    before = adapter.global_state()
    for dtype in adapter.supports.dtypes:
        case = random_case(random_cell(2, 3, dtype=dtype, activation="relu"))
        output = adapter.run(adapter.load(case.network), case.call)
        assert output.sequence is not None
        expected = bound_network(case.network, case.x, case.initial_states).sequence
        assert (abs(output.sequence - expected.value) <= expected.bound).all()
    assert adapter.global_state() == before


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "jit, set_data"])  # see its record
def test_weights_that_are_assigned_are_read_back_and_called(route: str) -> None:
    adapter, case = load_adapter("mindspore", route), random_case(random_cell(2, 3, activation="relu"))
    other = random_case(random_cell(2, 3, seed=1, activation="relu")).network
    model = adapter.load(case.network)
    adapter.run(model, case.call)
    adapter.assign_weights(model, other)
    np.testing.assert_array_equal(adapter.read_weights(model).cells[0].W_h, other.cells[0].W_h)
    output = adapter.run(model, case.call).sequence
    assert output is not None
    expected = bound_network(other, case.x, case.initial_states).sequence
    assert (abs(output - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("route", ["", "cell", "jit"])
def test_what_is_restored_has_the_weights(route: str) -> None:
    adapter, case = load_adapter("mindspore", route), random_case(random_cell(2, 3, activation="relu"))
    restored = adapter.restored(adapter.load(case.network))
    np.testing.assert_array_equal(adapter.read_weights(restored).cells[0].W_h, case.network.cells[0].W_h)


def test_a_layer_of_another_rate_of_dropout_has_the_weights_that_were_assigned() -> None:
    adapter = load_adapter("mindspore")
    network, other = (
        Network([Layer(random_cell(size, 3, seed=s, activation="relu")) for size in (2, 3)]) for s in (0, 1)
    )
    call = Call(np.ones((2, 3, 2), "f4"), dropout="between layers", rate=0.5)
    model = adapter.load(network)
    adapter.run(model, call)
    adapter.assign_weights(model, other)
    output = adapter.run(model, call).sequence
    assert output is not None
    expected = bound_network(other, call.x).sequence
    assert (abs(output - expected.value) <= expected.bound).all()


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    assert not coverage_of(Subject(load_framework("mindspore")), PROFILES["quick"]).missing


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_script_of_a_record_shows_it(record: Deviation, tmp_path: Path) -> None:
    expect_shown("mindspore", record, tmp_path, python=PYTHON)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    expect_kept("mindspore", record)


def expect_all_well(texts: Iterable[str], folder: Path) -> None:
    """Scripts end well, one after the other in a process of their own."""
    paths = list[Path]()
    for text in texts:
        paths.append(folder / f"script_{len(paths)}.py")
        paths[-1].write_text(text, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [PYTHON, "-c", RUNS_EACH, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert not done.returncode, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("route", ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    recorded = route == "jit, set_data"
    count = 6 if route == "vmap" else 24  # RNN is compiled for ten seconds or more
    texts = right_texts(load_framework("mindspore"), route, RECORDS, count=count, recorded=recorded)
    expect_all_well(texts, tmp_path)


def test_a_script_of_a_derivative_that_is_right_ends_well(tmp_path: Path) -> None:
    expect_all_well(derivative_texts(load_framework("mindspore")), tmp_path)
