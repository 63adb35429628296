"""Keras 3 on each backend: `SimpleRNN`, `Bidirectional` and every other way into them. Nothing here imports Keras."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import Framework, Route
from rnn_adapters.keras.adapter import KerasAdapter, conventions_on

TITLES = {
    "tensorflow": "`keras.layers.SimpleRNN` on TensorFlow, torch",
    "numpy": "`keras.layers.SimpleRNN` on JAX, NumPy",
}
"""The backends that the tables of the spec show, for those that are like them."""

MODULES = {
    "tensorflow": ("keras", "tensorflow"),
    "torch": ("keras", "torch"),
    "jax": ("keras", "jax"),
    "numpy": ("keras", "jax", "scipy"),
}
"""What Keras on each backend imports."""


def _by(backend: str, name: str) -> Callable[[], Adapter[Any]]:
    def make() -> Adapter[Any]:
        from rnn_adapters.keras.routes import WAYS  # imports Keras

        return WAYS[name](backend)

    return make


def routes_on(backend: str) -> dict[str, Route]:
    """The routes besides the default one."""
    routes = {
        "unrolled": Route("unrolled", "`SimpleRNN(unroll=True)`", _by(backend, "unrolled"), expensive=True),
        "RNN of a cell": Route(
            "cell", "`RNN(SimpleRNNCell(…))`", _by(backend, "RNN of a cell"), expensive=True
        ),
        "RNN of cells": Route(
            "cell",
            "`RNN([SimpleRNNCell(…), …])`: `StackedRNNCells`",
            _by(backend, "RNN of cells"),
            expensive=True,
        ),
        "cell": Route("cell", "`SimpleRNNCell`, step by step", _by(backend, "cell"), expensive=True),
        "functional": Route(
            "model", "a functional model, called", _by(backend, "functional"), expensive=True
        ),
        "sequential": Route(
            "model", "a `Sequential` model, called", _by(backend, "sequential"), expensive=True
        ),
        "predict": Route(
            "model",
            "`predict` of a functional model, two rows at a time",
            _by(backend, "predict"),
            expensive=True,
        ),
        "model file": Route(
            "saved",
            "`save` to and `load_model` from a `.keras` file",
            _by(backend, "model file"),
            expensive=True,
        ),
        "weights file": Route(
            "saved",
            "`save_weights` to and `load_weights` from a file",
            _by(backend, "weights file"),
            expensive=True,
        ),
        "masking": Route(
            "padding",
            "a mask made by `Masking`, handed on by every layer",
            _by(backend, "masking"),
            expensive=True,
        ),
        "embedding": Route(
            "padding", "a mask made by `Embedding(mask_zero=True)`", _by(backend, "embedding"), expensive=True
        ),
        "zero output": Route(
            "padding", "`zero_output_for_mask=True`", _by(backend, "zero output"), expensive=True
        ),
    }
    if backend == "tensorflow":
        routes |= {
            "graph": Route("compiled", "TensorFlow: `tf.function`", _by(backend, "graph"), expensive=True),
            "XLA": Route(
                "compiled", "TensorFlow: `tf.function(jit_compile=True)`", _by(backend, "XLA"), expensive=True
            ),
        }
    if backend == "jax":
        routes |= {
            "eager": Route(
                "compiled", "JAX: without `jax.jit`, the default here", _by(backend, "eager"), expensive=True
            ),
        }
    return routes


def framework_on(backend: str, name: str = "") -> Framework:
    """Keras on one backend."""
    return Framework(
        name or f"keras-{backend}",
        lambda: KerasAdapter(backend),
        routes=routes_on(backend),
        conventions=conventions_on(backend),
        title="" if name else TITLES.get(backend, ""),
        extra="tensorflow" if backend == "tensorflow" else f"keras-{backend}",
        modules=MODULES[backend],
        deviations="rnn_adapters.keras/deviations.toml",
    )


BACKEND_IN_FORCE = os.environ.get("KERAS_BACKEND", "tensorflow")

FRAMEWORKS = (
    *map(framework_on, MODULES),
    *([framework_on(BACKEND_IN_FORCE, "keras")] if BACKEND_IN_FORCE in MODULES else []),
)
