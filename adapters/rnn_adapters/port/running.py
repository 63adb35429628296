"""A file, run by its own framework: read by the framework's own loader, not by what reads it here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call
from rnn_adapters.port.forms import Location
from rnn_adapters.port.found import Found, Options
from rnn_adapters.port.proof import Run, Runner
from rnn_adapters.registry import load_adapter
from rnn_reference.network import Array, Network


def runner_of(where: Location, found: Found, options: Options) -> Runner:
    """What runs a file: its framework if it is installed here, else the reference on what was read.

    Args:
        found: what was read of it.
    """
    make = RUNNERS.get(where.form.name)
    missing = [module for module in MODULES.get(where.form.name, ()) if find_spec(module) is None]
    if make is None:
        return by_reference(found.network, "the reference")
    if missing:
        return by_reference(found.network, f"the reference ({missing[0]} is not installed here)")
    return make(where, found, options)


def by_reference(network: Network, said: str) -> Runner:
    """The reference, on what was read."""
    return said, called(load_adapter("reference"), network)


def called(adapter: Adapter[Any], network: Network, model: Any = None) -> Run:
    """An adapter's call, of what it loaded or of what holds a file's weights.

    It starts from zeros that are given, in the type of the network: those of Haiku are of float32 else.
    """
    model = adapter.load(network) if model is None else model

    def run(x: Array) -> Array:
        sizes = ((layer.directions, len(x), layer.hidden_size) for layer in network.layers)
        zeros = tuple(np.zeros(size, x.dtype) for size in sizes)
        sequence = adapter.run(model, Call(x, initial_states=zeros)).sequence
        assert sequence is not None
        return np.array(sequence)

    return run


def _versioned(adapter: Adapter[Any]) -> str:
    name, number = next(iter(adapter.versions().items()))
    return f"{name} {number}"


def by_torch(where: Location, found: Found, options: Options) -> Runner:
    """`load_state_dict` of what `safetensors.torch` read."""
    import math

    from safetensors.torch import load_file

    adapter, tensors = load_adapter("torch"), load_file(where.path)
    model = adapter.load(found.network)
    for parameter in model.parameters():
        parameter.detach().fill_(math.nan)
    cells = [(index, d) for index, layer in enumerate(found.network.layers) for d in range(layer.directions)]
    state = {
        own.format(layer=index) + ("_reverse" if direction else ""): tensors[name]
        for (index, direction), names in zip(cells, found.places, strict=True)
        for own, name in names.items()
    }
    model.load_state_dict(state)
    return _versioned(adapter), called(adapter, found.network, model)


def by_jax(where: Location, found: Found, options: Options) -> Runner:
    """Flax or Haiku, with the tree that its own loader read."""
    route = "one bias" if where.form.name == "haiku" and _one_bias(found.network) else ""
    if where.form.name == "flax-nnx" and found.network.dtype.itemsize < 4:
        route = "narrow types"  # whose initialiser has them: a cell draws its weights before it gets others
    adapter: Any = load_adapter(where.form.name, route)
    from rnn_adapters.jax_adapter import Loaded, in_type_of, plan_of

    with in_type_of(found.network):
        flat = _loaded_by_jax(where)
        layers = adapter.layers_for(plan_of(found.network))
        cells = [{own: flat[name] for own, name in names.items()} for names in found.places]
        held = layers.holding(layers.tree_of(cells))
    return _versioned(adapter), called(adapter, found.network, Loaded(found.network, layers, held))


def _one_bias(network: Network) -> bool:
    return all(cell.b_h is None for cell in network.cells)


def _loaded_by_jax(where: Location) -> Mapping[str, Any]:
    """Arrays by their paths."""
    if where.suffix == ".safetensors":
        from safetensors.flax import load_file

        flat: Mapping[str, Any] = load_file(where.path)
        return flat
    if where.suffix == ".npz":
        return dict(np.load(where.path, allow_pickle=False))
    from flax.serialization import msgpack_restore
    from flax.traverse_util import flatten_dict

    flatten: Callable[..., Mapping[str, Any]] = flatten_dict  # which has no types
    return flatten(msgpack_restore(where.path.read_bytes()), sep="/")


def by_mlx(where: Location, found: Found, options: Options) -> Runner:
    """`mx.load`, and `update` of each layer."""
    import mlx.core as mx

    adapter: Any = load_adapter("mlx")
    load: Callable[[str], Any] = mx.load  # of these files a dictionary, of others something else
    arrays, model = load(str(where.path)), adapter.load(found.network)
    for layer, names in zip(model.stack.layers, found.places, strict=True):
        layer.update({own: arrays[name] for own, name in names.items()})
    return _versioned(adapter), called(adapter, found.network, model)


def by_keras(where: Location, found: Found, options: Options) -> Runner:
    """The layers of the model that Keras reads, called one after the other.

    Where the configuration names anything but Keras's own objects, Keras does not get to see it: its layers
    have the weights that were read here.
    """
    import json

    from rnn_adapters.keras.adapter import imported_keras
    from rnn_adapters.port.keras_file import config_of, is_plain

    backend = keras_backend()
    keras = imported_keras(backend)
    by = f"keras {keras.__version__} on {backend} {version(DISTRIBUTIONS.get(backend, backend))}"
    config = config_of(where.path.read_bytes(), where.suffix, options)
    if not is_plain(json.loads(config)):
        adapter = load_adapter(f"keras-{backend}", "backward layer")
        return f"{by}, with the weights as read", called(adapter, found.network)
    if where.suffix == ".weights.h5":
        model = keras.models.model_from_json(config)
        model.load_weights(where.path)
    else:
        model = keras.saving.load_model(where.path, compile=False)
    layers = [_layer_of(model, name) for name in found.layers]

    def run(x: Array) -> Array:
        for layer in layers:
            for each in (
                layer,
                *(getattr(layer, name, layer) for name in ("forward_layer", "backward_layer")),
            ):
                each.return_sequences, each.return_state, each.stateful = True, False, False
            x = layer(x)
        sequence: Array = keras.ops.convert_to_numpy(x)
        return sequence

    return by, run


def _layer_of(model: Any, name: str) -> Any:
    """A layer of a model, or of one that is in it."""
    for part in name.split("/"):
        model = model.get_layer(part)
    return model


def keras_backend() -> str:
    """The backend that is asked for or in use, else the first that is installed."""
    import os
    import sys

    from rnn_adapters.keras.adapter import BACKENDS, backend_in_force

    if "keras" in sys.modules or "KERAS_BACKEND" in os.environ:
        return backend_in_force()
    return next((name for name in BACKENDS if find_spec(name) is not None), BACKENDS[0])


DISTRIBUTIONS = {"tensorflow": "tensorflow-cpu"}


def by_onnx(where: Location, found: Found, options: Options) -> Runner:
    """The nodes of the stack, in ONNX Runtime or, where that has not the type, in ONNX's own evaluator."""
    import onnx

    from rnn_adapters.port.onnx_file import Graph

    # Weights in another file are read by onnx, too, from where `Graph` found that they may be read.
    graph = Graph(onnx.load(where.path).SerializeToString(), options)
    part, layouts = graph.recurrent_part(), (graph.nodes[0].layout, graph.nodes[-1].layout)
    name = "onnx" if find_spec("onnxruntime") and found.network.dtype in ("f4", "f2") else "onnx-reference"
    adapter: Any = load_adapter(name)
    unknown = [c.activation for c in found.network.cells if not adapter.supports.has(c.activation.name)]
    if unknown:
        return by_reference(found.network, f"the reference ({_versioned(adapter)} has no {unknown[0].name})")
    session = adapter.parts.make(part)

    def run(x: Array) -> Array:
        given = x if layouts[0] else np.ascontiguousarray(x.swapaxes(0, 1))
        (Y,) = adapter.parts.call(session, {part.graph.input[0].name: given}).values()
        Y = Y if layouts[1] else np.moveaxis(Y, 2, 0)  # (batch, time, directions, hidden)
        return np.ascontiguousarray(Y).reshape(*Y.shape[:2], -1)

    return _versioned(adapter), run


RUNNERS: Mapping[str, Callable[[Location, Found, Options], Runner]] = {
    "torch": by_torch,
    "flax-nnx": by_jax,
    "flax-linen": by_jax,
    "haiku": by_jax,
    "mlx": by_mlx,
    "keras": by_keras,
    "onnx": by_onnx,
}
MODULES: Mapping[str, tuple[str, ...]] = {
    "torch": ("torch",),
    "flax-nnx": ("flax", "optax"),
    "flax-linen": ("flax", "optax"),
    "haiku": ("haiku", "jax"),
    "mlx": ("mlx",),
    "keras": ("keras",),
    "onnx": ("onnx",),
}
"""What must be installed to run a form."""
