"""Faults that the clauses of chapter ERR must catch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.declarations import NarrowType
from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.activations import ACTIVATIONS, Activation
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States, checked_call


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


@fault("initial-state-of-upper-layers-broadcast", "ERR-3")
class InitialStateOfUpperLayersBroadcast(Fault):
    """Takes an initial state of batch 1 for every row in all layers but the lowest."""

    def run(self, model: Network, call: Call) -> Output:
        states = call.initial_states
        if states is not None and call.x.ndim == 3:
            lowest, *others = states
            rows = call.x.shape[0]
            shown = (np.repeat(s, rows, axis=1) if s.ndim == 3 and s.shape[1] == 1 else s for s in others)
            call = replace(call, initial_states=(lowest, *shown))
        return super().run(model, call)


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

    def known(self, activation: Activation) -> Activation:
        return Activation("relu" if activation.name == "relu" else "tanh")


@fault("integers-in-four-bytes", "ERR-7")
class IntegersInFourBytes(Fault):
    """Keeps the lower four bytes of an integer."""

    def of_integers(self, call: Call, dtype: Any) -> Array:
        short = call.x.astype(np.int32 if call.x.dtype.kind == "i" else np.uint32)
        return super().of_integers(replace(call, x=short), dtype)


@fault("unsigned-integers-as-signed", "ERR-7")
class UnsignedIntegersAsSigned(Fault):
    """Reads the highest bit of an integer as its sign."""

    def of_integers(self, call: Call, dtype: Any) -> Array:
        return super().of_integers(replace(call, x=call.x.astype(f"i{call.x.dtype.itemsize}")), dtype)


@fault("integers-through-float32", "ERR-7")
class IntegersThroughFloat32(Fault):
    """Makes float32 of every integer, for weights of float64 too."""

    def of_integers(self, call: Call, dtype: Any) -> Array:
        return super().of_integers(call, np.float32).astype(dtype)


@fault("integers-cut-off-beside-states", "ERR-7")
class IntegersCutOffBesideStates(Fault):
    """Where initial states are given, takes integers for those that two bytes hold."""

    def of_integers(self, call: Call, dtype: Any) -> Array:
        x = super().of_integers(call, dtype)
        return x if call.initial_states is None else np.clip(x, -(2**15), 2**16).astype(dtype)


@fault("layer-of-no-units-made", "ERR-8")
class LayerOfNoUnitsMade(Fault):
    """Makes a layer of no units, and of fewer."""

    def wrong_layers(self, model: Network, call: Call) -> Mapping[str, str]:
        refused = super().wrong_layers(model, call)
        return {words: "" if "units" in words else error for words, error in refused.items()}


@fault("way-to-merge-looked-up-in-the-call", "ERR-8")
class WayToMergeLookedUpInTheCall(Fault):
    """Learns in the first call that it does not know how to merge."""

    def wrong_layers(self, model: Network, call: Call) -> Mapping[str, str]:
        return {**super().wrong_layers(model, call), "an unknown way to merge": ""}


@fault("features-cut-beside-a-mask", "ERR-1")
class FeaturesCutBesideAMask(Fault):
    """Cuts features that are too many where steps are masked."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.x.ndim == 3 and (call.mask is not None or call.lengths is not None):
            call = replace(call, x=call.x[..., : model.input_size])
        return super().run_usual(model, call)


