"""A route that this machine lacks something for: named, not taken, and not held against the framework."""

from __future__ import annotations

import pytest
from elsewhere import FRAMEWORK

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.check import Unsupported
from rnn_conformance.engine.subject import Subject
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
