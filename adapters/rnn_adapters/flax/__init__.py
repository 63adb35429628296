"""flax: `RNN` of a `SimpleCell`, `Bidirectional`, and every other route into them, of nnx and of linen.

Nothing here imports Flax.

layers.py       how a network is made of layers, as both interfaces have them
calling.py      how one layer is made and called
activations.py  the callables that cells are given
nnx.py          modules that hold their weights
linen.py        modules whose weights are beside them
reproduction.py all this as the plain code of a script
routes.py       the routes, as changes of the parts that they are put together from
"""

from __future__ import annotations

from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.jax_devices import missing_device, on_device
from rnn_adapters.reproduction import Code, Question


def _conventions(layer: str, inputs: str, states: str, separator: str) -> Conventions:
    """Those of the default route; the two interfaces differ in what they call things."""
    return Conventions(
        layer=layer,
        weights=(
            NativeWeight("W_x", f"{inputs}{separator}kernel", ("input", "hidden")),
            NativeWeight("W_h", f"{states}{separator}kernel", ("state", "hidden")),
            NativeWeight("b", f"{inputs}{separator}bias", ("hidden",)),
        ),
        bias_vectors=1,
        axes={
            "x": ("batch", "time", "input"),
            "sequence": ("batch", "time", "directions*hidden"),
            "final_states": ("batch", "hidden"),
        },
        last_output="unsupported: the outputs of every step are always returned",
        final_state_order="each layer returns its own; `Bidirectional` gives (forward, backward)",
        go_backwards_order="padding last",
        initialisation={"W_x": "lecun normal", "W_h": "orthogonal", "b": "zeros"},
    )


CONVENTIONS = {
    "flax-nnx": _conventions("flax.nnx.RNN", "dense_i", "dense_h", "."),
    "flax-linen": _conventions("flax.linen.RNN", "i", "h", "/"),
}

_Routes = tuple[tuple[str, RouteKind, str], ...]
_BOTH: _Routes = (
    ("carry not asked for", "model", "`return_carry` left alone"),
    ("time major", "axes", "`RNN(time_major=True)`"),
    ("vmap", "axes", "each row by itself, as (time, input), under `vmap`"),
    ("unrolled", "unrolled", "`RNN(unroll=3)`"),
    ("order kept", "arguments", "`RNN(reverse=True, keep_order=True)`"),
    (
        "narrow types",
        "arguments",
        "`initial_carry` of the cell's `dtype`; of nnx, `modified_orthogonal`, too",
    ),
    (
        "flipped",
        "model",
        "`RNN` over `flip_sequences` of the input, in place of `reverse` and `Bidirectional`",
    ),
    ("remat", "model", "`remat` of the cell"),
    ("scan of a cell", "cell", "`jax.lax.scan` over `SimpleCell`"),
    ("cell", "cell", "`SimpleCell`, step by step"),
    ("bytes", "saved", "weights through `to_bytes` and `from_bytes`"),
    ("eager", "compiled", "without `jit`, the default here; `jax.vjp` and `jax.jvp`, too"),
    ("gpu", "device", "on a GPU, by `jax.default_device`"),
)
ROUTES: dict[str, _Routes] = {
    "flax-nnx": (
        *_BOTH,
        ("split and merge", "compiled", "`nnx.merge` under `jax.jit`"),
    ),
    "flax-linen": _BOTH,
}


def _adapter(framework: str, route: str = DEFAULT) -> Adapter[Any]:
    from rnn_adapters.flax.routes import adapter_of  # imports Flax

    return adapter_of(framework, route)


def _reproduced(framework: str, question: Question) -> Code | None:
    from rnn_adapters.flax.reproduction import code_of

    return on_device(code_of(framework, question), question.route)


FRAMEWORKS = tuple(
    Framework(
        name,
        partial(_adapter, name),
        routes={
            route: Route(
                kind,
                what,
                partial(_adapter, name, route),
                expensive=True,
                missing=partial(missing_device, route) if kind == "device" else tuple,
            )
            for route, kind, what in ROUTES[name]
        },
        conventions=CONVENTIONS[name],
        title=f"`{CONVENTIONS[name].layer}`",
        extra="flax",
        modules=("flax", "optax"),
        deviations="rnn_adapters.flax/deviations.toml",
        reproduction=partial(_reproduced, name),
        bug_report="rnn_adapters.flax/bug_report.md",
    )
    for name in CONVENTIONS
)