@fault("an-axis-of-one-left-out", "ERR-2")
class AnAxisOfOneLeftOut(Fault):
    """Leaves out an axis of size 1, of input of four axes too."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.x.ndim == 4 and call.x.shape[1] == 1:
            call = replace(call, x=call.x[:, 0])
        return super().run_usual(model, call)

    def run_by_route(self, model: Network, call: Call) -> Output:
        return self.run_usual(model, call) if call.x.ndim == 4 else super().run_by_route(model, call)


@fault("state-of-one-row-broadcast-by-the-cell", "ERR-3")
class StateOfOneRowBroadcastByTheCell(Fault):
    """Starts all rows from the state of one, by way of the cell."""

    def run_usual(self, model: Network, call: Call) -> Output:
        states = call.initial_states
        if self.route == "cell" and states is not None and all(state.shape[1] == 1 for state in states):
            call = replace(call, initial_states=tuple(state.repeat(len(call.x), 1) for state in states))
        return super().run_usual(model, call)


@fault("imaginary-part-of-states-dropped", "ERR-5")
class ImaginaryPartOfStatesDropped(Fault):
    """Refuses complex input, but not complex initial states."""

    def run_usual(self, model: Network, call: Call) -> Output:
        states = call.initial_states
        if states is not None:
            real = tuple(
                state.real.astype(model.dtype) if np.iscomplexobj(state) else state for state in states
            )
            call = replace(call, initial_states=real)
        return super().run_usual(model, call)


@fault("activation-of-the-first-cell-checked", "ERR-6")
class ActivationOfTheFirstCellChecked(Fault):
    """Looks at the name of the first cell's activation alone; others that it does not know are none."""

    def activate(self, activation: Activation, z: Array) -> Array:
        return super().activate(activation, z) if activation.name in ACTIVATIONS else z

    def named(self, network: Network) -> list[Activation]:
        return super().named(network)[:1]


@fault("one-feature-for-all", "ERR-1")
class OneFeatureForAll(Fault):
    """Takes input of one feature for as many as it has weights for, all alike."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.x.ndim == 3 and call.x.shape[-1] == 1:
            call = replace(call, x=np.repeat(call.x, model.input_size, axis=2))
        return super().run_usual(model, call)


@fault("type-of-a-refused-call-is-kept", "ERR-9")
class TypeOfARefusedCallIsKept(Fault):
    """Sets the type to be computed in before a call, and takes it back only if the call succeeds."""

    set_type: NarrowType | None = None

    def run(self, model: Network, call: Call) -> Output:
        before, self.set_type = self.set_type, self.set_type or call.compute_dtype
        output = super().run(model, replace(call, compute_dtype=self.set_type))
        self.set_type = before
        return output


@fault("direction-of-a-refused-call-is-kept", "ERR-9")
class DirectionOfARefusedCallIsKept(Fault):
    """Sets the processing order before a call, and takes it back only if the call succeeds."""

    set_direction = False

    def run(self, model: Network, call: Call) -> Output:
        before, self.set_direction = self.set_direction, self.set_direction or call.go_backwards
        one_direction = model.num_layers == 1 and model.layers[0].directions == 1
        output = super().run(model, replace(call, go_backwards=self.set_direction and one_direction))
        self.set_direction = before
        return output


@fault("kept-states-as-integers", "ERR-7")
class KeptStatesAsIntegers(Fault):
    """Reads the states that it kept in the type of the input, which may be one of integers."""

    def run(self, model: Network, call: Call) -> Output:
        self.integers = call.x.dtype.kind in "iu"
        return super().run(model, call)

    def kept_states(self, model: Network) -> States | None:
        kept = super().kept_states(model)
        return tuple(map(np.trunc, kept)) if kept is not None and self.integers else kept


@fault("refused-call-sets-states", "ERR-9")
class RefusedCallSetsStates(Fault):
    """Keeps the states that a stateful call is given before it looks at the input."""

    def run(self, model: Network, call: Call) -> Output:
        given = call.initial_states
        fitting = model.state_shapes(len(call.x)) if call.x.ndim == 3 else ()
        if call.stateful and given is not None and tuple(state.shape for state in given) == tuple(fitting):
            self.keep(model, list(given))
        return super().run(model, call)


@fault("rows-of-any-batch-axes", "ERR-10")
class RowsOfAnyBatchAxes(Fault):
    """Looks at how many rows there are in all, and not at the batch axes that they stand in."""

    def flat(self, array: Array, batch: tuple[int, ...], before: int = 0) -> Array:
        axes = slice(before, before + len(batch))
        if math.prod(array.shape[axes]) != math.prod(batch):
            return super().flat(array, batch, before)
        return array.reshape((*array.shape[:before], math.prod(batch), *array.shape[axes.stop :]))


@fault("complex-input-in-mixed-precision", "ERR-5")
class ComplexInputInMixedPrecision(Fault):
    """In mixed precision, takes the real part of complex input, which is refused otherwise."""

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        return super().cast(model, replace(call, x=np.real(call.x)), dtype)


@fault("states-lost-with-a-refused-call", "ERR-9")
class StatesLostWithARefusedCall(Fault):
    """Hands the kept states over to a call, and has none if that fails."""

    def kept_states(self, model: Network) -> States | None:
        states = super().kept_states(model)
        if states is not None:
            self._kept = None
        return states


@fault("states-kept-before-the-mask-is-refused", "ERR-9")
class StatesKeptBeforeTheMaskIsRefused(Fault):
    """Takes given states for the kept ones before it looks at the mask."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.stateful and call.initial_states is not None and call.x.shape[-1] == model.input_size:
            self.keep(model, list(call.initial_states))
        return super().run_usual(model, call)


