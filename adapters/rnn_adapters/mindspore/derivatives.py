"""Derivatives of a call of MindSpore, once or twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import mindspore
from mindspore import nn

Tensor: TypeAlias = Any
Tensors: TypeAlias = Sequence[Tensor]


@dataclass(frozen=True)
class Made:
    """A layer, and what is called in its place."""

    layer: Any
    called: Any


class Returned(NamedTuple):
    """What a call by a route returned.

    Args:
        sequence: (time, batch, directions·hidden), or with the batch first.
        h_n: (layers·directions, batch, hidden).
        native: what one call of MindSpore took and gave: x, sequence and final states.
    """

    sequence: Tensor
    h_n: Tensor
    native: tuple[Tensor, Tensor, Tensor]


Forward: TypeAlias = Callable[[Made, Tensor, "Tensor | None", "Tensor | None"], Returned]
"""A call with x, h0 and lengths."""


@dataclass(frozen=True)
class Followed:
    """A call that is differentiated.

    Args:
        given: x and h0.
        held: the parameters of the layer.
        cotangents: of sequence and final states.
    """

    made: Made
    forward: Forward
    given: tuple[Tensor, Tensor]
    lengths: Tensor | None
    held: Tensors
    cotangents: tuple[Tensor, Tensor]

    @property
    def arguments(self) -> Tensors:
        """What the layer itself is called with."""
        return [*self.given, *([] if self.lengths is None else [self.lengths])]

    def outputs(self, x: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
        """Sequence and final states."""
        sequence, h_n, _ = self.forward(self.made, x, h0, self.lengths)
        return sequence, h_n

    def weighted(self, x: Tensor, h0: Tensor) -> Tensor:
        """Σ cotangents · outputs."""
        (sequence, h_n), (d_sequence, d_h_n) = self.outputs(x, h0), self.cotangents
        return (sequence * d_sequence).sum() + (h_n * d_h_n).sum()


Differentiate: TypeAlias = Callable[[Followed], Tensors]
"""Gradients of the outputs at x, h0 and all parameters, for their cotangents."""
DifferentiateTwice: TypeAlias = Callable[[Followed, Tensors], Tensors]
"""Gradients of Σ rates · gradients."""
Push: TypeAlias = Callable[[Followed, Tensors], tuple[Tensor, Tensor]]
"""Rates of change of sequence and final states, from those of x, h0 and all parameters."""


def by_value_and_grad(followed: Followed) -> Tensors:
    """By `value_and_grad` of a sum."""
    followed_by = mindspore.value_and_grad(lambda x, h0: followed.weighted(x, h0), (0, 1), followed.held)
    _, (of_given, of_held) = followed_by(*followed.given)
    return [*of_given, *of_held]


def by_grad(followed: Followed) -> Tensors:
    """By `grad` of the outputs."""
    outputs = mindspore.grad(lambda x, h0: followed.outputs(x, h0), (0, 1), followed.held, sens_param=True)
    of_given, of_held = outputs(*followed.given, followed.cotangents)
    return [*of_given, *of_held]


def by_vjp(followed: Followed) -> Tensors:
    """By `vjp` of the outputs."""
    _, pulled_back = mindspore.vjp(
        lambda x, h0: followed.outputs(x, h0), *followed.given, weights=followed.held
    )
    of_given, of_held = pulled_back(*followed.cotangents)
    return [*of_given, *of_held]


def by_grad_of_layer(followed: Followed) -> Tensors:
    """By `grad` of the layer itself, which graph mode compiles."""
    outputs = mindspore.grad(followed.made.layer, (0, 1), followed.held, sens_param=True)
    of_given, of_held = outputs(*followed.arguments, followed.cotangents)
    return [*of_given, *of_held]


def by_grad_of_grad(followed: Followed, rates: Tensors) -> Tensors:
    """By `grad` of a sum of what `grad` gives."""
    first = mindspore.grad(lambda x, h0: followed.weighted(x, h0), (0, 1), followed.held)

    def inner(x: Tensor, h0: Tensor) -> Tensor:
        of_given, of_held = first(x, h0)
        total = (of_given[0] * rates[0]).sum()
        for each, rate in zip((of_given[1], *of_held), rates[1:], strict=True):
            total = total + (each * rate).sum()
        return total

    of_given, of_held = mindspore.grad(inner, (0, 1), followed.held)(*followed.given)
    return [*of_given, *of_held]


def by_vjp_of_vjp(followed: Followed, rates: Tensors) -> tuple[Tensor, Tensor]:
    """The JVP: a VJP is linear in its cotangents, and the VJP of that is the JVP.

    `mindspore.jvp` is made so, of inputs alone: it has no argument for parameters. Nor can they be inputs of
    its function, which it compiles: what is set as an attribute of a cell there gets no gradient, with a
    warning and no error. Whoever needs the JVP of parameters writes this.
    """

    def product(*cotangents: Tensor) -> Tensor:
        outputs = mindspore.grad(
            lambda x, h0: followed.outputs(x, h0), (0, 1), followed.held, sens_param=True
        )
        of_given, of_held = outputs(*followed.given, cotangents)
        gradients = zip((*of_given, *of_held), rates, strict=True)
        return mindspore.ops.stack([(each * rate).sum() for each, rate in gradients]).sum()

    sequence, h_n = mindspore.grad(product, (0, 1))(*followed.cotangents)
    return sequence, h_n


class Weighted(nn.Cell):
    """Σ d_sequence · sequence of a call that takes nothing more."""

    def __init__(self, call: Callable[[], Returned], d_sequence: Tensor) -> None:
        super().__init__(auto_prefix=False)
        self.call = call
        self.d_sequence = d_sequence

    def construct(self) -> Tensor:
        """The loss."""
        return (self.call().sequence * self.d_sequence).sum()
