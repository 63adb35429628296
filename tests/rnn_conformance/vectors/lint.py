"""`vectors lint`: everything that may be wrong with a folder of vectors, one sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from rnn_adapters.written import decoded
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.faults.registry import all_faults
from rnn_conformance.vectors.expected import fits
from rnn_conformance.vectors.form import (
    FLAGS,
    INDEX,
    KILLS,
    TYPES,
    ChapterData,
    FlagsData,
    IndexData,
    KillsData,
    VectorData,
    chapter_text,
    checksum,
    content_of,
    read_file,
    read_index,
    table_text,
)
from rnn_conformance.vectors.given import given_by
from rnn_conformance.vectors.making import file_of
from rnn_conformance.vectors.ready import Ready, ready
from rnn_reference.errors import BadInput

LARGEST = 10_000_000
"""Bytes of all files together."""


def problems(folder: Path) -> list[str]:
    """What is wrong; nothing where all is well.

    Raises:
        BadInput: there is no index, or it has another form.
    """
    index = read_index(folder)
    found = list(_of_files(folder, index))
    vectors = list[VectorData]()
    for name, file in index.files.items():
        if not file.vectors:
            continue
        try:
            chapter: ChapterData = read_file(folder / name, ChapterData)
        except BadInput as error:
            found.append(str(error))
            continue
        found += _of_chapter(name, chapter, content_of(folder / name), file.vectors)
        vectors += chapter.vectors
    found += _of_ids(index, vectors)
    for vector in vectors:
        found += [f"vector {vector.id}: {problem}" for problem in _of_vector(vector)]
    found += _of_flags(folder, vectors)
    found += _of_kills(folder, vectors)
    return found


def _of_files(folder: Path, index: IndexData) -> Iterator[str]:
    """Checksums, and files that should not be there or are missing."""
    if table_text(index).encode() != content_of(folder / INDEX):
        yield f"{INDEX}: expected it as `vectors make` writes it; got other spaces or another order"
    for name, file in index.files.items():
        if not (folder / name).is_file():
            yield f"{name}: {INDEX} lists it, and it is missing"
        elif checksum(content_of(folder / name)) != file.sha256:
            yield f"{name}: expected the checksum that {INDEX} says; got another"
    for path in sorted(folder.iterdir()):
        if path.name != INDEX and path.name not in index.files:
            yield f"{path.name}: {INDEX} does not list it"
    size = sum(path.stat().st_size for path in folder.iterdir())
    if size > LARGEST:
        yield f"all files: expected no more than {LARGEST} bytes; got {size}"


def _of_chapter(name: str, chapter: ChapterData, content: bytes, count: int) -> Iterator[str]:
    if chapter_text(chapter).encode() != content:
        yield f"{name}: expected it as `vectors make` writes it; got other spaces, digits or order of fields"
    if chapter.chapter != Path(name).with_suffix(".md").name:
        yield f"{name}: expected chapter {Path(name).with_suffix('.md').name}; got {chapter.chapter}"
    if len(chapter.vectors) != count:
        yield f"{name}: expected {count} vectors, as {INDEX} says; got {len(chapter.vectors)}"
    ids = [vector.id for vector in chapter.vectors]
    if ids != sorted(ids):
        yield f"{name}: expected ids in ascending order"
    for vector in chapter.vectors:
        if vector.clause in all_clauses() and file_of(vector.clause) != name:
            yield f"vector {vector.id}: expected it in {file_of(vector.clause)}; got {name}"


def _of_ids(index: IndexData, vectors: list[VectorData]) -> Iterator[str]:
    ids = Counter(vector.id for vector in vectors)
    for id, times in ids.items():
        if times > 1:
            yield f"vector {id}: expected an id of its own; {times} vectors have it"
    listed = Counter([*index.ids.values(), *index.retired.values()])
    for id, times in listed.items():
        if times > 1:
            yield f"{INDEX}: expected each id once; {id} stands {times} times"
    for id in sorted(set(ids) & set(index.retired.values())):
        yield f"vector {id}: this id was retired"
    for id in sorted(set(ids) ^ set(index.ids.values())):
        where = f"{INDEX} does not list it" if id in ids else f"{INDEX} lists it, and there is no such vector"
        if id not in index.retired.values():
            yield f"vector {id}: {where}"


def _of_vector(vector: VectorData) -> Iterator[str]:
    if vector.clause not in all_clauses():
        yield f"clause: expected one of the spec; got {vector.clause}"
    if not vector.comment:
        yield "comment: expected some words; got none"
    types = vector.types
    if not types:
        yield "bounds: expected some; got none"
    elif vector.network.dtype not in types:
        yield f"network.dtype: expected one of {', '.join(types)}; got {vector.network.dtype}"
    if types != [each for each in TYPES if each in types]:
        yield f"bounds: expected types in the order {', '.join(TYPES)}; got {', '.join(types)}"
    for number, step in enumerate(vector.steps):
        if step.expected is not None and list(step.bounds) != types:
            yield f"steps[{number}].bounds: expected {', '.join(types)}; got {', '.join(step.bounds)}"
        if (step.expected is None) is not (not step.bounds):
            yield f"steps[{number}]: expected both expected and bounds, or neither"
    for dtype in types:
        try:
            made = ready(vector, dtype)
        except BadInput as error:
            yield str(error).removeprefix(f"vector {vector.id}: ")
            continue
        if not fits(*given_by(vector), dtype):
            yield f"bounds: expected types that hold all numbers exactly; got {dtype}"
        yield from _of_numbers(made)


def _of_numbers(vector: Ready) -> Iterator[str]:
    """Bounds that are none, and expected values that make none."""
    claims = 0
    for number, step in enumerate(vector.steps):
        for name, bounded in step.expected.items():
            where = f"steps[{number}].{name} in {vector.dtype}"
            bound, value = bounded.bound, bounded.value
            if (np.isnan(bound) | (bound < 0)).any():
                yield f"{where}: expected bounds of 0 or more"
            if (np.isfinite(bound) & ~np.isfinite(value) & (bound != 0)).any():
                yield f"{where}: expected a bound of 0 where the value is not finite"
            claims += int(np.isfinite(bound).sum()) + (bound.size == 0)
    if not claims:
        yield f"{vector.dtype}: expected something to be claimed; every bound is infinite"


def _of_flags(folder: Path, vectors: list[VectorData]) -> Iterator[str]:
    try:
        flags: FlagsData = read_file(folder / FLAGS, FlagsData)
    except BadInput as error:
        yield str(error)
        return
    for vector in vectors:
        if not vector.flags:
            yield f"vector {vector.id}: flags: expected one at least; got none"
        for name in vector.flags:
            if name not in flags.flags:
                yield f"vector {vector.id}: flags: expected those of {FLAGS}; got {name}"
    used = {name for vector in vectors for name in vector.flags}
    for name, flag in flags.flags.items():
        if name not in used:
            yield f"{FLAGS}: {name}: no vector has this flag"
        for fault in flag.faults:
            if fault not in all_faults():
                yield f"{FLAGS}: {name}: expected faults of the catalogue; got {fault}"


def _of_kills(folder: Path, vectors: list[VectorData]) -> Iterator[str]:
    """What the kill matrix says, against what it must say."""
    try:
        kills: KillsData = read_file(folder / KILLS, KillsData)
        flags: FlagsData = decoded(content_of(folder / FLAGS), FlagsData, f"vectors {FLAGS}")
    except BadInput as error:
        yield str(error)
        return
    ids = {vector.id for vector in vectors}
    for fault, killed in kills.faults.items():
        gone = sorted(set(killed.by) - ids)
        if gone:
            yield f"{KILLS}: {fault}: there are no such vectors: {', '.join(map(str, gone))}"
        if len(killed.by) < LEAST:
            yield f"{KILLS}: {fault}: expected {LEAST} vectors at least that kill it; got {len(killed.by)}"
    for fault in all_faults():
        if (fault in kills.faults) is (fault in kills.not_shown):
            yield f"{KILLS}: {fault}: expected it among those that are killed, or those that cannot be shown"
    for fault in sorted({*kills.faults, *kills.not_shown} - set(all_faults())):
        yield f"{KILLS}: expected faults of the catalogue; got {fault}"
    by_fault = {fault: set(killed.by) for fault, killed in kills.faults.items()}
    yield from _of_claims(vectors, flags, by_fault)


def _of_claims(
    vectors: Iterable[VectorData], flags: FlagsData, by_fault: Mapping[str, set[int]]
) -> Iterator[str]:
    """A vector with a flag that names faults kills one of them at least."""
    for vector in vectors:
        for name in vector.flags:
            flag = flags.flags.get(name)
            if flag is None or not flag.faults:
                continue
            if not any(vector.id in by_fault.get(fault, ()) for fault in flag.faults):
                yield f"vector {vector.id}: flags: {name}: it kills none of {', '.join(flag.faults)}"


LEAST = 2
"""How many vectors must kill each fault that vectors can show."""
