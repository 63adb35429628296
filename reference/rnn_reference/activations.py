"""The activations φ: their values, their derivatives, and what the bounds need to know of them.

The spec's chapter on activations has the formulas and where the constants come from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from numbers import Real
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from rnn_reference.errors import BadInput
from rnn_reference.precision import widened

Array: TypeAlias = NDArray[Any]

ActivationName: TypeAlias = Literal[
    "tanh",
    "relu",
    "sigmoid",
    "linear",
    "softsign",
    "softplus",
    "elu",
    "leaky_relu",
    "hard_sigmoid",
    "affine",
    "scaled_tanh",
]

ACTIVATIONS: tuple[ActivationName, ...] = get_args(ActivationName)

DEFAULTS: Mapping[ActivationName, Mapping[str, float]] = MappingProxyType(
    {
        "elu": {"alpha": 1.0},
        "leaky_relu": {"alpha": 0.01},
        "hard_sigmoid": {"alpha": 0.2, "beta": 0.5},
        "affine": {"alpha": 1.0, "beta": 0.0},
        "scaled_tanh": {"alpha": 1.0, "beta": 1.0},
    }
)
"""The parameters of each activation that has some, and what they are if nothing else is said."""

POSITIVE = frozenset(
    {("hard_sigmoid", "alpha"), ("affine", "alpha")} | {("scaled_tanh", p) for p in ("alpha", "beta")}
)
"""Parameters with which φ would be constant if they were 0."""

SIGNED = frozenset({("hard_sigmoid", "beta"), ("affine", "beta")})
"""Parameters that only shift φ; a negative value of any other would make it fall."""


@dataclass(frozen=True)
class Activation:
    """φ: a name and its parameters. Hashable; equal if both are.

    Args:
        name: one of `ACTIVATIONS`.
        alpha, beta: the parameters, for the activations in `DEFAULTS` that have them; None for the default.
            Only those under which φ never falls, as the bounds need it to be monotone.

    Raises:
        BadInput: no such name, a parameter that the activation does not have, or a value that it cannot take.
    """

    name: ActivationName
    alpha: float | None = None
    beta: float | None = None

    def __post_init__(self) -> None:
        if self.name not in ACTIVATIONS:
            raise BadInput(f"Activation.name: expected one of {', '.join(ACTIVATIONS)}; got {self.name!r}")
        defaults = DEFAULTS.get(self.name, {})
        for parameter in ("alpha", "beta"):
            value = getattr(self, parameter)
            if parameter in defaults:
                value = defaults[parameter] if value is None else self._checked(parameter, value)
                object.__setattr__(self, parameter, value)
            elif value is not None:
                known = ", ".join(defaults) or "no parameters"
                raise BadInput(f"Activation.{parameter}: expected {known} of {self.name}; got {value!r}")

    def _checked(self, parameter: str, value: Any) -> float:
        which = (self.name, parameter)
        expected = "a finite number"
        if which not in SIGNED:
            expected += " above 0" if which in POSITIVE else ", at least 0"
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
        low = -math.inf if which in SIGNED else 0.0
        if not math.isfinite(number) or number < low or (number == 0 and which in POSITIVE):
            raise BadInput(f"Activation.{parameter}: expected {expected} for {self.name}; got {value!r}")
        return number + 0.0  # no −0

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters that there are, by name."""
        return {name: getattr(self, name) for name in DEFAULTS.get(self.name, {})}

    def __str__(self) -> str:
        """Its name, and all of its parameters where one is not the default: `elu`, `elu(alpha=0.5)`."""
        parameters = self.parameters
        if parameters == dict(DEFAULTS.get(self.name, {})):
            return self.name
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in parameters.items())})"

    @staticmethod
    def parse(text: str, argument: str = "activation") -> Activation:
        """The activation that `str` wrote so.

        Args:
            argument: what the text was given as, for the message.

        Raises:
            BadInput: it is not of the form `name` or `name(alpha=0.5)`, or see `Activation`.
        """
        found = re.fullmatch(r"(\w+)(?:\(([^()]*)\))?", text) if isinstance(text, str) else None
        if found is None or found[1] not in ACTIVATIONS:
            raise BadInput(f"{argument}: expected one of {', '.join(ACTIVATIONS)}; got {text!r}")
        name = next(known for known in ACTIVATIONS if known == found[1])
        parameters: dict[str, float] = {}
        for part in found[2].split(",") if found[2] is not None else ():
            parameter, _, value = (piece.strip() for piece in part.partition("="))
            try:
                number = float(value)
            except ValueError:
                number = math.nan
            if (
                parameter not in DEFAULTS.get(name, {})
                or parameter in parameters
                or not math.isfinite(number)
            ):
                form = ", ".join(f"{known}=number" for known in DEFAULTS.get(name, {})) or "no parameters"
                raise BadInput(f"{argument}: expected {form} for {name}; got {text!r}")
            parameters[parameter] = number
        try:
            return Activation(name, **parameters)
        except BadInput as error:
            raise BadInput(f"{argument}: {error}") from None


