"""For how long the forward bounds say something: `rnn-conformance measure tightness`."""

from __future__ import annotations

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from rnn_conformance.engine.compare import INFORMATIVE
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.measure.power import computed, drawn
from rnn_reference.bounds import Bounded, bound_cell
from rnn_reference.jacobian_bounds import sharp_bound_cell
from rnn_reference.network import Array

SIZES = ((4, 8), (8, 16), (8, 64), (16, 32), (16, 128), (32, 64))
"""Units and steps."""

REGIMES: tuple[Regime, ...] = ("contractive", "moderate", "chaotic")


def informative_shares(
    units: int, steps: int, regime: Regime, cases: int, dtype: str = "float32"
) -> tuple[float, float]:
    """The share of cases whose final state has an informative bound in every unit: simple, and sharp."""
    rng, counts = np.random.default_rng(0), [0, 0]
    for _ in range(cases):
        case = drawn(units, steps, dtype, regime, rng)
        assert case.initial_states is not None
        x = Bounded(case.x.astype(float), np.zeros(case.x.shape))
        for index, bound in enumerate((bound_cell, sharp_bound_cell)):
            _, final = bound(case.network.cells[0], x, case.initial_states[0][0], case.network.dtype)
            counts[index] += bool((final.bound <= INFORMATIVE * np.abs(final.value).max()).all())
    return counts[0] / cases, counts[1] / cases


def over_time(units: int, steps: int, regime: Regime, dtype: str = "float32") -> dict[str, Array]:
    """Of one case the largest number of any unit at each step, each of shape (steps,).

    Returns:
        "simple" and "sharp", the bounds, and "error", how far a correct computation in `dtype` is from the
        exact states.
    """
    case = drawn(units, steps, dtype, regime, np.random.default_rng(0))
    assert case.initial_states is not None
    x, h = Bounded(case.x.astype(float), np.zeros(case.x.shape)), case.initial_states[0][0]
    found: dict[str, Array] = {}
    for name, bound in (("simple", bound_cell), ("sharp", sharp_bound_cell)):
        sequence, _ = bound(case.network.cells[0], x, h, case.network.dtype)
        found[name] = sequence.bound.max(axis=(0, 2))
        found["error"] = np.abs(computed(case) - sequence.value).max(axis=(0, 2))
    return found


@click.command()
@click.option("--cases", default=50, show_default=True, help="Cases for every number in the table.")
def main(cases: int) -> None:
    """Print the share of float32 cases on which the forward bound of the final state says something."""
    table = Table(
        "units, steps", *(f"{regime}: {kind}" for regime in REGIMES for kind in ("simple", "sharp"))
    )
    for units, steps in SIZES:
        shares = [share for regime in REGIMES for share in informative_shares(units, steps, regime, cases)]
        table.add_row(f"{units}, {steps}", *(f"{100 * share:.0f} %" for share in shares))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
