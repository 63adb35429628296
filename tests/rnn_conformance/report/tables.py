"""The generated tables of the spec: `python -m rnn_conformance.report.tables` writes them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.framework import Route
from rnn_adapters.registry import built_in
from rnn_adapters.stdio.messages import ANSWERS, Hello, Nothing, Shapes, tag_of
from rnn_adapters.written import ArrayData, ShapesData
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import FACTS, OF_ANY_CELL
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.clauses import spec_folder
from rnn_conformance.report.porting import PAGES, conventions_of, deviations_of


def shown() -> dict[str, Conventions]:
    """The frameworks that stand in the tables, by the titles of their columns."""
    return {
        framework.title: framework.conventions
        for framework in built_in().values()
        if framework.title and framework.conventions is not None
    }


GENERATED = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def axes_in_words(names: tuple[str, ...]) -> str:
    """The axes of an array as the spec writes them: (batch, directions·hidden)."""
    return f"({', '.join(names).replace('*', '·')}{',' if len(names) == 1 else ''})"


def _weight(role: str) -> Callable[[Conventions], str]:
    def cell(conventions: Conventions) -> str:
        found = [native for native in conventions.weights if native.role == role]
        return f"`{found[0].name}` {axes_in_words(found[0].axes)}" if found else "–"

    return cell


CONVENTION_ROWS: dict[str, Callable[[Conventions], str]] = {
    "input": lambda c: axes_in_words(c.axes["x"]),
    "sequence output": lambda c: axes_in_words(c.axes["sequence"]),
    "final states": lambda c: axes_in_words(c.axes["final_states"]),
    "order of final states": lambda c: c.final_state_order,
    "last output": lambda c: c.last_output,
    "sequence output at masked time steps": lambda c: c.padded_output,
    "the same, bidirectional": lambda c: c.padded_output_bidirectional,
    "outputs of going backwards": lambda c: f"{c.go_backwards_order} order" if c.go_backwards_order else "–",
    "W_x": _weight("W_x"),
    "W_h": _weight("W_h"),
    "first bias": _weight("b"),
    "second bias": _weight("b_h"),
    "bias vectors": lambda c: str(c.bias_vectors or "as given"),
}
"""What is shown of a framework's conventions, by name, in Markdown."""


def conventions_table() -> str:
    """The declared conventions of the frameworks, a column each."""
    columns = shown()
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[name, *map(cell, columns.values())] for name, cell in CONVENTION_ROWS.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def routes_table() -> str:
    """The routes into each framework, by the clause that is about them."""
    kinds: dict[str, Check] = {}
    for check in sorted(all_checks().values(), key=lambda check: len(check.routes), reverse=True):
        for kind in check.routes:
            # A kind of route has one clause, the first of the narrowest: GRD-9 and DRP-14 are about many.
            if kind not in kinds or len(check.routes) < len(kinds[kind].routes):
                kinds[kind] = check
    frameworks: dict[str, dict[str, Route]] = {}
    for framework in built_in().values():
        folder = framework.deviations.partition("/")[0].rpartition(".")[2]
        family = folder or framework.name
        frameworks.setdefault(family, {}).update(framework.routes)
    lines = ["| clause | framework | route | what it is |", "| --- | --- | --- | --- |"]
    for kind, check in kinds.items():
        for family, routes in frameworks.items():
            lines += [
                f"| {check.clause} | {family} | {name} | {route.what} |"
                for name, route in routes.items()
                if route.kind == kind
            ]
    return "\n".join(lines)


