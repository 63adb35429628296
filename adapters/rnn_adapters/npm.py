"""What npm installs for an adapter: where, from which files, and what is missing of it here."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rnn_reference.errors import BadInput

PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
"""What npm reads."""


@dataclass(frozen=True)
class Npm:
    """The npm packages of a folder of `rnn_adapters`, which has `PACKAGE_FILES` and a module `install`.

    Args:
        of: the folder, such as "tfjs".
        title: what is installed, in words.
        variable: the environment variable that names where; unset, it is a folder in the user's cache.
        package: the one whose versions are those of the framework.
    """

    of: str
    title: str
    variable: str
    package: str

    @property
    def command(self) -> str:
        """The command that installs it."""
        return f"python -m rnn_adapters.{self.of}.install"

    def folder(self) -> Path:
        """The folder of `node_modules`; in the user's cache another one for every lock file."""
        if named := os.environ.get(self.variable):
            return Path(named)
        from platformdirs import user_cache_path

        lock = hashlib.sha256(self._file("package-lock.json")).hexdigest()
        return user_cache_path("rnn-conformance") / f"{self.of.replace('_', '-')}-{lock[:16]}"

    def missing(self, *packages: str) -> list[str]:
        """What is missing here of these packages, in words; Node is one of it."""
        found = [] if shutil.which("node") else ["the program 'node'"]
        installed = self.folder() / "node_modules"
        return [
            *found,
            *(f"{each} in {self.folder()}" for each in packages if not (installed / each).is_dir()),
        ]

    def expect(self, adapter: str, *packages: str) -> None:
        """Nothing where they are there.

        Raises:
            BadInput: what is missing for the adapter, and what brings it.
        """
        if lacking := self.missing(*packages):
            raise BadInput(
                f"adapter {adapter!r} needs {' and '.join(lacking)}; {self.command} brings it by npm, into"
                f" the folder that {self.variable} names or one in the user's cache"
            )

    def install(self) -> None:
        """Install exactly what the lock file names.

        Raises:
            BadInput: npm is missing, or fails; what it says is on standard error.
        """
        into = self.folder()
        into.mkdir(parents=True, exist_ok=True)
        for name in PACKAGE_FILES:
            (into / name).write_bytes(self._file(name))
        command = ["npm", "ci", "--prefix", str(into)]
        try:
            done = subprocess.run(command, cwd=into, check=False)
        except OSError as error:
            raise BadInput(f"{self.title} needs npm to be installed: {error.strerror}") from None
        if done.returncode:
            raise BadInput(f"{' '.join(command)}: ended with exit status {done.returncode}")

    def files_at(self, versions: Mapping[str, str]) -> dict[str, bytes]:
        """What npm reads to install other versions, by file name.

        Args:
            versions: of packages. Those that stand at one version here are released together, and stand at
                one version there, too.
        """
        wanted = json.loads(self._file("package.json"))
        pinned = dict(wanted["dependencies"])
        for package, version in versions.items():
            together = [each for each, here in pinned.items() if here == pinned.get(package)]
            wanted["dependencies"] |= dict.fromkeys([package, *together], version)
        return {"package.json": json.dumps(wanted).encode(), ".npmrc": self._file(".npmrc")}

    def main(self) -> None:
        """Install it, and say where: the command."""
        try:
            self.install()
        except BadInput as error:
            sys.exit(f"rnn_adapters.{self.of}.install: {error}")
        print(f"{self.title} is installed in {self.folder()}")

    def _file(self, name: str) -> bytes:
        return (files(f"rnn_adapters.{self.of}") / name).read_bytes()
