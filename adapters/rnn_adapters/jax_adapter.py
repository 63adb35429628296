"""`JaxAdapter`: the contract for JAX's libraries, of which each says how its layers are made and called.

A call is a pure function of weights, input and initial states, which JAX differentiates and compiles.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from rnn_adapters import jax_derivatives
from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import ARRAYS, Conventions, NarrowType, Supports
from rnn_adapters.jax_cache import keep_compiled
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.surface import Shape, Shapes, Trained, Training, UnknownAxis
from rnn_reference.activations import Activation
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network, States

# They have no types.
shaped: Callable[..., Any] = jax.ShapeDtypeStruct
clear_caches: Callable[[], None] = jax.clear_caches
Tree: TypeAlias = Any
"""Weights as a library has them: arrays in dictionaries and lists."""
Native: TypeAlias = Mapping[str, Any]
"""The weights of one cell by the names of the conventions."""
Loss: TypeAlias = Callable[[Callable[..., Any]], Any]
"""ℓ, of a function that is called as `Layers.pure` is but for the weights."""
MOST_KEPT = 64
"""Plans whose layers are kept, half as many from chapter to chapter: what is compiled takes memory."""


class CellPlan(NamedTuple):
    """What a cell is made for."""

    inputs: int
    hidden: int
    activation: Activation


class Plan(NamedTuple):
    """What layers are made for: all of a network and of a call but numbers, batch and time.

    Args:
        layers: the cells of each layer, forward before backward.
    """

    layers: tuple[tuple[CellPlan, ...], ...]
    dtype: str
    compute_dtype: NarrowType | None = None
    go_backwards: bool = False
    merge_mode: MergeMode = "concat"


class Returned(NamedTuple):
    """What a call gave.

    Args:
        sequence: (…, time, directions·hidden), "…" being the batch axes.
        finals: (…, hidden) for each cell; none where they are not asked for.
        native: what the library took and gave, in the order of `ARRAYS`.
    """

    sequence: Any
    finals: list[Any]
    native: tuple[Any, ...]


class Layers(ABC):
    """What a library makes for a plan.

    What holds the weights is whatever is called: of some libraries modules, of others a tree of arrays.

    Args:
        compiled: what was compiled of these layers, by a name.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.compiled: dict[str, Any] = {}

    @abstractmethod
    def tree_of(self, cells: list[Native]) -> Tree:
        """The weights of all cells as the library has them."""

    @abstractmethod
    def cells_of(self, tree: Tree) -> list[Native]:
        """And back; of a tree of the same form, too, such as gradients."""

    @abstractmethod
    def pure(self, tree: Tree, x: Any, states: Any, lengths: Any) -> Returned:
        """A call as a pure function.

        Args:
            states: for each layer the states of its directions, or None.
        """

    @abstractmethod
    def fresh(self, seed: int) -> Tree:
        """Weights as the library draws them."""

    @abstractmethod
    def default_states(self, batch: tuple[int, ...]) -> list[Any]:
        """The state that each cell says a call starts from, of these batch axes."""

    def holding(self, tree: Tree) -> Any:
        """What holds these weights, and is called."""
        return tree

    def tree_in(self, held: Any) -> Tree:
        """The weights that it holds."""
        return held

    def of_other(self, held: Any) -> Any:
        """What holds the weights of layers that were made for another call."""
        return held

    def direct(self, held: Any, x: Any, states: Any, lengths: Any) -> Returned:
        """The call as a user writes it."""
        return self.pure(held, x, states, lengths)

    @abstractmethod
    def count(self, tree: Tree) -> int:
        """The number of parameters, as the library's users count them."""

    @abstractmethod
    def count_trainable(self, held: Any, frozen: tuple[int, ...]) -> Mapping[str, int]:
        """See `Adapter.count_trainable`."""

    @abstractmethod
    def train(self, held: Any, loss: Loss, training: Training) -> Iterator[tuple[Any, Tree]]:
        """For each step ℓ before it, and the weights after it; then ℓ once more, and the last weights."""

    def restored(self, tree: Tree) -> Any:
        """What holds the weights that were saved and loaded again."""
        raise NotImplementedError


@dataclass
class Loaded:
    """A network whose numbers are those of `held`, which is what is called."""

    network: Network
    layers: Layers
    held: Any = field(repr=False)


