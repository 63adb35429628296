"""WEX: the worked examples, on every implementation that can run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from rnn_adapters.declarations import Supports
from rnn_conformance.checks.support.expect import (
    expect_final_states,
    expect_last,
    expect_steps,
    expect_top_steps,
    final_states_of,
    sequence_of,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.numbers import fill_from_seed
from rnn_conformance.engine.strategies import SEEDS
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array, Cell, Layer, Network


@dataclass(frozen=True)
class Example:
    """The network of an example with random weights, other weights for every drawn seed."""

    units: int
    time: int
    features: int
    batch: int
    layers: int = 1
    directions: int = 1

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        return st.builds(self.build, st.sampled_from(list(routes)), SEEDS)

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """What the example needs, and is unsupported."""
        return tuple(name for name in ("tanh", "float32") if not supports.has(name))

    def build(self, route: str, seed: int) -> Case:
        """The case of one seed."""
        fill = fill_from_seed(seed)

        def array(*shape: int) -> Array:
            return np.float32(0.3 * shape[-1] ** -0.5) * fill(shape).astype("float32")

        stack, size, units = [], self.features, self.units
        for _ in range(self.layers):
            cells = [
                Cell(array(units, size), array(units, units), array(units)) for _ in range(self.directions)
            ]
            stack.append(Layer(*cells))
            size = stack[-1].output_size
        return Case.of(Network(stack), array(self.batch, self.time, self.features), route=route)


def counts(subject: Subject, case: Case, one_bias: int, two_biases: int) -> None:
    """The parameter count of the example, for the bias vectors that the implementation declares."""
    if not subject.supports.count_parameters:
        return
    expected = two_biases if subject.conventions.bias_vectors == 2 else one_bias
    counted = subject.count_parameters(case.network)
    subject.require(counted == expected, f"parameters: expected {expected}; the framework counts {counted}")


def last_of(subject: Subject, case: Case) -> Array:
    """The last output, from the call that gives it or, where there is none, the top layer's final states."""
    output = subject.run(case, return_sequences=not subject.supports.last_output)
    if subject.supports.last_output:
        expect_last(subject, case, output)
        assert output.last is not None
        return output.last
    expect_final_states(subject, case, output)
    return np.concatenate(list(final_states_of(subject, case, output)[-1]), axis=-1)


@check("WEX-1", Example(3, 2, 10, batch=5), needs=("states_or_last",), share=0.2)
def test_three_units_on_two_steps_of_ten_features(subject: Subject, case: Case) -> None:
    subject.require(last_of(subject, case).shape == (5, 3), "expected a last output of shape (5, 3)")
    counts(subject, case, 42, 45)


@check("WEX-2", Example(3, 2, 10, batch=8), needs=("states_or_last",), share=0.2)
def test_a_batch_of_eight(subject: Subject, case: Case) -> None:
    subject.require(last_of(subject, case).shape == (8, 3), "expected a last output of shape (8, 3)")


@check("WEX-3", Example(3, 2, 10, batch=8), needs=("sequence",), share=0.2)
def test_return_sequences(subject: Subject, case: Case) -> None:
    sequence = expect_steps(subject, case, subject.run(case))
    subject.require(sequence.shape == (8, 2, 3), "expected a sequence output of shape (8, 2, 3)")


class PlainLoop(Example):
    """The very numbers of the example: uniform in [0, 1), in the order in which the spec draws them."""

    def build(self, route: str, seed: int) -> Case:
        uniform = np.random.default_rng(0).random
        Wx, Wh, b, inputs = (uniform(shape).astype("float32") for shape in ((8, 4), (8, 8), (8,), (1, 10, 4)))
        return Case.of(Network(Layer(Cell(Wx, Wh, b))), inputs, route=route)


@check("WEX-4", PlainLoop(8, 10, 4, 1), needs=("sequence",), share=0.2)
def test_the_plain_loop_saturates(subject: Subject, case: Case) -> None:
    sequence = expect_steps(subject, case, subject.run(case))
    subject.require(sequence[0].shape == (10, 8), "expected hidden states of shape (10, 8)")
    last = sequence[0, -1]
    subject.require(
        bool((last > 0.99).all()), f"expected all units above 0.99 after ten steps; got {last.tolist()}"
    )


@check("WEX-5", Example(8, 10, 4, batch=2, layers=2), needs=("sequence", "stacked"), share=0.2)
def test_a_deep_rnn(subject: Subject, case: Case) -> None:
    output = subject.run(case)
    expect_top_steps(subject, case, output)
    subject.require(
        sequence_of(subject, case, output).shape == (2, 10, 8), "expected a sequence of (2, 10, 8)"
    )
    counts(subject, case, 240, 256)


@check("WEX-6", Example(8, 10, 4, batch=2, directions=2), needs=("sequence", "bidirectional"), share=0.2)
def test_a_bidirectional_rnn(subject: Subject, case: Case) -> None:
    sequence = expect_steps(subject, case, subject.run(case))
    subject.require(sequence.shape == (2, 10, 16), "expected a sequence output of shape (2, 10, 16)")
    counts(subject, case, 208, 224)


@check(
    "WEX-7",
    Example(8, 10, 4, batch=2, layers=4, directions=2),
    needs=("sequence", "bidirectional", "stacked"),
    share=0.2,
)
def test_a_deep_bidirectional_rnn(subject: Subject, case: Case) -> None:
    output = subject.run(case)
    expect_top_steps(subject, case, output)
    subject.require(
        sequence_of(subject, case, output).shape == (2, 10, 16), "expected a sequence of (2, 10, 16)"
    )
    counts(subject, case, 1408, 1472)
