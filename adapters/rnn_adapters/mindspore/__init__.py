"""mindspore: `mindspore.nn.RNN` and every other route into it. Nothing here imports mindspore.

MindSpore needs a NumPy below 2, which other frameworks beside the suite may not have: where it is not
installed, it is asked in an environment of its own.
"""

from __future__ import annotations

import os
from functools import partial
from tempfile import gettempdir
from typing import Any

from rnn_adapters import worker
from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.reproduction import Code, Question

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
    if not worker.is_here("mindspore"):
        return worker.harness("mindspore").adapter(route)
    os.environ.setdefault("MS_OM_PATH", gettempdir())  # where the graphs of refused calls are written
    import mindspore

    from rnn_adapters.mindspore.adapter import MindsporeAdapter
    from rnn_adapters.mindspore.routes import ROUTES

    mindspore.runtime.launch_blocking()  # or threads of its own hand over every operator
    return MindsporeAdapter(ROUTES[route])


def _reproduced(question: Question) -> Code | None:
    from rnn_adapters.mindspore.reproduction import code

    return code(question)


_ROUTES: tuple[tuple[str, RouteKind, str], ...] = (
    ("batch first", "axes", "`RNN(batch_first=True)`"),
    ("vmap", "axes", "`vmap` of a call with rows of (time, 1, input)"),
    ("grad", "model", "`grad` with cotangents, in place of `value_and_grad`"),
    ("vjp", "model", "`vjp` in place of `value_and_grad`"),
    ("recompute", "model", "`recompute`, which computes all again for gradients"),
    ("checkpoint", "saved", "`save_checkpoint`, `load_checkpoint` and `load_param_into_net`"),
    ("safetensors", "saved", 'the same with `format="safetensors"`'),
    ("state dict", "saved", "`state_dict` and `load_state_dict`"),
    ("MindIR", "saved", "`export`, `load` and `GraphCell`"),
    ("cell", "cell", "`RNNCell`, step by step"),
    ("vmap of a cell", "cell", "`vmap(RNNCell)` of rows of (1, input), step by step"),
    ("jit", "compiled", "`jit` of the layer"),
    ("jit, set_data", "compiled", "the same, given other weights by `Parameter.set_data`"),
    ("jit of bytecode", "compiled", '`jit(capture_mode="bytecode")` of the layer'),
    ("jit cell", "compiled", "`jit` of `RNNCell`, step by step"),
    ("graph mode", "compiled", "`set_context(mode=GRAPH_MODE)`"),
)
_EXPENSIVE = ("vmap", "vmap of a cell", "MindIR", "jit", "jit, set_data", "jit cell", "graph mode")

FRAMEWORKS = (
    Framework(
        "mindspore",
        _adapter,
        routes={
            name: Route(kind, what, partial(_adapter, name), expensive=name in _EXPENSIVE)
            for name, kind, what in _ROUTES
        },
        conventions=CONVENTIONS,
        title="`mindspore.nn.RNN`",
        extra="mindspore",
        missing=partial(worker.missing, "mindspore"),
        install="pip install mindspore==2.10.0 'numpy<2' ml_dtypes msgspec, in an environment of its own,",
        deviations="rnn_adapters.mindspore/deviations.toml",
        reproduction=_reproduced,
        bug_report="rnn_adapters.mindspore/bug_report.md",
    ),
)
