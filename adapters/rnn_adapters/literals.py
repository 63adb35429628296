"""Arrays and lines of a script: literals that give the same numbers again, short and to the bit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rnn_reference.network import Array

WIDTH = 110
"""Letters of a line."""
NUMPYS_OWN = ("float64", "bool", "int64")
"""The types that NumPy takes numbers for by itself."""


def literal(name: str, array: Array) -> list[str]:
    """Lines that assign an array to a name.

    bfloat16, which NumPy does not know by itself, is written as float32: it holds the same numbers. Numbers
    of more than float64 are rounded to it.
    """
    dtype = written_dtype(array)
    of_type = "" if dtype in NUMPYS_OWN else f', "{dtype}"'
    line = f"{name} = {typed(array)}"
    if len(line) <= WIDTH or not array.size:
        return [line]
    flat = ", ".join(number(each) for each in array.ravel())
    wrapped = textwrap.wrap(flat, WIDTH - 4, break_long_words=False)
    shape = f".reshape({tuple(array.shape)})" if array.ndim > 1 else ""
    return [f"{name} = np.array([", *(f"    {each}" for each in wrapped), f"]{of_type}){shape}"]


def together(arrays: Mapping[str, Array]) -> list[str]:
    """One line that assigns small arrays to their names; one for each where that is too long."""
    texts = list(map(typed, arrays.values()))
    line = f"{', '.join(arrays)} = {', '.join(texts)}"
    one = len(arrays) > 1 and len(line) <= WIDTH
    return [line] if one else [text for name, array in arrays.items() for text in literal(name, array)]


def written_dtype(array: Array) -> str:
    """The type that an array is written in."""
    name = str(array.dtype)
    if name == "bfloat16":
        return "float32"
    return "float64" if array.dtype == np.longdouble else name


def nested(array: Array) -> str:
    """Lists in lists."""
    if array.ndim == 0:
        return number(array[()])
    return f"[{', '.join(nested(each) for each in array)}]"


def number(value: Any) -> str:
    """The shortest text that is this number in its type."""
    if isinstance(value, bool | np.bool_ | int | np.integer):
        return str(value)
    if isinstance(value, complex | np.complexfloating):
        return repr(complex(value))
    if not np.isfinite(float(value)):
        return "np." + str(float(value)) if float(value) >= 0 or np.isnan(float(value)) else "-np.inf"
    wide = value if isinstance(value, np.floating) and value.dtype.itemsize <= 8 else np.float64(value)
    return str(wide)


def split(start: str, items: Iterable[str], end: str) -> list[str]:
    """`start`, items with commas between them, and `end`: on one line, or the items on lines of their own."""
    each = list(items)
    line = f"{start}{', '.join(each)}{end}"
    if len(line) <= WIDTH:
        return [line]
    lines = [f"    {each[0]},"]
    for item in each[1:]:
        if len(lines[-1]) + len(item) + 2 <= WIDTH:
            lines[-1] += f" {item},"
        else:
            lines.append(f"    {item},")
    return [start, *lines, end]


def listed(name: str, arrays: Iterable[Array]) -> list[str]:
    """Lines that assign a list of arrays to a name."""
    return split(f"{name} = [", [typed(array) for array in arrays], "]")


def typed(array: Array) -> str:
    """An expression of an array in its type."""
    dtype = written_dtype(array)
    if not array.size:
        return f'np.zeros({tuple(array.shape)}, "{dtype}")'
    if dtype in NUMPYS_OWN:
        return f"np.array({nested(array)})"
    return f"np.{dtype}({nested(array)})" if array.ndim else f'np.array({nested(array)}, "{dtype}")'


def joined(lines: Iterable[str]) -> str:
    """Lines as a text: no two empty ones in a row but before a function or class and after it."""
    text: list[str] = []
    for line in lines:
        if line or (text and text[-1]):
            text.append(line)
    return "\n".join(text).rstrip() + "\n"
