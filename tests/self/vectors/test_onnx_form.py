"""The commands of the ONNX form where ONNX is not installed; what they do is tested where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from rnn_adapters import load_framework
from rnn_adapters.registry import missing_modules
from rnn_conformance.cli import main

pytestmark = pytest.mark.skipif(
    not missing_modules(load_framework("onnx-reference")), reason="ONNX is installed"
)


@pytest.mark.parametrize("command", [["vectors", "onnx"], ["measure", "onnx-kills"]])
def test_without_onnx_it_says_so(command: list[str], tmp_path: Path) -> None:
    told = [*command, *(["-o", str(tmp_path)] if command[0] == "vectors" else [])]
    ended = CliRunner().invoke(main, told)
    assert ended.exit_code == 2
    assert "expected onnx to be installed" in ended.output
    assert list(tmp_path.iterdir()) == []
