"""What Hypothesis draws of histories: a case, and what is done with the loaded network before its call.

A state machine (`hypothesis.stateful`) runs its actions while it draws them: that history is no data, to be
written down and run again. A list is, and does as well: each action is a block of bytes of its own, and a
history shrinks by losing blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rnn_adapters.adapter import Call
from rnn_adapters.declarations import ROLES, Supports
from rnn_adapters.histories import Action, Doing, History
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.deviations import ABILITY_OF
from rnn_conformance.engine.drawing import Structures
from rnn_conformance.engine.numbers import TABLE, fill_from
from rnn_conformance.engine.strategies import (
    MASKED_TIME,
    POISONS,
    SEEDS,
    Cases,
    Padding,
    Poison,
    padding_of,
)
from rnn_reference.network import Array, Cell, Layer, Network, steps_of_lengths

CHOICES = 16
"""Bytes of an action that stand for choices; those after them are for lengths or a mask."""

MOST, FEW = 8, 3
"""Actions of a history, and where shapes or steps are expensive."""

ACTION = st.binary(min_size=CHOICES + 4 * MASKED_TIME, max_size=CHOICES + 4 * MASKED_TIME)

COMMON = st.binary(min_size=4, max_size=4)
"""What the call asks for and whether it trains; the other batch size and the other length of time.

A history has two of each, as shapes may be compiled.
"""

SIMPLE_SEEDS = 256
"""Seeds below make multiples of 1/2: what numbers shrink to."""


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Cases with a history.

    Args:
        cases: what the network and the call are drawn from, and the options of the calls before it.
        doings: what is done before it, where it is supported; the first is what an action shrinks to.
        least: actions of a history at least.
        dropout: whether calls of training drop something; what they give is then not known.
    """

    cases: Cases
    doings: tuple[Doing, ...] = ("call",)
    least: int = 1
    dropout: bool = False

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        """The strategy for cases that take one of the routes, the first being the default one."""
        pools = {route: _Pools.of(self, route, supports) for route, supports in routes.items()}
        return _with_history(self.cases(routes), pools, st.lists(ACTION, min_size=self.least, max_size=MOST))

    def structures(self, routes: Mapping[str, Supports]) -> Structures | None:
        """The structures of the calls that are drawn first: toward option values that did not occur yet."""
        return replace(self.cases, covering=True).structures(routes)

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """What no case can do without, and is unsupported."""
        return self.cases.lacking(supports)

    def pools(self, route: str, supports: Supports) -> dict[str, Sequence[Any]]:
        """What there is to choose from for each choice of the call."""
        return self.cases.pools(route, supports)

    @property
    def variants(self) -> tuple[str, ...]:
        """The forms of the check."""
        return self.cases.variants


@dataclass(frozen=True)
class _Pools:
    """What is left to choose from on a route, for the calls of a history."""

    supports: Supports
    doings: tuple[Doing, ...]
    of_call: Mapping[str, Sequence[Any]]
    dropout: tuple[Any, ...]

    @staticmethod
    def of(drawn: Histories, route: str, supports: Supports) -> _Pools:
        doings = tuple(
            doing for doing in drawn.doings if doing not in ABILITY_OF or supports.has(ABILITY_OF[doing])
        )
        dropout = (None, *supports.dropout) if drawn.dropout else (None,)
        return _Pools(supports, doings or ("call",), drawn.cases.pools(route, supports), dropout)


@st.composite
def _with_history(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    cases: st.SearchStrategy[Case],
    pools: Mapping[str, _Pools],
    blocks: st.SearchStrategy[list[bytes]],
) -> Case:
    case = draw(cases)
    of_route, seed = pools[case.route], draw(SEEDS)
    asked, training, *shapes = draw(COMMON)
    outputs = outputs_of(of_route.supports)
    training = case.call.dropout is None and _one_of((False, False, True), training)
    case = case.replace(
        return_sequences=_one_of(outputs, asked),
        training=training,
        # Without final states nobody sees what is kept.
        stateful=case.call.stateful and of_route.supports.final_states,
    )
    maker = _Maker(case, of_route, _numbers(seed), shapes)
    history = tuple(maker.made(block) for block in draw(blocks)[: maker.most])
    return defined(case.replace(history=history))


