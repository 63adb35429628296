"""What a run leaves: results that are written as they come, and the cases of what was found."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from rnn_adapters.reproduction import RUN_BY, suffix_of
from rnn_adapters.written import CaseData
from rnn_conformance.engine.case import SavedCase, write_case
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.results import (
    AdapterResult,
    Finding,
    Outcome,
    drift_path,
    read_result,
    results_path,
    write_result,
    write_whole,
)
from rnn_conformance.running.messages import Job, Record
from rnn_reference.errors import BadInput

DEFAULT_FOLDER = Path("results")


@dataclass
class Answer:
    """What became of one job.

    Args:
        result: None where nothing was checked.
        refusal: why it could not be done, or not to its end; "" if it could.
        path: the results file, if there is one.
        drift: the drift file, if one was written.
        records: the known deviations that apply.
        cases: the file that holds the case of a finding, by clause and number of the finding.
    """

    job: Job
    result: AdapterResult | None = None
    refusal: str = ""
    path: Path | None = None
    drift: Path | None = None
    records: list[Record] = field(default_factory=list)
    cases: dict[tuple[str, int], Path] = field(default_factory=dict)


class Recorder:
    """Writes down the results of one adapter, clause by clause.

    Clauses that are not run keep the results that they have, as long as these are of the same adapter, at the
    same versions, made in the same environment, and drawn from the same seed of the same profile.

    Args:
        folder: where results are kept; None: nothing is written.
        part: a folder below, for the results of a part of the run; the cases of what was found lie where
            those of the whole do.
    """

    def __init__(self, folder: Path | None, answer: Answer, part: str = ".") -> None:
        self._folder = folder
        self._part = part
        self._answer = answer
        self._kept: list[Outcome] = []

    def drift_path(self, result: AdapterResult) -> Path | None:
        """Where the numbers of this adapter are kept; None where nothing is written."""
        return None if self._folder is None else drift_path(results_path(self._folder, result))

    def start(self, result: AdapterResult) -> None:
        """Find the results that are kept."""
        if self._folder is None:
            return
        try:
            there = read_result(results_path(self._folder, result))
        except BadInput:
            return  # none, or of another version of the suite
        if same_run(there, result) and there.environment == result.environment:
            self._kept = [o for o in there.outcomes if o.clause not in self._answer.job.clauses]

    def record(self, result: AdapterResult, outcome: Outcome) -> None:
        """Write the results, of which this is the latest."""
        if self._folder is None:
            return
        try:
            for path in case_files(self._folder, result, outcome.clause):
                path.unlink(missing_ok=True)
                for suffix in RUN_BY:
                    path.with_suffix(suffix).unlink(missing_ok=True)
            for index, finding in enumerate(outcome.findings):
                if finding.case is not None:
                    path = case_file(self._folder, result, outcome.clause, index)
                    write_case(path, _saved(result, outcome, finding, finding.case))
                    if finding.script:
                        write_whole(path.with_suffix(suffix_of(finding.script)), finding.script.encode())
                    self._answer.cases[outcome.clause, index] = path
        except OSError as error:
            self._answer.refusal = f"results: {error.filename} cannot be written: {error.strerror}"
        self.write(result)

    def write(self, result: AdapterResult) -> None:
        """Write the results. Where that is not possible any more, the run goes on, and says so in the end."""
        if self._folder is None or not result.outcomes:
            return
        order = {clause: number for number, clause in enumerate(all_clauses())}
        outcomes = sorted(
            self._kept + result.outcomes, key=lambda outcome: order.get(outcome.clause, len(order))
        )
        whole = msgspec.structs.replace(result, outcomes=outcomes)
        try:
            self._answer.path = write_result(self._folder / self._part, whole)
        except BadInput as error:
            self._answer.refusal = str(error)


def _saved(result: AdapterResult, outcome: Outcome, finding: Finding, case: CaseData) -> SavedCase:
    """A case with all that a record of the finding needs."""
    return SavedCase(
        outcome.clause,
        case,
        adapter=result.adapter,
        versions=result.versions,
        kind=finding.kind,
        message=finding.message,
        facts=finding.facts,
        likely_cause=finding.likely_cause,
    )


def same_run(one: AdapterResult, other: AdapterResult) -> bool:
    """Whether two results are of one adapter and versions, drawn from one seed of one profile."""
    names = ("adapter", "versions", "suite_version", "profile", "seed")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def case_file(folder: Path, result: AdapterResult, clause: str, index: int = 0) -> Path:
    """Where the case of a finding is kept; they are counted from 0."""
    number = f".{index + 1}" if index else ""
    return folder / "failures" / f"{results_path(folder, result).stem}-{clause}{number}.json"


def case_files(folder: Path, result: AdapterResult, clause: str) -> list[Path]:
    """The cases that are kept of a clause, by this run or an earlier one."""
    first = case_file(folder, result, clause)
    others = [path for path in first.parent.glob("*.json") if path.name.startswith(f"{first.stem}.")]
    return [first, *others]


def try_folder(folder: Path) -> None:
    """See whether results can be written here, and leave everything as it was.

    Raises:
        BadInput: they cannot.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"--results: {folder} cannot be written: {error.strerror}") from None
    finally:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
