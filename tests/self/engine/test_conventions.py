"""Every choice that conventions leave is asked for as it is declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnn_adapters import Call, Output
from rnn_adapters.declarations import OutputOrder
from rnn_conformance.checks import all_checks
from rnn_conformance.checks.support.chance import (
    TRUNCATED_DEVIATION,
    distance,
    largest_deviation_of_a_share,
    truncated_normal,
)
from rnn_conformance.engine.meaning import padding_last
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.results import Outcome
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy, framework_of_plain
from rnn_reference.network import Array, Cell, Layer, Network

QUICK = PROFILES["quick"]


def declaring(**changes: Any) -> type[PlainNumpy]:
    """The correct implementation with other conventions, which it follows."""

    class Declaring(PlainNumpy):
        conventions = replace(PlainNumpy.conventions, **changes)

    return Declaring


def outcomes(made: type[PlainNumpy], *chapters: str) -> dict[str, Outcome]:
    """Of the clauses of these chapters, on all routes."""
    subject = Subject(framework_of_plain("plain", made))
    clauses = [clause for clause in all_checks() if clause.startswith(chapters)]
    return {clause: perform(all_checks()[clause], subject, QUICK, []) for clause in clauses}


def verdicts(made: type[PlainNumpy], *chapters: str) -> dict[str, str]:
    return {clause: outcome.verdict for clause, outcome in outcomes(made, *chapters).items()}


@pytest.mark.parametrize("order", ["processing", "input", "padding last"])
def test_every_order_of_going_backwards(order: OutputOrder) -> None:
    """Chapter STA, too, which gives sequences in parts."""
    found = outcomes(declaring(go_backwards_order=order), "DIR-", "OPT-", "STA-2", "STA-3", "STA-5")
    assert all(outcome.verdict == "pass" for outcome in found.values()), found


@pytest.mark.parametrize("declared", ["processing", "input", "padding last"])
@pytest.mark.parametrize("given", ["processing", "input", "padding last"])
def test_every_other_order_is_found(declared: OutputOrder, given: OutputOrder) -> None:
    class Declaring(PlainNumpy):
        conventions = replace(PlainNumpy.conventions, go_backwards_order=declared)

        def ordered(self, sequence: Array, steps: Array | None) -> Array:
            return declaring(go_backwards_order=given)().ordered(sequence, steps)

    found = verdicts(Declaring, "DIR-")
    assert ("fail" in found.values()) is (declared != given)


def test_padding_last_is_as_the_spec_has_it() -> None:
    """Of a row of length 2 of 4, the step that is taken first stands first and the padding last."""
    cell = Cell(np.ones((1, 1)), np.zeros((1, 1)), activation="relu")
    network, x = Network([Layer(cell)]), np.array([[[1.0], [2.0], [3.0], [4.0]]])
    adapter = declaring(go_backwards_order="padding last")()
    call = Call(x, lengths=np.array([2]), go_backwards=True)
    output = adapter.run(adapter.load(network), call)
    assert output.sequence is not None
    assert output.sequence.ravel().tolist() == [2, 1, 0, 0]
    holes = replace(call, lengths=None, mask=np.array([[False, True, False, True]]))
    output = adapter.run(adapter.load(network), holes)
    assert output.sequence is not None
    assert output.sequence.ravel().tolist() == [4, 2, 0, 0]
    assert padding_last(np.array([[True, False, True, False]])).tolist() == [[0, 2, 1, 3]]


def test_states_in_the_type_of_the_weights() -> None:
    assert set(verdicts(declaring(state_dtype="weights"), "DTY-").values()) == {"pass"}


def test_states_that_were_not_rounded_are_within_the_bound() -> None:
    """Each state is shown as it was in float32, before the layer rounded it to the narrow type."""

    class Unrounded(declaring(state_dtype="weights")):  # type: ignore[misc]
        def shown(self, state: Array, dtype: Any) -> Array:
            wide: Array = state.astype(dtype)
            half: Array = np.spacing(state).astype(dtype) / 2
            shifted = wide + half * np.where(wide > 0, -0.99, 0.99).astype(dtype)
            return np.where(np.isfinite(wide), shifted, wide)

    assert verdicts(Unrounded, "DTY-7") == {"DTY-7": "pass"}


def test_an_adapter_may_reuse_its_outputs_and_pass_everything_else() -> None:
    """Each array is overwritten by the next call that returns one of its shape and type."""

    class Reuses(PlainNumpy):
        conventions = replace(PlainNumpy.conventions, reuses_outputs=True)

        def run(self, model: Network, call: Call) -> Output:
            output = super().run(model, call)
            states = output.final_states
            return replace(
                output,
                sequence=self.kept("sequence", output.sequence),
                last=self.kept("last", output.last),
                final_states=None
                if states is None
                else tuple(self.kept(f"states {i}", state) for i, state in enumerate(states)),
            )

        def kept(self, name: str, array: Array | None) -> Any:
            if array is None:
                return None
            memory: dict[object, Array] = self.__dict__.setdefault("memory", {})
            held = memory.setdefault((name, array.shape, str(array.dtype)), np.empty_like(array))
            held[...] = array
            return held

    found = outcomes(Reuses, "")
    assert found.pop("LAW-12").verdict == "unsupported"
    assert {clause for clause, outcome in found.items() if outcome.verdict != "pass"} == set()

    class Denies(Reuses):
        conventions = PlainNumpy.conventions

    assert verdicts(Denies, "LAW-12") == {"LAW-12": "fail"}


LECUN = {"W_x": "lecun normal", "W_h": "lecun normal", "b": "zeros", "b_h": "none"}


def test_lecun_normal() -> None:
    found = verdicts(declaring(initialisation=LECUN), "INT-")
    orthogonal = dict.fromkeys(("INT-2", "INT-6"), "unsupported")
    assert found == dict.fromkeys(("INT-1", "INT-3", "INT-4", "INT-5", "INT-7", "INT-8"), "pass") | orthogonal


def test_where_nothing_is_declared_of_fresh_weights_nothing_is_asked() -> None:
    nothing = dict.fromkeys(LECUN, "none")
    assert set(verdicts(declaring(initialisation=nothing), "INT-").values()) == {"unsupported"}
    only_range = nothing | {"b": "zeros"}
    found = verdicts(declaring(initialisation=only_range), "INT-")
    of_random = dict.fromkeys(("INT-2", "INT-3", "INT-4", "INT-6", "INT-7"), "unsupported")
    assert found == dict.fromkeys(("INT-1", "INT-5", "INT-8"), "pass") | of_random


def test_the_normal_distribution_that_is_cut_off() -> None:
    """Its density, added up, is its distribution function, and its variance is that of the rule."""
    s = 1 / TRUNCATED_DEVIATION
    w = np.linspace(-2 * s, 2 * s, 400_001)
    middle, width = (w[1:] + w[:-1]) / 2, w[1] - w[0]
    density = np.exp(-np.square(middle / s) / 2)
    density /= density.sum() * width
    assert np.isclose((np.square(middle) * density).sum() * width, 1, atol=1e-9)
    F = truncated_normal(2 * s)(w)
    assert np.abs(np.cumsum(density) * width - F[1:]).max() < 1e-9
    assert (F[0], F[200_000], F[-1]) == (0, 0.5, 1)


def test_numbers_of_the_rule_are_within_the_distance_and_others_are_not() -> None:
    shape = (256, 192)
    allowed = largest_deviation_of_a_share(shape[0] * shape[1])
    right = PlainNumpy().drawn(np.random.default_rng(0), "lecun normal", shape)
    F = truncated_normal(2 / (TRUNCATED_DEVIATION * np.sqrt(shape[1])))
    assert distance(right, F) < allowed / 2
    assert distance(right * TRUNCATED_DEVIATION, F) > 1.5 * allowed  # cut off and not rescaled
    assert distance(np.random.default_rng(0).uniform(-1, 1, shape) * np.sqrt(3 / shape[1]), F) > allowed
