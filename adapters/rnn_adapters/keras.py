"""Keras 3 `SimpleRNN` and `Bidirectional`, on any backend.

Keras fixes its backend when it is imported, so it is imported here only when an adapter is made.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Conventions, NativeWeight, Offers, Output
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network

BACKEND_PACKAGES = {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax", "numpy": "numpy"}

LayerCall = Callable[[Array, Any, Any], list[Any]]
BuiltLayer = tuple[Any, LayerCall]
"""A Keras layer and the function that calls it with an input, initial states and a mask."""


def tensorflow() -> KerasAdapter:
    """Keras on TensorFlow."""
    return KerasAdapter("tensorflow")


def torch() -> KerasAdapter:
    """Keras on torch."""
    return KerasAdapter("torch")


def jax() -> KerasAdapter:
    """Keras on JAX; every layer is compiled once per shape."""
    return KerasAdapter("jax")


def numpy() -> KerasAdapter:
    """Keras on NumPy."""
    return KerasAdapter("numpy")


class LayerOptions(NamedTuple):
    """What a call decides and Keras wants to know when a layer is built."""

    return_sequences: bool = True
    go_backwards: bool = False
    merge_mode: MergeMode = "concat"


class KerasModel:
    """A loaded network. Layers with other options than the usual are built when they are asked for."""

    def __init__(self, adapter: KerasAdapter, network: Network) -> None:
        self.network = network
        self._adapter = adapter
        self._loaded: dict[LayerOptions, list[BuiltLayer]] = {}

    def layers(self, top: LayerOptions | None = None) -> list[BuiltLayer]:
        """The layers of the stack, the top one built with the given options."""
        top = top or LayerOptions()
        if top not in self._loaded:
            *lower, highest = enumerate(self.network.layers)
            layers = [self._adapter.built(index, layer, LayerOptions()) for index, layer in lower]
            layers.append(self._adapter.built(*highest, top))
            for (built, _), layer in zip(layers, self.network.layers, strict=True):
                built.set_weights([weight for cell in layer.cells for weight in _to_keras(cell)])
            self._loaded[top] = layers
        return self._loaded[top]


def conventions_on(backend: str) -> Conventions:
    """Keras's conventions, which at masked steps are those of the backend's own loop."""
    return replace(
        KerasAdapter.conventions, padded_output="state" if backend in ("jax", "numpy") else "carried"
    )


class KerasAdapter(Adapter[KerasModel]):
    """A stack of `SimpleRNN` layers, each called by itself so that every final state is seen.

    Args:
        backend: tensorflow, torch, jax or numpy; None takes the one in force (KERAS_BACKEND).

    Raises:
        BadInput: Keras is imported already and runs on another backend, or the backend is not tested here.
        ModuleNotFoundError: Keras or the backend is not installed.
    """

    conventions = Conventions(
        layer="keras.layers.SimpleRNN",
        weights=(
            NativeWeight("W_x", "kernel", ("input", "hidden")),
            NativeWeight("W_h", "recurrent_kernel", ("hidden", "hidden")),
            NativeWeight("b", "bias", ("hidden",)),
        ),
        bias_vectors=1,
        axes={
            "x": ("batch", "time", "input"),
            "sequence": ("batch", "time", "directions*hidden"),
            "final_states": ("batch", "hidden"),
        },
        last_output="`return_sequences=False`: final states of the top layer, forward then backward",
        final_state_order="each layer returns its own; `Bidirectional` gives forward, then backward",
        padded_output_bidirectional="zero",
        go_backwards_order="processing",
    )

    def __init__(self, backend: str | None = None) -> None:
        self.keras = _import_keras(backend)
        self.backend: str = self.keras.backend.backend()
        if self.backend not in BACKEND_PACKAGES:
            raise BadInput(
                f"KERAS_BACKEND: expected one of {', '.join(BACKEND_PACKAGES)}; got {self.backend!r}"
            )
        self.name = f"keras-{self.backend}"
        self.conventions = conventions_on(self.backend)
        self.offers = Offers(
            masks=True,
            go_backwards=True,
            merge_modes=("concat", "sum", "mul", "ave", "none"),
            costly="shapes" if self.backend == "jax" else "sizes",
        )
        self._built: dict[Any, BuiltLayer] = {}

    def versions(self) -> dict[str, str]:
        package = BACKEND_PACKAGES[self.backend]
        versions = {"keras": self.keras.__version__}
        # The plain and the CPU-only distribution of TensorFlow give the same module.
        versions[package] = (
            str(sys.modules[package].__version__) if package in sys.modules else version(package)
        )
        return versions | {"numpy": np.__version__}

    def load(self, network: Network) -> KerasModel:
        model = KerasModel(self, network)
        model.layers()
        return model

    def run(self, model: KerasModel, call: Call) -> Output:
        value: Any = call.x
        final_states = []
        layers = model.layers(LayerOptions(call.return_sequences, call.go_backwards, call.merge_mode))
        states = [None] * len(layers) if call.initial_states is None else call.initial_states
        for (_, run), h0 in zip(layers, states, strict=True):
            returned = run(value, None if h0 is None else list(h0), call.mask)
            value, final = self._output_and_states(returned, call.merge_mode)
            final_states.append([self._numpy(state) for state in final])
        output = self._numpy(value)
        shapes = {"x": call.x.shape, "final_states": final_states[0][0].shape}
        return Output(
            sequence=output if call.return_sequences else None,
            last=None if call.return_sequences else output,
            final_states=tuple(np.stack(final) for final in final_states),
            native_shapes=shapes | ({"sequence": output.shape} if call.return_sequences else {}),
        )

    def _numpy(self, value: Any) -> Array:
        array: Array = self.keras.ops.convert_to_numpy(value)
        return array

    def _output_and_states(self, returned: list[Any], merge_mode: MergeMode) -> tuple[Any, list[Any]]:
        """What a layer returned, taken apart; without merging there is an output for each direction."""
        if merge_mode != "none":
            return returned[0], returned[1:]
        outputs, states = (returned[0], returned[1:]) if len(returned) == 3 else (returned[:2], returned[2:])
        return np.concatenate([self._numpy(output) for output in outputs], axis=-1), states

    def read_weights(self, model: KerasModel) -> Network:
        layers = []
        for (built, _), layer in zip(model.layers(), model.network.layers, strict=True):
            arrays, count = built.get_weights(), layer.directions
            per_cell = [
                arrays[i * len(arrays) // count : (i + 1) * len(arrays) // count] for i in range(count)
            ]
            layers.append(Layer(*(_from_keras(weights, layer.forward) for weights in per_cell)))
        return Network(layers)

    def native_weights(self, model: KerasModel) -> list[dict[str, tuple[int, ...]]]:
        return [
            dict(zip(("W_x", "W_h", "b"), (tuple(w.shape) for w in cell.weights), strict=False))
            for built, _ in model.layers()
            for cell in self._cells(built)
        ]

    def count_parameters(self, model: KerasModel) -> int:
        return sum(int(built.count_params()) for built, _ in model.layers())

    def _cells(self, built: Any) -> list[Any]:
        if isinstance(built, self.keras.layers.Bidirectional):
            return [built.forward_layer.cell, built.backward_layer.cell]
        return [built.cell]

    def built(self, index: int, layer: Layer, wanted: LayerOptions) -> BuiltLayer:
        """Built once per place in the stack, shape and options; every `load` assigns all of its weights."""
        cell = layer.forward
        key = (
            index,
            layer.directions,
            cell.input_size,
            cell.hidden_size,
            cell.activation,
            bool(cell.biases),
            cell.dtype,
            wanted,
        )
        if key not in self._built:
            options = {
                "activation": cell.activation,
                "use_bias": bool(cell.biases),
                "dtype": str(cell.dtype),
                "return_sequences": wanted.return_sequences,
                "return_state": True,
                "recurrent_initializer": "zeros",  # overwritten; the default is slow to make
            }
            layers = self.keras.layers
            built = layers.SimpleRNN(cell.hidden_size, go_backwards=wanted.go_backwards, **options)
            if layer.backward is not None:
                backward = layers.SimpleRNN(cell.hidden_size, go_backwards=True, **options)
                merge_mode = None if wanted.merge_mode == "none" else wanted.merge_mode
                built = layers.Bidirectional(
                    built, merge_mode=merge_mode, backward_layer=backward, dtype=str(cell.dtype)
                )
            built.build((None, None, cell.input_size))
            self._built[key] = (built, _compiled_by_jax(built) if self.backend == "jax" else _eager(built))
        return self._built[key]


def _import_keras(backend: str | None) -> Any:
    if backend is not None:
        loaded = sys.modules.get("keras")
        if loaded is not None and loaded.backend.backend() != backend:
            raise BadInput(
                f"adapter keras-{backend}: Keras already runs on {loaded.backend.backend()} in this process,"
                " and one process has one backend; run them one after the other"
            )
        os.environ["KERAS_BACKEND"] = backend
    import keras

    return keras


def _eager(built: Any) -> LayerCall:
    def run(x: Array, h0: Any, mask: Any) -> list[Any]:
        return list(built(x, **_given(initial_state=h0, mask=mask)))

    return run


def _compiled_by_jax(built: Any) -> LayerCall:
    """Eager JAX traces and compiles every scan anew; compiled once per shape, a call takes 0.1 ms."""
    import jax

    def stateless(trainable: Any, frozen: Any, x: Any, h0: Any, mask: Any) -> Any:
        outputs, _ = built.stateless_call(trainable, frozen, x, **_given(initial_state=h0, mask=mask))
        return outputs

    compiled = jax.jit(stateless)

    def run(x: Array, h0: Any, mask: Any) -> list[Any]:
        trainable = [variable.value for variable in built.trainable_variables]
        frozen = [variable.value for variable in built.non_trainable_variables]
        return list(compiled(trainable, frozen, x, h0, mask))

    return run


def _given(**options: Any) -> dict[str, Any]:
    """The options that are not None: a call without an option is another call than one with None."""
    return {name: value for name, value in options.items() if value is not None}


def _to_keras(cell: Cell) -> list[Array]:
    """kernel, recurrent_kernel and the one bias, which is the sum where the cell has two (PAR-4)."""
    return [cell.W_x.T, cell.W_h.T, *([cell.bias] if cell.biases else [])]


def _from_keras(weights: list[Array], like: Cell) -> Cell:
    kernel, recurrent_kernel, *bias = weights
    return Cell(kernel.T, recurrent_kernel.T, bias[0] if bias else None, activation=like.activation)
