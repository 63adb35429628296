"""The one written form (JSON) of networks, calls, what comes back, and declarations.

Case files, witnesses in TOML and implementations in other languages use the same form:

- An array is nested lists. It has the type of its network; lengths are int64, a mask is boolean. An array of
  another type, one without elements and one without axes are objects: {"dtype": "int32", "values": [1, 2]},
  {"shape": [0, 3]}, {"values": 1.5}. Each element of a complex array is a list of two: real, imaginary.
- A finite number is a JSON number with all the digits that make it exact, and −0 is -0.0 (the integer -0 is
  0). The others are "nan", "inf" and "-inf". The payload of a NaN is not written, nor how an array lies in
  memory.
- A field that has its default value is not written, and one that is not known is refused.

`write_x` gives the data of a value, `encoded` its JSON; `decoded` and `read_x` lead back. All that is wrong
with a document is a `BadInput` that names the place. The schema is `spec/schemas/written.json`, which
`python -m rnn_adapters.written` writes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from rnn_adapters.written_arrays import VALUES_SCHEMA, ArrayData, ArrayObject, read_array, write_array
from rnn_adapters.written_declarations import (
    ConventionsData,
    NativeWeightData,
    RouteData,
    SupportsData,
    read_conventions,
    read_route,
    read_supports,
    write_conventions,
    write_route,
    write_supports,
)
from rnn_adapters.written_documents import canonical, decoded, encoded, explained
from rnn_adapters.written_networks import (
    ActionData,
    CallData,
    CaseData,
    CellData,
    CellGradientsData,
    GradientsData,
    LayerData,
    NetworkData,
    OutputData,
    check_fit,
    read_call,
    read_gradients,
    read_history,
    read_network,
    read_output,
    write_call,
    write_case,
    write_gradients,
    write_network,
    write_output,
)
from rnn_adapters.written_surface import (
    ShapesData,
    TrainedData,
    TrainingData,
    read_shapes,
    read_trained,
    read_training,
    write_shapes,
    write_trained,
    write_training,
)

__all__ = [
    "ActionData",
    "ArrayData",
    "ArrayObject",
    "CallData",
    "CaseData",
    "CellData",
    "CellGradientsData",
    "ConventionsData",
    "GradientsData",
    "LayerData",
    "NativeWeightData",
    "NetworkData",
    "OutputData",
    "RouteData",
    "ShapesData",
    "SupportsData",
    "TrainedData",
    "TrainingData",
    "check_fit",
    "decoded",
    "documents_schema",
    "encoded",
    "explained",
    "read_array",
    "read_call",
    "read_conventions",
    "read_gradients",
    "read_history",
    "read_network",
    "read_output",
    "read_route",
    "read_shapes",
    "read_supports",
    "read_trained",
    "read_training",
    "write_array",
    "write_call",
    "write_case",
    "write_conventions",
    "write_gradients",
    "write_network",
    "write_output",
    "write_route",
    "write_schemas",
    "write_shapes",
    "write_supports",
    "write_trained",
    "write_training",
    "written_schema",
]

DOCUMENTS = (
    NetworkData,
    CallData,
    CaseData,
    OutputData,
    GradientsData,
    ShapesData,
    TrainingData,
    TrainedData,
    ConventionsData,
    SupportsData,
    RouteData,
)
NAME = "written.json"


def written_schema() -> dict[str, Any]:
    """One JSON Schema (2020-12) of all that is written; each kind of document is one of its `$defs`."""
    return documents_schema("The written form of rnn-conformance", DOCUMENTS)


def documents_schema(title: str, documents: Iterable[Any]) -> dict[str, Any]:
    """One JSON Schema (2020-12) of documents of any of these types."""
    references, definitions = msgspec.json.schema_components(documents, ref_template="#/$defs/{name}")
    definitions["Values"] = VALUES_SCHEMA
    definitions["ArrayObject"]["oneOf"] = [{"required": ["values"]}, {"required": ["shape"]}]
    schema: dict[str, Any] = canonical(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "anyOf": list(references),
            "$defs": dict(sorted(definitions.items())),
        }
    )
    return schema


def write_schemas(folder: Path) -> None:
    """Write the schema into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(written_schema(), indent=1, ensure_ascii=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(*sys.argv[1:2] or ["spec/schemas"]))
