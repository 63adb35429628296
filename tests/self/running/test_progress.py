"""How far a run is, without a terminal."""

from __future__ import annotations

import time

import pytest

from rnn_conformance.report.progress import Lines
from rnn_conformance.running.messages import Checking, Job
from rnn_conformance.running.recording import Answer
from rnn_conformance.running.sharing import Progress


def test_a_plain_line_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job("torch", ["FWD-1", "FWD-2", "FWD-3"])
    with Lines(every=0.05) as lines:
        shown: Progress = lines
        shown.started(job)
        time.sleep(0.2)
        shown.tell(job, Checking("FWD-1"))
        shown.tell(job, Checking("FWD-2"))
        time.sleep(0.2)
        shown.ended(Answer(job))
        time.sleep(0.1)
        capsys_out = capsys.readouterr()
        time.sleep(0.2)
    said = capsys_out.err.splitlines()
    assert "torch: starting, 0 s" in said
    assert "torch: FWD-2, 2 of 3, 0 s" in said
    assert capsys.readouterr().err == ""
    assert capsys_out.out == ""
