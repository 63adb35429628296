"""Routes to devices, on which the CPU stands in for one that this machine lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rnn_adapters import Adapter
from rnn_adapters.framework import Framework
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject


def expect_device(
    framework: Framework, route: str, make: Callable[[], Adapter[Any]], records: list[Deviation]
) -> None:
    """The clause about devices holds on this route, but for what is known.

    Args:
        make: makes the adapter that is asked.

    Raises:
        AssertionError: it does not.
    """
    there = replace(framework.routes[route], make=make, missing=tuple)
    subject = Subject(replace(framework, routes={route: there}))
    outcome = perform(all_checks()["OPT-11"], subject, PROFILES["quick"], records, 0)
    assert outcome.verdict in ("pass", "deviation"), outcome
    assert outcome.cases > outcome.deviating_cases
