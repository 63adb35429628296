"""The routes into Chainer, each put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import chainer
import numpy as np
from chainer import Variable
from chainer import functions as F

from rnn_adapters.chainer import CONVENTIONS
from rnn_adapters.chainer.adapter import Parts, Returned, Variables, through_npz
from rnn_adapters.declarations import Supports
from rnn_adapters.framework import DEFAULT
from rnn_reference.network import Network

FLAGS = (
    *("bidirectional", "stacked", "initial_states", "sequence", "final_states", "lengths"),
    *("freshly_initialised", "gradients", "second_gradients"),
    *("read_weights", "native_weights", "count_parameters", "assign_weights", "restored"),
    *("default_states", "count_trainable", "trained"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=("tanh", "relu"),
    dtypes=("float32", "float64", "float16"),
    dropout=("between layers",),
    **SUPPORTED,
)


def whole(link: Any, h0: Variable | None, rows: Variables, activation: str) -> Returned:
    """The sequences at once."""
    h_n, outputs = link(h0, rows)
    return Returned(h_n, outputs, (rows[0], outputs[0], h_n))


def by_steps(link: Any, h0: Variable | None, rows: Variables, activation: str) -> Returned:
    """The steps of all sequences that have them, longest sequence first; put back into their order."""
    order = np.argsort([-len(row) for row in rows], kind="stable").astype("i4")
    h = link.init_hx(rows) if h0 is None else F.permutate(h0, order, axis=1)
    steps = F.transpose_sequence([rows[i] for i in order])
    function = F.n_step_rnn if link.direction == 1 else F.n_step_birnn
    h_n, outputs = function(link.n_layers, link.dropout, h, link.ws, link.bs, steps, activation=activation)
    native = steps[0], outputs[0], h_n
    found = F.transpose_sequence(outputs)
    back = np.argsort(order).astype("i4")
    return Returned(F.permutate(h_n, back, axis=1), [found[i] for i in back], native)


def by_backward(outputs: Variables, sources: Variables, cotangents: Variables) -> Variables:
    """Of a loss, by `backward`, where `grad` of each variable is what it was."""
    for source in sources:
        source.cleargrad()
    loss = sum(F.sum(output * d) for output, d in zip(outputs, cotangents, strict=True))
    loss.backward()
    return [source.grad_var for source in sources]


def by_grad(outputs: Variables, sources: Variables, cotangents: Variables) -> Variables:
    """By `chainer.grad`."""
    found: Variables = chainer.grad(outputs, sources, cotangents)
    return found


def through_hdf5(links: Any, others: Any) -> Any:
    """Other links with the weights of these, by way of a file."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "links.h5"))
        chainer.serializers.save_hdf5(path, links)
        chainer.serializers.load_hdf5(path, others)
    return others


def copied(links: Any, others: Any) -> Any:
    """A copy, with weights of its own."""
    return links.copy("copy")


def each_layer(network: Network) -> Sequence[Network]:
    """A network for each layer."""
    return [Network([layer]) for layer in network.layers]


NSTEP = Parts(CONVENTIONS, SUPPORTS, forward=whole, differentiate=by_backward)
"""What a user writes first: `links.NStepRNNTanh`, made and called."""
WITHOUT_GRADIENTS = replace(SUPPORTS, gradients=False, second_gradients=False, trained=False)

ROUTES: Mapping[str, Parts] = {
    DEFAULT: NSTEP,
    "arrays": replace(NSTEP, variable=lambda row: row),
    "n_step_rnn": replace(
        NSTEP,
        conventions=replace(
            CONVENTIONS,
            layer="chainer.functions.n_step_rnn",
            axes={
                "x": ("batch", "input"),
                "sequence": ("batch", "directions*hidden"),
                "final_states": ("layers*directions", "batch", "hidden"),
            },
        ),
        forward=by_steps,
    ),
    "link for each layer": replace(
        NSTEP,
        conventions=replace(
            CONVENTIONS,
            axes={**CONVENTIONS.axes, "final_states": ("directions", "batch", "hidden")},
            final_state_order="an array for each layer: forward, backward",
        ),
        supports=replace(SUPPORTS, mixed_layers=True, dropout=()),
        divide=each_layer,
    ),
    "test mode": replace(NSTEP, supports=replace(SUPPORTS, trained=False), evaluated=lambda call: True),
    "no backprop mode": replace(NSTEP, supports=WITHOUT_GRADIENTS, within=chainer.no_backprop_mode),
    "grad": replace(NSTEP, differentiate=by_grad),
    "copy": replace(NSTEP, reload=copied),
    "npz": replace(NSTEP, reload=through_npz),
    "hdf5": replace(NSTEP, reload=through_hdf5),
}
