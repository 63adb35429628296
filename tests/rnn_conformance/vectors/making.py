"""`vectors make`: from recipes to the files, byte by byte the same wherever they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import msgspec

from rnn_adapters.written import write_network
from rnn_adapters.written_arrays import DTYPES
from rnn_conformance.engine.clauses import all_clauses, spec_version
from rnn_conformance.vectors.expected import written_steps
from rnn_conformance.vectors.form import (
    FLAGS,
    INDEX,
    SCHEMA,
    ChapterData,
    FileData,
    FlagData,
    FlagsData,
    IndexData,
    VectorData,
    chapter_text,
    checksum,
    read_index,
    table_text,
)
from rnn_conformance.vectors.recipes import Recipe
from rnn_reference.errors import BadInput


@dataclass(frozen=True)
class Ids:
    """Which vector has which id.

    Args:
        taken: for each recipe that there is, by name.
        retired: for each that there was.
    """

    taken: Mapping[str, int]
    retired: Mapping[str, int]

    def of(self, names: Iterable[str]) -> Ids:
        """The ids of recipes of these names: what has one keeps it, and a new one is larger than all.

        Raises:
            BadInput: a name stands twice, or is that of a vector that was retired.
        """
        known = dict(self.taken)
        largest = max([0, *self.taken.values(), *self.retired.values()])
        found: dict[str, int] = {}
        for name in names:
            if name in found:
                raise BadInput(f"recipe {name}: expected a name of its own; another one has it")
            if name in self.retired:
                raise BadInput(f"recipe {name}: expected a new name; vector {self.retired[name]} was retired")
            largest = largest if name in known else largest + 1
            found[name] = known.get(name, largest)
        gone = {name: id for name, id in known.items() if name not in found}
        return Ids(found, dict(sorted((self.retired | gone).items(), key=lambda item: item[1])))


def ids_in(folder: Path) -> Ids:
    """The ids that the index of a folder has; none where there is no index.

    Raises:
        BadInput: the index is of another form.
    """
    if not (folder / INDEX).exists():
        return Ids({}, {})
    index = read_index(folder)
    return Ids(index.ids, index.retired)


def vector_of(recipe: Recipe, id: int) -> VectorData:
    """The vector that a recipe makes: what is expected is computed now."""
    network = write_network(recipe.network)
    network.dtype = recipe.dtype
    return VectorData(
        id=id,
        clause=recipe.clause,
        flags=list(recipe.flags),
        comment=recipe.comment,
        network=network,
        steps=written_steps(recipe.network, recipe.steps, recipe.types),
    )


def known_flags() -> dict[str, FlagData]:
    """The flags by name, as `flags.toml` explains them.

    Raises:
        BadInput: it is of another form.
    """
    content = (files("rnn_conformance.vectors") / "flags.toml").read_bytes()
    try:
        return msgspec.toml.decode(content, type=dict[str, FlagData])
    except msgspec.DecodeError as error:
        raise BadInput(f"flags.toml: {error}") from None


def file_of(clause: str) -> str:
    """The file that the vectors of a clause stand in: that of its chapter."""
    return Path(all_clauses()[clause].file).with_suffix(".json").name


def contents(recipes: Iterable[Recipe], before: Ids) -> dict[str, str]:
    """The content of every file, by name.

    Args:
        before: the ids that vectors have already.

    Raises:
        BadInput: see `Ids.of`.
    """
    recipes = list(recipes)
    ids = before.of([recipe.name for recipe in recipes])
    by_file: dict[str, list[VectorData]] = {}
    for recipe in recipes:
        by_file.setdefault(file_of(recipe.clause), []).append(vector_of(recipe, ids.taken[recipe.name]))
    texts = dict(_chapter_texts(by_file))
    flags = FlagsData(schema=SCHEMA, flags=dict(sorted(known_flags().items())))
    texts[FLAGS] = table_text(flags)
    index = IndexData(
        schema=SCHEMA,
        spec_version=spec_version(),
        files={
            name: FileData(sha256=checksum(text.encode()), vectors=len(by_file.get(name, [])))
            for name, text in texts.items()
        },
        ids=dict(sorted(ids.taken.items(), key=lambda item: item[1])),
        retired=dict(ids.retired),
    )
    return texts | {INDEX: table_text(index)}


def _chapter_texts(by_file: Mapping[str, list[VectorData]]) -> Iterator[tuple[str, str]]:
    for name, vectors in sorted(by_file.items()):
        ordered = sorted(vectors, key=lambda vector: vector.id)
        chapter = ChapterData(schema=SCHEMA, chapter=Path(name).with_suffix(".md").name, vectors=ordered)
        yield name, chapter_text(chapter)


def make(folder: Path) -> list[str]:
    """Write all files into a folder; the names of those that were other or missing.

    Raises:
        BadInput: see `contents`; or a file cannot be written.
    """
    from rnn_conformance.vectors.chapters import all_recipes

    folder.mkdir(parents=True, exist_ok=True)
    changed = list[str]()
    for name, text in contents(all_recipes(), ids_in(folder)).items():
        path = folder / name
        if not path.exists() or path.read_bytes() != text.encode():
            path.write_text(text, encoding="utf-8", newline="\n")
            changed.append(name)
    return changed
