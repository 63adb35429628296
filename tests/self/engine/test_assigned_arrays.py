"""Weights are handed over in new arrays and in arrays that are filled anew, in turns."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy, framework_of_plain
from rnn_reference.network import Array, Cell, Layer, Network


class KeepsTheFirstArrays(PlainNumpy):
    """Takes the arrays of the first assignment for its own, whatever is assigned later."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self._own: dict[int, tuple[Network, Network]] = {}

    def assign_weights(self, model: Network, network: Network) -> None:
        _, own = self._own.setdefault(id(model), (model, network))
        super().assign_weights(model, own)


class KnowsArrays(PlainNumpy):
    """Ignores an assignment of the arrays that were assigned last."""

    _last: Array | None = None

    def assign_weights(self, model: Network, network: Network) -> None:
        if network.cells[0].W_h is not self._last:
            super().assign_weights(model, network)
        self._last = network.cells[0].W_h


@pytest.mark.parametrize("plain", [KeepsTheFirstArrays, KnowsArrays])
def test_either_mistake_with_arrays_is_noticed(plain: type[PlainNumpy]) -> None:
    generator = np.random.default_rng(0)
    W_x, W_h, b = (generator.normal(size=shape).astype("f4") for shape in ((2, 3), (2, 2), (2,)))
    cell = Cell(W_x, W_h, b)
    case = Case.of(Network([Layer(cell)]), generator.normal(size=(2, 3, 3)).astype("f4"))
    check = all_checks()["HIS-3"]
    assert check.fails_on(Subject(framework_of_plain("plain", PlainNumpy)), case) is None
    assert check.fails_on(Subject(framework_of_plain("mistaken", plain)), case) is not None
