"""Arrays that are handed over: copies that lie in memory as is asked, and whether they were altered.

What a framework gets is never what expectations are computed from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.surface import Training
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network

LINE = 64
"""Bytes: as far as anything looks at how an array is aligned."""


def twin(array: Array) -> Array:
    """A copy with the same strides, alignment and permission to write."""
    if array.flags.carray:  # contiguous, aligned, writeable
        return array.copy()
    if not array.size:
        copied = np.empty_like(array)
    else:
        reach = [(size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
        before, after = -sum(min(0, r) for r in reach), sum(max(0, r) for r in reach)
        memory = np.zeros(before + after + array.itemsize + LINE, np.uint8)
        first = (array.ctypes.data - before - memory.ctypes.data) % LINE
        copied = np.ndarray(
            array.shape, array.dtype, memory.data, offset=first + before, strides=array.strides
        )
        copied[...] = array
    copied.flags.writeable = array.flags.writeable
    return copied


PLAIN, SHARED_ROWS = "plain", "rows that share memory"

LAYOUTS: Mapping[str, Callable[[Array], Array]] = {
    PLAIN: twin,
    "another order": lambda array: np.array(array, order="F"),
    "gaps": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "another order, with gaps": lambda array: _of_a_wider_one(array),
    "backwards": lambda array: np.flip(np.flip(array).copy()),
    "read-only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
    "unaligned": lambda array: np.frombuffer(b"-" + array.tobytes(), array.dtype, offset=1).reshape(
        array.shape
    ),
    SHARED_ROWS: lambda array: _sharing(array),
}
"""How the arrays of a call can lie in memory, and a copy that does; the first is how the original lies."""


def _of_a_wider_one(array: Array) -> Array:
    """The second axis first in memory, and between the rows there more numbers, which are not the array's."""
    turned = np.swapaxes(array, 0, 1) if array.ndim > 1 else array
    wider = np.empty((*turned.shape[:-1], turned.shape[-1] + 1), array.dtype)
    wider[...] = 1
    wider[..., :-1] = turned
    return np.swapaxes(wider[..., :-1], 0, 1) if array.ndim > 1 else wider[:-1]


def _sharing(array: Array) -> Array:
    """Zero stride along the first axis, where what lies along it is the same."""
    same = array.ndim > 1 and len(array) > 1 and array[:1].tobytes() * len(array) == array.tobytes()
    return np.broadcast_to(array[:1].copy(), array.shape) if same else array.copy()


def handed_call(call: Call, layout: str = PLAIN) -> Call:
    """The call with arrays of its own, which lie in memory as the layout says."""
    return laid_call(call, LAYOUTS[layout])


def laid_call(call: Call, lay: Callable[[Array], Array]) -> Call:
    """The call with what `lay` makes of its arrays, copies that are the caller's own."""
    states = call.initial_states

    def laid(array: Array) -> Array:
        return lay(array) if array.ndim else array.copy()

    return replace(
        call,
        x=laid(call.x),
        initial_states=None if states is None else tuple(map(laid, states)),
        lengths=None if call.lengths is None else laid(call.lengths),
        mask=None if call.mask is None else laid(call.mask),
    )


def named_arrays(
    given: Call | Network | Training | Gradients | Array | tuple[Array, ...],
) -> dict[str, Array]:
    """The arrays of something that was handed over, by what they are."""
    if isinstance(given, Call):
        named = {"x": given.x, "lengths": given.lengths, "mask": given.mask}
        named |= {f"initial state of layer {i}": state for i, state in enumerate(given.initial_states or ())}
    elif isinstance(given, Network):
        named = {
            f"{role} of cell {index}": getattr(cell, role)
            for index, cell in enumerate(given.cells)
            for role in ("W_x", "W_h", "b", "b_h")
        }
    elif isinstance(given, Training):
        named = {"what each output counts": given.d_sequence}
    elif isinstance(given, Gradients):
        arrays = [given.x, *given.initial_states, *(w for cell in given.cells for w in cell)]
        named = {f"direction of change {index}": array for index, array in enumerate(arrays)}
    else:
        arrays = [*given] if isinstance(given, tuple) else [given]
        named = {f"cotangent {index}": array for index, array in enumerate(arrays)}
    return {name: array for name, array in named.items() if array is not None}


def refill(handed: Call | Network, other: Call | Network) -> None:
    """Write the numbers of what has the same shapes into arrays that were handed over."""
    numbers = named_arrays(other)
    for name, array in named_arrays(handed).items():
        array[...] = numbers[name]


def overwrite(handed: Network) -> None:
    """Write other numbers into those arrays of a network that was handed over that can be written to."""
    for array in named_arrays(handed).values():
        if array.flags.writeable:
            array[...] = 77


def can_be_refilled(handed: Network, other: Network) -> bool:
    """Whether the arrays of a network can take the numbers of another one, which is like it otherwise."""
    mine, others = named_arrays(handed), named_arrays(other)
    return (
        [cell.activation for cell in handed.cells] == [cell.activation for cell in other.cells]
        and [layer.directions for layer in handed.layers] == [layer.directions for layer in other.layers]
        and {name: (a.shape, a.dtype) for name, a in mine.items()}
        == {name: (a.shape, a.dtype) for name, a in others.items()}
        and all(array.flags.writeable for array in mine.values())
    )


def altered(original: dict[str, Array], handed: dict[str, Array]) -> list[str]:
    """The names of arrays that are no longer what was handed over, to the bit."""
    return [name for name, array in original.items() if not _identical(array, handed[name])]


def _identical(one: Array, other: Array) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return one.tobytes() == other.tobytes() or bool((one == other).all())
