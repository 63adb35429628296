"""`torch.nn.RNN`."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Conventions, NativeWeight, Offers, Output
from rnn_reference.network import ACTIVATIONS, Array, Cell, Layer, Network

PARAMETERS = {"W_x": "weight_ih", "W_h": "weight_hh", "b": "bias_ih", "b_h": "bias_hh"}


class TorchAdapter(Adapter[Any]):
    """`torch.nn.RNN` with its default axes (time first), eager, without gradients."""

    name = "torch"
    conventions = Conventions(
        layer="torch.nn.RNN",
        weights=(
            NativeWeight("W_x", "weight_ih_l{layer}", ("hidden", "input")),
            NativeWeight("W_h", "weight_hh_l{layer}", ("hidden", "hidden")),
            NativeWeight("b", "bias_ih_l{layer}", ("hidden",)),
            NativeWeight("b_h", "bias_hh_l{layer}", ("hidden",)),
        ),
        bias_vectors=2,
        axes={
            "x": ("time", "batch", "input"),
            "sequence": ("time", "batch", "directions*hidden"),
            "final_states": ("layers*directions", "batch", "hidden"),
        },
        last_output="not offered: the outputs of every step and h_n are always returned",
        final_state_order="one array h_n: layer 0 forward, layer 0 backward, layer 1 forward, …",
        padded_output="zero",
        padded_output_bidirectional="zero",
    )
    offers = Offers(mixed_layers=False, last_output=False, lengths=True)

    def __init__(self) -> None:
        import torch  # here and not above, so that the conventions can be read without it

        self.torch = torch
        self._built: dict[Any, Any] = {}

    def versions(self) -> dict[str, str]:
        return {"torch": str(self.torch.__version__), "numpy": np.__version__}

    def load(self, network: Network) -> Any:
        module = self._module(network)
        with self.torch.no_grad():
            for position, cell in zip(_positions(module), network.cells, strict=True):
                for role, parameter in _parameters(module, *position).items():
                    weight = getattr(cell, role)
                    # The second bias of a network that has one bias is zero (PAR-4).
                    parameter.zero_() if weight is None else parameter.copy_(self._tensor(weight))
        return module

    def run(self, model: Any, call: Call) -> Output:
        x = self._tensor(np.moveaxis(call.x, 1, 0) if call.x.ndim > 1 else call.x)
        h0 = None if call.initial_states is None else self._tensor(np.concatenate(call.initial_states))
        with self.torch.no_grad():
            if call.lengths is None:
                sequence, h_n = model(x, h0)
            else:
                sequence, h_n = self._run_packed(model, x, h0, call.lengths)
        states = h_n.numpy().reshape(model.num_layers, 1 + model.bidirectional, *h_n.shape[1:])
        return Output(
            sequence=np.moveaxis(sequence.numpy(), 0, 1) if call.return_sequences else None,
            final_states=tuple(states),
            native_shapes={
                "x": tuple(x.shape),
                "sequence": tuple(sequence.shape),
                "final_states": tuple(h_n.shape),
            },
        )

    def _run_packed(self, model: Any, x: Any, h0: Any, lengths: Array) -> tuple[Any, Any]:
        """Rows of different length go through a packed sequence, and come back padded with zeros."""
        rnn = self.torch.nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, self._tensor(lengths), enforce_sorted=False)
        output, h_n = model(packed, h0)
        sequence, _ = rnn.pad_packed_sequence(output, total_length=x.shape[0])
        return sequence, h_n

    def read_weights(self, model: Any) -> Network:
        activation = next(name for name in ACTIVATIONS if name == model.nonlinearity)
        cells = [
            Cell(
                **{role: p.detach().numpy().copy() for role, p in _parameters(model, *position).items()},
                activation=activation,
            )
            for position in _positions(model)
        ]
        directions = 1 + model.bidirectional
        return Network(Layer(*cells[i : i + directions]) for i in range(0, len(cells), directions))

    def native_weights(self, model: Any) -> list[dict[str, tuple[int, ...]]]:
        return [
            {role: tuple(p.shape) for role, p in _parameters(model, *position).items()}
            for position in _positions(model)
        ]

    def count_parameters(self, model: Any) -> int:
        return sum(parameter.numel() for parameter in model.parameters())

    def _module(self, network: Network) -> Any:
        """Built once per shape and options; every `load` assigns all of its weights."""
        bottom = network.layers[0]
        cell = bottom.forward
        options = {
            "input_size": bottom.input_size,
            "hidden_size": bottom.hidden_size,
            "num_layers": network.num_layers,
            "nonlinearity": cell.activation,
            "bias": bool(cell.biases),
            "bidirectional": bottom.directions == 2,
            "dtype": getattr(self.torch, str(network.dtype)),
        }
        key = tuple(options.values())
        if key not in self._built:
            self._built[key] = self.torch.nn.RNN(**options).eval()
        return self._built[key]

    def _tensor(self, array: Array) -> Any:
        """A tensor of the same values and type that shares no memory with `array`."""
        return self.torch.from_numpy(np.array(array, order="C", copy=True))


def _positions(module: Any) -> list[tuple[int, int]]:
    """(layer, direction) of every cell, in the canonical order."""
    return [(layer, d) for layer in range(module.num_layers) for d in range(1 + module.bidirectional)]


def _parameters(module: Any, layer: int, direction: int) -> dict[str, Any]:
    suffix = f"_l{layer}" + ("_reverse" if direction else "")
    names = {role: stem + suffix for role, stem in PARAMETERS.items()}
    return {role: getattr(module, name) for role, name in names.items() if hasattr(module, name)}
