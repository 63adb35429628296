"""Known deviations: typed records with a witness each.

A record says which clauses a framework does not meet, on exactly which cases, and why. On every run its
witness is tried for each clause and route that it claims: while it deviates, the cases that the condition
describes are excused and all others are asserted. The day it conforms the run fails until it is removed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, Literal

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from rnn_adapters.adapter import Call, CannotExpress
from rnn_adapters.declarations import Supports
from rnn_adapters.framework import DEFAULT, Framework
from rnn_adapters.histories import Doing
from rnn_adapters.written import CaseData
from rnn_conformance.engine.case import FACTS, OF_ANY_CELL, Case, Fact, from_data, meets
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.compare import NonConforming, Tally
from rnn_conformance.engine.results import Came, Kind, Verdict
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import ACTIVATION_ACCURACY, ACTIVATIONS, Inexactness, inexact
from rnn_reference.errors import BadInput
from rnn_reference.network import Layer, Network
from rnn_reference.precision import float64_computed_in

Condition = dict[str, str | int | bool | list[str | int]]
"""For each fact of a case (`Case.facts`; its route is one) the values for which the framework deviates."""


class Inexact(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How inexact an activation is.

    Args:
        units: by how many u of its type it is off at most, in place of C of the spec.
        beyond: from which |h| on; below, it is as exact as the spec asks.
    """

    units: float
    beyond: float = 0.0


