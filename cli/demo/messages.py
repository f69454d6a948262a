"""`hub demo messages`: one logical message to contacts with mixed handsets; each must be reached by its best channel."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.demo import workspace as ws
from cli.demo.campaign import BATCH, WAIT_S, at_rest, money, spent_micros
from cli.demo.runs import Api, Report, Run, begin, until
from hub.billing.audit import audit
from hub.ids import decode_id, encode_id
from hub.settings import Settings
from models.conversations import messages as message_table
from models.db import Scope, app_url, make_engine, transaction

FIRST_NUMBER = 4_000_000_000
MONEY_MICROS_EACH = 250_000  # the dearest channel, and the ones that are tried before it
INBOUND_BATCH = 100
CONSENTS_AT_ONCE = 16
TAG = "mixed"
RCS_TIMEOUT_S, WHATSAPP_TIMEOUT_S = 8, 30
CONTENT = {
    "type": "card",
    "card": {
        "title": "Hello {{ first_name }}, your parcel comes tomorrow",
        "description": "When may we ring?",
        "suggestions": [
            {"type": "reply", "id": "am", "title": "Morning"},
            {"type": "reply", "id": "pm", "title": "Afternoon"},
        ],
    },
}
NO_RCS = {"capable": False}


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts whose numbers end in one digit: what their handsets do, and what must become of them.

    `reached` empty: nobody may reach them.
    """

    name: str
    reached: str
    rcs: Mapping[str, Any] | None = None
    whatsapp: Mapping[str, Any] | None = None
    has_written: bool = False  # by WhatsApp, so that its window is open
    stop_by: tuple[str, ...] = ()  # channels they opted out of for marketing
    failover: bool = False


GROUPS = (
    Group("RCS", "rcs"),
    Group("RCS, read", "rcs", rcs={"receipts": "read", "read_after_s": 0.3}),
    Group("RCS and an open WhatsApp window", "rcs", has_written=True),
    Group("RCS that is switched off: no receipt", "sms", rcs={"receipts": "sent"}, failover=True),
    Group("WhatsApp with an open window", "whatsapp", rcs=NO_RCS, has_written=True),
    Group("WhatsApp without a window", "sms", rcs=NO_RCS),
    Group("SMS only", "sms", rcs=NO_RCS, whatsapp={"capable": False}),
    Group(
        "a window, but WhatsApp is gone",
        "sms",
        rcs=NO_RCS,
        whatsapp={"receipts": "failed", "receipt_code": 131026},
        has_written=True,
        failover=True,
    ),
    Group("no consent for marketing by RCS", "sms", stop_by=("rcs",)),
    Group("opted out everywhere", "", stop_by=("rcs", "whatsapp", "sms")),
)


def _behaviours() -> dict[str, Any]:
    """The carrier's rules: a number's last digit says what its handset does."""
    rules = [
        {"match": {"suffix": str(digit), "channel": kind}, "behaviour": dict(behaviour)}
        for digit, group in enumerate(GROUPS)
        for kind, behaviour in (("rcs", group.rcs), ("whatsapp", group.whatsapp))
        if behaviour is not None
    ]
    default = {"receipts": "delivered", "sent_after_s": 0.05, "delivered_after_s": 0.2, "jitter_s": 0.2}
    return {"seed": 7, "default": default, "rules": rules}


def _number(place: int) -> str:
    return f"+1{FIRST_NUMBER + place}"


async def messages(settings: Settings, contacts: int, report: Report) -> dict[str, Any]:
    """Returns the figures; `adds_up` says whether everything is as it must be."""
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    engine = make_engine(url, pool=4, application_name="parley messages")
    try:
        funds = max(10_000_000, contacts * MONEY_MICROS_EACH)
        run = await begin(engine, settings, "Messages", funds, kinds=("sms", "whatsapp", "rcs"))
        async with httpx2.AsyncClient(base_url=settings.carrier_url, trust_env=False, timeout=60) as carrier:
            before = (await carrier.get("/carrier/behaviours")).json()
            (await carrier.put("/carrier/behaviours", json=_behaviours())).raise_for_status()
            api = Api(settings, run.key)
            try:
                return await _run(engine, api, carrier, run, contacts, funds, report)
            finally:
                await api.close()
                await carrier.put("/carrier/behaviours", json=before)
    finally:
        await engine.dispose()


async def _run(
    engine: AsyncEngine,
    api: Api,
    carrier: httpx2.AsyncClient,
    run: Run,
    contacts: int,
    funds: int,
    report: Report,
) -> dict[str, Any]:
    queue_ids = await ws.ensure_queues(engine, run.workspace.tenant_id, ["Answers"])
    await ws.ensure_rules(engine, run.workspace.tenant_id, [], queue_ids["Answers"])
    report(f"importing {contacts} contacts with {len(GROUPS)} kinds of handsets")
    ids = await _import(api, contacts)
    await _opt_out(api, ids)
    await _write_by_whatsapp(carrier, run, contacts)
    body = {
        "name": "Parcels",
        "channels": [
            {"kind": "rcs", "timeout_s": RCS_TIMEOUT_S},
            {"kind": "whatsapp", "timeout_s": WHATSAPP_TIMEOUT_S},
            {"kind": "sms"},
        ],
        "content": CONTENT,
        "audience": {"tag": TAG},
    }
    identifier = (await api.post("/v1/campaigns", body))["id"]
    began = time.perf_counter()
    await api.post(f"/v1/campaigns/{identifier}/launch")
    report("sending")
    state: dict[str, Any] = {}

    async def done() -> bool:
        state.update(await api.get(f"/v1/campaigns/{identifier}"))
        return bool(state["status"] != "running")

    await until(done, WAIT_S)
    await at_rest(engine, run)
    return await _figures(engine, api, run, identifier, ids, funds, time.perf_counter() - began)


