"""Ports between frameworks, each by its own loader. `tox run -e ports` has all that it takes."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from docs import ROOT, run_examples
from hypothesis import given
from ported import BUSY, held_by, named, networks, through

from rnn_adapters.port.forms import FORMS, location
from rnn_adapters.port.found import Options
from rnn_adapters.port.porting import port, read, same_bits
from rnn_adapters.port.running import MODULES
from rnn_conformance.cli import main
from rnn_reference import Activation, BadInput, Cell, Layer, Network

TEXT = (ROOT / "spec" / "93-ports.md").read_text(encoding="utf-8")


def installed_keras() -> Any:
    """Keras, on a backend that is installed, too."""
    from rnn_adapters.keras.adapter import imported_keras
    from rnn_adapters.port.running import keras_backend

    return imported_keras(keras_backend())


def keras_model(path: Path) -> Network:
    """A deep bidirectional network as Keras's users make it, with a Dense behind; what Keras holds of it."""
    keras = installed_keras()
    layers = keras.layers
    rnn = layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True))
    top = layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True))
    model = keras.Sequential([keras.Input((None, 3)), rnn, layers.Dropout(0.1), top, layers.Dense(2)])
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weight.shape) / 2 for weight in model.get_weights()])
    model.save(path)
    cells = []
    for each in (rnn, top):
        for direction in (each.forward_layer, each.backward_layer):
            W_x, W_h, b = direction.get_weights()
            cells.append(Cell(W_x.T.copy(), W_h.T.copy(), b))
    return Network([Layer(*cells[:2]), Layer(*cells[2:])])


STEPS = ("keras:0.keras", "torch:1.safetensors", "onnx:2.onnx", "flax-nnx:3.safetensors", "keras:4.keras")


