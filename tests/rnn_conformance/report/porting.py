"""The generated tables of the pages "If you come from …": what is declared and what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files

from rnn_adapters.declarations import Conventions
from rnn_adapters.registry import built_in
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.deviations import Deviation, read_deviations

PAGES: Mapping[str, tuple[str, ...]] = {
    "keras": ("keras-tensorflow", "keras-torch", "keras-jax", "keras-numpy", "keras-openvino"),
    "torch": ("torch",),
    "onnx": ("onnx", "onnx-reference", "ort-node", "ort-web"),
    "jax": ("flax-nnx", "flax-linen", "haiku"),
    "tfjs": ("tfjs",),
}
"""The adapters that each page is about."""


def initial_weights(conventions: Conventions) -> str:
    """How freshly initialised weights are filled: the rule of each role that there is."""
    rules = conventions.initialisation
    return ", ".join(f"{role}: {rule}" for role, rule in rules.items()) or "–"


def conventions_of(page: str, rows: Mapping[str, Callable[[Conventions], str]]) -> str:
    """The declared conventions of the frameworks of a page, a column each.

    Args:
        rows: what is told of each, by name.
    """
    shown = [built_in()[name] for name in PAGES[page]]
    columns = {each.title: each.conventions for each in shown if each.title and each.conventions is not None}
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [
        [name, *map(row, columns.values())]
        for name, row in {**rows, "initial weights": initial_weights}.items()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def deviations_of(page: str) -> str:
    """The known deviations of the frameworks of a page: what happens, in which clauses, and where."""
    records = records_of(page)
    lines = ["| record | what happens | clauses | of |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {record.id} | {record.what} | {_linked(record.clauses)} | {_where(page, record)} |"
        for record in records
    ]
    summary = f"<details>\n<summary>{len(records)} {'record' if len(records) == 1 else 'records'}</summary>"
    return "\n".join([summary, "", *lines, "", "</details>"])


def records_of(page: str) -> list[Deviation]:
    """The records of the frameworks of a page, each once."""
    of_names = {built_in()[name].deviations for name in PAGES[page]}
    records = list[Deviation]()
    for package, _, file in sorted(each.partition("/") for each in of_names if each):
        records += read_deviations(str(files(package) / file))
    return [record for record in records if _adapters(record) & {*PAGES[page]}]


def _adapters(record: Deviation) -> set[str]:
    return {record.adapter} if isinstance(record.adapter, str) else {*record.adapter}


def _where(page: str, record: Deviation) -> str:
    """The adapters in the order of the page, and the versions."""
    named = [name for name in PAGES[page] if name in _adapters(record)]
    versions = ", ".join(f"{package} {range_}" for package, range_ in record.versions.items())
    return f"{', '.join(named)}: {versions}"


def _linked(clauses: list[str]) -> str:
    """The clauses, those of each chapter as one link to it."""
    chapters: dict[str, list[str]] = {}
    for clause in clauses:
        chapters.setdefault(all_clauses()[clause].file, []).append(clause)
    return "; ".join(
        f"[{', '.join([first, *(other.partition('-')[2] for other in others)])}]({file})"
        for file, (first, *others) in chapters.items()
    )