def _numbers(seed: int) -> Array:
    numbers = np.random.default_rng(seed).standard_normal(TABLE)
    return np.round(2 * numbers) / 2 + 0.0 if seed < SIMPLE_SEEDS else numbers


class _Maker:
    """Makes actions of blocks of bytes, for one case.

    Where shapes are expensive there are few actions, of two shapes, with the options of the case's call.
    All derivatives are then of one kind, of calls that are padded alike: one program, of other weights and
    numbers.

    Args:
        numbers: what arrays are filled from.
        shapes: a byte for the other batch size and one for the other length of time.
    """

    def __init__(self, case: Case, pools: _Pools, numbers: Array, shapes: Sequence[int]) -> None:
        self.case, self.pools, self.numbers = case, pools, numbers
        self.network = case.network
        self.sparing = pools.supports.expensive == "shapes"
        # Where steps are expensive, those of all calls before may be in one that keeps their state.
        self.most = FEW if self.sparing or pools.supports.expensive == "steps" else MOST
        batch, time, _ = case.x.shape
        apart = pools.of_call["batch"], pools.of_call["time"]
        together = _one_of(pools.of_call["sizes"], shapes[0])
        other_batch, other_time = together[:2] if together else map(_one_of, apart, shapes)
        self.usual = (batch, time)
        self.narrow = pools.of_call["compute_dtype"] if self.network.dtype == np.float32 else (None,)
        mixed = [] if self.sparing else [(batch, other_time), (other_batch, time)]
        self.shapes = [self.usual, (other_batch, other_time), *mixed]
        self.derivative: Doing | None = None  # the one that was taken, and how its call was padded
        self.padding: Padding | None = None

    def made(self, block: bytes) -> Action:
        """The action that a block stands for."""
        choices = iter(block[:CHOICES])

        def one_of(pool: Sequence[Any]) -> Any:
            return _one_of(pool, next(choices))

        do, rotated = one_of(self.pools.doings), 7 * next(choices)
        fill = fill_from(np.roll(self.numbers, -rotated), 509, (1031, 17, 1))

        def array(shape: tuple[int, ...], factor: float = 1.0) -> Array:
            return (fill(shape) * factor).astype(self.network.dtype)

        match do:
            case "call":
                return Action("call", self._call(one_of, array, block[CHOICES:]))
            case "gradients" | "tangents" | "second_gradients":
                do = self.derivative = (self.sparing and self.derivative) or do
                return Action(do, self._differentiated(one_of, array, block[CHOICES:]))
            case "ask" | "mistake":
                return Action(do, self._call(one_of, array, block[CHOICES:]))
            case "assign":
                self.network = self._other_weights(one_of, array)
                return Action("assign", network=self.network)
        return Action(do)

    def _call(self, one_of: Callable[[Sequence[Any]], Any], array: Any, padding: bytes) -> Call:
        """A call: stateful ones as the case's, others with any options."""
        pools, usual, supports = self.pools.of_call, self.case.call, self.pools.supports
        stateful = usual.stateful and one_of((True, True, False))
        shape = one_of((*[self.usual] * 4, *self.shapes) if stateful else self.shapes)
        x = array((*shape, self.network.input_size))
        states = self._states(len(x), array) if one_of(pools["initial"]) else None
        lengths, mask = padded(one_of(pools["padding"]), x, padding)
        x = poisoned(x, lengths, mask, one_of(pools["poison"]))
        if stateful or self.sparing:
            return replace(usual, x=x, initial_states=states, lengths=lengths, mask=mask, stateful=stateful)
        (layer, *others) = self.network.layers
        training, dropout = one_of((False, False, True)), one_of(self.pools.dropout)
        return Call(
            x,
            states,
            return_sequences=one_of(outputs_of(supports)),
            lengths=lengths,
            mask=mask,
            go_backwards=not others and layer.directions == 1 and one_of(pools["go_backwards"]),
            merge_mode=one_of(pools["merge_mode"]) if not others and layer.directions == 2 else "concat",
            training=training,
            dropout=dropout,
            rate=0.5 if dropout else 0.0,
            compute_dtype=one_of((usual.compute_dtype, *self.narrow)),
        )

    def _differentiated(self, one_of: Callable[[Sequence[Any]], Any], array: Any, block: bytes) -> Call:
        """A call that is differentiated: it has initial states, and asks for sequences.

        Half of those of stateful layers are of a stateful call, as the case's.
        """
        pools, usual = self.pools.of_call, self.case.call
        stateful = usual.stateful and one_of((True, False))
        shape = self.usual if self.sparing or stateful else one_of(self.shapes)
        x = array((*shape, self.network.input_size))
        padding: Padding = one_of(pools["padding"])
        self.padding = (self.sparing and self.padding) or padding
        lengths, mask = padded(self.padding, x, block)
        given = {"x": x, "initial_states": self._states(len(x), array), "lengths": lengths, "mask": mask}
        narrow = usual.compute_dtype if one_of((True, True, False)) else None
        if stateful or self.sparing:
            return replace(usual, **given, return_sequences=True)
        (layer, *others) = self.network.layers
        return Call(
            **given,
            go_backwards=not others and layer.directions == 1 and one_of(pools["go_backwards"]),
            merge_mode=one_of(pools["merge_mode"]) if not others and layer.directions == 2 else "concat",
            training=one_of((False, False, True)),
            compute_dtype=narrow,
        )

    def _states(self, batch: int, array: Any) -> tuple[Array, ...]:
        return tuple(array(shape) for shape in self.network.state_shapes(batch))

    def _other_weights(self, one_of: Callable[[Sequence[Any]], Any], array: Any) -> Network:
        """A network with one array of one cell changed, or all of all."""
        arrays = [
            (cell, role) for cell in self.network.cells for role in ROLES if getattr(cell, role) is not None
        ]
        chosen = [one_of(arrays)] if one_of((True, False)) else arrays

        def changed(cell: Cell) -> Cell:
            factor = 2.0 ** -round(np.log2(max(cell.W_x.shape)) / 2)
            roles = [role for of, role in chosen if of is cell]
            return replace(cell, **{role: array(getattr(cell, role).shape, factor) for role in roles})

        return Network(Layer(*map(changed, layer.cells)) for layer in self.network.layers)


