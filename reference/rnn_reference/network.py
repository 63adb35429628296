"""The canonical weights: `Cell`, `Layer`, `Network`, checked when they are made.

Orientation is that of the equation `h_t = φ(W_x x_t + W_h h_{t-1} + b)` (spec, chapter 1): row `i` of a
matrix holds what unit `i` receives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import ml_dtypes  # NumPy learns bfloat16 of it
import numpy as np
from numpy.typing import NDArray

from rnn_reference.activations import Activation
from rnn_reference.errors import BadInput
from rnn_reference.exact import computing_exactly
from rnn_reference.precision import EXACT, widened

Array: TypeAlias = NDArray[Any]
States: TypeAlias = tuple[Array, ...]
MergeMode: TypeAlias = Literal["concat", "sum", "mul", "ave", "none"]

DTYPES = tuple(np.dtype(name) for name in ("float32", "float64", "float16", ml_dtypes.bfloat16, "longdouble"))


@dataclass(frozen=True, eq=False, init=False)
class Cell:
    """The weights of one direction of one layer.

    Args:
        W_x: input weights, shape (hidden, input).
        W_h: recurrent weights, shape (hidden, hidden).
        b: bias, shape (hidden,), or None for a cell without bias.
        b_h: second bias, shape (hidden,), added to the first. Some frameworks store two vectors;
            the function computed depends on their sum alone (PAR-4). Needs `b`.
        activation: φ, as an `Activation` or as its string: "tanh", "relu", "elu(alpha=0.5)".

    Raises:
        BadInput: a rank, shape, dtype or activation is not as above, or a weight is not finite.
    """

    W_x: Array
    W_h: Array
    b: Array | None
    b_h: Array | None
    activation: Activation

    def __init__(
        self,
        W_x: Array,
        W_h: Array,
        b: Array | None = None,
        b_h: Array | None = None,
        activation: Activation | str = "tanh",
    ) -> None:
        if not isinstance(activation, Activation):
            activation = Activation.parse(activation, "Cell.activation")
        object.__setattr__(self, "activation", activation)
        W_x = checked_array("Cell.W_x", W_x, rank=2)
        hidden = W_x.shape[0]
        self._set("W_x", W_x)
        self._set("W_h", checked_array("Cell.W_h", W_h, shape=(hidden, hidden), dtype=W_x.dtype))
        if b_h is not None and b is None:
            raise BadInput("Cell.b_h: a second bias was given without a first; pass it as b")
        for name, bias in (("b", b), ("b_h", b_h)):
            if bias is not None:
                bias = checked_array(f"Cell.{name}", bias, shape=(hidden,), dtype=W_x.dtype)
            self._set(name, bias)

    def _set(self, name: str, array: Array | None) -> None:
        if array is not None and array.dtype != EXACT and not np.isfinite(array).all():
            raise BadInput(f"Cell.{name}: expected finite weights; got NaN or infinity")
        object.__setattr__(self, name, array)

    @property
    def input_size(self) -> int:
        return int(self.W_x.shape[1])

    @property
    def hidden_size(self) -> int:
        return int(self.W_x.shape[0])

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.W_x.dtype

    @property
    def biases(self) -> tuple[Array, ...]:
        """The bias vectors there are: none, one or two."""
        return tuple(bias for bias in (self.b, self.b_h) if bias is not None)

    @property
    def bias(self) -> Array:
        """The bias of the equation: the sum of the vectors, zeros when there is none."""
        return sum(self.biases, start=np.zeros(self.hidden_size, self.dtype))

    def mapped(self, change: Callable[[Array], Array]) -> Cell:
        """The same cell with every weight array changed."""
        b, b_h = (None if bias is None else change(bias) for bias in (self.b, self.b_h))
        return Cell(change(self.W_x), change(self.W_h), b, b_h, self.activation)

    def astype(self, dtype: Any) -> Cell:
        """The same cell with every weight converted to `dtype`."""
        change = self.copied if np.can_cast(self.dtype, dtype) else self.mapped
        return change(lambda array: widened(array, dtype))

    def copied(self, copy: Callable[[Array], Array]) -> Cell:
        """As `mapped`, by a function that keeps shapes and numbers: nothing is checked again."""
        made = object.__new__(Cell)
        for name in ("W_x", "W_h", "b", "b_h"):
            array = getattr(self, name)
            object.__setattr__(made, name, None if array is None else copy(array))
        object.__setattr__(made, "activation", self.activation)
        return made


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: a forward cell and, in a bidirectional layer, a backward cell.

    Raises:
        BadInput: the two cells differ in input size, hidden size or dtype.
    """

    forward: Cell
    backward: Cell | None = None

    def __post_init__(self) -> None:
        for name in ("forward", "backward"):
            cell = getattr(self, name)
            if not isinstance(cell, Cell) and not (name == "backward" and cell is None):
                raise BadInput(f"Layer.{name}: expected a Cell; got {type(cell).__name__}")
        if self.backward is not None:
            for attribute in ("input_size", "hidden_size", "dtype"):
                expected, got = (getattr(cell, attribute) for cell in (self.forward, self.backward))
                if expected != got:
                    raise BadInput(
                        f"Layer.backward: expected {attribute} {expected}, as in the forward cell; got {got}"
                    )

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Forward, then backward where there is one."""
        return (self.forward,) if self.backward is None else (self.forward, self.backward)

    @property
    def directions(self) -> int:
        return len(self.cells)

    @property
    def input_size(self) -> int:
        return self.forward.input_size

    @property
    def hidden_size(self) -> int:
        return self.forward.hidden_size

    @property
    def output_size(self) -> int:
        """Features of the sequence output: directions · hidden_size."""
        return self.directions * self.hidden_size

    def mapped(self, change: Callable[[Array], Array]) -> Layer:
        """The same layer with every weight array changed."""
        return Layer(*(cell.mapped(change) for cell in self.cells))


@dataclass(frozen=True, eq=False)
class Network:
    """A stack of layers; each is fed by the sequence output of the one below.

    Layers may differ in hidden size, directions and activation. Final states are therefore one array
    (directions, batch, hidden) per layer; `np.stack` of them is the usual array
    (layers, directions, batch, hidden) where all layers are alike.

    Raises:
        BadInput: no layer, mixed dtypes, or a layer whose input size is not the output size below it.
    """

    layers: tuple[Layer, ...]

    def __init__(self, layers: Iterable[Layer] | Layer) -> None:
        object.__setattr__(self, "layers", (layers,) if isinstance(layers, Layer) else tuple(layers))
        if not self.layers:
            raise BadInput("Network.layers: expected at least one Layer; got none")
        for index, layer in enumerate(self.layers):
            if not isinstance(layer, Layer):
                raise BadInput(f"Network.layers[{index}]: expected a Layer; got {type(layer).__name__}")
            if layer.forward.dtype != self.dtype:
                raise BadInput(
                    f"Network.layers[{index}]: expected dtype {self.dtype}, as in layer 0;"
                    f" got {layer.forward.dtype}"
                )
            below = self.layers[index - 1].output_size if index else layer.input_size
            if layer.input_size != below:
                raise BadInput(
                    f"Network.layers[{index}]: expected input_size {below}, the output size of"
                    f" layer {index - 1}; got {layer.input_size}"
                )

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, bottom layer first, forward before backward."""
        return tuple(cell for layer in self.layers for cell in layer.cells)

    @property
    def input_size(self) -> int:
        return self.layers[0].input_size

    @property
    def output_size(self) -> int:
        return self.layers[-1].output_size

    @property
    def num_layers(self) -> int:
        return len(self.layers)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.layers[0].forward.dtype

    def state_shapes(self, batch: int) -> tuple[tuple[int, int, int], ...]:
        """Shape (directions, batch, hidden) of the states of each layer."""
        return tuple((layer.directions, batch, layer.hidden_size) for layer in self.layers)

    def mapped(self, change: Callable[[Array], Array]) -> Network:
        """The same network with every weight array changed."""
        return Network(layer.mapped(change) for layer in self.layers)

    def astype(self, dtype: Any) -> Network:
        """The same network with every weight converted to `dtype`."""
        change = self.copied if np.can_cast(self.dtype, dtype) else self.mapped
        return change(lambda array: widened(array, dtype))

    def copied(self, copy: Callable[[Array], Array]) -> Network:
        """As `mapped`, by a function that keeps shapes and numbers: nothing is checked again."""
        made = object.__new__(Network)
        layers = (Layer(*(cell.copied(copy) for cell in layer.cells)) for layer in self.layers)
        object.__setattr__(made, "layers", tuple(layers))
        return made


