"""All mutants of a Python source: each differs from it in one small place.

A mutant is the source with one stretch of it replaced, so that the rest stays letter by letter. Not mutated
are docstrings, annotations, decorators, and what a raised error says.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

Change = tuple[ast.AST, str]
"""A node, and what is written in its place."""


@dataclass(frozen=True)
class Mutant:
    """One small change of a source.

    Args:
        file: the changed file, within its package.
        function: where it is changed, with its classes; "" outside of functions.
        operator: the kind of change, a name of `OPERATORS`.
        line, becomes: the changed lines before and after.
        number: counts, from 1, the changes that agree in all this.
        lines: the numbers of the first and the last line of the statement that is changed, of its head where
            it holds others.
        source: the whole file after the change.
    """

    file: str
    function: str
    operator: str
    line: str
    becomes: str
    number: int = 1
    lines: tuple[int, int] = field(default=(1, 1), compare=False)
    source: str = field(default="", repr=False, compare=False)

    def rank(self, seed: int) -> bytes:
        """Its place in a sample; does not depend on which others there are."""
        words = (seed, self.file, self.function, self.operator, self.line, self.becomes, self.number)
        return hashlib.blake2b(repr(words).encode()).digest()

    def diff(self, original: str) -> str:
        """What is changed, in the form of `diff -u`."""
        lines = difflib.unified_diff(
            original.splitlines(), self.source.splitlines(), self.file, self.function, n=2, lineterm=""
        )
        return "\n".join(lines)


def mutants(source: str, file: str, leave_out: Iterable[str] = ()) -> list[Mutant]:
    """Every mutant of a source that compiles, once, in the order of the source.

    Args:
        leave_out: functions, or classes, that are not mutated, by their full names.
    """
    text, found, seen, sources = Text(source), list[Mutant](), Counter[Mutant](), {source}
    for function, lines, operator, (node, written) in _changes(ast.parse(source), frozenset(leave_out)):
        start, end = text.span(node)
        changed = source[:start] + written + source[end:]
        if changed in sources or not _compiles(changed):
            continue
        sources.add(changed)
        line, becomes = _changed_lines(source, start, end, written)
        mutant = Mutant(file, function, operator, line, becomes)
        seen[mutant] += 1
        found.append(Mutant(file, function, operator, line, becomes, seen[mutant], lines, changed))
    return found


def sample(found: Iterable[Mutant], seed: int, limit: int | None) -> list[Mutant]:
    """Some of the mutants: a larger limit, or other mutants beside them, leave those that are taken."""
    return sorted(found, key=lambda mutant: mutant.rank(seed))[:limit]


class Text:
    """Where the nodes of a source are; `ast` counts columns in bytes of UTF-8."""

    def __init__(self, source: str) -> None:
        self._lines = [f"{line}\n" for line in source.split("\n")]
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The first letter of a node, and the one behind it."""
        at: ast.expr = node  # type: ignore[assignment] # all that are changed have a place
        assert at.end_lineno is not None
        assert at.end_col_offset is not None
        return self._place(at.lineno, at.col_offset), self._place(at.end_lineno, at.end_col_offset)

    def _place(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def _changed_lines(source: str, start: int, end: int, written: str) -> tuple[str, str]:
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", end)
    last = len(source) if last < 0 else last
    before, after = source[first:last], source[first:start] + written + source[end:last]
    return " ".join(before.split()), " ".join(after.split())


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _changes(
    node: ast.AST, leave_out: frozenset[str], name: str = "", lines: tuple[int, int] = (1, 1)
) -> Iterator[tuple[str, tuple[int, int], str, Change]]:
    """Function, lines, operator and change, for the node and all within it."""
    if isinstance(node, ast.stmt):
        lines = _lines_of(node)
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        name = f"{name}.{node.name}".lstrip(".")
        if name in leave_out:
            return
    for operator, change in OPERATORS.items():
        for changed in change(node):
            yield name, lines, operator, changed
    for child in _mutated(node):
        yield from _changes(child, leave_out, name, lines)


def _lines_of(node: ast.stmt) -> tuple[int, int]:
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if body else node.end_lineno
    return node.lineno, max(node.lineno, last or 0)


def _mutated(node: ast.AST) -> list[ast.AST]:
    """The parts of a node in which something is changed."""
    children = list(ast.iter_child_nodes(node))
    left: list[ast.AST | None] = []
    match node:
        case ast.FunctionDef():
            left = [*node.decorator_list, node.returns]
        case ast.ClassDef():
            left = [*node.decorator_list, *node.bases, *node.keywords]
        case ast.arg() | ast.Raise() | ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            left = [*children]
        case ast.AnnAssign():
            left = [node.annotation]
        case ast.arguments():  # numbers and words of these are defaults, not constants
            left = [each for each in (*node.defaults, *node.kw_defaults) if isinstance(each, ast.Constant)]
        case ast.Expr(value=ast.Constant()):
            left = [*children]
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, types]):
            left = [types]  # in any order
        case ast.Compare(ops=[ast.In() | ast.NotIn()]):
            left = [*node.comparators]
    return [child for child in children if child not in left]


