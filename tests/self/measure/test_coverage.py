"""Options are drawn together: every pair of values that go together occurs in quick, every triple in ci."""

from __future__ import annotations

from dataclasses import replace

from helpers import EVERYTHING

from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import plain
from rnn_conformance.measure.coverage import (
    coverage_of,
    expensive_routes,
    possible_combinations,
    values_table,
)


def test_every_pair_of_option_values_occurs_in_quick() -> None:
    coverage = coverage_of(Subject(plain()), PROFILES["quick"])
    assert not coverage.missing
    # Of other activations in narrow types ACT-16, ACT-17 and NAN-9 alone ask.
    of_limits = {
        (("activation", "another"), (of_type, narrow))
        for of_type in ("dtype", "compute_dtype")
        for narrow in ("float16", "bfloat16")
    }
    assert set(coverage.seen) - of_limits <= coverage.possible
    assert len(coverage.possible) > 900


def test_every_triple_occurs_in_ci() -> None:
    coverage = coverage_of(Subject(plain()), PROFILES["ci"], strength=3)
    assert not coverage.missing
    assert len(coverage.possible) > 10_000


def test_what_is_not_drawn_is_missing() -> None:
    """The quick profile is too small for all triples, so that the count can fail."""
    coverage = coverage_of(Subject(plain()), PROFILES["quick"], strength=3)
    assert coverage.missing


def test_what_is_declared_to_be_expensive_is_told() -> None:
    subject = Subject(plain())
    assert not expensive_routes(subject)
    adapter = subject.adapter_of("")
    adapter.supports = replace(adapter.supports, expensive="steps")
    assert expensive_routes(subject) == {"steps": ["default"]}


def test_values_are_counted_once_for_every_case() -> None:
    coverage = coverage_of(Subject(plain()), PROFILES["quick"])
    for values in values_table(coverage).values():
        assert sum(values.values()) == coverage.cases


def test_only_what_can_be_combined_is_asked_for() -> None:
    little = replace(
        EVERYTHING,
        bidirectional=False,
        mixed_directions=False,
        stacked=False,
        mixed_layers=False,
        no_bias=False,
        initial_states=False,
        merge_modes=("concat",),
        dropout=(),
    )
    pairs = possible_combinations({"": little, "other": replace(EVERYTHING, initial_states=False)}, 2)
    assert (("route", ""), ("directions", "2")) not in pairs
    assert (("route", "other"), ("directions", "2")) in pairs
    assert (("initial", "True"), ("padding", "none")) not in pairs
    assert (("layers", "several"), ("merge_mode", "sum")) not in pairs