def initialisation_table() -> str:
    """The rules by which the frameworks draw the weights of freshly initialised layers."""
    rules = {title: of.initialisation for title, of in shown().items() if of.initialisation}
    lines = [["", "W_x", "W_h", "first bias", "second bias"], ["---"] * 5]
    lines += [
        [title, *(of_roles.get(role, "–") for role in ("W_x", "W_h", "b", "b_h"))]
        for title, of_roles in rules.items()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def facts_table() -> str:
    """The facts of a case, which findings and records of deviations speak of."""
    lines = ["| fact | what it is |", "| --- | --- |"]
    lines += [f"| `{name}` | {what} |" for name, (_, what) in (FACTS | OF_ANY_CELL).items()]
    return "\n".join(lines)


def variants_table() -> str:
    """The variants of the checks that have several forms."""
    lines = ["| clause | variants |", "| --- | --- |"]
    for clause, check in all_checks().items():
        variants = [name for name in getattr(check.draw, "variants", ()) if name]
        if variants:
            lines.append(f"| {clause} | {', '.join(f'`{name}`' for name in variants)} |")
    return "\n".join(lines)


def requests_table() -> str:
    """The requests of the protocol, with their fields and answers."""
    words: dict[Any, str] = {
        Nothing: "`{}`",
        int: "a whole number",
        dict[str, str]: "strings by name",
        Shapes: "a list of shapes by role",
        dict[str, ShapesData]: "`ShapesData` by way",
        dict[str, ArrayData | None]: "an array or null by way",
        dict[str, tuple[str, str]]: "two strings by option",
        list[ArrayData]: "a list of arrays",
        dict[str, int]: "whole numbers by way",
    }
    lines = ["| request | what is asked | fields | answer |", "| --- | --- | --- | --- |"]
    for request, answer in ANSWERS.items():
        fields = [
            f"`{each.name}`" if each.required or request is Hello else f"[`{each.name}`]"
            for each in msgspec.structs.fields(request)
            if each.name != "id"
        ]
        told = words.get(answer) or f"`{answer.__name__}`"
        what = (request.__doc__ or "").strip()
        lines.append(f"| `{tag_of(request)}` | {what} | {', '.join(fields)} | {told} |")
    return "\n".join(lines)


ARGUMENT = re.compile(r"^    (?P<names>\w+(?:, \w+)*): (?P<what>.*(?:\n {8}.*)*)", re.MULTILINE)


def arguments_of(described: type) -> dict[str, str]:
    """What a docstring says of each argument, in the order in which it does."""
    section = inspect.getdoc(described).split("Args:\n")[1].split("\n\n")[0]  # type: ignore[union-attr]
    found = dict[str, str]()
    for each in ARGUMENT.finditer(section):
        what = " ".join(each["what"].split())
        found |= dict.fromkeys(each["names"].split(", "), what)
    return found


OF_A_REQUEST = re.compile(r"`Adapter\.(\w+)`")
IN_PYTHON = re.compile(r" \(see `\w+`\)")


def declarations_table(described: type) -> str:
    """The fields of a declaration, for who writes it in JSON."""
    lines = ["| field | what it says |", "| --- | --- |"]
    for name, what in arguments_of(described).items():
        said = IN_PYTHON.sub("", OF_A_REQUEST.sub(r"request `\1`", what)).replace("None:", "null:")
        lines.append(f"| `{name}` | {said.replace('|', chr(92) + '|')} |")
    return "\n".join(lines)


TABLES: dict[str, Callable[[], str]] = {
    "conventions": conventions_table,
    "routes": routes_table,
    "initialisation": initialisation_table,
    "facts": facts_table,
    "variants": variants_table,
    "requests": requests_table,
    "conventions_fields": partial(declarations_table, Conventions),
    "supports_fields": partial(declarations_table, Supports),
    **{f"of_{page}": partial(conventions_of, page, CONVENTION_ROWS) for page in PAGES},
    **{f"deviations_{page}": partial(deviations_of, page) for page in PAGES},
}


def with_tables(markdown: str) -> str:
    """The chapter with its generated tables made anew."""
    return GENERATED.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}\n{match[3]}", markdown)


def stale_chapters() -> list[Path]:
    """Chapters whose tables are not what the declarations give."""
    return [
        path
        for path in sorted(spec_folder().glob("*.md"))
        if (text := path.read_text(encoding="utf-8")) != with_tables(text)
    ]


if __name__ == "__main__":
    for path in stale_chapters():
        path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"wrote {path}")
