"""`TorchAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

import copy
import io
import math
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import Module

from rnn_adapters.adapter import Adapter, Call, ImplementationLost, Output
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.surface import Shapes, Trained, Training, UnknownAxis, refusal_of
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

forward_ad: Any = torch.autograd.forward_ad
MOST_BUILT = 32
"""Modules that are kept; of hundreds, torch.compile would leave the last ones as they are."""


class Returned(NamedTuple):
    """What a call by a route returned.

    Args:
        sequence: (time, batch, directions·hidden), or with the batch first.
        h_n: (layers·directions, batch, hidden).
        native: what one call of torch took and gave, in the order of `ARRAYS`.
    """

    sequence: Tensor
    h_n: Tensor
    native: tuple[Tensor, Tensor, Tensor]


Tensors: TypeAlias = Sequence[Tensor]
Function: TypeAlias = Callable[..., Returned]
"""Of x, h0 and perhaps weights, which take the place of the module's own."""


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        make: makes a module, of the options of `torch.nn.RNN`.
        forward: calls what is loaded, with x, h0 or None, and lengths or None; time is the first axis.
        differentiate: gradients of a function at x, h0 and weights, for cotangents of its two outputs.
        wrap: makes of the module what is loaded; once for each module.
        reload: makes of that, once it has its weights, what is loaded; at every load.
        batch_first: `forward` has the batch first.
        within: what `run` calls in.
        forget: forgets what was compiled.
        device: where module and input lie during a call.
        stored: what a parameter holds for a weight, and the weight for what it holds.
        inferred: the outputs as symbols, of an RNN, x, h0 and the unknown axes; None: by fake tensors.
    """

    conventions: Conventions
    supports: Supports
    make: Callable[..., Module]
    forward: Callable[[Any, Tensor, Tensor | None, Tensor | None], Returned]
    differentiate: Callable[[Function, Tensors, Tensors, Call], Tensors]
    wrap: Callable[[Module], Module] = lambda module: module
    reload: Callable[[Module], Module] = lambda model: model
    batch_first: bool = False
    within: Callable[[], AbstractContextManager[Any]] = nullcontext
    forget: Callable[[], None] = lambda: None
    device: str = "cpu"
    stored: Callable[[Any], Any] = lambda weight: weight
    inferred: Callable[[Any, Tensor, Tensor | None, Collection[UnknownAxis]], Tensors] | None = None


class TorchAdapter(Adapter[Module]):
    """A route into torch, put together from its parts."""

    name = "torch"

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports
        self._built: dict[tuple[Any, ...], Module] = {}

    def versions(self) -> dict[str, str]:
        return {"torch": str(torch.__version__), "numpy": np.__version__}

    def load(self, network: Network) -> Module:
        options = options_of(network)
        key = tuple(options.values())
        if key not in self._built:
            if len(self._built) == MOST_BUILT:
                self.drop_caches()
            self._built[key] = self._new(options)
        model = self._built[key]
        for held, weight in zip(self._parameters(model).values(), self._native(network.cells), strict=True):
            held.detach().copy_(weight)
        return self.parts.reload(model)

    def run(self, model: Module, call: Call) -> Output:
        with self.parts.within():
            sequence, h_n, native = self._called(model, call, self._x(call), self._h0(call))
        return Output(
            sequence=self._turned(array(sequence)) if call.return_sequences else None,
            final_states=by_layer(model, array(h_n)),
            native_shapes={name: tuple(each.shape) for name, each in zip(ARRAYS, native, strict=True)},
        )

    def gradients(self, model: Module, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        sources, cotangents = self._sources(model, call), self._cotangents(d_sequence, d_final_states)
        found = self.parts.differentiate(partial(self._called, model, call), sources, cotangents, call)
        return self._gradients(model, found)

    def second_gradients(
        self, model: Module, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        sources, cotangents = self._sources(model, call), self._cotangents(d_sequence, d_final_states)
        outputs = self._called(model, call, *sources[:2])[:2]
        first = torch.autograd.grad(outputs, sources, cotangents, create_graph=True)
        rates = self._rates(direction)
        second = torch.autograd.grad(first, sources, rates, allow_unused=True, materialize_grads=True)
        return self._gradients(model, second)

    def tangents(self, model: Module, call: Call, direction: Gradients) -> Output:
        sources, rates = self._sources(model, call), self._rates(direction)
        with forward_ad.dual_level():
            duals = [forward_ad.make_dual(s.detach(), rate) for s, rate in zip(sources, rates, strict=True)]
            sequence, h_n, _ = self._called(model, call, *duals)
            found = [array(forward_ad.unpack_dual(output).tangent) for output in (sequence, h_n)]
        return Output(self._turned(found[0]), final_states=by_layer(model, found[1]))

    def read_weights(self, model: Module) -> Network:
        activation: str = rnn_of(model).nonlinearity
        found = self._canonical(model, map(array, self._parameters(model).values()))
        cells, directions = [Cell(*cell, activation) for cell in found], directions_of(model)
        return Network(Layer(*cells[i : i + directions]) for i in range(0, len(cells), directions))

    def assign_weights(self, model: Module, network: Network) -> None:
        for held, weight in zip(self._parameters(model).values(), self._native(network.cells), strict=True):
            same = torch.equal(held, weight) and torch.equal(held.signbit(), weight.signbit())  # −0 equals 0
            if not same:
                held.detach().copy_(weight)

    def restored(self, model: Module) -> Module:
        return through_a_file(model, self._new(options_in(rnn_of(model), model)))

    def native_weights(self, model: Module) -> list[dict[str, tuple[int, ...]]]:
        weights, cells = self.conventions.weights, self._by_cell(model, self._parameters(model).values())
        return [{w.role: tuple(cell[w.name].shape) for w in weights if w.name in cell} for cell in cells]

    def count_parameters(self, model: Module) -> int:
        return sum(parameter.numel() for parameter in model.parameters())

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        return self.read_weights(self._new(options_of(like), seed))

    def inferred_shapes(
        self, model: Module, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        h0 = self._h0(call)
        if self.parts.inferred is not None:
            symbols = self.parts.inferred(rnn_of(model), self._x(call), h0, unknown)
            return {"torch.export": self._shapes(*symbols)}
        with FakeTensorMode() as fake:  # of a device, so that mixed precision is inferred, too
            x, *weights = map(fake.from_tensor, (self._x(call), *self._parameters(model).values()))
            h0 = None if h0 is None else fake.from_tensor(h0)
            sequence, h_n, _ = self._called(model, call, x, h0, *weights)
        return {"fake tensors": self._shapes(sequence, h_n)}

    def _shapes(self, sequence: Tensor, h_n: Tensor) -> Shapes:
        """The shapes of outputs that hold no numbers; a size that is a symbol is unknown."""
        shape = known_sizes(sequence)
        whole = shape if self.parts.batch_first or len(shape) < 3 else (shape[1], shape[0], *shape[2:])
        types = sorted({str(each.dtype).removeprefix("torch.") for each in (sequence, h_n)})
        finals = (known_sizes(h_n)[1:],) * len(h_n)
        return Shapes(sequence=whole, final_states=finals, dtype=" and ".join(types))

    def wrong_layers(self, model: Module, call: Call) -> Mapping[str, str]:
        """Of `torch.nn.RNN`, by which most routes are made."""
        rnn = rnn_of(model)
        made = partial(torch.nn.RNN, rnn.input_size)
        descriptions = {
            **{f"{units} units": partial(made, units) for units in (0, -1)},
            **{f"{layers} layers": partial(made, 2, layers) for layers in (0, -1)},
            "an unknown nonlinearity": partial(made, 2, nonlinearity="softplus"),
            **{f"dropout at a rate of {rate}": partial(made, 2, 2, dropout=rate) for rate in (-0.5, 1.5)},
            "a projection": partial(made, 2, proj_size=1),
        }
        return {words: refusal_of(make) for words, make in descriptions.items()}

    def count_trainable(self, model: Module, frozen: tuple[int, ...]) -> Mapping[str, int]:
        with self._frozen(model, frozen):
            held = [parameter for parameter in model.parameters() if parameter.requires_grad]
            return {"requires_grad": sum(parameter.numel() for parameter in held)}

    def trained(self, model: Module, call: Call, training: Training) -> Trained:
        """By `backward` and a step of `torch.optim.SGD`, in training mode, as who trains has it."""
        call = replace(call, training=True)
        x, d = self._x(call), tensor(self._turned(training.d_sequence))
        networks, losses = list[Network](), list[float]()
        with self._frozen(model, training.frozen):
            sgd = torch.optim.SGD(model.parameters(), training.rate)
            for step in range(training.steps + 1):
                loss = (d * self._called(model, call, x, self._h0(call))[0]).sum()
                losses.append(loss.item())
                if step < training.steps:
                    sgd.zero_grad()
                    torch.autograd.backward(loss)
                    sgd.step()
                    networks.append(self.read_weights(model))
            sgd.zero_grad()
        return Trained(tuple(networks), tuple(losses))

    @contextmanager
    def _frozen(self, model: Module, layers: tuple[int, ...]) -> Iterator[None]:
        """Parameters of these layers that require no gradient."""
        held = list(self._parameters(model).values())
        each = len(held) // getattr(rnn_of(model), "num_layers", 1)
        for index, parameter in enumerate(held):
            parameter.requires_grad_(index // each not in layers)
        try:
            yield
        finally:
            for parameter in held:
                parameter.requires_grad_(True)

    def global_state(self) -> Mapping[str, str]:
        return {
            "default dtype": str(torch.get_default_dtype()),
            "deterministic algorithms": str(torch.are_deterministic_algorithms_enabled()),
            "grad mode": str(torch.is_grad_enabled()),
            "threads": str(torch.get_num_threads()),
        }

    def drop_caches(self) -> None:
        if self._built:
            self._built.clear()
            self.parts.forget()

    def _new(self, options: dict[str, Any], seed: int | None = None) -> Module:
        """A new module, wrapped; torch's own generator stays as it was."""
        with torch.random.fork_rng(devices=[]):
            if seed is not None:
                torch.default_generator.manual_seed(seed)
            return self.parts.wrap(self.parts.make(**options)).to(self.parts.device)

    def _called(self, model: Module, call: Call, x: Tensor, h0: Tensor | None, *weights: Tensor) -> Returned:
        """The call with all of its options; with weights in place of the module's own, if any are given."""
        rnn: Any = rnn_of(model)
        rate = call.rate if call.dropout == "between layers" else 0.0
        if getattr(rnn, "dropout", rate) != rate:
            rnn.dropout = rate
        model.train(call.training)
        called: Any = partial(self._functional_call, model, weights) if weights else model
        x, h0 = x.to(self.parts.device), None if h0 is None else h0.to(self.parts.device)
        lengths = None if call.lengths is None else tensor(call.lengths)
        with surviving(self.parts.device):
            with mixed_precision(call, self.parts.device):
                found = self.parts.forward(called, x, h0, lengths)
            return found._replace(sequence=found.sequence.cpu(), h_n=found.h_n.cpu())

    def _functional_call(self, model: Module, weights: Tensors, *arguments: Any) -> Any:
        by_name = dict(zip(self._parameters(model), weights, strict=True))
        return torch.func.functional_call(model, by_name, arguments)

    def _x(self, call: Call) -> Tensor:
        """The input in the axes of this route; contiguous if the call's is, else with its strides."""
        usual = call.x.flags.c_contiguous and call.x.flags.aligned
        return tensor(np.ascontiguousarray(self._turned(call.x)) if usual else self._turned(call.x))

    @staticmethod
    def _h0(call: Call) -> Tensor | None:
        """The initial states of all layers in one."""
        return None if call.initial_states is None else tensor(np.concatenate(call.initial_states))

    def _turned(self, sequence: Array) -> Array:
        """From canonical axes to those of this route, or back."""
        return sequence if self.parts.batch_first or sequence.ndim < 2 else sequence.swapaxes(0, 1)

    def _parameters(self, model: Module) -> dict[str, Tensor]:
        """The parameters by name, cell by cell: bottom layer first, forward before backward, as declared."""
        layers, suffixes = getattr(rnn_of(model), "num_layers", 1), ("", "_reverse")[: directions_of(model)]
        held = {
            name.removesuffix(".original").rpartition(".")[2]: (name, parameter)
            for name, parameter in model.named_parameters()
        }
        names = [
            weight.name.format(layer=layer) + suffix
            for layer in range(layers)
            for suffix in suffixes
            for weight in self.conventions.weights
        ]
        return dict(held[name] for name in names if name in held)

    def _by_cell(self, model: Module, found: Iterable[Any]) -> list[dict[str, Any]]:
        """What belongs to each parameter, in the order of `_parameters`, for each cell by declared name."""
        each, declared = list(found), [weight.name for weight in self.conventions.weights]
        count = len(declared) if rnn_of(model).bias else 2
        return [dict(zip(declared, each[i : i + count], strict=False)) for i in range(0, len(each), count)]

    def _native(self, cells: Iterable[Cell]) -> list[Tensor]:
        """The weights of cells as torch holds them, in the order of `_parameters`."""
        weights = self.conventions.weights
        arrays = (each for cell in cells for each in native_arrays(weights, [cell]).values())
        return [self.parts.stored(tensor(each)).to(self.parts.device) for each in arrays]

    def _canonical(self, model: Module, found: Iterable[Array]) -> tuple[CellGradients, ...]:
        """The weights of each cell, or what has their shapes, as torch holds them; `_native` and back."""
        weights, cells = self.conventions.weights, self._by_cell(model, map(self.parts.stored, found))
        return tuple(CellGradients(**canonical_weights(weights, cell)[0]) for cell in cells)

    def _sources(self, model: Module, call: Call) -> list[Tensor]:
        """What is differentiated with respect to: x, h0 and the parameters."""
        assert call.initial_states is not None
        given = self._x(call), tensor(np.concatenate(call.initial_states))
        return [*(each.requires_grad_() for each in given), *self._parameters(model).values()]

    def _rates(self, direction: Gradients) -> list[Tensor]:
        """A direction of change, in the order of `_sources`."""
        cells = (Cell(*cell) for cell in direction.cells)
        return [*self._cotangents(direction.x, direction.initial_states), *self._native(cells)]

    def _cotangents(self, of_sequence: Array, of_states: States) -> list[Tensor]:
        return [tensor(self._turned(of_sequence)), tensor(np.concatenate(of_states))]

    def _gradients(self, model: Module, found: Iterable[Tensor]) -> Gradients:
        """Gradients in the order of `_sources` as those of a network."""
        dx, d_h0, *others = map(array, found)
        return Gradients(self._turned(dx), by_layer(model, d_h0), self._canonical(model, others))


