"""The routes into Flax, each put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any

from rnn_adapters.declarations import Supports
from rnn_adapters.flax import CONVENTIONS
from rnn_adapters.flax.calling import BY_ROWS, FLIPPED, ONE, SCANNED, STEPS, WITHOUT_CARRY
from rnn_adapters.flax.layers import Parts
from rnn_adapters.flax.supports import SUPPORTS
from rnn_adapters.framework import DEFAULT
from rnn_adapters.jax_adapter import JaxAdapter

DERIVATIVES = ("gradients", "tangents", "second_gradients")
TWO_DIRECTIONS = ("bidirectional", "mixed_directions")
CONCAT: dict[str, Any] = {"merge_modes": ("concat",)}


def without(*names: str, **changes: Any) -> Supports:
    """What is supported but for these abilities."""
    lacking: dict[str, Any] = dict.fromkeys(names, False)
    return replace(SUPPORTS, **lacking, **changes)


def axes(x: str, sequence: str, final_states: str) -> dict[str, tuple[str, ...]]:
    """`Conventions.axes`, with spaces between."""
    return {"x": (*x.split(),), "sequence": (*sequence.split(),), "final_states": (*final_states.split(),)}


def parts_of(framework: str) -> Mapping[str, Parts]:
    """The parts of every route of an interface."""
    interface = import_module(f"rnn_adapters.flax.{framework.removeprefix('flax-')}")
    make = interface.NnxLayers if framework == "flax-nnx" else interface.LinenLayers
    conventions = CONVENTIONS[framework]
    rnn = Parts(make, ONE, conventions, SUPPORTS, direct=interface.jitted)
    cell = replace(
        rnn,
        calling=SCANNED,
        conventions=replace(
            conventions,
            layer=conventions.layer.replace("RNN", "SimpleCell"),
            axes=axes("batch input", "batch hidden", "batch hidden"),
        ),
        supports=without(*TWO_DIRECTIONS, "lengths", "go_backwards", **CONCAT),
    )
    return {
        DEFAULT: rnn,
        "carry not asked for": replace(
            rnn, calling=WITHOUT_CARRY, supports=without("final_states", "trained", *DERIVATIVES)
        ),
        "time major": replace(
            rnn,
            options={"time_major": True},
            time_major=True,
            conventions=replace(
                conventions,
                axes=axes("time batch input", "time batch directions*hidden", "batch hidden"),
            ),
        ),
        "vmap": replace(
            rnn,
            calling=BY_ROWS,
            conventions=replace(conventions, axes=axes("time input", "time directions*hidden", "hidden")),
            supports=without("leading_axes"),
        ),
        "unrolled": replace(rnn, options={"unroll": 3}),
        "order kept": replace(
            rnn,
            backwards={"reverse": True, "keep_order": True},
            conventions=replace(conventions, go_backwards_order="input"),
        ),
        "narrow types": replace(rnn, narrow_helped=True),
        "flipped": replace(
            rnn,
            calling=FLIPPED,
            conventions=replace(conventions, go_backwards_order="input"),
            supports=replace(SUPPORTS, **CONCAT),
        ),
        "remat": replace(rnn, remat=True),
        "scan of a cell": cell,
        "cell": replace(  # a loop over unknown steps cannot be written
            cell, calling=STEPS, supports=replace(cell.supports, unknown_axes=("batch",))
        ),
        "bytes": replace(rnn, saved=True),
        "eager": replace(rnn, direct=None, compiled_derivatives=False),
        "gpu": replace(rnn, device="gpu"),
        **({"split and merge": replace(rnn, direct=interface.merged)} if framework == "flax-nnx" else {}),
    }


def adapter_of(framework: str, route: str) -> JaxAdapter:
    """The adapter of a route."""
    return adapter_with(framework, parts_of(framework)[route])


def adapter_with(framework: str, parts: Parts) -> JaxAdapter:
    """An adapter that is put together from these parts."""
    return JaxAdapter(
        framework,
        partial(parts.make, parts=parts),
        parts.conventions,
        parts.supports,
        {"flax": version("flax")},
        compiled_derivatives=parts.compiled_derivatives,
        device=parts.device,
    )
