"""The fault catalogue: faulty implementations, each naming the clause that must catch it.

A fault that no check catches is a failing test of the suite. Each can be run as an adapter,
`fault:NAME`, to see what its failure looks like.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from rnn_adapters.adapter import Call, DropoutPlace, Output
from rnn_conformance.plain import PlainNumpy
from rnn_reference.activations import Activation
from rnn_reference.errors import BadInput
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network, States

PREFIX = "fault:"

Steps: TypeAlias = Array | None


class Fault(PlainNumpy):
    """A faulty implementation.

    The docstring of each says what it gets wrong; `clause` is the clause whose check must catch it.
    """

    clause: str


FAULTS: dict[str, type[Fault]] = {}


def fault(name: str, clause: str) -> Callable[[type[Fault]], type[Fault]]:
    """Put a class into the catalogue."""

    def register(made: type[Fault]) -> type[Fault]:
        made.name, made.clause = PREFIX + name, clause
        FAULTS[name] = made
        return made

    return register


def fault_named(name: str) -> Fault:
    """The faulty implementation called NAME or fault:NAME.

    Raises:
        BadInput: it is not in the catalogue.
    """
    bare = name.removeprefix(PREFIX)
    if bare not in FAULTS:
        close = difflib.get_close_matches(bare, FAULTS, n=1)
        hint = f"; did you mean {PREFIX}{close[0]}?" if close else ""
        raise BadInput(f"fault {bare!r} is not in the catalogue{hint} `rnn-conformance faults` lists them")
    return FAULTS[bare]()


# The model


@fault("weights-stored-otherwise", "MOD-1")
class WeightsStoredOtherwise(Fault):
    """Declares its input weights as (hidden, input) and stores them as (input, hidden)."""

    def native_weights(self, model: Network) -> list[dict[str, tuple[int, ...]]]:
        return [
            {role: shape[::-1] if role == "W_x" else shape for role, shape in cell.items()}
            for cell in super().native_weights(model)
        ]


@fault("time-major-undeclared", "MOD-2")
class TimeMajorUndeclared(Fault):
    """Declares batch first and takes time first."""

    def seen(self, x: Array) -> Array:
        return np.moveaxis(x, 1, 0)


# The recurrence


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

    def activate(self, activation: str, z: Array) -> Array:
        return super().activate("relu", z)


@fault("tanh-for-relu", "FWD-5")
class TanhForRelu(Fault):
    """Computes tanh whatever the cell names."""

    def activate(self, activation: str, z: Array) -> Array:
        return super().activate("tanh", z)


# Outputs


@fault("sequence-time-major", "SEQ-1")
class SequenceTimeMajor(Fault):
    """Returns the sequence output as (time, batch, features)."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        sequence = None if output.sequence is None else np.moveaxis(output.sequence, 1, 0)
        return Output(sequence, output.last, output.final_states, output.native_shapes)


@fault("return-sequences-ignored", "SEQ-2")
class ReturnSequencesIgnored(Fault):
    """Returns the outputs of every step where the last was asked for."""

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        return sequence


@fault("last-output-is-first", "SEQ-3")
class LastOutputIsFirst(Fault):
    """Returns the output of step 0 as the last output."""

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        return sequence[:, 0]


@fault("output-in-float64", "SEQ-4")
class OutputInFloat64(Fault):
    """Returns float64 whatever the weights are."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        sequence = None if output.sequence is None else output.sequence.astype(np.float64)
        return Output(sequence, output.last, output.final_states, output.native_shapes)


# States


@fault("default-state-of-ones", "INI-1")
class DefaultStateOfOnes(Fault):
    """Starts from ones where no initial state is given."""

    def run(self, model: Network, call: Call) -> Output:
        states = call.initial_states
        if states is None:
            shapes = model.state_shapes(call.x.shape[0])
            states = tuple(np.ones(shape, model.dtype) for shape in shapes)
        return super().run(model, replace(call, initial_states=states))


@fault("initial-state-ignored", "INI-2")
class InitialStateIgnored(Fault):
    """Starts from zeros whatever initial state is given."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_layer(layer, x, np.zeros_like(h0), steps)


@fault("initial-state-of-first-layer-for-all", "INI-3")
class InitialStateOfFirstLayerForAll(Fault):
    """Gives every layer the initial state of the first, where the shapes allow it."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        first = [states[0] if states[0].shape == h0.shape else h0 for h0 in states]
        return super().run_stack(network, x, first, steps)


@fault("final-states-batch-first", "INI-4")
class FinalStatesBatchFirst(Fault):
    """Returns final states as (batch, directions, hidden)."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        states = tuple(np.moveaxis(state, 0, 1) for state in output.final_states or ())
        return Output(output.sequence, output.last, states, output.native_shapes)


@fault("final-state-before-last-step", "INI-5")
class FinalStateBeforeLastStep(Fault):
    """Returns as final state the one before the last step."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, _ = super().run_direction(cell, x, h, steps)
        return outputs, outputs[:, -2] if x.shape[1] > 1 else h


@fault("final-state-of-top-layer-for-all", "INI-6")
class FinalStateOfTopLayerForAll(Fault):
    """Returns the top layer's final state for every layer, where the shapes allow it."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return sequence, [final[-1] if final[-1].shape == state.shape else state for state in final]


# Stacks


@fault("upper-layer-fed-swapped", "STK-1")
class UpperLayerFedSwapped(Fault):
    """Feeds upper layers the two directions of the layer below in the wrong order."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        final_states: list[Array] = []
        for index, (layer, h0) in enumerate(zip(network.layers, states, strict=True)):
            if index and network.layers[index - 1].directions == 2:
                x = np.roll(x, network.layers[index - 1].hidden_size, axis=-1)
            x, final = self.run_layer(layer, x, h0, steps)
            final_states.append(final)
        return x, final_states


@fault("upper-layer-fed-last-output", "STK-1")
class UpperLayerFedLastOutput(Fault):
    """Feeds upper layers the last output below at every step, as without return_sequences."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        final_states: list[Array] = []
        for layer, h0 in zip(network.layers, states, strict=True):
            x = x if not final_states else np.broadcast_to(x[:, -1:], x.shape)
            x, final = self.run_layer(layer, x, h0, steps)
            final_states.append(final)
        return x, final_states