@fault("state-reshaped", "ERR-3")
class StateReshaped(Fault):
    """Brings a state of as many numbers into the shape that it should have."""

    def run_usual(self, model: Network, call: Call) -> Output:
        states = call.initial_states
        if states is not None and call.x.ndim == 3 and len(states) == model.num_layers:
            both = zip(states, model.state_shapes(len(call.x)), strict=True)
            shaped = (s.reshape(shape) if s.size == np.prod(shape) else s for s, shape in both)
            call = replace(call, initial_states=tuple(shaped))
        return super().run_usual(model, call)


@fault("refusal-leaves-an-error-state", "ERR-9")
class RefusalLeavesAnErrorState(Fault):
    """Lets numbers overflow quietly in a call, and puts that back at its end, which no refused one sees."""

    def run(self, model: Network, call: Call) -> Output:
        before = np.seterr(over="ignore", invalid="ignore")
        output = super().run(model, call)
        np.seterr(**before)
        return output


@fault("what-a-refused-training-call-drops-is-kept", "ERR-9")
class WhatARefusedTrainingCallDropsIsKept(Fault):
    """Lets go of what a call drops at its end, so that the one after a refused one drops what that did."""

    features: int | None = None

    def run(self, model: Network, call: Call) -> Output:
        if call.training and call.dropout is not None:
            self.features = self.features or call.x.shape[-1]
            if self.features != call.x.shape[-1]:
                raise ValueError(f"{call.x.shape[-1]} features times a mask of {self.features}")
        output = super().run(model, call)
        self.features = None
        return output


@fault("refused-training-left-on", "ERR-9")
class RefusedTrainingLeftOn(Fault):
    """Switches to training for a call, and back at its end, which no refused one sees."""

    training = False

    def run(self, model: Network, call: Call) -> Output:
        left_on, self.training = self.training, call.training and call.dropout is not None
        rate = 0.5 if left_on and not call.training and call.dropout is None else call.rate
        if rate != call.rate:
            call = replace(call, training=True, dropout="input", rate=rate)
        output = super().run(model, call)
        self.training = False
        return output


