"""Scripts for the tests: of drawn cases, and how they end."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from helpers import random_case, random_cell

from rnn_adapters import load_adapter
from rnn_adapters.comparison import Right
from rnn_adapters.framework import Framework
from rnn_adapters.registry import made_adapter
from rnn_adapters.reproduction import Derivative, Question, script, suffix_of
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.drawing import draw_cases
from rnn_conformance.engine.reproduction import every_question
from rnn_conformance.engine.strategies import POOL
from rnn_reference.gradient_bounds import bound_gradients
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array
from rnn_reference.second_gradients import bound_second_gradients

QUIETLY = """
import runpy, sys
sys.modules["openvino_telemetry"] = None
runpy.run_path(sys.argv[1], run_name="__main__")
"""
"""Runs a script; whoever imports openvino sends a message to its makers, unless this module is missing."""


HANGS = 300.0
"""Seconds after which a script hangs."""


def questions(
    framework: Framework, route: str, known: list[Deviation], *, count: int = 12
) -> Iterator[Question]:
    """Every output of cases that are drawn for a route, but for those that a known deviation covers."""
    adapter, cases = made_adapter(framework, route), list[Case]()
    draw_cases(POOL({route: adapter.supports}), count, f"reproductions/{route}", cases.append)
    of_options = [each for each in known if each.elsewhere or any(c.startswith("OPT-") for c in each.clauses)]
    for case in cases:
        if not any(record.covers(case) for record in of_options):
            yield from every_question(case, adapter)


def right_texts(
    framework: Framework, route: str, known: list[Deviation], *, count: int = 6, recorded: bool = False
) -> list[str]:
    """Scripts of cases that are right, at least one.

    Args:
        recorded: a record covers every case of the route: there is none.
    """
    texts = [text_of(framework, question) for question in questions(framework, route, known, count=count)]
    assert any(texts) != recorded, f"{framework.name}, route {route!r}: {len(texts)} questions"
    return [text for text in texts if text]


def derivative_texts(framework: Framework) -> Iterator[str]:
    """A script of every derivative that `derivatives` asks for."""
    for question in derivatives(framework.name):
        text = text_of(framework, question)
        assert text, question
        yield text


def derivatives(name: str) -> Iterator[Question]:
    """Gradients, and gradients of gradients, of all that a small layer has, with what is right of them."""
    adapter, rng = load_adapter(name), np.random.default_rng(0)
    activation = "tanh" if "tanh" in adapter.supports.activations else "relu"
    case = random_case(random_cell(2, 3, activation=activation), time=3)
    (cell,), states = case.network.cells, case.initial_states
    assert states is not None

    def like(array: Array) -> Array:
        return rng.normal(size=array.shape).astype("f4")

    d_sequence, d_states = rng.normal(size=(2, 3, 3)).astype("f4"), tuple(map(like, states))
    biases = [None if bias is None else like(bias) for bias in (cell.b, cell.b_h)]
    rates = CellGradients(like(cell.W_x), like(cell.W_h), *biases)
    direction = Gradients(like(case.x), tuple(map(like, states)), (rates,))
    given = case.network, case.x, states, d_sequence, d_states
    for along in (None, direction) if adapter.supports.second_gradients else (None,):
        right = bound_gradients(*given) if along is None else bound_second_gradients(*given, along)
        values = {("x", 0): right.x, ("state", 0): right.initial_states[0]}
        values |= {(role, 0): getattr(right.cells[0], role) for role in ("W_x", "W_h", "b")}
        for of, bounded in values.items():
            yield Question(
                "A derivative.",
                case.network,
                case.call,
                Right(bounded.value, bounded.bound),
                quantity="gradient" if along is None else "second gradient",
                derivative=Derivative(of, d_sequence, d_states, along),
            )


def text_of(framework: Framework, question: Question) -> str:
    """The script; "" where there is none."""
    assert framework.reproduction is not None
    code = framework.reproduction(question)
    return "" if code is None else script(question, code)


def typed_text(framework: Framework, asked: str) -> str:
    """The script of a call of bfloat16 whose answer must have a type.

    Args:
        asked: the type.
    """
    case = random_case(random_cell(3, 2, dtype="bfloat16"))
    question, *_ = every_question(case, load_adapter(framework.name))
    assert question.right is not None
    return text_of(framework, replace(question, right=replace(question.right, dtype=asked)))


def ended_here(text: str, folder: Path) -> str:
    """What a script says at its end, run in this process; "" where it finds the framework right."""
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of NaN and infinity, which some inputs hold
            runpy.run_path(str(path), run_name="__main__")
    except SystemExit as error:
        return f"exit status {error.code}" if error.code else ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def ended(
    text: str, folder: Path, *, python: str = sys.executable, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A script, run to its end in a process of its own that does not know this project.

    One that hangs is killed, which its exit status tells: what spoils memory may end the process, or lock it.

    Args:
        python: runs it, where it is written in Python.
    """
    path = folder / f"script{suffix_of(text)}"
    path.write_text(text, encoding="utf-8")
    command = [python, "-c", QUIETLY] if path.suffix == ".py" else ["node"]
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment
    command += [str(path)]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=given, cwd=folder, timeout=HANGS
        )
    except subprocess.TimeoutExpired as error:
        shown = [
            said.decode() if isinstance(said, bytes) else said or "" for said in (error.stdout, error.stderr)
        ]
        return subprocess.CompletedProcess(command, -signal.SIGKILL, *shown)