@fault("final-states-top-first", "STK-2")
class FinalStatesTopFirst(Fault):
    """Lists the final states from the top layer down."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return sequence, final[::-1]


@fault("layers-in-wrong-order", "STK-3")
class LayersInWrongOrder(Fault):
    """Swaps the second and third layer where their shapes allow it."""

    def load(self, network: Network) -> Network:
        layers = list(super().load(network).layers)
        if len(layers) > 2 and layers[1].forward.W_x.shape == layers[2].forward.W_x.shape:
            layers[1], layers[2] = layers[2], layers[1]
        return Network(layers)


@fault("first-activation-for-all-layers", "STK-4")
class FirstActivationForAllLayers(Fault):
    """Runs all layers with the activation of the first."""

    def load(self, network: Network) -> Network:
        first = network.layers[0].forward.activation
        return super().load(
            Network(
                Layer(*(replace(cell, activation=first) for cell in layer.cells)) for layer in network.layers
            )
        )


# Directions


@fault("backward-outputs-not-realigned", "BID-1")
class BackwardOutputsNotRealigned(Fault):
    """Leaves the backward outputs in the order in which they were computed."""

    def aligned(self, backward: Array) -> Array:
        return backward


@fault("backward-runs-forward", "BID-1")
class BackwardRunsForward(Fault):
    """Runs the backward direction forward in time."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        if layer.backward is None:
            return super().run_layer(layer, x, h0, steps)
        sequence, final = self.run_direction(layer.forward, x, h0[0], steps)
        backward, final_backward = self.run_direction(layer.backward, x, h0[1], steps)
        return self.join(sequence, backward), np.stack([final, final_backward])


@fault("directions-swapped", "BID-2")
class DirectionsSwapped(Fault):
    """Puts the backward outputs first."""

    def join(self, forward: Array, backward: Array) -> Array:
        return super().join(backward, forward)


@fault("directions-interleaved", "BID-2")
class DirectionsInterleaved(Fault):
    """Joins the directions unit by unit instead of side by side."""

    def join(self, forward: Array, backward: Array) -> Array:
        return np.stack([forward, backward], axis=-1).reshape(*forward.shape[:-1], -1)


@fault("concatenated-on-wrong-axis", "BID-2")
class ConcatenatedOnWrongAxis(Fault):
    """Joins the directions on the time axis."""

    def join(self, forward: Array, backward: Array) -> Array:
        return np.concatenate([forward, backward], axis=1)


@fault("backward-starts-from-forward", "BID-3")
class BackwardStartsFromForward(Fault):
    """Starts the backward direction from the forward direction's final state."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        if layer.backward is not None:
            _, final = self.run_direction(layer.forward, x, h0[0], steps)
            h0 = np.stack([h0[0], final])
        return super().run_layer(layer, x, h0, steps)


@fault("forward-weights-for-both", "BID-3")
class ForwardWeightsForBoth(Fault):
    """Runs both directions with the forward cell's weights."""

    def load(self, network: Network) -> Network:
        loaded = super().load(network)
        return Network(Layer(*(layer.forward for _ in layer.cells)) for layer in loaded.layers)


@fault("backward-final-state-at-last-input", "BID-4")
class BackwardFinalStateAtLastInput(Fault):
    """Returns as backward final state the one after x[T−1], its first step."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        sequence, final = super().run_layer(layer, x, h0, steps)
        if layer.backward is not None:
            final[1] = sequence[:, -1, layer.hidden_size :]
        return sequence, final


@fault("backward-last-output-at-last-input", "BID-5")
class BackwardLastOutputAtLastInput(Fault):
    """Takes the last output of both directions at index T−1, where the backward one has seen one input."""

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        return sequence[:, -1]


@fault("initial-state-for-both-directions", "BID-6")
class InitialStateForBothDirections(Fault):
    """Starts both directions from the forward direction's initial state."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_layer(layer, x, np.stack([h0[0]] * layer.directions), steps)


# Parameters


@fault("second-bias-not-counted", "PAR-1")
class SecondBiasNotCounted(Fault):
    """Declares two bias vectors and counts one."""

    def count_parameters(self, model: Network) -> int:
        return super().count_parameters(model) - sum(cell.hidden_size for cell in model.cells if cell.biases)


@fault("bias-counted-without-bias", "PAR-2")
class BiasCountedWithoutBias(Fault):
    """Counts two bias vectors in layers that have none."""

    def count_parameters(self, model: Network) -> int:
        return sum(c.hidden_size * (c.input_size + c.hidden_size + 2) for c in model.cells)


@fault("upper-layers-counted-as-first", "PAR-3")
class UpperLayersCountedAsFirst(Fault):
    """Counts upper layers with the input size of the first."""

    def count_parameters(self, model: Network) -> int:
        I = model.input_size  # noqa: E741 (the spec's symbol)
        return sum(c.hidden_size * (I + c.hidden_size + (2 if c.biases else 0)) for c in model.cells)


@fault("second-bias-dropped", "PAR-4")
class SecondBiasDropped(Fault):
    """Adds the first bias vector only."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(replace(cell, b_h=None), x_t, h)


@fault("float16-weights", "PAR-5")
class Float16Weights(Fault):
    """Keeps the weights in float16."""

    def stored(self, cell: Cell) -> Cell:
        stored = super().stored(cell)
        halves = {
            role: weight.astype(np.float16).astype(weight.dtype)
            for role in ("W_x", "W_h", "b", "b_h")
            if (weight := getattr(stored, role)) is not None
        }
        return replace(stored, **halves)


# Errors


@fault("extra-features-cut", "ERR-1")
class ExtraFeaturesCut(Fault):
    """Cuts off features that it has no weights for."""

    def run(self, model: Network, call: Call) -> Output:
        return super().run(model, replace(call, x=call.x[..., : model.input_size]))


@fault("extra-axes-flattened", "ERR-2")
class ExtraAxesFlattened(Fault):
    """Folds an additional axis into the batch."""

    def run(self, model: Network, call: Call) -> Output:
        if call.x.ndim < 4:
            return super().run(model, call)
        x = call.x.reshape(-1, *call.x.shape[-2:])
        return super().run(model, replace(call, x=x))


@fault("initial-state-broadcast", "ERR-3")
class InitialStateBroadcast(Fault):
    """Takes an initial state of batch 1 for every row."""

    def run(self, model: Network, call: Call) -> Output:
        states = call.initial_states
        if states is not None:
            shapes = model.state_shapes(call.x.shape[0])
            states = tuple(
                np.broadcast_to(state, shape) if state.shape[1] == 1 else state
                for state, shape in zip(states, shapes, strict=True)
            )
        return super().run(model, replace(call, initial_states=states))


@fault("extra-states-dropped", "ERR-4")
class ExtraStatesDropped(Fault):
    """Takes the first initial states and drops the others."""

    def run(self, model: Network, call: Call) -> Output:
        states = call.initial_states
        if states is not None:
            shapes = model.state_shapes(call.x.shape[0])
            states = tuple(state[: shape[0]] for state, shape in zip(states, shapes, strict=True))
        return super().run(model, replace(call, initial_states=states))


@fault("imaginary-part-dropped", "ERR-5")
class ImaginaryPartDropped(Fault):
    """Takes the real part of complex input."""

    def run(self, model: Network, call: Call) -> Output:
        return super().run(model, replace(call, x=np.asarray(call.x.real, model.dtype)))


@fault("integers-reinterpreted", "ERR-5")
class IntegersReinterpreted(Fault):
    """Reads integers of four bytes as if their bits were those of floats."""

    def run(self, model: Network, call: Call) -> Output:
        x = call.x.view(np.float32) if call.x.dtype == np.int32 and model.dtype == np.float32 else call.x
        return super().run(model, replace(call, x=x))


@fault("unknown-activation-as-tanh", "ERR-6")
class UnknownActivationAsTanh(Fault):
    """Computes tanh for an activation that it does not know."""

    def load(self, network: Network) -> Network:
        return super().load(
            Network(
                Layer(*(Cell(c.W_x, c.W_h, c.b, c.b_h, self.known(c.activation)) for c in layer.cells))
                for layer in network.layers
            )
        )

    def known(self, activation: str) -> Activation:
        return "relu" if activation == "relu" else "tanh"


# Laws


@fault("input-centred-over-time", "LAW-1")
class InputCentredOverTime(Fault):
    """Subtracts from the input its mean over time, which a step cannot know yet."""

    def seen(self, x: Array) -> Array:
        mean: Array = x.mean(axis=1, keepdims=True, dtype=x.dtype)
        return x - mean

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_direction(cell, self.seen(x), h, steps)


@fault("rows-weighted-by-position", "LAW-2")
class RowsWeightedByPosition(Fault):
    """Scales each row's input by its place in the batch."""

    def input_at(self, x: Array, t: int) -> Array:
        weights = 1 + np.arange(x.shape[0], dtype=x.dtype)[:, None] / 8
        return x[:, t] * weights


