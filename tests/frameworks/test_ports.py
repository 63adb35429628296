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
from ported import named, types_without
from ported_keras import keras_model

from rnn_adapters.port.contents import FLOATS
from rnn_adapters.port.forms import FORMS, location
from rnn_adapters.port.found import Options
from rnn_adapters.port.porting import port, read, same_bits
from rnn_adapters.port.running import MODULES
from rnn_conformance.cli import main
from rnn_reference import Activation, BadInput, Cell, Layer, Network

TEXT = (ROOT / "spec" / "93-ports.md").read_text(encoding="utf-8")


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
UNPROVED = ("keras", "float64")
"""On torch, in this environment: Keras multiplies in float32 there (the record keras-float64-products)."""


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("name", "suffix"), FILES)
def test_every_file_is_run_by_its_framework(name: str, suffix: str, dtype: str, tmp_path: Path) -> None:
    """And the framework's own loader agrees with what reads it here; or the file is refused."""
    form, rng = named(name), np.random.default_rng(3)
    supports = form.holds().supports
    phi = ACTIVATIONS.get(name, "tanh")

    def cell(inputs: int) -> Cell:
        sizes = ((4, inputs), (4, 4), (4,))
        W_x, W_h, b = ((rng.normal(size=size) / 4).astype(FLOATS[dtype]) for size in sizes)
        return Cell(W_x, W_h, b, activation=phi)

    two = supports.bidirectional
    layers = [Layer(cell(3), cell(3) if two else None)]
    layers.append(Layer(cell(layers[0].output_size), cell(layers[0].output_size) if two else None))
    source = location(f"canonical:{tmp_path}/in.safetensors", "")
    source.path.write_bytes(source.form.write(Network(layers), source.suffix))
    target = location(f"{name}:{tmp_path}/out{suffix}", "")
    if dtype in types_without(form, suffix):
        with pytest.raises(BadInput, match=rf"bfloat16.*write|weights of {dtype}: {name} does not read them"):
            port(source, target, seed=0)
        return
    done = port(source, target, seed=0)
    assert done.proof is not None
    assert done.proof.holds is ((name, dtype) != UNPROVED), str(done.proof)
    assert not done.proof.sides[1].by.startswith("the reference")


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
