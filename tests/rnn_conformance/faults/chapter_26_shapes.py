"""Faults that the clauses of chapter SHP must catch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.surface import Shapes, UnknownAxis
from rnn_conformance.faults.registry import Fault, Steps, fault
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States, steps_of_lengths

Unknown = tuple[UnknownAxis, ...]


@fault("merged-features-inferred-side-by-side", "SHP-1")
class MergedFeaturesInferredSideBySide(Fault):
    """Infers twice as many features for two directions, however they are merged."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        return super().inferred(model, replace(call, merge_mode="concat"), unknown)


@fault("unknown-time-inferred-as-one", "SHP-1")
class UnknownTimeInferredAsOne(Fault):
    """Takes 1 for a time that it is not told."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        if shapes.sequence is None:
            return shapes
        batch, time, features = shapes.sequence
        return replace(shapes, sequence=(batch, time or 1, features))


@fault("last-output-inferred-with-time", "SHP-2")
class LastOutputInferredWithTime(Fault):
    """Infers a sequence output whatever is asked for."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        return super().inferred(model, replace(call, return_sequences=True), unknown)


@fault("states-inferred-of-one-direction", "SHP-3")
class StatesInferredOfOneDirection(Fault):
    """Infers the final state of one direction for each layer."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes, batch = super().inferred(model, call, unknown), None if "batch" in unknown else len(call.x)
        return replace(shapes, final_states=tuple((batch, layer.hidden_size) for layer in model.layers))


@fault("type-inferred-of-the-weights", "SHP-4")
class TypeInferredOfTheWeights(Fault):
    """Under mixed precision infers the type of the weights."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        return replace(super().inferred(model, call, unknown), dtype=str(model.dtype))


@fault("handed-mask-not-turned", "SHP-5")
class HandedMaskNotTurned(Fault):
    """Hands on the mask as it came, with outputs that are turned."""

    def handed(self, call: Call, steps: Array) -> Array | None:
        return steps if call.return_sequences else None


@fault("mask-not-handed-on", "SHP-5")
class MaskNotHandedOn(Fault):
    """Uses up the mask."""

    def handed(self, call: Call, steps: Array) -> Array | None:
        return None


@fault("mask-handed-on-with-a-last-output", "SHP-6")
class MaskHandedOnWithALastOutput(Fault):
    """Hands on the mask of a sequence with an output that is none."""

    def handed(self, call: Call, steps: Array) -> Array | None:
        return super().handed(replace(call, return_sequences=True), steps)


@fault("mask-of-numbers-ignored", "SHP-7")
class MaskOfNumbersIgnored(Fault):
    """Takes every number of a mask for a valid time step."""

    def steps(self, call: Call) -> Steps:
        if call.mask is not None and call.mask.dtype != bool:
            call = replace(call, mask=call.mask >= 0)
        return super().steps(call)


@fault("mask-of-another-type-refused", "SHP-7")
class MaskOfAnotherTypeRefused(Fault):
    """Refuses a mask of floating-point numbers of another type than the weights have."""

    def run(self, model: Network, call: Call) -> Output:
        if call.mask is not None and call.mask.dtype.kind == "f" and call.mask.dtype != model.dtype:
            raise TypeError(f"expected a mask of {model.dtype}; got {call.mask.dtype}")
        return super().run(model, call)


@fault("mask-of-numbers-ignored-beside-lengths", "SHP-7")
class MaskOfNumbersIgnoredBesideLengths(Fault):
    """Goes by the lengths alone where the mask beside them is of numbers."""

    def steps(self, call: Call) -> Steps:
        if call.lengths is not None and call.mask is not None and call.mask.dtype != bool:
            call = replace(call, mask=None)
        return super().steps(call)


@fault("other-routes-infer-no-batch", "SHP-8")
class OtherRoutesInferNoBatch(Fault):
    """Infers the shape of one row on every route but the default one."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        if not self.route or shapes.last is None:
            return shapes
        return replace(shapes, last=shapes.last[1:])


@fault("type-inferred-as-if-of-weights-backwards", "SHP-4")
class TypeInferredAsIfOfWeightsBackwards(Fault):
    """Infers the type of the weights for a layer that goes backwards, whatever it computes in."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        return replace(shapes, dtype=str(model.dtype)) if call.go_backwards else shapes


