"""`MindsporeAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mindspore
import numpy as np
from mindspore import nn
from mindspore.train import mind_ir_pb2

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.mindspore.derivatives import (
    Differentiate,
    DifferentiateTwice,
    Followed,
    Forward,
    Made,
    Push,
    Returned,
    Tensor,
    Weighted,
)
from rnn_adapters.mindspore.marks import marks_of_executor
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.surface import Shape, Shapes, Trained, Training, UnknownAxis, refusal_of
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        make: makes a layer for a network and a rate of dropout.
        forward: makes a call.
        differentiate: the gradients of a call; None: it has none.
        differentiate_twice: the gradients of a product of its gradients.
        push: the JVP of a call.
        reload: gives another layer the weights of this one, and returns what has them; at every load.
        assign: gives a parameter of a layer that may have been called other numbers.
        wrap: what is called in place of a layer.
        within: what calls are made in.
        batch_first: `forward` has the batch first.
        cotangents_as_computed: in mixed precision outputs and cotangents are of the type computed in.
    """

    conventions: Conventions
    supports: Supports
    make: Callable[[Network, float], Any]
    forward: Forward
    differentiate: Differentiate | None
    differentiate_twice: DifferentiateTwice | None = None
    push: Push | None = None
    reload: Callable[[Any, Any], Any] = lambda layer, other: layer
    assign: Callable[[Any, Tensor], Any] = mindspore.ops.assign
    wrap: Callable[[Any], Any] = lambda layer: layer
    within: Callable[[], AbstractContextManager[Any]] = nullcontext
    batch_first: bool = False
    cotangents_as_computed: bool = False


@dataclass(frozen=True)
class Loaded(Made):
    """A layer with the weights of a network, whose options it has.

    Args:
        others: layers that have its weights while they are called, by their rate of dropout and the type
            that they compute in.
    """

    network: Network
    others: dict[tuple[float, str | None], Made] = field(default_factory=dict)


