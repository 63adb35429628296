"""Figures that are quoted from measurements stand below a comment that names the command that made them."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import commands_refused
from docs import documents
from figures import Figure, figures, figures_without_source

QUOTED = [(path, figure) for path in documents() for figure in figures(path.read_text(encoding="utf-8"))]
MEASURED = [(path, figure) for path, figure in QUOTED if figure.kind == "measured"]


def test_there_are_some() -> None:
    assert {"README.md", "08-numerics.md", "98-releases.md"} <= {path.name for path, _ in MEASURED}


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_every_figure_says_where_it_comes_from(path: Path) -> None:
    assert figures_without_source(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "figure"), MEASURED, ids=[f"{path.name}:{figure.line}" for path, figure in MEASURED]
)
def test_the_command_is_one_that_there_is(path: Path, figure: Figure) -> None:
    assert commands_refused(figure.source) == []


@pytest.mark.parametrize(
    "text",
    [
        "The share is 42 %.",
        "It takes 3 seconds.",
        "| a | 0.5 u |",
        "Of 730 findings, 45 are wrong.",
        "half an hour",
    ],
)
def test_a_figure_without_source_is_found(text: str) -> None:
    assert figures_without_source(f"# Title\n\n{text}\n\nNothing here.\n") == [text]
    assert figures_without_source(f"# Title\n\n<!-- measured: tox run -->\n{text}\n\nNothing here.\n") == []


def test_figures_in_a_snippet_are_its_output() -> None:
    assert figures_without_source("```python\n>>> '42 %'\n'42 %'\n```\n") == []
