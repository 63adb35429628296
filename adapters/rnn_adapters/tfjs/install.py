"""`python -m rnn_adapters.tfjs.install`: `npm ci` in the folder where the harness looks for TensorFlow.js.

Nothing else installs it: a run does not use the network.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from rnn_adapters.tfjs.installed import PACKAGE_FILES, folder
from rnn_reference.errors import BadInput


def install(into: Path) -> None:
    """Install exactly what the lock file names.

    Raises:
        BadInput: npm is missing, or fails; what it says is on standard error.
    """
    into.mkdir(parents=True, exist_ok=True)
    for name in PACKAGE_FILES:
        (into / name).write_bytes((files("rnn_adapters.tfjs") / name).read_bytes())
    command = ["npm", "ci", "--prefix", str(into)]
    try:
        done = subprocess.run(command, cwd=into, check=False)
    except OSError as error:
        raise BadInput(f"adapter 'tfjs' needs npm to be installed: {error.strerror}") from None
    if done.returncode:
        raise BadInput(f"{' '.join(command)}: ended with exit status {done.returncode}")


def main() -> None:
    """Install it, and say where."""
    try:
        install(folder())
    except BadInput as error:
        sys.exit(f"rnn_adapters.tfjs.install: {error}")
    print(f"TensorFlow.js is installed in {folder()}")


if __name__ == "__main__":
    main()
