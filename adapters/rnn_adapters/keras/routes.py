"""The routes into Keras's layer: each is the default one with one part changed, and what that declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from typing import Any, get_args

from rnn_adapters.declarations import Conventions, Expensive, NativeWeight, RouteKind, Supports
from rnn_adapters.framework import Route, not_installed
from rnn_adapters.jax_devices import missing_device
from rnn_adapters.keras import assembly, configuration, exports, layers, own_cell
from rnn_adapters.keras.adapter import BACKENDS, KerasAdapter
from rnn_adapters.keras.derivatives import NONE, ByAutograd, ByJax, ByTape, Differentiator
from rnn_adapters.keras.openvino_graph import Exported
from rnn_adapters.surface import IntegerType
from rnn_reference.activations import ACTIVATIONS, DEFAULTS

DIFFERENTIATORS: Mapping[str, Differentiator] = {
    "tensorflow": ByTape(),
    "torch": ByAutograd(),
    "jax": ByJax(),
}


def default_parts(backend: str) -> assembly.Parts:
    """Layers called one after the other: on JAX compiled, elsewhere as they are."""
    caller = layers.jitted if backend == "jax" else layers.eager
    return assembly.Parts(caller=caller, differentiator=DIFFERENTIATORS.get(backend, NONE))


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
        loss_dtype="float32",
    )


DERIVATIVES = ("gradients", "tangents", "second_gradients")
FLAGS = (
    *("bidirectional", "stacked", "mixed_layers", "no_bias", "initial_states", "masks", "go_backwards"),
    *("sequence", "last_output", "final_states", "stateful", "freshly_initialised"),
    *("read_weights", "native_weights", "count_parameters", "assign_weights", "restored"),
    *("inferred_shapes", "handed_masks", "kept_options", "wrong_layers", "default_states", "count_trainable"),
)
"""What every backend supports layer by layer."""


SURFACE = (
    *("inferred_shapes", "unknown_axes", "handed_masks", "mask_dtypes"),
    *("kept_options", "wrong_layers", "default_states", "count_trainable", "trained"),
)
"""What only routes that are not expensive are asked for, and not even all of it of each."""

INTEGERS: tuple[IntegerType, ...] = get_args(IntegerType)

TRACED: dict[str, Any] = {"expensive": "shapes"}
"""Of what is traced, or compiled, for each shape."""

SHAPES: dict[str, Any] = {"inferred_shapes": True, "unknown_axes": ("batch", "time")}
"""What some expensive routes are asked for all the same."""


EXPENSIVE: Mapping[str, Expensive] = {"jax": "shapes", "openvino": "steps"}
"""Where more is than to build a layer: OpenVINO compiles a graph for each call, with every step in it."""


def default_supports(backend: str) -> Supports:
    """What is supported layer by layer."""
    flags: dict[str, Any] = dict.fromkeys(FLAGS, True)
    return Supports(
        activations=ACTIVATIONS,
        parameters=tuple(DEFAULTS),
        dtypes=("float32", "float64", "float16", "bfloat16"),
        compute_dtypes=("float16", "bfloat16"),
        merge_modes=("concat", "sum", "mul", "ave", "none"),
        dropout=("input", "state"),
        unknown_axes=("batch", "time"),
        mask_dtypes=("uint8", "int32", "int64", "float32"),
        input_dtypes=INTEGERS[:-1] if backend == "torch" else INTEGERS,  # torch refuses uint64
        trained=backend in DIFFERENTIATORS,
        expensive=EXPENSIVE.get(backend, "sizes"),
        **flags | dict.fromkeys(DERIVATIVES, backend in DIFFERENTIATORS),
    )


@dataclass(frozen=True)
class KerasRoute:
    """A route as data.

    Args:
        kind, what: see `Route`.
        parts: those of the default route that it changes.
        lacks: abilities of the default route that it does not have at all.
        supports, conventions: other declarations that differ from those of the default route.
        backends: where there is such a route.
        packages: by backend, the modules that it takes besides those of Keras on it.
        since: the first release of Keras that it was tried with; "": any.
        expensive: see `Route`.
    """

    kind: RouteKind
    what: str
    parts: Mapping[str, Any]
    lacks: tuple[str, ...] = ()
    supports: Mapping[str, Any] = field(default_factory=dict)
    conventions: Mapping[str, Any] = field(default_factory=dict)
    backends: tuple[str, ...] = BACKENDS
    packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: str = ""
    expensive: bool = True

    def made(self, backend: str) -> KerasAdapter:
        """The adapter that takes it."""
        return KerasAdapter(backend, *self.put_together(backend))

    def missing(self, backend: str) -> list[str]:
        """See `Route`. Keras is not imported."""
        from packaging.version import Version  # which a harness of another framework need not have

        if self.kind == "device":
            return missing_gpu(backend)
        is_older = self.since and Version(version("keras")) < Version(self.since)
        return [*not_installed(self.packages.get(backend, ())), *[f"keras {self.since}"] * bool(is_older)]

    def put_together(self, backend: str) -> tuple[assembly.Parts, Conventions, Supports]:
        """Its parts, and what is declared of it."""
        usual = default_supports(backend)
        lacks = (*self.lacks, *SURFACE) if self.expensive else self.lacks
        lacking = {name: type(getattr(usual, name))() for name in lacks}  # False, or none of several
        return (
            replace(default_parts(backend), **self.parts),
            replace(default_conventions(backend), **self.conventions),
            replace(usual, **{**lacking, **self.supports}),
        )


DEFAULT_ROUTE = KerasRoute("model", "layers, called one after the other", {})

LAYERS_ALONE = ("stateful", "dropout", "restored")
OF_A_MODEL = (*LAYERS_ALONE, "tangents", "second_gradients")
CONSTANT = (*LAYERS_ALONE, *DERIVATIVES)
TENSORFLOW = ("tensorflow",)
ONE_DIRECTION = ("bidirectional", "go_backwards")
CONCAT: dict[str, Any] = {"merge_modes": ("concat",)}
OF_OWN_CELLS = (*OF_A_MODEL, "freshly_initialised")


def modelled(kind: RouteKind, what: str, lacks: tuple[str, ...] = OF_A_MODEL, **parts: Any) -> KerasRoute:
    """A route by a functional model."""
    return KerasRoute(kind, what, {"assembly": assembly.Model, **parts}, lacks)


def by_step(what: str, assembled: type[assembly.CellByHand]) -> KerasRoute:
    """A route by a cell that is called for each step."""
    lacks = ("stacked", "mixed_layers", "last_output", "masks", "stateful", "restored")
    state = ("batch", "hidden")
    axes = {"x": ("batch", "input"), "sequence": state, "final_states": state}
    conventions = {"layer": "keras.layers.SimpleRNNCell", "axes": axes}
    parts = {"assembly": assembled}
    return KerasRoute("cell", what, parts, (*ONE_DIRECTION, *lacks), CONCAT, conventions)


def of_own_cells(direction: layers.Direction, what: str) -> KerasRoute:
    """A route by loops around cells that a user writes."""
    parts = {"direction": direction, "two_directions": own_cell.both_of_own_cells}
    return KerasRoute("cell", what, parts, OF_OWN_CELLS, SHAPES)


def exported(
    what: str, export: exports.Export, *backends: str, supports: Mapping[str, Any] | None = None, **more: Any
) -> KerasRoute:
    """A route by what was exported of a functional model, whose weights are constants."""
    return KerasRoute(
        "saved",
        what,
        {"assembly": assembly.Exported, "export": export},
        (*CONSTANT, "read_weights", "assign_weights", "freshly_initialised"),
        TRACED | dict(supports or {}),
        backends=backends,
        since="3.15.1",
        **more,
    )


FLOAT32: dict[str, Any] = {"dtypes": ("float32",), "compute_dtypes": ()}
"""Of what takes no other type, as is documented."""
NO_REVERSE_SCAN: dict[str, Any] = {"bidirectional": False, "go_backwards": False, "merge_modes": ("concat",)}
"""Of what jax2onnx writes: "Reverse scan is not supported in IR pipeline."."""

ROUTES: Mapping[str, KerasRoute] = {
    "backward layer": KerasRoute(
        "directions",
        "`Bidirectional(…, backward_layer=…)`",
        {"two_directions": layers.with_backward_layer},
        supports={"mixed_directions": True},
        expensive=False,
    ),
    "unrolled": KerasRoute(
        "unrolled",
        "`SimpleRNN(unroll=True)`",
        {"direction": layers.unrolled},
        supports=SHAPES | {"unknown_axes": ("batch",)},  # a loop over unknown steps cannot be unrolled
        conventions={"padded_output": "carried"},
    ),
    "RNN of a cell": KerasRoute(
        "cell",
        "`RNN(SimpleRNNCell(…))`",
        {"direction": layers.rnn_of_cell},
        supports=SHAPES | {"handed_masks": True},
    ),
    "RNN of cells": KerasRoute(
        "cell",
        "`RNN([SimpleRNNCell(…), …])`: `StackedRNNCells`",
        {"assembly": assembly.StackOfCells},
        (*ONE_DIRECTION, "restored", "tangents", "second_gradients"),
        CONCAT | SHAPES,
    ),
    "RNN of an own cell": of_own_cells(
        own_cell.rnn_of_own_cell, "`RNN(…)` of a cell that is written as the documentation of `RNN` shows"
    ),
    "RNN of a bare cell": of_own_cells(
        own_cell.rnn_of_bare_cell, "`RNN(…)` of such a cell that gives its states bare, not in a list"
    ),
    "RNN of own cells": KerasRoute(
        "cell",
        "`RNN([…, …, SimpleRNNCell(…)])` of such cells and Keras's",
        {"assembly": assembly.StackOfOwnCells},
        (*ONE_DIRECTION, *OF_OWN_CELLS),
        CONCAT | SHAPES,
    ),
    "cell": by_step("`SimpleRNNCell`, step by step", assembly.CellByHand),
    "cell of a bare state": by_step(
        "`SimpleRNNCell`, step by step, given its state and giving it as a tensor, not in a list",
        assembly.CellOfBareState,
    ),
    # Gradients are those of a sum over final states, too.
    "final states not asked for": KerasRoute(
        "model",
        "`return_state` left alone",
        {"return_state": False},
        ("final_states", *DERIVATIVES),
        SHAPES | {"handed_masks": True},
    ),
    "functional": modelled("model", "a functional model, called"),
    "sequential": KerasRoute(
        "model",
        "a `Sequential` model, called",
        {"assembly": assembly.InSequence, "return_state": False},
        ("initial_states", "final_states", "masks", *CONSTANT),
        {"merge_modes": ("concat", "sum", "mul", "ave")},
    ),
    "predict": modelled(
        "model", "`predict` of a functional model, two rows at a time", CONSTANT, call=assembly.predicted
    ),
    "model file": modelled(
        "saved",
        "`save` to and `load_model` from a `.keras` file",
        passage=assembly.through_model_file,
    ),
    "weights file": modelled(
        "saved",
        "`save_weights` to and `load_weights` from a file",
        passage=assembly.through_weights_file,
    ),
    "H5 file": modelled(
        "saved", "`save` to and `load_model` from an `.h5` file", passage=assembly.through_h5
    ),
    "SavedModel": exported(
        "`export` of a functional model to a SavedModel, loaded by TensorFlow",
        exports.SAVED_MODEL,
        *("tensorflow", "jax"),
        packages={"jax": ("tensorflow",)},
    ),
    "ONNX": exported(
        '`export(format="onnx")` of a functional model, run by ONNX Runtime',
        exports.ONNX,
        "tensorflow",
        supports=FLOAT32,
        packages={"tensorflow": ("onnx", "onnxruntime", "tf2onnx")},
    ),
    "ONNX by jax2onnx": exported(
        'JAX: `export(format="onnx")` of a functional model of a batch size and length, by ONNX Runtime',
        exports.ONNX_OF_SIZES,
        "jax",
        supports=FLOAT32 | NO_REVERSE_SCAN,
        packages={"jax": ("jax2onnx", "onnx", "onnxruntime")},
    ),
    "ONNX by jax2onnx, any sizes": exported(
        'JAX: `export(format="onnx")` of a functional model, run by ONNX Runtime',
        exports.ONNX,
        "jax",
        # JAX cannot tell that input and mask are as long.
        supports=FLOAT32 | NO_REVERSE_SCAN | {"masks": False},
        packages={"jax": ("jax2onnx", "onnx", "onnxruntime")},
    ),
    "ONNX by torch": exported(
        'torch: `export(format="onnx")` of a functional model of a batch size and length, by ONNX Runtime',
        exports.ONNX_OF_SIZES,
        "torch",
        supports=FLOAT32,
        packages={"torch": ("onnx", "onnxruntime", "onnxscript")},
    ),
    "LiteRT": exported(
        '`export(format="litert")` of a functional model of a batch size, run by LiteRT',
        exports.LITERT,
        "tensorflow",
        supports=FLOAT32,
        packages={"tensorflow": ("ai_edge_litert",)},
    ),
    "torch program": exported(
        '`export(format="torch")` of a functional model of a batch size and length, by `torch.export.load`',
        exports.TORCH,
        "torch",
    ),
    "configuration": KerasRoute(
        "configuration",
        "`serialize` and `deserialize` of a layer, through JSON",
        {"direction": configuration.simple_rnn_anew, "two_directions": configuration.bidirectional_anew},
    ),
    "own cell, from_config": KerasRoute(
        "configuration",
        "`RNN.from_config` of such a cell, with `custom_objects`",
        {"direction": own_cell.rnn_of_own_cell_anew},
        (*OF_OWN_CELLS, "bidirectional"),
        CONCAT,  # Bidirectional.from_config does not hand its custom_objects on to where it makes its layers
    ),
    "model clone": modelled("configuration", "`clone_model` and `set_weights`", passage=configuration.cloned),
    "model JSON": modelled(
        "configuration",
        "`to_json`, `model_from_json` and `set_weights`",
        passage=configuration.through_json,
    ),
    "states by place": KerasRoute(
        "arguments",
        "`layer(x, h)`, a bare tensor for one direction, a tuple for two",
        {"caller": configuration.by_place},
        DERIVATIVES,
    ),
    "masking": modelled(
        "padding", "a mask made by `Masking`, handed on by every layer", mask=assembly.MaskOfValue
    ),
    "embedding": modelled(
        "padding", "a mask made by `Embedding(mask_zero=True)`", CONSTANT, mask=assembly.MaskOfZero
    ),
    "zero output": KerasRoute(
        "padding",
        "`zero_output_for_mask=True`",
        {"direction": layers.zero_output},
        conventions={"padded_output": "zero"},
    ),
    "graph": KerasRoute(
        "compiled",
        "TensorFlow: `tf.function`",
        {"caller": layers.graph},
        ("tangents",),
        TRACED,
        backends=TENSORFLOW,
    ),
    "gpu": KerasRoute(
        "device",
        '`keras.device("gpu:0")` around layers and calls',
        {"device": "gpu:0"},
        LAYERS_ALONE,
        backends=("tensorflow", "jax"),
    ),
    "exported": KerasRoute(
        "saved",
        'OpenVINO: `export(format="openvino")` of a functional model, run by OpenVINO',
        {"assembly": Exported},
        CONSTANT,
        backends=("openvino",),
    ),
    "XLA": KerasRoute(
        "compiled",
        "TensorFlow: `tf.function(jit_compile=True)`",
        {"caller": layers.xla, "differentiator": ByTape(in_xla=True)},
        ("tangents", "second_gradients"),
        TRACED,
        backends=TENSORFLOW,
    ),
    "eager": KerasRoute(
        "compiled",
        "JAX: without `jax.jit`, the default here",
        {"caller": layers.eager, "differentiator": ByJax(compiled=False)},
        backends=("jax",),
    ),
}


def missing_gpu(backend: str) -> list[str]:
    """What is missing for a GPU, as `Route.missing` has it."""
    if backend == "jax":
        return missing_device("gpu")
    import tensorflow

    found = tensorflow.config.list_physical_devices("GPU")
    return [] if found else ["a device 'gpu' that TensorFlow sees"]


def routes_on(backend: str) -> dict[str, Route]:
    """Those of a backend, besides the default one."""
    return {
        name: Route(
            route.kind,
            route.what,
            partial(route.made, backend),
            route.expensive,
            partial(route.missing, backend),
        )
        for name, route in ROUTES.items()
        if backend in route.backends
    }
