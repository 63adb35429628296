"""What is drawn, and what it shrinks to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from helpers import EVERYTHING, LITTLE
from hypothesis import HealthCheck, find, given, settings

from rnn_adapters import Supports
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.drawing import draw_cases
from rnn_conformance.engine.numbers import SIMPLEST_FIRST, fill_from_bytes
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import VERDICTS_ALONE
from rnn_conformance.engine.strategies import BATCH, EITHER_OUTPUT, FORMS, TIME, Cases, Padding
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.registry import fault_framework
from rnn_reference.activations import Activation, ActivationName
from rnn_reference.network import Array

ANY = Cases(layers=(1, 2, 3), dtypes=("float32", "float64"))


def drawn(count: int = 400, supports: Supports = EVERYTHING) -> list[Case]:
    """As a run draws them."""
    found: list[Case] = []
    draw_cases(ANY({"": supports}), count, "a seed", found.append)
    return found


def smallest(condition: Callable[[Case], bool]) -> Case:
    quiet = settings(
        max_examples=2000, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    return find(ANY({"": EVERYTHING}), condition, settings=quiet)


def test_the_usual_case_is_usual_and_the_degenerate_ones_occur() -> None:
    found = drawn()

    def share(condition: Callable[[Case], bool]) -> float:
        return sum(map(condition, found)) / len(found)

    assert share(lambda case: case.x.shape[0] >= 2) > 0.5
    assert share(lambda case: case.x.shape[1] >= 3) > 0.5
    assert share(lambda case: case.network.input_size != case.network.layers[0].hidden_size) > 0.6
    assert share(lambda case: case.initial_states is not None) > 0.4
    assert share(lambda case: bool(case.network.cells[0].biases)) > 0.5
    for axis in (0, 1, 2):
        assert sum(case.x.shape[axis] == 1 for case in found) > 0.02 * len(found)


def test_one_output_is_asked_for_where_each_is_expensive() -> None:
    """Where nothing is, a case asks for both, and what it draws is what it drew without that option."""
    either, expensive = replace(ANY, return_sequences=EITHER_OUTPUT), replace(EVERYTHING, expensive="sizes")
    asked = dict[str, set[bool]]()
    for name, supports in {
        "cheap": EVERYTHING,
        "expensive": expensive,
        "one output": replace(expensive, last_output=False),
    }.items():
        found = list[Case]()
        draw_cases(either({"": supports}), 40, "a seed", found.append)
        asked[name] = {case.call.return_sequences for case in found}
    assert asked == {"cheap": {True}, "expensive": {True, False}, "one output": {True}}


def test_a_wrong_last_output_is_found_where_a_case_asks_for_one_output() -> None:
    adapter = fault_framework("last-output-is-first").adapter()
    adapter.supports = replace(adapter.supports, expensive="sizes")
    outcome = perform(all_checks()["OPT-1"], Subject(adapter), VERDICTS_ALONE, [])
    assert outcome.verdict == "fail"
    assert [finding.facts["return_sequences"] for finding in outcome.findings] == [False]


def test_a_reset_that_does_nothing_is_found_where_a_case_asks_for_one_output() -> None:
    adapter = fault_framework("reset-does-nothing").adapter()
    adapter.supports = replace(adapter.supports, expensive="sizes")
    outcome = perform(all_checks()["OPT-1"], Subject(adapter), VERDICTS_ALONE, [])
    assert outcome.verdict == "fail"


def test_weights_are_neither_constant_nor_symmetric() -> None:
    square = [c.network.cells[0].W_h for c in drawn() if c.network.layers[0].hidden_size > 1]
    lively = [W_h for W_h in square if W_h.any()]
    assert len(lively) > 0.85 * len(square)
    assert sum(np.array_equal(W_h, W_h.T) for W_h in lively) < 0.1 * len(lively)
    assert sum(np.ptp(W_h) == 0 for W_h in lively) < 0.02 * len(lively)


def test_most_weights_need_more_than_half_precision() -> None:
    """Numbers that fit into float16 would let float16 weights pass."""
    found = drawn()
    wide = [
        case for case in found if not np.array_equal(case.x, case.x.astype(np.float16).astype(case.x.dtype))
    ]
    assert len(wide) > 0.25 * len(found)


def test_only_what_is_offered_is_drawn() -> None:
    little = Supports(activations=("relu",), dtypes=("float64",), sequence=True)
    for case in drawn(100, little):
        assert case.network.num_layers == 1
        assert case.facts["directions"] == 1
        assert case.facts["activation"] == "relu"
        assert case.facts["dtype"] == "float64"
        assert case.facts["bias_vectors"] in (1, 2)
        assert case.initial_states is None


def test_parameters_are_drawn_where_they_can_be_chosen() -> None:
    def forms(parameters: tuple[ActivationName, ...]) -> set[str]:
        supports = replace(LITTLE, activations=("elu", "hard_sigmoid"), parameters=parameters)
        found: set[str] = set()

        @settings(max_examples=150, database=None, deadline=None, derandomize=True)
        @given(Cases(activations=("elu", "hard_sigmoid", Activation("elu", 2.0)))({"": supports}))
        def collect(case: Case) -> None:
            found.update(str(cell.activation) for cell in case.network.cells)

        collect()
        return found

    assert forms(()) == {"elu", "hard_sigmoid"}
    others = {str(form) for form in FORMS["elu"]}
    assert forms(("elu",)) == others | {"hard_sigmoid", "elu(alpha=2.0)"}


def test_directions_differ_where_they_can() -> None:
    def differing(found: list[Case]) -> float:
        layers = [layer for case in found for layer in case.network.layers if layer.backward is not None]
        different = [
            layer
            for layer in layers
            if len({(cell.activation, len(cell.biases)) for cell in layer.cells}) == 2
        ]
        return len(different) / len(layers)

    assert differing(drawn(200, replace(EVERYTHING, mixed_directions=False))) == 0
    assert 0.2 < differing(drawn(200)) < 0.8


def test_the_form_of_a_case_shrinks_to_the_default() -> None:
    supports = replace(EVERYTHING, activations=("elu",), parameters=("elu",))
    quiet = settings(max_examples=2000, database=None, derandomize=True)
    draw = Cases(activations=("elu",))({"": supports})
    case = find(draw, lambda case: case.network.layers[0].directions == 2, settings=quiet)
    assert {str(cell.activation) for cell in case.network.cells} == {"elu"}
    case = find(draw, lambda case: case.network.cells[-1].activation.alpha != 1, settings=quiet)
    assert str(case.network.cells[-1].activation) == "elu(alpha=0.375)"
    assert case.network.layers[0].directions == 1


def test_few_shapes_are_drawn_where_they_are_expensive() -> None:
    built = drawn(300, replace(EVERYTHING, expensive="sizes"))
    assert {case.network.input_size for case in built} == {1, 2, 3}
    assert {case.network.layers[0].hidden_size for case in built} == {1, 2, 4}
    assert {case.x.shape[1] for case in built} == set(TIME)
    stepwise = drawn(300, replace(EVERYTHING, expensive="steps"))
    assert {case.x.shape[1] for case in stepwise} == {1, 3, 5}
    assert {case.x.shape[0] for case in stepwise} == set(BATCH)
    long = Cases(time=(50, 100)).pools("", replace(EVERYTHING, expensive="steps"))
    assert long["time"] == (50,)
    together = Cases(sizes=((2, 17, 3, 4), (2, 18, 3, 4)))
    assert together.pools("", replace(EVERYTHING, expensive="steps"))["sizes"] == ((2, 17, 3, 4),)
    assert len(together.pools("", EVERYTHING)["sizes"]) == 2
    compiled = {case.x.shape for case in drawn(300, replace(EVERYTHING, expensive="shapes"))}
    assert {(batch, time) for batch, time, _ in compiled} <= {(b, t) for b in (1, 3) for t in (1, 3, 5)}


def test_a_failure_at_a_nonzero_weight_shrinks_to_one_small_number() -> None:
    case = smallest(lambda case: bool((case.network.cells[0].W_h[0] != 0).any()))
    assert case.x.shape == (1, 1, 1)
    assert case.network.num_layers == 1
    assert abs(case.x).sum() <= 2
    assert abs(case.network.cells[0].W_h).sum() <= 1


def test_a_failure_of_two_units_and_two_steps_shrinks_to_them() -> None:
    case = smallest(
        lambda case: (
            case.x.shape[1] > 1
            and case.network.layers[0].hidden_size > 1
            and not np.array_equal(case.network.cells[0].W_h, case.network.cells[0].W_h.T)
        )
    )
    assert case.x.shape == (1, 2, 1)
    assert case.network.layers[0].hidden_size == 2
    assert all(float(w) == round(float(w), 2) for w in case.network.cells[0].W_h.ravel())


def test_bytes_stand_for_simple_numbers_first() -> None:
    assert SIMPLEST_FIRST[:8].tolist() == [0, 1, -1, -2, 0.5, -0.5, 1.5, -1.5]
    assert fill_from_bytes(bytes(10))((3, 2)).tolist() == [[0, 0]] * 3
    fill = fill_from_bytes(bytes(range(64)))
    assert fill((2, 2)).tolist() == SIMPLEST_FIRST[[[0, 1], [17, 18]]].tolist()
    assert fill((1,)).tolist() == SIMPLEST_FIRST[[41]].tolist()


def test_lengths_and_masks_are_of_every_kind() -> None:
    def steps(padding: Padding, supports: Supports) -> list[tuple[Case, Array]]:
        found: list[tuple[Case, Array]] = []

        @settings(max_examples=200, database=None, deadline=None, derandomize=True)
        @given(Cases(padding=(padding,))({"": supports}))
        def collect(case: Case) -> None:
            assert case.steps is not None
            found.append((case, case.steps))

        collect()
        return found

    masks = [taken for _, taken in steps("mask", replace(LITTLE, masks=True))]
    assert any(not taken[:, 0].all() and taken.any() for taken in masks)  # leading
    assert any((taken[:, :-2] & ~taken[:, 1:-1] & taken[:, 2:]).any() for taken in masks)  # inner
    assert any((~taken).all(axis=1).any() for taken in masks)  # a whole row
    lengths = steps("lengths", replace(LITTLE, lengths=True))
    assert all(case.call.lengths is not None and case.call.mask is None for case, _ in lengths)
    assert all(taken[:, 0].all() for _, taken in lengths)  # at least one step
    assert any((np.diff(taken.sum(axis=1)) > 0).any() for _, taken in lengths)  # unsorted
    assert any(
        not taken.any(axis=1).all() for _, taken in steps("lengths from 0", replace(LITTLE, lengths=True))
    )
    assert all(case.call.mask is not None for case, _ in steps("lengths", replace(LITTLE, masks=True)))
    both = steps("lengths and mask", EVERYTHING)
    assert all(case.call.lengths is not None and case.call.mask is not None for case, _ in both)
    assert any((case.call.mask & ~taken).any() for case, taken in both)  # beyond the length alone
    assert any((~taken.all(axis=1) & (case.call.lengths == case.x.shape[1])).any() for case, taken in both)
    assert {case.facts["padding"] for case, _ in both} == {"lengths and mask"}


def test_lengths_and_mask_need_a_framework_that_takes_both() -> None:
    apart, ways = replace(LITTLE, lengths=True, masks=True), Cases(padding=("lengths and mask",))
    assert ways.lacking(apart) == ("lengths_and_masks",)
    assert not ways.lacking(replace(apart, lengths_and_masks=True))
    beside = Cases(padding=("none", "lengths and mask"))
    assert list(beside.pools("", apart)["padding"]) == ["none"]


def test_masks_have_as_many_rows_as_the_input() -> None:
    @settings(max_examples=30, database=None, deadline=None, derandomize=True)
    @given(Cases(padding=("mask", "mask of no step"), batch=(9,))({"": replace(LITTLE, masks=True)}))
    def collect(case: Case) -> None:
        assert case.call.mask is not None
        assert case.call.mask.shape == case.x.shape[:2]

    collect()
