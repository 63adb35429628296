"""The diagrams of the spec, drawn from networks: `python -m rnn_conformance.report.diagrams` writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from rnn_conformance.engine.clauses import spec_folder
from rnn_conformance.report.svg import Drawing
from rnn_reference.network import Cell, Layer, Network

COLUMN, MARGIN, BOX = 112.0, 106.0, 36.0
"""From one time step to the next; beside the first and the last; the side of a cell."""

STEM, ROW = 52.0, 62.0
"""From what a cell reads up to the cell; from the forward cell of a layer up to its backward cell."""

ASIDE = 22.0
"""How far the cells of a bidirectional layer stand from the middle of their column, to either side."""

SMALL = 14.0


def network_diagram(name: str, title: str, network: Network, steps: int = 3) -> str:
    """A network along its time steps: the input below, the outputs above, the states across.

    Args:
        name: of the drawing.
        steps: how many time steps are drawn.
    """
    drawing = Drawing(name, title, described(network, steps), 2 * MARGIN + COLUMN * (steps - 1), height=0)
    columns = [MARGIN + COLUMN * t for t in range(steps)]
    for t, x in enumerate(columns):
        drawing.text((x, 22), f"x_{t}")
    top = 0.0
    for number in range(len(network.layers)):
        top = _layer(drawing, network, number, columns, top)
    drawing.top, drawing.height = top - 24, 24 - top + 32
    return drawing.svg()


def described(network: Network, steps: int) -> str:
    """A network in words, for who does not see the drawing."""
    parts = []
    for number, layer in enumerate(network.layers):
        source = "the input" if number == 0 else f"the outputs of layer {number - 1}"
        parts.append(
            f"Layer {number} reads {source} at each of the time steps 0 to {steps - 1}."
            " Its forward cell passes its state from each time step to the next, beginning with h_−1."
        )
        if layer.backward is not None:
            parts.append(
                "Its backward cell passes its state from each time step to the one before, beginning with"
                f" h_{steps}. The output of a time step is the state of the forward cell and that of the"
                " backward cell, joined."
            )
    return " ".join(parts)


def _layer(drawing: Drawing, network: Network, number: int, columns: list[float], below: float) -> float:
    """Draw a layer above what it reads, which ends at the height `below`; where its outputs end."""
    both = network.layers[number].directions == 2
    is_top = number == len(network.layers) - 1
    forward = below - STEM
    backward = forward - ROW
    top = (backward if both else forward) - BOX / 2
    for t, x in enumerate(columns):
        if both:
            _both(drawing, x, below, forward, backward)
            drawing.box((x, top - 25), 2 * BOX + 14, 22)
            drawing.text((x, top - 20), f"joined: h_{t}" if is_top else "joined", font_size=SMALL)
        else:
            drawing.line((x, below), (x, forward + BOX / 2), arrow=1)
            drawing.line((x, top), (x, top - 20), arrow=int(is_top))
            if is_top:
                drawing.text((x, top - 27), f"h_{t}")
    order = range(len(columns))
    _states(drawing, columns, forward, -ASIDE if both else 0, order, "h_{−1}")
    if both:
        _states(drawing, columns, backward, ASIDE, order[::-1], f"h_{len(columns)}")
        drawing.text((4, forward + 30), "forward", text_anchor="start", font_size=SMALL)
        drawing.text((drawing.width - 4, backward + 30), "backward", text_anchor="end", font_size=SMALL)
    elif len(network.layers) > 1:
        drawing.text((4, forward + 30), f"layer {number}", text_anchor="start", font_size=SMALL)
    if number == 0 and not both:
        drawing.text((columns[0] + 6, below - 8), "W_x", text_anchor="start", font_size=SMALL)
        drawing.text(((columns[0] + columns[1]) / 2, forward - 8), "W_h", font_size=SMALL)
    return top - (36 if both else 20)


def _both(drawing: Drawing, x: float, below: float, forward: float, backward: float) -> None:
    """What leads into the two cells of a column, and out of them: the forward cell is the one on the left."""
    left, right, end = x - ASIDE, x + ASIDE, backward - BOX / 2 - 14
    drawing.path([(left, below - 6), (right, below - 6)])
    drawing.line((x, below), (x, below - 6))
    drawing.line((left, below - 6), (left, forward + BOX / 2), arrow=1)
    drawing.line((right, below - 6), (right, backward + BOX / 2), arrow=1)
    drawing.line((left, forward - BOX / 2), (left, end), arrow=1)
    drawing.line((right, backward - BOX / 2), (right, end), arrow=1)


def _states(
    drawing: Drawing, columns: list[float], y: float, shift: float, order: range, initial: str
) -> None:
    """Draw the cells of one direction, and the states that they pass on in this order of time steps."""
    way = 1 if order.step > 0 else -1
    centres = [columns[t] + shift for t in order]
    drawing.text((centres[0] - way * 64, y + 5), initial)
    starts = [centres[0] - way * 46, *(x + way * BOX / 2 for x in centres)]
    ends = [*(x - way * BOX / 2 for x in centres), centres[-1] + way * (BOX / 2 + 42)]
    for start, end in zip(starts, ends, strict=True):
        drawing.line((start, y), (end, y), arrow=1)
    for x in centres:
        drawing.box((x, y), BOX, BOX, fill="currentColor", fill_opacity=0.08)
        drawing.text((x, y + 5), "φ")


def _cell(inputs: int, units: int = 2) -> Cell:
    return Cell(np.zeros((units, inputs)), np.zeros((units, units)), np.zeros(units))


def unrolled() -> str:
    """One layer of one direction."""
    return network_diagram(
        "unrolled", "A recurrent layer, unrolled over three time steps", Network(Layer(_cell(1)))
    )


def deep() -> str:
    """Three layers of one direction."""
    network = Network([Layer(_cell(1)), Layer(_cell(2)), Layer(_cell(2))])
    return network_diagram("deep", "A deep recurrent network: three layers over three time steps", network)


def bidirectional() -> str:
    """One layer of two directions."""
    network = Network(Layer(_cell(1), _cell(1)))
    return network_diagram("bidirectional", "A bidirectional layer over three time steps", network)


DIAGRAMS: dict[str, Callable[[], str]] = {
    "unrolled": unrolled,
    "deep": deep,
    "bidirectional": bidirectional,
}
"""By the names of their files in spec/diagrams/."""


def stale_diagrams() -> list[Path]:
    """The files that are not, or not as drawn now."""
    return [
        path
        for name, drawn in DIAGRAMS.items()
        if not (path := spec_folder() / "diagrams" / f"{name}.svg").is_file()
        or path.read_text(encoding="utf-8") != drawn()
    ]


if __name__ == "__main__":
    for path in stale_diagrams():
        path.parent.mkdir(exist_ok=True)
        path.write_text(DIAGRAMS[path.stem](), encoding="utf-8", newline="\n")
        print(f"wrote {path}")
