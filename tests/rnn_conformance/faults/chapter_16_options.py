"""Faults that the clauses of chapter OPT must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.declarations import Role
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.activations import Activation
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network, States


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
        return after if self.route == "unrolled" else super().masked(after, before, taken)


@fault("unrolled-from-zeros", "OPT-2")
class UnrolledFromZeros(Fault):
    """Unrolls the first step without the state before it, which is zero as a rule."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        return super().run_direction(cell, x, np.zeros_like(h) if self.route == "unrolled" else h, steps)


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
        bare = replace(cell, b=None, b_h=None) if self.route == "cell" else cell
        return super().pre_activation(bare, x_t, h)


@fault("compiled-with-the-first-weights", "OPT-6")
class CompiledWithTheFirstWeights(Fault):
    """Compiles the weights into the code, which is then used for others of the same shapes."""

    def load(self, network: Network) -> Network:
        loaded = super().load(network)
        if self.route != "compiled":
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


@fault("states-of-batch-axes-exchanged", "OPT-10")
class StatesOfBatchAxesExchanged(Fault):
    """Takes several batch axes of the states for one in another order than those of the input."""

    def flat(self, array: Array, batch: tuple[int, ...], before: int = 0) -> Array:
        if not before or len(batch) < 2:
            return super().flat(array, batch, before)
        exchanged, places = array.swapaxes(1, 2), (batch[1], batch[0], *batch[2:])
        return super().flat(exchanged, places, before)


@fault("batch-axes-of-one-row-dropped", "OPT-10")
class BatchAxesOfOneRowDropped(Fault):
    """Returns states without the batch axes that hold a single row."""

    def unflat(self, array: Array, batch: tuple[int, ...], before: int = 0) -> Array:
        several = tuple(size for size in batch if size != 1) if before and len(batch) > 1 else batch
        return super().unflat(array, several, before)


@fault("compiled-with-its-biases", "OPT-6")
class CompiledWithItsBiases(Fault):
    """Translates biases as constants: assigning others has no effect."""

    def assign(self, role: Role, held: Array, given: Array) -> None:
        if self.route != "compiled" or role not in ("b", "b_h"):
            super().assign(role, held, given)


@fault("third-part-with-padding-of-the-second", "OPT-8")
class ThirdPartWithPaddingOfTheSecond(Fault):
    """Predicting in parts, takes lengths and mask of the second part for the third as well."""

    def parts(self, call: Call) -> list[Call]:
        parts = super().parts(call)
        if len(parts) > 2:
            rows, second = len(parts[2].x), parts[1]
            lengths, mask = (None if each is None else each[:rows] for each in (second.lengths, second.mask))
            parts[2] = replace(parts[2], lengths=lengths, mask=mask)
        return parts


@fault("rows-read-up-in-memory", "OPT-4")
class RowsReadUpInMemory(Fault):
    """Takes the rows of its input in the order of their addresses."""

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.x.ndim == 3 and call.x.strides[0] < 0:
            call = replace(call, x=call.x[::-1])
        return super().run_usual(model, call)


@fault("device-rounds-factors", "OPT-11")
class DeviceRoundsFactors(Fault):
    """Keeps ten bits of the factors of products in float32 on the other device, as TF32 does."""

    def product(self, a: Array, W: Array) -> Array:
        if self.route != "device" or W.dtype != np.float32:
            return super().product(a, W)
        return super().product(ten_bits(a), ten_bits(W))


@fault("states-not-sent-to-the-device", "OPT-11")
class StatesNotSentToTheDevice(Fault):
    """Starts from zeros on the other device, as the given states lie on the first."""

    def run_usual(self, model: Network, call: Call) -> Output:
        return super().run_usual(
            model, replace(call, initial_states=None) if self.route == "device" else call
        )


def ten_bits(factors: Array) -> Array:
    """Numbers of float32 rounded to eleven significant bits; what is not finite stays."""
    mantissa, exponent = np.frexp(factors)
    rounded: Array = np.ldexp(np.rint(mantissa * 2**11) / np.float32(2**11), exponent)
    return rounded


