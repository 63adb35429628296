"""A script that shows one answer of a framework beside the right one, in plain code without this project.

A framework writes its own part (`Code`): how a layer is made, given weights and called by a route. What all
scripts have in common is here: arrays as literals, the recurrence as a loop of NumPy's, and the comparison.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.comparison import OF_THE_TYPE, Right, compared, refused
from rnn_adapters.literals import WIDTH, joined, literal, together
from rnn_adapters.recurrence import recurrence
from rnn_adapters.shortening import LINES, code_lines, shortened, without_the_unused
from rnn_adapters.unrolled import unrolled
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Network, States

Quantity: TypeAlias = Literal["sequence", "last", "final states", "gradient", "second gradient"]
Source: TypeAlias = tuple[str, int]
"""What a gradient is of: ("x", 0), ("state", layer) or a weight by its role, such as ("W_h", cell)."""

Language: TypeAlias = Literal["python", "javascript"]
SUFFIXES: Mapping[Language, str] = {"python": ".py", "javascript": ".mjs"}
RUN_BY = {".py": "python", ".mjs": "node"}
"""The program that runs a script of this suffix."""

WEIGHTS = ("W_x", "W_h", "b", "b_h")


@dataclass(frozen=True, eq=False)
class Derivative:
    """What is differentiated: the gradients of Σ cotangents · outputs, or of Σ direction · these gradients.

    Args:
        of: the source whose gradient is shown.
        d_sequence, d_final_states, direction: see `Adapter.gradients` and `Adapter.second_gradients`.
    """

    of: Source
    d_sequence: Array
    d_final_states: States
    direction: Gradients | None = None


@dataclass(frozen=True, eq=False)
class Question:
    """A call of a loaded network, and what is right.

    Args:
        title: what happens, in a few words.
        right: None where the call must be refused.
        raises: the framework is known to answer by an error, or not at all: what is right is printed before.
        before: the calls that were made of the stateful layers before.
        quantity, layer: which of the outputs is shown; the layer is that of final states.
        derivative: what is differentiated, for a gradient.
    """

    title: str
    network: Network
    call: Call
    right: Right | None
    route: str = ""
    raises: bool = False
    before: tuple[Call, ...] = ()
    quantity: Quantity = "sequence"
    layer: int = 0
    derivative: Derivative | None = None

    @property
    def directions(self) -> list[int]:
        """How many directions each layer has."""
        return [layer.directions for layer in self.network.layers]

    @property
    def is_of_one_step(self) -> bool:
        """Whether batch, time and directions are 1 each, so that it does not matter which axis is which."""
        steps = all(spoken.call.x.shape[:2] == (1, 1) for spoken in self.spoken)
        return steps and all(directions == 1 for directions in self.directions)

    def weight(self, role: str, cell: int) -> str:
        """The name of a weight; "" where the cell has none."""
        held = getattr(self.network.cells[cell], role)
        return "" if held is None else numbered(role, cell, len(self.network.cells))

    def bias(self, cell: int) -> str:
        """The one bias of a cell; "" where there is none."""
        return " + ".join(name for role in ("b", "b_h") if (name := self.weight(role, cell)))

    @property
    def spoken(self) -> list[Spoken]:
        """The calls, one after the other, by the names of their arrays."""
        calls = [*self.before, self.call]
        return [Spoken(call, f"_{i}" if i < len(self.before) else "") for i, call in enumerate(calls)]


@dataclass(frozen=True, eq=False)
class Spoken:
    """A call, and the names that its arrays have in a script."""

    call: Call
    suffix: str = ""

    @property
    def x(self) -> str:
        return f"x{self.suffix}"

    @property
    def lengths(self) -> str:
        return "" if self.call.lengths is None else f"lengths{self.suffix}"

    @property
    def mask(self) -> str:
        return "" if self.call.mask is None else f"mask{self.suffix}"

    @property
    def states(self) -> list[list[str]] | None:
        """For each layer the initial state of each direction, (batch, hidden); None: none are given."""
        given = self.call.initial_states
        if given is None:
            return None
        count, names = sum(map(len, given)), iter(range(sum(map(len, given))))
        return [[numbered(f"h0{self.suffix}", next(names), count) for _ in layer] for layer in given]

    @property
    def arrays(self) -> dict[str, Array]:
        """All arrays by name."""
        return {name: array for group in self.groups() for name, array in group.items()}

    def groups(self) -> list[dict[str, Array]]:
        """The arrays by name, those together that belong together."""
        states = dict[str, Array]()
        for names, given in zip(self.states or [], self.call.initial_states or (), strict=True):
            states |= dict(zip(names, given, strict=True))
        found: list[dict[str, Array]] = [{self.x: self.call.x}, states]
        if self.call.lengths is not None:
            found.append({self.lengths: self.call.lengths})
        if self.call.mask is not None:
            found.append({self.mask: self.call.mask})
        return [group for group in found if group]


@dataclass(frozen=True)
class Code:
    """A framework's part of a script.

    Args:
        imports: its imports, and what must stand before them, after those of the standard library.
        made: lines that make the layer and give it its weights.
        called: lines that make the calls.
        got: an expression for what the last call gave: the quantity as an array, in canonical axes.
        version: an expression for the version of the framework.
        typed: what is true of the type of the answer where it is right, with {} for its name.
        standard: modules of the standard library that it needs.
        language: that it is written in, and so the whole script.
    """

    imports: Sequence[str]
    made: Sequence[str]
    called: Sequence[str]
    got: str
    version: str
    standard: Sequence[str] = ()
    language: Language = "python"
    typed: str = OF_THE_TYPE


Reproduce: TypeAlias = Callable[[Question], Code | None]
"""A framework's part of a script; None where it has no plain code for such a call."""


