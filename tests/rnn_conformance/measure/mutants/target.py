"""What of a framework is mutated: a TOML file beside this one for each."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import msgspec

from rnn_conformance.measure.mutants.mutate import Mutant, mutants
from rnn_reference.errors import BadInput


class OfAdapter(msgspec.Struct, forbid_unknown_fields=True):
    """What is different for one adapter of a framework.

    Args:
        environment: variables for the framework's own tests.
        files: those that are mutated besides.
    """

    environment: dict[str, str] = {}
    files: dict[str, list[str]] = {}


class Known(msgspec.Struct, forbid_unknown_fields=True):
    """A mutant that need not be killed, and why; the other fields are those of `Mutant`.

    Args:
        operator, becomes: "": any, so that this is about every change of a line.
        adapters: on which this is so; none named: on all.
    """

    file: str
    function: str
    line: str
    why: str
    operator: str = ""
    becomes: str = ""
    number: int = 1
    adapters: list[str] = []

    def is_of(self, mutant: Mutant, adapter: str) -> bool:
        """Whether this is about the mutant."""
        if self.adapters and adapter not in self.adapters:
            return False
        asked = [name for name in ("operator", "becomes") if getattr(self, name)]
        names = ("file", "function", "line", "number", *asked)
        return all(getattr(self, name) == getattr(mutant, name) for name in names)


class Target(msgspec.Struct, forbid_unknown_fields=True):
    """A framework, as far as its own source is concerned.

    Args:
        package: that is imported.
        adapter: by which it is checked, if no other is named.
        adapters: all by which it can be.
        files: within the package, with the functions that are left out.
        left_out: words; no line that holds one of them is mutated.
        own_tests: files of tests that ship with the package.
        equivalent: the mutants that no test can tell from the original.
        outside: those that only a test of what the spec is not about can tell from it.
    """

    package: str
    adapter: str
    adapters: dict[str, OfAdapter]
    files: dict[str, list[str]]
    left_out: list[str] = []
    own_tests: list[str] = []
    equivalent: list[Known] = []
    outside: list[Known] = []

    @property
    def folder(self) -> Path:
        """Where the package is installed.

        Raises:
            BadInput: it is not.
        """
        found = find_spec(self.package)
        if found is None or not found.submodule_search_locations:
            raise BadInput(f"mutants: the package {self.package!r} is not installed here")
        return Path(found.submodule_search_locations[0])

    def files_for(self, adapter: str) -> dict[str, list[str]]:
        """The files that are mutated, with the functions that are left out.

        Raises:
            BadInput: no such adapter.
        """
        if adapter not in self.adapters:
            raise BadInput(f"--adapter: expected one of {', '.join(self.adapters)}; got {adapter!r}")
        return self.files | self.adapters[adapter].files

    def mutants(self, adapter: str) -> list[Mutant]:
        """All mutants."""
        return [
            mutant
            for file, left_out in self.files_for(adapter).items()
            for mutant in mutants((self.folder / file).read_text(encoding="utf-8"), file, left_out)
            if not any(word in mutant.line for word in self.left_out)
        ]

    def why(self, known: list[Known], mutant: Mutant, adapter: str) -> str:
        """Why a mutant need not be killed, if it is one of those known; "" if not."""
        return next((each.why for each in known if each.is_of(mutant, adapter)), "")

    def stale(self, found: Iterable[Mutant], adapter: str) -> list[Known]:
        """Those that are known, and that there are not in the source as it is."""
        mutants, files = list(found), self.files_for(adapter)
        return [
            each
            for each in (*self.equivalent, *self.outside)
            if each.file in files
            and adapter in (each.adapters or [adapter])
            and not any(each.is_of(mutant, adapter) for mutant in mutants)
        ]


def target_named(framework: str) -> Target:
    """That of a framework.

    Raises:
        BadInput: there is none, or it says what is not known.
    """
    folder = Path(__file__).parent
    path = folder / f"{framework}.toml"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in folder.glob("*.toml")))
        raise BadInput(f"--framework: expected one of {known}; got {framework!r}")
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Target)
    except msgspec.DecodeError as error:
        raise BadInput(f"{path.name}: {error}") from None