@fault("weights-in-another-order-transposed", "OPT-4")
class WeightsInAnotherOrderTransposed(Fault):
    """Reads recurrent weights in the order in which they lie in memory."""

    def stored(self, cell: Cell) -> Cell:
        flags = cell.W_h.flags
        if flags.f_contiguous and not flags.c_contiguous:
            cell = replace(cell, W_h=cell.W_h.T)
        return super().stored(cell)


@fault("cotangents-read-as-they-lie", "OPT-4")
class CotangentsReadAsTheyLie(Fault):
    """Reads the cotangents of the outputs in the order in which they lie in memory."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        as_they_lie = d_sequence.ravel(order="K").reshape(d_sequence.shape)
        return super().gradients(model, call, as_they_lie, d_final_states)


@fault("layers-in-order-of-names", "OPT-12")
class LayersInOrderOfNames(Fault):
    """On the route by a file, reads layers in the order of their names: layer 10 before layer 2."""

    def written_and_read(self, network: Network) -> Network:
        network = super().written_and_read(network)
        if self.route != "saved":
            return network
        names = sorted(range(network.num_layers), key=str)
        alike = {(layer.input_size, layer.hidden_size, layer.directions) for layer in network.layers[1:]}
        return Network(network.layers[number] for number in names) if len(alike) == 1 else network


@fault("time-first-read-without-gaps", "OPT-4")
class TimeFirstReadWithoutGaps(Fault):
    """Reads input that lies time first in memory where it is, as if there were nothing between the rows."""

    def run_usual(self, model: Network, call: Call) -> Output:
        x = call.x
        if x.ndim == 3 and min(x.shape) > 0 and max(x.shape[:2]) > 1:
            row, step, feature = x.strides
            without_gap = x.shape[2] * x.itemsize
            if feature == x.itemsize and step > row > without_gap:
                strides = (without_gap, step, feature)
                call = replace(call, x=np.lib.stride_tricks.as_strided(x, strides=strides, writeable=False))
        return super().run_usual(model, call)


@fault("compiled-for-multiples-of-eight-steps", "OPT-6")
class CompiledForMultiplesOfEightSteps(Fault):
    """Compiled, goes on with zeros to a multiple of eight steps, beyond 16, and returns the states there."""

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Steps) -> tuple[Array, Array]:
        T = x.shape[1]
        if self.route != "compiled" or steps is not None or T <= 16 or T % 8 == 0:
            return super().run_direction(cell, x, h, steps)
        filled = np.concatenate([x, np.zeros((len(x), -T % 8, x.shape[2]), x.dtype)], axis=1)
        outputs, final = super().run_direction(cell, filled, h, None)
        return outputs[:, :T], final


@fault("saved-in-order-of-memory", "OPT-7")
class SavedInOrderOfMemory(Fault):
    """Writes numbers of a weight as they follow each other in memory, and reads them row by row."""

    def written_and_read(self, network: Network) -> Network:
        return super().written_and_read(network.mapped(lambda array: array.ravel("K").reshape(array.shape)))


@fault("mask-of-the-row-in-its-block", "OPT-1")
class MaskOfTheRowInItsBlock(Fault):
    """Works on blocks of 16 rows, and reads the mask of a row at its place in the block."""

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        return super().masked(after, before, taken[np.arange(len(taken)) % 16])


@fault("restored-in-the-order-of-names", "OPT-12")
class RestoredInTheOrderOfNames(Fault):
    """Saves what runs under numbered names, and reads it in their order: the tenth before the second."""

    def restored(self, model: Network) -> Network:
        layers = super().restored(model).layers
        in_order = sorted(range(len(layers)), key=str)
        return Network(layers[number] for number in in_order)


@fault("compiled-for-a-full-mask", "OPT-6")
class CompiledForAFullMask(Fault):
    """Compiles a call without a mask that leaves nothing out, and finds the program by the mask's shape."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.full: dict[tuple[int, ...], bool] = {}

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        if self.route != "compiled" or steps is None:
            return steps
        return None if self.full.setdefault(steps.shape, bool(steps.all())) else steps


