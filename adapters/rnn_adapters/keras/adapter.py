"""The adapter of Keras 3, put together from parts.

Keras fixes its backend when it is imported, so it is imported here only when an adapter is made.
"""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import Any
from weakref import WeakSet

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.jax_cache import keep_compiled
from rnn_adapters.keras import configuration, refusals, symbolic
from rnn_adapters.keras.assembly import Assembled, Parts, Plan, predicted
from rnn_adapters.keras.derivatives import Computation
from rnn_adapters.keras.layers import Options, Workshop, name_of, shape_of
from rnn_adapters.keras.openvino_graph import computed_together
from rnn_adapters.keras.training import Trainee, count_trainable
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.openvino_runtime import narrow_by_default, silence_openvino
from rnn_adapters.surface import Shapes, Trained, Training, UnknownAxis
from rnn_reference.errors import BadInput
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

BACKENDS = ("tensorflow", "torch", "jax", "numpy", "openvino")
"""The backends tested here, by the names of Keras and of their packages."""

KEPT = {"tensorflow": 128, "torch": 1024, "jax": 48, "numpy": 1024, "openvino": 1024}
"""The networks that all routes together keep from one chapter to the next, half of the most within one: what
TensorFlow builds for one, and JAX compiles, takes much memory."""

ADAPTERS = WeakSet["KerasAdapter"]()
"""Those of this process."""


class LoadedNetwork:
    """What `load` returns: a network, and what was put together of Keras layers to call it.

    Nothing is built before it is called. What is built first holds the weights (`main`); whatever is built
    for another call gets them from there before it is called.

    Args:
        network: where activations and sizes are read from, and the first weights.
        main: what holds other weights than those, if it is built already.
    """

    def __init__(self, adapter: KerasAdapter, network: Network, main: Assembled | None = None) -> None:
        self.network = network
        self._adapter = adapter
        self._built: dict[Plan, Assembled] = {} if main is None else {main.plan: main}

    @property
    def main(self) -> Assembled:
        """What holds the weights."""
        return next(iter(self._built.values()), None) or self.ready_for(Plan())

    def ready_for(self, plan: Plan) -> Assembled:
        """What is called by this plan, with the weights of now."""
        if plan not in self._built:
            made = self._built[plan] = self._adapter.assembled(self.network, plan)
            if made is self.main:
                made.give(self._adapter.native(self.network.cells))
            if plan.options.stateful_batch is not None:
                others = [each for each in self._built.values() if each is not made]
                made.reset_states(besides=[layer for each in others for layer in each.layers])
        ready = self._built[plan]
        if ready is not self.main and not _same(ready.weights, weights := self.main.weights):
            ready.give(weights)
        return ready

    def reset_states(self) -> None:
        """Make every stateful layer forget."""
        for plan, built in self._built.items():
            if plan.options.stateful_batch is not None:
                built.reset_states()


