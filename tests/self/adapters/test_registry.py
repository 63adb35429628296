"""Adapters are found by name, as module:attribute or by an entry point; frameworks wait to be asked for."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from rnn_adapters import Adapter, known_adapters, load_adapter, registry
from rnn_adapters.registry import built_in, missing_modules
from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference import BadInput


def test_by_name_and_by_module() -> None:
    assert load_adapter("reference").name == "reference"
    assert isinstance(load_adapter("rnn_conformance.faults.plain:PlainNumpy"), PlainNumpy)


def test_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", "rnn_conformance.faults.plain:PlainNumpy", registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    assert known_adapters()["mine"] == "rnn_conformance.faults.plain:PlainNumpy"
    assert not registry.shadowed()
    assert isinstance(load_adapter("mine"), Adapter)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tensorflow", "adapter 'tensorflow' is not known; did you mean 'keras-tensorflow'"),
        ("zzz", "adapter 'zzz' is not known; Known: reference, c, chainer"),
        ("no_such_module:X", "needs the module 'no_such_module', which is not installed here"),
        ("json:nothing", "could not be made from json:nothing: AttributeError"),
        ("json:decoder", "to give an rnn_adapters.Adapter or a Framework; got module"),
        (":", "could not be made"),
    ],
)
def test_what_cannot_be_had_is_explained(name: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        load_adapter(name)
    assert message in str(error.value)


def test_every_framework_says_what_it_needs() -> None:
    for name, framework in built_in().items():
        assert framework.name == name
        assert (
            bool(framework.modules or framework.install)
            == bool(framework.extra or framework.install)
            == bool(framework.deviations)
            == (name not in ("reference", "c"))
        )
        assert set(missing_modules(framework)) <= set(framework.modules)


def test_no_framework_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys, rnn_adapters, rnn_adapters.keras, rnn_adapters.torch, rnn_conformance.cli;"
        "print([name for name in ('torch', 'keras', 'tensorflow', 'jax', 'pytest', 'hypothesis')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


ALLOWED = {
    "rnn_reference": ("rnn_reference",),
    "rnn_adapters": ("rnn_reference", "rnn_adapters"),
    "rnn_conformance.engine": ("rnn_reference", "rnn_adapters", "rnn_conformance.engine"),
    "rnn_conformance.faults": ("rnn_conformance.engine", "rnn_conformance.faults"),
    "rnn_conformance.checks": ("rnn_conformance.engine", "rnn_conformance.checks"),
    "rnn_conformance.vectors": (
        "rnn_conformance.engine",
        "rnn_conformance.checks",
        "rnn_conformance.faults",
        "rnn_conformance.vectors",
    ),
}
"""What a folder may import of this distribution; those that are not named here are free."""


@pytest.mark.parametrize("package", ALLOWED)
def test_folders_depend_on_each_other_in_one_direction(package: str) -> None:
    module = importlib.import_module(package)
    for path in Path(module.__path__[0]).rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        for imported in re.findall(r"^\s*(?:from|import) (rnn_\w+(?:\.\w+)?)", code, re.MULTILINE):
            lower = ("rnn_reference", "rnn_adapters") if package.startswith("rnn_conformance") else ()
            allowed = (*ALLOWED[package], *lower)
            assert any(imported == name or imported.startswith(f"{name}.") for name in allowed), (
                f"{path}: {imported}"
            )