def through_a_file(model: Module, other: Module | None = None) -> Module:
    """Another module, by default a copy, with NaN for weights until it reads those that this one wrote."""
    file, other = io.BytesIO(), copy.deepcopy(model) if other is None else other
    torch.save(model.state_dict(), file)
    file.seek(0)
    for parameter in other.parameters():
        parameter.detach().fill_(math.nan)
    other.load_state_dict(torch.load(file, weights_only=True))
    return other


def options_of(network: Network) -> dict[str, Any]:
    """The options of `torch.nn.RNN` that a network needs."""
    bottom = network.layers[0]
    return {
        "input_size": bottom.input_size,
        "hidden_size": bottom.hidden_size,
        "num_layers": network.num_layers,
        "nonlinearity": bottom.forward.activation.name,
        "bias": bool(bottom.forward.biases),
        "bidirectional": bottom.directions == 2,
        "dtype": getattr(torch, str(network.dtype)),
    }


def options_in(rnn: Any, model: Module) -> dict[str, Any]:
    """The options that the RNN or RNNCell in a module was made with."""
    named = ("input_size", "hidden_size", "nonlinearity", "bias")
    return {
        **{name: getattr(rnn, name) for name in named},
        "num_layers": getattr(rnn, "num_layers", 1),
        "bidirectional": directions_of(model) == 2,
        "dtype": next(model.parameters()).dtype,
    }


