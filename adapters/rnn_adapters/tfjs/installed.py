"""Where TensorFlow.js is installed for the harness, and what is missing for it."""

from __future__ import annotations

import hashlib
import os
import shutil
from importlib.resources import files
from pathlib import Path

FOLDER = "RNN_CONFORMANCE_TFJS"
"""The environment variable that names the folder; unset, it is one in the user's cache."""

PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
"""What npm reads."""


def folder() -> Path:
    """The folder of `node_modules`; in the user's cache another one for every lock file."""
    if named := os.environ.get(FOLDER):
        return Path(named)
    from platformdirs import user_cache_path

    lock = (files("rnn_adapters.tfjs") / "package-lock.json").read_bytes()
    return user_cache_path("rnn-conformance") / f"tfjs-{hashlib.sha256(lock).hexdigest()[:16]}"


def missing() -> list[str]:
    """What is missing here, in words."""
    found = [] if shutil.which("node") else ["the program 'node'"]
    if not (folder() / "node_modules" / "@tensorflow" / "tfjs").is_dir():
        found.append(f"@tensorflow/tfjs in {folder()}")
    return found
