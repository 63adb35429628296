"""What only the program in C can show: run where there is a C compiler."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_adapters import Adapter, Call, load_adapter, load_framework
from rnn_adapters.c.adapter import compiled
from rnn_conformance.checks.support.derivatives import expect_each
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_conformance.running.protocol import steps
from rnn_reference import BadInput, Cell, Layer, Network, bound_network
from rnn_reference.gradient_bounds import bound_gradients


@pytest.fixture
def adapter() -> Iterator[Adapter[Any]]:
    made = load_adapter("c")
    yield made
    made.close()


def deep(dtype: str = "float32") -> Network:
    """Two bidirectional layers whose cells differ."""
    rng = np.random.default_rng(0)

    def cell(inputs: int, hidden: int, biases: int, activation: str) -> Cell:
        sizes = [(hidden, inputs), (hidden, hidden), *[(hidden,)] * biases]
        weights = [rng.normal(size=size).astype(dtype) / 2 for size in sizes]
        return Cell(**dict(zip(("W_x", "W_h", "b", "b_h"), weights, strict=False)), activation=activation)

    bottom = Layer(cell(2, 3, 0, "tanh"), cell(2, 3, 1, "sigmoid"))
    return Network([bottom, Layer(cell(6, 4, 2, "linear"), cell(6, 4, 1, "relu"))])


def deep_call(dtype: str = "float32") -> Call:
    rng = np.random.default_rng(1)
    states = tuple(rng.normal(size=(2, 3, hidden)).astype(dtype) for hidden in (3, 4))
    return Call(rng.normal(size=(3, 5, 2)).astype(dtype), states, lengths=np.array([5, 2, 3]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_first_call(adapter: Adapter[Any], dtype: str) -> None:
    network, call = deep(dtype), deep_call(dtype)
    steps = np.arange(5) < np.array([5, 2, 3])[:, None]
    output = adapter.run(adapter.load(network), call)
    expected = bound_network(network, call.x, call.initial_states, steps)
    assert output.sequence is not None
    assert output.final_states is not None
    assert (abs(output.sequence - expected.sequence.value)[steps] <= expected.sequence.bound[steps]).all()
    assert not output.sequence[~steps].any()
    for state, bounded in zip(output.final_states, expected.final_states, strict=True):
        assert (abs(state - bounded.value) <= bounded.bound).all()


def test_gradients_are_those_of_the_reference(adapter: Adapter[Any]) -> None:
    network, call = deep("float64"), deep_call("float64")
    assert call.initial_states is not None
    steps = np.arange(5) < np.array([5, 2, 3])[:, None]
    d_sequence = np.ones((3, 5, 8)) * steps[..., None]
    found = adapter.gradients(adapter.load(network), call, d_sequence, call.initial_states)
    expected = bound_gradients(network, call.x, call.initial_states, d_sequence, call.initial_states, steps)
    expect_each(Subject(adapter), Case(network, call), found, expected)


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    subject = Subject(load_framework("c"))
    assert not coverage_of(subject, PROFILES["quick"]).missing
    subject.close()


def test_it_keeps_to_the_protocol() -> None:
    assert [step.wrong for step in steps([str(compiled())], 60) if step.wrong] == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("", "failed"),
        ("{", "failed"),
        ("[" * 10**5, "failed"),
        ('{"id": 1', "failed"),
        ('{"id": 1, "request": "run", "call": {"x": [[[1]]]}}', "failed"),
        ('{"id": 1, "request": "sing"}', "unknown request"),
        ('{"id": 1, "request": "load"}', "failed"),
        ('{"id": 1, "request": "load", "network": {"dtype": "float32", "layers": [[1]]}}', "failed"),
        (
            '{"id": 1, "request": "load", "network": {"dtype": "float32", "layers": [{"forward":'
            ' {"W_x": {"shape": [2, 3]}, "W_h": [[1, 2], [3, 4]]}}]}}',
            "failed",
        ),
        ('{"id": 1, "request": "load", "network": {"dtype": "float16", "layers": []}}', "refused"),
        (
            '{"id": 1, "request": "load", "network": {"dtype": "float32", "layers": [{"forward":'
            ' {"W_x": [[1, 2], [3]], "W_h": [[1, 2], [3, 4]]}}]}}',
            "failed",
        ),
        ('{"id": 1, "request": "load", "network": 3}', "failed"),
    ],
)
def test_what_it_cannot_read_is_an_error_and_the_next_request_is_answered(line: str, kind: str) -> None:
    asked = f'{line}\n{{"id": 2, "request": "bye"}}\n'
    done = subprocess.run([compiled()], input=asked, capture_output=True, text=True, check=True, timeout=60)
    error, answer = map(json.loads, done.stdout.splitlines())
    assert error["error"]["kind"] == kind
    assert answer == {"id": 2, "answer": {}}


def test_a_load_that_fails_leaves_nothing_loaded(adapter: Adapter[Any]) -> None:
    model = adapter.load(deep())
    with pytest.raises(Exception, match="activation: expected tanh, relu, sigmoid or linear"):
        adapter.load(replaced(deep(), "softsign"))
    with pytest.raises(BaseException, match="no network is loaded"):
        adapter.run(model, deep_call())


def replaced(network: Network, activation: str) -> Network:
    """The network with another activation at its top."""
    *below, top = network.layers
    assert top.backward is not None
    backward = Cell(top.backward.W_x, top.backward.W_h, activation=activation)
    return Network([*below, replace(top, backward=backward)])


def test_a_compiler_that_is_missing_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", "no-such-compiler -m64")
    with pytest.raises(BadInput, match="adapter 'c' needs a C compiler: 'no-such-compiler'"):
        load_adapter("c")
    monkeypatch.setenv("CC", "false")
    with pytest.raises(BadInput, match="adapter 'c' cannot be compiled: false"):
        load_adapter("c")
