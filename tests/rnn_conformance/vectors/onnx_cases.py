"""Vectors in the layout of ONNX backend tests: a folder for each call that the operator `RNN` covers.

CASE/model.onnx                      one node `RNN`; weights, input and all else are inputs of the model
CASE/data.json                       rtol and atol, which ONNX's runner takes for the whole case
CASE/test_data_set_0/input_N.pb      what the model is given, in the order of its inputs
CASE/test_data_set_0/output_N.pb     what it must give, rounded to the type of the case
CASE/test_data_set_0/bound_N.pb      how far each element of output N may be off; not of ONNX's layout

Where nothing is claimed of some elements, a node `Where` stands behind `RNN` and makes them 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from rnn_adapters.onnx.graph import NAMES, Asked, Style, model_of, weights_of
from rnn_conformance.engine.case import Case
from rnn_conformance.vectors.form import VectorData
from rnn_conformance.vectors.ready import Ready, ReadyStep, ready
from rnn_reference.bounds import Bounded
from rnn_reference.network import Array

OPSET = 22
"""The newest version of the operator, the first that has bfloat16."""

STYLE = Style(opset=OPSET, weights_as_inputs=True, fixed_shapes=True)

DATA = "test_data_set_0"


@dataclass(frozen=True, eq=False)
class OnnxCase:
    """One call of a vector as a backend test.

    Args:
        name: of its folder, and of the test.
        alone: the call by itself, as a vector of one step.
        inputs: in the order of the model's.
        outputs: in the order of the model's, each value rounded to the type, its bound made wider by that.
    """

    name: str
    alone: Ready
    model: ModelProto
    inputs: tuple[Array, ...]
    outputs: tuple[Bounded, ...]

    @property
    def atol(self) -> float:
        """The least absolute tolerance that lets every correct implementation pass: the largest bound."""
        return max((float(each.bound.max(initial=0.0)) for each in self.outputs), default=0.0)


def onnx_cases(vectors: Iterable[VectorData], dtype: str | None = None) -> Iterator[OnnxCase]:
    """The calls that the operator covers.

    Args:
        dtype: None: each vector in the type that it names.

    Raises:
        BadInput: see `ready.ready`.
    """
    for vector in vectors:
        if (dtype or vector.network.dtype) not in vector.types:
            continue
        made = ready(vector, dtype or vector.network.dtype)
        for number, step in enumerate(made.steps, 1):
            if step.case is not None and step.do == "call" and not why_not(step.case):
                part = f"_step_{number}" if len(made.steps) > 1 else ""
                alone = replace(step, case=Case(step.case.network, step.case.call))
                yield _case(f"test_rnn_vector_{vector.id:04}{part}", made, alone)


def why_not(case: Case) -> str:
    """What of a call the operator has no words for; "" where it has all."""
    network, call = case.network, case.call
    if network.num_layers > 1:
        return "more than one layer"
    if call.go_backwards and network.layers[0].directions == 2:
        return "two directions that go backwards"
    if any(cell.activation.name not in {*NAMES, "linear"} for cell in network.cells):
        return "its activation"
    numbers = [value for cell in network.cells for value in cell.activation.parameters.values()]
    if network.dtype == np.float64 and any(float(np.float32(number)) != number for number in numbers):
        return "a parameter in float64: attributes are of float32"
    asked = {
        "a mask": call.mask is not None,
        "kept states": call.stateful,
        "mixed precision": call.compute_dtype is not None,
        "dropout": call.dropout is not None,
        f"merge mode {call.merge_mode!r}": call.merge_mode not in ("concat", "none"),
    }
    return next((what for what, wanted in asked.items() if wanted), "")


def _case(name: str, vector: Ready, step: ReadyStep) -> OnnxCase:
    assert step.case is not None
    network, call = step.case.network, step.case.call
    asked = Asked(
        initial_states=call.initial_states is not None,
        lengths=call.lengths is not None,
        sequence=call.return_sequences,
        final_states=True,
        go_backwards=call.go_backwards,
        shape=call.x.shape[:2],
    )
    model = model_of(network, asked, STYLE)
    arrays = weights_of(network, STYLE) | {"X": np.ascontiguousarray(call.x.swapaxes(0, 1))}
    if call.initial_states is not None:
        arrays["initial_h_0"] = call.initial_states[0]
    if call.lengths is not None:
        arrays["sequence_lens"] = call.lengths.astype(np.int32)
    expected = {"Y_h_0": step.expected["final_states[0]"]}
    if "sequence" in step.expected:
        expected["Y"] = _native(step.expected["sequence"], network.layers[0].directions, call.go_backwards)
    outputs = []
    for index, output in enumerate(model.graph.output):
        rounded = _rounded(expected[output.name], network.dtype)
        claimed = np.isfinite(rounded.bound)
        if not claimed.all():
            _claim(model, index, network.dtype)
            arrays[f"claimed_{index}"] = claimed
            rounded = Bounded(np.where(claimed, rounded.value, 0), np.where(claimed, rounded.bound, 0.0))
        outputs.append(Bounded(rounded.value.astype(network.dtype), rounded.bound))
    model.graph.name, model.producer_name = name, "rnn-conformance"
    model.ir_version = helper.find_min_ir_version_for(list(model.opset_import))
    inputs = tuple(arrays[each.name] for each in model.graph.input)
    return OnnxCase(name, replace(vector, network=network, steps=(step,)), model, inputs, tuple(outputs))


def _native(sequence: Bounded, directions: int, go_backwards: bool) -> Bounded:
    """(batch, time, directions·hidden) in processing order as (time, directions, batch, hidden) in X's."""

    def turned(array: Array) -> Array:
        batch, time, features = array.shape
        parted = array.reshape(batch, time, directions, features // directions).transpose(1, 2, 0, 3)
        return parted[::-1] if go_backwards else parted

    return Bounded(turned(sequence.value), turned(sequence.bound))


def _rounded(exact: Bounded, dtype: np.dtype) -> Bounded:
    """Values of a type, as float64, with bounds that count the rounding."""
    with np.errstate(over="ignore", invalid="ignore"):
        value = exact.value.astype(dtype).astype(np.float64)
        moved = np.where(value == exact.value, 0.0, np.abs(value - exact.value))
    moved = np.where(np.isfinite(exact.value), moved, 0.0)
    return Bounded(value, np.where(moved == 0, exact.bound, np.nextafter(exact.bound + moved, np.inf)))


def _claim(model: ModelProto, index: int, dtype: np.dtype) -> None:
    """Make 0 of the elements of an output that another input of the model says nothing is claimed of."""
    graph = model.graph
    output = graph.output[index]
    claimed, whole, shape = f"claimed_{index}", output.name, output.type.tensor_type.shape
    sizes = [axis.dim_value for axis in shape.dim]
    graph.input.append(helper.make_tensor_value_info(claimed, TensorProto.BOOL, sizes))
    if "nothing" not in {each.name for each in graph.initializer}:
        graph.initializer.append(numpy_helper.from_array(np.zeros((), dtype), "nothing"))
    output.name = f"{whole}_claimed"
    graph.node.append(helper.make_node("Where", [claimed, whole, "nothing"], [output.name]))


def write_cases(cases: Iterable[OnnxCase], folder: Path) -> None:
    """Write a folder for each case, the same bytes whenever that is done.

    Raises:
        OSError: a file cannot be written.
    """
    for case in cases:
        data = folder / case.name / DATA
        data.mkdir(parents=True, exist_ok=True)
        (folder / case.name / "model.onnx").write_bytes(case.model.SerializeToString(deterministic=True))
        (folder / case.name / "data.json").write_text(json.dumps({"rtol": 0.0, "atol": case.atol}) + "\n")
        tensors = {f"input_{n}": array for n, array in enumerate(case.inputs)}
        tensors |= {f"output_{n}": bounded.value for n, bounded in enumerate(case.outputs)}
        tensors |= {f"bound_{n}": bounded.bound for n, bounded in enumerate(case.outputs)}
        for name, array in tensors.items():
            tensor = numpy_helper.from_array(np.ascontiguousarray(array), name)
            (data / f"{name}.pb").write_bytes(tensor.SerializeToString(deterministic=True))
