"""How a layer is made and called: the same in both interfaces of Flax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from rnn_adapters.flax.layers import Calling, FlaxLayers

MERGES: dict[str, dict[str, Callable[[Any, Any], Any]]] = {
    "concat": {},  # the default
    "sum": {"merge_fn": lambda forward, backward: forward + backward},
    "mul": {"merge_fn": lambda forward, backward: forward * backward},
    "ave": {"merge_fn": lambda forward, backward: (forward + backward) / 2},
}
"""What `Bidirectional` is given for a merge mode."""


def carry_of(states: list[Any]) -> Any:
    """The states of a layer's directions as a layer takes them: a bare array, or a tuple of two.

    A tuple, too, where there are too many or too few: what the layer says to it is part of what is tested.
    """
    return states[0] if len(states) == 1 else tuple(states)


def in_a_list(carry: Any) -> list[Any]:
    """And back."""
    return list(carry) if isinstance(carry, tuple) else [carry]


def said(states: list[Any] | None, lengths: Any) -> dict[str, Any]:
    """The arguments of a call besides its input, those left out that are not given."""
    arguments = {"initial_carry": None if states is None else carry_of(states), "seq_lengths": lengths}
    return {name: value for name, value in arguments.items() if value is not None}


# One `RNN`, or a `Bidirectional` of two.


def one_module(layers: FlaxLayers, cells: list[Any]) -> list[Any]:
    """`RNN(cell)`, or `Bidirectional(RNN(cell), RNN(cell))`."""
    if len(cells) == 1:
        return [layers.rnn(cells[0], **(layers.parts.backwards if layers.plan.go_backwards else {}))]
    time_major = {name: value for name, value in layers.parts.options.items() if name == "time_major"}
    merge = MERGES[layers.plan.merge_mode]
    return [layers.Bidirectional(*map(layers.rnn, cells), **merge, **time_major)]


def whole(
    layers: FlaxLayers, modules: list[Any], x: Any, states: list[Any] | None, lengths: Any
) -> tuple[Any, list[Any]]:
    """The batch at once."""
    carry, outputs = modules[0](x, return_carry=True, **said(states, lengths))
    return outputs, in_a_list(carry)


def without_carry(
    layers: FlaxLayers, modules: list[Any], x: Any, states: list[Any] | None, lengths: Any
) -> tuple[Any, list[Any]]:
    """`return_carry` left alone."""
    return modules[0](x, **said(states, lengths)), []


def by_rows(
    layers: FlaxLayers, modules: list[Any], x: Any, states: list[Any] | None, lengths: Any
) -> tuple[Any, list[Any]]:
    """Each row by itself, as (time, input), under `vmap`."""

    def row(modules: list[Any], x: Any, states: list[Any] | None, lengths: Any) -> tuple[Any, list[Any]]:
        return whole(layers, modules, x, states, lengths)

    found: tuple[Any, list[Any]] = layers.mapped(row, modules, x, states, lengths)
    return found


ONE = Calling(one_module, whole, (((0, "cell"),), ((0, "forward_rnn", "cell"), (0, "backward_rnn", "cell"))))
WITHOUT_CARRY = replace(ONE, call=without_carry)
BY_ROWS = replace(ONE, call=by_rows, without=0)


# Two `RNN`s, and `flip_sequences` of what goes into the second and comes out of it.


def two_modules(layers: FlaxLayers, cells: list[Any]) -> list[Any]:
    """`RNN(cell)` for each direction."""
    return list(map(layers.rnn, cells))


def flipped(
    layers: FlaxLayers, modules: list[Any], x: Any, states: list[Any] | None, lengths: Any
) -> tuple[Any, list[Any]]:
    """Forward, and backward over the flipped input, whose outputs are flipped back."""
    each = [None] * len(modules) if states is None else [[state] for state in states]
    backwards = [False, True] if len(modules) == 2 else [layers.plan.go_backwards]

    def flip(array: Any) -> Any:
        return layers.flip_sequences(array, lengths, num_batch_dims=array.ndim - 2, time_major=False)

    outputs, finals = list[Any](), list[Any]()
    for module, state, backward in zip(modules, each, backwards, strict=True):
        found, (final,) = whole(layers, [module], flip(x) if backward else x, state, lengths)
        outputs.append(flip(found) if backward else found)
        finals.append(final)
    return jnp.concatenate(outputs, axis=-1), finals


FLIPPED = Calling(two_modules, flipped, (((0, "cell"),), ((0, "cell"), (1, "cell"))))


# A bare cell.


def the_cell(layers: FlaxLayers, cells: list[Any]) -> list[Any]:
    """The cell itself."""
    return cells


def carry_for(layers: FlaxLayers, cell: Any, x: Any, states: list[Any] | None) -> Any:
    """The carry that a loop over the steps of x starts from."""
    return layers.initial_state(cell, (*x.shape[:-2], x.shape[-1])) if states is None else carry_of(states)


def by_scan(
    layers: FlaxLayers, modules: list[Any], x: Any, states: list[Any] | None, lengths: Any
) -> tuple[Any, list[Any]]:
    """`jax.lax.scan` over the steps."""
    carry = carry_for(layers, modules[0], x, states)
    (cell,), steps = modules, jnp.moveaxis(x, -2, 0)
    # JAX keeps what it traced for a function: a new one each time, as the cell's weights may be others.
    carry, outputs = jax.lax.scan(lambda carry, x_t: cell(carry, x_t), carry, steps)
    return jnp.moveaxis(outputs, 0, -2), [carry]


def by_steps(
    layers: FlaxLayers, modules: list[Any], x: Any, states: list[Any] | None, lengths: Any
) -> tuple[Any, list[Any]]:
    """The caller's own loop."""
    (cell,), outputs, carry = modules, list[Any](), carry_for(layers, modules[0], x, states)
    for x_t in jnp.moveaxis(x, -2, 0):
        carry, output = cell(carry, x_t)
        outputs.append(output)
    return jnp.stack(outputs, axis=-2), [carry]


SCANNED = Calling(the_cell, by_scan, (((0,),), ()), without=1)
STEPS = replace(SCANNED, call=by_steps)