class Deviation(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One record of a deviations.toml.

    Args:
        id: permanent.
        adapter: the framework, or several.
        versions: for each package a version specifier; all must match.
        clause: the clauses that are not met, for each of which the witness is run.
        elsewhere: it is found in other clauses, too, as soon as they draw such a case among others: what it
            excuses in its own clauses it excuses there.
        kind: how: of these kinds are the findings that it excuses; none named: of any.
        what: what happens, in words.
        why: what in the framework causes it.
        when: the cases on which it happens.
        where: the quantities that are wrong, such as "final states of layer 1"; none named: any.
        inexact: for the names of activations how inexact they are: it excuses no more than follows from that,
            which the derived bounds tell. Those of vectors are fixed, and are excused altogether.
        computed_in: the type in which float64 is computed, likewise.
        witness: the case that shows it, on every claimed route; for some clauses there may be another.
        ends_process: it ends the process or hangs: its cases are not run, and its witness by itself.
        link: an upstream thread.
        script: shows it in plain code of the framework, where no call by itself does.
    """

    id: str
    adapter: str | list[str]
    versions: dict[str, str]
    clause: str | list[str]
    what: str
    why: str
    when: Condition
    witness: CaseData
    kind: Kind | list[Kind] = []
    where: list[str] = []
    inexact: dict[str, Inexact] = {}
    computed_in: Literal["", "float32"] = ""
    witnesses: dict[str, CaseData] = {}
    ends_process: bool = False
    elsewhere: bool = False
    link: str = ""
    script: str = ""

    @property
    def is_bounded(self) -> bool:
        """Whether it excuses no more than follows from what it says: a case that conforms is evidence."""
        return bool(self.inexact or self.computed_in)

    @property
    def clauses(self) -> list[str]:
        """The clauses that are not met."""
        return listed(self.clause)

    def witness_of(self, clause: str) -> Case:
        """What shows it for a clause."""
        return from_data(self.witnesses.get(clause, self.witness))

    def concerns(self, clause: str) -> bool:
        """Whether cases of a clause may be excused by it."""
        return self.elsewhere or clause in self.clauses

    def applies_to(self, adapter: str, versions: Mapping[str, str]) -> bool:
        """Whether the record is about this adapter at these versions."""
        return adapter in listed(self.adapter) and all(
            SpecifierSet(specifier).contains(versions.get(package, "0"), prereleases=True)
            for package, specifier in self.versions.items()
        )

    def covers(self, case: Case) -> bool:
        """Whether the condition describes this case, or its history up to one of the calls."""
        return any(map(self._describes, case.moments))

    def _describes(self, case: Case) -> bool:
        return all(meets(case, name, among(wanted)) for name, wanted in self.when.items())

    def excuses(self, error: NonConforming) -> bool:
        """Whether it is this that was found."""
        kinds = [self.kind] if isinstance(self.kind, str) else self.kind
        return (not kinds or error.kind in kinds) and (not self.where or error.what in self.where)

    def claims(self, route: str) -> bool:
        """Whether it is said to happen on this route."""
        wanted = self.when.get("route", [route or "default"])
        return (route or "default") in among(wanted)

    def is_out_of_reach(self, subject: Subject) -> bool:
        """Whether it happens on routes alone that this machine lacks something for."""
        claimed = [route for route in (DEFAULT, *subject.framework.routes) if self.claims(route)]
        return bool(claimed) and all(route in subject.absent for route in claimed)


def listed(names: str | list[str]) -> list[str]:
    """One name, or several."""
    return [names] if isinstance(names, str) else list(names)


def among(wanted: Fact | list[str | int]) -> list[Fact]:
    """The values of a condition."""
    return [*wanted] if isinstance(wanted, list) else [wanted]


@dataclass
class Witnesses:
    """What came of the witnesses of a clause's records.

    Args:
        verdicts: "fixed" or "never deviated", with the reason.
        deviating: ids of the records that still hold.
    """

    verdicts: list[tuple[Verdict, str]] = field(default_factory=list)
    deviating: list[str] = field(default_factory=list)


def try_witnesses(
    check: Check,
    subject: Subject,
    routes: Mapping[str, Supports],
    known: list[Deviation],
    confirmed: Collection[str],
) -> Witnesses:
    """Run the witness of each record on every route that it claims and that can be asked for it.

    Args:
        confirmed: ids of the records whose witness ended a process of its own.
    """
    came = Witnesses()
    for record in known:
        if record.ends_process:
            came_of_it: dict[str, Came] = {
                "in a process of its own": "deviates" if record.id in confirmed else "conforms"
            }
        else:
            came_of_it = witnessed(check, subject, routes, record)
        conforming = [route or "default" for route, found in came_of_it.items() if found != "deviates"]
        if len(conforming) < len(came_of_it):
            came.deviating.append(record.id)
        if not came_of_it:
            reason = f"its witness can be asked on no route: narrow or remove the record {record.id!r}"
            came.verdicts.append(("never deviated", reason))
        elif len(conforming) == len(came_of_it):
            reason = f"fixed: remove the record {record.id!r}, whose witness conforms now"
            came.verdicts.append(("fixed", reason))
        elif conforming:
            where = ", ".join(conforming)
            reason = f"never deviated here: the witness of {record.id!r} conforms on the routes {where}"
            came.verdicts.append(("never deviated", reason))
    return came


def witnessed(
    check: Check, subject: Subject, routes: Mapping[str, Supports], record: Deviation
) -> dict[str, Came]:
    """What came of the witness of a record, for each route that it claims and that can be asked."""
    witness = record.witness_of(check.clause)
    return {
        route: _came(check, subject, record, witness.replace(route=route))
        for route, supports in claimed_routes(check, subject, routes, record).items()
        if within(supports, witness)
    }


def claimed_routes(
    check: Check, subject: Subject, asked: Mapping[str, Supports], record: Deviation
) -> Mapping[str, Supports]:
    """Those of the routes on which a clause is asked that a record claims.

    Where there is none, those that it names: a record may be about an expensive route alone, on which the
    clause is asked only by whoever asks for that route.
    """
    claimed = {route: supports for route, supports in asked.items() if record.claims(route)}
    if claimed or subject.alone:
        return claimed
    for route in map(str, among(record.when.get("route", []))):
        if route in subject.framework.routes and route not in subject.absent:
            with suppress(BadInput):  # a broken route is told of where it is asked
                adapter = subject.adapter_of(route)
                if not check.lacking(adapter):
                    claimed[route] = adapter.supports
    return claimed


def _came(check: Check, subject: Subject, record: Deviation, witness: Case) -> Came:
    subject.tally = Tally()
    try:
        error, excusing = found_on(check, subject, witness, [record])
    except CannotExpress:
        return "conforms"
    if error is None:
        return "conforms"
    return "deviates" if excusing else "fails otherwise"


def found_on(
    check: Check, subject: Subject, case: Case, covering: list[Deviation]
) -> tuple[NonConforming | None, list[Deviation]]:
    """What is found on a case, and which of the records that cover it excuse that.

    Where all of these say how inexact something is, the check is asked again within bounds of that: what is
    found then is another thing, which others must excuse.

    Raises:
        CannotExpress: see `Check.fails_on`.
    """
    error = check.fails_on(subject, case)
    if error is None:
        return None, []
    excusing = [record for record in covering if record.excuses(error)]
    if not all(record.is_bounded for record in excusing):
        return error, [record for record in excusing if not record.is_bounded]
    if not excusing:
        return error, []
    again = _asked_again(check, subject, case, excusing)
    if again is None:
        return error, excusing
    others = [record for record in covering if not record.is_bounded and record.excuses(again)]
    return (error, [*excusing, *others]) if others else (again, [])


def _asked_again(
    check: Check, subject: Subject, case: Case, records: list[Deviation]
) -> NonConforming | None:
    """What is found within the bounds of what is as inexact as records say. It is no evidence."""
    counted, subject.tally = subject.tally, Tally()
    try:
        with ExitStack() as said:
            said.enter_context(
                inexact(
                    {name: Inexactness(e.units, e.beyond) for r in records for name, e in r.inexact.items()}
                )
            )
            for dtype in {record.computed_in for record in records if record.computed_in}:
                said.enter_context(float64_computed_in(dtype))
            return check.fails_on(subject, case)
    except CannotExpress:
        return None  # a later call than the one that was found wrong
    finally:
        counted.framework_seconds += subject.tally.framework_seconds
        subject.tally = counted


ABILITY_OF: Mapping[Doing, str] = {
    "gradients": "gradients",
    "tangents": "tangents",
    "second_gradients": "second_gradients",
    "read": "read_weights",
    "assign": "assign_weights",
    "reset": "stateful",
    "restore": "restored",
}
"""What an action of a history needs."""


def within(supports: Supports, case: Case) -> bool:
    """Whether a route supports what a case makes use of."""
    done = {ABILITY_OF[action.do] for action in case.history if action.do in ABILITY_OF}
    calls = [moment.call for moment in case.moments]
    return all(map(supports.has, done)) and all(_supported(supports, case.network, call) for call in calls)


def _supported(supports: Supports, network: Network, call: Call) -> bool:
    asked = {
        str(network.dtype): True,
        "bidirectional": any(layer.directions == 2 for layer in network.layers),
        "stacked": network.num_layers > 1,
        "no_bias": any(not cell.biases for cell in network.cells),
        "mixed_layers": len({_shape_of(layer) for layer in network.layers}) > 1,
        "mixed_directions": any(_directions_differ(layer) for layer in network.layers),
        "initial_states": call.initial_states is not None,
        "lengths": call.lengths is not None,
        "masks": call.mask is not None,
        "go_backwards": call.go_backwards,
        "stateful": call.stateful,
    }
    return (
        all(supports.has(name) for name, wanted in asked.items() if wanted)
        and all(cell.activation.name in supports.activations for cell in network.cells)
        and call.merge_mode in supports.merge_modes
        and (call.dropout is None or call.dropout in supports.dropout)
        and (call.compute_dtype is None or call.compute_dtype in supports.compute_dtypes)
    )


def _shape_of(layer: Layer) -> tuple[Any, ...]:
    cells = [(cell.activation, len(cell.biases)) for cell in layer.cells]
    return layer.hidden_size, layer.directions, cells[0]


def _directions_differ(layer: Layer) -> bool:
    return len({(cell.activation, bool(cell.biases)) for cell in layer.cells}) > 1


class DeviationFile(msgspec.Struct, forbid_unknown_fields=True):
    """The whole of a deviations.toml."""

    deviation: list[Deviation] = []


def parse_deviations(
    text: str | bytes, source: str = "deviations.toml", adapters: Collection[str] = ()
) -> list[Deviation]:
    """The records in a TOML text, validated.

    Args:
        adapters: the names that a record may be about; none given: any.

    Raises:
        BadInput: it is not TOML in UTF-8, a field is missing or of the wrong type, an id stands twice, a
            version specifier, a clause, an adapter or a fact is unknown, or a witness does not match its own
            condition.
    """
    try:
        content = text.decode() if isinstance(text, bytes) else text
        records = msgspec.toml.decode(content, type=DeviationFile).deviation
    except UnicodeDecodeError as error:
        raise BadInput(f"{source}: expected text in UTF-8; {error.reason} at byte {error.start}") from None
    except msgspec.DecodeError as error:
        raise BadInput(f"{source}: {error}") from None
    seen: set[str] = set()
    for record in records:
        problem = _problem(record, seen, adapters)
        if problem:
            raise BadInput(f"{source}: deviation {record.id!r}: {problem}")
        seen.add(record.id)
    return records


def _problem(record: Deviation, seen: set[str], adapters: Collection[str]) -> str:
    if record.id in seen:
        return "this id stands twice"
    unknown = [name for name in record.clauses if name not in all_clauses()]
    if unknown:
        return f"clause: expected clauses of the spec; got {', '.join(unknown)}"
    unknown = [name for name in listed(record.adapter) if adapters and name not in adapters]
    if unknown:
        return f"adapter: expected one of {', '.join(adapters)}; got {', '.join(unknown)}"
    known = [*FACTS, *OF_ANY_CELL]
    unknown = [name for name in record.when if name not in known]
    if unknown:
        return f"when: expected facts of {', '.join(known)}; got {', '.join(unknown)}"
    unknown = [name for name in record.witnesses if name not in record.clauses]
    if unknown:
        return f"witnesses: expected clauses of the record; got {', '.join(unknown)}"
    for name, said in record.inexact.items():
        if name not in ACTIVATIONS:
            return f"inexact: expected names of {', '.join(ACTIVATIONS)}; got {name}"
        if not (said.units > ACTIVATION_ACCURACY and 0 <= said.beyond < inf):
            return (
                f"inexact: expected units above {ACTIVATION_ACCURACY} and beyond at least 0, for {name};"
                f" got {said.units} and {said.beyond}"
            )
    if record.computed_in and record.when.get("dtype") != "float64":
        return f"computed_in: expected with when.dtype = 'float64'; got {record.when.get('dtype')!r}"
    try:
        for specifier in record.versions.values():
            SpecifierSet(specifier)
        cases = [record.witness_of(clause) for clause in record.clauses]
    except (InvalidSpecifier, BadInput) as error:
        return str(error)
    for case in cases:
        for name, wanted in record.when.items():
            if name != "route" and not meets(case, name, among(wanted)):
                told, _ = (FACTS | OF_ANY_CELL)[name]
                return f"its witness does not meet its own condition: {name} is {told(case)!r}"
    return ""


def known_deviations(
    framework: Framework, versions: Mapping[str, str], extra: str | None = None
) -> list[Deviation]:
    """The records that ship with a framework, and those of an extra file, that apply to it at these versions.

    Raises:
        BadInput: see `records_of`; or a record is about a package that the framework does not name among its
            versions.
    """
    mine = records_of(framework, extra)
    for record in mine:
        unknown = [package for package in record.versions if package not in versions]
        if unknown:
            raise BadInput(
                f"deviation {record.id!r}: versions: expected packages of {', '.join(versions)};"
                f" got {', '.join(unknown)}"
            )
    return [record for record in mine if record.applies_to(framework.name, versions)]


def records_of(framework: Framework, extra: str | None = None) -> list[Deviation]:
    """The records about a framework at any version: those that ship with it, and those of an extra file.

    Raises:
        BadInput: see `parse_deviations`; or the extra file cannot be read.
    """
    from importlib.resources import files

    from rnn_adapters.registry import known_adapters

    records: list[Deviation] = []
    if framework.deviations:
        package, _, name = framework.deviations.partition("/")
        records += parse_deviations(
            (files(package) / name).read_bytes(), framework.deviations, known_adapters()
        )
    if extra:
        records += read_deviations(extra, [*known_adapters(), framework.name])
    return [record for record in records if framework.name in listed(record.adapter)]


def read_deviations(path: str, adapters: Collection[str] = ()) -> list[Deviation]:
    """The records in a file, validated.

    Raises:
        BadInput: see `parse_deviations`; or it cannot be read.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"deviations file {path}: {error.strerror}") from None
    return parse_deviations(content, path, adapters)
