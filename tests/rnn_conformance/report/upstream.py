"""A report for the makers of a framework of every known deviation, each with the script that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnn_adapters.reproduction import suffix_of
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case, to_data
from rnn_conformance.engine.deviations import Deviation, claimed_routes, found_on, listed, within
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.reproduction import reproduced, script_of_lost
from rnn_conformance.engine.results import Finding, file_stem, write_whole
from rnn_conformance.report.issue import Issue, written
from rnn_conformance.running.jobs import run_jobs
from rnn_conformance.running.messages import Job
from rnn_conformance.running.session import Session
from rnn_reference.errors import BadInput

INDEX = "README.md"


@dataclass(frozen=True)
class Report:
    """A record, as its makers are told of it.

    Args:
        text: in Markdown.
        script: what shows it; "" where no script can.
    """

    record: Deviation
    text: str
    script: str


def reports(adapter: str) -> Iterator[Report]:
    """Of every record that applies at the versions in force; those of several adapters by the first.

    None of what happens only on routes that this machine lacks something for.

    Raises:
        BadInput: there is no such adapter, it cannot be made, or a record's witness conforms.
    """
    session = Session(adapter, PROFILES["quick"])
    for record in session.deviations:
        of_another = listed(record.adapter)[0] != session.subject.name
        if not of_another and not record.is_out_of_reach(session.subject):
            yield _report(session, record)


def _report(session: Session, record: Deviation) -> Report:
    clause, found = shown(session, record)
    issue = Issue(
        title=record.what,
        clause=clause,
        versions=session.versions,
        actual=found.message,
        script=found.script,
        since=f"Seen at {', '.join(f'{package} {number}' for package, number in record.versions.items())}.",
        cause=record.why,
        links=[record.link] if record.link else [],
        instead=found.shown_case,
    )
    return Report(record, written(issue, session.subject.framework.bug_report), found.script)


def shown(session: Session, record: Deviation) -> tuple[str, Finding]:
    """The first clause whose witness a script can show, and what is found.

    Raises:
        BadInput: every witness conforms.
    """
    first: tuple[str, Finding] | None = None
    for clause in record.clauses:
        finding = _found(session, record, clause)
        if finding is not None and (record.script or finding.script):
            finding.script = record.script or finding.script
            return clause, finding
        first = first or (None if finding is None else (clause, finding))
    if first is None:
        raise BadInput(f"deviation {record.id!r}: its witness conforms now: remove the record")
    return first


def _found(session: Session, record: Deviation, clause: str) -> Finding | None:
    """What is found on the witness of a clause, on the first route that shows it."""
    check, subject = all_checks()[clause], session.subject
    witness = record.witness_of(clause)
    asked = claimed_routes(check, subject, check.asked_on(subject).routes, record)
    for route in dict.fromkeys((witness.route, *asked)):
        if route not in asked:
            continue
        case = witness.replace(route=route)
        if record.ends_process:
            return _of_another_process(session, record, clause, case)
        if not within(asked[route], case):
            continue
        error, excusing = found_on(check, subject, case, [record])
        if error is not None and excusing:
            script = reproduced(subject, check, case, record.what)
            return Finding(
                kind=error.kind, message=error.finding, route=route, script=script, shown_case=repr(case)
            )
    return None


def _of_another_process(session: Session, record: Deviation, clause: str, case: Case) -> Finding | None:
    """The same, where it ends the process."""
    job = Job(session.asked_for, [clause], case=to_data(case), bare=True)
    (answer,) = run_jobs([job])
    findings = [] if answer.result is None else answer.result.outcomes[0].findings
    for finding in findings:
        check = all_checks()[clause]
        finding.script = script_of_lost(session.subject.framework, check, case, record.what)
        return finding
    return None


def write(folder: Path, report: Report) -> None:
    """Write a report, and its script beside it."""
    stem = folder / file_stem(report.record.id)
    write_whole(stem.with_suffix(".md"), report.text.encode())
    if report.script:
        write_whole(stem.with_suffix(suffix_of(report.script)), report.script.encode())


def write_index(folder: Path) -> None:
    """Write a table of the reports that are there."""
    paths = sorted(path for path in folder.glob("*.md") if path.name != INDEX)
    titles = [path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for path in paths]
    rows = [f"| [{path.stem}]({path.name}) | {title} |" for path, title in zip(paths, titles, strict=True)]
    head = [
        "# Reports",
        "",
        "What each framework does not do as the spec asks, ready for its tracker. Written from the known",
        "deviations by `rnn-conformance upstream --adapter NAME --write upstream`; the script beside each",
        "report is run by the tests of its framework.",
        "",
        "| report | what happens |",
        "| --- | --- |",
    ]
    write_whole(folder / INDEX, "\n".join([*head, *rows, ""]).encode())
