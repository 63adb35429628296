"""The generated schemas of files: `python -m rnn_conformance.report.schemas` writes them to spec/schemas."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rnn_adapters.stdio.messages import protocol_schema
from rnn_conformance.engine.clauses import spec_folder
from rnn_conformance.engine.results import results_schema
from rnn_conformance.report.baseline import baseline_schema
from rnn_conformance.report.comparison import comparison_schema
from rnn_conformance.running.drift import drift_schema
from rnn_conformance.running.sweep import sweep_schema
from rnn_conformance.vectors.form import vectors_schema

SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "baseline.json": baseline_schema,
    "comparison.json": comparison_schema,
    "drift.json": drift_schema,
    "protocol.json": protocol_schema,
    "results.json": results_schema,
    "sweep.json": sweep_schema,
    "vectors.json": vectors_schema,
}
"""For each file what is written there."""


def written(name: str) -> str:
    """The content of a schema's file."""
    return json.dumps(SCHEMAS[name](), indent=1, ensure_ascii=False) + "\n"


def stale_schemas() -> list[Path]:
    """Schemas that are missing or not what the types give."""
    folder = spec_folder() / "schemas"
    paths = [folder / name for name in SCHEMAS]
    return [
        path for path in paths if not path.exists() or path.read_text(encoding="utf-8") != written(path.name)
    ]


if __name__ == "__main__":
    for path in stale_schemas():
        path.parent.mkdir(exist_ok=True)
        path.write_text(written(path.name), encoding="utf-8")
        print(f"wrote {path}")
