"""What only torch can show: run where it is installed."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from docs import documents_for, run_examples
from helpers import random_case, random_cell
from reproductions import ended_here, right_texts, typed_text
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Adapter, ImplementationLost, load_adapter, load_framework
from rnn_adapters.torch import DEVICES, PACKAGES
from rnn_conformance.checks import all_checks
from rnn_conformance.checks.support.derivatives import expect_each
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.deviations import Deviation, listed
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference.bounds import bound_network, replay_layer
from rnn_reference.gradient_bounds import bound_gradients
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Layer, Network, States
from rnn_reference.tangents import bound_tangents

VMAP = "vmap"
"""Raises on every call, as is recorded."""
ROUTES = ("", *(name for name in load_framework("torch").routes if name not in (VMAP, *PACKAGES)))
"""Those through ONNX have tests of their own (test_torch_onnx.py)."""
QUANTISED, IN_FLOAT16 = "quantised cell", "float16 cell"
READABLE = tuple(name for name in ROUTES if name not in (QUANTISED, IN_FLOAT16))
"""Those whose weights are parameters."""
ABSENT = load_framework("torch").absent_routes()
IMPORTS_NOTHING = "import rnn_adapters.torch, sys; assert 'torch' not in sys.modules"


@pytest.mark.parametrize("path", documents_for("torch"), ids=lambda path: path.name)
def test_examples_of_the_documents(path: Path) -> None:
    assert run_examples(path, frameworks=("torch",))


def test_it_is_not_imported_before_it_is_asked_for() -> None:
    subprocess.run([sys.executable, "-c", IMPORTS_NOTHING], check=True)


def test_a_module_is_built_once_for_a_shape_until_it_is_dropped() -> None:
    adapter = load_adapter("torch")
    one, other = (random_case(random_cell(3, 4, seed=seed)) for seed in (0, 9))
    model = adapter.load(one.network)
    assert adapter.load(other.network) is model
    adapter.drop_caches()
    assert adapter.load(other.network) is not model


@pytest.mark.parametrize("route", READABLE)
def test_the_second_bias_of_a_cell_with_one_is_zero_even_after_a_cell_with_two(route: str) -> None:
    adapter = adapter_of(route)
    adapter.load(random_case(random_cell(3, 4, biases=2)).network)
    model = adapter.load(random_case(random_cell(3, 4, biases=1)).network)
    b_h = adapter.read_weights(model).cells[0].b_h
    assert b_h is not None
    np.testing.assert_array_equal(b_h, 0)


def adapter_of(route: str) -> Adapter[Any]:
    """The adapter of a route; where this machine lacks its device, the CPU stands in for it."""
    from rnn_adapters.torch.adapter import TorchAdapter
    from rnn_adapters.torch.routes import ROUTES as PARTS

    if route not in ABSENT:
        return load_adapter("torch", route)
    return TorchAdapter(replace(PARTS[route], device="cpu"))


@pytest.mark.parametrize("route", DEVICES)
def test_a_route_to_a_device_passes_its_clause(route: str) -> None:
    framework = load_framework("torch")
    device = replace(framework.routes[route], make=lambda: adapter_of(route))
    outcome = perform(
        all_checks()["OPT-11"], Subject(replace(framework, routes={route: device})), PROFILES["quick"], [], 0
    )
    assert outcome.verdict == "pass", outcome.findings


def of_route(adapter: Adapter[Any], *, lengths: bool = False) -> Case:
    """A case of two directions where the route has them, with states."""
    cells = (random_cell(3, 4, seed=seed) for seed in range(1 + adapter.supports.bidirectional))
    case = random_case(*cells, batch=3)
    return case.replace(lengths=np.array([2, 4, 1])) if lengths else case


@pytest.mark.parametrize("route", READABLE)
def test_what_is_loaded_is_what_is_called(route: str) -> None:
    """A weight changed in it is read back, and changes the output to that of a network that has it."""
    import torch

    adapter = adapter_of(route)
    case = of_route(adapter)
    model = adapter.load(case.network)
    before = adapter.run(model, case.call).sequence
    assert before is not None
    before = before.copy()
    with torch.no_grad():
        next(model.parameters())[0, 0] += 1
    changed = adapter.read_weights(model)
    after = adapter.run(model, case.call).sequence
    assert after is not None
    expected = bound_network(changed, case.x, case.initial_states).sequence
    assert changed.cells[0].W_x[0, 0] - case.network.cells[0].W_x[0, 0] in (
        1,
        -1,
    )  # negated, where it is held so
    assert (after != before).any()
    assert (abs(after - expected.value) <= expected.bound).all()


def test_one_array_is_assigned_in_place_and_the_rest_is_left_alone() -> None:
    adapter = load_adapter("torch")
    network = random_case(random_cell(3, 4), random_cell(3, 4, seed=2)).network
    model = adapter.load(network)
    held, versions = dict(model.named_parameters()), [each._version for each in model.parameters()]
    layer = network.layers[0]
    assert layer.backward is not None
    other = Network(Layer(layer.forward, replace(layer.backward, W_h=layer.forward.W_h)))
    adapter.assign_weights(model, other)
    assert all(held[name] is parameter for name, parameter in model.named_parameters())
    changed = [each._version for each in model.parameters()]
    names = [name for name, before, after in zip(held, versions, changed, strict=True) if before != after]
    assert names == ["weight_hh_l0_reverse"]
    np.testing.assert_array_equal(adapter.read_weights(model).cells[1].W_h, layer.forward.W_h)


def test_what_is_restored_shares_no_memory() -> None:
    adapter, case = load_adapter("torch"), random_case(random_cell(3, 4))
    model = adapter.load(case.network)
    restored = adapter.restored(model)
    for parameter in model.parameters():
        parameter.detach().zero_()
    np.testing.assert_array_equal(adapter.read_weights(restored).cells[0].W_h, case.network.cells[0].W_h)


@pytest.mark.parametrize("route", ROUTES)
def test_what_a_route_takes_and_gives_has_the_axes_it_declares(route: str) -> None:
    adapter = adapter_of(route)
    case = of_route(adapter)
    directions = case.network.layers[0].directions
    sizes = {"batch": 3, "time": 4, "input": 3, "hidden": 4, "directions": directions, "layers": 1}
    shapes = adapter.run(adapter.load(case.network), case.call).native_shapes
    assert shapes == {
        name: tuple(math.prod(sizes[factor] for factor in axis.split("*")) for axis in axes)
        for name, axes in adapter.conventions.axes.items()
    }


@pytest.mark.parametrize("route", ROUTES)
def test_the_generator_and_the_settings_stay_as_they_were(route: str) -> None:
    import torch

    adapter = adapter_of(route)
    case = of_route(adapter)
    generator, settings = torch.get_rng_state(), adapter.global_state()
    adapter.run(adapter.load(case.network), case.call)
    one, same, other = (adapter.freshly_initialised(case.network, seed).cells[0] for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), generator)
    assert adapter.global_state() == settings
    assert (one.W_x == same.W_x).all()
    assert (one.W_x != other.W_x).any()


def cotangents_of(case: Case) -> tuple[Array, States]:
    """Those of the sum of all valid outputs and final states."""
    d_sequence = np.ones((*case.x.shape[:2], case.network.output_size), case.network.dtype)
    if case.steps is not None:
        d_sequence[~case.steps] = 0
    return d_sequence, tuple(np.ones_like(state) for state in case.initial_states or ())


def gradients_of(adapter: Adapter[Any], case: Case) -> Gradients:
    found = adapter.gradients(adapter.load(case.network), case.call, *cotangents_of(case))
    return found.mapped(np.copy)


@pytest.mark.parametrize("route", ["functional call", "sorted lengths", "batch first", "state dict"])
def test_gradients_of_rows_of_different_length_are_within_their_bounds(route: str) -> None:
    usual, other = load_adapter("torch"), load_adapter("torch", route)
    case = of_route(usual, lengths=True)
    expected = bound_gradients(case.network, case.x, case.initial_states, *cotangents_of(case), case.steps)
    for adapter in (usual, other):
        expect_each(Subject(adapter), case, gradients_of(adapter, case), expected)


def test_a_quantised_cell_is_within_its_bound_by_every_engine() -> None:
    """That of the default one is reached to a good share; it is what computes in the suite."""
    import torch

    adapter, usual = load_adapter("torch", QUANTISED), torch.backends.quantized.engine
    engines, worst = [each for each in torch.backends.quantized.supported_engines if each != "none"], {}
    assert usual in engines
    try:
        for torch.backends.quantized.engine in engines:
            worst[torch.backends.quantized.engine] = max(
                _worst_of_steps(adapter, seed) for seed in range(100)
            )
    finally:
        torch.backends.quantized.engine = usual
    assert max(worst.values()) <= 1, worst
    assert worst[usual] > 0.5, worst


def _worst_of_steps(adapter: Adapter[Any], seed: int) -> float:
    """The largest error ÷ bound of a step from the state before it."""
    case = random_case(random_cell(1 + seed % 4, 1 + seed % 5, seed=seed), batch=3)
    found = adapter.run(adapter.load(case.network), case.call).sequence
    assert found is not None
    assert case.initial_states is not None
    (layer,), quantised = case.network.layers, adapter.conventions.quantised
    right = replay_layer(layer, case.x, case.initial_states[0], found, "float32", quantised=quantised)
    return float((abs(found - right.value) / right.bound).max())


@pytest.mark.parametrize("engine", ["fbgemm", "x86"])
def test_a_cell_quantised_to_float16_is_within_its_bound(engine: str) -> None:
    """Which is wide enough only for rounded weights: those that were given are out of it."""
    import torch

    adapter, usual = load_adapter("torch", IN_FLOAT16), torch.backends.quantized.engine
    try:
        torch.backends.quantized.engine = engine
        worst = max(_worst_of_steps(adapter, seed) for seed in range(100))
        adapter.conventions = replace(adapter.conventions, quantised=None)
        otherwise = min(_worst_of_steps(adapter, seed) for seed in range(100))
    finally:
        torch.backends.quantized.engine = usual
    assert worst <= 1 < otherwise


@pytest.mark.parametrize("engine", ["onednn", "qnnpack"])
def test_other_engines_do_not_quantise_to_float16(engine: str) -> None:
    import torch

    adapter, usual = load_adapter("torch", IN_FLOAT16), torch.backends.quantized.engine
    try:
        torch.backends.quantized.engine = engine
        with pytest.raises(RuntimeError, match="linear_prepack_fp16 is currently not supported"):
            adapter.load(random_case(random_cell(3, 4)).network)
    finally:
        torch.backends.quantized.engine = usual


@pytest.mark.parametrize("route", [QUANTISED, IN_FLOAT16])
def test_a_quantised_cell_without_bias_is_refused(route: str) -> None:
    adapter = load_adapter("torch", route)
    assert not adapter.supports.no_bias
    with pytest.raises(AssertionError, match=r"mod\.bias must be True"):
        adapter.load(random_case(random_cell(3, 4, biases=0)).network)


@pytest.mark.parametrize("strides", [1, 2, -1])
@pytest.mark.parametrize("route", ["", "sorted lengths"])
def test_lengths_may_lie_in_memory_as_they_like(route: str, strides: int) -> None:
    adapter = adapter_of(route)
    case = of_route(adapter, lengths=True)
    assert case.call.lengths is not None
    expected = adapter.run(adapter.load(case.network), case.call).sequence
    lengths = np.zeros(6, np.int64)[:: 2 if strides == 2 else 1][:3][:: -1 if strides < 0 else 1]
    lengths[:] = case.call.lengths
    lengths.flags.writeable = False
    found = adapter.run(adapter.load(case.network), replace(case.call, lengths=lengths)).sequence
    np.testing.assert_array_equal(found, expected)


def test_forward_mode_of_packed_sequences() -> None:
    """Which torch itself does not have of packing."""
    adapter = load_adapter("torch")
    case = of_route(adapter, lengths=True)
    assert case.initial_states is not None
    cells = (CellGradients(cell.W_x, cell.W_h, cell.b) for cell in case.network.cells)
    direction = Gradients(case.x, case.initial_states, tuple(cells))
    found = adapter.tangents(adapter.load(case.network), case.call, direction)
    expected = bound_tangents(case.network, case.x, case.initial_states, direction, case.steps)
    assert found.final_states is not None
    for actual, wanted in zip(found.final_states, expected.final_states, strict=True):
        assert (abs(actual - wanted.value) <= wanted.bound).all()


def test_a_compiled_cell_is_compiled_for_every_shape() -> None:
    """By default torch.compile gives up after eight shapes, without an error."""
    from torch._dynamo.utils import counters

    adapter = load_adapter("torch", "compiled cell")
    adapter.drop_caches()
    graphs = []
    for size in range(1, 12):
        case = random_case(random_cell(2, size), time=1)
        before = counters["stats"]["unique_graphs"]
        adapter.run(adapter.load(case.network), case.call)
        graphs.append(counters["stats"]["unique_graphs"] - before)
    assert min(graphs) > 0
    adapter.drop_caches()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_final_states_of_mixed_precision_have_the_type_computed_in(dtype: Any) -> None:
    adapter = load_adapter("torch")
    case = of_route(adapter)
    output = adapter.run(adapter.load(case.network), replace(case.call, compute_dtype=dtype))
    assert output.final_states is not None
    assert adapter.conventions.state_dtype == "computed"
    assert output.final_states[0].dtype == dtype


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    coverage = coverage_of(Subject(load_framework("torch")), PROFILES["quick"])
    assert not coverage.missing


@pytest.mark.parametrize("directions", [1, 2])
def test_gradcheck_agrees_twice(directions: int) -> None:
    """By its own comparison with differences, at its own tolerances; of the double backward, too."""
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


HERE = [route for route in (*ROUTES, VMAP) if route not in ABSENT]
RECORDS = [record for record in records_of("torch") if any(map(record.claims, HERE))]
"""Those that can be shown on this machine."""


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_script_shows_what_a_record_says(record: Deviation, tmp_path: Path) -> None:
    expect_shown("torch", record, tmp_path)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    if listed(record.adapter)[0] == "torch":
        expect_kept("torch", record)


@pytest.mark.parametrize("route", ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    framework = load_framework("torch")
    for text in right_texts(framework, route, RECORDS):
        here = text.replace(f'"{route}"', '"cpu"') if route in ABSENT else text
        assert not ended_here(here, tmp_path), here


def test_a_script_asks_for_a_type_that_numpy_does_not_have(tmp_path: Path) -> None:
    framework = load_framework("torch")
    assert not ended_here(typed_text(framework, "bfloat16"), tmp_path)
    assert "expected float16; got" in ended_here(typed_text(framework, "float16"), tmp_path)


@pytest.mark.parametrize("seed", [2, 8, 27, 30])
def test_input_of_no_features_is_evidence_where_most_cases_are_refused(seed: int) -> None:
    subject = Subject(load_framework("torch"))
    outcome = perform(all_checks()["EDG-4"], subject, PROFILES["quick"], RECORDS, seed)
    assert outcome.verdict in ("pass", "deviation"), outcome.reason


@pytest.mark.parametrize(
    ("device", "alive", "raised"),
    [("cuda", False, ImplementationLost), ("cuda", True, RuntimeError), ("cpu", False, RuntimeError)],
)
def test_an_error_after_which_a_gpu_cannot_be_used_is_the_loss_of_the_process(
    device: str, alive: bool, raised: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from rnn_adapters.torch.adapter import surviving

    def synchronize() -> None:
        if not alive:
            raise RuntimeError("device-side assert triggered")

    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    with pytest.raises(raised, match="an index out of range"), surviving(device):
        raise RuntimeError("an index out of range")
