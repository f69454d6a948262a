"""An agent's screen in a real Chromium that notes when a marked text is drawn in the list of conversations."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator

from playwright.async_api import Error, Page, async_playwright

from bench.common import ROOT
from hub.errors import Unavailable

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

BUILD = ROOT / "api/_ui/index.html"
PATIENCE_MS = 30_000
LOOK_S = 0.2
CLOCK_TRIES = 20
CLOCK_APART_MS = 2.0

# A text is put into the page by a mutation; it is drawn by the frame after it, and a message posted from that frame's
# callback comes when the frame is done. What is outside the window by then was never seen, and is not noted.
_WATCH = r"""([mark, field]) => {
  const marks = new RegExp(mark + '[a-z0-9]+', 'g');
  const put = new Map(), drawn = new Map();
  const now = () => performance.timeOrigin + performance.now();
  const look = (found) => {
    for (const row of document.querySelectorAll('[data-conversation]'))
      for (const [text] of row.textContent.matchAll(marks)) found(text, row);
  };
  const visible = (row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };
  const channel = new MessageChannel();
  let frame = null;
  channel.port1.onmessage = ({ data }) => data.forEach((text) => drawn.has(text) || drawn.set(text, now()));
  const draw = () => {
    frame = null;
    const texts = [];
    look((text, row) => put.has(text) && !drawn.has(text) && visible(row) && texts.push(text));
    channel.port2.postMessage(texts);
  };
  new MutationObserver(() => {
    const at = now();
    let news = false;
    look((text) => {
      if (put.has(text)) return;
      put.set(text, at);
      news = true;
    });
    if (news) frame ??= requestAnimationFrame(draw);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  window[field] = { put, drawn };
}"""
_FIELD = "__benchScreen"


def chromium() -> str:
    """The path of a Chromium, found as the browser tests' is. Raises Unavailable."""
    done = subprocess.run(["sh", "scripts/chromium"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable((done.stderr.strip().splitlines() or ["no Chromium"])[-1])
    return done.stdout.strip().splitlines()[-1]


class Screen:
    """A signed-in inbox. Times are milliseconds of the epoch, by the clock of this machine."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def watch(self, mark: str) -> None:
        """Note from now on when each text with a word that begins with `mark` is put into the list and drawn."""
        await self._check_clock()
        await self._page.evaluate(_WATCH, [mark, _FIELD])

    async def seen(self, count: int, within_s: float) -> tuple[dict[str, float], dict[str, float]]:
        """({marked word: put into the page}, {marked word: drawn}). Raises Unavailable when fewer than `count` were drawn."""
        deadline = time.monotonic() + within_s
        while True:
            found = await self._page.evaluate(
                "(field) => [Object.fromEntries(window[field].put), Object.fromEntries(window[field].drawn)]",
                _FIELD,
            )
            put, drawn = found
            if len(drawn) >= count:
                await self._check_clock()
                return put, drawn
            if time.monotonic() > deadline:
                raise Unavailable(f"{len(drawn)} of {count} messages were drawn, {len(put)} were in the page")
            await asyncio.sleep(LOOK_S)

    async def _check_clock(self) -> None:
        """The page's clock must read what ours does. Raises Unavailable when they are CLOCK_APART_MS apart."""
        apart = []
        for _ in range(CLOCK_TRIES):
            before = time.time() * 1000
            theirs = await self._page.evaluate("performance.timeOrigin + performance.now()")
            after = time.time() * 1000
            apart.append(max(before - theirs, theirs - after, 0.0))
        if min(apart) > CLOCK_APART_MS:
            raise Unavailable(f"the browser's clock is {min(apart):.1f} ms from the machine's")


@contextlib.asynccontextmanager
async def opened(public_url: str, email: str, password: str, path: str) -> AsyncIterator[Page]:
    """A browser whose only page is this one of the app, signed in and live. Raises Unavailable when there is no browser
    or no web app.
    """
    if not BUILD.exists():
        raise Unavailable("the web app has not been built: run `make web`")
    executable = await asyncio.to_thread(chromium)
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=executable, args=ARGS)
        except Error as error:
            raise Unavailable(f"{executable} does not start: {error.message.splitlines()[0]}") from None
        try:
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(PATIENCE_MS)
            await page.goto(f"{public_url}{path}")
            await page.get_by_label("E-mail").fill(email)
            await page.get_by_role("textbox", name="Password").fill(password)
            await page.get_by_role("button", name="Sign in").click()
            await page.locator("[data-testid=live-state][data-state=live]").wait_for(state="attached")
            yield page
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def signed_in(public_url: str, email: str, password: str) -> AsyncIterator[Screen]:
    """A browser whose only page is this person's inbox, live. Raises Unavailable when there is no browser or no web app."""
    async with opened(public_url, email, password, "/inbox/open") as page:
        await page.locator("[data-conversation]").first.wait_for()
        await page.mouse.move(5, 5)  # the list keeps its order while the pointer is inside
        yield Screen(page)