@fault("compiled-for-another-merge", "OPT-6")
class CompiledForAnotherMerge(Fault):
    """Finds what was compiled by shapes, which are the same of a sum, a product and an average."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.compiled: dict[tuple[object, ...], MergeMode] = {}

    def run_usual(self, model: Network, call: Call) -> Output:
        if self.route == "compiled" and call.merge_mode not in ("concat", "none"):
            known = (call.x.shape, call.x.dtype.str, call.return_sequences, call.compute_dtype)
            call = replace(call, merge_mode=self.compiled.setdefault(known, call.merge_mode))
        return super().run_usual(model, call)


@fault("device-keeps-float32", "OPT-11")
class DeviceKeepsFloat32(Fault):
    """Keeps states in float32 where they lie on another device."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        if self.route == "device":
            final_states = [state.astype(np.float32).astype(state.dtype) for state in final_states]
        super().keep(model, final_states)


@fault("device-gradients-in-float16", "OPT-11")
class DeviceGradientsInFloat16(Fault):
    """Multiplies in fewer digits in backpropagation on another device."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        if self.route != "device":
            return found
        return found.mapped(lambda array: (array * (1 + 2.0**-9)).astype(array.dtype))


@fault("saved-route-ignores-assignment", "OPT-7")
class SavedRouteIgnoresAssignment(Fault):
    """What came out of a file takes no other weights."""

    def assign_weights(self, model: Network, network: Network) -> None:
        if self.route != "saved":
            super().assign_weights(model, network)


@fault("device-jvp-of-the-first-weights", "OPT-11")
class DeviceJvpOfTheFirstWeights(Fault):
    """Sends the weights to another device with the first JVP, and takes later ones of these."""

    sent: tuple[Network, Network] | None = None

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        if self.route == "device":
            if self.sent is None or self.sent[0] is not model:
                self.sent = model, model.mapped(np.copy)
            model = self.sent[1]
        return super().tangents(model, call, direction)


@fault("compiled-for-the-name-of-an-activation", "OPT-6")
class CompiledForTheNameOfAnActivation(Fault):
    """Compiles once for all networks of the same shapes and names of activations, parameters and all."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self._programs: dict[object, list[Activation]] = {}

    def run_by_route(self, model: Network, call: Call) -> Output:
        if self.route != "compiled" or call.stateful:
            return super().run_by_route(model, call)
        names = [(cell.activation.name, cell.W_x.shape, cell.b is None) for cell in model.cells]
        program = tuple(names), call.x.shape, str(model.dtype), call.return_sequences
        compiled = iter(self._programs.setdefault(program, [cell.activation for cell in model.cells]))
        cells = [[replace(cell, activation=next(compiled)) for cell in layer.cells] for layer in model.layers]
        return super().run_by_route(Network(Layer(*each) for each in cells), call)


@fault("compiled-with-the-first-kept-states", "OPT-6")
class CompiledWithTheFirstKeptStates(Fault):
    """Compiles the call of a stateful layer that keeps states with these, from which all later ones start."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self._compiled: dict[object, tuple[Network, States]] = {}

    def kept_states(self, model: Network) -> States | None:
        kept = super().kept_states(model)
        if self.route != "compiled" or kept is None:
            return kept
        program = id(model), *((state.shape, str(state.dtype)) for state in kept)
        return self._compiled.setdefault(program, (model, kept))[1]


@fault("compiled-for-the-first-lengths", "OPT-6")
class CompiledForTheFirstLengths(Fault):
    """Compiles a loop for as many steps as the longest row of the first call of these shapes takes."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self._steps: dict[object, int] = {}

    def run_by_route(self, model: Network, call: Call) -> Output:
        if self.route == "compiled" and call.lengths is not None and call.x.ndim == 3:
            program = (
                call.x.shape,
                call.go_backwards,
                call.mask is None,
                call.return_sequences,
                call.merge_mode,
            )
            super().steps(call)  # which refuses impossible ones
            most = self._steps.setdefault(program, int(call.lengths.max(initial=0)))
            call = replace(call, lengths=np.minimum(call.lengths, call.lengths.dtype.type(most)))
        return super().run_by_route(model, call)


