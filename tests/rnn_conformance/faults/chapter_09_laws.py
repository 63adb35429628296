"""Faults that the clauses of chapter LAW must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.surface import Shapes, UnknownAxis
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.activations import Activation
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States


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

    def activate(self, activation: Activation, z: Array) -> Array:
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
        return super().run_direction(cell, x, self.activate(Activation("tanh"), h), steps)


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


@fault("masks-are-known-by-their-arrays", "LAW-10")
class MasksAreKnownByTheirArrays(Fault):
    """Works out the steps of a mask or of lengths once for each array."""

    known: tuple[tuple[Array | None, Array | None], Array | None] | None = None

    def steps(self, call: Call) -> Array | None:
        given = call.mask, call.lengths
        if self.known is None or any(
            one is not other for one, other in zip(self.known[0], given, strict=True)
        ):
            self.known = given, super().steps(call)
        steps = self.known[1]
        return steps if steps is not None and steps.shape == call.x.shape[:2] else super().steps(call)


@fault("cotangents-are-known-by-their-arrays", "LAW-10")
class CotangentsAreKnownByTheirArrays(Fault):
    """Copies the cotangents of a backward pass, and takes the copy where the same array is given."""

    known: tuple[Array, Array] | None = None

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if self.known is None or self.known[0] is not d_sequence:
            self.known = d_sequence, d_sequence.copy()
        return super().gradients(model, call, self.known[1].copy(), d_final_states)


@fault("errors-silenced", "LAW-11")
class ErrorsSilenced(Fault):
    """Turns NumPy's warnings off and leaves them off."""

    def run(self, model: Network, call: Call) -> Output:
        np.seterr(all="ignore")
        return super().run(model, call)


@fault("generator-used", "LAW-11")
class GeneratorUsed(Fault):
    """Draws a number from NumPy's global generator in every call."""

    def run(self, model: Network, call: Call) -> Output:
        np.random.random()
        return super().run(model, call)


@fault("output-buffer-reused", "LAW-12")
class OutputBufferReused(Fault):
    """Writes all outputs of one shape into the same memory."""

    buffer = np.empty(0)

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        if output.sequence is None:
            return output
        if self.buffer.shape != output.sequence.shape or self.buffer.dtype != output.sequence.dtype:
            self.buffer = np.empty_like(output.sequence)
        self.buffer[...] = output.sequence
        return replace(output, sequence=self.buffer)


@fault("generator-seeded", "LAW-11")
class GeneratorSeeded(Fault):
    """Seeds NumPy's global generator, with the same number in every call."""

    def run(self, model: Network, call: Call) -> Output:
        np.random.seed(1234)
        return super().run(model, call)


@fault("kept-states-shown", "LAW-12")
class KeptStatesShown(Fault):
    """Returns views, read-only, of the states that a stateful layer keeps and its next call writes over."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        kept = self.kept_states(model) or ()
        if [(s.shape, s.dtype) for s in kept] != [(s.shape, s.dtype) for s in final_states]:
            super().keep(model, final_states)
        else:
            for state, new in zip(kept, final_states, strict=True):
                np.copyto(state, new)

    def run_usual(self, model: Network, call: Call) -> Output:
        output = super().run_usual(model, call)
        kept = self.kept_states(model)
        if not call.stateful or kept is None:
            return output
        views = tuple(state.view() for state in kept)
        for view in views:
            view.flags.writeable = False
        return replace(output, final_states=views)


@fault("last-state-shown-twice", "LAW-13")
class LastStateShownTwice(Fault):
    """Returns final states that lie in the memory of the sequence output."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        if output.sequence is None or output.final_states is None or call.x.ndim != 3 or not call.x.size:
            return output
        top = output.final_states[-1]
        if call.merge_mode != "concat" or len(top) != 1 or not np.array_equal(output.sequence[:, -1], top[0]):
            return output
        return replace(output, final_states=(*output.final_states[:-1], output.sequence[None, :, -1]))


@fault("initial-states-handed-out", "LAW-13")
class InitialStatesHandedOut(Fault):
    """Returns the caller's initial states themselves where no row has a valid time step."""

    def run(self, model: Network, call: Call) -> Output:
        output, states, steps = super().run(model, call), call.initial_states, self.steps(call)
        if states is None or steps is None or steps.any() or call.x.ndim != 3:
            return output
        same = map(np.array_equal, states, output.final_states or ())
        return replace(output, final_states=states) if all(same) else output


@fault("input-returned-as-output", "LAW-13")
class InitialStateReturned(Fault):
    """Returns the initial state itself where a layer takes no step."""

    def run(self, model: Network, call: Call) -> Output:
        output, states = super().run(model, call), call.initial_states
        if states is None or output.final_states is None or call.x.ndim != 3:
            return output
        np.copyto(states[0], output.final_states[0])
        return replace(output, final_states=(states[0], *output.final_states[1:]))


