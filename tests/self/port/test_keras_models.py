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
from rnn_reference import Activation, BadInput, Cell, Layer, Network


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


def nested(name: str, *layers: dict[str, Any], kind: str = "Sequential") -> dict[str, Any]:
    """A model as a layer of another."""
    return {"class_name": kind, "config": {"name": name, "layers": list(layers)}}


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
        ((nested("inner", layer("LSTM", "f")),), "layer 'inner/f': expected a vanilla RNN .*; got LSTM"),
        ((rnn("a"), nested("inner", DENSE, rnn("f"))), r"expected one stack.*'a', 'inner/f'"),
        ((nested("inner", rnn("a"), rnn("a")),), "expected a name for each"),
        (
            (nested("inner", rnn("a"), kind="Functional") | {"class_name": "Mine"},),
            "SimpleRNN inside of Mine",
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


def test_the_older_file_has_no_bfloat16() -> None:
    """Keras does not read it from there."""
    network = Network(Layer(Cell(np.ones((3, 2), "f4"), np.eye(3, dtype="f4"))))
    assert named("keras").write(network.astype("float16"), ".h5")
    with pytest.raises(BadInput, match=r"weights of bfloat16: keras does not read them from .h5 files"):
        named("keras").write(network.astype("bfloat16"), ".h5")


# Models within models.


def test_a_model_within_a_model_is_as_its_layers() -> None:
    """Layers of inner models are told by their paths; what hands on its input may stand between models."""
    inner = nested("encoder", INPUT, rnn("low"), layer("Dropout", "drop"))
    config = model(INPUT, inner, layer("Dropout", "between"), nested("decoder", rnn("top"), DENSE))
    arrays = weights("layers/sequential/layers/simple_rnn/cell", 2, number=4)
    arrays |= weights("layers/sequential_1/layers/simple_rnn/cell", 3, number=5)
    found = read(config, arrays)
    assert found.layers == ("encoder/low", "decoder/top")
    assert [cell.W_x[0, 0] for cell in found.network.cells] == [4, 5]
    assert found.left_out == (
        "layer 'encoder/drop': Dropout",
        "layer 'between': Dropout",
        "layer 'decoder/dense': Dense",
    )


def test_functional_models_within_each_other_in_any_order() -> None:
    """The outer one lists its layers from the top down, and the inner one its output first."""
    inside = [
        called_with(rnn("second"), "first"),
        called_with(rnn("first"), "in"),
        layer("InputLayer", "in") | {"inbound_nodes": []},
    ]
    inner = called_with(nested("inner", *inside, kind="Functional"), "input")
    inner["config"] |= {"input_layers": ["in", 0, 0], "output_layers": [["second", 0, 0]]}
    middle = called_with(nested("middle", inner | {"inbound_nodes": []}), "input")
    top = called_with(rnn("top"), "middle")
    place = "layers/sequential/layers/functional/layers"
    arrays = weights(f"{place}/simple_rnn/cell", 3, number=5) | weights(
        f"{place}/simple_rnn_1/cell", 2, number=4
    )
    arrays |= weights("layers/simple_rnn/cell", 3, number=6)
    found = read(model(top, middle, INPUT | {"inbound_nodes": []}, kind="Functional"), arrays)
    assert found.layers == ("middle/inner/first", "middle/inner/second", "top")
    assert [cell.W_x[0, 0] for cell in found.network.cells] == [4, 5, 6]


def test_inner_layers_can_be_chosen() -> None:
    config = model(INPUT, nested("other", layer("GRU", "gru")), nested("inner", rnn("a")))
    found = read(config, weights("layers/sequential_1/layers/simple_rnn/cell", 2), only="inner/")
    assert found.left_out == ("layer 'other/gru': GRU",)


def test_a_model_that_is_called_twice_is_no_stack() -> None:
    first = INPUT | {"inbound_nodes": []}
    inner = called_with(nested("inner", layer("InputLayer", "in"), rnn("a")), "input", "input")
    with pytest.raises(
        BadInput, match="layer 'inner/a': expected one input, and one call; got 'input', 'input'"
    ):
        read(model(first, inner, kind="Functional"), weights("layers/sequential/layers/simple_rnn/cell", 2))


def test_an_input_of_several_is_fed_by_its_own() -> None:
    """Of a functional model that takes two inputs, each in its place."""
    inside = [
        layer("InputLayer", "x") | {"inbound_nodes": []},
        layer("InputLayer", "y") | {"inbound_nodes": []},
    ]
    inner = nested("inner", *inside, called_with(rnn("top"), "y"), kind="Functional")
    inner["config"] |= {"input_layers": [["x", 0, 0], ["y", 0, 0]], "output_layers": ["top", 0, 0]}
    bottom = called_with(rnn("bottom"), "input")
    outer = model(
        INPUT | {"inbound_nodes": []}, bottom, called_with(inner, "input", "bottom"), kind="Functional"
    )
    arrays = ONE | weights("layers/functional/layers/simple_rnn/cell", 3, number=5)
    assert read(outer, arrays).layers == ("bottom", "inner/top")


def test_models_are_not_within_each_other_without_end() -> None:
    config = rnn("a")
    for _ in range(40):
        config = nested("inner", config)
    with pytest.raises(BadInput, match="expected at most 16 models within each other"):
        read(model(config), ONE)


def test_outputs_that_are_listed_again_and_again_do_not_multiply_without_end() -> None:
    """Each of sixteen models gives ten times what the one within it gives."""
    inside = called_with(DENSE, "input")
    for _ in range(16):
        name = inside["config"]["name"]
        inside = called_with(
            nested("inner", INPUT | {"inbound_nodes": []}, inside, kind="Functional"), "input"
        )
        inside["config"] |= {"input_layers": [["input", 0, 0]], "output_layers": [[name, 0, 0]] * 10}
    with pytest.raises(BadInput, match="expected at most 1000 that one is called with"):
        read(model(INPUT | {"inbound_nodes": []}, inside, kind="Functional"), ONE)


def test_an_older_file_lists_the_weights_of_a_model_within_it_in_one_group() -> None:
    config = model(INPUT, nested("inner", rnn("a"), rnn("b")))
    for listed in ("inner/a", "a"):
        names = {n: f"{listed.replace('a', n)}/cell" for n in "ab"}
        arrays = {
            f"model_weights/inner/{names[n]}/{own}": np.full(shape, number, "f4")
            for n, number, inputs in (("a", 4, 2), ("b", 5, 3))
            for own, shape in (("kernel", (inputs, 3)), ("recurrent_kernel", (3, 3)), ("bias", (3,)))
        }
        every = [name.removeprefix("model_weights/inner/") for name in arrays]
        texts: dict[str, str | list[str]] = {"@model_config": json.dumps(config)}
        texts["model_weights/inner@weight_names"] = every
        found = named("keras").read(write_hdf5(arrays, texts), ".h5", Options())
        assert [cell.W_x[0, 0] for cell in found.network.cells] == [4, 5]


def test_code_in_a_configuration_is_seen() -> None:
    """Keras does not get to see such a file: see `running.by_keras`."""
    assert is_plain(model(INPUT, rnn("a")))
    assert not is_plain(model(INPUT, layer("Lambda", "a")))
    assert not is_plain(model(INPUT, rnn("a") | {"module": "os"}))
    assert not is_plain(model(INPUT, rnn("a", activation={"class_name": "function", "module": "builtins"})))
