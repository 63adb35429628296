"""Files that hold arrays by name: safetensors, npz, msgpack as Flax writes it. None is ever unpickled."""

from __future__ import annotations

import ast
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import numpy as np

from rnn_adapters.port.contents import FLOATS, Budget, Contents, imported, reading, shown
from rnn_reference.errors import BadInput
from rnn_reference.network import Array

SAFETENSORS_TYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    "BOOL": "bool",
}
"""Names of types in a header; there are more, of which no weight of a network is."""
FLAX_ARRAY = 1
"""The extension of msgpack by which Flax writes an array."""


def read_safetensors(data: bytes) -> Contents:
    """A safetensors file; its library refuses arrays that lie outside of it or over each other."""
    library, arrays, others = imported("safetensors"), dict[str, Array](), dict[str, str]()
    with reading("a safetensors file"):
        budget = Budget()
        for name, each in sorted(library.deserialize(data), key=itemgetter(0)):  # it has no order
            shape, dtype = tuple(each["shape"]), SAFETENSORS_TYPES.get(each["dtype"])
            budget.take(name, shape, 1)
            if dtype is None:
                others[name] = f"{each['dtype']} {shape}"
            else:
                arrays[name] = np.frombuffer(bytes(each["data"]), FLOATS.get(dtype, dtype)).reshape(shape)
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    return Contents(arrays, others, metadata)


def write_safetensors(contents: Contents) -> bytes:
    """And back."""
    arrays = {name: np.ascontiguousarray(array) for name, array in contents.arrays.items()}
    written: bytes = imported("safetensors.numpy").save(arrays, dict(contents.metadata) or None)
    return written


def read_npz(data: bytes) -> Contents:
    """An npz file: a zip of arrays, each of which is measured before it is unpacked.

    `np.load` would take memory for whatever shape an array says that it has.
    """
    arrays = dict[str, Array]()
    with reading("an npz file"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        budget = Budget()
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name in arrays:
                raise BadInput(f"array {shown(name)}: expected it once; got it twice")
            with archive.open(member) as file:
                shape, fortran, dtype = _npy_header(name, file)
                size = budget.take(name, shape, dtype.itemsize)
                held = file.read(size + 1)
            if len(held) != size:
                raise BadInput(f"array {shown(name)}: expected {size} bytes for its shape; got {len(held)}")
            array = np.frombuffer(held, dtype)
            array = array.reshape(shape[::-1]).T if fortran else array.reshape(shape)
            arrays[name] = np.ascontiguousarray(array.astype(dtype.newbyteorder("=")))
    return Contents(arrays)


class _Header(NamedTuple):
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]


LONGEST_HEADER = 10_000


def _npy_header(name: str, file: Any) -> _Header:
    """What stands before the numbers of an array: a dictionary as Python writes it."""
    begin = file.read(8)
    if begin[:6] != b"\x93NUMPY" or begin[6:7] not in (b"\1", b"\2", b"\3"):
        raise BadInput(f"array {shown(name)}: expected the npy format; got another")
    length = int.from_bytes(file.read(2 if begin[6] == 1 else 4), "little")
    if length > LONGEST_HEADER:
        raise BadInput(f"array {shown(name)}: expected a header of {LONGEST_HEADER} bytes; got {length}")
    header = ast.literal_eval(file.read(length).decode("utf-8"))
    dtype = np.dtype(header["descr"])
    if dtype.hasobject:
        raise BadInput(f"array {shown(name)}: expected numbers; got objects, a pickle, which is never loaded")
    return _Header(header["shape"], bool(header["fortran_order"]), dtype)


def write_npz(contents: Contents) -> bytes:
    """And back.

    Raises:
        BadInput: an array of a type that the format does not have.
    """
    narrow = [name for name, array in contents.arrays.items() if array.dtype == FLOATS["bfloat16"]]
    if narrow:
        raise BadInput("npz has no bfloat16; write a .safetensors file")
    file = io.BytesIO()
    named: Mapping[str, Any] = contents.arrays
    np.savez(file, **named)
    return file.getvalue()


def read_msgpack(data: bytes) -> Contents:
    """A tree of arrays as `flax.serialization.to_bytes` writes it; names are paths with slashes."""
    arrays, others, budget = dict[str, Array](), dict[str, str](), Budget()

    def array_of(code: int, held: memoryview) -> Any:
        if code != FLAX_ARRAY:
            return msgspec.msgpack.Ext(code, held)
        shape, dtype, numbers = msgspec.msgpack.decode(held)
        shape = tuple(shape)
        kind = FLOATS.get(dtype) or np.dtype(dtype)
        if budget.take("of a tree", shape, kind.itemsize) != len(numbers) or kind.hasobject:
            raise BadInput(
                f"array of shape {shown(shape)}: expected as many numbers; got {len(numbers)} bytes"
            )
        return np.frombuffer(numbers, kind).reshape(shape)

    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            if "__msgpack_chunked_array__" in node:
                raise BadInput(f"{shown(path)}: expected an array in one piece; got one in chunks")
            for name, child in node.items():
                walk(child, f"{path}/{name}" if path else str(name))
        elif isinstance(node, list):
            for index, child in enumerate(node):
                walk(child, f"{path}/{index}" if path else str(index))
        elif isinstance(node, np.ndarray):
            arrays[path] = node
        else:
            others[path] = type(node).__name__

    with reading("a tree in msgpack, as Flax writes it"):
        tree = msgspec.msgpack.decode(data, ext_hook=array_of)
        if not isinstance(tree, dict):
            raise BadInput(f"expected a tree of arrays; got {type(tree).__name__}")
        walk(tree, "")
    return Contents(arrays, others)


def write_msgpack(contents: Contents) -> bytes:
    """And back."""
    tree: dict[str, Any] = {}
    for name, array in contents.arrays.items():
        *folders, leaf = name.split("/")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        held = (array.shape, str(array.dtype), np.ascontiguousarray(array).tobytes())
        place[leaf] = msgspec.msgpack.Ext(FLAX_ARRAY, msgspec.msgpack.encode(held))
    return msgspec.msgpack.encode(tree)


READERS: Mapping[str, Callable[[bytes], Contents]] = {
    ".safetensors": read_safetensors,
    ".npz": read_npz,
    ".msgpack": read_msgpack,
}
WRITERS: Mapping[str, Callable[[Contents], bytes]] = {
    ".safetensors": write_safetensors,
    ".npz": write_npz,
    ".msgpack": write_msgpack,
}
"""By the ending of a file's name."""
