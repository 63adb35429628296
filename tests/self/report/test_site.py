"""The site: its structure, its addresses, and that nothing in a results file is more than text."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from made_results import CLAUSES, FAULT, HOSTILE, RECORD, written
from msgspec.structs import replace

from rnn_adapters.registry import built_in
from rnn_conformance.cli import main
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.results import Outcome, read_result, write_result
from rnn_conformance.faults.registry import all_faults
from rnn_conformance.report.site.charts import HIGHEST, Axis, Chart, Strip, strip_of_outcomes
from rnn_conformance.report.site.files import write_site
from rnn_conformance.report.site.markdown import rendered
from rnn_conformance.report.site.model import site_of
from rnn_conformance.report.site.pages import pages
from rnn_conformance.report.site.runs import Run, implementations, read_runs
from rnn_reference.errors import BadInput

VOID = {"meta", "link", "input", "br", "img", "hr"}
"""Elements that are not closed; those of SVG close themselves."""

INLINE = {"a", "b", "code", "i", "span", "sub", "tspan"}
"""Elements within a word."""


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    words: list[str] = field(default_factory=list)

    def text(self) -> str:
        return " ".join("".join(self.words).split())


class Page(HTMLParser):
    """A page read strictly: what is opened is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self.open, [element.tag for element in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> has an attribute twice: {names}"
        self._begin(tag, attrs)
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert any(element.tag == "svg" for element in self.open), f"<{tag}/> outside of SVG"
        self._begin(tag, attrs)

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parent = self.open[-1] if self.open else None
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, parent))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop().tag == tag, f"</{tag}> at {self.getpos()}"
        if tag not in INLINE:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.words.append(data)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag and wanted.items() <= element.attributes.items()
        ]

    @property
    def ids(self) -> list[str]:
        return [element.attributes["id"] for element in self.elements if "id" in element.attributes]

    def with_id(self, name: str) -> Element:
        (found,) = [element for element in self.elements if element.attributes.get("id") == name]
        return found


