"""What is said between `running.process` and its workers: a line of JSON each."""

from __future__ import annotations

from typing import Literal

import msgspec

from rnn_adapters.written import CaseData
from rnn_conformance.engine.results import Outcome


class Job(msgspec.Struct):
    """What to check: the first line to a worker."""

    adapter: str
    clauses: list[str]
    profile: str = "quick"
    seconds_per_check: float | None = None
    seed: int = 0
    deviations_file: str | None = None
    case: CaseData | None = None  # given: this one alone, instead of drawn cases
    bare: bool = False  # known deviations are left aside
    explained: bool = True  # what is found is made small, and compared with known faults
    journal: str = ""  # the folder of the files that keep the case in progress
    label: str = ""  # what it is called while it runs, where the adapter's name does not tell it from others
    variables: dict[str, str] = {}  # of the worker's environment, besides those of this process


class Perform(msgspec.Struct, tag=True):
    """To a worker: perform the check of a clause.

    Args:
        confirmed: the ids of the records, of those whose witness ends the process, that were seen to hold.
        case: given: on this case alone, instead of the job's.
    """

    clause: str
    confirmed: list[str] = []
    case: CaseData | None = None


class TryWitness(msgspec.Struct, tag=True):
    """To a worker: run the witness of a record, whatever versions the record names."""

    id: str
    clause: str


class Finish(msgspec.Struct, tag=True):
    """To a worker: nothing more will come."""


Request = Perform | TryWitness | Finish


class Record(msgspec.Struct):
    """A known deviation, as far as it is told of.

    Args:
        fatal: for each clause the witness that ends the process; empty where none does.
    """

    id: str
    clauses: list[str]
    adapters: list[str]
    what: str
    why: str
    link: str = ""
    fatal: dict[str, CaseData] = {}


class Started(msgspec.Struct, tag=True):
    """From a worker: the adapter is loaded.

    Args:
        isolated: every check is to be performed in a worker of its own.
        records: the known deviations that apply.
    """

    adapter: str
    versions: dict[str, str]
    isolated: bool = False
    records: list[Record] = []


class Checking(msgspec.Struct, tag=True):
    """From a worker: a check begins."""

    clause: str
    title: str = ""


class Checked(msgspec.Struct, tag=True):
    """From a worker: a check has ended; with the worker's peak memory until now, 0 if unknown."""

    outcome: Outcome
    peak_memory_mib: float = 0.0


class Tried(msgspec.Struct, tag=True):
    """From a worker: what came of a witness.

    Args:
        deviates: for each route on which it could be asked, whether it deviates as recorded.
        why_not: why it could be asked on none; "" where it could.
    """

    deviates: dict[str, bool] = {}
    why_not: str = ""


class Gone(msgspec.Struct, tag=True):
    """From a worker: the adapter's own process was lost during a check, and this one ends, too."""

    kind: Literal["crashed", "timed out"]
    how: str


class Refused(msgspec.Struct, tag=True):
    """From a worker: the job cannot be done; the message says why."""

    message: str


class Finished(msgspec.Struct, tag=True):
    """From a worker: it ends now.

    Args:
        warning: what went wrong when the adapter was closed, if anything did.
    """

    warning: str = ""


Event = Started | Checking | Checked | Tried | Gone | Refused | Finished
