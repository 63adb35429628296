"""Every example in the documentation is run."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs import documents, run_examples


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_examples(path: Path) -> None:
    run_examples(path, frameworks=())
