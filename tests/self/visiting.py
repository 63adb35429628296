"""A visitor of a site in a headless Chromium, the system's own or that of CHROMIUM=PATH."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal, TypeAlias

import pytest
from playwright.sync_api import ConsoleMessage, Page, Playwright

PHONE, DESKTOP = (360, 740), (1280, 900)
View: TypeAlias = tuple[tuple[int, int], Literal["light", "dark"]]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def executable(playwright: Playwright) -> str:
    """The browser: one that is named, one of the system, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    found = (
        [named] if named else [*filter(None, map(shutil.which, NAMES)), playwright.chromium.executable_path]
    )
    for path in found:
        if Path(path).is_file():
            return path
    pytest.fail(
        "there is no Chromium: install the system's package (chromium), run `playwright install chromium`,"
        f" or set CHROMIUM to its path; looked for {', '.join(NAMES)} and {found[-1]}"
    )


class Visitor:
    """A visitor of the site, who notes what must not happen."""

    def __init__(self, page: Page, site: Path) -> None:
        self.page = page
        self.site = site
        self.wrong: list[str] = []
        page.on("request", lambda request: self._noted(request.url))
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))

    def _noted(self, url: str) -> None:
        if not url.startswith((self.site.as_uri(), "data:,")):
            self.wrong.append(f"request: {url}")

    def _heard(self, message: ConsoleMessage) -> None:
        self.wrong.append(f"console: {message.text}")

    def goes_to(self, name: str) -> Page:
        path, _, fragment = name.partition("#")
        self.page.goto((self.site / path).as_uri() + (f"#{fragment}" if fragment else ""))
        return self.page
