"""The routes into Keras's layer: each is the default one with one part changed, and what that declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind, Supports
from rnn_adapters.keras import assembly, layers
from rnn_adapters.keras.adapter import KerasAdapter, Parts
from rnn_adapters.keras.derivatives import ByAutograd, ByJax, ByTape, ByTapeInXla, Differentiator
from rnn_reference.activations import ACTIVATIONS

DIFFERENTIATORS: Mapping[str, Differentiator] = {
    "tensorflow": ByTape(),
    "torch": ByAutograd(),
    "jax": ByJax(),
}


def default_parts(backend: str) -> Parts:
    """Layers called one after the other: on JAX compiled, elsewhere as they are."""
    made = layers.Layers(caller=layers.jitted if backend == "jax" else layers.eager)
    return Parts(made, differentiator=DIFFERENTIATORS.get(backend))


def default_conventions(backend: str) -> Conventions:
    """Keras's conventions, which at masked time steps are those of the backend's own loop."""
    return Conventions(
        layer="keras.layers.SimpleRNN",
        weights=(
            NativeWeight("W_x", "kernel", ("input", "hidden")),
            NativeWeight("W_h", "recurrent_kernel", ("state", "hidden")),
            NativeWeight("b", "bias", ("hidden",)),
        ),
        bias_vectors=1,
        axes={
            "x": ("batch", "time", "input"),
            "sequence": ("batch", "time", "directions*hidden"),
            "final_states": ("batch", "hidden"),
        },
        last_output="`return_sequences=False`: final states of the top layer, forward then backward",
        final_state_order="each layer returns its own; `Bidirectional` gives forward, then backward",
        padded_output="state" if backend in ("jax", "numpy") else "carried",
        padded_output_bidirectional="zero",
        go_backwards_order="processing",
        initialisation={"W_x": "glorot uniform", "W_h": "orthogonal", "b": "zeros"},
        state_dtype="computed",
    )


def default_supports(backend: str) -> Supports:
    """What is supported layer by layer."""
    derivatives = backend in DIFFERENTIATORS
    return Supports(
        activations=ACTIVATIONS,
        dtypes=("float32", "float64", "float16", "bfloat16"),
        compute_dtypes=("float16", "bfloat16"),
        bidirectional=True,
        stacked=True,
        mixed_layers=True,
        no_bias=True,
        initial_states=True,
        sequence=True,
        last_output=True,
        final_states=True,
        masks=True,
        go_backwards=True,
        merge_modes=("concat", "sum", "mul", "ave", "none"),
        stateful=True,
        dropout=("input", "state"),
        freshly_initialised=True,
        gradients=derivatives,
        tangents=derivatives,
        second_gradients=derivatives,
        read_weights=True,
        native_weights=True,
        count_parameters=True,
        expensive="shapes" if backend == "jax" else "sizes",
    )


@dataclass(frozen=True)
class KerasRoute:
    """A route as data.

    Args:
        kind, what: see `Route`.
        change: from the parts of the default route to those of this one.
        supports, conventions: the declarations that differ from those of the default route.
        backends: where there is such a route.
    """

    kind: RouteKind
    what: str
    change: Callable[[Parts], Parts]
    supports: Mapping[str, Any] = field(default_factory=dict)
    conventions: Mapping[str, Any] = field(default_factory=dict)
    backends: tuple[str, ...] = ("tensorflow", "torch", "jax", "numpy")

    def made(self, backend: str) -> KerasAdapter:
        """The adapter that takes it."""
        supports, derivatives = dict(self.supports), backend in DIFFERENTIATORS
        for name in ("gradients", "tangents", "second_gradients"):
            supports[name] = derivatives and supports.get(name, True)
        return KerasAdapter(
            backend,
            self.change(default_parts(backend)),
            replace(default_conventions(backend), **self.conventions),
            replace(default_supports(backend), **supports),
        )


def of_layers(**changes: Any) -> Callable[[Parts], Parts]:
    """Layers that are made or called otherwise."""
    return lambda parts: replace(parts, layers=replace(parts.layers, **changes))


def put_together(how: assembly.LayerByLayer | assembly.Modelled, **changes: Any) -> Callable[[Parts], Parts]:
    """A network that is put together otherwise."""
    return lambda parts: replace(parts, assembly=how, layers=replace(parts.layers, **changes))


DEFAULT_ROUTE = KerasRoute("model", "layers, called one after the other", lambda parts: parts)

NO_DIRECTIONS: Mapping[str, Any] = {
    "bidirectional": False,
    "go_backwards": False,
    "merge_modes": ("concat",),
}
OF_A_MODEL: Mapping[str, Any] = {
    "stateful": False,
    "dropout": (),
    "tangents": False,
    "second_gradients": False,
}
NO_DERIVATIVES: Mapping[str, Any] = {"gradients": False, "tangents": False, "second_gradients": False}
NO_FINAL_STATES: Mapping[str, Any] = {**NO_DERIVATIVES, "final_states": False}
"""Gradients are those of a sum over final states, too."""

ROUTES: Mapping[str, KerasRoute] = {
    "backward layer": KerasRoute(
        "directions",
        "`Bidirectional(…, backward_layer=…)`",
        of_layers(two_directions=layers.with_backward_layer),
        {"mixed_directions": True},
    ),
    "unrolled": KerasRoute(
        "unrolled",
        "`SimpleRNN(unroll=True)`",
        of_layers(direction=layers.unrolled),
        conventions={"padded_output": "carried"},
    ),
    "RNN of a cell": KerasRoute("cell", "`RNN(SimpleRNNCell(…))`", of_layers(direction=layers.rnn_of_cell)),
    "RNN of cells": KerasRoute(
        "cell",
        "`RNN([SimpleRNNCell(…), …])`: `StackedRNNCells`",
        put_together(assembly.LayerByLayer(assembly.StackOfCells)),
        {**NO_DIRECTIONS, **OF_A_MODEL},
    ),
    "cell": KerasRoute(
        "cell",
        "`SimpleRNNCell`, step by step",
        put_together(assembly.LayerByLayer(assembly.CellByHand)),
        {
            **NO_DIRECTIONS,
            "stacked": False,
            "mixed_layers": False,
            "last_output": False,
            "masks": False,
            "stateful": False,
            "dropout": (),
        },
        {
            "layer": "keras.layers.SimpleRNNCell",
            "axes": {
                "x": ("batch", "input"),
                "sequence": ("batch", "hidden"),
                "final_states": ("batch", "hidden"),
            },
        },
    ),
    "final states not asked for": KerasRoute(
        "model", "`return_state` left alone", of_layers(return_state=False), NO_FINAL_STATES
    ),
    "functional": KerasRoute(
        "model", "a functional model, called", put_together(assembly.Modelled()), OF_A_MODEL
    ),
    "sequential": KerasRoute(
        "model",
        "a `Sequential` model, called",
        put_together(assembly.InSequence(), return_state=False),
        {
            **OF_A_MODEL,
            **NO_FINAL_STATES,
            "initial_states": False,
            "masks": False,
            "merge_modes": ("concat", "sum", "mul", "ave"),
        },
    ),
    "predict": KerasRoute(
        "model",
        "`predict` of a functional model, two rows at a time",
        put_together(assembly.Modelled(call=assembly.predicted)),
        {**OF_A_MODEL, **NO_DERIVATIVES},
    ),
    "model file": KerasRoute(
        "saved",
        "`save` to and `load_model` from a `.keras` file",
        put_together(assembly.Modelled(passage=assembly.through_model_file)),
        OF_A_MODEL,
    ),
    "weights file": KerasRoute(
        "saved",
        "`save_weights` to and `load_weights` from a file",
        put_together(assembly.Modelled(passage=assembly.through_weights_file)),
        OF_A_MODEL,
    ),
    "masking": KerasRoute(
        "padding",
        "a mask made by `Masking`, handed on by every layer",
        put_together(assembly.Modelled(mask=assembly.by_masking)),
        OF_A_MODEL,
    ),
    "embedding": KerasRoute(
        "padding",
        "a mask made by `Embedding(mask_zero=True)`",
        put_together(assembly.Modelled(mask=assembly.by_embedding)),
        {**OF_A_MODEL, "gradients": False},
    ),
    "zero output": KerasRoute(
        "padding",
        "`zero_output_for_mask=True`",
        of_layers(direction=layers.zero_output),
        conventions={"padded_output": "zero"},
    ),
    "graph": KerasRoute(
        "compiled",
        "TensorFlow: `tf.function`",
        of_layers(caller=layers.graph),
        {"tangents": False},
        backends=("tensorflow",),
    ),
    "XLA": KerasRoute(
        "compiled",
        "TensorFlow: `tf.function(jit_compile=True)`",
        lambda parts: replace(of_layers(caller=layers.xla)(parts), differentiator=ByTapeInXla()),
        {"tangents": False, "second_gradients": False},
        backends=("tensorflow",),
    ),
    "eager": KerasRoute(
        "compiled",
        "JAX: without `jax.jit`, the default here",
        lambda parts: replace(of_layers(caller=layers.eager)(parts), differentiator=ByJax(compiled=False)),
        backends=("jax",),
    ),
}


def routes_on(backend: str) -> dict[str, KerasRoute]:
    """Those of a backend, besides the default one."""
    return {name: route for name, route in ROUTES.items() if backend in route.backends}
