"""SEQ: sequence and last outputs."""

from __future__ import annotations

from rnn_conformance.checks.support.expect import (
    expect_no_sequence,
    expect_same,
    final_states_of,
    sequence_of,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import LAST_AXES, Subject

FEW = 0.5  # a shape or a count is right or wrong as a whole

ANY_STACK = Cases(
    layers=(1, 2),
    directions=(1, 2),
    padding=("none", "lengths", "mask"),
    stateful=(False, False, True),
    exact=True,
    covering=True,
)
TAME = Cases(directions=(1,), regimes=("contractive", "moderate"))


@check("SEQ-1", ANY_STACK, needs=("sequence",))
def test_sequence_output_is_batch_time_features(subject: Subject, case: Case) -> None:
    sequence_of(subject, case, subject.run(case))


@check("SEQ-2", ANY_STACK, needs=("last_output",), share=FEW)
def test_last_output_is_batch_features(subject: Subject, case: Case) -> None:
    output = subject.run(case, return_sequences=False)
    shape = (case.x.shape[0], case.network.output_size)
    subject.has_shape("last output", output.last, shape, case.network.dtype)
    expect_no_sequence(subject, output)


@check("SEQ-3", TAME, needs=("last_output", "sequence"))
def test_last_output_is_the_sequence_output_of_the_last_step(subject: Subject, case: Case) -> None:
    sequence = sequence_of(subject, case, subject.run(case))[:, -1].copy()
    shape = (case.x.shape[0], case.network.output_size)
    output = subject.run(case, return_sequences=False)
    last = subject.has_shape("last output", output.last, shape, case.network.dtype)
    bound = subject.bounds_of(case).last.bound
    expect_same(subject, "last output", last, sequence, bound, LAST_AXES)


@check(
    "SEQ-4",
    Cases(layers=(1, 2), directions=(1, 2), dtypes=("float32", "float64")),
    needs=("outputs",),
    share=FEW,
)
def test_outputs_have_the_type_of_the_weights(subject: Subject, case: Case) -> None:
    """The type is part of every comparison; here both types are drawn."""
    supports = subject.supports
    if supports.sequence or supports.final_states:
        output = subject.run(case, return_sequences=supports.sequence)
        if supports.sequence:
            sequence_of(subject, case, output)
        if supports.final_states:
            final_states_of(subject, case, output)
    if supports.last_output:
        shape = (case.x.shape[0], case.network.output_size)
        last = subject.run(case, return_sequences=False).last
        subject.has_shape("last output", last, shape, case.network.dtype)
