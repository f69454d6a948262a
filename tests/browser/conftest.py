"""A real Chromium for the browser tests: the one on the path, else Debian's, else Playwright's own, else a clear failure."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, Page, Playwright, async_playwright, expect

from bench.browser import ARGS

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "api/_ui/index.html"
PATIENCE_MS = 30_000
DEBIAN = Path("/usr/bin/chromium")


def chromium_path() -> str | None:
    """The browser to start; None means the one that Playwright brought itself."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return str(DEBIAN) if DEBIAN.exists() else None


async def launch(playwright: Playwright) -> Browser:
    """Start Chromium. Fails the test, rather than skipping it, where there is none."""
    try:
        return await playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
    except Error as error:
        pytest.fail(
            "no Chromium: install Debian's package (apt-get install chromium) or run "
            f"`playwright install chromium`.\n{error}"
        )


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    if not BUILD.exists():
        pytest.fail("the web app has not been built: run `make web`")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def page(browser: Browser, hub_stack: object) -> AsyncIterator[Page]:
    """A page whose script errors fail the test."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await context.close()
    assert errors == []