@fault("type-inferred-as-if-of-a-merge", "SHP-4")
class TypeInferredAsIfOfAMerge(Fault):
    """Infers float32, at most, for directions that are added, or given one beside the other."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        merges = model.layers[-1].directions == 2 and call.merge_mode in ("sum", "none")
        return replace(shapes, dtype="float32") if merges and shapes.dtype == "float64" else shapes


@fault("lengths-alone-handed-on", "SHP-5")
class LengthsAloneHandedOn(Fault):
    """Where a call has lengths and a mask, hands on what the lengths say."""

    def handed(self, call: Call, steps: Array) -> Array | None:
        if call.lengths is not None:
            steps = steps_of_lengths(call.lengths, call.x.shape[1])
        return super().handed(call, steps)


@fault("other-routes-infer-one-step-backwards", "SHP-8")
class OtherRoutesInferOneStepBackwards(Fault):
    """Going backwards infers a single time step where they are unknown, on every other route."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        if not self.route or not call.go_backwards or shapes.sequence is None:
            return shapes
        batch, time, features = shapes.sequence
        return replace(shapes, sequence=(batch, time or 1, features))


@fault("mixed-precision-not-inferred-of-last-outputs", "SHP-4")
class MixedPrecisionNotInferredOfLastOutputs(Fault):
    """Infers the type of the weights for a last output, where another one is computed in."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        return replace(shapes, dtype=str(model.dtype)) if not call.return_sequences else shapes


@fault("no-mask-handed-on-by-three-layers", "SHP-5")
class NoMaskHandedOnByThreeLayers(Fault):
    """Hands no mask on after three layers or more."""

    def handed_masks(self, model: Network, call: Call) -> Mapping[str, Array | None]:
        masks = super().handed_masks(model, call)
        return dict.fromkeys(masks) if model.num_layers >= 3 else masks


@fault("stateful-layers-infer-the-type-of-weights", "SHP-4")
class StatefulLayersInferTheTypeOfWeights(Fault):
    """Infers the type of the weights in mixed precision, if states are kept."""

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        return replace(shapes, dtype=str(model.dtype)) if call.stateful else shapes


@fault("mask-of-numbers-handed-unturned", "SHP-5")
class MaskOfNumbersHandedUnturned(Fault):
    """Going backwards, turns masks of booleans alone before it hands them on."""

    def handed(self, call: Call, steps: Array) -> Array | None:
        turned = super().handed(call, steps)
        unturned = call.mask is not None and call.mask.dtype != bool and call.go_backwards
        return steps if unturned and turned is not None else turned


@fault("mask-of-floats-multiplied", "SHP-7")
class MaskOfFloatsMultiplied(Fault):
    """Adds the state after a step times a mask of floats to the one before times what is left of one."""

    def run_usual(self, model: Network, call: Call) -> Output:
        self._mask = call.mask
        return super().run_usual(model, call)

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        if self._mask is None or self._mask.dtype.kind != "f":
            return super().masked(after, before, taken)
        weight = taken.astype(after.dtype)
        blended: Array = weight * after + (1 - weight) * before
        return blended


@fault("shapes-remembered-by-input", "SHP-1")
class ShapesRememberedByInput(Fault):
    """Remembers inferred shapes by that of the input, however directions are merged."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.known: dict[tuple[object, ...], Shapes] = {}

    def load(self, network: Network) -> Network:
        self.known = {}
        return super().load(network)

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        return self.known.setdefault((call.x.shape, unknown, call.return_sequences), shapes)


@fault("type-of-integers-promoted", "SHP-4")
class TypeOfIntegersPromoted(Fault):
    """Infers the type that input and weights are promoted to: of wide integers and float32, float64."""

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        if call.x.dtype.kind not in "iu":
            return shapes
        return replace(shapes, dtype=str(np.result_type(call.x.dtype, np.dtype(shapes.dtype))))