@fault("extra-states-of-the-top-layer-dropped", "ERR-4")
class ExtraStatesOfTheTopLayerDropped(Fault):
    """Counts the states of the bottom layer, and of each layer above it takes as many as it needs."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.initial_states is not None and len(call.initial_states) == model.num_layers:
            bottom, *others = call.initial_states
            enough = (s[: above.directions] for s, above in zip(others, model.layers[1:], strict=True))
            call = replace(call, initial_states=(bottom, *enough))
        return super().run_usual(model, call)


@fault("last-axis-of-one-is-dropped", "ERR-2")
class LastAxisOfOneIsDropped(Fault):
    """Takes input of four axes whose last one has the size 1, and drops that axis."""

    def run_by_route(self, model: Network, call: Call) -> Output:
        if call.x.ndim == 4 and call.x.shape[-1] == 1:
            call = replace(call, x=call.x[..., 0])
        return super().run_by_route(model, call)


@fault("row-of-states-replaces-kept-ones", "ERR-3")
class RowOfStatesReplacesKeptOnes(Fault):
    """Writes given states into the array of the kept ones, where NumPy repeats a state of one row for all."""

    def run_usual(self, model: Network, call: Call) -> Output:
        kept, given = self.kept_states(model) if call.stateful else None, call.initial_states
        if kept is None or given is None or len(kept) != len(given):
            return super().run_usual(model, call)
        if {state.shape[1] for state in kept} == {len(call.x)} and all(state.ndim == 3 for state in given):
            rows = [
                np.repeat(state, len(call.x), axis=1) if state.shape[1] == 1 else state for state in given
            ]
            call = replace(call, initial_states=tuple(rows))
        return super().run_usual(model, call)


@fault("integers-are-made-to-fit", "ERR-1")
class IntegersAreMadeToFit(Fault):
    """Cuts features off input of integers, or repeats the last one, until the layer has enough."""

    features = 0

    def run(self, model: Network, call: Call) -> Output:
        self.features = model.input_size
        return super().run(model, call)

    def of_integers(self, call: Call, dtype: np.dtype[Any]) -> Array:
        fitting = np.minimum(np.arange(self.features), call.x.shape[-1] - 1)
        return super().of_integers(replace(call, x=call.x[..., fitting]), dtype)


@fault("complex-of-no-imaginary-part-is-real", "ERR-5")
class ComplexOfNoImaginaryPartIsReal(Fault):
    """Takes complex input and states for real numbers where no imaginary part is other than zero."""

    def run(self, model: Network, call: Call) -> Output:
        states = None if call.initial_states is None else tuple(map(np.real_if_close, call.initial_states))
        return super().run(model, replace(call, x=np.real_if_close(call.x), initial_states=states))


@fault("derivatives-repeat-a-row-of-states", "ERR-3")
class DerivativesRepeatARowOfStates(Fault):
    """Adds initial states to what comes from the input, in derivatives: one row of them for every row."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        return super().gradients(model, with_rows_repeated(call), d_sequence, d_final_states)

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        return super().tangents(model, with_rows_repeated(call), direction)


def with_rows_repeated(call: Call) -> Call:
    """The call with states of one row repeated for all rows."""
    states = tuple(
        np.repeat(state, len(call.x), axis=1) if state.shape[1] == 1 else state
        for state in call.initial_states or ()
    )
    return replace(call, initial_states=states)


