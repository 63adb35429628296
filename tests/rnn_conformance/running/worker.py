"""The process in which one adapter is checked, started by `running.process`.

It reads a `Job` and then requests from standard input, a line each, and writes one event a line to standard
output. Whatever the framework prints goes to standard error. It ends when its parent does.
"""

from __future__ import annotations

import gc
import os
import queue
import threading
import traceback
from collections.abc import Iterable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from rnn_conformance.engine.case import Case, to_data
from rnn_conformance.engine.results import Outcome, Witnessed
from rnn_conformance.running.journal import Journal
from rnn_conformance.running.memory import peak_memory_mib
from rnn_conformance.running.messages import (
    Checked,
    Checking,
    Event,
    Finish,
    Finished,
    Gone,
    Job,
    Judge,
    Judged,
    Perform,
    Record,
    Refused,
    Request,
    Started,
    TakeDrift,
    TookDrift,
    Tried,
    TryWitness,
)

if TYPE_CHECKING:
    from rnn_conformance.engine.check import Check
    from rnn_conformance.engine.deviations import Deviation
    from rnn_conformance.engine.subject import Subject
    from rnn_conformance.running.session import Session


COLLECTIONS = (200_000, 50, 100)
"""Objects, and collections of younger ones, after which garbage is collected. Python does so far more often,
and frameworks make many objects that stay: to look at them took up to a seventh of the time of a run."""

DRAWN, CALLED = "drawn", "called"
"""The journals of the case that a check is performed on, and of the call that it is making."""


def main() -> None:
    """Do the job on standard input."""
    lines = Lines(os.dup(0))
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    do(msgspec.json.decode(lines.get(), type=Job), lines, events)


class Lines:
    """Lines of a pipe, read by a thread, so that the end of the parent is noticed at any time.

    The pipe ends before a `Finish` was read only if the parent was killed; then this process ends, too.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def get(self) -> bytes:
        """The next line."""
        return self._lines.get()

    def _read(self) -> None:
        left = b""
        while part := os.read(self._pipe, 2**16):
            *whole, left = (left + part).split(b"\n")
            for line in whole:
                self._lines.put(line)
                if line == FINISH:
                    return
        os._exit(1)


FINISH = msgspec.json.encode(Finish())


def do(job: Job, lines: Lines, events: TextIO) -> None:
    """Perform the checks that are asked for, telling of each."""

    def tell(event: Event) -> None:
        events.write(msgspec.json.encode(event).decode() + "\n")
        events.flush()

    # Imported here: Hypothesis and the checks take a third of a second, frameworks much longer.
    from rnn_adapters.adapter import ImplementationLost
    from rnn_conformance.checks import all_checks
    from rnn_conformance.engine.case import from_data
    from rnn_conformance.engine.environment import this_environment
    from rnn_conformance.engine.profiles import profile_named
    from rnn_conformance.running.session import Session
    from rnn_reference.errors import BadInput

    try:
        profile = replace(profile_named(job.profile, job.seconds_per_check), shrink=job.explained)
        session = Session(job.adapter, profile, job.seed, job.deviations_file, job.examples, job.route)
        case = None if job.case is None else from_data(job.case, checked=False)
        if case is not None:
            session.subject.take(case.route)
    except BadInput as error:
        tell(Refused(str(error)))
        return
    except ImplementationLost as lost:
        tell(Refused(f"adapter {job.adapter!r} is broken: its process {lost.how}"))
        return
    if job.bare:
        session.deviations = []
    gc.freeze()  # what a framework imported lives as long as the process: no collection need look at it
    gc.set_threshold(*COLLECTIONS)
    drawn, called = (Journal(os.path.join(job.journal, name)) for name in (DRAWN, CALLED))
    session.subject.journal = called.write
    name, records = session.name, told(session.deviations)
    tell(
        Started(
            name,
            session.versions,
            session.isolated,
            session.routes,
            session.subject.absent,
            records,
            this_environment(),
            [clause for clause, check in all_checks().items() if check.routes],
        )
    )
    while not isinstance(request := msgspec.json.decode(lines.get(), type=Request), Finish):
        drawn.clear()
        called.clear()
        try:
            if isinstance(request, TakeDrift):
                tell(_took_drift(session, request))
                continue
            if isinstance(request, Judge):
                tell(_judged(session, request))
                continue
            check = all_checks()[request.clause]
            if isinstance(request, TryWitness):
                tell(_tried(session, request))
                continue
            tell(Checking(check.clause, check.title))
            given = case if request.case is None else from_data(request.case, checked=False)
            outcome = _performed(session, _kept(check, drawn), given, request)
        except ImplementationLost as lost:
            tell(Gone(lost.kind, lost.how))
            return
        tell(Checked(outcome, peak_memory_mib()))
    tell(Finished(_closed(session)))


def _performed(session: Session, check: Check, case: Case | None, request: Perform) -> Outcome:
    """The outcome of a check; what the suite itself raises is one, too."""
    try:
        return session.perform(check, case, request.confirmed, request.seed)
    except Exception:
        return Outcome(
            clause=check.clause,
            title=check.title,
            verdict="error",
            reason="the suite itself failed",
            traceback=traceback.format_exc(),
        )


def _took_drift(session: Session, request: TakeDrift) -> TookDrift:
    """Keep what the adapter computes on the fixed cases."""
    from rnn_conformance.running.drift import drift_of, write_drift

    try:
        write_drift(Path(request.path), drift_of(session.subject, session.versions))
    except Exception as error:
        return TookDrift(f"{type(error).__name__}: {error}")
    return TookDrift()


def _tried(session: Session, request: TryWitness) -> Tried:
    """What came of a witness. That it is unsupported is told from what kept it from being run."""
    from rnn_conformance.engine.check import Unsupported

    try:
        return Tried(Witnessed(routes=session.try_witness(request.id, request.clause)))
    except Unsupported as reason:
        return Tried(Witnessed(why_not=str(reason)))
    except Exception as error:
        return Tried(Witnessed(error=f"{type(error).__name__}: {error}"))


def _judged(session: Session, request: Judge) -> Judged:
    """What came of a vector; what the suite itself raises is told, too."""
    from rnn_conformance.vectors.judgement import Judgement
    from rnn_reference.errors import BadInput

    vector, dtype, route = request.vector, request.dtype, request.route
    try:
        return Judged(session.judge(vector, dtype, route))
    except BadInput as error:
        message = str(error)
    except Exception:
        message = traceback.format_exc()
    return Judged(Judgement(vector.id, vector.clause, dtype, route, "error", message))


def _kept(check: Check, journal: Journal) -> Check:
    """The check, of which every case is kept before it is run."""

    @wraps(check.body)
    def body(subject: Subject, case: Case) -> None:
        journal.write(case)
        check.body(subject, case)

    return replace(check, body=body)


def told(records: Iterable[Deviation]) -> list[Record]:
    """Known deviations, as far as others are told of them."""
    from rnn_conformance.engine.deviations import listed

    return [
        Record(
            record.id,
            record.clauses,
            listed(record.adapter),
            record.what,
            record.why,
            record.link,
            {clause: to_data(record.witness_of(clause)) for clause in record.clauses * record.ends_process},
        )
        for record in records
    ]


def _closed(session: Session) -> str:
    try:
        session.close()
    except Exception as error:
        return f"close raised {type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    main()
