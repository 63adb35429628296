"""Ports of ONNX models: what is read, also of torch's exporters, and what is refused. `tox run -e ports`."""

from __future__ import annotations

import logging
import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from ported import BUSY, held_by, named, networks, through

from rnn_adapters.port.forms import location
from rnn_adapters.port.found import Options
from rnn_adapters.port.porting import port, read, same_bits
from rnn_reference import BadInput, Cell, Layer, Network
from rnn_reference.network import Array


def deep() -> Network:
    """Two bidirectional layers."""
    rng = np.random.default_rng(0)

    def cell(inputs: int) -> Cell:
        return Cell(rng.normal(size=(3, inputs)).astype("f4"), rng.normal(size=(3, 3)).astype("f4"))

    return Network([Layer(cell(2), cell(2)), Layer(cell(6), cell(6))])


def test_models_come_back_to_the_bit() -> None:
    form = named("onnx")

    @BUSY
    @given(networks(form))
    def check(network: Network) -> None:
        held = held_by(network, form)
        assert same_bits(through(held, form, ".onnx").network, held)

    check()


def onnx_model(**changes: Any) -> bytes:
    """A model of one node, X to Y, whose attributes and inputs are given."""
    from onnx import TensorProto, helper, numpy_helper

    arrays = {"W": np.ones((1, 3, 2), "f4"), "R": np.ones((1, 3, 3), "f4")}
    inputs = changes.pop("inputs", ["X", "W", "R"])
    nodes, arrays = changes.pop("nodes", []), arrays | changes.pop("arrays", {})
    kind = changes.pop("kind", "RNN")
    made = helper.make_node(kind, inputs, ["Y"], name="rnn", hidden_size=3, **changes)
    info = helper.make_tensor_value_info
    held = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    given_, wanted = info("X", TensorProto.FLOAT, [None, None, 2]), info("Y", TensorProto.FLOAT, None)
    graph = helper.make_graph([*nodes, made], "g", [given_], [wanted], held)
    written: bytes = helper.make_model(graph).SerializeToString()
    return written


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"clip": 1.0}, "expected no clip; got 1.0"),
        ({"direction": "reverse"}, "expected direction forward or bidirectional; got 'reverse'"),
        ({"kind": "LSTM"}, "expected a vanilla RNN; got LSTM"),
        ({"kind": "GRU"}, "expected a vanilla RNN; got GRU"),
        ({"kind": "Relu"}, "expected a node RNN; got Relu"),
        ({"activations": ["ThresholdedRelu"]}, "got 'ThresholdedRelu'"),
        ({"activations": ["Tanh", "Tanh"]}, "expected 1 activations"),
        ({"activations": ["Tanh"], "activation_alpha": [1.0]}, "as many α and β"),
        ({"inputs": ["X", "X", "R"]}, "expected 'X' to stand in the model"),
        (
            {"inputs": ["X", "W", "R", "", "", "h"], "arrays": {"h": np.ones((1, 1, 3), "f4")}},
            "initial states",
        ),
        ({"inputs": ["X", "W", "R", "", "l"], "arrays": {"l": np.ones(1, "i4")}}, "sequence_lens"),
        ({"arrays": {"R": np.ones((1, 3, 4), "f4")}}, "expected axes"),
        ({"arrays": {"W": np.full((1, 3, 2), np.nan, "f4")}}, "finite"),
        ({"arrays": {"W": np.ones((1, 3, 2), "i4")}}, "expected float16"),
    ],
)
def test_nodes_that_cannot_be_carried_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        named("onnx").read(onnx_model(**changes), ".onnx", Options())


def test_initial_states_of_zeros_are_none() -> None:
    inputs = ["X", "W", "R", "", "", "h"]
    data = onnx_model(inputs=inputs, arrays={"h": np.zeros((1, 1, 3), "f4")})
    assert named("onnx").read(data, ".onnx", Options()).network.input_size == 2


def test_models_that_end_early_are_refused() -> None:
    data = onnx_model()
    for end in range(0, len(data) - 1, 7):
        with pytest.raises(BadInput):
            named("onnx").read(data[:end], ".onnx", Options())


def test_what_stands_between_onnx_nodes_is_tried() -> None:
    """Another order of the outputs of directions has the same shape."""
    import onnx

    network = deep()
    model = onnx.ModelProto.FromString(named("onnx").write(network, ".onnx"))
    assert same_bits(named("onnx").read(model.SerializeToString(), ".onnx", Options()).network, network)
    (turn,) = (node for node in model.graph.node if node.op_type == "Transpose")
    turn.attribute[0].ints[:] = [0, 2, 3, 1]
    with pytest.raises(BadInput, match="side by side"):
        named("onnx").read(model.SerializeToString(), ".onnx", Options())
    turn.op_type = "Tanh"
    del turn.attribute[:]
    with pytest.raises(BadInput, match=r"expected nothing that computes; got \['Tanh'\]"):
        named("onnx").read(model.SerializeToString(), ".onnx", Options())