class JaxAdapter(Adapter[Loaded]):
    """A route into a library on JAX.

    Args:
        make: makes the layers of a plan, once.
        versions: of the library, which stands first, and of what it calls.
        compiled_derivatives: derivatives are compiled, as training is in every example of these libraries.
        device: what computes, as `jax.devices` has it; "" leaves it to JAX.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[Plan], Layers],
        conventions: Conventions,
        supports: Supports,
        versions: Mapping[str, str],
        *,
        compiled_derivatives: bool = True,
        device: str = "",
    ) -> None:
        keep_compiled()
        self.name = name
        self.conventions = conventions
        self.supports = supports
        self._make = make
        self._versions = dict(versions) | {"jax": jax.__version__, "numpy": np.__version__}
        self._compiled_derivatives = compiled_derivatives
        self._device = device
        self._made: dict[Plan, Layers] = {}

    def versions(self) -> dict[str, str]:
        return self._versions

    @contextmanager
    def _computing(self, network: Network) -> Iterator[None]:
        """In the type of a network, on the device of the route."""
        device = jax.devices(self._device)[0] if self._device else None
        with in_type_of(network), jax.default_device(device):
            yield

    def layers_for(self, plan: Plan) -> Layers:
        """Made once for a plan."""
        if plan not in self._made:
            if len(self._made) == MOST_KEPT:
                self._forget()
            self._made[plan] = self._make(plan)
        return self._made[plan]

    def _for_call(self, model: Loaded, call: Call) -> tuple[Layers, Any]:
        """The layers for a call, and what holds the weights for it."""
        plan = model.layers.plan._replace(
            compute_dtype=call.compute_dtype, go_backwards=call.go_backwards, merge_mode=call.merge_mode
        )
        layers = self.layers_for(plan)
        return layers, model.held if layers is model.layers else layers.of_other(model.held)

    def load(self, network: Network) -> Loaded:
        with self._computing(network):
            layers = self.layers_for(plan_of(network))
            return Loaded(network, layers, layers.holding(layers.tree_of(self._native(network.cells))))

    def run(self, model: Loaded, call: Call) -> Output:
        with self._computing(model.network):
            layers, held = self._for_call(model, call)
            found = layers.direct(held, *given(call))
            return Output(
                sequence=array(found.sequence) if call.return_sequences else None,
                final_states=by_layer(model.network, found.finals) if found.finals else None,
                native_shapes={name: each.shape for name, each in zip(ARRAYS, found.native, strict=False)},
            )

    def gradients(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        towards = [d_sequence, list(in_a_row(d_final_states))]
        return self._gradients(model, self._derived("gradients", model, call, towards))

    def tangents(self, model: Loaded, call: Call, direction: Gradients) -> Output:
        sequence, finals = self._derived("tangents", model, call, self._sources_of(model, direction))
        return Output(array(sequence), final_states=by_layer(model.network, finals))

    def second_gradients(
        self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        towards = [d_sequence, list(in_a_row(d_final_states))]
        found = self._derived("second_gradients", model, call, towards, self._sources_of(model, direction))
        return self._gradients(model, found)

    def _derived(self, name: str, model: Loaded, call: Call, *towards: Tree) -> Tree:
        """A derivative of sequence and final states as a function of weights, input and initial states."""

        def derivative(sources: Tree, lengths: Any, *towards: Tree) -> Tree:
            def function(sources: Tree) -> Tree:
                tree, x, states = sources
                sequence, finals, _ = layers.pure(tree, x, states, lengths)
                return [sequence, finals]

            return getattr(jax_derivatives, name)(function, sources, *towards)

        with self._computing(model.network):
            layers, held = self._for_call(model, call)
            taken: Callable[..., Tree] = derivative
            if self._compiled_derivatives:
                taken = layers.compiled.setdefault(name, jax.jit(derivative))
            x, states, lengths = given(call)
            return taken([layers.tree_in(held), x, states], lengths, *towards)

    def _sources_of(self, model: Loaded, direction: Gradients) -> Tree:
        """A direction in the form of weights, input and initial states."""
        with self._computing(model.network):
            tree = model.layers.tree_of(self._native(Cell(*cell) for cell in direction.cells))
        return [tree, direction.x, [list(state) for state in direction.initial_states]]

    def _gradients(self, model: Loaded, found: Tree) -> Gradients:
        tree, dx, d_states = found
        cells = self._canonical(model.layers.cells_of(tree))
        states = by_layer(model.network, [state for states in d_states for state in states])
        return Gradients(array(dx), states, cells)

    def read_weights(self, model: Loaded) -> Network:
        return self._network(model.network, self._cells(model))

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        weights = self.conventions.weights
        return [
            {w.role: tuple(cell[w.name].shape) for w in weights if w.name in cell}
            for cell in self._cells(model)
        ]

    def count_parameters(self, model: Loaded) -> int:
        return model.layers.count(model.layers.tree_in(model.held))

    def assign_weights(self, model: Loaded, network: Network) -> None:
        with self._computing(network):
            model.held = model.layers.holding(model.layers.tree_of(self._native(network.cells)))

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        with self._computing(like):
            layers = self.layers_for(plan_of(like))
            return self._network(like, layers.cells_of(layers.fresh(seed)))

    def inferred_shapes(
        self, model: Loaded, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        """By `jax.eval_shape`, with symbols for what is unknown."""
        symbols = {axis: export.symbolic_shape(axis)[0] for axis in unknown}
        batch, time = symbols.get("batch", call.x.shape[0]), symbols.get("time", call.x.shape[1])
        with self._computing(model.network):
            layers, held = self._for_call(model, call)
            x, states, lengths = given(call)
            x = shaped((batch, time, x.shape[-1]), x.dtype)
            sized = partial(jax.tree.map, lambda each: shaped((batch, *each.shape[1:]), each.dtype))
            found = jax.eval_shape(layers.pure, layers.tree_in(held), x, sized(states), sized(lengths))
        types = sorted({str(each.dtype) for each in (found.sequence, *found.finals)})
        finals = tuple(known(each.shape) for each in found.finals)
        return {"eval_shape": Shapes(known(found.sequence.shape), None, finals, " and ".join(types))}

    def default_states(self, model: Loaded, call: Call) -> States:
        with self._computing(model.network):
            layers, _ = self._for_call(model, call)
            return by_layer(model.network, layers.default_states(call.x.shape[:-2]))

    def restored(self, model: Loaded) -> Loaded:
        with self._computing(model.network):
            layers = self._make(model.layers.plan)
            return Loaded(model.network, layers, layers.restored(model.layers.tree_in(model.held)))

    def count_trainable(self, model: Loaded, frozen: tuple[int, ...]) -> Mapping[str, int]:
        return model.layers.count_trainable(model.held, frozen)

    def trained(self, model: Loaded, call: Call, training: Training) -> Trained:
        with self._computing(model.network):
            layers, held = self._for_call(model, call)
            inputs, d = given(call), jnp.asarray(training.d_sequence)

            def loss(called: Callable[..., Returned]) -> Any:
                return (d * called(*inputs).sequence).sum()

            made = list(layers.train(held, loss, training))
            networks = [self._network(model.network, layers.cells_of(tree)) for _, tree in made[:-1]]
        return Trained(tuple(networks), tuple(float(each) for each, _ in made))

    def global_state(self) -> Mapping[str, str]:
        names = ("jax_enable_x64", "jax_default_matmul_precision", "jax_numpy_dtype_promotion")
        return {name: str(getattr(jax.config, name)) for name in names}

    def drop_caches(self) -> None:
        if len(self._made) > MOST_KEPT / 2:
            self._forget()

    def _forget(self) -> None:
        self._made.clear()
        clear_caches()

    def _cells(self, model: Loaded) -> list[Native]:
        """The weights that are held, by cell."""
        return model.layers.cells_of(model.layers.tree_in(model.held))

    def _native(self, cells: Any) -> list[Native]:
        """The weights of cells by the library's names, as arrays of JAX."""
        of_cells = (native_arrays(self.conventions.weights, [cell]) for cell in cells)
        return [{name: jnp.array(each) for name, each in arrays.items()} for arrays in of_cells]

    def _canonical(self, cells: list[Native]) -> tuple[CellGradients, ...]:
        """And back."""
        as_arrays = ({name: array(each) for name, each in cell.items()} for cell in cells)
        return tuple(
            CellGradients(**canonical_weights(self.conventions.weights, cell)[0]) for cell in as_arrays
        )

    def _network(self, like: Network, cells: list[Native]) -> Network:
        """Weights as a network, with the activations of another."""
        pairs = zip(self._canonical(cells), like.cells, strict=True)
        made = iter([Cell(*weights, activation=cell.activation) for weights, cell in pairs])
        return Network(Layer(*(next(made) for _ in layer.cells)) for layer in like.layers)


