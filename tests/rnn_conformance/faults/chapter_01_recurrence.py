"""Faults that the clauses of chapter FWD must catch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.activations import Activation
from rnn_reference.network import Array, Cell


@fault("every-other-step-skipped", "FWD-1")
class EveryOtherStepSkipped(Fault):
    """Every other step leaves the state as it was."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs = []
        for t in range(x.shape[1]):
            h = self.step(cell, x[:, t], h) if t % 2 == 0 else h
            outputs.append(h)
        return np.stack(outputs, axis=1), h


@fault("transposed-recurrent-weight", "FWD-2")
class TransposedRecurrentWeight(Fault):
    """Multiplies by W_h transposed. A square matrix never shows it by its shape."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(replace(cell, W_h=cell.W_h.T), x_t, h)


@fault("recurrent-weight-by-element", "FWD-2")
class RecurrentWeightByElement(Fault):
    """Multiplies each unit by its own recurrent weight only: the diagonal of W_h."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(replace(cell, W_h=np.diag(np.diag(cell.W_h))), x_t, h)


@fault("transposed-input-weight", "FWD-3")
class TransposedInputWeight(Fault):
    """Reads the input weights in the other order of memory, as a missed transposition does."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        other = np.ascontiguousarray(cell.W_x.T).reshape(cell.W_x.shape)
        return super().pre_activation(replace(cell, W_x=other), x_t, h)


@fault("bias-dropped", "FWD-4")
class BiasDropped(Fault):
    """Adds no bias."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(replace(cell, b=None, b_h=None), x_t, h)


@fault("bias-doubled", "FWD-4")
class BiasDoubled(Fault):
    """Adds the bias with the input and again with the state."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(cell, x_t, h) + cell.bias


@fault("bias-after-activation", "FWD-4")
class BiasAfterActivation(Fault):
    """Adds the bias to φ(z) instead of to z."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().step(replace(cell, b=None, b_h=None), x_t, h) + cell.bias


@fault("state-reset-every-step", "FWD-1")
class StateResetEveryStep(Fault):
    """Forgets the state: every step starts from zeros."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().step(cell, x_t, np.zeros_like(h))


@fault("input-of-previous-step", "FWD-6")
class InputOfPreviousStep(Fault):
    """Feeds step t with the input of step t − 1."""

    def input_at(self, x: Array, t: int) -> Array:
        return x[:, max(t - 1, 0)]


@fault("last-step-skipped", "FWD-6")
class LastStepSkipped(Fault):
    """Stops one step early and repeats the last state."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        shorter = None if steps is None else steps[:, :-1]
        outputs, h = super().run_direction(cell, x[:, :-1], h, shorter)
        return np.concatenate([outputs, h[:, None]], axis=1), h


@fault("batch-rows-mixed", "FWD-7")
class BatchRowsMixed(Fault):
    """Uses the mean state of the batch in the recurrence."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().step(cell, x_t, np.broadcast_to(h.mean(axis=0, dtype=h.dtype), h.shape))


@fault("relu-for-tanh", "FWD-5")
class ReluForTanh(Fault):
    """Computes relu whatever the cell names."""

    def activate(self, activation: Activation, z: Array) -> Array:
        return super().activate(Activation("relu"), z)


@fault("tanh-for-relu", "FWD-5")
class TanhForRelu(Fault):
    """Computes tanh whatever the cell names."""

    def activate(self, activation: Activation, z: Array) -> Array:
        return super().activate(Activation("tanh"), z)
