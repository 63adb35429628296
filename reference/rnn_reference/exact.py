"""Numbers of 60 decimal digits, which every machine computes alike: what the reference's vectors are made of.

Floating-point results depend on the machine: `longdouble` is another type on each, and no two libraries
round tanh alike. Within `exact_numbers()` the reference computes in arrays of `Exact` instead, by the same
code: values, gradients and bounds. It is some hundred times slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = 60
"""Three times the digits that a float64 has, and some that may cancel."""

LIMIT = 10**6
"""Of exponents, far beyond those of any type."""

UNIT_ROUNDOFF = 10.0 ** (1 - DIGITS)

_COMPUTING: ContextVar[bool] = ContextVar("computing exactly", default=False)


def context_of(digits: int) -> Context:
    """Arithmetic of so many digits that raises nothing: ∞ − ∞ is NaN, as in floating point."""
    return Context(prec=digits, rounding=ROUND_HALF_EVEN, Emin=-LIMIT, Emax=LIMIT, traps=[])


ARITHMETIC = context_of(DIGITS)
ONE = Decimal(1)


class Exact:
    """A number of `DIGITS` digits, an infinity, or NaN; beside it integers, booleans and floats may stand."""

    __slots__ = ("number",)

    def __init__(self, number: Decimal) -> None:
        self.number = number

    def __float__(self) -> float:
        """The nearest float64."""
        return float(self.number)

    def __repr__(self) -> str:
        return f"Exact({self.number})"

    def __add__(self, other: Any) -> Exact:
        return Exact(ARITHMETIC.add(self.number, decimal_of(other)))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Exact:
        return Exact(ARITHMETIC.subtract(self.number, decimal_of(other)))

    def __rsub__(self, other: Any) -> Exact:
        return Exact(ARITHMETIC.subtract(decimal_of(other), self.number))

    def __mul__(self, other: Any) -> Exact:
        return Exact(ARITHMETIC.multiply(self.number, decimal_of(other)))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Exact:
        return Exact(ARITHMETIC.divide(self.number, decimal_of(other)))

    def __rtruediv__(self, other: Any) -> Exact:
        return Exact(ARITHMETIC.divide(decimal_of(other), self.number))

    def __pow__(self, other: Any) -> Exact:
        return Exact(ARITHMETIC.power(self.number, decimal_of(other)))

    def __neg__(self) -> Exact:
        return Exact(self.number.copy_negate())

    def __abs__(self) -> Exact:
        return Exact(self.number.copy_abs())

    def __eq__(self, other: object) -> bool:
        return self._is(other, lambda order: order == 0)

    def __lt__(self, other: Any) -> bool:
        return self._is(other, lambda order: order < 0)

    def __le__(self, other: Any) -> bool:
        return self._is(other, lambda order: order <= 0)

    def __gt__(self, other: Any) -> bool:
        return self._is(other, lambda order: order > 0)

    def __ge__(self, other: Any) -> bool:
        return self._is(other, lambda order: order >= 0)

    __hash__ = None  # type: ignore[assignment] # as Python has it for what is equal by value

    def _is(self, other: Any, wanted: Callable[[Decimal], bool]) -> bool:
        order = ARITHMETIC.compare(self.number, decimal_of(other))
        return not order.is_nan() and wanted(order)

    # NumPy calls these by the name of the function.

    def exp(self) -> Exact:
        """E to this power."""
        return Exact(ARITHMETIC.exp(self.number))

    def expm1(self) -> Exact:
        """E to this power, less 1."""
        wide = self._with_room()
        return Exact(ARITHMETIC.plus(wide.subtract(wide.exp(self.number), ONE)))

    def log1p(self) -> Exact:
        """The logarithm of 1 more than this."""
        wide = self._with_room()
        return Exact(ARITHMETIC.plus(wide.ln(wide.add(ONE, self.number))))

    def tanh(self) -> Exact:
        """The hyperbolic tangent."""
        wide = self._with_room()
        e = wide.exp(wide.multiply(self.number.copy_abs(), Decimal(-2)))
        tanh = wide.divide(wide.subtract(ONE, e), wide.add(ONE, e))
        return Exact(ARITHMETIC.plus(tanh.copy_sign(self.number)))

    def _with_room(self) -> Context:
        """Arithmetic in which as many digits are left after what is near 1 has been taken from 1."""
        number = self.number
        lost = -number.adjusted() if number.is_finite() and number else 0
        return context_of(DIGITS + max(lost, 0) + 2)


def decimal_of(number: Any) -> Decimal:
    """The very number that an `Exact`, a float or an integer stands for."""
    if type(number) is Exact:
        return number.number
    return Decimal(number) if isinstance(number, int) else Decimal(float(number))


def exact_array(array: NDArray[Any]) -> NDArray[Any]:
    """An array of `Exact`, each the very number that stands there, which may be an `Exact` already."""
    made = np.empty(array.shape, object)
    made.ravel()[:] = [
        number if type(number) is Exact else Exact(decimal_of(number)) for number in array.flat
    ]
    return made


@contextmanager
def exact_numbers() -> Iterator[None]:
    """Let the reference compute in `Exact` meanwhile; its arguments are floating-point arrays as ever."""
    token = _COMPUTING.set(True)
    try:
        yield
    finally:
        _COMPUTING.reset(token)


def computing_exactly() -> bool:
    """Whether the reference computes in `Exact` now."""
    return _COMPUTING.get()
