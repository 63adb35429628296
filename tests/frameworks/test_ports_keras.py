"""Ports of Keras's files: what Keras writes and reads, on each of its backends. `tox run -e ports`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ported_keras import installed_keras, keras_model

from rnn_adapters.port.contents import FLOATS
from rnn_adapters.port.forms import location
from rnn_adapters.port.found import Options
from rnn_adapters.port.porting import port, read, same_bits
from rnn_reference import Activation, Cell, Layer, Network

SUFFIXES = (".keras", ".h5", ".weights.h5")


def deep(dtype: str) -> Network:
    """Two bidirectional layers."""
    rng = np.random.default_rng(0)

    def cell(inputs: int) -> Cell:
        sizes = ((4, inputs), (4, 4), (4,))
        W_x, W_h, b = ((rng.normal(size=size) / 4).astype(FLOATS[dtype]) for size in sizes)
        return Cell(W_x, W_h, b)

    return Network([Layer(cell(3), cell(3)), Layer(cell(8), cell(8))])


PORTS = """
import json, sys
from rnn_adapters.port.forms import location
from rnn_adapters.port.porting import port

for source, target in json.loads(sys.argv[1]):
    done = port(location(source, ""), location(target, ""), seed=0)
    print(json.dumps([done.written, done.proof.holds, [side.by for side in done.proof.sides]]))
"""
"""Each from a file to the other; run where Keras has the backend that is asked for."""
TYPES = {
    "tensorflow": ("float64", "float32", "float16", "bfloat16"),
    "torch": ("float32", "float16", "bfloat16"),
    "jax": ("float32", "float16", "bfloat16"),
    "numpy": ("float32", "float16", "bfloat16"),
}
"""On torch and NumPy, Keras multiplies float64 in float32 (keras-float64-products); JAX has no float64.
OpenVINO is not installed where these tests run."""


@pytest.mark.parametrize("backend", TYPES)
def test_both_ways_are_proved_on_every_backend(backend: str, tmp_path: Path) -> None:
    """Into Keras and from there to torch, in every type that the backend computes in."""
    pairs, networks = list[tuple[str, str]](), dict[str, Network]()
    for dtype in TYPES[backend]:
        networks[dtype] = deep(dtype)
        source = location(f"canonical:{tmp_path}/{dtype}.safetensors", "")
        source.path.write_bytes(source.form.write(networks[dtype], source.suffix))
        for suffix in (".keras", ".h5") if dtype != "bfloat16" else (".keras",):
            written = f"keras:{tmp_path}/{dtype}{suffix}"
            pairs += (str(source), written), (written, f"torch:{tmp_path}/{dtype}{suffix}.safetensors")
    told = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-W", "ignore", "-c", PORTS, json.dumps(pairs)]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(pairs)
    for (source_, target), (written_, holds, by) in zip(pairs, lines, strict=True):
        assert written_, (source_, target)
        assert holds, (source_, target)
        keras = by[1 if target.startswith("keras") else 0]
        assert re.fullmatch(rf"keras \S+ on {backend} \S+", keras)
        if target.startswith("torch"):
            dtype = target.rpartition("/")[2].partition(".")[0]
            cells = read(location(target, "")).network.cells
            assert [c.W_h.tobytes() for c in cells] == [c.W_h.tobytes() for c in networks[dtype].cells]


def test_float64_is_not_proved_where_keras_multiplies_in_float32(tmp_path: Path) -> None:
    source = location(f"canonical:{tmp_path}/in.safetensors", "")
    source.path.write_bytes(source.form.write(deep("float64"), source.suffix))
    done = port(source, location(f"keras:{tmp_path}/out.keras", ""), seed=0)
    assert done.proof is not None
    assert not done.proof.holds
    assert not done.written


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_models_within_models_are_read_and_run_as_keras_writes_them(suffix: str, tmp_path: Path) -> None:
    keras = installed_keras()
    layers = keras.layers
    low = layers.SimpleRNN(4, return_sequences=True, name="low")
    mid = layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True), name="mid")
    top = layers.SimpleRNN(5, return_sequences=True, name="top")
    encoder = keras.Sequential([keras.Input((None, 3)), low, layers.Dropout(0.1), mid], name="encoder")
    given = keras.Input((None, 8))
    decoder = keras.Model(given, top(given), name="decoder")
    x = keras.Input((None, 3))
    model = keras.Model(x, layers.Dense(2)(decoder(encoder(x))))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weight.shape) / 3 for weight in model.get_weights()])
    path = tmp_path / f"model{suffix}"
    (model.save_weights if suffix == ".weights.h5" else model.save)(path)
    options = Options(config=model.to_json() if suffix == ".weights.h5" else "")
    done = port(
        location(f"keras:{path}", ""), location(f"canonical:{tmp_path}/out.safetensors", ""), options, seed=0
    )
    assert done.found.layers == ("encoder/low", "encoder/mid", "decoder/top")
    assert done.proof is not None
    assert done.proof.holds, str(done.proof)
    assert done.proof.sides[0].by.startswith("keras")
    cells = [low, mid.forward_layer, mid.backward_layer, top]
    for cell, own in zip(done.held.cells, cells, strict=True):
        np.testing.assert_array_equal(cell.W_x, own.get_weights()[0].T)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".hdf5"])
def test_what_is_written_is_a_model_of_keras(suffix: str, tmp_path: Path) -> None:
    """It loads, computes the same, and what Keras writes of it is read again, to the bit."""
    keras = installed_keras()
    network, path = deep("float32"), tmp_path / f"model{suffix}"
    source = location(f"canonical:{tmp_path}/in.safetensors", "")
    source.path.write_bytes(source.form.write(network, source.suffix))
    done = port(source, location(f"keras:{path}", ""), seed=0)
    assert done.proof is not None
    assert done.proof.holds, str(done.proof)
    if suffix == ".weights.h5":
        return
    model = keras.saving.load_model(path)
    again = tmp_path / f"again{suffix}"
    model.save(again)
    assert same_bits(read(location(f"keras:{again}", "")).network, network)


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
