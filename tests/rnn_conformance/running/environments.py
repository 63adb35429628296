"""Other versions of a framework's packages, in folders that come before what is installed here."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from rnn_reference.errors import BadInput

INSTALL_SECONDS = 1800.0
"""The time that an installation may take."""

LAST_WORDS = 3
"""Of what the installer said, so many lines are shown."""


@dataclass(frozen=True)
class Environment:
    """Packages in a folder of their own, before those of this Python.

    Args:
        packages: requirements, such as "keras==3.10.0".
        folder: where they lie.
        whole: with all that they and this suite require; else these alone.
    """

    packages: tuple[str, ...]
    folder: Path
    whole: bool = False

    @property
    def variables(self) -> dict[str, str]:
        """Those of a process that is to find the packages."""
        return on_the_path(self.folder)


class NotInstallable(BadInput):
    """The installer could not do it; the message ends with its last words."""


def on_the_path(folder: Path) -> dict[str, str]:
    """The variables for a process that is to find packages here first."""
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(folder), *([before] if before else [])])}


def environment(packages: tuple[str, ...], *, whole: bool = False, cache: Path | None = None) -> Environment:
    """The packages, installed where they were not yet. Several processes may ask for the same at a time.

    Args:
        packages: requirements, such as "keras==3.10.0".
        whole: with all that they and this suite require, chosen together; else these alone, which is enough
            where what is installed here suits them.
        cache: the folder of all environments; None: in the user's cache folder.

    Raises:
        BadInput: something is no requirement.
        NotInstallable: the installer could not do it.
    """
    for package in packages:
        try:
            Requirement(package)
        except InvalidRequirement as error:
            raise BadInput(
                f"package: expected a requirement such as keras==3.10.0; got {package!r}: {error}"
            ) from None
    words = [sys.implementation.cache_tag, *sorted(packages), *(["whole"] if whole else [])]
    folder = kept_folder(words, partial(_install, packages, whole), cache)
    return Environment(packages, folder, whole)


def kept_folder(words: Iterable[str], fill: Callable[[Path], None], cache: Path | None) -> Path:
    """A folder of the cache, filled where it was not there yet.

    Args:
        words: of which its name is made.
        cache: the folder of all of them; None: in the user's cache folder.
    """
    folder = (cache or default_cache()) / re.sub(r"[^A-Za-z0-9.=_-]+", "-", "-".join(words))
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _beside(folder) as made:
            fill(made)
            with contextlib.suppress(OSError):  # somebody else was faster
                os.rename(made, folder)
    return folder


def default_cache() -> Path:
    """Where environments are kept from one run to the next."""
    from platformdirs import user_cache_path

    return user_cache_path("rnn-conformance") / "environments"


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """An empty folder on the same disk; gone afterwards, unless it was moved away."""
    made = Path(tempfile.mkdtemp(prefix=".installing-", dir=folder.parent))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _install(packages: tuple[str, ...], whole: bool, folder: Path) -> None:
    """Let pip install into a folder.

    Raises:
        NotInstallable: it could not.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    command += ["--target", str(folder), *packages, *(own_requirements() if whole else ["--no-deps"])]
    run_installer(command, f"{', '.join(packages)} cannot be installed")


def own_requirements() -> list[str]:
    """What this suite requires, which must fit what is installed beside it."""
    own = [Requirement(each) for each in requires("rnn-conformance") or ()]
    return [str(each) for each in own if each.marker is None or each.marker.evaluate({"extra": ""})]


def run_installer(command: list[str], problem: str, folder: Path | None = None) -> str:
    """What an installer says.

    Args:
        problem: how an error begins.
        folder: where it runs.

    Raises:
        NotInstallable: it is not there, takes too long, or could not do it.
    """
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=INSTALL_SECONDS,
            check=False,
            cwd=folder,
        )
    except subprocess.TimeoutExpired:
        raise NotInstallable(f"{problem}: this took longer than {INSTALL_SECONDS:g} s") from None
    except OSError as error:
        raise NotInstallable(f"{problem}: {command[0]}: {error.strerror}") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise NotInstallable("\n".join([f"{problem}:", *said[-LAST_WORDS:]]))
    return done.stdout


def released_versions(package: str) -> list[str]:
    """All final releases of a package that pip can find for this Python, the oldest first.

    Raises:
        NotInstallable: pip finds none.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", package]
    said = run_installer(command, f"no version of {package} can be found")
    found = re.search(r"^Available versions: (.*)$", said, re.MULTILINE)
    if found is None:
        raise NotInstallable(f"no version of {package} can be found: pip said {said.strip()!r}")
    return sorted(filter(_is_version, found[1].split(", ")), key=Version)


def _is_version(text: str) -> bool:
    """Whether it is one: indexes hold old uploads whose names say more than that."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def selected_versions(wanted: str, released: list[str]) -> list[str]:
    """Those of the released versions that are wanted, the oldest first.

    Args:
        wanted: a range `3.0.0..3.5.0`, either end of which may be left out; a list `3.9.2,3.10.0`, which may
            name what is not released; or version specifiers `>=3.0,!=3.2.0`.
        released: the oldest first.

    Raises:
        BadInput: it is none of these, or no released version is in it.
    """
    expected = "versions: expected a range 3.0.0..3.5.0, a list 3.9.2,3.10.0 or specifiers >=3.0,!=3.2.0"
    try:
        if ".." in wanted:
            first, last = (end.strip() for end in wanted.split("..", 1))
            ends = [f">={first}"] * bool(first) + [f"<={last}"] * bool(last)
            allowed = SpecifierSet(",".join(ends))
        elif wanted[:1] in "<>=!~" and wanted:
            allowed = SpecifierSet(wanted)
        else:
            return sorted((str(Version(each.strip())) for each in wanted.split(",")), key=Version)
    except (InvalidVersion, InvalidSpecifier):
        raise BadInput(f"{expected}; got {wanted!r}") from None
    found = [each for each in released if allowed.contains(each)]
    if not found:
        raise BadInput(f"versions: none of those released is in {wanted!r}: {', '.join(released) or 'none'}")
    return found
