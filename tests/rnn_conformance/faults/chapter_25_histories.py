"""Faults that the clauses of chapter HIS must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.declarations import Role
from rnn_adapters.reference import computed_in
from rnn_adapters.surface import Shapes, UnknownAxis
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.activations import Activation
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States


@fault("mask-cached-by-shape", "HIS-1")
class MaskCachedByShape(Fault):
    """Keeps the valid time steps of the first call of each shape, for all calls of that shape."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.cached: dict[Any, Steps] = {}

    def load(self, network: Network) -> Network:
        self.cached.clear()
        return super().load(network)

    def steps(self, call: Call) -> Steps:
        steps = super().steps(call)
        return steps if steps is None else self.cached.setdefault(steps.shape, steps)


@fault("mask-of-the-call-before", "HIS-1")
class MaskOfTheCallBefore(Fault):
    """Goes on with the valid time steps of the call before, where they fit one that says none."""

    before: tuple[Network, Steps] | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        steps = super().steps(call)
        if steps is None and self.before is not None and self.before[0] is model:
            steps = self.before[1]
        fits = steps is not None and steps.shape == call.x.shape[:2]
        self.before = (model, steps)
        return super().run_usual(model, replace(call, lengths=None, mask=steps) if fits else call)


@fault("state-kept-after-training", "HIS-1")
class StateKeptAfterTraining(Fault):
    """Starts the call after one of training where that one ended, if the batch is as large."""

    after_training: tuple[Network, States] | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        if (
            self.after_training is not None
            and self.after_training[0] is model
            and call.initial_states is None
        ):
            _, states = self.after_training
            if states[0].shape[1] == call.x.shape[0]:
                call = replace(call, initial_states=states)
        output = super().run_usual(model, call)
        assert output.final_states is not None
        self.after_training = (model, output.final_states) if call.training else None
        return output


@fault("rows-of-the-largest-batch", "HIS-1")
class RowsOfTheLargestBatch(Fault):
    """Computes in a buffer as large as the first batch, and leaves its other rows out."""

    rows: tuple[Network, int] | None = None

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        if self.rows is None or self.rows[0] is not network:
            self.rows = (network, len(x))
        value, final = super().run_stack(network, x, states, steps)
        value[self.rows[1] :] = 0
        return value, final


@fault("every-call-keeps-its-states", "HIS-2")
class EveryCallKeepsItsStates(Fault):
    """Keeps the states of calls that are not stateful, too."""

    def run_usual(self, model: Network, call: Call) -> Output:
        output = super().run_usual(model, call)
        assert output.final_states is not None
        self.keep(model, list(output.final_states))
        return output


@fault("reset-after-the-first-call-only", "HIS-2")
class ResetAfterTheFirstCallOnly(Fault):
    """Forgets only once."""

    forgotten = False

    def load(self, network: Network) -> Network:
        self.forgotten = False
        return super().load(network)

    def reset_states(self, model: Network) -> None:
        if not self.forgotten:
            super().reset_states(model)
        self.forgotten = True


@fault("states-forgotten-when-weights-are-assigned", "HIS-2")
class StatesForgottenWhenWeightsAreAssigned(Fault):
    """Builds its states anew when weights are assigned."""

    def assign_weights(self, model: Network, network: Network) -> None:
        super().assign_weights(model, network)
        self._kept = None


@fault("weights-of-the-first-call", "HIS-3")
class WeightsOfTheFirstCall(Fault):
    """Copies the weights when it is first called, and computes with the copy from then on."""

    copied: tuple[Network, Network] | None = None

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        if self.copied is None or self.copied[0] is not network:
            self.copied = (network, network.mapped(np.copy))
        return super().run_stack(self.copied[1], x, states, steps)


@fault("assigned-bias-ignored", "HIS-3")
class AssignedBiasIgnored(Fault):
    """Takes other matrices, but leaves the bias as it was loaded."""

    def assign(self, role: Role, held: Array, given: Array) -> None:
        if role not in ("b", "b_h"):
            super().assign(role, held, given)


