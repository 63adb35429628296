"""No dead ends: every link of every document leads to a file that there is, and to a heading in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs import FENCE, ROOT, documents

LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(markdown: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", markdown))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def dead_links(path: Path, markdown: str) -> list[str]:
    """The links of a document that lead nowhere."""
    dead = []
    for target in LINK.findall(FENCE.sub("", markdown)):
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        whole = markdown if found == path else ""
        there = found.exists()
        if there and anchor:
            there = anchor in anchors(whole or found.read_text(encoding="utf-8"))
        if not there:
            dead.append(target)
    return dead


@pytest.mark.parametrize(
    "path",
    [*documents(), ROOT / "CHANGELOG.md", ROOT / "upstream" / "README.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_link_leads_somewhere(path: Path) -> None:
    assert dead_links(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("link", ["nowhere.md", "README.md#no-such-heading", "#nor-this", "../LICENCE"])
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    assert dead_links(ROOT / "spec" / "README.md", f"# Title\n\n[here]({link})\n") == [link]


def test_every_document_is_linked_from_another() -> None:
    """From the README, in some number of steps."""
    reached, left = set[Path](), [ROOT / "README.md"]
    while left:
        path = left.pop()
        if path in reached or path not in documents():
            continue
        reached.add(path)
        left += [
            (path.parent / target.partition("#")[0]).resolve()
            for target in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
            if target.partition("#")[0]
        ]
    assert set(documents()) <= reached
