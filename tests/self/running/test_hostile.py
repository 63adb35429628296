"""Whatever an adapter does, there is a verdict with its case, and the other clauses are unharmed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from rnn_conformance.engine.results import AdapterResult, Outcome
from rnn_conformance.running.messages import Job
from rnn_conformance.running.process import run_adapter
from rnn_reference import BadInput


@pytest.fixture(autouse=True)
def _in_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])  # where hostile_adapters lies


def run(adapter: str, *clauses: str, timeout: float = 60.0) -> AdapterResult:
    return run_adapter(Job(f"hostile_adapters:{adapter}", list(clauses)), timeout)


def only(result: AdapterResult, harmed: str) -> Outcome:
    """The outcome of the clause that is harmed; all others pass."""
    verdicts = {outcome.clause: outcome.verdict for outcome in result.outcomes}
    assert set(verdicts.values()) <= {"pass", verdicts[harmed]}
    assert [clause for clause, verdict in verdicts.items() if verdict != "pass"] == [harmed], verdicts
    return next(outcome for outcome in result.outcomes if outcome.clause == harmed)


@pytest.mark.parametrize(
    ("adapter", "harmed", "unharmed", "kind", "message"),
    [
        ("RaisesInLoad", "STK-1", ("FWD-1",), "raised", "load raised KeyError: 'two layers'"),
        ("RaisesInGradients", "GRD-1", ("FWD-1",), "raised", "raised ArithmeticError: no gradients today"),
        ("RaisesInReadWeights", "PAR-5", ("FWD-1",), "raised", "raised LookupError: weights are gone"),
        ("SysExits", "FWD-1", ("PAR-1",), None, "SystemExit|exit status 5"),
        ("IsInterrupted", "FWD-1", ("PAR-1",), None, "KeyboardInterrupt|SIGINT"),
        ("Exits", "FWD-1", ("PAR-1",), "crashed", "with exit status 3"),
        ("Sleeps", "FWD-1", ("PAR-1",), "timed out", "gave no sign for 3 s"),
        ("Allocates", "FWD-1", ("PAR-1",), "raised", "raised (.*)MemoryError"),
        ("AltersArguments", "FWD-1", ("PAR-1",), "altered its arguments", ""),
        ("AltersGlobalState", "LAW-11", ("FWD-1",), "altered global state", "NumPy's error state"),
    ],
)
def test_what_happens_has_a_verdict_and_a_case(
    adapter: str, harmed: str, unharmed: tuple[str, ...], kind: str | None, message: str
) -> None:
    if adapter == "Allocates" and sys.platform != "linux":
        pytest.skip("there is no such limit")
    outcome = only(run(adapter, harmed, *unharmed, timeout=3 if adapter == "Sleeps" else 60), harmed)
    assert outcome.verdict == "fail"
    finding = outcome.findings[0]
    assert kind in (None, finding.kind)
    assert re.search(message, finding.message), finding.message
    assert finding.case is not None
    assert finding.shown_case


def test_global_state_that_is_altered_does_not_reach_other_clauses() -> None:
    result = run("AltersGlobalState", "FWD-1", "NUM-2", "FWD-2")
    assert [outcome.verdict for outcome in result.outcomes] == ["pass", "pass", "pass"]
    assert [o.digest for o in result.outcomes] == [
        o.digest for o in run("AlsoPrints", "FWD-1", "NUM-2", "FWD-2").outcomes
    ]


@pytest.mark.parametrize("adapter", ["Rubbish", "RubbishNumber", "RubbishObjects"])
def test_rubbish_in_place_of_arrays_has_a_verdict(adapter: str) -> None:
    clauses = ("FWD-1", "INI-1", "PAR-1", "MOD-1", "GRD-1", "GRD-7")
    result = run(adapter, *clauses)
    assert [outcome.clause for outcome in result.outcomes] == list(clauses)
    for outcome in result.outcomes:
        assert outcome.verdict in ("fail", "unsupported"), (
            outcome.clause,
            outcome.verdict,
            outcome.traceback,
        )


def test_what_it_writes_is_not_taken_for_the_suite() -> None:
    result = run("WritesOnEveryStream", "FWD-1", "FWD-2")
    assert [outcome.verdict for outcome in result.outcomes] == ["pass", "pass"]


@pytest.mark.parametrize("adapter", ["RaisesInClose", "ExitsInClose"])
def test_trouble_when_it_is_closed_is_a_warning(adapter: str) -> None:
    result = run(adapter, "FWD-1")
    assert [outcome.verdict for outcome in result.outcomes] == ["pass"]
    (warning,) = result.warnings
    assert "close raised RuntimeError: stuck" in warning or "with exit status 9" in warning


@pytest.mark.parametrize("adapter", ["RaisesInVersions", "RaisesInGlobalState"])
def test_an_adapter_that_cannot_be_started_is_refused(adapter: str) -> None:
    with pytest.raises(BadInput, match="is broken"):
        run(adapter, "FWD-1")


def test_an_isolated_framework_loses_no_clause() -> None:
    result = run("ISOLATED", "FWD-1", "PAR-1")
    assert [outcome.verdict for outcome in result.outcomes] == ["fail", "pass"]


RECORD = """
[[deviation]]
id = "exits-at-one-step"
adapter = "ADAPTER"
versions = { numpy = ">=1" }
clause = ["FWD-1", "FWD-2"]
what = "ends the process"
why = "it was made to"
when = { time = 1 }
ends_process = true
witness = { dtype = "float32", layers = [{ forward = { W_x = [[1.0]], W_h = [[1.0]] } }], x = [[[1.0]]] }
"""


@pytest.mark.parametrize(
    ("adapter", "name", "verdict"),
    [("Exits", "exits-at-once", "deviation"), ("AlsoPrints", "prints", "fixed")],
)
def test_a_record_of_what_ends_the_process(tmp_path: Path, adapter: str, name: str, verdict: str) -> None:
    """The witness is run in a process of its own; its like are not run at all."""
    path = tmp_path / "records.toml"
    path.write_text(RECORD.replace("ADAPTER", name))
    job = Job(f"hostile_adapters:{adapter}", ["FWD-1", "PAR-1"], deviations_file=str(path))
    outcomes = run_adapter(job, 60).outcomes
    assert [outcome.verdict for outcome in outcomes] == [verdict, "pass"]
    assert outcomes[0].deviating_cases > 0
    assert outcomes[0].elements > 0
