"""The vectors of each chapter of the spec, as plans; a module for each."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from rnn_conformance.vectors.recipes import Recipe


def all_recipes() -> Iterator[Recipe]:
    """Every recipe, in the order of the chapters."""
    for name in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        for plan in import_module(f"{__name__}.{name}").PLANS:
            yield from plan.recipes()
