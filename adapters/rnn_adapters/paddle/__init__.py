"""paddle: `paddle.nn.SimpleRNN` and every other route into it. Nothing here imports paddle."""

from __future__ import annotations

from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.reproduction import Code, Question

CONVENTIONS = Conventions(
    layer="paddle.nn.SimpleRNN",
    weights=(
        NativeWeight("W_x", "weight_ih_l{layer}", ("hidden", "input")),
        NativeWeight("W_h", "weight_hh_l{layer}", ("hidden", "state")),
        NativeWeight("b", "bias_ih_l{layer}", ("hidden",)),
        NativeWeight("b_h", "bias_hh_l{layer}", ("hidden",)),
    ),
    bias_vectors=2,
    axes={
        "x": ("batch", "time", "input"),
        "sequence": ("batch", "time", "directions*hidden"),
        "final_states": ("layers*directions", "batch", "hidden"),
    },
    last_output="unsupported: the outputs of every step and the final states are always returned",
    final_state_order="one array: layer 0 forward, layer 0 backward, layer 1 forward, …",
    padded_output="zero",
    padded_output_bidirectional="zero",
    initialisation=dict.fromkeys(("W_x", "W_h", "b", "b_h"), "uniform 1/√H"),
)
"""Of the default route; `{layer}` is the layer's number, and `_reverse` is added for a backward cell."""


def _adapter(route: str = DEFAULT) -> Adapter[Any]:
    from rnn_adapters.paddle.adapter import PaddleAdapter  # imports paddle
    from rnn_adapters.paddle.routes import ROUTES

    return PaddleAdapter(ROUTES[route])


def _reproduced(question: Question) -> Code | None:
    from rnn_adapters.paddle.reproduction import code

    return code(question)


_ROUTES: tuple[tuple[str, RouteKind, str], ...] = (
    ("time major", "axes", "`SimpleRNN(time_major=True)`"),
    ("RNN", "cell", "`RNN(SimpleRNNCell)`, the framework's own loop"),
    ("BiRNN", "directions", "`BiRNN` of two cells; `RNN` of one"),
    ("cell", "cell", "`SimpleRNNCell`, step by step"),
    ("eval", "model", "a call after `SimpleRNN.eval`"),
    ("no grad", "model", "a call inside `paddle.no_grad`"),
    ("state dict", "saved", "`state_dict` through `paddle.save` and `paddle.load`"),
    ("to_static", "compiled", "`paddle.jit.to_static(SimpleRNN, full_graph=True)`"),
    ("to_static RNN", "compiled", "`paddle.jit.to_static(RNN(SimpleRNNCell), full_graph=True)`"),
    ("jit.save", "saved", "`paddle.jit.save` and `paddle.jit.load` of a program"),
)
_EXPENSIVE = ("to_static", "to_static RNN", "jit.save")

FRAMEWORKS = (
    Framework(
        "paddle",
        _adapter,
        routes={
            name: Route(kind, what, partial(_adapter, name), expensive=name in _EXPENSIVE)
            for name, kind, what in _ROUTES
        },
        conventions=CONVENTIONS,
        title="`paddle.nn.SimpleRNN`",
        extra="paddle",
        modules=("paddle",),
        deviations="rnn_adapters.paddle/deviations.toml",
        reproduction=_reproduced,
        bug_report="rnn_adapters.paddle/bug_report.md",
        isolated=True,
    ),
)
