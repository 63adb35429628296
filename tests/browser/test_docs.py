"""The site of the spec in a headless Chromium, opened from files: complete, without dead ends, accessible.

`tox run -e docs` builds it and runs this.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from visiting import DESKTOP, PHONE, Visitor

from rnn_conformance.engine.clauses import all_clauses, spec_folder
from rnn_conformance.report.docs.build import build
from rnn_conformance.report.docs.source import Source

ROOT = Path(__file__).parents[2]
VIEWS = [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")]

LOOKED_AT = (
    "index.html",
    "spec/00-model.html",
    "spec/01-recurrence.html",
    "spec/05-bidirectional.html",
    "spec/08-numerics.html",
    "spec/95-add-a-framework.html",
    "spec/glossary.html",
    "clauses/index.html",
    "clauses/01-recurrence.html",
    "matrix.html",
    "numerics.html",
    "commands.html",
    "api/rnn_reference.bounds.html",
    "upstream/README.html",
    "README.html",
)
"""Of every kind of page at least one."""

MATH = re.compile(r"^```math$", re.MULTILINE)
FENCE = re.compile(r"^(?P<fence>`{3,})\w.*?^(?P=fence)$", re.MULTILINE | re.DOTALL)
INLINE_MATH = re.compile(r"\$[^$\n]*(?:\n[^$\n]+)*\$")


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    given: Path | None = request.config.getoption("--site")
    if given is not None:
        return given.resolve()
    folder = tmp_path_factory.mktemp("docs")
    build(ROOT, folder)
    return folder


def pages(site: Path) -> list[Path]:
    """The pages of the site, without those of the site of results in it, which has tests of its own."""
    return [path for path in sorted(site.rglob("*.html")) if path.relative_to(site).parts[0] != "results"]


class Targets(HTMLParser):
    """The links of a page, what it loads, and its anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what leads somewhere."""
        of = {name: value for name, value in attrs if value is not None}
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        elif "src" in of or (tag == "link" and "href" in of):
            self.loaded.append(of.get("src") or of["href"])
        if "id" in of:
            self.anchors.append(of["id"])


@cache
def targets(page: Path) -> Targets:
    found = Targets()
    found.feed(page.read_text(encoding="utf-8"))
    return found


def broken(page: Path) -> Iterator[str]:
    """The links of a page to a file or an anchor that is not there, and what it loads from elsewhere."""
    for link in [*targets(page).links, *targets(page).loaded]:
        scheme, host, path, _, fragment = urlsplit(link)
        if scheme or host:
            if link in targets(page).loaded and scheme != "data":
                yield f"{page.name} loads {link}"
            continue
        file = (page.parent / unquote(path)).resolve() if path else page
        if not file.is_file():
            yield f"{page.name}: {link}"
        elif fragment and file.suffix == ".html" and unquote(fragment) not in targets(file).anchors:
            yield f"{page.name}: {link} has no such anchor"


def test_no_link_is_broken(site: Path) -> None:
    assert len(pages(site)) > 100
    assert [link for page in pages(site) for link in broken(page)] == []


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    other, page = tmp_path / "other.html", tmp_path / "page.html"
    other.write_text('<p id="here">')
    page.write_text(
        '<a href="other.html#here"></a><a href="other.html#there"></a>'
        '<a href="gone.html"></a><a href="#nowhere"></a>'
        '<a href="https://example.org"></a><img src="data:,"><script src="https://example.org/x.js"></script>'
    )
    assert list(broken(page)) == [
        "page.html: other.html#there has no such anchor",
        "page.html: gone.html",
        "page.html: #nowhere has no such anchor",
        "page.html loads https://example.org/x.js",
    ]


def test_no_anchor_stands_twice(site: Path) -> None:
    for page in pages(site):
        twice = [id for id, count in Counter(targets(page).anchors).items() if count > 1]
        assert not twice, f"{page}: {twice}"


def test_every_document_has_a_page(site: Path) -> None:
    for place in Source(ROOT, site).documents():
        assert (site / place.with_suffix(".html")).is_file(), place


def equations(markdown: str) -> int:
    """How many there are, in blocks and in lines."""
    return len(MATH.findall(markdown)) + len(
        INLINE_MATH.findall(re.sub(r"`[^`\n]*`", "", FENCE.sub("", markdown)))
    )


@pytest.mark.parametrize("path", sorted(spec_folder().glob("*.md")), ids=lambda path: path.stem)
def test_every_equation_is_rendered(visit: Visitor, path: Path) -> None:
    page = visit.goes_to(f"spec/{path.stem}.html")
    shown = page.locator("math")
    assert shown.count() == equations(path.read_text(encoding="utf-8"))
    for box in (shown.nth(index).bounding_box() for index in range(shown.count())):
        assert box is not None
        assert box["width"] > 3
        assert box["height"] > 3
    assert page.locator("merror, .problematic, .system-message").count() == 0
    text = page.evaluate("[...document.querySelectorAll('math')].map(math => math.textContent).join('')")
    assert "\\" not in text  # a command that was not understood


def test_equations_are_counted() -> None:
    assert equations("$a$ and `$b` `$c`\n\n```math\nx\n```\n\n```sh\necho $d $e\n```\n\n$f +\ng$\n") == 3


def test_the_font_of_the_equations_is_there(visit: Visitor) -> None:
    page = visit.goes_to("spec/01-recurrence.html")
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"STIX Two Math\"'))")
    assert page.evaluate("[...document.fonts].filter(font => font.status == 'loaded').length") > 0


@pytest.mark.parametrize("name", LOOKED_AT)
@pytest.mark.parametrize(
    "visit", VIEWS, ids=["phone light", "phone dark", "desktop light", "desktop dark"], indirect=True
)
def test_a_page_fits_and_is_accessible(visit: Visitor, name: str) -> None:
    page = visit.goes_to(name)
    assert page.locator("h1").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Style sheets are not loaded once more, which a browser refuses to pages from files.
    found = Axe().run(page, options={"preload": False})
    assert found.violations_count == 0, found.generate_report()


def test_every_page_fits_a_phone_and_is_quiet(browser: Browser, site: Path) -> None:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    visitor = Visitor(context.new_page(), site)
    wide = []
    for path in pages(site):
        page = visitor.goes_to(path.relative_to(site).as_posix())
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path.name)
    context.close()
    assert wide == []
    assert visitor.wrong == []


def found(page: Page, words: str) -> list[str]:
    """Search by the box in the sidebar; where the results lead, the best first."""
    box = page.locator("input[name=q]").first
    box.fill(words)
    box.press("Enter")
    results = page.locator("#search-results ul.search a")
    expect(results.first).to_be_visible()
    expect(page.locator("#search-results p.search-summary")).to_contain_text("found", ignore_case=True)
    return [link.get_attribute("href") or "" for link in results.all()]


def test_search_finds_a_clause_from_files(visit: Visitor) -> None:
    first = found(visit.goes_to("index.html"), "FWD-2")[0]
    assert first.endswith(("spec/01-recurrence.html#FWD-2", "clauses/01-recurrence.html#fwd-2"))


def test_search_finds_words_and_functions(visit: Visitor) -> None:
    page = visit.goes_to("spec/01-recurrence.html")
    assert any("08-numerics" in link for link in found(page, "underflow"))
    assert any(
        "rnn_reference.bounds.html#rnn_reference.bounds.bound_network" in link
        for link in found(page, "bound_network")
    )


def test_every_clause_has_an_address_and_a_link_to_what_stands_behind_it(visit: Visitor) -> None:
    for stem in sorted({Path(clause.file).stem for clause in all_clauses().values()}):
        page = visit.goes_to(f"spec/{stem}.html")
        ids = page.evaluate("[...document.querySelectorAll('p.clause')].map(clause => clause.id)")
        assert ids == [id for id, clause in all_clauses().items() if clause.file == f"{stem}.md"]
    page = visit.goes_to("spec/01-recurrence.html#FWD-2")
    page.locator("#FWD-2 > a:first-child").click()
    assert page.url.endswith("clauses/01-recurrence.html#trace-fwd-2")
    section = page.locator("section#trace-fwd-2")
    assert "fault:transposed-recurrent-weight" in section.inner_text()
    section.get_by_text("The check in full").click()
    expect(section.get_by_text("def test_recurrent_weight_leads_from_column_to_row")).to_be_visible()


def test_an_id_in_the_text_leads_to_its_clause(visit: Visitor) -> None:
    page = visit.goes_to("spec/01-recurrence.html")
    page.locator("#FWD-1 a", has_text="NUM-3").click()
    assert page.url.endswith("spec/08-numerics.html#NUM-3")


def test_the_index_lists_every_clause(visit: Visitor) -> None:
    page = visit.goes_to("clauses/index.html")
    listed = page.locator("article table td:first-child").all_inner_texts()
    assert listed == list(all_clauses())


@pytest.mark.parametrize("visit", [(DESKTOP, "light"), (DESKTOP, "dark")], indirect=True)
def test_diagrams_have_the_colour_of_the_text(visit: Visitor) -> None:
    page = visit.goes_to("spec/05-bidirectional.html")
    drawn = page.locator(".diagram svg[role=img]")
    assert drawn.count() == 1
    colour = "element => getComputedStyle(element).color"
    assert drawn.evaluate(colour) == page.locator("article p").first.evaluate(colour)


def test_it_prints(visit: Visitor) -> None:
    page = visit.goes_to("spec/01-recurrence.html")
    page.emulate_media(media="print")
    assert not page.locator(".sidebar-drawer").is_visible()
    assert page.locator("#FWD-2").is_visible()
    assert page.pdf()[:5] == b"%PDF-"
