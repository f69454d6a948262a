"""The gateway: FastAPI over the services and the actor hosts. `uvicorn api.app:app` serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.middleware import Middleware
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from actors.client import Hub
from actors.shell import calm_collector
from api import openapi, problems, ui
from api.deps import NoActors
from api.live import Live
from api.middleware import Edge
from api.ratelimit import RateLimiter
from api.routes import (
    attributes,
    audit_log,
    calls,
    campaigns,
    channels,
    conditions,
    contacts,
    conversations,
    corrections,
    desk,
    desk_calls,
    events,
    exports,
    flow_exchange,
    flow_live,
    flow_running,
    flow_sessions,
    flow_simulations,
    flows,
    imports,
    intents,
    media,
    mentions,
    merges,
    messages,
    overview,
    personal_data,
    policy,
    provider_accounts,
    queue_defaults,
    queues,
    routing,
    saved_replies,
    search,
    segments,
    sessions,
    supervision,
    suppressions,
    templates,
    tenants,
    timeline,
    views,
    wallet,
    webhook_endpoints,
    wrap_ups,
)
from api.schemas.overview import Health
from api.stream import router as stream
from api.webhooks.app import PREFIX, webhooks
from hub.settings import Settings, get_settings
from hub.tenancy.service import KeyCache
from hub.tenancy.throttle import LoginThrottle
from models.db import Scope, app_url, make_engine, transaction

REDIS_CONNECT_S = 2
REDIS_ANSWER_S = 30
REDIS_RETRIES = 2  # the client's own default would hold a request for many seconds while Redis is away

_health = APIRouter(include_in_schema=False)


def _version() -> str:
    try:
        return version("parley-hub")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0"


@_health.get("/healthz")
async def healthz(request: Request) -> Health:
    """Alive, and able to reach the database."""
    async with transaction(request.app.state.engine, Scope.nothing()) as db:
        await db.execute(text("SELECT 1"))
    return Health(status="ok", version=request.app.version)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    redis = Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=REDIS_CONNECT_S,
        socket_timeout=REDIS_ANSWER_S,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.02), REDIS_RETRIES),
    )
    # Three pools in a fixed order, so that a request which holds one connection and waits for another cannot wait in a
    # circle: an idempotent request keeps its own while actors answer, routes use the second, the actors' client the third.
    pool = settings.database_pool
    app.state.once_engine = _engine(settings, max(pool // 2, 2), "once")
    app.state.engine = engine = _engine(settings, pool, "routes")
    inner = _engine(settings, pool, "hub")
    app.state.redis = redis
    app.state.live = live = Live(redis)
    app.state.limiter = RateLimiter(redis)
    app.state.throttle = LoginThrottle(redis)
    app.state.keys = KeyCache(engine)
    hub = await Hub.connect(settings, inner, redis) if app.state.connect_hub else None
    app.state.hub = hub or NoActors()
    if hub is not None:
        calm_collector()
    try:
        yield
    finally:
        await live.close()
        if hub is not None:
            await hub.close()
        await redis.aclose()
        for each in (app.state.once_engine, engine, inner):
            await each.dispose()


def _engine(settings: Settings, pool: int, name: str) -> AsyncEngine:
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    return make_engine(url, pool=pool, application_name=f"parley-gateway-{name}")


class Gateway(FastAPI):
    """FastAPI, with the providers' webhooks served in front of it."""

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await webhooks(self.state.hub, self.state.settings.public_url, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


# In the order in which the API's document tells them.
_ROUTES = (
    sessions,
    tenants,
    overview,
    provider_accounts,
    channels,
    desk_calls,
    calls,
    media,
    templates,
    queue_defaults,
    queues,
    desk,
    conversations,
    exports,
    contacts,
    personal_data,
    merges,
    views,
    audit_log,
    timeline,
    suppressions,
    attributes,
    conditions,
    segments,
    events,
    imports,
    flow_exchange,
    flow_live,
    flow_sessions,
    flow_running,
    flows,
    flow_simulations,
    campaigns,
    messages,
    policy,
    routing,
    wallet,
    intents,
    corrections,
    mentions,
    saved_replies,
    search,
    webhook_endpoints,
    wrap_ups,
    supervision,
)


def create_app(settings: Settings | None = None, *, connect_hub: bool = True) -> FastAPI:
    """The application. `connect_hub=False` leaves the actor hosts out: what needs them answers 503."""
    settings = settings or get_settings()
    number = _version()
    app = Gateway(
        title="Parley",
        version=number,
        lifespan=_lifespan,
        openapi_url="/v1/openapi.json",
        docs_url="/docs",
        redoc_url=None,
        middleware=[Middleware(Edge, version=number, tls=settings.cookie_secure)],
    )
    app.state.settings = settings
    app.state.connect_hub = connect_hub
    app.state.hub = None
    problems.install(app)
    openapi.install(app)
    for module in _ROUTES:
        app.include_router(module.router)
    for router in (
        flows.nodes,
        imports.uploads,
        media.uploads,
        stream,
        _health,
        ui.router,
    ):  # the page fallback last
        app.include_router(router)
    return app


def __getattr__(name: str) -> Any:
    """`api.app:app` for uvicorn, made on first use: importing this module reads no settings."""
    if name == "app":
        globals()["app"] = create_app()
        return globals()["app"]
    raise AttributeError(name)