@fault("last-unit-dropped", "LAW-3")
class LastUnitDropped(Fault):
    """Leaves the last unit at zero, as a kernel that forgets the remainder of its blocks does."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        h = super().step(cell, x_t, h)
        h[:, -1:] = 0
        return h


@fault("negative-states-damped", "LAW-4")
class NegativeStatesDamped(Fault):
    """Halves negative outputs of tanh."""

    def activate(self, activation: str, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.where(h < 0, h / 2, h)


@fault("backward-one-step-late", "LAW-5")
class BackwardOneStepLate(Fault):
    """Starts the backward direction at the last input but one, and repeats its first output."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        if layer.backward is None or x.shape[1] < 2:
            return super().run_layer(layer, x, h0, steps)
        sequence, final = self.run_direction(layer.forward, x, h0[0], steps)
        late = None if steps is None else steps[:, -2::-1]
        backward, final_backward = self.run_direction(layer.backward, x[:, -2::-1], h0[1], late)
        backward = np.concatenate([backward[:, :1], backward], axis=1)
        return self.join(sequence, self.aligned(backward)), np.stack([final, final_backward])


@fault("initial-state-through-activation", "LAW-6")
class InitialStateThroughActivation(Fault):
    """Applies the activation to the initial state, as if it were a pre-activation."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_direction(cell, x, self.activate("tanh", h), steps)


@fault("state-added-to-output", "LAW-7")
class StateAddedToOutput(Fault):
    """Adds half of the previous state to the new one, a shortcut around the weights."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().step(cell, x_t, h) + h / 2


@fault("upper-layers-normalised", "LAW-8")
class UpperLayersNormalised(Fault):
    """Scales the input of upper layers to a largest value of 1."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        final_states: list[Array] = []
        for layer, h0 in zip(network.layers, states, strict=True):
            if final_states and x.size:
                x = x / max(np.abs(x).max(), x.dtype.type(1e-3))
            x, final = self.run_layer(layer, x, h0, steps)
            final_states.append(final)
        return x, final_states


@fault("nan-leaks-to-other-rows", "LAW-9")
class NanLeaksToOtherRows(Fault):
    """Adds the other rows times zero, which is nothing unless one of them is NaN or infinite."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        nothing: Array = (0 * x_t).sum(dtype=x_t.dtype)
        return super().pre_activation(cell, x_t, h) + nothing


@fault("input-changed-in-place", "LAW-10")
class InputChangedInPlace(Fault):
    """Leaves the input reversed in time, having turned it in place for the backward direction."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        call.x[:] = call.x[:, ::-1].copy()
        return output


@fault("noise-in-the-last-bit", "LAW-10")
class NoiseInTheLastBit(Fault):
    """Gives now one neighbour of a number and now the other, as a sum in changing order does."""

    calls = 0

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        self.calls += 1
        if self.calls % 2 and output.sequence is not None:
            sequence = np.nextafter(output.sequence, output.sequence.dtype.type(2))
            return Output(sequence, output.last, output.final_states, output.native_shapes)
        return output


# Sizes


@fault("empty-batch-as-one-row", "EDG-1")
class EmptyBatchAsOneRow(Fault):
    """Answers an empty batch with a row of zeros."""

    def run(self, model: Network, call: Call) -> Output:
        if call.x.shape[0]:
            return super().run(model, call)
        x = np.zeros((1, *call.x.shape[1:]), call.x.dtype)
        return super().run(model, replace(call, x=x, initial_states=None))


@fault("no-steps-give-zeros", "EDG-2")
class NoStepsGiveZeros(Fault):
    """Gives zeros as final states of a sequence of no steps, whatever the initial states."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x, h, steps)
        return outputs, final if x.shape[1] else np.zeros_like(final)


@fault("single-axes-squeezed", "EDG-3")
class SingleAxesSqueezed(Fault):
    """Loses axes of size one."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        sequence = None if output.sequence is None else output.sequence.squeeze()
        return Output(sequence, output.last, output.final_states, output.native_shapes)


@fault("no-features-give-zeros", "EDG-4")
class NoFeaturesGiveZeros(Fault):
    """Gives zeros for input without features, though bias and state are there."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        h = super().step(cell, x_t, h)
        return h if cell.input_size else np.zeros_like(h)


@fault("no-units-as-one", "EDG-5")
class NoUnitsAsOne(Fault):
    """Gives a layer of no units a unit of zeros."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        if model.output_size or output.sequence is None:
            return output
        sequence = np.zeros((*output.sequence.shape[:2], 1), output.sequence.dtype)
        return Output(sequence, output.last, output.final_states, output.native_shapes)


# Lengths


@fault("backward-starts-in-padding", "LEN-1")
class BackwardStartsInPadding(Fault):
    """Starts the backward direction at x[T−1] in every row, through the padding."""

    def turned(self, steps: Array) -> Array:
        return np.ones_like(steps)


@fault("lengths-ignored", "LEN-2")
class LengthsIgnored(Fault):
    """Takes all steps of every row and clears the padded outputs afterwards."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return after


