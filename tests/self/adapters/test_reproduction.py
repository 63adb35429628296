"""Scripts that show a finding: exact literals, the recurrence in NumPy, an exit status that can fail."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from helpers import ACTIVATION_FORMS, random_case, random_cell
from reproductions import ended, ended_here, questions, text_of

from rnn_adapters.comparison import rounded_up
from rnn_adapters.literals import literal, split, together
from rnn_adapters.reference_code import code
from rnn_adapters.registry import load_framework
from rnn_adapters.reproduction import Question, script, suffix_of
from rnn_adapters.reproduction_javascript import literal as in_javascript
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.reproduction import every_question

REFERENCE = load_framework("reference")


def read(lines: list[str]) -> Any:
    names: dict[str, Any] = {"np": np}
    exec("\n".join(lines), names)
    return names["a"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (1, 0, 2), (5, 4, 7)])
def test_a_literal_gives_the_same_array(dtype: str, shape: tuple[int, ...]) -> None:
    numbers = np.random.default_rng(0).normal(size=shape) * 3
    array = np.asarray(numbers).astype(dtype)
    again = read(literal("a", array))
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)


def test_a_literal_of_what_is_no_number_and_of_the_smallest() -> None:
    array = np.array([math.nan, math.inf, -math.inf, -0.0, 1e-45, 0.1], np.float32)
    again = read(literal("a", array))
    assert again.tobytes() == array.tobytes()


def test_bfloat16_is_written_as_float32() -> None:
    array = np.array([0.1, 3.0], ml_dtypes.bfloat16)
    np.testing.assert_array_equal(read(literal("a", array)), array.astype(np.float32))


@pytest.mark.parametrize("bound", [0.0, 1.2345e-7, 1.2301e-7, 9.9999e-8, 1.0])
def test_a_bound_is_never_rounded_down(bound: float) -> None:
    assert bound <= float(rounded_up(bound)) <= bound * 1.01


def one(case: Case, quantity: str = "sequence") -> Question:
    return next(each for each in every_question(case, REFERENCE.adapter()) if each.quantity == quantity)


def test_the_reference_is_right_in_every_drawn_case(tmp_path: Path) -> None:
    told = 0
    for question in questions(REFERENCE, "", [], count=60):
        text = text_of(REFERENCE, question)
        told += bool(text)
        assert not text or not ended_here(text, tmp_path), text
    assert told > 30


@pytest.mark.parametrize("activation", ACTIVATION_FORMS)
def test_every_activation_in_words_of_numpy(activation: str, tmp_path: Path) -> None:
    case = random_case(random_cell(3, 4, activation=activation))
    assert not ended_here(text_of(REFERENCE, one(case)), tmp_path)


TWO = random_case(random_cell(3, 2), random_cell(3, 2, seed=5))


@pytest.mark.parametrize("case", [random_case(random_cell(3, 4)), TWO], ids=["one direction", "two"])
@pytest.mark.parametrize("quantity", ["sequence", "final states"])
def test_a_fault_is_shown_with_both_values_and_exit_status_1(
    case: Case, quantity: str, tmp_path: Path
) -> None:
    question = one(case, quantity)
    assert question.right is not None
    right = code(question)
    assert right is not None
    wrong = replace(right, called=[line.replace("x,", "2 * x,") for line in right.called])
    done = ended(script(question, wrong), tmp_path, PYTHONPATH=source_folder())
    assert done.returncode == 1, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["np", "expected", "got"]
    assert "AssertionError" in done.stderr


def source_folder() -> str:
    """Where the reference lies, which a script of it imports."""
    import rnn_reference

    return str(Path(rnn_reference.__file__).parents[1])


def test_a_call_that_must_be_refused(tmp_path: Path) -> None:
    question = replace(one(random_case(random_cell(3, 4))), right=None)
    answered = code(question)
    assert answered is not None
    assert ended_here(script(question, answered), tmp_path).startswith(
        "exit status expected an error; got [[["
    )
    refused = replace(answered, called=["raise ValueError"])
    assert not ended_here(script(question, refused), tmp_path)
    no_array = replace(answered, got="None")
    assert "no attribute 'tolist'" in ended_here(script(question, no_array), tmp_path)


def test_what_is_right_is_printed_before_an_error(tmp_path: Path) -> None:
    question = replace(one(random_case(random_cell(3, 4))), raises=True)
    answered = code(question)
    assert answered is not None
    text = script(question, replace(answered, made=["raise LookupError"]))
    done = ended(text, tmp_path, PYTHONPATH=source_folder())
    assert done.returncode == 1
    assert "expected [[[" in done.stdout
    assert "LookupError" in done.stderr


def test_a_call_stands_in_the_expression_only_if_it_is_one(tmp_path: Path) -> None:
    question = one(random_case(random_cell(3, 4)))
    answered = code(question)
    assert answered is not None
    (call,) = answered.called
    name = call.partition(" = ")[0]
    assert f"{name} = " not in script(question, answered)
    several = replace(answered, called=[call, f"{name}, other = {name}, abs(1)"])
    assert f"{name}, other = {name}, abs(1)\n" in script(question, several)
    assert not ended_here(script(question, several), tmp_path)


def test_a_wrong_type_is_wrong(tmp_path: Path) -> None:
    question = one(random_case(random_cell(3, 4)))
    assert question.right is not None
    asked = replace(question, right=replace(question.right, dtype="float16"))
    assert "expected float16" in ended_here(text_of(REFERENCE, asked), tmp_path)


def test_a_wrong_shape_is_wrong_even_where_numpy_would_broadcast(tmp_path: Path) -> None:
    case = random_case(random_cell(3, 1), batch=1, time=1)
    question = one(case)
    answered = code(question)
    assert answered is not None
    for index in ("[0]", "[0, 0, 0]"):
        wrong = replace(answered, got=f"{answered.got}{index}")
        assert ended_here(script(question, wrong), tmp_path).startswith("AssertionError")


def test_several_small_arrays_stand_on_one_line() -> None:
    small = {"a": np.array([[1.0]], np.float32), "b": np.array([0.5])}
    assert together(small) == ["a, b = np.float32([[1.0]]), np.array([0.5])"]
    assert len(together(small | {"c": np.ones((9, 9))})) > 3


def test_items_share_lines_where_they_do_not_fit_on_one() -> None:
    lines = split("all = [", [f"item_{index:03}" for index in range(30)], "]")
    assert max(map(len, lines)) <= 110
    assert len(lines) == 5
    assert eval("".join(lines[1:-1]).strip(), {f"item_{i:03}": i for i in range(30)}) == tuple(range(30))


def test_of_what_is_undefined_nothing_is_claimed_even_if_it_is_nan(tmp_path: Path) -> None:
    question = one(random_case(random_cell(3, 4)))
    answered, right = code(question), question.right
    assert answered is not None
    assert right is not None
    undefined = right.bound.copy()
    undefined[0, 0] = np.inf
    lost = replace(answered, called=[*answered.called, "result.sequence[0, 0] = np.nan"])
    asked = replace(question, right=replace(right, bound=undefined))
    assert not ended_here(script(asked, lost), tmp_path)
    assert ended_here(script(question, lost), tmp_path).startswith("AssertionError")


def test_a_script_in_javascript_has_the_same_numbers_and_its_own_suffix() -> None:
    question = one(random_case(random_cell(2, 3)))
    answered = code(question)
    assert answered is not None
    text = script(question, replace(answered, language="javascript"))
    assert (suffix_of(text), suffix_of(script(question, answered))) == (".mjs", ".py")
    (told,) = re.findall(r"^const x = (.*);$", text, re.MULTILINE)
    np.testing.assert_array_equal(np.array(json.loads(told), np.float32), question.call.x)


def test_numbers_of_javascript() -> None:
    array = np.array([[math.nan, math.inf], [-math.inf, 0.5]])
    assert in_javascript(array) == "[[NaN, Infinity], [-Infinity, 0.5]]"
    assert in_javascript(np.array([True, False])) == "[true, false]"


def test_nothing_is_told_of_a_call_without_plain_code() -> None:
    case = TWO.replace(merge_mode="sum")
    assert text_of(REFERENCE, one(case)) == ""
