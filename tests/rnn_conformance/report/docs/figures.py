"""The plots of the page of numerics, computed when the site is built, by functions of `measure`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnn_conformance.measure.power import CHANGES, FAULTS, computed, drawn, noticed, shares
from rnn_conformance.measure.tightness import over_time
from rnn_conformance.report.plots import Axis, Line, plot
from rnn_reference.bounds import replay_layer

SHARE = Axis("share of cases", (0, 0.25, 0.5, 0.75, 1))


def growth() -> str:
    """The forward bounds of a case, and the error of a computation in float32, over time."""
    found = over_time(16, 64, "moderate")
    lines = [
        Line(title, tuple((float(t), float(number)) for t, number in enumerate(found[name])))
        for name, title in (
            ("simple", "forward bound (NUM-4)"),
            ("sharp", "sharper forward bound (NUM-6)"),
            ("error", "error of NumPy in float32"),
        )
    ]
    up = Axis("largest of any unit", (1e-8, 1e-6, 1e-4, 1e-2, 1, 100), logarithmic=True)
    return plot("growth", "Forward bounds over time", Axis("time step", (0, 16, 32, 48, 64)), up, lines)


def ratios(cases: int = 40) -> str:
    """How error ÷ bound of the residual check is distributed over correct results."""
    lines = []
    for units, steps in ((4, 12), (16, 12), (64, 12)):
        rng, found = np.random.default_rng(0), []
        for _ in range(cases):
            case = drawn(units, steps, "float32", "moderate", rng)
            assert case.initial_states is not None
            states = computed(case)
            expected = replay_layer(
                case.network.layers[0], case.x, case.initial_states[0], states, case.network.dtype
            )
            found.append((np.abs(states - expected.value) / expected.bound).ravel())
        numbers = np.concatenate(found)
        lines.append(
            Line(
                f"{units} units",
                tuple((float(at), float((numbers <= at).mean())) for at in np.geomspace(1e-3, 1, 41)),
            )
        )
    across = Axis("error ÷ bound", (1e-3, 1e-2, 0.1, 1), logarithmic=True)
    up = Axis("share of values up to it", (0, 0.25, 0.5, 0.75, 1))
    return plot("ratios", "Error ÷ bound of correct results", across, up, lines)


def power(cases: int = 50) -> str:
    """In how many cases a change of one recurrent weight is noticed."""
    found: dict[str, list[tuple[float, float]]] = {}
    for change in CHANGES[::-1]:
        rates = shares(FAULTS["one recurrent weight"], change, "small", "float32", "moderate", cases)
        for way, share in rates.items():
            found.setdefault(way, []).append((change, share))
    lines = [Line(way, tuple(points)) for way, points in found.items()]
    across = Axis("change of one recurrent weight", CHANGES[::-1], logarithmic=True)
    return plot("power", "Detection rate of a small fault", across, SHARE, lines)


def refused(cases: int = 40) -> str:
    """In how many cases a correct result is refused, where weights are chaotic."""
    found: dict[str, list[tuple[float, float]]] = {}
    for steps in (2, 4, 8, 16, 32, 64):
        rng, counts = np.random.default_rng(0), dict[str, int]()
        for _ in range(cases):
            case = drawn(16, steps, "float32", "chaotic", rng)
            for way, caught in noticed(case, computed(case)).items():
                counts[way] = counts.get(way, 0) + caught
        for way, count in counts.items():
            found.setdefault(way, []).append((steps, count / cases))
    lines = [Line(way, tuple(points)) for way, points in found.items()]
    across = Axis("time steps", (2, 4, 8, 16, 32, 64), logarithmic=True)
    return plot("refused", "False alarms on chaotic weights", across, SHARE, lines)


FIGURES: dict[str, Callable[[], str]] = {
    "growth": growth,
    "ratios": ratios,
    "power": power,
    "refused": refused,
}
"""By name, as pages/numerics.md shows them."""
