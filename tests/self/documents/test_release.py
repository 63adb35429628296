"""Changelog and citation are of the version that is built."""

from __future__ import annotations

import re
import tomllib

from docs import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def test_the_changelog_has_this_version() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    versions = [heading.partition(" - ")[0] for heading in headings if heading != "Unreleased"]
    assert versions[0] == VERSION
    numbers = [tuple(map(int, version.split("."))) for version in versions]
    assert numbers == sorted(numbers, reverse=True)
    assert all(re.fullmatch(r"\d{4}\.\d+\.\d+ - \d{4}-\d\d-\d\d", h) for h in headings if h != "Unreleased")


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    fields = dict(re.findall(r"^([\w-]+): (.+)$", citation, re.MULTILINE))
    released = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert fields["cff-version"] == "1.2.0"
    assert fields["version"] == VERSION
    assert f"## {VERSION} - {fields['date-released']}" in released
