"""Tensors of an ONNX model whose numbers are in another file: one in the model's folder, and no other."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from rnn_adapters.port.contents import Budget, imported, shown
from rnn_reference.errors import BadInput

EXTERNAL = 1
"""`TensorProto.EXTERNAL`."""


def is_external(tensor: Any) -> bool:
    """Whether its numbers are in another file; an entry `external_data` alone does not say so."""
    return bool(tensor.data_location == EXTERNAL)


def file_of(tensor: Any, folder: Path | None) -> Path:
    """The file that has the numbers of a tensor; it is not opened.

    Args:
        folder: that of the model; None where it stands in no file.

    Raises:
        BadInput: there is none in the folder: its path is absolute, or leads out of it, also by a link.
    """
    said = {entry.key: entry.value for entry in tensor.external_data}
    name = said.get("location", "")
    where = f"{shown(tensor.name)}: expected its numbers in the model, or in a file in its folder"
    if folder is None:
        raise BadInput(f"{where}; got a model that was not read from a file")
    if not name or "\0" in name or "\\" in name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise BadInput(f"{where}; got the path {shown(name)}")
    try:
        path: Path = (folder / name).resolve(strict=True)
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead to each other
        raise BadInput(f"{where}; got {shown(name)}, which cannot be read ({type(error).__name__})") from None
    if not regular or not path.is_relative_to(folder.resolve()):
        raise BadInput(f"{where}; got {shown(name)}, which leads elsewhere")
    return path


def with_numbers(tensor: Any, folder: Path | None, budget: Budget) -> Any:
    """A copy of a tensor that has its numbers itself.

    Args:
        budget: of the model.

    Raises:
        BadInput: as `file_of`; or the file has not the numbers that the tensor says.
    """
    path, said = file_of(tensor, folder), {entry.key: entry.value for entry in tensor.external_data}
    dtype = imported("onnx.helper").tensor_dtype_to_np_dtype(tensor.data_type)
    size = budget.take(tensor.name, tuple(tensor.dims), dtype.itemsize)
    offset, length = (_whole(tensor, said, key) for key in ("offset", "length"))
    if length not in (None, size):
        raise BadInput(f"{shown(tensor.name)}: expected {size} bytes for its shape; got {length}")
    with path.open("rb") as file:
        file.seek(offset or 0)
        held = file.read(size)
    if len(held) != size:
        raise BadInput(
            f"{shown(tensor.name)}: expected {size} bytes from {offset or 0} on in {shown(path.name)};"
            f" got {len(held)}"
        )
    made = type(tensor)()
    made.CopyFrom(tensor)
    made.ClearField("external_data")
    made.ClearField("data_location")
    made.raw_data = held
    return made


def _whole(tensor: Any, said: dict[str, str], key: str) -> int | None:
    """An entry that is a whole number; None where there is none."""
    text = said.get(key)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise BadInput(f"{shown(tensor.name)}: expected {key} to be a whole number; got {shown(text)}")
    return int(text)
