"""φ as Keras takes it: by name, or as an object that Keras can save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from rnn_reference.activations import Activation

NAMED_HARD_SIGMOID = Activation("hard_sigmoid", alpha=1 / 6, beta=0.5)
"""What Keras calls `hard_sigmoid`: relu6(z + 3) / 6."""

NAMED: Mapping[str, Activation] = {
    **{
        name: Activation(name)
        for name in ("tanh", "relu", "sigmoid", "linear", "softsign", "softplus", "elu")
    },
    "hard_sigmoid": NAMED_HARD_SIGMOID,
    "leaky_relu": Activation("leaky_relu", alpha=0.2),
}
"""What Keras 3 computes by a name alone."""

CALLED: Mapping[str, Callable[..., Any]] = {
    "elu": lambda keras, z, alpha, beta: keras.activations.elu(z, alpha=alpha),
    "leaky_relu": lambda keras, z, alpha, beta: keras.activations.leaky_relu(z, negative_slope=alpha),
    "hard_sigmoid": lambda keras, z, alpha, beta: keras.ops.clip(alpha * z + beta, 0, 1),
    "affine": lambda keras, z, alpha, beta: alpha * z + beta,
    "scaled_tanh": lambda keras, z, alpha, beta: alpha * keras.ops.tanh(beta * z),
}
"""Activations with parameters: Keras's own function where there is one, and its operations where not."""


def keras_activation(keras: Any, activation: Activation) -> Any:
    """Keras's argument: the name of an activation, or an object where there is no name for the parameters.

    A name that is unknown to us is handed on: what Keras says to it is part of what is tested.
    """
    if activation == getattr(keras, "named_hard_sigmoid", NAMED_HARD_SIGMOID):
        return "hard_sigmoid"
    if activation.name not in CALLED or activation == Activation("elu"):  # the name has these parameters
        return activation.name
    return with_parameters(keras)(str(activation))


@cache
def with_parameters(keras: Any) -> Any:
    """The class of activations with parameters, made and registered with Keras when it is asked for."""

    class WithParameters:
        """An activation by its written form, which Keras can save."""

        def __init__(self, form: str) -> None:
            self.form = form
            self.activation = Activation.parse(form)

        def __call__(self, z: Any) -> Any:
            of = self.activation
            return CALLED[of.name](keras, z, of.alpha, of.beta)

        def get_config(self) -> dict[str, str]:
            return {"form": self.form}

        @classmethod
        def from_config(cls, config: dict[str, str]) -> Any:
            return cls(**config)

    return keras.saving.register_keras_serializable(package="rnn_adapters")(WithParameters)
