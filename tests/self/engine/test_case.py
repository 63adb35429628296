from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from helpers import random_case, random_cell

from rnn_adapters.histories import Action, Doing
from rnn_adapters.written import CaseData
from rnn_conformance.engine.case import FACTS, Case, SavedCase, from_data, read_case, to_data, write_case
from rnn_reference import BadInput, Layer, Network


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("states", [True, False])
def test_written_and_read_back_to_the_bit(tmp_path: Path, dtype: str, states: bool) -> None:
    cells = [
        random_cell(3, 4, dtype=dtype, biases=2, activation="elu(alpha=0.1)"),
        random_cell(3, 4, seed=2, dtype=dtype, biases=0),
    ]
    case = random_case(*cells, states=states).replace(variant="one")
    write_case(tmp_path / "new" / "case.json", SavedCase("BID-1", to_data(case)))
    clause, back = read_case(tmp_path / "new" / "case.json")
    assert (clause, back.variant) == ("BID-1", "one")
    assert back.facts == case.facts
    for one, other in zip(case.network.cells, back.network.cells, strict=True):
        assert one.activation == other.activation
        assert np.array_equal(one.W_x, other.W_x)
        assert np.array_equal(one.W_h, other.W_h)
        assert len(one.biases) == len(other.biases)
        assert np.array_equal(one.bias, other.bias)
    assert np.array_equal(case.x, back.x)
    assert back.x.dtype == dtype
    assert (back.initial_states is None) is not states


def test_lengths_and_masks_are_written_too() -> None:
    case = random_case(random_cell(3, 4), batch=2, time=3)
    lengths = from_data(to_data(case.replace(lengths=np.array([3, 1]))))
    assert lengths.call.lengths is not None
    assert lengths.call.lengths.tolist() == [3, 1]
    assert lengths.facts["padding"] == "lengths"
    mask = from_data(to_data(case.replace(mask=np.array([[True, False, True]] * 2))))
    assert mask.steps is not None
    assert mask.steps.tolist() == [[True, False, True]] * 2
    assert "mask = [[True, False, True]" in repr(mask)


def test_empty_arrays_keep_their_shape() -> None:
    case = random_case(random_cell(3, 4), batch=0)
    assert from_data(to_data(case)).x.shape == (0, 4, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "input data was truncated"),
        ("{}", "expected a field clause; got none"),
        (
            '{"clause": "FWD-1", "case": {"dtype": "float32",'
            ' "layers": [{"forward": {"W_x": [[1], [2]], "W_h": [[1, 2]]}}], "x": [[[1]]]}}',
            "layers[0].forward.W_h: expected shape (2, 2); got (1, 2)",
        ),
    ],
)
def test_bad_files_are_explained(tmp_path: Path, content: str, message: str) -> None:
    """What can be wrong with a written case is tested with the written form."""
    path = tmp_path / "case.json"
    path.write_text(content)
    with pytest.raises(BadInput) as error:
        read_case(path)
    assert message in str(error.value).lower() or message in str(error.value)
    assert str(path) in str(error.value)


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_case(tmp_path / "nothing.json")


def test_facts_and_words() -> None:
    case = random_case(random_cell(3, 4, biases=2), random_cell(3, 4), batch=2, time=5)
    told = {"layers": 1, "directions": 2, "bias_vectors": 2, "batch": 2, "time": 5, "padding": "none"}
    assert told.items() <= case.facts.items()
    assert case.facts["route"] == "default"
    assert list(case.facts) == list(FACTS)
    assert all(words for _, words in FACTS.values())
    words = repr(case)
    assert words.startswith("float32, batch 2, time 5, input 3, hidden 4")
    assert "layer 0 backward, tanh:" in words


def test_long_arrays_are_described() -> None:
    case = random_case(random_cell(3, 4), time=100)
    assert "x = 600 values, shape (2, 100, 3)" in repr(case)


def test_a_case_of_another_rank_can_still_be_shown() -> None:
    case = random_case(random_cell(3, 4))
    assert "hidden 4" in repr(Case.of(case.network, case.x[0]))


def test_numbers_survive_json() -> None:
    awkward = np.array([[0.1, 1e-45, 3.4e38]], "float32")
    case = random_case(random_cell(3, 4)).replace(x=awkward[None])
    encoded = msgspec.json.encode(to_data(case))
    assert np.array_equal(from_data(msgspec.json.decode(encoded, type=CaseData)).x, awkward[None])


def test_whether_some_step_is_masked() -> None:
    case = random_case(random_cell(3, 4), batch=2, time=3)
    whole, part = np.ones((2, 3), bool), np.array([[True, True, True], [True, False, True]])
    assert not case.facts["some_step_masked"]
    assert not case.replace(mask=whole).facts["some_step_masked"]
    assert not case.replace(lengths=np.array([3, 3])).facts["some_step_masked"]
    assert case.replace(mask=part).facts["some_step_masked"]
    assert case.replace(lengths=np.array([3, 2])).facts["some_step_masked"]
    assert case.replace(lengths=np.array([3, 3]), mask=part).facts["some_step_masked"]
    assert not case.replace(mask=np.zeros((2, 4), bool)).facts["some_step_masked"]  # it cannot be told


def test_whether_float32_holds_the_input() -> None:
    case = random_case(random_cell(3, 4, dtype="float64"), states=True)
    assert case.facts["beyond_float32"]
    assert case.initial_states is not None
    short = case.mapped(lambda array: array.astype(np.float32).astype(np.float64))
    assert not short.facts["beyond_float32"]
    assert short.replace(initial_states=case.initial_states).facts["beyond_float32"]
    assert not short.replace(x=np.full_like(case.x, np.nan)).facts["beyond_float32"]
    assert short.replace(x=np.full_like(case.x, 1e300)).facts["beyond_float32"]
    narrow = random_case(random_cell(3, 4, dtype="bfloat16"), states=True)
    assert not narrow.facts["beyond_float32"]


def test_what_was_taken_before() -> None:
    case = random_case(random_cell(3, 4))
    doings: tuple[Doing, ...] = ("call", "gradients", "tangents", "second_gradients")
    taken = {do: case.replace(history=(Action(do, case.call),)).facts for do in doings}
    assert {do: facts["differentiated"] for do, facts in taken.items()} == {
        "call": False,
        "gradients": True,
        "tangents": True,
        "second_gradients": True,
    }
    assert [do for do, facts in taken.items() if facts["jvp_taken"]] == ["tangents"]
    assert [do for do, facts in taken.items() if facts["second_gradients_taken"]] == ["second_gradients"]


def test_what_some_weight_or_cell_is() -> None:
    case = random_case(random_cell(3, 4), random_cell(3, 4, biases=0))
    assert case.facts["some_cell_without_bias"]
    assert not random_case(random_cell(3, 4)).facts["some_cell_without_bias"]
    assert case.facts["bottom_directions"] == case.facts["directions"] == 2
    one = Layer(random_cell(3, 4))
    stack = Network([one, Layer(random_cell(4, 3), random_cell(4, 3))])
    assert case.replace(network=stack).facts["bottom_directions"] == 1
    assert case.replace(network=stack).facts["directions"] == 2
    assert not case.facts["zero_weight"]
    assert case.mapped(np.trunc).facts["zero_weight"]
