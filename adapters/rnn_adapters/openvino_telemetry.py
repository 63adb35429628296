"""OpenVINO without its messages: whoever imports it sends one to its makers, unless a module is missing."""

from __future__ import annotations

import sys


def silence_openvino() -> None:
    """To be called before `openvino` is imported."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
