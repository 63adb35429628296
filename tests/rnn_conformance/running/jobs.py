"""A run of several adapters, by several workers, that loses nothing, whatever ends it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from types import FrameType

from rnn_conformance.engine.results import RED
from rnn_conformance.running.messages import Job
from rnn_conformance.running.process import Stop
from rnn_conformance.running.recording import DEFAULT_FOLDER, Answer, try_folder
from rnn_conformance.running.sharing import Bad, Progress, Shared, Terms

DEFAULT_TIMEOUT = 600.0

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What ends a run; a second one ends it at once."""


def run_jobs(
    jobs: list[Job],
    *,
    timeout: float = DEFAULT_TIMEOUT,
    at_a_time: int = 1,
    folder: Path | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    fail_fast: bool = False,
    is_bad: Bad = lambda result, outcome: outcome.verdict in RED,
) -> list[Answer]:
    """Check adapters, and write their results into a folder while it lasts.

    Args:
        at_a_time: workers. One that is free takes an adapter that nobody has begun with or, where there is
            none, clauses of the one of which most are left. What is found does not depend on their number.
        fail_fast: checks are begun in the order of the job, and after the first bad outcome no other one.
        is_bad: what ends a run that fails fast; a red verdict, if nothing else is said.

    Raises:
        BadInput: the folder cannot be written.
    """
    if folder is not None:
        try_folder(folder)
    ends = is_bad if fail_fast else lambda result, outcome: False
    terms = Terms(timeout, folder, progress, stop or Stop(), ends, in_order=fail_fast)
    shared = [Shared(job, terms) for job in jobs]
    choosing = Lock()

    def work() -> None:
        while True:
            with choosing:
                one = _wanting_a_worker(shared)
                if one is None:
                    return
                one.join()
            one.work()

    with ThreadPoolExecutor(at_a_time) as pool:
        for worker in [pool.submit(work) for _ in range(at_a_time)]:
            worker.result()
    return [one.answer for one in shared]


def _wanting_a_worker(shared: list[Shared]) -> Shared | None:
    for one in shared:
        if not one.workers:
            return one
    return max((one for one in shared if one.worth_another), key=lambda one: len(one.left), default=None)


@contextlib.contextmanager
def ended_by_signals(stop: Stop) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run; a second one ends this process at once."""

    def end(number: int, frame: FrameType | None) -> None:
        if stop.signal:
            stop.abandon()
            _say("\033[?25h" if sys.stderr.isatty() else "")  # the progress bar hides the cursor
            os._exit(128 + number)
        stop.request(number)
        _say("\nrnn-conformance: stopping; a second signal ends it at once\n")

    previous = {number: signal.signal(number, end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _say(words: str) -> None:
    """To standard error from a signal handler, which may interrupt somebody who is writing there."""
    with contextlib.suppress(OSError):
        os.write(2, words.encode())


def again(
    job: Job,
    clause: str,
    *,
    case: Path | None = None,
    folder: Path | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> str:
    """The command that performs one check again.

    Args:
        case: a file with the case to perform it on.
        folder: where results are written.
    """
    words = ["rnn-conformance", "run", "--adapter", job.adapter]
    if job.route and case is None:
        words += ["--route", job.route]
    if case is not None:
        words += ["--case", str(case)]
    if case is None or job.case is not None:
        words += ["--clause", clause]
    if job.profile != "quick":
        words += ["--profile", job.profile]
    if job.seconds_per_check is not None:
        words += ["--seconds", f"{job.seconds_per_check:g}"]
    if job.seed:
        words += ["--seed", str(job.seed)]
    if job.deviations_file is not None:
        words += ["--deviations", job.deviations_file]
    if folder not in (None, DEFAULT_FOLDER):
        words += ["--results", str(folder)]
    if timeout != DEFAULT_TIMEOUT:
        words += ["--timeout", f"{timeout:g}"]
    return shlex.join(words)
