"""The adapter of tf_keras: that of Keras 3, but for what the Keras 2 API does otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.keras.adapter import KerasAdapter, LoadedNetwork
from rnn_adapters.keras.assembly import Parts
from rnn_adapters.keras.configuration import kept_options
from rnn_adapters.keras.refusals import SIZES_OF_STATES, wrong_layers
from rnn_adapters.tf_keras.configuration import OPTIONS
from rnn_adapters.tf_keras.names import imported_tf_keras
from rnn_reference.network import Array, States


class TfKerasAdapter(KerasAdapter):
    """`SimpleRNN` and `Bidirectional` of the Keras 2 API, by the route that the parts make up.

    Args:
        parts: what the route is put together from.
        conventions, supports: what is declared of it.

    Raises:
        ModuleNotFoundError: tf_keras or TensorFlow is not installed.
    """

    def __init__(self, parts: Parts, conventions: Conventions, supports: Supports) -> None:
        super().__init__("tensorflow", parts, conventions, supports, keras=imported_tf_keras())
        self.name = "tf-keras"

    def versions(self) -> dict[str, str]:
        import tensorflow as tf

        return {"tf_keras": self.keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__}

    def given(self, states: Array) -> list[Any]:
        """As tensors: with an array among its arguments, a layer takes the others for symbols."""
        return list(map(self.keras.ops.convert_to_tensor, states))

    def default_states(self, model: LoadedNetwork, call: Call) -> States:
        """`get_initial_state` of every layer, of an input of this batch."""
        x = self.keras.ops.convert_to_tensor(call.x)
        found = []
        for layer in self._ready(model, call).layers:
            both = [layer.forward_layer, layer.backward_layer] if hasattr(layer, "forward_layer") else [layer]
            states = [self.array(state) for one in both for state in one.get_initial_state(x)]
            found.append(np.stack(states))
        return tuple(found)

    def kept_options(self, model: LoadedNetwork, call: Call) -> Mapping[str, tuple[str, str]]:
        return kept_options(self.keras, model.network, call, OPTIONS)

    def wrong_layers(self, model: LoadedNetwork, call: Call) -> Mapping[str, str]:
        """But for sizes of states that are none, of which nothing is said."""
        return wrong_layers(self.keras, model.network, unsaid=SIZES_OF_STATES)

    def global_state(self) -> Mapping[str, str]:
        policy = self.keras.mixed_precision.global_policy().name
        return {"floatx": str(self.keras.config.floatx()), "global policy": policy}
