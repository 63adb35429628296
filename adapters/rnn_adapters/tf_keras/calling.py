"""How initial states are given to a layer of Keras 2, besides `initial_state=[…]`."""

from __future__ import annotations

from typing import Any

from rnn_adapters.keras.layers import LayerCall


def in_the_input(layer: Any) -> LayerCall:
    """`layer([x, h])`."""

    def call(x: Any, initial_state: Any = None, **options: Any) -> Any:
        return layer(x if initial_state is None else [x, *initial_state], **options)

    return call


def of_the_type_computed_in(layer: Any) -> LayerCall:
    """Cast by the caller, as a layer in mixed precision casts its input alone."""

    def call(x: Any, initial_state: Any = None, **options: Any) -> Any:
        import tensorflow as tf

        if initial_state is None:
            return layer(x, **options)
        states = [tf.cast(state, layer.compute_dtype) for state in initial_state]
        return layer(x, initial_state=states, **options)

    return call