async def _import(api: Api, contacts: int) -> list[str]:
    """The contacts' ids in the order of their numbers."""
    ids: list[str] = []
    for first in range(0, contacts, BATCH):
        places = range(first, min(first + BATCH, contacts))
        batch = [{"name": f"Contact {place:06d}", "phone": _number(place), "tags": [TAG]} for place in places]
        answer = await api.post("/v1/contacts/batch", {"contacts": batch})
        ids += [result["id"] for result in answer["results"]]
    return ids


async def _opt_out(api: Api, ids: list[str]) -> None:
    """Consent withdrawn for marketing, channel by channel, with its proof."""
    slots = asyncio.Semaphore(CONSENTS_AT_ONCE)

    async def one(contact_id: str, kind: str) -> None:
        body = {
            "channel_kind": kind,
            "purpose": "marketing",
            "state": "opted_out",
            "source": "form",
            "proof": "said so on the phone",
        }
        async with slots:
            await api.post(f"/v1/contacts/{contact_id}/consents", body)

    await asyncio.gather(
        *(
            one(contact_id, kind)
            for place, contact_id in enumerate(ids)
            for kind in GROUPS[place % len(GROUPS)].stop_by
        )
    )


async def _write_by_whatsapp(carrier: httpx2.AsyncClient, run: Run, contacts: int) -> None:
    """Those whose window is open have just written."""
    line = run.workspace.lines["whatsapp"].number
    texts = [
        {"from": _number(place), "to": line, "channel": "whatsapp", "text": "hello"}
        for place in range(contacts)
        if GROUPS[place % len(GROUPS)].has_written
    ]
    for first in range(0, len(texts), INBOUND_BATCH):
        answer = await carrier.post("/carrier/inbound", json=texts[first : first + INBOUND_BATCH])
        answer.raise_for_status()


async def _figures(
    engine: AsyncEngine,
    api: Api,
    run: Run,
    identifier: str,
    ids: list[str],
    funds: int,
    seconds: float,
) -> dict[str, Any]:
    view = await api.get(f"/v1/campaigns/{identifier}")
    by_state = {state: count for state, count in view["counts"].items() if count}
    if view["pending"]:
        by_state["pending"] = view["pending"]
    stands, failovers = await _outcome(engine, run, identifier)
    wrong = Counter(
        GROUPS[place % len(GROUPS)].name
        for place, contact_id in enumerate(ids)
        if stands.get(contact_id, ("", 0)) != _expected(place)
    )
    captured, debited = await money(engine, run)
    findings = await audit(engine)
    return {
        "contacts": len(ids),
        "by_channel": dict(sorted(Counter(kind or "nobody" for kind, _ in stands.values()).items())),
        "by_state": by_state,
        "failovers": failovers,
        "not_by_best_channel": dict(wrong),
        "timeline": await _timeline(api, ids),
        "sum_ok": sum(by_state.values()) == len(ids) == view["recipients"] == len(stands),
        "captured_micros": captured,
        "debited_micros": debited,
        "balance_moved_micros": await spent_micros(api, funds),
        "audit_clean": not findings,
        "audit_findings": sorted({finding.code for finding in findings}),
        "status": view["status"],
        "seconds": round(seconds, 2),
    }


def _expected(place: int) -> tuple[str, int]:
    """(kind of channel that reaches the contact, attempts)."""
    group = GROUPS[place % len(GROUPS)]
    return group.reached, 2 if group.failover else 1


async def _outcome(engine: AsyncEngine, run: Run, identifier: str) -> tuple[dict[str, tuple[str, int]], int]:
    """Contact → (kind that reached them or an empty text, attempts); and how often a channel took over."""
    table = message_table
    mine = (table.c.origin == "campaign", table.c.origin_id == decode_id("cmp", identifier))
    reached = func.max(table.c.channel_kind).filter(table.c.status.in_(("delivered", "read")))
    query = select(
        table.c.contact_id,
        reached.label("kind"),
        func.count().label("attempts"),
        func.count(table.c.first_id).label("later"),
    )
    async with transaction(engine, Scope.of(run.workspace.tenant_id)) as db:
        rows = (await db.execute(query.where(*mine).group_by(table.c.contact_id))).all()
    stands = {encode_id("con", row.contact_id): (row.kind or "", int(row.attempts)) for row in rows}
    return stands, sum(int(row.later) for row in rows)


async def _timeline(api: Api, ids: list[str]) -> list[str]:
    """The attempts of one message that a second channel took over, as the API tells them."""
    place = next((n for n in range(len(ids)) if GROUPS[n % len(GROUPS)].failover), None)
    if place is None:
        return []
    page = await api.get(f"/v1/messages?direction=out&contact_id={ids[place]}")
    if not page["items"]:
        return []
    message = await api.get(f"/v1/messages/{page['items'][0]['id']}")
    lines: list[str] = []
    for attempt in message["attempts"]:
        lines += [f"{passed['channel_kind']} {passed['reason']}" for passed in attempt["history"]]
        lines.append(f"{attempt['channel_kind']} {attempt['status']}")
    return lines


def adds_up(figures: Mapping[str, Any]) -> bool:
    """True when each was reached by the best channel, once, and paid once."""
    paid = figures["captured_micros"] == figures["debited_micros"] == figures["balance_moved_micros"]
    best = not figures["not_by_best_channel"]
    done = figures["status"] == "completed"
    return bool(figures["sum_ok"] and paid and best and done and figures["audit_clean"])
