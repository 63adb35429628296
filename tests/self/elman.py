"""A framework with releases, for the tests of what looks at many of them: `elmanlib`, made by `wheels`."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from rnn_adapters import Call, Framework, Output
from rnn_adapters.reference import ReferenceAdapter
from rnn_reference.network import Network

RELEASES: Mapping[str, str] = {
    "1.0": "DOUBLED = False",
    "1.1": "DOUBLED = True",
    "1.2": "raise ImportError('this release was made in a hurry')",
    "1.3": "DOUBLED = True",
    "2.0": "DOUBLED = False",
    "2.1": "from elmanhelp import DOUBLED",
}
"""By version what stands in the module: whether last outputs are twice what they should be."""


class Elman(ReferenceAdapter):
    """The reference, spoilt by some releases of `elmanlib`."""

    name = "elman"

    def __init__(self) -> None:
        self._library: Any = import_module("elmanlib")

    def versions(self) -> dict[str, str]:
        return {"elmanlib": self._library.__version__}

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        if self._library.DOUBLED and output.last is not None:
            return replace(output, last=2 * output.last)
        return output


FRAMEWORK = Framework("elman", Elman)


def wheels(folder: Path) -> Path:
    """Write a wheel of every release, and of what one of them requires, into a folder."""
    for version, content in RELEASES.items():
        needs = "Requires-Dist: elmanhelp\n" * ("elmanhelp" in content)
        _wheel(folder, "elmanlib", version, f"__version__ = {version!r}\n{content}\n", needs)
    _wheel(folder, "elmanhelp", "1.0", "DOUBLED = False\n")
    return folder


def _wheel(folder: Path, name: str, version: str, source: str, needs: str = "") -> None:
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", source)
        file.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
        )
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(
            f"{about}/RECORD", f"{name}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n"
        )