@fault("final-state-at-last-position", "LEN-2")
class FinalStateAtLastPosition(Fault):
    """Takes the final state of every row from position T−1 of the padded outputs."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x, h, steps)
        return outputs, final if steps is None else final * steps[:, -1:]


@fault("padded-output-carried", "LEN-3")
class PaddedOutputCarried(Fault):
    """Declares zeros at padded steps and carries the last output on."""

    def padded(self, sequence: Array, steps: Array) -> Array:
        return sequence


@fault("padding-times-zero", "LEN-4")
class PaddingTimesZero(Fault):
    """Clears what is masked by multiplying it with zero, which leaves NaN where it was."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return np.asarray(taken * after + ~taken * before, after.dtype)


@fault("lengths-sorted-not-unsorted", "LEN-5")
class LengthsSortedNotUnsorted(Fault):
    """Sorts rows by length for its kernel and returns them sorted."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        steps = self.steps(call)
        if steps is None or output.sequence is None:
            return output
        order = np.argsort(-steps.sum(axis=1), kind="stable")
        states = tuple(state[:, order] for state in output.final_states or ())
        return Output(output.sequence[order], output.last, states, output.native_shapes)


@fault("empty-row-takes-a-step", "LEN-6")
class EmptyRowTakesAStep(Fault):
    """Takes the first step of a row of length 0."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None or call.lengths is None:
            return steps
        steps = steps.copy()
        steps[:, :1] = True
        return steps


@fault("lengths-clipped", "LEN-7")
class LengthsClipped(Fault):
    """Takes lengths below 0 as 0 and above T as T."""

    def steps(self, call: Call) -> Steps:
        if call.lengths is not None:
            call = replace(call, lengths=np.clip(call.lengths, 0, call.x.shape[1]))
        return super().steps(call)


@fault("full-rows-end-early", "LEN-8")
class FullRowsEndEarly(Fault):
    """Leaves out the last step of rows that have no padding."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None or steps.shape[1] < 2:
            return steps
        steps = steps.copy()
        steps[steps.all(axis=1), -1] = False
        return steps


# Masks


@fault("mask-not-reversed", "MSK-1")
class MaskNotReversed(Fault):
    """Applies the mask to the backward direction in forward order."""

    def turned(self, steps: Array) -> Array:
        return steps


@fault("mask-ignored-by-state", "MSK-1")
class MaskIgnoredByState(Fault):
    """Clears the outputs of masked steps but lets the state go through them."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return after


@fault("only-padding-masked", "MSK-1")
class OnlyPaddingMasked(Fault):
    """Reads a mask as lengths: masked steps count only at the end of a row."""

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if steps is None:
            return None
        left: Array = np.maximum.accumulate(steps[:, ::-1], axis=1)[:, ::-1]
        return left


@fault("state-cleared-at-masked-steps", "MSK-2")
class StateClearedAtMaskedSteps(Fault):
    """Sets the state to zero at masked steps."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return np.where(taken, after, after.dtype.type(0))


@fault("zero-only-at-the-end", "MSK-3")
class ZeroOnlyAtTheEnd(Fault):
    """Declares zeros at masked steps and shows them only after the last step taken."""

    def padded(self, sequence: Array, steps: Array) -> Array:
        before_the_end: Array = np.maximum.accumulate(steps[:, ::-1], axis=1)[:, ::-1]
        return super().padded(sequence, before_the_end)


@fault("masked-step-times-zero", "MSK-4")
class MaskedStepTimesZero(Fault):
    """Adds what a masked step would have given times zero, which is NaN where the input is."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return np.where(taken, after, before + 0 * after)


@fault("masked-rows-give-zeros", "MSK-5")
class MaskedRowsGiveZeros(Fault):
    """Gives zeros as final state of rows without a step."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x, h, steps)
        return outputs, final if steps is None else final * steps.any(axis=1, keepdims=True)


@fault("masked-rows-give-no-output", "MSK-7")
class MaskedRowsGiveNoOutput(Fault):
    """Gives zeros as last output of rows without a step, whose state is another."""

    def run_usual(self, model: Network, call: Call) -> Output:
        output, steps = super().run_usual(model, call), self.steps(call)
        if steps is None or output.last is None:
            return output
        return replace(output, last=output.last * steps.any(axis=1, keepdims=True))


@fault("mask-cut-to-fit", "MSK-6")
class MaskCutToFit(Fault):
    """Cuts or fills up a mask until it fits the input."""

    def steps(self, call: Call) -> Steps:
        if call.mask is not None and call.mask.shape != call.x.shape[:2]:
            fitted = np.ones(call.x.shape[:2], bool)
            B, T = np.minimum(fitted.shape, call.mask.shape)
            fitted[:B, :T] = call.mask[:B, :T]
            call = replace(call, mask=fitted)
        return super().steps(call)


# Processing order


@fault("go-backwards-ignored", "DIR-1")
class GoBackwardsIgnored(Fault):
    """Runs forward when told to go backwards."""

    def backwards(self, x: Array) -> Array:
        return x


@fault("go-backwards-realigned", "DIR-2")
class GoBackwardsRealigned(Fault):
    """Declares processing order and returns the outputs of going backwards in input order."""

    def after_backwards(self, sequence: Array, final_states: list[Array]) -> tuple[Array, list[Array]]:
        return sequence[:, ::-1], final_states


@fault("backwards-final-state-at-last-input", "DIR-3")
class BackwardsFinalStateAtLastInput(Fault):
    """Returns as final state of going backwards the state after x[T−1], its first step."""

    def after_backwards(self, sequence: Array, final_states: list[Array]) -> tuple[Array, list[Array]]:
        return sequence, [sequence[None, :, 0]]


@fault("mask-not-reversed-going-backwards", "DIR-4")
class MaskNotReversedGoingBackwards(Fault):
    """Reverses the input of a layer that goes backwards and leaves its mask in forward order."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.go_backwards and call.mask is not None and call.mask.shape == call.x.shape[:2]:
            call = replace(call, mask=call.mask[:, ::-1])
        return super().run_usual(model, call)


# Merge modes


@fault("average-as-sum", "MRG-1")
class AverageAsSum(Fault):
    """Does not halve the sum for an average."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        return super().merged("sum" if mode == "ave" else mode, both)


@fault("unaligned-outputs-merged", "MRG-1")
class UnalignedOutputsMerged(Fault):
    """Merges each forward output with the backward output of the opposite step."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        if mode == "concat" or both.ndim < 3:
            return super().merged(mode, both)
        H = both.shape[-1] // 2
        return super().merged(mode, np.concatenate([both[..., :H], both[:, ::-1, H:]], axis=-1))


