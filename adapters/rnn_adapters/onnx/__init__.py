"""onnx: the operator `RNN`, by ONNX Runtime or ONNX's own evaluator. Nothing here imports either."""

from __future__ import annotations

from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.reproduction import Code, Question

CONVENTIONS = Conventions(
    layer="ONNX RNN",
    weights=(
        NativeWeight("W_x", "W", ("directions", "hidden", "input")),
        NativeWeight("W_h", "R", ("directions", "hidden", "state")),
        NativeWeight("b", "B", ("directions", "2*hidden"), part=0),
        NativeWeight("b_h", "B", ("directions", "2*hidden"), part=1),
    ),
    bias_vectors=2,
    axes={
        "x": ("time", "batch", "input"),
        "sequence": ("time", "directions", "batch", "hidden"),
        "final_states": ("directions", "batch", "hidden"),
    },
    last_output="Y_h of the top node, forward then backward; Y is left out",
    final_state_order="one array Y_h per node; forward before backward",
    padded_output="zero",
    padded_output_bidirectional="zero",
    go_backwards_order="input",
)
"""Of the default route of both."""


def _adapter(framework: str, route: str = DEFAULT) -> Adapter[Any]:
    from rnn_adapters.onnx.adapter import OnnxAdapter  # imports onnx

    if framework == "onnx":
        from rnn_adapters.onnx.runtime import ROUTES, VERSIONS  # imports onnxruntime
    else:
        from rnn_adapters.onnx.evaluator import ROUTES, VERSIONS
    return OnnxAdapter(framework, ROUTES[route], VERSIONS)


def _reproduced(framework: str, question: Question) -> Code | None:
    from rnn_adapters.onnx.reproduction import EVALUATOR, EVALUATORS, SESSION, SESSIONS, code  # imports onnx

    if framework == "onnx":
        from rnn_adapters.onnx.runtime import ROUTES
    else:
        from rnn_adapters.onnx.evaluator import ROUTES
    parts, known, usual = ROUTES[question.route], SESSIONS, SESSION
    if framework != "onnx":
        known, usual = EVALUATORS, EVALUATOR
    return code(question, known.get(question.route, usual), parts.style, by_steps=parts.by_steps)


Routes = tuple[tuple[str, RouteKind, str], ...]
"""Of each route its name, its kind, and what it is."""
WRITTEN: Routes = (
    ("batch first", "axes", "`Transpose` before and after the `RNN`"),
    ("opset 7", "model", "version 7 of the operator"),
    ("opset 14", "model", "version 14 of the operator"),
    ("weights as inputs", "model", "W, R and B are inputs of the model"),
    ("sequence alone", "model", "Y_h left out"),
    ("two nodes", "directions", "a node for each direction, and `Concat`"),
    ("steps", "cell", "a call for each step, with Y_h as the next initial_h"),
)
"""Those of every runtime, which differ in how a model is written."""
_RUNTIME: Routes = (
    *WRITTEN,
    ("parameters left out", "model", "activation_alpha and activation_beta left to their defaults"),
    ("IO binding", "model", "`run_with_iobinding`"),
    ("fixed shapes", "compiled", "a model of one batch size and length"),
    ("not optimised", "compiled", "`ORT_DISABLE_ALL`"),
    ("optimised file", "saved", "a model that was optimised and written to a file before"),
    ("ORT format", "saved", "the same, in the `.ort` format"),
    ("external data", "saved", "weights in a file beside the model's"),
)
_EVALUATOR: Routes = (
    *WRITTEN,
    ("layout 1", "axes", "`RNN(layout=1)`"),
    ("shapes checked", "model", "`ReferenceEvaluator(check_shape_annotations=True)`"),
    ("model file", "saved", "`onnx.save` and `onnx.load`"),
    ("external data", "saved", "weights in a file beside the model's"),
)
_EXPENSIVE = ("fixed shapes", "optimised file", "ORT format", "external data", "model file")


def _framework(name: str, title: str, extra: str, modules: tuple[str, ...], routes: Routes) -> Framework:
    return Framework(
        name,
        partial(_adapter, name),
        routes={
            route: Route(kind, what, partial(_adapter, name, route), expensive=route in _EXPENSIVE)
            for route, kind, what in routes
        },
        conventions=CONVENTIONS,
        title=title,
        extra=extra,
        modules=modules,
        deviations="rnn_adapters.onnx/deviations.toml",
        reproduction=partial(_reproduced, name),
        bug_report=f"rnn_adapters.onnx/bug_report_{'runtime' if name == 'onnx' else 'onnx'}.md",
    )


FRAMEWORKS = (
    _framework("onnx", "ONNX `RNN` on ONNX Runtime", "onnx", ("onnx", "onnxruntime"), _RUNTIME),
    _framework("onnx-reference", "", "onnx-reference", ("onnx",), _EVALUATOR),
)
