"""What MindSpore's executor has been told to compute in, and was not told to forget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor
from mindspore.nn import cell as cells


@dataclass
class Marks:
    """How often cells have said to the executor that they compute in another type, and not taken it back.

    A cell takes it back after its call, but not where the call raises an error. Everything is then computed
    in float16 (ERR-9), and one such call would be seen in every clause that is asked after it. So would two
    gradients in a row that raised one: no integer is an index from then on.

    Args:
        set_or_take_back: the executor's own method.
        raised: whether a derivative raised an error since this was last looked at.
    """

    set_or_take_back: Callable[..., None]
    left: int = 0
    raised: bool = False

    def __call__(self, kind: Any, is_set: bool = True) -> None:
        self.left += 1 if is_set else -1
        self.set_or_take_back(kind, is_set)

    def take_back(self) -> None:
        """What refused calls have left, as long as it shows: one too many ends the process."""
        if self.raised:
            cells._pynative_executor.clear_res()
            self.raised = False
        while self.left > 0 and self.shows():
            self(cells.MixedPrecisionType.NOTSET, False)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """In which it is noted that an error was raised."""
        try:
            yield
        except Exception:
            self.raised = True
            raise

    def shows(self) -> bool:
        """Whether a product of float32 is computed in another type."""
        fine, one = np.full((1, 1), 1 + 2**-12, np.float32), np.ones((1, 1), np.float32)
        return bool((mindspore.ops.matmul(Tensor(fine), Tensor(one)).asnumpy() != fine).any())


def marks_of_executor() -> Marks:
    """Those of the one executor, which are counted from the first time on that they are asked for."""
    executor = cells._pynative_executor
    if not isinstance(executor.set_mixed_precision_type, Marks):
        executor.set_mixed_precision_type = Marks(executor.set_mixed_precision_type)
    marks: Marks = executor.set_mixed_precision_type
    return marks
