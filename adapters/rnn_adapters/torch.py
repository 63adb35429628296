"""`torch.nn.RNN`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch

from rnn_adapters.adapter import Adapter, Call, Conventions, NativeWeight, Offers, Output
from rnn_reference.network import ACTIVATIONS, Array, Cell, Layer, Network

PARAMETERS = {"W_x": "weight_ih", "W_h": "weight_hh", "b": "bias_ih", "b_h": "bias_hh"}


class TorchAdapter(Adapter[torch.nn.RNN]):
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
        axes={
            "x": ("time", "batch", "input"),
            "sequence": ("time", "batch", "directions*hidden"),
            "final_states": ("layers*directions", "batch", "hidden"),
        },
        last_output="not offered: the outputs of every step and h_n are always returned",
        final_state_order="one array h_n: layer 0 forward, layer 0 backward, layer 1 forward, …",
    )
    offers = Offers(mixed_layers=False, last_output=False)

    def versions(self) -> dict[str, str]:
        return {"torch": torch.__version__, "numpy": np.__version__}

    def load(self, network: Network) -> torch.nn.RNN:
        bottom = network.layers[0]
        module = _module(
            bottom.input_size,
            bottom.hidden_size,
            network.num_layers,
            bottom.directions,
            bottom.forward.activation,
            bool(bottom.forward.biases),
            getattr(torch, str(network.dtype)),
        )
        with torch.no_grad():
            for (index, direction), cell in zip(_positions(module), network.cells, strict=True):
                for role, parameter in _parameters(module, index, direction).items():
                    weight = getattr(cell, role)
                    # The second bias of a network that has one bias is zero (PAR-4).
                    parameter.zero_() if weight is None else parameter.copy_(_tensor(weight))
        return module

    def run(self, model: torch.nn.RNN, call: Call) -> Output:
        x = _tensor(np.moveaxis(call.x, 1, 0)) if call.x.ndim > 1 else _tensor(call.x)
        h0 = None if call.initial_states is None else _tensor(np.concatenate(call.initial_states))
        with torch.no_grad():
            sequence, h_n = model(x, h0)
        directions = 1 + model.bidirectional
        states = h_n.numpy().reshape(model.num_layers, directions, *h_n.shape[1:])
        return Output(
            sequence=np.moveaxis(sequence.numpy(), 0, 1) if call.return_sequences else None,
            final_states=tuple(states),
            native_shapes={
                "x": tuple(x.shape),
                "sequence": tuple(sequence.shape),
                "final_states": tuple(h_n.shape),
            },
        )

    def read_weights(self, model: torch.nn.RNN) -> Network:
        cells = [
            Cell(
                **{role: p.detach().numpy().copy() for role, p in _parameters(model, *position).items()},
                activation=next(name for name in ACTIVATIONS if name == model.nonlinearity),
            )
            for position in _positions(model)
        ]
        directions = 1 + model.bidirectional
        return Network(Layer(*cells[i : i + directions]) for i in range(0, len(cells), directions))

    def native_weights(self, model: torch.nn.RNN) -> list[dict[str, tuple[int, ...]]]:
        return [
            {role: tuple(p.shape) for role, p in _parameters(model, *position).items()}
            for position in _positions(model)
        ]

    def count_parameters(self, model: torch.nn.RNN) -> int:
        return sum(parameter.numel() for parameter in model.parameters())


@lru_cache(maxsize=512)
def _module(
    input_size: int,
    hidden_size: int,
    num_layers: int,
    directions: int,
    activation: str,
    bias: bool,
    dtype: Any,
) -> torch.nn.RNN:
    """Built once per shape and options; every `load` assigns all of its weights."""
    return torch.nn.RNN(
        input_size,
        hidden_size,
        num_layers=num_layers,
        nonlinearity=activation,
        bias=bias,
        bidirectional=directions == 2,
        dtype=dtype,
    ).eval()


def _positions(module: torch.nn.RNN) -> list[tuple[int, int]]:
    """(layer, direction) of every cell, in the canonical order."""
    return [(layer, d) for layer in range(module.num_layers) for d in range(1 + module.bidirectional)]


def _parameters(module: torch.nn.RNN, layer: int, direction: int) -> dict[str, Any]:
    suffix = f"_l{layer}" + ("_reverse" if direction else "")
    names = {role: stem + suffix for role, stem in PARAMETERS.items()}
    return {role: getattr(module, name) for role, name in names.items() if hasattr(module, name)}


def _tensor(array: Array) -> Any:
    """A tensor of the same values and type that shares no memory with `array`."""
    return torch.tensor(np.ascontiguousarray(array))
