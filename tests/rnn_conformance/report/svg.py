"""Drawings as SVG: in the colour of the text around them, with a title and a description to be read out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

Point = tuple[float, float]

STYLE = "<style>:root{color:#1f2328}@media(prefers-color-scheme:dark){:root{color:#e6edf3}}</style>"
"""The colour where the drawing is an image. A page that has it as a part leaves this out."""

SUBSCRIPT = re.compile(r"_(\w|\{[^}]*\})")


@dataclass
class Drawing:
    """A drawing, to which parts are added.

    Args:
        name: of letters and hyphens; no other drawing of a page has it.
        title, description: what is read to who does not see it.
        width, height: in units of which a letter has 16.
        top: where the vertical axis, which leads down, begins.
    """

    name: str
    title: str
    description: str
    width: float
    height: float
    top: float = 0.0
    parts: list[str] = field(default_factory=list)

    def line(self, start: Point, end: Point, **style: str | float) -> None:
        """A line; with `arrow=1` it ends in an arrowhead."""
        arrow = style.pop("arrow", 0)
        (x1, y1), (x2, y2) = start, end
        self._add("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": "currentColor", **style})
        if arrow:
            self._head(start, end)

    def _head(self, start: Point, end: Point) -> None:
        (x1, y1), (x2, y2) = start, end
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        u, v = (x2 - x1) / length, (y2 - y1) / length
        corners = [
            end,
            (x2 - 7 * u - 3.5 * v, y2 - 7 * v + 3.5 * u),
            (x2 - 7 * u + 3.5 * v, y2 - 7 * v - 3.5 * u),
        ]
        self._add("polygon", {"points": _points(corners), "fill": "currentColor"})

    def path(self, points: Iterable[Point], **style: str | float) -> None:
        """A line through several points."""
        self._add("polyline", {"points": _points(points), "fill": "none", "stroke": "currentColor", **style})

    def box(self, centre: Point, width: float, height: float, **style: str | float) -> None:
        """A rectangle with round corners."""
        x, y = centre[0] - width / 2, centre[1] - height / 2
        size = {"x": x, "y": y, "width": width, "height": height, "rx": 6}
        self._add("rect", {**size, "fill": "none", "stroke": "currentColor", **style})

    def dot(self, centre: Point, radius: float, **style: str | float) -> None:
        """A disc."""
        self._add("circle", {"cx": centre[0], "cy": centre[1], "r": radius, "fill": "currentColor", **style})

    def text(self, place: Point, text: str, **style: str | float) -> None:
        """A text; `h_{t−1}` has a subscript."""
        look = {"x": place[0], "y": place[1], "fill": "currentColor", "text-anchor": "middle", **style}
        self._add("text", look, _with_subscripts(text))

    def svg(self) -> str:
        """The file."""
        return (
            '<svg xmlns="http://www.w3.org/2000/svg"'
            f' viewBox="0 {_number(self.top)} {_number(self.width)} {_number(self.height)}"'
            f' role="img" aria-labelledby="{self.name}-title {self.name}-desc"'
            ' font-family="system-ui, sans-serif" font-size="16">\n'
            f'<title id="{self.name}-title">{escape(self.title)}</title>\n'
            f'<desc id="{self.name}-desc">{escape(self.description)}</desc>\n'
            f"{STYLE}\n" + "\n".join(self.parts) + "\n</svg>\n"
        )

    def _add(self, tag: str, attributes: dict[str, str | float], content: str = "") -> None:
        hyphenated = {
            name.replace("_", "-"): value for name, value in attributes.items()
        }  # the last one counts
        written = "".join(
            f" {name}={quoteattr(value if isinstance(value, str) else _number(value))}"
            for name, value in hyphenated.items()
        )
        self.parts.append(f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>")


def _with_subscripts(text: str) -> str:
    parts = SUBSCRIPT.split(text)
    made = [escape(parts[0])]
    for low, after in zip(parts[1::2], parts[2::2], strict=True):
        made.append(f'<tspan dy="4" font-size="75%">{escape(low.strip("{}"))}</tspan>')
        if after:
            made.append(f'<tspan dy="-4">{escape(after)}</tspan>')
    return "".join(made)


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
