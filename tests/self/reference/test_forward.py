from __future__ import annotations

import numpy as np
import pytest
from helpers import random_case, random_cell

from rnn_adapters import Call
from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference import BadInput, Cell, Layer, Network, run_network, step, steps_of_lengths
from rnn_reference.network import Array


def test_two_steps_by_hand() -> None:
    cell = Cell(np.array([[1.0], [0.5]]), np.array([[0.0, 0.5], [-0.5, 0.0]]), np.array([0.0, 0.25]))
    first = np.tanh([1.0, 0.75])
    second = np.tanh([-1 + 0.5 * first[1], -0.5 - 0.5 * first[0] + 0.25])
    states = run_network(Network(Layer(cell)), np.array([[[1.0], [-1.0]]])).sequence[0]
    assert np.array_equal(states.astype(float).round(15), np.stack([first, second]).round(15))


def test_integers_through_relu_are_exact() -> None:
    cell = Cell(
        np.array([[1.0, 2.0]]), np.array([[2.0]]), np.array([1.0]), np.array([-2.0]), activation="relu"
    )
    x = np.array([[[1.0, 1.0], [0.0, -3.0], [2.0, 0.0]]])
    # 3 + 1 − 2 + 2·5 = 12;  −6 + 24 − 1 = 17;  2 + 34 − 1 = 35
    result = run_network(Network(Layer(cell)), x, (np.array([[[5.0]]]),))
    assert result.sequence.ravel().tolist() == [12, 17, 35]
    assert result.last.tolist() == [[35]]


def test_the_backward_direction_is_the_forward_one_on_reversed_time() -> None:
    case = random_case(random_cell(3, 4), random_cell(3, 4, seed=5))
    (layer,) = case.network.layers
    assert layer.backward is not None
    assert case.initial_states is not None
    both = run_network(case.network, case.x, case.initial_states)
    alone = run_network(Network(Layer(layer.backward)), case.x[:, ::-1], (case.initial_states[0][1:],))
    assert np.array_equal(both.sequence[..., 4:], alone.sequence[:, ::-1])
    assert np.array_equal(both.final_states[0][1], alone.final_states[0][0])


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("stacked", [False, True])
def test_agrees_with_the_independent_plain_loop(dtype: str, stacked: bool) -> None:
    second = random_cell(4 if stacked else 3, 4, seed=3, dtype=dtype, biases=2)
    case = random_case(random_cell(3, 4, dtype=dtype), second, stacked=stacked)
    wide = case.network.astype("float64")
    plain = PlainNumpy()
    states = tuple(state.astype("float64") for state in case.initial_states or ())
    output = plain.run(plain.load(wide), Call(case.x.astype("float64"), states))
    result = run_network(case.network, case.x, case.initial_states)
    assert output.sequence is not None
    assert np.array_equal(output.sequence.round(13), result.sequence.astype(float).round(13))


def test_step_is_one_step_of_the_run() -> None:
    cell = random_cell(3, 4, dtype="float64")
    x, h = np.ones((2, 1, 3)), np.full((2, 4), 0.5)
    run = run_network(Network(Layer(cell)), x, (h[None],)).sequence[:, 0]
    assert np.array_equal(step(cell, x[:, 0], h).round(14), run.astype(float).round(14))


def test_runs_in_a_wider_type() -> None:
    for dtype, wide in (("float32", np.float64), ("float64", np.longdouble)):
        case = random_case(random_cell(3, 4, dtype=dtype))
        assert run_network(case.network, case.x).sequence.dtype == wide


def test_any_order_of_memory_and_read_only_arrays() -> None:
    case = random_case(random_cell(3, 4))
    cell = case.network.cells[0]
    expected = run_network(case.network, case.x).sequence
    fortran = Cell(np.asfortranarray(cell.W_x), np.asfortranarray(cell.W_h), cell.b)
    strided = np.repeat(case.x, 2, axis=1)[:, ::2]
    strided.flags.writeable = False
    assert np.array_equal(run_network(Network(Layer(fortran)), strided).sequence, expected)


@pytest.mark.parametrize(("batch", "time", "inputs"), [(0, 3, 2), (2, 0, 2), (2, 3, 0), (0, 0, 0)])
def test_degenerate_sizes(batch: int, time: int, inputs: int) -> None:
    case = random_case(random_cell(inputs, 4), random_cell(inputs, 4, seed=2), batch=batch, time=time)
    result = run_network(case.network, case.x, case.initial_states)
    assert result.sequence.shape == (batch, time, 8)
    assert case.initial_states is not None
    if time == 0:  # no valid step: the state is the initial state
        assert np.array_equal(result.final_states[0], case.initial_states[0])


def test_arguments_are_left_alone() -> None:
    case = random_case(random_cell(3, 4))
    before = case.x.copy(), case.network.cells[0].W_h.copy()
    run_network(case.network, case.x, case.initial_states)
    assert np.array_equal(before[0], case.x)
    assert np.array_equal(before[1], case.network.cells[0].W_h)


STEPS = np.array([[True, True, False, False], [False, True, False, True], [False, False, False, False]])


@pytest.mark.parametrize("directions", [1, 2])
def test_a_row_that_leaves_out_steps_is_the_row_without_them(directions: int) -> None:
    cells = [random_cell(3, 4, seed=seed, dtype="float64") for seed in range(directions)]
    case = random_case(*cells, batch=3)
    assert case.initial_states is not None
    x = case.x.copy()
    x[~STEPS] = np.nan
    result = run_network(case.network, x, case.initial_states, STEPS)
    for row, steps in enumerate(STEPS):
        alone = run_network(case.network, x[row, steps][None], (case.initial_states[0][:, row : row + 1],))
        taken = result.sequence[row, steps].astype(float)
        assert np.array_equal(taken.round(14), alone.sequence[0].astype(float).round(14))
        final = result.final_states[0][:, row].astype(float)
        assert np.array_equal(final.round(14), alone.final_states[0][:, 0].astype(float).round(14))


def test_lengths_are_the_first_steps() -> None:
    assert steps_of_lengths(np.array([0, 2, 3]), 3).tolist() == [
        [False, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (np.array([1, 4]), "lengths: expected none below 0 or above 3; got [1, 4]"),
        (np.array([-1, 2]), "lengths: expected none below 0 or above 3; got [-1, 2]"),
        (np.array([1.0, 2.0]), "lengths: expected integers of shape (batch,); got float64 (2,)"),
        (np.array([[1, 2]]), "lengths: expected integers of shape (batch,); got int64 (1, 2)"),
    ],
)
def test_impossible_lengths_are_refused(lengths: Array, message: str) -> None:
    with pytest.raises(BadInput) as error:
        steps_of_lengths(lengths, 3)
    assert message in str(error.value)


@pytest.mark.parametrize("steps", [np.ones((2, 3), bool), np.ones((2, 4)), np.ones(4, bool)])
def test_steps_of_another_shape_or_type_are_refused(steps: Array) -> None:
    case = random_case(random_cell(3, 4))
    with pytest.raises(BadInput, match=r"steps: expected booleans of shape \(2, 4\), \(batch, time\)"):
        run_network(case.network, case.x, None, steps)
