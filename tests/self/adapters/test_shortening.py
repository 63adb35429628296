"""Scripts are made short without another meaning, and few steps of the recurrence are written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import random_case, random_cell

from rnn_adapters.comparison import Right
from rnn_adapters.recurrence import Loop
from rnn_adapters.registry import load_framework
from rnn_adapters.reproduction import Question
from rnn_adapters.shortening import LINES, code_lines, shortened, without_the_unused
from rnn_adapters.shortening_javascript import shortened as shortened_javascript
from rnn_adapters.unrolled import unrolled
from rnn_conformance.engine.reproduction import every_question

HEAD = '"""What happens."""\n\nimport numpy as np\n\n'
LONG = "".join(f"n_{i} = len(str({i}))\nprint(n_{i}, n_{i})\n" for i in range(LINES))
"""More lines than a script should have, none of which can be left out."""


def test_a_script_that_is_short_enough_stays_as_it_is() -> None:
    text = HEAD + "x = np.float32([[1.0]])\nprint(x)\n"
    assert shortened(text) == text


def test_lines_of_code_are_counted_without_what_is_none() -> None:
    assert code_lines(HEAD + "# a comment\n\nprint(1)\n") == 2


def test_arrays_share_a_line_before_anything_else() -> None:
    text = HEAD + "x = np.float32([[1.0]])\ny = np.array([2])\nprint(x, y, x, y)\n" + LONG
    assert "x, y = np.float32([[1.0]]), np.array([2])\n" in shortened(text)


def test_what_is_used_once_stands_where_it_is_used() -> None:
    text = HEAD + "x = np.float32([[1.0, 2.0]])\ny = abs(x.T)\nprint(y)\n" + LONG
    assert "print(abs(np.float32([[1.0], [2.0]])))\n" in shortened(text)


@pytest.mark.parametrize(
    "kept",
    [
        "y = abs(-1)\nprint()\nprint(y)\n",  # something else would be done first
        "y = abs(-1)\nfor _ in range(2):\n    print(y)\n",
        "y = abs(-1)\nf = lambda: y\nprint(f(), f())\n",
        "y = abs(-1)\nprint(f'{y}')\n",
        "y = abs(-1)\ntry:\n    print(y)\nexcept TypeError:\n    raise\n",  # which would catch errors
        "y = 1 + 2\nprint(y * 3)\n",  # which would need parentheses
        "y = [1]\ny[0] = 2\n",
        "y = np.float32([[1.0]])\n\ndef f(y):\n    return y\n\nprint(f(2))\n",  # which is another y
        "y = abs(\n    -1\n)\nz = abs(y) + 1\nprint(z, z)\n",
    ],
)
def test_what_would_mean_something_else_stays(kept: str) -> None:
    assert kept in shortened(HEAD + kept + LONG)


def test_an_array_stands_in_a_call_that_must_be_refused_as_it_is_no_call_itself() -> None:
    text = "x = np.float32([[1.0]])\ntry:\n    print(x)\nexcept TypeError:\n    raise\n"
    assert "    print(np.float32([[1.0]]))\n" in shortened(HEAD + text + LONG)


def test_an_array_stands_in_a_function_that_uses_it() -> None:
    text = "x = np.float32([[1.0]])\n\ndef f(y):\n    return x + y\n\nprint(f(1), f(2))\n"
    assert "    return np.float32([[1.0]]) + y\n" in shortened(HEAD + text + LONG)


def test_a_text_of_several_lines_stands_in_the_call_that_takes_it() -> None:
    text = 'm = str("""a\nb""")\ns = len(m)\nprint(s, s)\n'
    assert 's = len(str("""a\nb"""))\nprint(s, s)\n' in shortened(HEAD + text + LONG)


def test_some_arrays_of_a_line_leave_it_so_that_others_share_one() -> None:
    wide = "np.float32([[1.0, 2.0, 3.0, 4.0]])"
    text = f"a, b = {wide}, {wide}\nprint(b)\nc = {wide}\nprint(a, a, c, c)\n"
    assert f"a = {wide}\nprint({wide})\n" in shortened(HEAD + text + LONG)


IN_JAVASCRIPT = """/*
 * What happens.
 */

const session = await create(model);
const outputs = await session.run(feeds);
const got = [[...outputs.Y.data]].flat(Infinity);
const close = (value, i) => Math.abs(value - expected[i]) <= 1e-07;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
"""


def test_a_script_in_javascript_is_made_short_only_where_it_is_long() -> None:
    assert shortened_javascript(IN_JAVASCRIPT) == IN_JAVASCRIPT
    long = IN_JAVASCRIPT + LINES * "print();\n"
    assert shortened_javascript(long).splitlines()[4:6] == [
        "const got = [...(await (await create(model)).run(feeds)).Y.data];",
        "process.exit(got.length === expected.length"
        " && got.every((v, i) => Math.abs(v - expected[i]) <= 1e-07) ? 0 : 1);",
    ]
    twice = long.replace("= await session.run(feeds)", "= await session.run(session)")
    assert "const session = await create(model);\n" in shortened_javascript(twice)


def test_arrays_that_nothing_uses_are_left_out() -> None:
    text = HEAD + "x, y = np.float32([[1.0]]), np.array([2])\nz = np.array([3])\nprint(y)\n"
    assert without_the_unused(text) == HEAD + "y = np.array([2])\nprint(y)\n"


def of_case(steps: int, **options: object) -> Question:
    case = random_case(random_cell(2, 3), time=steps).replace(**options)
    return every_question(case, load_framework("reference").adapter())[0]


def test_few_steps_are_written_out_and_no_more() -> None:
    assert unrolled(of_case(4), Loop()) is not None
    assert unrolled(of_case(5), Loop()) is None


def test_a_step_that_no_row_takes_is_none() -> None:
    lines = unrolled(of_case(2, mask=np.array([[True, False], [True, False]])), Loop(masked="state"))
    assert lines is not None
    assert lines[-1] == "expected = np.stack([h_1, h_1], axis=1)"


def test_weights_that_are_zero_are_left_out_unless_they_make_nan() -> None:
    question = of_case(1)
    zero = question.network.cells[0].W_h * 0
    (layer,) = question.network.layers
    asked = replace(
        question,
        network=replace(question.network, layers=(replace(layer, forward=replace(layer.forward, W_h=zero)),)),
    )
    assert "W_h" not in "".join(unrolled(asked, Loop()) or ["W_h"])
    right = asked.right
    assert right is not None
    nan = replace(asked, right=Right(np.full_like(right.value, np.nan), right.bound))
    assert "W_h" in "".join(unrolled(nan, Loop()) or [])
