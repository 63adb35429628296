"""Implementations of the vanilla RNN behind one contract; no framework is imported before it is asked for."""

from rnn_adapters.adapter import Adapter, Call, Conventions, NativeWeight, NotOffered, Output, Route, Supports
from rnn_adapters.registry import known_adapters, load_adapter

__all__ = [
    "Adapter",
    "Call",
    "Conventions",
    "NativeWeight",
    "NotOffered",
    "Output",
    "Route",
    "Supports",
    "known_adapters",
    "load_adapter",
]
