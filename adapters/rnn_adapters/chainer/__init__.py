"""chainer: `chainer.links.NStepRNN…` and every other route into it. Nothing here imports chainer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.declarations import Conventions, NativeWeight, RouteKind
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.reproduction import Code, Question

CONVENTIONS = Conventions(
    layer="chainer.links.NStepRNN…",
    weights=(
        NativeWeight("W_x", "w0", ("hidden", "input")),
        NativeWeight("W_h", "w1", ("hidden", "state")),
        NativeWeight("b", "b0", ("hidden",)),
        NativeWeight("b_h", "b1", ("hidden",)),
    ),
    bias_vectors=2,
    axes={
        "x": ("time", "input"),
        "sequence": ("time", "directions*hidden"),
        "final_states": ("layers*directions", "batch", "hidden"),
    },
    last_output="unsupported: the outputs of every step and the final states are always returned",
    final_state_order="one array: layer 0 forward, layer 0 backward, layer 1 forward, …",
    padded_output="zero",
    padded_output_bidirectional="zero",
    initialisation={"W_x": "none", "W_h": "none", "b": "zeros", "b_h": "zeros"},
)
"""Of the default route, which takes and gives an array for each sequence of the batch. The matrices
are drawn by `LeCunNormal`, which does not truncate, and so by none of the spec's rules."""


def _adapter(route: str = DEFAULT) -> Adapter[Any]:
    from rnn_adapters.chainer.adapter import ChainerAdapter  # imports chainer
    from rnn_adapters.chainer.routes import ROUTES

    return ChainerAdapter(ROUTES[route])


def _reproduced(question: Question) -> Code | None:
    from rnn_adapters.chainer.reproduction import code

    return code(question)


def _missing() -> Sequence[str]:
    """Chainer imports `numpy.distutils`, which no NumPy has on later versions of Python."""
    return () if sys.version_info < (3, 12) else ("a Python below 3.12",)


_ROUTES: tuple[tuple[str, RouteKind, str], ...] = (
    ("arrays", "arguments", "arrays in place of `Variable`s"),
    ("n_step_rnn", "axes", "`functions.n_step_rnn` and `n_step_birnn`, an array for each step"),
    ("link for each layer", "model", "a link of one layer for each layer"),
    ("test mode", "model", '`using_config("train", False)`'),
    ("no backprop mode", "model", "`no_backprop_mode`"),
    ("grad", "model", "`chainer.grad` in place of `backward`"),
    ("copy", "configuration", "`link.copy` of the link"),
    ("npz", "saved", "`serializers.save_npz` and `load_npz`"),
    ("hdf5", "saved", "`serializers.save_hdf5` and `load_hdf5`"),
)

FRAMEWORKS = (
    Framework(
        "chainer",
        _adapter,
        routes={name: Route(kind, what, partial(_adapter, name)) for name, kind, what in _ROUTES},
        conventions=CONVENTIONS,
        title="`chainer.links.NStepRNN…`",
        extra="chainer",
        modules=("chainer", "pkg_resources", "h5py"),
        missing=_missing,
        deviations="rnn_adapters.chainer/deviations.toml",
        reproduction=_reproduced,
        bug_report="rnn_adapters.chainer/bug_report.md",
    ),
)
