"""Adapters are found by name, as module:attribute or by an entry point; frameworks wait to be asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from rnn_adapters import Adapter, known_adapters, load_adapter, registry
from rnn_adapters.registry import BUILT_IN, EXTRAS, NEEDS
from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference import BadInput


def test_by_name_and_by_module() -> None:
    assert load_adapter("reference").name == "reference"
    assert isinstance(load_adapter("rnn_conformance.faults.plain:PlainNumpy"), PlainNumpy)


def test_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", "rnn_conformance.faults.plain:PlainNumpy", registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    assert known_adapters()["mine"] == "rnn_conformance.faults.plain:PlainNumpy"
    assert isinstance(load_adapter("mine"), Adapter)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tensorflow", "adapter 'tensorflow' is not known; did you mean 'keras-tensorflow'"),
        ("zzz", "adapter 'zzz' is not known; Known: reference, torch"),
        ("no_such_module:X", "needs the module 'no_such_module', which is not installed here"),
        ("json:nothing", "could not be made from json:nothing: AttributeError"),
        ("json:decoder", "to give an rnn_adapters.adapter.Adapter; got module"),
        (":", "could not be made"),
    ],
)
def test_what_cannot_be_had_is_explained(name: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        load_adapter(name)
    assert message in str(error.value)


def test_every_adapter_with_a_framework_says_what_it_needs() -> None:
    assert set(EXTRAS) == set(NEEDS) == set(BUILT_IN) - {"reference"}


def test_no_framework_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys, rnn_adapters, rnn_adapters.keras, rnn_adapters.torch, rnn_conformance.cli;"
        "print([name for name in ('torch', 'keras', 'tensorflow', 'jax', 'pytest', 'hypothesis')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_folders_depend_on_each_other_in_one_direction() -> None:
    below = {"rnn_reference": ("rnn_adapters", "rnn_conformance"), "rnn_adapters": ("rnn_conformance",)}
    for package, above in below.items():
        module = sys.modules[package]
        for path in Path(module.__path__[0]).glob("*.py"):
            code = path.read_text(encoding="utf-8")
            for name in above:
                assert f"import {name}" not in code
                assert f"from {name}" not in code, path.name
