"""Two sides, each with the results of one or several adapters, compared adapter by adapter: the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from rnn_adapters.written_documents import canonical
from rnn_conformance.engine.results import AdapterResult, drift_path, read_result
from rnn_conformance.report.difference import Difference, difference
from rnn_conformance.report.drift import DriftDifference, drift_between
from rnn_conformance.running.drift import Drift, read_drift
from rnn_reference.errors import BadInput

SCHEMA: Literal["rnn-conformance/comparison/1"] = "rnn-conformance/comparison/1"


@dataclass(frozen=True)
class Loaded:
    """What there is of one adapter on one side; the drift where it was kept."""

    result: AdapterResult
    drift: Drift | None = None


class Compared(msgspec.Struct, kw_only=True):
    """One adapter on both sides; the drift where both have kept it."""

    difference: Difference
    drift: DriftDifference | None = None


class Comparison(msgspec.Struct, kw_only=True):
    """Two sides compared.

    Args:
        regression: whether any adapter is worse than it was.
        adapters: those that are on both sides.
        old_only, new_only: the names of those that are on one.
    """

    schema: Literal["rnn-conformance/comparison/1"] = SCHEMA
    regression: bool
    adapters: list[Compared]
    old_only: list[str] = []
    new_only: list[str] = []


def compared(old: Mapping[str, Loaded], new: Mapping[str, Loaded]) -> Comparison:
    """Two sides, adapter by adapter.

    Raises:
        BadInput: no adapter is on both sides, or one of them has no clause in common.
    """
    both = [name for name in new if name in old]
    if not both:
        raise BadInput(
            f"results to compare: expected an adapter on both sides; got {', '.join(old)} on the old one"
            f" and {', '.join(new)} on the new one"
        )
    pairs = [_compared(old[name], new[name]) for name in both]
    return Comparison(
        regression=any(pair.difference.is_regression for pair in pairs),
        adapters=pairs,
        old_only=[name for name in old if name not in new],
        new_only=[name for name in new if name not in old],
    )


def _compared(old: Loaded, new: Loaded) -> Compared:
    drift = None if old.drift is None or new.drift is None else drift_between(old.drift, new.drift)
    return Compared(difference=difference(old.result, new.result), drift=drift)


def loaded_from(path: Path, adapter: str | None = None) -> dict[str, Loaded]:
    """The results in a file, or in all results files of a folder, by the names of their adapters.

    Args:
        adapter: the only one that is wanted.

    Raises:
        BadInput: there are none, a file is none of results, or a folder has several of one adapter.
    """
    paths = sorted(path.glob("*.json")) if path.is_dir() else [path]
    found: dict[str, tuple[Path, Loaded]] = {}
    for each in paths:
        if path.is_dir() and not _is_results(each):
            continue
        result = read_result(each)
        if adapter not in (None, result.adapter, result.asked_for):
            continue
        if result.adapter in found:
            raise BadInput(
                f"{path}: expected one results file of {result.adapter}; got {found[result.adapter][0].name}"
                f" and {each.name}: name the file"
            )
        found[result.adapter] = each, Loaded(result, _drift_beside(each, result))
    if not found:
        wanted = f" of {adapter}" if adapter else ""
        raise BadInput(f"{path}: expected a results file{wanted}; got none")
    return {name: loaded for name, (_, loaded) in found.items()}


class _Head(msgspec.Struct):
    schema: str = ""


def _is_results(path: Path) -> bool:
    """Whether a file of a folder says that it is one of results: there are others."""
    try:
        head = msgspec.json.decode(path.read_bytes(), type=_Head)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return head.schema.startswith("rnn-conformance/results/")


def _drift_beside(path: Path, result: AdapterResult) -> Drift | None:
    """The drift that was kept beside results; None where there is none, or it is of other versions."""
    beside = drift_path(path)
    if not beside.exists():
        return None
    drift = read_drift(beside)
    return drift if (drift.adapter, drift.versions) == (result.adapter, result.versions) else None


def comparison_schema() -> dict[str, Any]:
    """The JSON schema of `compare --format json`."""
    schema: dict[str, Any] = canonical(msgspec.json.schema(Comparison))
    return schema
