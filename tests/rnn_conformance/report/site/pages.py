"""The pages of a site, from the templates beside this file: whatever a results file says is shown as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from rnn_conformance.engine.clauses import Clause
from rnn_conformance.engine.deviations import Deviation, listed
from rnn_conformance.engine.results import RED, Outcome, Verdict
from rnn_conformance.report.site.charts import (
    OF_CLAUSES,
    OF_ELEMENTS,
    Chart,
    Strip,
    has_ratios,
    strip_of_outcome,
    strip_of_outcomes,
)
from rnn_conformance.report.site.markdown import rendered
from rnn_conformance.report.site.model import Chapter, Site
from rnn_conformance.report.site.runs import Implementation, Run, alike, routes_by_verdict, verdict_in
from rnn_conformance.report.tables import CONVENTION_ROWS
from rnn_conformance.report.terminal import about_facts, routes_named

FAULT = re.compile(r"fault:([a-z0-9-]+)")
"""A fault by its name, in the likely cause of a finding."""


@dataclass(frozen=True)
class Look:
    """How a verdict is shown. Mark and word carry the meaning: colour is not needed to read it."""

    mark: str
    word: str
    meaning: str


LOOKS: dict[Verdict, Look] = {
    "pass": Look("✓", "pass", "every drawn case is within its bound"),
    "deviation": Look("△", "deviates", "not as the spec asks, as recorded; every other case is asserted"),
    "unsupported": Look("–", "unsupported", "not asked: the framework does not declare that it does this"),
    "fail": Look("✗", "FAIL", "a case was found that is not as the spec asks"),
    "fixed": Look("↺", "FIXED", "a recorded deviation is gone: the record has to go, too"),
    "never deviated": Look("↺", "NEVER DEVIATED", "a record claims what its witness does not show"),
    "vacuous": Look("∅", "VACUOUS", "nothing, or too little, was asserted"),
    "broken adapter": Look("✗", "BROKEN", "the adapter cannot be made, or lacks what it declares"),
    "error": Look("!", "ERROR", "the suite itself failed"),
}
"""In the order in which they are explained."""


def pages(site: Site) -> dict[str, str]:
    """Every file of a site by its place in the folder."""
    made = {name: _asset(name) for name in ("assets/site.css", "assets/site.js")}
    at_root, below = _environment(site, ""), _environment(site, "../")
    made["index.html"] = at_root.get_template("index.html").render(
        chart=_overview(site), chapters=site.chapters, looks=LOOKS
    )
    clauses = list(site.clauses.values())
    chapters = {clause.id: chapter for chapter in site.chapters for clause in chapter.clauses}
    for before, clause, after in zip([None, *clauses], clauses, [*clauses[1:], None], strict=False):
        made[f"clauses/{clause.id}.html"] = below.get_template("clause.html").render(
            clause=clause,
            chapter=chapters[clause.id],
            before=before,
            after=after,
            outcomes=site.outcomes(clause.id),
            chart=_chart_of_clause(site, clause),
        )
    for implementation in site.implementations:
        made[f"frameworks/{implementation.slug}.html"] = below.get_template("framework.html").render(
            implementation=implementation,
            run=implementation.latest,
            charts=_charts_of(site, implementation),
            conventions=_conventions(implementation),
            times=[
                (chapter, *_seconds(implementation.latest, chapter))
                for chapter in site.chapters
                if _outcomes_in(implementation.latest, chapter)
            ],
        )
    return made


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _environment(site: Site, root: str) -> Environment:
    """The templates, for pages from which the first one is at `root`."""
    environment = Environment(
        loader=PackageLoader(__package__ or ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    markdown = partial(
        rendered,
        root=root,
        clauses=site.clauses,
        chapters={Path(chapter.file).stem for chapter in site.chapters},
    )
    environment.filters |= {
        "markdown": markdown,
        "clause_text": lambda clause: markdown(clause.text, but=clause.id),
        "ratio": ratio,
        "seconds": seconds,
        "count": count,
        "cause": partial(_cause, site, root),
        "when": when,
        "href": href,
        "alike": alike,
        "routes_by_verdict": routes_by_verdict,
        "about_facts": about_facts,
        "listed": listed,
    }
    environment.globals |= {
        "root": root,
        "site": site,
        "suite_version": suite_version(),
        "look": LOOKS.__getitem__,
        "kind": kind_of,
        "verdict_in": verdict_in,
        "routes_named": routes_named,
        "witness": witness,
        "counts_in": _counts_in,
    }
    return environment


def suite_version() -> str:
    """That of the distribution; "" where it is not installed."""
    try:
        return version("rnn-conformance")
    except PackageNotFoundError:
        return ""


def kind_of(verdict: Verdict) -> str:
    """What kind of verdict it is, which decides on its colour: "pass", "deviation", "unsupported" or "red"."""
    return "red" if verdict in RED else verdict


def ratio(number: float) -> str:
    """Error ÷ bound, in three digits."""
    return f"{number:.3g}"


def seconds(number: float) -> str:
    """A time, in seconds."""
    return f"{number:.1f} s" if number < 100 else f"{number:.0f} s"


def count(number: int) -> str:
    """A large number, in groups of three."""
    return f"{number:,}".replace(",", " ")


def when(record: Deviation) -> str:
    """The condition of a record, in words."""
    parts = []
    for name, wanted in record.when.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        parts.append(f"{name} = {' or '.join(map(str, values))}")
    return "; ".join(parts) or "in every case"


def witness(record: Deviation, clause: str = "") -> str:
    """The case that shows it for a clause, in words and numbers."""
    return repr(record.witness_of(clause))


def href(link: str) -> str:
    """A recorded link, if it leads to the web; "" for anything else, which a page would run or could not open."""
    return link if re.match(r"https?://", link) else ""


def _cause(site: Site, root: str, text: str) -> Markup:
    """The likely cause of a finding, with a link to each fault that it names."""

    def linked(match: re.Match[str]) -> str:
        fault = site.faults.get(match[1])
        if fault is None:
            return match[0]
        return f'<a href="{root}clauses/{fault.clause}.html#{fault.anchor}">{match[0]}</a>'

    return Markup(FAULT.sub(linked, str(escape(text))))


def _counts_in(run: Run, chapter: Chapter) -> dict[Verdict, int]:
    """How many clauses of a chapter came out how, in the order in which verdicts are explained."""
    verdicts = [outcome.verdict for outcome in _outcomes_in(run, chapter)]
    return {verdict: verdicts.count(verdict) for verdict in LOOKS if verdict in verdicts}


def _outcomes_in(run: Run, chapter: Chapter) -> list[Outcome]:
    return [run.outcomes[clause.id] for clause in chapter.clauses if clause.id in run.outcomes]


def _seconds(run: Run, chapter: Chapter) -> tuple[float, float, int]:
    """Time, of that in the framework, and cases of a chapter."""
    outcomes = _outcomes_in(run, chapter)
    return (
        sum(outcome.seconds for outcome in outcomes),
        sum(outcome.framework_seconds for outcome in outcomes),
        sum(outcome.cases for outcome in outcomes),
    )


def _overview(site: Site) -> Chart:
    strips = [
        strip_of_outcomes(each.name, f"frameworks/{each.slug}.html", each.latest.result.outcomes)
        for each in site.implementations
    ]
    return Chart("Error ÷ bound by framework", "framework", OF_CLAUSES, _some(strips))


def _some(strips: list[Strip | None]) -> tuple[Strip, ...]:
    return tuple(strip for strip in strips if strip is not None)


def _chart_of_clause(site: Site, clause: Clause) -> Chart:
    """Every run of every implementation."""
    strips = [
        strip_of_outcome(
            f"{each.name} {each.release(run)}" if len(each.runs) > 1 else each.name,
            f"frameworks/{each.slug}.html",
            run.outcomes[clause.id],
        )
        for each in site.implementations
        for run in each.runs
        if clause.id in run.outcomes and has_ratios(run.outcomes[clause.id])
    ]
    return Chart("Error ÷ bound by framework", "framework", OF_ELEMENTS, tuple(strips))


def _charts_of(site: Site, implementation: Implementation) -> dict[str, Chart]:
    """By chapter, by clause, and by release where there are several."""
    run = implementation.latest
    chapters = [
        strip_of_outcomes(chapter.title, f"index.html#{chapter.anchor}", _outcomes_in(run, chapter))
        for chapter in site.chapters
    ]
    clauses = [
        strip_of_outcome(id, f"clauses/{id}.html", run.outcomes[id])
        for id in site.clauses
        if id in run.outcomes and has_ratios(run.outcomes[id])
    ]
    charts = {
        "chapters": Chart("Error ÷ bound by chapter", "chapter", OF_CLAUSES, _some(chapters)),
        "clauses": Chart("Error ÷ bound by clause", "clause", OF_ELEMENTS, tuple(clauses)),
    }
    if len(implementation.runs) > 1:
        releases = [
            strip_of_outcomes(implementation.release(each), "", each.result.outcomes)
            for each in implementation.runs
        ]
        charts["releases"] = Chart("Error ÷ bound by release", "release", OF_CLAUSES, _some(releases))
    return charts


def _conventions(implementation: Implementation) -> dict[str, dict[str, str]]:
    """What is declared, in Markdown: tables of two columns by their title."""
    conventions = implementation.conventions
    if conventions is None:
        return {}
    vectors = conventions.bias_vectors
    n = "n" if vectors is None else str(vectors)
    names = {"W_x": "W_x", "W_h": "W_h", "b": "first bias", "b_h": "second bias"}
    return {
        "Conventions": {"layer": f"`{conventions.layer}`"}
        | {name: row(conventions) for name, row in CONVENTION_ROWS.items()},
        "Parameters": {
            "one direction, with bias": f"H·(I + H + {n})",
            "one direction, without bias": "H·(I + H)",
            "L equal layers of D directions": f"D·H·(I + H + {n}) + (L − 1)·D·H·(D·H + H + {n})",
            "10 features, 3 units, one direction": str(3 * (10 + 3 + (1 if vectors is None else vectors)))
            + (" with one bias vector" if vectors is None else ""),
        },
        "Freshly initialised": {
            names[role]: rule for role, rule in conventions.initialisation.items() if rule != "none"
        },
    }

