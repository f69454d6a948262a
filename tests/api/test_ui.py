from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from models.db import Scope, transaction

INDEX = (
    '<!doctype html><html lang="en"><head><title>dev</title></head><body><div id="root"></div></body></html>'
)


@pytest.fixture
def build(app: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "_ui"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "theme-boot.js").write_text("1")
    (folder / "assets" / "app-1a2b.js").write_text("console.log(1)")
    (folder / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (folder / "assets" / "app-1a2b.js.gz").write_bytes(b"gzip")
    (tmp_path / "secret.txt").write_text("hidden words")
    app.state.ui_folder = folder
    return folder


def boot_of(page: httpx2.Response) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', page.text)
    assert found
    boot: dict[str, Any] = json.loads(found.group(1))
    return boot


async def test_without_a_build_the_api_runs_and_the_page_says_what_to_do(
    app: Any, anonymous: httpx2.AsyncClient, tmp_path: Path
) -> None:
    app.state.ui_folder = tmp_path / "nothing"
    answer = await anonymous.get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text
    assert (await anonymous.get("/v1/branding")).status_code in (200, 404)


@pytest.mark.usefixtures("build", "world")
@pytest.mark.parametrize("path", ["/", "/inbox", "/contacts/con_1", "/a/b/c"])
async def test_every_page_is_the_one_page(anonymous: httpx2.AsyncClient, path: str) -> None:
    page = await anonymous.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    again = await anonymous.get(path, headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert boot_of(page)["csrf_token"] is None
    assert (await anonymous.head(path)).status_code == 200


@pytest.mark.usefixtures("build")
async def test_the_page_starts_with_the_brand_and_the_session(world: Any) -> None:
    brand = {"product_name": "</script><script>alert(1)</script> & Co", "primary_color": "#8a3ffc"}
    async with transaction(world.app.state.engine, Scope.of(world.tenants["acme"])) as db:
        values = {"id": world.tenants["acme"], "brand": json.dumps(brand)}
        await db.execute(text("UPDATE tenants SET brand = CAST(:brand AS jsonb) WHERE id = :id"), values)
    async with await world.sign_in("north", "support_agent") as client:
        page = await client.get("/inbox")
        boot = boot_of(page)
        assert boot["csrf_token"] == client.headers["X-CSRF-Token"]
        assert boot["brand"]["product_name"] == brand["product_name"]
        assert "<script>alert" not in page.text
        assert '<meta name="theme-color" content="#8a3ffc">' in page.text
        assert "<title>&lt;/script&gt;" in page.text


@pytest.mark.usefixtures("build")
@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [("br, gzip", "br", b"brotli"), ("gzip;q=1", "gzip", b"gzip"), ("", None, b"console.log(1)")],
)
async def test_assets_are_packed_and_kept_for_ever(
    app: Any, accepted: str, encoding: str | None, body: bytes
) -> None:
    transport = httpx2.ASGITransport(app=app)
    async with transport:
        request = httpx2.Request(
            "GET", "http://gateway.example/assets/app-1a2b.js", headers={"Accept-Encoding": accepted}
        )
        answer = await transport.handle_async_request(request)
        assert b"".join([chunk async for chunk in answer.stream]) == body
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers.get("content-encoding") == encoding
    assert "javascript" in answer.headers["content-type"]


@pytest.mark.usefixtures("build")
@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/../index.html",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/none.png",
        "/index.html",
        "/assets",
        "/assets/",
        "/webhooks",
        "/v1/none",
        "/assets/%00.js",
    ],
)
async def test_what_is_not_in_the_build_is_not_served(anonymous: httpx2.AsyncClient, path: str) -> None:
    answer = await anonymous.get(path)
    assert answer.status_code == 404
    assert "hidden words" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("build")
async def test_other_files_of_the_build_are_asked_for_each_time(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/theme-boot.js")
    assert (answer.text, answer.headers["cache-control"]) == ("1", "no-cache")
