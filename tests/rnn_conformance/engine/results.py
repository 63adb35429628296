"""What a run leaves behind: one JSON file per adapter, of the types below (schema: `results_schema`)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from rnn_adapters.written import CaseData
from rnn_adapters.written_documents import ordered
from rnn_reference.errors import BadInput

Verdict = Literal[
    "error",  # the suite itself failed
    "broken adapter",  # it cannot be made, or lacks what it declares
    "fail",
    "vacuous",  # nothing, or too little, was asserted
    "fixed",  # a recorded deviation is gone
    "never deviated",  # a record claims a clause or route on which its witness conforms
    "deviation",  # as recorded
    "pass",
    "unsupported",  # by declaration
]
"""From the worst to the best; that of a clause is the worst of its routes."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

RED: tuple[Verdict, ...] = VERDICTS[: VERDICTS.index("deviation")]
"""Verdicts that fail a run."""

Kind = Literal[
    "value",
    "shape",
    "dtype",
    "wrong return",  # no array, no Output, no number
    "not refused",
    "raised",
    "refused",  # too many calls that the route has no words for
    "altered its arguments",
    "altered global state",
    "crashed",
    "timed out",
    "flaky",
]
"""What kind of thing is wrong."""

KINDS: tuple[Kind, ...] = get_args(Kind)

SCHEMA = "rnn-conformance/results/2"

LONGEST_MESSAGE = 2000
"""Letters of a finding's message."""


class Finding(msgspec.Struct, kw_only=True):
    """One way in which a clause is not met, and the smallest case found that shows it.

    Args:
        kind: what kind of thing is wrong.
        message: the difference, in words; no more than `LONGEST_MESSAGE` letters, without absolute paths.
        route: the route on which it was found; "" for the default route.
        facts: the facts of cases (`Case.facts`) that matter: cases that share them fail alike.
        cases: how many drawn cases showed it.
        case: the case as drawn, from which the check makes its calls.
        shown_case: the network and input of the call that went wrong, in words.
        likely_cause: the fault of the catalogue that behaves alike, or "no known fault".
        script: shows it in plain code of the framework; "" where no script can.
    """

    kind: Kind
    message: str
    route: str = ""
    facts: dict[str, str | int | bool] = {}
    cases: int = 1
    case: CaseData | None = None
    shown_case: str = ""
    likely_cause: str = ""
    script: str = ""


class RouteOutcome(msgspec.Struct, kw_only=True):
    """What performing a check on one route gave."""

    route: str  # "" for the default route
    verdict: Verdict
    reason: str = ""  # of every verdict but pass and fail
    cases: int = 0
    deviating_cases: int = 0  # of these, covered by a record and therefore not asserted
    refused_cases: int = 0  # of these, for which the route has no words
    elements: int = 0  # asserted
    informative: int = 0  # of these, within a bound that says something
    worst_ratio: float = 0.0  # largest error ÷ bound


class Outcome(msgspec.Struct, kw_only=True):
    """What performing a check gave, over all its routes."""

    clause: str
    title: str
    verdict: Verdict
    reason: str = ""  # of every verdict but pass and fail
    findings: list[Finding] = []
    deviations: list[str] = []  # ids of the records that apply to this clause
    unused_deviations: list[str] = []  # of these, which covered no case and no witness
    cases: int = 0
    deviating_cases: int = 0
    refused_cases: int = 0
    elements: int = 0
    informative: int = 0
    worst_ratio: float = 0.0
    ratio_quantiles: dict[str, float] = {}  # of error ÷ bound, by name: "0.5", "0.9", "0.99"
    routes: list[RouteOutcome] = []
    digest: str = ""  # of the drawn cases, one after the other
    traceback: str = ""  # of an error of the suite's own
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
    interrupted: bool = False  # ended before all clauses were checked
    warnings: list[str] = []
    outcomes: list[Outcome] = []

    @property
    def red(self) -> list[Outcome]:
        """The outcomes that fail the run."""
        return [outcome for outcome in self.outcomes if outcome.verdict in RED]

    @property
    def asserted_nothing(self) -> bool:
        """Whether nothing at all was asserted: such a run is red, too."""
        return not any(outcome.elements for outcome in self.outcomes)


def worst(verdicts: list[Verdict]) -> Verdict:
    """The worst of several verdicts."""
    return min(verdicts, key=VERDICTS.index)


def results_schema() -> dict[str, Any]:
    """The JSON schema of a results file."""
    schema: dict[str, Any] = ordered(msgspec.json.schema(AdapterResult))
    return schema


def results_path(folder: Path, result: AdapterResult) -> Path:
    """Where the results of an adapter are kept: the file is named after it and its framework's version."""
    version = next(iter(result.versions.values()), "")
    name = f"{result.adapter}-{version}" if version else result.adapter
    return folder / f"{file_stem(name)}.json"


def write_result(folder: Path, result: AdapterResult) -> Path:
    """Write one adapter's results: whole or not at all, though the process be stopped in between.

    Raises:
        BadInput: it cannot be written there.
    """
    path = results_path(folder, result)
    write_whole(path, msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file through another beside it, so that none is ever half written.

    Raises:
        BadInput: it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            file.write(content)
        os.replace(file.name, path)
    except OSError as error:
        raise BadInput(f"results: {path} cannot be written: {error.strerror}") from None


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


def file_stem(name: str) -> str:
    """A name as part of a file name."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
