"""What Keras says makes no layer, and the errors with which it says so.

Every function takes the module `keras`, which is imported only when an adapter is made.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from rnn_adapters.surface import refusal_of
from rnn_reference.network import Network

COMMON = ("return_sequences", "return_state", "stateful")
"""What both directions of a layer must have, or neither."""

PARTS_OF_CELLS: Mapping[str, Mapping[str, Any]] = {
    "a cell that computes nothing": {"state_size": 3},
    "a cell without state": {"call": print},
    "a cell whose state has a word for a size": {"call": print, "state_size": "three"},
}
"""What is no cell of a loop."""
SIZES_OF_STATES = ("a loop around a cell whose state has a word for a size",)
"""The descriptions of what has no sizes for its states."""
NO_CELLS = tuple(PARTS_OF_CELLS)[:2]
"""What is none of a stack either."""


def wrong_layers(keras: Any, network: Network, unsaid: Container[str] = ()) -> dict[str, str]:
    """The error that each description is refused with, "" for one that makes a layer.

    Args:
        unsaid: descriptions that are not said to be wrong.
    """
    made = descriptions(keras, network)
    return {words: refusal_of(make) for words, make in made.items() if words not in unsaid}


def descriptions(keras: Any, network: Network) -> dict[str, Callable[[], Any]]:
    """What makes no layer, in words, and how somebody would make one of it."""
    one = partial(keras.layers.SimpleRNN, network.layers[0].hidden_size)
    both, loop = keras.layers.Bidirectional, keras.layers.RNN
    cells = {words: SimpleNamespace(**parts) for words, parts in PARTS_OF_CELLS.items()}
    return {
        **{f"{units} units": partial(keras.layers.SimpleRNN, units) for units in (0, -1)},
        "an unknown way to merge": lambda: both(one(), merge_mode="max"),
        "two directions of what is no layer": lambda: both("layer"),
        "a backward direction of what is no layer": lambda: both(one(), backward_layer="layer"),
        "two forward directions": lambda: both(one(), backward_layer=one()),
        **{
            f"directions that differ in {name}": partial(
                lambda name: both(one(), backward_layer=one(go_backwards=True, **{name: True})), name
            )
            for name in COMMON
        },
        **{f"a loop around {words}": partial(loop, cell) for words, cell in cells.items()},
        **{f"a stack of {words}": partial(loop, [cells[words]]) for words in NO_CELLS},
    }
