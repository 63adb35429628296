"""What a run leaves behind: one JSON file per adapter, of the types below (schema: `results_schema`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from rnn_conformance.engine.case import CaseData
from rnn_reference.errors import BadInput

Verdict = Literal["pass", "fail", "deviation", "fixed", "vacuous", "unsupported"]

RED: tuple[Verdict, ...] = ("fail", "fixed", "vacuous")
"""Verdicts that fail a run."""

SCHEMA = "rnn-conformance/results/1"


class Failure(msgspec.Struct):
    """What was found, and the smallest case that shows it.

    Args:
        finding: the difference, in words.
        case: the case as drawn, from which the check makes its calls.
        shown_case: the network and input of the call that went wrong, in words.
        likely_cause: the fault of the catalogue that gives the same output.
    """

    finding: str
    case: CaseData | None = None
    shown_case: str = ""
    likely_cause: str = ""


class Outcome(msgspec.Struct, kw_only=True):
    """What performing a check gave."""

    clause: str
    title: str
    verdict: Verdict
    reason: str = ""  # of every verdict but pass and fail
    failure: Failure | None = None
    deviations: list[str] = []  # ids of the records that apply to this clause
    cases: int = 0
    deviating_cases: int = 0  # of these, covered by a record and therefore not asserted
    elements: int = 0  # asserted
    informative: int = 0  # of these, within a bound that says something
    worst_ratio: float = 0.0  # largest error ÷ bound
    ratio_quantiles: dict[str, float] = {}  # of error ÷ bound, by name: "0.5", "0.9", "0.99"
    seconds: float = 0.0
    framework_seconds: float = 0.0  # of these, spent in the adapter


class AdapterResult(msgspec.Struct, kw_only=True):
    """A run of one adapter."""

    schema: str = SCHEMA
    adapter: str
    asked_for: str  # the name it was asked for by: "keras", "module:attribute"
    versions: dict[str, str]
    suite_version: str
    python: str
    platform: str
    profile: str
    seed: int
    started: str  # ISO 8601, UTC
    seconds: float = 0.0  # start-up included
    start_up_seconds: float = 0.0
    peak_memory_mib: float = 0.0
    outcomes: list[Outcome] = []

    @property
    def red(self) -> list[Outcome]:
        """The outcomes that fail the run."""
        return [outcome for outcome in self.outcomes if outcome.verdict in RED]


def results_schema() -> dict[str, Any]:
    """The JSON schema of a results file."""
    return msgspec.json.schema(AdapterResult)


def write_result(folder: Path, result: AdapterResult) -> Path:
    """Write one adapter's results; the file is named after it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file_stem(result.adapter)}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    return path


def read_result(path: Path) -> AdapterResult:
    """Read a results file.

    Raises:
        BadInput: it is missing or is no results file of this schema.
    """
    try:
        result = msgspec.json.decode(path.read_bytes(), type=AdapterResult)
    except OSError as error:
        raise BadInput(f"results file {path}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise BadInput(f"results file {path}: {error}") from None
    if result.schema != SCHEMA:
        raise BadInput(f"results file {path}: expected schema {SCHEMA}; got {result.schema}")
    return result


def file_stem(adapter: str) -> str:
    """The name of an adapter as part of a file name."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in adapter)
