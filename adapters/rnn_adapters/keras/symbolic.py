"""What Keras tells of outputs without numbers: shapes, types and masks; and the states that it starts from.

Every function takes the module `keras`, which is imported only when an adapter is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnn_adapters.adapter import Call
from rnn_adapters.keras.assembly import Assembled
from rnn_adapters.keras.layers import flat
from rnn_adapters.reference import marked_by_value
from rnn_adapters.surface import Shape, Shapes, UnknownAxis
from rnn_reference.network import Array, Network

# Shapes.


def inferred_shapes(
    keras: Any, ready: Assembled, network: Network, call: Call, unknown: tuple[UnknownAxis, ...]
) -> Mapping[str, Shapes]:
    """By `compute_output_shape`, layer by layer, and by calling the layers with symbols."""
    batch: int | None = None if "batch" in unknown else call.x.shape[0]
    time: int | None = None if "time" in unknown else call.x.shape[1]
    return {
        "compute_output_shape": _computed_shapes(keras, ready, (batch, time, network.input_size), call),
        "a symbolic call": _symbolic_shapes(keras, ready, network, (batch, time), call),
    }


def _computed_shapes(keras: Any, ready: Assembled, shape: Shape, call: Call) -> Shapes:
    outputs, finals = [shape], list[Shape]()
    for index, layer in enumerate(ready.layers):
        parts = _each(layer.compute_output_shape(outputs[0]))
        count = ready.outputs if index == len(ready.layers) - 1 else 1
        outputs, finals = parts[:count], finals + parts[count:]
    if len(outputs) > 1:
        outputs = [keras.layers.Concatenate().compute_output_shape(outputs)]
    return _shapes(outputs[0], finals, call)


def _symbolic_shapes(
    keras: Any, ready: Assembled, network: Network, sizes: tuple[int | None, int | None], call: Call
) -> Shapes:
    dtype = str(network.dtype)

    def symbol(*shape: int | None, dtype: str = dtype) -> Any:
        return keras.Input(batch_shape=shape, dtype=dtype)

    mask = None if call.mask is None else symbol(*sizes, dtype="bool")
    states = None
    if call.initial_states is not None:
        states = [[symbol(sizes[0], each.hidden_size) for _ in each.cells] for each in network.layers]
        if len(ready.layers) < len(states):  # one loop over a stack of cells takes all of them
            states = [flat(states)]
    found = ready.through(ready.layers, symbol(*sizes, network.input_size), mask, states, training=False)
    outputs, finals = found[: ready.outputs], found[ready.outputs :]
    # What is told of a concatenation is of ops.concatenate, which tells float32 of two outputs in float64.
    output = outputs[0] if len(outputs) == 1 else keras.ops.concatenate(outputs, axis=-1)
    types = sorted({getattr(each.dtype, "name", each.dtype) for each in found})
    return _shapes(output.shape, [each.shape for each in finals], call, " and ".join(types))


def _is_shape(returned: Any) -> bool:
    return all(size is None or isinstance(size, int) for size in returned)


def _each(shapes: Any) -> list[Shape]:
    """One shape, or all of them that stand in lists."""
    return [shapes] if _is_shape(shapes) else [each for part in shapes for each in _each(part)]


def _shapes(output: Shape, finals: list[Shape], call: Call, dtype: str = "") -> Shapes:
    whole, states = tuple(output), tuple(map(tuple, finals)) if finals else None
    return Shapes(whole, None, states, dtype) if call.return_sequences else Shapes(None, whole, states, dtype)


# Masks.


def handed_masks(keras: Any, ready: Assembled, call: Call) -> dict[str, Array | None]:
    """By `compute_mask` of a mask alone and in a list, layer by layer, and what a next layer is given."""
    assert call.mask is not None
    alone: Any = call.mask
    listed: Any = call.mask
    for layer in ready.layers:
        alone = _mask_of_outputs(keras, layer, alone)
        listed = _mask_of_outputs(keras, layer, [listed])
    x, value = marked_by_value(call.x, call.mask)
    of_integers = x.dtype.kind in "iu"  # which is no type that a layer computes in
    masked = keras.layers.Masking(value, dtype=None if of_integers else str(x.dtype))(x)
    outputs = ready.through(ready.layers, masked, None, None, training=False)[: ready.outputs]
    given = [_given_mask(keras, output) for output in outputs]
    found = {
        "compute_mask": alone,
        "compute_mask of a list": listed,
        **{f"layer after output {i}": each for i, each in enumerate(given)},
    }
    return {way: None if each is None else keras.ops.convert_to_numpy(each) for way, each in found.items()}


def _mask_of_outputs(keras: Any, layer: Any, mask: Any) -> Any:
    """What `compute_mask` gives for the first output. There must be no more masks than outputs."""
    masks = keras.tree.flatten(layer.compute_mask(None, mask))
    outputs = _each(layer.compute_output_shape((None, None, 1)))
    if len(masks) > len(outputs):
        raise ValueError(f"compute_mask gave {len(masks)} masks for {len(outputs)} outputs")
    return masks[0]


def _given_mask(keras: Any, output: Any) -> Any:
    """The mask that the next layer is called with."""
    given = []

    class Next(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.supports_masking = True

        def call(self, inputs: Any, mask: Any = None) -> Any:
            given.append(mask)
            return inputs

    Next()(output)
    return given[-1]


# States.


def default_states(ready: Assembled, batch: int) -> list[Any]:
    """`get_initial_state` of every layer of one direction, forward before backward."""
    of_layers = [
        [layer.forward_layer, layer.backward_layer] if hasattr(layer, "forward_layer") else [layer]
        for layer in ready.layers
    ]
    return [state for both in of_layers for one in both for state in one.get_initial_state(batch)]
