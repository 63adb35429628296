"""Makes a script short, so that its reader sees at once all that there is to see.

Nothing is done to one that is short enough. In others arrays share lines, and what is used once stands where
it is used: first the results of calls, which then are made in the line that takes them, and then arrays.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from rnn_adapters.literals import WIDTH

LINES = 15
"""How many lines of code a script should have at most, beside comments and empty ones."""
OF_ONE_PIECE = ast.Call | ast.Name | ast.Attribute | ast.Subscript | ast.List | ast.Constant
"""Expressions that need no parentheses wherever they stand."""
TAKE_ALL = ast.Call | ast.keyword | ast.List | ast.Assign
"""What takes any expression as a part without parentheses."""
OTHERWISE_EXECUTED = (
    ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.For | ast.comprehension | ast.JoinedStr | ast.Try
)
"""What is executed later, or more than once, or where an error is caught; places in strings are not known."""


TURNED = re.compile(r"(np\.\w+)\(\[\[([^\[\]()]*(?:\], \[[^\[\]()]*)*)\]\]\)\.T\b")
"""The transpose of an array of two axes."""


def code_lines(text: str) -> int:
    """The lines of code, without the string that a script begins with."""
    _, _, after = text.partition('"""')
    lines = after.partition('"""')[2].splitlines()
    return sum(1 for line in lines if line.strip() and not line.lstrip().startswith("#"))


def shortened(text: str) -> str:
    """A script that is short enough, or as short as it gets."""
    for step in (
        _sharing_a_line,
        _with_calls_in_place,
        _with_arrays_in_place,
        _with_texts_in_place,
        _with_some_arrays_in_place,
        _sharing_a_line,
    ):
        while code_lines(text) > LINES and (shorter := step(_Script(text))):
            text = shorter
    text = TURNED.sub(_turned, text)
    return re.sub(r"\n{3,}", "\n\n", text)


def _turned(found: re.Match[str]) -> str:
    """The transpose of an array, written down."""
    rows = [row.split(", ") for row in found[2].split("], [")]
    columns = (f"[{', '.join(column)}]" for column in zip(*rows, strict=True))
    return f"{found[1]}([{', '.join(columns)}])"


def without_the_unused(text: str) -> str:
    """A script without the arrays that it does not use."""
    script = _Script(text)
    for given in script.given():
        unused = [name for name in given.values if len(script.names[name]) == 1]
        if unused and given.is_of_numbers:
            kept = {name: value for name, value in given.values.items() if name not in unused}
            return without_the_unused(script.replaced({given.line: _assigned(kept)}))
    return text


@dataclass(frozen=True)
class _Given:
    """A line of the script that gives values to names.

    Args:
        place: of the statement among all.
        values: their expressions by name.
        is_of_numbers: none of them calls anything but NumPy, or has a name in it.
    """

    place: int
    line: int
    values: dict[str, str]
    is_of_numbers: bool


