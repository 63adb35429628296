"""The browser, and who visits with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from visiting import DESKTOP, View, Visitor, executable


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--site", type=Path, help="a site of the spec that was built; else one is built")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(playwright))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, site: Path, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A visitor with a desktop, in light; parametrize it with another `View`."""
    view: View = getattr(request, "param", (DESKTOP, "light"))
    (width, height), scheme = view
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    visitor = Visitor(context.new_page(), site)
    yield visitor
    context.close()
    assert visitor.wrong == []