def script(question: Question, code: Code) -> str:
    """The whole script, whose exit status is 1 where the framework is wrong, and 0 where it is right.

    What is right is computed by the recurrence where that leaves the script short enough, else written down.
    """
    if code.language == "javascript":
        from rnn_adapters.reproduction_javascript import script_in_javascript  # which builds on this module

        return script_in_javascript(question, code)
    made, got = ["", *code.made, ""], _got(question, code)
    if question.right is None:
        version = f"{version_words(code)}, {code.version}"
        return shortened(_text(question, code, [*made, *refused(got, version)]))
    endings = (_answer(question, code, right, made, got) for right in ways(question.right))
    texts = [shortened(_text(question, code, ending)) for ending in endings]
    return next((text for text in texts if code_lines(text) <= LINES), min(texts, key=code_lines))


def ways(right: Right) -> list[Right]:
    """The ways to say what is right, first those that tell more."""
    return [right] if right.loop is None else [right, replace(right, loop=None)]


def _answer(
    question: Question, code: Code, right: Right, made: Sequence[str], got: Sequence[str]
) -> list[str]:
    """Lines that make the layer and compare what it gives; what is right comes first if it may not answer."""
    expected, name, number = _right(question, right), version_words(code), code.version
    wide = right.loop is not None and right.value.dtype == np.longdouble
    shown = f'"{name}", {number}, "\\nexpected", {"np.float64(expected)" if wide else "expected"}.tolist()'
    if question.raises:
        return ["", *expected, f"print({shown})", *made, *got, *compared(right, code.typed, shown=False)]
    shown += ', "\\ngot     ", got.tolist()'
    return [*made, *got, "", *expected, f"print({shown})", *compared(right, code.typed, shown=True)]


