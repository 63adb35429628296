"""`torch.nn.RNN`; other ways into it are in `torch_routes`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import Conventions, NativeWeight, Supports
from rnn_reference.activations import ACTIVATIONS
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

PARAMETERS = {"W_x": "weight_ih", "W_h": "weight_hh", "b": "bias_ih", "b_h": "bias_hh"}


class TorchAdapter(Adapter[Any]):
    """`torch.nn.RNN` with its default axes (time first), eager, without gradients.

    An input that lies in memory as usual is handed over as usual; one with other strides keeps them.
    """

    name = "torch"
    batch_first = False
    enforce_sorted = False
    recording = False  # of gradients
    conventions = Conventions(
        layer="torch.nn.RNN",
        weights=(
            NativeWeight("W_x", "weight_ih_l{layer}", ("hidden", "input")),
            NativeWeight("W_h", "weight_hh_l{layer}", ("hidden", "state")),
            NativeWeight("b", "bias_ih_l{layer}", ("hidden",)),
            NativeWeight("b_h", "bias_hh_l{layer}", ("hidden",)),
        ),
        bias_vectors=2,
        axes={
            "x": ("time", "batch", "input"),
            "sequence": ("time", "batch", "directions*hidden"),
            "final_states": ("layers*directions", "batch", "hidden"),
        },
        last_output="unsupported: the outputs of every step and h_n are always returned",
        final_state_order="one array h_n: layer 0 forward, layer 0 backward, layer 1 forward, …",
        padded_output="zero",
        padded_output_bidirectional="zero",
        initialisation=dict.fromkeys(("W_x", "W_h", "b", "b_h"), "uniform 1/√H"),
    )
    supports = Supports(
        bidirectional=True,
        stacked=True,
        no_bias=True,
        initial_states=True,
        sequence=True,
        final_states=True,
        read_weights=True,
        native_weights=True,
        count_parameters=True,
        activations=("tanh", "relu"),
        lengths=True,
        dropout=("between layers",),
        freshly_initialised=True,
        gradients=True,
        tangents=True,
        second_gradients=True,
        dtypes=("float32", "float64", "float16", "bfloat16"),
        compute_dtypes=("float16", "bfloat16"),
    )

    def __init__(self) -> None:
        import torch  # here and not above, so that the conventions can be read without it

        self.torch = torch
        self._built: dict[Any, Any] = {}

    def versions(self) -> dict[str, str]:
        return {"torch": str(self.torch.__version__), "numpy": np.__version__}

    def load(self, network: Network) -> Any:
        module = self._module(network)
        with self.torch.no_grad():
            for position, cell in zip(positions(module), network.cells, strict=True):
                fill(parameters(module, *position), cell)
        return module

    def run(self, model: Any, call: Call) -> Output:
        x = self._input(call.x)
        h0 = None if call.initial_states is None else self.tensor(np.concatenate(call.initial_states))
        with self.torch.set_grad_enabled(self.recording), self.autocast(call):
            sequence, h_n = self._outputs(model, call, x, h0)
        states = array(h_n).reshape(model.num_layers, 1 + model.bidirectional, *h_n.shape[1:])
        output = array(self._canonical(sequence))
        return Output(
            sequence=output if call.return_sequences else None,
            final_states=tuple(states),
            native_shapes={
                "x": tuple(x.shape),
                "sequence": tuple(sequence.shape),
                "final_states": tuple(h_n.shape),
            },
        )

    def gradients(self, model: Any, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        return self._as_gradients(model, call, self._gradients(model, call, d_sequence, d_final_states)[1])

    def second_gradients(
        self, model: Any, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        sources, found = self._gradients(model, call, d_sequence, d_final_states, again=True)
        second = self.torch.autograd.grad(
            found, sources, self._as_sources(model, direction), allow_unused=True, materialize_grads=True
        )
        return self._as_gradients(model, call, second)

    def tangents(self, model: Any, call: Call, direction: Gradients) -> Output:
        forward_ad = self.torch.autograd.forward_ad
        with forward_ad.dual_level():
            x, states, weights = self._sources(model, call)
            duals = [
                forward_ad.make_dual(source.detach(), towards)
                for source, towards in zip(
                    [x, *states, *weights], self._as_sources(model, direction), strict=True
                )
            ]
            names = [name for name, _ in self._named(model)]
            x, states, weights = duals[0], duals[1 : 1 + len(states)], duals[1 + len(states) :]
            native = x if self.batch_first else x.transpose(0, 1)
            of_weights = dict(zip(names, weights, strict=True))
            outputs = self.torch.func.functional_call(
                model.eval(), of_weights, (native, self.torch.cat(states))
            )
            sequence, h_n = (forward_ad.unpack_dual(output).tangent for output in outputs)
        final = array(h_n).reshape(model.num_layers, 1 + model.bidirectional, *h_n.shape[1:])
        return Output(array(self._canonical(sequence)), final_states=tuple(final))

    def _gradients(
        self, model: Any, call: Call, d_sequence: Array, d_final_states: States, *, again: bool = False
    ) -> tuple[list[Any], list[Any]]:
        """What is differentiated with respect to, and the gradients; `again` if these are to be, too."""
        x, states, weights = self._sources(model, call)
        with self.torch.enable_grad():
            native = x if self.batch_first else x.transpose(0, 1)
            sequence, h_n = self._outputs(model, call, native, self.torch.cat(states))
            sources = [x, *states, *weights]
            found = self.torch.autograd.grad(
                [self._canonical(sequence), h_n],
                sources,
                self.cotangents(d_sequence, d_final_states),
                create_graph=again,
            )
        return sources, list(found)

    def cotangents(self, d_sequence: Array, d_final_states: States) -> list[Any]:
        """The gradients that come in at the canonical sequence output and at h_n."""
        return [self.tensor(d_sequence), self.tensor(np.concatenate(d_final_states))]

    def _sources(self, model: Any, call: Call) -> tuple[Any, list[Any], list[Any]]:
        """Input, initial states and weights, of which gradients can be asked."""
        assert call.initial_states is not None
        states = [self.tensor(state).requires_grad_() for state in call.initial_states]
        return self.tensor(call.x).requires_grad_(), states, [p for _, p in self._named(model)]

    def _named(self, model: Any) -> list[tuple[str, Any]]:
        """The parameters of all cells in the canonical order, by their names in the module."""
        named = dict(model.named_parameters())
        suffixes = [f"_l{layer}" + ("_reverse" if direction else "") for layer, direction in positions(model)]
        names = [stem + suffix for suffix in suffixes for stem in PARAMETERS.values()]
        return [(name, named[name]) for name in names if name in named]

    def _as_sources(self, model: Any, direction: Gradients) -> list[Any]:
        """A direction in the order of `_sources`; zero for a second bias that the network does not have."""
        biased = "bias_ih_l0" in dict(model.named_parameters())
        weights = []
        for cell in direction.cells:
            weights += [cell.W_x, cell.W_h]
            if biased:
                assert cell.b is not None
                weights += [cell.b, np.zeros_like(cell.b) if cell.b_h is None else cell.b_h]
        return [self.tensor(np.array(a)) for a in (direction.x, *direction.initial_states, *weights)]

    def _as_gradients(self, model: Any, call: Call, found: Sequence[Any]) -> Gradients:
        """Gradients in the order of `_sources` as those of a network."""
        assert call.initial_states is not None
        dx, *others = [array(gradient) for gradient in found]
        of_weights = iter(others[len(call.initial_states) :])
        roles = [role for role, name in PARAMETERS.items() if hasattr(model, f"{name}_l0")]
        return Gradients(
            dx,
            tuple(others[: len(call.initial_states)]),
            tuple(CellGradients(**{role: next(of_weights) for role in roles}) for _ in positions(model)),
        )

    def autocast(self, call: Call) -> AbstractContextManager[Any]:
        """Mixed precision, where the call is to have it."""
        if call.compute_dtype is None:
            return nullcontext()
        mixed: AbstractContextManager[Any] = self.torch.autocast(
            "cpu", dtype=getattr(self.torch, call.compute_dtype)
        )
        return mixed

    def _input(self, array: Array) -> Any:
        x = self.tensor(array)
        if self.batch_first or array.ndim < 2:
            return x
        x = x.transpose(0, 1)
        return x.contiguous() if array.flags.c_contiguous else x

    def _canonical(self, sequence: Any) -> Any:
        return sequence if self.batch_first else sequence.transpose(0, 1)

    def _outputs(self, model: Any, call: Call, x: Any, h0: Any) -> tuple[Any, Any]:
        model.train(call.training)
        model.dropout = call.rate if call.dropout == "between layers" else 0.0
        if call.lengths is None:
            return self.forward(model, x, h0)
        return self._forward_packed(model, x, h0, call.lengths)

    def forward(self, module: Any, x: Any, h0: Any) -> tuple[Any, Any]:
        """The call itself; x is a tensor or a packed sequence."""
        sequence, h_n = module(x, h0)
        return sequence, h_n

    def _forward_packed(self, model: Any, x: Any, h0: Any, lengths: Array) -> tuple[Any, Any]:
        """Variable-length sequences go through a packed sequence, and come back padded with zeros."""
        rnn, time = self.torch.nn.utils.rnn, x.shape[1 if self.batch_first else 0]
        packed = rnn.pack_padded_sequence(
            x, self.tensor(lengths), batch_first=self.batch_first, enforce_sorted=self.enforce_sorted
        )
        output, h_n = self.forward(model, packed, h0)
        sequence, _ = rnn.pad_packed_sequence(output, batch_first=self.batch_first, total_length=time)
        return sequence, h_n

    def read_weights(self, model: Any) -> Network:
        activation = next(name for name in ACTIVATIONS if name == model.nonlinearity)
        cells = [
            Cell(
                **{role: array(p).copy() for role, p in parameters(model, *position).items()},
                activation=activation,
            )
            for position in positions(model)
        ]
        directions = 1 + model.bidirectional
        return Network(Layer(*cells[i : i + directions]) for i in range(0, len(cells), directions))

    def native_weights(self, model: Any) -> list[dict[str, tuple[int, ...]]]:
        return [
            {role: tuple(p.shape) for role, p in parameters(model, *position).items()}
            for position in positions(model)
        ]

    def count_parameters(self, model: Any) -> int:
        return sum(parameter.numel() for parameter in model.parameters())

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        self.torch.manual_seed(seed)
        return self.read_weights(self.torch.nn.RNN(**self._options(like)))

    def _options(self, network: Network) -> dict[str, Any]:
        bottom = network.layers[0]
        return {
            "input_size": bottom.input_size,
            "hidden_size": bottom.hidden_size,
            "num_layers": network.num_layers,
            "nonlinearity": bottom.forward.activation.name,
            "bias": bool(bottom.forward.biases),
            "bidirectional": bottom.directions == 2,
            "dtype": getattr(self.torch, str(network.dtype)),
            "batch_first": self.batch_first,
        }

    def _module(self, network: Network) -> Any:
        """Built once per shape and options; every `load` assigns all of its weights."""
        options = self._options(network)
        key = tuple(options.values())
        if key not in self._built:
            self._built[key] = self.torch.nn.RNN(**options).eval()
        return self._built[key]

    def tensor(self, array: Array) -> Any:
        """A tensor that lies in the array's own memory, strides and all, where torch can have it so."""
        if not array.flags.writeable or not array.flags.aligned or min(array.strides, default=0) < 0:
            array = array.copy()
        if array.dtype == "bfloat16":  # of which torch and NumPy know, but not of each other's
            return self.torch.from_numpy(array.view(np.int16)).view(self.torch.bfloat16)
        return self.torch.from_numpy(array)


def positions(module: Any) -> list[tuple[int, int]]:
    """(layer, direction) of every cell of a `torch.nn.RNN`, in the canonical order."""
    return [(layer, d) for layer in range(module.num_layers) for d in range(1 + module.bidirectional)]


def parameters(module: Any, layer: int, direction: int) -> dict[str, Any]:
    """The parameters of one cell by role."""
    suffix = f"_l{layer}" + ("_reverse" if direction else "")
    names = {role: stem + suffix for role, stem in PARAMETERS.items()}
    return {role: getattr(module, name) for role, name in names.items() if hasattr(module, name)}


def array(tensor: Any) -> Array:
    """The array that lies in a tensor's memory."""
    import torch

    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        bits: Array = tensor.view(torch.int16).numpy()
        return bits.view("bfloat16")
    numbers: Array = tensor.numpy()
    return numbers


def fill(parameters_by_role: dict[str, Any], cell: Cell) -> None:
    """Give the parameters of one cell their weights."""
    for role, parameter in parameters_by_role.items():
        weight = getattr(cell, role)
        if weight is None:
            parameter.zero_()  # the second bias of a network that has one bias (PAR-4)
        else:
            array(parameter)[...] = weight
