"""Canonical weights and a framework's own arrays: there and back, whatever axes are declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_adapters.declarations import CANONICAL_AXES, ROLES, Conventions, NativeWeight, Role
from rnn_adapters.native import canonical_weights, native_arrays, native_shape
from rnn_reference import BadInput
from rnn_reference.network import Array, Cell

Draw = Callable[[st.SearchStrategy[Any]], Any]

PREFIXES = ("", "2*", "3*", "1*")
"""What may make an axis longer than the size that it holds."""

QUIET = settings(max_examples=150, deadline=None, database=None, derandomize=True)


@st.composite
def axes_of(draw: Draw, role: Role, directions: bool) -> tuple[str, ...]:
    """The canonical axes in any order, one of them longer; that of directions anywhere, or in a product."""
    axes, prefix = list(draw(st.permutations(CANONICAL_AXES[role]))), draw(st.sampled_from(PREFIXES))
    longer, where = draw(st.integers(0, len(axes) - 1)), draw(st.integers(0, len(axes)))
    apart = draw(st.booleans())
    if directions and not apart:
        prefix = draw(st.sampled_from([f"directions*{prefix}", f"{prefix}directions*"]))
    axes[longer] = prefix + axes[longer]
    if directions and apart:
        axes.insert(where, "directions")
    return tuple(axes)


def parts_of(axes: tuple[str, ...]) -> int:
    """How many weights can share an array of these axes."""
    return max(int(factor) for axis in axes for factor in (*axis.split("*"), "1") if factor.isdecimal())


@st.composite
def stored(draw: Draw) -> tuple[tuple[NativeWeight, ...], int]:
    """How all weights are stored, by any declaration that validates, and for how many cells in an array."""
    weights, directions = list[NativeWeight](), draw(st.integers(1, 2))
    for role in ROLES[: draw(st.integers(2, 4))]:
        name, axes = f"own {role}", draw(axes_of(role, directions == 2))
        parts = list(range(parts_of(axes)))
        before = weights[-1] if weights else None
        if role == "b_h" and before is not None and parts_of(before.axes) > 1 and draw(st.booleans()):
            name, axes, parts = before.name, before.axes, list(range(parts_of(before.axes)))
            parts.remove(before.part)
        weights.append(NativeWeight(role, name, axes, draw(st.sampled_from(parts))))
    return Conventions("any", tuple(weights)).weights, directions


def cells_of(count: int, sizes: tuple[int, int], biases: int, seed: int) -> list[Cell]:
    """Cells of numbers that are all different."""
    (I, H), rng = sizes, np.random.default_rng(seed)  # noqa: E741 (the spec's symbol)

    def array(*shape: int) -> Array:
        return rng.permutation(int(np.prod(shape))).reshape(shape) + rng.random()

    def bias(wanted: bool) -> Array | None:
        return array(H) if wanted else None

    return [Cell(array(H, I), array(H, H), bias(biases > 0), bias(biases > 1)) for _ in range(count)]


SIZES = st.tuples(st.integers(1, 4), st.integers(1, 4))
"""Input and hidden."""


@QUIET
@given(stored(), SIZES, st.integers(0, 2), st.integers(0, 99))
def test_there_and_back(
    storage: tuple[tuple[NativeWeight, ...], int], sizes: tuple[int, int], biases: int, seed: int
) -> None:
    weights, directions = storage
    cells = cells_of(directions, sizes, biases, seed)
    arrays = native_arrays(weights, cells)
    known = {"input": sizes[0], "hidden": sizes[1], "state": sizes[1], "directions": directions}
    for weight in weights:
        if weight.name in arrays:
            assert arrays[weight.name].shape == native_shape(weight, known)
    roles = {weight.role for weight in weights}
    for cell, back in zip(cells, canonical_weights(weights, arrays, directions), strict=True):
        assert np.array_equal(back["W_x"], cell.W_x)
        assert np.array_equal(back["W_h"], cell.W_h)
        assert ("b" in back) is (biases > 0 and "b" in roles)
        if "b_h" in back:
            assert np.array_equal(back["b"], cell.bias if cell.b is None else cell.b)
            assert np.array_equal(back["b_h"], np.zeros_like(cell.b) if cell.b_h is None else cell.b_h)
        elif "b" in back:
            assert np.array_equal(back["b"], cell.bias)


@QUIET
@given(stored(), SIZES)
def test_gradients_come_back_as_the_weights_they_are_of(
    storage: tuple[tuple[NativeWeight, ...], int], sizes: tuple[int, int]
) -> None:
    """Whatever stands in the framework's arrays: each place of a canonical weight is one of its own."""
    (weights, directions), arrays = storage, dict[str, Array]()
    known = {"input": sizes[0], "hidden": sizes[1], "state": sizes[1], "directions": directions}
    for number, weight in enumerate(weights):
        shape = native_shape(weight, known)
        arrays.setdefault(weight.name, 1000.0 * number + np.arange(np.prod(shape)).reshape(shape))
    shapes = {"W_x": sizes[::-1], "W_h": (sizes[1],) * 2, "b": sizes[1:], "b_h": sizes[1:]}
    for found in canonical_weights(weights, arrays, directions):
        places = np.concatenate([array.ravel() for array in found.values()])
        assert len(set(places.tolist())) == places.size  # no place of an array stands in two weights
        for role, array in found.items():
            assert array.shape == shapes[role]
            array[...] = 0  # a copy
    assert sum(array.any() for array in arrays.values()) >= len(arrays) - 1  # all but one of a single 0


