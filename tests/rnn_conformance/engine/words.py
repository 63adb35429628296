"""Messages of findings: short, on few lines, and without paths of this machine."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
from functools import cache

from rnn_conformance.engine.results import LONGEST_MESSAGE

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""Terminal escapes, which some frameworks put into their errors."""

BRIEF = 400
"""Letters of what a framework says."""


@cache
def _roots() -> tuple[str, ...]:
    """Folders whose names say nothing, the longest first."""
    folders = {os.path.abspath(folder or os.getcwd()) for folder in (*sys.path, os.getcwd())}
    folders |= {tempfile.gettempdir(), os.path.expanduser("~"), sys.prefix, sys.base_prefix}
    return tuple(sorted((folder for folder in folders if len(folder) > 1), key=len, reverse=True))


def without_paths(message: str) -> str:
    """The message with every path told from the root of its package."""
    for root in _roots():
        message = message.replace(root + os.sep, "")
    return re.sub(r"(?<![\w./])(?:/[^\s/:'\"]+){2,}/(?=[^\s/]+)", "…/", message)


def brief(message: str, limit: int = BRIEF) -> str:
    """What a framework says, on one line."""
    message = " ".join(without_paths(COLOURS.sub("", message)).split())
    return message if len(message) <= limit else message[: limit - 1] + "…"


def place_of(error: BaseException) -> str:
    """Where an error was raised: file from the root of its package, line and function."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown"
    return f"{without_paths(frames[-1].filename)}:{frames[-1].lineno}, in {frames[-1].name}"


def cut(message: str) -> str:
    """No more than `LONGEST_MESSAGE` letters, without paths; the beginning and the end are kept."""
    message = without_paths(message)
    if len(message) <= LONGEST_MESSAGE:
        return message
    end = LONGEST_MESSAGE // 4
    return message[: LONGEST_MESSAGE - end - 5] + "\n…\n" + message[-end:]
