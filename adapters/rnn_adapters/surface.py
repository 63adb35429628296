"""What an adapter is asked besides numbers: shapes that are inferred, and steps of training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from rnn_reference.network import Array, Network

UnknownAxis: TypeAlias = Literal["batch", "time"]
MaskType: TypeAlias = Literal["uint8", "int32", "int64", "float32"]
IntegerType: TypeAlias = Literal["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]

Shape: TypeAlias = tuple[int | None, ...]
"""Of an array; None for an axis whose size is unknown."""


@dataclass(frozen=True)
class Shapes:
    """The shapes of outputs as they are inferred before anything is computed, in canonical axes.

    Args:
        sequence: (batch, time, directions·hidden), when sequences are asked for.
        last: (batch, directions·hidden), when they are not.
        final_states: (batch, hidden) for each cell, bottom layer first and forward before backward; None:
            the framework returns none.
        dtype: the type of all of them, where it is inferred, too; "" where it is not.
    """

    sequence: Shape | None = None
    last: Shape | None = None
    final_states: tuple[Shape, ...] | None = None
    dtype: str = ""


@dataclass(frozen=True, eq=False)
class Training:
    """Steps of plain gradient descent, W − η ∂ℓ/∂W, for the loss ℓ = Σ d_sequence · sequence.

    Args:
        d_sequence: what each output counts in the loss, in the shape of the sequence output; zero at masked
            time steps.
        rate: η, the learning rate.
        steps: how many steps are made, all with the same input and loss.
        frozen: the layers that are not trained, by their number from the bottom.
    """

    d_sequence: Array
    rate: float
    steps: int = 1
    frozen: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Trained:
    """What training gave.

    Args:
        networks: the weights after each step.
        losses: ℓ before each step, and after the last one.
    """

    networks: tuple[Network, ...]
    losses: tuple[float, ...]


def refusal_of(make: Callable[[], Any]) -> str:
    """The error with which something is refused when it is made; "" if it is not."""
    try:
        make()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