class Kink(NamedTuple):
    """A place where φ' jumps."""

    z: float
    jump: float  # by how much
    steeper: float  # the slope on its steeper side


@dataclass(frozen=True)
class Inexactness:
    """How far a computed φ(z) is said to be from it, where that is more than `Phi.accuracy`.

    Args:
        units: in units of u and of max(1, |h|), as `Phi.accuracy`.
        beyond: from which |h| on.
    """

    units: float
    beyond: float = 0.0


@dataclass(frozen=True)
class Phi:
    """What one activation computes, and what the bounds need to know of it; all of them are monotone.

    Args:
        value: φ(z).
        derivative: φ'(z), from h = φ(z).
        second_derivative: φ''(z), from h; 0 at a kink.
        steepest: the largest φ' anywhere within δ of z, from z and δ.
        bend: the largest |φ''| away from kinks: how fast the derivative changes.
        turn: the largest |dφ'/dh| away from kinks, the derivative as a function of h.
        turning: half the largest |d²φ'/dh²|.
        bend_turn: the largest |dφ''/dh|, the second derivative as a function of h.
        bend_turning: half the largest |d²φ''/dh²|, and a sixth of |d³φ''/dh³|, for errors below 1/2.
        bend_accuracy: how far a computed φ'' may be from it, in units of u.
        bend_kink: where φ'' jumps and φ' does not.
        accuracy: how far, in units of u and of max(1, |h|), a computed φ(z) may be from it before what is
            counted below; 0: not at all.
        inexact: where it is said to be less exact than that (`inexact`).
        slope_accuracy: the same of the derivative, in units of u.
        largest_slope: the largest φ' of all.
        kinks: where φ' jumps.
        before: roundings of α z and of α z + β, the first things that φ does with z, parameters included.
        shift: |β / α|: what is added there, in units of z.
        after: roundings of the last thing that it does: the product with α, which is rounded, too.
        parameters: the sum of the parameters' absolute values.
    """

    value: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    second_derivative: Callable[[Array], Array]
    steepest: Callable[[Array, Array], Array]
    bend: float = 0.0
    turn: float = 0.0
    turning: float = 0.0
    bend_turn: float = 0.0
    bend_turning: float = 0.0
    bend_accuracy: float = 0.0
    bend_kink: Kink | None = None
    accuracy: float = 0.0
    inexact: Inexactness | None = None
    slope_accuracy: float = 0.0
    largest_slope: float = 1.0
    kinks: tuple[Kink, ...] = ()
    before: int = 0
    shift: float = 0.0
    after: int = 0
    parameters: float = 0.0

    def units(self, size: Array) -> Array | float:
        """By how many u max(1, |h|) a computed φ may be off, of an |h| of up to this size."""
        said = self.inexact
        return self.accuracy if said is None else np.where(size >= said.beyond, said.units, self.accuracy)

    def jump(self, z: Array, reach: Callable[[Kink], Array | float]) -> Array:
        """By how much φ' may jump within `reach`, which may depend on the kink, of z."""
        jumps: Array = np.zeros_like(z)
        for kink in self.kinks:
            jumps = jumps + np.where(np.abs(z - kink.z) <= reach(kink), kink.jump, 0)
        return jumps


ACTIVATION_ACCURACY = 12
"""C. Float32 activations of the frameworks measured lie between 0.5 u and 7.4 u (the spec's NUM-1)."""

ROUNDED = 4
"""How often a number may be rounded to a narrow type within φ (the spec's ACT-17)."""


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^−z), by the exponential that cannot overflow."""
    e = np.exp(-np.abs(z))
    value: Array = np.where(z >= 0, 1, e) / (1 + e)
    return value


def nearest_to_zero(z: Array, delta: Array) -> Array:
    """The smallest absolute value within δ of z."""
    return widened(np.maximum(np.abs(z) - delta, 0), z.dtype)


def negative_part(z: Array) -> Array:
    """Z, and 0 where it is above 0, of z's own kind of numbers."""
    part: Array = (z - np.abs(z)) / 2
    return part


