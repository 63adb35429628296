"""What the schemas say is what is written."""

from __future__ import annotations

from rnn_conformance.report.schemas import stale_schemas


def test_the_schemas_are_up_to_date() -> None:
    stale = [path.name for path in stale_schemas()]
    assert not stale, f"run `python -m rnn_conformance.report.schemas`: {stale}"
