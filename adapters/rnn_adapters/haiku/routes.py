"""The routes into Haiku, each put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Any

import haiku as hk

from rnn_adapters.framework import DEFAULT
from rnn_adapters.haiku import CONVENTIONS, calling
from rnn_adapters.haiku.layers import HaikuLayers, Parts
from rnn_adapters.haiku.supports import SUPPORTS
from rnn_adapters.jax_adapter import JaxAdapter

OF_WEIGHTS = (
    *("read_weights", "native_weights", "count_parameters", "count_trainable", "trained"),
    "freshly_initialised",
)
WITHOUT_WEIGHTS: dict[str, Any] = dict.fromkeys(OF_WEIGHTS, False)


def axes(x: str, sequence: str, final_states: str) -> dict[str, tuple[str, ...]]:
    """`Conventions.axes`, with spaces between."""
    return {"x": (*x.split(),), "sequence": (*sequence.split(),), "final_states": (*final_states.split(),)}


ROUTE = Parts(CONVENTIONS, SUPPORTS, calling.unrolled, calling.applied, direct=calling.jitted)
"""What a user writes first: `dynamic_unroll` with time first, transformed, compiled and applied."""
FORWARD = replace(SUPPORTS, go_backwards=False)
SCANNED = replace(
    ROUTE,
    network=calling.by_steps,
    conventions=replace(CONVENTIONS, axes=axes("batch input", "batch hidden", "batch hidden")),
    supports=FORWARD,
    without=0,
)
ROUTES: Mapping[str, Parts] = {
    DEFAULT: ROUTE,
    "batch first": replace(
        ROUTE,
        network=partial(calling.unrolled, time_major=False),
        batch_first=True,
        conventions=replace(CONVENTIONS, axes=axes("batch time input", "batch time hidden", "batch hidden")),
    ),
    "vmap": replace(
        ROUTE,
        call=calling.by_rows,
        batch_first=True,
        without=0,
        conventions=replace(CONVENTIONS, axes=axes("time input", "time hidden", "hidden")),
    ),
    "static unroll": replace(ROUTE, network=calling.static, supports=FORWARD),
    "unrolled": replace(ROUTE, network=partial(calling.unrolled, unroll=3)),
    "all states": replace(ROUTE, network=calling.all_states),
    "one bias": replace(
        ROUTE,
        core={"double_bias": False},
        conventions=replace(
            CONVENTIONS,
            weights=CONVENTIONS.weights[:3],
            bias_vectors=1,
            initialisation={"W_x": "none", "W_h": "none", "b": "zeros"},
        ),
    ),
    "states of the type computed in": replace(ROUTE, states_computed=True),
    "deep": replace(ROUTE, always_deep=True),
    "skip connections": replace(
        ROUTE,
        deep=hk.deep_rnn_with_skip_connections,
        always_deep=True,
        skips=True,
        # The weights of skips are no part of the network.
        supports=replace(SUPPORTS, **WITHOUT_WEIGHTS),
    ),
    "one after the other": replace(ROUTE, network=calling.one_after_the_other),
    "reset core": replace(ROUTE, network=calling.reset),
    "remat": replace(ROUTE, network=calling.remat),
    "with state": replace(ROUTE, call=calling.with_state),
    "core": SCANNED,
    "scan of a core": replace(SCANNED, network=calling.one_step, call=calling.by_scan),
    "eager": replace(ROUTE, direct=None, compiled_derivatives=False),
    "gpu": replace(ROUTE, device="gpu"),
}


def adapter_of(route: str) -> JaxAdapter:
    """The adapter of a route."""
    return adapter_with(ROUTES[route])


def adapter_with(parts: Parts) -> JaxAdapter:
    """An adapter that is put together from these parts."""
    return JaxAdapter(
        "haiku",
        partial(HaikuLayers, parts=parts),
        parts.conventions,
        parts.supports,
        {"dm-haiku": version("dm-haiku")},
        compiled_derivatives=parts.compiled_derivatives,
        device=parts.device,
    )
