"""Options that several commands have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Command], Command]

FILE: click.Path = click.Path(dir_okay=False, path_type=Path)

PROFILE = click.option(
    "--profile",
    default="quick",
    show_default=True,
    type=click.Choice(("quick", "ci")),
    help="How much is drawn.",
)
SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draw other cases."
)


def timeout_of(what: str) -> Option[Any]:
    """The option that says how long one of these may take."""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=1),
        default=600.0,
        show_default=True,
        help=f"Seconds that one {what} may take.",
    )


TIMEOUT = timeout_of("check")
DEVIATIONS = click.option("--deviations", help="A file of known deviations of your own adapters (TOML).")
DRIFT = click.option(
    "--drift", is_flag=True, help="Keep what is computed on fixed cases, too, so that `compare` tells of it."
)
BASELINE = click.option("--baseline", type=FILE, help="Known findings: fail on others only.")
JUNIT = click.option("--junit", type=FILE, help="Write JUnit XML there.")
FORMAT = click.option(
    "--format", "form", type=click.Choice(("text", "markdown", "json")), default="text", show_default=True
)
CACHE = click.option(
    "--environments",
    "cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the versions are kept.  [default: the user's cache folder]",
)


def folder(name: str, what: str, default: str = "results") -> Option[Any]:
    """The option that names the folder that something is written to."""
    return click.option(
        name,
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(default),
        show_default=True,
        help=what,
    )


def as_many_as_cores(name: str, what: str) -> Option[Any]:
    """The option that says how many are done at a time."""
    return click.option(
        name,
        type=click.IntRange(min=1),
        default=lambda: os.cpu_count() or 1,
        show_default="the cores",
        help=what,
    )
