"""What an adapter returns that is no answer at all is a finding, not an error of the suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnn_adapters.surface import Shapes, Trained
from rnn_conformance.engine import door
from rnn_conformance.engine.compare import NonConforming

ONES = np.ones((1, 1, 1), "f4")
anything: Any = object()
listed: Any = [(1, 2)]
not_whole: Any = (1.5, "2")


@pytest.mark.parametrize(
    ("function", "returned", "said"),
    [
        (door.inferred_from, [Shapes()], "a mapping from ways by name; got list"),
        (door.inferred_from, {}, "expected at least one way; got none"),
        (door.inferred_from, {"a way": (1, 2)}, "a way: expected rnn_adapters.surface.Shapes; got tuple"),
        (door.inferred_from, {"a way": Shapes(sequence=listed)}, "a tuple of whole numbers and None"),
        (door.inferred_from, {"a way": Shapes(last=not_whole)}, "a tuple of whole numbers and None"),
        (door.inferred_from, {"a way": Shapes(final_states=listed)}, "a tuple of shapes; got list"),
        (door.inferred_from, {"a way": Shapes(final_states=(not_whole,))}, "whole numbers and None"),
        (door.masks_from, {"a way": [[True]]}, "a way: expected a NumPy array; got list"),
        (door.options_from, {"seed": ("7", 7)}, "seed: expected two texts; got tuple"),
        (door.options_from, {"seed": "77"}, "seed: expected two texts; got str"),
        (door.counts_from, {"a way": 2.0}, "a way: expected a whole number; got float"),
        (door.counts_from, {7: 2}, "a mapping from ways by name; got dict"),
        (door.states_from, [ONES], "a tuple of arrays, one for each layer; got list"),
        (door.states_from, (None,), "layer 0: expected a NumPy array; got None"),
        (door.trained_from, None, "expected rnn_adapters.surface.Trained; got None"),
        (door.trained_from, Trained(anything, (1.0,)), "networks: expected a tuple; got object"),
        (door.trained_from, Trained((), (1, 2)), "losses: expected a tuple of floats; got tuple"),
        (door.trained_from, Trained((anything,), ()), "expected an rnn_reference.Network; got object"),
    ],
)
def test_what_is_no_answer(function: Callable[..., Any], returned: Any, said: str) -> None:
    with pytest.raises(NonConforming) as found:
        function("asked", returned)
    assert found.value.kind == "wrong return"
    assert said in found.value.finding


def test_an_answer_is_copied() -> None:
    mask = np.ones((1, 2), bool)
    found = door.masks_from("asked", {"a way": mask, "another": None})
    mask[:] = False
    assert found["another"] is None
    assert np.all(found["a way"])
