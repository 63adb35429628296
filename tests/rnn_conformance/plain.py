"""A plain float implementation of the layer, step by step, in small methods.

It is correct, and written independently of the reference. Each fault of the catalogue replaces one of its
methods.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Offers, Output
from rnn_adapters.reference import ReferenceAdapter, shapes_by_role, steps_of_call
from rnn_reference.network import (
    Array,
    Cell,
    Layer,
    MergeMode,
    Network,
    checked_call,
)


class PlainNumpy(Adapter[Network]):
    """Steps in the type of the weights; two bias vectors, as torch and ONNX have them."""

    name = "plain"
    conventions = replace(
        ReferenceAdapter.conventions, layer="rnn_conformance.plain.PlainNumpy", bias_vectors=2
    )
    offers = Offers(
        lengths=True, masks=True, go_backwards=True, merge_modes=("concat", "sum", "mul", "ave", "none")
    )

    def versions(self) -> dict[str, str]:
        return {"numpy": np.__version__}

    # Loading

    def load(self, network: Network) -> Network:
        return Network(Layer(*(self.stored(cell) for cell in layer.cells)) for layer in network.layers)

    def stored(self, cell: Cell) -> Cell:
        """The weights as they are kept: a biased cell has two vectors, the second zero if one was given."""
        if cell.b is None or cell.b_h is not None:
            return cell
        return Cell(cell.W_x, cell.W_h, cell.b, np.zeros_like(cell.b), cell.activation)

    # Running

    def run(self, model: Network, call: Call) -> Output:
        x, states = checked_call(model, call.x, call.initial_states)
        steps = self.steps(call)
        if call.go_backwards:
            x = self.backwards(x)
        with np.errstate(invalid="ignore", over="ignore"):
            value, final_states = self.run_stack(model, x, list(states), steps)
        if steps is not None:
            value = self.padded(value, steps)
        if call.go_backwards:
            value, final_states = self.after_backwards(value, final_states)
        sequence = self.merged(call.merge_mode, value) if call.return_sequences else None
        last = None
        if not call.return_sequences:
            last = self.merged(call.merge_mode, self.last(model, value, final_states))
        shapes = {"x": self.seen(x).shape, "sequence": value.shape, "final_states": final_states[0].shape}
        return Output(sequence, last, tuple(final_states), shapes)

    def backwards(self, x: Array) -> Array:
        """The input in the order in which a layer that goes backwards reads it."""
        return x[:, ::-1]

    def after_backwards(self, sequence: Array, final_states: list[Array]) -> tuple[Array, list[Array]]:
        """What a layer that goes backwards returns: its outputs in processing order."""
        return sequence, final_states

    def merged(self, mode: MergeMode, both: Array) -> Array:
        """Outputs of two directions, side by side, as one."""
        if mode in ("concat", "none"):
            return both
        forward, backward = np.split(both, 2, axis=-1)
        combined: Array = forward * backward if mode == "mul" else forward + backward
        return combined / combined.dtype.type(2) if mode == "ave" else combined

    def seen(self, x: Array) -> Array:
        """The input as the layer takes it."""
        return x

    def steps(self, call: Call) -> Array | None:
        """The steps that each row takes; None for all."""
        return steps_of_call(call)

    def padded(self, sequence: Array, steps: Array) -> Array:
        """The sequence output as it is shown at steps that were not taken: zero."""
        return np.where(steps[:, :, None], sequence, sequence.dtype.type(0))

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Array | None
    ) -> tuple[Array, list[Array]]:
        final_states = []
        for layer, h0 in zip(network.layers, states, strict=True):
            x, final = self.run_layer(layer, x, h0, steps)
            final_states.append(final)
        return x, final_states

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Array | None) -> tuple[Array, Array]:
        sequence, final = self.run_direction(layer.forward, x, h0[0], steps)
        if layer.backward is None:
            return sequence, final[None]
        turned = None if steps is None else self.turned(steps)
        backward, final_backward = self.run_direction(layer.backward, x[:, ::-1], h0[1], turned)
        joined = self.join(sequence, self.aligned(backward))
        return joined, np.stack([final, final_backward])

    def turned(self, steps: Array) -> Array:
        """The steps of the backward direction, in the order in which it takes them."""
        return steps[:, ::-1]

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Array | None) -> tuple[Array, Array]:
        outputs = [np.empty((x.shape[0], 0, cell.hidden_size), x.dtype)]
        for t in range(x.shape[1]):
            after = self.step(cell, self.input_at(x, t), h)
            h = after if steps is None else self.masked(after, h, steps[:, t, None])
            outputs.append(h[:, None])
        return np.concatenate(outputs, axis=1), h

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        """The state of each row: after the step if it takes it, before it if not."""
        return np.where(taken, after, before)

    def input_at(self, x: Array, t: int) -> Array:
        return x[:, t]

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return self.activate(cell.activation, self.pre_activation(cell, x_t, h))

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        z: Array = x_t @ cell.W_x.T + h @ cell.W_h.T
        for bias in cell.biases:
            z = z + bias
        return z

    def activate(self, activation: str, z: Array) -> Array:
        return np.tanh(z) if activation == "tanh" else np.maximum(z, 0)

    # Putting together

    def aligned(self, backward: Array) -> Array:
        """Backward outputs from processing order to input order."""
        return backward[:, ::-1]

    def join(self, forward: Array, backward: Array) -> Array:
        return np.concatenate([forward, backward], axis=-1)

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        return np.concatenate(list(final_states[-1]), axis=-1)

    # Reading back

    def read_weights(self, model: Network) -> Network:
        return model

    def native_weights(self, model: Network) -> list[dict[str, tuple[int, ...]]]:
        return shapes_by_role(model)

    def count_parameters(self, model: Network) -> int:
        arrays: list[Any] = [array for cell in model.cells for array in (cell.W_x, cell.W_h, *cell.biases)]
        return sum(array.size for array in arrays)
