"""The table of releases says what the records say."""

from __future__ import annotations

import re

import pytest
from docs import ROOT
from packaging.specifiers import SpecifierSet

from rnn_conformance.engine.deviations import read_deviations

RECORDS = {
    record.id: record
    for record in read_deviations(str(ROOT / "adapters" / "rnn_adapters" / "keras" / "deviations.toml"))
}
ROWS = re.findall(
    r"^\| ([a-z0-9.-]+) \| ((?:deviates|conforms|fails) .*) \|$",
    (ROOT / "spec" / "98-releases.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_there_is_a_row_for_each_record_of_keras_on_numpy() -> None:
    own = {
        id_
        for id_, record in RECORDS.items()
        if "keras-numpy" in record.adapter and "keras" in record.versions
    }
    assert {id_ for id_, _ in ROWS} == own


@pytest.mark.parametrize(("id_", "said"), ROWS, ids=[id_ for id_, _ in ROWS])
def test_a_record_names_the_versions_at_which_its_witness_deviates(id_: str, said: str) -> None:
    """At the ends of each run of releases, where it would be wrong first."""
    allowed = SpecifierSet(RECORDS[id_].versions["keras"])
    for run in said.split("; "):
        ((word, versions),) = re.findall(r"^([a-z ]+?) (\d.*)$", run)
        for version in versions.split(" … "):
            assert (version in allowed) == (word == "deviates"), f"{id_} {RECORDS[id_].versions} {run}"
