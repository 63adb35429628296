"""Networks that a form of files can hold, drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rnn_adapters.port.fitting import Holds, fitted
from rnn_adapters.port.forms import FORMS, NOT_READ, Form
from rnn_adapters.port.found import Found, Options
from rnn_reference import Activation, Cell, Layer, Network
from rnn_reference.activations import DEFAULTS
from rnn_reference.network import Array

ALPHAS = (0.3, 1.0, 1.5)
SILENT = (".npz", ".msgpack")
"""Files that do not say activations."""
BUSY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""On a machine with other things to do."""


def activations(holds: Holds) -> list[Activation]:
    """Every activation of a form, with several parameters where they can be chosen."""
    found = [Activation(name) for name in holds.supports.activations]
    for name in holds.supports.parameters:
        if DEFAULTS[name].keys() == {"alpha"} and name in ("elu", "leaky_relu"):
            found += [Activation(name, alpha=alpha) for alpha in ALPHAS]
        elif holds.what != "Keras":
            found += [Activation(name, alpha=alpha, beta=0.25) for alpha in ALPHAS if name != "leaky_relu"]
    if holds.what == "Keras":
        found = [each for each in found if each.name not in ("hard_sigmoid", "affine", "scaled_tanh")]
        found.append(Activation("hard_sigmoid", alpha=1 / 6, beta=0.5))
    return list(dict.fromkeys(found))


def types_without(form: Form, suffix: str) -> set[str]:
    """The types that files of a form with this ending do not have."""
    of_form = NOT_READ.get((form.name, suffix), ("", ""))[0]
    return {of_form, "bfloat16" if suffix == ".npz" else ""}


@st.composite
def networks(draw: st.DrawFn, form: Form, suffix: str = "") -> Network:
    """A network that a file of a form holds, of any bits: zeros of both signs among them.

    What an ending does not have is not drawn: types, and directions of other activations where the options of
    a port say them, one for each layer.
    """
    holds = form.holds()
    supports = holds.supports
    lacks = types_without(form, suffix)
    dtype = draw(st.sampled_from([name for name in supports.dtypes if name not in lacks]))
    phis, rng = activations(holds), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shared = draw(st.sampled_from(phis)), draw(st.booleans()) or not supports.no_bias

    def weights(*shape: int) -> Array:
        numbers = rng.standard_normal(shape) * 2.0 ** rng.integers(-12, 8, shape)
        special = np.array([0.0, -0.0, 6e-8, 1.0, -2.0])[rng.integers(0, 5, shape)]
        array: Array = np.where(rng.random(shape) < 0.3, special, numbers).astype(dtype)
        return array

    def cell(inputs: int, hidden: int, kind: tuple[Activation, bool]) -> Cell:
        phi, biased = kind
        two = draw(st.booleans()) and holds.bias_vectors is None
        b = weights(hidden) if biased else None
        b_h = weights(hidden) if biased and two else None
        return Cell(weights(hidden, inputs), weights(hidden, hidden), b, b_h, phi)

    def kind() -> tuple[Activation, bool]:
        biased = draw(st.booleans()) if supports.no_bias else True
        return draw(st.sampled_from(phis)), biased

    layers: list[Layer] = []
    count = draw(st.integers(1, 12)) if supports.stacked else 1
    inputs, hidden = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    two = supports.bidirectional and draw(st.booleans())
    for _ in range(count):
        if supports.mixed_layers:
            hidden = draw(st.integers(1, 4))
            two = supports.bidirectional and draw(st.booleans())
            shared = kind()
        backward = kind() if supports.mixed_directions else shared
        if suffix in SILENT:
            backward = shared[0], backward[1]
        cells = [cell(inputs, hidden, each) for each in ([shared, backward] if two else [shared])]
        layers.append(Layer(*cells))
        inputs = layers[-1].output_size
    return Network(layers)


def held_by(network: Network, form: Form) -> Network:
    """What a form holds of a network."""
    return fitted(network, form.holds(), allow_rounding=True).network


def through(network: Network, form: Form, suffix: str) -> Found:
    """What is read of a network that was written; the options say what the file does not."""
    phis = tuple(layer.forward.activation for layer in network.layers) if suffix in SILENT else ()
    config = ""
    if suffix == ".weights.h5":
        import json

        from rnn_adapters.port.keras_config import written_model

        config = json.dumps(written_model(network))
    return form.read(form.write(network, suffix), suffix, Options(phis, config=config))


def named(name: str) -> Form:
    return FORMS[name]