@fault("last-output-not-merged", "MRG-2")
class LastOutputNotMerged(Fault):
    """Merges sequences and only joins last outputs."""

    def merged(self, mode: MergeMode, both: Array) -> Array:
        return super().merged(mode if both.ndim == 3 else "concat", both)


@fault("final-states-merged", "MRG-3")
class FinalStatesMerged(Fault):
    """Returns the merged final state for both directions."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        if call.merge_mode in ("concat", "none"):
            return output
        states = tuple(
            np.stack([self.merged(call.merge_mode, np.concatenate(list(state), axis=-1))] * 2)
            for state in output.final_states or ()
        )
        return replace(output, final_states=states)


# State across calls


@fault("state-kept-between-calls", "STA-1")
class StateKeptBetweenCalls(Fault):
    """Starts every call from where the last one ended, though it is not asked to."""

    def run_usual(self, model: Network, call: Call) -> Output:
        return super().run_usual(model, replace(call, stateful=True))


@fault("single-step-leaves-the-state", "STA-2")
class SingleStepLeavesTheState(Fault):
    """Returns the initial state as final state of a sequence of one step."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x, h, steps)
        return outputs, h if x.shape[1] == 1 else final


@fault("state-not-kept", "STA-3")
class StateNotKept(Fault):
    """Takes stateful for a word without meaning."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        pass


@fault("top-state-kept-for-all", "STA-3")
class TopStateKeptForAll(Fault):
    """Keeps one state, that of the top layer, where the shapes allow it."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        top = final_states[-1]
        super().keep(model, [top if top.shape == state.shape else state for state in final_states])


@fault("forward-state-kept-for-both", "STA-3")
class ForwardStateKeptForBoth(Fault):
    """Keeps the forward state for both directions."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        super().keep(model, [np.repeat(state[:1], len(state), axis=0) for state in final_states])


@fault("reset-does-nothing", "STA-4")
class ResetDoesNothing(Fault):
    """Keeps its states through a reset."""

    def reset_states(self, model: Network) -> None:
        pass


@fault("kept-state-over-given-state", "STA-5")
class KeptStateOverGivenState(Fault):
    """Starts a stateful call from the kept states even if others are given."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.stateful and self.kept_states(model) is not None:
            call = replace(call, initial_states=None)
        return super().run_usual(model, call)


@fault("states-returned-backward-first", "STA-6")
class StatesReturnedBackwardFirst(Fault):
    """Returns the backward direction's final state before the forward direction's."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        sequence, final = super().run_layer(layer, x, h0, steps)
        return sequence, final[::-1]


# Options and ways in


@fault("states-forgotten-under-a-mask", "OPT-1")
class StatesForgottenUnderAMask(Fault):
    """Starts from zeros whenever a mask or lengths are given."""

    def run_usual(self, model: Network, call: Call) -> Output:
        padded = call.mask is not None or call.lengths is not None
        return super().run_usual(model, replace(call, initial_states=None) if padded else call)


@fault("unrolled-ignores-the-mask", "OPT-2")
class UnrolledIgnoresTheMask(Fault):
    """Takes every step when it is unrolled."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return after if self.way == "unrolled" else super().masked(after, before, taken)


@fault("unrolled-from-zeros", "OPT-2")
class UnrolledFromZeros(Fault):
    """Unrolls the first step without the state before it, which is zero as a rule."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_direction(cell, x, np.zeros_like(h) if self.way == "unrolled" else h, steps)


@fault("square-input-not-transposed", "OPT-3")
class SquareInputNotTransposed(Fault):
    """Tells time-major from batch-major input by its shape, which says nothing when B = T."""

    def batch_major(self, x: Array) -> Array:
        return x if x.shape[0] == x.shape[1] else super().batch_major(x)


@fault("memory-read-as-it-lies", "OPT-4")
class MemoryReadAsItLies(Fault):
    """Reads its input in the order in which it lies in memory, as a kernel that is handed a pointer does."""

    def run_usual(self, model: Network, call: Call) -> Output:
        return super().run_usual(model, replace(call, x=call.x.ravel(order="K").reshape(call.x.shape)))


@fault("read-only-input-refused", "OPT-4")
class ReadOnlyInputRefused(Fault):
    """Wants to write into its input."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.x.size:
            call.x.flat[0] = call.x.flat[0]
        return super().run_usual(model, call)


@fault("cell-without-bias", "OPT-5")
class CellWithoutBias(Fault):
    """Adds no bias in the cell that is called by itself."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        bare = replace(cell, b=None, b_h=None) if self.way == "cell" else cell
        return super().pre_activation(bare, x_t, h)


@fault("compiled-with-the-first-weights", "OPT-6")
class CompiledWithTheFirstWeights(Fault):
    """Compiles the weights into the code, which is then used for others of the same shapes."""

    def load(self, network: Network) -> Network:
        loaded = super().load(network)
        if self.way != "compiled":
            return loaded
        shapes = tuple((cell.W_x.shape, cell.activation, len(cell.biases)) for cell in loaded.cells)
        known: dict[object, Network] = self.__dict__.setdefault("known", {})
        return known.setdefault((shapes, tuple(layer.directions for layer in loaded.layers)), loaded)


@fault("saved-without-the-backward-cell", "OPT-7")
class SavedWithoutTheBackwardCell(Fault):
    """Saves the weights of the forward direction for both: one name for two arrays."""

    def written_and_read(self, network: Network) -> Network:
        return super().written_and_read(
            Network(Layer(*(layer.forward for _ in layer.cells)) for layer in network.layers)
        )


@fault("saved-in-float16", "OPT-7")
class SavedInFloat16(Fault):
    """Writes half of the digits of the weights."""

    def written_and_read(self, network: Network) -> Network:
        read = super().written_and_read(network)
        return Network(
            Layer(*(replace(c, W_h=c.W_h.astype(np.float16).astype(c.dtype)) for c in layer.cells))
            for layer in read.layers
        )


@fault("states-of-the-first-rows-for-all", "OPT-8")
class StatesOfTheFirstRowsForAll(Fault):
    """Gives every part of a batch that is run in parts the initial states of the first."""

    def parts(self, call: Call) -> list[Call]:
        first, *others = super().parts(call)
        states = first.initial_states
        return [
            first,
            *(
                part
                if states is None
                else replace(part, initial_states=tuple(state[:, : len(part.x)] for state in states))
                for part in others
            ),
        ]


@fault("masked-by-any-feature", "OPT-9")
class MaskedByAnyFeature(Fault):
    """Leaves out a step if one of its features is the value for padding, not only if all are."""

    def differs(self, x: Array, value: object) -> Array:
        different: Array = (x != value).all(axis=-1)
        return different


# Dropout


@fault("dropout-outside-training", "DRP-1")
class DropoutOutsideTraining(Fault):
    """Drops in evaluation as it does in training."""

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        return call.dropout, call.rate


@fault("rate-of-zero-as-default", "DRP-2")
class RateOfZeroAsDefault(Fault):
    """Takes a rate of zero for none given, and drops half."""

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        return super().dropout_of(replace(call, rate=call.rate or 0.5))


@fault("features-dropped-unscaled", "DRP-3")
class FeaturesDroppedUnscaled(Fault):
    """Does not divide what it keeps by 1 − p."""

    def left_of(self, array: Array, rate: float) -> Array:
        return np.sign(super().left_of(array, rate))


@fault("features-dropped-step-by-step", "DRP-3")
class FeaturesDroppedStepByStep(Fault):
    """Draws anew which features to drop at every step."""

    def input_at(self, x: Array, t: int) -> Array:
        place, rate = self.dropping
        return x[:, t] * self.left_of(x[:, t], rate) if place == "input" else x[:, t]

    def dropout_masks(self, x: Array, h: Array) -> tuple[Array, Array]:
        _, h_mask = super().dropout_masks(x, h)
        return np.ones_like(x[:, 0]), h_mask


@fault("units-dropped-step-by-step", "DRP-4")
class UnitsDroppedStepByStep(Fault):
    """Draws anew which units of the state to drop at every step."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        place, rate = self.dropping
        return super().step(cell, x_t, h * self.left_of(h, rate) if place == "state" else h)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Array, Array]:
        x_mask, _ = super().dropout_masks(x, h)
        return x_mask, np.ones_like(h)


