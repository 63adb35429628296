"""What a run leaves behind: one JSON file per adapter, of the types below (schema: `results_schema`)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec

from rnn_adapters.written import CaseData, documents_schema
from rnn_adapters.written_documents import decoded, encoded
from rnn_conformance.engine.environment import Environment
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

Came = Literal["deviates", "fails otherwise", "conforms"]
"""What came of a record's witness: it deviates as recorded, in another way, or not at all."""


class Witnessed(msgspec.Struct, kw_only=True):
    """What came of a record's witness for one clause.

    Args:
        routes: on each route on which it could be asked.
        why_not: why it could be asked on none, by declaration; "" where it could.
        error: what kept it from being run, though it could be asked: a process that was lost, or a mistake of
            the suite's own; "" where nothing did.
    """

    routes: dict[str, Came] = {}
    why_not: str = ""
    error: str = ""


KINDS: tuple[Kind, ...] = get_args(Kind)

SCHEMA: Literal["rnn-conformance/results/3"] = "rnn-conformance/results/3"
"""Files of the schema before this one are read, too (`_of_schema_2`)."""

LONGEST_MESSAGE = 2000
"""Letters of a finding's message."""

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Positive: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]  # or zero
ClauseId: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}-\d+$")]
Digest: TypeAlias = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{32})?$")]
Time: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")]


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
    message: Annotated[str, msgspec.Meta(max_length=LONGEST_MESSAGE)]
    route: str = ""
    facts: dict[str, str | int | bool] = {}
    cases: Annotated[int, msgspec.Meta(ge=1)] = 1
    case: CaseData | None = None
    shown_case: str = ""
    likely_cause: str = ""
    script: str = ""


class RouteOutcome(msgspec.Struct, kw_only=True):
    """What performing a check on one route gave."""

    route: str  # "" for the default route
    verdict: Verdict
    reason: str = ""  # of every verdict but pass and fail
    cases: Count = 0
    deviating_cases: Count = 0  # of these, covered by a record and therefore not asserted
    refused_cases: Count = 0  # of these, for which the route has no words
    elements: Count = 0  # asserted
    informative: Count = 0  # of these, within a bound that says something
    worst_ratio: Positive = 0.0  # largest error ÷ bound


class Outcome(msgspec.Struct, kw_only=True):
    """What performing a check gave, over all its routes."""

    clause: ClauseId
    title: str
    verdict: Verdict
    reason: str = ""  # of every verdict but pass and fail
    findings: list[Finding] = []
    deviations: list[str] = []  # ids of the records that apply to this clause
    unused_deviations: list[str] = []  # of these, which covered no case and no witness
    cases: Count = 0
    deviating_cases: Count = 0
    refused_cases: Count = 0
    elements: Count = 0
    informative: Count = 0
    worst_ratio: Positive = 0.0
    ratio_quantiles: dict[str, Positive] = {}  # of error ÷ bound, by name: "0.5", "0.9", "0.99"
    routes: list[RouteOutcome] = []
    digest: Digest = ""  # of the drawn cases, one after the other
    traceback: str = ""  # of an error of the suite's own
    seconds: Positive = 0.0
    framework_seconds: Positive = 0.0  # of these, spent in the adapter


class AdapterResult(msgspec.Struct, kw_only=True):
    """A run of one adapter."""

    schema: Literal["rnn-conformance/results/3"] = SCHEMA
    adapter: Annotated[str, msgspec.Meta(min_length=1)]
    asked_for: str  # the name it was asked for by: "keras", "module:attribute"
    route: str = ""  # the one that everything was asked by; "": all that each clause is asked on
    versions: dict[str, str]
    suite_version: str
    spec_version: str  # "" where an older suite did not tell
    environment: Environment  # of the process in which the adapter ran
    profile: str
    seed: Count
    started: Time  # ISO 8601, UTC
    seconds: Positive = 0.0  # start-up included
    start_up_seconds: Positive = 0.0
    peak_memory_mib: Positive = 0.0
    interrupted: bool = False  # ended before all clauses were checked
    warnings: list[str] = []
    absent_routes: dict[str, str] = {}  # not taken, and what this machine lacks for each
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
    return documents_schema("The results of rnn-conformance", [AdapterResult])


def results_path(folder: Path, result: AdapterResult) -> Path:
    """Where the results of an adapter are kept: the file is named after it and its framework's version."""
    version = next(iter(result.versions.values()), "")
    name = f"{result.adapter}-{version}" if version else result.adapter
    return folder / f"{file_stem(name)}.json"


def drift_path(results: Path) -> Path:
    """Where the drift file of a results file lies (`running.drift`)."""
    return results.parent / "drift" / results.name


def write_result(folder: Path, result: AdapterResult) -> Path:
    """Write one adapter's results: whole or not at all, though the process be stopped in between.

    Raises:
        BadInput: it cannot be written there, or would be no results file.
    """
    path = results_path(folder, result)
    content = encoded(result)
    _decoded(content, f"results {path}")
    write_whole(path, msgspec.json.format(content, indent=1) + b"\n")
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
    """Read a results file, of this schema or the one before.

    Raises:
        BadInput: it is missing or is no results file of either.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"results file {path}: {error.strerror}") from None
    return _decoded(content, f"results file {path}")


class _Head(msgspec.Struct):
    schema: str


def _decoded(content: bytes, place: str) -> AdapterResult:
    """What a results file says.

    Raises:
        BadInput: it is none, or breaks the schema; the place and the field are named.
    """
    schema = decoded(content, _Head, place).schema
    if schema == SCHEMA_2:
        content = encoded(_of_schema_2(decoded(content, dict[str, Any], place)))
    elif schema != SCHEMA:
        raise BadInput(f"{place}: expected schema {SCHEMA} or {SCHEMA_2}; got {schema!r}")
    return decoded(content, AdapterResult, place)


SCHEMA_2 = "rnn-conformance/results/2"


def _of_schema_2(document: dict[str, Any]) -> dict[str, Any]:
    """A document of the schema before this one, which told less of where a run was made."""
    where = {name: document.pop(name, "") for name in ("python", "platform")}
    return document | {"schema": SCHEMA, "spec_version": "", "environment": where}


def file_stem(name: str) -> str:
    """A name as part of a file name."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
