"""What the adapters of OpenVINO and of Keras on it have in common. Nothing here imports OpenVINO."""

from __future__ import annotations

import sys
from typing import Any


def silence_openvino() -> None:
    """Keep it from sending messages to its makers: it does when it is imported, unless a module is missing.

    To be called before `openvino` is imported.
    """
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment] # Python's way to say: missing


def narrow_by_default(openvino: Any) -> dict[str, str]:
    """Whether a float32 model is computed in a narrower type if nothing is said, as a version.

    The processor decides. It is 0 or 1 under a name of its own, for records of deviations to ask about.
    """
    precision = openvino.Core().get_property("CPU", "INFERENCE_PRECISION_HINT")
    return {"narrow-by-default": f"{precision != openvino.Type.f32:d}"}
