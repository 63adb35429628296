"""φ as Keras takes it: by name, or as an object that Keras can save."""

from __future__ import annotations

from functools import cache
from typing import Any

from rnn_reference.activations import Activation

NAMED_HARD_SIGMOID = Activation("hard_sigmoid", alpha=1 / 6, beta=0.5)
"""What Keras calls `hard_sigmoid`: relu6(z + 3) / 6."""

CALLED = ("leaky_relu", "hard_sigmoid", "affine", "scaled_tanh")
"""Activations that Keras does not have under this name, or has under it with other parameters."""


def keras_activation(activation: Activation) -> Any:
    """Keras's argument: the name of an activation, or an object where there is no name for the parameters.

    A name that is unknown to us is handed on: what Keras says to it is part of what is tested.
    """
    if activation == NAMED_HARD_SIGMOID:
        return "hard_sigmoid"
    if activation.name in CALLED or (activation.parameters and activation != Activation(activation.name)):
        return with_parameters()(str(activation))
    return activation.name


@cache
def with_parameters() -> Any:
    """The class of activations with parameters, made and registered with Keras when it is asked for."""
    import keras

    class WithParameters:
        """Calls Keras's own function where there is one, and its operations where not."""

        def __init__(self, form: str) -> None:
            self.form = form
            self.activation = Activation.parse(form)

        def __call__(self, z: Any) -> Any:
            alpha, beta = self.activation.alpha, self.activation.beta
            match self.activation.name:
                case "elu":
                    return keras.activations.elu(z, alpha=alpha)
                case "leaky_relu":
                    return keras.activations.leaky_relu(z, negative_slope=alpha)
                case "hard_sigmoid":
                    return keras.ops.clip(alpha * z + beta, 0, 1)
                case "affine":
                    return alpha * z + beta
                case _:
                    return alpha * keras.ops.tanh(beta * z)

        def get_config(self) -> dict[str, str]:
            return {"form": self.form}

        @classmethod
        def from_config(cls, config: dict[str, str]) -> Any:
            return cls(**config)

    return keras.saving.register_keras_serializable(package="rnn_adapters")(WithParameters)
