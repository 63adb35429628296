"""The files are what the schema and the chapter say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from rnn_adapters.written import CallData
from rnn_conformance.engine.clauses import spec_folder
from rnn_conformance.vectors.form import (
    DOINGS,
    SCHEMA,
    StepData,
    ValuesData,
    VectorData,
    read_index,
    vectors_folder,
)

FILES = sorted(vectors_folder().glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_of_the_schema(path: Path) -> None:
    schema = json.loads((spec_folder() / "schemas" / "vectors.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    document = json.loads(path.read_text(encoding="utf-8"))
    validator.validate(document)
    assert document["schema"] == SCHEMA
    del document["schema"]
    assert not validator.is_valid(document)


def test_they_are_well_below_ten_million_bytes() -> None:
    assert sum(path.stat().st_size for path in FILES) < 5_000_000


def test_a_vector_is_a_line() -> None:
    for name, file in read_index(vectors_folder()).files.items():
        if file.vectors:
            lines = (vectors_folder() / name).read_text(encoding="utf-8").splitlines()
            assert len(lines) == file.vectors + 2


def test_the_chapter_names_every_field_and_every_step() -> None:
    text = (spec_folder() / "94-vectors.md").read_text(encoding="utf-8")
    fields = [*VectorData.__struct_fields__, *StepData.__struct_fields__, *ValuesData.__struct_fields__]
    for name in (*fields, *CallData.__struct_fields__, *DOINGS):
        assert f"`{name}`" in text, name
