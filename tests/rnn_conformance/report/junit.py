"""A run as JUnit XML, which continuous integration shows: a test case for each clause and route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from rnn_conformance.engine.results import RED, AdapterResult, Finding, Outcome, Verdict, write_whole
from rnn_conformance.report.baseline import Judged
from rnn_conformance.report.difference import verdicts_of
from rnn_conformance.report.terminal import about, summary

NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""

ERRORS: tuple[Verdict, ...] = ("error", "broken adapter")
"""Verdicts on what could not be checked."""


def junit(results: list[AdapterResult], judged: Judged | None = None) -> bytes:
    """The XML: a test suite for each adapter.

    A recorded deviation is a pass that says so. What a baseline knows is skipped, as is what is unsupported.

    Args:
        judged: the run in the light of a baseline, if there is one.
    """
    root = ET.Element("testsuites", name="rnn-conformance")
    for result in results:
        root.append(_suite(result, judged))
    _count(root, list(root))
    ET.indent(root, " ")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def write_junit(path: Path, results: list[AdapterResult], judged: Judged | None = None) -> None:
    """Write the XML.

    Raises:
        BadInput: it cannot be written there.
    """
    write_whole(path, junit(results, judged))


def _suite(result: AdapterResult, judged: Judged | None) -> ET.Element:
    suite = ET.Element("testsuite", name=_text(result.adapter), timestamp=_text(result.started))
    suite.set("time", f"{result.seconds:.3f}")
    properties = ET.SubElement(suite, "properties")
    told = {**result.versions, "suite": result.suite_version, "spec": result.spec_version}
    for name, value in (*told.items(), ("profile", result.profile), ("seed", str(result.seed))):
        ET.SubElement(properties, "property", name=_text(name), value=_text(value))
    for outcome in result.outcomes:
        known = judged is not None and not judged.is_new(result, outcome)
        suite.extend(_cases(result, outcome, known))
    _count(suite, [suite])
    if result.interrupted:
        ET.SubElement(suite, "system-err").text = _text(f"interrupted: {summary(result)}")
    return suite


def _cases(result: AdapterResult, outcome: Outcome, known: bool) -> Iterator[ET.Element]:
    """One for each route; one for the clause where it has none, or is worse than they are."""
    verdicts = verdicts_of(outcome)
    of_routes: dict[str | None, Verdict]
    of_routes = {route: verdict for route, verdict in verdicts.items() if route is not None}
    reasons: dict[str | None, str] = {route.route: route.reason for route in outcome.routes}
    if not of_routes or (outcome.verdict in RED and outcome.verdict not in of_routes.values()):
        of_routes = {None: outcome.verdict, **of_routes}
        reasons[None] = "\n".join(filter(None, (outcome.reason, outcome.traceback)))
    seconds = outcome.seconds
    for route, verdict in of_routes.items():
        name = outcome.clause if route is None else f"{outcome.clause} [{route or 'default'}]"
        case = ET.Element("testcase", classname=_text(f"{result.adapter}.{outcome.clause}"), name=_text(name))
        case.set("time", f"{seconds:.3f}")
        seconds = 0.0  # that of the clause, told once
        found = [each for each in outcome.findings if route is None or each.route == route]
        _tell(case, verdict, reasons.get(route, "") or outcome.title, found, known)
        yield case


def _tell(case: ET.Element, verdict: Verdict, reason: str, found: list[Finding], known: bool) -> None:
    """What came of it, inside of its test case."""
    text = "\n\n".join(f"{about(each)}\n{each.message}\n{each.shown_case}".strip() for each in found)
    if verdict in RED and known:
        ET.SubElement(case, "skipped", message=_text(f"{verdict}, known by the baseline"))
        ET.SubElement(case, "system-out").text = _text(text or reason)
    elif verdict in RED:
        first = found[0].message.partition("\n")[0] if found else reason.partition("\n")[0]
        red = ET.SubElement(case, "error" if verdict in ERRORS else "failure")
        red.set("type", found[0].kind if found else verdict)
        red.set("message", _text(first))
        red.text = _text(text or reason)
    elif verdict == "unsupported":
        ET.SubElement(case, "skipped", message=_text(reason))
    elif verdict == "deviation":
        ET.SubElement(case, "system-out").text = _text(f"deviates as recorded. {reason}".strip())


def _count(element: ET.Element, suites: list[ET.Element]) -> None:
    """Tell how many test cases came out how."""
    cases = [case for suite in suites for case in suite.iter("testcase")]
    element.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(case.find(tag) is not None for case in cases)))


def _text(text: str) -> str:
    """What anybody says, without what XML cannot hold."""
    return NO_XML.sub("�", text)
