"""How a Keras layer is made, and how it is called: the small parts that a route is put together from.

Every function takes the module `keras`, which is imported only when an adapter is made.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from rnn_adapters.adapter import Call
from rnn_adapters.declarations import DropoutPlace, NarrowType
from rnn_adapters.keras.activations import keras_activation
from rnn_reference.network import Cell, Layer, MergeMode

LayerCall: TypeAlias = Callable[..., Any]
"""Of an input, and of what is given of `initial_state`, `mask` and `training`."""


class Options(NamedTuple):
    """What a call decides and Keras wants to know when a layer is built."""

    return_sequences: bool = True
    return_state: bool = True
    go_backwards: bool = False
    merge_mode: MergeMode = "concat"
    stateful_batch: int | None = None
    dropout: DropoutPlace | None = None
    rate: float = 0.0
    compute_dtype: NarrowType | None = None
    drawn: bool = False
    """Whether Keras draws the weights that a layer begins with."""

    @staticmethod
    def of(call: Call) -> Options:
        """Those of the top layer."""
        same = ("return_sequences", "go_backwards", "merge_mode", "dropout", "compute_dtype")
        batch = len(call.x) if call.stateful else None
        rate = call.rate if call.dropout else 0.0
        return Options(**{name: getattr(call, name) for name in same}, stateful_batch=batch, rate=rate)


def dtype_given(keras: Any, cell: Cell, options: Options) -> dict[str, str]:
    """Keras's `dtype`, of variables and of computing or a policy of two; nothing where it is the default."""
    name = f"mixed_{options.compute_dtype}" if options.compute_dtype else str(cell.dtype)
    return {} if name == keras.config.floatx() else {"dtype": name}


def cell_given(keras: Any, cell: Cell, options: Options) -> dict[str, Any]:
    """The arguments of a cell, where they are not Keras's defaults."""
    given: dict[str, Any] = dtype_given(keras, cell, options)
    if cell.activation.name != "tanh":
        given["activation"] = keras_activation(keras, cell.activation)
    if not cell.biases:
        given["use_bias"] = False
    if options.dropout is not None:
        given["dropout" if options.dropout == "input" else "recurrent_dropout"] = options.rate
    return given


def initializer_given(cell: Cell, options: Options) -> dict[str, str]:
    """An initialiser in narrow types, of which few backends have a QR, unless Keras draws."""
    narrow = str(cell.dtype) in ("float16", "bfloat16")
    return {"recurrent_initializer": "zeros"} if narrow and not options.drawn else {}


def loop_given(options: Options) -> dict[str, bool]:
    """The arguments of the loop around a cell, where they are not Keras's defaults."""
    given = {
        name: True for name in ("return_sequences", "return_state", "go_backwards") if getattr(options, name)
    }
    return given if options.stateful_batch is None else given | {"stateful": True}


# One direction.

Direction: TypeAlias = Callable[[Any, Cell, Options], Any]


def simple_rnn(keras: Any, cell: Cell, options: Options, **more: Any) -> Any:
    """`SimpleRNN(H)`, with what the network and the call ask for, and more."""
    given = cell_given(keras, cell, options) | initializer_given(cell, options) | loop_given(options) | more
    return keras.layers.SimpleRNN(cell.hidden_size, **given)


unrolled: Direction = partial(simple_rnn, unroll=True)
zero_output: Direction = partial(simple_rnn, zero_output_for_mask=True)


def simple_rnn_cell(keras: Any, cell: Cell, options: Options) -> Any:
    """`SimpleRNNCell(H)`."""
    given = cell_given(keras, cell, options) | initializer_given(cell, options)
    return keras.layers.SimpleRNNCell(cell.hidden_size, **given)


def rnn_of(make: Direction, keras: Any, cell: Cell, options: Options) -> Any:
    """`RNN` of a cell that is made by a function."""
    loop = loop_given(options) | dtype_given(keras, cell, options)
    return keras.layers.RNN(make(keras, cell, options), **loop)


rnn_of_cell: Direction = partial(rnn_of, simple_rnn_cell)


# Two directions.

TwoDirections: TypeAlias = Callable[[Any, Direction, Layer, Options], Any]


def bidirectional(keras: Any, direction: Direction, layer: Layer, options: Options, **more: Any) -> Any:
    """`Bidirectional(SimpleRNN(H))`, which makes the backward layer like the forward one."""
    given: dict[str, Any] = dtype_given(keras, layer.forward, options)
    if options.merge_mode != "concat":
        given["merge_mode"] = None if options.merge_mode == "none" else options.merge_mode
    return keras.layers.Bidirectional(direction(keras, layer.forward, options), **given, **more)


def with_backward_layer(keras: Any, direction: Direction, layer: Layer, options: Options, **more: Any) -> Any:
    """`Bidirectional(SimpleRNN(H), backward_layer=SimpleRNN(H, go_backwards=True))`."""
    assert layer.backward is not None
    backward = direction(keras, layer.backward, options._replace(go_backwards=True))
    return bidirectional(keras, direction, layer, options, backward_layer=backward, **more)


# Calls.

Caller: TypeAlias = Callable[[Any], LayerCall]


def eager(layer: Any) -> LayerCall:
    """The layer itself."""
    call: LayerCall = layer
    return call


def graph(layer: Any, *, jit_compile: bool = False) -> LayerCall:
    """A graph of TensorFlow's."""
    import tensorflow

    # A function for each set of arguments: relaxing its shapes (reduce_retracing), TensorFlow 2.21 raises
    # IndexError when a call gives an argument that those before did not.
    functions: dict[frozenset[str], Any] = {}

    def call(x: Any, **options: Any) -> Any:
        named = frozenset(options)
        if named not in functions:
            functions[named] = tensorflow.function(layer, jit_compile=jit_compile, reduce_retracing=True)
        return functions[named](x, **options)

    return call


