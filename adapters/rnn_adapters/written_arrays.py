"""The written form of an array: exact to the bit, with shape and type, but for payloads of NaN."""

from __future__ import annotations

import math
from typing import Annotated, Any, TypeAlias

import ml_dtypes
import msgspec
import numpy as np

from rnn_adapters.written_documents import Data, encoded, names
from rnn_reference.errors import BadInput
from rnn_reference.network import Array

DType: TypeAlias = np.dtype[Any]

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
DTYPES: dict[str, DType] = {
    name: np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)
    for name in ("bool", *INTEGERS, *FLOATS, *COMPLEX)
}
"""The types that can be written, by name."""
NAMES = {dtype: name for name, dtype in DTYPES.items()}
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
"""What is no JSON number is written as one of these strings."""

DTypeName: TypeAlias = Annotated[str, names(DTYPES)]
Values: TypeAlias = Annotated[Any, msgspec.Meta(extra_json_schema={"$ref": "#/$defs/Values"})]
Nested: TypeAlias = Annotated[
    list[Any], msgspec.Meta(extra_json_schema={"items": {"$ref": "#/$defs/Values"}})
]
VALUES_SCHEMA: dict[str, Any] = {
    "title": "Values",
    "description": "A number, a boolean, what is no JSON number as a string, or lists of these.",
    "anyOf": [
        {"type": ["number", "boolean"]},
        {"enum": list(NOT_FINITE)},
        {"type": "array", "items": {"$ref": "#/$defs/Values"}},
    ],
}


class ArrayObject(Data):
    """An array whose nested lists do not say all: what stands elsewhere is its values or its shape.

    Args:
        dtype: its type; None: that of its place.
        shape: of an array without elements.
        values: nested lists, or one number of an array without axes.
    """

    dtype: DTypeName | None = None
    shape: list[int] | None = None
    values: Values = msgspec.UNSET


ArrayData: TypeAlias = Nested | ArrayObject


def write_array(array: Array, dtype: DType, place: str = "array") -> ArrayData:
    """The written form of an array.

    Args:
        array: any shape, in any layout: the data say nothing of it.
        dtype: the type of its place, which is not written: that of the network for most arrays.

    Raises:
        BadInput: its type has no written form.
    """
    name = None
    if array.dtype != dtype:
        name = NAMES.get(array.dtype) or NAMES.get(array.dtype.newbyteorder("="))
        if name is None:
            raise BadInput(f"{place}: expected dtype {', '.join(DTYPES)}; got {array.dtype}")
        name = None if name == NAMES[dtype] else name
    if not array.size:
        return ArrayObject(name, list(array.shape))
    values: Any = _values(array)
    return values if name is None and array.ndim else ArrayObject(name, values=values)


def read_array(data: ArrayData, dtype: DType, place: str = "array") -> Array:
    """The array that was written: contiguous, and free to be written to.

    Decimal fractions are rounded to the type; a finite number that would become infinite is refused.

    Args:
        dtype: the type of its place, where the data do not say another.

    Raises:
        BadInput: ragged lists, elements of another kind, numbers out of the type's range, an unknown type.
    """
    shape: tuple[int, ...] | None = None
    values: Any = data
    if isinstance(data, ArrayObject):
        if data.dtype is not None and data.dtype not in DTYPES:
            raise BadInput(f"{place}.dtype: expected one of {', '.join(DTYPES)}; got {data.dtype!r}")
        dtype = dtype if data.dtype is None else DTYPES[data.dtype]
        if (data.shape is None) is (data.values is msgspec.UNSET):
            got = "neither" if data.shape is None else "both"
            raise BadInput(f"{place}: expected values, or the shape of an array without elements; got {got}")
        shape, values = None if data.shape is None else tuple(data.shape), data.values
    if shape is not None:
        if 0 not in shape or min(shape) < 0:
            raise BadInput(f"{place}.shape: expected that of an array without elements; got {list(shape)}")
        elements: list[Any] = []
    else:
        elements, shape = _flattened(values, place)
    parts = dtype.kind == "c" and bool(elements)
    if parts and shape[-1:] != (2,):
        raise BadInput(f"{place}: expected a list of two numbers for each of {dtype}; got shape {shape}")
    array = _elements(elements, dtype, place)
    try:
        array = array.reshape(shape)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{place}: expected a shape that an array can have; got {shape} ({error})") from None
    return array.view(dtype)[..., 0].copy() if parts else array


