"""The written form: what is written and read back is the same to the bit, and what is wrong has a place."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_args

import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_adapters import Call, Conventions, NativeWeight, Output, Route, Supports, written
from rnn_adapters.adapter import DropoutPlace, NarrowType
from rnn_adapters.declarations import FLAGS, NEEDED_BESIDE
from rnn_adapters.reference import REFERENCE, ReferenceAdapter
from rnn_adapters.written.arrays import DTYPES, FLOATS
from rnn_reference import BadInput
from rnn_reference.activations import ACTIVATIONS
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network

Value = TypeVar("Value")
Draw = Callable[..., Any]

ROOT = Path(__file__).parents[3]
SCHEMA = written.written_schema()
FLOAT32 = np.dtype("float32")


def through_json(data: Value, kind: type[Value]) -> Value:
    """What is left of data after JSON, of which the schema accepts every word."""
    document = written.encoded(data)
    schema = {"$ref": f"#/$defs/{kind.__name__}", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(document, parse_constant=no_json))
    return written.decoded(document, kind)


def no_json(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def assert_same(one: Any, other: Any) -> None:
    """The same to the bit, but for payloads of NaN and layout in memory."""
    if isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        assert (other.dtype, other.shape) == (one.dtype.newbyteorder("="), one.shape)
        parts = [(one.real, other.real), (one.imag, other.imag)] if one.dtype.kind == "c" else [(one, other)]
        for a, b in parts:
            nan = np.isnan(a) if a.dtype.kind in "fV" else np.zeros(a.shape, bool)
            assert (np.isnan(b) == nan).all() if nan.any() else True
            assert a[~nan].astype(b.dtype).tobytes() == b[~nan].tobytes()
    elif isinstance(one, (tuple, list)):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    elif hasattr(one, "__dataclass_fields__"):
        assert type(one) is type(other)
        for each in fields(one):
            assert_same(getattr(one, each.name), getattr(other, each.name))
    elif isinstance(one, float) and math.isnan(one):
        assert math.isnan(other)
    else:
        assert one == other
        assert type(one) is type(other)


# What is drawn: bytes that are taken for numbers, so that every number of a type may come.

SIZES = st.integers(0, 3)


@st.composite
def arrays(draw: Draw, dtype: str, shape: tuple[int, ...], finite: bool = False) -> Array:
    kind = DTYPES[dtype]
    count = math.prod(shape) * kind.itemsize
    block = draw(st.binary(min_size=count, max_size=count))
    if kind.kind == "b":
        return np.frombuffer(bytes(byte & 1 for byte in block), kind).reshape(shape)
    array = np.frombuffer(block, kind).reshape(shape)
    if finite:
        array = np.where(np.isfinite(array), array, draw(st.sampled_from(edges(kind))))
    if draw(st.booleans()):
        array = np.asfortranarray(array)
    return array


def edges(kind: np.dtype[Any]) -> list[Any]:
    """−0, the smallest subnormal and the largest number of a type."""
    bits = np.array([1, 1], np.uint64).view(np.uint8).reshape(2, 8)[0, : kind.itemsize]
    tiny = bits.copy().view(kind)[0]
    infinite = np.array(np.inf, kind)
    largest = (infinite[None].view(f"u{kind.itemsize}") - 1).view(kind)[0]
    return [np.array(-0.0, kind)[()], tiny, -tiny, largest, -largest]


@st.composite
def any_arrays(draw: Draw) -> Array:
    dtype, rank = draw(st.sampled_from(list(DTYPES))), draw(st.integers(0, 4))
    return draw(arrays(dtype, tuple(draw(SIZES) for _ in range(rank))))


@st.composite
def networks(draw: Draw) -> Network:
    dtype, layers = draw(st.sampled_from(FLOATS)), []
    below = draw(SIZES)
    for _ in range(draw(st.integers(1, 3))):
        hidden, cells = draw(SIZES), []
        for _ in range(draw(st.integers(1, 2))):
            shapes = [(hidden, below), (hidden, hidden), (hidden,), (hidden,)]
            weights = [draw(arrays(dtype, each, finite=True)) for each in shapes]
            weights = weights[: 2 + draw(st.integers(0, 2))]
            cells.append(
                Cell(*weights, **draw(st.fixed_dictionaries({"activation": st.sampled_from(ACTIVATIONS)})))
            )
        layers.append(Layer(*cells))
        below = layers[-1].output_size
    return Network(layers)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


STATES = st.lists(any_arrays(), max_size=3).map(tuple)
CALLS: st.SearchStrategy[Call] = st.builds(
    Call,
    any_arrays(),
    optional(STATES),
    return_sequences=st.booleans(),
    lengths=optional(any_arrays()),
    mask=optional(any_arrays()),
    go_backwards=st.booleans(),
    merge_mode=st.sampled_from(get_args(MergeMode)),
    stateful=st.booleans(),
    training=st.booleans(),
    dropout=st.sampled_from((None, *get_args(DropoutPlace))),
    rate=st.floats(0, 1) | st.sampled_from((math.nan, math.inf, -math.inf)),
    compute_dtype=st.sampled_from((None, *get_args(NarrowType))),
)
OUTPUTS: st.SearchStrategy[Output] = st.builds(
    Output,
    optional(any_arrays()),
    optional(any_arrays()),
    optional(STATES),
    st.dictionaries(st.sampled_from(("x", "sequence")), st.lists(SIZES).map(tuple)),
)
CELL_GRADIENTS = st.builds(
    CellGradients, any_arrays(), any_arrays(), optional(any_arrays()), optional(any_arrays())
)
GRADIENTS: st.SearchStrategy[Gradients] = st.builds(
    Gradients, any_arrays(), STATES, st.lists(CELL_GRADIENTS, max_size=3).map(tuple)
)
DEFAULT_TYPES = st.sampled_from(FLOATS).map(DTYPES.__getitem__)


@st.composite
def supported(draw: Draw) -> Supports:
    flags = {name: draw(st.booleans()) for name in FLAGS}
    for name, needed in NEEDED_BESIDE.items():
        flags[name] &= all(flags[each] for each in needed)
    some: Callable[..., Any] = lambda known, least=1: tuple(  # noqa: E731
        draw(st.lists(st.sampled_from(known), min_size=least, unique=True))
    )
    activations = some(ACTIVATIONS)
    return Supports(
        activations,
        ("float32", *some(("float64", "float16", "bfloat16"), 0)),
        some(activations, 0),
        some(get_args(NarrowType), 0),
        merge_modes=some(get_args(MergeMode)) if flags["bidirectional"] else ("concat",),
        dropout=some(get_args(DropoutPlace), 0) if flags["stacked"] else (),
        expensive=draw(st.sampled_from(("nothing", "sizes", "shapes"))),
        **flags,
    )


# Written and read back


@given(any_arrays(), DEFAULT_TYPES)
def test_arrays(array: Array, dtype: np.dtype[Any]) -> None:
    class Document(msgspec.Struct):
        array: written.ArrayData

    data = written.decoded(written.encoded(Document(written.write_array(array, dtype))), Document)
    assert_same(array, written.read_array(data.array, dtype))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_every_number_of_a_narrow_type(dtype: str) -> None:
    every = np.arange(2**16, dtype=np.uint16).view(DTYPES[dtype])
    document = written.encoded(written.write_array(every, every.dtype))
    assert_same(every, written.read_array(written.decoded(document, list), every.dtype))


@pytest.mark.parametrize("dtype", [*FLOATS, "complex64", "complex128"])
def test_edges_of_a_type(dtype: str) -> None:
    kind = DTYPES[dtype]
    part = DTYPES[{"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)]
    numbers = np.array([*edges(part), np.nan, np.inf, -np.inf], part)
    if kind.kind == "c":
        numbers = np.stack(np.meshgrid(numbers, numbers), axis=-1).reshape(-1).view(kind)
    data = written.decoded(written.encoded(written.write_array(numbers, numbers.dtype)), list)
    assert_same(numbers, written.read_array(data, kind))


@pytest.mark.parametrize("dtype", [name for name, kind in DTYPES.items() if kind.kind in "iu"])
def test_edges_of_an_integer_type(dtype: str) -> None:
    limits = np.iinfo(dtype)
    numbers = np.array([limits.min, limits.max, 0], dtype)
    data = written.decoded(written.encoded(written.write_array(numbers, FLOAT32)), written.ArrayObject)
    assert_same(numbers, written.read_array(data, FLOAT32))


def test_layout_in_memory_is_not_written() -> None:
    array = np.arange(12, dtype=">f4").reshape(3, 4)[::-1, ::2]
    data = written.write_array(array, FLOAT32)
    assert data == [[8.0, 10.0], [4.0, 6.0], [0.0, 2.0]]
    back = written.read_array(data, FLOAT32)
    assert back.flags.c_contiguous
    assert back.flags.writeable


@given(networks())
def test_networks(network: Network) -> None:
    data = through_json(written.write_network(network), written.NetworkData)
    assert_same(network, written.read_network(data))


@given(CALLS, DEFAULT_TYPES)
def test_calls(call: Call, dtype: np.dtype[Any]) -> None:
    data = through_json(written.write_call(call, dtype), written.CallData)
    assert_same(call, written.read_call(data, dtype))


@given(networks(), CALLS, st.sampled_from(("", "unrolled")), st.sampled_from(("", "a state too many")))
def test_cases(network: Network, call: Call, route: str, variant: str) -> None:
    data = through_json(written.write_case(network, call, route, variant), written.CaseData)
    assert_same(network, written.read_network(data))
    assert_same(call, written.read_call(data, network.dtype))
    assert (data.route, data.variant) == (route, variant)


@given(OUTPUTS, DEFAULT_TYPES)
def test_outputs(output: Output, dtype: np.dtype[Any]) -> None:
    data = through_json(written.write_output(output, dtype), written.OutputData)
    back = written.read_output(data, dtype)
    assert back.native_shapes == output.native_shapes
    assert_same(output, back) if not output.native_shapes else None


@given(GRADIENTS, DEFAULT_TYPES)
def test_gradients(gradients: Gradients, dtype: np.dtype[Any]) -> None:
    data = through_json(written.write_gradients(gradients, dtype), written.GradientsData)
    assert_same(gradients, written.read_gradients(data, dtype))


@given(supported())
def test_supports(supports: Supports) -> None:
    assert written.read_supports(through_json(written.write_supports(supports), written.SupportsData)) == supports