@fault("one-array-is-not-assigned", "HIS-3")
class OneArrayIsNotAssigned(Fault):
    """Takes weights only where all of them change."""

    def assign_weights(self, model: Network, network: Network) -> None:
        given = [self.stored(cell) for cell in network.cells]
        same = [np.array_equal(one.W_x, held.W_x) for one, held in zip(given, model.cells, strict=True)]
        if not any(same):
            super().assign_weights(model, network)


@fault("assigned-arrays-are-known", "HIS-3")
class AssignedArraysAreKnown(Fault):
    """Skips an assignment of the very arrays that were assigned last, whatever stands in them by then."""

    known: tuple[Network, Array] | None = None

    def assign_weights(self, model: Network, network: Network) -> None:
        assigned = model, network.cells[0].W_h
        if self.known is None or any(
            one is not other for one, other in zip(self.known, assigned, strict=True)
        ):
            super().assign_weights(model, network)
        self.known = assigned


@fault("gradients-accumulate", "HIS-4")
class GradientsAccumulate(Fault):
    """Adds the gradients of the weights to those that were taken before, until the next load."""

    summed: tuple[Network, tuple[CellGradients, ...]] | None = None

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        if self.summed is not None and self.summed[0] is model:
            both = zip(found.cells, self.summed[1], strict=True)
            cells = tuple(one._replace(W_h=one.W_h + other.W_h) for one, other in both)
            found = found._replace(cells=cells)
        self.summed = (model, found.cells)
        return found


@fault("gradients-of-the-loaded-weights", "HIS-4")
class GradientsOfTheLoadedWeights(Fault):
    """Differentiates with the weights that were loaded, whatever was assigned since."""

    def load(self, network: Network) -> Network:
        self.loaded = super().load(network)
        return super().load(network)

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        return super().gradients(self.loaded, call, d_sequence, d_final_states)


@fault("gradients-forget-kept-states", "HIS-4")
class GradientsForgetKeptStates(Fault):
    """Sets the states that are kept to zero when a gradient is taken."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        self.reset_states(model)
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("weights-halved-by-gradients", "HIS-4")
class WeightsHalvedByGradients(Fault):
    """Makes a small step of training when it is only asked for gradients."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        for cell in model.cells:
            cell.W_h[...] *= cell.dtype.type(0.5)
        return found


@fault("saved-without-bias", "HIS-5")
class SavedWithoutBias(Fault):
    """Writes the matrices into the file, and finds zeros for the bias when it reads it."""

    def restored(self, model: Network) -> Network:
        def without(cell: Cell) -> Cell:
            b, b_h = (None if bias is None else np.zeros_like(bias) for bias in (cell.b, cell.b_h))
            return replace(cell, b=b, b_h=b_h)

        read = super().restored(model)
        return Network(Layer(*map(without, layer.cells)) for layer in read.layers)


@fault("saved-in-half-precision", "HIS-5")
class SavedInHalfPrecision(Fault):
    """Rounds the weights to float16 for the file."""

    def restored(self, model: Network) -> Network:
        return super().restored(model.astype("float16").astype(model.dtype))


@fault("saved-as-it-was-loaded", "HIS-5")
class SavedAsItWasLoaded(Fault):
    """Writes the weights that were loaded, without what was assigned since."""

    def load(self, network: Network) -> Network:
        self.loaded = super().load(network)
        return super().load(network)

    def restored(self, model: Network) -> Network:
        return super().restored(self.loaded)


@fault("tenth-call-drifts", "HIS-6")
class TenthCallDrifts(Fault):
    """Loses a bit in every tenth call."""

    calls = 0

    def run(self, model: Network, call: Call) -> Output:
        output, self.calls = super().run(model, call), self.calls + 1
        if self.calls % 10 or output.final_states is None:
            return output
        shifted = tuple(np.nextafter(state, state.dtype.type(2)) for state in output.final_states)
        return replace(output, final_states=shifted)


@fault("generator-used-in-training", "HIS-6")
class GeneratorUsedInTraining(Fault):
    """Draws from NumPy's global generator in training, though nothing is dropped."""

    def run(self, model: Network, call: Call) -> Output:
        if call.training:
            np.random.random()
        return super().run(model, call)


