"""One adapter made ready to be checked: found, smoke-tested, with the deviations known of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import one_of
from rnn_adapters.registry import load_framework
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case, Fact
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.deviations import (
    Deviation,
    known_deviations,
    records_of,
    witnessed,
)
from rnn_conformance.engine.examples import examples_at
from rnn_conformance.engine.findings import Failed
from rnn_conformance.engine.perform import perform, perform_case
from rnn_conformance.engine.profiles import VERDICTS_ALONE, Profile
from rnn_conformance.engine.reproduction import add_scripts
from rnn_conformance.engine.results import Came, Outcome
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.diagnosis import SECONDS, TOLD, failure_of, likely_cause
from rnn_conformance.faults.registry import PREFIX, all_faults, fault_framework
from rnn_conformance.running.memory import memory_mib
from rnn_conformance.vectors.form import VectorData
from rnn_conformance.vectors.judge import judge
from rnn_conformance.vectors.judgement import Judgement
from rnn_conformance.vectors.ready import ready
from rnn_reference.errors import BadInput
from rnn_reference.network import Cell, Layer, Network

MUCH = 1000.0
"""MiB of memory, above which what was built is forgotten between checks, too."""

ROOM = 200.0
"""MiB by which it may grow until the next time, since a framework alone may need more than `MUCH`."""


class Session:
    """An adapter and everything that its checks are performed with.

    Args:
        name: a known adapter, `module:attribute`, or `fault:NAME`.
        deviations_file: records besides those that ship with the adapters.
        examples: where counterexamples are kept and shared; "" nowhere.
        route: the one that everything is asked by, however expensive; "" for all that a clause is asked on.

    Raises:
        BadInput: no such adapter, or it is broken: its smoke test failed; or no such route, or this machine
            lacks what it needs.
    """

    def __init__(
        self,
        name: str,
        profile: Profile,
        seed: int = 0,
        deviations_file: str | None = None,
        examples: str = "",
        route: str = "",
    ) -> None:
        framework = fault_framework(name) if name.startswith(PREFIX) else load_framework(name)
        self.asked_for = name
        self.isolated = framework.isolated
        self.subject = Subject(framework)
        self.profile = profile
        self.seed = seed
        self._chapter = ""
        self._much = MUCH
        self._examples = examples_at(examples, framework.name) if examples else None
        self._deviations_file = deviations_file
        self.versions = smoke_test(self.subject.adapter)
        self.subject.absent = framework.absent_routes()  # the framework can be imported, as is known now
        self.routes = [route for route in framework.routes if route not in self.subject.absent]
        known = known_deviations(framework, self.versions, deviations_file)
        self.deviations: list[Deviation] = [each for each in known if not each.is_out_of_reach(self.subject)]
        if route:
            self.subject.take(route)
            self.subject.alone = route
            self.deviations = [record for record in self.deviations if record.claims(route)]

    @property
    def name(self) -> str:
        """What its results are those of: the framework, or one route into it."""
        alone = self.subject.alone
        return f"{self.subject.name} by {alone}" if alone else self.subject.name

    def perform(
        self,
        check: Check,
        case: Case | None = None,
        confirmed: Collection[str] = (),
        seed: int | None = None,
    ) -> Outcome:
        """The outcome of a check on drawn cases, or on one given case.

        Args:
            confirmed: ids of the records whose witness has ended a process of its own as recorded.
            seed: what cases are drawn from; None: the session's.
        """
        self._begin(check.clause)
        if case is not None:
            outcome = perform_case(check, self.subject, case, self.deviations, self._likely_cause)
            self._add_scripts(check, outcome)
            return outcome
        kept = self._examples.of(check.clause) if self._examples else ()
        outcome = perform(
            check,
            self.subject,
            self.profile,
            self.deviations,
            self.seed if seed is None else seed,
            confirmed,
            self._likely_cause,
            kept,
        )
        self._add_scripts(check, outcome)
        if self._examples:
            self._examples.update(outcome)
        return outcome

    def try_witness(self, id_: str, clause: str) -> dict[str, Came]:
        """What came of the witness of a record, for each route that can be asked for it.

        The versions that the record names do not matter.

        Raises:
            BadInput: there is no such record of this framework.
            Unsupported: the clause can be asked on no route, by declaration.
        """
        records = {record.id: record for record in records_of(self.subject.framework, self._deviations_file)}
        one_of("record", id_, records)
        check = all_checks()[clause]
        self._begin(check.clause)
        routes = check.asked_on(self.subject).routes
        return witnessed(check, self.subject, routes, records[id_])

    def judge(self, vector: VectorData, dtype: str, route: str) -> Judgement:
        """What comes of a vector.

        Raises:
            BadInput: there is no such route, or it is broken; or the vector has no bounds for this type.
        """
        self._begin(vector.clause)
        self.subject.take(route)
        return judge(self.subject, ready(vector, dtype), self.deviations)

    def _add_scripts(self, check: Check, outcome: Outcome) -> None:
        """Where findings are explained at all, the script of each."""
        if self.profile.shrink:
            add_scripts(self.subject, check, outcome)

    def _begin(self, clause: str) -> None:
        """Forget what was built, between chapters, which draw layers of other kinds, and where it is much."""
        chapter = clause.partition("-")[0]
        if chapter != self._chapter or memory_mib() > self._much:
            self._chapter = chapter
            self.subject.drop_caches()
            self._much = max(MUCH, memory_mib() + ROOM)

    def _likely_cause(self, check: Check, first: Failed, smallest: Failed, facts: Mapping[str, Fact]) -> str:
        """The fault that behaves as the implementation does; "" where there is none to tell."""
        if first.error.kind not in TOLD or not self.profile.shrink:
            return ""
        purse = self.subject.purse
        began = purse.now()
        failure = replace(
            failure_of(check, self.subject, first, smallest, facts),
            leave=lambda case: any(deviation.covers(case) for deviation in self.deviations),
            seconds=max(purse.share, SECONDS),
            now=purse.now,
        )
        try:
            return likely_cause(failure)
        except Exception:
            return ""  # a hint must not hide the finding
        finally:
            purse.spend(purse.now() - began)

    def close(self) -> None:
        """No further check will come."""
        self.subject.close()


def smoke_test(adapter: Adapter[Any]) -> dict[str, str]:
    """Tell a broken adapter from a framework that deviates: the smallest ordinary call must give an `Output`.

    Returns:
        Its versions.

    Raises:
        BadInput: something was raised, or something else was returned.
    """
    activation = adapter.supports.activations[0]
    b = np.array([0.25, 0.5], np.float32)
    W_x, W_h = np.eye(2, 3, dtype=np.float32), np.array([[0.5, 0.25], [-0.25, 0.5]], np.float32)
    dtype = adapter.supports.dtypes[0]
    network = Network(Layer(Cell(W_x, W_h, b, activation=activation))).astype(dtype)
    call = Call(np.ones((2, 3, 3), dtype), None, adapter.supports.sequence)
    try:
        output = adapter.run(adapter.load(network), call)
        versions, settings = adapter.versions(), adapter.global_state()
    except (Exception, SystemExit) as error:
        raise BadInput(
            f"adapter {adapter.name!r} is broken: its smoke test ({dtype}, batch 2, time 3, input 3,"
            f" hidden 2) raised {type(error).__name__}: {error}"
        ) from error
    for method, returned, expected in (
        ("run", output, Output),
        ("versions", versions, Mapping),
        ("global_state", settings, Mapping),
    ):
        if not isinstance(returned, expected):
            raise BadInput(
                f"adapter {adapter.name!r} is broken: {method} must return"
                f" {'an rnn_adapters.Output' if expected is Output else 'a mapping'};"
                f" got {type(returned).__name__}"
            )
    return {str(package): str(number) for package, number in versions.items()}


def kills(fault: str) -> bool:
    """Whether the clause that a fault names catches it in the quick profile."""
    check = all_checks()[all_faults()[fault].clause]
    return perform(check, Subject(fault_framework(fault)), VERDICTS_ALONE, []).verdict == "fail"
