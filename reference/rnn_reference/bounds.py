"""How far a correct implementation may be from the reference: derived, never guessed.

The derivation is the spec's chapter on numerics (NUM); the symbols here are those of that chapter.

    N   number of terms of a pre-activation: input + hidden + bias vectors + 1
    u   unit roundoff of the type computed in;  γ_N = N u / (1 − N u)
    λ   what a number may lose by being small: the smallest normal number of the type
    z   the exact pre-activation W_x x + W_h h + b
    δ   bound on |ẑ − z| for every order of summation, with or without fused multiply-add
    C   accuracy asked of the activation, in units of u: the one constant that is chosen

Every value comes with its bound as a `Bounded`, in the reference's wider type. The reference's own
rounding errors are counted beside the implementation's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn_reference.activations import ROUNDED, phi
from rnn_reference.forward import activate, merge_directions
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network, checked_call, checked_steps
from rnn_reference.precision import NARROW, precision_of, reference_dtype, summed_in, widened
from rnn_reference.quantised import ROUNDINGS, Quantised


@dataclass(frozen=True, eq=False)
class Bounded:
    """Reference values and, for each, how far a correct result may be from it."""

    value: Array
    bound: Array

    def at(self, index: Any) -> Bounded:
        """Both arrays indexed alike."""
        return Bounded(self.value[index], self.bound[index])


class BoundedResult(NamedTuple):
    """As `rnn_reference.forward.Result`, each array with its bound."""

    sequence: Bounded
    final_states: tuple[Bounded, ...]

    @property
    def last(self) -> Bounded:
        final = self.final_states[-1]
        return join([final.at(direction) for direction in range(final.value.shape[0])])


SUMMED = 0.5
"""N u, from which on γ_N is not taken by its short form, which has no meaning above 1."""


def gamma(terms: int, unit_roundoff: float) -> float:
    """γ_N = N u / (1 − N u): the relative error of a sum of products of N terms (NUM-2).

    From N u = 1/2 on it is what that is derived from, (1 − u)⁻ᴺ − 1: narrow types have sums of 1/u terms.
    """
    if terms * unit_roundoff < SUMMED:
        return terms * unit_roundoff / (1 - terms * unit_roundoff)
    return float((1 - unit_roundoff) ** -terms - 1)


class InputShare(NamedTuple):
    """What the input of steps has in the bound of each, all (…, hidden)."""

    z: Array  # W_x x + b
    terms: Array  # |W_x||x| + Σ|b|
    parts: Array  # |W_x x| + Σ|b|
    entered: Array  # what enters δ besides rounding

    def at(self, index: Any) -> InputShare:
        """All arrays indexed alike."""
        return InputShare(*(array[index] for array in self))


class StepBound:
    """One step of one cell computed in `dtype`: the value of the reference and the bound of NUM-2.

    Works on whole batches and sequences: the input's share of all steps is prepared once (`inputs`),
    `step` adds the state's share.

    Args:
        quantised: what weights, inputs and states are rounded to before they are multiplied.
    """

    def __init__(self, cell: Cell, dtype: Any, quantised: Quantised | None = None) -> None:
        self.wide = reference_dtype(dtype)
        self.cell = (cell if quantised is None else quantised.multiplied(cell)).astype(self.wide)
        self.phi = phi(cell.activation)
        kept, summed = precision_of(np.dtype(dtype)), precision_of(summed_in(dtype))
        reference = precision_of(self.wide)
        self.unit_roundoff = summed.unit_roundoff + reference.unit_roundoff
        terms = cell.input_size + cell.hidden_size + len(cell.biases) + 1
        self.grids = quantised if quantised is not None and quantised.on_grids else None
        terms += 0 if self.grids is None else ROUNDINGS
        self.gamma = gamma(terms, summed.unit_roundoff) + gamma(terms, reference.unit_roundoff)
        self.underflow = summed.underflow
        self.largest = kept.largest
        self.narrow = np.dtype(dtype) in NARROW
        # In a narrow type both products, and every sum of them and the biases, may be rounded to it.
        parts = 2 + len(cell.biases)
        self.rounded = kept.unit_roundoff
        # So may what φ does on its way, where there is more than one function to compute (ACT-17).
        once = cell.activation.name == "tanh" or not self.phi.accuracy
        self.rounded_within = ROUNDED * self.rounded if self.narrow and not once else 0.0
        # So may what φ does with its parameters.
        self.gamma_before, self.gamma_after = (
            gamma(count, kept.unit_roundoff) + gamma(count, reference.unit_roundoff)
            for count in (self.phi.before, self.phi.after)
        )
        self.kept_underflow = kept.underflow
        self.gamma_parts, self.lost_parts = gamma(parts, kept.unit_roundoff), (parts + 1) * kept.underflow
        self.abs_W_x, self.abs_W_h = np.abs(self.cell.W_x), np.abs(self.cell.W_h)
        self.abs_b = sum((np.abs(bias) for bias in self.cell.biases), start=np.zeros_like(self.cell.bias))
        # A flushed number loses at most λ. Each of N terms may be flushed, and so may each operand,
        # which counts as often as the other operand is large.
        self.flushed_weights = terms + self.abs_W_x.sum(axis=1) + self.abs_W_h.sum(axis=1)

    def inputs(self, x: Array, x_error: Array | float = 0.0) -> InputShare:
        """The input's share of z and of δ."""
        abs_x = np.abs(x) + x_error
        entered = _times(x_error, self.abs_W_x) + self.underflow * (
            self.flushed_weights + abs_x.sum(axis=-1, keepdims=True)
        )
        lost = self._quantised(x, x_error, self.abs_W_x)
        terms, entered = abs_x @ self.abs_W_x.T + lost + self.abs_b, entered + lost
        z = x @ self.cell.W_x.T
        parts = np.abs(z) + self.abs_b if self.narrow else entered
        return InputShare(z + self.cell.bias, terms, parts, entered)

    def step(
        self, inputs: InputShare, h: Array, h_error: Array | float = 0.0, given: Array | bool = False
    ) -> Bounded:
        """The state after the step from `h`, which an implementation may have had wrong by `h_error`.

        Args:
            given: where `h` is an initial state as it was handed over, of which there were no more digits.
        """
        abs_h = np.abs(h) + h_error
        z_h, terms_h = h @ self.cell.W_h.T, abs_h @ self.abs_W_h.T
        lost = self._quantised(h, h_error, self.abs_W_h)
        terms = inputs.terms + terms_h + lost
        entered = inputs.entered + _times(h_error, self.abs_W_h) + lost
        entered = entered + self.underflow * abs_h.sum(axis=-1, keepdims=True)
        delta = entered + self.gamma * terms
        if self.narrow:
            # The parts are rounded; and a state before may have been kept in more digits than were shown.
            size = inputs.parts + np.abs(z_h) + delta
            unshown = np.where(given, 0, self.rounded * terms_h)
            delta = delta + self.gamma_parts * size + unshown + self.lost_parts
        z = inputs.z + z_h
        value = activate(self.cell.activation, z)
        bound = self._after_activation(z, value, delta)
        # The model of arithmetic holds while nothing overflows; beyond that there is no claim.
        largest = max(self.phi.largest_slope, 1) * (terms + delta + self.phi.shift) + self.phi.parameters
        return Bounded(value, np.where(largest < self.largest / 2, bound, np.inf))

    def _quantised(self, a: Array, error: Array | float, abs_W: Array) -> Array | float:
        """What a product of factors on grids may be off by: |W||Δa| + |ΔW|(|a| + |Δa|)."""
        if self.grids is None:
            return 0.0
        rounded = self.grids.input_error(a, error)
        size = np.abs(a) + error + rounded
        lost: Array = rounded @ abs_W.T + size @ self.grids.weight_error(abs_W).T
        return lost

    def _after_activation(self, z: Array, value: Array, delta: Array) -> Array:
        delta = self.entering(z, delta)
        change = self._change(z, value, delta)
        bound = change + self.accuracy(value, change) + self.flushed_parameters(z, delta)
        return bound + self.rounded * (np.abs(value) + bound) if self.narrow else bound

    def entering(self, z: Array, delta: Array) -> Array:
        """δ and the roundings of α z + β: as of another z, so that what saturates after them still does."""
        if not self.phi.before:
            return delta
        entering: Array = delta + self.gamma_before * (np.abs(z) + delta + self.phi.shift)
        return entering

    def flushed_parameters(self, z: Array, delta: Array) -> Array | float:
        """What φ may lose by flushing parameters and products with them to zero."""
        operations = self.phi.before + self.phi.after
        if not operations:
            return 0.0
        sizes: Array = (1 + self.phi.parameters) * (1 + np.abs(z) + delta)
        return self.kept_underflow * (1 + operations) * sizes

    def _change(self, z: Array, value: Array, delta: Array) -> Array:
        """How far φ may be from φ(z) within δ of z."""
        if self.cell.activation.name == "tanh":
            # tanh|z| − tanh(|z| − δ), the change at the steeper end, written so that nothing cancels:
            # tanh p − tanh q = tanh(p − q) · (1 − tanh p · tanh q).
            change: Array = np.tanh(delta) * (1 - np.abs(value) * np.tanh(np.abs(z) - delta))
            return change
        if self.cell.activation.name == "relu":
            return delta
        return delta * self.phi.steepest(z, delta)

    def accuracy(self, value: Array, change: Array | float = 0.0) -> Array:
        """How far a computed φ may be from φ of the same number: C u of max(1, |φ|); u where it is exact.

        A product with α at the end is rounded, and so is α, in proportion to what was computed there, which
        is within `change` of the value.
        """
        own: Array = self.unit_roundoff * np.abs(value)
        if self.phi.accuracy:
            units = self.phi.units(np.abs(value) + change) * self.unit_roundoff
            units = units + max(self.phi.parameters, 1) * self.rounded_within
            own = units * np.maximum(np.abs(value), 1)
        if self.phi.after:
            own = own + self.gamma_after * (np.abs(value) + change + own)
        return own


