"""Counterexamples that are kept from one run to the next, and shared: in a database of Hypothesis's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from rnn_adapters.written import CaseData
from rnn_conformance.engine.case import Case, from_data
from rnn_conformance.engine.results import Outcome
from rnn_reference.errors import BadInput

REDIS = ("redis://", "rediss://", "unix://")
"""What the address of a Redis server begins with; everything else is a folder."""


class Examples:
    """The counterexamples of one adapter.

    Args:
        database: where they are.
        adapter: its name: what one implementation fails, another may never be asked.
    """

    def __init__(self, database: ExampleDatabase, adapter: str) -> None:
        self._database = database
        self._adapter = adapter

    def of(self, clause: str) -> list[Case]:
        """Those of a clause, in a fixed order; what can no longer be read is left out."""
        return [case for _, case in self._stored(clause)]

    def update(self, outcome: Outcome) -> None:
        """Keep the cases of what was found, and none that shows nothing any more."""
        key = self._key(outcome.clause)
        failing = {msgspec.json.encode(f.case) for f in outcome.findings if f.case is not None}
        for value, _ in list(self._stored(outcome.clause)):
            if value not in failing:
                self._database.delete(key, value)
        for value in failing:
            self._database.save(key, value)

    def _stored(self, clause: str) -> Iterator[tuple[bytes, Case]]:
        for value in sorted(self._database.fetch(self._key(clause))):
            try:
                yield value, from_data(msgspec.json.decode(value, type=CaseData), checked=False)
            except (msgspec.DecodeError, BadInput):
                self._database.delete(self._key(clause), value)

    def _key(self, clause: str) -> bytes:
        return f"rnn-conformance/{self._adapter}/{clause}".encode()


def examples_at(address: str, adapter: str) -> Examples:
    """The counterexamples at an address.

    Args:
        address: a folder, or the URL of a Redis server.

    Raises:
        BadInput: the server does not answer, or the package redis is missing.
    """
    if not address.startswith(REDIS):
        return Examples(DirectoryBasedExampleDatabase(Path(address)), adapter)
    try:
        from hypothesis.extra.redis import RedisExampleDatabase
        from redis import Redis
        from redis.exceptions import RedisError
    except ModuleNotFoundError:
        raise BadInput(
            "--examples: a server needs the package redis; pip install 'rnn-conformance[campaign]' brings it"
        ) from None
    try:
        server: Any = Redis.from_url(address)
        server.ping()
    except (RedisError, ValueError) as error:
        raise BadInput(f"--examples: no Redis server answers at {address}: {error}") from None
    return Examples(RedisExampleDatabase(server), adapter)
