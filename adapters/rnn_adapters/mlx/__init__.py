"""mlx: `mlx.nn.RNN` and every other route into it. Nothing here imports mlx."""

from __future__ import annotations

from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.reproduction import Code, Question

CONVENTIONS = Conventions(
    layer="mlx.nn.RNN",
    weights=(
        NativeWeight("W_x", "Wxh", ("hidden", "input")),
        NativeWeight("W_h", "Whh", ("hidden", "state")),
        NativeWeight("b", "bias", ("hidden",)),
    ),
    bias_vectors=1,
    axes={
        "x": ("batch", "time", "input"),
        "sequence": ("batch", "time", "hidden"),
        "final_states": ("batch", "hidden"),
    },
    last_output="unsupported: the hidden states of every step are always returned",
    final_state_order="the last of the hidden states that each layer returned",
    initialisation=dict.fromkeys(("W_x", "W_h", "b"), "uniform 1/√H"),
)
"""Of the default route."""


def _adapter(route: str = DEFAULT) -> Adapter[Any]:
    from rnn_adapters.mlx.adapter import MlxAdapter  # imports mlx
    from rnn_adapters.mlx.routes import ROUTES

    return MlxAdapter(ROUTES[route])


def _reproduced(question: Question) -> Code | None:
    from rnn_adapters.mlx.reproduction import code

    return code(question)


_ROUTES: tuple[tuple[str, RouteKind, str], ...] = (
    ("unbatched", "axes", "each row by itself, as (time, input)"),
    ("vmap", "axes", "`mx.vmap` of a call with (time, input)"),
    ("cell", "cell", "a call for each step, with its output as the next `hidden`"),
    ("activation modules", "arguments", "`RNN(nonlinearity=nn.ReLU())`"),
    ("vjp", "model", "gradients by `mx.vjp`"),
    ("checkpoint", "model", "`nn.utils.checkpoint`"),
    ("safetensors file", "saved", "`save_weights` and `load_weights` of a `.safetensors` file"),
    ("npz file", "saved", "`save_weights` and `load_weights` of an `.npz` file"),
    ("compiled", "compiled", "`mx.compile` of the call, and of `mx.grad`"),
    ("exported", "saved", "`mx.export_function` and `mx.import_function`"),
)
_EXPENSIVE = ("compiled", "exported")

FRAMEWORKS = (
    Framework(
        "mlx",
        _adapter,
        routes={
            name: Route(kind, what, partial(_adapter, name), expensive=name in _EXPENSIVE)
            for name, kind, what in _ROUTES
        },
        conventions=CONVENTIONS,
        title="`mlx.nn.RNN`",
        extra="mlx",
        modules=("mlx",),
        deviations="rnn_adapters.mlx/deviations.toml",
        reproduction=_reproduced,
        bug_report="rnn_adapters.mlx/bug_report.md",
    ),
)
