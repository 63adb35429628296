"""`vectors make`: from recipes to the files, byte by byte the same wherever they are made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import msgspec

from rnn_adapters.written import write_network
from rnn_conformance.engine.clauses import all_clauses, spec_version
from rnn_conformance.vectors.expected import written_steps
from rnn_conformance.vectors.form import (
    FLAGS,
    INDEX,
    KILLS,
    SCHEMA,
    TYPES,
    ChapterData,
    FileData,
    FlagData,
    FlagsData,
    IndexData,
    VectorData,
    chapter_text,
    checksum,
    read_index,
    read_vectors,
    table_text,
    types_of,
)
from rnn_conformance.vectors.given import given_by
from rnn_conformance.vectors.recipes import Recipe
from rnn_reference.errors import BadInput

Kind = TypeVar("Kind")

PROMOTED = "promoted/"
"""How the names of recipes begin that were counterexamples: their files hold all that there is of them."""


@dataclass(frozen=True)
class Ids:
    """Which vector has which id.

    Args:
        taken: for each recipe that there is, by name.
        retired: for each that there was; it is made no more, even if there is such a recipe.
    """

    taken: Mapping[str, int]
    retired: Mapping[str, int]

    def of(self, names: Iterable[str]) -> Ids:
        """The ids of recipes of these names: what has one keeps it, and a new one is larger than all.

        Raises:
            BadInput: a name stands twice.
        """
        largest = max([0, *self.taken.values(), *self.retired.values()])
        found: dict[str, int] = {}
        for name in names:
            if name in self.retired:
                continue
            if name in found:
                raise BadInput(f"recipe {name}: expected a name of its own; another one has it")
            largest = largest if name in self.taken else largest + 1
            found[name] = self.taken.get(name, largest)
        gone = {name: id for name, id in self.taken.items() if name not in found}
        return Ids(found, {**self.retired, **gone})

    def without(self, ids: Iterable[int]) -> Ids:
        """The same with these ids retired."""
        gone = set(ids)
        stay = {name: id for name, id in self.taken.items() if id not in gone}
        return Ids(stay, {**self.retired, **{name: id for name, id in self.taken.items() if id in gone}})


def ids_in(folder: Path) -> Ids:
    """The ids that the index of a folder has; none where there is no index.

    Raises:
        BadInput: the index is of another form.
    """
    if not (folder / INDEX).exists():
        return Ids({}, {})
    index = read_index(folder)
    return Ids(index.ids, index.retired)


def vector_of(recipe: Recipe, number: int) -> VectorData:
    """The vector that a recipe makes: what is expected is computed now.

    Raises:
        BadInput: nothing can be said of it in any type.
    """
    network = write_network(recipe.network)
    steps = written_steps(recipe.network, recipe.steps, recipe.types, recipe.evidence)
    types = types_of(steps)
    if not types:
        raise BadInput(f"recipe {recipe.name}: expected bounds that say something in some type; got none")
    network.dtype = recipe.dtype if recipe.dtype in types else types[0]
    return VectorData(
        id=number,
        clause=recipe.clause,
        flags=list(recipe.flags),
        comment=recipe.comment,
        network=network,
        steps=steps,
        may_refuse=recipe.may_refuse,
    )


def promoted_in(folder: Path) -> Iterator[Recipe]:
    """The recipes of vectors that were counterexamples: what the files of a folder say that is given.

    Raises:
        BadInput: see `form.read_vectors`.
    """
    if not (folder / INDEX).exists():
        return
    names = {id: name for name, id in read_index(folder).ids.items() if name.startswith(PROMOTED)}
    for vector in read_vectors(folder) if names else ():
        if vector.id in names:
            dtype = next(each for each in TYPES if each == vector.network.dtype)
            about = names[vector.id], vector.clause, tuple(vector.flags), vector.comment
            yield Recipe(*about, *given_by(vector), dtype, may_refuse=vector.may_refuse)


@cache
def known_flags() -> dict[str, FlagData]:
    """The flags by name, as `flags.toml` explains them.

    Raises:
        BadInput: it is of another form.
    """
    return from_toml("flags.toml", dict[str, FlagData])


def from_toml(name: str, kind: type[Kind]) -> Kind:
    """What a file of this package says.

    Raises:
        BadInput: it is of another form.
    """
    content = (files("rnn_conformance.vectors") / name).read_bytes()
    try:
        return msgspec.toml.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise BadInput(f"{name}: {error}") from None


def file_of(clause: str) -> str:
    """The file that the vectors of a clause stand in: that of its chapter."""
    return Path(all_clauses()[clause].file).with_suffix(".json").name


def contents(recipes: Iterable[Recipe], before: Ids, kills: str = "") -> dict[str, str]:
    """The content of every file, by name.

    Args:
        before: the ids that vectors have already.
        kills: the content of the file of the kill matrix, if there is one.

    Raises:
        BadInput: see `Ids.of` and `vector_of`; or a flag is not explained.
    """
    recipes = [recipe for recipe in recipes if recipe.name not in before.retired]
    ids = before.of([recipe.name for recipe in recipes])
    by_file: dict[str, list[VectorData]] = {}
    for recipe in recipes:
        by_file.setdefault(file_of(recipe.clause), []).append(vector_of(recipe, ids.taken[recipe.name]))
    texts = dict(_chapter_texts(by_file))
    flags = {name: _flag(name) for name in sorted({name for recipe in recipes for name in recipe.flags})}
    texts[FLAGS] = table_text(FlagsData(schema=SCHEMA, flags=flags))
    if kills:
        texts[KILLS] = kills
    index = IndexData(
        schema=SCHEMA,
        spec_version=spec_version(),
        files={
            name: FileData(sha256=checksum(text.encode()), vectors=len(by_file.get(name, [])))
            for name, text in texts.items()
        },
        ids=_by_id(ids.taken),
        retired=_by_id(ids.retired),
    )
    return texts | {INDEX: table_text(index)}


def _flag(name: str) -> FlagData:
    flags = known_flags()
    if name not in flags:
        raise BadInput(f"flags: expected those of flags.toml; got {name}")
    return flags[name]


def _by_id(ids: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(ids.items(), key=lambda item: item[1]))


def _chapter_texts(by_file: Mapping[str, list[VectorData]]) -> Iterator[tuple[str, str]]:
    for name, vectors in sorted(by_file.items()):
        ordered = sorted(vectors, key=lambda vector: vector.id)
        chapter = ChapterData(schema=SCHEMA, chapter=Path(name).with_suffix(".md").name, vectors=ordered)
        yield name, chapter_text(chapter)


def make(folder: Path, *more: Recipe, retire: Collection[int] = ()) -> list[str]:
    """Write all files into a folder; the names of those that were other, missing or one too many.

    Args:
        more: recipes of counterexamples besides those that are there.
        retire: ids of vectors that are not made any more.

    Raises:
        BadInput: see `contents`; or a file cannot be written.
    """
    return written_to(folder, texts_of(folder, *more, retire=retire))


def texts_of(folder: Path, *more: Recipe, retire: Collection[int] = ()) -> dict[str, str]:
    """What `make` writes."""
    from rnn_conformance.vectors.chapters import all_recipes

    path = folder / KILLS
    kills = path.read_text(encoding="utf-8") if path.exists() else ""
    recipes = (*all_recipes(), *promoted_in(folder), *more)
    return contents(recipes, ids_in(folder).without(retire), kills)


def stale(folder: Path) -> list[str]:
    """The names of files that `make` would write, or take away.

    Raises:
        BadInput: see `contents`.
    """
    texts = texts_of(folder)
    surplus = [path.name for path in folder.glob("*.json") if path.name not in texts]
    return surplus + [
        name
        for name, text in texts.items()
        if not (folder / name).exists() or (folder / name).read_bytes() != text.encode()
    ]


def written_to(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Let a folder hold these files and no other file of JSON; the names of those that changed.

    Raises:
        BadInput: a file cannot be written.
    """
    changed = list[str]()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.json"):
            if path.name not in texts:
                path.unlink()
                changed.append(path.name)
        for name, text in texts.items():
            path = folder / name
            if not path.exists() or path.read_bytes() != text.encode():
                path.write_bytes(text.encode())
                changed.append(name)
    except OSError as error:
        raise BadInput(f"vectors {folder}: {error.strerror}") from None
    return changed