def test_from_keras_through_all_to_keras(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bit for bit, proved at each step by the frameworks themselves."""
    monkeypatch.chdir(tmp_path)
    network = keras_model(Path("0.keras"))
    printed = []
    for source, target in itertools.pairwise(STEPS):
        done = CliRunner().invoke(main, ["port", "--from", source, "--to", target, "--seed", "1"])
        assert done.exit_code == 0, done.output
        assert "the reference" not in done.output
        printed.append(f"{source} → {target}\n{done.output[done.output.index('proved: ') :]}")
    with capsys.disabled():
        print("\n" + "\n".join(printed))
    assert same_bits(read(location(STEPS[-1], "")).network, network)
    shown = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)[-1]
    assert masked("\n".join(printed)) == masked(shown)


def test_the_command_of_the_chapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keras_model(Path("model.keras"))
    (command,) = re.findall(r"```sh\nrnn-conformance (.*)\n```", TEXT)
    done = CliRunner().invoke(main, command.split())
    assert done.exit_code == 0, done.output
    assert "proved: " in done.output
    assert Path("weights.safetensors").exists()


def masked(text: str) -> str:
    """Without versions, ratios, and what stands in columns because of them."""
    return re.sub(r" +", " ", re.sub(r"(?<=[ ÷])\d[^\s;,]*", "#", text))


def test_examples_of_the_chapter() -> None:
    run_examples(ROOT / "spec" / "93-ports.md", frameworks=("port", "ports"))


FILES = [(form.name, suffix) for form in FORMS.values() for suffix in form.suffixes if form.name in MODULES]
ACTIVATIONS = {"haiku": "relu"}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [each for each in FILES if each[1] not in (".h5", ".hdf5")],
)
def test_every_file_is_run_by_its_framework(name: str, suffix: str, tmp_path: Path) -> None:
    """And the framework's own loader agrees with what reads it here."""
    supports, rng = named(name).holds().supports, np.random.default_rng(3)
    phi = ACTIVATIONS.get(name, "tanh")

    def cell(inputs: int) -> Cell:
        sizes = ((4, inputs), (4, 4), (4,))
        W_x, W_h, b = ((rng.normal(size=size) / 2).astype("f4") for size in sizes)
        return Cell(W_x, W_h, b, activation=phi)

    two = supports.bidirectional
    layers = [Layer(cell(3), cell(3) if two else None)]
    layers.append(Layer(cell(layers[0].output_size), cell(layers[0].output_size) if two else None))
    source = location(f"canonical:{tmp_path}/in.safetensors", "")
    source.path.write_bytes(source.form.write(Network(layers), source.suffix))
    done = port(source, location(f"{name}:{tmp_path}/out{suffix}", ""), seed=0)
    assert done.proof is not None
    assert done.proof.holds, str(done.proof)
    assert not done.proof.sides[1].by.startswith("the reference")


def test_onnx_models_come_back_to_the_bit() -> None:
    form = named("onnx")

    @BUSY
    @given(networks(form.holds()))
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
def test_onnx_nodes_that_cannot_be_carried_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        named("onnx").read(onnx_model(**changes), ".onnx", Options())


def test_onnx_initial_states_of_zeros_are_none() -> None:
    inputs = ["X", "W", "R", "", "", "h"]
    data = onnx_model(inputs=inputs, arrays={"h": np.zeros((1, 1, 3), "f4")})
    assert named("onnx").read(data, ".onnx", Options()).network.input_size == 2


def test_onnx_weights_in_another_file_are_not_read() -> None:
    import onnx
    from onnx.external_data_helper import set_external_data

    model = onnx.ModelProto.FromString(onnx_model())
    set_external_data(model.graph.initializer[0], "/etc/passwd")
    with pytest.raises(BadInput, match="in another file"):
        named("onnx").read(model.SerializeToString(), ".onnx", Options())


def test_onnx_models_that_end_early_are_refused() -> None:
    data = onnx_model()
    for end in range(0, len(data) - 1, 7):
        with pytest.raises(BadInput):
            named("onnx").read(data[:end], ".onnx", Options())


def test_what_stands_between_onnx_nodes_is_tried() -> None:
    """Another order of the outputs of directions has the same shape."""
    import onnx

    rng = np.random.default_rng(0)

    def cell(inputs: int) -> Cell:
        return Cell(rng.normal(size=(3, inputs)).astype("f4"), rng.normal(size=(3, 3)).astype("f4"))

    network = Network([Layer(cell(2), cell(2)), Layer(cell(6), cell(6))])
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


def test_what_keras_writes_is_read_from_every_kind_of_file(tmp_path: Path) -> None:
    keras = installed_keras()
    network = keras_model(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    model.save(tmp_path / "model.h5")
    model.save_weights(tmp_path / "model.weights.h5")
    for suffix in (".keras", ".h5", ".weights.h5"):
        source = location(f"keras:{tmp_path}/model{suffix}", "")
        options = Options(config=model.to_json() if suffix == ".weights.h5" else "")
        done = port(source, location(f"torch:{tmp_path}/{suffix}.safetensors", ""), options, seed=0)
        assert done.proof is not None
        assert done.proof.holds, str(done.proof)
        assert done.proof.sides[0].by.startswith("keras")
        assert same_bits(done.found.network, network)
        assert "layer 'dense': Dense" in "\n".join(
            re.sub(r"dense_\d+", "dense", each) for each in done.found.left_out
        )


def test_keras_activations_of_layers_and_directions(tmp_path: Path) -> None:
    """Directions that differ, and activations that are layers, are read by Keras, too."""
    rng = np.random.default_rng(0)
    phis = (
        Activation("leaky_relu", alpha=0.3),
        Activation("elu", alpha=0.5),
        Activation("hard_sigmoid", alpha=1 / 6),
    )

    def cell(inputs: int, phi: Activation) -> Cell:
        sizes = ((3, inputs), (3, 3), (3,))
        W_x, W_h, b = ((rng.normal(size=size) / 2).astype("f4") for size in sizes)
        return Cell(W_x, W_h, b, activation=phi)

    network = Network([Layer(cell(2, phis[0]), cell(2, phis[1])), Layer(cell(6, phis[2]))])
    source = location(f"canonical:{tmp_path}/in.safetensors", "")
    source.path.write_bytes(source.form.write(network, source.suffix))
    done = port(source, location(f"keras:{tmp_path}/out.keras", ""), seed=0)
    assert done.proof is not None
    assert done.proof.holds, str(done.proof)
    assert same_bits(read(location(f"keras:{tmp_path}/out.keras", "")).network, network)


def test_what_torch_saves_is_read(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    rnn: Any = torch.nn.RNN(3, 4, num_layers=2, bidirectional=True, nonlinearity="relu")
    model = torch.nn.ModuleDict({"rnn": rnn, "head": torch.nn.Linear(8, 2)})
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    source = location(f"torch:{tmp_path}/model.safetensors", "")
    options = Options((Activation("relu"),))
    done = port(source, location(f"canonical:{tmp_path}/out.safetensors", ""), options, seed=0)
    assert done.proof is not None
    assert done.proof.holds, str(done.proof)
    assert done.proof.sides[0].by.startswith("torch")
    np.testing.assert_array_equal(done.held.cells[3].W_h, rnn.weight_hh_l1_reverse.detach().numpy())
    assert done.found.left_out == ("'head.bias': float32 (2,)", "'head.weight': float32 (2, 8)")
