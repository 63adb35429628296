"""Where TensorFlow.js is installed for the harness, and what is missing for it."""

from __future__ import annotations

from rnn_adapters.npm import Npm

PACKAGE = "@tensorflow/tfjs"
NPM = Npm("tfjs", "TensorFlow.js", "RNN_CONFORMANCE_TFJS", PACKAGE)
