"""How the arrays of a call lie in memory when they are handed over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rnn_adapters import Call
from rnn_conformance.engine.handing import LAYOUTS, SHARED_ROWS, handed_call
from rnn_reference.network import Array

LIES: dict[str, Callable[[Array], bool]] = {
    "plain": lambda array: array.flags.c_contiguous and array.flags.writeable,
    "another order": lambda array: array.flags.f_contiguous and not array.flags.c_contiguous,
    "another order, with gaps": lambda array: array.strides[1] > array.strides[0] > array[0, 0].nbytes,
    "gaps": lambda array: array.strides[-1] == 2 * array.itemsize,
    "backwards": lambda array: array.strides[-1] == -array.itemsize,
    "read-only": lambda array: not array.flags.writeable,
    "unaligned": lambda array: not array.flags.aligned,
    SHARED_ROWS: lambda array: array.strides[0] == 0,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_lie_as_is_said_and_hold_the_same(layout: str) -> None:
    x = np.repeat(np.arange(12, dtype=np.float32).reshape(1, 4, 3), 2, axis=0)
    call = Call(x, (x.copy(),), lengths=np.array([4, 2]), mask=np.ones((2, 4), bool))
    handed = handed_call(call, layout)
    assert handed.initial_states is not None
    assert call.initial_states is not None
    for given, original in ((handed.x, x), (handed.initial_states[0], call.initial_states[0])):
        assert LIES[layout](given)
        assert not np.shares_memory(given, original)
        assert (given == original).all()
    for said, asked in ((handed.lengths, call.lengths), (handed.mask, call.mask)):
        assert said is not None
        assert asked is not None
        assert not np.shares_memory(said, asked)
        assert (said == asked).all()


def test_rows_that_differ_cannot_share_memory() -> None:
    x = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    assert (handed_call(Call(x), SHARED_ROWS).x == x).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_without_axes_is_copied(layout: str) -> None:
    lengths = np.array(3)
    handed = handed_call(Call(np.ones((3, 2)), lengths=lengths), layout).lengths
    assert handed is not None
    assert handed.shape == ()
    assert not np.shares_memory(handed, lengths)
