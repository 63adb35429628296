"""`rnn-conformance protocol check` names the mistake that a harness has, and the step that shows it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnn_conformance.cli import main
from rnn_conformance.running import protocol
from rnn_conformance.running.protocol import STEPS, steps

PEERS = Path(__file__).parents[1] / "careless_peers.py"
REFERENCE = [sys.executable, "-m", "rnn_adapters.stdio.serve", "reference"]

MISTAKES = {
    "strict": ("unknown field", "expected a field that is not known to be ignored; got 'what is a_field_of"),
    "few_digits": ("exact numbers", "to the bit; got"),
    "no_minus_zero": ("exact numbers", "to the bit; got"),
    "nan_literals": ("NaN and infinity", "is none and was stopped.*JSON is malformed"),
    "cuts_features": (
        "bad input",
        "expected an error of kind .refused. for one feature too many; got an answer",
    ),
    "transposed": ("load and run", r"sequence: expected shape \(2, 4, 2\); got \(4, 2, 2\)"),
    "empty_lists": ("no rows", r'sequence: expected {"shape": \[0, 4, 2\]}; got an array of shape \[0\]'),
    "obliging": ("unknown request", "expected an error of kind 'unknown request'; got an answer"),
    "forgets_a_gradient": ("gradients", r"cells\[0\].b: expected an array of shape \[2\]; got none"),
    "lies": ("tangents", r"answered tangents by an error of its own \(unknown request: what\?\)"),
    "stays": ("bye", "expected it to end within 0.2 s; it did not"),
    "unlucky": ("bye", "expected it to end with exit status 0; it ended with exit status 5"),
    "without_caches": ("global_state, drop_caches", r"answered drop_caches by an error of its own"),
    "forgets_what_it_trained": ("trained", "answered run by an error of its own.*got none"),
    "chatty": ("hello", "gave an answer to hello that is none.*the line is 'running…'"),
}


def check(*arguments: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(main, ["protocol", "check", *arguments])
    return done.exit_code, done.output.splitlines()


def test_a_harness_without_mistake() -> None:
    status, lines = check(*REFERENCE)
    assert status == 0
    assert all(line.startswith("ok ") for line in lines), lines
    missing = {"reset_states", "freshly_initialised", "kept_options", "wrong_layers", "routes"}
    assert len(lines) == len(STEPS) - len(missing)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_at_its_step(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "CLOSING_SECONDS", 0.2 if mistake == "stays" else 20)
    wrong = {step.name: step.wrong for step in steps([sys.executable, str(PEERS), mistake], 60) if step.wrong}
    name, words = MISTAKES[mistake]
    assert next(iter(wrong)) == name, wrong
    assert re.search(words, wrong[name], re.DOTALL), wrong
    others = {"few_digits": set(), "stays": {"end of input"}, "transposed": {*STEPS}}
    assert set(wrong) <= {name, *others.get(mistake, set())}


def test_what_is_wrong_is_printed_and_told_by_the_exit_status() -> None:
    status, lines = check(sys.executable, "-c", "input(); print('hello yourself')")
    assert status == 1
    assert lines[0].startswith("WRONG  hello: the process gave an answer to hello that is none")
    assert lines[1] == "nothing else can be tried"
    assert check("--deadline", "0.2", "sleep", "100")[0] == 1


def test_what_cannot_be_started_is_another_exit_status() -> None:
    status, lines = check("/no/such/program", "--option")
    assert status == 2
    assert "rnn-conformance: stdio: '/no/such/program' cannot be started: No such file" in lines[0]
