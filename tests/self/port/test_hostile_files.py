"""Files that nobody should trust: refused in one paragraph, with exit status 2, and nothing is written."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from ported import held_by, named

from rnn_adapters.port import contents
from rnn_adapters.port.containers import read_msgpack, read_npz, read_safetensors, write_safetensors
from rnn_adapters.port.contents import Contents
from rnn_adapters.port.found import Options
from rnn_adapters.port.hdf5 import read_hdf5
from rnn_conformance.cli import main
from rnn_reference import BadInput, Cell, Layer, Network

h5py = pytest.importorskip("h5py")
pytest.importorskip("safetensors")

NETWORK = Network(Layer(Cell(np.ones((3, 2), "f4"), np.eye(3, dtype="f4"), np.zeros(3, "f4"))))
HUGE = 10**12


class Bomb:
    """A pickle that would write a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.write_text, (Path("pickle-was-loaded"), "yes"))


def npy(header: dict[str, Any], data: bytes = b"") -> bytes:
    text = repr(header).encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + data


def npz(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def objects() -> bytes:
    file = io.BytesIO()
    np.savez(file, Wxh=np.array([Bomb()], object))
    return file.getvalue()


def safetensors(header: dict[str, Any], data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def h5(make: Any) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as held:
        make(held)
    return file.getvalue()


def msgpack(shape: Any, dtype: str, data: bytes) -> bytes:
    import msgspec

    held = msgspec.msgpack.encode((shape, dtype, data))
    return msgspec.msgpack.encode({"cell": {"i": {"kernel": msgspec.msgpack.Ext(1, held)}}})


FLOATS = {"descr": "<f4", "fortran_order": False}
READERS = {".npz": read_npz, ".safetensors": read_safetensors, ".h5": read_hdf5, ".msgpack": read_msgpack}
HOSTILE: list[tuple[str, bytes, str]] = [
    (".npz", objects(), "a pickle, which is never loaded"),
    (".npz", npz(Wxh=npy({**FLOATS, "shape": (HUGE, HUGE)})), "expected at most"),
    (".npz", npz(Wxh=npy({**FLOATS, "shape": (-1, 4)})), "expected a shape"),
    (".npz", npz(Wxh=npy({**FLOATS, "shape": (2, 2)}, b"1234")), "expected 16 bytes for its shape"),
    (".npz", npz(Wxh=b"\x93NUMPY\1\0\xff\xff" + b"{" * 70000), "expected a header"),
    (".npz", npz(Wxh=npy({"descr": "<f4", "shape": (1,)}, b"1234")), "broken"),
    (".npz", npz(Wxh=pickle.dumps(Bomb())), "expected the npy format"),
    (".npz", b"PK\3\4 and no more", "broken"),
    (
        ".safetensors",
        safetensors({"a": {"dtype": "F32", "shape": [HUGE], "data_offsets": [0, 4]}}, b"1234"),
        "broken",
    ),
    (
        ".safetensors",
        safetensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 400]}}, b"1234"),
        "broken",
    ),
    (".safetensors", struct.pack("<Q", 2**62) + b"{}", "broken"),
    (".safetensors", b"", "broken"),
    (".h5", b"\x89HDF\r\n\x1a\n and no more", "broken"),
    (".h5", h5(lambda f: f.create_dataset("a", (10**6, 10**6), "f4", chunks=(10, 10))), "expected at most"),
    (
        ".h5",
        h5(lambda f: f.create_dataset("a", (100, 100), "f4", chunks=(10, 10))),
        "got none that are stored",
    ),
    (".h5", h5(lambda f: f.update({"a": h5py.ExternalLink("/etc/passwd", "/")})), "got a link"),
    (".h5", h5(lambda f: f.update({"a": h5py.SoftLink("/a")})), "got a link"),
    (
        ".h5",
        h5(lambda f: f.create_dataset("a", (4,), "f4", external=[("/etc/passwd", 0, 16)])),
        "stored in the file",
    ),
    (".msgpack", msgpack([HUGE, HUGE], "float32", b""), "expected at most"),
    (".msgpack", msgpack([3], "float32", b"1234"), "expected as many numbers"),
    (".msgpack", msgpack([1], "O", b"12345678"), "broken|objects|expected"),
    (".msgpack", b"\x93" * 5000, "broken"),
    (".msgpack", b"", "broken"),
]


