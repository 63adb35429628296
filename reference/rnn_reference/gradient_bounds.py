"""How far a correct gradient may be from the reference's: the running analysis, backwards in time.

The derivation is the spec's chapter on gradients. Symbols are those of `bounds` and `gradients`; e_v is the
bound of a quantity v.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnn_reference.activations import phi
from rnn_reference.bounds import Bounded, bound_layers, gamma
from rnn_reference.gradients import derivative, parted_gradient
from rnn_reference.network import (
    Array,
    Cell,
    Layer,
    MergeMode,
    Network,
    checked_array,
    checked_call,
    checked_steps,
)
from rnn_reference.precision import NARROW, precision_of, reference_dtype, summed_in, widened


class BoundedCellGradients(NamedTuple):
    """As `gradients.CellGradients`, each with its bound."""

    W_x: Bounded
    W_h: Bounded
    b: Bounded | None = None
    b_h: Bounded | None = None


class BoundedGradients(NamedTuple):
    """As `gradients.Gradients`, each with its bound."""

    x: Bounded
    initial_states: tuple[Bounded, ...]
    cells: tuple[BoundedCellGradients, ...]


class Arithmetic:
    """Sums and products of bounded quantities, computed in `dtype` by anyone and in the wider type by us.

    In a narrow type products of matrices are summed in float32 and rounded (DTY-3), and so is all else.
    """

    def __init__(self, dtype: Any) -> None:
        kept, summed = precision_of(np.dtype(dtype)), precision_of(summed_in(dtype))
        reference = precision_of(reference_dtype(dtype))
        self.u = kept.unit_roundoff + reference.unit_roundoff
        self.units = (summed.unit_roundoff, reference.unit_roundoff)
        self.narrow = kept.unit_roundoff if np.dtype(dtype) in NARROW else 0.0
        self.tiny = kept.underflow

    def gamma(self, terms: int, rounded: int = 1) -> float:
        """γ_N of the computation and of the reference.

        Args:
            rounded: how often what is summed may be rounded to a narrow type.
        """
        return sum(gamma(terms, u) for u in self.units) + gamma(rounded, self.narrow)

    def sum(self, *terms: Bounded) -> Bounded:
        """The sum in any order, each term of which passes through all of its roundings."""
        error: Array = sum(term.bound for term in terms[1:]) + terms[0].bound
        size = sum(np.abs(term.value) for term in terms) + error
        value: Array = sum(term.value for term in terms[1:]) + terms[0].value
        return Bounded(value, error + len(terms) * self.u * size + self.tiny)

    def add(self, p: Bounded, q: Bounded) -> Bounded:
        """P + q: errors add, and the sum is rounded."""
        value, error = p.value + q.value, p.bound + q.bound
        return Bounded(value, error + self.u * (np.abs(value) + error))

    def multiply(self, p: Bounded, q: Bounded, roundings: int = 1) -> Bounded:
        """P ⊙ q."""
        error = np.abs(p.value) * q.bound + np.abs(q.value) * p.bound + p.bound * q.bound
        value = p.value * q.value
        return Bounded(value, error + roundings * self.u * (np.abs(value) + error) + self.tiny)

    def apply(self, a: Bounded, W: Array, abs_W: Array) -> Bounded:
        """Wᵀ a for every row: a sum of as many terms as W has rows."""
        terms = W.shape[0] + 1
        size = np.abs(a.value) + a.bound
        flushed = self.tiny * (terms + abs_W.sum(axis=0) + size.sum(axis=-1, keepdims=True))
        return Bounded(a.value @ W, (a.bound + self.gamma(terms) * size) @ abs_W + flushed)

    def linear(self, products: list[tuple[Bounded, Array]], b: Array) -> Bounded:
        """Σ W v + b over several products, as one sum in any order."""
        terms = sum(W.shape[1] for _, W in products) + 3
        value, size, error, flushed = b, np.abs(b), 0 * b, self.tiny * terms
        for v, W in products:
            abs_W = np.abs(W)
            value, error = value + v.value @ W.T, error + v.bound @ abs_W.T
            size = size + (np.abs(v.value) + v.bound) @ abs_W.T
            flushed = flushed + self.tiny * (abs_W.sum(axis=1) + size_of(v))
        return Bounded(value, error + self.gamma(terms, len(products) + 3) * size + flushed)

    def collect(self, a: Bounded, v: Bounded, times: int = 1) -> Bounded:
        """Σ a vᵀ over rows and steps: a sum of batch · time terms, or of several times as many."""

        def total(p: Array, q: Array) -> Array:
            summed: Array = np.einsum("bth,btk->hk", p, q)
            return summed

        B, T, _ = a.value.shape
        terms, rounded = times * B * T + 1, times * (B + T) + 1
        abs_a, abs_v = np.abs(a.value), np.abs(v.value)
        error = total(abs_a, v.bound) + total(a.bound, abs_v) + total(a.bound, v.bound)
        size = total(abs_a, abs_v) + error
        flushed = self.tiny * (terms + abs_a.sum() + abs_v.sum())
        return Bounded(total(a.value, v.value), error + self.gamma(terms, rounded) * size + flushed)


def size_of(a: Bounded) -> Array:
    """Σ |a| of every row."""
    total: Array = (np.abs(a.value) + a.bound).sum(axis=-1, keepdims=True)
    return total


def bounded_derivative(cell: Cell, h: Bounded, z: Array, arithmetic: Arithmetic) -> Bounded:
    """φ'(z). For tanh from h: 1 − h², however it is multiplied out, in three roundings.

    The others' may be computed from h or from z, as exactly as φ itself. At a kink the derivative jumps, and
    which side of it an implementation is on is unknown where z is closer to it than its error. That is at
    most the error of h divided by the slope on the steeper side, as h has that error where a kink is near.
    """
    of = phi(cell.activation)
    value = derivative(cell.activation, h.value)
    turn = 2 * np.abs(h.value) if cell.activation.name == "tanh" else of.turn
    smooth = turn * h.bound + of.turning * h.bound**2 + of.slope_accuracy * arithmetic.u
    smooth = smooth + arithmetic.tiny * of.parameters  # one that is flushed to zero
    return Bounded(value, smooth + of.jump(z, lambda kink: h.bound / kink.steeper))


def bounded_bend(cell: Cell, h: Bounded, z: Array, arithmetic: Arithmetic) -> Bounded:
    """φ''(z), as `bounded_derivative` has φ'(z); where φ' jumps, φ'' is taken as 0."""
    of = phi(cell.activation)
    smooth = of.bend_turn * h.bound + of.bend_turning * h.bound**2 + of.bend_accuracy * arithmetic.u
    smooth = smooth + arithmetic.tiny * of.parameters
    kink = of.bend_kink
    near = 0 if kink is None else np.where(np.abs(z - kink.z) <= h.bound / kink.steeper, kink.jump, 0)
    return Bounded(of.second_derivative(h.value), smooth + near)


def bound_cell_gradients(
    cell: Cell,
    x: Bounded,
    h0: Array,
    states: Bounded,
    g: Bounded,
    g_final: Bounded,
    arithmetic: Arithmetic,
    steps: Array | None,
) -> tuple[BoundedCellGradients, Bounded, Bounded]:
    """As `gradients.backpropagate_cell`, with bounds; `cell` is of the wider type."""
    start = Bounded(h0[:, None], np.zeros_like(h0[:, None]))
    known = Bounded(
        np.concatenate([start.value, states.value], axis=1),
        np.concatenate([start.bound, states.bound], axis=1),
    )
    before = known.at(np.s_[:, :-1])
    if steps is not None:  # 0 · NaN would be NaN
        x = Bounded(np.where(steps[:, :, None], x.value, 0), np.where(steps[:, :, None], x.bound, 0))
    z = x.value @ cell.W_x.T + before.value @ cell.W_h.T + cell.bias
    a = Bounded(np.zeros_like(states.value), np.zeros_like(states.value))
    slopes = bounded_derivative(cell, states, z, arithmetic)
    abs_W_h, s = np.abs(cell.W_h), g_final
    for t in reversed(range(x.value.shape[1])):
        now = np.s_[:, t]
        s = arithmetic.add(s, g.at(now))
        a_t = arithmetic.multiply(slopes.at(now), s)
        through = arithmetic.apply(a_t, cell.W_h, abs_W_h)
        if steps is not None:
            taken = steps[:, t, None]
            a_t = Bounded(a_t.value * taken, a_t.bound * taken)
            through = Bounded(
                np.where(taken, through.value, s.value), np.where(taken, through.bound, s.bound)
            )
        a.value[now], a.bound[now], s = a_t.value, a_t.bound, through
    ones = np.ones((*a.value.shape[:2], 1), a.value.dtype)
    db = arithmetic.collect(a, Bounded(ones, 0 * ones)).at(np.s_[:, 0])
    weights = BoundedCellGradients(
        arithmetic.collect(a, x),
        arithmetic.collect(a, before),
        None if cell.b is None else db,
        None if cell.b_h is None else db,
    )
    return weights, arithmetic.apply(a, cell.W_x, np.abs(cell.W_x)), s


def bound_layer_gradients(
    layer: Layer,
    x: Bounded,
    h0: Array,
    sequence: Bounded,
    g: Bounded,
    g_final: Bounded,
    arithmetic: Arithmetic,
    steps: Array | None,
) -> tuple[list[BoundedCellGradients], Bounded, Bounded]:
    """As `gradients.backpropagate_layer`, with bounds."""
    H = layer.hidden_size
    first, second, turned = np.s_[..., :H], np.s_[..., H:], np.s_[:, ::-1]
    weights, dx, dh0 = bound_cell_gradients(
        layer.forward, x, h0[0], sequence.at(first), g.at(first), g_final.at(0), arithmetic, steps
    )
    if layer.backward is None:
        return [weights], dx, dh0.at(None)
    weights_b, dx_b, dh0_b = bound_cell_gradients(
        layer.backward,
        x.at(turned),
        h0[1],
        sequence.at(second).at(turned),
        g.at(second).at(turned),
        g_final.at(1),
        arithmetic,
        None if steps is None else steps[turned],
    )
    both = Bounded(np.stack([dh0.value, dh0_b.value]), np.stack([dh0.bound, dh0_b.bound]))
    return [weights, weights_b], arithmetic.add(dx, dx_b.at(turned)), both


def bound_parted_gradient(mode: MergeMode, g: Array, both: Bounded, dtype: Any) -> Bounded:
    """As `gradients.parted_gradient`, from the outputs of both directions side by side."""
    if mode in ("concat", "none"):
        return Bounded(g, np.zeros_like(g))
    H = g.shape[-1]
    forward, backward = both.at(np.s_[..., :H]), both.at(np.s_[..., H:])
    value, arithmetic = parted_gradient(mode, g, forward.value, backward.value), Arithmetic(dtype)
    wrong = parted_gradient(mode, np.abs(g), forward.bound, backward.bound) if mode == "mul" else 0
    return Bounded(value, wrong + arithmetic.u * (np.abs(value) + wrong) + arithmetic.tiny)


def bound_gradients(
    network: Network,
    x: Any,
    initial_states: Any = None,
    d_sequence: Any = None,
    d_final_states: Any = None,
    steps: Any = None,
) -> BoundedGradients:
    """The reference gradients, each with the bound of every element (GRD).

    Args:
        network, x, initial_states, d_sequence, d_final_states, steps: as for `gradients.backpropagate`;
            cotangents of the sequence output may have bounds of their own.

    Raises:
        BadInput: see `gradients.backpropagate`.
    """
    x, states = checked_call(network, x, initial_states)
    _, g_final = checked_call(network, x, d_final_states)
    taken = checked_steps(x, steps)
    wide, arithmetic = reference_dtype(network.dtype), Arithmetic(network.dtype)

    def exact(array: Array) -> Bounded:
        return Bounded(widened(array, wide), np.zeros(array.shape, wide))

    g = exact(np.zeros((*x.shape[:2], network.output_size), network.dtype))
    if isinstance(d_sequence, Bounded):
        g = d_sequence
    elif d_sequence is not None:
        g = exact(checked_array("d_sequence", d_sequence, shape=g.value.shape, dtype=network.dtype))
    sequences, _ = bound_layers(network, x, states, taken)
    inputs = [exact(x), *sequences[:-1]]
    wider = network.astype(wide)
    cells: list[BoundedCellGradients] = []
    dh0: list[Bounded] = []
    for index in reversed(range(network.num_layers)):
        weights, g, d_state = bound_layer_gradients(
            wider.layers[index],
            inputs[index],
            widened(states[index], wide),
            sequences[index],
            g,
            exact(g_final[index]),
            arithmetic,
            taken,
        )
        cells, dh0 = weights + cells, [d_state, *dh0]
    return BoundedGradients(g, tuple(dh0), tuple(cells))
