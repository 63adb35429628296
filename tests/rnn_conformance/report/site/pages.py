"""The pages of a site, from the templates beside this file: whatever a results file says is shown as text."""

from __future__ import annotations

import re
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from rnn_conformance.engine.deviations import listed
from rnn_conformance.report.site.charts import chart_of_clause, chart_of_frameworks, charts_of
from rnn_conformance.report.site.markdown import rendered
from rnn_conformance.report.site.model import Chapter, Site
from rnn_conformance.report.site.runs import Implementation, Run, alike, routes_by_verdict, verdict_in
from rnn_conformance.report.site.words import (
    LOOKS,
    count,
    href,
    kind_of,
    ratio,
    seconds,
    verdicts,
    when,
    witness,
)
from rnn_conformance.report.tables import CONVENTION_ROWS
from rnn_conformance.report.terminal import routes_named

FAULT = re.compile(r"fault:([a-z0-9-]+)")
"""A fault by its name, in the likely cause of a finding."""


def pages(site: Site) -> dict[str, str]:
    """Every file of a site by its place in the folder."""
    made = {name: _asset(name) for name in ("assets/site.css", "assets/site.js")}
    at_root, below = _environment(site, ""), _environment(site, "../")
    made["index.html"] = at_root.get_template("index.html").render(
        chart=chart_of_frameworks(site), chapters=site.chapters, looks=LOOKS
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
            chart=chart_of_clause(site, clause),
        )
    for implementation in site.implementations:
        made[f"frameworks/{implementation.slug}.html"] = below.get_template("framework.html").render(
            implementation=implementation,
            run=implementation.latest,
            charts=charts_of(site, implementation),
            conventions=_conventions(implementation),
            times=[
                (chapter, *_seconds(implementation.latest, chapter))
                for chapter in site.chapters
                if implementation.latest.outcomes_of(chapter.clauses)
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
        "listed": listed,
        "verdicts": verdicts,
    }
    environment.globals |= {
        "root": root,
        "site": site,
        "suite_version": version("rnn-conformance"),
        "look": LOOKS.__getitem__,
        "kind": kind_of,
        "verdict_in": verdict_in,
        "routes_named": routes_named,
        "witness": witness,
    }
    return environment


def _cause(site: Site, root: str, text: str) -> Markup:
    """The likely cause of a finding, with a link to each fault that it names."""

    def linked(match: re.Match[str]) -> str:
        fault = site.faults.get(match[1])
        if fault is None:
            return match[0]
        return f'<a href="{root}clauses/{fault.clause}.html#{fault.anchor}">{match[0]}</a>'

    return Markup(FAULT.sub(linked, str(escape(text))))


def _seconds(run: Run, chapter: Chapter) -> tuple[float, float, int]:
    """Time, of that in the framework, and cases of a chapter."""
    outcomes = run.outcomes_of(chapter.clauses)
    return (
        sum(outcome.seconds for outcome in outcomes),
        sum(outcome.framework_seconds for outcome in outcomes),
        sum(outcome.cases for outcome in outcomes),
    )


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
