"""Plain gradient descent, and how far a correct step of it may be from the reference's.

The derivation is the spec's chapter on training. The loss is linear in the outputs, ℓ = Σ d · h, so that d
is the cotangent of the sequence output.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_reference.bounds import Bounded, bound_network
from rnn_reference.gradient_bounds import Arithmetic, BoundedGradients, bound_gradients
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import widened

ROLES = ("W_x", "W_h", "b", "b_h")

REPORTING = 3
"""The roundings of a loss on its way to whoever reads it: times rows, summed, over all rows."""


def gradient_descent(
    network: Network, x: Any, initial_states: Any, d_sequence: Any, rate: float, steps: Any = None
) -> tuple[dict[str, Bounded], ...]:
    """For each cell its weights after one step, W − η ∂ℓ/∂W, each with its bound, by role.

    Args:
        network, x, initial_states, steps: as for `gradients.backpropagate`.
        d_sequence: d, (batch, time, directions·hidden).
        rate: η.

    Raises:
        BadInput: see `gradients.backpropagate`.
    """
    return descended(network, bound_gradients(network, x, initial_states, d_sequence, None, steps), rate)


def descended(network: Network, gradients: BoundedGradients, rate: float) -> tuple[dict[str, Bounded], ...]:
    """For each cell W − η ∂ℓ/∂W of given gradients, in the type of the weights.

    Under mixed precision the gradients are those of the network in the type that is computed in.
    """
    arithmetic = Arithmetic(network.dtype)

    def after(weight: Array, gradient: Bounded) -> Bounded:
        wide = gradient.value.dtype
        zero = np.zeros(weight.shape, wide)
        change = arithmetic.multiply(Bounded(zero - rate, zero), gradient)
        return arithmetic.add(Bounded(widened(weight, wide), zero), change)

    return tuple(
        {
            role: after(weight, getattr(of_cell, role))
            for role in ROLES
            if (weight := getattr(cell, role)) is not None
        }
        for cell, of_cell in zip(network.cells, gradients.cells, strict=True)
    )


def bound_loss(
    network: Network,
    x: Any,
    initial_states: Any,
    d_sequence: Array,
    steps: Any = None,
    dtype: Any = None,
) -> Bounded:
    """ℓ = Σ d · h, a sum in any order of outputs that are within their forward bound; without axes.

    Args:
        network, x, initial_states, steps: as for `bound_network`.
        d_sequence: d, zero at masked time steps.
        dtype: the type that outputs are converted to and summed in, one that holds d exactly; None: theirs.

    Raises:
        BadInput: see `bound_network`.
    """
    return loss_of(
        bound_network(network, x, initial_states, steps).sequence, network.dtype, d_sequence, dtype
    )


def loss_of(h: Bounded, computed_in: Any, d_sequence: Array, dtype: Any = None) -> Bounded:
    """The same of given outputs, of two directions that are merged as they are then.

    Args:
        computed_in: their type.
    """
    arithmetic = Arithmetic(computed_in if dtype is None else np.dtype(dtype))
    d = widened(d_sequence, h.value.dtype)
    counted = d != 0
    converted = arithmetic.u > Arithmetic(computed_in).u  # each output is rounded once more
    terms = int(np.count_nonzero(counted)) + REPORTING + converted
    abs_d, error = np.abs(d[counted]), h.bound[counted]
    abs_h = np.abs(h.value[counted]) + error
    flushed = arithmetic.tiny * (terms + abs_d.sum() + abs_h.sum())
    bound = (abs_d * error).sum() + arithmetic.gamma(terms) * (abs_d * abs_h).sum() + flushed
    return Bounded(np.asarray((d[counted] * h.value[counted]).sum()), np.asarray(bound))


def with_weights(network: Network, weights: tuple[dict[str, Array], ...]) -> Network:
    """The network with other weights: for each cell those named, and none else."""
    cells = iter(
        Cell(**of_cell, activation=cell.activation)
        for cell, of_cell in zip(network.cells, weights, strict=True)
    )
    return Network(Layer(*(next(cells) for _ in layer.cells)) for layer in network.layers)
