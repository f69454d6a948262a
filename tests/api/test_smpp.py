"""SMS by SMPP on the whole hub: out and in over one bind, in parts, paid once."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import httpx2
import pytest

from cli.demo import workspace as ws
from cli.demo.runs import Run
from hub.ids import encode_id
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.api.whole_hub import Org, fresh_number, start, until
from tests.conftest import HubStack

LONG_UCS2 = "Ваш заказ готов 😀. " * 10
FAST = {"sent_after_s": 0.0, "delivered_after_s": 0.05}


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(_start(hub_stack.settings))


async def _start(settings: Settings) -> Run:
    """A tenant whose second SMS line goes over SMPP."""
    run = await start(settings, "SMPP")
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        tenant = run.workspace.tenant_id
        line = await ws.ensure_line(engine, settings, tenant, "sms", "SMPP line", fresh_number(), "smpp")
        run.workspace.lines["smpp"] = line
        await ws.tell_carrier(settings, [ws.smpp_account(line, "SMPP line")])
    finally:
        await engine.dispose()
    return run


async def test_an_operator_hears_in_words_what_the_smsc_says(org: Org) -> None:
    line = org.run.workspace.lines["smpp"]
    directory = f"/v1/provider-accounts/{encode_id('acc', line.account_id)}"

    async def check() -> Any:
        answer = await org.http.post(f"{directory}/check", headers={"Idempotency-Key": secrets.token_hex(8)})
        assert answer.status_code == 200, answer.text
        return answer.json()

    # The host may have tried to bind before the carrier knew the account: it tries again by itself.
    found = await until(check, lambda one: one["ok"])
    assert (found["ok"], found["code"]) == (True, "ok")


async def behave(carrier: httpx2.AsyncClient, handset: str, **behaviour: Any) -> None:
    rules = [{"match": {"number": handset}, "behaviour": FAST | behaviour}]
    (await carrier.put("/carrier/behaviours", json={"rules": rules})).raise_for_status()


async def send(org: Org, to: str, text: str) -> dict[str, Any]:
    channel = encode_id("chn", org.run.workspace.lines["smpp"].channel_id)
    body = {"to": to, "text": text, "channels": [{"channel_id": channel}]}
    found: dict[str, Any] = await org.post("/v1/messages", body, 202)
    return found


async def message(org: Org, sent: dict[str, Any], *status: str) -> dict[str, Any]:
    async def ask() -> Any:
        return await org.get(f"/v1/messages/{sent['message']['id']}")

    found: dict[str, Any] = await until(ask, lambda one: one["status"] in status)
    return found


async def taken(carrier: httpx2.AsyncClient, handset: str) -> list[dict[str, Any]]:
    answer = (await carrier.get("/carrier/messages", params={"handset": handset})).json()
    return [each for each in answer["messages"] if each["direction"] == "outbound"]


@pytest.mark.parametrize(("text", "parts"), [("Hello", 1), ("x" * 400, 3), (LONG_UCS2, 3)])
async def test_a_text_is_delivered_once_whole_and_paid_once(
    org: Org, carrier: httpx2.AsyncClient, text: str, parts: int
) -> None:
    handset = fresh_number()
    await behave(carrier, handset, duplicate=2, reorder=True)
    before = await org.get("/v1/wallet")
    sent = await send(org, handset, text)
    found = await message(org, sent, "delivered")
    (arrived,) = await taken(carrier, handset)
    assert (arrived["body"], arrived["parts"]) == (text, parts)
    assert found["attempts"][0]["parts"] == parts
    after = await until(lambda: org.get("/v1/wallet"), lambda wallet: wallet["held"] == "0.000000")
    assert float(before["balance"]) - float(after["balance"]) == pytest.approx(0.0079 * parts)


async def test_a_receipt_before_the_answer_is_kept_and_matched(org: Org, carrier: httpx2.AsyncClient) -> None:
    handset = fresh_number()
    await behave(carrier, handset, answer="late", answer_delay_s=1.0)
    await message(org, await send(org, handset, "y" * 200), "delivered")


async def test_one_part_that_fails_fails_the_message(org: Org, carrier: httpx2.AsyncClient) -> None:
    handset = fresh_number()
    await behave(carrier, handset, receipts="undelivered", receipt_code=30005)
    found = await message(org, await send(org, handset, "z" * 200), "undelivered")
    assert found["attempts"][0]["error_code"] == "005"


async def test_a_refusal_has_its_reason(org: Org, carrier: httpx2.AsyncClient) -> None:
    handset = fresh_number()
    await behave(carrier, handset, answer="refuse", code=0x66)
    found = await message(org, await send(org, handset, "no"), "failed")
    (attempt,) = found["attempts"]
    assert (attempt["error_code"], attempt["reason"]) == ("0x66", "the receiver rejects it")


async def test_a_throttled_text_goes_out_later_once(org: Org, carrier: httpx2.AsyncClient) -> None:
    handset = fresh_number()
    await behave(carrier, handset, answer="throttle", times=1)
    await message(org, await send(org, handset, "again"), "delivered")
    assert len(await taken(carrier, handset)) == 1


async def test_a_connection_lost_before_the_answer_is_not_sent_again(
    org: Org, carrier: httpx2.AsyncClient
) -> None:
    handset = fresh_number()
    await behave(carrier, handset, answer="drop", times=1, receipts="none")
    await message(org, await send(org, handset, "perhaps"), "unknown")
    await message(org, await send(org, fresh_number(), "after the bind came back"), "delivered")
    assert len(await taken(carrier, handset)) == 1


@pytest.mark.parametrize("text", ["Yes please", "Long €{} " * 40, LONG_UCS2])
async def test_what_a_person_writes_is_one_message_of_the_conversation(
    org: Org, carrier: httpx2.AsyncClient, text: str
) -> None:
    handset, line = fresh_number(), org.run.workspace.lines["smpp"].number
    body = {"channel": "sms", "from": handset, "to": line, "text": text}
    answer = await carrier.post("/carrier/inbound", json=body)
    assert answer.status_code < 300, answer.text

    async def said() -> list[str]:
        return [each["body"] for each in await org.thread(handset) if each["direction"] == "in"]

    assert await until(said, bool) == [text]
