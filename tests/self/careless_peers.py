"""Harnesses with a mistake as authors make them, for the tests: `python careless_peers.py MISTAKE`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

Line = dict[str, Any]
Mistake = Callable[[Line, Line], Line | None]
"""From a request and the right answer to a wrong one, or to none."""


def strict(request: Line, answer: Line) -> Line:
    """Refuses what it does not know."""
    unknown = {*request} - {"id", "request", "protocol", "network", "call", "d_sequence", "d_final_states"}
    return (
        error(request, "failed", f"what is {min(unknown)}?")
        if unknown - {"direction", "training", "unknown", "frozen"}
        else answer
    )


def few_digits(request: Line, answer: Line) -> Line:
    """Prints six digits, as printf does."""
    return json.loads(json.dumps(answer), parse_float=lambda text: float(f"{float(text):.6g}"))  # type: ignore[no-any-return]


def no_minus_zero(request: Line, answer: Line) -> Line:
    """Writes -0 as an integer."""
    return json.loads(json.dumps(answer), parse_float=lambda text: float(text) or 0)  # type: ignore[no-any-return]


def nan_literals(request: Line, answer: Line) -> Line:
    """Lets its JSON library write what is no JSON."""
    return json.loads(json.dumps(answer).replace('"nan"', "NaN").replace('"inf"', "Infinity"))  # type: ignore[no-any-return]


def cuts_features(request: Line, answer: Line) -> Line:
    """Answers whatever comes."""
    return (
        {"id": request["id"], "answer": {}} if "error" in answer and request["request"] == "run" else answer
    )


def transposed(request: Line, answer: Line) -> Line:
    """Gives time before batch."""
    if "sequence" in (said := answer.get("answer", {})):
        said["sequence"] = [list(rows) for rows in zip(*said["sequence"], strict=True)]
    return answer


def empty_lists(request: Line, answer: Line) -> Line:
    """Writes an array without elements as a list, of which the shape is lost."""
    if isinstance(sequence := answer.get("answer", {}), dict) and isinstance(sequence.get("sequence"), dict):
        sequence["sequence"] = []
    return answer


def obliging(request: Line, answer: Line) -> Line:
    """Answers what it does not know."""
    return (
        {"id": request["id"], "answer": {}}
        if answer.get("error", {}).get("kind") == "unknown request"
        else answer
    )


def forgets_a_gradient(request: Line, answer: Line) -> Line:
    """Gives no gradient of the bias."""
    if request["request"] == "gradients":
        del answer["answer"]["cells"][0]["b"]
    return answer


def lies(request: Line, answer: Line) -> Line:
    """Declares what it does not have."""
    return error(request, "unknown request", "what?") if request["request"] == "tangents" else answer


def stays(request: Line, answer: Line) -> Line:
    """Does not leave."""
    if request["request"] == "bye":
        print(json.dumps(answer), flush=True)
        time.sleep(3600)
    return answer


def unlucky(request: Line, answer: Line) -> Line:
    """Ends badly."""
    if request["request"] == "bye":
        print(json.dumps(answer), flush=True)
        sys.exit(5)
    return answer


def without_caches(request: Line, answer: Line) -> Line:
    """Has none, and says so."""
    return error(request, "unknown request", "caches?") if request["request"] == "drop_caches" else answer


def forgets_what_it_trained(request: Line, answer: Line) -> Line:
    """Takes nothing to be loaded after training."""
    global trained
    trained = request["request"] == "trained" or (trained and request["request"] != "load")
    asked = trained and request["request"] == "run"
    return error(request, "failed", "expected a network to be loaded; got none") if asked else answer


trained = False
"""Whether nothing was loaded since it trained."""


def chatty(request: Line, answer: Line) -> Line:
    """Prints what it does."""
    print("running…", flush=True)
    return answer


def error(request: Line, kind: str, message: str) -> Line:
    """An answer that is none."""
    return {"id": request["id"], "error": {"kind": kind, "message": message}}


def main() -> None:
    """The reference behind the protocol, with a mistake."""
    from rnn_adapters.registry import load_framework
    from rnn_adapters.stdio.serve import Server, answered
    from rnn_adapters.written import encoded

    mistake, server = globals()[sys.argv[1]], Server(load_framework("reference"))
    for line in sys.stdin.buffer:
        answer = json.loads(encoded(answered(server, line)[0]))
        print(json.dumps(mistake(json.loads(line), answer)), flush=True)
        if json.loads(line)["request"] == "bye":
            return
    if sys.argv[1] == "stays":
        time.sleep(3600)


if __name__ == "__main__":
    main()
