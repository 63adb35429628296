"""Compiles `rnn.c` where that was not done before, and starts it."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_adapters.stdio.client import Harness
from rnn_adapters.stdio.connection import Connection
from rnn_reference.errors import BadInput

FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-pedantic")


def c_adapter() -> Adapter[Any]:
    """The adapter of the program, which says itself what it does.

    Raises:
        BadInput: there is no compiler, or it refuses the source.
    """
    return Harness(Connection([str(compiled())])).adapter()


def compiled() -> Path:
    """The program, compiled by `$CC` or `cc`; kept in the cache folder for this source, compiler and flags.

    Raises:
        BadInput: there is no compiler, or it refuses the source.
    """
    source = files("rnn_adapters.c") / "rnn.c"
    compiler = shlex.split(os.environ.get("CC") or "cc")
    text = source.read_bytes()
    key = hashlib.sha256(b"\0".join([text, *map(str.encode, (*compiler, *FLAGS))])).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rnn-conformance"
    program = folder / f"rnn-{key}"
    if program.exists():
        return program
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as made:  # two processes may compile at once
        (Path(made) / "rnn.c").write_bytes(text)
        command = [*compiler, *FLAGS, "rnn.c", "-o", "rnn", "-lm"]
        try:
            done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
        except OSError as error:
            raise BadInput(f"adapter 'c' needs a C compiler: {compiler[0]!r}: {error.strerror}") from None
        if done.returncode:
            raise BadInput(f"adapter 'c' cannot be compiled: {shlex.join(command)}\n{done.stderr.rstrip()}")
        (Path(made) / "rnn").replace(program)
    return program
