"""`vectors verify`: an implementation before the vectors, without Hypothesis, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, TypeAlias

from rnn_adapters.declarations import one_of
from rnn_conformance.report.status import ALL_AS_RECORDED, COULD_NOT_RUN, SOMETHING_FAILED
from rnn_conformance.running.messages import Job, Judge, Started
from rnn_conformance.running.process import Lost, Stop, Worker
from rnn_conformance.vectors.form import TYPES, VectorData
from rnn_conformance.vectors.judgement import Judgement, counted
from rnn_conformance.vectors.ready import ready
from rnn_reference.errors import BadInput

Types: TypeAlias = Literal["first", "all"] | str
"""Each vector in the type that it names, in all that it has bounds for, or in one of them."""

DEFAULT = "default"
"""The name of the default route on the command line."""


@dataclass(frozen=True)
class Chosen:
    """Which vectors are asked, and how.

    Args:
        clauses: ids of clauses.
        ids: of vectors; none: all.
        types: see `Types`.
        routes: by name, "default" for the default one; none: that.
    """

    clauses: frozenset[str]
    ids: frozenset[int] = frozenset()
    types: Types = "first"
    routes: tuple[str, ...] = ()

    def of(self, vectors: Iterable[VectorData]) -> list[tuple[VectorData, str]]:
        """The vectors, each with a type to run it in.

        Raises:
            BadInput: there is no vector of an id, or nothing is left.
        """
        chosen = [
            vector
            for vector in vectors
            if (vector.id in self.ids if self.ids else vector.clause in self.clauses)
        ]
        missing = sorted(self.ids - {vector.id for vector in chosen})
        if missing:
            raise BadInput(f"--id: expected ids of vectors; got {', '.join(map(str, missing))}")
        pairs = [(vector, dtype) for vector in chosen for dtype in self._types_of(vector)]
        if not pairs:
            raise BadInput("expected some vectors to verify; of these clauses and types there are none")
        return pairs

    def _types_of(self, vector: VectorData) -> Sequence[str]:
        if self.types == "first":
            return [vector.network.dtype]
        return [dtype for dtype in vector.types if self.types in ("all", dtype)]


class Verification:
    """An adapter before vectors; a context manager.

    A vector during which the process dies, or gives no sign for longer than `timeout`, fails; the others are
    run in a new process.

    Args:
        name: a known adapter, `module:attribute`, `stdio:COMMAND`, or `fault:NAME`.
        deviations: a file of records besides those that ship with the adapter.
        timeout: seconds that the start, or one vector, may take.
        stop: ends it from outside.

    Raises:
        BadInput: no such adapter or route, or it is broken.
    """

    started: Started

    def __init__(
        self, name: str, chosen: Chosen, deviations: str | None, timeout: float, stop: Stop | None = None
    ) -> None:
        one_of("--type", chosen.types, ("first", "all", *TYPES))
        self.chosen = chosen
        self._job = Job(name, [], deviations_file=deviations)
        self._timeout = timeout
        self._stop = stop or Stop()
        self._worker: Worker | None = None

    def __enter__(self) -> Verification:
        self.started = self._running().started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._worker is not None:
            if error is None:
                self._worker.finish()
            self._worker.end()

    def judgements(self, vectors: Iterable[VectorData]) -> Iterator[Judgement]:
        """What comes of each vector, on one route after the other.

        Raises:
            BadInput: see `Chosen.of` and `ready.ready`; or there is no such route.
            Stopped: the run was told to stop.
        """
        pairs = self.chosen.of(vectors)
        for pair in pairs:
            ready(*pair)
        for route in self._routes():
            for vector, dtype in pairs:
                yield self._judged(vector, dtype, route)

    def _judged(self, vector: VectorData, dtype: str, route: str) -> Judgement:
        found = self._running().judge(Judge(vector, dtype, route), self._timeout)
        if not isinstance(found, Lost):
            return found.judgement
        assert self._worker is not None
        self._worker.end()
        self._worker = None
        message = f"the process {found.how}\n{found.last_words}".rstrip()
        return Judgement(vector.id, vector.clause, dtype, route, "fail", message)

    def _routes(self) -> Sequence[str]:
        """The routes that are chosen, as the adapter names them."""
        every = {DEFAULT: "", **{route: route for route in self.started.routes}}
        for route in self.chosen.routes:
            if route in self.started.absent:
                raise BadInput(
                    f"--route: {route!r} cannot be taken here: {self.started.absent[route]} is missing"
                )
            one_of("--route", route, (*every, "all"))
        if "all" in self.chosen.routes:
            return list(every.values())
        return [every[route] for route in self.chosen.routes] or [""]

    def _running(self) -> Worker:
        """The process, started if there is none."""
        if self._worker is None:
            self._stop.check()
            self._worker = Worker(self._job, self._stop)
            try:
                self._worker.start(self._timeout)
            except BaseException:
                self._worker.end()
                self._worker = None
                raise
        return self._worker


def status_of(judgements: Sequence[Judgement]) -> int:
    """0 if all pass or deviate as recorded, and some were asked; 2 if the suite itself failed; else 1."""
    counts = counted(judgements)
    if counts["error"]:
        return COULD_NOT_RUN
    asked = counts["pass"] + counts["deviation"]
    return ALL_AS_RECORDED if asked and not counts["fail"] else SOMETHING_FAILED
