"""The tables of the pages "If you come from …"."""

from __future__ import annotations

import pytest

from rnn_adapters.registry import built_in
from rnn_conformance.report.porting import PAGES, conventions_of, deviations_of, records_of
from rnn_conformance.report.tables import CONVENTION_ROWS, TABLES


@pytest.mark.parametrize("page", PAGES)
def test_each_framework_of_a_page_is_one_that_there_is(page: str) -> None:
    assert set(PAGES[page]) <= set(built_in())


@pytest.mark.parametrize("page", PAGES)
def test_a_table_has_a_row_for_everything_that_is_declared(page: str) -> None:
    header, _, *rows = conventions_of(page, CONVENTION_ROWS).splitlines()
    assert [row.split(" | ")[0].lstrip("| ") for row in rows] == [*CONVENTION_ROWS, "initial weights"]
    assert {row.count(" | ") for row in rows} <= {header.count(" | "), header.count(" | ") + 1}


def test_records_are_those_of_the_frameworks_of_the_page_alone() -> None:
    torch = [record.id for record in records_of("torch")]
    assert "torch-length-missing" in torch
    assert "torch-hard-sigmoid-once" not in torch  # Keras's
    assert all(record.id.startswith("tfjs-") for record in records_of("tfjs"))
    assert {record.id.partition("-")[0] for record in records_of("jax")} == {"flax", "haiku"}


def test_a_record_leads_to_its_chapters() -> None:
    (row,) = [line for line in deviations_of("torch").splitlines() if "torch-length-missing" in line]
    assert "[LEN-7](11-lengths.md) | torch: torch >=2.13.0 |" in row
    (row,) = [line for line in deviations_of("jax").splitlines() if "| haiku-state-of-float32 |" in line]
    assert "[DTY-1](23-types.md); [SHP-4](26-shapes.md)" in row


@pytest.mark.parametrize("page", PAGES)
def test_the_spec_can_ask_for_both(page: str) -> None:
    assert {f"of_{page}", f"deviations_{page}"} <= set(TABLES)
