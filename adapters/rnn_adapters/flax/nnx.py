"""Layers of `flax.nnx`, which hold their weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import optax
from flax import nnx, serialization
from flax.nnx.nn.recurrent import flip_sequences, modified_orthogonal

from rnn_adapters.flax.layers import FlaxLayers, Parts
from rnn_adapters.jax_adapter import CellPlan, Loss, Plan, Returned, Tree
from rnn_adapters.surface import Training

Modules = list[list[Any]]


class RematCell(nnx.SimpleCell):
    """A cell that computes its output anew for gradients."""

    __call__ = nnx.remat(nnx.SimpleCell.__call__)


class NnxLayers(FlaxLayers):
    """What is called are modules."""

    RNN = nnx.RNN
    Bidirectional = nnx.Bidirectional
    separator = "."
    flip_sequences = staticmethod(flip_sequences)

    def __init__(self, plan: Plan, parts: Parts) -> None:
        super().__init__(plan, parts)
        self.graph, self.weights, self.others = nnx.split(self.modules, nnx.Param, ...)

    def seeded(self, seed: int) -> None:
        self.rngs = nnx.Rngs(seed)

    def cell(self, plan: CellPlan) -> Any:
        make = RematCell if self.parts.remat else nnx.SimpleCell
        return make(plan.inputs, plan.hidden, **self.options_of(plan.activation), rngs=self.rngs)

    def types_for(self, dtype: str) -> dict[str, Any]:
        types = {"dtype": dtype, "param_dtype": dtype}
        return types | {"recurrent_kernel_init": modified_orthogonal} if self.parts.narrow_helped else types

    def bound(self, tree: Tree) -> Modules:
        # Variables belong to the trace in which they are made, those of generators, too.
        modules: Modules = nnx.merge(
            self.graph, self._state_of(tree), jax.tree.map(lambda each: each, self.others)
        )
        return modules

    def initial_state(self, cell: Any, shape: tuple[int, ...]) -> Any:
        return cell.initialize_carry(shape, nnx.Rngs(0))

    def holding(self, tree: Tree) -> Modules:
        nnx.update(self.modules, self._state_of(self._through_bytes(tree) if self.parts.saved else tree))
        return self.modules

    def tree_in(self, held: Modules) -> Tree:
        return tree_of(nnx.state(held, nnx.Param))

    def of_other(self, held: Modules) -> Modules:
        nnx.update(self.modules, nnx.state(held, nnx.Param))
        return self.modules

    def written(self, held: Modules, x: Any, states: Any, lengths: Any) -> Returned:
        return self.through(held, x, states, lengths)

    def restored(self, tree: Tree) -> Modules:
        nnx.update(self.modules, self._state_of(self._through_bytes(tree)))
        return self.modules

    def _state_of(self, tree: Tree) -> Any:
        """A tree as a state of nnx."""
        state = jax.tree.map(lambda weight: weight, self.weights)
        nnx.replace_by_pure_dict(state, {index: dict(enumerate(layer)) for index, layer in enumerate(tree)})
        return state

    def mapped(self, function: Any, modules: list[Any], *rows: Any) -> Any:
        axes = [None if each is None else 0 for each in rows]
        return nnx.vmap(function, in_axes=(None, *axes))(modules, *rows)

    def _through_bytes(self, tree: Tree) -> Tree:
        """The pure dictionaries of a state, by `to_bytes` and `from_bytes`."""
        return serialization.from_bytes(
            jax.tree.map(jax.numpy.zeros_like, tree), serialization.to_bytes(tree)
        )

    def fresh(self, seed: int) -> Tree:
        return self.tree_in(self.made(seed))

    def count(self, tree: Tree) -> int:
        return sum(int(leaf.size) for leaf in jax.tree.leaves(tree))

    def count_trainable(self, held: Modules, frozen: tuple[int, ...]) -> Mapping[str, int]:
        return {"a filter": self.count(nnx.state(held, trained_only(frozen)))}

    def train(self, held: Modules, loss: Loss, training: Training) -> Iterator[tuple[Any, Tree]]:
        """By `nnx.Optimizer`, which is given what is not frozen."""
        wrt = trained_only(training.frozen)
        optimiser = nnx.Optimizer(held, optax.sgd(training.rate), wrt=wrt)

        def value_of(modules: Modules) -> Any:
            return loss(lambda *given: self.through(modules, *given))

        of_modules = nnx.jit(nnx.value_and_grad(value_of, argnums=nnx.DiffState(0, wrt)))

        for _ in range(training.steps):
            value, found = of_modules(held)
            optimiser.update(held, found)
            yield value, self.tree_in(held)
        yield of_modules(held)[0], self.tree_in(held)


def trained_only(frozen: tuple[int, ...]) -> Any:
    """The filter of weights outside of these layers."""
    return nnx.All(nnx.Param, lambda path, _: path[0] not in frozen)


def tree_of(state: Any) -> Tree:
    """A state of nnx as a tree."""
    pure = nnx.to_pure_dict(state)
    return [[layer[index] for index in sorted(layer)] for layer in (pure[index] for index in sorted(pure))]


def jitted(layers: NnxLayers, held: Modules, x: Any, states: Any, lengths: Any) -> Returned:
    """The call, compiled by `nnx.jit`."""
    compiled = layers.compiled.setdefault("call", nnx.jit(layers.through))
    found: Returned = compiled(held, x, states, lengths)
    return found


def merged(layers: NnxLayers, held: Modules, x: Any, states: Any, lengths: Any) -> Returned:
    """The call of modules that `nnx.split` and `nnx.merge` made, compiled by `jax.jit`."""
    compiled = layers.compiled.setdefault("call", jax.jit(layers.pure))
    found: Returned = compiled(layers.tree_in(held), x, states, lengths)
    return found
