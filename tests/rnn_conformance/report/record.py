"""From the files that failures leave to a record of a known deviation, ready for a deviations.toml."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from packaging.version import Version

from rnn_adapters.written import CaseData
from rnn_conformance.engine.case import Case, Fact, SavedCase, from_data
from rnn_conformance.engine.deviations import parse_deviations
from rnn_reference.errors import BadInput

TODO = "TODO: read the framework's source"
"""Stands for what no run can tell."""

BARE = re.compile(r"[A-Za-z0-9_-]+")
"""Keys that TOML takes without quotation marks."""

LINE = 110
"""Letters of a line; lists of tables that are longer have a line for each."""


def records(saved: Mapping[Path, SavedCase], *, every_route: bool = False) -> str:
    """Records in TOML of what failure files show: one for all that are of one kind and share their facts.

    Args:
        saved: the files; of several clauses, routes, or adapters of one framework.
        every_route: it is said to happen on every route: none is named.

    Raises:
        BadInput: a file does not say what was found, or they are of several frameworks.
    """
    for path, each in saved.items():
        if not each.adapter or not each.kind:
            raise BadInput(f"case file {path}: it does not say what was found; a run leaves a new one")
    versions = _versions(saved)
    groups: dict[tuple[Any, ...], list[SavedCase]] = {}
    for each in saved.values():
        facts = _facts(each, list(saved.values()))
        groups.setdefault((each.kind, *sorted(facts.items())), []).append(each)
    texts, ids = list[str](), list[str]()
    for (_, *facts_), files in groups.items():
        id = _suggested_id(files[0])
        ids.append(id)
        number = f"-{ids.count(id)}" if ids.count(id) > 1 else ""
        texts.append(_record(f"{id}{number}", files, versions, dict(facts_), every_route))
    text = "\n".join(texts)
    parse_deviations(text, "the record")
    return text


def _facts(saved: SavedCase, others: list[SavedCase]) -> dict[str, Fact]:
    """The facts that matter; those of another file, where they are more and this case has them, too.

    Of a route that few cases took it is not known what matters.
    """
    case = from_data(saved.case)
    alike = [other.facts for other in others if other.kind == saved.kind and _meets(case, other.facts)]
    return max([saved.facts, *alike], key=len)


def _meets(case: Case, facts: Mapping[str, Fact]) -> bool:
    return all(case.facts[name] == value for name, value in facts.items())


def _record(
    name: str, files: list[SavedCase], versions: dict[str, str], facts: dict[str, Fact], every_route: bool
) -> str:
    """One record."""
    first, clauses = files[0], _distinct([each.clause for each in files])
    witnesses: dict[str, CaseData] = {}
    for each in files:
        witnesses.setdefault(each.clause, msgspec.structs.replace(each.case, route=""))
    witness = witnesses[first.clause]
    when: dict[str, Any] = dict(facts)
    if not every_route:
        when["route"] = _one_or_more([each.case.route or "default" for each in files])
    fields: dict[str, Any] = {
        "id": name,
        "adapter": _one_or_more([each.adapter for each in files]),
        "versions": versions,
        "clause": _one_or_more(clauses),
        "kind": str(first.kind),
        "what": first.message.partition("\n")[0],
        "why": TODO,
        "when": when,
    }
    lines = ["[[deviation]]", *(f"{name} = {toml(value)}" for name, value in fields.items())]
    lines += ["[deviation.witness]", *_written(witness)]
    for clause, other in witnesses.items():
        if other != witness:
            lines += [f"[deviation.witnesses.{clause}]", *_written(other)]
    return "\n".join(lines) + "\n"


def _versions(saved: Mapping[Path, SavedCase]) -> dict[str, str]:
    """From the lowest version of the framework, which is the first package of each run."""
    (first, one), *others = saved.items()
    package = next(iter(one.versions), "")
    for path, other in others:
        if next(iter(other.versions), "") != package:
            raise BadInput(
                f"case file {path}: expected a failure of {package or 'no package'}, as in {first};"
                f" got one of {next(iter(other.versions), 'no package')}"
            )
    if not package:
        return {}
    numbers = [each.versions[package] for each in saved.values()]
    lowest = min((number.partition("+")[0] for number in numbers), key=Version)
    return {package: f">={lowest}"}


def _suggested_id(saved: SavedCase) -> str:
    """From adapter and clause, and what tells the finding from others of the clause."""
    words = [saved.adapter, saved.clause, str(saved.facts.get("variant", "") or saved.kind)]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _one_or_more(values: list[str]) -> str | list[str]:
    distinct = _distinct(values)
    return distinct[0] if len(distinct) == 1 else distinct


def _written(case: CaseData) -> list[str]:
    """The fields of a case, one a line."""
    return [f"{name} = {toml(value)}" for name, value in msgspec.to_builtins(case).items()]


def toml(value: Any) -> str:
    """A value in TOML: arrays and tables in a line, but for lists of tables that are too long for one."""
    if isinstance(value, dict):
        pairs = [f"{_key(name)} = {toml(each)}" for name, each in value.items()]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, list):
        elements = [toml(each) for each in value]
        line = f"[{', '.join(elements)}]"
        if len(line) > LINE and any(isinstance(each, dict) for each in value):
            return "\n".join(["[", *(f"    {element}," for element in elements), "]"])
        return line
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    """A string of one line: TOML escapes as JSON does, and the delete character, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