def report(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def folder(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "site"
    done = report(results, "-o", folder)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> dict[str, Page]:
    """The pages by their place."""
    return {
        path.relative_to(folder).as_posix(): Page(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.html"))
    }


def test_there_is_a_page_for_each_clause_and_implementation(site: dict[str, Page]) -> None:
    clauses = {f"clauses/{id}.html" for id in all_clauses()}
    frameworks = {name for name in site if name.startswith("frameworks/")}
    assert set(site) == {"index.html", *clauses, *frameworks}
    assert len(frameworks) == 4
    assert {"frameworks/reference.html", "frameworks/torch.html"} <= frameworks


def test_every_page_is_whole(site: dict[str, Page]) -> None:
    for name, page in site.items():
        assert page.all("html")[0].attributes["lang"] == "en", name
        assert len(page.all("h1")) == len(page.all("main")) == 1, name
        assert page.all("title")[0].text(), name
        assert page.all("meta", name="viewport"), name
        assert page.all("a", class_="skip", href="#main"), name
        assert len(set(page.ids)) == len(page.ids), name
        for table in page.all("table"):
            heads = [each for each in page.all("th") if table in _around(each)]
            assert heads, name
            assert all(each.attributes.get("scope") in ("col", "row", "rowgroup") for each in heads), name
        for element in page.elements:
            for reference in ("aria-labelledby", "for"):
                for id in element.attributes.get(reference, "").split():
                    assert id in page.ids, f"{name}: {reference}={id}"


def _around(element: Element) -> list[Element]:
    found = []
    while element.parent is not None:
        element = element.parent
        found.append(element)
    return found


def test_nothing_runs_but_the_script_of_the_site(site: dict[str, Page]) -> None:
    for name, page in site.items():
        (policy,) = page.all("meta", http_equiv="Content-Security-Policy")
        assert policy.attributes["content"].startswith("default-src 'none'; ")
        assert "unsafe" not in policy.attributes["content"]
        (script,) = page.all("script")
        assert script.attributes["src"].endswith("assets/site.js")
        assert not script.words, name
        for element in page.elements:
            assert not [at for at in element.attributes if at.startswith("on") or at == "style"], name
            assert element.tag not in ("img", "iframe", "object", "embed", "style", "base"), name


def test_every_address_leads_somewhere(site: dict[str, Page], folder: Path) -> None:
    upstream = {record.link for record in site_of([]).records.values() if record.link}
    for name, page in site.items():
        for element in page.elements:
            for attribute in ("href", "src"):
                address = element.attributes.get(attribute)
                if address is None or address == "data:,":
                    continue
                parts = urlsplit(address)
                if parts.scheme or parts.netloc:
                    assert (element.tag, attribute) == ("a", "href"), name
                    assert address in upstream, f"{name}: {address}"
                    continue
                target = (
                    (folder / name).parent.joinpath(parts.path).resolve() if parts.path else folder / name
                )
                assert target.is_file(), f"{name}: {address}"
                if parts.fragment and not parts.fragment.startswith("?"):
                    assert parts.fragment in site[target.relative_to(folder.resolve()).as_posix()].ids, (
                        address
                    )


def test_the_style_sheet_fetches_nothing(folder: Path) -> None:
    style = (folder / "assets" / "site.css").read_text(encoding="utf-8")
    assert not re.search(r"@import|url\(|https?:", style)
    assert not re.search(
        r"https?:|fetch\(|import |innerHTML", (folder / "assets" / "site.js").read_text(encoding="utf-8")
    )


def test_what_a_results_file_says_is_text(site: dict[str, Page], folder: Path) -> None:
    words = " ".join(HOSTILE.split())
    (name,) = [name for name, page in site.items() if page.all("h1")[0].text() == words]
    assert re.fullmatch(r"frameworks/[a-z0-9.-]+\.html", name)
    clause = site["clauses/FWD-2.html"]
    shown = [element.text() for element in clause.all("pre")]
    assert shown.count(words) >= 3  # message, counterexample and traceback
    assert words in site["index.html"].all("table", id="clauses")[0].text()
    for path in folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "<script>" not in text
        assert "<img" not in text
        assert "{{" not in text.replace("{{ 7 * 7 }}", "")


def test_each_fault_stands_on_the_page_of_its_clause(site: dict[str, Page]) -> None:
    for name, fault in all_faults().items():
        entry = site[f"clauses/{fault.clause}.html"].with_id(f"fault-{name}")
        assert f"fault:{name}" in entry.text()
        assert " ".join((fault.__doc__ or "").split()) in entry.text()


def test_the_text_of_each_clause_is_that_of_the_spec(site: dict[str, Page]) -> None:
    for id, clause in all_clauses().items():
        text = site[f"clauses/{id}.html"].all("blockquote")[0].text()
        plain = re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", clause.text).replace("`", "").replace("\\*", "*")
        assert plain in text, id


def test_the_matrix_has_every_verdict(site: dict[str, Page], results: Path) -> None:
    page = site["index.html"]
    cells = [each for each in page.all("td") if "data-verdict" in each.attributes]
    found = set()
    for cell in cells:
        row = cell.parent
        (head,) = [each for each in page.all("th") if each.parent is row]
        found.add((cell.attributes["data-framework"], head.text(), cell.attributes["data-verdict"]))
    shown, _ = implementations(read_runs([results]))
    expected = {
        (each.slug, outcome.clause, outcome.verdict)
        for each in shown
        for outcome in each.latest.result.outcomes
        if outcome.clause in all_clauses()
    }
    assert found == expected


def test_a_finding_is_told_in_full(site: dict[str, Page], results: Path) -> None:
    page = site["clauses/FWD-2.html"]
    (run,) = [run for run in read_runs([results]) if run.result.adapter == f"fault:{FAULT}"]
    finding = run.outcomes["FWD-2"].findings[0]
    shown = ["".join(element.words) for element in page.all("pre")]
    assert finding.message in shown
    assert finding.shown_case in shown
    assert page.all("a", href=f"../clauses/FWD-2.html#fault-{FAULT}")
    assert f"rnn-conformance run --adapter fault:{FAULT} --clause FWD-2" in page.all("main")[0].text()


def test_a_deviation_is_told_with_reason_and_witness(site: dict[str, Page]) -> None:
    record = site_of([]).records[RECORD]
    text = site["clauses/LEN-7.html"].all("main")[0].text()
    for words in (record.id, record.what, " ".join(record.why.split()), "a length too few", "lengths = [2]"):
        assert words in text
    assert record.what in site["frameworks/torch.html"].all("main")[0].text()
    assert "is not at hand" in site["clauses/FWD-2.html"].all("main")[0].text()


def test_links_of_records_are_links_to_the_web_only(results: Path, tmp_path: Path) -> None:
    source = (Path(__file__).parents[3] / "adapters/rnn_adapters/torch/deviations.toml").read_text(
        encoding="utf-8"
    )
    for link, is_link in (("https://example.org/1", True), ("javascript:alert(1)", False)):
        file = tmp_path / "deviations.toml"
        file.write_text(source.replace('kind = "not refused"', f'link = "{link}"', 1), encoding="utf-8")
        made = pages(site_of(read_runs([results]), [str(file)]))
        assert (f'href="{link}"' in made["clauses/LEN-7.html"]) is is_link
        assert link in made["clauses/LEN-7.html"]


def test_history_is_in_the_order_of_releases(site: dict[str, Page]) -> None:
    text = site["frameworks/torch.html"].all("main")[0].text()
    assert "clause torch 2.9.1 torch 2.10.0 torch 2.13.0 LEN-7" in text
    changed = text[text.index("What changed") :]
    assert changed.index("FAIL") < changed.index("pass") < changed.index("deviates")
    assert "FWD-1 every step" not in changed[: changed.index("Error ÷ bound")]
    assert "history" not in site["frameworks/reference.html"].ids


def test_of_the_same_versions_the_newest_run_is_shown(results: Path) -> None:
    (run, *_) = read_runs([results])
    newer = Run(replace(run.result, started="2999-01-01T00:00:00+00:00"), Path("newer.json"))
    (shown,), left_out = implementations([newer, run])
    assert shown.runs == (newer,)
    assert left_out == [run]
    assert run.path.name in pages(site_of([newer, run]))["index.html"]


def test_names_that_are_alike_have_pages_of_their_own(results: Path) -> None:
    (run, *_) = read_runs([results])
    names = ("a/b", "a-b", "A-B", "..", "é", "")
    runs = [Run(replace(run.result, adapter=name), run.path) for name in names]
    slugs = [each.slug for each in implementations(runs)[0]]
    assert len({slug.lower() for slug in slugs}) == len(names)
    assert all(re.fullmatch(r"[\w-][\w.-]*", slug, re.ASCII) for slug in slugs)


def test_what_a_framework_declares_is_shown(results: Path) -> None:
    (run, *_) = read_runs([results])
    made = pages(site_of([Run(replace(run.result, adapter=name), run.path) for name in built_in()]))
    for name, framework in built_in().items():
        text = Page(made[f"frameworks/{name}.html"]).all("main")[0].text()
        if framework.conventions is None:
            assert "cannot be told without importing" in text
            continue
        assert f"H·(I + H + {framework.conventions.bias_vectors or 'n'})" in text
        assert all(native.name in text for native in framework.conventions.weights)
        assert all(rule in text for rule in framework.conventions.initialisation.values() if rule != "none")


def test_markdown_is_linked_and_html_in_it_is_text() -> None:
    def html(markdown: str) -> str:
        chapters = ["01-recurrence"]
        return str(rendered(markdown, root="../", clauses=["FWD-1", "FWD-2"], chapters=chapters, but="FWD-2"))

    assert html("as FWD-1, FWD-2, UTF-8") == 'as <a href="../clauses/FWD-1.html">FWD-1</a>, FWD-2, UTF-8'
    assert html("`FWD-1`") == "<code>FWD-1</code>"
    assert html("[x](01-recurrence.md#a)") == '<a href="../index.html#chapter-01-recurrence">x</a>'
    assert html("[x](90-worked-examples.md)") == "x"
    assert html("<b>&") == "&lt;b&gt;&amp;"
    assert "href" not in html("[x](javascript:alert(1))")


def test_clauses_need_no_mathematics_to_be_set() -> None:
    assert [id for id, clause in all_clauses().items() if "$" in clause.text] == []


def test_an_axis_is_logarithmic_and_ends() -> None:
    axis = Axis(2)
    steps = [axis.place(10.0**decade) for decade in range(-4, 3)]
    assert [round(after - before, 1) for before, after in pairwise(steps)] == [16.0] * 6
    assert axis.bound == axis.place(1.0) == steps[4]
    assert axis.place(0.0) == axis.place(1e-9) == steps[0]
    assert axis.place(1e300) == steps[-1]
    assert Chart("", "", (), (Strip("", "", (1.0, 1.0, 1e300)),)).axis == Axis(HIGHEST)
    assert Chart("", "", (), ()).axis == Axis(1)


def test_a_strip_of_clauses_has_their_quantiles_and_the_worst() -> None:
    outcomes = [
        Outcome(clause=f"FWD-{n}", title="", verdict="pass", worst_ratio=n / 10, ratio_quantiles={"0.5": 0.0})
        for n in range(1, 8)
    ]
    strip = strip_of_outcomes("", "", outcomes)
    assert strip is not None
    assert (strip.numbers, strip.worst) == ((0.4, 0.7, 0.7), "FWD-7")
    assert strip_of_outcomes("", "", [Outcome(clause="FWD-1", title="", verdict="pass")]) is None


def test_a_site_is_written_over_a_site_and_over_nothing_else(tmp_path: Path, folder: Path) -> None:
    index = (folder / "index.html").read_text(encoding="utf-8")
    write_site(tmp_path, {"index.html": index, "frameworks/gone.html": "", "assets/site.css": ""})
    (tmp_path / "CNAME").write_text("example.org", encoding="utf-8")
    write_site(tmp_path, {"index.html": index, "frameworks/torch.html": ""})
    assert [path.name for path in (tmp_path / "frameworks").iterdir()] == ["torch.html"]
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "frameworks", "CNAME"}
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInput, match="expected a new folder, or one with a site of this command"):
        write_site(tmp_path, {"index.html": index})
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "mine"


def test_bad_input_is_explained(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    for path, words in (
        ("missing.json", "results file"),
        ("other.json", "results file"),
        ("empty", "there is none"),
    ):
        done = report(tmp_path / path, "-o", tmp_path / "site")
        assert done.exit_code == 2
        assert words in done.output
    assert not (tmp_path / "site").exists()


def test_what_lies_beside_results_is_left_alone(results: Path, tmp_path: Path) -> None:
    result = read_result(results / "torch-2.13.0.json")
    write_result(tmp_path, result)
    (tmp_path / "sweep.json").write_text('{"schema": "rnn-conformance/sweep/1"}', encoding="utf-8")
    assert [run.result for run in read_runs([tmp_path])] == [result]
    (tmp_path / "cut-off.json").write_text('{"schema": ', encoding="utf-8")
    with pytest.raises(BadInput, match="cut-off"):
        read_runs([tmp_path])


def test_a_clause_that_was_not_asked_has_not_changed(results: Path) -> None:
    releases = [run for run in read_runs([results]) if run.result.adapter == "torch"]
    fewer = replace(releases[0].result, outcomes=releases[0].result.outcomes[:1])
    (torch,), _ = implementations([Run(fewer, releases[0].path), *releases[1:]])
    assert torch.changed == ["LEN-7"]


def test_what_is_missing_is_named(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rnn_conformance.report.site.pages")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = report(results, "-o", tmp_path / "site")
    assert done.exit_code == 2
    assert "report needs the module 'jinja2'" in done.output
    assert "pip install 'rnn-conformance[report]'" in done.output


def test_a_run_of_an_older_suite_is_read_as_it_is(results: Path, tmp_path: Path) -> None:
    """A clause that is no more is named, and has no page."""
    result = read_result(results / "torch-2.13.0.json")
    gone = Outcome(clause="ZZZ-1", title="", verdict="pass")
    write_result(tmp_path, replace(result, outcomes=[*result.outcomes, gone]))
    made = pages(site_of(read_runs([tmp_path])))
    assert "clauses/ZZZ-1.html" not in made
    assert "does not have these clauses of the run: ZZZ-1" in made["frameworks/torch.html"]
    assert all(f"clauses/{id}.html" in made for id in CLAUSES)
