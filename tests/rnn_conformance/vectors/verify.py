"""`vectors verify`: an implementation before the vectors, without Hypothesis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rnn_adapters.declarations import one_of
from rnn_adapters.registry import load_framework
from rnn_conformance.engine.deviations import Deviation, known_deviations
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.registry import PREFIX, fault_framework
from rnn_conformance.report.status import ALL_AS_RECORDED, SOMETHING_FAILED
from rnn_conformance.running.session import smoke_test
from rnn_conformance.vectors.form import TYPES, VectorData
from rnn_conformance.vectors.judge import Came, Judgement, judge
from rnn_conformance.vectors.ready import ready
from rnn_reference.errors import BadInput

Types: TypeAlias = Literal["first", "all"] | str
"""Each vector in the type that it names, in all that it has bounds for, or in one of them."""

CAME: tuple[Came, ...] = ("pass", "fail", "deviation", "unsupported")


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
    """An adapter before vectors.

    Args:
        name: a known adapter, `module:attribute`, `stdio:COMMAND`, or `fault:NAME`.
        deviations: a file of records besides those that ship with the adapter.

    Raises:
        BadInput: no such adapter or route, or it is broken; see `Chosen.of`.
    """

    def __init__(self, name: str, chosen: Chosen, deviations: str | None = None) -> None:
        one_of("--type", chosen.types, ("first", "all", *TYPES))
        framework = fault_framework(name) if name.startswith(PREFIX) else load_framework(name)
        self.subject = Subject(framework)
        self.versions: Mapping[str, str] = smoke_test(self.subject.adapter)
        self.known: list[Deviation] = known_deviations(framework, self.versions, deviations)
        names = {"default": "", **{route: route for route in framework.routes}}
        for route in chosen.routes:
            if route != "all":
                one_of("--route", route, (*names, "all"))
        self.routes = list(names.values()) if "all" in chosen.routes else [names[r] for r in chosen.routes]
        self.chosen = chosen

    def judgements(self, vectors: Iterable[VectorData]) -> Iterator[Judgement]:
        """What comes of each vector, on one route after the other.

        Raises:
            BadInput: see `Chosen.of` and `ready.ready`; or a route is broken.
        """
        pairs = self.chosen.of(vectors)
        for route in self.routes or [""]:
            self.subject.take(route)
            chapter = ""
            for vector, dtype in pairs:
                if vector.clause.partition("-")[0] != chapter:
                    chapter = vector.clause.partition("-")[0]
                    self.subject.drop_caches()
                yield judge(self.subject, ready(vector, dtype), self.known)


def counted(judgements: Iterable[Judgement]) -> dict[Came, int]:
    """How often each came."""
    counts = Counter(judgement.came for judgement in judgements)
    return {came: counts[came] for came in CAME}


def status_of(judgements: Sequence[Judgement]) -> int:
    """0 if all pass or deviate as recorded, and some were asked; else 1."""
    counts = counted(judgements)
    asked = counts["pass"] + counts["deviation"]
    return ALL_AS_RECORDED if asked and not counts["fail"] else SOMETHING_FAILED
