"""HIS: many calls of one loaded network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnn_conformance.vectors.expected import Step
from rnn_conformance.vectors.recipes import Made, Plan
from rnn_reference.network import Layer, Network

STATEFUL = {"stateful": True}


def two_masks(made: Made) -> list[Step]:
    """The same shape under two masks, and under none."""
    first = made.call
    assert first.mask is not None
    second = made.another_call()
    second = replace(second, mask=first.mask[::-1].copy())
    return [*(Step("call", call) for call in (first, second, replace(made.another_call(), mask=None)))]


def after_training(made: Made) -> list[Step]:
    """A call of training, and then one that is not."""
    return [Step("call", replace(made.call, training=True)), Step("call", made.another_call())]


def larger_batch(made: Made) -> list[Step]:
    """A call of one row, and then one of three."""
    return [Step("call", made.call), Step("call", made.another_call(batch=3))]


def between_stateful(made: Made) -> list[Step]:
    """A call that is not stateful between two that are."""
    other = made.another_call(stateful=False)
    return [Step("call", call) for call in (made.call, other, made.another_call())]


def resets(made: Made) -> list[Step]:
    """Three stateful calls, with a reset before each but the first."""
    steps = [Step("call", made.call)]
    for _ in range(2):
        steps += [Step("reset"), Step("call", made.another_call())]
    return steps


def assigned(made: Made) -> list[Step]:
    """Other weights between two calls."""
    other = made.another_network()
    calls = made.call, made.another_call()
    return [Step("call", calls[0]), Step("assign", network=other), Step("call", calls[1])]


def one_array(name: str) -> Callable[[Made], list[Step]]:
    """One array of other numbers between two calls."""

    def steps(made: Made) -> list[Step]:
        other = getattr(made.another_network().cells[0], name)
        network = Network(Layer(replace(made.cell, **{name: other})))
        return [Step("call", made.call), Step("assign", network=network), Step("call", made.another_call())]

    return steps


def gradients_twice(made: Made) -> list[Step]:
    """Gradients of two calls, one after the other, and then a call."""
    second = made.another_call()
    return [made.differentiated(), made.differentiated(second), Step("call", made.call)]


def gradients_after_assigning(made: Made) -> list[Step]:
    """Gradients of the weights that were assigned."""
    return [Step("assign", network=made.another_network()), made.differentiated()]


def gradients_between_stateful(made: Made) -> list[Step]:
    """Gradients between two stateful calls."""
    plain = made.another_call(stateful=False)
    return [Step("call", made.call), made.differentiated(plain), Step("call", made.another_call())]


def restored(made: Made) -> list[Step]:
    """Saved and loaded again after weights were assigned."""
    other = made.another_network()
    return [Step("assign", network=other), Step("restore"), Step("call", made.call)]


def restored_as_loaded(made: Made) -> list[Step]:
    """Saved and loaded again between two calls."""
    return [Step("call", made.call), Step("restore"), Step("call", made.another_call())]


def assigned_twice(made: Made) -> list[Step]:
    """Other weights twice, and a call each time."""
    steps = [Step("call", made.call)]
    for _ in range(2):
        steps += [Step("assign", network=made.another_network()), Step("call", made.another_call())]
    return steps


def eleven_calls(made: Made) -> list[Step]:
    """The same call eleven times."""
    return [Step("call", made.call, claim=made.plan.claim)] * 11


PLANS = (
    Plan(
        clause="HIS-1",
        slug="masks",
        flags=("mask-left-over",),
        comment="calls of one shape with two masks, and without one",
        mask=("011", "101"),
        hidden=2,
        steps=two_masks,
    ),
    Plan(
        clause="HIS-1",
        slug="training",
        flags=("state-left-over-from-training",),
        comment="a call of training leaves nothing behind",
        hidden=2,
        batch=1,
        steps=after_training,
    ),
    Plan(
        clause="HIS-1",
        slug="batches",
        flags=("size-left-over",),
        comment="a larger batch after a smaller one",
        hidden=2,
        batch=1,
        time=2,
        steps=larger_batch,
    ),
    Plan(
        clause="HIS-2",
        slug="between",
        flags=("state-of-other-calls",),
        comment="calls that are not stateful change no state that is kept",
        hidden=2,
        batch=1,
        time=2,
        options=STATEFUL,
        steps=between_stateful,
    ),
    Plan(
        clause="HIS-2",
        slug="resets",
        flags=("second-reset",),
        comment="two resets",
        hidden=2,
        batch=1,
        time=2,
        options=STATEFUL,
        steps=resets,
    ),
    Plan(
        clause="HIS-2",
        slug="assigned",
        flags=("state-and-weights",),
        comment="weights are assigned between two stateful calls, which keep their states",
        hidden=2,
        batch=1,
        time=2,
        options=STATEFUL,
        steps=assigned,
    ),
    Plan(
        clause="HIS-3",
        slug="assigned",
        flags=("assigned-weights",),
        comment="a call computes with the weights that were assigned before it",
        hidden=2,
        batch=1,
        time=2,
        steps=assigned,
    ),
    Plan(
        clause="HIS-3",
        slug="one-matrix",
        flags=("one-assigned-array",),
        comment="W_h alone is assigned",
        hidden=2,
        batch=1,
        time=2,
        steps=one_array("W_h"),
    ),
    Plan(
        clause="HIS-3",
        slug="bias",
        flags=("one-assigned-array",),
        comment="the bias alone is assigned",
        hidden=2,
        batch=1,
        time=2,
        steps=one_array("b"),
    ),
    Plan(
        clause="HIS-4",
        slug="gradients",
        flags=("gradients-leave-traces",),
        comment="gradients of two calls, and then a call",
        hidden=2,
        batch=1,
        time=2,
        states=True,
        steps=gradients_twice,
    ),
    Plan(
        clause="HIS-4",
        slug="assigned",
        flags=("gradients-of-assigned-weights",),
        comment="gradients are those of the weights that were assigned",
        hidden=2,
        batch=1,
        time=2,
        states=True,
        steps=gradients_after_assigning,
    ),
    Plan(
        clause="HIS-4",
        slug="stateful",
        flags=("gradients-and-kept-states",),
        comment="gradients between two stateful calls",
        hidden=2,
        batch=1,
        time=2,
        options=STATEFUL,
        steps=gradients_between_stateful,
    ),
    Plan(
        clause="HIS-5",
        slug="restored",
        flags=("saved-and-loaded",),
        comment="saved after weights were assigned, and loaded again",
        hidden=2,
        batch=1,
        time=2,
        grain="fine",
        steps=restored,
    ),
    Plan(
        clause="HIS-5",
        slug="restored-activation",
        flags=("saved-and-loaded",),
        comment="a softplus that is saved and loaded again",
        activation="softplus",
        hidden=2,
        batch=1,
        time=2,
        grain="fine",
        steps=restored,
        count=2,
    ),
    Plan(
        clause="HIS-5",
        slug="restored-as-loaded",
        flags=("saved-and-loaded", "file-of-weights"),
        comment="saved and loaded again between two calls",
        directions=2,
        hidden=2,
        batch=1,
        time=2,
        grain="fine",
        steps=restored_as_loaded,
        count=2,
    ),
    Plan(
        clause="HIS-6",
        slug="eleven",
        flags=("repeated-calls",),
        comment="the same exact call eleven times",
        activation="relu",
        grain="integer",
        claim="exact",
        hidden=1,
        inputs=1,
        batch=1,
        time=2,
        steps=eleven_calls,
    ),
    Plan(
        clause="HIS-7",
        slug="assigned-twice",
        flags=("assigned-by-other-routes",),
        comment="weights are assigned twice, with a call before and after each",
        hidden=2,
        batch=1,
        time=2,
        steps=assigned_twice,
    ),
)