def checked_array(
    name: str,
    value: Any,
    *,
    rank: int | None = None,
    shape: tuple[int | None, ...] | None = None,
    dtype: Any = None,
) -> Array:
    """`value` as an array of the asked rank, shape (None: any size) and dtype.

    Raises:
        BadInput: it is not; the message begins with `name`.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise BadInput(f"{name}: expected an array; got something ragged ({error})") from None
    if array.dtype not in DTYPES and not (array.dtype == EXACT and computing_exactly()):
        raise BadInput(f"{name}: expected dtype float16, bfloat16, float32 or float64; got {array.dtype}")
    if dtype is not None and array.dtype != dtype:
        raise BadInput(f"{name}: expected dtype {np.dtype(dtype)}, as in the other arrays; got {array.dtype}")
    if rank is not None and array.ndim != rank:
        raise BadInput(f"{name}: expected {rank} axes; got shape {array.shape}")
    if shape not in (None, array.shape) and (
        array.ndim != len(shape)
        or any(want not in (None, got) for want, got in zip(shape, array.shape, strict=True))
    ):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        wanted += "," if len(shape) == 1 else ""
        raise BadInput(f"{name}: expected shape ({wanted}); got {array.shape}")
    return array


def checked_call(network: Network, x: Any, initial_states: Any = None) -> tuple[Array, States]:
    """Input (batch, time, input) and one initial state (directions, batch, hidden) per layer.

    None for the initial states means zeros (INI-1).

    Raises:
        BadInput: `x` or a state has the wrong rank, shape or dtype, or their number is wrong.
    """
    x = checked_array("x", x, shape=(None, None, network.input_size), dtype=network.dtype)
    shapes = network.state_shapes(x.shape[0])
    if initial_states is None:
        return x, tuple(np.zeros(shape, network.dtype) for shape in shapes)
    states = tuple(initial_states)
    if len(states) != network.num_layers:
        raise BadInput(f"initial_states: expected one per layer ({network.num_layers}); got {len(states)}")
    return x, tuple(
        checked_array(f"initial_states[{index}]", state, shape=shape, dtype=network.dtype)
        for index, (state, shape) in enumerate(zip(states, shapes, strict=True))
    )


def checked_steps(x: Array, steps: Any) -> Array | None:
    """Which steps each row takes: booleans (batch, time), or None for all of them.

    Raises:
        BadInput: another shape or type.
    """
    if steps is None:
        return None
    array = np.asarray(steps)
    if array.dtype != bool or array.shape != x.shape[:2]:
        raise BadInput(
            f"steps: expected booleans of shape {x.shape[:2]}, (batch, time); got {array.dtype} {array.shape}"
        )
    return array


def steps_of_lengths(lengths: Any, time: int) -> Array:
    """The steps of right-padded rows: row i takes its first lengths[i] steps.

    Raises:
        BadInput: not one integer for each row, or one below 0 or above `time`.
    """
    array = np.asarray(lengths)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise BadInput(f"lengths: expected integers of shape (batch,); got {array.dtype} {array.shape}")
    if array.size and not (array.min() >= 0 and array.max() <= time):
        raise BadInput(f"lengths: expected none below 0 or above {time}; got {array.tolist()}")
    taken: Array = np.arange(time) < array[:, None]
    return taken