# Weights in another file.

HELD = "weights.bin"


def model_file(folder: Path, *, dtype: str = "f4", **said: str) -> Path:
    """A model in a folder whose W is said to be in another file, and that file."""
    import onnx

    arrays = {"W": np.arange(6, dtype=dtype).reshape(1, 3, 2), "R": np.eye(3, dtype=dtype)[None]}
    model = onnx.ModelProto.FromString(onnx_model(arrays=arrays))
    model.graph.input[0].type.tensor_type.elem_type = model.graph.initializer[0].data_type
    tensor = model.graph.initializer[0]
    (folder / HELD).write_bytes(b"beside" + tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = 1
    usual = {"location": HELD, "offset": "6", "length": str(arrays["W"].nbytes)}
    for key, value in (usual | said).items():
        tensor.external_data.add(key=key, value=value)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("dtype", ["f4", "f2"])
def test_weights_in_another_file_are_read(dtype: str, tmp_path: Path) -> None:
    """By ONNX's own loader, too."""
    source = location(f"onnx:{model_file(tmp_path, dtype=dtype)}", "")
    done = port(source, location(f"canonical:{tmp_path}/out.safetensors", ""), seed=0)
    np.testing.assert_array_equal(done.held.cells[0].W_x, np.arange(6, dtype=dtype).reshape(3, 2))
    assert done.proof is not None
    assert done.proof.holds, str(done.proof)
    assert done.proof.sides[0].by.startswith("onnx")


def test_what_onnx_writes_with_weights_beside_is_read(tmp_path: Path) -> None:
    import onnx

    network = deep()
    model = onnx.ModelProto.FromString(named("onnx").write(network, ".onnx"))
    path = tmp_path / "model.onnx"
    onnx.save_model(model, path, save_as_external_data=True, size_threshold=0, location="all.bin")
    assert same_bits(read(location(f"onnx:{path}", "")).network, held_by(network, named("onnx")))
    (tmp_path / "all.bin").write_bytes(b"short")
    with pytest.raises(BadInput, match="bytes from"):
        read(location(f"onnx:{path}", ""))


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"location": "/etc/passwd"}, "got the path '/etc/passwd'"),
        ({"location": "../secret.bin"}, "got the path '../secret.bin'"),
        ({"location": "inner/../../secret.bin"}, "got the path"),
        ({"location": "..\\secret.bin"}, "got the path"),
        ({"location": ""}, "got the path ''"),
        ({"location": "a\0b"}, "got the path"),
        ({"location": "missing.bin"}, "'missing.bin', which cannot be read"),
        ({"location": "link.bin"}, "'link.bin', which leads elsewhere"),
        ({"location": "folder/secret.bin"}, "which leads elsewhere"),
        ({"location": "round.bin"}, "'round.bin', which cannot be read"),
        ({"location": "."}, "leads elsewhere"),
        ({"location": "pipe.bin"}, "leads elsewhere"),
        ({"offset": "7"}, "expected 24 bytes from 7 on"),
        ({"offset": "-1"}, "expected offset to be a whole number; got '-1'"),
        ({"offset": "9" * 40}, "expected offset to be a whole number"),
        ({"length": "23"}, "expected 24 bytes for its shape; got 23"),
    ],
)
def test_what_leads_out_of_the_folder_of_a_model_is_refused(
    entries: dict[str, str], said: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(1000))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "round.bin").symlink_to(folder / "round.bin")
    os.mkfifo(folder / "pipe.bin")
    path = model_file(folder, **entries)
    with pytest.raises(BadInput, match=re.escape(said)) as caught:
        read(location(f"onnx:{path}", ""))
    assert "\n" not in str(caught.value)


def test_a_tensor_that_nobody_needs_is_not_looked_for_elsewhere_either(tmp_path: Path) -> None:
    """Whoever runs the model reads all of its tensors."""
    import onnx

    path = model_file(tmp_path)
    model = onnx.ModelProto.FromString(path.read_bytes())
    other = model.graph.initializer.add(name="other", data_type=1, dims=[1], data_location=1)
    other.external_data.add(key="location", value="/etc/passwd")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BadInput, match="'other': expected its numbers"):
        read(location(f"onnx:{path}", ""))


def test_the_name_of_another_file_alone_does_not_say_that_numbers_are_there(tmp_path: Path) -> None:
    """As for ONNX's own loader: `data_location` does."""
    import onnx

    path = model_file(tmp_path)
    model = onnx.ModelProto.FromString(path.read_bytes())
    tensor = model.graph.initializer[0]
    tensor.data_location, tensor.raw_data = 0, np.full((1, 3, 2), 7, "f4").tobytes()
    path.write_bytes(model.SerializeToString())
    found = read(location(f"onnx:{path}", ""))
    np.testing.assert_array_equal(found.network.cells[0].W_x, np.full((3, 2), 7))


