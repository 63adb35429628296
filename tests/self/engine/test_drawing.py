"""The same cases everywhere: what is drawn depends on the suite, profile, seed and declarations alone."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.drawing import Enough, draw_cases, shrink
from rnn_conformance.engine.perform import perform, structures_of
from rnn_conformance.engine.profiles import PROFILES, VERDICTS_ALONE
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy, plain
from rnn_conformance.faults.registry import fault_framework

PROGRAM = """
import sys
{imports}
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.perform import perform, structures_of
from rnn_conformance.engine.profiles import PROFILES, VERDICTS_ALONE
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import plain
for clause in sys.argv[1:]:
    print(perform(all_checks()[clause], Subject(plain()), PROFILES["quick"], []).digest)
"""

CLAUSES = ("FWD-1", "STK-4", "DIR-4", "DRP-6")


def digests(seed: int = 0) -> list[str]:
    return [
        perform(all_checks()[clause], Subject(plain()), PROFILES["quick"], [], seed).digest
        for clause in CLAUSES
    ]


def test_a_local_package_full_of_constants_changes_nothing(tmp_path: Path) -> None:
    """Hypothesis would mix such constants into what it draws, of local files and not of installed ones."""
    constants = ", ".join(str(number) for number in range(1000, 4_000_000_000, 7_654_321))
    (tmp_path / "local_package.py").write_text(f"NUMBERS = [{constants}]\nTEXT = {b'x' * 251!r}\n")
    for imports in ("", "import local_package"):
        command = [sys.executable, "-c", PROGRAM.format(imports=imports), *CLAUSES]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        assert done.stdout.split() == digests()


def test_another_seed_draws_other_cases() -> None:
    assert not set(digests(0)) & set(digests(1))


def test_the_digest_is_of_the_cases() -> None:
    strategy = Cases(layers=(1, 2))({"": PlainNumpy.supports})
    drawn: list[Case] = []
    draw_cases(strategy, 50, "a seed", drawn.append)
    assert len({case.fingerprint for case in drawn}) == len(drawn) == 50
    again: list[Case] = []
    draw_cases(strategy, 50, "a seed", again.append)
    assert [case.fingerprint for case in drawn] == [case.fingerprint for case in again]
    first = drawn[0]
    for changed in (first.replace(route="x"), first.replace(x=first.x + 1), first.replace(training=True)):
        assert changed.fingerprint != first.fingerprint


def test_what_a_check_raises_ends_the_drawing() -> None:
    strategy = Cases()({"": PlainNumpy.supports})

    def visit(case: Case) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        draw_cases(strategy, 50, "a seed", visit)


def test_global_generators_are_set_before_each_case_each_time_otherwise_and_are_put_back() -> None:
    """Two layers of the same seed, made for two cases and kept, would drop the same."""
    random.seed(7)
    np.random.seed(7)
    before, strategy = (random.getstate(), repr(np.random.get_state())), Cases()({"": PlainNumpy.supports})
    numbers = list[float]()
    for _ in range(2):
        draw_cases(strategy, 5, "a seed", lambda case: numbers.extend((random.random(), np.random.rand())))
    assert len({*numbers[:10]}) == 10
    assert numbers[:10] == numbers[10:]
    assert (random.getstate(), repr(np.random.get_state())) == before


@pytest.mark.parametrize("clause", ["OPT-1", "HIS-1", "DRP-6", "WEX-7"])
def test_what_is_made_small_is_drawn_as_it_was(clause: str) -> None:
    """By Hypothesis's own loop, which must draw the same."""
    check, routes = all_checks()[clause], {"": PlainNumpy.supports}
    strategy, structures = check.draw(routes), structures_of(check, routes)
    drawn: list[Case] = []
    draw_cases(strategy, 30, "a seed", drawn.append, structures)
    for index in (0, 1, 29):
        tried: list[Case] = []

        def is_alike(case: Case, tried: list[Case] = tried) -> bool:
            tried.append(case)
            raise Enough

        shrink(strategy, index, "a seed", is_alike, structures)
        assert tried[0].fingerprint == drawn[index].fingerprint


def test_a_check_ends_at_its_first_failure_where_that_is_all_that_is_asked() -> None:
    fault = Subject(fault_framework("transposed-recurrent-weight"))
    whole = perform(all_checks()["FWD-2"], fault, replace(PROFILES["quick"], shrink=False), [])
    short = perform(all_checks()["FWD-2"], fault, VERDICTS_ALONE, [])
    assert (whole.verdict, short.verdict) == ("fail", "fail")
    assert short.cases < whole.cases
    assert perform(all_checks()["FWD-2"], Subject(plain()), VERDICTS_ALONE, []).cases == whole.cases


def test_shrinking_ends_when_it_is_told_to() -> None:
    strategy = Cases()({"": PlainNumpy.supports})
    drawn: list[Case] = []
    draw_cases(strategy, 50, "a seed", drawn.append)
    index = next(i for i, case in enumerate(drawn) if case.x.shape[1] > 3)
    tried: list[Case] = []

    def is_alike(case: Case) -> bool:
        tried.append(case)
        if len(tried) == 10:
            raise Enough
        return len(case.x[0]) > 3

    shrink(strategy, index, "a seed", is_alike)
    assert len(tried) == 10
    assert tried[0].fingerprint == drawn[index].fingerprint


def test_shrinking_ends_at_a_case_that_fails_now_and_then() -> None:
    """As one does that shows what stood in memory before."""
    tried: list[Case] = []

    def is_alike(case: Case) -> bool:
        tried.append(case)
        return len(tried) == 1

    shrink(Cases()({"": PlainNumpy.supports}), 5, "a seed", is_alike)
    assert tried


def test_a_case_is_made_as_small_as_it_can_be() -> None:
    strategy = Cases(layers=(1, 2, 3))({"": PlainNumpy.supports})
    drawn: list[Case] = []
    draw_cases(strategy, 50, "a seed", drawn.append)
    index = next(i for i, case in enumerate(drawn) if case.x.shape[1] > 3)
    found: list[Case] = []

    def is_alike(case: Case) -> bool:
        if case.x.shape[1] > 3:
            found.append(case)
            return True
        return False

    shrink(strategy, index, "a seed", is_alike)
    assert found[-1].x.shape == (1, 4, 1)
    assert found[-1].network.num_layers == 1
