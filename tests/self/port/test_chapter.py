"""The examples of the chapter on ports that need no framework."""

from __future__ import annotations

from docs import ROOT, run_examples

CHAPTER = ROOT / "spec" / "93-ports.md"


def test_examples() -> None:
    assert run_examples(CHAPTER, frameworks=("port",)) >= 20