def plan_of(network: Network) -> Plan:
    """What layers are made for, as far as a network says it."""
    layers = tuple(
        tuple(CellPlan(cell.input_size, cell.hidden_size, cell.activation) for cell in layer.cells)
        for layer in network.layers
    )
    return Plan(layers, str(network.dtype))


def in_type_of(network: Network) -> AbstractContextManager[Any]:
    """JAX has float64 where it is told so."""
    return jax.enable_x64(True) if network.dtype == np.float64 else nullcontext()


def given(call: Call) -> tuple[Any, Any, Any]:
    """Input, states of each layer by direction, and lengths, as arrays of JAX."""
    states = call.initial_states
    return (
        jnp.asarray(call.x),
        None if states is None else [[jnp.asarray(each) for each in state] for state in states],
        None if call.lengths is None else jnp.asarray(call.lengths),
    )


def array(value: Any) -> Array:
    """What JAX returned, as an array."""
    return np.asarray(value)


def in_a_row(states: States) -> list[Array]:
    """States of layers as a list of those of each direction."""
    return [direction for state in states for direction in state]


def by_layer(network: Network, finals: list[Any]) -> States:
    """The other way round."""
    left = map(array, finals)
    return tuple(np.stack([next(left) for _ in layer.cells]) for layer in network.layers)


def known(shape: tuple[Any, ...]) -> Shape:
    """A shape with None for each symbol."""
    return tuple(size if isinstance(size, int) else None for size in shape)
