"""torch: `torch.nn.RNN` and every other route into it. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route, not_installed
from rnn_adapters.reproduction import Code, Question

CONVENTIONS = Conventions(
    layer="torch.nn.RNN",
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
    last_output="unsupported: the outputs of every step and h_n are always returned",
    final_state_order="one array h_n: layer 0 forward, layer 0 backward, layer 1 forward, …",
    padded_output="zero",
    padded_output_bidirectional="zero",
    initialisation=dict.fromkeys(("W_x", "W_h", "b", "b_h"), "uniform 1/√H"),
    state_dtype="computed",
)
"""Of the default route; `{layer}` is the layer's number, and `_reverse` is added for a backward cell."""


def _adapter(route: str = DEFAULT) -> Adapter[Any]:
    from rnn_adapters.torch.adapter import TorchAdapter  # imports torch
    from rnn_adapters.torch.routes import ROUTES

    return TorchAdapter(ROUTES[route])


def _no_device(device: str) -> list[str]:
    import torch

    there = torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()
    return [] if there else [f"a device {device!r} that torch sees"]


def _reproduced(question: Question) -> Code | None:
    from rnn_adapters.torch.reproduction import code  # which needs the conventions above

    return code(question)


_ROUTES: tuple[tuple[str, RouteKind, str], ...] = (
    ("batch first", "axes", "`RNN(batch_first=True)`"),
    ("unbatched", "axes", "each row by itself, as (time, input)"),
    ("vmap", "axes", "`torch.vmap` of a call with (time, input)"),
    ("cell", "cell", "`RNNCell`, step by step"),
    ("vmap of a cell", "cell", "`torch.vmap(RNNCell)`, step by step"),
    ("sorted lengths", "padding", "`pack_padded_sequence(enforce_sorted=True)`"),
    ("list of rows", "padding", "`pack_sequence` of rows without padding, and `unpack_sequence`"),
    ("no grad", "model", "a call inside `torch.no_grad`"),
    ("inference mode", "model", "a call inside `torch.inference_mode`"),
    ("functional call", "model", "`torch.func.functional_call`"),
    ("parametrized", "model", "`torch.nn.utils.parametrize` of every weight"),
    ("state dict", "saved", "`state_dict` through `torch.save` and `torch.load`"),
    ("compiled", "compiled", "`torch.compile(RNN)`"),
    ("compiled cell", "compiled", '`torch.compile(RNNCell, backend="aot_eager")`'),
    ("scripted", "compiled", "`torch.jit.script` of a module that holds the RNN"),
    ("traced", "compiled", "`torch.jit.trace` of a call on other sizes"),
    ("exported", "compiled", "`torch.export` of a call, of any number of rows"),
    ("ONNX", "saved", "`torch.onnx.export(dynamo=True)` for a number of steps, run by ONNX Runtime"),
    ("ONNX, any time", "saved", "the same, for any number of steps"),
    ("ONNX by TorchScript", "saved", "`torch.onnx.export(dynamo=False)`, run by ONNX Runtime"),
    ("ONNX in OpenVINO", "saved", "as ONNX, run by OpenVINO"),
    ("ONNX by TorchScript in OpenVINO", "saved", "`torch.onnx.export(dynamo=False)`, run by OpenVINO"),
    ("quantised cell", "quantised", "`quantize_dynamic` of an `RNNCell`, step by step"),
    ("float16 cell", "quantised", "the same with `dtype=torch.float16`, which only weights are rounded to"),
    ("cuda", "device", "module and input on an NVIDIA GPU"),
    ("mps", "device", "module and input on Apple's GPU"),
)

DEVICES = tuple(name for name, kind, _ in _ROUTES if kind == "device")
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "ONNX": ("onnx", "onnxscript", "onnxruntime"),
    "ONNX, any time": ("onnx", "onnxscript", "onnxruntime"),
    "ONNX by TorchScript": ("onnx", "onnxruntime"),
    "ONNX in OpenVINO": ("onnx", "onnxscript", "openvino"),
    "ONNX by TorchScript in OpenVINO": ("onnx", "openvino"),
}
"""What a route takes besides torch."""


def _route(name: str, kind: RouteKind, what: str) -> Route:
    missing: Callable[[], Sequence[str]] = partial(not_installed, PACKAGES.get(name, ()))
    if name in DEVICES:
        missing = partial(_no_device, name)
    expensive = name in ("vmap", *PACKAGES) or kind in ("compiled", "device")
    return Route(kind, what, partial(_adapter, name), expensive, missing)


FRAMEWORKS = (
    Framework(
        "torch",
        _adapter,
        routes={name: _route(name, kind, what) for name, kind, what in _ROUTES},
        conventions=CONVENTIONS,
        title="`torch.nn.RNN`",
        extra="torch",
        modules=("torch",),
        deviations="rnn_adapters.torch/deviations.toml",
        reproduction=_reproduced,
        bug_report="rnn_adapters.torch/bug_report.md",
    ),
)