@fault("gradients-of-features-that-fit", "ERR-1")
class GradientsOfFeaturesThatFit(Fault):
    """Gradients are of a graph that was recorded before, which reads as many features as it had."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        x = call.x[..., : model.input_size]
        return super().gradients(model, replace(call, x=x), d_sequence, d_final_states)


@fault("lengths-of-the-last-batch-axis", "ERR-10")
class LengthsOfTheLastBatchAxis(Fault):
    """Broadcasts lengths to all batch axes of the input before it makes one of them."""

    def run_in_one_batch_axis(self, model: Network, call: Call) -> Output:
        batch, lengths = call.x.shape[:-2], call.lengths
        if lengths is not None and 0 < lengths.ndim < len(batch) and batch[-lengths.ndim :] == lengths.shape:
            call = replace(call, lengths=np.broadcast_to(lengths, batch).copy())
        return super().run_in_one_batch_axis(model, call)


@fault("vector-is-one-step", "ERR-2")
class VectorIsOneStep(Fault):
    """Where there may be any number of batch axes, gives input two at least: a vector is one time step."""

    def run(self, model: Network, call: Call) -> Output:
        if self.supports.leading_axes and call.x.ndim == 1:
            call = replace(call, x=np.atleast_2d(call.x))
        return super().run(model, call)


@fault("integers-of-the-first-type", "ERR-7")
class IntegersOfTheFirstType(Fault):
    """Casts integers to the type of those that it was first called with."""

    first: np.dtype[Any] | None = None

    def load(self, network: Network) -> Network:
        self.first = None
        return super().load(network)

    def of_integers(self, call: Call, dtype: np.dtype[Any]) -> Array:
        self.first = self.first or call.x.dtype
        return super().of_integers(replace(call, x=call.x.astype(self.first)), dtype)


@fault("states-kept-like-the-input", "ERR-7")
class StatesKeptLikeTheInput(Fault):
    """Makes the array for kept states like the input, so that a call with integers cuts them."""

    of_input: np.dtype[Any] | None = None

    def run(self, model: Network, call: Call) -> Output:
        self.of_input = call.x.dtype
        return super().run(model, call)

    def keep(self, model: Network, final_states: list[Array]) -> None:
        if self.of_input is not None and self.of_input.kind in "iu":
            final_states = [np.trunc(state) for state in final_states]
        super().keep(model, final_states)


@fault("axes-of-one-broadcast-among-batch-axes", "ERR-10")
class AxesOfOneBroadcastAmongBatchAxes(Fault):
    """Broadcasts states, lengths and masks of as many batch axes as the input has to these."""

    def flat(self, array: Array, batch: tuple[int, ...], before: int = 0) -> Array:
        own = array.shape[before : before + len(batch)]
        if len(own) == len(batch) > 1 and all(
            size in (1, all_of) for size, all_of in zip(own, batch, strict=True)
        ):
            others = array.shape[before + len(batch) :]
            array = np.broadcast_to(array, (*array.shape[:before], *batch, *others))
        return super().flat(array, batch, before)


@fault("state-of-one-row-without-a-batch-axis", "ERR-10")
class StateOfOneRowWithoutABatchAxis(Fault):
    """Makes a batch axis of one row for input that has none, and looks at the states only then."""

    def flat(self, array: Array, batch: tuple[int, ...], before: int = 0) -> Array:
        if not batch and before and array.ndim == before + 2 and array.shape[before] == 1:
            return array
        return super().flat(array, batch, before)


@fault("features-folded-into-time-among-batch-axes", "ERR-10")
class FeaturesFoldedIntoTimeAmongBatchAxes(Fault):
    """Of other batch axes than one makes one by a reshape to (rows, -1, input): twice the features fit."""

    def run_in_one_batch_axis(self, model: Network, call: Call) -> Output:
        *batch, time, features = call.x.shape
        times, left = divmod(features, model.input_size)
        if len(batch) != 1 and not left:
            call = replace(call, x=call.x.reshape(*batch, time * times, model.input_size))
        return super().run_in_one_batch_axis(model, call)


@fault("states-of-integers-are-none", "ERR-5")
class StatesOfIntegersAreNone(Fault):
    """Takes initial states for given ones only if they are of floating-point numbers."""

    def run_usual(self, model: Network, call: Call) -> Output:
        states = call.initial_states or ()
        if any(state.dtype.kind in "biu" for state in states):
            call = replace(call, initial_states=None)
        return super().run_usual(model, call)


@fault("float64-is-not-narrowed", "ERR-5")
class Float64IsNotNarrowed(Fault):
    """In mixed precision, computes in float64 what comes as float64."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.compute_dtype is not None and call.x.dtype == np.float64 != model.dtype:
            states = call.initial_states
            if states is not None:
                states = tuple(state.astype(np.float64) for state in states)
            call = replace(call, compute_dtype=None, initial_states=states)
            model = model.astype(np.float64)
        return super().run_usual(model, call)


