"""`hub demo campaign`: import contacts, message them all, let some answer, fail and opt out; then everything must add up."""

from __future__ import annotations

import time
from typing import Any

import httpx2
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.demo import workspace as ws
from cli.demo.runs import Api, Report, Run, begin, until
from cli.demo.seed import SURVEY
from hub.billing.audit import audit
from hub.contacts.service_attributes import NewAttribute, ensure
from hub.ids import encode_id
from hub.money import parse_micros
from hub.settings import Settings
from models.billing import ledger_entries, settlements
from models.conversations import failovers, messages, outbox
from models.db import Scope, app_url, make_engine, transaction

FIRST_NUMBER = 3_000_000_000
BATCH = 1000
MONEY_MICROS_EACH = 20_000  # two parts at the list price and some for the answers
TEMPLATE = "Hi {{ first_name }}, 15 % off everything until Sunday, ask for code {{ code }}. Interested? Reply YES or NO."
QUIET_S = 3.0
WAIT_S = 1800.0
BEHAVIOURS = {
    "seed": 7,
    "default": {"receipts": "delivered", "sent_after_s": 0.05, "delivered_after_s": 0.3, "jitter_s": 0.5},
    "rules": [
        {"match": {"share": 0.06}, "behaviour": {"replies": ["YES"], "reply_after_s": 0.5}},
        {"match": {"share": 0.03}, "behaviour": {"replies": ["no"], "reply_after_s": 0.5}},
        {
            "match": {"share": 0.03},
            "behaviour": {"replies": ["When do you close on Sunday?"], "reply_after_s": 0.5},
        },
        {"match": {"share": 0.03}, "behaviour": {"receipts": "undelivered", "receipt_code": 30003}},
        {"match": {"share": 0.02}, "behaviour": {"answer": "refuse", "code": 21614}},
        {"match": {"share": 0.02}, "behaviour": {"answer": "throttle", "times": 1}},
        {"match": {"share": 0.03}, "behaviour": {"opts_out": True, "reply_after_s": 0.5}},
        {"match": {"share": 0.02}, "behaviour": {"duplicate": 2, "reorder": True}},
    ],
}
SETTLED = ("delivered", "read", "undelivered", "failed", "expired", "refused")


async def campaign(settings: Settings, contacts: int, report: Report) -> dict[str, Any]:
    """Returns the figures; `ok` says whether every number adds up."""
    engine = make_engine(
        app_url(settings.database_url, settings.secret_key.get_secret_value()),
        pool=4,
        application_name="parley campaign",
    )
    try:
        run = await begin(engine, settings, "Campaign", max(10_000_000, contacts * MONEY_MICROS_EACH))
        async with httpx2.AsyncClient(base_url=settings.carrier_url, trust_env=False) as client:
            before = (await client.get("/carrier/behaviours")).json()
            (await client.put("/carrier/behaviours", json=BEHAVIOURS)).raise_for_status()
            try:
                return await _run(engine, settings, run, contacts, report)
            finally:
                await client.put("/carrier/behaviours", json=before)
    finally:
        await engine.dispose()


async def _import(api: Api, contacts: int) -> None:
    for first in range(0, contacts, BATCH):
        batch = [
            {
                "name": f"Contact {place:06d}",
                "phone": f"+1{FIRST_NUMBER + place}",
                "tags": ["autumn"],
                "attributes": {"code": f"A{place % 997:03d}"},
            }
            for place in range(first, min(first + BATCH, contacts))
        ]
        await api.post("/v1/contacts/batch", {"contacts": batch})


async def _prepare(engine: AsyncEngine, run: Run) -> str:
    """The attribute of the template, a fallback queue and the flow that the answers go into; returns the flow's id."""
    tenant_id = run.workspace.tenant_id
    async with transaction(engine, Scope.of(tenant_id)) as db:
        await ensure(db, tenant_id, [NewAttribute("code", "text", "Discount code")])
    queue_ids = await ws.ensure_queues(engine, tenant_id, ["Answers"])
    await ws.ensure_rules(engine, tenant_id, [], queue_ids["Answers"])
    return encode_id("flw", await ws.ensure_flow(engine, tenant_id, "Autumn survey", SURVEY))


