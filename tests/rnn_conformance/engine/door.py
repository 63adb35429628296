"""What an adapter returns, checked as it comes in and copied: what is wrong with it is a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from rnn_adapters.adapter import Output
from rnn_adapters.declarations import ROLES, Conventions
from rnn_adapters.surface import Shapes, Trained
from rnn_conformance.engine.compare import NonConforming
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Network, States


def output_from(method: str, returned: Any, conventions: Conventions) -> Output:
    """An `Output` with arrays of its own.

    Raises:
        NonConforming: it is none, or one of its fields is of another type.
    """
    if not isinstance(returned, Output):
        _wrong(method, "an rnn_adapters.Output", returned)
    sequence = _array_or_none(f"{method}: sequence", returned.sequence)
    last = _array_or_none(f"{method}: last", returned.last)
    states = returned.final_states
    if states is not None:
        if not isinstance(states, tuple):
            _wrong(f"{method}: final states", "a tuple of arrays, one for each layer", states)
        states = tuple(
            _array(f"{method}: final states of layer {i}", state) for i, state in enumerate(states)
        )
    if not isinstance(returned.native_shapes, Mapping):
        _wrong(f"{method}: native_shapes", "a mapping", returned.native_shapes)
    for name, shape in returned.native_shapes.items():
        if name not in conventions.axes:
            known = ", ".join(conventions.axes) or "nothing"
            raise NonConforming(
                f"{method}: native_shapes: expected those of {known}, whose axes are declared; got {name!r}",
                kind="wrong return",
            )
        _shape(f"{method}: native_shapes[{name!r}]", shape)
    return replace(returned, sequence=sequence, last=last, final_states=states)


def gradients_from(method: str, returned: Any) -> Gradients:
    """`Gradients` with arrays of their own.

    Raises:
        NonConforming: they are none, or one of their fields is of another type.
    """
    if not isinstance(returned, Gradients):
        _wrong(method, "Gradients", returned)
    for name in ("initial_states", "cells"):
        if not isinstance(getattr(returned, name), tuple):
            _wrong(f"{method}: {name}", "a tuple", getattr(returned, name))
    cells = []
    for index, cell in enumerate(returned.cells):
        if not isinstance(cell, CellGradients):
            _wrong(f"{method}: cells[{index}]", "CellGradients", cell)
        of_roles = {role: getattr(cell, role) for role in ROLES}
        for role, array in of_roles.items():
            if role in ("W_x", "W_h") or array is not None:
                of_roles[role] = _array(f"{method}: {role} of cell {index}", array)
        cells.append(CellGradients(**of_roles))
    states = tuple(
        _array(f"{method}: initial state of layer {i}", state)
        for i, state in enumerate(returned.initial_states)
    )
    return Gradients(_array(f"{method}: x", returned.x), states, tuple(cells))


def network_from(method: str, returned: Any) -> Network:
    """A `Network` with arrays of its own.

    Raises:
        NonConforming: it is none.
    """
    if not isinstance(returned, Network):
        _wrong(method, "an rnn_reference.Network", returned)
    return returned.mapped(np.array)


def count_from(method: str, returned: Any) -> int:
    """A whole number.

    Raises:
        NonConforming: it is none.
    """
    if isinstance(returned, bool | np.bool_) or not isinstance(returned, int | np.integer):
        _wrong(method, "a whole number", returned)
    return int(returned)


def shapes_from(method: str, returned: Any) -> list[dict[str, tuple[int, ...]]]:
    """For each cell the shapes of its arrays by role.

    Raises:
        NonConforming: something else.
    """
    if not isinstance(returned, list):
        _wrong(method, "a list with a dict for each cell", returned)
    for index, cell in enumerate(returned):
        if not isinstance(cell, dict) or not set(cell) <= set(ROLES):
            _wrong(f"{method}: cell {index}", f"a dict with keys of {', '.join(ROLES)}", cell)
        for role, shape in cell.items():
            _shape(f"{method}: {role} of cell {index}", shape)
    return returned


def by_way(method: str, returned: Any) -> dict[str, Any]:
    """What there is for each way, of which there is at least one.

    Raises:
        NonConforming: something else.
    """
    if not isinstance(returned, Mapping) or not all(isinstance(way, str) for way in returned):
        _wrong(method, "a mapping from ways by name", returned)
    if not returned:
        raise NonConforming(f"{method}: expected at least one way; got none", kind="wrong return")
    return dict(returned)


def inferred_from(method: str, returned: Any) -> dict[str, Shapes]:
    """Shapes for each way.

    Raises:
        NonConforming: something else.
    """
    found = by_way(method, returned)
    for way, shapes in found.items():
        if not isinstance(shapes, Shapes):
            _wrong(f"{method}: {way}", "rnn_adapters.surface.Shapes", shapes)
        for name in ("sequence", "last"):
            if getattr(shapes, name) is not None:
                _inferred(f"{method}: {way}: {name}", getattr(shapes, name))
        if shapes.final_states is not None:
            if not isinstance(shapes.final_states, tuple):
                _wrong(f"{method}: {way}: final_states", "a tuple of shapes", shapes.final_states)
            for shape in shapes.final_states:
                _inferred(f"{method}: {way}: final_states", shape)
    return found


def masks_from(method: str, returned: Any) -> dict[str, Array | None]:
    """An array or None for each way.

    Raises:
        NonConforming: something else.
    """
    found = by_way(method, returned)
    return {way: _array_or_none(f"{method}: {way}", mask) for way, mask in found.items()}


def options_from(method: str, returned: Any) -> dict[str, tuple[str, str]]:
    """Two texts for each option.

    Raises:
        NonConforming: something else.
    """
    found = by_way(method, returned)
    for option, both in found.items():
        if not isinstance(both, tuple) or len(both) != 2 or not all(isinstance(each, str) for each in both):
            _wrong(f"{method}: {option}", "two texts", both)
    return found


def texts_from(method: str, returned: Any) -> dict[str, str]:
    """A text for each way.

    Raises:
        NonConforming: something else.
    """
    found = by_way(method, returned)
    for way, text in found.items():
        if not isinstance(text, str):
            _wrong(f"{method}: {way}", "a text", text)
    return found


def counts_from(method: str, returned: Any) -> dict[str, int]:
    """A whole number for each way.

    Raises:
        NonConforming: something else.
    """
    return {way: count_from(f"{method}: {way}", count) for way, count in by_way(method, returned).items()}


def states_from(method: str, returned: Any) -> States:
    """States of every layer.

    Raises:
        NonConforming: something else.
    """
    if not isinstance(returned, tuple):
        _wrong(method, "a tuple of arrays, one for each layer", returned)
    return tuple(_array(f"{method}: layer {index}", state) for index, state in enumerate(returned))


def trained_from(method: str, returned: Any) -> Trained:
    """Networks with arrays of their own, and losses.

    Raises:
        NonConforming: something else.
    """
    if not isinstance(returned, Trained):
        _wrong(method, "rnn_adapters.surface.Trained", returned)
    for name in ("networks", "losses"):
        if not isinstance(getattr(returned, name), tuple):
            _wrong(f"{method}: {name}", "a tuple", getattr(returned, name))
    if not all(isinstance(loss, float) for loss in returned.losses):
        _wrong(f"{method}: losses", "a tuple of floats", returned.losses)
    networks = tuple(network_from(f"{method}: networks", network) for network in returned.networks)
    return Trained(networks, returned.losses)


def _inferred(what: str, shape: Any) -> None:
    if not isinstance(shape, tuple) or not all(size is None or isinstance(size, int) for size in shape):
        _wrong(what, "a tuple of whole numbers and None", shape)


def _shape(what: str, shape: Any) -> None:
    if not isinstance(shape, tuple) or not all(isinstance(size, int | np.integer) for size in shape):
        _wrong(what, "a tuple of whole numbers", shape)


def _array(what: str, value: Any) -> Array:
    if not isinstance(value, np.ndarray):
        _wrong(what, "a NumPy array", value)
    return value.copy()


def _array_or_none(what: str, value: Any) -> Array | None:
    return None if value is None else _array(what, value)


def _wrong(what: str, expected: str, got: Any) -> NoReturn:
    shown = "None" if got is None else type(got).__name__
    if isinstance(got, str | int | float):
        shown += f" {got!r}"
    raise NonConforming(f"{what}: expected {expected}; got {shown}"[:400], kind="wrong return", what=what)