@fault("states-kept-before-the-lengths-are-refused", "ERR-9")
class StatesKeptBeforeTheLengthsAreRefused(Fault):
    """Takes given states for the kept ones before it looks at the lengths."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.stateful and call.lengths is not None and call.initial_states is not None:
            checked_call(model, call.x, call.initial_states)
            self.keep(model, list(call.initial_states))
        return super().run_usual(model, call)


@fault("no-rows-answered-before-anything-is-checked", "EDG-1")
class NoRowsAnsweredBeforeAnythingIsChecked(Fault):
    """Answers an empty batch before it looks at its features."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.x.ndim == 3 and not len(call.x) and call.x.dtype == model.dtype:
            call = replace(call, x=np.zeros((*call.x.shape[:2], model.input_size), model.dtype))
        return super().run_usual(model, call)


@fault("refused-gradients-reset-states", "ERR-9")
class RefusedGradientsResetStates(Fault):
    """Cleans up after an error in a derivative by a reset of what the layers keep."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        try:
            return super().gradients(model, call, d_sequence, d_final_states)
        except Exception:
            self.reset_states(model)
            raise


@fault("gradients-fold-axes-into-the-batch", "ERR-2")
class GradientsFoldAxesIntoTheBatch(Fault):
    """In gradients, makes one batch axis of all that stand before time, in input and cotangents alike."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if call.x.ndim == d_sequence.ndim == 4:
            call = replace(call, x=call.x.reshape(-1, *call.x.shape[-2:]))
            d_sequence = d_sequence.reshape(-1, *d_sequence.shape[-2:])
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("activation-known-by-its-beginning", "ERR-6")
class ActivationKnownByItsBeginning(Fault):
    """Compares as many letters of an activation's name as the known ones have."""

    def load(self, network: Network) -> Network:
        return super().load(Network(Layer(*map(self.known, layer.cells)) for layer in network.layers))

    def known(self, cell: Cell) -> Cell:
        """The cell, with tanh or relu for what begins so and is none."""
        given = cell.activation.name
        for name in ("tanh", "relu"):
            if given.startswith(name) and given not in ACTIVATIONS:
                return Cell(cell.W_x, cell.W_h, cell.b, cell.b_h, Activation(name))
        return cell


@fault("floats-after-integers-are-cut", "ERR-7")
class FloatsAfterIntegersAreCut(Fault):
    """Takes input in the type that it was first called with: after integers, other numbers are cut."""

    of_first: np.dtype[Any] | None = None

    def load(self, network: Network) -> Network:
        self.of_first = None
        return super().load(network)

    def run(self, model: Network, call: Call) -> Output:
        self.of_first = self.of_first or call.x.dtype
        if self.of_first.kind in "iu" and call.x.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                call = replace(call, x=call.x.astype(self.of_first))
        return super().run(model, call)


@fault("narrow-input-narrows-later-input", "ERR-5")
class NarrowInputNarrowsLaterInput(Fault):
    """Takes input of another type, and from then on all input in the narrowest that it was given."""

    narrow: np.dtype[Any] | None = None

    def load(self, network: Network) -> Network:
        self.narrow = None
        return super().load(network)

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.compute_dtype is not None or call.x.dtype.kind != "f":
            return super().run_usual(model, call)
        if call.x.dtype.itemsize < model.dtype.itemsize:
            self.narrow = call.x.dtype
        x = call.x if self.narrow is None else call.x.astype(self.narrow)
        return super().run_usual(model, replace(call, x=x.astype(model.dtype)))


@fault("mask-of-a-refused-call-is-left", "ERR-9")
class MaskOfARefusedCallIsLeft(Fault):
    """Sets the mask before a call and takes it away at its end: a refused one leaves it to the next."""

    mask_left: tuple[Network, Array] | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        bare = call.mask is None and call.lengths is None
        if bare and self.mask_left is not None and self.mask_left[0] is model:
            call = replace(
                call, mask=self.mask_left[1] if self.mask_left[1].shape == call.x.shape[:2] else None
            )
        self.mask_left = None if call.mask is None else (model, call.mask)
        output = super().run_usual(model, call)
        self.mask_left = None
        return output


