"""A framework in a Python environment of its own: here the reference, served by this Python."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from helpers import random_case, random_cell

from rnn_adapters import worker
from rnn_reference import BadInput, bound_network


@pytest.fixture(autouse=True)
def _no_worker_is_left() -> Iterator[None]:
    yield
    for harness in worker._running.values():
        harness.connection.close()
    worker._running.clear()


def test_a_worker_computes_what_the_adapter_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_CONFORMANCE_REFERENCE", sys.executable)
    case = random_case(random_cell(2, 3))
    adapter = worker.harness("reference").adapter()
    output = adapter.run(adapter.load(case.network), case.call)
    assert output.sequence is not None
    expected = bound_network(case.network, case.x, case.initial_states).sequence
    assert (np.abs(output.sequence - expected.value) <= expected.bound).all()


def test_all_routes_share_a_worker_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_CONFORMANCE_REFERENCE", sys.executable)
    first = worker.harness("reference")
    assert worker.harness("reference") is first
    first.adapter().close()
    assert worker.harness("reference") is not first


def test_without_an_environment_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RNN_CONFORMANCE_NONESUCH", raising=False)
    assert "RNN_CONFORMANCE_NONESUCH" in worker.missing("nonesuch")[0]
    with pytest.raises(BadInput, match="needs the Python of an environment that has nonesuch"):
        worker.harness("nonesuch")


def test_a_python_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_CONFORMANCE_NONESUCH", "/no/such/python")
    assert worker.missing("nonesuch") == ("the Python that RNN_CONFORMANCE_NONESUCH names, /no/such/python",)


def test_a_worker_that_ends_at_once_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_CONFORMANCE_NONESUCH", sys.executable)
    ended = r"its process (ended with exit status 1|closed its output)"
    with pytest.raises(BadInput, match=f"cannot be asked: {ended}"):
        worker.harness("nonesuch")


def test_what_is_installed_here_needs_no_worker() -> None:
    assert not worker.missing("numpy")


def test_a_worker_needs_no_module_of_the_suite() -> None:
    """Its environment has NumPy, ml_dtypes and msgspec besides the framework; all folders are imported."""
    code = (
        "from rnn_adapters.registry import built_in; built_in(); import sys;"
        "print({'packaging', 'click', 'hypothesis', 'platformdirs', 'rich', 'scipy'} & {*sys.modules} or '')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.strip()
