"""tf_keras by the names that Keras 3 has for the same things, so that Keras 3's parts can call it."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from rnn_reference.activations import Activation

NAMED_HARD_SIGMOID = Activation("hard_sigmoid", alpha=0.2, beta=0.5)
"""What Keras 2 calls `hard_sigmoid`."""


class Keras2:
    """The module, and beside its own names those of Keras 3."""

    named_hard_sigmoid = NAMED_HARD_SIGMOID

    def __init__(self) -> None:
        import tensorflow as tf
        import tf_keras

        self._module = tf_keras
        self.config = SimpleNamespace(floatx=tf_keras.backend.floatx)
        self.tree = SimpleNamespace(flatten=tf.nest.flatten)
        self.activations = SimpleNamespace(
            get=tf_keras.activations.get,
            serialize=tf_keras.activations.serialize,
            elu=tf_keras.activations.elu,
            leaky_relu=lambda z, negative_slope: tf_keras.activations.relu(z, alpha=negative_slope),
        )
        self.ops = SimpleNamespace(
            convert_to_numpy=np.asarray,
            convert_to_tensor=tf.convert_to_tensor,
            concatenate=tf.concat,
            clip=tf.clip_by_value,
            sum=tf.reduce_sum,
            tanh=tf.tanh,
        )
        self.DTypePolicy = tf_keras.mixed_precision.Policy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


@cache
def imported_tf_keras() -> Keras2:
    """tf_keras, imported once.

    Raises:
        ModuleNotFoundError: it or TensorFlow is not installed.
    """
    return Keras2()
