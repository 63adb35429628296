"""Faults that the clauses of chapter EXA must catch."""

from __future__ import annotations

import numpy as np

from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.activations import Activation
from rnn_reference.network import Array, Cell


def rounded_to_bits(array: Array, bits: int) -> Array:
    """The numbers with this many significant bits."""
    mantissa, exponent = np.frexp(array)
    rounded: Array = np.ldexp(np.round(mantissa * 2**bits) / 2**bits, exponent).astype(array.dtype)
    return rounded


@fault("products-in-tf32", "EXA-1")
class ProductsInTf32(Fault):
    """Multiplies numbers of 11 significant bits, as tensor cores do."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(cell, rounded_to_bits(x_t, 11), rounded_to_bits(h, 11))


@fault("state-in-bfloat16", "EXA-1")
class StateInBfloat16(Fault):
    """Stores the state with 8 significant bits."""

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return rounded_to_bits(super().step(cell, x_t, h), 8)


@fault("tanh-by-table", "EXA-2")
class TanhByTable(Fault):
    """Rounds tanh to one of 2¹⁹ values."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        return h if activation.name != "tanh" else np.asarray(np.round(h * 2**18) / 2**18, h.dtype)
