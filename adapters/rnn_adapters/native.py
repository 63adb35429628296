"""Canonical weights ↔ the framework's own arrays, derived from the axes that it declares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from rnn_adapters.declarations import CANONICAL_AXES, NativeWeight, Role, size_of
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Cell

Weights = tuple[NativeWeight, ...]


def native_arrays(weights: Weights, cells: Sequence[Cell]) -> dict[str, Array]:
    """The framework's arrays for these cells, by its own names.

    A cell without bias has no bias arrays. One bias where two are stored is the first, and the second is
    zero; two where one is stored are their sum (PAR-4).

    Args:
        weights: what each array holds (`Conventions.weights`).
        cells: one cell, or those of a layer where an array holds all its directions.

    Raises:
        BadInput: there is no cell, or cells of one array differ in size or type.
    """
    _alike(cells)
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

    Args:
        weights: what each array holds (`Conventions.weights`).
        arrays: by the framework's own names; those of biases may be missing.
        directions: how many cells an array with an axis of directions holds.

    Raises:
        BadInput: an array is missing, or its shape is none that is declared.
    """
    _checked_shapes(weights, arrays, directions)
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


def _alike(cells: Sequence[Cell]) -> None:
    kinds = {f"input {cell.input_size}, hidden {cell.hidden_size}, {cell.dtype}" for cell in cells}
    if len(kinds) != 1:
        raise BadInput(
            "cells: expected one, or several of the same sizes and type;"
            f" got {'; '.join(sorted(kinds)) or 'none'}"
        )


def _checked_shapes(weights: Weights, arrays: Mapping[str, Array], directions: int) -> None:
    """Refuse arrays that have not the declared axes, or in which one size is two numbers."""
    sizes: dict[str, int] = {}
    for weight in weights:
        if weight.name not in arrays:
            if weight.role in ("W_x", "W_h"):
                known = ", ".join(arrays) or "none"
                raise BadInput(f"arrays: expected {weight.name}, which holds {weight.role}; got {known}")
            continue
        shape = np.shape(arrays[weight.name])
        said = f"array {weight.name}: expected axes ({', '.join(weight.axes)}) for {weight.role}; got {shape}"
        if len(shape) != len(weight.axes):
            raise BadInput(said)
        for axis, length in zip(weight.axes, shape, strict=True):
            blocks = math.prod(_blocks(axis, directions))
            if length % blocks or (axis == "directions" and length != directions):
                raise BadInput(f"{said}, of which {length} is no multiple of {blocks}")
            name = "hidden" if size_of(axis) == "state" else size_of(axis)
            if name and sizes.setdefault(name, length // blocks) != length // blocks:
                raise BadInput(f"{said}, where {name} is {length // blocks} and elsewhere {sizes[name]}")


def _blocks(axis: str, directions: int) -> list[int]:
    """How many parts each factor of an axis makes of it, outermost first; 1 for a size."""
    counts = {"directions": directions}
    return [int(f) if f.isdecimal() else counts.get(f, 1) for f in axis.split("*")]


def _canonical(role: Role, cell: Cell, weights: Weights) -> Array | None:
    """The weight of a role; of the biases what the framework's vectors are to hold."""
    if role in ("W_x", "W_h"):
        array: Array = getattr(cell, role)
        return array
    if not cell.biases:
        return None
    if not any(weight.role == "b_h" for weight in weights):
        return cell.bias if cell.b_h is not None else cell.b  # 0 + b would lose the sign of −0
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
