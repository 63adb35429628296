"""The charts of chapters, which GitHub draws by Mermaid, as SVG: no script is needed to see them."""

from __future__ import annotations

import json
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from rnn_conformance.report.plots import Axis, Line, plot

CHART = re.compile(
    r"""xychart-beta\s+
    x-axis\s+"(?P<x>[^"]*)"\s+(?P<places>\[[^]]*\])\s+
    y-axis\s+"(?P<y>[^"]*)"\s+(?P<low>-?[\d.]+)\s+-->\s+(?P<high>-?[\d.]+)\s+
    (?P<lines>(?:line\s+"[^"]*"\s*\[[^]]*\]\s*|line\s+\[[^]]*\]\s*)+)""",
    re.VERBOSE,
)
LINE = re.compile(r'line\s+(?:"([^"]*)"\s*)?(\[[^]]*\])')


def chart(name: str, source: str) -> str:
    """An XY chart of Mermaid, of lines over numbers, as SVG.

    Raises:
        ValueError: it is another diagram, or says more than that.
    """
    found = CHART.fullmatch(source.strip())
    if found is None:
        raise ValueError(
            "expected an xychart-beta with an x-axis of numbers, a y-axis with a range, and lines"
        )
    places = json.loads(found["places"])
    lines = [
        Line(title, tuple(zip(places, json.loads(numbers), strict=True)))
        for title, numbers in LINE.findall(found["lines"])
    ]
    across = Axis(found["x"], _ticks(places[0], places[-1]))
    up = Axis(found["y"], _ticks(float(found["low"]), float(found["high"])))
    return plot(name, f"{found['y']} over {found['x']}", across, up, lines)


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """Numbers from the lowest to the highest, in equal steps, which are whole where they can be."""
    steps = next((steps for steps in (4, 5, 3, 6, 7, 2) if (high - low) % steps == 0), 4)
    return tuple(round(low + (high - low) * index / steps, 2) for index in range(steps + 1))


class Charts(SphinxPostTransform):
    """Draws the charts of a page."""

    default_priority = 5
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Sphinx calls it."""
        for number, block in enumerate(list(self.document.findall(nodes.literal_block)), 1):
            if block.get("language") != "mermaid":
                continue
            try:
                svg = chart(f"chart-{number}", block.astext())
            except ValueError as error:
                logging.getLogger(__name__).warning("%s", error, location=block)
                continue
            block.replace_self(nodes.raw("", f'<div class="diagram">{svg}</div>', format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls it."""
    app.add_post_transform(Charts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
