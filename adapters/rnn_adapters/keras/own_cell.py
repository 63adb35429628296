"""A cell that a user writes, as the documentation of `keras.layers.RNN` shows one.

It has what such a cell must have and nothing besides: no size of its output, no initial state, no training.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from rnn_adapters.keras.layers import (
    Direction,
    Options,
    bidirectional,
    cell_given,
    dtype_given,
    loop_given,
    simple_rnn_cell,
)
from rnn_reference.network import Cell, Layer


@cache
def own_cell_class(keras: Any) -> Any:
    """The class, made when it is asked for; Keras is told of it only where it has to make one anew."""

    class OwnCell(keras.layers.Layer):
        """Elman's cell.

        Args:
            listed: whether the size of the state is said as a list of one, as for cells of several states.
        """

        def __init__(
            self,
            units: int,
            activation: Any = "tanh",
            use_bias: bool = True,
            recurrent_initializer: Any = "orthogonal",
            listed: bool = False,
            **kwargs: Any,
        ) -> None:
            super().__init__(**kwargs)
            self.units, self.use_bias, self.listed = units, use_bias, listed
            self.activation = keras.activations.get(activation)
            self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
            self.state_size = [units] if listed else units

        def build(self, input_shape: Any) -> None:
            shape, square = (input_shape[-1], self.units), (self.units, self.units)
            self.kernel = self.add_weight(name="kernel", shape=shape, initializer="glorot_uniform")
            self.recurrent_kernel = self.add_weight(
                name="recurrent_kernel", shape=square, initializer=self.recurrent_initializer
            )
            self.bias = None
            if self.use_bias:
                self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

        def call(self, inputs: Any, states: Any) -> Any:
            z = keras.ops.matmul(inputs, self.kernel) + keras.ops.matmul(states[0], self.recurrent_kernel)
            output = self.activation(z if self.bias is None else z + self.bias)
            return output, [output]

        def get_config(self) -> dict[str, Any]:
            config: dict[str, Any] = super().get_config()
            return config | {
                "units": self.units,
                "activation": keras.activations.serialize(self.activation),
                "use_bias": self.use_bias,
                "recurrent_initializer": keras.initializers.serialize(self.recurrent_initializer),
                "listed": self.listed,
            }

    return OwnCell


@cache
def bare_cell_class(keras: Any) -> Any:
    """Of such a cell, one that gives its state by itself instead of in a list, the initial one, too."""

    class BareCell(own_cell_class(keras)):  # type: ignore[misc] # a base that is made in a call
        """Elman's cell, of a bare state."""

        def get_initial_state(self, batch_size: Any = None) -> Any:
            return keras.ops.zeros((batch_size, self.units), dtype=self.compute_dtype)

        def call(self, inputs: Any, states: Any) -> Any:
            output, (state,) = super().call(inputs, states)
            return output, state

    return BareCell


def own_cell(keras: Any, cell: Cell, options: Options, **more: Any) -> Any:
    """A cell of this class with what the network asks for."""
    given: Mapping[str, Any] = cell_given(keras, cell, options) | more
    return own_cell_class(keras)(cell.hidden_size, **given)


def bare_cell(keras: Any, cell: Cell, options: Options) -> Any:
    """The same of a bare state."""
    return bare_cell_class(keras)(cell.hidden_size, **cell_given(keras, cell, options))


def rnn_of(make: Callable[..., Any], keras: Any, cell: Cell, options: Options) -> Any:
    """`RNN` of a cell that is made by a function."""
    loop = loop_given(options) | dtype_given(keras, cell, options)
    return keras.layers.RNN(make(keras, cell, options), **loop)


rnn_of_own_cell: Direction = partial(rnn_of, own_cell)
rnn_of_bare_cell: Direction = partial(rnn_of, bare_cell)


def both_of_own_cells(keras: Any, direction: Direction, layer: Layer, options: Options) -> Any:
    """`Bidirectional` of them, which makes both layers anew."""
    with keras.saving.custom_object_scope(known_classes(keras)):
        return bidirectional(keras, direction, layer, options)


def known_classes(keras: Any) -> dict[str, Any]:
    """What Keras is told of."""
    return {"OwnCell": own_cell_class(keras), "BareCell": bare_cell_class(keras)}


def rnn_of_own_cell_anew(keras: Any, cell: Cell, options: Options) -> Any:
    """`RNN.from_config` of what such a layer says of itself, told of the class."""
    written = json.loads(json.dumps(rnn_of_own_cell(keras, cell, options).get_config()))
    return keras.layers.RNN.from_config(written, custom_objects=known_classes(keras))


def own_among_others(keras: Any, index: int, cell: Cell, options: Options) -> Any:
    """The cells of a stack: two of one's own, the lower with its size in a list, then one of Keras's."""
    if index % 3 == 2:
        return simple_rnn_cell(keras, cell, options)
    return own_cell(keras, cell, options, listed=not index)
