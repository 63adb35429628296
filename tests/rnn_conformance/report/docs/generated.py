"""The pages that are generated, of the templates in pages/."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
from jinja2 import Environment, PackageLoader, StrictUndefined

from rnn_conformance.cli import main
from rnn_conformance.engine.clauses import all_clauses, spec_version
from rnn_conformance.report.docs.clauses import trace_label
from rnn_conformance.report.docs.contents import toctree
from rnn_conformance.report.docs.figures import FIGURES
from rnn_conformance.report.site.charts import Strip, chart_of_frameworks
from rnn_conformance.report.site.model import Chapter, Site
from rnn_conformance.report.site.runs import Implementation, Run, verdict_in
from rnn_conformance.report.site.words import LOOKS, Look, ratio, verdicts
from rnn_conformance.report.traceability import Trace, Vector, traces

SPEC_LINK = re.compile(r"(?<=\]\()(?=[\w-]+\.md)")
"""Where a link of a chapter to another begins."""

MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|$#!&])")


@dataclass(frozen=True)
class Way:
    """A way into the site, on its first page."""

    title: str
    page: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """What came of a clause in a run, and why, or by which records of deviations."""

    name: str
    release: str
    look: Look
    told: str


WAYS = (
    Way("Learn what an RNN computes", "spec/tutorial.md", "from one neuron to a deep bidirectional network."),
    Way(
        "Work through examples",
        "spec/90-worked-examples.md",
        "small networks from first shape to last number.",
    ),
    Way(
        "Read the specification",
        "spec/README.md",
        "the chapters, and [every clause](clauses/index.md) with its check.",
    ),
    Way(
        "Check your framework",
        "spec/95-add-a-framework.md",
        "an adapter in Python, or [the protocol](spec/96-protocol.md) in any language;"
        " [in CI](spec/97-continuous-integration.md).",
    ),
    Way(
        "See how frameworks do",
        "matrix.md",
        "clause by clause; [what releases changed](spec/98-releases.md).",
    ),
    Way("See what a pass is worth", "numerics.md", "bounds, detection and false alarms in plots."),
    Way("Start", "README.md", "how to install and to run it."),
)


@dataclass(frozen=True)
class Pages:
    """What the generated pages show.

    Args:
        contents: the pages of each part of the table of contents, by its title.
        site: results; None where none are given.
    """

    contents: Mapping[str, Sequence[str]]
    site: Site | None
    vectors: Sequence[Vector]
    _environment: Environment = field(init=False)

    def __post_init__(self) -> None:
        environment = Environment(
            loader=PackageLoader(__package__ or "", "pages"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters |= {
            "cell": cell,
            "code": code,
            "from_spec": lambda text: SPEC_LINK.sub("../spec/", text),
            "oneline": lambda text: " ".join((text or "").split()),
            "ratio": ratio,
        }
        environment.globals |= {
            "site": self.site,
            "label": trace_label,
            "chapters": self._chapters(),
            "verdicts": self._verdicts,
            "counted": self._counted,
            "mark": _mark,
            "summary": _summary,
        }
        object.__setattr__(self, "_environment", environment)

    def pages(self) -> dict[str, str]:
        """Every page but those of the API, by its place, and the plots."""
        made = {
            "index.md": self._page(
                "index",
                clauses=all_clauses(),
                contents=self.contents,
                ways=self._ways(),
                spec_version=spec_version(),
            ),
            "clauses/index.md": self._page(
                "clauses", toctree=toctree(Path(of.file).stem for of, _ in self._chapters())
            ),
            "matrix.md": self._page(
                "matrix", legend=[(look.mark, look.word, look.meaning) for look in LOOKS.values()]
            ),
            "numerics.md": self._page("numerics", charts=self._charts()),
            "commands.md": self._page("commands", commands=list(helps(main, "rnn-conformance"))),
        }
        for chapter, traced in self._chapters():
            made[f"clauses/{Path(chapter.file).stem}.md"] = self._page(
                "chapter", chapter=chapter, traced=traced
            )
        made |= {f"figures/{name}.svg": drawn() for name, drawn in FIGURES.items()}
        return made

    def files(self, pages: Sequence[str]) -> str:
        """The page that lists the files that are shown."""
        return self._page("files", pages=pages)

    def _page(self, template: str, **shown: object) -> str:
        rendered: str = self._environment.get_template(f"{template}.md").render(shown)
        return rendered

    def _chapters(self) -> list[tuple[Chapter, list[Trace]]]:
        """The chapters that have clauses, with what stands behind each of these."""
        traced = traces(self.vectors)
        return [
            (chapter, [traced[clause.id] for clause in chapter.clauses])
            for chapter in (self.site or Site([], [], {})).chapters
        ]

    def _ways(self) -> list[Way]:
        there = {f"{page}.md" for pages in self.contents.values() for page in pages}
        return [way for way in WAYS if way.page in there]

    def _charts(self) -> Sequence[Strip]:
        return chart_of_frameworks(self.site).strips if self.site else ()

    def _verdicts(self, clause: str) -> list[Verdict]:
        """What came of a clause, of whom it was asked."""
        return [
            Verdict(
                each.name,
                each.release(each.latest),
                LOOKS[outcome.verdict],
                outcome.reason or ", ".join(outcome.deviations),
            )
            for each, outcome in (self.site.outcomes(clause) if self.site else ())
        ]

    def _counted(self, clause: str) -> str:
        """How often a clause came out how."""
        words = Counter(verdict.look.word for verdict in self._verdicts(clause))
        return ", ".join(f"{words[look.word]} {look.word}" for look in LOOKS.values() if words[look.word])


def helps(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """The help of a command, and of those below it, by their full names."""
    context = click.Context(command, info_name=name, terminal_width=88, max_content_width=88)
    yield name, command.get_help(context).strip()
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None:
                yield from helps(found, f"{name} {sub}")


def code(made: object) -> str:
    """The source of a check or of a fault."""
    return textwrap.dedent(inspect.getsource(made)).rstrip()  # type: ignore[arg-type]


def cell(text: object) -> str:
    """Any text, on one line, as the text of a cell of a table."""
    return MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def _mark(implementation: Implementation, clause: str) -> str:
    verdict = verdict_in(implementation.latest, clause)
    return LOOKS[verdict].mark if verdict else ""


def _summary(run: Run) -> str:
    return ", ".join(f"{count} {LOOKS[verdict].word}" for verdict, count in verdicts(run).items())
