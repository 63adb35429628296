"""Counterexamples in a Redis server: what one machine finds, another tries."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from rnn_conformance.engine.examples import examples_at
from rnn_reference import BadInput

FAULT = "fault:transposed-recurrent-weight"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of our own; its address."""
    program = shutil.which("redis-server")
    assert program is not None, "this test needs redis-server (Debian: apt-get install redis-server)"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        address = f"redis://127.0.0.1:{port}/0"
        _wait_for(address)
        yield address
        process.terminate()


def _wait_for(address: str) -> None:
    for _ in range(100):
        try:
            redis.Redis.from_url(address).ping()
        except redis.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not start")


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rnn_conformance.cli", "run", "--clause", "FWD-2", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_what_is_found_is_there_for_others(server: str, tmp_path: Path) -> None:
    assert examples_at(server, FAULT).of("FWD-2") == []
    assert run(tmp_path, "--adapter", FAULT, "--examples", server).returncode == 1
    kept = examples_at(server, FAULT).of("FWD-2")
    assert kept
    assert run(tmp_path, "--adapter", FAULT, "--examples", server, "--seed", "1").returncode == 1
    assert examples_at(server, FAULT).of("FWD-2")
    assert run(tmp_path, "--adapter", "reference", "--examples", server).returncode == 0


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"--examples: no Redis server answers at redis://127\.0\.0\.1:1"):
        examples_at("redis://127.0.0.1:1", "mine")
    done = run(tmp_path, "--adapter", "reference", "--examples", "redis://127.0.0.1:1")
    assert done.returncode == 2
    assert "no Redis server answers" in done.stderr
