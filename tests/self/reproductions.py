"""Scripts for the tests: of drawn cases, and how they end."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from rnn_adapters.framework import Framework
from rnn_adapters.registry import made_adapter
from rnn_adapters.reproduction import Question, script
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.drawing import draw_cases
from rnn_conformance.engine.reproduction import every_question
from rnn_conformance.engine.strategies import POOL

QUIETLY = """
import runpy, sys
sys.modules["openvino_telemetry"] = None
runpy.run_path(sys.argv[1], run_name="__main__")
"""
"""Runs a script; whoever imports openvino sends a message to its makers, unless this module is missing."""


def questions(
    framework: Framework, route: str, known: list[Deviation], *, count: int = 12
) -> Iterator[Question]:
    """Every output of cases that are drawn for a route, but for those that a known deviation covers."""
    adapter, cases = made_adapter(framework, route), list[Case]()
    draw_cases(POOL({route: adapter.supports}), count, f"reproductions/{route}", cases.append)
    of_options = [each for each in known if each.elsewhere or any(c.startswith("OPT-") for c in each.clauses)]
    for case in cases:
        if not any(record.covers(case) for record in of_options):
            yield from every_question(case, adapter)


def text_of(framework: Framework, question: Question) -> str:
    """The script; "" where there is none."""
    assert framework.reproduction is not None
    code = framework.reproduction(question)
    return "" if code is None else script(question, code)


def ended_here(text: str, folder: Path) -> str:
    """What a script says at its end, run in this process; "" where it finds the framework right."""
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of NaN and infinity, which some inputs hold
            runpy.run_path(str(path), run_name="__main__")
    except SystemExit as error:
        return f"exit status {error.code}" if error.code else ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def ended(text: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script, run to its end in a process of its own that does not know this project."""
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment
    return subprocess.run(
        [sys.executable, "-c", QUIETLY, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=given,
        cwd=folder,
    )
