"""mindspore: `mindspore.nn.RNN` and every other route into it. Nothing here imports mindspore."""

from __future__ import annotations

from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route

CONVENTIONS = Conventions(
    layer="mindspore.nn.RNN",
    weights=(
        NativeWeight("W_x", "weight_ih_l{layer}", ("hidden", "input")),
        NativeWeight("W_h", "weight_hh_l{layer}", ("hidden", "state")),
        NativeWeight("b", "bias_ih_l{layer}", ("hidden",)),
        NativeWeight("b_h", "bias_hh_l{layer}", ("hidden",)),
    ),
    bias_vectors=2,
    axes={
        "x": ("time", "batch", "input"),
        "sequence": ("time", "batch", "directions*hidden"),
        "final_states": ("layers*directions", "batch", "hidden"),
    },
    last_output="unsupported: the outputs of every step and the final states are always returned",
    final_state_order="one array: layer 0 forward, layer 0 backward, layer 1 forward, …",
    padded_output="zero",
    padded_output_bidirectional="zero",
    initialisation=dict.fromkeys(("W_x", "W_h", "b", "b_h"), "uniform 1/√H"),
)
"""Of the default route; a backward cell has the same names with `_reverse`."""


def _adapter(route: str = DEFAULT) -> Adapter[Any]:
    import mindspore

    from rnn_adapters.mindspore.adapter import MindsporeAdapter
    from rnn_adapters.mindspore.routes import ROUTES

    mindspore.set_context(pynative_synchronize=True)  # or threads of its own hand over every operator
    return MindsporeAdapter(ROUTES[route])


_ROUTES: tuple[tuple[str, RouteKind, str], ...] = (
    ("batch first", "axes", "`RNN(batch_first=True)`"),
    ("grad", "model", "`grad` in place of `value_and_grad`"),
    ("checkpoint", "saved", "`save_checkpoint`, `load_checkpoint` and `load_param_into_net`"),
    ("cell", "cell", "`RNNCell`, step by step"),
    ("jit", "compiled", "`jit` of the layer"),
)

FRAMEWORKS = (
    Framework(
        "mindspore",
        _adapter,
        routes={
            name: Route(kind, what, partial(_adapter, name), expensive=name == "jit")
            for name, kind, what in _ROUTES
        },
        conventions=CONVENTIONS,
        title="`mindspore.nn.RNN`",
        extra="mindspore",
        modules=("mindspore",),
        deviations="rnn_adapters.mindspore/deviations.toml",
    ),
)
