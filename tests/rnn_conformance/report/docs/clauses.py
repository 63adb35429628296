"""In the text of every page a clause is an anchor, and its id, wherever it is mentioned, a link to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import ClassVar, cast

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from rnn_conformance.engine.clauses import LEVEL, all_clauses

ID = re.compile(r"\b[A-Z]{3}-\d+\b")


class Clauses(Domain):
    """Where the clauses stand: what links to them, and what a search for an id finds first."""

    name = "clause"
    label = "clauses"
    object_types: ClassVar[dict[str, ObjType]] = {"clause": ObjType("clause")}
    initial_data: ClassVar[dict[str, dict[str, str]]] = {"pages": {}}

    @property
    def pages(self) -> dict[str, str]:
        """By the id of a clause the page on which it stands."""
        return cast(dict[str, str], self.data["pages"])

    def clear_doc(self, docname: str) -> None:
        """Forget the clauses of a page that is read again."""
        for id in [id for id, page in self.pages.items() if page == docname]:
            del self.pages[id]

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, dict[str, str]]) -> None:
        """Take over what another process read."""
        self.pages.update({id: page for id, page in otherdata["pages"].items() if page in docnames})

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> nodes.reference | None:
        """The link to a clause."""
        page = self.pages.get(target)
        return make_refnode(builder, fromdocname, page, target, contnode) if page else None

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> list[tuple[str, nodes.reference]]:
        """None: a link that does not say that it is to a clause is to something else."""
        return []

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """What a search finds: (name, shown name, type, page, anchor, priority)."""
        for id, page in self.pages.items():
            yield id, id, "clause", page, id, 0


def _with_clauses(app: Sphinx, document: nodes.document) -> None:
    """Mark the clauses of a page that was read, and link the ids in its text."""
    page = app.env.current_document.docname
    known = all_clauses()
    in_chapter = page.startswith("spec/")
    for paragraph in list(document.findall(nodes.paragraph)):
        first = next((child for child in paragraph.children if child.astext()), None)
        if in_chapter and isinstance(first, nodes.strong) and first.astext() in known:
            _mark(paragraph, first, app)
    for text in list(document.findall(nodes.Text)):
        if ID.search(text) and not _is_within(text, nodes.literal, nodes.literal_block, nodes.reference):
            _link_ids(text, page)


def _mark(paragraph: nodes.paragraph, name: nodes.strong, app: Sphinx) -> None:
    id = name.astext()
    domain = cast(Clauses, app.env.get_domain("clause"))
    domain.pages[id] = app.env.current_document.docname
    paragraph["classes"].append("clause")
    paragraph["ids"].append(id)
    trace = pending_xref(
        "", refdomain="std", reftype="ref", reftarget=trace_label(id), refexplicit=True, refwarn=True
    )
    trace += nodes.inline("", id)
    paragraph.replace(name, trace)
    for text in list(paragraph.findall(nodes.Text)):
        if not _is_within(text, nodes.literal):
            text.parent.replace(text, _with_levels(text))


def trace_label(clause: str) -> str:
    """The label of what stands behind a clause, on the page that shows its check and its faults."""
    return f"trace-{clause.lower()}"


def _with_levels(text: nodes.Text) -> list[nodes.Node]:
    """A text in which MUST, SHOULD and MAY stand out."""
    parts: list[nodes.Node] = []
    for index, part in enumerate(LEVEL.split(text)):
        parts.append(nodes.inline("", part, classes=["level"]) if index % 2 else nodes.Text(part))
    return [part for part in parts if part.astext()]


def _link_ids(text: nodes.Text, page: str) -> None:
    parts: list[nodes.Node] = []
    end = 0
    for match in ID.finditer(text):
        if match[0] not in all_clauses():
            continue
        link = pending_xref("", refdomain="clause", reftype="clause", reftarget=match[0], refdoc=page)
        link += nodes.Text(match[0])
        parts += [nodes.Text(text[end : match.start()]), link]
        end = match.end()
    if parts:
        text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def _is_within(node: nodes.Node, *kinds: type[nodes.Node]) -> bool:
    """Whether it stands in one of these, in a title, or in a link already."""
    up: nodes.Node | None = node
    while up is not None:
        if isinstance(up, (*kinds, nodes.title, pending_xref)):
            return True
        up = up.parent
    return False


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls it."""
    app.add_domain(Clauses)
    app.connect("doctree-read", _with_clauses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
