"""A network as a file can hold it: refused with the reason, or changed in how biases are stored alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnn_adapters.declarations import Supports
from rnn_reference.activations import DEFAULTS, Activation
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import precision_of


@dataclass(frozen=True)
class Holds:
    """What a file of a framework can say.

    Args:
        what: the layer, in the framework's words.
        supports: what the framework's default route supports.
        bias_vectors: those of a biased cell, 1 or 2; None: as many as it has.
        activation: the activation that is read of one that is written.
        shared_bias: the two directions of a layer both have a bias, or neither.
    """

    what: str
    supports: Supports
    bias_vectors: int | None
    activation: Callable[[Activation, np.dtype[np.generic]], Activation] = lambda activation, dtype: (
        activation
    )
    shared_bias: bool = False


@dataclass(frozen=True)
class Fitted:
    """What a file will hold, to the bit, and in words what was done to it."""

    network: Network
    notes: tuple[str, ...] = ()


def fitted(network: Network, holds: Holds, *, allow_rounding: bool = False) -> Fitted:
    """The network as a file holds it.

    Args:
        allow_rounding: two biases may be summed where the sum is rounded, and parameters of activations be
            rounded to the type that the file has for them.

    Raises:
        BadInput: it cannot be held, or only rounded and that is not allowed.
    """
    _refuse(network, holds)
    notes: dict[str, None] = {}
    layers = [
        Layer(*(_cell(cell, layer, holds, notes, allow_rounding) for cell in layer.cells))
        for layer in network.layers
    ]
    return Fitted(Network(layers), tuple(notes))


def _refuse(network: Network, holds: Holds) -> None:
    supports, layers = holds.supports, network.layers
    kinds = [[(cell.activation, bool(cell.biases)) for cell in layer.cells] for layer in layers]
    sizes = {layer.hidden_size for layer in layers}
    lacking = {
        "two directions": not supports.bidirectional and any(layer.backward for layer in layers),
        "several layers": not supports.stacked and len(layers) > 1,
        "layers that differ in size, directions, activation or bias": not supports.mixed_layers
        and (len(sizes) > 1 or any(kind != kinds[0] for kind in kinds)),
        "directions that differ in activation or bias": not supports.mixed_directions
        and any(len(set(kind)) > 1 for kind in kinds),
        "no bias": not supports.no_bias and not all(cell.biases for cell in network.cells),
        f"weights of {network.dtype}": not supports.has(str(network.dtype)),
    }
    for what, lacks in lacking.items():
        if lacks:
            raise BadInput(f"{what}: {holds.what} has no such thing, so the network cannot be carried there")
    for activation in dict.fromkeys(cell.activation for cell in network.cells):
        known = supports.has(activation.name)
        usual = dict(DEFAULTS.get(activation.name, {})) == activation.parameters
        if not known or not (usual or activation.name in supports.parameters):
            have = ", ".join(supports.activations)
            raise BadInput(
                f"activation {activation}: {holds.what} has no such activation (it has {have}), so the"
                " network cannot be carried there"
            )


def _cell(cell: Cell, layer: Layer, holds: Holds, notes: dict[str, None], allow_rounding: bool) -> Cell:
    activation = holds.activation(cell.activation, cell.dtype)
    if activation != cell.activation:
        said = f"{cell.activation} is held as {activation}"
        if activation.name == cell.activation.name and not allow_rounding:  # else another name of the same
            raise BadInput(
                f"activation: {said}, which rounds its parameters; --allow-rounding says yes to that"
            )
        notes[said] = None
    b, b_h = cell.b, cell.b_h
    if b is None and holds.shared_bias and any(each.biases for each in layer.cells):
        b = np.zeros(cell.hidden_size, cell.dtype)
        notes["a bias of zeros beside that of the other direction"] = None
    if holds.bias_vectors == 2 and b is not None and b_h is None:
        b_h = np.zeros_like(b)
        notes["one bias b as two: (b, 0)"] = None
    if holds.bias_vectors == 1 and b is not None and b_h is not None:
        b, note = _summed(b, b_h, holds, allow_rounding)
        b_h = None
        notes[note] = None
    return Cell(cell.W_x, cell.W_h, b, b_h, activation)


def _summed(b: Array, b_h: Array, holds: Holds, allow_rounding: bool) -> tuple[Array, str]:
    """Two biases as one, and in words how."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.where(b_h == 0, b, b + b_h)
        lost = np.where(b_h == 0, 0, rounding_error(b, b_h)).astype(np.float64)
    if not np.isfinite(total).all():
        raise BadInput("bias: expected two whose sum is finite; got some whose sum is not")
    if not lost.any():
        return total, "two biases as one: their sum, which is exact"
    units = np.abs(lost[total != 0] / total[total != 0].astype(np.float64)).max(initial=0)
    error = (
        f"by {np.abs(lost).max():.3g} at most, {units / precision_of(b.dtype).unit_roundoff:.3g} u of a sum"
    )
    if not allow_rounding:
        raise BadInput(
            f"bias: {holds.what} has one bias, and the sum of the two is rounded {error}; write it for a"
            " framework that has two, or as a canonical file, which keeps both; or say yes to the rounding"
            " (--allow-rounding), which the proof then bounds"
        )
    return total, f"two biases as one: their sum, rounded {error}"


def rounding_error(b: Array, b_h: Array) -> Array:
    """What is lost when two arrays are added in their type: exact, by Knuth's TwoSum."""
    total = b + b_h
    part = total - b
    error: Array = (b - (total - part)) + (b_h - part)
    return error
