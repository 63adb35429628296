"""The table of releases says what the records say."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from docs import ROOT
from packaging.specifiers import SpecifierSet

from rnn_conformance.engine.deviations import Deviation, listed, read_deviations

RECORDS = {
    folder: {record.id: record for record in read_deviations(str(path))}
    for path in (ROOT / "adapters" / "rnn_adapters").glob("*/deviations.toml")
    for folder in [path.parent.name]
}
"""By folder and id."""


class Table(NamedTuple):
    """A table of the chapter: of the records of a folder, of an adapter, that name a package."""

    folder: str
    package: str
    adapter: str = ""
    alone: bool = False  # whether they are of no other adapter

    @property
    def records(self) -> dict[str, Deviation]:
        """Those that it must have a row of."""
        return {id_: record for id_, record in RECORDS[self.folder].items() if self._is_in(record)}

    def _is_in(self, record: Deviation) -> bool:
        adapters = listed(record.adapter)
        is_asked = not self.adapter or self.adapter in adapters
        return self.package in record.versions and is_asked and (len(adapters) == 1 or not self.alone)


TABLES = {
    "Keras on NumPy, 40 releases": Table("keras", "keras", "keras-numpy"),
    "Keras on OpenVINO, four releases": Table("keras", "keras", "keras-openvino", alone=True),
    "OpenVINO under Keras, eight releases": Table("keras", "openvino", "keras-openvino"),
    "TensorFlow under Keras, four releases": Table("keras", "tensorflow", "keras-tensorflow"),
    "TensorFlow under tf_keras, four releases": Table("tf_keras", "tensorflow", "tf-keras"),
    "OpenVINO, 14 releases": Table("openvino", "openvino"),
    "Paddle, nine releases": Table("paddle", "paddlepaddle"),
    "MindSpore, four releases": Table("mindspore", "mindspore"),
}
"""By their headings."""

SECTIONS = dict(
    re.findall(
        r"^## (.*)\n((?:(?!## ).*\n?)*)",
        (ROOT / "spec" / "98-releases.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
)
ROWS = [
    (heading, id_, said)
    for heading in TABLES
    for id_, said in re.findall(
        r"^\| ([a-z0-9.-]+) \| ((?:deviates|conforms|fails|partly|not asked) .*) \|$",
        SECTIONS[heading],
        re.MULTILINE,
    )
]


@pytest.mark.parametrize("heading", TABLES)
def test_there_is_a_row_for_each_record(heading: str) -> None:
    assert {id_ for table, id_, _ in ROWS if table == heading} == set(TABLES[heading].records)


@pytest.mark.parametrize(("heading", "id_", "said"), ROWS)
def test_a_record_names_the_versions_at_which_its_witness_deviates(heading: str, id_: str, said: str) -> None:
    """At the ends of each run of releases, where it would be wrong first."""
    table = TABLES[heading]
    allowed = SpecifierSet(table.records[id_].versions[table.package])
    for run in said.split("; "):
        ((word, versions),) = re.findall(r"^([a-z ]+?) (\d.*)$", run)
        if word == "not asked":
            continue
        for version in versions.split(" … "):
            assert (version in allowed) == (word == "deviates"), f"{id_} {allowed} {run}"
