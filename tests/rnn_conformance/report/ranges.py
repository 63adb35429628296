"""Version ranges of records, as a sweep has found them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Literal

import msgspec
from packaging.specifiers import SpecifierSet

from rnn_conformance.engine.deviations import Deviation, listed, parse_deviations
from rnn_conformance.report.record import toml
from rnn_conformance.running.sweep import Sweep, Swept
from rnn_reference.errors import BadInput

Standing = Literal["deviates", "partly", "fails otherwise", "conforms", "not asked"]
"""What a record's witnesses say at a version: all deviate as recorded, some do, none does but some fail in
another way, none fails; or none could be run."""


def standing(swept: Swept, record: str) -> Standing:
    """That of a record at one version."""
    each = [
        came for witnessed in swept.witnesses.get(record, {}).values() for came in witnessed.routes.values()
    ]
    if not each:
        return "not asked"
    if "deviates" in each:
        return "deviates" if set(each) == {"deviates"} else "partly"
    return "fails otherwise" if "fails otherwise" in each else "conforms"


def runs(words: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Of versions with a word each, neighbours that share it: the word, the first version, the last."""
    grouped = [
        (word, [version for version, _ in group]) for word, group in groupby(words, lambda each: each[1])
    ]
    return [(word, versions[0], versions[-1]) for word, versions in grouped]


def span(first: str, last: str) -> str:
    """A run of versions in words."""
    return first if first == last else f"{first} … {last}"


class Range(msgspec.Struct):
    """What sweeps say of a record's versions.

    Args:
        specifier: of the swept package; "" where the record never deviated.
        partly: versions at which some of its witnesses deviate and some do not: it claims too much there.
    """

    specifier: str
    partly: list[str] = []


def found_range(record: str, sweeps: Iterable[Sweep]) -> Range | None:
    """The versions at which a record holds; None where its witness could be run at none.

    Several sweeps, of adapters that the record is about, must agree: where one conforms, it does not hold.
    """
    by_version: dict[str, set[Standing]] = {}
    for made in sweeps:
        for swept in made.swept:
            if not swept.problem:
                by_version.setdefault(swept.version, set()).add(standing(swept, record))
    ordered = [(version, _together(found)) for version, found in _in_order(by_version)]
    asked = [(version, word) for version, word in ordered if word != "not asked"]
    if not asked:
        return None
    partly = [version for version, word in asked if word == "partly"]
    return Range(_specifier(asked), partly)


def _in_order(by_version: dict[str, set[Standing]]) -> list[tuple[str, set[Standing]]]:
    from packaging.version import Version

    return sorted(by_version.items(), key=lambda each: Version(each[0]))


def _together(found: set[Standing]) -> Standing:
    asked = found - {"not asked"}
    if not asked:
        return "not asked"
    if "deviates" in asked or "partly" in asked:
        return "deviates" if asked == {"deviates"} else "partly"
    return "fails otherwise" if "fails otherwise" in asked else "conforms"


def _specifier(asked: Sequence[tuple[str, Standing]]) -> str:
    """From the first version that deviates, before the first after the last that does; others left out."""
    deviating = [index for index, (_, word) in enumerate(asked) if word == "deviates"]
    if not deviating:
        return ""
    first, last = deviating[0], deviating[-1]
    parts = [f">={asked[first][0]}"]
    parts += [f"!={version}" for version, word in asked[first:last] if word != "deviates"]
    parts += [f"<{asked[last + 1][0]}"] if last + 1 < len(asked) else []
    return ", ".join(parts)


class Change(msgspec.Struct):
    """A record whose range is not what was found.

    Args:
        path: the file of the record.
        package: as the record calls the swept package.
        was: the specifier that stands there; "" where there is none.
    """

    path: Path
    id: str
    package: str
    was: str
    found: Range


def changes(files: dict[Path, list[Deviation]], sweeps: list[Sweep]) -> list[Change]:
    """The records whose ranges sweeps contradict.

    Args:
        files: the records of each file.

    Raises:
        BadInput: there is no sweep, or they are of several packages.
    """
    packages = list(dict.fromkeys(made.package for made in sweeps))
    if len(packages) != 1:
        raise BadInput(f"sweeps: expected those of one package; got {', '.join(packages) or 'none'}")
    tried = sorted({swept.version for made in sweeps for swept in made.swept if not swept.problem})
    found = list[Change]()
    for path, records in files.items():
        for record in records:
            about = [made for made in sweeps if made.adapter in listed(record.adapter)]
            seen = found_range(record.id, about)
            name = _name_in(record, packages[0], about)
            was = record.versions.get(name, "")
            if seen is not None and (seen.partly or not _same(seen.specifier, was, tried)):
                found.append(Change(path, record.id, name, was, seen))
    return found


def _name_in(record: Deviation, package: str, sweeps: Iterable[Sweep]) -> str:
    """What a record calls a package: one of several that are released together, npm's without its scope."""
    checked = [swept for made in sweeps for swept in made.swept if not swept.problem]
    for name in record.versions:
        if name == package or (checked and all(each.versions.get(name) == each.version for each in checked)):
            return name
    return package.rpartition("/")[2]


def _same(found: str, was: str, tried: list[str]) -> bool:
    """Whether two specifiers allow the same of the versions that were tried."""
    if not found:
        return False
    return all(SpecifierSet(found).contains(each) == SpecifierSet(was).contains(each) for each in tried)


def update(change: Change) -> None:
    """Write the range that was found into the file of the record; nothing else in it changes.

    Raises:
        BadInput: the record never deviated, so that there is no range; or its `versions` are several lines.
    """
    if not change.found.specifier:
        raise BadInput(f"deviation {change.id!r}: it holds at none of the versions: remove it by hand")
    text = change.path.read_text(encoding="utf-8")
    before = {record.id: record for record in parse_deviations(text, str(change.path))}
    versions = before[change.id].versions | {change.package: change.found.specifier}
    lines = text.splitlines(keepends=True)
    start = lines.index(f"id = {toml(change.id)}\n")
    for index in range(start, len(lines)):
        if lines[index].startswith("versions = "):
            lines[index] = f"versions = {toml(versions)}\n"
            break
    changed = "".join(lines)
    after = {record.id: record for record in parse_deviations(changed, str(change.path))}
    expected = before | {change.id: msgspec.structs.replace(before[change.id], versions=versions)}
    # As they are written: a witness may hold NaN, which is not equal to itself.
    if msgspec.msgpack.encode(after) != msgspec.msgpack.encode(expected):
        raise BadInput(f"{change.path}: the versions of {change.id!r} cannot be changed: change them by hand")
    change.path.write_text(changed, encoding="utf-8")
