"""Whether a command that a document names is one that there is."""

from __future__ import annotations

import configparser
import re
import shlex
from importlib.util import find_spec

import click
from docs import ROOT

from rnn_conformance.cli import main


def commands_refused(command: str) -> list[str]:
    """The command, if there is no such one: no such subcommand, option, module, or environment of tox.

    Commands of others are not known, and not refused. What it is given may be left open, as in
    `rnn-conformance run --adapter NAME …`.
    """
    try:
        words = [word.strip("[],") for word in shlex.split(command, comments=True)]
    except ValueError:  # a quotation mark that is left open: no command
        return []
    for start, word in enumerate(words):
        rest = words[start + 1 :]
        if word == "rnn-conformance":
            return [] if _is_known(rest) else [command]
        if word == "tox" and rest[:1] == ["run"]:
            named = rest[rest.index("-e") + 1].split(",") if "-e" in rest else []
            return [] if set(named) <= tox_environments() else [command]
        if word == "-m" and rest[:1] and rest[0].startswith("rnn_"):
            return [] if _is_module(rest[0]) else [command]
    return []


def _is_module(module: str) -> bool:
    """Whether there is a module of this name; the packages around it are imported."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _is_known(words: list[str]) -> bool:
    """Whether these are a subcommand of `rnn-conformance` and options that it has."""
    at: click.Command = main
    for word in words:
        if isinstance(at, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word):
            found = at.get_command(click.Context(at), word)
            if found is None:
                return False
            at = found
        elif word.startswith("--") and word.rstrip("…") not in _options_of(at):
            return False
        elif at.name == "check" and word.startswith("./"):
            return True  # what follows is the harness's own
    return True


def _options_of(command: click.Command) -> set[str]:
    declared = [each for each in command.params if isinstance(each, click.Option)]
    return {"--help", *(name for each in declared for name in (*each.opts, *each.secondary_opts))}


def tox_environments() -> set[str]:
    """The names of the environments in tox.ini."""
    read = configparser.ConfigParser(interpolation=None)
    read.read(ROOT / "tox.ini", encoding="utf-8")
    sections = [name.removeprefix("testenv:") for name in read.sections() if name.startswith("testenv:")]
    listed = re.split(r"[,\s]+", read["tox"]["env_list"].strip())
    return {name for each in (*sections, *listed) for name in _expanded(each)}


def _expanded(name: str) -> list[str]:
    """flax-{nnx,linen} as both."""
    found = re.fullmatch(r"(.*)\{(.+)\}(.*)", name)
    return [f"{found[1]}{part}{found[3]}" for part in found[2].split(",")] if found else [name]