def replay_cell(
    cell: Cell,
    x: Array,
    h0: Array,
    states: Array,
    dtype: Any,
    x_error: Array | float = 0.0,
    steps: Array | None = None,
    quantised: Quantised | None = None,
) -> Bounded:
    """The residual check of one direction: every step replayed from the implementation's own state (NUM-3).

    Args:
        x: input in processing order (batch, time, input); `x_error` bounds how far the implementation's
            own input may have been from it (the bound of the layer below, 0 for the first layer).
        h0: initial state (batch, hidden).
        states: the implementation's states (batch, time, hidden), in processing order.
        dtype: the type the implementation computes in.
        steps: which steps each row takes (batch, time); None for all.
        quantised: as of `StepBound`.

    Returns:
        For each step the state that the recurrence gives after the implementation's previous state. At a
        masked time step there is no claim: the bound is infinite.
    """
    bounds = StepBound(cell, dtype, quantised)
    known = np.concatenate([h0[:, None], states], axis=1)
    before, given = known[:, :-1], (np.arange(x.shape[1]) == 0)[None, :, None]
    if steps is not None:
        latest = last_valid(steps)[:, :, None]
        before, given = np.take_along_axis(known, latest, axis=1), latest == 0
    with np.errstate(invalid="ignore", over="ignore"):
        inputs = bounds.inputs(widened(x, bounds.wide), x_error)
        replayed = bounds.step(inputs, widened(before, bounds.wide), given=given)
    if steps is None:
        return replayed
    return Bounded(replayed.value, np.where(steps[:, :, None], replayed.bound, np.inf))