@fault("top-layer-dropped", "DRP-5")
class TopLayerDropped(Fault):
    """Drops outputs of the top layer, too."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return self.between_layers(sequence), final


@fault("rate-as-share-kept", "DRP-6")
class RateAsShareKept(Fault):
    """Keeps the share that it should drop."""

    def left_of(self, array: Array, rate: float) -> Array:
        dropped = super().left_of(array, 1 - rate) == 0
        return np.asarray(~dropped / (1 - rate), array.dtype)


@fault("dropout-drawn-once", "DRP-7")
class DropoutDrawnOnce(Fault):
    """Keeps what it dropped in the first call for all others."""

    def left_of(self, array: Array, rate: float) -> Array:
        self._random = np.random.default_rng(0)
        return super().left_of(array, rate)


# Initial weights


@fault("input-weights-by-fan-in", "INT-1")
class InputWeightsByFanIn(Fault):
    """Draws W_x from ±√(6 / I), as for relu, and declares glorot."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        wider = np.sqrt((like.input_size + like.hidden_size) / like.input_size)
        return replace(cell, W_x=np.asarray(cell.W_x * wider, cell.dtype))


@fault("biases-of-one", "INT-1")
class BiasesOfOne(Fault):
    """Starts from biases of one, as some gates do, and declares zeros."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        return replace(cell, b=np.ones(cell.hidden_size, cell.dtype))


@fault("rows-of-length-one", "INT-2")
class RowsOfLengthOne(Fault):
    """Scales the rows of W_h to length one and takes that for orthogonal."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        W_h = random.standard_normal(like.W_h.shape)
        W_h /= np.linalg.norm(W_h, axis=1, keepdims=True)
        return replace(super().fresh_cell(random, like), W_h=W_h.astype(like.dtype))


@fault("normal-for-uniform", "INT-3")
class NormalForUniform(Fault):
    """Draws from a normal distribution of the same variance, cut off at the limit."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        limit = np.sqrt(6 / (like.input_size + like.hidden_size))
        normal = np.clip(random.standard_normal(like.W_x.shape) / np.sqrt(3), -1, 1) * limit
        return replace(super().fresh_cell(random, like), W_x=normal.astype(like.dtype))


@fault("one-seed-for-all-cells", "INT-4")
class OneSeedForAllCells(Fault):
    """Draws every cell from the same seed."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        return super().fresh_cell(np.random.default_rng(0), like)


# Gradients


@fault("slope-without-square", "GRD-1")
class SlopeWithoutSquare(Fault):
    """Takes 1 − |h| for the derivative of tanh."""

    def slope(self, activation: str, h: Array) -> Array:
        return 1 - np.abs(h) if activation == "tanh" else super().slope(activation, h)


@fault("slope-of-relu-always-one", "GRD-1")
class SlopeOfReluAlwaysOne(Fault):
    """Lets gradients through relu where it is zero."""

    def slope(self, activation: str, h: Array) -> Array:
        return np.ones_like(h) if activation == "relu" else super().slope(activation, h)


@fault("initial-state-gradient-dropped", "GRD-2")
class InitialStateGradientDropped(Fault):
    """Treats the initial state as a constant."""

    def to_initial_state(self, s: Array) -> Array:
        return np.zeros_like(s)


@fault("gradient-truncated", "GRD-3")
class GradientTruncated(Fault):
    """Goes back two steps and no further: truncated backpropagation."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        return super().to_step_before(np.zeros_like(through) if t % 2 else through, s, taken, t)


@fault("recurrent-gradient-transposed", "GRD-4")
class RecurrentGradientTransposed(Fault):
    """Gives the gradient of W_h transposed, which its shape does not show."""

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        return super().of_weights(cell, dW_x, np.ascontiguousarray(dW_h.T), db)


@fault("recurrent-gradient-without-initial-state", "GRD-4")
class RecurrentGradientWithoutInitialState(Fault):
    """Takes the state after the first step for the initial state."""

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Steps
    ) -> tuple[CellGradients, Array, Array]:
        weights, dx, dh0 = super().pull_back(cell, x, known, g, g_final, steps)
        late = np.concatenate([known[:, 1:2], known[:, 1:]], axis=1)
        wrong, _, _ = super().pull_back(cell, x, late, g, g_final, steps)
        return weights._replace(W_h=wrong.W_h), dx, dh0


@fault("second-bias-gradient-missing", "GRD-5")
class SecondBiasGradientMissing(Fault):
    """Gives the second bias no gradient."""

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        weights = super().of_weights(cell, dW_x, dW_h, db)
        return weights._replace(b_h=None if weights.b_h is None else np.zeros_like(db))


@fault("bias-gradient-averaged", "GRD-5")
class BiasGradientAveraged(Fault):
    """Halves the gradient of each of two biases, as if they shared it."""

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        return super().of_weights(cell, dW_x, dW_h, db / 2)


@fault("backward-gradient-misaligned", "GRD-6")
class BackwardGradientMisaligned(Fault):
    """Lets gradients into the backward direction in forward order."""

    def aligned_gradient(self, g: Array) -> Array:
        return g


@fault("gradient-through-padding", "GRD-7")
class GradientThroughPadding(Fault):
    """Lets steps that were not taken give gradients to input and weights."""

    def taking_part(self, taken: Array) -> Array:
        return np.ones_like(taken)


@fault("gradient-ends-at-padding", "GRD-7")
class GradientEndsAtPadding(Fault):
    """Loses the state's gradient at steps that were not taken."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        return through if taken is None else np.where(taken, through, s.dtype.type(0))


