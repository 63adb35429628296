"""Where ONNX Runtime for JavaScript is installed for the harness, and what is missing for it."""

from __future__ import annotations

from rnn_adapters.npm import Npm

NPM = Npm("ort_node", "ONNX Runtime for JavaScript", "RNN_CONFORMANCE_ORT_NODE", "onnxruntime-node")
