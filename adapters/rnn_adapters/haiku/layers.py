"""`HaikuLayers`: a network of Haiku's cores as a function of its weights, put together from `Parts`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp
import jmp

from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.haiku import core_name
from rnn_adapters.jax_adapter import CellPlan, Layers, Loss, Native, Plan, Returned, Tree
from rnn_adapters.surface import Training


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        network: what is transformed: of input and initial states, outputs and final states.
        call: calls what was transformed with weights, input and initial states, and returns the same.
        direct: calls from outside, where they are not made as they are written.
        core: what `VanillaRNN` is given besides.
        deep: makes one core of several.
        always_deep: and of one, too.
        skips: each core of a stack is given the input, too, and the outputs of all are given.
        batch_first: `network` has the batch first.
        states_computed: initial states are given in the type computed in.
        without: the axis of the input that a core does not see, of those that `network` takes.
        compiled_derivatives, device: see `JaxAdapter`.
    """

    conventions: Conventions
    supports: Supports
    network: Callable[[HaikuLayers, Any, Any], tuple[Any, Any]]
    call: Callable[[HaikuLayers, Tree, Any, Any], tuple[Any, Any]]
    direct: Callable[..., Returned] | None = None
    core: Mapping[str, Any] = field(default_factory=dict)
    deep: Callable[..., Any] = hk.DeepRNN
    always_deep: bool = False
    skips: bool = False
    batch_first: bool = False
    states_computed: bool = False
    without: int | None = None
    compiled_derivatives: bool = True
    device: str = ""


class HaikuLayers(Layers):
    """What is called are trees of weights."""

    def __init__(self, plan: Plan, parts: Parts) -> None:
        super().__init__(plan)
        self.parts = parts
        self.cells: list[CellPlan] = [cell for layer in plan.layers for cell in layer]
        self.init, self.apply = hk.without_apply_rng(hk.transform(self.network))

    def network(self, x: Any, states: Any) -> Any:
        """What is transformed."""
        with self.policy():
            return self.parts.network(self, x, states)

    def policy(self) -> AbstractContextManager[Any]:
        """Mixed precision as Haiku has it, where it is asked for."""
        narrow = self.plan.compute_dtype
        if narrow is None:
            return nullcontext()
        policy = jmp.get_policy(f"params=float32,compute={narrow},output={narrow}")
        pushed: AbstractContextManager[Any] = hk.mixed_precision.push_policy(hk.VanillaRNN, policy)
        return pushed

    def cores(self) -> list[Any]:
        """A core for each layer."""
        return [hk.VanillaRNN(cell.hidden, **self.parts.core) for cell in self.cells]

    @property
    def is_deep(self) -> bool:
        """Whether the cores are those of a `DeepRNN`."""
        return self.parts.always_deep or len(self.cells) > 1

    def core(self) -> Any:
        """The core of all layers."""
        cores = self.cores()
        return self.parts.deep(cores) if self.is_deep else cores[0]

    def tree_of(self, cells: list[Native]) -> Tree:
        tree: dict[str, dict[str, Any]] = {}
        for index, cell in enumerate(cells):
            for name, each in cell.items():
                linear, _, leaf = name.partition("/")
                if name == "linear/w" and index and self.parts.skips:
                    each = jnp.concatenate(
                        [jnp.zeros((self.cells[0].inputs, each.shape[1]), each.dtype), each]
                    )
                tree.setdefault(f"{core_name(index)}/{linear}", {})[leaf] = each
        return tree

    def cells_of(self, tree: Tree) -> list[Native]:
        found = list[Native]()
        for index in range(len(self.cells)):
            cell = {
                f"{at}/{leaf}": each
                for at in LINEAR
                for leaf, each in tree[f"{core_name(index)}/{at}"].items()
            }
            if index and self.parts.skips:
                cell["linear/w"] = cell["linear/w"][self.cells[0].inputs :]
            found.append(cell)
        return found

    def pure(self, tree: Tree, x: Any, states: Any, lengths: Any) -> Returned:
        parts = self.parts
        x = x if parts.batch_first or x.ndim < 2 else jnp.moveaxis(x, 1, 0)
        outputs, final = parts.call(self, tree, x, self._given_states(x, states))
        finals = list(final) if self.is_deep else [final]
        native = self._seen(x, outputs, finals[0])
        if parts.skips:
            outputs = outputs[..., -self.cells[-1].hidden :]
        return Returned(outputs if parts.batch_first else jnp.moveaxis(outputs, 1, 0), finals, native)

    def _given_states(self, x: Any, states: Any) -> Any:
        """The states of all cores as a core takes them; None where none are given."""
        narrow = self.plan.compute_dtype
        if states is None:
            return None
        if self.parts.states_computed and narrow is not None:
            states = jax.tree.map(lambda state: state.astype(narrow), states)
        each = [state[0] if len(state) == 1 else tuple(state) for state in states]
        return tuple(each) if self.is_deep else each[0]

    def _seen(self, x: Any, outputs: Any, final: Any) -> tuple[Any, Any, Any]:
        """What a core saw."""
        without = self.parts.without
        if without is None:
            return x, outputs, final
        x, outputs = (jnp.zeros((*each.shape[:without], *each.shape[without + 1 :])) for each in (x, outputs))
        return x, outputs, final[0] if self.parts.batch_first else final

    def direct(self, held: Tree, x: Any, states: Any, lengths: Any) -> Returned:
        call = self.parts.direct or HaikuLayers.pure
        return call(self, held, x, states, lengths)

    def fresh(self, seed: int) -> Tree:
        axes = (1, 1, self.cells[0].inputs)
        return self.init(jax.random.key(seed), jnp.zeros(axes), None)

    def default_states(self, batch: tuple[int, ...]) -> list[Any]:
        (rows,) = batch
        with self.policy():
            found = hk.testing.transform_and_run(
                lambda: [core.initial_state(rows) for core in self.cores()]
            )()
        return list(found)

    def count(self, tree: Tree) -> int:
        return int(hk.data_structures.tree_size(tree))

    def count_trainable(self, held: Tree, frozen: tuple[int, ...]) -> Mapping[str, int]:
        return {"partition": self.count(partitioned(held, frozen)[0])}

    def train(self, held: Tree, loss: Loss, training: Training) -> Iterator[tuple[Any, Tree]]:
        """By an update of each weight, as in Haiku's first example."""
        trainable, others = partitioned(held, training.frozen)

        @jax.jit
        @jax.value_and_grad
        def of_tree(trainable: Tree, others: Tree) -> Any:
            tree = hk.data_structures.merge(trainable, others)
            return loss(lambda *given: self.pure(tree, *given))

        for _ in range(training.steps):
            value, found = of_tree(trainable, others)
            trainable = jax.tree.map(lambda weight, d: weight - training.rate * d, trainable, found)
            yield value, hk.data_structures.merge(trainable, others)
        yield of_tree(trainable, others)[0], hk.data_structures.merge(trainable, others)


LINEAR = ("linear", "linear_1")
"""The layers inside of a core: of the input, and of the state."""


def partitioned(tree: Tree, frozen: tuple[int, ...]) -> tuple[Tree, Tree]:
    """The weights that are trained, and the others."""
    names = {f"{core_name(index)}/{linear}" for index in frozen for linear in LINEAR}
    found: tuple[Tree, Tree] = hk.data_structures.partition(lambda module, *_: module not in names, tree)
    return found