@fault("two-buffers-of-final-states", "LAW-12")
class TwoBuffersOfFinalStates(Fault):
    """Returns final states in two buffers that take turns: the second call after one writes over them."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self._buffers: dict[tuple[object, ...], Array] = {}
        self._second = False

    def run(self, model: Network, call: Call) -> Output:
        output, self._second = super().run(model, call), not self._second
        states = []
        for layer, state in enumerate(output.final_states or ()):
            place = layer, state.shape, state.dtype, self._second
            buffer = self._buffers.setdefault(place, np.empty_like(state))
            buffer[...] = state
            states.append(buffer)
        return replace(output, final_states=tuple(states))


@fault("reset-clears-what-was-returned", "LAW-12")
class ResetClearsWhatWasReturned(Fault):
    """Returns its kept states, to be read only, and a reset makes zeros of them."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        super().keep(model, final_states)
        for layer, kept in enumerate(self.kept_states(model) or ()):
            final_states[layer] = kept.view()
            final_states[layer].flags.writeable = False

    def reset_states(self, model: Network) -> None:
        for kept in self.kept_states(model) or ():
            kept.fill(0)
        super().reset_states(model)


@fault("ring-of-four-outputs", "LAW-12")
class RingOfFourOutputs(Fault):
    """Gives outputs in four buffers of each shape, which take turns."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.rings: dict[tuple[tuple[int, ...], str], list[Array]] = {}

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        if output.sequence is None:
            return output
        ring = self.rings.setdefault((output.sequence.shape, output.sequence.dtype.str), [])
        buffer = ring.pop(0) if len(ring) == 4 else np.empty_like(output.sequence)
        buffer[...] = output.sequence
        ring.append(buffer)
        return replace(output, sequence=buffer)


@fault("gradients-into-the-output", "LAW-12")
class GradientsIntoTheOutput(Fault):
    """Computes what gradients need of a call in the buffer that holds the output of the last one."""

    given: Array | None = None

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        self.given = output.sequence
        return output

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if self.given is not None and self.given.shape == d_sequence.shape and self.given.flags.writeable:
            self.given[...] = d_sequence
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("double-backward-silences-errors", "LAW-11")
class DoubleBackwardSilencesErrors(Fault):
    """Tells NumPy to ignore errors in gradients of gradients, and leaves it so."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        np.seterr(all="ignore")
        return super().second_gradients(model, call, d_sequence, d_final_states, direction)


@fault("inference-seeds-the-generator", "LAW-11")
class InferenceSeedsTheGenerator(Fault):
    """Infers shapes by running the layer on numbers that it draws, and seeds NumPy's generator for that."""

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        np.random.seed(0)
        np.random.standard_normal(model.input_size)
        return super().inferred(model, call, unknown)


@fault("directions-are-known-by-their-arrays", "LAW-10")
class DirectionsAreKnownByTheirArrays(Fault):
    """Gives the JVP of before where the input and the direction come in the same arrays."""

    known: tuple[list[Any], Output] | None = None

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        given = [model, call.x, direction.x]
        if self.known is None or any(a is not b for a, b in zip(self.known[0], given, strict=True)):
            self.known = given, super().tangents(model, call, direction)
        return self.known[1]


@fault("cotangents-of-a-double-backward-are-known-by-their-arrays", "LAW-10")
class CotangentsOfADoubleBackwardAreKnownByTheirArrays(Fault):
    """Copies the cotangents of a double backward, and takes the copy where the same array is given."""

    copied: tuple[Network, Array, Array] | None = None

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        if self.copied is None or self.copied[0] is not model or self.copied[1] is not d_sequence:
            self.copied = model, d_sequence, d_sequence.copy()
        return super().second_gradients(model, call, self.copied[2], d_final_states, direction)


@fault("sixteen-buffers-of-outputs", "LAW-12")
class SixteenBuffersOfOutputs(Fault):
    """Gives out sequence outputs in sixteen buffers that take turns."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self._buffers: dict[tuple[tuple[int, ...], Any], list[Array]] = {}

    def run_usual(self, model: Network, call: Call) -> Output:
        output = super().run_usual(model, call)
        if output.sequence is None:
            return output
        of_shape = self._buffers.setdefault((output.sequence.shape, output.sequence.dtype), [])
        of_shape.append(of_shape.pop(0) if len(of_shape) == 16 else np.empty_like(output.sequence))
        of_shape[-1][...] = output.sequence
        return replace(output, sequence=of_shape[-1])
