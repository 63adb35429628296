"""The table of releases says what the records say."""

from __future__ import annotations

import re

import pytest
from docs import ROOT
from packaging.specifiers import SpecifierSet

from rnn_conformance.engine.deviations import listed, read_deviations

PACKAGES = {"keras": "keras", "openvino": "openvino", "paddle": "paddlepaddle"}
"""The package whose releases they are, for each folder of records that the chapter has tables of."""
RECORDS = {
    record.id: (package, record)
    for folder, package in PACKAGES.items()
    for record in read_deviations(str(ROOT / "adapters" / "rnn_adapters" / folder / "deviations.toml"))
}
ROWS = re.findall(
    r"^\| ([a-z0-9.-]+) \| ((?:deviates|conforms|fails) .*) \|$",
    (ROOT / "spec" / "98-releases.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_there_is_a_row_for_each_record() -> None:
    of_a_release = {
        id_
        for id_, (package, record) in RECORDS.items()
        if package in record.versions and (package != "keras" or "keras-numpy" in listed(record.adapter))
    }
    assert {id_ for id_, _ in ROWS} == of_a_release


@pytest.mark.parametrize(("id_", "said"), ROWS, ids=[id_ for id_, _ in ROWS])
def test_a_record_names_the_versions_at_which_its_witness_deviates(id_: str, said: str) -> None:
    """At the ends of each run of releases, where it would be wrong first."""
    package, record = RECORDS[id_]
    allowed = SpecifierSet(record.versions[package])
    for run in said.split("; "):
        ((word, versions),) = re.findall(r"^([a-z ]+?) (\d.*)$", run)
        for version in versions.split(" … "):
            assert (version in allowed) == (word == "deviates"), f"{id_} {record.versions} {run}"
