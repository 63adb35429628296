"""The examples of the chapter on ports that need no framework."""

from __future__ import annotations

import pytest
from docs import ROOT, run_examples

CHAPTER = ROOT / "spec" / "93-ports.md"


def test_examples() -> None:
    pytest.importorskip("safetensors")
    pytest.importorskip("h5py")
    assert run_examples(CHAPTER, frameworks=("port",)) >= 20