@fault("weights-copied-by-other-routes", "HIS-7")
class WeightsCopiedByOtherRoutes(WeightsOfTheFirstCall):
    """By every route but the default one, computes with the weights of the first call."""

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        if self.route:
            return super().run_stack(network, x, states, steps)
        return super(WeightsOfTheFirstCall, self).run_stack(network, x, states, steps)


@fault("softplus-restored-as-relu", "HIS-5")
class SoftplusRestoredAsRelu(Fault):
    """Loads what it saved with tanh or relu, whichever is the more alike."""

    def restored(self, model: Network) -> Network:
        def alike(cell: Cell) -> Cell:
            above = ("relu", "softplus", "elu", "leaky_relu", "linear", "affine")
            return replace(cell, activation=Activation("relu" if cell.activation.name in above else "tanh"))

        restored = super().restored(model)
        return Network(Layer(*map(alike, layer.cells)) for layer in restored.layers)


@fault("assigned-as-it-lies-in-memory", "HIS-3")
class AssignedAsItLiesInMemory(Fault):
    """Copies assigned recurrent weights in the order in which they lie in memory."""

    def assign(self, role: Role, held: Array, given: Array) -> None:
        super().assign(role, held, given.ravel("K").reshape(held.shape) if role == "W_h" else given)


@fault("narrow-weights-of-the-call-before", "HIS-4")
class NarrowWeightsOfTheCallBefore(Fault):
    """Makes narrow copies of the weights in a call, and takes gradients of those after an assignment, too."""

    narrow: tuple[Network, str, Network] | None = None
    differentiating = False

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        narrow, cast = super().cast(model, call, dtype)
        if not self.differentiating:
            self.narrow = (model, dtype, narrow)
        elif self.narrow is not None and self.narrow[0] is model and self.narrow[1] == dtype:
            narrow = self.narrow[2]
        return narrow, cast

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        self.differentiating = True
        found = super().gradients(model, call, d_sequence, d_final_states)
        self.differentiating = False
        return found


@fault("equal-arrays-tied", "HIS-5")
class EqualArraysTied(Fault):
    """Saves arrays of the same numbers once, and reads them as one array that is assigned to by each."""

    def restored(self, model: Network) -> Network:
        read: dict[tuple[Any, ...], Array] = {}

        def once(array: Array) -> Array:
            return read.setdefault((array.shape, array.dtype.str, array.tobytes()), array)

        restored = super().restored(model)
        return Network(Layer(*(cell.copied(once) for cell in layer.cells)) for layer in restored.layers)


@fault("another-precision-forgets", "HIS-2")
class AnotherPrecisionForgets(Fault):
    """Makes its buffers anew for a call in another type, stateful or not, and loses the kept states."""

    kept_in: str | None = None

    def keep(self, model: Network, final_states: list[Array]) -> None:
        super().keep(model, final_states)
        self.kept_in = str(final_states[0].dtype)

    def run_usual(self, model: Network, call: Call) -> Output:
        dtype = str(computed_in(model, call))
        if not call.stateful and self.kept_in not in (None, dtype):
            self.reset_states(model)
            self.kept_in = None
        return super().run_usual(model, call)


@fault("assigned-by-checksum", "HIS-3")
class AssignedByChecksum(Fault):
    """Assigns an array if the sum of its numbers is another one."""

    def assign_weights(self, model: Network, network: Network) -> None:
        cells = zip(model.cells, network.cells, strict=True)
        given = iter([self.other_sums(held, new) for held, new in cells])
        layers = [Layer(*(next(given) for _ in layer.cells)) for layer in network.layers]
        super().assign_weights(model, Network(layers))

    def other_sums(self, held: Cell, new: Cell) -> Cell:
        """The new cell, with what is held where the sums are the same."""
        for role in ("W_x", "W_h", "b", "b_h"):
            old, array = getattr(held, role), getattr(new, role)
            if array is not None and old.astype(float).sum() == array.astype(float).sum():
                new = replace(new, **{role: old})
        return new


