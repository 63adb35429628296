"""haiku: `dynamic_unroll` of a `VanillaRNN`, and every other route into it. Nothing here imports Haiku.

layers.py        how a network is made of cores and unrolled
calling.py       how it is called
reproduction.py  all this as the plain code of a script
routes.py        the routes, as changes of the parts that they are put together from
"""

from __future__ import annotations

from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.jax_devices import missing_device, on_device
from rnn_adapters.reproduction import Code, Question

CONVENTIONS = Conventions(
    layer="haiku.VanillaRNN",
    weights=(
        NativeWeight("W_x", "linear/w", ("input", "hidden")),
        NativeWeight("W_h", "linear_1/w", ("state", "hidden")),
        NativeWeight("b", "linear/b", ("hidden",)),
        NativeWeight("b_h", "linear_1/b", ("hidden",)),
    ),
    bias_vectors=2,
    axes={
        "x": ("time", "batch", "input"),
        "sequence": ("time", "batch", "hidden"),
        "final_states": ("batch", "hidden"),
    },
    last_output="unsupported: the outputs of every step are always returned",
    final_state_order="a tuple of those of the cores of `DeepRNN`; one core gives a bare array",
    go_backwards_order="input",
    initialisation={"W_x": "none", "W_h": "none", "b": "zeros", "b_h": "zeros"},
)

ROUTES: tuple[tuple[str, RouteKind, str], ...] = (
    ("batch first", "axes", "`dynamic_unroll(time_major=False)`"),
    ("vmap", "axes", "each row by itself, as (time, input), under `jax.vmap`"),
    ("static unroll", "unrolled", "`static_unroll`"),
    ("unrolled", "unrolled", "`dynamic_unroll(unroll=3)`"),
    ("all states", "arguments", "`dynamic_unroll(return_all_states=True)`, of which the last is taken"),
    ("one bias", "arguments", "`VanillaRNN(double_bias=False)`"),
    ("states of the type computed in", "arguments", "initial states of the policy's compute type"),
    ("deep", "model", "`DeepRNN`, also of one core"),
    ("skip connections", "model", "`deep_rnn_with_skip_connections`, whose skips have weights of zero"),
    ("one after the other", "model", "an unroll for each core of a stack"),
    ("reset core", "model", "`ResetCore`, with nothing to reset"),
    ("remat", "model", "`remat` of the core"),
    ("with state", "model", "`transform_with_state`"),
    ("core", "cell", "the core, step by step"),
    ("scan of a core", "cell", "`jax.lax.scan` over `apply` of a core"),
    ("eager", "compiled", "without `jax.jit`, the default here; `jax.vjp` and `jax.jvp`, too"),
    ("gpu", "device", "on a GPU, by `jax.default_device`"),
)


def core_name(index: int) -> str:
    """The name that Haiku gives to a core, of those of a network in their order."""
    return f"vanilla_rnn_{index}" if index else "vanilla_rnn"


def _adapter(route: str = DEFAULT) -> Adapter[Any]:
    from rnn_adapters.haiku.routes import adapter_of  # imports Haiku

    return adapter_of(route)


def _reproduced(question: Question) -> Code | None:
    from rnn_adapters.haiku.reproduction import code

    return on_device(code(question), question.route)


FRAMEWORKS = (
    Framework(
        "haiku",
        _adapter,
        routes={
            route: Route(
                kind,
                what,
                partial(_adapter, route),
                expensive=True,
                missing=partial(missing_device, route) if kind == "device" else tuple,
            )
            for route, kind, what in ROUTES
        },
        conventions=CONVENTIONS,
        title="`haiku.VanillaRNN`",
        extra="haiku",
        modules=("haiku", "jax"),
        deviations="rnn_adapters.haiku/deviations.toml",
        reproduction=_reproduced,
    ),
)