@fault("states-inferred-beside-sequences-alone", "SHP-3")
class StatesInferredBesideSequencesAlone(Fault):
    """Infers no final states where the last output is asked for."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        return shapes if call.return_sequences else replace(shapes, final_states=None)


@fault("mask-not-handed-on-in-mixed-precision", "SHP-5")
class MaskNotHandedOnInMixedPrecision(Fault):
    """Loses the mask where outputs are converted to the type that is computed in."""

    def handed(self, call: Call, steps: Array) -> Array | None:
        return None if call.compute_dtype else super().handed(call, steps)


@fault("numbers-negated-bit-by-bit", "SHP-7")
class NumbersNegatedBitByBit(Fault):
    """Goes back through all steps that ~mask leaves, which are all where the mask holds integers."""

    holds_integers = False

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        self.holds_integers = call.mask is not None and call.mask.dtype.kind in "iu"
        return super().gradients(model, call, d_sequence, d_final_states)

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        if taken is None or not self.holds_integers:
            return super().to_step_before(through, s, taken, t)
        return s


@fault("size-of-zero-is-unknown", "SHP-1")
class SizeOfZeroIsUnknown(Fault):
    """Infers `size or None`: no rows, and no time steps, are as many as are not known."""

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        if shapes.sequence is None:
            return shapes
        return replace(shapes, sequence=tuple(size or None for size in shapes.sequence))


@fault("last-output-of-no-rows-is-unknown", "SHP-2")
class LastOutputOfNoRowsIsUnknown(Fault):
    """Infers `batch or None` of a last output."""

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        if shapes.last is None:
            return shapes
        return replace(shapes, last=tuple(size or None for size in shapes.last))


@fault("states-of-no-rows-are-unknown", "SHP-3")
class StatesOfNoRowsAreUnknown(Fault):
    """Infers `batch or None` of final states."""

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        states = tuple(tuple(size or None for size in state) for state in shapes.final_states or ())
        return replace(shapes, final_states=states)


@fault("mask-handed-on-is-remembered", "SHP-5")
class MaskHandedOnIsRemembered(Fault):
    """Hands on the mask that it made for the first input of this shape."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.remembered: dict[Any, Mapping[str, Array | None]] = {}

    def load(self, network: Network) -> Network:
        self.remembered = {}
        return super().load(network)

    def handed_masks(self, model: Network, call: Call) -> Mapping[str, Array | None]:
        key = (call.x.shape, call.return_sequences, call.go_backwards)
        return self.remembered.setdefault(key, super().handed_masks(model, call))


@fault("mask-lost-where-integers-are-converted", "SHP-5")
class MaskLostWhereIntegersAreConverted(Fault):
    """Hands no mask on from input of integers: what they are converted to carries none."""

    def handed(self, call: Call, steps: Array) -> Array | None:
        return None if call.x.dtype.kind in "iu" else super().handed(call, steps)


@fault("jvp-goes-through-every-number", "SHP-7")
class JvpGoesThroughEveryNumber(Fault):
    """In a JVP, takes every number of a mask for a valid time step."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        if call.mask is not None and call.mask.dtype != bool:
            call = replace(call, mask=call.mask >= 0)
        return super().tangents(model, call, direction)


@fault("time-inferred-of-the-longest-row", "SHP-1")
class TimeInferredOfTheLongestRow(Fault):
    """Infers as many time steps as the longest row has, where lengths alone are given."""

    def inferred(self, model: Network, call: Call, unknown: Unknown) -> Shapes:
        shapes = super().inferred(model, call, unknown)
        if call.lengths is None or call.mask is not None or shapes.sequence is None:
            return shapes
        batch, time, features = shapes.sequence
        longest = None if time is None else int(call.lengths.max(initial=0))
        return replace(shapes, sequence=(batch, longest, features))


@fault("jvp-inverts-the-bits-of-a-mask", "SHP-7")
class JvpInvertsTheBitsOfAMask(Fault):
    """In a JVP leaves out the steps where the inverse of the mask is not 0: of numbers it never is."""

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        if call.mask is not None and call.mask.dtype.kind in "iu":
            call = replace(call, mask=~(~call.mask).astype(bool))
        return super().tangents(model, call, direction)


@fault("double-backward-inverts-the-bits-of-a-mask", "SHP-7")
class DoubleBackwardInvertsTheBitsOfAMask(Fault):
    """In a double backward leaves out the steps where the inverse of the mask is not 0."""

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        if call.mask is not None and call.mask.dtype.kind in "iu":
            call = replace(call, mask=~(~call.mask).astype(bool))
        return super().second_gradients(model, call, d_sequence, d_final_states, direction)


@fault("mask-of-64-steps-handed-on", "SHP-5")
class MaskOf64StepsHandedOn(Fault):
    """Hands on a mask of 64 steps, for which it has bits, and says of later ones that they are masked."""

    def handed(self, call: Call, steps: Array) -> Array | None:
        handed = super().handed(call, steps)
        return None if handed is None else handed & (np.arange(handed.shape[1]) < 64)


@fault("inferred-time-in-a-byte", "SHP-1")
class InferredTimeInAByte(Fault):
    """Infers the number of time steps in a byte."""

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        return super().inferred(model, replace(call, x=call.x[:, : call.x.shape[1] % 256]), unknown)