@fault("close-is-not-assigned", "HIS-3")
class CloseIsNotAssigned(Fault):
    """Leaves an array as it is that is close to what should be assigned to it."""

    def assign_weights(self, model: Network, network: Network) -> None:
        cells = list(zip(model.cells, network.cells, strict=True))
        arrays = [
            (getattr(a, role), getattr(b, role)) for a, b in cells for role in ("W_x", "W_h", "b", "b_h")
        ]
        close = all(new is None or np.allclose(old.astype(float), new.astype(float)) for old, new in arrays)
        if not close:
            super().assign_weights(model, network)


@fault("refusal-brings-back-loaded-weights", "HIS-3")
class RefusalBringsBackLoadedWeights(Fault):
    """Undoes a call that it refuses, and all that was assigned since weights were loaded."""

    def load(self, network: Network) -> Network:
        self.loaded = super().load(network)
        return self.loaded.mapped(np.copy)

    def run_usual(self, model: Network, call: Call) -> Output:
        try:
            return super().run_usual(model, call)
        except Exception:
            self.assign_weights(model, self.loaded)
            raise


@fault("jvp-keeps-states", "HIS-4")
class JvpKeepsStates(Fault):
    """Keeps the states after the JVP of a stateful call, which it runs."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        if call.stateful:
            self.run_usual(model, call)
        return super().tangents(model, call, direction)


@fault("jvp-nudges-weights", "HIS-4")
class JvpNudgesWeights(Fault):
    """Adds the direction to the weights for a JVP and takes it off again, which rounds them."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        found = super().tangents(model, call, direction)
        for cell, towards in zip(model.cells, direction.cells, strict=True):
            cell.W_h[...] = (cell.W_h + towards.W_h) - towards.W_h
        return found


@fault("gradients-of-the-first-merge", "HIS-4")
class GradientsOfTheFirstMerge(Fault):
    """Compiles gradients for each shape, with the merge mode of the first call of it."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.compiled: dict[tuple[int, ...], Any] = {}

    def load(self, network: Network) -> Network:
        self.compiled.clear()
        return super().load(network)

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if call.merge_mode in ("sum", "mul", "ave"):
            call = replace(call, merge_mode=self.compiled.setdefault(call.x.shape, call.merge_mode))
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("loaded-again-it-keeps-nothing", "HIS-5")
class LoadedAgainItKeepsNothing(Fault):
    """Loads the weights that it saved, but not that layers are stateful."""

    restored_to: Network | None = None

    def restored(self, model: Network) -> Network:
        self.restored_to = super().restored(model)
        return self.restored_to

    def keep(self, model: Network, final_states: list[Array]) -> None:
        if model is not self.restored_to:
            super().keep(model, final_states)


@fault("zero-biases-are-one-array", "HIS-3")
class ZeroBiasesAreOneArray(Fault):
    """Makes one array of the biases of both directions where they are zero when they are loaded."""

    def load(self, network: Network) -> Network:
        return Network(map(self._sharing, super().load(network).layers))

    def _sharing(self, layer: Layer) -> Layer:
        forward, backward = layer.forward, layer.backward
        if backward is None or forward.b is None or backward.b is None:
            return layer
        alike = not forward.b.any() and not backward.b.any()
        return Layer(forward, replace(backward, b=forward.b)) if alike else layer


@fault("assigned-arrays-are-kept", "HIS-3")
class AssignedArraysAreKept(Fault):
    """Holds the arrays themselves that it was assigned, where these need not be copied to be contiguous."""

    given: tuple[tuple[Array, Array], ...] = ()

    def assign_weights(self, model: Network, network: Network) -> None:
        super().assign_weights(model, network)
        both = zip(model.cells, network.cells, strict=True)
        pairs = [
            (getattr(held, role), getattr(given, role)) for held, given in both for role in ("W_x", "W_h")
        ]
        self.given = tuple((held, np.ascontiguousarray(given)) for held, given in pairs)

    def run_by_route(self, model: Network, call: Call) -> Output:
        for held, given in self.given:
            held[...] = given
        return super().run_by_route(model, call)


@fault("weights-of-the-ninth-shape", "HIS-3")
class WeightsOfTheNinthShape(Fault):
    """From the ninth shape on calls one program of any shape, which holds the weights of when it was made."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.shapes: list[tuple[int, ...]] = []
        self.program: Network | None = None
        self.by_program = False

    def load(self, network: Network) -> Network:
        self.shapes, self.program = [], None
        return super().load(network)

    def run_usual(self, model: Network, call: Call) -> Output:
        known = call.x.shape in self.shapes
        self.by_program = not known and len(self.shapes) >= 8
        if self.by_program:
            self.program = self.program or model.mapped(np.copy)
        elif not known:
            self.shapes.append(call.x.shape)
        return super().run_usual(model, call)

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Steps
    ) -> tuple[Array, list[Array]]:
        if self.by_program and self.program is not None:
            network = self.program.astype(network.dtype)
        return super().run_stack(network, x, states, steps)


