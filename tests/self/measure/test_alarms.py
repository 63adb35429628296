"""The count of false alarms counts them, and what each clause sees is measured."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from rnn_conformance.checks import all_checks
from rnn_conformance.measure.clause_power import drawn_by, power_of, share_noticed
from rnn_conformance.measure.false_alarms import CLAUSES, FILLS, filled_anew, main
from rnn_conformance.measure.power import CHANGES, drawn


def test_no_alarm_on_the_reference() -> None:
    result = CliRunner().invoke(main, ["--cases", "400", "reference"])
    assert result.exit_code == 0, result.output
    assert all(clause in result.output for clause in CLAUSES)
    total = next(line for line in result.output.splitlines() if line.startswith("│ all"))
    cases, numbers, alarms = (cell.strip().replace(",", "") for cell in total.split("│")[3:6])
    assert int(cases) >= 400
    assert int(numbers) > int(cases)
    assert alarms == "0"


def test_a_time_limit_leaves_every_clause_its_share() -> None:
    result = CliRunner().invoke(main, ["--cases", "1000000", "--seconds", "0", "reference"])
    rows = [line.split("│")[1:4] for line in result.output.splitlines() if line.startswith("│ ")]
    counts = {clause.strip(): int(cases.replace(",", "")) for clause, _, cases in rows}
    assert counts.keys() == {*CLAUSES, "all"}, result.output
    assert all(0 < counts[clause] <= 1000 for clause in CLAUSES)


def test_a_fault_is_an_alarm() -> None:
    result = CliRunner().invoke(main, ["--cases", "200", "fault:transposed-recurrent-weight"])
    assert result.exit_code == 1
    assert "FWD-1: seed 1000000: sequence output" in result.output


def test_every_clause_that_is_counted_exists() -> None:
    assert set(CLAUSES) <= set(all_checks())


def test_filled_anew() -> None:
    """Other numbers of like size and the same type."""
    case = drawn(4, 5, "float32", "moderate", np.random.default_rng(0))
    random = np.random.default_rng(1)
    others = [filled_anew(case, random) for _ in range(FILLS)]
    for other in others:
        assert other.x.shape == case.x.shape
        assert other.x.dtype == case.x.dtype
        assert 0.5 * np.abs(case.x).sum() < np.abs(other.x).sum() <= np.abs(case.x).sum()
    assert len({other.x.tobytes() for other in others}) == FILLS


@pytest.mark.parametrize("what", ["one recurrent weight", "one step", "one unit"])
def test_a_change_is_noticed_when_it_is_large(what: str) -> None:
    check = all_checks()["FWD-1"]
    cases = [case for case in drawn_by(check, 20) if case.x.shape[1] > 2 and case.initial_states]
    assert share_noticed(check, cases, what, 0.0) == 0
    assert share_noticed(check, cases, what, 1e-2) > 0.5


def test_power_of_a_clause() -> None:
    found = power_of(all_checks()["FWD-1"], 20)
    change = found["one recurrent weight"]
    assert change in CHANGES
    assert change is not None
    assert change < 1e-3
    assert power_of(all_checks()["PAR-1"], 5)["one bias"] is None  # counts parameters
