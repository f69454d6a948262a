"""The builder of flows in a real Chromium without a GPU, with a flow of 500 nodes.

- `builder_ready`: from the address to the first selection: the page is loaded, the canvas drawn, a node clicked, its form shown.
- `builder_frames`: frames a second while the canvas is dragged about for some seconds.
- `builder_script`: milliseconds of script a frame meanwhile, which noisy machines leave alone.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any

from playwright.async_api import Page
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.browser import opened
from bench.common import figure, local_hub, note
from cli.demo import workspace as ws
from hub.settings import Settings
from hub.tenancy.tree import NewTenant
from models.db import app_url, make_engine

EMAIL = "builder@bench.example"
COLUMNS, WIDTH, HEIGHT = 25, 280, 160
FRAMES_MIN, READY_MS_MAX = 50.0, 2_000.0
SECONDS, SECONDS_QUICK = 6.0, 3.0
STEP_PX, STEPS_A_TURN = 12, 40
_COUNT = """() => {
  window.__frames = 0;
  const next = () => { window.__frames += 1; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""

# A point of the canvas where no node is, so that the whole moves and not one node.
_FREE = """() => {
  const box = document.querySelector('.react-flow__pane').getBoundingClientRect();
  for (let y = box.top + box.height / 2; y < box.bottom; y += 8)
    for (let x = box.left + box.width / 2; x < box.right; x += 8)
      if (document.elementFromPoint(x, y)?.classList.contains('react-flow__pane')) return [x, y];
  throw new Error('the canvas has no free place');
}"""


def measure(document: dict[str, Any], quick: bool) -> list[dict[str, Any]]:
    """The figures for this document. Raises Unavailable where there is no browser or no web app."""
    note("the builder in a browser")
    with local_hub(with_carrier=False) as (_, settings):
        return asyncio.run(_measure(settings, placed(document), SECONDS_QUICK if quick else SECONDS))


def placed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its nodes in rows, so that few of them are in view."""
    nodes = [
        {**node, "position": {"x": nth % COLUMNS * WIDTH, "y": nth // COLUMNS * HEIGHT}}
        for nth, node in enumerate(document["nodes"])
    ]
    return {**document, "nodes": nodes}


async def _measure(settings: Settings, document: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    engine = make_engine(url, pool=2, application_name="parley bench")
    await _person(engine)
    await engine.dispose()
    async with opened(settings.public_url, EMAIL, ws.PASSWORD, "/flows") as page:
        flow_id = await _flow(page, settings.public_url, document)
        ready_ms = await _ready(page, f"{settings.public_url}/flows/{flow_id}")
        frames, script_ms = await _panned(page, seconds)
    return figures(ready_ms, frames, script_ms)


def figures(ready_ms: float, frames: float, script_ms: float) -> list[dict[str, Any]]:
    """What was measured, held against what is asked for."""
    return [
        figure("builder_ready", ready_ms, "ms", value_at_most=READY_MS_MAX),
        figure("builder_frames", frames, "frames/s", "frames asked for", FRAMES_MIN, at_least=1),
        figure("builder_script", script_ms, "ms/frame"),
    ]


async def _person(engine: AsyncEngine) -> None:
    tenant_id = await ws.ensure_tenant(engine, None, NewTenant("Bench", "platform", "bench"))
    await ws.ensure_user(engine, tenant_id, EMAIL, "Builder", ["campaign_manager"])


async def _flow(page: Page, public_url: str, document: dict[str, Any]) -> str:
    me = await (await page.context.request.get(f"{public_url}/v1/me")).json()
    answer = await page.context.request.post(
        f"{public_url}/v1/flows",
        data={"name": "Large", "document": document},
        headers={"X-CSRF-Token": me["csrf_token"], "Origin": public_url},
    )
    if not answer.ok:
        raise RuntimeError(await answer.text())
    return str((await answer.json())["id"])


async def _ready(page: Page, url: str) -> float:
    """Milliseconds from the address to a form that shows the clicked node."""
    begin = perf_counter()
    await page.goto(url)
    await page.locator("[data-step=start]").click()
    await page.get_by_role("heading", name="Start", exact=True).wait_for()
    return (perf_counter() - begin) * 1_000


async def _panned(page: Page, seconds: float) -> tuple[float, float]:
    """(frames a second, milliseconds of script a frame) while the canvas is dragged to and fro."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    await page.evaluate(_COUNT)
    before, script = await page.evaluate("window.__frames"), await _script_s(session)
    begin = perf_counter()
    turn = -1
    while perf_counter() - begin < seconds:
        x, y = await page.evaluate(_FREE)
        await page.mouse.move(x, y)
        await page.mouse.down()
        for nth in range(STEPS_A_TURN):
            await page.mouse.move(x + turn * STEP_PX * nth, y + turn * STEP_PX / 2 * nth)
        await page.mouse.up()
        turn = -turn
    taken = perf_counter() - begin
    frames = await page.evaluate("window.__frames") - before
    return frames / taken, (await _script_s(session) - script) * 1_000 / max(frames, 1)


async def _script_s(session: Any) -> float:
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "ScriptDuration"))