async def _run(
    engine: AsyncEngine, settings: Settings, run: Run, contacts: int, report: Report
) -> dict[str, Any]:
    api = Api(settings, run.key)
    try:
        flow_id = await _prepare(engine, run)
        report(f"importing {contacts} contacts")
        await _import(api, contacts)
        body = {
            "name": "Autumn sale",
            "channel_id": encode_id("chn", run.workspace.lines["sms"].channel_id),
            "template": TEMPLATE,
            "audience": {"tag": "autumn"},
            "flow_id": flow_id,
        }
        identifier = (await api.post("/v1/campaigns", body))["id"]
        began = time.perf_counter()
        await api.post(f"/v1/campaigns/{identifier}/launch")
        report("sending")
        seconds = await _finish(engine, api, run, identifier, began)
        return await _figures(engine, api, run, identifier, contacts, seconds)
    finally:
        await api.close()


async def _finish(engine: AsyncEngine, api: Api, run: Run, identifier: str, began: float) -> float:
    """Wait until the campaign is done, every message has its fate, and money and mail are at rest."""
    completed_s = 0.0
    state: dict[str, Any] = {}

    async def done() -> bool:
        state.update(await api.get(f"/v1/campaigns/{identifier}"))
        return bool(state["status"] != "running")

    await until(done, WAIT_S)
    completed_s = time.perf_counter() - began
    await at_rest(engine, run)
    return completed_s


async def at_rest(engine: AsyncEngine, run: Run) -> None:
    """Wait until nothing has moved for a moment and nothing is owed any more."""
    last: list[Any] = [None, time.perf_counter()]

    async def still() -> bool:
        now = await _motion(engine, run)
        if now != last[0]:
            last[:] = [now, time.perf_counter()]
        return bool(now[0] == 0 and time.perf_counter() - last[1] > QUIET_S)

    await until(still, 120)


async def _motion(engine: AsyncEngine, run: Run) -> tuple[int, int]:
    """(what is still owed, booked or unsettled; how many messages there are)."""
    tenant_id = run.workspace.tenant_id
    async with transaction(engine, Scope.of(tenant_id)) as db:
        owed = (await db.execute(select(func.count()).select_from(outbox))).scalar_one()
        unbooked = (await db.execute(select(func.count()).select_from(settlements))).scalar_one()
        out = messages.c.direction == "out"
        stands = messages.c.next_id.is_(None)  # of several attempts
        moving = select(func.count()).where(out, stands, messages.c.status.not_in(SETTLED))
        plans = (await db.execute(select(func.count()).select_from(failovers))).scalar_one()
        all_messages = (await db.execute(select(func.count()).select_from(messages))).scalar_one()
        return int(owed + unbooked + plans + (await db.execute(moving)).scalar_one()), int(all_messages)


async def money(engine: AsyncEngine, run: Run) -> tuple[int, int]:
    """(Σ price of captured messages, Σ debits of the wallet for messages) in micros."""
    async with transaction(engine, Scope.of(run.workspace.tenant_id)) as db:
        captured = select(func.coalesce(func.sum(messages.c.price_micros), 0)).where(
            messages.c.settlement == "captured"
        )
        debits = select(func.coalesce(func.sum(ledger_entries.c.amount_micros), 0)).where(
            ledger_entries.c.source_type == "message", ledger_entries.c.debit_account.like("wallet:%")
        )
        return int((await db.execute(captured)).scalar_one()), int((await db.execute(debits)).scalar_one())


async def spent_micros(api: Api, funds_micros: int) -> int:
    """What has left a wallet that began with `funds_micros`."""
    return funds_micros - parse_micros((await api.get("/v1/wallet"))["balance"])


async def _figures(
    engine: AsyncEngine, api: Api, run: Run, identifier: str, contacts: int, seconds: float
) -> dict[str, Any]:
    view = await api.get(f"/v1/campaigns/{identifier}")
    by_state = {state: count for state, count in view["counts"].items() if count}
    if view["pending"]:
        by_state["pending"] = view["pending"]
    captured, debited = await money(engine, run)
    findings = await audit(engine)
    spent = await spent_micros(api, max(10_000_000, contacts * MONEY_MICROS_EACH))
    sum_ok = sum(by_state.values()) == contacts == view["recipients"]
    return {
        "contacts": contacts,
        "by_state": by_state,
        "sum_ok": sum_ok,
        "answered": view["answered"],
        "opted_out": view["opted_out"],
        "captured_micros": captured,
        "debited_micros": debited,
        "balance_moved_micros": spent,
        "audit_clean": not findings,
        "status": view["status"],
        "seconds": round(seconds, 2),
        "sends_per_s": round(contacts / max(seconds, 1e-9), 1),
    }


def adds_up(figures: dict[str, Any]) -> bool:
    """True when nothing is missing anywhere."""
    money = figures["captured_micros"] == figures["debited_micros"] == figures["balance_moved_micros"]
    return bool(figures["sum_ok"] and money and figures["audit_clean"] and figures["status"] == "completed")
