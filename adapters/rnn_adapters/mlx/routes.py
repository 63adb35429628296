"""The routes into MLX, each put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlx.core as mx
from mlx import nn

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.framework import DEFAULT
from rnn_adapters.mlx import CONVENTIONS
from rnn_adapters.mlx.activations import MODULES
from rnn_adapters.mlx.adapter import Arrays, Function, Parts, Returned, Stack, through_a_file
from rnn_adapters.mlx.supports import SUPPORTS
from rnn_reference.activations import ACTIVATIONS, DEFAULTS


def called(layer: Any, x: mx.array, h: mx.array | None) -> mx.array:
    """The call as it is written, with an initial state or without."""
    found: mx.array = layer(x) if h is None else layer(x, h)
    return found


def whole(layer: nn.RNN, x: mx.array, h: mx.array | None) -> Returned:
    """The batch at once."""
    sequence = called(layer, x, h)
    return Returned(sequence, (x, sequence, sequence[..., -1, :]))


def by_rows(layer: nn.RNN, x: mx.array, h: mx.array | None) -> Returned:
    """Each row by itself: (time, input), with a state (hidden)."""
    if not len(x):
        raise CannotExpress("a batch of no rows: there is no call to be made")
    states = [None] * len(x) if h is None else list(h)
    rows = [called(layer, row, state) for row, state in zip(x, states, strict=True)]
    return Returned(mx.stack(rows), (x[0], rows[0], rows[0][-1]))


def by_vmap(layer: nn.RNN, x: mx.array, h: mx.array | None) -> Returned:
    """All rows at once, by a function of one."""
    sequence = mx.vmap(layer)(x) if h is None else mx.vmap(layer)(x, h)
    return Returned(sequence, (x[0], sequence[0], sequence[0, -1]))


def by_steps(layer: nn.RNN, x: mx.array, h: mx.array | None) -> Returned:
    """A call for each step, (batch, 1, input), with a state (batch, hidden)."""
    steps = mx.split(x, x.shape[1], axis=1) if x.shape[1] else []
    if not steps:
        raise CannotExpress("a sequence of no steps: there is no call to be made")
    outputs = []
    for step in steps:
        outputs.append(called(layer, step, h))
        h = outputs[-1][:, 0]
    return Returned(mx.concatenate(outputs, axis=1), (steps[-1], outputs[-1], outputs[-1][:, 0]))


def checkpointed(layer: nn.RNN, x: mx.array, h: mx.array | None) -> Returned:
    """The batch at once; its steps are computed again when it is differentiated."""
    sequence = called(nn.utils.checkpoint(layer), x, h)
    return Returned(sequence, (x, sequence, sequence[..., -1, :]))


def by_grad(function: Function, sources: Arrays, cotangents: Arrays) -> Arrays:
    """Gradients of a loss, the weighted sum of the outputs."""

    def loss(*at: mx.array) -> mx.array:
        return sum((d * output).sum() for d, output in zip(cotangents, function(*at), strict=True))

    found: Arrays = mx.grad(loss, argnums=tuple(range(len(sources))))(*sources)
    return found


def by_vjp(function: Function, sources: Arrays, cotangents: Arrays) -> Arrays:
    """Gradients for cotangents of the outputs."""
    found: Arrays = mx.vjp(function, list(sources), list(cotangents))[1]
    return found


def by_compiled_grad(function: Function, sources: Arrays, cotangents: Arrays) -> Arrays:
    """`by_grad`, compiled: the weights and the cotangents are arguments."""
    count = len(sources)

    def found(*given: mx.array) -> Arrays:
        return by_grad(function, given[:count], given[count:])

    compiled: Arrays = mx.compile(found)(*sources, *cotangents)
    return compiled


def compiled(stack: Stack) -> Function:
    """Compiled anew for each shape; the weights are looked up at every call."""
    made: Function = mx.compile(stack, inputs=stack.state)
    return made


def exported(stack: Stack) -> Function:
    """Written to a file and read from it, for each shape when it is first called; the weights are in it."""
    functions: dict[tuple[tuple[int, ...], ...], Any] = {}

    def call(*given: mx.array) -> Arrays:
        shapes = tuple(each.shape for each in given)
        if shapes not in functions:
            with TemporaryDirectory() as folder:
                path = str(Path(folder, "rnn.mlxfn"))
                mx.export_function(path, stack, *given)
                functions[shapes] = mx.import_function(path)
        found: Arrays = functions[shapes](*given)
        return found

    return call


RNN = Parts(CONVENTIONS, SUPPORTS, call_layer=whole, differentiate=by_grad)
"""What a user writes first: `nn.RNN`, made and called."""
ONE_BATCH_AXIS = replace(SUPPORTS, leading_axes=False)
ONE_ROW = replace(
    RNN,
    conventions=replace(
        CONVENTIONS,
        axes={"x": ("time", "input"), "sequence": ("time", "hidden"), "final_states": ("hidden",)},
    ),
    supports=ONE_BATCH_AXIS,
)

ROUTES: Mapping[str, Parts] = {
    DEFAULT: RNN,
    "unbatched": replace(ONE_ROW, call_layer=by_rows),
    "vmap": replace(ONE_ROW, call_layer=by_vmap),
    "cell": replace(
        RNN,
        conventions=replace(
            CONVENTIONS,
            axes={
                "x": ("batch", "1", "input"),
                "sequence": ("batch", "1", "hidden"),
                "final_states": ("batch", "hidden"),
            },
        ),
        supports=ONE_BATCH_AXIS,
        call_layer=by_steps,
    ),
    "activation modules": replace(
        RNN,
        supports=replace(
            SUPPORTS,
            activations=tuple(name for name in ACTIVATIONS if name in MODULES),
            parameters=tuple(name for name in DEFAULTS if name in MODULES),
        ),
        activations=MODULES,
    ),
    "vjp": replace(RNN, differentiate=by_vjp),
    "checkpoint": replace(RNN, call_layer=checkpointed),
    "safetensors file": replace(RNN, reload=partial(through_a_file, form="safetensors")),
    "npz file": replace(RNN, reload=partial(through_a_file, form="npz")),
    "compiled": replace(
        RNN,
        supports=replace(SUPPORTS, second_gradients=False, restored=False, expensive="shapes"),
        wrap=compiled,
        differentiate=by_compiled_grad,
    ),
    "exported": replace(
        RNN,
        supports=replace(
            SUPPORTS,
            gradients=False,
            tangents=False,
            second_gradients=False,
            assign_weights=False,
            restored=False,
            trained=False,
            expensive="shapes",
        ),
        wrap=exported,
    ),
}
