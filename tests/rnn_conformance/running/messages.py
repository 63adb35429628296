"""What is said between `running.process` and its workers: a line of JSON each."""

from __future__ import annotations

from typing import Literal

import msgspec

from rnn_adapters.written import CaseData
from rnn_conformance.engine.environment import Environment
from rnn_conformance.engine.results import Outcome, Witnessed
from rnn_conformance.vectors.form import VectorData
from rnn_conformance.vectors.judgement import Judgement


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
    drift: bool = False  # what is computed on the fixed cases is kept, too
    examples: str = ""  # where counterexamples are kept and shared: a folder, or a Redis server
    route: str = ""  # the one that everything is asked by; "": all that a clause is asked on
    label: str = ""  # what it is called while it runs, where the adapter's name does not tell it from others
    variables: dict[str, str] = {}  # of the worker's environment, besides those of this process


class Perform(msgspec.Struct, tag=True):
    """To a worker: perform the check of a clause.

    Args:
        confirmed: the ids of the records, of those whose witness ends the process, that were seen to hold.
        case: given: on this case alone, instead of the job's.
        seed: given: on cases drawn from this seed, instead of the job's.
    """

    clause: str
    confirmed: list[str] = []
    case: CaseData | None = None
    seed: int | None = None


class TryWitness(msgspec.Struct, tag=True):
    """To a worker: run the witness of a record, whatever versions the record names."""

    id: str
    clause: str


class TakeDrift(msgspec.Struct, tag=True):
    """To a worker: write a drift file (`running.drift`)."""

    path: str


class Judge(msgspec.Struct, tag=True):
    """To a worker: run a vector.

    Args:
        dtype: the type to run it in, one that it has bounds for.
        route: by name; "" the default one.
    """

    vector: VectorData
    dtype: str
    route: str = ""


class Finish(msgspec.Struct, tag=True):
    """To a worker: nothing more will come."""


Request = Perform | TryWitness | TakeDrift | Judge | Finish


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
        routes: the names of those besides the default one.
        absent: the routes that cannot be taken on this machine, and what is missing for each.
        records: the known deviations that apply.
        environment: of the worker's process.
        about_routes: the clauses that are about routes other than the default one.
    """

    adapter: str
    versions: dict[str, str]
    isolated: bool = False
    routes: list[str] = []
    absent: dict[str, str] = {}
    records: list[Record] = []
    environment: Environment = Environment()
    about_routes: list[str] = []


class Checking(msgspec.Struct, tag=True):
    """From a worker: a check begins."""

    clause: str
    title: str = ""


class Checked(msgspec.Struct, tag=True):
    """From a worker: a check has ended; with the worker's peak memory until now, 0 if unknown."""

    outcome: Outcome
    peak_memory_mib: float = 0.0


class Tried(msgspec.Struct, tag=True):
    """From a worker: what came of a witness."""

    witnessed: Witnessed


class TookDrift(msgspec.Struct, tag=True):
    """From a worker: the drift file is written; otherwise the problem says why not."""

    problem: str = ""


class Judged(msgspec.Struct, tag=True):
    """From a worker: what came of a vector."""

    judgement: Judgement


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


Event = Started | Checking | Checked | Tried | TookDrift | Judged | Gone | Refused | Finished
