"""ONNX models: the nodes `RNN` of a graph, and what stands between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_adapters.native import canonical_weights
from rnn_adapters.onnx import CONVENTIONS
from rnn_adapters.port.contents import FLOATS, Budget, imported, reading, shown
from rnn_adapters.port.found import Found, Options, activations_of, in_one_stack
from rnn_adapters.port.onnx_external import file_of, is_external, with_numbers
from rnn_reference.activations import DEFAULTS, Activation
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Cell, Layer, Network

GLUE = frozenset(
    (
        *("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Concat", "Identity", "Dropout", "Cast", "Flatten"),
        *("Shape", "Gather", "Slice", "Constant"),
    )
)
"""What may stand between two nodes; none makes more numbers than it gets, or at most twice as many."""
MOST_GLUE = 20
ARRANGE = frozenset(
    ("Expand", "Slice", "Unsqueeze", "Squeeze", "Identity", "Cast", "Tile", "Reshape", "Transpose", "Gather")
)
"""Operators whose output is made of numbers of their first input: of zeros zeros."""
TIME, BATCH = 2, 3
"""Sizes at which it is tried what stands between two nodes."""


@dataclass(frozen=True)
class RnnNode:
    """A node, and what it says.

    Args:
        name: its own, or that of its first output.
        arrays: W, R and B, by their names in the conventions.
        places: their names in the graph.
        activations: of each direction.
        layout: 1 where the batch is the first axis.
    """

    name: str
    node: Any
    arrays: Mapping[str, Array]
    places: Mapping[str, str]
    activations: tuple[Activation, ...]
    layout: int

    @property
    def directions(self) -> int:
        return len(self.activations)

    @property
    def layer(self) -> Layer:
        """Its weights in canonical form."""
        held = canonical_weights(CONVENTIONS.weights, self.arrays, self.directions)
        cells = zip(held, self.activations, strict=True)
        return Layer(*(Cell(**weights, activation=phi) for weights, phi in cells))


class Graph:
    """The graph of a model, and the nodes of one stack in it.

    Raises:
        BadInput: no model, no such node, or nodes that are no stack or cannot be carried.
    """

    def __init__(self, data: bytes, options: Options) -> None:
        onnx = imported("onnx")
        with reading("an ONNX model"):
            self.model = onnx.ModelProto.FromString(data)
            self.graph, self._folder, self._budget = self.model.graph, options.folder, Budget()
            self._tensors = {tensor.name: tensor for tensor in self.graph.initializer}
            for node in self.graph.node:
                for attribute in node.attribute if node.op_type == "Constant" else ():
                    if attribute.name == "value":
                        self._tensors[node.output[0]] = attribute.t
            for tensor in filter(is_external, self._tensors.values()):
                file_of(tensor, self._folder)  # of all: whoever runs the model reads all
            self.producers = {name: node for node in self.graph.node for name in node.output if name}
            self.inputs = {each.name for each in self.graph.input} - self._tensors.keys()
            self._refuse_others(options)
            sequences = [node.input[0] for node in self.graph.node if is_recurrent(node)]
            self._of_sequences = {end for name in sequences for end in self.before(name)[1]}
            self.nodes = self._stacked([self._read(node) for node in self._asked(options)])

    def _asked(self, options: Options) -> list[Any]:
        found = [node for node in self.graph.node if is_recurrent(node, ("RNN",))]
        found = [node for node in found if name_of(node).startswith(options.only)]
        if not found:
            kinds = [node.op_type for node in self.graph.node]
            unrolled = kinds.count("MatMul") + kinds.count("Gemm") > 1 and {"Tanh", "Relu"} & {*kinds}
            raise BadInput(
                f"expected a node RNN; got {', '.join(dict.fromkeys(kinds))[:200] or 'no nodes'}"
                + (
                    "; a recurrence that is unrolled, as torch's exporter writes it with dynamo=True, is not"
                    " read: export with dynamo=False, or port the state_dict"
                    if unrolled
                    else ""
                )
            )
        return found

    def _refuse_others(self, options: Options) -> None:
        """Refuse gated nodes, and nodes in the bodies of loops and functions."""
        inner = (node for body in bodies(self.model) for node in body)
        for node in inner:
            if is_recurrent(node):
                raise BadInput(
                    f"node {shown(name_of(node))}: expected it in the graph itself; got it in a body"
                )
        for node in self.graph.node:
            if is_recurrent(node, ("LSTM", "GRU")) and name_of(node).startswith(options.only):
                raise BadInput(
                    f"node {shown(name_of(node))}: expected a vanilla RNN; got {node.op_type}"
                    + ("" if options.only else "; choose nodes by the beginning of their names (--only)")
                )

    def _read(self, node: Any) -> RnnNode:
        name = name_of(node)
        said = {attribute.name: attribute for attribute in node.attribute}
        inputs = [*node.input, *[""] * 6][:6]
        if "clip" in said and said["clip"].f > 0:
            raise BadInput(
                f"node {shown(name)}: expected no clip; got {said['clip'].f}: pre-activations that are"
                " clipped are those of no network in canonical form"
            )
        direction = said["direction"].s.decode() if "direction" in said else "forward"
        if direction not in ("forward", "bidirectional"):
            raise BadInput(
                f"node {shown(name)}: expected direction forward or bidirectional; got {shown(direction)}:"
                " one direction that goes the other way is an option of a call; no canonical network has it"
            )
        self._refuse_states(name, inputs[4], inputs[5])
        places = {own: place for own, place in zip("WRB", inputs[1:4], strict=True) if place}
        arrays = {own: self.constant(name, place) for own, place in places.items()}
        layout = said["layout"].i if "layout" in said else 0
        directions = 2 if direction == "bidirectional" else 1
        phis = tuple(activations(name, said, directions, arrays["W"].dtype))
        return RnnNode(name, node, arrays, places, phis, layout)

    def constant(self, node: str, name: str) -> Array:
        """An array that stands in the model.

        Raises:
            BadInput: it is computed, an input, or of another type.
        """
        if name not in self._tensors:
            raise BadInput(
                f"node {shown(node)}: expected {shown(name)} to stand in the model; got it computed"
            )
        array: Array = imported("onnx.numpy_helper").to_array(self._tensor(name))
        if array.dtype not in FLOATS.values():
            raise BadInput(f"{shown(name)}: expected {', '.join(FLOATS)}; got {array.dtype}")
        return array

    def _tensor(self, name: str) -> Any:
        """A tensor with its numbers, wherever they are."""
        if is_external(self._tensors[name]):
            self._tensors[name] = with_numbers(self._tensors[name], self._folder, self._budget)
        return self._tensors[name]

    def _refuse_states(self, node: str, lengths: str, states: str) -> None:
        """Refuse what is given to every call but the input, unless it is given from outside or zero."""
        if lengths and self._origin(lengths) not in self.inputs:
            raise BadInput(f"node {shown(node)}: expected sequence_lens from outside; got them in the model")
        if not states or self._is_zero(first := self._origin(states)):
            return
        if first not in self.inputs or first in self._of_sequences:
            raise BadInput(
                f"node {shown(node)}: expected initial states from outside, or zeros; got others, which are"
                " no part of a network in canonical form"
            )

    def _origin(self, name: str) -> str:
        """The array that one is made of by operators that only choose and arrange its numbers."""
        for _ in range(MOST_GLUE):
            node = self.producers.get(name)
            if name in self._tensors or node is None or node.op_type not in ARRANGE or not node.input:
                break
            name = node.input[0]
        return name

    def _is_zero(self, name: str) -> bool:
        """Whether an array is of zeros, whatever its shape turns out to be."""
        if name in self._tensors:
            return not self.constant("", name).any()
        node = self.producers.get(name)
        if node is None or node.op_type != "ConstantOfShape":
            return False
        value = next((a.t for a in node.attribute if a.name == "value"), None)
        return value is None or not imported("onnx.numpy_helper").to_array(value).any()

    def _stacked(self, found: Sequence[RnnNode]) -> tuple[RnnNode, ...]:
        """Bottom first; `self.glue` has for each node what stands before it."""
        names = {each.name: each for each in found}
        if len(names) < len(found):
            raise BadInput("nodes RNN: expected a name for each; got one twice")
        outputs = {each.node.output[0]: each for each in found if each.node.output}
        below, self.glue = dict[str, str | None](), dict[str, list[Any]]()
        for each in found:
            glue, ends = self.before(each.node.input[0])
            feeding = [outputs[end] for end in ends if end in outputs]
            mixed = any(is_recurrent(self.producers[end]) for end in ends if end in self.producers)
            if not feeding and not mixed:
                below[each.name], self.glue[each.name] = None, []
                continue
            if len(feeding) != 1 or len(ends) != 1:
                raise BadInput(f"node {shown(each.name)}: expected to be fed by one node; got {shown(ends)}")
            self._refuse_glue(glue, feeding[0], each)
            below[each.name], self.glue[each.name] = feeding[0].name, glue
        return tuple(names[name] for name in in_one_stack(below))

    def before(self, name: str) -> tuple[list[Any], list[str]]:
        """The nodes that an array is made by, in their order, and the arrays where that begins."""
        ends, seen, left = list[str](), set[str](), [name]
        made = set[int]()
        while left:
            current = left.pop()
            if current in seen or not current or current in self._tensors:
                continue
            seen.add(current)
            node = self.producers.get(current)
            if node is None or is_recurrent(node):
                ends.append(current)
                continue
            made.add(id(node))
            left.extend(node.input)
        return [node for node in self.graph.node if id(node) in made], ends

    def _refuse_glue(self, glue: Sequence[Any], below: RnnNode, above: RnnNode) -> None:
        """Refuse what does anything but put the outputs of directions side by side: it is tried."""
        where = f"between the nodes {shown(below.name)} and {shown(above.name)}"
        others = [node.op_type for node in glue if node.op_type not in GLUE]
        if others or len(glue) > MOST_GLUE:
            raise BadInput(f"{where}: expected nothing that computes; got {shown(others or len(glue))}")
        D, H = below.directions, below.arrays["R"].shape[-1]
        canonical = np.arange(TIME * BATCH * D * H, dtype="f4").reshape(TIME, BATCH, D, H)
        given = canonical.swapaxes(0, 1) if below.layout else canonical.swapaxes(1, 2)
        wanted = canonical.reshape(TIME, BATCH, D * H)
        wanted = wanted.swapaxes(0, 1) if above.layout else wanted
        found = self._tried(glue, below.node.output[0], above.node.input[0], given)
        if found.shape != wanted.shape or not np.array_equal(found, wanted):
            raise BadInput(
                f"{where}: expected the outputs of the directions side by side, as a stack has them; got"
                " another order"
            )

    def _tried(self, glue: Sequence[Any], given: str, wanted: str, array: Array) -> Array:
        if not glue:
            return array
        helper = imported("onnx.helper")
        values = [helper.make_tensor_value_info(name, 1, None) for name in (given, wanted)]
        model = self._part(glue, values[0], values[1])
        evaluator = imported("onnx.reference").ReferenceEvaluator(model)
        found: Array = np.asarray(evaluator.run(None, {given: np.ascontiguousarray(array)})[0])
        return found

    def _part(self, nodes: Sequence[Any], given: Any, wanted: Any) -> Any:
        """A model of some of the nodes, with the constants that they need."""
        helper = imported("onnx.helper")
        needed = {name for node in nodes for name in node.input}
        held = []
        for name in sorted(needed & self._tensors.keys()):
            tensor = type(self._tensors[name])()
            tensor.CopyFrom(self._tensor(name))
            tensor.name = name
            held.append(tensor)
        kept = [node for node in nodes if node.op_type != "Constant" or node.output[0] not in self._tensors]
        graph = helper.make_graph(kept, "part", [given], [wanted], held)
        return helper.make_model(
            graph, opset_imports=self.model.opset_import, ir_version=self.model.ir_version
        )

    def recurrent_part(self) -> Any:
        """A model of the stack's own nodes alone: from the input of the bottom one to Y of the top one."""
        helper = imported("onnx.helper")
        nodes = []
        for each in self.nodes:
            node = type(each.node)()
            node.CopyFrom(each.node)
            inputs = [*each.node.input][:4]  # no lengths, and zeros to start from
            del node.input[:]
            node.input.extend(inputs)
            nodes += [*self.glue[each.name], node]
        dtype = helper.np_dtype_to_tensor_dtype(self.nodes[0].arrays["W"].dtype)
        given = helper.make_tensor_value_info(self.nodes[0].node.input[0], dtype, [None] * 3)
        wanted = helper.make_tensor_value_info(self.nodes[-1].node.output[0], dtype, [None] * 4)
        return self._part(nodes, given, wanted)

    def left_out(self) -> Iterator[str]:
        """All other nodes in words."""
        used = {id(each.node) for each in self.nodes}
        used |= {id(node) for glue in self.glue.values() for node in glue}
        for node in self.graph.node:
            if id(node) not in used and node.op_type != "Constant":
                yield f"node {shown(name_of(node))}: {node.op_type}"


