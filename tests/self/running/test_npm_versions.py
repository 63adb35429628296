"""Versions of npm packages, with a stand-in for npm that installs what it is told, and keeps count."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from rnn_adapters.ort_node.installed import NPM as ORT
from rnn_adapters.registry import load_framework
from rnn_adapters.tfjs.installed import NPM
from rnn_conformance.running.environments import NotInstallable
from rnn_conformance.running.npm_environments import npm_environment, npm_released_versions
from rnn_conformance.running.process import Stop
from rnn_conformance.running.releases import package_of, releases_of
from rnn_reference import BadInput

STAND_IN = f"""#!{sys.executable}
import json, pathlib, sys

with open(pathlib.Path(__file__).with_name("asked"), "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
match sys.argv[1:]:
    case ["view", "several", *_]:
        print(json.dumps(["0.9.0", "1.10.0", "1.2.0", "1.3.0-rc.1", "1.4.0-dev.20250101-abc"]))
    case ["view", "single", *_]:
        print(json.dumps("1.0.0"))
    case ["install", *_]:
        wanted = json.load(open("package.json"))["dependencies"]
        if "9.9.9" in wanted.values():
            sys.exit("npm error notarget No matching version found")
        for name in wanted:
            pathlib.Path("node_modules", name).mkdir(parents=True)
    case _:
        sys.exit("npm error 404 Not Found")
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stand-in was asked, a line each."""
    if sys.platform == "win32":
        pytest.skip("a program there is not a text with its interpreter in the first line")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(STAND_IN, encoding="utf-8")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(npm.parent), os.environ["PATH"]]))
    return npm.with_name("asked")


@pytest.mark.usefixtures("asked")
def test_final_releases_are_found_the_oldest_first() -> None:
    assert npm_released_versions("several") == ["0.9.0", "1.2.0", "1.10.0"]
    assert npm_released_versions("single") == ["1.0.0"]


@pytest.mark.usefixtures("asked")
def test_a_package_that_npm_does_not_find_is_named() -> None:
    with pytest.raises(NotInstallable, match="no version of nothing can be found:\nnpm error 404 Not Found"):
        npm_released_versions("nothing")


def test_without_npm_it_is_npm_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotInstallable, match="no version of several can be found: npm: No such file"):
        npm_released_versions("several")


def test_what_is_released_together_is_installed_together_once(asked: Path, tmp_path: Path) -> None:
    for _ in range(2):
        made = npm_environment(NPM, ("@tensorflow/tfjs==4.20.0",), tmp_path)
    assert made.folder.parent == tmp_path
    assert made.variables == {"RNN_CONFORMANCE_TFJS": str(made.folder)}
    wanted = json.loads((made.folder / "package.json").read_bytes())["dependencies"]
    assert wanted == {
        "@tensorflow/tfjs": "4.20.0",
        "@tensorflow/tfjs-backend-wasm": "4.20.0",
        "seedrandom": "3.0.5",
    }
    assert len(asked.read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.usefixtures("asked")
def test_what_cannot_be_installed_leaves_no_environment(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(NotInstallable, match=r"onnxruntime-web==9.9.9 cannot be installed:\n.*No matching"):
        npm_environment(ORT, ("onnxruntime-web==9.9.9",), cache)
    assert not list(cache.iterdir())


@pytest.mark.parametrize("package", ["onnxruntime-web", "onnxruntime-web>=1.2", "==1.0"])
def test_what_is_no_npm_package_at_a_version_is_refused(package: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rf"expected npm packages at versions, .*; got '{package}'"):
        npm_environment(ORT, (package,), tmp_path)


@pytest.mark.usefixtures("asked")
def test_frameworks_of_npm_name_their_package_and_its_releases() -> None:
    for name, package in (
        ("tfjs", "@tensorflow/tfjs"),
        ("ort-node", "onnxruntime-node"),
        ("ort-web", "onnxruntime-web"),
    ):
        npm = load_framework(name).npm
        assert npm is not None
        assert npm.package in json.loads(npm.files_at({})["package.json"])["dependencies"]
        assert package_of(name, 1.0, Stop()) == package  # and nothing is started
    assert releases_of("tfjs", "several")[-1] == "1.10.0"