def _written(node: ast.AST) -> str:
    return ast.unparse(node)


COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


NOTHING = "**{}"
"""What stands for a keyword argument, or an entry, that was left out."""


def _comparison(node: ast.AST) -> Iterator[Change]:
    """== becomes !=, < becomes <=, `is` becomes `is not`, and the other way round."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        operator = COMPARISONS[type(node.ops[0])]()
        yield node, _written(ast.Compare(node.left, [operator, *node.ops[1:]], node.comparators))


def _boolean(node: ast.AST) -> Iterator[Change]:
    """`and` becomes `or`, and the other way round; `not` is left out."""
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield node, f"({_written(ast.BoolOp(other, node.values))})"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, f"({_written(node.operand)})"


def _arithmetic(node: ast.AST) -> Iterator[Change]:
    """+ becomes -, * becomes /, and the other way round; a minus is left out."""
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield node, f"({_written(ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right))})"
    if isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
        yield node, _written(ast.AugAssign(node.target, ARITHMETIC[type(node.op)](), node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node, f"({_written(node.operand)})"


def _constant(node: ast.AST) -> Iterator[Change]:
    """A number becomes larger by one, True becomes False, a word becomes another."""
    match node:
        case ast.Constant(value=bool(value)):
            yield node, repr(not value)
        case ast.Constant(value=int(value)) | ast.Constant(value=float(value)):
            yield node, repr(value + 1)
        case ast.Constant(value=str(value)):
            yield node, repr(f"{value}x")


def _statement(node: ast.AST) -> Iterator[Change]:
    """A call, an assignment or a `raise` is left out."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Expr() | ast.Assign() | ast.AugAssign() | ast.Raise():
            yield node, "pass"


def _condition(node: ast.AST) -> Iterator[Change]:
    """A condition always holds, or never does."""
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        for always in (True, False):
            if not isinstance(node, ast.While) or not always:
                yield node.test, repr(always)
    if isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield test, "True"


def _arguments(node: ast.AST) -> Iterator[Change]:
    """Two arguments that follow each other are swapped."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance" | "getattr" | "hasattr")):
            return  # swapped, they always raise
        case ast.Call(args=each) | ast.Tuple(elts=each, ctx=ast.Load()) | ast.List(elts=each, ctx=ast.Load()):
            for one, other in pairwise(each):
                yield _from_to(one, other), f"{_written(other)}, {_written(one)}"


def _keyword(node: ast.AST) -> Iterator[Change]:
    """A keyword argument is left out of a call, an entry out of a dictionary."""
    if isinstance(node, ast.Call):
        yield from ((keyword, NOTHING) for keyword in node.keywords if keyword.arg is not None)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                yield _from_to(key, value), NOTHING


def _default(node: ast.AST) -> Iterator[Change]:
    """A parameter that has a default has another: of True, False, numbers and words as with constants."""
    if isinstance(node, ast.arguments):
        for default in (*node.defaults, *node.kw_defaults):
            if default is not None:
                yield from _constant(default)


def _from_to(first: ast.expr, last: ast.expr) -> ast.AST:
    """A node that reaches from one to another."""
    end = {"end_lineno": last.end_lineno, "end_col_offset": last.end_col_offset}
    return ast.Pass(lineno=first.lineno, col_offset=first.col_offset, **end)


OPERATORS: dict[str, Callable[[ast.AST], Iterator[Change]]] = {
    "comparison": _comparison,
    "boolean": _boolean,
    "arithmetic": _arithmetic,
    "constant": _constant,
    "default": _default,
    "statement": _statement,
    "condition": _condition,
    "arguments": _arguments,
    "keyword": _keyword,
}
"""The kinds of changes by name."""