@fault("kept-states-times-zero", "HIS-2")
class KeptStatesTimesZero(Fault):
    """Starts calls that are not stateful from the kept states times zero, which leaves NaN."""

    def run_usual(self, model: Network, call: Call) -> Output:
        kept = self.kept_states(model)
        fresh = not call.stateful and call.initial_states is None
        if fresh and kept is not None and kept[0].shape[1] == len(call.x):
            zeros = tuple((0 * state).astype(model.dtype) for state in kept)
            call = replace(call, initial_states=zeros)
        return super().run_usual(model, call)


@fault("gradients-cleared-by-zero", "HIS-4")
class GradientsClearedByZero(Fault):
    """Multiplies the gradients of before with zero and adds the new ones, which NaN spoils for good."""

    before: tuple[Network, Gradients] | None = None

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        found = super().gradients(model, call, d_sequence, d_final_states)
        if self.before is not None and self.before[0] is model:
            old = iter(cell.W_h for cell in self.before[1].cells)
            cells = tuple(cell._replace(W_h=cell.W_h + 0 * next(old)) for cell in found.cells)
            found = found._replace(cells=cells)
        self.before = model, found
        return found


@fault("narrow-weights-of-before-in-the-jvp", "HIS-4")
class NarrowWeightsOfBeforeInTheJvp(Fault):
    """Takes the JVP of the narrow copies of weights that the call before made, assigned or not since."""

    narrow: tuple[Network, Network] | None = None

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.compute_dtype is not None:
            self.narrow = model, model.copied(np.copy)
        return super().run_usual(model, call)

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        if call.compute_dtype is not None and self.narrow is not None and self.narrow[0] is model:
            model = self.narrow[1]
        return super().tangents(model, call, direction)


@fault("saved-without-the-signs-of-zeros", "HIS-5")
class SavedWithoutTheSignsOfZeros(Fault):
    """Saves what differs from zeros, and adds it to zeros when it loads: 0 + (−0) is 0."""

    def restored(self, model: Network) -> Network:
        return super().restored(model).mapped(lambda array: np.zeros_like(array) + array)


@fault("inference-of-unknown-time-runs", "HIS-2")
class InferenceOfUnknownTimeRuns(Fault):
    """Infers shapes of an unknown time by a call of one time step, of which stateful layers keep states."""

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        if "time" in unknown and call.stateful and call.compute_dtype is None and call.x.dtype == model.dtype:
            self.run_usual(model, replace(call, x=call.x[:, :1], lengths=None, mask=None))
        return super().inferred(model, call, unknown)


@fault("third-call-is-captured", "HIS-6")
class ThirdCallIsCaptured(Fault):
    """Replays the third call alike from then on, with the input and states that are given and its lengths."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.captured: dict[Any, list[Array]] = {}

    def load(self, network: Network) -> Network:
        self.captured.clear()
        return super().load(network)

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.lengths is not None:
            before = self.captured.setdefault((call.x.shape, call.x.dtype), [])
            if len(before) == 3:
                call = replace(call, lengths=before[-1])
            else:
                before.append(np.array(call.lengths))
        return super().run_usual(model, call)
