"""A wrong call is made by itself, or after the calls of a witness's history."""

from __future__ import annotations

import numpy as np

from rnn_adapters import Call, Output
from rnn_adapters.histories import Action
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy, framework_of_plain
from rnn_reference.network import Cell, Layer, Network


class Tired(PlainNumpy):
    """Refuses whatever is wrong, but for a wrong call after a right one of three steps."""

    tired = False

    def run(self, model: Network, call: Call) -> Output:
        wrong = call.x.shape[-1] != model.input_size
        self.tired |= not wrong and call.x.shape[1] == 3
        return super().run(model, Call(call.x[..., :1]) if wrong and self.tired else call)


def test_the_calls_of_a_history_come_before_the_wrong_one() -> None:
    network = Network([Layer(Cell(np.ones((1, 1), "f4"), np.ones((1, 1), "f4")))])
    call = Call(np.ones((1, 2, 1), "f4"))
    alone = Case(network, call, variant="one feature too many")
    after = alone.replace(history=(Action("call", Call(np.ones((1, 3, 1), "f4"))),))
    check = all_checks()["ERR-1"]
    assert check.fails_on(Subject(framework_of_plain("tired", Tired)), alone) is None
    assert check.fails_on(Subject(framework_of_plain("tired", Tired)), after) is not None
