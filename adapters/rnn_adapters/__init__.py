"""Implementations of the vanilla RNN behind one contract; no framework is imported before it is asked for."""

from rnn_adapters.adapter import Adapter, Call, CannotExpress, ImplementationLost, Output
from rnn_adapters.declarations import Conventions, NativeWeight, Supports
from rnn_adapters.framework import Framework, Route
from rnn_adapters.registry import known_adapters, load_adapter, load_framework

__all__ = [
    "Adapter",
    "Call",
    "CannotExpress",
    "Conventions",
    "Framework",
    "ImplementationLost",
    "NativeWeight",
    "Output",
    "Route",
    "Supports",
    "known_adapters",
    "load_adapter",
    "load_framework",
]
