"""Mutants of a framework, tried one after the other, and what is written down of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import msgspec

from rnn_conformance.engine.results import write_whole
from rnn_conformance.measure.mutants.mutate import Mutant
from rnn_conformance.measure.mutants.trial import TRIALS, Trial, Way, reached_by
from rnn_reference.errors import BadInput

LONGER, LEAST = 10.0, 60.0
"""The deadline of a mutant: so many times what the original takes, and so many seconds at least."""


class Tried(msgspec.Struct):
    """A mutant, and what came of it.

    Args:
        equivalent: why no test can kill it; "" where one can.
        outside: why no test of what the spec is about can; "" where one should.
        trials: by whom it was tried.
        reached: whether any chapter of the suite executes what is changed.
    """

    mutant: Mutant
    diff: str
    equivalent: str
    outside: str
    trials: dict[str, Trial]
    reached: bool

    @property
    def wrong(self) -> str:
        """What is wrong with the suite, or with what is known; "" where nothing is."""
        killed = self.trials["suite"].killed
        if killed and self.equivalent:
            return "killed, though recorded as equivalent"
        if killed or self.equivalent or self.outside:
            return ""
        return "survived the suite" + (", which never executes it" * (not self.reached))


class Measured(msgspec.Struct):
    """What is written down.

    Args:
        originals: the framework itself, tried in the same way.
    """

    framework: str
    adapter: str
    profile: str
    seed: int
    mutants_in_all: int
    originals: dict[str, Trial]
    tried: list[Tried]


class Laboratory:
    """Tries mutants of a framework, and writes down what comes of it as it comes.

    Args:
        by: who tries them, names of `TRIALS`.
        path: the file that is written; None: none is.
    """

    def __init__(self, way: Way, measured: Measured, by: tuple[str, ...], path: Path | None) -> None:
        self.measured = measured
        self._way = way
        self._by = by
        self._path = path
        self._lock = threading.Lock()

    def try_original(self) -> None:
        """See which lines are reached, and that the original is not noticed.

        Raises:
            BadInput: a mutated file is not among those that are run, or the original is noticed.
        """
        for by in self._by:
            original = TRIALS[by](self._way, None)
            if original.killed:
                raise BadInput(f"mutants: the {by} must pass without any; got {original.how}")
            self.measured.originals[by] = original
        self._way = msgspec.structs.replace(self._way, reached=reached_by(self._way))

    def try_mutant(self, mutant: Mutant) -> Tried:
        """What everybody says.

        Raises:
            Stopped: the run was told to stop.
        """
        target, trials = self._way.target, dict[str, Trial]()
        for by in self._by:
            deadline = max(LEAST, LONGER * self.measured.originals[by].seconds)
            way = msgspec.structs.replace(self._way, deadline=deadline)
            trials[by] = TRIALS[by](way, mutant)
        original = (target.folder / mutant.file).read_text(encoding="utf-8")
        equivalent, outside = (
            target.why(known, mutant, self._way.adapter) for known in (target.equivalent, target.outside)
        )
        told, reached = replace(mutant, source=""), bool(self._way.clauses(mutant))
        tried = Tried(told, mutant.diff(original), equivalent, outside, trials, reached)
        with self._lock:
            self.measured.tried.append(tried)
            if self._path is not None:
                write_whole(self._path, msgspec.json.format(msgspec.json.encode(self.measured), indent=1))
        return tried


def surviving(chosen: list[Mutant], path: Path) -> list[Mutant]:
    """Those of the mutants that survived the suite in an earlier run.

    Raises:
        BadInput: the file is none of ours.
    """
    try:
        earlier = msgspec.json.decode(path.read_bytes(), type=Measured)
    except msgspec.DecodeError as error:
        raise BadInput(f"--survivors: {path}: {error}") from None
    survived = {each.mutant for each in earlier.tried if not each.trials["suite"].killed}
    return [mutant for mutant in chosen if mutant in survived]
