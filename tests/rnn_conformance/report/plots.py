"""Lines over one axis, as SVG. A line is told from others by its dashes, too."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnn_conformance.report.svg import Drawing, Point

WIDTH, HEIGHT = 480.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 16.0, 14.0, 46.0

LOOKS = (("#2f81f7", "none"), ("#bf6f00", "7 4"), ("#1a9c5b", "2 4"), ("#a371f7", "10 3 2 3"))
"""Colour and dashes of each line; they are seen on white and on black."""

KEY = 20.0
"""The height of a line of the key."""


@dataclass(frozen=True)
class Line:
    """Numbers that are joined.

    Args:
        name: what the key calls it; a line without one is not in the key.
        points: (across, up), in the units of the axes.
    """

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Axis:
    """From the lowest number to the highest.

    Args:
        title: what is shown, with its unit.
        ticks: the numbers that are written.
        logarithmic: in equal steps of a factor.
    """

    title: str
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def place(self, number: float) -> float:
        """Where a number stands: 0 at the first tick, 1 at the last; what is outside stands at the end."""
        low, high = self._scaled(self.ticks[0]), self._scaled(self.ticks[-1])
        share = (self._scaled(number) - low) / (high - low) if not self.logarithmic or number > 0 else 0.0
        return min(max(share, 0.0), 1.0)

    def _scaled(self, number: float) -> float:
        return math.log10(number) if self.logarithmic else number


def plot(name: str, title: str, across: Axis, up: Axis, lines: Sequence[Line]) -> str:
    """A plot of lines.

    Args:
        name: of the drawing.
    """
    named = [line for line in lines if line.name]
    drawing = Drawing(name, title, _described(across, up, lines), WIDTH, HEIGHT + KEY * len(named))
    place = _axes(drawing, across, up)
    for index, line in enumerate(lines):
        colour, dashes = LOOKS[index]
        look: dict[str, str | float] = {"stroke": colour, "stroke_width": 2.5, "stroke_dasharray": dashes}
        drawing.path([place(x, y) for x, y in line.points], **look)
        if line.name:
            height = HEIGHT + KEY * index + 6
            drawing.line((LEFT, height), (LEFT + 36, height), **look)
            drawing.text((LEFT + 44, height + 5), line.name, font_size=14, text_anchor="start")
    return drawing.svg()


def _axes(drawing: Drawing, across: Axis, up: Axis) -> Callable[[float, float], Point]:
    """Draw the axes; how a place on the drawing is found."""
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> Point:
        return LEFT + width * across.place(x), TOP + height * (1 - up.place(y))

    for tick in up.ticks:
        x, y = place(across.ticks[0], tick)
        drawing.line((x, y), (x + width, y), stroke_opacity=0.2)
        drawing.text((x - 8, y + 5), written(tick), text_anchor="end", font_size=13)
    for tick in across.ticks:
        x, y = place(tick, up.ticks[0])
        drawing.line((x, y), (x, y + 4))
        drawing.text((x, y + 20), written(tick), font_size=13)
    bottom = TOP + height
    drawing.line((LEFT, bottom), (LEFT + width, bottom))
    drawing.text((LEFT + width / 2, bottom + 40), across.title, font_size=14)
    drawing.text(
        (0, 0), up.title, font_size=14, transform=f"translate(14 {TOP + height / 2:.0f}) rotate(-90)"
    )
    return place


def _described(across: Axis, up: Axis, lines: Sequence[Line]) -> str:
    parts = [f"{up.title} over {across.title}."]
    for line in lines:
        (x0, y0), (x1, y1) = line.points[0], line.points[-1]
        parts.append(f"{line.name or 'A line'}: from {y0:.2g} at {x0:g} to {y1:.2g} at {x1:g}.")
    return " ".join(parts)


def written(number: float) -> str:
    """A number as an axis shows it: powers of ten from 10⁻³ down and from 10⁴ up as such."""
    if number == 0 or 1e-3 < abs(number) < 1e4:
        return f"{number:g}".replace("-", "−")
    mantissa, _, exponent = f"{number:.0e}".partition("e")
    power = "10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return power if mantissa == "1" else f"{mantissa}·{power}"
