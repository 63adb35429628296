"""A sharper forward bound: products of Jacobians, in which signs may cancel, for products of absolute values.

The spec's chapter on numerics has the derivation. With J_t = D_t W_h, D_t = diag φ'(z_t), errors obey

    ε_t = J_t ε_{t−1} + r_t,   |r_t| ≤ ρ_t,   so   |ε_t| ≤ Σ_s |J_t J_{t−1} … J_{s+1}| ρ_s

where ρ_t holds what the step itself may add and what the derivative may be wrong by, w_t.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_reference.bounds import Bounded, StepBound, bound_cell, gamma
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Cell
from rnn_reference.precision import NARROW, precision_of, widened


def sharp_bound_cell(
    cell: Cell, x: Bounded, h0: Array, dtype: Any, steps: Array | None = None
) -> tuple[Bounded, Bounded]:
    """As `bounds.bound_cell`, never wider, and of use for longer; it costs T² H³ for each row.

    Args:
        cell, x, h0, dtype, steps: as there.

    Raises:
        BadInput: `dtype` is a narrow type, whose own roundings are not in this derivation.
    """
    if np.dtype(dtype) in NARROW:
        raise BadInput(f"dtype: expected float32 or float64; got {np.dtype(dtype)}")
    simple, _ = bound_cell(cell, x, h0, dtype, steps)
    bounds, reference = StepBound(cell, dtype), precision_of(simple.value.dtype)
    wide = bounds.cell
    B, T, H = simple.value.shape
    before = np.concatenate([widened(h0, bounds.wide)[:, None], simple.value[:, :-1]], axis=1)
    from_inputs = bounds.inputs(x.value, x.bound)
    z = from_inputs.z + before @ wide.W_h.T
    from_x = x.bound @ bounds.abs_W_x.T
    sharp = np.empty_like(simple.bound)
    error = np.zeros((B, H), bounds.wide)  # the bound of the state so far
    added = np.zeros((B, 0, H), bounds.wide)  # ρ_s of every step so far
    products = np.zeros((B, 0, H, H), bounds.wide)  # J_t … J_{s+1} of every step so far
    absolute = np.zeros((B, H), bounds.wide)  # the same with absolute values, applied to ρ and summed
    for t in range(T):
        taken = np.ones((B, 1), bool) if steps is None else steps[:, t, None]
        abs_h = np.abs(before[:, t]) + error
        terms = from_inputs.terms[:, t] + abs_h @ bounds.abs_W_h.T
        flushed = bounds.underflow * (
            bounds.flushed_weights
            + abs_h.sum(axis=-1, keepdims=True)
            + (np.abs(x.value) + x.bound)[:, t].sum(axis=-1, keepdims=True)
        )
        rounding = bounds.gamma * terms + flushed
        entered = error @ bounds.abs_W_h.T + from_x[:, t]
        slope, wrong, own = _slope(bounds, z[:, t], simple.value[:, t], entered + rounding, rounding)
        rho = own + wrong * entered + slope * from_x[:, t]
        jacobian = slope[:, :, None] * wide.W_h
        products = np.where(taken[:, None, None], jacobian[:, None] @ products, products)
        products = np.concatenate([products, np.broadcast_to(np.eye(H), (B, 1, H, H))], axis=1)
        added = np.concatenate([added, np.where(taken, rho, 0)[:, None]], axis=1)
        absolute = np.where(taken, absolute @ bounds.abs_W_h.T * slope + rho, absolute)
        # The products themselves are rounded, by this share of what absolute values would have given.
        of_products = gamma((H + 2) * (t + 1), reference.unit_roundoff) * absolute
        total = np.einsum("bshk,bsk->bh", np.abs(products), added) + of_products
        # Overflow leaves no claim in either.
        error = np.fmin(simple.bound[:, t], np.where(np.isfinite(total), total, np.inf))
        sharp[:, t] = error
    states = Bounded(simple.value, sharp)
    last = widened(h0, bounds.wide) if not T else simple.value[:, -1]
    return states, Bounded(last, error)


def _slope(
    bounds: StepBound, z: Array, h: Array, delta: Array, rounding: Array
) -> tuple[Array, Array, Array]:
    """φ'(z); how far it may be from that anywhere within δ; and what the step itself adds to the error."""
    of = bounds.phi
    slope, entering = of.derivative(h), bounds.entering(z, delta)
    rounding = rounding + (entering - delta)
    change = of.largest_slope * entering
    own = bounds.accuracy(np.abs(h) + change) + bounds.flushed_parameters(z, delta)
    wrong = of.jump(z, lambda kink: entering)  # within δ of a kink the slope is not known
    if of.bend:
        wrong = wrong + of.bend * entering + 4 * of.largest_slope * bounds.unit_roundoff
    wrong = np.minimum(wrong, of.largest_slope)
    return slope, wrong, np.minimum(slope + wrong, of.steepest(z, entering)) * rounding + own
