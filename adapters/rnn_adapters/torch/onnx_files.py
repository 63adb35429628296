"""What torch writes of an RNN as ONNX, by both of its exporters, and what runs it: another runtime.

The weights are constants of a model, which is written anew for others.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnn_adapters.torch.adapter import Returned, array, tensor
from rnn_reference.network import Array

Named: TypeAlias = Mapping[str, Array]
"""Arrays by their names in a model."""
Opener: TypeAlias = Callable[[bytes], Callable[[Named], Named]]
"""Makes of a model what is called."""

export: Any = torch.onnx.export
OUTPUTS = ["sequence", "h_n"]
ROWS = {"x": 1, "h0": 1, "lengths": 0}
"""For each input its axis of the batch."""
EXAMPLE_TIME = 2
"""The time steps of what a model of any number is written with."""


class Call(Module):
    """What is written: a call with these inputs, one after the other, and packed where there are lengths."""

    def __init__(self, rnn: Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.rnn = rnn
        self._names = names

    def forward(self, x: Tensor, first: Tensor | None = None, second: Tensor | None = None) -> Any:
        """As RNN's."""
        given = dict(zip(self._names, (x, first, second), strict=False))
        h0, lengths = given.get("h0"), given.get("lengths")
        if lengths is None:
            return self.rnn(x, h0)
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, h_n = self.rnn(packed, h0)
        return pad_packed_sequence(output, total_length=x.shape[0])[0], h_n


Exporter: TypeAlias = Callable[[Module, Mapping[str, Tensor], bool], bytes]
"""Writes a call with these inputs as a model of any number of rows, and of steps unless that is fixed."""


def by_torchscript(call: Module, given: Mapping[str, Tensor], fixed_time: bool) -> bytes:
    """`torch.onnx.export(dynamo=False)`: an operator `RNN` for each layer."""
    axes = {name: {ROWS[name]: "batch"} for name in given}
    axes["x"] |= {} if fixed_time else {0: "time"}
    axes |= {"sequence": axes["x"], "h_n": {1: "batch"}}
    file, named = io.BytesIO(), {"input_names": [*given], "output_names": OUTPUTS}
    export(call, (*given.values(),), file, dynamo=False, dynamic_axes=axes, **named)
    return file.getvalue()


def by_dynamo(call: Module, given: Mapping[str, Tensor], fixed_time: bool) -> bytes:
    """`torch.onnx.export(dynamo=True)`: products, sums and activations of every time step."""
    axes = {name: {ROWS[name]: torch.export.Dim.AUTO} for name in given}
    axes["x"] |= {} if fixed_time else {0: torch.export.Dim.AUTO}
    shapes, named = (*axes.values(),), {"input_names": [*given], "output_names": OUTPUTS}
    program = export(call, (*given.values(),), dynamo=True, dynamic_shapes=shapes, verbose=False, **named)
    written: bytes = program.model_proto.SerializeToString()
    return written


def in_onnxruntime(model: bytes) -> Callable[[Named], Named]:
    """A session of ONNX Runtime."""
    from rnn_adapters.onnx.runtime import called, session

    opened = session(model)
    return lambda feeds: called(opened, feeds)


def in_openvino(model: bytes) -> Callable[[Named], Named]:
    """OpenVINO, computing in the type of the model."""
    from rnn_adapters.openvino_runtime import silence_openvino

    silence_openvino()
    from rnn_adapters.openvino.adapter import CORE
    from rnn_adapters.openvino.routes import called_by_name, compiled

    opened = compiled(CORE.read_model(model))
    return lambda feeds: called_by_name(opened, feeds)


class InOnnx(Module):
    """An RNN that is called as what was written of it: for each set of inputs a model of its own.

    Args:
        rnn: holds the weights.
        export: writes a model.
        open_model: what runs it.
        fixed_time: a model is of one number of time steps.
    """

    def __init__(self, rnn: Module, export: Exporter, open_model: Opener, fixed_time: bool = False) -> None:
        super().__init__()
        self.rnn = rnn
        self._export, self._open, self._fixed_time = export, open_model, fixed_time
        self._opened = dict[tuple[Any, ...], Callable[[Named], Named]]()

    def forget(self) -> None:
        """The weights are others: what was written is of no use."""
        self._opened.clear()

    def forward(self, **given: Tensor) -> tuple[Tensor, Tensor]:
        """The sequence output and h_n."""
        time = given["x"].shape[:1] if self._fixed_time else ()
        form = (*given, *time)
        if form not in self._opened:
            like = self._like(given["x"], tuple(given))
            with _quietly():
                model = self._export(Call(self.rnn, tuple(given)).eval(), like, self._fixed_time)
            self._opened[form] = self._open(model)
        found = self._opened[form]({name: array(each) for name, each in given.items()})
        sequence, h_n = (tensor(found[name]) for name in OUTPUTS)
        return sequence, h_n

    def _like(self, x: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        """Three rows, as one would be taken for a constant."""
        rnn: Any = self.rnn
        time = len(x) if self._fixed_time else EXAMPLE_TIME
        states = rnn.num_layers * (1 + rnn.bidirectional)
        every = {
            "x": x.new_zeros(time, 3, rnn.input_size),
            "h0": x.new_zeros(states, 3, rnn.hidden_size),
            "lengths": torch.full((3,), time),
        }
        return {name: every[name] for name in names}


def in_onnx(model: Any, x: Tensor, h0: Tensor | None, lengths: Tensor | None) -> Returned:
    """A call of what was written; its inputs are what the call has."""
    given = {"x": x, "h0": h0, "lengths": lengths}
    sequence, h_n = model(**{name: each for name, each in given.items() if each is not None})
    return Returned(sequence, h_n, (x, sequence, h_n))


def written_anew(model: Any) -> Any:
    """The same, whose weights are others."""
    model.forget()
    return model


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what the exporters say: one is deprecated, the other tells how far it has come."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
