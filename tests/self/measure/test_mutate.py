"""Mutants differ from the source in one small place, and are known again by what they change."""

from __future__ import annotations

import ast

import pytest

from rnn_conformance.measure.mutants.mutate import OPERATORS, Mutant, mutants, sample

SOURCE = '''"""A module."""

LIMIT = 3


class Layer:
    """A layer; 1 + 1."""

    @decorated("not changed")
    def call(self, x: int = 0, *, scale=True):
        # Ünïcode before what is changed.
        if x is None and not scale:
            raise ValueError(f"{x} is " + "no number")
        self.é = "é"; self.x = -x
        return combine(x * 2, self.x, mask=x < LIMIT, **{"a": 1, "b": [y for y in x if y]})


def left_out():
    return 1
'''


def made(operator: str, source: str = SOURCE) -> list[str]:
    return [mutant.becomes for mutant in mutants(source, "m.py", ["left_out"]) if mutant.operator == operator]


def test_every_operator_changes_one_small_place() -> None:
    found = mutants(SOURCE, "m.py", ["left_out"])
    assert {mutant.operator for mutant in found} == set(OPERATORS)
    for mutant in found:
        before, after = SOURCE.splitlines(), mutant.source.splitlines()
        assert len(before) - len(after) in (0, 1)
        assert ast.dump(ast.parse(mutant.source)) != ast.dump(ast.parse(SOURCE))
        assert mutant.becomes in " ".join(mutant.source.split())
        assert mutant.line in " ".join(SOURCE.split())
    assert len({mutant.source for mutant in found}) == len(set(found)) == len(found)


def test_what_each_operator_makes() -> None:
    assert made("comparison") == [
        "if x is not None and not scale:",
        'return combine(x * 2, self.x, mask=x <= LIMIT, **{"a": 1, "b": [y for y in x if y]})',
    ]
    assert made("boolean") == ["if (x is None or not scale):", "if x is None and (scale):"]
    assert made("default") == [
        "def call(self, x: int = 1, *, scale=True):",
        "def call(self, x: int = 0, *, scale=False):",
    ]
    assert made("condition")[:2] == ["if True:", "if False:"]
    assert made("arguments")[0].startswith("return combine(self.x, x * 2, mask=")
    assert made("keyword")[0].startswith("return combine(x * 2, self.x, **{}, **{")
    assert "LIMIT = 4" in made("constant")
    assert made("statement") == ["pass", "pass", "pass; self.x = -x", 'self.é = "é"; pass']


def test_swapped_arguments_that_always_raise_are_left_out() -> None:
    source = "a = getattr(b, c), isinstance(b, (c, d)), e in [f, g]\n"
    assert made("arguments", source) == [
        "a = isinstance(b, (c, d)), getattr(b, c), e in [f, g]",
        "a = getattr(b, c), e in [f, g], isinstance(b, (c, d))",
    ]


def test_docstrings_decorators_annotations_and_messages_stay() -> None:
    changed = " ".join(mutant.becomes for mutant in mutants(SOURCE, "m.py"))
    assert "not changedx" not in changed
    assert "modulex" not in changed
    assert "numberx" not in changed
    assert {mutant.function for mutant in mutants(SOURCE, "m.py")} == {"", "Layer.call", "left_out"}


def test_changes_that_look_alike_are_counted() -> None:
    found = mutants("def f():\n    g()\n    g()\n", "m.py")
    assert [(mutant.becomes, mutant.number) for mutant in found] == [("pass", 1), ("pass", 2)]
    assert "-    g()\n+    pass" in found[1].diff("def f():\n    g()\n    g()\n")


@pytest.mark.parametrize("limit", [1, 5])
def test_a_sample_depends_on_nothing_but_its_mutants(limit: int) -> None:
    found = mutants(SOURCE, "m.py")
    taken = sample(found, 0, limit)
    assert sample(found[::-1], 0, limit) == taken
    assert sample(found, 0, 10)[:limit] == taken
    assert sample(found, 1, 10)[:limit] != taken
    others = [Mutant("other.py", "", "constant", str(n), "") for n in range(3)]
    assert [mutant for mutant in sample([*found, *others], 0, limit + 3) if mutant in found][:limit] == taken
    assert len(sample(found, 0, None)) == len(found)
