"""HDF5 files: arrays by path, and the attributes that are text. Nothing outside of the file is ever read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnn_adapters.port.contents import FLOATS, Budget, Contents, imported, reading, shown
from rnn_reference.errors import BadInput
from rnn_reference.network import Array

DEEPEST = 32
"""Groups within groups."""
DTYPE = "dtype"
"""The attribute by which Keras says that bytes are bfloat16, which HDF5 does not have."""


def read_hdf5(data: bytes) -> Contents:
    """Every array of a file, and every attribute that is a text, as metadata "group@attribute".

    An attribute that is a list of texts has a line for each.

    Raises:
        BadInput: no HDF5, links or storage outside of the file, or more than is read.
    """
    library = imported("h5py")
    arrays, metadata, budget = dict[str, Array](), dict[str, str](), Budget()

    def walk(group: Any, path: str, depth: int) -> None:
        if depth > DEEPEST:
            raise BadInput(f"{shown(path)}: expected at most {DEEPEST} groups within each other; got more")
        metadata.update(_texts(group, path))
        for name in group:
            inner = f"{path}/{name}" if path else name
            if not isinstance(group.get(name, getlink=True), library.HardLink):
                raise BadInput(f"{shown(inner)}: expected an array or a group of this file; got a link")
            child = group[name]
            if isinstance(child, library.Group):
                walk(child, inner, depth + 1)
            else:
                arrays[inner] = _array(child, inner, budget)

    with reading("an HDF5 file"), library.File(io.BytesIO(data), "r") as file:
        walk(file, "", 0)
    return Contents(arrays, metadata=metadata)


def _array(dataset: Any, path: str, budget: Budget) -> Array:
    if dataset.shape is None or dataset.is_virtual or dataset.external:
        raise BadInput(f"{shown(path)}: expected an array that is stored in the file; got another")
    if dataset.dtype.hasobject:
        raise BadInput(f"{shown(path)}: expected numbers; got objects")
    budget.take(path, dataset.shape, dataset.dtype.itemsize)
    if dataset.size and not dataset.id.get_storage_size():
        raise BadInput(f"{shown(path)}: expected {dataset.shape} numbers; got none that are stored")
    array: Array = np.asarray(dataset[()])
    if dataset.attrs.get(DTYPE) == "bfloat16":
        return array.view(FLOATS["bfloat16"])
    return array.astype(array.dtype.newbyteorder("="))


def _texts(group: Any, path: str) -> dict[str, str]:
    found = {}
    for name, value in group.attrs.items():
        each = value.tolist() if isinstance(value, np.ndarray) and value.ndim == 1 else [value]
        lines = [line.decode("utf-8") if isinstance(line, bytes) else line for line in each]
        if all(isinstance(line, str) for line in lines):
            found[f"{path}@{name}"] = "\n".join(lines)
    return found


def _make_groups(held: Any, names: list[str]) -> None:
    """Groups within each other that keep their order and, unlike those of `create_group`, no time."""
    library = imported("h5py")
    kept = library.h5p.create(library.h5p.GROUP_CREATE)
    kept.set_link_creation_order(library.h5p.CRT_ORDER_TRACKED | library.h5p.CRT_ORDER_INDEXED)
    kept.set_obj_track_times(False)
    for depth in range(1, len(names) + 1):
        path = "/".join(names[:depth])
        if path not in held:
            library.h5g.create(held.id, path.encode(), gcpl=kept)


def write_hdf5(arrays: Mapping[str, Array], metadata: Mapping[str, str | list[str]]) -> bytes:
    """And back; an attribute is a text, or a list of them.

    The bytes depend on nothing but the arguments.
    """
    file = io.BytesIO()
    with imported("h5py").File(file, "w") as held:
        for path, array in arrays.items():
            _make_groups(held, path.split("/")[:-1])
            narrow = array.dtype == FLOATS["bfloat16"]
            dataset = held.create_dataset(path, data=array.view("V2") if narrow else array, track_times=False)
            if narrow:
                dataset.attrs[DTYPE] = "bfloat16"
        for name, text in metadata.items():
            path, _, attribute = name.rpartition("@")
            _make_groups(held, path.split("/") if path else [])
            listed = np.array([line.encode() for line in text], "S") if isinstance(text, list) else text
            held[path or "/"].attrs[attribute] = listed
    return file.getvalue()
