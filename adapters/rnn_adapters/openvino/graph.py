"""A network as an OpenVINO model: an operation for each layer, and what stands between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from openvino import Model
from openvino import opset14 as ops

from rnn_adapters.native import native_arrays
from rnn_adapters.openvino import CONVENTIONS
from rnn_reference.network import Array, Layer, Network


@dataclass(frozen=True)
class Asked:
    """What a call needs of a model.

    Args:
        sequence: the outputs of every step, before the final states.
        go_backwards: one layer of one direction reads from the end.
        batch, time: sizes; -1 for any.
    """

    sequence: bool
    go_backwards: bool
    batch: int = -1
    time: int = -1


def sequences(network: Network, asked: Asked) -> Any:
    """A model of x, lengths and a state for each layer; it gives the sequence, if asked, and final states."""
    x = ops.parameter([asked.batch, asked.time, network.input_size], network.dtype, name="x")
    lengths = ops.parameter([asked.batch], np.int32, name="lengths")
    inputs, finals, node = [x, lengths], [], x
    for index, layer in enumerate(network.layers):
        D, H = layer.directions, layer.hidden_size
        if index:
            turned = ops.transpose(node.output(0), np.array([0, 2, 1, 3]))
            x = ops.reshape(turned, np.array([0, 0, layer.input_size]), special_zero=True)
        inputs.append(ops.parameter([asked.batch, D, H], network.dtype, name=f"h_{index}"))
        direction = "bidirectional" if D == 2 else "reverse" if asked.go_backwards else "forward"
        W, R, B = weights(layer)
        node = ops.rnn_sequence(x, inputs[-1], lengths, W, R, B, H, direction, activations(layer))
        finals.append(node.output(1))
    return Model([node.output(0), *finals] if asked.sequence else finals, inputs, "rnn")


def cells(network: Network, asked: Asked) -> Any:
    """A model of one step of the input and a state for each layer; it gives the states after the step."""
    x = ops.parameter([asked.batch, network.input_size], network.dtype, name="x")
    inputs, finals = [x], []
    for index, layer in enumerate(network.layers):
        H = layer.hidden_size
        inputs.append(ops.parameter([asked.batch, H], network.dtype, name=f"h_{index}"))
        W, R, B = (weight[0] for weight in weights(layer))
        x = ops.rnn_cell(x, inputs[-1], W, R, B, H, activations(layer), [], [])
        finals.append(x.output(0))
    return Model(finals, inputs, "rnn")


def weights(layer: Layer) -> tuple[Array, Array, Array]:
    """W, R and B; no bias is one of zeros, as B is no optional input."""
    held = native_arrays(CONVENTIONS.weights, layer.cells)
    no_bias = np.zeros((layer.directions, layer.hidden_size), held["W"].dtype)
    return held["W"], held["R"], held.get("B", no_bias)


def activations(layer: Layer) -> list[str]:
    """The activation, under the name that OpenVINO has for it, which is the suite's."""
    return [layer.forward.activation.name]