@fault("gradient-spread-over-rows", "GRD-8")
class GradientSpreadOverRows(Fault):
    """Gives every row the mean of the rows' gradients, as a mean over the batch in the wrong place does."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        mean = through.mean(axis=0, keepdims=True, dtype=through.dtype)
        return super().to_step_before(np.broadcast_to(mean, through.shape), s, taken, t)


@fault("unrolled-gradient-truncated", "GRD-9")
class UnrolledGradientTruncated(Fault):
    """Unrolled, carries gradients no further than one step back."""

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        before = super().to_step_before(through, s, taken, t)
        return 0 * before if self.way == "unrolled" and t % 2 else before


@fault("tangent-of-recurrent-weights-dropped", "GRD-10")
class TangentOfRecurrentWeightsDropped(Fault):
    """In forward mode takes the recurrent weights for constants."""

    def rate_of_z(
        self, cell: Cell, towards: CellGradients, x_t: Array, dx_t: Array, h: Array, dh: Array
    ) -> Array:
        constant = towards._replace(W_h=np.zeros_like(towards.W_h))
        return super().rate_of_z(cell, constant, x_t, dx_t, h, dh)


@fault("second-gradient-of-weights-dropped", "GRD-11")
class SecondGradientOfWeightsDropped(Fault):
    """When a gradient is differentiated again, takes the weights it went through for constants."""

    def through_changed_weights(self, a: Array, V: Array) -> Array:
        return 0 * super().through_changed_weights(a, V)


@fault("relu-slope-of-one-at-zero", "GRD-12")
class ReluSlopeOfOneAtZero(Fault):
    """Takes 1 for the derivative of relu at 0."""

    def slope(self, activation: str, h: Array) -> Array:
        slope = super().slope(activation, h)
        return np.ones_like(h) * (h >= 0) if activation == "relu" else slope


@fault("relu-slope-of-half-at-zero-the-second-time", "GRD-13")
class ReluSlopeOfHalfAtZeroTheSecondTime(Fault):
    """Takes 1/2 for the derivative of relu at 0 where a gradient is differentiated, and 0 before."""

    again = False

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        self.again = True
        try:
            return super().second_gradients(model, call, d_sequence, d_final_states, direction)
        finally:
            self.again = False

    def slope(self, activation: str, h: Array) -> Array:
        slope = super().slope(activation, h)
        return np.where(h == 0, h.dtype.type(0.5), slope) if self.again and activation == "relu" else slope


# Numerics


@fault("tanh-approximated", "NUM-1")
class TanhApproximated(Fault):
    """Computes tanh by a rational approximation that is exact to 1e-4."""

    def activate(self, activation: str, z: Array) -> Array:
        if activation != "tanh":
            return super().activate(activation, z)
        c = np.clip(z, -3, 3)
        approximate: Array = c * (27 + c * c) / (27 + 9 * c * c)
        return approximate.astype(z.dtype)


@fault("products-in-float16", "NUM-2")
class ProductsInFloat16(Fault):
    """Rounds the weights and inputs of each product to float16 and multiplies those."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        with np.errstate(over="ignore"):
            x_t, h = (a.astype(np.float16).astype(a.dtype) for a in (x_t, h))
        return super().pre_activation(cell, x_t, h)


@fault("state-drifts", "NUM-3")
class StateDrifts(Fault):
    """Loses a little of the state in each step: 1e-6 of it for every step gone by."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs = []
        for t in range(x.shape[1]):
            h = self.step(cell, x[:, t], h * x.dtype.type(1 - 1e-6 * t))
            outputs.append(h)
        return np.stack(outputs, axis=1), h


@fault("final-state-in-float16", "NUM-4")
class FinalStateInFloat16(Fault):
    """Returns final states that went through float16."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        with np.errstate(over="ignore"):
            return sequence, [state.astype(np.float16).astype(state.dtype) for state in final]


@fault("float64-computed-in-float32", "NUM-5")
class Float64ComputedInFloat32(Fault):
    """Takes and gives float64 and computes in float32."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        z = super().pre_activation(cell.astype(np.float32), x_t.astype(np.float32), h.astype(np.float32))
        return z.astype(x_t.dtype)


@fault("state-shrinks-in-long-sequences", "NUM-6")
class StateShrinksInLongSequences(Fault):
    """From the twelfth step on loses a ten-thousandth of the state in each."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs = [np.empty((len(x), 0, cell.hidden_size), x.dtype)]
        for t in range(x.shape[1]):
            after = self.step(cell, x[:, t], h * x.dtype.type(1 - 1e-4 * (t >= 12)))
            h = after if steps is None else self.masked(after, h, steps[:, t, None])
            outputs.append(h[:, None])
        return np.concatenate(outputs, axis=1), h


# Exact cases


def rounded_to_bits(array: Array, bits: int) -> Array:
    """The numbers with this many significant bits."""
    mantissa, exponent = np.frexp(array)
    rounded: Array = np.ldexp(np.round(mantissa * 2**bits) / 2**bits, exponent).astype(array.dtype)
    return rounded


@fault("products-in-tf32", "EXA-1")
class ProductsInTf32(Fault):
    """Multiplies numbers of 11 significant bits, as tensor cores do."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(cell, rounded_to_bits(x_t, 11), rounded_to_bits(h, 11))


@fault("state-in-bfloat16", "EXA-1")
class StateInBfloat16(Fault):
    """Stores the state with 8 significant bits."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return rounded_to_bits(super().step(cell, x_t, h), 8)


@fault("tanh-by-table", "EXA-2")
class TanhByTable(Fault):
    """Rounds tanh to one of 2¹⁹ values."""

    def activate(self, activation: str, z: Array) -> Array:
        h = super().activate(activation, z)
        return h if activation != "tanh" else np.asarray(np.round(h * 2**18) / 2**18, h.dtype)


# Special values


@fault("relu-of-nan-is-zero", "NAN-1")
class ReluOfNanIsZero(Fault):
    """Takes the larger of z and 0 where NaN is not larger."""

    def activate(self, activation: str, z: Array) -> Array:
        return np.fmax(z, 0) if activation == "relu" else super().activate(activation, z)


@fault("infinity-taken-for-missing", "NAN-2")
class InfinityTakenForMissing(Fault):
    """Replaces infinite input by zero."""

    def input_at(self, x: Array, t: int) -> Array:
        return np.where(np.isinf(x[:, t]), x.dtype.type(0), x[:, t])


