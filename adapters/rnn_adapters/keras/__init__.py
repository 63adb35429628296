"""Keras 3 on each backend: `SimpleRNN`, `Bidirectional` and every other route into them.

Nothing here imports Keras, which fixes its backend when it is imported.

layers.py         how a layer is made and called
assembly.py       how layers become a network, and how a mask enters it
derivatives.py    how it is differentiated
symbolic.py       what is told of outputs without numbers
configuration.py  how a layer is made anew from its configuration
training.py       how it trains
openvino_graph.py how what OpenVINO only promises is computed
reproduction.py   all this as the plain code of a script
routes.py         the routes, as changes of these parts, and what they declare
adapter.py        the adapter put together from them
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from rnn_adapters.framework import Framework, Route
from rnn_adapters.keras.adapter import backend_in_force
from rnn_adapters.keras.reproduction import code_on
from rnn_adapters.keras.routes import DEFAULT_ROUTE, default_conventions, routes_on

MODULES = {
    "tensorflow": ("keras", "tensorflow"),
    "torch": ("keras", "torch"),
    "jax": ("keras", "jax"),
    "numpy": ("keras", "jax", "scipy"),
    "openvino": ("keras", "openvino", "scipy"),
}
"""What Keras on each backend imports."""

TITLES = {"tensorflow": "TensorFlow, torch, OpenVINO", "numpy": "JAX, NumPy"}
"""The backends that the tables of the spec show, for those that are like them."""

DEVIATIONS = "rnn_adapters.keras/deviations.toml"
BUG_REPORT = "rnn_adapters.keras/bug_report.md"


def framework_on(backend: str) -> Framework:
    """Keras on one backend."""
    return Framework(
        f"keras-{backend}",
        partial(DEFAULT_ROUTE.made, backend),
        routes=routes_on(backend),
        conventions=default_conventions(backend),
        title=f"`keras.layers.SimpleRNN` on {TITLES[backend]}" if backend in TITLES else "",
        extra="tensorflow" if backend == "tensorflow" else f"keras-{backend}",
        modules=MODULES[backend],
        deviations=DEVIATIONS,
        reproduction=partial(code_on, backend),
        bug_report=BUG_REPORT,
    )


class RoutesInForce(Mapping[str, Route]):
    """The routes on the backend in force, which is asked for whenever they are looked at."""

    def __getitem__(self, name: str) -> Route:
        return routes_on(backend_in_force())[name]

    def __iter__(self) -> Iterator[str]:
        return iter(routes_on(backend_in_force()))

    def __len__(self) -> int:
        return len(routes_on(backend_in_force()))


FRAMEWORKS = (
    *map(framework_on, MODULES),
    Framework(
        "keras",
        lambda: DEFAULT_ROUTE.made(backend_in_force()),
        routes=RoutesInForce(),
        extra="keras",
        modules=("keras",),
        deviations=DEVIATIONS,
        reproduction=lambda question: code_on(backend_in_force(), question),
        bug_report=BUG_REPORT,
        alias=True,
    ),
)
"""On each backend, and on the one in force (KERAS_BACKEND)."""
