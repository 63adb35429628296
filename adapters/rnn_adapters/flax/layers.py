"""`FlaxLayers`: a network of Flax's layers in either of its interfaces, put together from `Parts`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import jax
import jax.numpy as jnp

from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.flax.activations import callable_of
from rnn_adapters.jax_adapter import CellPlan, Layers, Native, Plan, Returned, Tree
from rnn_reference.activations import Activation

Path: TypeAlias = tuple[str | int, ...]
SEED = 0
"""What modules draw their weights from that get others before they are called."""


@dataclass(frozen=True)
class Calling:
    """How a layer is made and called.

    Args:
        make: makes its modules of its cells.
        call: calls them with input, the states of its directions or None, and lengths or None; gives the
            sequence output and the final states.
        paths: where in the trees of these modules the cells of one direction are, and those of two.
        without: the axis of (batch, time, input) that a module does not see.
    """

    make: Callable[[FlaxLayers, list[Any]], list[Any]]
    call: Callable[[FlaxLayers, list[Any], Any, Any, Any], tuple[Any, list[Any]]]
    paths: tuple[tuple[Path, ...], tuple[Path, ...]]
    without: int | None = None


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        make: `NnxLayers` or `LinenLayers`.
        calling: how each layer is made and called.
        options: what `RNN` is given besides.
        backwards: what it is given to go backwards.
        time_major: time is the first axis of what is called.
        remat: cells compute their outputs anew for gradients.
        narrow_helped: what narrow types need is given: initial states of the type computed in, and to nnx an
            initialiser that has these types.
        direct: calls from outside, where they are not made as they are written: compiled, mostly.
        saved: weights are saved and loaded before they are held.
        compiled_derivatives, device: see `JaxAdapter`.
    """

    make: Callable[..., FlaxLayers]
    calling: Calling
    conventions: Conventions
    supports: Supports
    options: Mapping[str, Any] = field(default_factory=dict)
    backwards: Mapping[str, Any] = field(default_factory=lambda: {"reverse": True})
    time_major: bool = False
    remat: bool = False
    narrow_helped: bool = False
    direct: Callable[..., Returned] | None = None
    saved: bool = False
    compiled_derivatives: bool = True
    device: str = ""


