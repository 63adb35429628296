"""The recurrence of few steps as plain NumPy without a loop: a line for each step that some row takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnn_adapters.literals import WIDTH
from rnn_adapters.recurrence import WITHIN, Loop, merged, phi_of
from rnn_reference.network import Array

if TYPE_CHECKING:
    from rnn_adapters.reproduction import Question, Spoken

MOST = 4
"""How many steps are written out, of all cells together."""


def unrolled(question: Question, loop: Loop) -> list[str] | None:
    """Lines that give `expected`; None where there are too many steps, or none."""
    count = sum(spoken.call.x.shape[1] for spoken in question.spoken) * len(question.network.cells)
    return _Writer(question, loop).lines() if 0 < count <= MOST else None


@dataclass(frozen=True)
class _Step:
    """One time step of one of the calls."""

    spoken: Spoken
    t: int

    @property
    def valid(self) -> Array:
        """Whether each row takes it."""
        call = self.spoken.call
        valid = np.ones(len(call.x), bool) if call.mask is None else call.mask[:, self.t].astype(bool)
        return valid if call.lengths is None else valid & (call.lengths > self.t)

    @property
    def taken(self) -> str:
        """An expression for the rows that take it, as a column; "" where all do."""
        if self.valid.all():
            return ""
        by_length = f"{self.spoken.lengths}[:, None] > {self.t}" if self.spoken.lengths else ""
        by_mask = f"{self.spoken.mask}[:, {self.t}, None]" if self.spoken.mask else ""
        return f"({by_length}) & {by_mask}" if by_length and by_mask else by_length or by_mask


class _Writer:
    """Writes the lines of one network."""

    def __init__(self, question: Question, loop: Loop) -> None:
        self.question, self.loop, self.network, self.call = question, loop, question.network, question.call
        steps = list(_steps(question))
        self.steps = steps[::-1] if self.call.go_backwards else steps
        """In the order in which they are taken."""
        self.given = question.spoken[0].arrays
        self.written = list[str]()

    def lines(self) -> list[str]:
        question, index = self.question, 0
        given = question.spoken[0].states
        below = [self._wide(f"{s.spoken.x}[:, {s.t}]", s.spoken.call.x) for s in self.steps]
        for number, layer in enumerate(self.network.layers):
            top = number == self.network.num_layers - 1
            mode = self.call.merge_mode if top else "concat"
            outputs, finals = list[list[str]](), list[str]()
            for direction in range(layer.directions):
                first = given[number][direction] if given else ""
                states = self._cell(index, below, first, top=top, backwards=direction == 1)
                finals.append(states[0 if direction == 1 else -1])
                outputs.append(states)
                index += 1
            if question.quantity == "final states" and number == question.layer:
                alone = len(finals) == 1
                whole = finals[0] if alone else f"np.stack([{', '.join(finals)}])"
                return self._expected(whole, "[None]" * alone)
            if top and question.quantity == "last":
                return self._expected(merged(mode, finals))
            below = [merged(mode, list(parts)) for parts in zip(*outputs, strict=True)]
            if not top and layer.directions > 1:
                names = [f"y_{place}" for place in range(len(below))]
                self.written += [f"{name} = {y}" for name, y in zip(names, below, strict=True)]
                below = names
        return self._sequence(below)

    def _cell(self, index: int, below: list[str], first: str, *, top: bool, backwards: bool) -> list[str]:
        """The states after each step, of the steps in their order."""
        cell, states = self.network.cells[index], [""] * len(self.steps)
        zero = self._zero_at_once if top else set()
        h = self._first(index, first, kept=len(zero) < len(self.steps))
        order = range(len(self.steps))
        for place in reversed(order) if backwards else order:
            step = self.steps[place]
            if step.valid.any():
                name = "_".join(["h", *self._numbers(index, place)])
                kept = "0" if place in zero else h or "0"
                self.written += self._step(name, index, self._sum(index, below[place], h), step.taken, kept)
                h = name
            states[place] = h or f"np.zeros(({len(self.call.x)}, {cell.hidden_size}))"
        return states

    def _numbers(self, index: int, place: int) -> list[str]:
        """What tells the state after a step of a cell from others, from 1 on for the steps."""
        of_cell = [str(index)] if len(self.network.cells) > 1 else []
        return of_cell + ([str(place + 1)] if len(self.steps) > 1 else [])

    def _first(self, index: int, name: str, *, kept: bool) -> str:
        """An expression for the initial state; "" where it is zero, which adds nothing."""
        cell = self.network.cells[index]
        shape = (len(self.call.x), cell.hidden_size)
        if not name:
            return "" if np.isfinite(cell.W_h).all() else f"np.zeros({shape})"
        wide = self._wide(name, self.given[name])
        if wide == name or not kept or all(step.valid.all() for step in self.steps):
            return wide
        start = "_".join(["h", *self._numbers(index, -1)]) if len(self.network.cells) > 1 else "h"
        self.written.append(f"{start} = {wide}")
        return start

    def _wide(self, name: str, array: Array) -> str:
        """An array in the type that is computed in."""
        return name if array.dtype == self.loop.dtype else f'{name}.astype("{self.loop.dtype}")'

    def _sum(self, index: int, x: str, h: str) -> str:
        """W_x x + W_h h + b, without what is zero."""
        question, cell = self.question, self.network.cells[index]
        W_x, W_h = (question.weight(role, index) for role in ("W_x", "W_h"))
        assert question.right is not None
        zero = not cell.W_h.any() and np.isfinite(question.right.value).all()  # 0 · ∞ is NaN
        terms = [f"{x} @ {W_x}.T", *([f"{h} @ {W_h}.T"] if h and not zero else [])]
        biases = [role for role in ("b", "b_h") if (held := getattr(cell, role)) is not None and held.any()]
        return " + ".join([*terms, *(question.weight(role, index) for role in biases)])

    def _step(self, name: str, index: int, z: str, taken: str, kept: str) -> list[str]:
        """Lines that give a state."""
        activation = self.network.cells[index].activation
        phi = phi_of(activation)
        whole = f"np.where({taken}, {{}}, {kept})" if taken else "{}"
        at_once = f"{name} = {whole.format(phi.replace('z', z))}"
        if activation.name in (*WITHIN, "linear") and len(at_once) <= WIDTH - len("expected[:, None]"):
            return [at_once]
        return [f"z = {z}", f"{name} = {whole.format(phi)}"]

    @property
    def _zero_at_once(self) -> set[int]:
        """The steps of which nothing but the output is needed, which is zero where they are not taken."""
        count, directions = len(self.steps), self.network.layers[-1].directions
        return {count - 1} if self._shows_zero and (directions == 1 or count == 1) else set()

    @property
    def _shows_zero(self) -> bool:
        return self.question.quantity == "sequence" and self.loop.masked == "zero"

    def _sequence(self, outputs: list[str]) -> list[str]:
        """The outputs of the top layer in their order."""
        last, shown = self.question.spoken[-1], list[str]()
        for place, (step, output) in enumerate(zip(self.steps, outputs, strict=True)):
            if step.spoken.suffix != last.suffix:
                continue
            if self._shows_zero and not step.valid.any():
                assert self.question.right is not None
                output = f"np.zeros({self.question.right.value[:, 0].shape})"
            elif self._shows_zero and step.taken and place not in self._zero_at_once:
                output = f"np.where({step.taken}, {output}, 0)"
            shown.append(output)
        if self.call.go_backwards and self.loop.turned:
            shown = shown[::-1]
        if len(shown) == 1:
            return self._expected(shown[0], "[:, None]")
        return self._expected(f"np.stack([{', '.join(shown)}], axis=1)")

    def _expected(self, whole: str, axis: str = "") -> list[str]:
        """All lines, the last of which gives this; it is the last step, if it is that alone."""
        *others, last = self.written or [""]
        name, _, value = last.partition(" = ")
        if name == whole:
            return [*others, f"expected = {within(value) if axis else value}{axis}"]
        return [*self.written, f"expected = {within(whole) if axis else whole}{axis}"]


def within(value: str) -> str:
    """An expression of which something can be taken."""
    return value if value.isidentifier() or value.startswith("np.") else f"({value})"


def _steps(question: Question) -> Iterator[_Step]:
    for spoken in question.spoken:
        yield from (_Step(spoken, t) for t in range(spoken.call.x.shape[1]))