def read_onnx(data: bytes, suffix: str, options: Options) -> Found:
    """The recurrent layers of a model.

    Raises:
        BadInput: see `Graph`.
    """
    graph = Graph(data, options)
    said = [list(node.activations) for node in graph.nodes]
    phis = activations_of(options, said, list(map(len, said)))
    assert phis == said
    network = Network(node.layer for node in graph.nodes)
    places = tuple(dict(node.places) for node in graph.nodes for _ in range(node.directions))
    return Found(network, places, tuple(node.name for node in graph.nodes), tuple(graph.left_out()))


def write_onnx(network: Network, suffix: str) -> bytes:
    """A model that takes X (time, batch, input) and gives Y of the top layer, and Y_h of each."""
    imported("onnx")
    from rnn_adapters.onnx.graph import Asked, Style, model_of

    asked = Asked(initial_states=False, lengths=False, sequence=True, final_states=True, go_backwards=False)
    written: bytes = model_of(network, asked, Style()).SerializeToString(deterministic=True)
    return written


def is_recurrent(node: Any, kinds: tuple[str, ...] = ("RNN", "LSTM", "GRU")) -> bool:
    """Whether a node is one of these operators."""
    return node.domain in ("", "ai.onnx") and node.op_type in kinds


def name_of(node: Any) -> str:
    """Its name; where it has none, that of its first output."""
    return str(node.name or next((name for name in node.output if name), ""))


