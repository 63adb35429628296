"""What the options of a case mean: the case without them of which the reference tells the result."""

from __future__ import annotations

import numpy as np

from rnn_adapters.declarations import OutputOrder
from rnn_conformance.engine.case import Case
from rnn_reference.bounds import Bounded, merge_bounds
from rnn_reference.network import Array


def as_computed(case: Case) -> Case:
    """The case of a layer that is told to compute in another type as one whose numbers are of that type."""
    narrow = case.call.compute_dtype
    if narrow is None:
        return case
    return case.mapped(lambda array: array.astype(narrow)).replace(compute_dtype=None)


def in_processing_order(case: Case, order: OutputOrder | None = "processing") -> Case:
    """The case of a layer that goes backwards as one that goes forward over the reversed input.

    Args:
        order: of its outputs; if "padding last", the steps that a row does not take stand after the others.
    """
    if not case.call.go_backwards:
        return case
    x, steps = case.x[:, ::-1], case.steps
    if steps is not None:
        steps = steps[:, ::-1]
        if order == "padding last":
            places = padding_last(steps)
            x = np.take_along_axis(x, places[:, :, None], axis=1)
            steps = np.take_along_axis(steps, places, axis=1)
    return case.replace(x=x, lengths=None, mask=steps, go_backwards=False)


def padding_last(steps: Array) -> Array:
    """For each row the order in which the steps that it takes stand first, and then the others."""
    places: Array = np.argsort(~steps, axis=1, kind="stable")
    return places


def merged(case: Case, both: Bounded) -> Bounded:
    """What the two halves of the features give in the case's merge mode."""
    H = case.network.layers[0].hidden_size
    halves = both.at((..., slice(None, H))), both.at((..., slice(H, None)))
    return merge_bounds(case.call.merge_mode, *halves, case.network.dtype)
