"""A history followed on one loaded network: every action is judged by what the reference gives then."""

from __future__ import annotations

from rnn_adapters.histories import Action, Doing
from rnn_conformance.checks.support.asking import one_of, told_of
from rnn_conformance.checks.support.derivatives import (
    expect_all,
    expect_second_gradients,
    expect_tangents,
)
from rnn_conformance.checks.support.expect import (
    expect_answer,
    expect_count,
    expect_loaded,
    going_on_from,
)
from rnn_conformance.checks.support.mistakes import of_a_feature_too_many
from rnn_conformance.engine.case import WORDS, Case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.histories import is_random
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Network, States

DERIVATIVES: tuple[Doing, ...] = ("gradients", "tangents", "second_gradients")


def follow(subject: Subject, case: Case) -> Network:
    """The history of a case and its call, on a network that is loaded once; its last weights are returned.

    States that stateful layers keep are those that the call before returned, which was judged itself (STA-3).

    Raises:
        NonConforming: something is wrong; its message tells after which action.
    """
    subject.load_anew(case.network)
    network, kept = case.network, None
    for number, action in enumerate(case.actions, 1):
        try:
            network, kept = _done(subject, case, action, network, kept)
        except NonConforming as error:
            if case.history:
                place = f"at action {number} of {len(case.actions)}, {WORDS[action.do]}"
                error.finding = f"{place}: {error.finding}"
            raise
    return network


def _done(
    subject: Subject, case: Case, action: Action, network: Network, kept: States | None
) -> tuple[Network, States | None]:
    """The weights and the kept states after an action."""
    match action.do:
        case "read":
            _read(subject, network)
        case "assign":
            assert action.network is not None
            subject.assign_weights(network, action.network)
            return action.network, kept
        case "reset":
            subject.reset_states(network)
            return network, None
        case "restore":
            subject.restore(network)
            return network, None
    if action.call is None:
        return network, kept
    now = Case(network, action.call, case.route, case.variant)
    match action.do:
        case "gradients":
            expect_all(subject, now)
        case "tangents":
            expect_tangents(subject, now)
        case "second_gradients":
            expect_second_gradients(subject, now)
        case "ask":
            for question in one_of(now, told_of(subject, now)).values():
                question()
        case "mistake":
            kept = _mistaken(subject, now, kept)
        case _:
            kept = called(subject, now, kept)
    return network, kept


def _mistaken(subject: Subject, case: Case, kept: States | None) -> States | None:
    """The kept states after a call of a feature too many. Where it is answered, they are nobody's."""
    refusal = subject.error_of(case.network, of_a_feature_too_many(case.call))
    if refusal is None and case.call.stateful:
        subject.reset_states(case.network)
        return None
    return kept


def _read(subject: Subject, network: Network) -> None:
    expect_loaded(subject, network)
    if subject.supports.native_weights:
        subject.native_weights(network)
    if subject.supports.count_parameters:
        expect_count(subject, network)


def called(subject: Subject, case: Case, kept: States | None) -> States | None:
    """The states that are kept after a call, which is judged."""
    output, call = subject.call(case.network, case.call), case.call
    if not is_random(call):
        going_on = call.stateful and call.initial_states is None
        expect_answer(subject, case.replace(initial_states=kept) if going_on else case, output)
    if not call.stateful:
        return kept
    return going_on_from(subject, case, output)
