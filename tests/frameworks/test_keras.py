"""What only Keras can show: run where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from docs import documents, run_examples
from helpers import random_case, random_cell

from rnn_adapters import load_adapter
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.strategies import FORMS
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import BadInput, bound_network


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_examples_of_the_documents(path: Path) -> None:
    run_examples(path, frameworks=("keras",))


def test_the_backend_in_force_is_the_one_that_is_named() -> None:
    adapter = load_adapter("keras")
    assert load_adapter(adapter.name).versions() == adapter.versions()


def test_another_backend_in_the_same_process_is_refused() -> None:
    other = "numpy" if load_adapter("keras").name != "keras-numpy" else "tensorflow"
    with pytest.raises(BadInput, match="one process has one backend"):
        load_adapter(f"keras-{other}")


def test_a_layer_is_built_once_for_a_shape() -> None:
    adapter = load_adapter("keras")
    case = random_case(random_cell(3, 4))
    built = adapter.load(case.network).layers()[0][0]
    other = random_case(random_cell(3, 4, seed=9))
    assert adapter.load(other.network).layers()[0][0] is built
    assert np.array_equal(built.get_weights()[0], other.network.cells[0].W_x.T)


def test_every_route_can_be_taken() -> None:
    adapter = load_adapter("keras")
    for name in adapter.routes:
        assert adapter.by_route(name).versions() == adapter.versions()


@pytest.mark.parametrize("route", ["", "model file"])
@pytest.mark.parametrize("activation", [str(form) for forms in FORMS.values() for form in forms])
def test_activations_with_parameters_get_through_a_file(activation: str, route: str) -> None:
    """The routes of chapter OPT draw tanh and relu alone; these are objects that Keras has to save."""
    adapter = load_adapter("keras")
    way = adapter.by_route(route) if route else adapter
    case = random_case(random_cell(3, 4, activation=activation), random_cell(3, 4), states=False)
    sequence = way.run(way.load(case.network), case.call()).sequence
    bounded = bound_network(case.network, case.x).sequence
    assert sequence is not None
    assert (np.abs(sequence - bounded.value) <= bounded.bound).all()


def test_every_pair_of_option_values_occurs_in_the_ci_profile() -> None:
    coverage = coverage_of(Subject(load_adapter("keras")), PROFILES["ci"])
    assert not coverage.missing
