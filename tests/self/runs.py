"""Results of runs, made by hand."""

from __future__ import annotations

import msgspec

from rnn_conformance.engine.environment import Environment
from rnn_conformance.engine.results import AdapterResult, Finding, Outcome, RouteOutcome, Verdict


def outcome(
    verdict: Verdict = "pass", *findings: Finding, clause: str = "FWD-1", digest: str = "", **routes: Verdict
) -> Outcome:
    """Routes by name; "default" for the default one."""
    of_routes = [
        RouteOutcome(route="" if name == "default" else name, verdict=each) for name, each in routes.items()
    ]
    return Outcome(
        clause=clause, title="", verdict=verdict, findings=list(findings), routes=of_routes, digest=digest
    )


def result(*outcomes: Outcome, version: str = "1.0", **fields: object) -> AdapterResult:
    made = AdapterResult(
        adapter="mine",
        asked_for="mine",
        versions={"mine": version},
        suite_version="1",
        spec_version="1",
        environment=Environment(python="3.12"),
        profile="quick",
        seed=0,
        started="2026-01-01T00:00:00+00:00",
        outcomes=list(outcomes),
    )
    return msgspec.structs.replace(made, **fields)


VALUE = Finding(kind="value", message="2 of 4 values are out of bound\nmore", facts={"directions": 2})


def changed(**fields: object) -> Finding:
    return msgspec.structs.replace(VALUE, **fields)
