"""The scripts of known deviations: each of them must show what its record says."""

from __future__ import annotations

import sys
from pathlib import Path

from reproductions import ended

from rnn_adapters.reproduction import suffix_of
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.report.upstream import shown
from rnn_conformance.running.session import Session

FOLDER = Path(__file__).parents[2] / "upstream"
"""The reports, which are written for the first adapter of each record."""
KNOWN: dict[str, Session] = {}


def session_of(adapter: str) -> Session:
    """Made once."""
    if adapter not in KNOWN:
        KNOWN[adapter] = Session(adapter, PROFILES["quick"])
    return KNOWN[adapter]


def records_of(adapter: str) -> list[Deviation]:
    """Those that apply at the versions that are installed."""
    return session_of(adapter).deviations


def expect_shown(
    adapter: str, record: Deviation, folder: Path, *, python: str = sys.executable, **environment: str
) -> None:
    """The script ends the process with an error, and prints what is right and what came instead.

    Raises:
        AssertionError: there is no script, or it does not show the difference.
    """
    _, finding = shown(session_of(adapter), record)
    assert finding.script, f"{record.id}: no script shows it"
    done = ended(finding.script, folder, python=python, **environment)
    said = f"{record.id}: exit status {done.returncode}\n{done.stdout}\n{done.stderr[-2000:]}"
    if record.ends_process:
        assert done.returncode not in (0, 1), said  # by a signal, or as its own handler of signals has it
        return
    assert done.returncode == 1, said
    answered = any(line.startswith("expected an error; got ") for line in done.stderr.splitlines())
    assert answered or "expected" in done.stdout, said
    assert answered or "got" in done.stdout or finding.kind == "raised", said
    if finding.kind == "raised" and not record.script:
        raised = finding.message.partition(" raised ")[2].removeprefix("Refused: ").partition(":")[0]
        assert raised in done.stderr, said


def expect_kept(adapter: str, record: Deviation) -> None:
    """The script in the folder of reports is what is written of the record now.

    Raises:
        AssertionError: it is another, or missing: `rnn-conformance upstream --adapter … --write upstream`.
    """
    _, finding = shown(session_of(adapter), record)
    kept = FOLDER / f"{record.id}{suffix_of(finding.script)}"
    assert kept.is_file(), kept
    assert kept.read_text(encoding="utf-8") == finding.script
    assert (FOLDER / f"{record.id}.md").is_file()
