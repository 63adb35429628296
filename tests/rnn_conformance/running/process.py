"""Run adapters, each in a process of its own, so that one that crashes or hangs harms only itself."""

from __future__ import annotations

import platform
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import IO

import msgspec

from rnn_conformance.engine.results import AdapterResult, Failure, Outcome
from rnn_conformance.running.worker import Checked, Checking, Event, Finished, Job, Refused, Started
from rnn_reference.errors import BadInput

SHOWN_LINES = 12
"""Of what a process that ended badly wrote to standard error, this much is shown."""


def run_adapter(
    job: Job, timeout: float, tell: Callable[[Event], None] = lambda event: None
) -> AdapterResult:
    """Check one adapter.

    A check during which the process dies, or goes on for longer than `timeout`, fails; the others are
    performed in a new process.

    Args:
        timeout: seconds that the start, or one check, may take.
        tell: called with every event.

    Raises:
        BadInput: the adapter cannot be checked at all.
    """
    began = time.perf_counter()
    result = empty_result(job)
    remaining = list(job.clauses)
    while remaining:
        lost = _run_process(msgspec.structs.replace(job, clauses=remaining), timeout, result, tell)
        done = {outcome.clause for outcome in result.outcomes}
        if lost is not None:
            result.outcomes.append(lost)
            tell(Checked(lost))
            done.add(lost.clause)
        remaining = [clause for clause in remaining if clause not in done]
    result.seconds = time.perf_counter() - began
    return result


def empty_result(job: Job) -> AdapterResult:
    """The results of a run in which nothing has been checked yet."""
    return AdapterResult(
        adapter=job.adapter,
        asked_for=job.adapter,
        versions={},
        suite_version=version("rnn-conformance"),
        python=platform.python_version(),
        platform=platform.platform(),
        profile=job.profile,
        seed=job.seed,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _run_process(
    job: Job, timeout: float, result: AdapterResult, tell: Callable[[Event], None]
) -> Outcome | None:
    """One process, until it has finished or is lost; the outcome of the check during which it was lost."""
    began = time.perf_counter()
    current = ""
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "rnn_conformance.running.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        try:
            process.stdin.write(msgspec.json.encode(job))
            process.stdin.close()
            while (line := lines.get(timeout=timeout)) is not None:
                event = msgspec.json.decode(line, type=Event)
                match event:
                    case Refused(message):
                        raise BadInput(message)
                    case Started(adapter, versions):
                        result.adapter, result.versions = adapter, versions
                        result.start_up_seconds = result.start_up_seconds or time.perf_counter() - began
                    case Checking(clause):
                        current = clause
                    case Checked(outcome):
                        result.outcomes.append(outcome)
                    case Finished(peak_memory_mib):
                        result.peak_memory_mib = max(result.peak_memory_mib, peak_memory_mib)
                        return None
                tell(event)
            how = f"ended {_exit_words(process.wait())}"
        except queue.Empty:
            how = f"gave no sign for {timeout:g} s and was stopped"
        except BrokenPipeError:
            how = f"ended {_exit_words(process.wait())}"
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        last_words = _end_of(stderr)
    if not current:
        raise BadInput(
            f"adapter {job.adapter!r} is broken: its process {how} before the first check\n{last_words}"
        )
    finding = f"the process {how} during this check; the others were performed in a new one"
    return Outcome(
        clause=current,
        title="",
        verdict="fail",
        failure=Failure(f"{finding}\n{last_words}".rstrip()),
    )


def _read(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    try:
        for line in stream:
            lines.put(line)
    except ValueError:
        pass  # closed: the process was stopped
    lines.put(None)


def _exit_words(status: int) -> str:
    if status >= 0:
        return f"with exit status {status}"
    import signal

    return f"by signal {-status} ({signal.Signals(-status).name})"


def _end_of(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    lines = stderr.read().decode(errors="replace").splitlines()
    fatal = [index for index, line in enumerate(lines) if line.startswith("Fatal Python error")]
    # Python says where a crash happened, the innermost call first.
    shown = lines[fatal[-1] :][:SHOWN_LINES] if fatal else lines[-SHOWN_LINES:]
    return "\n".join(f"  | {line}" for line in shown)
