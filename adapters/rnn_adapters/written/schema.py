"""The schema of the written form, and the command that publishes it.

python -m rnn_adapters.written.schema [folder]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from rnn_adapters.written.arrays import VALUES_SCHEMA
from rnn_adapters.written.declarations import ConventionsData, RouteData, SupportsData
from rnn_adapters.written.networks import CallData, CaseData, GradientsData, NetworkData, OutputData

DOCUMENTS = (
    NetworkData,
    CallData,
    CaseData,
    OutputData,
    GradientsData,
    ConventionsData,
    SupportsData,
    RouteData,
)
NAME = "written.json"


def written_schema() -> dict[str, Any]:
    """One JSON Schema (2020-12) of all that is written; each kind of document is one of its `$defs`."""
    references, definitions = msgspec.json.schema_components(DOCUMENTS, ref_template="#/$defs/{name}")
    definitions["Values"] = VALUES_SCHEMA
    definitions["ArrayObject"]["oneOf"] = [{"required": ["values"]}, {"required": ["shape"]}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The written form of rnn-conformance",
        "anyOf": list(references),
        "$defs": dict(sorted(definitions.items())),
    }


def write_schemas(folder: Path) -> None:
    """Write the schema into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(written_schema(), indent=1, ensure_ascii=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")
