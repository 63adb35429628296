"""A script in JavaScript that shows one answer of a framework beside the right one: what all of them share.

It is a module for Node (`.mjs`), so that it may wait at its top level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from rnn_adapters.comparison import Right, rounded_up
from rnn_adapters.literals import WIDTH, joined
from rnn_adapters.recurrence import Loop
from rnn_adapters.reproduction import (
    Code,
    Question,
    arrays_of_calls,
    arrays_of_cells,
    version_words,
    ways,
)
from rnn_adapters.shortening import LINES
from rnn_adapters.shortening_javascript import code_lines, shortened
from rnn_reference.activations import ActivationName
from rnn_reference.network import Array

PHI: Mapping[ActivationName, str] = {
    "tanh": "Math.tanh(z)",
    "relu": "Math.max(z, 0)",
    "sigmoid": "1 / (1 + Math.exp(-z))",
    "linear": "z",
    "softsign": "z / (1 + Math.abs(z))",
    "softplus": "Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))",
    "elu": "z > 0 ? z : {alpha} * Math.expm1(z)",
    "leaky_relu": "z > 0 ? z : {alpha} * z",
    "hard_sigmoid": "Math.min(Math.max({alpha} * z + {beta}, 0), 1)",
    "affine": "{alpha} * z + {beta}",
    "scaled_tanh": "{alpha} * Math.tanh({beta} * z)",
}
NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "True": "true", "False": "false"}


def script_in_javascript(question: Question, code: Code) -> str:
    """The whole script, whose exit status is 1 where the framework is wrong, and 0 where it is right.

    What is right is computed by the recurrence where that leaves the script short enough, else written down.
    """
    made, version = ["", *code.made, ""], f"'{version_words(code)}', {code.version}"
    if question.right is None:
        return _text(question, code, [*made, *_refusal(code, version)])
    got, single = (
        [*code.called, f"const got = [{code.got}].flat(Infinity);"],
        question.network.dtype == np.float32,
    )
    texts = list[str]()
    for right in ways(question.right):
        expected, shown = _right(question, right), f"console.log({version}, '\\nexpected', ...expected"
        compared = _comparison(right, single)
        if question.raises:
            ending = ["", *expected, f"{shown});", *made, *got, "console.log('got     ', ...got);", *compared]
        else:
            ending = [*made, *got, "", *expected, f"{shown}, '\\ngot     ', ...got);", *compared]
        texts.append(shortened(_text(question, code, ending)))
    return next((text for text in texts if code_lines(text) <= LINES), min(texts, key=code_lines))


def _text(question: Question, code: Code, ending: Sequence[str]) -> str:
    """The script that ends with these lines, with the arrays that are used in it."""
    lines = ["/*", *(f" * {line}".rstrip() for line in question.title.splitlines()), " */", ""]
    words = set(re.findall(r"\w+", "\n".join(line for line in ending if not line.startswith("//"))))
    used = [
        {name: array for name, array in arrays.items() if name in words}
        for arrays in (arrays_of_calls(question), *arrays_of_cells(question))
    ]
    return joined(
        [*lines, *code.imports, "", *(line for arrays in used for line in together(arrays)), *ending]
    )


def literal(array: Array) -> str:
    """Arrays in arrays. What has no rows at all says its shape only where it becomes a tensor."""
    if array.ndim == 0:
        return number(array[()])
    return f"[{', '.join(map(literal, array))}]"


def number(value: Any) -> str:
    """The shortest text that is this number in its type."""
    text = str(value)
    return NUMBERS.get(text, text.removesuffix(".0"))


def together(arrays: Mapping[str, Array]) -> list[str]:
    """One line that gives small arrays their names; one for each where that is too long."""
    texts = [literal(array) for array in arrays.values()]
    line = f"const [{', '.join(arrays)}] = [{', '.join(texts)}];"
    if len(arrays) > 1 and len(line) <= WIDTH:
        return [line]
    return [f"const {name} = {text};" for name, text in zip(arrays, texts, strict=True)]


def split(start: str, items: Iterable[str], end: str) -> list[str]:
    """`start`, items with commas between them, and `end`: on one line, or as many on each as fit there."""
    lines, after = [start], ""
    for item in items:
        if len(lines[-1] + after + item + end) > WIDTH and after:
            lines[-1] += after.rstrip()
            lines.append(f"  {item}")
        else:
            lines[-1] += after + item
        after = ", "
    return [*lines[:-1], lines[-1] + end]


def _right(question: Question, right: Right) -> list[str]:
    """Lines that give `expected`."""
    if right.loop is None or not _is_simple(question, right.loop):
        value = literal(np.asarray(right.value).ravel())
        return ["// as the recurrence gives it in float64", f"const expected = {value};"]
    (spoken,), (cell,) = question.spoken, question.network.cells
    parameters = {name: repr(value) for name, value in cell.activation.parameters.items()}
    phi, z = PHI[cell.activation.name].format(**parameters), "a[i] + c[i]"
    z += f" + {question.bias(0)}[i]" if question.bias(0) else ""
    body = f"Math.tanh({z})" if phi == "Math.tanh(z)" else f"phi({z})"
    function = [] if phi == "Math.tanh(z)" else [f"const phi = (z) => {phi};"]
    zeros = f"Array({cell.hidden_size}).fill(0)"
    first = zeros if spoken.states is None else f"{spoken.states[0][0]}[n]"
    masked = f"if ({spoken.mask}[n][t]) " if spoken.mask else ""
    last = "every.map((row) => row.at(-1))"
    last = last if question.quantity == "last" else f"[{last}]"
    name = "expected" if question.quantity == "sequence" else "every"
    return [
        "// h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step",
        "const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));",
        *function,
        f"const {name} = {spoken.x}.map((row, n) => {{",
        f"  let h = {first};",
        "  return row.map((x_t, t) => {",
        "    const [a, c] = [times(W_x, x_t), times(W_h, h)];",
        f"    {masked}h = h.map((_, i) => {body});",
        "    return h;",
        "  });",
        "}).flat(Infinity);" if name == "expected" else "});",
        *([] if name == "expected" else [f"const expected = {last}.flat(Infinity);"]),
    ]


def _is_simple(question: Question, loop: Loop) -> bool:
    """Whether the loop is that of one cell, forward, whose arrays have rows and steps."""
    call = question.call
    told = len(question.network.cells) == 1 and not question.before and call.lengths is None
    shown = call.mask is None or question.quantity != "sequence" or loop.masked == "state"
    two_biases = question.bias(0).isidentifier() or not question.bias(0)
    return told and shown and two_biases and not call.go_backwards and 0 not in call.x.shape[:2]


def _comparison(right: Right, single: bool) -> list[str]:
    """Lines that end the script, with an error where `got` is not `expected`.

    Numbers of float32 are written with as few digits as tell them apart, and read as float64: an answer that
    must be one of them to the bit is, if it is no more than half a unit in the last place away.
    """
    value = np.abs(np.asarray(right.value, np.float64))
    half_a_unit = np.spacing(value.astype(np.float32)).astype(np.float64) / 2
    written = single & (right.bound == 0) & np.isfinite(half_a_unit) & (value > 0)
    bounds = [rounded_up(float(each)) for each in np.where(written, half_a_unit, right.bound).flat]
    one = bounds[0] if len(set(bounds)) == 1 and bounds[0] != "inf" else ""
    bound = one or ("bound[i]" if bounds else "0")
    needed = [] if one or not bounds else [f"const bound = [{', '.join(map(number, bounds))}];"]
    close = f"Math.abs(value - expected[i]) <= {bound}"
    if not np.isfinite(value).all():
        close = f"Object.is(value, expected[i]) || {close}"
    if "inf" in bounds:
        close = f"{bound} === Infinity || {close}"
    return [
        *needed,
        f"const close = (value, i) => {close};",
        "process.exit(got.length === expected.length && got.every(close) ? 0 : 1);",
    ]


def _refusal(code: Code, version: str) -> list[str]:
    """The call, which must raise."""
    return [
        "let got;",
        "try {",
        *(f"  {line}" for line in code.called),
        f"  got = {code.got};",
        "} catch (error) {",
        "  process.exit(0); // refused, as it should be",
        "}",
        f"console.log({version}, '\\nexpected an error; got', ...[got].flat(Infinity));",
        "process.exit(1);",
    ]


def shape_of(array: Array) -> str:
    """The shape as the second argument of a tensor; "" where the array tells it itself."""
    return f", [{', '.join(map(str, array.shape))}]" if not np.all(array.shape) else ""