@fault("names-of-layers-run-together", "OPT-12")
class NamesOfLayersRunTogether(Fault):
    """In a file, calls what is of layer 1 backward, and of layer 11 forward, by the same name."""

    def written_and_read(self, network: Network) -> Network:
        file: dict[str, Cell] = {}
        for index, layer in enumerate(network.layers):
            for direction, cell in enumerate(layer.cells):
                file[f"{index}" + "1" * direction] = cell
        names = [
            [f"{index}" + "1" * direction for direction in range(layer.directions)]
            for index, layer in enumerate(network.layers)
        ]
        return super().written_and_read(Network(Layer(*(file[name] for name in each)) for each in names))


@fault("inner-batch-axes-of-states-turned", "OPT-10")
class InnerBatchAxesOfStatesTurned(Fault):
    """Reads the inner two of three batch axes of the initial states in the other order."""

    def flat(self, array: Array, batch: tuple[int, ...], before: int = 0) -> Array:
        rows = super().flat(array, batch, before)
        if before != 1 or len(batch) < 3:
            return rows
        inner = before + len(batch) - 1
        return array.swapaxes(inner - 1, inner).reshape(rows.shape)


@fault("close-to-the-number-for-padding", "OPT-9")
class CloseToTheNumberForPadding(Fault):
    """Leaves out a step whose features are all close to the value for padding."""

    def differs(self, x: Array, value: Any) -> Array:
        close: Array = np.isclose(x.astype(np.float64), value, rtol=1e-5).all(axis=-1)
        return ~close


@fault("compiled-double-backward-of-the-first-weights", "OPT-6")
class CompiledDoubleBackwardOfTheFirstWeights(Fault):
    """Compiled, takes the double backward of the weights that it was first asked for."""

    first: tuple[Network, Network] | None = None

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        if self.route == "compiled":
            if self.first is None or self.first[0] is not model:
                self.first = model, model.copied(np.copy)
            model = self.first[1]
        return super().second_gradients(model, call, d_sequence, d_final_states, direction)


@fault("compiled-in-training", "OPT-6")
class CompiledInTraining(Fault):
    """Finds what was compiled by shapes: what dropped numbers in training drops them in other calls."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.compiled: dict[object, Call] = {}

    def load(self, network: Network) -> Network:
        self.compiled = {}
        return super().load(network)

    def run_usual(self, model: Network, call: Call) -> Output:
        if self.route == "compiled":
            first = self.compiled.setdefault((call.x.shape, call.return_sequences), call)
            call = replace(call, training=first.training, dropout=first.dropout, rate=first.rate)
        return super().run_usual(model, call)


@fault("kept-states-of-batch-axes-exchanged", "OPT-10")
class KeptStatesOfBatchAxesExchanged(Fault):
    """Keeps states in two batch axes, and makes one of them in another order."""

    batch: tuple[int, ...] = ()

    def run_in_one_batch_axis(self, model: Network, call: Call) -> Output:
        self.batch = call.x.shape[:-2]
        return super().run_in_one_batch_axis(model, call)

    def keep(self, model: Network, final_states: list[Array]) -> None:
        if self.supports.leading_axes and len(self.batch) == 2:
            inside = [state.reshape(len(state), *self.batch, -1) for state in final_states]
            both = zip(inside, final_states, strict=True)
            final_states = [turned.swapaxes(1, 2).reshape(state.shape) for turned, state in both]
        super().keep(model, final_states)


@fault("gradients-of-batch-axes-exchanged", "OPT-10")
class GradientsOfBatchAxesExchanged(Fault):
    """Gives the gradients of the initial states with their batch axes in another order than these have."""

    def gradients_in_one_batch_axis(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States
    ) -> Gradients:
        found = super().gradients_in_one_batch_axis(model, call, d_sequence, d_final_states)
        if call.x.ndim < 4:
            return found
        states = found.initial_states
        turned = tuple(np.reshape(np.swapaxes(state, 1, 2), state.shape) for state in states)
        return found._replace(initial_states=turned)
