"""Harnesses that do what none should, for the tests of the protocol: `python hostile_peers.py BEHAVIOUR`.

They are the reference behind the protocol until a call of one step comes, so that their smoke test passes. As
a module, `hostile_peers:peer_BEHAVIOUR` is a framework of one, with a short deadline.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from rnn_adapters.framework import Framework
from rnn_adapters.stdio.client import Harness
from rnn_adapters.stdio.connection import Connection

DEADLINE = 3.0
"""Seconds: long enough for the reference to start on a busy machine, short enough for a test."""

Strike = Callable[[bytes, BinaryIO], None]


def garbage(answer: bytes, out: BinaryIO) -> None:
    out.write(b"Segmentation fault? No, only a warning.\n")


def no_text(answer: bytes, out: BinaryIO) -> None:
    out.write(b'{"id": "\xff\xfe\x00"}\n')


def half_a_line(answer: bytes, out: BinaryIO) -> None:
    out.write(answer[: len(answer) // 2])
    out.flush()
    os._exit(0)


def half_a_line_and_silence(answer: bytes, out: BinaryIO) -> None:
    out.write(answer[: len(answer) // 2])
    out.flush()
    time.sleep(3600)


def wrong_id(answer: bytes, out: BinaryIO) -> None:
    out.write(json.dumps(json.loads(answer) | {"id": 0}).encode() + b"\n")


def two_answers(answer: bytes, out: BinaryIO) -> None:
    out.write(answer + answer)


def nothing_in_it(answer: bytes, out: BinaryIO) -> None:
    out.write(json.dumps({"id": json.loads(answer)["id"]}).encode() + b"\n")


def answer_and_error(answer: bytes, out: BinaryIO) -> None:
    out.write(json.dumps(json.loads(answer) | {"error": {"kind": "refused"}}).encode() + b"\n")


def with_sequence(answer: bytes, sequence: Any) -> bytes:
    """The answer with another sequence output."""
    said = json.loads(answer)
    said["answer"]["sequence"] = sequence
    return json.dumps(said).encode() + b"\n"


def words_for_numbers(answer: bytes, out: BinaryIO) -> None:
    out.write(with_sequence(answer, [[["one"]]]))


def bare_nan(answer: bytes, out: BinaryIO) -> None:
    out.write(with_sequence(answer, [[[float("nan")]]]))


def ragged(answer: bytes, out: BinaryIO) -> None:
    out.write(with_sequence(answer, [[[1.0], [1.0, 2.0]]]))


def too_large_for_the_type(answer: bytes, out: BinaryIO) -> None:
    out.write(with_sequence(answer, [[[10**400]]]))


def silence(answer: bytes, out: BinaryIO) -> None:
    time.sleep(3600)


def slow(answer: bytes, out: BinaryIO) -> None:
    for letter in answer:
        out.write(bytes([letter]))
        out.flush()
        time.sleep(0.5)


def exits(answer: bytes, out: BinaryIO) -> None:
    print("no memory left in the cupboard", file=sys.stderr)
    os._exit(3)


def aborts(answer: bytes, out: BinaryIO) -> None:
    os.abort()


def closes_its_output(answer: bytes, out: BinaryIO) -> None:
    os.close(out.fileno())
    time.sleep(3600)


def endless_line(answer: bytes, out: BinaryIO) -> None:
    while True:
        out.write(b"[" * 2**20)


def endless_lines(answer: bytes, out: BinaryIO) -> None:
    while True:
        out.write(answer)


def own_error(answer: bytes, out: BinaryIO) -> None:
    error = {"kind": "failed", "message": "I am\n\x1b[31m confused"}
    out.write(json.dumps({"id": json.loads(answer)["id"], "error": error}).encode() + b"\n")


def another_shape(answer: bytes, out: BinaryIO) -> None:
    out.write(with_sequence(answer, [1.0]))


def refuses(answer: bytes, out: BinaryIO) -> None:
    error = {"kind": "refused", "message": "not on a Wednesday"}
    out.write(json.dumps({"id": json.loads(answer)["id"], "error": error}).encode() + b"\n")


def out_of_memory(answer: bytes, out: BinaryIO) -> None:
    error = {"kind": "out of memory", "message": "too many"}
    out.write(json.dumps({"id": json.loads(answer)["id"], "error": error}).encode() + b"\n")


STRIKES: dict[str, Strike] = {
    each.__name__: each
    for each in (
        garbage,
        no_text,
        half_a_line,
        half_a_line_and_silence,
        wrong_id,
        two_answers,
        nothing_in_it,
        answer_and_error,
        words_for_numbers,
        bare_nan,
        ragged,
        too_large_for_the_type,
        silence,
        slow,
        exits,
        aborts,
        closes_its_output,
        endless_line,
        endless_lines,
        own_error,
        another_shape,
        refuses,
        out_of_memory,
    )
}


def command(behaviour: str) -> list[str]:
    """What starts such a harness."""
    return [sys.executable, str(Path(__file__)), behaviour]


def framework(behaviour: str) -> Framework:
    """Such a harness as a framework."""
    return Harness(Connection(command(behaviour), DEADLINE)).framework()


def __getattr__(name: str) -> Callable[[], Framework]:
    """`peer_NAME` makes the framework of a behaviour."""
    if name.removeprefix("peer_") not in STRIKES:
        raise AttributeError(name)
    return lambda: framework(name.removeprefix("peer_"))


def main() -> None:
    """The reference behind the protocol, but for calls of one step."""
    from rnn_adapters.registry import load_framework
    from rnn_adapters.stdio.messages import Bye, Run
    from rnn_adapters.stdio.serve import Server, answered
    from rnn_adapters.written import encoded

    strike, server = STRIKES[sys.argv[1]], Server(load_framework("reference"))
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        answer, request = answered(server, line)
        told = encoded(answer) + b"\n"
        x = json.loads(line).get("call", {}).get("x")
        if isinstance(x, list) and isinstance(x[0], list) and len(x[0]) == 1 and isinstance(request, Run):
            strike(told, out)
        else:
            out.write(told)
        out.flush()
        if isinstance(request, Bye):
            return


if __name__ == "__main__":
    main()