def last_valid(steps: Array) -> Array:
    """For each step the number of the last one taken before it, counted from 1; 0 where there is none."""
    numbers = np.where(steps, np.arange(1, steps.shape[1] + 1), 0)
    latest = np.maximum.accumulate(numbers, axis=1)
    return np.concatenate([np.zeros_like(latest[:, :1]), latest[:, :-1]], axis=1)


def replay_layer(
    layer: Layer,
    x: Array,
    h0: Array,
    sequence: Array,
    dtype: Any,
    x_error: Array | float = 0.0,
    steps: Array | None = None,
    quantised: Quantised | None = None,
) -> Bounded:
    """The residual check of a layer's sequence output (batch, time, directions·hidden).

    The backward direction is replayed from the end; its bound is returned in input order again.
    """
    H = layer.hidden_size
    forward = replay_cell(layer.forward, x, h0[0], sequence[..., :H], dtype, x_error, steps, quantised)
    if layer.backward is None:
        return forward
    turned = np.s_[:, ::-1]
    backward = replay_cell(
        layer.backward,
        x[turned],
        h0[1],
        sequence[..., H:][turned],
        dtype,
        x_error[turned] if isinstance(x_error, np.ndarray) else x_error,
        None if steps is None else steps[turned],
        quantised,
    )
    return join([forward, backward.at(turned)])


def bound_cell(
    cell: Cell,
    x: Bounded,
    h0: Array | Bounded,
    dtype: Any,
    steps: Array | None = None,
    quantised: Quantised | None = None,
) -> tuple[Bounded, Bounded]:
    """The forward bound of one direction (NUM-4): errors carried from step to step.

    At a masked time step the state stays, and so does its error.

    Args:
        h0: the initial state as it is handed over, or one that an earlier call left, with its bound.
        quantised: as of `StepBound`.

    Returns:
        All states (batch, time, hidden) and the last (batch, hidden), each with its bound.
    """
    bounds = StepBound(cell, dtype, quantised)
    inputs = bounds.inputs(x.value, x.bound)
    handed_over = not isinstance(h0, Bounded)
    h = h0 if isinstance(h0, Bounded) else Bounded(widened(h0, bounds.wide), np.zeros(h0.shape, bounds.wide))
    states = Bounded(np.empty_like(inputs.z), np.empty_like(inputs.z))
    given = None if steps is None else last_valid(steps) == 0
    for t in range(x.value.shape[1]):
        as_given = handed_over & (t == 0 if given is None else given[:, t, None])
        after = bounds.step(inputs.at(np.s_[:, t]), h.value, h.bound, as_given)
        if steps is not None:
            taken = steps[:, t, None]
            after = Bounded(np.where(taken, after.value, h.value), np.where(taken, after.bound, h.bound))
        h = after
        states.value[:, t], states.bound[:, t] = h.value, h.bound
    return states, h


