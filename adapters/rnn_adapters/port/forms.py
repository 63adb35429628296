"""The forms of files by name: which framework's, how they are read and written, and what they can hold.

A file is named by form and path: `torch:weights.safetensors`. Nothing here imports a framework, and what
imports the library of a format does so when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rnn_adapters.declarations import NativeWeight, Supports
from rnn_adapters.flax.supports import SUPPORTS as FLAX_SUPPORTS
from rnn_adapters.haiku.supports import SUPPORTS as HAIKU_SUPPORTS
from rnn_adapters.keras.routes import default_supports
from rnn_adapters.mlx.supports import SUPPORTS as MLX_SUPPORTS
from rnn_adapters.port.containers import READERS, WRITERS
from rnn_adapters.port.contents import reading
from rnn_adapters.port.fitting import Holds
from rnn_adapters.port.found import Found, Options
from rnn_adapters.port.naming import NAMINGS
from rnn_adapters.reference import ReferenceAdapter
from rnn_adapters.torch.supports import SUPPORTS as TORCH_SUPPORTS
from rnn_reference.errors import BadInput
from rnn_reference.network import Network

PICKLES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".joblib")
"""Endings of files that are pickles, which are never loaded: that would run whatever code is in them."""


@dataclass(frozen=True)
class Form:
    """Files of one framework.

    Args:
        name: what stands before the colon.
        suffixes: the endings of its files; the first is the usual one.
        holds: what they can say; imports the library of the format.
        read: reads one, of bytes, ending and options.
        write: writes one, of a network that it holds and an ending.
    """

    name: str
    suffixes: tuple[str, ...]
    holds: Callable[[], Holds]
    read: Callable[[bytes, str, Options], Found]
    write: Callable[[Network, str], bytes]


class Location(NamedTuple):
    """A file and its form."""

    form: Form
    path: Path
    suffix: str

    def __str__(self) -> str:
        return f"{self.form.name}:{self.path}"


def location(text: str, argument: str) -> Location:
    """The file that is named so.

    Args:
        argument: what the text was given as, for the message.

    Raises:
        BadInput: it is not of the form `form:path`, there is no such form, or it has no files of that ending.
    """
    name, colon, path = text.partition(":")
    if not colon or not path or name not in FORMS:
        known = ", ".join(FORMS)
        raise BadInput(f"{argument}: expected form:path with one of the forms {known}; got {text!r}")
    form, lower = FORMS[name], path.lower()
    suffix = next((each for each in form.suffixes if lower.endswith(each)), None)
    if suffix is None:
        hint = "; pickles are never loaded, save as .safetensors" if lower.endswith(PICKLES) else ""
        raise BadInput(
            f"{argument}: expected a file of {name} that ends with {' or '.join(form.suffixes)};"
            f" got {path!r}{hint}"
        )
    return Location(form, Path(path), suffix)


def _read_named(form: str, data: bytes, suffix: str, options: Options) -> Found:
    from rnn_adapters.port.named import read_named

    with reading(f"a {suffix} file"):
        return read_named(READERS[suffix](data), form, options)


def _write_named(form: str, network: Network, suffix: str) -> bytes:
    from rnn_adapters.port.named import write_named

    _refuse_type(form, network, suffix)
    return WRITERS[suffix](write_named(network, NAMINGS[form]))


NOT_READ: Mapping[tuple[str, str], tuple[str, str]] = {
    ("keras", ".h5"): ("bfloat16", ".keras"),
    ("keras", ".hdf5"): ("bfloat16", ".keras"),
    ("mlx", ".safetensors"): ("float64", ".npz"),
}
"""A type that a framework has, but does not read from such files; and what to write instead."""


def _refuse_type(form: str, network: Network, suffix: str) -> None:
    dtype, other = NOT_READ.get((form, suffix), ("", ""))
    if str(network.dtype) == dtype:
        raise BadInput(f"weights of {dtype}: {form} does not read them from {suffix} files; write {other}")


def _named(name: str, suffixes: tuple[str, ...], holds: Callable[[], Holds]) -> Form:
    return Form(name, suffixes, holds, partial(_read_named, name), partial(_write_named, name))


def _read_keras(data: bytes, suffix: str, options: Options) -> Found:
    from rnn_adapters.port.keras_file import read_keras

    return read_keras(data, suffix, options)


def _write_keras(network: Network, suffix: str) -> bytes:
    from rnn_adapters.port.keras_file import write_keras

    _refuse_type("keras", network, suffix)
    return write_keras(network, suffix)


def _read_onnx(data: bytes, suffix: str, options: Options) -> Found:
    from rnn_adapters.port.onnx_file import read_onnx

    return read_onnx(data, suffix, options)


def _write_onnx(network: Network, suffix: str) -> bytes:
    from rnn_adapters.port.onnx_file import write_onnx

    return write_onnx(network, suffix)


def _onnx_holds() -> Holds:
    from rnn_adapters.port.contents import imported

    imported("onnx")
    from rnn_adapters.onnx.graph import NAMES
    from rnn_adapters.onnx.routes import OPERATOR
    from rnn_adapters.port.onnx_file import held_activation

    supports = replace(
        OPERATOR,
        activations=(*NAMES, "linear"),
        parameters=("elu", "leaky_relu", "hard_sigmoid", "affine", "scaled_tanh"),
        dtypes=TORCH_SUPPORTS.dtypes,
    )
    return Holds("the operator RNN", supports, 2, held_activation, shared_bias=True)


def vectors(weights: tuple[NativeWeight, ...]) -> int:
    """How many biases are stored."""
    return sum(weight.role in ("b", "b_h") for weight in weights)


def _of(name: str, what: str, supports: Supports) -> Callable[[], Holds]:
    return lambda: Holds(what, supports, vectors(NAMINGS[name].weights))


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        _named(
            "canonical",
            (".safetensors",),
            lambda: Holds("a canonical file", ReferenceAdapter.supports, None),
        ),
        Form(
            "keras",
            (".keras", ".weights.h5", ".h5", ".hdf5"),
            # Bidirectional can be given a backward layer of its own.
            lambda: Holds("Keras", replace(default_supports("numpy"), mixed_directions=True), 1),
            _read_keras,
            _write_keras,
        ),
        _named("torch", (".safetensors",), _of("torch", "torch.nn.RNN", TORCH_SUPPORTS)),
        Form("onnx", (".onnx",), _onnx_holds, _read_onnx, _write_onnx),
        _named("flax-nnx", (".msgpack", ".safetensors"), _of("flax-nnx", "SimpleCell", FLAX_SUPPORTS)),
        _named("flax-linen", (".msgpack", ".safetensors"), _of("flax-linen", "SimpleCell", FLAX_SUPPORTS)),
        # VanillaRNN can be told to have one bias.
        _named("haiku", (".safetensors", ".npz"), lambda: Holds("VanillaRNN", HAIKU_SUPPORTS, None)),
        _named("mlx", (".safetensors", ".npz"), _of("mlx", "mlx.nn.RNN", MLX_SUPPORTS)),
    )
}
"""By name."""
