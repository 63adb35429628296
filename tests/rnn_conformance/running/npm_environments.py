"""Other versions of a framework's npm packages, each in a folder of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from rnn_adapters.npm import Npm
from rnn_conformance.running.environments import kept_folder, run_installer
from rnn_reference.errors import BadInput


@dataclass(frozen=True)
class NpmEnvironment:
    """Packages in a folder of their own.

    Args:
        npm: those that the framework needs.
        folder: where they lie.
    """

    npm: Npm
    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """Those of a process that is to find the packages."""
        return {self.npm.variable: str(self.folder)}


def npm_environment(npm: Npm, packages: tuple[str, ...], cache: Path | None = None) -> NpmEnvironment:
    """A framework's packages, some of them at other versions, installed where they were not yet.

    Args:
        packages: such as "@tensorflow/tfjs==4.20.0"; what is released together with it comes with it.
        cache: the folder of all environments; None: in the user's cache folder.

    Raises:
        BadInput: a package is not of that form.
        NotInstallable: npm could not do it.
    """
    versions = dict[str, str]()
    for package in packages:
        name, equals, version = package.partition("==")
        if not (name and equals and version):
            raise BadInput(
                f"package: expected npm packages at versions, such as {npm.package}==1.0.0; got {package!r}"
            )
        versions[name] = version

    def install(folder: Path) -> None:
        for name, content in npm.files_at(versions).items():
            (folder / name).write_bytes(content)
        command = ["npm", "install", "--no-package-lock", "--loglevel=error"]
        run_installer(command, f"{', '.join(packages)} cannot be installed", folder)

    return NpmEnvironment(npm, kept_folder(("npm", *sorted(packages)), install, cache))


def npm_released_versions(package: str) -> list[str]:
    """All final releases of a package that npm can find, the oldest first.

    Raises:
        NotInstallable: npm finds none.
    """
    said = run_installer(
        ["npm", "view", package, "versions", "--json"], f"no version of {package} can be found"
    )
    told = json.loads(said)
    found = [told] if isinstance(told, str) else told  # npm writes a single one without brackets
    return sorted(filter(_is_final, found), key=Version)


def _is_final(version: str) -> bool:
    try:
        return "-" not in version and not Version(version).is_prerelease
    except InvalidVersion:
        return False
