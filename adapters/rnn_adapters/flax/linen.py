"""Layers of `flax.linen`, whose weights are a tree beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import optax
from flax import serialization
from flax.linen.recurrent import flip_sequences
from flax.training.train_state import TrainState
from flax.traverse_util import path_aware_map

from rnn_adapters.flax.layers import FlaxLayers
from rnn_adapters.jax_adapter import CellPlan, Loss, Returned, Tree
from rnn_adapters.surface import Training

RematCell: Any = nn.remat(nn.SimpleCell)


@dataclass(frozen=True, eq=False)
class Bound:
    """A module and its weights, called as a module that has them."""

    module: Any
    weights: Tree

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """`Module.apply`."""
        return self.module.apply({"params": self.weights}, *arguments, **named)

    def initialize_carry(self, *arguments: Any) -> Any:
        """That of the cell."""
        return self.module.initialize_carry(*arguments)


class LinenLayers(FlaxLayers):
    """What is called are modules and trees."""

    RNN = nn.RNN
    Bidirectional = nn.Bidirectional
    separator = "/"
    flip_sequences = staticmethod(flip_sequences)

    def cell(self, plan: CellPlan) -> Any:
        make = RematCell if self.parts.remat else nn.SimpleCell
        return make(plan.hidden, **self.options_of(plan.activation))

    def types_for(self, dtype: str) -> dict[str, Any]:
        return {"param_dtype": dtype}  # `dtype` is that of weights and input, if nothing is said

    def bound(self, tree: Tree) -> list[list[Any]]:
        pairs = zip(self.modules, tree, strict=True)
        return [list(map(Bound, modules, trees)) for modules, trees in pairs]

    def initial_state(self, cell: Any, shape: tuple[int, ...]) -> Any:
        return cell.initialize_carry(jax.random.key(0), shape)

    def mapped(self, function: Any, modules: list[Any], *rows: Any) -> Any:
        axes = [None if each is None else 0 for each in rows]
        return jax.vmap(lambda *row: function(modules, *row), axes)(*rows)

    def holding(self, tree: Tree) -> Tree:
        return self.restored(tree) if self.parts.saved else tree

    def restored(self, tree: Tree) -> Tree:
        """By `to_bytes` and `from_bytes`, into a tree of zeros."""
        return serialization.from_bytes(
            jax.tree.map(jax.numpy.zeros_like, tree), serialization.to_bytes(tree)
        )

    def fresh(self, seed: int) -> Tree:
        keys = iter(jax.random.split(jax.random.key(seed), sum(map(len, self.modules))))
        return [
            [
                module.init(next(keys), jax.numpy.zeros((1, 1, cells[0].inputs)))["params"]
                for module in modules
            ]
            for modules, cells in zip(self.modules, self.plan.layers, strict=True)
        ]

    def count(self, tree: Tree) -> int:
        return sum(int(leaf.size) for leaf in jax.tree.leaves(tree))

    def count_trainable(self, held: Tree, frozen: tuple[int, ...]) -> Mapping[str, int]:
        labels = labelled(held, frozen)
        pairs = zip(jax.tree.leaves(held), jax.tree.leaves(labels), strict=True)
        return {"labels": sum(int(leaf.size) for leaf, label in pairs if label == "trained")}

    def train(self, held: Tree, loss: Loss, training: Training) -> Iterator[tuple[Any, Tree]]:
        """By a `TrainState`, whose optimiser sets the updates of frozen layers to zero."""

        @jax.jit
        @jax.value_and_grad
        def of_tree(tree: Tree) -> Any:
            return loss(lambda *given: self.pure(tree, *given))

        optimiser = optax.multi_transform(
            {"trained": optax.sgd(training.rate), "frozen": optax.set_to_zero()},
            labelled(held, training.frozen),
        )
        state = TrainState.create(apply_fn=self.pure, params=held, tx=optimiser)
        for _ in range(training.steps):
            value, found = of_tree(state.params)
            state = state.apply_gradients(grads=found)
            yield value, state.params
        yield of_tree(state.params)[0], state.params


def labelled(tree: Tree, frozen: tuple[int, ...]) -> Tree:
    """For each weight whether it is trained, as Flax's guide to transfer learning labels them."""
    labels = ["frozen" if index in frozen else "trained" for index in range(len(tree))]
    return [
        [path_aware_map(partial(_always, label), of_module) for of_module in layer]
        for label, layer in zip(labels, tree, strict=True)
    ]


def _always(label: str, path: Any, weight: Any) -> str:
    return label


def jitted(layers: LinenLayers, held: Tree, x: Any, states: Any, lengths: Any) -> Returned:
    """The call, compiled."""
    compiled = layers.compiled.setdefault("call", jax.jit(layers.pure))
    found: Returned = compiled(held, x, states, lengths)
    return found
