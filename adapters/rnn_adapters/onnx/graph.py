"""A network as an ONNX model: a node `RNN` for each layer, and what stands between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from rnn_adapters.native import native_arrays
from rnn_adapters.onnx import CONVENTIONS
from rnn_reference.activations import Activation, ActivationName
from rnn_reference.network import Array, Cell, Network

NAMES: Mapping[ActivationName, str] = {
    "tanh": "Tanh",
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "softsign": "Softsign",
    "softplus": "Softplus",
    "elu": "Elu",
    "leaky_relu": "LeakyRelu",
    "hard_sigmoid": "HardSigmoid",
    "affine": "Affine",
    "scaled_tanh": "ScaledTanh",
}
"""The activations of the operator, but for ThresholdedRelu, which jumps; linear is Affine."""


@dataclass(frozen=True)
class Style:
    """How a route writes a model.

    Args:
        opset, ir_version: None: the newest that onnx knows, which `make_model` takes by itself.
        batch_first: by the operator's own attribute, or by `Transpose` around the nodes.
        weights_as_inputs: they are inputs of the model, not initialisers of its graph.
        separate_directions: a node for each direction.
        parameters: α and β of activations are written; else they are left to their defaults.
        final_states: Y_h is an output beside Y.
        fixed_shapes: batch and time are numbers.
    """

    opset: int | None = None
    ir_version: int | None = None
    batch_first: Literal["", "layout", "transposed"] = ""
    weights_as_inputs: bool = False
    separate_directions: bool = False
    parameters: bool = True
    final_states: bool = True
    fixed_shapes: bool = False


@dataclass(frozen=True)
class Asked:
    """The optional inputs and outputs of a call, each of which is written in the model.

    Args:
        shape: of the input (batch, time), where shapes are fixed.
    """

    initial_states: bool
    lengths: bool
    sequence: bool
    final_states: bool
    go_backwards: bool
    shape: tuple[int, ...] = ()


def weights_of(network: Network, style: Style) -> dict[str, Array]:
    """The arrays of all nodes, by their names in the graph."""
    return {
        f"{name}_{node}": array
        for index, layer in enumerate(network.layers)
        for node, cells in nodes_of(index, layer.cells, style)
        for name, array in native_arrays(CONVENTIONS.weights, cells).items()
    }


def nodes_of(index: int, cells: tuple[Cell, ...], style: Style) -> list[tuple[str, tuple[Cell, ...]]]:
    """The nodes of a layer: a name, and the cells."""
    if style.separate_directions and len(cells) == 2:
        return [(f"{index}_forward", cells[:1]), (f"{index}_backward", cells[1:])]
    return [(f"{index}", cells)]


def model_of(network: Network, asked: Asked, style: Style) -> ModelProto:
    """The model of a network, for calls that ask for this.

    Its inputs are X, initial_h_0, …, and sequence_lens; its outputs Y and Y_h_0, ….
    """
    graph = _Graph(network, asked, style)
    graph.write()
    made = helper.make_graph(graph.nodes, "rnn", graph.inputs, graph.outputs, graph.initializers)
    versions: dict[str, Any] = {}
    if style.opset is not None:
        versions["opset_imports"] = [helper.make_opsetid("", style.opset)]
    if style.ir_version is not None:
        versions["ir_version"] = style.ir_version
    return helper.make_model(made, **versions)


class _Graph:
    """A graph that is being written."""

    def __init__(self, network: Network, asked: Asked, style: Style) -> None:
        self.network, self.asked, self.style = network, asked, style
        self.dtype = helper.np_dtype_to_tensor_dtype(network.dtype)
        self.batch: int | str
        self.time: int | str
        self.batch, self.time = asked.shape or ("batch", "time")
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.initializers: list[Any] = []

    def write(self) -> None:
        x = self._input("X", *self._leading(), self.network.input_size)
        if self.asked.lengths:
            lengths = helper.make_tensor_value_info("sequence_lens", TensorProto.INT32, [self.batch])
            self.inputs.append(lengths)
        for name, array in weights_of(self.network, self.style).items():
            if self.style.weights_as_inputs:
                self._input(name, *array.shape)
            else:
                self.initializers.append(numpy_helper.from_array(array, name))
        if self.style.batch_first == "transposed":
            x = self._node("Transpose", [x], "X_turned", perm=[1, 0, 2])
        for index in range(self.network.num_layers):
            x = self._layer(index, x)

    def _layer(self, index: int, x: str) -> str:
        """A layer and its inputs and outputs; what the next one reads."""
        layer, top = self.network.layers[index], index == self.network.num_layers - 1
        D, H = layer.directions, layer.hidden_size
        states = (self.batch, D, H) if self.style.batch_first == "layout" else (D, self.batch, H)
        h0 = self._input(f"initial_h_{index}", *states) if self.asked.initial_states else ""
        last = f"Y_h_{index}" if self.asked.final_states else ""
        sequence = "" if top and not self.asked.sequence else "Y" if top else f"Y_{index}"
        turned = top and bool(sequence) and self.style.batch_first == "transposed"
        self._recurrence(index, x, h0, "Y_turned" if turned else sequence, last)
        if last:
            self._output(last, *states)
        if turned:
            self._node("Transpose", ["Y_turned"], "Y", perm=[2, 0, 1, 3])
        if top and sequence:
            leading = self._leading()
            self._output("Y", *((*leading, D) if self.style.batch_first else (leading[0], D, leading[1])), H)
        return sequence if top else self._features(sequence, f"X_{index + 1}", D * H)

    def _recurrence(self, index: int, x: str, h0: str, sequence: str, last: str) -> None:
        """The node of a layer, or the nodes of its directions."""
        nodes = nodes_of(index, self.network.layers[index].cells, self.style)
        if len(nodes) == 1:
            ((name, cells),) = nodes
            self._rnn(name, cells, x, h0, sequence, last)
            return
        names = [name for name, _ in nodes]
        halves = [f"h0_{name}" if h0 else "" for name in names]
        if h0:
            self.nodes.append(helper.make_node("Split", [h0], halves, axis=0, num_outputs=2))
        outputs = [[f"{each}_{name}" if each else "" for name in names] for each in (sequence, last)]
        for (name, cells), half, Y, Y_h in zip(nodes, halves, *outputs, strict=True):
            self._rnn(name, cells, x, half, Y, Y_h)
        for whole, parts, axis in ((sequence, outputs[0], 1), (last, outputs[1], 0)):
            if whole:
                self._node("Concat", parts, whole, axis=axis)

    def _rnn(self, name: str, cells: Sequence[Cell], x: str, h0: str, sequence: str, last: str) -> None:
        """One node."""
        bias = f"B_{name}" if any(cell.biases for cell in cells) else ""
        inputs = [x, f"W_{name}", f"R_{name}", bias, "sequence_lens" if self.asked.lengths else "", h0]
        while not inputs[-1]:
            inputs.pop()
        attributes = activation_attributes([cell.activation for cell in cells], self.style.parameters)
        if len(cells) == 2:
            attributes["direction"] = "bidirectional"
        elif self.asked.go_backwards or name.endswith("backward"):
            attributes["direction"] = "reverse"
        if self.style.batch_first == "layout":
            attributes["layout"] = 1
        H = cells[0].hidden_size
        self.nodes.append(
            helper.make_node(
                "RNN", inputs, [sequence, last] if last else [sequence], hidden_size=H, **attributes
            )
        )

    def _features(self, sequence: str, name: str, features: int) -> str:
        """The output of a node as the input of the next, with the directions side by side."""
        if self.style.batch_first != "layout":
            sequence = self._node("Transpose", [sequence], f"{name}_turned", perm=[0, 2, 1, 3])
        shape = self._node(
            "Constant", [], f"{name}_shape", value=numpy_helper.from_array(np.array([0, 0, features]))
        )
        return self._node("Reshape", [sequence, shape], name)

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _input(self, name: str, *shape: int | str) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, self.dtype, shape))
        return name

    def _output(self, name: str, *shape: int | str) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, self.dtype, shape))

    def _leading(self) -> tuple[int | str, int | str]:
        """The first two axes of the input."""
        return (self.batch, self.time) if self.style.batch_first else (self.time, self.batch)


def activation_attributes(activations: Sequence[Activation], parameters: bool) -> dict[str, Any]:
    """The attributes that name the activation of each direction; none for tanh, which is what a node has.

    Args:
        parameters: write α and β, of each direction that has one: the operator consumes them in this order.
    """
    if all(activation.name == "tanh" for activation in activations):
        return {}
    named = [Activation("affine") if each.name == "linear" else each for each in activations]
    attributes: dict[str, Any] = {"activations": [NAMES.get(each.name, each.name) for each in named]}
    for parameter in ("alpha", "beta"):
        values = [each.parameters[parameter] for each in named if parameter in each.parameters]
        if parameters and values:
            attributes[f"activation_{parameter}"] = values
    return attributes
