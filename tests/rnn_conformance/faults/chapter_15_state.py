"""Faults that the clauses of chapter STA must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.network import Array, Cell, Layer, Network, States


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


@fault("zero-states-taken-for-none", "STA-5")
class ZeroStatesTakenForNone(Fault):
    """Starts a stateful call from the kept states where those given are all zero."""

    def run_usual(self, model: Network, call: Call) -> Output:
        given = call.initial_states or (1,)
        if call.stateful and self.kept_states(model) is not None and not any(map(np.any, given)):
            call = replace(call, initial_states=None)
        return super().run_usual(model, call)


@fault("kept-states-are-those-returned", "STA-7")
class KeptStatesAreThoseReturned(Fault):
    """Keeps the very arrays that it returns."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        self._kept = (model, tuple(final_states))


@fault("states-kept-in-float32", "STA-3")
class StatesKeptInFloat32(Fault):
    """Keeps the states of a float64 layer in float32."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        if model.dtype == np.float64:
            final_states = [state.astype(np.float32).astype(np.float64) for state in final_states]
        super().keep(model, final_states)


@fault("states-returned-backward-first", "STA-6")
class StatesReturnedBackwardFirst(Fault):
    """Returns the backward direction's final state before the forward direction's."""

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Steps) -> tuple[Array, Array]:
        sequence, final = super().run_layer(layer, x, h0, steps)
        return sequence, final[::-1]


@fault("kept-states-of-another-network", "STA-4")
class KeptStatesOfAnotherNetwork(Fault):
    """Starts a network that was just loaded from what an earlier one of as many layers has left."""

    def kept_states(self, model: Network) -> States | None:
        if self._kept is None or self._kept[0].num_layers != model.num_layers:
            return None
        return self._kept[1]


@fault("reset-to-the-given-states", "STA-4")
class ResetToTheGivenStates(Fault):
    """After a reset, starts from the states that were last given."""

    _given: tuple[Network, States] | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        output = super().run_usual(model, call)
        if call.stateful and call.initial_states is not None:
            self._given = (model, tuple(map(np.copy, call.initial_states)))
        return output

    def reset_states(self, model: Network) -> None:
        self._kept = self._given


@fault("last-output-is-the-kept-state", "STA-7")
class LastOutputIsTheKeptState(Fault):
    """Returns as last output the array in which it keeps the state."""

    def run_usual(self, model: Network, call: Call) -> Output:
        output = super().run_usual(model, call)
        states = self.kept_states(model)
        shared = call.stateful and not call.return_sequences and model.layers[-1].directions == 1
        return replace(output, last=states[-1][0]) if shared and states is not None else output


@fault("states-kept-in-the-order-of-names", "STA-8")
class StatesKeptInTheOrderOfNames(Fault):
    """Keeps states by the names of their layers, and takes them in the order of these: 10 before 2."""

    def kept_states(self, model: Network) -> States | None:
        kept = super().kept_states(model)
        return None if kept is None else tuple(kept[layer] for layer in sorted(range(len(kept)), key=str))


@fault("reset-of-one-batch-size", "STA-4")
class ResetOfOneBatchSize(Fault):
    """Keeps states by the number of rows, and resets those of the last number alone."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.by_rows: dict[int, States] = {}
        self.rows = 0

    def load(self, network: Network) -> Network:
        self.by_rows = {}
        return super().load(network)

    def keep(self, model: Network, final_states: list[Array]) -> None:
        super().keep(model, final_states)
        self.rows = final_states[0].shape[1]
        self.by_rows[self.rows] = tuple(final_states)

    def reset_states(self, model: Network) -> None:
        self.by_rows.pop(self.rows, None)
        super().reset_states(model)

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.stateful and call.initial_states is None and len(call.x) in self.by_rows:
            call = replace(call, initial_states=self.by_rows[len(call.x)])
        return super().run_usual(model, call)


@fault("kept-states-of-rows-without-a-step-are-zero", "STA-3")
class KeptStatesOfRowsWithoutAStepAreZero(Fault):
    """Keeps the last output of each row, of which one without a valid time step has none."""

    def run_usual(self, model: Network, call: Call) -> Output:
        output, steps = super().run_usual(model, call), self.steps(call)
        if call.stateful and steps is not None and self._kept is not None:
            for state in self._kept[1]:
                state[:, ~steps.any(axis=1)] = 0
        return output


@fault("given-states-beside-kept-nan", "STA-5")
class GivenStatesBesideKeptNan(Fault):
    """Adds the kept states, times zero, to those that are given."""

    def run_usual(self, model: Network, call: Call) -> Output:
        kept, given = self.kept_states(model), call.initial_states
        if not call.stateful or kept is None or given is None:
            return super().run_usual(model, call)
        if [state.shape for state in kept] == [state.shape for state in given]:
            blended = ((s + 0 * k).astype(s.dtype) for s, k in zip(given, kept, strict=True))
            call = replace(call, initial_states=tuple(blended))
        return super().run_usual(model, call)


@fault("given-states-are-known-by-their-arrays", "STA-5")
class GivenStatesAreKnownByTheirArrays(Fault):
    """Sets its states to given ones unless it was given the same arrays in the call before."""

    given: States | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        given, before = call.initial_states, self.given
        if call.stateful and given is not None:
            self.given = given
            if before is not None and all(map(lambda a, b: a is b, before, given)):
                call = replace(call, initial_states=self.kept_states(model))
        return super().run_usual(model, call)


@fault("sums-in-a-buffer-times-zero", "STA-1")
class SumsInABufferTimesZero(Fault):
    """Sums up in a buffer of each shape that it clears by multiplying it with zero, which leaves NaN."""

    buffers: dict[Any, Array] | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        self.buffers = {} if self.buffers is None else self.buffers
        return super().run_usual(model, call)

    def load(self, network: Network) -> Network:
        self.buffers = None
        return super().load(network)

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        z = super().pre_activation(cell, x_t, h)
        if self.buffers is not None:
            place = (cell.W_x.tobytes(), z.shape, z.dtype.char)
            z = z + 0 * self.buffers.get(place, z.dtype.type(0))
            self.buffers[place] = z
        return z


@fault("states-kept-in-the-type-of-given-ones", "STA-5")
class StatesKeptInTheTypeOfGivenOnes(Fault):
    """Takes initial states of another type, and keeps those after the call in that type."""

    of_given: np.dtype[Any] | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        states, self.of_given = call.initial_states, None
        if states is not None and all(state.dtype.kind in "fiu" for state in states):
            self.of_given = states[0].dtype
            call = replace(call, initial_states=tuple(state.astype(model.dtype) for state in states))
        return super().run_usual(model, call)

    def keep(self, model: Network, final_states: list[Array]) -> None:
        if self.of_given is not None and self.of_given != model.dtype:
            final_states = [state.astype(self.of_given).astype(state.dtype) for state in final_states]
        super().keep(model, final_states)
