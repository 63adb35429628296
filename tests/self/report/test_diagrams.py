"""The diagrams and plots: as drawn now, deterministic, readable without seeing them."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from rnn_conformance.engine.clauses import spec_folder
from rnn_conformance.report import diagrams
from rnn_conformance.report.diagrams import DIAGRAMS, network_diagram, stale_diagrams
from rnn_conformance.report.plots import Axis, Line, plot, written
from rnn_reference import Cell, Layer, Network

SVG = "{http://www.w3.org/2000/svg}"


def test_the_diagrams_of_the_spec_are_up_to_date() -> None:
    stale = [path.name for path in stale_diagrams()]
    assert not stale, f"run `python -m rnn_conformance.report.diagrams`: {stale}"


def test_a_changed_diagram_is_stale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "diagrams").mkdir()
    monkeypatch.setattr(diagrams, "spec_folder", lambda: tmp_path)
    assert {path.stem for path in stale_diagrams()} == set(DIAGRAMS)
    for name in DIAGRAMS:
        text = (spec_folder() / "diagrams" / f"{name}.svg").read_text(encoding="utf-8")
        (tmp_path / "diagrams" / f"{name}.svg").write_text(text.replace("φ", "σ"), encoding="utf-8")
    assert {path.stem for path in stale_diagrams()} == set(DIAGRAMS)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_drawing_has_a_title_and_a_description(name: str) -> None:
    root = ElementTree.fromstring((spec_folder() / "diagrams" / f"{name}.svg").read_text(encoding="utf-8"))
    ids = [found.get("id") for tag in ("title", "desc") if (found := root.find(SVG + tag)) is not None]
    assert root.get("aria-labelledby", "").split() == ids
    colours = {element.get(name) for element in root.iter() for name in ("stroke", "fill")} - {None, "none"}
    assert "currentColor" in colours
    assert not colours & {"#000", "#fff", "black", "white"}  # which one of light and dark would swallow


@pytest.mark.parametrize("name", DIAGRAMS)
def test_the_spec_shows_it(name: str) -> None:
    assert any(
        f"](diagrams/{name}.svg)" in path.read_text(encoding="utf-8") for path in spec_folder().glob("*.md")
    )


def test_a_network_is_drawn_as_it_is() -> None:
    """Two layers, the lower one bidirectional, over four time steps: a box for each cell at each."""

    def cell(inputs: int) -> Cell:
        return Cell(np.zeros((1, inputs)), np.zeros((1, 1)))

    network = Network([Layer(cell(1), cell(1)), Layer(cell(2))])
    root = ElementTree.fromstring(network_diagram("mixed", "Mixed", network, steps=4))
    assert [text.text for text in root.iter(SVG + "text")].count("φ") == 3 * 4
    described = root.findtext(SVG + "desc", "")
    assert "beginning with h_4" in described
    assert "Layer 1 reads the outputs of layer 0" in described


def test_what_is_outside_an_axis_stands_at_its_end() -> None:
    axis = Axis("x", (1e-4, 1e-2, 1), logarithmic=True)
    assert [axis.place(number) for number in (0, 1e-9, 1e-4, 1e-2, 1, 50)] == pytest.approx(
        [0, 0, 0, 0.5, 1, 1]
    )
    assert Axis("x", (0, 10)).place(2.5) == 0.25


def test_a_plot_says_where_its_lines_lead() -> None:
    lines = [Line("one", ((0, 0.0), (4, 1.0))), Line("<two>", ((0, 1.0), (4, 0.5)))]
    root = ElementTree.fromstring(plot("p", "P", Axis("t", (0, 4)), Axis("y", (0, 1)), lines))
    assert "one: from 0 at 0 to 1 at 4. <two>: from 1 at 0 to 0.5 at 4." in root.findtext(SVG + "desc", "")
    dashes = {line.get("stroke-dasharray") for line in root.iter(SVG + "polyline")}
    assert len(dashes) == len(lines)  # they differ in more than colour


def test_numbers_of_axes() -> None:
    assert [written(number) for number in (0, 0.25, 64, -1, 1e-6, 2e-5, 1e5)] == [
        "0",
        "0.25",
        "64",
        "−1",
        "10⁻⁶",
        "2·10⁻⁵",
        "10⁵",
    ]
