"""c: a vanilla RNN in C, compiled here and asked over the protocol; an example for other languages."""

from __future__ import annotations

from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import Framework


def _adapter() -> Adapter[Any]:
    from rnn_adapters.c.adapter import c_adapter

    return c_adapter()


FRAMEWORKS = (Framework("c", _adapter),)