xla: Caller = partial(graph, jit_compile=True)


def jitted(layer: Any) -> LayerCall:
    """Eager JAX traces and compiles every scan anew; compiled once per shape, a call takes 0.1 ms."""
    import jax

    def stateless(trainable: Any, others: Any, x: Any, options: Any, training: bool) -> Any:
        return layer.stateless_call(trainable, others, x, **options, **given(training=training))

    compiled = jax.jit(stateless, static_argnums=4)

    def call(x: Any, training: bool = False, **options: Any) -> Any:
        trainable = [variable.value for variable in layer.trainable_variables]
        others = [variable.value for variable in layer.non_trainable_variables]
        outputs, updated = compiled(trainable, others, x, options, training)
        for variable, value in zip(layer.non_trainable_variables, updated, strict=True):
            variable.assign(value)
        return outputs

    return call


# Together.


@dataclass(frozen=True)
class LayerParts:
    """How a route makes its layers and calls them.

    Args:
        direction: makes a layer of one direction.
        two_directions: makes one of two.
        caller: makes the function by which a layer is called.
        return_state: whether final states are asked for.
    """

    direction: Direction = simple_rnn
    two_directions: TwoDirections = bidirectional
    caller: Caller = eager
    return_state: bool = True

    def made(self, keras: Any, layer: Layer, options: Options) -> Any:
        """A layer, built for any length."""
        options = options._replace(return_state=self.return_state)
        if layer.backward is None:
            made = self.direction(keras, layer.forward, options)
        else:
            made = self.two_directions(keras, self.direction, layer, options)
        build(keras, made, self.shape(layer, options), options)
        return made

    def shape(self, layer: Layer, options: Options) -> tuple[int | None, ...]:
        """That of the input for which a layer is built."""
        return (options.stateful_batch, None, layer.input_size)


class Workshop:
    """Makes layers, and keeps them: once per place in the stack, shape and options.

    Whoever takes a layer gives it all of its weights.
    """

    def __init__(self, keras: Any, parts: LayerParts) -> None:
        self.keras = keras
        self.parts: Any = parts  # which has more for models
        self._kept: dict[Hashable, tuple[Any, LayerCall]] = {}

    def stack(self, layers: tuple[Layer, ...], options: Options) -> tuple[list[Any], list[LayerCall]]:
        """Layers and their calls, bottom first; the top one has these options."""
        lower = options._replace(return_sequences=True, go_backwards=False, merge_mode="concat")
        of_each = [*[lower] * (len(layers) - 1), options]
        taken = list(map(self._taken, range(len(layers)), layers, of_each))
        return [made for made, _ in taken], [call for _, call in taken]

    def _taken(self, index: int, layer: Layer, options: Options) -> tuple[Any, LayerCall]:
        key = (index, shape_of(layer), options)
        if key not in self._kept:
            made = self.parts.made(self.keras, layer, options)
            self._kept[key] = (made, self.parts.caller(made))
        return self._kept[key]

    def clear(self) -> None:
        """Forget all layers."""
        self._kept.clear()


def shape_of(layer: Layer) -> Hashable:
    """What layers that differ in their weights alone have in common."""
    return tuple(
        (cell.W_x.shape, cell.activation, bool(cell.biases), str(cell.dtype)) for cell in layer.cells
    )


def build(keras: Any, layer: Any, shape: tuple[int | None, ...], options: Options) -> None:
    """Build a layer, or a cell: of zeros, as others take their place at once, unless Keras is to draw.

    To draw takes most of the time of building: JAX compiles it for each shape.
    """
    names = ("kernel_initializer", "recurrent_initializer")
    cells = [] if options.drawn else [cell for cell in cells_of(layer) if hasattr(cell, names[0])]
    usual = [(cell, name, getattr(cell, name)) for cell in cells for name in names]
    for cell, name, _ in usual:
        setattr(cell, name, keras.initializers.Zeros())
    layer.build(shape)
    for cell, name, initializer in usual:
        setattr(cell, name, initializer)


def cells_of(layer: Any) -> list[Any]:
    """The cells of a Keras layer: of both directions, or of a stack of cells; a cell is its own."""
    if hasattr(layer, "forward_layer"):
        return [layer.forward_layer.cell, layer.backward_layer.cell]
    cell = getattr(layer, "cell", layer)
    return list(getattr(cell, "cells", [cell]))


def name_of(variable: Any) -> str:
    """The name of a weight within its cell; before it, Keras 2 has those of the layers."""
    return str(variable.name).rpartition("/")[2].partition(":")[0]


def forget(layer: Any) -> None:
    """Make a stateful layer forget; what does so has another name in Keras 2."""
    reset = layer.reset_state if hasattr(layer, "reset_state") else layer.reset_states
    reset()


def states_of(layer: Any) -> list[Any]:
    """The variables in which a stateful layer keeps its states, once it has been called."""
    directions = [getattr(layer, name, None) for name in ("forward_layer", "backward_layer")]
    parts = [each for each in directions if each is not None] or [layer]
    states = flat([getattr(part, "states", None) or [] for part in parts])
    return [state for state in states if hasattr(state, "assign")]


def given(**options: Any) -> dict[str, Any]:
    """The options that are given: a call without an option is another call than one with None or False."""
    return {name: value for name, value in options.items() if value is not None and value is not False}


def flat(returned: Any) -> list[Any]:
    """What a layer or a model returned, one after the other."""
    if isinstance(returned, (list, tuple)):
        return [each for part in returned for each in flat(part)]
    return [returned]
