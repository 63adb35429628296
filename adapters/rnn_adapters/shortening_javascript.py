"""Makes a script in JavaScript short: what is used once stands where it is used (Python: `shortening`)."""

from __future__ import annotations

import re

from rnn_adapters.literals import WIDTH
from rnn_adapters.shortening import LINES

CLOSE_BELOW = re.compile(
    r"const close = \(value, i\) => (.*);\n(process\.exit\(.*got\.every)\(close\)(.*)", re.MULTILINE
)
"""The comparison of a number, and its use in the line below."""
OUTPUTS_ONCE = re.compile(
    r"const outputs = (await .*);\nconst got = \[\[\.\.\.outputs(\.\w+\.data)\]\]\.flat\(Infinity\);"
)
SESSION = re.compile(r"const session = (await .*);\n")


def shortened(text: str) -> str:
    """A script that is short enough, or as short as it gets: what is used once stands where it is used."""
    for step in (_with_the_comparison_in_place, _with_outputs_in_place, _with_the_session_in_place):
        if code_lines(text) > LINES:
            text = step(text)
    return text


def _with_the_comparison_in_place(text: str) -> str:
    """Wider than other lines, as what is right may be."""
    found = CLOSE_BELOW.search(text)
    if found is None or len(found[1]) > WIDTH // 2:
        return text
    close = re.sub(r"\bvalue\b", "v", found[1])
    return text.replace(found[0], f"{found[2]}((v, i) => {close}){found[3]}")


def _with_outputs_in_place(text: str) -> str:
    return OUTPUTS_ONCE.sub(r"const got = [...(\1)\2];", text)


def _with_the_session_in_place(text: str) -> str:
    found = SESSION.search(text)
    if found is None or len(re.findall(r"\bsession\b", text)) != 2:
        return text
    return re.sub(r"\bsession\b", lambda _: f"({found[1]})", text.replace(found[0], ""))


def code_lines(text: str) -> int:
    """The lines of code, without comments."""
    lines = text.partition(" */\n")[2].splitlines()
    return sum(1 for line in lines if line.strip() and not line.lstrip().startswith("//"))