@fault("tanh-by-exponentials", "NAN-3")
class TanhByExponentials(Fault):
    """Computes (e²ᶻ − 1) / (e²ᶻ + 1), which is ∞/∞ for large z."""

    def activate(self, activation: str, z: Array) -> Array:
        if activation != "tanh":
            return super().activate(activation, z)
        e = np.exp(2 * z.astype(np.float64))
        return np.asarray((e - 1) / (e + 1), z.dtype)


# Long sequences and wide layers


@fault("steps-beyond-512-skipped", "LNG-1")
class StepsBeyond512Skipped(Fault):
    """Stops after 512 steps, the length of its buffer."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        outputs, final = super().run_direction(cell, x[:, :512], h, None if steps is None else steps[:, :512])
        missing = np.repeat(final[:, None], max(x.shape[1] - 512, 0), axis=1)
        return np.concatenate([outputs, missing], axis=1), final


@fault("units-beyond-256-dropped", "LNG-2")
class UnitsBeyond256Dropped(Fault):
    """Sums over the first 256 units only."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(cell, x_t, h * (np.arange(h.shape[1]) < 256))


# Types


@fault("float16-returned-as-float32", "DTY-1")
class Float16ReturnedAsFloat32(Fault):
    """Returns the float32 numbers that a step of narrow numbers was computed in."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        return (sequence, final) if x.itemsize >= 4 else (sequence.astype(np.float32), final)


@fault("float16-computed-in-bfloat16", "DTY-2")
class Float16ComputedInBfloat16(Fault):
    """Takes and gives float16 and computes in bfloat16, which has three bits fewer."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        if x_t.dtype != np.float16:
            return super().pre_activation(cell, x_t, h)
        z = super().pre_activation(cell.astype("bfloat16"), x_t.astype("bfloat16"), h.astype("bfloat16"))
        return z.astype(x_t.dtype)


@fault("sums-in-the-narrow-type", "DTY-3")
class SumsInTheNarrowType(Fault):
    """Rounds the sum of the products to the narrow type after each of them."""

    def product(self, a: Array, W: Array) -> Array:
        if a.itemsize >= 4:
            return super().product(a, W)
        total = np.zeros((*a.shape[:-1], W.shape[0]), a.dtype)
        for number, weights in zip(np.moveaxis(a, -1, 0), W.T, strict=True):
            total = total + number[..., None] * weights
        return total


@fault("small-float16-flushed", "DTY-4")
class SmallFloat16Flushed(Fault):
    """Takes float16 numbers below the smallest normal one for zero."""

    def product(self, a: Array, W: Array) -> Array:
        if a.dtype == np.float16:
            a = np.where(np.abs(a) < 2.0**-14, a.dtype.type(0), a)
        return super().product(a, W)


@fault("narrow-backward-not-turned", "DTY-5")
class NarrowBackwardNotTurned(Fault):
    """Has code of its own for narrow types, which leaves backward outputs in processing order."""

    def aligned(self, backward: Array) -> Array:
        return super().aligned(backward) if backward.itemsize >= 4 else backward


@fault("mixed-precision-of-unrounded-weights", "DTY-6")
class MixedPrecisionOfUnroundedWeights(Fault):
    """Computes in float32 and rounds only what it returns."""

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        return model, call

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        if self.computing is None:
            return sequence, final
        return sequence.astype(self.computing), [state.astype(self.computing) for state in final]


@fault("mixed-precision-of-truncated-weights", "DTY-6")
class MixedPrecisionOfTruncatedWeights(Fault):
    """Cuts the weights off where they are to be rounded to nearest."""

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        _, call = super().cast(model, call, dtype)
        bits = 11 if dtype == "float16" else 8

        def cut(array: Array) -> Array:
            mantissa, exponent = np.frexp(array)
            truncated: Array = np.ldexp(np.trunc(mantissa * 2**bits) / 2**bits, exponent).astype(dtype)
            return truncated

        return model.mapped(cut), call


@fault("mixed-precision-returned-as-float32", "DTY-7")
class MixedPrecisionReturnedAsFloat32(Fault):
    """Computes in the narrow type and returns float32."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        sequence, final = super().run_stack(network, x, states, steps)
        if self.computing is None:
            return sequence, final
        return sequence.astype(np.float32), [state.astype(np.float32) for state in final]


# Activations


@fault("sigmoid-piecewise", "ACT-1")
class SigmoidPiecewise(Fault):
    """Computes the hard sigmoid, which consists of three straight lines."""

    def activate(self, activation: str, z: Array) -> Array:
        if activation != "sigmoid":
            return super().activate(activation, z)
        return np.asarray(np.clip(z / 6 + 0.5, 0, 1), z.dtype)


@fault("linear-as-relu", "ACT-2")
class LinearAsRelu(Fault):
    """Takes every activation that it does not know for relu."""

    def activate(self, activation: str, z: Array) -> Array:
        return super().activate("relu" if activation == "linear" else activation, z)


@fault("softsign-by-the-root", "ACT-3")
class SoftsignByTheRoot(Fault):
    """Computes z / √(1 + z²), which has the same limits and the same slope at 0."""

    def activate(self, activation: str, z: Array) -> Array:
        return z / np.sqrt(1 + z * z) if activation == "softsign" else super().activate(activation, z)


@fault("softplus-linear-too-soon", "ACT-4")
class SoftplusLinearTooSoon(Fault):
    """Takes softplus for z above 3, where the difference is still 0.05."""

    def activate(self, activation: str, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.where(z > 3, z, h) if activation == "softplus" else h


@fault("elu-scaled", "ACT-5")
class EluScaled(Fault):
    """Computes selu, which multiplies what lies below 0 by 1.67 and all of it by 1.05."""

    def activate(self, activation: str, z: Array) -> Array:
        h = super().activate(activation, z)
        return np.asarray(1.0507 * np.where(h > 0, h, 1.6733 * h), h.dtype) if activation == "elu" else h


@fault("sigmoid-of-no-step", "ACT-6")
class SigmoidOfNoStep(Fault):
    """At steps not taken applies a sigmoid to the state."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return np.where(taken, after, self.activate(self.activation, before))

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        self.activation = cell.activation if cell.activation == "sigmoid" else "linear"
        return super().step(cell, x_t, h)


@fault("elu-slope-from-zero", "ACT-7")
class EluSlopeFromZero(Fault):
    """Takes h for the derivative of elu below 0, which is h + 1."""

    def slope(self, activation: str, h: Array) -> Array:
        slope = super().slope(activation, h)
        return np.where(h > 0, slope, h) if activation == "elu" else slope
