"""ort_node: ONNX Runtime for JavaScript, native or in WebAssembly, under Node. Nothing here starts it.

The models are those of `rnn_adapters.onnx`, and so are the conventions.

installed.py     where the packages are installed, and what is missing
install.py       `python -m rnn_adapters.ort_node.install`
sessions.py      the harness as a process, and its sessions
routes.py        the routes, and the adapter
reproduction.py  what a call is in plain JavaScript
js/main.js       the harness: opens models, calls them
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.onnx import CONVENTIONS, WRITTEN, Routes
from rnn_adapters.ort_node.installed import NPM
from rnn_adapters.reproduction import Code, Question

PACKAGES = {"ort-node": "onnxruntime-node", "ort-web": "onnxruntime-web"}
"""The npm package of each framework."""


def _adapter(framework: str, route: str = DEFAULT) -> Adapter[Any]:
    from rnn_adapters.ort_node.routes import adapter  # imports onnx, and starts Node

    return adapter(framework, route)


def _reproduced(framework: str, question: Question) -> Code | None:
    from rnn_adapters.ort_node.reproduction import code  # imports onnx

    return code(framework, question)


_BOTH: Routes = (
    *WRITTEN,
    ("parameters left out", "model", "activation_alpha and activation_beta left to their defaults"),
    ("outputs given", "model", "`session.run(feeds, fetches)` with a tensor for each output"),
    ("fixed shapes", "compiled", "a model of one batch size and length"),
    ("not optimised", "compiled", "`graphOptimizationLevel: 'disabled'`"),
    ("model file", "saved", "`InferenceSession.create` of a path"),
    ("external data", "saved", "weights in a file beside the model's"),
)
_NATIVE: Routes = (
    *_BOTH,
    ("optimised file", "saved", "a model that was optimised and written to a file before"),
    ("ORT format", "saved", "the same, in the `.ort` format"),
)
_EXPENSIVE = ("fixed shapes", "model file", "external data", "optimised file", "ORT format")


def _framework(name: str, title: str, routes: Routes) -> Framework:
    return Framework(
        name,
        partial(_adapter, name),
        routes={
            route: Route(kind, what, partial(_adapter, name, route), expensive=route in _EXPENSIVE)
            for route, kind, what in routes
        },
        conventions=CONVENTIONS,
        title=title,
        extra="ort-node",
        modules=("onnx",),
        missing=partial(NPM.missing, PACKAGES[name]),
        install=NPM.command,
        npm=replace(NPM, package=PACKAGES[name]),
        deviations="rnn_adapters.ort_node/deviations.toml",
        reproduction=partial(_reproduced, name),
        bug_report="rnn_adapters.ort_node/bug_report.md",
    )


FRAMEWORKS = (
    _framework("ort-node", "ONNX `RNN` on `onnxruntime-node`", _NATIVE),
    _framework("ort-web", "", _BOTH),
)
