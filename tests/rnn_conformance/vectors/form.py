"""The form of vectors: what one is, as written, and the files that hold them.

The spec's chapter on vectors describes it; the schema is `spec/schemas/vectors.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec

from rnn_adapters.declarations import DType
from rnn_adapters.written import (
    ArrayData,
    CallData,
    CellGradientsData,
    GradientsData,
    NetworkData,
    TrainingData,
    decoded,
    documents_schema,
)
from rnn_adapters.written_documents import Data, names
from rnn_adapters.written_networks import LayerData
from rnn_conformance.engine.clauses import spec_folder
from rnn_reference.errors import BadInput

SCHEMA: Literal["rnn-conformance/vectors/1"] = "rnn-conformance/vectors/1"

TYPES: tuple[DType, ...] = ("float64", "float32", "float16", "bfloat16")
"""The types that a vector may have bounds for."""

Doing: TypeAlias = Literal[
    "call", "gradients", "tangents", "second_gradients", "train", "assign", "reset", "restore"
]
DOINGS: tuple[Doing, ...] = get_args(Doing)

Id: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
TypeName: TypeAlias = Annotated[str, names(TYPES)]
DoingName: TypeAlias = Annotated[str, names(DOINGS)]
ClauseId: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}-[0-9]+$")]
FlagName: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Checksum: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class ValuesData(Data, kw_only=True):
    """What a step gives, or, in arrays of the same shapes, the bounds of it.

    Args:
        sequence, last, final_states: of a call, and of a JVP.
        x, initial_states, cells: gradients; `cells` alone: weights after a step of training.
    """

    sequence: ArrayData | None = None
    last: ArrayData | None = None
    final_states: list[ArrayData] | None = None
    x: ArrayData | None = None
    initial_states: list[ArrayData] | None = None
    cells: list[CellGradientsData] | None = None


class StepData(Data, kw_only=True):
    """One thing that is done with the network, and what must come of it.

    Args:
        call: the call that is made or differentiated.
        d_sequence, d_final_states: cotangents.
        direction: of a JVP, and of gradients of gradients.
        training: of a step of training.
        layers: those of the network whose weights are assigned.
        expected: the exact results, each rounded to the nearest float64.
        bounds: for each type how far a result in this type may be from what is expected.
    """

    do: DoingName
    call: CallData | None = None
    d_sequence: ArrayData | None = None
    d_final_states: list[ArrayData] | None = None
    direction: GradientsData | None = None
    training: TrainingData | None = None
    layers: list[LayerData] | None = None
    expected: ValuesData | None = None
    bounds: dict[TypeName, ValuesData] = msgspec.field(default_factory=dict)


class VectorData(Data, kw_only=True):
    """A vector: a network, and steps that are done with it, one after the other.

    Args:
        id: permanent, and never given to another.
        clause: what it is about, mainly.
        flags: what it hunts (`FlagData`).
        comment: what is particular about it, in words.
        network: in the type that a verifier takes where it is not told another.
        may_refuse: whether the clause lets an implementation refuse it with an error instead.
    """

    id: Id
    clause: ClauseId
    flags: list[FlagName]
    comment: str
    network: NetworkData
    steps: list[StepData]
    may_refuse: bool = False

    @property
    def types(self) -> list[str]:
        """The types that it has bounds for."""
        return types_of(self.steps)


def types_of(steps: list[StepData]) -> list[str]:
    """The types that steps have bounds for."""
    return next((list(step.bounds) for step in steps if step.bounds), [])


class ChapterData(Data, kw_only=True):
    """A file of vectors: those of one chapter of the spec, in the order of their ids."""

    schema: Literal["rnn-conformance/vectors/1"]
    chapter: str
    vectors: list[VectorData]


class FlagData(Data, kw_only=True):
    """What a flag stands for.

    Args:
        what: what an implementation that fails may do wrong.
        effect: what somebody notices who uses it.
        faults: those of the catalogue that it hunts: a vector with this flag fails on one of them at least.
    """

    what: str
    effect: str
    faults: list[str]


class FlagsData(Data, kw_only=True):
    """The file of flags."""

    schema: Literal["rnn-conformance/vectors/1"]
    flags: dict[FlagName, FlagData]


class KilledData(Data, kw_only=True):
    """What kills a fault.

    Args:
        by: the ids of vectors.
        route: that on which they do; "" for the default one.
    """

    by: list[Id]
    route: str = ""


class KillsData(Data, kw_only=True):
    """The file of the kill matrix.

    Args:
        digest: of the vectors and of the catalogue that it was computed of.
        faults: what kills each fault, in the types that the vectors' networks have.
        not_shown: the faults that no vector shows, and why.
    """

    schema: Literal["rnn-conformance/vectors/1"]
    digest: Checksum
    faults: dict[str, KilledData]
    not_shown: dict[str, str]


class FileData(Data, kw_only=True):
    """A file as the index has it."""

    sha256: Checksum
    vectors: int = 0


class IndexData(Data, kw_only=True):
    """The index: every file with its checksum, and the ids.

    Args:
        ids: for each recipe, by its name, the id of its vector.
        retired: ids that vectors had, which no other gets.
    """

    schema: Literal["rnn-conformance/vectors/1"]
    spec_version: str
    files: dict[str, FileData]
    ids: dict[str, Id]
    retired: dict[str, Id] = msgspec.field(default_factory=dict)


DOCUMENTS = (ChapterData, FlagsData, KillsData, IndexData)
INDEX, FLAGS, KILLS = "index.json", "flags.json", "kills.json"


def vectors_schema() -> dict[str, Any]:
    """One JSON Schema (2020-12) of the files of vectors."""
    return documents_schema("Vectors of rnn-conformance", DOCUMENTS)


def vectors_folder() -> Path:
    """Where the vectors are: inside the installed package, or in the source tree."""
    return spec_folder() / "vectors"


def line_of(data: Any) -> str:
    """The JSON of something on one line, the same whatever is installed: floats are written by Python."""
    return json.dumps(msgspec.to_builtins(data), ensure_ascii=False, separators=(",", ":"))


def chapter_text(chapter: ChapterData) -> str:
    """The content of a file of vectors: a vector on each line."""
    head = f'{{"schema":"{chapter.schema}","chapter":"{chapter.chapter}","vectors":[\n'
    return head + ",\n".join(map(line_of, chapter.vectors)) + "\n]}\n"


def table_text(data: Any) -> str:
    """The content of another file: a line for each entry of its tables."""
    lines = list[str]()
    for name, value in msgspec.to_builtins(data).items():
        written = json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict) and value:
            entries = (
                f"  {json.dumps(key)}: {json.dumps(each, ensure_ascii=False)}" for key, each in value.items()
            )
            written = "{\n" + ",\n".join(entries) + "\n }"
        lines.append(f" {json.dumps(name)}: {written}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def checksum(content: bytes) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_file(path: Path, kind: type[Any]) -> Any:
    """What is in one of the files.

    Raises:
        BadInput: it is missing, or has another form.
    """
    return decoded(content_of(path), kind, f"vectors {path.name}")


def content_of(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"vectors {path}: {error.strerror}") from None


def read_index(folder: Path) -> IndexData:
    """The index of a folder.

    Raises:
        BadInput: see `read_file`.
    """
    index: IndexData = read_file(folder / INDEX, IndexData)
    return index


def read_vectors(folder: Path) -> Iterator[VectorData]:
    """All vectors of a folder, in the order of the index, whose checksums must hold.

    Raises:
        BadInput: see `read_file`; or a file has another checksum than the index says.
    """
    for name, file in read_index(folder).files.items():
        if not file.vectors:
            continue
        content = content_of(folder / name)
        if checksum(content) != file.sha256:
            raise BadInput(f"vectors {name}: expected the checksum that {INDEX} says; got another")
        yield from decoded(content, ChapterData, f"vectors {name}").vectors


def arrays_of(values: ValuesData) -> Iterator[tuple[str, ArrayData]]:
    """Every array of what a step gives, with its name."""
    for name in ("sequence", "last", "x"):
        if (array := getattr(values, name)) is not None:
            yield name, array
    for name in ("final_states", "initial_states"):
        for layer, array in enumerate(getattr(values, name) or ()):
            yield f"{name}[{layer}]", array
    yield from _weights_of(values.cells or ())


def _weights_of(cells: Iterable[CellGradientsData]) -> Iterator[tuple[str, ArrayData]]:
    for index, cell in enumerate(cells):
        for role in ("W_x", "W_h", "b", "b_h"):
            if (array := getattr(cell, role)) is not None:
                yield f"cells[{index}].{role}", array
