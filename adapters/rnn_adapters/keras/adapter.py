"""Keras 3 `SimpleRNN` and `Bidirectional`, on any backend; other ways into them are in `keras_routes`.

Keras fixes its backend when it is imported, so it is imported here only when an adapter is made.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Hashable
from dataclasses import replace
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import Conventions, DropoutPlace, NarrowType, NativeWeight, Supports
from rnn_adapters.keras.derivatives import DIFFERENTIATORS, Computation, Differentiator, as_kernels, oriented
from rnn_reference.errors import BadInput
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network, States

BACKEND_PACKAGES = {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax", "numpy": "numpy"}

LayerCall = Callable[..., list[Any]]
BuiltLayer = tuple[Any, LayerCall]
"""A Keras layer and the function that calls it: with an input, and what is given of `initial_state`, `mask`
and `training`."""


class LayerOptions(NamedTuple):
    """What a call decides and Keras wants to know when a layer is built."""

    return_sequences: bool = True
    go_backwards: bool = False
    merge_mode: MergeMode = "concat"
    stateful_batch: int | None = None
    dropout: DropoutPlace | None = None
    rate: float = 0.0
    compute_dtype: NarrowType | None = None

    @staticmethod
    def of(call: Call) -> LayerOptions:
        """Those of the top layer."""
        stateful_batch = len(call.x) if call.stateful else None
        return LayerOptions(
            call.return_sequences,
            call.go_backwards,
            call.merge_mode,
            stateful_batch,
            call.dropout,
            call.rate,
            call.compute_dtype,
        )

    @property
    def of_lower_layers(self) -> LayerOptions:
        """What holds for the layers below the top one, too."""
        return self._replace(return_sequences=True, go_backwards=False, merge_mode="concat")

    def dtype_of(self, cell: Cell) -> str:
        """Keras's name for the types of variables and of computing: one type, or a policy of two."""
        return f"mixed_{self.compute_dtype}" if self.compute_dtype else str(cell.dtype)


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
            layers = [self._adapter.built(index, layer, top.of_lower_layers) for index, layer in lower]
            layers.append(self._adapter.built(*highest, top))
            for (built, _), layer in zip(layers, self.network.layers, strict=True):
                for keras_cell, cell in zip(self._adapter.cells(built), layer.cells, strict=True):
                    keras_cell.set_weights(to_keras(cell))
                if top.stateful_batch is not None:
                    built.reset_state()
            self._loaded[top] = layers
        return self._loaded[top]

    def reset_states(self) -> None:
        """Reset every stateful layer that was built."""
        for top, layers in self._loaded.items():
            if top.stateful_batch is not None:
                for built, _ in layers:
                    built.reset_state()


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
            NativeWeight("W_h", "recurrent_kernel", ("hidden", "state")),
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
        initialisation={"W_x": "glorot uniform", "W_h": "orthogonal", "b": "zeros"},
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
        self.supports = Supports(
            activations=("tanh", "relu", "sigmoid", "linear", "softsign", "softplus", "elu"),
            bidirectional=True,
            stacked=True,
            mixed_layers=True,
            no_bias=True,
            initial_states=True,
            sequence=True,
            last_output=True,
            final_states=True,
            read_weights=True,
            native_weights=True,
            count_parameters=True,
            dtypes=("float32", "float64", "float16", "bfloat16"),
            compute_dtypes=("float16", "bfloat16"),
            masks=True,
            go_backwards=True,
            merge_modes=("concat", "sum", "mul", "ave", "none"),
            stateful=True,
            dropout=("input", "state"),
            freshly_initialised=True,
            gradients=self.backend != "numpy",
            tangents=self.backend != "numpy",
            second_gradients=self.backend != "numpy",
            expensive="shapes" if self.backend == "jax" else "sizes",
        )
        self._built: dict[Any, BuiltLayer] = {}
        self._differentiated: dict[Hashable, Any] = {}  # what JAX compiled

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
        layers = model.layers(LayerOptions.of(call))
        states = [None] * len(layers) if call.initial_states is None else call.initial_states
        for (_, run), h0 in zip(layers, states, strict=True):
            returned = run(
                value,
                **given(
                    initial_state=None if h0 is None else list(h0),
                    mask=call.mask,
                    training=call.training or None,
                ),
            )
            value, final = self.output_and_states(returned, call.merge_mode)
            final_states.append([self.numpy(state) for state in final])
        output = self.numpy(value)
        shapes = {"x": call.x.shape, "final_states": final_states[0][0].shape}
        return Output(
            sequence=output if call.return_sequences else None,
            last=None if call.return_sequences else output,
            final_states=tuple(np.stack(final) for final in final_states),
            native_shapes=shapes | ({"sequence": output.shape} if call.return_sequences else {}),
        )

    def gradients(
        self, model: KerasModel, call: Call, d_sequence: Array, d_final_states: States
    ) -> Gradients:
        of, cotangents = self.computation(model, call), _in_a_row(d_sequence, d_final_states)
        return self.as_gradients(model, call, self.differentiator().gradients(of, cotangents))

    def tangents(self, model: KerasModel, call: Call, direction: Gradients) -> Output:
        found = self.differentiator().tangents(self.computation(model, call), _as_inputs(direction))
        sequence, *states = [self.numpy(array) for array in found]
        left = iter(states)
        return Output(
            sequence,
            final_states=tuple(np.stack([next(left) for _ in layer.cells]) for layer in model.network.layers),
        )

    def second_gradients(
        self, model: KerasModel, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        of, cotangents = self.computation(model, call), _in_a_row(d_sequence, d_final_states)
        return self.as_gradients(
            model, call, self.differentiator().second_gradients(of, cotangents, _as_inputs(direction))
        )

    def differentiator(self) -> Differentiator:
        """How derivatives are taken on this backend."""
        return DIFFERENTIATORS[self.backend]()

    def computation(self, model: KerasModel, call: Call) -> Computation:
        """The call as a function of its input, initial states and weights."""
        layers = model.layers()

        def function(inputs: list[Any], constants: list[Any]) -> list[Any]:
            value, *states = inputs
            left, finals = iter(states), list[Any]()
            for built, run in layers:
                initial = [next(left) for _ in self.cells(built)]
                mask = constants[0] if constants else None
                # What JAX compiles one by one is here compiled as a whole.
                layer = eager(built) if self.backend == "jax" else run
                value, *final = layer(value, initial_state=initial, **given(mask=mask))
                finals += final
            return [value, *finals]

        built_layers = [built for built, _ in layers]
        return Computation(
            function,
            [call.x, *(direction for state in call.initial_states or () for direction in state)],
            [] if call.mask is None else [call.mask],
            self.variables(built_layers),
            (*built_layers, call.mask is None),
            self._differentiated,
        )

    def variables(self, layers: list[Any]) -> list[Any]:
        """The variables of all cells, forward before backward."""
        return [
            variable
            for built in layers
            for cell in self.cells(built)
            for variable in cell.trainable_variables
        ]

    def as_gradients(self, model: KerasModel, call: Call, found: list[Any]) -> Gradients:
        """Gradients of inputs and variables, one after the other, as those of a network."""
        left = iter([self.numpy(array) for array in found])
        dx = next(left)
        states = tuple(np.stack([next(left) for _ in layer.cells]) for layer in model.network.layers)
        cells = [
            oriented([next(left) for _ in range(3 if cell.biases else 2)]) for cell in model.network.cells
        ]
        return Gradients(dx, states, tuple(cells))

    def numpy(self, value: Any) -> Array:
        """What the backend returned, as an array."""
        array: Array = self.keras.ops.convert_to_numpy(value)
        return array

    def output_and_states(self, returned: list[Any], merge_mode: MergeMode) -> tuple[Any, list[Any]]:
        """What a layer returned, taken apart; without merging there is an output for each direction."""
        if merge_mode != "none":
            return returned[0], returned[1:]
        outputs, states = (returned[0], returned[1:]) if len(returned) == 3 else (returned[:2], returned[2:])
        return np.concatenate([self.numpy(output) for output in outputs], axis=-1), states

    def read_weights(self, model: KerasModel) -> Network:
        return Network(
            Layer(
                *(
                    from_keras(keras_cell.get_weights(), cell)
                    for keras_cell, cell in zip(self.cells(built), layer.cells, strict=True)
                )
            )
            for (built, _), layer in zip(model.layers(), model.network.layers, strict=True)
        )

    def native_weights(self, model: KerasModel) -> list[dict[str, tuple[int, ...]]]:
        return [
            dict(zip(("W_x", "W_h", "b"), (tuple(w.shape) for w in cell.weights), strict=False))
            for built, _ in model.layers()
            for cell in self.cells(built)
        ]

    def count_parameters(self, model: KerasModel) -> int:
        return sum(int(built.count_params()) for built, _ in model.layers())

    def cells(self, built: Any) -> list[Any]:
        """The cells of a layer, forward before backward."""
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
            built = self.make(layer, wanted)
            built.build((wanted.stateful_batch, None, cell.input_size))
            self._built[key] = (built, self.caller(built))
        return self._built[key]

    def make(self, layer: Layer, wanted: LayerOptions) -> Any:
        """A Keras layer, not built yet."""
        forward = self.one_direction(layer.forward, wanted)
        if layer.backward is None:
            return forward
        backward = self.one_direction(layer.backward, wanted._replace(go_backwards=True))
        return self.keras.layers.Bidirectional(
            forward,
            merge_mode=None if wanted.merge_mode == "none" else wanted.merge_mode,
            backward_layer=backward,
            dtype=wanted.dtype_of(layer.forward),
        )

    def one_direction(self, cell: Cell, wanted: LayerOptions) -> Any:
        """A recurrent layer of one direction."""
        return self.keras.layers.SimpleRNN(
            cell.hidden_size, **options_of_cell(cell, wanted), **options_of_layer(wanted)
        )

    def caller(self, built: Any) -> LayerCall:
        """How a layer is called: as it is, and on JAX compiled."""
        return compiled_by_jax(built) if self.backend == "jax" else eager(built)

    def reset_states(self, model: KerasModel) -> None:
        model.reset_states()

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        self.keras.utils.set_random_seed(seed)
        layers = []
        for layer in like.layers:
            cells = []
            for cell in layer.cells:
                made = self.keras.layers.SimpleRNN(
                    cell.hidden_size, use_bias=bool(cell.biases), dtype=str(cell.dtype)
                )
                made.build((None, None, cell.input_size))
                cells.append(from_keras(made.get_weights(), cell))
            layers.append(Layer(*cells))
        return Network(layers)


def options_of_cell(cell: Cell, wanted: LayerOptions) -> dict[str, Any]:
    """Keras's arguments of a cell."""
    return {
        "activation": cell.activation.name,
        "use_bias": bool(cell.biases),
        "dtype": wanted.dtype_of(cell),
        "dropout": wanted.rate if wanted.dropout == "input" else 0.0,
        "recurrent_dropout": wanted.rate if wanted.dropout == "state" else 0.0,
        "recurrent_initializer": "zeros",  # overwritten; the default is slow to make
    }


def options_of_layer(wanted: LayerOptions) -> dict[str, Any]:
    """Keras's arguments of the loop around a cell."""
    return {
        "return_sequences": wanted.return_sequences,
        "return_state": True,
        "go_backwards": wanted.go_backwards,
        "stateful": wanted.stateful_batch is not None,
    }


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


def eager(built: Any) -> LayerCall:
    """The layer itself."""

    def run(x: Array, **options: Any) -> list[Any]:
        return list(built(x, **options))

    return run


def compiled_by_jax(built: Any) -> LayerCall:
    """Eager JAX traces and compiles every scan anew; compiled once per shape, a call takes 0.1 ms."""
    import jax

    def stateless(trainable: Any, others: Any, x: Any, options: Any, training: bool) -> Any:
        return built.stateless_call(trainable, others, x, **options, **given(training=training or None))

    compiled = jax.jit(stateless, static_argnums=4)

    def run(x: Array, training: bool = False, **options: Any) -> list[Any]:
        trainable = [variable.value for variable in built.trainable_variables]
        others = [variable.value for variable in built.non_trainable_variables]
        outputs, updated = compiled(trainable, others, x, options, training)
        for variable, value in zip(built.non_trainable_variables, updated, strict=True):
            variable.assign(value)
        return list(outputs)

    return run


def _in_a_row(sequence: Array, states: States) -> list[Array]:
    """Sequence output and final states in the order of `Computation`'s outputs."""
    return [sequence, *(direction for state in states for direction in state)]


def _as_inputs(direction: Gradients) -> list[Array]:
    """A direction in the order of `Computation`'s inputs and variables."""
    weights = [kernel for cell in direction.cells for kernel in as_kernels(cell)]
    return [*_in_a_row(direction.x, direction.initial_states), *weights]


def given(**options: Any) -> dict[str, Any]:
    """The options that are not None: a call without an option is another call than one with None."""
    return {name: value for name, value in options.items() if value is not None}


def to_keras(cell: Cell) -> list[Array]:
    """kernel, recurrent_kernel and the one bias, which is the sum where the cell has two (PAR-4)."""
    return [cell.W_x.T, cell.W_h.T, *([cell.bias] if cell.biases else [])]


def from_keras(weights: list[Array], like: Cell) -> Cell:
    """The cell that holds these arrays, with the activation of another."""
    kernel, recurrent_kernel, *bias = weights
    return Cell(kernel.T, recurrent_kernel.T, bias[0] if bias else None, activation=like.activation)
