"""torch: `torch.nn.RNN` and every other way into it. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import Framework, Route
from rnn_adapters.torch.adapter import TorchAdapter


def _by(name: str) -> Callable[[], Adapter[Any]]:
    def make() -> Adapter[Any]:
        from rnn_adapters.torch.routes import WAYS  # imports torch

        return WAYS[name]()

    return make


FRAMEWORKS = (
    Framework(
        "torch",
        TorchAdapter,
        routes={
            "batch first": Route("axes", "`RNN(batch_first=True)`", _by("batch first")),
            "unbatched": Route("axes", "each row by itself, as (time, input)", _by("unbatched")),
            "cell": Route("cell", "`RNNCell`, step by step", _by("cell")),
            "sorted lengths": Route(
                "padding", "`pack_padded_sequence(enforce_sorted=True)`", _by("sorted lengths")
            ),
            "recording gradients": Route("model", "a call outside `no_grad`", _by("recording gradients")),
            "functional call": Route("model", "`torch.func.functional_call`", _by("functional call")),
            "state dict": Route(
                "saved", "`state_dict` through `torch.save` and `torch.load`", _by("state dict")
            ),
            "compiled": Route("compiled", "`torch.compile(RNN)`", _by("compiled"), expensive=True),
            "compiled cell": Route(
                "compiled",
                '`torch.compile(RNNCell, backend="aot_eager")`',
                _by("compiled cell"),
                expensive=True,
            ),
            "scripted": Route(
                "compiled",
                "`torch.jit.script` of a module that holds the RNN",
                _by("scripted"),
                expensive=True,
            ),
        },
        conventions=TorchAdapter.conventions,
        title="`torch.nn.RNN`",
        extra="torch",
        modules=("torch",),
        deviations="rnn_adapters.torch/deviations.toml",
    ),
)