TANH = Phi(
    np.tanh,
    lambda h: 1 - h * h,
    lambda h: -2 * h * (1 - h * h),
    lambda z, delta: 1 - np.tanh(nearest_to_zero(z, delta)) ** 2,
    bend=4 / 27**0.5,
    turn=2,
    turning=1,
    bend_turn=4,
    bend_turning=8,
    bend_accuracy=8,
    accuracy=ACTIVATION_ACCURACY,
    slope_accuracy=3,
)
RELU = Phi(
    lambda z: np.where(z <= 0, 0, z),  # NaN stays
    lambda h: np.asarray(h > 0, h.dtype),
    np.zeros_like,
    lambda z, delta: np.asarray(z + delta > 0, z.dtype),
    kinks=(Kink(0.0, jump=1.0, steeper=1.0),),
)
SIGMOID = Phi(
    sigmoid,
    lambda h: h * (1 - h),
    lambda h: h * (1 - h) * (1 - 2 * h),
    lambda z, delta: sigmoid(nearest_to_zero(z, delta)) * sigmoid(-nearest_to_zero(z, delta)),
    bend=1 / 108**0.5,
    turn=1,
    turning=1,
    bend_turn=1,
    bend_turning=5,
    bend_accuracy=ACTIVATION_ACCURACY,
    accuracy=ACTIVATION_ACCURACY,
    slope_accuracy=ACTIVATION_ACCURACY,
)
LINEAR = Phi(lambda z: z.copy(), np.ones_like, np.zeros_like, lambda z, delta: np.ones_like(z))
SOFTSIGN = Phi(
    lambda z: z / (1 + np.abs(z)),
    lambda h: (1 - np.abs(h)) ** 2,
    lambda h: -2 * np.sign(h) * (1 - np.abs(h)) ** 3,
    lambda z, delta: (1 + nearest_to_zero(z, delta)) ** -2.0,
    bend=2,
    turn=2,
    turning=1,
    bend_turn=6,
    bend_turning=8,
    bend_accuracy=2 * ACTIVATION_ACCURACY,
    bend_kink=Kink(0.0, jump=4.0, steeper=1.0),
    accuracy=ACTIVATION_ACCURACY,
    slope_accuracy=ACTIVATION_ACCURACY,
)
SOFTPLUS = Phi(
    lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))),
    lambda h: -np.expm1(-h),
    lambda h: -np.exp(-h) * np.expm1(-h),
    lambda z, delta: sigmoid(z + delta),
    bend=1 / 4,
    turn=1,
    turning=1,
    bend_turn=1,
    bend_turning=6,
    bend_accuracy=ACTIVATION_ACCURACY,
    accuracy=ACTIVATION_ACCURACY,
    slope_accuracy=ACTIVATION_ACCURACY,
)


def jump_to_one(alpha: float) -> float:
    """|1 − α|, rounded up: in long doubles it may be a little more."""
    return math.nextafter(abs(1 - alpha), math.inf)


def elu(alpha: float) -> Phi:
    """Z above 0, α (e^z − 1) elsewhere. With α = 1 there is no kink and nothing to multiply."""

    def steepest(z: Array, delta: Array) -> Array:
        slope: Array = alpha * np.exp(negative_part(z + delta))
        return np.where(z + delta < 0, slope, np.where(z - delta > 0, 1, max(alpha, 1)))

    multiplied = alpha != 1
    return Phi(
        lambda z: np.where(z > 0, z, alpha * np.expm1(negative_part(z))),
        lambda h: np.where(h > 0, 1, h + alpha),
        lambda h: np.where(h > 0, 0, h + alpha),
        steepest,
        bend=alpha,
        turn=1,
        turning=0 if multiplied else 1,
        bend_turn=1,
        bend_accuracy=alpha * (ACTIVATION_ACCURACY + (3 if multiplied else 0)),
        bend_kink=Kink(0.0, alpha, max(alpha, 1)),
        accuracy=alpha * ACTIVATION_ACCURACY,
        slope_accuracy=alpha * (ACTIVATION_ACCURACY + (3 if multiplied else 0)),
        largest_slope=max(alpha, 1),
        kinks=(Kink(0.0, jump_to_one(alpha), max(alpha, 1)),) if multiplied else (),
        after=2 if multiplied else 0,
        parameters=alpha,
    )


