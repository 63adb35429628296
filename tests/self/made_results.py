"""Results for the site: of two real runs, and what they could have been."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from rnn_conformance.engine.results import AdapterResult, Finding, Outcome, RouteOutcome, write_result
from rnn_conformance.running.jobs import run_jobs
from rnn_conformance.running.messages import Job

FAULT = "transposed-recurrent-weight"
CLAUSES = ["FWD-1", "FWD-2", "FWD-3", "LEN-7", "MSK-1"]
HOSTILE = """<script>document.title = "owned"</script><img src=x onerror="alert(1)">'"&{{ 7 * 7 }}"""
"""What an adapter may say."""

RECORD = "torch-length-missing"
"""A record of this distribution, of LEN-7."""


def results() -> list[AdapterResult]:
    """The reference, a fault, torch at three releases, and an adapter that says `HOSTILE` wherever it can."""
    answers = run_jobs([Job("reference", CLAUSES), Job(f"fault:{FAULT}", CLAUSES[:3])])
    reference, fault = (answer.result for answer in answers)
    assert reference is not None
    assert fault is not None
    return [reference, fault, *torch_releases(reference), hostile(reference)]


def torch_releases(like: AdapterResult) -> list[AdapterResult]:
    """As the reference, but for LEN-7, which passes, then fails, then deviates as recorded."""
    made = []
    finding = Finding(kind="not refused", message="expected an error; got an answer")
    routes = [RouteOutcome(route="", verdict="deviation"), RouteOutcome(route="cell", verdict="pass")]
    for number, length in (
        ("2.10.0", Outcome(clause="LEN-7", title="", verdict="pass")),
        ("2.9.1", Outcome(clause="LEN-7", title="", verdict="fail", findings=[finding])),
        (
            "2.13.0",
            Outcome(clause="LEN-7", title="", verdict="deviation", deviations=[RECORD], routes=routes),
        ),
    ):
        outcomes = [length if outcome.clause == "LEN-7" else outcome for outcome in like.outcomes]
        made.append(replace(like, adapter="torch", versions={"torch": number}, outcomes=outcomes))
    return made


def hostile(like: AdapterResult) -> AdapterResult:
    """Every string that comes from a framework is `HOSTILE`."""
    finding = Finding(
        kind="raised",
        message=HOSTILE,
        route=HOSTILE,
        facts={HOSTILE: HOSTILE},
        shown_case=HOSTILE,
        likely_cause=f"{HOSTILE} fault:{FAULT}",
    )
    red = Outcome(
        clause="FWD-2",
        title=HOSTILE,
        verdict="fail",
        reason=HOSTILE,
        findings=[finding],
        deviations=[HOSTILE],
        traceback=HOSTILE,
        ratio_quantiles={"0.5": 0.1, "0.9": 2.0, "0.99": 3.0},
        worst_ratio=5.0,
        routes=[RouteOutcome(route=HOSTILE, verdict="fail", reason=HOSTILE, elements=1, worst_ratio=5.0)],
    )
    return replace(
        like,
        adapter=HOSTILE,
        asked_for=HOSTILE,
        versions={HOSTILE: HOSTILE},
        suite_version=HOSTILE,
        profile=HOSTILE,
        warnings=[HOSTILE],
        interrupted=True,
        outcomes=[
            red,
            Outcome(clause="FWD-3", title=HOSTILE, verdict="unsupported", reason=HOSTILE),
            Outcome(clause="ZZZ-9", title=HOSTILE, verdict="pass"),
        ],
    )


def written(folder: Path) -> Path:
    """A folder with these results."""
    for result in results():
        write_result(folder, result)
    return folder
