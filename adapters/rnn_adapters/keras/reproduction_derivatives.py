"""Gradients, and gradients of gradients, of a Keras layer in plain code of each backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_adapters.keras.reproduction_words import KERAS_3, Words
from rnn_adapters.literals import listed, literal, together
from rnn_adapters.reproduction import Derivative, Question, Spoken, numbered


@dataclass(frozen=True)
class Derivatives:
    """Writes the lines that give the gradient `d` of one layer.

    Args:
        outputs: the names of its sequence outputs: one, or those of both directions.
    """

    backend: str
    question: Question
    outputs: Sequence[str]
    words: Words = KERAS_3

    def lines(self) -> list[str]:
        """What gives the derivative: of a loss where it is one of gradients, or of weights on JAX."""
        if self.of.direction is None and (self.backend != "jax" or self.place < len(self.sources)):
            return self._at_once()
        by = {"tensorflow": self._by_tape, "torch": self._by_autograd, "jax": self._by_jax}[self.backend]
        return [
            *literal("d_sequence", self.of.d_sequence),
            *literal("d_states", np.concatenate(self.of.d_final_states)),
            "",
            *self._loss(),
            "",
            *self._rates(),
            *by(),
        ]

    @property
    def of(self) -> Derivative:
        assert self.question.derivative is not None
        return self.question.derivative

    @property
    def spoken(self) -> Spoken:
        (spoken,) = self.question.spoken
        return spoken

    @property
    def sources(self) -> list[str]:
        """Input and initial states; weights come after them."""
        return [self.spoken.x, *self._states()]

    def _states(self) -> list[str]:
        return [name for names in self.spoken.states or [] for name in names]

    @property
    def place(self) -> int:
        """The place of what is asked for among input, states and weights."""
        role, index = self.of.of
        if role in ("x", "state"):
            return 0 if role == "x" else 1
        counts = [2 + bool(cell.biases) for cell in self.question.network.cells]
        return len(self.sources) + sum(counts[:index]) + {"W_x": 0, "W_h": 1}.get(role, 2)

    def _at_once(self) -> list[str]:
        """A gradient of the outputs as they are, with the cotangent of each."""
        held, place = [f"{name}_t" for name in self.sources], self.place
        if place < len(held):
            name, source = self.sources[place], held[place]
        else:
            name, source = (
                "",
                self.words.held.replace("variable", f"layer.trainable_variables[{place - len(held)}]"),
            )
        x, *states = self.sources
        x = source if x == name else x
        states = [source if each == name else self.words.state.format(each) for each in states]
        outputs = [*self.outputs, *numbered_states(len(states))]
        mask = f", mask={self.spoken.mask}" if self.spoken.mask else ""
        call = f"layer({x}, initial_state=[{', '.join(states)}]{mask})"
        halves = np.split(self.of.d_sequence, len(self.outputs), axis=-1)
        arrays = [*halves, *(state for states in self.of.d_final_states for state in states)]
        names = [f"d_{each}" for each in outputs]
        given = together(dict(zip(names, arrays, strict=True)))
        left, cotangents = ", ".join(outputs), ", ".join(names)
        if self.backend == "jax":
            return [
                *given,
                f"_, back = jax.vjp(lambda {source}: {call}, {name})",
                f"(d,) = back(({cotangents},))",
            ]
        if self.backend == "torch":
            made = [f"{source} = torch.tensor({name}, requires_grad=True)"] if name else []
            tensors = ", ".join(f"torch.tensor({each})" for each in names)
            return [
                *given,
                *made,
                f"{left} = {call}",
                f"(d,) = torch.autograd.grad([{left}], [{source}], [{tensors}])",
            ]
        made = [f"{source} = tf.Variable({name})"] if name else []  # which a tape watches
        return [
            *given,
            *made,
            "with tf.GradientTape() as tape:",
            f"    {left} = {call}",
            f"d = tape.gradient([{left}], {source}, [{cotangents}])",
        ]

    def _loss(self) -> list[str]:
        """Σ cotangents · outputs, as a function of input and states, and on JAX of the weights."""
        jax = self.backend == "jax"
        arguments = f"initial_state=[{', '.join(self._states())}]"
        arguments += f", mask={self.spoken.mask}" if self.spoken.mask else ""
        unpacked = ", ".join([*self.outputs, "*states"])
        made = f"{unpacked} = layer({self.spoken.x}, {arguments})"
        if jax:
            made = f"({unpacked}), _ = layer.stateless_call(weights, others, {self.spoken.x}, {arguments})"
        output, both = self.outputs[0], ", ".join(self.outputs)
        joined = [f"    output = {self.words.concatenate}([{both}], axis=-1)"] * (len(self.outputs) == 2)
        convert = "torch.tensor({})" if self.backend == "torch" else "{}"
        d_sequence, d_states = (convert.format(name) for name in ("d_sequence", "d_states"))
        return [
            f"def loss({', '.join([*self.sources, 'weights'] if jax else self.sources)}):",
            f"    {made}",
            *joined,
            f"    of_states = {self.words.sum}({d_states} * {self.words.stack}(states))",
            f"    return {self.words.sum}({d_sequence} * {'output' if joined else output}) + of_states",
        ]

    def _rates(self) -> list[str]:
        """The direction of a second derivative, as Keras holds its sources."""
        direction = self.of.direction
        if direction is None:
            return []
        arrays = [direction.x, *(state for layer in direction.initial_states for state in layer)]
        for cell in direction.cells:
            bias = cell.b if cell.b_h is None or cell.b is None else cell.b + cell.b_h
            arrays += [cell.W_x.T, cell.W_h.T, *([] if bias is None else [bias])]
        return listed("rates", arrays)

    def _by_tape(self) -> list[str]:
        names = ", ".join(self.sources)
        made = [f"{name} = tf.constant({name})" for name in self.sources]
        made.append(f"sources = [{names}, *({self.words.held} for variable in layer.trainable_variables)]")
        first = ["with tf.GradientTape() as tape:", "    tape.watch(sources)", f"    value = loss({names})"]
        if self.of.direction is None:
            return [*made, *first, f"d = tape.gradient(value, sources[{self.place}])"]
        return [
            *made,
            "with tf.GradientTape() as outer:",
            "    outer.watch(sources)",
            *(f"    {line}" for line in first),
            "    gradients = tape.gradient(value, sources)",
            "    along = sum(tf.reduce_sum(g * r) for g, r in zip(gradients, rates))",
            f"d = outer.gradient(along, sources[{self.place}])",
        ]

    def _by_autograd(self) -> list[str]:
        given = [f"{name}_t" for name in self.sources]
        names = ", ".join(given)
        made = [
            f"{t} = torch.tensor({name}, requires_grad=True)"
            for t, name in zip(given, self.sources, strict=True)
        ]
        made.append(f"sources = [{names}, *(variable.value for variable in layer.trainable_variables)]")
        if self.of.direction is None:
            return [*made, f"(d,) = torch.autograd.grad(loss({names}), sources[{self.place}])"]
        return [
            *made,
            f"gradients = torch.autograd.grad(loss({names}), sources, create_graph=True)",
            "along = sum((g * torch.tensor(r)).sum() for g, r in zip(gradients, rates))",
            f"(d,) = torch.autograd.grad(along, sources[{self.place}])",
        ]

    def _by_jax(self) -> list[str]:
        names, count = ", ".join(self.sources), len(self.sources)
        made = [
            "weights = [variable.value for variable in layer.trainable_variables]",
            "others = [variable.value for variable in layer.non_trainable_variables]",
            f"sources = [{names}, *weights]",
            "",
            "def whole(sources):",
            f"    return loss(*sources[:{count}], sources[{count}:])",
            "",
        ]
        if self.of.direction is None:
            return [*made, f"d = jax.grad(whole)(sources)[{self.place}]"]
        return [
            *made,
            "def along(sources):",
            "    return sum((g * r).sum() for g, r in zip(jax.grad(whole)(sources), rates))",
            "",
            f"d = jax.grad(along)(sources)[{self.place}]",
        ]


def numbered_states(count: int) -> list[str]:
    """The names of the final states of a layer."""
    return [numbered("state", index, count) for index in range(count)]
