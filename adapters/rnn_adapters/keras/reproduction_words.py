"""The words of scripts that are others in Keras 2: what a call needs besides the layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnn_reference.activations import Activation


@dataclass(frozen=True)
class Words:
    """Expressions; those in braces stand for arguments.

    Args:
        imports: of the framework, and what must stand before them.
        array: an array of what a layer returned.
        flatten: a list of what is nested.
        sum, stack, concatenate: functions.
        held: what is differentiated of `variable`.
        states: the initial states of a layer by the names of their arrays, one by one.
        zero_states: the states that a cell starts from.
        hard_sigmoid: what has this name.
        activations: those with parameters, as functions of z.
        passages: by route, what a model goes through once it has its weights.
    """

    imports: tuple[str, ...]
    array: str
    flatten: str
    sum: str
    stack: str
    concatenate: str
    held: str
    states: str
    zero_states: str
    hard_sigmoid: Activation
    activations: Mapping[str, str]
    passages: Mapping[str, tuple[str, ...]]
