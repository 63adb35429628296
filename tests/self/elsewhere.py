"""Frameworks with a route to a device that no machine has, and with an expensive route that is wrong."""

from __future__ import annotations

from dataclasses import replace

from rnn_adapters.adapter import Call, Output
from rnn_adapters.framework import Framework, Route
from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference.network import Network

GPU = Route("device", "on a GPU", PlainNumpy, missing=lambda: ["a GPU"])
FRAMEWORK = Framework("elsewhere", PlainNumpy, {"gpu": GPU})


class WrongWhereCompiled(PlainNumpy):
    """Adds one to whatever it outputs."""

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        return replace(output, sequence=None if output.sequence is None else output.sequence + 1)


COMPILED = Route("compiled", "translated for minutes", WrongWhereCompiled, expensive=True)
COMPILING = Framework("compiling", PlainNumpy, {"compiled": COMPILED, "gpu": GPU})