class FlaxLayers(Layers):
    """Layers that are called one after the other.

    A tree has for each layer a list of those of its modules.
    """

    RNN: ClassVar[Any]
    Bidirectional: ClassVar[Any]
    flip_sequences: ClassVar[Any]
    separator: ClassVar[str]  # between the parts of a weight's name

    def __init__(self, plan: Plan, parts: Parts) -> None:
        super().__init__(plan)
        self.parts = parts
        self.modules = self.made(SEED)

    def made(self, seed: int) -> list[list[Any]]:
        """The modules of each layer, which hold weights from this seed where modules hold them."""
        self.seeded(seed)
        return [self.parts.calling.make(self, list(map(self.cell, cells))) for cells in self.plan.layers]

    def seeded(self, seed: int) -> None:
        """Modules that are made from now on draw their weights from this seed."""

    @abstractmethod
    def cell(self, plan: CellPlan) -> Any:
        """A cell of these options."""

    @abstractmethod
    def bound(self, tree: Tree) -> list[list[Any]]:
        """Modules that have these weights, to be called in a pure function."""

    @abstractmethod
    def initial_state(self, cell: Any, shape: tuple[int, ...]) -> Any:
        """What a cell says that input of this shape, without time, starts from."""

    @abstractmethod
    def mapped(self, function: Any, modules: list[Any], *rows: Any) -> Any:
        """`vmap` of a function of modules and rows over the rows; None stays what it is."""

    def rnn(self, cell: Any, **options: Any) -> Any:
        """`RNN` of a cell."""
        return self.RNN(cell, **self.parts.options, **options)

    def options_of(self, activation: Activation) -> dict[str, Any]:
        """The options of a cell, those left out that have their default."""
        types, plan = dict[str, Any](), self.plan
        if plan.dtype != "float32":
            types = self.types_for(plan.dtype)
        if plan.compute_dtype is not None:
            types = {"dtype": plan.compute_dtype}
        return (
            types if activation == Activation("tanh") else types | {"activation_fn": callable_of(activation)}
        )

    @abstractmethod
    def types_for(self, dtype: str) -> dict[str, Any]:
        """The options by which a cell is of this type."""

    def tree_of(self, cells: list[Native]) -> Tree:
        left, trees = iter(cells), list[Any]()
        for layer in self.plan.layers:
            tree: dict[Any, Any] = {}
            for path in self.parts.calling.paths[len(layer) - 1]:
                for name, each in next(left).items():
                    folders: list[str | int] = [*path, *name.split(self.separator)]
                    leaf = folders.pop()
                    place = tree
                    for folder in folders:
                        place = place.setdefault(folder, {})
                    place[leaf] = each
            trees.append([tree[index] for index in sorted(tree)])
        return trees

    def cells_of(self, tree: Tree) -> list[Native]:
        found = list[Native]()
        for layer, of_layer in zip(self.plan.layers, tree, strict=True):
            for path in self.parts.calling.paths[len(layer) - 1]:
                cell = of_layer
                for folder in path:
                    cell = cell[folder]
                parts = ((part, name) for part in cell for name in cell[part])
                found.append({self.separator.join((part, name)): cell[part][name] for part, name in parts})
        return found

    def pure(self, tree: Tree, x: Any, states: Any, lengths: Any) -> Returned:
        return self.through(self.bound(tree), x, states, lengths)

    def direct(self, held: Any, x: Any, states: Any, lengths: Any) -> Returned:
        call = self.parts.direct
        return (
            self.written(held, x, states, lengths) if call is None else call(self, held, x, states, lengths)
        )

    def written(self, held: Any, x: Any, states: Any, lengths: Any) -> Returned:
        """A call as it is written."""
        return self.pure(held, x, states, lengths)

    def through(self, modules: list[list[Any]], x: Any, states: Any, lengths: Any) -> Returned:
        """One layer after the other."""
        if self.parts.time_major and x.ndim > 1:
            x = jnp.moveaxis(x, -2, 0)
        outputs, finals, states = x, list[Any](), self._given_states(x, states)
        for index, layer in enumerate(modules):
            of_layer = None if states is None else states[index]
            outputs, found = self.parts.calling.call(self, layer, outputs, of_layer, lengths)
            finals += found
        native = self._seen(x, outputs, finals)
        return Returned(jnp.moveaxis(outputs, 0, -2) if self.parts.time_major else outputs, finals, native)

    def _given_states(self, x: Any, states: Any) -> Any:
        """Initial states in the type computed in, where the route gives them so."""
        plan = self.plan
        if not self.parts.narrow_helped or plan.compute_dtype is None:
            return states
        if states is None:
            batch = x.shape[:-2]
            states = [[jnp.zeros((*batch, cell.hidden)) for cell in layer] for layer in plan.layers]
        return jax.tree.map(lambda state: state.astype(plan.compute_dtype), states)

    def _seen(self, x: Any, outputs: Any, finals: list[Any]) -> tuple[Any, ...]:
        """What a module saw."""
        without = self.parts.calling.without
        if without is None:
            return (x, outputs, *finals[:1])
        states = [each if without else each[0] for each in finals[:1]]
        seen = (jnp.zeros((*each.shape[:without], *each.shape[without + 1 :])) for each in (x, outputs))
        return (*seen, *states)

    def default_states(self, batch: tuple[int, ...]) -> list[Any]:
        cells = [cell for layer in self.plan.layers for cell in layer]
        return [self.initial_state(self.cell(cell), (*batch, cell.inputs)) for cell in cells]
