"""A route that this machine lacks something for: named, not taken, and not held against the framework."""

from __future__ import annotations

from dataclasses import replace

import pytest
from elsewhere import FRAMEWORK

from rnn_adapters.framework import Route
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.check import Unsupported
from rnn_conformance.engine.deviations import parse_deviations
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy
from rnn_conformance.report import upstream
from rnn_conformance.running.session import Session
from rnn_reference.errors import BadInput


def here() -> Subject:
    subject = Subject(FRAMEWORK)
    subject.absent = FRAMEWORK.absent_routes()
    return subject


def test_the_clause_about_it_says_what_is_missing() -> None:
    with pytest.raises(Unsupported, match="this machine lacks a GPU, for route gpu"):
        all_checks()["OPT-11"].asked_on(here())
    assert list(all_checks()["FWD-1"].asked_on(here()).routes) == [""]
    assert list(all_checks()["OPT-11"].asked_on(Subject(FRAMEWORK)).routes) == ["gpu"]


def test_it_is_not_taken() -> None:
    with pytest.raises(BadInput, match="'gpu' cannot be taken: this machine lacks a GPU"):
        here().take("gpu")


RECORD = """
[[deviation]]
id = "on-a-gpu"
adapter = "elsewhere"
versions = {}
clause = "OPT-6"
what = "Something else is computed."
why = "To be told of where there is no GPU."
when = { route = ["gpu"] }
[deviation.witness]
dtype = "float32"
layers = [{ forward = { W_x = [[1.0]], W_h = [[0.5]], b = [0.25] } }]
x = [[[1.0]]]
"""


def test_a_record_of_it_alone_is_left_alone() -> None:
    """Where there is such a device its witness conforms, which makes it a record to be removed."""
    framework = replace(FRAMEWORK, routes={**FRAMEWORK.routes, "compiled": Route("compiled", "", PlainNumpy)})
    subject, known = Subject(framework), parse_deviations(RECORD)
    assert perform(all_checks()["OPT-6"], subject, PROFILES["quick"], known).verdict == "fixed"
    subject.absent = framework.absent_routes()
    outcome = perform(all_checks()["OPT-6"], subject, PROFILES["quick"], known)
    assert (outcome.verdict, outcome.deviations) == ("pass", [])


def test_no_report_is_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session("elsewhere:FRAMEWORK", PROFILES["quick"])
    session.deviations = parse_deviations(RECORD.replace("OPT-6", "OPT-11"))
    monkeypatch.setattr(upstream, "Session", lambda *_: session)
    assert list(upstream.reports("elsewhere")) == []
    session.subject.absent = {}
    with pytest.raises(BadInput, match="deviation 'on-a-gpu': its witness conforms now"):
        list(upstream.reports("elsewhere"))
