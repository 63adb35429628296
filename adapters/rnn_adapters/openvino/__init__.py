"""openvino: the operation RNNSequence and every other route into OpenVINO. Nothing here imports openvino."""

from __future__ import annotations

from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.openvino.reproduction import code
from rnn_adapters.openvino_runtime import silence_openvino

CONVENTIONS = Conventions(
    layer="openvino.opset14.rnn_sequence",
    weights=(
        NativeWeight("W_x", "W", ("directions", "hidden", "input")),
        NativeWeight("W_h", "R", ("directions", "hidden", "state")),
        NativeWeight("b", "B", ("directions", "hidden")),
    ),
    bias_vectors=1,
    axes={
        "x": ("batch", "time", "input"),
        "sequence": ("batch", "directions", "time", "hidden"),
        "final_states": ("batch", "directions", "hidden"),
    },
    last_output="the second output of the top node, forward then backward",
    final_state_order="one array per node; forward before backward",
    padded_output="zero",
    padded_output_bidirectional="zero",
    go_backwards_order="input",
)
"""Of the default route."""


def _adapter(route: str = DEFAULT) -> Adapter[Any]:
    silence_openvino()
    from rnn_adapters.openvino.routes import ADAPTERS  # imports openvino

    return ADAPTERS[route]()


_ROUTES: tuple[tuple[str, RouteKind, str], ...] = (
    ("static shapes", "compiled", "a model of one batch size and length"),
    ("precision left alone", "compiled", "no `INFERENCE_PRECISION_HINT`"),
    ("infer request", "model", "`infer` of one request, again and again"),
    ("cell", "cell", "`rnn_cell`, step by step"),
    ("model file", "saved", "`save_model` and `read_model`"),
    ("model file, not compressed", "saved", "`save_model(compress_to_fp16=False)` and `read_model`"),
    ("exported", "saved", "`export_model` and `import_model`"),
    ("from ONNX", "model", "`read_model` of an ONNX model"),
    ("from ONNX, static shapes", "compiled", "`read_model` of an ONNX model of one batch size and length"),
)
_CHEAP = ("static shapes", "infer request", "cell")

FRAMEWORKS = (
    Framework(
        "openvino",
        _adapter,
        routes={
            name: Route(kind, what, partial(_adapter, name), expensive=name not in _CHEAP)
            for name, kind, what in _ROUTES
        },
        conventions=CONVENTIONS,
        title="OpenVINO `RNNSequence`",
        extra="openvino",
        modules=("openvino", "onnx"),
        deviations="rnn_adapters.openvino/deviations.toml",
        reproduction=code,
        bug_report="rnn_adapters.openvino/bug_report.md",
    ),
)