@pytest.mark.parametrize("role", ["W_x", "W_h"])
def test_the_orientation_is_told_by_the_names_of_the_axes(role: Role) -> None:
    """A square matrix does not tell it by its shape."""
    (cell,) = cells_of(1, (3, 3), 1, 0)
    canonical = CANONICAL_AXES[role]
    other: Role = "W_h" if role == "W_x" else "W_x"
    beside = NativeWeight(other, "other", CANONICAL_AXES[other])
    for axes, held in ((canonical, getattr(cell, role)), (canonical[::-1], getattr(cell, role).T)):
        weights = (NativeWeight(role, "kernel", axes), beside)
        assert np.array_equal(native_arrays(weights, [cell])["kernel"], held)
        assert np.array_equal(canonical_weights(weights, {"kernel": held, "other": held})[0][role], held) is (
            axes == canonical
        )


def test_what_shares_an_array_stands_in_its_part() -> None:
    """As some libraries store both biases, and both directions, in one array."""
    cells = cells_of(2, (2, 3), 2, 0)
    axes = ("directions", "2*hidden")
    weights = (
        NativeWeight("W_x", "W", ("directions", "hidden", "input")),
        NativeWeight("W_h", "R", ("directions", "hidden", "state")),
        NativeWeight("b", "B", axes, 0),
        NativeWeight("b_h", "B", axes, 1),
    )
    arrays = native_arrays(weights, cells)
    assert {name: array.shape for name, array in arrays.items()} == {
        "W": (2, 3, 2),
        "R": (2, 3, 3),
        "B": (2, 6),
    }
    for held, cell in zip(arrays["B"], cells, strict=True):
        assert cell.b is not None
        assert cell.b_h is not None
        assert np.array_equal(held, np.concatenate([cell.b, cell.b_h]))
    assert native_arrays(weights, [Cell(c.W_x, c.W_h) for c in cells]).keys() == {"W", "R"}


USUAL = (
    NativeWeight("W_x", "kernel", ("input", "hidden")),
    NativeWeight("W_h", "recurrent", ("hidden", "state")),
    NativeWeight("b", "bias", ("2*hidden",)),
)
GOOD: Mapping[str, Array] = {"kernel": np.ones((2, 3)), "recurrent": np.ones((3, 3)), "bias": np.ones(6)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel": None}, "arrays: expected kernel, which holds W_x; got recurrent, bias"),
        (
            {"kernel": np.ones(3)},
            r"array kernel: expected axes \(input, hidden\) for W_x; got \(3,\)$",
        ),
        (
            {"recurrent": np.ones((3, 4))},
            r"array recurrent: expected axes .* got \(3, 4\), where hidden is 4 and elsewhere 3",
        ),
        ({"bias": np.ones(5)}, r"array bias: .* got \(5,\), of which 5 is no multiple of 2"),
        ({"bias": np.ones(8)}, r"array bias: .* got \(8,\), where hidden is 4 and elsewhere 3"),
        ({"bias": np.ones((1, 6))}, r"array bias: expected axes \(2\*hidden\) for b; got \(1, 6\)"),
    ],
)
def test_arrays_that_are_none_are_explained(changes: dict[str, Array | None], message: str) -> None:
    canonical_weights(USUAL, GOOD)
    arrays = {name: array for name, array in {**GOOD, **changes}.items() if array is not None}
    with pytest.raises(BadInput, match=message):
        canonical_weights(USUAL, arrays)


def test_directions_are_counted() -> None:
    weights = tuple(NativeWeight(w.role, w.name, ("directions", *w.axes), w.part) for w in USUAL)
    arrays = native_arrays(weights, cells_of(2, (2, 3), 1, 0))
    assert len(canonical_weights(weights, arrays, 2)) == 2
    with pytest.raises(BadInput, match=r"array kernel: .* of which 2 is no multiple of 1"):
        canonical_weights(weights, arrays, 1)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "cells: expected one, or several of the same sizes and type; got none"),
        (
            cells_of(1, (2, 3), 1, 0) + cells_of(1, (2, 4), 1, 0),
            "input 2, hidden 3, float64; input 2, hidden 4",
        ),
    ],
)
def test_cells_that_fit_no_array_are_explained(cells: list[Cell], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        native_arrays(USUAL, cells)


@pytest.mark.parametrize(
    ("axes", "part", "message"),
    [
        (("hidden*2", "input"), 0, "NativeWeight.axes of W: expected directions once at most"),
        (("2*2*hidden", "input"), 0, "one number above 0 in a product"),
        (("0*hidden", "input"), 0, "one number above 0 in a product"),
        (("directions", "directions*hidden", "input"), 0, "expected directions once at most"),
        (
            ("2*hidden", "2*input"),
            0,
            "NativeWeight.part of W: expected a number below the count of parts of one axis",
        ),
        (("2*hidden", "input"), 2, "got 2"),
        (("hidden", "hidden"), 0, "expected hidden and input for W_x; got hidden, hidden"),
        (("hidden", "units"), 0, "expected products of hidden, input, state, directions"),
        ("hidden", 0, "expected a tuple; got str 'hidden'"),
    ],
)
def test_axes_that_say_nothing_are_refused(axes: Any, part: int, message: str) -> None:
    with pytest.raises(BadInput, match=message.replace("(", r"\(")):
        NativeWeight("W_x", "W", axes, part)


def test_one_array_holds_each_part_once() -> None:
    W_x, W_h, b = USUAL
    for second in (NativeWeight("b_h", "bias", ("2*hidden",)), NativeWeight("b_h", "bias", ("3*hidden",), 1)):
        with pytest.raises(BadInput, match="expected the same axes and another part for each role in bias"):
            Conventions("any", (W_x, W_h, b, second))