def bodies(model: Any) -> Iterator[Sequence[Any]]:
    """The nodes of every graph within the graph, and of every function."""
    yield from (function.node for function in model.functions)
    left = list(model.graph.node)
    while left:
        for attribute in left.pop().attribute:
            for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield graph.node
                left.extend(graph.node)


def activations(
    name: str, said: Mapping[str, Any], directions: int, dtype: np.dtype[Any]
) -> Iterator[Activation]:
    """The activation of each direction; α and β are consumed by those that have one, in their order."""
    from rnn_adapters.onnx.graph import NAMES

    known = {operator.lower(): own for own, operator in NAMES.items()}
    named = [each.decode() for each in said["activations"].strings] if "activations" in said else []
    named = named or ["Tanh"] * directions
    if len(named) != directions:
        raise BadInput(f"node {shown(name)}: expected {directions} activations; got {shown(named)}")
    left = {
        parameter: list(said[f"activation_{parameter}"].floats) if f"activation_{parameter}" in said else []
        for parameter in ("alpha", "beta")
    }
    for each in named:
        own = known.get(each.lower())
        if own is None:
            raise BadInput(
                f"node {shown(name)}: expected one of {', '.join(NAMES.values())}; got {shown(each)}"
            )
        given = {
            parameter: read_parameter(left[parameter].pop(0), dtype)
            for parameter in DEFAULTS.get(own, {})
            if left[parameter]
        }
        yield plain(Activation(own, **given))
    if any(left.values()):
        raise BadInput(f"node {shown(name)}: expected as many α and β as there are activations that have one")


def plain(activation: Activation) -> Activation:
    """`linear` by its own name: the operator has it as Affine."""
    return Activation("linear") if activation == Activation("affine") else activation


def read_parameter(number: float, dtype: np.dtype[Any]) -> float:
    """α or β: a float32 in the model, which for networks as narrow stands for its shortest decimal form."""
    narrow = np.float32(number)
    return float(narrow) if dtype == np.float64 else float(str(narrow))


def held_activation(activation: Activation, dtype: np.dtype[Any]) -> Activation:
    """What is read of an activation once it is written."""
    parameters = {
        name: read_parameter(float(np.float32(value)), dtype) for name, value in activation.parameters.items()
    }
    return plain(Activation(activation.name, **parameters))
