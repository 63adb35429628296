"""How conforming an implementation is, in a few words: data for a badge of shields.io."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from rnn_conformance.engine.results import RED, AdapterResult, write_whole

LABEL = "RNN conformance"


class Badge(msgspec.Struct, kw_only=True, rename="camel"):
    """What an endpoint badge is made of; the names are those of its schema."""

    schema_version: int = 1
    label: str
    message: str
    color: str
    is_error: bool = False


def badge(results: list[AdapterResult], label: str = LABEL) -> Badge:
    """The badge of one or several runs, over all their clauses.

    Red: anything is. Grey: nothing was asserted, or a run was interrupted. Yellow: known deviations.
    """
    counts = Counter(outcome.verdict for result in results for outcome in result.outcomes)
    asked = sum(counts.values()) - counts["unsupported"]
    red = sum(counts[verdict] for verdict in RED)
    said = [f"{counts['pass']} of {asked} clauses"]
    said += [f"{counts['deviation']} deviate"] * bool(counts["deviation"])
    said += [f"{red} fail"] * bool(red)
    colour = "red" if red else "yellow" if counts["deviation"] else "brightgreen"
    if not red and any(result.interrupted or result.asserted_nothing for result in results):
        said, colour = ["incomplete"], "lightgrey"
    return Badge(label=label, message=", ".join(said), color=colour, is_error=bool(red))


def write_badge(path: Path, made: Badge) -> None:
    """Write the badge.

    Raises:
        BadInput: it cannot be written there.
    """
    write_whole(path, msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