class _Script:
    """A text, its statements, and what is known of its names."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.body = ast.parse(text).body
        self.names = defaultdict[str, list[ast.Name]](list)
        self.above = dict[ast.AST, ast.AST]()
        for statement in self.body:
            for node in ast.walk(statement):
                self.above.update((child, node) for child in ast.iter_child_nodes(node))
                if isinstance(node, ast.Name):
                    self.names[node.id].append(node)

    def given(self) -> Iterator[_Given]:
        """The statements of one line that give values to names."""
        for place, statement in enumerate(self.body):
            if not isinstance(statement, ast.Assign) or statement.lineno != statement.end_lineno:
                continue
            (target,), value = statement.targets, statement.value
            several = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            targets = target.elts if isinstance(target, ast.Tuple) and several else [target]
            values = value.elts if isinstance(value, ast.Tuple) and several else [value]
            names = [each.id for each in targets if isinstance(each, ast.Name)]
            if len(names) == len(targets) == len(values):
                pairs = zip(names, map(self.text_of, values), strict=True)
                yield _Given(place, statement.lineno, dict(pairs), all(map(_is_of_numbers, values)))

    def text_of(self, node: ast.expr) -> str:
        """The text of an expression that stands on one line."""
        line = self.lines[node.lineno - 1].encode()
        return line[node.col_offset : node.end_col_offset].decode()

    def once(self, name: str, given: _Given) -> ast.Name | None:
        """Where a name is used, if that is once, when it could be its value as well."""
        uses = [node for node in self.names[name] if isinstance(node.ctx, ast.Load)]
        if len(self.names[name]) != 2 or len(uses) != 1:
            return None
        (use,) = uses
        value = ast.parse(given.values[name], mode="eval").body
        if not isinstance(value, OF_ONE_PIECE) and not isinstance(self.above[use], TAKE_ALL):
            return None
        child: ast.AST = use
        while child in self.above:
            parent = self.above[child]
            if isinstance(parent, ast.Assign | ast.AugAssign) and child is not parent.value:
                return None
            at_once = isinstance(parent, ast.For | ast.comprehension) and child is parent.iter
            anywhere = given.is_of_numbers and (
                isinstance(parent, ast.Try)
                or (isinstance(parent, ast.FunctionDef) and not _takes(parent, name))
            )
            if isinstance(parent, OTHERWISE_EXECUTED) and not at_once and not anywhere:
                return None
            if isinstance(parent, ast.With) and child in parent.body[1:] and not given.is_of_numbers:
                return None
            child = parent
        place = next(i for i, statement in enumerate(self.body) if statement is child)
        between = self.body[given.place + 1 : place]
        if not given.is_of_numbers and not all(map(self._needs_no_other, between)):
            return None
        return use

    def _needs_no_other(self, statement: ast.stmt) -> bool:
        """Whether a statement gives a value to a name, and uses no other name but those of modules."""
        names = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
        stored = [name for name in names if any(isinstance(n.ctx, ast.Store) for n in self.names[name])]
        return isinstance(statement, ast.Assign) and len(stored) == len(statement.targets)

    def replaced(self, lines: dict[int, str]) -> str:
        """The text with other lines; without those that are empty now."""
        every = enumerate(self.lines, 1)
        kept = [lines.get(number, line) for number, line in every if lines.get(number) != ""]
        return "\n".join(kept) + "\n"


def _takes(function: ast.FunctionDef, name: str) -> bool:
    """Whether a function has a parameter of this name."""
    of = function.args
    return name in {each.arg for each in (*of.posonlyargs, *of.args, *of.kwonlyargs)}


def _is_of_numbers(value: ast.expr) -> bool:
    """Whether an expression is an array or a list of them, which nothing else decides."""
    names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
    return set(names) == {"np"}


def _assigned(values: dict[str, str]) -> str:
    return f"{', '.join(values)} = {', '.join(values.values())}" if values else ""


def _sharing_a_line(script: _Script) -> str | None:
    """With the arrays of two lines on one."""
    given = [each for each in script.given() if each.is_of_numbers and "expected" not in each.values]
    for one, other in itertools.pairwise(given):
        together = _assigned(one.values | other.values)
        if other.place == one.place + 1 and len(together) <= WIDTH:
            return script.replaced({one.line: together, other.line: ""})
    return None


def _with_calls_in_place(script: _Script) -> str | None:
    """With the results of a line in the place where they are used."""
    return _in_place(script, of_numbers=False)


def _with_arrays_in_place(script: _Script) -> str | None:
    """With the arrays of a line in the places where they are used."""
    return _in_place(script, of_numbers=True)


def _with_some_arrays_in_place(script: _Script) -> str | None:
    """With one of the arrays of a line in the place where it is used, if others can share a line then."""
    return _in_place(script, of_numbers=True, some=True)


def _with_texts_in_place(script: _Script) -> str | None:
    """With a call that takes a text of several lines as the argument of the next statement's call."""
    for one, other in itertools.pairwise(script.body):
        if not isinstance(one, ast.Assign) or not isinstance(one.value, ast.Call) or one.end_lineno is None:
            continue
        name, start = script.text_of(one.targets[0]), one.value.col_offset
        line = script.lines[other.lineno - 1]
        of_text = one.end_lineno > one.lineno and name.isidentifier()
        if (
            of_text
            and len(script.names[name]) == 2
            and other.lineno == other.end_lineno
            and line.endswith(f"({name})")
        ):
            first = line.removesuffix(f"{name})") + script.lines[one.lineno - 1][start:]
            last = script.lines[one.end_lineno - 1] + ")"
            return script.replaced({one.lineno: first, one.end_lineno: last, other.lineno: ""})
    return None


def _in_place(script: _Script, *, of_numbers: bool, some: bool = False) -> str | None:
    for given in script.given():
        uses = {name: script.once(name, given) for name in given.values}
        places = [use for use in uses.values() if use is not None]
        if given.is_of_numbers != of_numbers or len(places) < (1 if some else len(uses)):
            continue
        if some:
            places = places[:1]
        kept = {name: value for name, value in given.values.items() if name not in {use.id for use in places}}
        changed = {given.line: _assigned(kept)}
        for use in sorted(places, key=lambda use: -use.col_offset):  # from the end, so that places stay right
            line = changed.get(use.lineno, script.lines[use.lineno - 1]).encode()
            before, after = line[: use.col_offset].decode(), line[use.end_col_offset :].decode()
            changed[use.lineno] = before + given.values[use.id] + after
        if all(len(line) <= WIDTH for line in changed.values()):
            return script.replaced(changed)
    return None