def _one_of(pool: Sequence[Any], byte: int) -> Any:
    return pool[byte * len(pool) // 256]


def outputs_of(supports: Supports) -> list[bool]:
    """What can be asked for: sequences, or last outputs."""
    return [True] * supports.sequence + [False] * supports.last_output or [True]


def padded(padding: Padding, x: Array, block: bytes) -> tuple[Array | None, Array | None]:
    """Lengths and mask of an input."""
    return padding_of(padding, x.shape[:2], lambda strategy: block)


def poisoned(x: Array, lengths: Array | None, mask: Array | None, poison: Poison) -> Array:
    """The input with something else at masked time steps."""
    if poison == "numbers" or (lengths is None and mask is None):
        return x
    taken = np.ones(x.shape[:2], bool) if mask is None else mask
    if lengths is not None:
        taken = taken & steps_of_lengths(lengths, x.shape[1])
    return np.where(taken[:, :, None], x, x.dtype.type(POISONS[poison]))


def defined(case: Case) -> Case:
    """The case with a reset before every stateful call of which it is not said where it starts.

    One that is not given states goes on from those that the stateful call before it left, and must be a call
    of the same layer: of the same batch size and options. What dropout left is not known, nor whether states
    are saved with a layer.
    """
    history, left = list[Action](), list[Call | None]()  # no call: nobody knows
    for action in case.actions:
        call = action.call
        if action.do == "reset":
            left = []
        elif action.do == "restore":
            left = [None] if left else []
        elif action.do == "call" and call is not None and call.stateful:
            if call.initial_states is None and left and not _goes_on(left[0], call):
                history.append(Action("reset"))
            left = [None if is_random(call) else call]
        history.append(action)
    return case.replace(history=tuple(history[:-1]))


OF_LAYER = ("return_sequences", "go_backwards", "merge_mode", "dropout", "rate", "compute_dtype")
"""The options that some frameworks want to know when a layer is made."""


def _goes_on(before: Call | None, call: Call) -> bool:
    if before is None or before.x.shape[0] != call.x.shape[0]:
        return False
    return all(getattr(before, name) == getattr(call, name) for name in OF_LAYER)


def is_random(call: Call) -> bool:
    """Whether dropout decides what the call gives."""
    return call.training and call.dropout is not None and call.rate > 0


def without(history: History, place: int) -> History:
    """The history without the action at this place."""
    return history[:place] + history[place + 1 :]
