"""The end of a script in Python: an answer beside what is right, or a call that must be refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_adapters.literals import WIDTH, literal, nested
from rnn_adapters.recurrence import Loop
from rnn_reference.network import Array


@dataclass(frozen=True, eq=False)
class Right:
    """The right answer.

    Args:
        value: of the quantity, in canonical axes.
        bound: how far from it a correct answer may be, in the shape of `value`; infinite: nothing is claimed.
        loop: how NumPy computes it from the arrays of the call; None: it is written down.
        dtype: the type that the answer must have; "" where that is not in question.
    """

    value: Array
    bound: Array
    loop: Loop | None = None
    dtype: str = ""


OF_THE_TYPE = 'got.dtype == "{}"'
SHAPES = "got.shape == expected.shape"
OF_EACH = (
    "close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()"
)
"""As `allclose` has it, which cannot take a tolerance for each element beside NaN before NumPy 2."""


def compared(right: Right, typed: str = OF_THE_TYPE, *, shown: bool) -> list[str]:
    """Lines that end the script with an error where `got` is wrong, or of another shape.

    Args:
        typed: what is true of the type of the answer where it is right, with {} for its name.
        shown: both values were printed before; else only what is right was.
    """
    lines = list[str]()
    if right.dtype:
        type_, is_right = typed.partition(" == ")[0], typed.format(right.dtype)
        lines.append(f'assert {is_right}, f"expected {right.dtype}; got {{{type_}}}"')
    *needed, close = _close(right)
    line, said = f"assert {SHAPES} and {close}", ", got.tolist()"
    if shown:
        return [*lines, *needed, line]
    if not needed and len(line + said) <= WIDTH:
        return [*lines, line + said]
    return ["print(got.tolist())", *lines, *needed, line]


def _close(right: Right) -> list[str]:
    """Lines that are needed for the bound, and then an expression that is true of an answer within it."""
    claimed = np.isfinite(right.bound)
    same = _the_only(right.bound[claimed])
    if same:
        nan = ", equal_nan=True" * bool(np.isnan(right.value[claimed]).any())
        if claimed.all():
            return [f"np.allclose(got, expected, rtol=0, atol={same}{nan})"]
        line, *more = literal("claimed", claimed)
        said = "  # of others nothing is"
        needed = [line + said * (not more and len(line + said) <= WIDTH), *more]
        return [*needed, f"np.allclose(got[claimed], expected[claimed], rtol=0, atol={same}{nan})"]
    bounds = np.array([float(rounded_up(float(each))) for each in right.bound.flat])
    bounds = bounds.reshape(right.bound.shape)
    if np.isfinite(right.value).all() and np.isfinite(right.bound).all():
        at_once = f"(abs(got - expected) <= {nested(bounds)}).all()"
        if len(at_once) <= WIDTH - len(f"assert {SHAPES} and "):
            return [at_once]
        return [*literal("bound", bounds), "(abs(got - expected) <= bound).all()"]
    needed = literal("bound", bounds)
    if np.isinf(right.bound).any():
        needed.append("got = np.where(bound < np.inf, got, expected)  # of the others nothing is claimed")
    return [*needed, OF_EACH, "close"]


def _the_only(bound: Array) -> str:
    """The bound of all elements; "" where each has its own."""
    if not bound.size:
        return "0"
    return rounded_up(float(bound.max())) if (bound == bound.max()).all() else ""


def rounded_up(bound: float) -> str:
    """A bound in three digits, and no smaller than it is."""
    if bound == 0 or not np.isfinite(bound):
        return f"{bound:g}"
    text = f"{bound:.2e}"
    return text if float(text) >= bound else f"{bound * 1.005:.2e}"


def refused(got: Sequence[str], version: str) -> list[str]:
    """A call, which must raise.

    Args:
        got: lines that make the call, and assign what comes of it to `got`.
        version: the name of what was called, and an expression for its version.
    """
    name, _, number = version.partition(", ")
    return [
        "try:",
        *(f"    {line}" for line in got),
        "except Exception:",
        "    raise SystemExit  # refused, as it should be",
        f'raise SystemExit(f"expected an error; got {{got.tolist()}} of {name} {{{number}}}")',
    ]
