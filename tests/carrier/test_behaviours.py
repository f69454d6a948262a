"""Each behaviour of network and handset, over real HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from carrier.behaviours import Behaviours

if TYPE_CHECKING:
    from tests.carrier.conftest import World

PERSON = "+15557654321"
NUMBER = "+15550001111"


def rule(match: dict[str, Any], **behaviour: Any) -> dict[str, Any]:
    return {"match": match, "behaviour": behaviour}


async def test_refused_in_the_answer(world: World) -> None:
    await world.behave(answer="refuse", code=21614)
    response = await world.sms()
    assert (response.status_code, response.json()["code"]) == (400, 21614)
    summary = await world.settle()
    assert (summary["accepted"], summary["refused"]) == (0, {"21614": 1})
    assert world.tenant.hits == []


@pytest.mark.parametrize("state", ["undelivered", "failed"])
async def test_fails_in_a_receipt(world: World, state: str) -> None:
    await world.behave(receipts=state, receipt_code=30003)
    sid = (await world.sms()).json()["sid"]
    await world.settle()
    assert world.tenant.states() == (["sent", state] if state == "undelivered" else [state])
    form = world.tenant.hits[-1].form
    assert (form["ErrorCode"], form["ErrorMessage"]) == ("30003", "Unreachable destination handset")
    entry = (await world.log(sid=sid))[0]
    assert (entry["state"], entry["error_code"]) == (state, 30003)


async def test_duplicated_receipts_keep_their_order_and_token(world: World) -> None:
    await world.behave(duplicate=2)
    await world.sms()
    await world.settle()
    assert world.tenant.states() == ["sent"] * 3 + ["delivered"] * 3
    tokens = [hit.headers["i-twilio-idempotency-token"] for hit in world.tenant.hits]
    assert sorted(Counter(tokens).values()) == [3, 3]


async def test_reordered_receipts(world: World) -> None:
    await world.behave(reorder=True)
    sid = (await world.sms()).json()["sid"]
    await world.settle()
    assert world.tenant.states() == ["delivered", "sent"]
    states = [step["state"] for step in (await world.log(sid=sid))[0]["states"]]
    assert states == ["queued", "sent", "delivered"]


async def test_silent(world: World) -> None:
    await world.behave(receipts="none")
    await world.sms()
    summary = await world.settle()
    assert summary["by_state"]["outbound"] == {"delivered": 1}
    assert world.tenant.hits == []


async def test_stops_at_sent(world: World) -> None:
    await world.behave(receipts="sent")
    await world.sms()
    await world.settle()
    assert world.tenant.states() == ["sent"]


async def test_accepts_and_never_answers(world: World) -> None:
    await world.behave(answer="hang")
    with pytest.raises(httpx2.ReadTimeout):
        await world.client.post(
            world.messages_url,
            data={"To": PERSON, "From": NUMBER, "Body": "lost answer"},
            auth=("AC00000000000000000000000000000001", "twilio-auth-token"),
            timeout=0.2,
        )
    assert [m["body"] for m in await world.log(to=PERSON)] == ["lost answer"]


async def test_accepts_and_cuts_the_connection(world: World) -> None:
    await world.behave(answer="drop")
    with pytest.raises(httpx2.TransportError):
        await world.sms()
    summary = await world.settle()
    assert summary["by_state"]["outbound"] == {"delivered": 1}
    assert world.tenant.states() == ["sent", "delivered"]


async def test_hang_ends_after_its_limit(worlds: Any) -> None:
    async with worlds(hang_s=0.05) as world:
        await world.behave(answer="hang")
        with pytest.raises(httpx2.TransportError):
            await world.sms()
        assert (await world.settle())["accepted"] == 1


async def test_answers_late_after_its_receipts(world: World) -> None:
    await world.behave(answer="late", answer_delay_s=0.5)
    task = asyncio.create_task(world.sms())
    await world.tenant.wait(2)
    assert world.tenant.states() == ["sent", "delivered"]
    assert not task.done()
    assert (await task).status_code == 201


async def test_throttles_the_first_tries(world: World) -> None:
    await world.behave(answer="throttle", times=2, retry_after_s=3)
    answers = [await world.sms() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 201]
    assert (answers[0].json()["code"], answers[0].headers["retry-after"]) == (20429, "3")
    assert (await world.sms(to="+15550005555")).status_code == 429


async def test_server_errors_take_nothing(world: World) -> None:
    await world.behave(answer="error", times=1, http_status=503, code=20503)
    assert [(await world.sms()).status_code for _ in range(2)] == [503, 201]
    assert (await world.summary())["accepted"] == 1


async def test_script_is_written_once_in_order(world: World) -> None:
    await world.behave(replies=["one", "two", "three"])
    await world.sms()
    await world.settle()
    await world.sms()
    await world.settle()
    texts = [hit.form["Body"] for hit in world.tenant.hits if hit.path == "/inbound"]
    assert texts == ["one", "two", "three"]


async def test_script_step_by_step(world: World) -> None:
    await world.behave(replies=["one", "two"], reply_mode="step")
    heard = []
    for _ in range(3):
        await world.sms()
        await world.settle()
        heard.append([hit.form["Body"] for hit in world.tenant.hits if hit.path == "/inbound"])
    assert heard == [["one"], ["one", "two"], ["one", "two"]]


async def test_opts_out(world: World) -> None:
    await world.behave(opts_out=True)
    assert (await world.sms()).status_code == 201
    await world.settle()
    assert [hit.form["Body"] for hit in world.tenant.hits if hit.path == "/inbound"] == ["STOP"]
    assert (await world.sms()).json()["code"] == 21610


async def test_failed_messages_are_not_answered(world: World) -> None:
    await world.behave(replies=["hi"], receipts="undelivered")
    await world.sms()
    await world.settle()
    assert world.tenant.states() == ["sent", "undelivered"]
    assert (await world.summary())["inbound"] == 0


async def test_rules_by_number_suffix_channel_and_sender(world: World) -> None:
    await world.behave(
        [
            rule({"suffix": "00"}, answer="refuse", code=21614),
            rule({"channel": "whatsapp"}, answer="refuse", code=131026),
            rule({"sender": "+15559990000"}, answer="refuse", code=21612),
            rule({"number": "+15551000300"}, answer="refuse", code=30005),
        ]
    )
    assert (await world.sms(to="+15551000200")).json()["code"] == 21614
    assert (await world.sms(to="+15551000300")).json()["code"] == 30005
    assert (await world.sms(to="+15551000301")).status_code == 201
    assert (await world.text()).json()["error"]["code"] == 131026


def test_shares_are_slices_fixed_by_the_seed() -> None:
    numbers = [f"+1555{number:07}" for number in range(10_000)]
    rules = [
        rule({"share": 0.3}, answer="refuse", code=1),
        rule({"share": 0.1}, answer="refuse", code=2),
        rule({"share": 0.05}, opts_out=True, code=3),
    ]

    def codes(seed: int) -> list[int | None]:
        behaviours = Behaviours()
        behaviours.put({"seed": seed, "rules": rules})
        return [behaviours.find(number, "sms", NUMBER).code for number in numbers]

    first, again, other = codes(7), codes(7), codes(8)
    assert first == again
    assert first != other
    counts = Counter(first)
    for code, share in ((1, 0.3), (2, 0.1), (3, 0.05), (None, 0.55)):
        assert abs(counts[code] / 10_000 - share) < 0.02


def test_jitter_is_fixed_by_seed_and_number() -> None:
    behaviours = Behaviours()
    behaviours.put({"seed": 1, "default": {"jitter_s": 10}})
    one = behaviours.jitter(behaviours.default, "+15550000001")
    assert one == behaviours.jitter(behaviours.default, "+15550000001")
    assert 0 <= one < 10
    assert one != behaviours.jitter(behaviours.default, "+15550000002")


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"what": 1},
        {"default": {"answer": "maybe"}},
        {"default": {"receipts": "lost"}},
        {"default": {"sent_after_s": -1}},
        {"default": {"sent_after_s": "1"}},
        {"default": {"times": 1.5}},
        {"default": {"duplicate": True}},
        {"default": {"replies": "hi"}},
        {"default": {"replies": [1]}},
        {"default": {"http_status": 200}},
        {"default": {"plan": []}},
        {"default": {"unknown": 1}},
        {"rules": {}},
        {"rules": ["x"]},
        {"rules": [{"match": {"colour": "red"}}]},
        {"rules": [{"match": {"share": 2}}]},
        {"rules": [{"match": {"share": 0.6}}, {"match": {"share": 0.6}}]},
    ],
)
def test_bad_behaviours_change_nothing(data: Any) -> None:
    behaviours = Behaviours()
    behaviours.put({"default": {"code": 5}})
    with pytest.raises(ValueError):
        behaviours.put(data)
    assert behaviours.default.code == 5
