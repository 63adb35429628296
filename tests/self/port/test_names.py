"""How layers are found among arrays by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnn_adapters.port.contents import Contents
from rnn_adapters.port.found import Found, Options
from rnn_adapters.port.named import read_named
from rnn_reference import Activation, BadInput

TANH = Options((Activation("tanh"),))


def cell(inputs: int, hidden: int, names: tuple[str, ...], first: float = 1.0) -> dict[str, Any]:
    """Arrays (input, hidden), (hidden, hidden) and (hidden,), filled with one number."""
    shapes = [(inputs, hidden), (hidden, hidden), (hidden,)]
    return {n: np.full(shape, first, "f4") for n, shape in zip(names, shapes, strict=False)}


def linen(place: str, inputs: int, hidden: int, first: float = 1.0) -> dict[str, Any]:
    return cell(inputs, hidden, tuple(f"{place}/{n}" for n in ("i/kernel", "h/kernel", "i/bias")), first)


def found(form: str, arrays: dict[str, Any], **options: Any) -> Found:
    return read_named(Contents(arrays), form, Options((Activation("tanh"),), **options))


def test_layers_are_in_the_order_of_their_numbers() -> None:
    """Ten comes after nine, and before eleven."""
    arrays = {k: v for n in (10, 2, 0, 9, 11, 1) for k, v in linen(f"net/layers_{n}/cell", 3, 3, n).items()}
    network = found("flax-linen", arrays).network
    assert [layer.forward.W_x[0, 0] for layer in network.layers] == [0, 1, 2, 9, 10, 11]


def test_forward_stands_before_backward() -> None:
    arrays = linen("layers_0/backward_rnn/cell", 2, 3, 5) | linen("layers_0/forward_rnn/cell", 2, 3, 4)
    layer = found("flax-linen", arrays).network.layers[0]
    assert layer.backward is not None
    assert (layer.forward.W_x[0, 0], layer.backward.W_x[0, 0]) == (4, 5)


def test_a_layer_with_arrays_between_two_layers_is_no_stack() -> None:
    arrays = linen("layers_0/cell", 3, 3) | linen("layers_2/cell", 3, 3)
    assert found("flax-linen", arrays).network.num_layers == 2
    with pytest.raises(BadInput, match=r"layers_1/kernel.*another layer between them"):
        found("flax-linen", arrays | {"layers_1/kernel": np.ones((3, 3), "f4")})
    above = found("flax-linen", arrays | {"layers_3/kernel": np.ones((3, 3), "f4")})
    assert above.left_out == ("'layers_3/kernel': float32 (3, 3)",)


def test_what_names_do_not_tell_is_asked_for() -> None:
    arrays = linen("SimpleCell_0", 3, 3, 4) | linen("SimpleCell_1", 3, 3, 5)
    with pytest.raises(BadInput, match="--directions 1 or 2"):
        found("flax-linen", arrays)
    assert found("flax-linen", arrays, directions=1).network.num_layers == 2
    layer = found("flax-linen", arrays, directions=2).network.layers[0]
    assert layer.backward is not None
    assert (layer.forward.W_x[0, 0], layer.backward.W_x[0, 0]) == (4, 5)


def test_two_stacks_are_told_apart_by_the_beginning_of_their_names() -> None:
    arrays = linen("encoder/layers_0/cell", 3, 3, 4) | linen("decoder/layers_0/cell", 3, 3, 5)
    with pytest.raises(BadInput, match=r"one stack.*--only"):
        found("flax-linen", arrays)
    chosen = found("flax-linen", arrays, only="decoder/")
    assert chosen.network.layers[0].forward.W_x[0, 0] == 5
    assert len(chosen.left_out) == 3


@pytest.mark.parametrize(
    ("form", "name", "what"),
    [
        ("flax-linen", "layers_1/cell/ii/kernel", "an LSTM"),
        ("flax-nnx", "layers/1/cell/ir/kernel", "a GRU"),
        ("haiku", "lstm/linear/w", "an LSTM"),
        ("haiku", "gru/w_h", "a GRU"),
        ("mlx", "layers.1.Wx", "an LSTM or a GRU"),
    ],
)
def test_gated_layers_are_refused(form: str, name: str, what: str) -> None:
    with pytest.raises(BadInput, match=f"expected a vanilla RNN; got {what}"):
        found(form, linen("layers_0/cell", 3, 3) | {name: np.ones((3, 3), "f4")})


def test_haiku_counts_its_cores_from_none() -> None:
    names = ("linear/w", "linear_1/w", "linear/b")
    arrays = cell(2, 3, tuple(f"net/vanilla_rnn/{n}" for n in names), 4)
    arrays |= cell(3, 5, tuple(f"net/vanilla_rnn_1/{n}" for n in names), 5)
    arrays |= {"net/linear/w": np.ones((5, 1), "f4"), "net/linear/b": np.ones(1, "f4")}
    read = found("haiku", arrays)
    assert [layer.hidden_size for layer in read.network.layers] == [3, 5]
    assert read.layers == ("net/vanilla_rnn_0", "net/vanilla_rnn_1")
    assert read.left_out == ("'net/linear/w': float32 (5, 1)", "'net/linear/b': float32 (1,)")


def test_an_activation_that_the_file_contradicts_is_refused() -> None:
    from rnn_adapters.port.named import METADATA

    said = {METADATA: '{"version":1,"activations":[["relu"]]}'}
    arrays = linen("cell", 2, 3)
    read = read_named(Contents(arrays, metadata=said), "flax-linen", Options())
    assert read.network.cells[0].activation == Activation("relu")
    with pytest.raises(BadInput, match="expected what the file says, relu; got tanh"):
        read_named(Contents(arrays, metadata=said), "flax-linen", TANH)
    with pytest.raises(BadInput, match="expected version 1; got 2"):
        read_named(
            Contents(arrays, metadata={METADATA: '{"version":2,"activations":[["relu"]]}'}),
            "flax-linen",
            TANH,
        )
    with pytest.raises(BadInput, match="expected those of layers of"):
        read_named(
            Contents(arrays, metadata={METADATA: '{"version":1,"activations":[]}'}), "flax-linen", Options()
        )


def test_an_activation_for_each_layer() -> None:
    arrays = linen("layers_0/cell", 3, 3) | linen("layers_1/cell", 3, 3)
    phis = (Activation("relu"), Activation("elu", alpha=0.5))
    read = read_named(Contents(arrays), "flax-linen", Options(phis))
    assert tuple(each.activation for each in read.network.cells) == phis
    with pytest.raises(BadInput, match="expected one, or one for each of 2 layers; got 3"):
        read_named(Contents(arrays), "flax-linen", Options(phis + phis[:1]))