def leaky_relu(alpha: float) -> Phi:
    """Z above 0, α z elsewhere."""
    steeper = max(alpha, 1.0)
    return Phi(
        lambda z: np.where(z > 0, z, alpha * z),
        lambda h: np.where(h > 0, np.ones_like(h), alpha),
        np.zeros_like,
        lambda z, delta: np.where(z + delta < 0, alpha, np.where(z - delta > 0, np.ones_like(z), steeper)),
        slope_accuracy=alpha,
        largest_slope=steeper,
        kinks=(Kink(0.0, jump_to_one(alpha), steeper),),
        before=2,
        parameters=alpha,
    )


def hard_sigmoid(alpha: float, beta: float) -> Phi:
    """Α z + β, and no less than 0 and no more than 1."""

    def steepest(z: Array, delta: Array) -> Array:
        inside = (alpha * (z + delta) + beta >= 0) & (alpha * (z - delta) + beta <= 1)
        return np.asarray(np.where(inside, alpha, 0), z.dtype)

    return Phi(
        lambda z: np.clip(alpha * z + beta, 0, 1),
        lambda h: np.asarray(np.where((h > 0) & (h < 1), alpha, 0), h.dtype),
        np.zeros_like,
        steepest,
        slope_accuracy=alpha,
        largest_slope=alpha,
        kinks=tuple(Kink((edge - beta) / alpha, alpha, alpha) for edge in (0, 1)),
        before=4,
        shift=abs(beta / alpha),
        parameters=alpha + abs(beta),
    )


def affine(alpha: float, beta: float) -> Phi:
    """Α z + β."""
    return Phi(
        lambda z: alpha * z + beta,
        lambda h: np.full_like(h, alpha),
        np.zeros_like,
        lambda z, delta: np.full_like(z, alpha),
        slope_accuracy=alpha,
        largest_slope=alpha,
        before=4,
        shift=abs(beta / alpha),
        parameters=alpha + abs(beta),
    )


def scaled_tanh(alpha: float, beta: float) -> Phi:
    """Α tanh(β z)."""
    top = alpha * beta
    return Phi(
        lambda z: alpha * np.tanh(beta * z),
        lambda h: top * (1 - (h / alpha) ** 2),
        lambda h: -2 * top * beta * (h / alpha) * (1 - (h / alpha) ** 2),
        lambda z, delta: top * (1 - np.tanh(beta * nearest_to_zero(z, delta)) ** 2),
        bend=top * beta * 4 / 27**0.5,
        turn=2 * beta,
        turning=beta / alpha,
        bend_turn=4 * beta**2,
        bend_turning=6 * beta**2 / alpha + 2 * beta**2 / alpha**2,
        bend_accuracy=top * beta * (ACTIVATION_ACCURACY + 8),
        accuracy=alpha * ACTIVATION_ACCURACY,
        slope_accuracy=top * (ACTIVATION_ACCURACY + 4),
        largest_slope=top,
        before=2,
        after=2,
        parameters=alpha + beta,
    )


WITHOUT_PARAMETERS: Mapping[str, Phi] = MappingProxyType(
    {
        "tanh": TANH,
        "relu": RELU,
        "sigmoid": SIGMOID,
        "linear": LINEAR,
        "softsign": SOFTSIGN,
        "softplus": SOFTPLUS,
    }
)
FAMILIES: Mapping[str, Callable[..., Phi]] = MappingProxyType(
    {
        "elu": elu,
        "leaky_relu": leaky_relu,
        "hard_sigmoid": hard_sigmoid,
        "affine": affine,
        "scaled_tanh": scaled_tanh,
    }
)


_SAID: ContextVar[Mapping[str, Inexactness]] = ContextVar("_SAID", default=MappingProxyType({}))


@contextmanager
def inexact(said: Mapping[str, Inexactness]) -> Iterator[None]:
    """While it lasts, bounds are those of activations that are less exact than the spec asks.

    Args:
        said: how inexact, by the name of the activation.
    """
    before = _SAID.set(said)
    try:
        yield
    finally:
        _SAID.reset(before)


def said_inexact() -> tuple[tuple[str, Inexactness], ...]:
    """What is said now; bounds that are kept are those of what was said when they were computed."""
    return tuple(sorted(_SAID.get().items(), key=lambda said: said[0]))


@cache
def _phi(activation: Activation) -> Phi:
    if activation.name in WITHOUT_PARAMETERS:
        return WITHOUT_PARAMETERS[activation.name]
    return FAMILIES[activation.name](**activation.parameters)


def phi(activation: Activation) -> Phi:
    """The functions and constants of an activation."""
    found, said = _phi(activation), _SAID.get().get(activation.name)
    return found if said is None else replace(found, inexact=said)
