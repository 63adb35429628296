"""A framework with a route to a device that no machine has: `elsewhere:FRAMEWORK`."""

from __future__ import annotations

from rnn_adapters.framework import Framework, Route
from rnn_conformance.faults.plain import PlainNumpy

GPU = Route("device", "on a GPU", PlainNumpy, missing=lambda: ["a GPU"])
FRAMEWORK = Framework("elsewhere", PlainNumpy, {"gpu": GPU})
