"""What only torch can show: run where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from docs import documents, run_examples
from helpers import random_case, random_cell

from rnn_adapters import load_adapter
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_examples_of_the_documents(path: Path) -> None:
    run_examples(path, frameworks=("torch",))


def test_a_module_is_built_once_for_a_shape() -> None:
    adapter = load_adapter("torch")
    one, other = (random_case(random_cell(3, 4, seed=seed)) for seed in (0, 9))
    assert adapter.load(one.network) is adapter.load(other.network)


def test_the_second_bias_of_a_cell_with_one_is_zero_even_after_a_cell_with_two() -> None:
    adapter = load_adapter("torch")
    adapter.load(random_case(random_cell(3, 4, biases=2)).network)
    module = adapter.load(random_case(random_cell(3, 4, biases=1)).network)
    assert not module.bias_hh_l0.any()


def test_every_route_can_be_taken() -> None:
    adapter = load_adapter("torch")
    for name in adapter.routes:
        assert isinstance(adapter.by_route(name), type(adapter))


def test_every_pair_of_option_values_occurs_in_the_ci_profile() -> None:
    coverage = coverage_of(Subject(load_adapter("torch")), PROFILES["ci"])
    assert not coverage.missing


@pytest.mark.parametrize("directions", [1, 2])
def test_gradcheck_agrees_twice(directions: int) -> None:
    """By its own comparison with differences, at its own tolerances; of gradients of gradients, too."""
    import torch

    adapter = load_adapter("torch")
    case = random_case(*(random_cell(2, 3, seed=seed, dtype="float64") for seed in range(directions)), time=3)
    module = adapter.load(case.network).train()
    weights = dict(module.named_parameters())
    assert case.initial_states is not None
    given = [torch.tensor(case.x).transpose(0, 1), torch.tensor(case.initial_states[0]), *weights.values()]

    def outputs(x: torch.Tensor, h0: torch.Tensor, *values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        by_name = dict(zip(weights, values, strict=True))
        sequence, h_n = torch.func.functional_call(module, by_name, (x, h0))
        return sequence, h_n

    inputs = [array.detach().clone().requires_grad_() for array in given]
    assert torch.autograd.gradcheck(outputs, inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(outputs, inputs)
