"""What a file can hold comes back from it, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ported import BUSY, held_by, named, networks, through

from rnn_adapters.port.fitting import fitted, rounding_error
from rnn_adapters.port.porting import same_bits
from rnn_reference import Activation, BadInput, Cell, Layer, Network
from rnn_reference.network import Array

FILES = [
    ("canonical", ".safetensors"),
    ("keras", ".keras"),
    ("keras", ".weights.h5"),
    ("keras", ".h5"),
    ("keras", ".hdf5"),
    ("torch", ".safetensors"),
    ("flax-nnx", ".safetensors"),
    ("flax-nnx", ".msgpack"),
    ("flax-linen", ".safetensors"),
    ("flax-linen", ".msgpack"),
    ("haiku", ".safetensors"),
    ("haiku", ".npz"),
    ("mlx", ".safetensors"),
    ("mlx", ".npz"),
]


@pytest.mark.parametrize(("name", "suffix"), FILES)
def test_a_network_comes_back_to_the_bit(name: str, suffix: str) -> None:
    form = named(name)

    @BUSY
    @given(networks(form, suffix))
    def check(network: Network) -> None:
        held = held_by(network, form)
        found = through(held, form, suffix)
        assert same_bits(found.network, held)
        assert found.left_out == ()
        assert form.write(held, suffix) == form.write(held, suffix)
        # And from there as a canonical file, which holds everything.
        canonical = named("canonical")
        assert same_bits(through(found.network, canonical, ".safetensors").network, held)

    check()


ONE, TWO = named("keras").holds, named("torch").holds


@BUSY
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3))
def test_one_bias_becomes_two_and_one_again(b: list[float]) -> None:
    """Of zeros the sign, too."""
    network = of_biases(np.array(b, "f4"))
    two = fitted(network, TWO())
    assert two.network.cells[0].b_h is not None
    assert not two.network.cells[0].b_h.any()
    assert same_bits(fitted(two.network, ONE()).network, network)


def of_biases(b: Array | None = None, b_h: Array | None = None, phi: str = "tanh") -> Network:
    return Network(Layer(Cell(np.ones((3, 2), "f4"), np.eye(3, dtype="f4"), b, b_h, phi)))


def test_a_sum_that_is_exact_is_no_rounding() -> None:
    network = of_biases(np.array([1, 2, -3], "f4"), np.array([0.5, -2, 0.25], "f4"))
    summed = fitted(network, ONE())
    np.testing.assert_array_equal(summed.network.cells[0].b, np.array([1.5, 0, -2.75], "f4"))
    assert summed.notes == ("two biases as one: their sum, which is exact",)


def test_a_sum_that_is_rounded_takes_permission() -> None:
    network = of_biases(np.array([1, 2, -3], "f4"), np.array([1e-9, 1e-9, 0], "f4"))
    with pytest.raises(BadInput, match=r"rounded by 1e-09 at most.*--allow-rounding"):
        fitted(network, ONE())
    allowed = fitted(network, ONE(), allow_rounding=True)
    np.testing.assert_array_equal(allowed.network.cells[0].b, np.array([1, 2, -3], "f4"))
    assert "rounded by 1e-09" in allowed.notes[0]


def test_a_sum_that_overflows_is_refused() -> None:
    network = of_biases(np.full(3, 3e38, "f4"), np.full(3, 3e38, "f4"))
    with pytest.raises(BadInput, match="whose sum is finite"):
        fitted(network, ONE(), allow_rounding=True)


@BUSY
@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_the_rounding_error_is_exact(one: float, other: float) -> None:
    from fractions import Fraction

    lost = rounding_error(np.array([one]), np.array([other]))[0]
    assume(abs(one) > 1e-280 or one == 0)
    assert Fraction(one) + Fraction(other) == Fraction(one + other) + Fraction(float(lost))


@pytest.mark.parametrize(
    ("name", "network", "said"),
    [
        ("torch", of_biases(phi="elu"), "activation elu: torch.nn.RNN has no such activation"),
        ("haiku", of_biases(np.ones(3, "f4")), "activation tanh: VanillaRNN has no such activation"),
        ("haiku", of_biases(phi="relu"), "no bias: VanillaRNN"),
        ("flax-linen", of_biases(), "no bias: SimpleCell"),
        ("mlx", Network(Layer(of_biases().cells[0], of_biases().cells[0])), "two directions: mlx.nn.RNN"),
        (
            "torch",
            Network([of_biases().layers[0], Layer(Cell(np.ones((2, 3), "f4"), np.eye(2, dtype="f4")))]),
            "layers that differ in size",
        ),
        (
            "torch",
            Network(Layer(of_biases().cells[0], of_biases(phi="relu").cells[0])),
            "directions that differ in activation or bias",
        ),
        ("torch", of_biases().astype("longdouble"), "weights of "),
    ],
)
def test_what_a_target_lacks_is_refused(name: str, network: Network, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        fitted(network, named(name).holds())


def test_an_activation_that_keras_has_no_name_for_is_refused() -> None:
    network = of_biases(phi="scaled_tanh(alpha=2.0, beta=1.0)")
    with pytest.raises(BadInput, match="Keras has no name for it"):
        named("keras").write(network, ".keras")


def test_the_sign_of_zero_is_kept_by_the_weight_maps() -> None:
    cell = of_biases(np.full(3, -0.0, "f4")).cells[0]
    found = through(Network(Layer(cell)), named("keras"), ".keras").network.cells[0]
    assert found.b is not None
    assert np.signbit(found.b).all()
    assert found.activation == Activation("tanh")
