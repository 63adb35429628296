"""mxnet: `mxnet.gluon.rnn.RNN` and every other route into it. Nothing here imports mxnet.

MXNet needs a NumPy that the suite is too new for, so it is asked in an environment of its own.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from rnn_adapters import worker
from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.reproduction import Code, Question

CONVENTIONS = Conventions(
    layer="mxnet.gluon.rnn.RNN",
    weights=(
        NativeWeight("W_x", "l{layer}_i2h_weight", ("hidden", "input")),
        NativeWeight("W_h", "l{layer}_h2h_weight", ("hidden", "state")),
        NativeWeight("b", "l{layer}_i2h_bias", ("hidden",)),
        NativeWeight("b_h", "l{layer}_h2h_bias", ("hidden",)),
    ),
    bias_vectors=2,
    axes={
        "x": ("time", "batch", "input"),
        "sequence": ("time", "batch", "directions*hidden"),
        "final_states": ("layers*directions", "batch", "hidden"),
    },
    last_output="unsupported: the outputs of every step are always returned",
    final_state_order="one array: layer 0 forward, layer 0 backward, layer 1 forward, …",
    initialisation={"W_x": "none", "W_h": "none", "b": "zeros", "b_h": "zeros"},
)
"""Of the default route; of a backward cell, the names begin with `r`. The matrices are drawn by whatever
`initialize` is given."""


def _adapter(route: str = DEFAULT) -> Adapter[Any]:
    if not worker.is_here("mxnet"):
        return worker.harness("mxnet").adapter(route)
    from rnn_adapters.mxnet.adapter import MxnetAdapter  # imports mxnet
    from rnn_adapters.mxnet.routes import ROUTES

    return MxnetAdapter(ROUTES[route])


def _reproduced(question: Question) -> Code | None:
    from rnn_adapters.mxnet.reproduction import code

    return code(question)


_ROUTES: tuple[tuple[str, RouteKind, str], ...] = (
    ("NTC", "axes", '`RNN(layout="NTC")`'),
    ("states left out", "arguments", "`rnn(x)`, which returns no states"),
    ("sequence lengths", "padding", "`RNN(use_sequence_length=True)`"),
    ("recorded", "model", "calls within `autograd.record`"),
    ("grad", "model", "`autograd.grad` in place of `backward`"),
    ("hybridized", "compiled", "`RNN.hybridize`"),
    ("hybridized static", "compiled", "`RNN.hybridize(static_alloc=True, static_shape=True)`"),
    ("parameters file", "saved", "`save_parameters` and `load_parameters`"),
    ("symbol file", "saved", "`export` and `SymbolBlock.imports`"),
    ("unroll", "unrolled", "`unroll` of `RNNCell`, `BidirectionalCell` and `SequentialRNNCell`"),
    ("unroll lists", "unrolled", "`unroll` of a list of steps into a list"),
    ("unroll hybridized", "compiled", "`unroll` in a `HybridBlock` that is hybridized"),
    ("cell", "cell", "`RNNCell` and `SequentialRNNCell`, step by step"),
    ("cell by grad", "cell", "the same, differentiated by `autograd.grad`, once and twice"),
    ("cell hybridized", "compiled", "a hybridized cell, step by step"),
)

FRAMEWORKS = (
    Framework(
        "mxnet",
        _adapter,
        routes={name: Route(kind, what, partial(_adapter, name)) for name, kind, what in _ROUTES},
        conventions=CONVENTIONS,
        title="`mxnet.gluon.rnn.RNN`",
        missing=partial(worker.missing, "mxnet"),
        install="pip install mxnet==1.9.1 numpy==1.23.5 ml_dtypes msgspec, in an environment of its own,",
        deviations="rnn_adapters.mxnet/deviations.toml",
        reproduction=_reproduced,
        bug_report="rnn_adapters.mxnet/bug_report.md",
    ),
)
