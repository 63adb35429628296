"""A port from file to file, and its proof: with the reference in place of frameworks that are not here."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from ported import named

from rnn_adapters.port import porting, running
from rnn_adapters.port.forms import Location, location
from rnn_adapters.port.found import Found, Options
from rnn_adapters.port.proof import ENOUGH, Runner, prove
from rnn_adapters.port.running import by_reference
from rnn_conformance.cli import main
from rnn_reference import Cell, Layer, Network


def deep(scale: float = 0.5) -> Network:
    """Two bidirectional layers."""
    rng = np.random.default_rng(0)

    def cell(inputs: int) -> Cell:
        sizes = ((3, inputs), (3, 3), (3,))
        W_x, W_h, b = ((scale * rng.normal(size=size)).astype("f4") for size in sizes)
        return Cell(W_x, W_h, b)

    return Network([Layer(cell(2), cell(2)), Layer(cell(6), cell(6))])


@pytest.fixture
def source(tmp_path: Path) -> Location:
    path = tmp_path / "in.safetensors"
    path.write_bytes(named("canonical").write(deep(), ".safetensors"))
    return location(f"canonical:{path}", "--from")


@pytest.fixture(autouse=True)
def without_frameworks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "find_spec", lambda module: None)


def test_what_is_written_is_what_was_read(source: Location, tmp_path: Path) -> None:
    target = location(f"keras:{tmp_path}/out.keras", "--to")
    done = porting.port(source, target, seed=0)
    assert done.written
    assert done.proof is not None
    assert done.proof.holds
    assert [side.by for side in done.proof.sides] == [
        "the reference",
        "the reference (keras is not installed here)",
    ]
    assert porting.same_bits(porting.read(target).network, deep())
    assert target.path.stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def broken(network: Network, how: str) -> Network:
    """A network that a wrong port would have made."""

    def turned(cell: Cell) -> Cell:
        return Cell(cell.W_x, cell.W_h.T.copy(), cell.b)

    layers = network.layers
    match how:
        case "transposed":
            return Network(Layer(*map(turned, layer.cells)) for layer in layers)
        case "directions swapped":
            return Network(Layer(*layer.cells[::-1]) for layer in layers)
        case "no bias":
            return Network(Layer(*(Cell(c.W_x, c.W_h) for c in layer.cells)) for layer in layers)
        case "one weight of one unit":
            W_h = layers[0].forward.W_h.copy()
            W_h[1, 2] *= 1.01
            first = Cell(layers[0].forward.W_x, W_h, layers[0].forward.b)
            return Network([Layer(first, layers[0].backward), *layers[1:]])
        case _:
            raise AssertionError(how)


@pytest.mark.parametrize("how", ["transposed", "directions swapped", "no bias", "one weight of one unit"])
def test_a_wrong_port_is_not_proved_and_not_written(
    how: str, source: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a framework that reads the file otherwise."""
    usual = running.runner_of

    def runner_of(where: Location, found: Found, options: Options) -> Runner:
        wrong = broken(found.network, how) if where.form.name == "torch" else found.network
        return usual(where, replace(found, network=wrong), options)

    monkeypatch.setattr(running, "runner_of", runner_of)
    target = tmp_path / "out.safetensors"
    arguments = ["--from", str(source), "--to", f"torch:{target}", "--seed", "0"]
    done = CliRunner().invoke(main, ["port", *arguments])
    assert done.exit_code == 1, done.output
    assert "NOT PROVED, out of bound" in done.output
    assert not target.exists()
    assert list(tmp_path.iterdir()) == [source.path]


def test_a_bound_that_says_nothing_proves_nothing() -> None:
    """Of many layers in few digits."""
    chaotic = Network(deep(1.0).layers[1:] * 12).astype("float16")
    proof = prove(chaotic, [("a", lambda: by_reference(chaotic, "b"))], seed=0)
    assert proof.informative < ENOUGH
    assert proof.sides[0].ratio <= 1
    assert not proof.holds
    assert "the bounds of such a network say too little" in str(proof)


@pytest.mark.parametrize(
    "output", [np.zeros((8, 16, 5), "f4"), np.zeros((8, 16, 6)), np.full((8, 16, 6), np.nan, "f4")]
)
def test_another_shape_or_type_or_nan_is_out_of_bound(
    output: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> None:
    proof = prove(deep(), [("a", lambda: ("b", lambda x: output[:, : x.shape[1]]))], seed=0)
    assert not proof.holds


def test_a_framework_that_raises_proves_nothing() -> None:
    def fails() -> Runner:
        raise RuntimeError("no such\nkernel")

    proof = prove(deep(), [("a", lambda: by_reference(deep(), "b")), ("c", fails)], seed=0)
    assert not proof.holds
    assert "its framework raised RuntimeError: no such kernel" in str(proof)


def test_a_file_that_is_there_is_replaced_only_when_forced(source: Location, tmp_path: Path) -> None:
    target = tmp_path / "out.keras"
    target.write_text("mine")
    arguments = ["port", "--from", str(source), "--to", f"keras:{target}", "--no-proof"]
    assert CliRunner().invoke(main, arguments).exit_code == 2
    assert target.read_text() == "mine"
    done = CliRunner().invoke(main, [*arguments, "--force"])
    assert done.exit_code == 0
    assert "not proved: nobody asked for it" in done.output
    assert target.read_bytes() == named("keras").write(deep(), ".keras")


def test_a_file_is_whole_or_not_there(
    source: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends in the middle leaves nothing behind."""

    def ends(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(porting, "prove", ends)
    with pytest.raises(KeyboardInterrupt):
        porting.port(source, location(f"keras:{tmp_path}/out.keras", "--to"), seed=0)
    assert list(tmp_path.iterdir()) == [source.path]


def test_two_biases_are_summed_with_permission_and_within_the_bound(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    two = Network(
        Layer(*(Cell(c.W_x, c.W_h, c.b, rng.normal(size=3).astype("f4")) for c in layer.cells))
        for layer in deep().layers
    )
    path = tmp_path / "in.safetensors"
    path.write_bytes(named("canonical").write(two, ".safetensors"))
    arguments = ["port", "--from", f"canonical:{path}", "--to", f"keras:{tmp_path}/out.keras", "--seed", "0"]
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 2
    assert "--allow-rounding" in refused.output
    allowed = CliRunner().invoke(main, [*arguments, "--allow-rounding"])
    assert allowed.exit_code == 0, allowed.output
    assert "two biases as one: their sum, rounded by" in allowed.output
    assert "\nproved: " in allowed.output
