"""MRG: two directions as one."""

from __future__ import annotations

from collections.abc import Iterator

from rnn_conformance.vectors.recipes import Plan


def _plans() -> Iterator[Plan]:
    for mode in ("sum", "mul", "ave", "none"):
        yield Plan(
            clause="MRG-1",
            slug=mode,
            flags=("merge-mode",) if mode != "none" else ("joined-directions",),
            comment=f"outputs of two directions by the merge mode {mode!r}",
            directions=2,
            hidden=2,
            options={"merge_mode": mode},
        )
        yield Plan(
            clause="MRG-2",
            slug=f"last-{mode}",
            flags=("merged-last-output",) if mode != "none" else ("backward-last-output",),
            comment=f"last outputs of two directions by the merge mode {mode!r}",
            directions=2,
            hidden=2,
            options={"merge_mode": mode, "return_sequences": False},
            count=2,
        )
    for mode in ("sum", "ave"):
        yield Plan(
            clause="MRG-3",
            slug=f"states-{mode}",
            flags=("merged-states",),
            comment="final states are never merged",
            directions=2,
            hidden=2,
            states=True,
            options={"merge_mode": mode},
            count=2,
        )


PLANS = tuple(_plans())