def _text(question: Question, code: Code, ending: Sequence[str]) -> str:
    """The script that ends with these lines, with the arrays that are used in it."""
    lines = [f'"""{question.title}"""', ""]
    lines += [f"import {module}" for module in sorted(code.standard)] + [""] * bool(code.standard)
    lines += [*code.imports, ""]
    lines += [line for spoken in question.spoken for line in _arrays(spoken)]
    lines += [line for arrays in arrays_of_cells(question) for line in together(arrays)]
    turns = (".swapaxes(0, 1)", ".transpose(0, 1)") if question.is_of_one_step else ()
    for turn in turns:
        ending = [line.replace(turn, "") for line in ending]
    return without_the_unused(joined([*lines, "", *ending]))


def _arrays(spoken: Spoken) -> list[str]:
    """The arrays of a call: on one line where they are small, else those together that belong together."""
    at_once = together(spoken.arrays)
    if len(at_once) == 1:
        return at_once
    return [line for group in spoken.groups() for line in together(group)]


def suffix_of(text: str) -> str:
    """The suffix of the file of a script, which begins with a comment of its language."""
    return SUFFIXES["javascript" if text.startswith("/*") else "python"]


def version_words(code: Code) -> str:
    """The name of the package whose version is printed."""
    return code.version.partition(".")[0]


def arrays_of_calls(question: Question) -> dict[str, Array]:
    """The arrays of all calls by name."""
    return {name: array for spoken in question.spoken for name, array in spoken.arrays.items()}


def arrays_of_cells(question: Question) -> list[dict[str, Array]]:
    """The weights of each cell by name."""
    return [
        {question.weight(role, index): held for role, held in weights_of(cell).items()}
        for index, cell in enumerate(question.network.cells)
    ]


def weights_of(cell: Cell) -> dict[str, Array]:
    """The weights that there are, by role."""
    return {role: held for role in WEIGHTS if (held := getattr(cell, role)) is not None}


def stacked(names: Sequence[str]) -> str:
    """An expression for arrays along a new first axis."""
    return f"{names[0]}[None]" if len(names) == 1 else f"np.stack([{', '.join(names)}])"


def numbered(name: str, index: int, count: int) -> str:
    """A name, with a number where there are several."""
    return name if count == 1 else f"{name}_{index}"


def _got(question: Question, code: Code) -> list[str]:
    narrow = question.network.dtype.itemsize < 4 or question.call.compute_dtype is not None
    typed = question.right is not None and question.right.dtype
    wide = '.astype("float32")' if narrow and not typed else ""
    if typed and code.typed != OF_THE_TYPE:  # of something that must keep its name
        return [*code.called, f"got = {code.got}"]
    *called, got = _at_once(code.called, f"{code.got}{wide}")
    return [*called, f"got = {got}"]


def _at_once(called: Sequence[str], got: str) -> list[str]:
    """The lines of the calls and the expression, with the last call in it where that is used once."""
    assigned = re.fullmatch(r"(\w+)((?:, \*?\w+)*) = (\w.*\))", called[-1]) if called else None
    if assigned is None:
        return [*called, got]
    name, others, call = assigned.groups()
    made = ast.parse(call, mode="eval").body
    if not isinstance(made, ast.Call) or (others and call.startswith(("map(", "zip("))):
        return [*called, got]  # more than a call, or several, or one of which no element can be taken
    names = [name, *re.findall(r"\*?\w+", others)]
    used = [each for each in re.findall(r"\w+", got) if each in {name.lstrip("*") for name in names}]
    if len(used) != 1 or used[0] not in names:  # several, or those that a star takes
        return [*called, got]
    place = f"[{names.index(used[0])}]" if others else ""
    at_once = re.sub(rf"\b{used[0]}\b", lambda _: call + place, got)
    return [*called[:-1], at_once] if len(at_once) <= WIDTH - len("got = ") else [*called, got]


def _right(question: Question, right: Right) -> list[str]:
    """Lines that give `expected`."""
    if right.loop is not None:
        lines = unrolled(question, right.loop) or recurrence(question, right.loop)
        return ["# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step", *lines]
    return ["# as the recurrence gives it in a wider type", *literal("expected", right.value)]
