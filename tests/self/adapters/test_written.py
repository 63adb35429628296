"""The written form: what is written and read back is the same to the bit, and what is wrong has a place."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_args

import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_adapters import Call, Conventions, NativeWeight, Output, Supports, written
from rnn_adapters.declarations import (
    ARRAYS,
    FLAGS,
    NEEDED_BESIDE,
    RULES,
    DropoutPlace,
    LossDType,
    NarrowType,
    OutputOrder,
    PaddedOutput,
    StateDType,
)
from rnn_adapters.histories import DOINGS, Action
from rnn_adapters.registry import built_in
from rnn_adapters.surface import IntegerType, MaskType, Shapes, Trained, Training, UnknownAxis
from rnn_adapters.written_arrays import DTYPES, FLOATS
from rnn_reference import BadInput
from rnn_reference.activations import ACTIVATIONS, DEFAULTS
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network
from rnn_reference.quantised import Quantised

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


def not_numbers(array: Array) -> Array:
    with np.errstate(invalid="ignore"):
        is_nan: Array = np.isnan(array.astype(np.float64))
    return is_nan


def assert_same(one: Any, other: Any) -> None:
    """The same to the bit, but for payloads of NaN and layout in memory."""
    if isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        assert (other.dtype, other.shape) == (one.dtype.newbyteorder("="), one.shape)
        parts = [(one.real, other.real), (one.imag, other.imag)] if one.dtype.kind == "c" else [(one, other)]
        for a, b in parts:
            nan = not_numbers(a)
            assert (not_numbers(b) == nan).all()
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
        block = bytes(byte & 1 for byte in block)
    array: Array = np.frombuffer(block, kind).reshape(shape)
    if finite:
        with np.errstate(invalid="ignore"):  # signalling NaNs
            array = np.where(np.isfinite(array), array, draw(st.sampled_from(edges(kind))))
    return np.asfortranarray(array) if draw(st.booleans()) else array


def edges(kind: np.dtype[Any]) -> list[Any]:
    """−0, and the smallest subnormal and the largest number of a type, of either sign."""
    unsigned = np.dtype(f"u{kind.itemsize}")
    infinite = np.array([np.inf], kind).view(unsigned)
    tiny, largest = np.array([1, infinite[0] - unsigned.type(1)], unsigned).view(kind)
    return [np.array(-0.0, kind)[()], tiny, -tiny, largest, -largest]


@st.composite
def any_arrays(draw: Draw) -> Array:
    dtype, rank = draw(st.sampled_from(list(DTYPES))), draw(st.integers(0, 4))
    array: Array = draw(arrays(dtype, tuple(draw(SIZES) for _ in range(rank))))
    return array


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

    def some(known: Sequence[str], least: int = 1) -> Any:
        return tuple(draw(st.lists(st.sampled_from(known), min_size=least, unique=True)))

    activations = some(ACTIVATIONS)
    return Supports(
        activations,
        ("float32", *some(("float64", "float16", "bfloat16"), 0)),
        tuple(name for name in activations if name in DEFAULTS and draw(st.booleans())),
        some(get_args(NarrowType), 0),
        merge_modes=some(get_args(MergeMode)) if flags["bidirectional"] else ("concat",),
        dropout=some(get_args(DropoutPlace), 0) if flags["stacked"] else (),
        unknown_axes=some(get_args(UnknownAxis), 0) if flags["inferred_shapes"] else (),
        mask_dtypes=some(get_args(MaskType), 0) if flags["masks"] else (),
        input_dtypes=some(get_args(IntegerType), 0),
        expensive=draw(st.sampled_from(("nothing", "sizes", "steps", "shapes"))),
        **flags,
    )


NATIVE_WEIGHTS = (
    NativeWeight("W_x", "kernel", ("input", "2*hidden"), 1),
    NativeWeight("W_h", "recurrent", ("state", "hidden")),
    NativeWeight("b", "bias", ("directions*hidden",)),
)
CONVENTIONS = st.builds(
    Conventions,
    st.text(),
    st.integers(2, 3).map(lambda count: NATIVE_WEIGHTS[:count]),
    st.sampled_from((None, 1, 2)),
    st.dictionaries(st.sampled_from(ARRAYS), st.just(("batch", "time", "directions*hidden"))),
    st.text(),
    st.text(),
    st.sampled_from(get_args(PaddedOutput)),
    st.sampled_from(get_args(PaddedOutput)),
    st.sampled_from((None, *get_args(OutputOrder))),
    st.fixed_dictionaries({}, optional={role: st.sampled_from(RULES[role]) for role in ("W_x", "W_h", "b")}),
    st.booleans(),
    st.sampled_from(get_args(StateDType)),
    st.sampled_from(get_args(LossDType)),
    st.none()
    | st.builds(Quantised, *[st.floats(0.5, 1e6)] * 2, *[st.floats(0, 1)] * 2)
    | st.builds(Quantised, weight_dtype=st.sampled_from(get_args(NarrowType))),
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
    history = (Action("reset"), Action("call", call), Action("assign", network=network))
    data = through_json(written.write_case(network, call, route, variant, history=history), written.CaseData)
    assert_same(network, written.read_network(data))
    assert_same(history, written.read_history(data, network.dtype))
    assert_same(call, written.read_call(data, network.dtype))
    assert (data.route, data.variant) == (route, variant)


@given(OUTPUTS, DEFAULT_TYPES)
def test_outputs(output: Output, dtype: np.dtype[Any]) -> None:
    data = through_json(written.write_output(output, dtype), written.OutputData)
    assert_same(output, written.read_output(data, dtype))


@given(GRADIENTS, DEFAULT_TYPES)
def test_gradients(gradients: Gradients, dtype: np.dtype[Any]) -> None:
    data = through_json(written.write_gradients(gradients, dtype), written.GradientsData)
    assert_same(gradients, written.read_gradients(data, dtype))


SHAPE = st.lists(optional(SIZES), max_size=3).map(tuple)
SHAPES = st.builds(
    Shapes, optional(SHAPE), optional(SHAPE), optional(st.lists(SHAPE).map(tuple)), st.just("") | st.text()
)
NUMBERS = st.floats(allow_nan=False)


@given(SHAPES)
def test_shapes(shapes: Shapes) -> None:
    assert written.read_shapes(through_json(written.write_shapes(shapes), written.ShapesData)) == shapes


@given(any_arrays(), NUMBERS, st.integers(1, 3), st.lists(SIZES).map(tuple), DEFAULT_TYPES)
def test_training(d: Array, rate: float, steps: int, frozen: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    data = through_json(written.write_training(Training(d, rate, steps, frozen), dtype), written.TrainingData)
    back = written.read_training(data, dtype)
    assert_same(d, back.d_sequence)
    assert (back.rate, back.steps, back.frozen) == (rate, steps, frozen)


@given(st.lists(networks(), max_size=2), st.lists(NUMBERS))
def test_what_training_gave(found: list[Network], losses: list[float]) -> None:
    data = through_json(written.write_trained(Trained(tuple(found), tuple(losses))), written.TrainedData)
    back = written.read_trained(data)
    assert back.losses == tuple(losses)
    assert len(back.networks) == len(found)
    for network, other in zip(found, back.networks, strict=True):
        assert_same(network, other)


@given(supported())
def test_supports(supports: Supports) -> None:
    assert (
        written.read_supports(through_json(written.write_supports(supports), written.SupportsData))
        == supports
    )


@given(CONVENTIONS)
def test_conventions(conventions: Conventions) -> None:
    data = through_json(written.write_conventions(conventions), written.ConventionsData)
    assert written.read_conventions(data) == conventions


@pytest.mark.parametrize("name", sorted(built_in()))
def test_declarations_of_a_framework(name: str) -> None:
    framework = built_in()[name]
    if framework.conventions is not None:
        data = through_json(written.write_conventions(framework.conventions), written.ConventionsData)
        assert written.read_conventions(data) == framework.conventions
    for route in framework.routes.values():
        read = written.read_route(through_json(written.write_route(route), written.RouteData), route.make)
        assert replace(read, missing=route.missing) == route


@pytest.mark.parametrize(
    ("declared", "data"),
    [
        (Call, written.CallData),
        (Output, written.OutputData),
        (Conventions, written.ConventionsData),
        (NativeWeight, written.NativeWeightData),
        (Supports, written.SupportsData),
        (Shapes, written.ShapesData),
        (Training, written.TrainingData),
        (Trained, written.TrainedData),
    ],
)
def test_the_written_form_has_every_field(declared: Any, data: type[msgspec.Struct]) -> None:
    assert {each.name for each in fields(declared)} == set(data.__struct_fields__)


# What is written is short, and can be written by hand

CELL = Cell(np.ones((1, 1), "f4"), np.full((1, 1), 0.5, "f4"))


def test_a_default_is_not_written() -> None:
    network, x = Network(Layer(CELL)), np.zeros((1, 1, 1), "f4")
    concat: Any = "".join(["con", "cat"])  # another string than the default
    assert json.loads(written.encoded(written.write_case(network, Call(x, merge_mode=concat)))) == {
        "dtype": "float32",
        "layers": [{"forward": {"W_x": [[1.0]], "W_h": [[0.5]]}}],
        "x": [[[0.0]]],
    }
    assert written.encoded(written.write_output(Output(), FLOAT32)) == b"{}"
    assert json.loads(written.encoded(written.write_supports(Supports(("tanh",), ("float32",))))) == {
        "activations": ["tanh"],
        "dtypes": ["float32"],
    }


def test_numbers_that_are_none() -> None:
    x = np.array([[[np.nan, np.inf, -np.inf, -0.0, 5e-324]]])
    call = written.write_call(Call(x, lengths=np.array([1], "i4")), x.dtype)
    assert json.loads(written.encoded(call)) == {
        "x": [[["nan", "inf", "-inf", -0.0, 5e-324]]],
        "lengths": {"dtype": "int32", "values": [1]},
    }


@pytest.mark.parametrize("package", ["keras", "torch"])
def test_witnesses_are_readable(package: str) -> None:
    text = (files("rnn_adapters") / package / "deviations.toml").read_text(encoding="utf-8")
    records = tomllib.loads(text)["deviation"]
    assert records
    for record in records:
        case = msgspec.convert(record["witness"], written.CaseData)
        network = written.read_network(case)
        assert written.read_call(case, network.dtype).x.dtype == network.dtype


def test_infinity_in_toml() -> None:
    call = msgspec.toml.decode('x = [[[inf, -inf, nan, -0.0, 1, "inf"]]]', type=written.CallData)
    x = np.array([[[np.inf, -np.inf, np.nan, -0.0, 1, np.inf]]], "f4")
    assert_same(written.read_call(call, FLOAT32).x, x)


def test_whether_a_call_fits_is_asked_apart() -> None:
    network, x = Network(Layer(CELL)), np.zeros((2, 3, 1), "f4")
    for call, said in (
        (Call(x.astype("i4")), "x: expected dtype"),
        (Call(x, (x, x)), "initial_states: expected one per layer"),
        (Call(x, lengths=np.array([4, 1])), "lengths: expected none below 0 or above 3"),
        (Call(x, mask=np.ones((3, 2), bool)), "steps: expected booleans of shape"),
    ):
        data = through_json(written.write_call(call, network.dtype), written.CallData)
        with pytest.raises(BadInput, match=said):
            written.check_fit(network, written.read_call(data, network.dtype))
    written.check_fit(network, Call(x, lengths=np.array([3, 0])))


# What is wrong

FORWARD = {"W_x": [[1.0]], "W_h": [[0.5]]}
CASE: dict[str, Any] = {"dtype": "float32", "layers": [{"forward": FORWARD}], "x": [[[1.0]]]}


def read_case(document: str) -> None:
    case = written.decoded(document, written.CaseData)
    dtype = written.read_network(case).dtype
    written.read_call(case, dtype)
    written.read_history(case, dtype)


def with_forward(**changes: Any) -> dict[str, Any]:
    return CASE | {"layers": [{"forward": FORWARD | changes}]}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "document: expected object; got array"),
        ({}, "document: expected a field x; got none"),
        (CASE | {"y": 1}, "document: expected known fields; got y"),
        (CASE | {"layers": []}, "layers: expected at least one Layer; got none"),
        (CASE | {"layers": [{}]}, "layers[0]: expected a field forward; got none"),
        (CASE | {"dtype": "int8"}, "dtype: expected one of float32, float64, float16, bfloat16; got 'int8'"),
        (with_forward(W_x=1), "layers[0].forward.W_x: expected object | array; got int"),
        (with_forward(W_x=None), "layers[0].forward.W_x: expected object | array; got null"),
        (with_forward(W_x=[1.0]), "layers[0].forward.W_x: expected 2 axes; got shape (1,)"),
        (with_forward(W_h=[[1], [2]]), "layers[0].forward.W_h: expected shape (1, 1); got (2, 1)"),
        (with_forward(b=["nan"]), "layers[0].forward.b: expected finite weights; got NaN or infinity"),
        (with_forward(b=[1e39]), "layers[0].forward.b: expected numbers that float32 holds; got 1e39"),
        (
            with_forward(b_h=[1]),
            "layers[0].forward.b_h: a second bias was given without a first; pass it as b",
        ),
        (
            with_forward(b={"dtype": "float64", "values": [1]}),
            "layers[0].forward.b: expected dtype float32, as in the other arrays; got float64",
        ),
        (
            with_forward(activation="cos"),
            f"layers[0].forward.activation: expected one of {', '.join(ACTIVATIONS)}; got 'cos'",
        ),
        (
            CASE | {"layers": [{"forward": FORWARD, "backward": FORWARD | {"W_x": [[1, 2]]}}]},
            "layers[0].backward: expected input_size 1, as in the forward cell; got 2",
        ),
        (
            CASE | {"layers": [{"forward": FORWARD}, {"forward": FORWARD | {"W_x": [[1, 2]]}}]},
            "layers[1]: expected input_size 1, the output size of layer 0; got 2",
        ),
        (CASE | {"x": [[[None]]]}, 'x: expected numbers, "nan", "inf" or "-inf"; got null'),
        (CASE | {"x": [[[True]]]}, 'x: expected numbers, "nan", "inf" or "-inf"; got true'),
        (CASE | {"x": [[["Infinity"]]]}, 'x: expected numbers, "nan", "inf" or "-inf"; got "Infinity"'),
        (CASE | {"x": [[{}]]}, 'x: expected numbers, "nan", "inf" or "-inf"; got {}'),
        (
            CASE | {"x": [[1.0], [1.0, 2.0]]},
            "x: expected lists of one length and depth; got ragged ones at depth 1",
        ),
        (CASE | {"x": [[1.0], 2.0]}, "x: expected lists of one length and depth; got ragged ones at depth 1"),
        (CASE | {"x": [10**400]}, "x: expected numbers that float32 holds; got an integer beyond them"),
        (CASE | {"x": [10**39]}, "x: expected numbers that float32 holds; got a very large integer"),
        (CASE | {"x": {}}, "x: expected values, or the shape of an array without elements; got neither"),
        (
            CASE | {"x": {"shape": [1], "values": [1]}},
            "x: expected values, or the shape of an array without elements; got both",
        ),
        (CASE | {"x": {"shape": [1]}}, "x.shape: expected that of an array without elements; got [1]"),
        (
            CASE | {"x": {"shape": [0, -1]}},
            "x.shape: expected that of an array without elements; got [0, -1]",
        ),
        (CASE | {"x": {"values": None}}, 'x: expected numbers, "nan", "inf" or "-inf"; got null'),
        (
            CASE | {"x": {"dtype": "int4", "values": 1}},
            f"x.dtype: expected one of {', '.join(DTYPES)}; got 'int4'",
        ),
        (CASE | {"x": {"dtype": "int8", "values": [128]}}, "x: expected integers that int8 holds; got 128"),
        (CASE | {"x": {"dtype": "uint8", "values": [-1]}}, "x: expected integers that uint8 holds; got -1"),
        (CASE | {"x": {"dtype": "int8", "values": [1.0]}}, "x: expected integers; got 1.0"),
        (CASE | {"x": {"dtype": "int8", "values": [False]}}, "x: expected integers; got false"),
        (
            CASE | {"x": {"dtype": "complex64", "values": [1, 2, 3]}},
            "x: expected a list of two numbers for each of complex64; got shape (3,)",
        ),
        (
            CASE | {"initial_states": [[1], ["x"]]},
            'initial_states[1]: expected numbers, "nan", "inf" or "-inf"; got "x"',
        ),
        (CASE | {"lengths": [1.0]}, "lengths: expected integers; got 1.0"),
        (CASE | {"mask": [[1]]}, "mask: expected true or false; got 1"),
        (CASE | {"rate": "much"}, "rate: expected one of nan, inf, -inf; got 'much'"),
        (CASE | {"stateful": 1}, "stateful: expected bool; got int"),
        (CASE | {"merge_mode": "max"}, "merge_mode: expected one of concat, sum, mul, ave, none; got 'max'"),
        (
            CASE | {"dropout": "state "},
            "dropout: expected one of None, input, state, between layers; got 'state '",
        ),
        (CASE | {"history": [{}]}, "history[0]: expected a field do; got none"),
        (
            CASE | {"history": [{"do": "reset"}, {"do": "jump"}]},
            f"history[1].do: expected one of {', '.join(DOINGS)}; got 'jump'",
        ),
        (
            CASE | {"history": [{"do": "call"}]},
            "history[0].call: expected one beside 'call'; got none",
        ),
        (
            CASE | {"history": [{"do": "call", "call": {"x": [[1.0], 2.0]}}]},
            "history[0].call.x: expected lists of one length and depth; got ragged ones at depth 1",
        ),
        (
            CASE | {"history": [{"do": "assign", "layers": []}]},
            "history[0].layers: expected at least one Layer; got none",
        ),
        (CASE | {"compute_dtype": "f2"}, "compute_dtype: expected one of None, float16, bfloat16; got 'f2'"),
    ],
)
def test_cases_that_are_none(document: Any, said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_case(json.dumps(document))
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "document: input data was truncated"),
        (b'{"x": [NaN]}', "document: JSON is malformed: invalid character (byte 7)"),
        (b'{"x": [1e999]}', "x[0]: number out of range"),
        (b'{"x": ["\xff"]}', "document: expected UTF-8; got another encoding (invalid start byte)"),
        (b'{"x": ' + b"[" * 10**5, "document: expected JSON; got lists nested too deeply"),
        (
            b'{"x": {"shape": [0' + b",1" * 99 + b"]}}",
            "x: expected a shape that an array can have; got (0, 1, 1",
        ),
        (b'{"x": {"shape": [0, 1' + b"0" * 18 + b"0]}}", "x: expected a shape that an array can have; got"),
    ],
)
def test_documents_that_are_none(document: bytes, said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        written.read_call(written.decoded(document, written.CallData), FLOAT32)
    assert str(refusal.value).startswith(said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"activations": []}, "supports.activations: expected at least one; got none"),
        (
            {"dtypes": ["int8"]},
            "supports.dtypes: expected one of float32, float64, float16, bfloat16; got 'int8'",
        ),
        ({"tangents": True}, "supports.tangents: expected gradients beside it; got tangents without"),
        ({"lengths": 1}, "supports.lengths: expected bool; got int"),
        ({"dropouts": []}, "supports: expected known fields; got dropouts"),
    ],
)
def test_supports_that_are_none(changes: dict[str, Any], said: str) -> None:
    document = json.dumps({"activations": ["tanh"], "dtypes": ["float32"]} | changes)
    with pytest.raises(BadInput) as refusal:
        written.read_supports(written.decoded(document, written.SupportsData, "supports"), "supports")
    assert str(refusal.value) == said


W_X = {"role": "W_x", "name": "kernel", "axes": ["input", "hidden"]}
W_H = {"role": "W_h", "name": "recurrent", "axes": ["state", "hidden"]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"weights": [W_X | {"axes": ["input", "units"]}]},
            "weights[0].axes of kernel: expected products of hidden, input, state, directions and numbers,"
            " such as 2*hidden; got 'units'",
        ),
        (
            {"weights": [W_X, W_H | {"role": "U"}]},
            "weights[1].role: expected one of W_x, W_h, b, b_h; got 'U'",
        ),
        ({"weights": [W_X]}, "weights: expected each role once, W_x and W_h among them; got W_x"),
        ({"bias_vectors": 3}, "bias_vectors: expected one of None, 1, 2; got 3"),
        ({"axes": {"y": []}}, "axes: expected one of x, sequence, final_states; got 'y'"),
    ],
)
def test_conventions_that_are_none(changes: dict[str, Any], said: str) -> None:
    document = json.dumps({"layer": "mine", "weights": [W_X, W_H]} | changes)
    with pytest.raises(BadInput) as refusal:
        written.read_conventions(written.decoded(document, written.ConventionsData))
    assert str(refusal.value) == said


def test_a_route_that_is_none() -> None:
    data = written.RouteData("sideways", "Rnn(sideways=True)")
    with pytest.raises(BadInput, match=r"^routes\.new\.kind: expected one of unrolled, .*; got 'sideways'$"):
        written.read_route(data, built_in()["reference"].make, "routes.new")


@pytest.mark.parametrize("dtype", ["object", "U1", "M8[s]", "float128", "longdouble"])
def test_types_without_a_written_form(dtype: str) -> None:
    if dtype == "float128" and not hasattr(np, dtype):
        pytest.skip("no such type here")
    if np.dtype(dtype) == np.float64:
        pytest.skip("longdouble is float64 here")
    with pytest.raises(BadInput, match=r"^x: expected dtype bool, int8, .*; got "):
        written.write_call(Call(np.zeros(1, dtype)), FLOAT32)


def test_a_gradient_without_a_written_form_has_a_place() -> None:
    good, bad = np.zeros((1, 1), "f4"), np.zeros(1, "M8[s]")
    with pytest.raises(BadInput, match=r"^cells\[1\]\.b: expected dtype bool, int8, .*; got datetime64"):
        written.write_gradients(
            Gradients(good, (), (CellGradients(good, good), CellGradients(good, good, bad))), FLOAT32
        )


# The schema


def test_the_published_schema_is_up_to_date(tmp_path: Path) -> None:
    written.write_schemas(tmp_path)
    published = (ROOT / "spec/schemas/written.json").read_text(encoding="utf-8")
    assert (tmp_path / "written.json").read_text(encoding="utf-8") == published, (
        "run python -m rnn_adapters.written"
    )


def test_the_schema_is_one_and_refuses_what_is_none() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    accepts = jsonschema.Draft202012Validator(SCHEMA).is_valid
    assert accepts(CASE)
    for broken in (
        CASE | {"x": [[[None]]]},
        CASE | {"x": [[["Infinity"]]]},
        CASE | {"x": {}},
        CASE | {"merge_mode": "max"},
        with_forward(activation="cos"),
        with_forward(W_y=[]),
    ):
        assert not accepts(broken)


def test_threads_may_decode_a_type_for_the_first_time_at_once() -> None:
    """Msgspec alone does not stand it: it crashes in about every second process."""
    script = (
        "import sys, threading; sys.setswitchinterval(1e-6)\n"
        "from rnn_adapters.written_documents import decoded\n"
        "from rnn_adapters.written import CaseData\n"
        "from rnn_reference.errors import BadInput\n"
        "barrier = threading.Barrier(2)\n"
        "def decode():\n"
        "    barrier.wait()\n"
        "    try:\n"
        "        decoded(b'{}', CaseData)\n"
        "    except BadInput:\n"
        "        pass\n"
        "threads = [threading.Thread(target=decode) for _ in range(2)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
    )
    for _ in range(8):
        subprocess.run([sys.executable, "-c", script], check=True)
