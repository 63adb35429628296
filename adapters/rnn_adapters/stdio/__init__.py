"""stdio: an implementation in any language, as a process that is asked over its input and output."""

from __future__ import annotations

from rnn_adapters.framework import Framework

FRAMEWORKS: tuple[Framework, ...] = ()


def _framework(command: str) -> Framework:
    from rnn_adapters.stdio.client import framework_of_command

    return framework_of_command(command)


SCHEMES = {"stdio": _framework}
"""`stdio:COMMAND` is the harness that this command starts."""
