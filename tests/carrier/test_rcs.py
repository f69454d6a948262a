"""RCS for Business, server side: tokens, messages and their ids, taking back, capabilities, events, webhooks."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx2
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from carrier.rcs import GRANT, SCOPE
from carrier.signatures import google_signature

if TYPE_CHECKING:
    from tests.carrier.conftest import World

PERSON = "+15557654321"
KEY = generate_private_key(65537, 2048)
OTHER = generate_private_key(65537, 2048)
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
CLIENT_TOKEN = "client-token"
ROBOT = "robot@partner.example"


def part(data: Any) -> str:
    raw = data if isinstance(data, bytes) else orjson.dumps(data)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwt(key: RSAPrivateKey = KEY, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ROBOT, "scope": SCOPE, "aud": "http://carrier/rcs/token", "iat": now, "exp": now + 3600}
    signed = f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims | changes)}"
    return f"{signed}.{part(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


@dataclass
class Agent:
    """An agent with a token."""

    world: World
    token: str

    async def call(self, method: str, path: str, data: Any = None, **query: Any) -> httpx2.Response:
        query = {"agentId": "acme"} | query
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.world.client.request(method, path, json=data, params=query, headers=headers)

    async def send(self, content: Any, message_id: str = "", **more: Any) -> httpx2.Response:
        path = f"/v1/phones/{PERSON}/agentMessages"
        body = {"contentMessage": content} | more
        return await self.call("POST", path, body, messageId=message_id or str(uuid4()))

    def events(self) -> list[dict[str, Any]]:
        """What the webhook was told, its signatures checked."""
        found = []
        for hit in self.world.tenant.hits:
            data = base64.b64decode(hit.json["message"]["data"])
            assert hit.headers["x-goog-signature"] == google_signature(CLIENT_TOKEN, data)
            found.append(orjson.loads(data))
        return found


async def ask(world: World, assertion: str) -> httpx2.Response:
    return await world.client.post("/rcs/token", data={"grant_type": GRANT, "assertion": assertion})


@pytest.fixture
async def agent(world: World) -> Agent:
    account = {
        "provider": "google_rcs",
        "partner_id": "partner-1",
        "client_email": ROBOT,
        "public_key": PUBLIC,
        "client_token": CLIENT_TOKEN,
        "numbers": [{"address": "acme", "webhook_url": f"{world.tenant.url}/rcs", "label": "Acme"}],
    }
    response = await world.client.put("/carrier/accounts", json=[account])
    assert response.status_code == 200, response.text
    return Agent(world, (await ask(world, jwt())).json()["access_token"])


async def test_a_token_needs_the_account_s_signature(world: World, agent: Agent) -> None:
    now = int(time.time())
    for wrong in (
        jwt(OTHER),
        jwt(iss="nobody@x.example"),
        jwt(scope="email"),
        jwt(exp=now + 7200),
        jwt(iat=now - 9000, exp=now - 6000),
        "no.jwt",
        "",
    ):
        assert (await ask(world, wrong)).status_code == 400
    agent.token = "ya29.made-up"
    assert (await agent.send({"text": "hi"})).status_code == 401


async def test_a_message_is_delivered_and_its_id_counts_once(world: World, agent: Agent) -> None:
    await world.behave(receipts="read", read_after_s=0.01)
    message_id = str(uuid4())
    first = await agent.send({"text": "hi"}, message_id)
    again = await agent.send({"text": "hi"}, message_id)
    assert first.status_code == again.status_code == 200
    assert first.json()["name"] == f"phones/{PERSON}/agentMessages/{message_id}"
    await world.settle()
    assert [(one["eventType"], one["messageId"]) for one in agent.events()] == [
        ("DELIVERED", message_id),
        ("READ", message_id),
    ]
    assert (await world.summary())["accepted"] == 1


CARD = {"title": "Order", "suggestions": [{"reply": {"text": "Yes", "postbackData": "y"}}]}
WRONG: list[Any] = [
    None,
    {},
    {"text": ""},
    {"text": "x" * 3073},
    {"text": "x", "contentInfo": {"fileUrl": "https://a.example"}},
    {"text": "x", "suggestions": [{"reply": {"text": "y" * 26, "postbackData": "y"}}]},
    {"text": "x", "suggestions": [{"reply": {"text": "y", "postbackData": "y"}}] * 12},
    {"text": "x", "suggestions": [{"action": {"text": "y", "postbackData": "y"}}]},
    {"contentInfo": {"fileUrl": "file:///etc/passwd"}},
    {"richCard": {"standaloneCard": {"cardOrientation": "VERTICAL", "cardContent": {}}}},
    {"richCard": {"carouselCard": {"cardWidth": "SMALL", "cardContents": [CARD]}}},
]


@pytest.mark.parametrize("content", WRONG)
async def test_content_has_rules(agent: Agent, content: Any) -> None:
    response = await agent.send(content)
    assert (response.status_code, response.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


async def test_what_a_handset_shows_of_a_carousel(world: World, agent: Agent) -> None:
    rich = {"richCard": {"carouselCard": {"cardWidth": "MEDIUM", "cardContents": [CARD, CARD]}}}
    message_id = (await agent.send(rich)).json()["name"].rpartition("/")[2]
    (entry,) = await world.log(sid=message_id)
    assert entry["kind"] == "carousel"
    assert entry["content"]["cards"][1]["suggestions"] == [{"kind": "reply", "title": "Yes", "postback": "y"}]


async def test_a_number_without_rcs(world: World, agent: Agent) -> None:
    rules = [{"match": {"number": PERSON}, "behaviour": {"capable": False}}]
    await world.behave(rules)
    asked = await agent.call("GET", f"/v1/phones/{PERSON}/capabilities", requestId=str(uuid4()))
    assert asked.status_code == 404
    assert (await agent.send({"text": "hi"})).json()["error"]["status"] == "NOT_FOUND"
    users = [PERSON, "+15550000009"]
    batch = await agent.call("POST", "/v1/users:batchGet", {"users": users, "agentId": "acme"})
    assert batch.json()["reachableUsers"] == ["+15550000009"]


async def test_a_feature_that_a_handset_lacks(world: World, agent: Agent) -> None:
    await world.behave(features=["RICHCARD_STANDALONE"])
    asked = await agent.call("GET", f"/v1/phones/{PERSON}/capabilities", requestId=str(uuid4()))
    assert asked.json() == {"features": ["RICHCARD_STANDALONE"]}
    dial = {"action": {"text": "Call", "postbackData": "c", "dialAction": {"phoneNumber": "+1555"}}}
    assert (await agent.send({"text": "x", "suggestions": [dial]})).status_code == 400


async def test_what_is_not_delivered_in_time_is_taken_back(world: World, agent: Agent) -> None:
    await world.behave(receipts="undelivered")
    message_id = str(uuid4())
    assert (await agent.send({"text": "hi"}, message_id, ttl="0.05s")).status_code == 200
    await world.settle()
    (event,) = agent.events()
    assert (event["eventType"], event["messageId"]) == ("TTL_EXPIRATION_REVOKED", message_id)
    assert event["phoneNumber"] == PERSON
    assert (await agent.send({"text": "hi"}, ttl="x")).status_code == 400
    assert (await agent.send({"text": "hi"}, ttl="9999999s")).status_code == 400


async def test_a_message_is_taken_back_before_it_arrives(world: World, agent: Agent) -> None:
    await world.behave(receipts="undelivered")
    name = (await agent.send({"text": "hi"})).json()["name"]
    await world.settle()
    assert (await agent.call("DELETE", f"/v1/{name}")).status_code == 200
    assert (await world.log(state="revoked"))[0]["sid"] == name.rpartition("/")[2]
    await world.behave()
    delivered = (await agent.send({"text": "hi"})).json()["name"]
    await world.settle()
    assert (await agent.call("DELETE", f"/v1/{delivered}")).status_code == 404


async def test_a_person_taps_writes_and_leaves(world: World, agent: Agent) -> None:
    tap = {"type": "suggestion", "postback": "y"}
    data = {"from": PERSON, "to": "acme", "channel": "rcs", "text": "Yes", "content": tap}
    assert (await world.client.post("/carrier/inbound", json=data)).json()["ok"]
    place = {"type": "location", "latitude": 1.5, "longitude": 2.5}
    await world.client.post("/carrier/inbound", json=data | {"content": place})
    leave = {"from": PERSON, "to": "acme", "channel": "rcs", "event": "UNSUBSCRIBE"}
    assert (await world.client.post("/carrier/event", json=leave)).status_code == 200
    await world.settle()
    tapped, located, left = agent.events()
    assert tapped["suggestionResponse"] == {"postbackData": "y", "text": "Yes", "type": "REPLY"}
    assert located["location"] == {"latitude": 1.5, "longitude": 2.5}
    assert left["eventType"] == "UNSUBSCRIBE"
    refused = await agent.send({"text": "sale"}, messageTrafficType="PROMOTION")
    assert refused.status_code == 403
    assert (await agent.send({"text": "code"}, messageTrafficType="AUTHENTICATION")).status_code == 200


async def test_events_of_the_agent(world: World, agent: Agent) -> None:
    data = {"from": PERSON, "to": "acme", "channel": "rcs", "text": "hi"}
    sid = (await world.client.post("/carrier/inbound", json=data)).json()["sid"]
    path = f"/v1/phones/{PERSON}/agentEvents"
    read = await agent.call("POST", path, {"eventType": "READ", "messageId": sid}, eventId=str(uuid4()))
    assert read.status_code == 200
    assert (await world.log(sid=sid))[0]["state"] == "read"
    assert (
        await agent.call("POST", path, {"eventType": "IS_TYPING"}, eventId=str(uuid4()))
    ).status_code == 200
    assert (await agent.call("POST", path, {"eventType": "WAVE"}, eventId=str(uuid4()))).status_code == 400


async def test_files(agent: Agent) -> None:
    made = await agent.call("POST", "/v1/files", {"fileUrl": "https://a.example/x.png"})
    name = made.json()["name"]
    assert name.startswith("files/")
    assert (await agent.send({"uploadedRbmFile": {"fileName": name}})).status_code == 200


@pytest.mark.parametrize(("answer", "status"), [("throttle", 429), ("error", 503), ("refuse", 400)])
async def test_special_answers(world: World, agent: Agent, answer: str, status: int) -> None:
    await world.behave(answer=answer, times=1)
    assert (await agent.send({"text": "hi"})).status_code == status
    assert (await agent.send({"text": "hi"})).status_code == 200