def rnn_of(model: Module) -> Any:
    """The RNN or RNNCell in what is called, which may wrap it."""
    return next(module for module in model.modules() if hasattr(module, "nonlinearity"))


def directions_of(model: Module) -> int:
    """1, or 2 in a bidirectional RNN."""
    return 1 + getattr(rnn_of(model), "bidirectional", False)


def by_layer(model: Module, h_n: Array) -> States:
    """(layers·directions, batch, hidden) as (directions, batch, hidden) for each layer."""
    directions = directions_of(model)
    return tuple(h_n[i : i + directions] for i in range(0, len(h_n), directions))


def known_sizes(tensor: Tensor) -> tuple[int | None, ...]:
    """A shape; None for an axis whose size is a symbol."""
    return tuple(size if isinstance(size, int) else None for size in tensor.shape)


@contextmanager
def surviving(device: str) -> Iterator[None]:
    """A call, and the wait for its results.

    Raises:
        ImplementationLost: an error on an NVIDIA GPU after which the process can use it no more.
    """
    try:
        yield
    except Exception as error:
        if device == "cuda":
            try:
                torch.cuda.synchronize()
            except Exception:
                raise ImplementationLost(f"lost its CUDA context: {error}") from error
        raise


def mixed_precision(call: Call, device: str) -> AbstractContextManager[Any]:
    """`torch.autocast`, where the call is to compute in a narrow type."""
    if call.compute_dtype is None:
        return nullcontext()
    mixed: AbstractContextManager[Any] = torch.autocast(device, dtype=getattr(torch, call.compute_dtype))
    return mixed


def tensor(array: Array) -> Tensor:
    """A tensor that lies in the array's own memory; a copy where it has negative strides."""
    if min(array.strides, default=0) < 0:
        array = array.copy()
    if array.dtype == "bfloat16":  # of which torch and NumPy know, but not of each other's
        return tensor(array.view(np.int16)).view(torch.bfloat16)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


def array(tensor: Tensor) -> Array:
    """The array that lies in a tensor's memory."""
    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        return array(tensor.view(torch.int16)).view("bfloat16")
    found: Array = tensor.numpy()
    return found
