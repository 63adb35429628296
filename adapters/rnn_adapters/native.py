"""Canonical weights ↔ the framework's own arrays, derived from the axes that it declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_adapters.declarations import CANONICAL_AXES, NativeWeight, Role, size_of
from rnn_reference.network import Array, Cell

Weights = tuple[NativeWeight, ...]


def native_arrays(weights: Weights, cells: Sequence[Cell]) -> dict[str, Array]:
    """The framework's arrays for these cells, by its own names.

    A cell without bias has no bias arrays. One bias where two are stored is the first, and the second is
    zero; two where one is stored are their sum (PAR-4).

    Args:
        weights: what each array holds (`Conventions.weights`).
        cells: one cell, or those of a layer where an array holds all its directions.
    """
    sizes = {"hidden": cells[0].hidden_size, "state": cells[0].hidden_size, "input": cells[0].input_size}
    sizes["directions"] = len(cells)
    arrays: dict[str, Array] = {}
    for weight in weights:
        held = [_canonical(weight.role, cell, weights) for cell in cells]
        for direction, canonical in enumerate(held):
            if canonical is not None:
                if weight.name not in arrays:
                    arrays[weight.name] = np.zeros(native_shape(weight, sizes), canonical.dtype)
                _view(weight, arrays[weight.name], direction, len(cells))[...] = canonical
    return arrays


def canonical_weights(
    weights: Weights, arrays: Mapping[str, Array], directions: int = 1
) -> list[dict[Role, Array]]:
    """For each direction the canonical weights that stand in the framework's arrays, by role.

    Gradients and rates of change have the shapes of their weights, so it serves for them, too.
    """
    return [
        {
            weight.role: _view(weight, arrays[weight.name], direction, directions).copy()
            for weight in weights
            if weight.name in arrays
        }
        for direction in range(directions)
    ]


def native_shape(weight: NativeWeight, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The declared shape of an array, for sizes of "input", "hidden", "state" and "directions"."""
    return tuple(
        int(np.prod([sizes[factor] if factor in sizes else int(factor) for factor in axis.split("*")]))
        for axis in weight.axes
    )


def _canonical(role: Role, cell: Cell, weights: Weights) -> Array | None:
    """The weight of a role; of the biases what the framework's vectors are to hold."""
    if role in ("W_x", "W_h"):
        array: Array = getattr(cell, role)
        return array
    if not cell.biases:
        return None
    if not any(weight.role == "b_h" for weight in weights):
        return cell.bias
    if role == "b":
        return cell.b
    return np.zeros_like(cell.bias) if cell.b_h is None else cell.b_h


def _view(weight: NativeWeight, array: Array, direction: int, directions: int) -> Array:
    """The part of a native array that holds a weight of one direction, in its canonical axes."""
    index: list[int | slice] = []
    names = []
    for axis, length in zip(weight.axes, array.shape, strict=True):
        blocks, block = 1, 0
        for factor in axis.split("*"):
            if factor == "directions":
                blocks, block = blocks * directions, block * directions + direction
            elif factor.isdecimal():
                blocks, block = blocks * int(factor), block * int(factor) + weight.part
        if axis == "directions":
            index.append(block)
            continue
        names.append(size_of(axis))
        size = length // blocks
        index.append(slice(block * size, (block + 1) * size))
    view: Array = array[tuple(index)]
    return view if tuple(names) == CANONICAL_AXES[weight.role] else view.T