def test_a_model_of_no_file_has_no_other_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="was not read from a file"):
        named("onnx").read(model_file(tmp_path).read_bytes(), ".onnx", Options())


def test_more_numbers_than_are_read_are_refused(tmp_path: Path) -> None:
    import onnx

    path = model_file(tmp_path)
    model = onnx.ModelProto.FromString(path.read_bytes())
    model.graph.initializer[0].dims[:] = [1, 10**9, 10**9]
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BadInput, match="expected at most"):
        read(location(f"onnx:{path}", ""))


# What torch's exporters write.


def exported(path: Path, given: str, dynamo: bool, **options: Any) -> Any:
    """An `RNN` with a head, as torch exports it; what its calls are given beside the input; the module."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn: Any = torch.nn.RNN(3, 4, **options)
            self.head = torch.nn.Linear(8 if options.get("bidirectional") else 4, 2)

        def forward(self, x: Any, other: Any = None) -> Any:
            from torch.nn.utils import rnn

            if given != "lengths":
                y, h = self.rnn(x, other)
                return self.head(y), h
            packed = rnn.pack_padded_sequence(x, other, batch_first=True)
            y, h = self.rnn(packed)
            return rnn.pad_packed_sequence(y, batch_first=True)[0], h

    torch.manual_seed(0)
    model, x = Model().eval(), torch.randn(5, 7, 3)
    batch = 5 if options.get("batch_first") else 7
    states = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    others = {"": (), "states": (torch.zeros(states, batch, 4),), "lengths": (torch.tensor([7, 6, 5, 2, 1]),)}
    names = ["x", "other"][: 1 + len(others[given])]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        axes: dict[str, Any] = (
            {} if dynamo else {"input_names": names, "dynamic_axes": {"x": {0: "a", 1: "b"}}}
        )
        torch.onnx.export(model, (x, *others[given]), path, dynamo=dynamo, verbose=False, **axes)
    return model


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("", {}),
        ("", {"batch_first": True}),
        ("", {"num_layers": 2, "bias": False}),
        ("", {"num_layers": 2, "bidirectional": True, "batch_first": True, "nonlinearity": "relu"}),
        ("", {"num_layers": 3, "bidirectional": True, "dropout": 0.1}),
        ("states", {"num_layers": 2, "bidirectional": True}),
        ("states", {"batch_first": True}),
        ("lengths", {"num_layers": 2, "bidirectional": True, "batch_first": True}),
    ],
)
def test_what_torch_exports_is_read(given: str, options: dict[str, Any], tmp_path: Path) -> None:
    """By TorchScript (`dynamo=False`)."""
    model = exported(tmp_path / "model.onnx", given, dynamo=False, **options)
    target = location(f"torch:{tmp_path}/out.safetensors", "")
    done = port(location(f"onnx:{tmp_path}/model.onnx", ""), target, seed=0)
    assert done.proof is not None
    assert done.proof.holds, str(done.proof)
    assert done.proof.sides[0].by.startswith("onnxruntime")
    from safetensors.numpy import load_file

    written, own = load_file(target.path), model.rnn.state_dict()
    assert {name: array.tobytes() for name, array in written.items() if name in own} == {
        name: tensor.numpy().tobytes() for name, tensor in own.items()
    }


def test_what_torch_unrolls_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Its exporter by dynamo leaves no recurrence in the graph, but the time steps of an example."""
    exported(tmp_path / "model.onnx", "", dynamo=True, num_layers=2, bidirectional=True, batch_first=True)
    with pytest.raises(
        BadInput, match=r"a recurrence that is unrolled.*export with dynamo=False, or port the"
    ):
        read(location(f"onnx:{tmp_path}/model.onnx", ""))


def test_states_that_are_chosen_of_others_than_zeros_are_refused() -> None:
    from onnx import helper

    h = np.zeros((2, 1, 3), "f4")
    nodes = [helper.make_node("Slice", ["h", "a", "b", "c"], ["h0"])]
    bounds = {"a": np.array([1]), "b": np.array([2]), "c": np.array([0])}
    inputs = ["X", "W", "R", "", "", "h0"]

    def model(h: Array) -> bytes:
        return onnx_model(inputs=inputs, nodes=nodes, arrays={"h": h, **bounds})

    assert named("onnx").read(model(h), ".onnx", Options()).network.input_size == 2
    with pytest.raises(BadInput, match="expected initial states from outside, or zeros"):
        named("onnx").read(model(h + 1), ".onnx", Options())


def test_states_that_are_made_of_the_sequence_are_refused() -> None:
    from onnx import helper

    nodes = [helper.make_node("Slice", ["X", "a", "b", "c"], ["h0"])]
    bounds = {"a": np.array([0]), "b": np.array([1]), "c": np.array([0])}
    data = onnx_model(inputs=["X", "W", "R", "", "", "h0"], nodes=nodes, arrays=bounds)
    with pytest.raises(BadInput, match="expected initial states from outside, or zeros"):
        named("onnx").read(data, ".onnx", Options())
