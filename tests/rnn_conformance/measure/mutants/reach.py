"""Which lines of a framework each chapter of the suite executes; run as a program of its own.

A mutant of a line that a chapter does not execute need not be asked about by it. It is chapters that are told
apart, as what a clause has built serves the next of its chapter.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

Reached = dict[str, dict[str, list[int]]]
"""For each file and chapter the numbers of the lines; under `AT_IMPORT` what is executed before any
check, by the smoke test, too."""

AT_IMPORT = ""


def chapter_of(clause: str) -> str:
    """The letters of its id."""
    return clause.partition("-")[0]


class Tracer:
    """Notes the lines of some files that are executed in this process.

    Args:
        paths: of the files, as Python knows them.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.chapter = AT_IMPORT
        self.lines: dict[str, dict[str, set[int]]] = {path: {} for path in paths}

    def __call__(self, frame: FrameType, event: str, arg: object) -> Any:
        """As `sys.settrace` wants it."""
        of_file = self.lines.get(frame.f_code.co_filename)
        if of_file is None:
            return None
        if event == "line":
            of_file.setdefault(self.chapter, set()).add(frame.f_lineno)
        return self


def main(adapter: str, profile: str, output: str, package: str, *files: str) -> None:
    """Perform every check once, traced, and write a `Reached`."""
    tracer = Tracer(str(Path(package, file)) for file in files)
    threading.settrace(tracer)
    sys.settrace(tracer)
    from rnn_conformance.checks import all_checks
    from rnn_conformance.engine.profiles import profile_named
    from rnn_conformance.running.session import Session

    session = Session(adapter, profile_named(profile))
    for clause, check in all_checks().items():
        tracer.chapter = chapter_of(clause)
        session.perform(check)
    sys.settrace(None)
    reached = {
        file: {chapter: sorted(lines) for chapter, lines in tracer.lines[str(Path(package, file))].items()}
        for file in files
    }
    Path(output).write_bytes(msgspec.json.encode(reached))


if __name__ == "__main__":
    main(*sys.argv[1:])
