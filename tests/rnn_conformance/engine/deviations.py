"""Known deviations: typed records with a witness each.

A record says which clause an adapter does not meet, on exactly which cases, and why. On every run its
witness is tried: while it deviates, the cases that the condition describes are not asserted and all others
are. The day it conforms the run fails until the record is removed.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from rnn_conformance.engine.case import Case, CaseData, from_data
from rnn_reference.errors import BadInput

Condition = dict[str, str | int | bool | list[str | int]]
"""For each fact of a case (`Case.facts`; its route is one) the values for which the framework deviates."""


class Deviation(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One record of deviations.toml."""

    id: str
    adapter: str | list[str]
    versions: dict[str, str]  # package → version specifier; all must match
    clause: str | list[str]
    what: str  # what happens, in words
    why: str  # what in the framework causes it
    when: Condition
    witness: CaseData
    link: str = ""

    @property
    def case(self) -> Case:
        """The witness."""
        return from_data(self.witness)

    @property
    def clauses(self) -> list[str]:
        """The clauses that are not met; the witness shows it for each of them."""
        return listed(self.clause)

    def applies_to(self, adapter: str, versions: dict[str, str]) -> bool:
        """Whether the record is about this adapter at these versions."""
        return adapter in listed(self.adapter) and all(
            SpecifierSet(specifier).contains(versions.get(package, "0"), prereleases=True)
            for package, specifier in self.versions.items()
        )

    def covers(self, case: Case) -> bool:
        """Whether the condition describes this case."""
        facts = case.facts
        return all(
            facts[name] in (wanted if isinstance(wanted, list) else [wanted])
            for name, wanted in self.when.items()
        )


def listed(names: str | list[str]) -> list[str]:
    """One name, or several."""
    return [names] if isinstance(names, str) else names


class DeviationFile(msgspec.Struct, forbid_unknown_fields=True):
    """The whole of deviations.toml."""

    deviation: list[Deviation] = []


def parse_deviations(text: str | bytes, source: str = "deviations.toml") -> list[Deviation]:
    """The records in a TOML text, validated.

    Raises:
        BadInput: it is not TOML, a field is missing or of the wrong type, an id stands twice, a version
            specifier or a fact is unknown, or a witness does not match its own condition.
    """
    try:
        records = msgspec.toml.decode(text, type=DeviationFile).deviation
    except msgspec.DecodeError as error:
        raise BadInput(f"{source}: {error}") from None
    seen: set[str] = set()
    for record in records:
        problem = _problem(record, seen)
        if problem:
            raise BadInput(f"{source}: deviation {record.id!r}: {problem}")
        seen.add(record.id)
    return records


def _problem(record: Deviation, seen: set[str]) -> str:
    if record.id in seen:
        return "this id stands twice"
    try:
        for specifier in record.versions.values():
            SpecifierSet(specifier)
        case = record.case
    except (InvalidSpecifier, BadInput) as error:
        return str(error)
    unknown = sorted(set(record.when) - set(case.facts))
    if unknown:
        return f"when: expected facts of {', '.join(case.facts)}; got {', '.join(unknown)}"
    return "" if record.covers(case) else "its witness does not meet its own condition"


def known_deviations(adapter: str, versions: dict[str, str], extra: str | None = None) -> list[Deviation]:
    """The records that ship with the adapters, and those of an extra file, that apply to an adapter.

    Raises:
        BadInput: see `parse_deviations`; or the extra file cannot be read.
    """
    records: list[Any] = [
        record
        for framework in ("torch", "keras")
        for record in parse_deviations((files("rnn_adapters") / framework / "deviations.toml").read_bytes())
    ]
    if extra:
        try:
            with open(extra, "rb") as file:
                records += parse_deviations(file.read(), extra)
        except OSError as error:
            raise BadInput(f"deviations file {extra}: {error.strerror}") from None
    return [record for record in records if record.applies_to(adapter, versions)]
