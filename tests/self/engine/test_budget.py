"""What shrinking may take is counted in time of the processor, and in time that is waited."""

from __future__ import annotations

import time
from typing import Any

from helpers import random_case, random_cell

from rnn_conformance.engine.budget import GRACE, Purse
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy, framework_of_plain
from rnn_reference import Network


def test_a_quarter_of_what_is_left_is_for_one_search() -> None:
    purse = Purse()
    purse.earn(5.0)
    purse.spend(4.0)
    assert purse.share == (GRACE + 1.0) / 4
    purse.spend(10.0)
    assert purse.share == 0


def test_other_processes_cost_nothing() -> None:
    purse = Purse()
    began = purse.now()
    time.sleep(0.2)
    assert purse.now() - began < 0.1


class Slow(PlainNumpy):
    """One that waits for something else."""

    def load(self, network: Network) -> Any:
        time.sleep(0.5)
        return super().load(network)


def test_waiting_for_an_implementation_does() -> None:
    case = random_case(random_cell(2, 3))
    subject = Subject(framework_of_plain("slow", Slow))
    subject.run(case)
    assert subject.purse.now() >= 0.5
    assert subject.tally.framework_seconds >= 0.5
