"""Which vectors kill which faults: the kill matrix."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import ROUTES
from rnn_conformance.faults.registry import all_faults, fault_framework
from rnn_conformance.vectors.form import (
    INDEX,
    KILLS,
    SCHEMA,
    FileData,
    KilledData,
    KillsData,
    VectorData,
    checksum,
    read_file,
    read_index,
    read_vectors,
    table_text,
)
from rnn_conformance.vectors.judge import judge
from rnn_conformance.vectors.making import from_toml, make
from rnn_conformance.vectors.ready import Ready, ready
from rnn_reference.errors import BadInput

ALIKE = 2
"""So many vectors of one clause may kill the very same faults."""


def in_first_type(vectors: Iterable[VectorData]) -> list[Ready]:
    """The vectors in the type that a verifier takes where it is told no other."""
    return [ready(vector, vector.network.dtype) for vector in vectors]


def not_shown() -> dict[str, str]:
    """The faults that no vector shows, with the reason.

    Raises:
        BadInput: one is not in the catalogue, or stands twice.
    """
    reasons: dict[str, str] = {}
    for reason, faults in from_toml("not_shown.toml", dict[str, list[str]]).items():
        for fault in faults:
            if fault in reasons or fault not in all_faults():
                raise BadInput(f"not_shown.toml: expected faults of the catalogue, each once; got {fault}")
            reasons[fault] = reason
    return reasons


def killers(fault: str, vectors: Sequence[Ready], routes: Iterable[str] = ("", *ROUTES)) -> KilledData:
    """The vectors that a fault fails on, by the first of these routes on which there are some."""
    for route in routes:
        by = list(_failing(fault, route, vectors))
        if by:
            return KilledData(by=by, route=route)
    return KilledData(by=[])


def _failing(fault: str, route: str, vectors: Sequence[Ready]) -> Iterator[int]:
    framework = fault_framework(fault)
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        for vector in vectors:
            subject = Subject(framework)  # a new one: what a vector kills depends on no other
            subject.take(route)
            if judge(subject, vector).came == "fail":
                yield vector.id


def kill_matrix(vectors: Sequence[Ready], digest: str, faults: Iterable[str] | None = None) -> KillsData:
    """For each fault the vectors that it fails on; those that no vector shows are tried by one route.

    Args:
        faults: none named: all of the catalogue.

    Raises:
        BadInput: a vector shows a fault of which it is said that none can.
    """
    hidden, killed = not_shown(), dict[str, KilledData]()
    for fault in all_faults() if faults is None else faults:
        found = killers(fault, vectors, ("",) if fault in hidden else ("", *ROUTES))
        if fault in hidden and found.by:
            shown = ", ".join(map(str, found.by[:5]))
            raise BadInput(f"not_shown.toml: {fault}: expected that no vector shows it; these do: {shown}")
        if fault not in hidden:
            killed[fault] = found
    return KillsData(schema=SCHEMA, digest=digest, faults=killed, not_shown=dict(sorted(hidden.items())))


def digest_of(folder: Path) -> str:
    """Of the vectors of a folder and of the catalogue of faults, so that a matrix tells what it is of.

    Raises:
        BadInput: see `form.read_index`.
    """
    whole = hashlib.sha256()
    for name, file in sorted(read_index(folder).files.items()):
        if file.vectors:
            whole.update(f"{name} {file.sha256}\n".encode())
    catalogue = files("rnn_conformance.faults")
    for name in sorted(each.name for each in catalogue.iterdir()):
        if name == "plain.py" or name.startswith("chapter_"):
            whole.update((catalogue / name).read_bytes())
    return whole.hexdigest()


def redundant(vectors: Iterable[VectorData], faults: Mapping[str, KilledData]) -> list[int]:
    """The vectors that can go: they kill nothing, or just what `ALIKE` others of their clause do."""
    by_vector: dict[int, list[str]] = {}
    for fault, killed in faults.items():
        for id in killed.by:
            by_vector.setdefault(id, []).append(fault)
    seen: dict[tuple[str, ...], int] = {}
    gone = list[int]()
    for vector in vectors:
        kills = by_vector.get(vector.id, [])
        pattern = (vector.clause, *kills)
        seen[pattern] = seen.get(pattern, 0) + 1
        if not kills or seen[pattern] > ALIKE:
            gone.append(vector.id)
    return gone


def stored_matrix(folder: Path) -> KillsData:
    """The matrix that a folder has.

    Raises:
        BadInput: it has none, or one of other vectors or another catalogue.
    """
    kills: KillsData = read_file(folder / KILLS, KillsData)
    if kills.digest != digest_of(folder):
        raise BadInput(
            f"vectors {KILLS}: expected the matrix of these vectors and faults; got that of others:"
            " run `rnn-conformance vectors matrix --write`"
        )
    return kills


def written_matrix(folder: Path) -> KillsData:
    """The matrix, computed anew, and written into a folder and its index.

    Raises:
        BadInput: see `kill_matrix`; or the vectors cannot be read or written.
    """
    return _written(folder, kill_matrix(in_first_type(read_vectors(folder)), digest_of(folder)))


def _written(folder: Path, kills: KillsData) -> KillsData:
    text = table_text(kills)
    index = read_index(folder)
    index.files[KILLS] = FileData(sha256=checksum(text.encode()))
    try:
        (folder / KILLS).write_bytes(text.encode())
        (folder / INDEX).write_bytes(table_text(index).encode())
    except OSError as error:
        raise BadInput(f"vectors {folder}: {error.strerror}") from None
    return kills


def pruned(folder: Path) -> list[int]:
    """The ids of the vectors that the matrix shows to be redundant, which are retired.

    Raises:
        BadInput: see `stored_matrix` and `making.make`.
    """
    kills = stored_matrix(folder)
    gone = set(redundant(read_vectors(folder), kills.faults))
    make(folder, retire=gone)
    for killed in kills.faults.values():  # what a vector kills depends on no other
        killed.by = [number for number in killed.by if number not in gone]
    kills.digest = digest_of(folder)
    _written(folder, kills)
    return sorted(gone)
