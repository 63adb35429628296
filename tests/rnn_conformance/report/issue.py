"""The text of an issue, in the form in which a framework's makers want to be told."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from rnn_adapters.framework import Framework
from rnn_adapters.registry import load_framework
from rnn_adapters.reproduction import RUN_BY
from rnn_conformance.engine.case import SavedCase, from_data
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.faults.registry import PREFIX, fault_framework
from rnn_reference.errors import BadInput

ANY = "rnn_adapters/bug_report.md"
"""The form for those who ask for none."""

LINK_OF_SPEC = re.compile(r"\[([^]]+)\]\((?!\w+:)[^)]*\)")
"""A link from one place of the spec to another, which leads nowhere in a tracker."""


@dataclass(frozen=True)
class Issue:
    """What there is to tell.

    Args:
        title: in a few words.
        clause: the id of the clause that is not met.
        versions: of what computes, the framework first.
        actual: what was found.
        script: shows it; "" where none can.
        since: at which versions it was seen, in a sentence.
        cause: what in the framework causes it, or what behaves alike.
        links: known threads.
        instead: how it is shown where no script can.
    """

    title: str
    clause: str
    versions: Mapping[str, str]
    actual: str
    script: str = ""
    since: str = ""
    cause: str = ""
    links: Sequence[str] = ()
    instead: str = ""


def issue_of(path: Path, saved: SavedCase, since: str = "") -> Issue:
    """The issue of what a failure left.

    Args:
        path: its file; the script stands beside it.

    Raises:
        BadInput: the file does not say what was found.
    """
    if not saved.adapter or not saved.kind:
        raise BadInput(f"case file {path}: it does not say what was found; a run leaves a new one")
    beside = [path.with_suffix(suffix) for suffix in RUN_BY if path.with_suffix(suffix).is_file()]
    script = beside[0].read_text(encoding="utf-8") if beside else ""
    instead = f"rnn-conformance run --adapter {saved.adapter} --case {path}\n\n{from_data(saved.case)!r}"
    return Issue(
        title=saved.message.partition("\n")[0].rstrip(":"),
        clause=saved.clause,
        versions=saved.versions,
        actual=saved.message,
        script=script,
        since=f"Since {next(iter(saved.versions), 'version')} {since}." if since else "",
        cause=saved.likely_cause,
        instead=instead,
    )


def framework_named(adapter: str) -> Framework:
    """The framework that was checked by this name, a fault of the catalogue among them."""
    return fault_framework(adapter) if adapter.startswith(PREFIX) else load_framework(adapter)


def system() -> str:
    """The system that this runs on; of Linux without the build of the kernel, which differs everywhere."""
    libc = " ".join(platform.libc_ver())
    return f"Linux {platform.machine()}, {libc}" if platform.system() == "Linux" else platform.platform()


def written(issue: Issue, form: str = "") -> str:
    """The issue in Markdown.

    Args:
        form: that of the framework (`Framework.bug_report`).
    """
    package, _, name = (form or ANY).partition("/")
    clause = all_clauses()[issue.clause]
    required = LINK_OF_SPEC.sub(r"\1", clause.text)
    versions = ", ".join(f"{name} {number}" for name, number in issue.versions.items())
    text = Template((files(package) / name).read_text(encoding="utf-8")).substitute(
        title=issue.title,
        summary="" if issue.script else "No script of the framework alone shows it; this does.",
        versions=versions,
        platform=system(),
        machine=platform.machine(),
        script=(issue.script or issue.instead).rstrip(),
        expected=f"{required} ({clause.id} of rnn-conformance, spec/{clause.file})",
        actual=issue.actual.rstrip(),
        since=issue.since,
        cause=f"Likely cause: {' '.join(issue.cause.split())}" if issue.cause else "",
        links="\n".join(f"See {link}" for link in issue.links),
    )
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"
