"""The case whose call is in progress, in a file that is left when the process does not survive it.

It is written before every call, so it is cheap: the bytes of arrays, into a file that is mapped.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from rnn_adapters.written_arrays import DTYPES
from rnn_conformance.engine.case import Case
from rnn_reference.network import Array

ROOM = 2**16
"""Bytes of a new file: most cases are smaller."""

LENGTH = 8
"""Bytes that say how long the case is that comes after them; 0 where there is none."""

DTYPE_OF = {dtype.char: dtype for dtype in DTYPES.values()}


class Journal:
    """A file that holds one case, or none."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0))
        self._kept: Case | None = None
        self._map = self._mapped(ROOM)

    def write(self, case: Case) -> None:
        """Keep this case, and none before it; none where arrays are of types that have no written form."""
        if case is self._kept:
            return
        self._kept = case
        try:
            content = ENCODER.encode(case)
        except TypeError:
            content = b""
        end = LENGTH + len(content)
        if end > len(self._map):
            self._map.close()
            self._map = self._mapped(2 * end)
        self._map[:end] = len(content).to_bytes(LENGTH, "little") + content

    def clear(self) -> None:
        """Keep none."""
        self._kept = None
        self._map[:LENGTH] = bytes(LENGTH)

    def _mapped(self, size: int) -> mmap.mmap:
        os.lseek(self._file, 0, os.SEEK_SET)
        # A hole in the file would end the process, were the disk full when it is filled.
        os.write(self._file, bytes(size))
        return mmap.mmap(self._file, size)


def case_in(path: Path) -> Case | None:
    """The case that a journal has left; None where there is none."""
    try:
        content = path.read_bytes()
        return DECODER.decode(content[LENGTH:][: int.from_bytes(content[:LENGTH], "little")])
    except (OSError, msgspec.DecodeError):
        return None


def _written(array: Any) -> tuple[str, str, tuple[int, ...], bytes]:
    if not isinstance(array, np.ndarray) or array.dtype.char not in DTYPE_OF:
        raise TypeError
    return array.dtype.char, array.dtype.byteorder, array.shape, array.tobytes()


def _read(type_: type, written: Any) -> Array:
    char, byteorder, shape, content = written
    return np.frombuffer(content, DTYPE_OF[char].newbyteorder(byteorder)).reshape(shape)


ENCODER = msgspec.msgpack.Encoder(enc_hook=_written)
DECODER = msgspec.msgpack.Decoder(Case, dec_hook=_read)