@pytest.mark.parametrize(("suffix", "data", "said"), HOSTILE)
def test_a_hostile_file_is_refused(suffix: str, data: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        READERS[suffix](data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def keras_file() -> bytes:
    return named("keras").write(NETWORK, ".keras")


@pytest.mark.parametrize("form", ["canonical", "keras", "torch", "flax-linen", "mlx"])
def test_a_file_that_ends_early_is_refused(form: str) -> None:
    """At every place; a `.keras` file is a zip with an HDF5 file in it."""
    own, phi = named(form), NETWORK.cells[0].activation
    data = own.write(held_by(NETWORK, own), own.suffixes[0])
    for end in [*range(0, len(data) - 1, max(1, len(data) // 97)), len(data) - 1]:
        with pytest.raises(BadInput):
            own.read(data[:end], own.suffixes[0], Options((phi,)))


@pytest.mark.parametrize("form", ["keras", "torch", "flax-linen", "mlx"])
def test_bytes_that_are_wrong_are_refused_or_read(form: str) -> None:
    """Whatever is done to a file, it is bad input or a network; nothing else is raised."""
    own, rng = named(form), np.random.default_rng(0)
    whole = own.write(held_by(NETWORK, own), own.suffixes[0])
    for _ in range(150):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 1 + int(rng.integers(4))):
            data[place] = int(rng.integers(256))
        try:
            own.read(bytes(data), own.suffixes[0], Options((NETWORK.cells[0].activation,)))
        except BadInput as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_a_zip_that_is_larger_than_it_says_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "LARGEST", 2000)
    with pytest.raises(BadInput, match="expected at most"):
        read_npz(npz(Wxh=npy({**FLOATS, "shape": (1000,)}, bytes(4000))))


def write(folder: Path, name: str, arrays: dict[str, Any]) -> Path:
    path = folder / name
    path.write_bytes(write_safetensors(Contents(arrays)))
    return path


TORCH = {
    "weight_ih_l0": np.ones((3, 2), "f4"),
    "weight_hh_l0": np.ones((3, 3), "f4"),
    "bias_ih_l0": np.ones(3, "f4"),
    "bias_hh_l0": np.ones(3, "f4"),
}


def refused(folder: Path, *arguments: str) -> str:
    """What the command says to bad input; it writes nothing."""
    before = sorted(folder.iterdir())
    done = CliRunner().invoke(main, ["port", *arguments])
    assert done.exit_code == 2, done.output
    assert sorted(folder.iterdir()) == before
    assert done.output.startswith("rnn-conformance: ")
    assert done.output.count("\n") == 1
    return done.output


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({**TORCH, "weight_hh_l0": np.full((3, 3), np.nan, "f4")}, "expected finite weights"),
        ({**TORCH, "weight_hh_l0": np.full((3, 3), np.inf, "f4")}, "expected finite weights"),
        ({**TORCH, "weight_hh_l0": np.ones((12, 3), "f4")}, "those of an LSTM"),
        ({**TORCH, "weight_hh_l0": np.ones((9, 3), "f4")}, "those of a GRU"),
        ({**TORCH, "weight_ih_l0": np.ones((4, 2), "f4")}, "hidden is"),
        ({**TORCH, "weight_ih_l0": np.ones((3, 2), "i4")}, "expected float16"),
        ({**TORCH, "weight_ih_l0": np.ones((3, 2), "f8")}, "expected dtype"),
        (
            {name: TORCH[name] for name in TORCH if "weight_hh" not in name},
            "weight_hh_l{layer} of the same cell",
        ),
        ({f"{name[:-1]}1": array for name, array in TORCH.items()}, "numbered from 0 without a gap"),
        ({f"{name}_reverse": array for name, array in TORCH.items()}, "expected a forward cell"),
        ({f"{p}.{name}": array for p in "ab" for name, array in TORCH.items()}, "layers of one stack"),
        ({"../../etc/passwd": np.ones(3, "f4")}, "expected arrays that are called"),
        ({"x" * 100_000: np.ones(3, "f4")}, "expected arrays that are called"),
        ({"a\nb": np.ones(3, "f4")}, "expected arrays that are called"),
    ],
)
def test_arrays_that_make_no_network_are_refused(arrays: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = write(tmp_path, "in.safetensors", arrays)
    target = f"canonical:{tmp_path}/out.safetensors"
    assert said in refused(tmp_path, "--from", f"torch:{path}", "--to", target, "--activation", "tanh")


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("torch:in.pt", "canonical:out.safetensors", "pickles are never loaded"),
        ("torch:in.safetensors", "torch:out.pth", "pickles are never loaded"),
        ("tensorflow:in.pb", "canonical:out.safetensors", "one of the forms canonical, keras, torch, onnx"),
        ("in.safetensors", "canonical:out.safetensors", "expected form:path"),
        ("torch:missing.safetensors", "canonical:out.safetensors", "cannot be read"),
        ("torch:.", "canonical:out.safetensors", "ends with .safetensors"),
        ("torch:in.safetensors", "canonical:no/such/folder/out.safetensors", "cannot be written"),
        ("torch:in.safetensors", "canonical:there.safetensors", "got one that is there already"),
        ("torch:in.safetensors", "canonical:out.safetensors", "the file does not say it"),
        ("torch:in\0.safetensors", "canonical:out.safetensors", "cannot be read"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    source: str, target: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "in.safetensors", TORCH)
    write(tmp_path, "there.safetensors", {})
    given = [] if "does not say" in said else ["--activation", "tanh"]
    assert said in refused(tmp_path, "--from", source, "--to", target, *given)