class KerasAdapter(Adapter[LoadedNetwork]):
    """`SimpleRNN` and `Bidirectional` on one backend, by the route that the parts make up.

    Args:
        backend: one of `BACKENDS`; None takes the one in force (KERAS_BACKEND).
        parts: what the route is put together from.
        conventions, supports: what is declared of it.
        keras: what is called, if it is not the module `keras` on this backend.

    Raises:
        BadInput: Keras is imported already and runs on another backend, or the backend is not tested here.
        ModuleNotFoundError: Keras or the backend is not installed.
    """

    def __init__(
        self, backend: str, parts: Parts, conventions: Conventions, supports: Supports, keras: Any = None
    ) -> None:
        self.keras = keras or imported_keras(backend)
        self.backend = backend
        self.name = f"keras-{backend}"
        self.parts = parts
        self.conventions = conventions
        self.supports = supports
        self._workshop = Workshop(self.keras, parts)
        self._assembled: dict[Hashable, Assembled] = {}
        ADAPTERS.add(self)

    def versions(self) -> dict[str, str]:
        # The plain and the CPU-only distribution of TensorFlow give the same module.
        package = sys.modules.get(self.backend)
        found = str(package.__version__) if package else version(self.backend)
        found = found.partition("-")[0]  # OpenVINO names its build, too
        versions = {"keras": self.keras.__version__, self.backend: found, "numpy": np.__version__}
        return versions | narrow_by_default(package) if self.backend == "openvino" else versions

    def assembled(self, network: Network, plan: Plan) -> Assembled:
        """Put together once for sizes, options and plan; the weights are any.

        On OpenVINO some are always new: what a layer drops depends on the number of calls before, and
        `predict` goes on with the weights of the first one.
        """
        if self.backend == "openvino" and (plan.options.rate or self.parts.call is predicted):
            return self.parts.assembly(Workshop(self.keras, self.parts), network, plan)
        key = (tuple(map(shape_of, network.layers)), plan)
        if key not in self._assembled:
            if _networks() >= 2 * KEPT[self.backend]:
                self._forget()
            with self._on_device():
                self._assembled[key] = self.parts.assembly(self._workshop, network, plan)
        return self._assembled[key]

    def _on_device(self) -> AbstractContextManager[Any]:
        """On the device of the route."""
        device: AbstractContextManager[Any]
        device = self.keras.device(self.parts.device) if self.parts.device else nullcontext()
        return device

    def load(self, network: Network) -> LoadedNetwork:
        return LoadedNetwork(self, network)

    def native(self, cells: Iterable[Cell]) -> list[dict[str, Array]]:
        """The weights of cells by Keras's names."""
        return [native_arrays(self.conventions.weights, [cell]) for cell in cells]

    def _ready(self, model: LoadedNetwork, call: Call) -> Assembled:
        """What is called for a call."""
        return model.ready_for(self.parts.assembly.plan_of(self.parts, call))

    def run(self, model: LoadedNetwork, call: Call) -> Output:
        ready = self._ready(model, call)
        states = None if call.initial_states is None else [self.given(state) for state in call.initial_states]
        try:
            with self._on_device():
                returned = ready.call(ready.first_inputs(call), states, call.training)
        except Exception:
            if call.training and call.dropout is not None:
                # What it was to drop stays in its layers, and would be dropped of the next call in training.
                self._forget()
            elif self.backend == "jax" and self.parts.call is predicted:
                # It leaves its layers without weights, which the next network is not to find.
                self._assembled.clear()
                self._workshop.clear()
            raise
        outputs, finals = self._returned(ready, returned)
        shapes = ready.shapes(call, outputs)
        if not call.return_sequences:
            del shapes["sequence"]
        if finals:
            shapes["final_states"] = finals[0].shape
        sequence = ready.joined(outputs)
        return Output(
            sequence=sequence if call.return_sequences else None,
            last=None if call.return_sequences else sequence,
            final_states=_by_layer(model.network, iter(finals)) if finals else None,
            native_shapes=shapes,
        )

    def given(self, states: Array) -> list[Any]:
        """The initial states of a layer as Keras takes them, forward before backward."""
        return list(states)

    def _returned(self, ready: Assembled, returned: list[Any]) -> tuple[list[Array], list[Array]]:
        """Outputs and final states as arrays."""
        if self.backend == "openvino":
            returned = computed_together(returned)
        arrays = list(map(self.array, returned))
        finals = len(ready.cells) if self.supports.final_states else 0
        return arrays[: len(arrays) - finals], arrays[len(arrays) - finals :]

    def array(self, value: Any) -> Array:
        """What the backend returned, as an array."""
        array: Array = self.keras.ops.convert_to_numpy(value)
        return array

    def gradients(
        self, model: LoadedNetwork, call: Call, d_sequence: Array, d_final_states: States
    ) -> Gradients:
        ready, of = self._computation(model, call)
        cotangents = [*ready.parted(d_sequence), *_in_a_row(d_final_states)]
        with self._on_device(), self._keeping_states(ready, call):
            found = self.parts.differentiator.gradients(of, cotangents)
        return self._gradients_of(model, found)

    def tangents(self, model: LoadedNetwork, call: Call, direction: Gradients) -> Output:
        ready, of = self._computation(model, call)
        with self._on_device(), self._keeping_states(ready, call):
            found = self.parts.differentiator.tangents(of, self._sources_of(direction))
        outputs, finals = self._returned(ready, found)
        return Output(ready.joined(outputs), final_states=_by_layer(model.network, iter(finals)))

    def second_gradients(
        self,
        model: LoadedNetwork,
        call: Call,
        d_sequence: Array,
        d_final_states: States,
        direction: Gradients,
    ) -> Gradients:
        ready, of = self._computation(model, call)
        cotangents = [*ready.parted(d_sequence), *_in_a_row(d_final_states)]
        towards = self._sources_of(direction)
        with self._on_device(), self._keeping_states(ready, call):
            found = self.parts.differentiator.second_gradients(of, cotangents, towards)
        return self._gradients_of(model, found)

    def _computation(self, model: LoadedNetwork, call: Call) -> tuple[Assembled, Computation]:
        """What is called, and the call as a function of its input, initial states and weights."""
        ready = self._ready(model, call)
        first, *constants = ready.first_inputs(call)
        given = call.initial_states or ()
        counts = tuple(map(len, given))  # as given, be they too many or too few

        def function(inputs: list[Any], constants: list[Any]) -> list[Any]:
            x, *states = inputs
            left = iter(states)
            by_layer = [[next(left) for _ in range(count)] for count in counts]
            masks = map(self.keras.ops.convert_to_tensor, constants)
            return ready.call([x, *masks], by_layer, call.training)

        variables = [variable for cell in ready.cells for variable in cell.trainable_variables]
        others = [variable for layer in ready.layers for variable in layer.non_trainable_variables]
        inputs, key = [first, *_in_a_row(given)], (call.training, counts)
        return ready, Computation(function, inputs, constants, variables, others, ready.compiled, key)

    @contextmanager
    def _keeping_states(self, ready: Assembled, call: Call) -> Iterator[None]:
        """Stateful layers keep the states of calls, and not those of derivatives, which call them, too."""
        variables = ready.kept_states() if call.stateful else []
        before = [self.array(variable).copy() for variable in variables]
        try:
            yield
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)

    def _sources_of(self, direction: Gradients) -> list[Array]:
        """A direction in the order of input, initial states and variables."""
        weights = self.native(Cell(*cell) for cell in direction.cells)
        arrays = [array for each in weights for array in each.values()]
        return [direction.x, *_in_a_row(direction.initial_states), *arrays]

    def _gradients_of(self, model: LoadedNetwork, found: list[Any]) -> Gradients:
        """What was found for input, initial states and variables, as gradients of a network."""
        left = map(self.array, found)
        dx, states = next(left), _by_layer(model.network, left)
        cells = []
        for cell in model.main.cells:
            arrays = {name_of(variable): next(left) for variable in cell.trainable_variables}
            (weights,) = canonical_weights(self.conventions.weights, arrays)
            cells.append(CellGradients(**weights))
        return Gradients(dx, states, tuple(cells))

    def read_weights(self, model: LoadedNetwork) -> Network:
        return self._network(model.main, model.network)

    def native_weights(self, model: LoadedNetwork) -> list[dict[str, tuple[int, ...]]]:
        roles = {weight.name: weight.role for weight in self.conventions.weights}
        return [
            {roles[name_of(variable)]: tuple(variable.shape) for variable in cell.trainable_variables}
            for cell in model.main.cells
        ]

    def count_parameters(self, model: LoadedNetwork) -> int:
        return sum(int(layer.count_params()) for layer in model.ready_for(Plan()).layers)

    def assign_weights(self, model: LoadedNetwork, network: Network) -> None:
        model.main.assign(self.native(network.cells))

    def restored(self, model: LoadedNetwork) -> LoadedNetwork:
        main = model.ready_for(Plan()).restored(self._workshop, model.network)
        return LoadedNetwork(self, model.network, main)

    def reset_states(self, model: LoadedNetwork) -> None:
        model.reset_states()

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        """Keras draws the seed of every initialiser from Python's `random`, and uses no other generator."""
        before = random.getstate()
        random.seed(seed)
        try:
            workshop, plan = Workshop(self.keras, self.parts), Plan(Options(drawn=True))
            return self._network(self.parts.assembly(workshop, like, plan), like)
        finally:
            random.setstate(before)

    def inferred_shapes(
        self, model: LoadedNetwork, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        return symbolic.inferred_shapes(self.keras, self._ready(model, call), model.network, call, unknown)

    def handed_masks(self, model: LoadedNetwork, call: Call) -> Mapping[str, Array | None]:
        return symbolic.handed_masks(self.keras, self._ready(model, call), call)

    def kept_options(self, model: LoadedNetwork, call: Call) -> Mapping[str, tuple[str, str]]:
        return configuration.kept_options(self.keras, model.network, call)

    def wrong_layers(self, model: LoadedNetwork, call: Call) -> Mapping[str, str]:
        return refusals.wrong_layers(self.keras, model.network)

    def default_states(self, model: LoadedNetwork, call: Call) -> States:
        found = symbolic.default_states(self._ready(model, call), len(call.x))
        return _by_layer(model.network, map(self.array, found))

    def count_trainable(self, model: LoadedNetwork, frozen: tuple[int, ...]) -> Mapping[str, int]:
        return count_trainable(self.keras, self.parts, model.network, frozen)

    def trained(self, model: LoadedNetwork, call: Call, training: Training) -> Trained:
        trainee = Trainee(self.keras, self.parts, model.network, call, training)
        trainee.built.give(model.main.weights)
        networks, losses = list[Network](), list[float]()
        for index in range(training.steps):
            losses.append(trainee.step(index))
            networks.append(self._network(trainee.built, model.network))
        return Trained(tuple(networks), (*losses, trainee.loss()))

    def _network(self, held: Assembled, like: Network) -> Network:
        """The weights that Keras holds, with the activations of a network."""
        cells = iter(
            Cell(**canonical_weights(self.conventions.weights, arrays)[0], activation=cell.activation)
            for arrays, cell in zip(held.weights, like.cells, strict=True)
        )
        return Network(Layer(*(next(cells) for _ in layer.cells)) for layer in like.layers)

    def global_state(self) -> Mapping[str, str]:
        state = {"floatx": str(self.keras.config.floatx())}
        if self.backend == "torch":
            state["torch default dtype"] = str(sys.modules["torch"].get_default_dtype())
        if self.backend == "jax":
            state["jax_enable_x64"] = str(sys.modules["jax"].config.jax_enable_x64)
        return state

    def drop_caches(self) -> None:
        """Forget all layers, where there are more of them than are kept."""
        if _networks() > KEPT[self.backend]:
            self._forget()

    def _forget(self) -> None:
        """Forget the layers of all routes, and let go of them at once, which takes a while.

        Of what Keras itself keeps, TensorFlow's kernels take memory; on torch it would load dynamo. JAX keeps
        what it has compiled for layers that are no more.
        """
        for adapter in ADAPTERS:
            adapter._assembled.clear()
            adapter._workshop.clear()
        if self.backend == "tensorflow":
            self.keras.backend.clear_session()
        if self.backend == "jax":
            gc.collect()  # layers and what is compiled for them know of each other
            sys.modules["jax"].clear_caches()


def _networks() -> int:
    """How many are put together."""
    return sum(len(adapter._assembled) for adapter in ADAPTERS)


def imported_keras(backend: str) -> Any:
    """Keras on this backend.

    Raises:
        BadInput: it already runs on another, or the backend is not tested here.
    """
    if backend not in BACKENDS:
        raise BadInput(f"KERAS_BACKEND: expected one of {', '.join(BACKENDS)}; got {backend!r}")
    loaded = sys.modules.get("keras")
    if loaded is not None and loaded.backend.backend() != backend:
        raise BadInput(
            f"adapter keras-{backend}: Keras already runs on {loaded.backend.backend()} in this process,"
            " and one process has one backend; run them one after the other"
        )
    os.environ["KERAS_BACKEND"] = backend
    if backend == "openvino":
        silence_openvino()
    import keras

    if backend == "jax":
        keep_compiled()
    return keras


def backend_in_force() -> str:
    """The backend that Keras runs on, or would if it were imported now; a configuration file is not read."""
    loaded = sys.modules.get("keras")
    found = loaded.backend.backend() if loaded else os.environ.get("KERAS_BACKEND", "tensorflow")
    return str(found)


def _in_a_row(states: States) -> list[Array]:
    """States of layers as a list of those of each direction."""
    return [direction for state in states for direction in state]


def _by_layer(network: Network, states: Iterator[Array]) -> States:
    """The other way round."""
    return tuple(np.stack([next(states) for _ in layer.cells]) for layer in network.layers)


def _same(weights: list[dict[str, Array]], others: list[dict[str, Array]]) -> bool:
    """Whether the weights of all cells are equal to the bit."""
    return all(
        one[name].tobytes() == other[name].tobytes()
        for one, other in zip(weights, others, strict=True)
        for name in one
    )
