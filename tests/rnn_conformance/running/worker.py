"""The process in which one adapter is checked, started by `running.process`.

It reads one `Job` from standard input and writes one event a line to standard output. Whatever the
framework prints goes to standard error.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

import msgspec

from rnn_conformance.engine.case import CaseData
from rnn_conformance.engine.results import Outcome


class Job(msgspec.Struct):
    """What to check."""

    adapter: str
    clauses: list[str]
    profile: str = "quick"
    seconds_per_check: float | None = None
    seed: int = 0
    deviations_file: str | None = None
    case: CaseData | None = None  # given: this one alone, instead of drawn cases


class Started(msgspec.Struct, tag=True):
    """The adapter is loaded."""

    adapter: str
    versions: dict[str, str]


class Checking(msgspec.Struct, tag=True):
    """A check begins."""

    clause: str


class Checked(msgspec.Struct, tag=True):
    """A check has ended."""

    outcome: Outcome


class Refused(msgspec.Struct, tag=True):
    """The job cannot be done; the message says why."""

    message: str


class Finished(msgspec.Struct, tag=True):
    """All checks have ended."""

    peak_memory_mib: float


Event = Started | Checking | Checked | Refused | Finished


def main() -> None:
    """Do the job on standard input."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    do(job, events)


def do(job: Job, events: TextIO) -> None:
    """Perform the job's checks, telling of each."""

    def tell(event: Event) -> None:
        events.write(msgspec.json.encode(event).decode() + "\n")
        events.flush()

    # Imported here: Hypothesis and the checks take a third of a second, frameworks much longer.
    from rnn_conformance.checks import all_checks
    from rnn_conformance.engine.case import from_data
    from rnn_conformance.engine.profiles import profile_named
    from rnn_conformance.running.session import Session
    from rnn_reference.errors import BadInput

    try:
        profile = profile_named(job.profile, job.seconds_per_check)
        session = Session(job.adapter, profile, job.seed, job.deviations_file)
        case = None if job.case is None else from_data(job.case)
        session.subject.take("" if case is None else case.route)
    except BadInput as error:
        tell(Refused(str(error)))
        return
    tell(Started(session.subject.name, session.versions))
    for clause in job.clauses:
        tell(Checking(clause))
        tell(Checked(session.perform(all_checks()[clause], case)))
    tell(Finished(peak_memory_mib()))


def peak_memory_mib() -> float:
    """Peak resident memory of this process; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
