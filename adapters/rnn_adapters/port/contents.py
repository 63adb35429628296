"""What a file holds, and what every reader of one has in common: limits, and errors that name the file."""

from __future__ import annotations

import math
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from rnn_reference.errors import BadInput
from rnn_reference.network import Array

LARGEST = 2 * 2**30
"""Bytes of a file, and of all the arrays in it, that are read at most."""
MOST_NAMES = 100_000
"""Arrays in a file that are read at most."""
FLOATS = {
    name: np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)
    for name in ("float16", "bfloat16", "float32", "float64")
}
"""The types of weights, by name."""


@dataclass(frozen=True)
class Contents:
    """Arrays by name, and what else a file says.

    Args:
        arrays: those of a type that NumPy has, whatever it is.
        others: of the rest type and shape, in words.
        metadata: text by name.
    """

    arrays: Mapping[str, Array]
    others: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def said(self, name: str) -> str:
        """An array in words: "float32 (3, 4)"."""
        if name in self.others:
            return self.others[name]
        array = self.arrays[name]
        return f"{array.dtype} {array.shape}"


class Budget:
    """What the arrays of one file may take together; asked before memory is."""

    def __init__(self) -> None:
        self.bytes, self.names = LARGEST, MOST_NAMES

    def take(self, name: str, shape: tuple[Any, ...], itemsize: int) -> int:
        """The bytes of an array of this shape.

        Raises:
            BadInput: the shape is none, or there is more in the file than is read.
        """
        if not all(type(size) is int and size >= 0 for size in shape) or len(shape) > 32:
            raise BadInput(f"array {shown(name)}: expected a shape; got {shown(shape)}")
        size: int = math.prod(shape) * itemsize
        self.bytes -= size
        self.names -= 1
        if self.bytes < 0 or self.names < 0:
            raise BadInput(
                f"array {shown(name)}: expected at most {LARGEST} bytes and {MOST_NAMES} arrays in a file;"
                f" got more with this one of shape {shown(shape)}"
            )
        return size


def read_bytes(path: Path) -> bytes:
    """A file.

    Raises:
        BadInput: it is none, cannot be read, or is larger than any that is read.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise BadInput(f"{path}: expected a file; got something else")
        if found.st_size > LARGEST:
            raise BadInput(f"{path}: expected at most {LARGEST} bytes; got {found.st_size}")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path}: cannot be read ({error})") from None


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Whatever a library of a format says of a broken file is bad input.

    Args:
        what: the format, for the message.

    Raises:
        BadInput: in place of any other exception but one that says that a module is missing.
    """
    try:
        yield
    except (BadInput, ModuleNotFoundError):
        raise
    except Exception as error:  # they raise what they like: of zips alone five kinds
        said = " ".join(str(error).split()) or "no more is known"
        raise BadInput(
            f"expected {what}; got one that is broken ({type(error).__name__}: {said[:300]})"
        ) from None


def imported(module: str) -> Any:
    """A library of a format.

    Raises:
        BadInput: it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"port needs the module {error.name!r}, which is not installed here;"
            " pip install 'rnn-conformance[port]' brings it"
        ) from None


def shown(value: Any) -> str:
    """A name or a shape of a file that nobody trusts, short and on one line."""
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
