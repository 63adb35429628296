"""Models of Keras: which layers are the stack, and what is refused. The files are as Keras writes them."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from ported import named

from rnn_adapters.port.found import Found, Options
from rnn_adapters.port.hdf5 import write_hdf5
from rnn_adapters.port.keras_file import is_plain
from rnn_reference import Activation, BadInput


def rnn(name: str, units: int = 3, **options: Any) -> dict[str, Any]:
    config = {"name": name, "units": units, "activation": "tanh", "use_bias": True, **options}
    return {"class_name": "SimpleRNN", "config": config}


def layer(kind: str, name: str, **options: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, **options}}


def bidirectional(name: str, units: int = 3, **options: Any) -> dict[str, Any]:
    return layer("Bidirectional", name, layer=rnn("forward", units), **options)


def called_with(made: dict[str, Any], *names: str) -> dict[str, Any]:
    """A layer of a functional model of Keras 3, called once."""
    histories = [{"class_name": "__keras_tensor__", "config": {"keras_history": [n, 0, 0]}} for n in names]
    return made | {"inbound_nodes": [{"args": histories, "kwargs": {}}]}


def model(*layers: dict[str, Any], kind: str = "Sequential") -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": "model", "layers": list(layers)}}


def weights(place: str, inputs: int, hidden: int = 3, number: float = 1.0) -> dict[str, Any]:
    shapes = [(inputs, hidden), (hidden, hidden), (hidden,)]
    return {f"{place}/vars/{i}": np.full(shape, number, "f4") for i, shape in enumerate(shapes)}


def read(config: dict[str, Any], arrays: dict[str, Any], **options: Any) -> Found:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", write_hdf5(arrays, {}))
    return named("keras").read(file.getvalue(), ".keras", Options(**options))


ONE = weights("layers/simple_rnn/cell", 2, number=4)
TWO = ONE | weights("layers/simple_rnn_1/cell", 3, number=5)
INPUT, DENSE = layer("InputLayer", "input"), layer("Dense", "dense")


def test_other_layers_are_left_out_and_told() -> None:
    config = model(
        INPUT, layer("Dense", "below"), rnn("a"), layer("Dropout", "drop"), rnn("b", dropout=0.5), DENSE
    )
    found = read(config, TWO)
    assert found.layers == ("a", "b")
    assert [cell.W_x[0, 0] for cell in found.network.cells] == [4, 5]
    assert found.left_out == (
        "layer 'below': Dense",
        "layer 'drop': Dropout",
        "layer 'dense': Dense",
        "layer 'b': dropout=0.5",
    )


def test_a_layer_between_is_no_stack() -> None:
    with pytest.raises(BadInput, match=r"expected one stack.*'a', 'b'"):
        read(model(INPUT, rnn("a"), DENSE, rnn("b")), TWO)


def test_a_functional_model_says_itself_what_feeds_what() -> None:
    """The configuration has the layers in another order than the stack."""
    top, bottom = called_with(rnn("top"), "bottom"), called_with(rnn("bottom"), "input")
    head = called_with(DENSE, "top")
    arrays = weights("layers/simple_rnn/cell", 3, number=5) | weights("layers/simple_rnn_1/cell", 2, number=4)
    found = read(model(INPUT | {"inbound_nodes": []}, top, bottom, head, kind="Functional"), arrays)
    assert found.layers == ("bottom", "top")
    assert [cell.W_x[0, 0] for cell in found.network.cells] == [4, 5]


def test_a_functional_model_of_keras_2() -> None:
    bottom = rnn("bottom") | {"inbound_nodes": [[["input", 0, 0, {}]]]}
    top = rnn("top") | {"inbound_nodes": [[["bottom", 0, 0, {}]]]}
    given = rnn("top") | {"inbound_nodes": [[["bottom", 0, 0, {"initial_state": ["input", 0, 0]}]]]}
    first = INPUT | {"inbound_nodes": []}
    assert read(model(first, bottom, top, kind="Functional"), TWO).layers == ("bottom", "top")
    with pytest.raises(BadInput, match="expected one input, and one call"):
        read(model(first, bottom, given, kind="Functional"), TWO)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ((layer("LSTM", "a"),), "expected a vanilla RNN .*; got LSTM; choose layers"),
        ((rnn("a"), layer("GRU", "b")), "got GRU"),
        ((layer("Bidirectional", "a", layer=layer("LSTM", "f")),), "got Bidirectional"),
        ((layer("TimeDistributed", "a", layer=rnn("f")),), "got SimpleRNN inside of TimeDistributed"),
        (
            (model(rnn("f")) | {"config": {"name": "inner", "layers": [rnn("f")]}},),
            "SimpleRNN inside of Sequential",
        ),
        ((layer("RNN", "a", cell=layer("LSTMCell", "c")),), "got RNN"),
        ((layer("RNN", "a", cell=layer("StackedRNNCells", "c")),), "got RNN"),
        ((DENSE,), "expected a layer SimpleRNN; got InputLayer, Dense"),
        ((rnn("a", go_backwards=True),), "expected go_backwards=False"),
        ((bidirectional("a", backward_layer=rnn("b")),), "expected go_backwards=True"),
        ((bidirectional("a", merge_mode="sum"),), "side by side"),
        ((rnn("a", activation="swish"),), "expected tanh, .*; got 'swish'"),
        ((rnn("a", activation={"class_name": "function", "config": "mine"}),), "got {'class_name'"),
        ((rnn("a"), rnn("a")), "expected a name for each"),
        ((rnn("a", units=3, use_bias=False),), "expected 2 arrays; got more"),
        ((rnn("a"), rnn("b")), "expected its arrays in"),
        ((rnn("a", dtype={"class_name": []}), 5), "broken"),
        ((), "expected a layer SimpleRNN; got InputLayer"),
    ],
)
def test_what_cannot_be_carried_is_refused(layers: tuple[dict[str, Any], ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read(model(INPUT, *layers), ONE)


def test_layers_can_be_chosen() -> None:
    config = model(INPUT, layer("LSTM", "lstm"), rnn("rnn"))
    found = read(config, ONE, only="rnn")
    assert found.left_out == ("layer 'lstm': LSTM",)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("hard_sigmoid", Activation("hard_sigmoid", alpha=1 / 6)),
        ("leaky_relu", Activation("leaky_relu", alpha=0.2)),
        (None, Activation("linear")),
        ({"class_name": "LeakyReLU", "config": {"negative_slope": 0.5}}, Activation("leaky_relu", alpha=0.5)),
        ({"class_name": "ELU", "config": {"alpha": 0.5}}, Activation("elu", alpha=0.5)),
        (
            {
                "registered_name": "rnn_adapters>WithParameters",
                "config": {"form": "affine(alpha=2.0, beta=1.0)"},
            },
            Activation("affine", alpha=2.0, beta=1.0),
        ),
    ],
)
def test_activations_are_those_that_keras_means(given: Any, expected: Activation) -> None:
    assert read(model(INPUT, rnn("a", activation=given)), ONE).network.cells[0].activation == expected


def legacy(version: str) -> bytes:
    """The older `.h5` file: the configuration is an attribute, and each layer lists its weights."""
    names = [
        f"m/a/{d}_rnn/cell/{n}:0"
        for d in ("forward", "backward")
        for n in ("kernel", "recurrent_kernel", "bias")
    ]
    shapes = [(2, 3), (3, 3), (3,)] * 2
    arrays = {
        f"model_weights/a/{n}": np.full(s, i, "f4")
        for i, (n, s) in enumerate(zip(names, shapes, strict=True))
    }
    config = model(INPUT, bidirectional("a"))
    config["config"]["layers"][1]["config"]["layer"]["config"]["activation"] = "hard_sigmoid"
    texts = {"@model_config": json.dumps(config), "@keras_version": version}
    return write_hdf5(arrays, texts | {"model_weights/a@weight_names": "\n".join(names)})


def test_an_older_file_lists_forward_before_backward() -> None:
    (layer_,) = named("keras").read(legacy("3.15.1"), ".h5", Options()).network.layers
    assert layer_.backward is not None
    assert (layer_.forward.W_x[0, 0], layer_.backward.W_x[0, 0]) == (0, 3)
    assert layer_.forward.activation.alpha == 1 / 6
    (layer_,) = named("keras").read(legacy("2.15.0"), ".h5", Options()).network.layers
    assert layer_.forward.activation.alpha == 0.2


def test_weights_alone_need_a_configuration() -> None:
    with pytest.raises(BadInput, match="--config"):
        named("keras").read(write_hdf5(ONE, {}), ".weights.h5", Options())
    config = json.dumps(model(INPUT, rnn("a")))
    assert named("keras").read(write_hdf5(ONE, {}), ".weights.h5", Options(config=config)).layers == ("a",)


def test_the_older_file_is_not_written() -> None:
    from rnn_reference import Cell, Layer, Network

    network = Network(Layer(Cell(np.ones((3, 2), "f4"), np.eye(3, dtype="f4"))))
    with pytest.raises(BadInput, match=r"write .keras or .weights.h5"):
        named("keras").write(network, ".h5")


def test_code_in_a_configuration_is_seen() -> None:
    """Keras does not get to see such a file: see `running.by_keras`."""
    assert is_plain(model(INPUT, rnn("a")))
    assert not is_plain(model(INPUT, layer("Lambda", "a")))
    assert not is_plain(model(INPUT, rnn("a") | {"module": "os"}))
    assert not is_plain(model(INPUT, rnn("a", activation={"class_name": "function", "module": "builtins"})))