@fault("type-of-a-refused-mask-is-kept", "ERR-9")
class TypeOfARefusedMaskIsKept(Fault):
    """Sets the type to be computed in when input and states are right, and takes it back at the end."""

    set_type: NarrowType | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.compute_dtype is None and model.dtype == np.float32:
            call = replace(call, compute_dtype=self.set_type)
        if call.x.dtype == model.dtype:
            checked_call(model, call.x, call.initial_states)
        self.set_type = call.compute_dtype
        output = super().run_usual(model, call)
        self.set_type = None
        return output


@fault("recording-stays-off-after-a-refusal", "ERR-9")
class RecordingStaysOffAfterARefusal(Fault):
    """Records nothing for gradients while it runs, and after a call that it refuses, until one is right."""

    off = False

    def load(self, network: Network) -> Network:
        self.off = False
        return super().load(network)

    def run(self, model: Network, call: Call) -> Output:
        self.off = True
        output = super().run(model, call)
        self.off = False
        return output

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        return found.mapped(np.zeros_like) if self.off else found


@fault("mask-taken-steps-first", "MSK-6")
class MaskTakenStepsFirst(Fault):
    """Takes a mask of (time, batch), too, where it is none of (batch, time)."""

    def steps(self, call: Call) -> Array | None:
        fits = call.x.shape[:2]
        if call.mask is not None and call.mask.ndim == 2 and call.mask.shape != fits == call.mask.T.shape:
            call = replace(call, mask=call.mask.T)
        return super().steps(call)


@fault("shapes-checked-once", "ERR-3")
class ShapesCheckedOnce(Fault):
    """Remembers shapes before it looks at them: a wrong call that is made again is taken for checked."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.seen_shapes = set[tuple[tuple[int, ...], ...]]()

    def load(self, network: Network) -> Network:
        self.seen_shapes.clear()
        return super().load(network)

    def run(self, model: Network, call: Call) -> Output:
        if call.initial_states is not None and call.x.ndim == 3:
            shapes = (call.x.shape, *(state.shape for state in call.initial_states))
            if shapes in self.seen_shapes:
                right = model.state_shapes(len(call.x))
                states = map(np.broadcast_to, call.initial_states, right)
                call = replace(call, initial_states=tuple(states))
            self.seen_shapes.add(shapes)
        return super().run(model, call)


@fault("states-checked-once-for-an-input", "ERR-3")
class StatesCheckedOnceForAnInput(Fault):
    """Checks given states once for each shape of the input: it broadcasts later ones, if it keeps none."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.right_inputs = set[tuple[int, ...]]()

    def load(self, network: Network) -> Network:
        self.right_inputs.clear()
        return super().load(network)

    def run(self, model: Network, call: Call) -> Output:
        states, shape = call.initial_states, call.x.shape
        if states is None or call.stateful:
            return super().run(model, call)
        if shape in self.right_inputs:
            states = tuple(map(np.broadcast_to, states, model.state_shapes(len(call.x))))
        output = super().run(model, replace(call, initial_states=states))
        self.right_inputs.add(shape)
        return output


@fault("gradients-checked-once", "ERR-3")
class GradientsCheckedOnce(Fault):
    """Remembers that it looked at the states of gradients before it does: asked again, it broadcasts them."""

    looked = False

    def load(self, network: Network) -> Network:
        self.looked = False
        return super().load(network)

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        right = model.state_shapes(len(call.x))
        if self.looked and call.initial_states is not None:
            units = (state[..., : shape[-1]] for state, shape in zip(call.initial_states, right, strict=True))
            call = replace(call, initial_states=tuple(map(np.broadcast_to, units, right)))
        self.looked = True
        return super().gradients(model, call, d_sequence, d_final_states)
