"""Serves the built web app: hashed assets for ever, `index.html` for every page with the data it starts from."""

from __future__ import annotations

import hashlib
import html
import mimetypes
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse

from api.deps import cookie_name
from hub.tenancy import service, store
from hub.tenancy.branding import BrandView, brand_of
from models.db import Scope, transaction

FOLDER = Path(__file__).parent / "_ui"
IMMUTABLE = "public, max-age=31536000, immutable"
NO_BUILD = "The web app has not been built: run `make web`.\n"
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self'; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; "
    "object-src 'none'"
)
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_NOT_PAGES = ("v1", "webhooks", "assets")
_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)

router = APIRouter(include_in_schema=False)


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def page(path: str, request: Request) -> Response:
    """A file of the build, or the app's one page for any path without a dot in its last part."""
    folder: Path = getattr(request.app.state, "ui_folder", FOLDER)
    if path.startswith("assets/"):
        return await run_in_threadpool(
            _file, folder, path, request.headers.get("accept-encoding", ""), IMMUTABLE
        )
    if path.partition("/")[0] in _NOT_PAGES:
        raise HTTPException(404)
    if "." in path.rpartition("/")[2]:
        return await run_in_threadpool(_file, folder, path, "", "no-cache")
    return await _index(folder, request)


def _file(folder: Path, path: str, accepted: str, cache: str) -> Response:
    if "\0" in path:
        raise HTTPException(404)
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()) or not target.is_file() or path == "index.html":
        raise HTTPException(404)
    headers = {"Cache-Control": cache}
    kind = mimetypes.guess_type(target.name)[0] or "application/octet-stream"
    if cache is IMMUTABLE:
        headers["Vary"] = "Accept-Encoding"
        offered = {part.partition(";")[0].strip() for part in accepted.split(",")}
        for encoding, suffix in _ENCODINGS:
            packed = target.with_name(target.name + suffix)
            if encoding in offered and packed.is_file():
                return FileResponse(
                    packed, media_type=kind, headers={**headers, "Content-Encoding": encoding}
                )
    return FileResponse(target, media_type=kind, headers=headers)


async def _index(folder: Path, request: Request) -> Response:
    source = folder / "index.html"
    if not source.is_file():
        return PlainTextResponse(NO_BUILD, 503)
    boot, brand = await _boot(request)
    body = render(source.read_text(), boot, brand).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {
        "Cache-Control": "no-cache",
        "Vary": "Host, Cookie",
        "ETag": etag,
        "Content-Security-Policy": CSP,
        "X-Frame-Options": "DENY",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/html", headers=headers)


async def _boot(request: Request) -> tuple[dict[str, Any], BrandView]:
    """What the page knows before its first request: brand, version, and the CSRF token of a live session."""
    state = request.app.state
    token = request.cookies.get(cookie_name(state.settings), "")
    caller = await service.caller_of_session(state.engine, token) if token else None
    async with transaction(state.engine, Scope.nothing()) as db:
        tenant_id = caller.tenant_id if caller else await store.tenant_of_slug(db, "")
        if tenant_id is None:
            brand = BrandView("Hub", "Hub", "#1d5f8a", None, None)
        else:
            brand = await brand_of(db, tenant_id)
    boot = {
        "brand": asdict(brand),
        "csrf_token": caller.csrf_token if caller else None,
        "version": request.app.version,
        "languages": ["en"],
        "flags": {},
    }
    return boot, brand


def render(template: str, boot: dict[str, Any], brand: BrandView) -> str:
    """`index.html` with the tenant's title and colour and the boot block, none of which can break out of its place."""
    data = orjson.dumps(boot).decode().replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    head = (
        f'<meta name="theme-color" content="{html.escape(brand.primary_color)}">'
        f'<script type="application/json" id="boot">{data}</script>'
    )
    title = f"<title>{html.escape(brand.product_name)}</title>"
    page_ = _TITLE.sub(lambda _: title, template, count=1)
    return page_.replace("</head>", head + "</head>", 1)