def _values(array: Array) -> Any:
    """Nested lists of Python's numbers, and of strings for those that are not finite."""
    kind = array.dtype.kind
    if kind in "biu":
        return array.tolist()
    if kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    if kind == "V":  # bfloat16, of which NumPy knows less
        with np.errstate(invalid="ignore"):
            array = array.astype(np.float32)
    if b"\0" not in np.isfinite(array).tobytes():  # twice as fast as .all() where arrays are small
        return array.tolist()
    with np.errstate(invalid="ignore"):  # signalling NaNs
        wide = array.astype(np.float64)
    words = wide.astype(object)
    for word, is_it in (("nan", np.isnan(wide)), ("inf", wide == np.inf), ("-inf", wide == -np.inf)):
        words[is_it] = word
    return words.tolist()


def _flattened(values: Any, place: str) -> tuple[list[Any], tuple[int, ...]]:
    """The elements of nested lists, and their shape."""
    elements: list[Any] = [values]
    shape: tuple[int, ...] = ()
    while elements and (lists := sum(isinstance(each, list) for each in elements)):
        lengths = {len(each) for each in elements if isinstance(each, list)}
        if lists < len(elements) or len(lengths) > 1:
            raise BadInput(
                f"{place}: expected lists of one length and depth; got ragged ones at depth {len(shape)}"
            )
        shape = (*shape, lengths.pop())
        elements = [element for each in elements for element in each]
    return elements, shape


def _elements(elements: list[Any], dtype: DType, place: str) -> Array:
    """An array (elements,) of the type; of complex ones real and imaginary parts in turn."""
    if dtype.kind == "b":
        _refuse_others(elements, (bool,), f"{place}: expected true or false")
        return np.array(elements, bool)
    if dtype.kind in "iu":
        _refuse_others(elements, (int,), f"{place}: expected integers")
        limits = np.iinfo(dtype)
        for number in elements and (min(elements), max(elements)):
            if not limits.min <= number <= limits.max:
                raise BadInput(f"{place}: expected integers that {dtype} holds; got {_shown(number)}")
        return np.array(elements, dtype)
    expected = f'{place}: expected numbers, "nan", "inf" or "-inf"'
    _refuse_others(elements, (int, float, str), expected)
    for word in {each for each in elements if isinstance(each, str)}:
        if word not in NOT_FINITE:
            raise BadInput(f"{expected}; got {_shown(word)}")
    if not elements and dtype.kind == "c":
        return np.zeros(0, dtype)
    part = np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype
    try:
        wide = np.array([NOT_FINITE.get(each, each) for each in elements], np.float64)
    except OverflowError:
        raise BadInput(f"{place}: expected numbers that {dtype} holds; got an integer beyond them") from None
    with np.errstate(over="ignore"):
        array: Array = wide.astype(part)
    for number, element in zip(array.tolist(), elements, strict=True):
        if isinstance(element, (int, float)) and math.isinf(number) and not math.isinf(element):
            raise BadInput(f"{place}: expected numbers that {dtype} holds; got {_shown(element)}")
    return array


def _refuse_others(elements: list[Any], kinds: tuple[type, ...], expected: str) -> None:
    for element in elements:
        if type(element) not in kinds:  # a bool is an int
            raise BadInput(f"{expected}; got {_shown(element)}")


def _shown(element: Any) -> str:
    """An element as the document has it."""
    large = type(element) is int and abs(element) > 10**30
    text = "a very large integer" if large else encoded(element).decode()
    return text if len(text) <= 40 else f"{text[:40]}…"
