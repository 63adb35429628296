"""The checks, one file per chapter of the spec. `all_checks` finds them; pytest collects them as tests."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from rnn_conformance.engine.check import Check


@cache
def all_checks() -> dict[str, Check]:
    """Every check by the id of its clause, in the order of the chapters.

    Raises:
        ValueError: two checks name the same clause.
    """
    checks: dict[str, Check] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.ispkg:
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for function in vars(module).values():
            check = getattr(function, "check", None)
            if not isinstance(check, Check):
                continue
            if check.clause in checks:
                raise ValueError(f"{check.clause} has two checks: {checks[check.clause].name}, {check.name}")
            checks[check.clause] = check
    return checks
