"""Derivatives in plain code of libraries whose gradients are those of a function, such as JAX and MLX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_adapters.literals import split, together, typed
from rnn_adapters.reproduction import WEIGHTS, Derivative, Question, numbered
from rnn_reference.network import Array


@dataclass(frozen=True, eq=False)
class OfFunction:
    """Writes the gradient `d` of a call that is written as a function of its arrays.

    Args:
        question: asks for a derivative, and has the initial states that it may be of.
        grad: the library's gradient of a scalar function, as an expression.
        array: how it is given an array of NumPy, as a format; "{}" where it takes it as it is.
    """

    question: Question
    grad: str
    array: str = "{}"

    @property
    def of(self) -> Derivative:
        assert self.question.derivative is not None
        return self.question.derivative

    @property
    def arguments(self) -> list[str]:
        """The names of input, states and weights, which are those of their arrays, too."""
        (spoken,), cells = self.question.spoken, range(len(self.question.network.cells))
        states = [name for names in spoken.states or [] for name in names]
        weights = [self.question.weight(role, cell) for cell in cells for role in WEIGHTS]
        return [spoken.x, *states, *filter(None, weights)]

    @property
    def place(self) -> str:
        """The place of what is asked for among the arguments; those of all directions of an initial state."""
        (spoken,), (role, index) = self.question.spoken, self.of.of
        if role == "x":
            return "0"
        if role == "state":
            assert spoken.states is not None
            places = [str(self.arguments.index(name)) for name in spoken.states[index]]
            return places[0] if len(places) == 1 else f"({', '.join(places)})"
        return str(self.arguments.index(self.question.weight(role, index)))

    def lines(self, call: Sequence[str], sequence: str, finals: Sequence[str]) -> list[str]:
        """Lines that give `d`.

        Args:
            call: lines that call the layers, of the names in `arguments`.
            sequence: an expression of the sequence output (batch, time, features) after them.
            finals: one for each cell of its final state (batch, hidden).
        """
        cotangents, terms = dict[str, Array](), list[str]()
        states = [state for states in self.of.d_final_states for state in states]
        pairs = [("d_sequence", sequence, self.of.d_sequence)]
        pairs += [(numbered("d_h", i, len(states)), finals[i], state) for i, state in enumerate(states)]
        for name, output, array in pairs:
            if array.any() or array is self.of.d_sequence:
                cotangents[name] = array
                terms.append(f"({self.array.format(name)} * {output}).sum()")
        given = [self.array.format(name) for name in self.arguments]
        return [
            *together(cotangents),
            "",
            f"def loss({', '.join(self.arguments)}):",
            *(f"    {line}" for line in call),
            f"    return {' + '.join(terms)}",
            "",
            *split("sources = [", given, "]"),
            *(self._once() if self.of.direction is None else self._twice()),
        ]

    @property
    def got(self) -> str:
        """An expression for the gradient as an array, in canonical axes."""
        role, index = self.of.of
        if role != "state":
            return "np.array(d)"
        return "np.array(d)[None]" if self.question.directions[index] == 1 else "np.stack(d)"

    def _once(self) -> list[str]:
        return [f"d = {self.grad}(loss, argnums={self.place})(*sources)"]

    def _twice(self) -> list[str]:
        direction = self.of.direction
        assert direction is not None
        arrays = [direction.x, *(state for layer in direction.initial_states for state in layer)]
        arrays += [array for cell in direction.cells for array in cell if array is not None]
        every = f"tuple(range({len(arrays)}))"
        return [
            *split("rates = [", [self.array.format(typed(array)) for array in arrays], "]"),
            "",
            "def along(*sources):",
            f"    gradients = {self.grad}(loss, argnums={every})(*sources)",
            "    return sum((g * r).sum() for g, r in zip(gradients, rates))",
            "",
            f"d = {self.grad}(along, argnums={self.place})(*sources)",
        ]


def differentiable(question: Question) -> bool:
    """Whether arrays of NumPy have the types that a derivative is asked in."""
    return question.network.dtype.itemsize >= np.float32().itemsize and question.call.compute_dtype is None