class MindsporeAdapter(Adapter[Loaded]):
    """A route into MindSpore, put together from its parts."""

    name = "mindspore"

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports

    def versions(self) -> dict[str, str]:
        return {"mindspore": mindspore.__version__, "numpy": np.__version__}

    def load(self, network: Network) -> Loaded:
        marks_of_executor().take_back()
        layer = self.parts.make(network, 0.0)
        for held, array in zip(held_by(layer), self._native(network.cells), strict=True):
            held.set_data(tensor(array))
        return self._loaded(self.parts.reload(layer, self.parts.make(network, 0.0)), network)

    def run(self, model: Loaded, call: Call) -> Output:
        with self.parts.within():
            sequence, h_n, native = self._called(self._made(model, call), call)
        return Output(
            sequence=self._turned(sequence.asnumpy()) if call.return_sequences else None,
            final_states=by_layer(model, h_n.asnumpy()),
            native_shapes={name: tuple(each.shape) for name, each in zip(ARRAYS, native, strict=True)},
        )

    def gradients(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        assert self.parts.differentiate is not None
        followed = self._followed(model, call, d_sequence, d_final_states)
        with self.parts.within(), marks_of_executor().noting():
            found = self.parts.differentiate(followed)
        return self._gradients(model, found)

    def second_gradients(
        self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        assert self.parts.differentiate_twice is not None
        followed = self._followed(model, call, d_sequence, d_final_states)
        with self.parts.within(), marks_of_executor().noting():
            found = self.parts.differentiate_twice(followed, self._rates(direction))
        return self._gradients(model, found)

    def tangents(self, model: Loaded, call: Call, direction: Gradients) -> Output:
        assert self.parts.push is not None
        outputs = self.run(model, call)  # where the JVP is taken does not matter to it, and their shapes do
        assert outputs.sequence is not None
        assert outputs.final_states is not None
        followed = self._followed(model, call, outputs.sequence, outputs.final_states)
        with self.parts.within(), marks_of_executor().noting():
            sequence, h_n = self.parts.push(followed, self._rates(direction))
        return Output(sequence=self._turned(sequence.asnumpy()), final_states=by_layer(model, h_n.asnumpy()))

    def inferred_shapes(
        self, model: Loaded, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        """What stands of the outputs in the file of a graph that is exported for inputs without numbers.

        The number of time steps must be known: RNN counts them when it is compiled, and of -1 makes none.
        """
        batch = None if "batch" in unknown else len(call.x)
        steps, dtype = call.x.shape[1], str(call.x.dtype)
        ahead = (batch, steps) if self.parts.batch_first else (steps, batch)
        given = [placeholder((*ahead, call.x.shape[2]), dtype)]
        if call.initial_states is not None or call.lengths is not None:  # inputs are told by their place
            given.append(placeholder(hidden_shape(model, batch), dtype))
        if call.lengths is not None:
            given.append(placeholder((batch,), str(call.lengths.dtype)))
        layer = self.parts.make(model.network, 0.0)
        if call.compute_dtype is not None:
            layer.to_float(getattr(mindspore, call.compute_dtype))
        with self.parts.within():
            (sequence, of_sequence), (h_n, of_states) = told_by_file(layer, given)
        whole = sequence if self.parts.batch_first else (sequence[1], sequence[0], *sequence[2:])
        types = sorted({of_sequence, of_states})
        return {
            "MindIR file": Shapes(
                whole, final_states=(h_n[1:],) * len(model.network.cells), dtype=" and ".join(types)
            )
        }

    def read_weights(self, model: Loaded) -> Network:
        return self._read(model.layer, model.network)

    def assign_weights(self, model: Loaded, network: Network) -> None:
        self._assign(model.layer, network)

    def restored(self, model: Loaded) -> Loaded:
        return self._loaded(
            through_checkpoint(model.layer, self.parts.make(model.network, 0.0)), model.network
        )

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        roles = [weight.role for weight in self.conventions.weights]
        shapes = [tuple(held.shape) for held in held_by(model.layer)]
        return [dict(zip(roles, cell, strict=False)) for cell in by_cell(model.network, shapes)]

    def count_parameters(self, model: Loaded) -> int:
        return sum(int(parameter.size) for parameter in model.layer.get_parameters())

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        """MindSpore draws the weights of `RNN` by NumPy's own generator, and those of cells by its own."""
        before = np.random.get_state()
        mindspore.set_seed(seed)
        try:
            return self._read(self.parts.make(like, 0.0), like)
        finally:
            np.random.set_state(before)

    def wrong_layers(self, model: Loaded, call: Call) -> Mapping[str, str]:
        """Of `RNN`, by which most routes are made."""
        made = partial(nn.RNN, model.network.input_size)
        descriptions = {
            **{f"{units} units": partial(made, units) for units in (0, -1, 2.5)},
            **{f"{layers} layers": partial(made, 2, layers) for layers in (0, -1)},
            "an unknown nonlinearity": partial(made, 2, nonlinearity="softplus"),
            "has_bias that is no bool": partial(made, 2, has_bias=1),
            "batch_first that is no bool": partial(made, 2, batch_first=1),
            "bidirectional that is no bool": partial(made, 2, bidirectional=1),
            **{f"dropout at a rate of {rate}": partial(made, 2, 2, dropout=rate) for rate in (-0.5, 1.0)},
        }
        return {words: refusal_of(make) for words, make in descriptions.items()}

    def count_trainable(self, model: Loaded, frozen: tuple[int, ...]) -> Mapping[str, int]:
        with frozen_layers(model.layer, model.network, frozen):
            return {"requires_grad": sum(int(each.size) for each in model.layer.trainable_params())}

    def trained(self, model: Loaded, call: Call, training: Training) -> Trained:
        """By steps of `nn.SGD`, of which `value_and_grad` and `TrainOneStepCell` take one after the other."""
        made, d = self._made(model, call), tensor(self._turned(training.d_sequence))
        loss = Weighted(partial(self._called, made, call), d)
        networks, losses = list[Network](), list[float]()
        with self.parts.within(), frozen_layers(made.layer, model.network, training.frozen):
            held = made.layer.trainable_params()
            sgd = nn.SGD(held, learning_rate=training.rate) if held else None
            for step in range(training.steps):
                losses.append(float(loss().asnumpy()))
                if sgd is not None and step % 2:
                    nn.TrainOneStepCell(loss, sgd)()
                elif sgd is not None:
                    sgd(mindspore.value_and_grad(loss, None, mindspore.ParameterTuple(held))()[1])
                networks.append(self._read(made.layer, model.network))
            losses.append(float(loss().asnumpy()))
        self._assign(model.layer, networks[-1] if networks else model.network)
        return Trained(tuple(networks), tuple(losses))

    def global_state(self) -> Mapping[str, str]:
        return {name: str(mindspore.get_context(name)) for name in ("mode", "device_target")}

    def _loaded(self, layer: Any, network: Network) -> Loaded:
        return Loaded(layer, self.parts.wrap(layer), network)

    def _made(self, model: Loaded, call: Call) -> Made:
        """What is called with the options of a call that are those of a layer."""
        options = call.rate if call.dropout else 0.0, call.compute_dtype
        if options == (0.0, None):
            made: Made = model
        else:
            if options not in model.others:
                layer = self.parts.make(model.network, options[0])
                if call.compute_dtype is not None:
                    layer.to_float(getattr(mindspore, call.compute_dtype))
                model.others[options] = Made(layer, self.parts.wrap(layer))
            made = model.others[options]
            for held, other in zip(held_by(made.layer), held_by(model.layer), strict=True):
                mindspore.ops.assign(held, other)
        made.layer.set_train(call.training)
        return made

    def _called(self, made: Made, call: Call) -> Returned:
        """A call with all that it is given."""
        h0 = None if call.initial_states is None else tensor(np.concatenate(call.initial_states))
        return self.parts.forward(made, tensor(self._turned(call.x)), h0, lengths_of(call))

    def _followed(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Followed:
        assert call.initial_states is not None
        made = self._made(model, call)
        cotangents = tensor(self._turned(d_sequence)), tensor(np.concatenate(d_final_states))
        if self.parts.cotangents_as_computed and call.compute_dtype is not None:
            narrow = getattr(mindspore, call.compute_dtype)
            cotangents = cotangents[0].astype(narrow), cotangents[1].astype(narrow)
        return Followed(
            made,
            self.parts.forward,
            given=(tensor(self._turned(call.x)), tensor(np.concatenate(call.initial_states))),
            lengths=lengths_of(call),
            held=mindspore.ParameterTuple(held_by(made.layer)),
            cotangents=cotangents,
        )

    def _rates(self, direction: Gradients) -> list[Tensor]:
        """Of x, h0 and all parameters."""
        return [
            tensor(self._turned(direction.x)),
            tensor(np.concatenate(direction.initial_states)),
            *map(tensor, self._native(Cell(*cell) for cell in direction.cells)),
        ]

    def _gradients(self, model: Loaded, found: Iterable[Tensor]) -> Gradients:
        """Of input, initial states and weights, in the order of `held_by`."""
        d_x, d_h0, *weights = (each.asnumpy() for each in found)
        return Gradients(
            self._turned(d_x), by_layer(model, d_h0), tuple(self._canonical(model.network, weights))
        )

    def _assign(self, layer: Any, network: Network) -> None:
        for held, array in zip(held_by(layer), self._native(network.cells), strict=True):
            self.parts.assign(held, tensor(array))

    def _read(self, layer: Any, like: Network) -> Network:
        found = self._canonical(like, (held.asnumpy() for held in held_by(layer)))
        cells = iter(Cell(*each, cell.activation) for each, cell in zip(found, like.cells, strict=True))
        return Network(Layer(*(next(cells) for _ in layer.cells)) for layer in like.layers)

    def _turned(self, sequence: Array) -> Array:
        """From canonical axes to those of this route, or back."""
        return sequence if self.parts.batch_first or sequence.ndim < 2 else sequence.swapaxes(0, 1)

    def _native(self, cells: Iterable[Cell]) -> Iterator[Array]:
        """The arrays of cells in the order of `held_by`; zeros for a second bias that they do not have."""
        for cell in cells:
            yield from native_arrays(self.conventions.weights, [cell]).values()

    def _canonical(self, network: Network, found: Iterable[Array]) -> list[CellGradients]:
        """The weights of each cell, or what has their shapes, from the order of `held_by`."""
        weights = self.conventions.weights
        names = [weight.name for weight in weights]
        cells = [dict(zip(names, cell, strict=False)) for cell in by_cell(network, found)]
        return [CellGradients(**canonical_weights(weights, cell)[0]) for cell in cells]


def held_by(layer: Any) -> list[Tensor]:
    """The parameters of a layer: bottom layer first, forward before backward."""
    if hasattr(layer, "weight_ih"):
        held = layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh
        return [each for each in held if each is not None]
    lists = layer.w_ih_list, layer.w_hh_list, layer.b_ih_list, layer.b_hh_list
    each = [tuple(of_role) for of_role in lists if len(of_role)]
    return [parameter for cell in zip(*each, strict=True) for parameter in cell]


def by_cell(network: Network, found: Iterable[Any]) -> Iterator[list[Any]]:
    """What belongs to each weight, in the order of `held_by`, cell by cell."""
    each = iter(found)
    for cell in network.cells:
        yield [next(each) for _ in range(4 if cell.biases else 2)]


def by_layer(model: Loaded, h_n: Array) -> States:
    """(layers·directions, batch, hidden) as (directions, batch, hidden) for each layer."""
    directions = model.network.layers[0].directions
    return tuple(h_n[i : i + directions] for i in range(0, len(h_n), directions))


@contextmanager
def frozen_layers(layer: Any, network: Network, frozen: tuple[int, ...]) -> Iterator[None]:
    """Parameters of these layers of a network need no gradient."""
    held = held_by(layer)
    each = len(held) // network.num_layers
    for index, parameter in enumerate(held):
        parameter.requires_grad = index // each not in frozen
    try:
        yield
    finally:
        for parameter in held:
            parameter.requires_grad = True


def lengths_of(call: Call) -> Tensor | None:
    """The lengths of a call."""
    return None if call.lengths is None else tensor(call.lengths)


def tensor(array: Array) -> Tensor:
    """The same numbers in MindSpore, in memory of its own."""
    return mindspore.Tensor(np.array(array, order="C"))


def placeholder(shape: Shape, dtype: str) -> Tensor:
    """What a graph is compiled for in place of a tensor: None is an axis of any size."""
    return mindspore.Tensor(shape=list(shape), dtype=getattr(mindspore, dtype))


def hidden_shape(model: Loaded, batch: int | None) -> Shape:
    """That of all states."""
    bottom = model.network.layers[0]
    return model.network.num_layers * bottom.directions, batch, bottom.hidden_size


TYPES = {"FLOAT": "float32", "FLOAT16": "float16"}
"""Types as MindIR names them."""


def told_by_file(layer: Any, given: list[Tensor]) -> list[tuple[Shape, str]]:
    """Shape and type of each output of a layer, as they stand in the file of its graph."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "rnn"))
        mindspore.export(layer, *given, file_name=path, file_format="MINDIR")
        written = mind_ir_pb2.ModelProto.FromString(Path(f"{path}.mindir").read_bytes())
    (output,) = written.graph.output
    return [
        (
            tuple(None if size < 0 else size for size in each.dims),
            TYPES.get(name := mind_ir_pb2.TensorProto.DataType.Name(each.data_type), name),
        )
        for value in output.attr_info.values
        for each in value.tensors
    ]


def through_checkpoint(layer: Any, other: Any, form: str = "ckpt") -> Any:
    """Another layer with the weights of this one, by way of a file."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder, f"rnn.{form}"))
        mindspore.save_checkpoint(layer, path, format=form)
        mindspore.load_param_into_net(other, mindspore.load_checkpoint(path, format=form))
    return other
