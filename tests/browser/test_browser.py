"""The site in a headless Chromium, opened from a file: it renders, filters, keeps to itself, is accessible.

`tox run -e report` runs it. The browser is the system's own, or that of CHROMIUM=PATH.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from made_results import FAULT, HOSTILE, written
from playwright.sync_api import Browser, Page, expect
from visiting import DESKTOP, PHONE, Visitor

from rnn_conformance.cli import main
from rnn_conformance.engine.clauses import all_clauses

PAGES = (
    "index.html",
    "clauses/FWD-2.html",
    "clauses/LEN-7.html",
    "frameworks/torch.html",
    f"frameworks/fault-{FAULT}.html",
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    results = written(tmp_path_factory.mktemp("results"))
    done = CliRunner().invoke(main, ["report", str(results), "-o", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


def rows(page: Page) -> list[str]:
    """The clauses that the matrix shows."""
    shown: list[str] = page.locator("tr.clause:visible > th").all_inner_texts()
    return shown


def background(page: Page) -> int:
    """How light the page is, from 0 to 255."""
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return max(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "visit",
    [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")],
    ids=["phone light", "phone dark", "desktop light", "desktop dark"],
    indirect=True,
)
def test_a_page_fits_and_is_accessible(visit: Visitor, name: str) -> None:
    page = visit.goes_to(name)
    assert page.locator("h1").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.locator("tr.chapter button").all()[:2]:
        button.click()
    assert visit.wrong == []
    found = Axe().run(page)
    visit.wrong.clear()  # it asks for what it looks at, which the policy refuses
    assert found.violations_count == 0, found.generate_report()


def test_the_style_sheet_is_applied(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    assert page.evaluate("getComputedStyle(document.querySelector('.cards')).display") == "grid"


@pytest.mark.parametrize("visit", [(DESKTOP, "dark")], indirect=True)
def test_light_and_dark_as_the_system_or_as_chosen(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    assert background(page) < 60
    button = page.locator("#theme")
    button.click()
    assert button.inner_text() == "Theme: light"
    assert background(page) > 200
    assert background(visit.goes_to("clauses/FWD-2.html")) > 200
    page.locator("#theme").click()
    page.emulate_media(color_scheme="light")
    assert background(page) < 60
    page.locator("#theme").click()
    assert background(page) > 200


def test_chapters_are_collapsed_until_asked(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    assert rows(page) == []
    assert page.locator("#count").inner_text() == f"{len(all_clauses())} clauses"
    chapter = page.get_by_role("button", name="The recurrence")
    chapter.focus()
    page.keyboard.press("Enter")
    assert chapter.get_attribute("aria-expanded") == "true"
    assert rows(page) == [id for id in all_clauses() if id.startswith("FWD-")]
    page.get_by_role("button", name="Expand all").click()
    assert rows(page) == list(all_clauses())
    page.get_by_role("button", name="Expand all").click()
    assert rows(page) == []


def test_filters_narrow_the_matrix_and_say_how_far(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    page.get_by_label("Verdict").select_option("red")
    assert "FWD-2" in rows(page)
    assert "FWD-3" in rows(page)  # of the fault
    assert page.locator("#count").inner_text() == f"{len(rows(page))} of {len(all_clauses())} clauses"
    assert page.locator("#count").get_attribute("aria-live") == "polite"
    page.get_by_label(f"fault:{FAULT}").uncheck()
    assert rows(page) == ["FWD-2"]  # of what is hostile
    assert page.locator("#clauses thead th:visible").count() == 2 + 3
    page.get_by_label("Chapter").select_option(label="Masks")
    assert rows(page) == []
    assert page.locator("#count").inner_text().startswith("0 of")
    page.get_by_label("Verdict").select_option("")
    assert rows(page) == [id for id in all_clauses() if id.startswith("MSK-")]
    page.get_by_label("Level").select_option("MAY")
    assert rows(page) == [
        id for id, clause in all_clauses().items() if clause.level == "MAY" and id[:3] == "MSK"
    ]
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#count")).to_have_text(f"{len(all_clauses())} clauses")
    assert page.locator("#clauses thead th:visible").count() == 2 + 4


def test_search_finds_ids_titles_and_texts(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    search = page.get_by_label("Search")
    search.fill("fwd-2")
    assert rows(page) == ["FWD-2"]
    search.fill("from column to row")
    assert rows(page) == ["FWD-2", "FWD-3"]
    search.fill("Σ_j input weight")
    assert rows(page) == ["FWD-3"]
    search.fill("no such words")
    assert rows(page) == []


def test_a_filter_can_be_sent(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    page.get_by_label("Search").fill("FWD")
    page.get_by_label("Verdict").select_option("pass")
    page.get_by_label("torch").uncheck()
    shown, address = rows(page), page.url
    page.goto("about:blank")
    visit.wrong.clear()
    page.goto(address)
    assert rows(page) == shown
    assert not page.get_by_label("torch").is_checked()
    assert page.get_by_label("reference").is_checked()


def test_the_totals_of_a_framework_lead_to_its_clauses(visit: Visitor) -> None:
    page = visit.goes_to("frameworks/torch.html")
    page.locator(".counts a", has_text="deviates").click()
    assert rows(page) == ["LEN-7"]


def test_an_address_opens_its_chapter(visit: Visitor) -> None:
    page = visit.goes_to("clauses/MSK-1.html")
    page.locator(".crumbs a", has_text="Masks").click()
    assert rows(page) == [id for id in all_clauses() if id.startswith("MSK-")]


def test_routes_are_shown_on_request(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    page.get_by_label("Search").fill("LEN-7")
    cell = page.locator("tr.clause:visible td[data-framework=torch]")
    assert "cell" not in cell.inner_text()
    page.get_by_role("button", name="Show routes").click()
    assert "pass: cell" in cell.inner_text()


def test_what_is_hostile_is_text(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    page.get_by_role("link", name=HOSTILE).first.click()
    assert page.locator("h1").inner_text() == HOSTILE
    assert HOSTILE in page.title()
    visit.goes_to("clauses/FWD-2.html")
    assert HOSTILE in page.locator("pre").all_text_contents()
    assert page.locator("img, main script").count() == 0
    assert page.title() != "owned"


def test_the_policy_holds_back_what_would_slip_through(visit: Visitor) -> None:
    """Markup that got into a page would not run, and could not ask the network."""
    page = visit.goes_to("index.html")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            const image = document.createElement("img");
            image.src = "https://example.org/x.png";
            document.body.append(image);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert sum("Content Security Policy" in wrong for wrong in visit.wrong) == 2
    visit.wrong.clear()


def test_without_a_script_everything_is_shown(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    assert rows(page) == list(all_clauses())
    assert not page.locator("#filter").is_visible()
    assert not page.locator("#theme").is_visible()
    context.close()


def test_in_print_everything_is_shown(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    page.emulate_media(media="print")
    assert rows(page) == list(all_clauses())
    assert not page.locator("#filter").is_visible()
    assert page.pdf()[:5] == b"%PDF-"


def test_the_keyboard_skips_to_the_content(visit: Visitor) -> None:
    page = visit.goes_to("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
