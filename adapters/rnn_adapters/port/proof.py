"""Both sides of a port, run on the same fresh inputs, beside what the reference gives and its bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_reference.bounds import Bounded, bound_network
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Network
from rnn_reference.precision import precision_of

BATCH = 8
TIMES = (16, 8, 4, 2)
"""Lengths of sequences, of which the longest is taken at which the bounds say something."""
INFORMATIVE = 1e-2
"""A bound says something while it is within this share of the largest expected value…"""
INFORMATIVE_UNITS = 64
"""…or within as many units of u, in types that are so narrow that this is more."""
ENOUGH = 0.5
"""The share of elements whose bounds must say something, or nothing is proved."""
Run = Callable[[Array], Array]
"""Of an input (batch, time, input) to the sequence output (batch, time, directions·hidden)."""
Runner = tuple[str, Run]
"""What computes, with its version, and the call."""


@dataclass(frozen=True)
class Side:
    """One side of a port.

    Args:
        where: the file.
        by: what computed, with its version; of a framework that is not installed the reference. Of one that
            raised something, what that was.
        ratio: the worst error ÷ bound.
    """

    where: str
    by: str
    ratio: float


@dataclass(frozen=True)
class Proof:
    """What came of it.

    Args:
        sides: the source and the target.
        shape: of the input (batch, time, input).
        seed: that it was drawn from.
        elements: of the sequence output that were compared.
        informative: the share of them whose bound says something.
        apart: the largest difference between the two sides.
    """

    sides: tuple[Side, ...]
    shape: tuple[int, ...]
    seed: int
    elements: int
    informative: float
    apart: float

    @property
    def holds(self) -> bool:
        """Whether every number of both sides is within its bound, and the bounds say something."""
        return all(side.ratio <= 1 for side in self.sides) and self.informative >= ENOUGH

    def __str__(self) -> str:
        batch, time, _ = self.shape
        said = (
            f"{batch} fresh sequences of {time} time steps (seed {self.seed}), {self.elements} numbers;"
            f" {self.informative:.0%} of the bounds say something"
        )
        width = max(len(side.where) for side in self.sides)
        by = max(len(side.by) for side in self.sides)
        lines = [
            f"  {side.where:{width}}  {side.by:{by}}  worst error ÷ bound {side.ratio:.3g}"
            for side in self.sides
        ]
        lines.append(f"  largest difference between them: {self.apart:.3g}")
        verdict = "proved" if self.holds else self._why_not()
        return "\n".join([f"{verdict}: {said}", *lines])

    def _why_not(self) -> str:
        if any(not side.ratio <= 1 for side in self.sides):
            return "NOT PROVED, out of bound"
        return "NOT PROVED, the bounds of such a network say too little"


def prove(network: Network, sides: Sequence[tuple[str, Callable[[], Runner]]], seed: int) -> Proof:
    """Run both sides.

    Args:
        network: what was read of the source, by which values are expected and bounded: to sum two biases,
            or to round parameters of activations, is within its bound.
        sides: for each where its file is, and what loads it.
        seed: of the input.
    """
    x, expected, informative = _informative_input(network, seed)
    found, outputs = list[Side](), list[Array]()
    for where, load in sides:
        by, output = _run(load, x)
        found.append(Side(where, by, _ratio(output, expected, network.dtype)))
        outputs.append(output.astype(np.float64))
    alike = all(each.shape == expected.value.shape for each in outputs)
    apart = (
        max((np.abs(each - outputs[0]).max(initial=0) for each in outputs), default=0) if alike else np.inf
    )
    return Proof(tuple(found), x.shape, seed, expected.value.size, informative, float(apart))


def _run(load: Callable[[], Runner], x: Array) -> tuple[str, Array]:
    """What computed, and what came of it; nothing where a framework raised something."""
    by = "its framework"
    try:
        by, run = load()
        return by, run(x)
    except BadInput:
        raise
    except Exception as error:  # of any kind: it is the framework's
        said = " ".join(str(error).split())
        return f"{by} raised {type(error).__name__}: {said[:200]}", np.zeros(0)


def _informative_input(network: Network, seed: int) -> tuple[Array, Bounded, float]:
    """The longest input at which half of the bounds say something, or else the shortest."""
    numbers = np.random.default_rng(seed).standard_normal((BATCH, TIMES[0], network.input_size))
    for time in TIMES:
        x = numbers[:, :time].astype(network.dtype)
        expected = bound_network(network, x).sequence
        share = _informative(expected, network.dtype)
        if share >= ENOUGH:
            break
    return x, expected, share


def _informative(expected: Bounded, dtype: np.dtype[np.generic]) -> float:
    scale = np.abs(expected.value).max(initial=0)
    share = max(INFORMATIVE, INFORMATIVE_UNITS * precision_of(np.dtype(dtype)).unit_roundoff)
    return float(np.mean(expected.bound <= share * scale)) if expected.value.size else 0.0


def _ratio(output: Array, expected: Bounded, dtype: np.dtype[np.generic]) -> float:
    """The worst error ÷ bound; infinity for another shape or type, and for what is no number."""
    if output.shape != expected.value.shape or output.dtype != dtype:
        return float("inf")
    error = np.abs(output.astype(expected.value.dtype) - expected.value)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(error == 0, 0, error / expected.bound)
    return float(np.nan_to_num(ratio, nan=np.inf).max(initial=0))
