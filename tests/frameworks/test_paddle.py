"""What only Paddle can show: run where it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from helpers import random_case, random_cell
from reproductions import derivative_texts, ended_here, right_texts
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Call, load_adapter, load_framework
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import bound_network

ROUTES = ("", *load_framework("paddle").routes)
RECORDS = records_of("paddle")
RECORDED = {"to_static RNN": "paddle-gradients-of-a-static-loop"}
"""Routes of which every case is that of a record, and so no script of one that is right is asked for."""
IMPORTS_NOTHING = "import rnn_adapters.paddle, sys; assert 'paddle' not in sys.modules"


def test_it_is_not_imported_before_it_is_asked_for() -> None:
    subprocess.run([sys.executable, "-c", IMPORTS_NOTHING], check=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_first_call(route: str, dtype: str) -> None:
    case = random_case(random_cell(2, 3, dtype=dtype))
    adapter = load_adapter("paddle", route)
    before = adapter.global_state()
    output = adapter.run(adapter.load(case.network), Call(case.x))
    assert output.sequence is not None
    expected = bound_network(case.network, case.x).sequence
    assert (abs(output.sequence - expected.value) <= expected.bound).all()
    assert adapter.global_state() == before


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "jit.save"])
def test_what_is_loaded_is_what_is_called(route: str) -> None:
    """A weight changed in it is read back, and changes the output to that of a network that has it."""
    adapter, case = load_adapter("paddle", route), random_case(random_cell(2, 3))
    model = adapter.load(case.network)
    adapter.run(model, case.call)
    weight = model.layer.parameters()[0]
    weight.set_value(weight.numpy() + 1)
    changed = adapter.read_weights(model)
    after = adapter.run(model, case.call).sequence
    assert after is not None
    expected = bound_network(changed, case.x, case.initial_states).sequence
    assert changed.cells[0].W_x[0, 0] == case.network.cells[0].W_x[0, 0] + np.float32(1)
    assert (abs(after - expected.value) <= expected.bound).all()


def test_what_is_restored_shares_no_memory() -> None:
    adapter, case = load_adapter("paddle"), random_case(random_cell(2, 3))
    model = adapter.load(case.network)
    restored = adapter.restored(model)
    for parameter in model.layer.parameters():
        parameter.set_value(np.zeros_like(parameter.numpy()))
    np.testing.assert_array_equal(adapter.read_weights(restored).cells[0].W_h, case.network.cells[0].W_h)


def test_weights_are_parameters_again_after_a_jvp() -> None:
    """Which puts others in their places."""
    from rnn_conformance.checks.support.derivatives import direction_of

    adapter, case = load_adapter("paddle", "BiRNN"), random_case(random_cell(2, 3), random_cell(2, 3, seed=1))
    model = adapter.load(case.network)
    before = dict(model.layer.named_parameters())
    adapter.tangents(model, case.call, direction_of(case))
    after = dict(model.layer.named_parameters())
    assert list(before) == list(after)
    assert all(after[name] is parameter for name, parameter in before.items())
    assert model.layer.cell_fw.weight_ih is before["cell_fw.weight_ih"]


def test_the_generator_stays_as_it_was() -> None:
    import paddle

    adapter, like = load_adapter("paddle"), random_case(random_cell(2, 3)).network
    paddle.seed(5)
    expected = paddle.rand([4]).numpy()
    paddle.seed(5)
    one, same, other = (adapter.freshly_initialised(like, seed).cells[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(paddle.rand([4]).numpy(), expected)
    assert (one.W_x == same.W_x).all()
    assert (one.W_x != other.W_x).any()


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    assert not coverage_of(Subject(load_framework("paddle")), PROFILES["quick"]).missing


def ended_alone(text: str, folder: Path) -> str:
    """What a script says at its end, as in a process of its own: it may set Paddle's default type."""
    import paddle

    before = paddle.get_default_dtype()
    try:
        return ended_here(text, folder)
    finally:
        paddle.set_default_dtype(before)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_script_of_a_record_shows_it(record: Deviation, tmp_path: Path) -> None:
    expect_shown("paddle", record, tmp_path)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    expect_kept("paddle", record)


@pytest.mark.parametrize("route", ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    framework = load_framework("paddle")
    for text in right_texts(framework, route, RECORDS, recorded=route in RECORDED):
        assert not ended_alone(text, tmp_path), text


def test_a_script_of_a_derivative_that_is_right_ends_well(tmp_path: Path) -> None:
    framework = load_framework("paddle")
    for text in derivative_texts(framework):
        assert not ended_alone(text, tmp_path), text
