"""How small a fault the residual check still sees: `rnn-conformance measure power`.

A correct implementation is run on weights of which one number is changed a little, or one of its outputs is.
The share of cases in which that is noticed is the check's power; beside it that of `numpy.allclose` against
the reference, and how often each cries out when nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from rnn_conformance.engine.case import Case
from rnn_conformance.engine.numbers import GAINS, Regime
from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference.bounds import replay_layer
from rnn_reference.forward import run_network
from rnn_reference.network import Array, Cell, Layer, Network

SIZES = {"small": (8, 12), "medium": (32, 32), "large": (64, 128)}
"""Units and steps."""

DTYPES = ("float32", "float64", "float16", "bfloat16")

CHANGES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)

TOLERANCES = {"allclose 1e-5": (1e-5, 1e-6), "allclose 1e-3": (1e-3, 1e-4)}
"""rtol and atol."""

Fault = Callable[[Case, float, np.random.Generator], Array]


def drawn(units: int, steps: int, dtype: str, regime: Regime, rng: np.random.Generator) -> Case:
    """One layer of one direction, two rows, half as many features as units."""
    gain_x, gain_h, scale = GAINS[regime]
    features = max(units // 2, 1)

    def array(shape: tuple[int, ...], factor: float) -> Array:
        return (rng.standard_normal(shape) * factor).astype(dtype)

    cell = Cell(
        array((units, features), gain_x * features**-0.5),
        array((units, units), gain_h * units**-0.5),
        array((units,), scale),
    )
    return Case.of(Network(Layer(cell)), array((2, steps, features), scale), (array((1, 2, units), scale),))


def computed(case: Case) -> Array:
    """The sequence output of a correct implementation."""
    plain = PlainNumpy()
    sequence = plain.run(plain.load(case.network), case.call).sequence
    assert sequence is not None
    return sequence


def with_changed(role: str) -> Fault:
    """The largest number of a weight array, changed by a share of itself."""

    def fault(case: Case, change: float, rng: np.random.Generator) -> Array:
        (cell,) = case.network.cells
        array = getattr(cell, role).copy()
        place = np.unravel_index(np.argmax(np.abs(array)), array.shape)
        array[place] *= 1 + change
        weights: dict[str, Any] = {role: array}
        return computed(case.replace(network=Network(Layer(replace(cell, **weights)))))

    return fault


def one_step(case: Case, change: float, rng: np.random.Generator) -> Array:
    """All outputs of one step, changed by a share of themselves; later steps go on from the right state."""
    sequence = computed(case).copy()
    sequence[:, rng.integers(sequence.shape[1])] *= 1 + change
    return sequence


def one_unit(case: Case, change: float, rng: np.random.Generator) -> Array:
    """One unit's outputs, changed by a share of themselves."""
    sequence = computed(case).copy()
    sequence[..., rng.integers(sequence.shape[2])] *= 1 + change
    return sequence


def nothing(case: Case, change: float, rng: np.random.Generator) -> Array:
    """No fault."""
    return computed(case)


FAULTS: dict[str, Fault] = {
    "one recurrent weight": with_changed("W_h"),
    "one input weight": with_changed("W_x"),
    "one bias": with_changed("b"),
    "one step": one_step,
    "one unit": one_unit,
}


def noticed(case: Case, sequence: Array) -> dict[str, bool]:
    """By the residual check, and by `allclose` against the reference."""
    (layer,) = case.network.layers
    assert case.initial_states is not None
    expected = replay_layer(layer, case.x, case.initial_states[0], sequence, case.network.dtype)
    reference = run_network(case.network, case.x, case.initial_states).sequence
    found = {"residual check": bool((np.abs(sequence - expected.value) > expected.bound).any())}
    return found | {
        name: not np.allclose(sequence, reference, rtol=rtol, atol=atol)
        for name, (rtol, atol) in TOLERANCES.items()
    }


def shares(
    fault: Fault, change: float, size: str, dtype: str, regime: Regime, cases: int
) -> dict[str, float]:
    """For each way to compare, the detection rate: the share of cases in which the fault is noticed."""
    rng = np.random.default_rng(0)
    counts: dict[str, int] = {}
    for _ in range(cases):
        case = drawn(*SIZES[size], dtype, regime, rng)
        for way, caught in noticed(case, fault(case, change, rng)).items():
            counts[way] = counts.get(way, 0) + caught
    return {way: count / cases for way, count in counts.items()}


def power_table(
    dtype: str, cases: int, sizes: tuple[str, ...]
) -> Iterator[tuple[str, str, dict[str, list[float]]]]:
    """Size, fault, and for each way to compare the detection rate at each change."""
    for size in sizes:
        for name, fault in FAULTS.items():
            found: dict[str, list[float]] = {}
            for change in CHANGES:
                for way, share in shares(fault, change, size, dtype, "moderate", cases).items():
                    found.setdefault(way, []).append(share)
            yield size, name, found


@click.command()
@click.option("--cases", default=100, show_default=True, help="Cases for every number in the table.")
@click.option("--dtype", default="float32", show_default=True, type=click.Choice(DTYPES))
@click.option("--size", "sizes", multiple=True, type=click.Choice(tuple(SIZES)), help="Default: all.")
def main(cases: int, dtype: str, sizes: tuple[str, ...]) -> None:
    """Print the detection rate of small faults by the residual check, beside allclose."""
    console, sizes = Console(width=120), sizes or tuple(SIZES)
    table = Table(title=f"Detection rate of faults, {dtype}, {cases} cases each", title_justify="left")
    for heading in ("units, steps", "changed", "compared by", *(f"{change:.0e}" for change in CHANGES)):
        table.add_column(heading)
    rows = track(
        power_table(dtype, cases, sizes),
        total=len(sizes) * len(FAULTS),
        transient=True,
        console=Console(stderr=True),
    )
    for size, name, found in rows:
        for way, percent in found.items():
            label = "{}, {}".format(*SIZES[size])
            table.add_row(label, name, way, *(f"{100 * share:.0f} %" for share in percent))
    console.print(table)
    table = Table(title="False alarms: share of correct results refused", title_justify="left")
    for heading in ("units, steps", "weights", "residual check", *TOLERANCES):
        table.add_column(heading)
    regimes: tuple[Regime, ...] = ("contractive", "moderate", "chaotic")
    for size in sizes:
        for regime in regimes:
            alarms = shares(nothing, 0.0, size, dtype, regime, cases)
            label = "{}, {}".format(*SIZES[size])
            table.add_row(label, regime, *(f"{100 * share:.0f} %" for share in alarms.values()))
    console.print(table)


if __name__ == "__main__":
    main()