def bound_layer(
    layer: Layer,
    x: Bounded,
    h0: Array | Bounded,
    dtype: Any,
    steps: Array | None = None,
    quantised: Quantised | None = None,
) -> tuple[Bounded, Bounded]:
    """The forward bound of a layer: sequence (batch, time, directions·hidden) and final states."""
    starts = [h0.at(d) if isinstance(h0, Bounded) else h0[d] for d in range(layer.directions)]
    states, final = bound_cell(layer.forward, x, starts[0], dtype, steps, quantised)
    if layer.backward is None:
        return states, final.at(None)
    turned = None if steps is None else steps[:, ::-1]
    backward, final_backward = bound_cell(
        layer.backward, x.at(np.s_[:, ::-1]), starts[1], dtype, turned, quantised
    )
    both = Bounded(
        np.stack([final.value, final_backward.value]), np.stack([final.bound, final_backward.bound])
    )
    return join([states, backward.at(np.s_[:, ::-1])]), both


def bound_layers(
    network: Network,
    x: Any,
    initial_states: Any = None,
    steps: Any = None,
    quantised: Quantised | None = None,
) -> tuple[list[Bounded], tuple[Bounded, ...]]:
    """The forward bound of every layer: the sequence outputs, bottom first, and the final states.

    Raises:
        BadInput: see `rnn_reference.network.checked_call`.
    """
    x, states = checked_call(network, x, initial_states)
    taken = checked_steps(x, steps)
    wide = reference_dtype(network.dtype)
    return bound_stack(network, Bounded(widened(x, wide), np.zeros(x.shape, wide)), states, taken, quantised)


def bound_stack(
    network: Network,
    x: Bounded,
    initial_states: Sequence[Array | Bounded],
    steps: Array | None = None,
    quantised: Quantised | None = None,
) -> tuple[list[Bounded], tuple[Bounded, ...]]:
    """As `bound_layers`, of arguments that are not checked and may have bounds of their own."""
    current, sequences, final_states = x, list[Bounded](), list[Bounded]()
    with np.errstate(invalid="ignore", over="ignore"):
        for layer, h0 in zip(network.layers, initial_states, strict=True):
            current, final = bound_layer(layer, current, h0, network.dtype, steps, quantised)
            sequences.append(current)
            final_states.append(final)
    return sequences, tuple(final_states)


def bound_network(
    network: Network,
    x: Any,
    initial_states: Any = None,
    steps: Any = None,
    quantised: Quantised | None = None,
) -> BoundedResult:
    """The reference result of a stack with the forward bound of every element (NUM-4).

    The bound grows with time. It is for what shows no sequence of states: last outputs, final states,
    upper layers.

    Args:
        x: (batch, time, input), of the network's dtype.
        initial_states: per layer (directions, batch, hidden); None for zeros.
        steps: which steps each row takes, booleans (batch, time); None for all.
        quantised: what weights, inputs and states are rounded to; None: to nothing.

    Raises:
        BadInput: see `rnn_reference.network.checked_call` and `checked_steps`.
    """
    sequences, final_states = bound_layers(network, x, initial_states, steps, quantised)
    return BoundedResult(sequences[-1], final_states)


def merge_bounds(mode: MergeMode, forward: Bounded, backward: Bounded, dtype: Any) -> Bounded:
    """Merged outputs with the bound that follows from those of their parts (MRG-1)."""
    value = merge_directions(mode, forward.value, backward.value)
    if mode in ("concat", "none"):
        return join([forward, backward])
    u = precision_of(np.dtype(dtype)).unit_roundoff + precision_of(value.dtype).unit_roundoff
    tiny = precision_of(np.dtype(dtype)).underflow
    if mode == "mul":
        error = np.abs(forward.value) * backward.bound + np.abs(backward.value) * forward.bound
        error = error + forward.bound * backward.bound
    else:
        error = (forward.bound + backward.bound) / (2 if mode == "ave" else 1)
    # The merged number is computed from numbers that are wrong by as much, and rounded; an average twice.
    return Bounded(value, error + 2 * u * (np.abs(value) + error) + tiny)


def join(parts: list[Bounded]) -> Bounded:
    """Side by side on the feature axis."""
    return Bounded(
        np.concatenate([part.value for part in parts], axis=-1),
        np.concatenate([part.bound for part in parts], axis=-1),
    )


def _times(error: Array | float, abs_W: Array) -> Array | float:
    """|W| e, or nothing where the error is the number 0."""
    return error @ abs_W.T if isinstance(error, np.ndarray) else 0.0
