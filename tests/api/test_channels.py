"""Provider accounts and channels: who may do what, secrets that nobody reads again, versions, addresses, deletion."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from hub.channels.base import Account
from hub.channels.checks import Check
from hub.channels.codes import Retry
from hub.channels.errors import SendRefused
from hub.channels.health_store import HealthStore, Seen
from hub.channels.secrets import unseal
from hub.ids import decode_id, encode_id, new_id
from hub.tenancy.permissions import ROLES
from models.db import Scope, transaction

SID = "AC" + "0123456789abcdef" * 2
TWILIO = {"provider": "twilio", "name": "Main", "account_sid": SID, "auth_token": "planted-auth-token"}
WHATSAPP = {
    "provider": "whatsapp_cloud",
    "name": "Meta",
    "app_id": "1",
    "waba_id": "2",
    "access_token": "planted-access-token",
    "app_secret": "planted-app-secret",
    "verify_token": "planted-verify-token",
}
SMPP = {
    "provider": "smpp",
    "name": "SMSC",
    "host": "smsc.example.com",
    "system_id": "hub",
    "password": "planted",
}
SIP = {"provider": "sip", "name": "Trunk", "host": "sip.example.com", "password": "planted-password"}
SMS = {"kind": "sms", "name": "Shop", "address": "+15550001234"}


@pytest.fixture
async def admin(world: Any) -> AsyncIterator[httpx2.AsyncClient]:
    async with await world.sign_in("north", "sub_org_admin") as client:
        yield client


async def made(admin: httpx2.AsyncClient, body: dict[str, Any] = TWILIO) -> dict[str, Any]:
    answer = await admin.post("/v1/provider-accounts", json=body)
    assert answer.status_code == 201, answer.text
    account: dict[str, Any] = answer.json()
    return account


def match(thing: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{thing["version"]}"'}


@pytest.mark.parametrize("body", [TWILIO, WHATSAPP, SIP])
async def test_a_secret_is_in_no_answer_no_list_and_no_audit_row(
    admin: httpx2.AsyncClient, world: Any, settings: Any, body: dict[str, Any]
) -> None:
    account = await made(admin, body)
    address = f"/v1/provider-accounts/{account['id']}"
    secret = account["secrets"][0]["name"]
    new = {"provider": body["provider"], secret: "planted-rotated"}
    changed = await admin.patch(address, json=new, headers=match(account))
    wrong = await admin.patch(address, json={**new, "extra": "planted-extra"}, headers=match(account))
    audit = await admin.get("/v1/audit-log?action=provider_account.")
    texts = [str(account), changed.text, wrong.text, audit.text]
    texts += [(await admin.get(path)).text for path in ("/v1/provider-accounts", address)]
    assert (changed.status_code, wrong.status_code) == (200, 422)
    assert "planted" not in "".join(texts)
    actions = [row["action"] for row in audit.json()["items"]]
    assert actions == ["provider_account.secrets_changed", "provider_account.created"]
    assert audit.json()["items"][0]["data"] == {"secrets": [secret]}
    async with transaction(world.app.state.engine, Scope.of(world.tenants["north"])) as db:
        row = (await db.execute(text("SELECT * FROM provider_accounts"))).one()
    assert "planted" not in str(row)
    key = settings.secret_key.get_secret_value()
    kept = {name: value for name, value in body.items() if str(value).startswith("planted")}
    assert unseal(row.credentials, secret_key=key, row_id=row.id) == kept | {secret: "planted-rotated"}


async def test_which_secrets_are_set_when_and_by_whom(admin: httpx2.AsyncClient) -> None:
    account = await made(admin, {name: value for name, value in SIP.items() if name != "password"})
    (before,) = account["secrets"]
    assert before == {"name": "password", "set": False, "set_at": None, "set_by": None}
    address = f"/v1/provider-accounts/{account['id']}"
    change = {"provider": "sip", "password": "new"}
    (after,) = (await admin.patch(address, json=change, headers=match(account))).json()["secrets"]
    assert after["set"]
    assert after["set_at"] is not None
    assert after["set_by"]["name"] == "sub_org_admin of north"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**TWILIO, "account_sid": "AC1"}, "/account_sid"),
        ({name: value for name, value in TWILIO.items() if name != "auth_token"}, "/auth_token"),
        ({**TWILIO, "app_secret": "x"}, "/app_secret"),
        ({**TWILIO, "limits": {"messages_per_s": -1}}, "/limits/messages_per_s"),
        ({**TWILIO, "provider": "carrier pigeon"}, "/provider"),
        ({**TWILIO, "base_url": "http://127.0.0.1:8100"}, "/base_url"),
        ({**TWILIO, "base_url": "http://169.254.169.254/latest"}, "/base_url"),
        ({**TWILIO, "base_url": "https://api.twilio.com.evil.example"}, "/base_url"),
        ({**TWILIO, "base_url": "https://api.twilio.com@evil.example"}, "/base_url"),
        ({**TWILIO, "base_url": "http://api.twilio.com"}, "/base_url"),
        ({**SIP, "host": "10.0.0.1:5060"}, "/host"),
        ({**SIP, "host": "[::1]"}, "/host"),
        ({**SIP, "host": "localhost"}, "/host"),
        ({**SIP, "register_s": -1}, "/register_s"),
        ({**SMPP, "host": "127.0.0.1:2775"}, "/host"),
        ({**SMPP, "password": "planted secret"}, "/password"),
        ({**SMPP, "window": 201}, "/window"),
        ({**WHATSAPP, "waba_id": "x"}, "/waba_id"),
    ],
)
async def test_a_wrong_field_is_named(admin: httpx2.AsyncClient, body: dict[str, Any], pointer: str) -> None:
    answer = await admin.post("/v1/provider-accounts", json=body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]] or pointer == "/provider"
    assert "planted" not in answer.text


async def test_an_smsc_and_its_settings(admin: httpx2.AsyncClient) -> None:
    account = await made(admin, SMPP)
    assert account["details"]["window"] == 50
    address, change = f"/v1/provider-accounts/{account['id']}", {"provider": "smpp", "window": 200}
    changed = await admin.patch(address, json=change, headers=match(account))
    details = changed.json()["details"]
    assert (details["window"], details["host"], details["joining"]) == (200, "smsc.example.com", "udh8")
    assert "planted" not in changed.text
    number = {"kind": "sms", "address": "+15550123", "name": "SMPP", "account_id": account["id"]}
    assert (await admin.post("/v1/channels", json=number)).json()["provider"] == "smpp"


async def test_the_operator_allows_a_host(world: Any, admin: httpx2.AsyncClient) -> None:
    world.app.state.settings.provider_hosts = "127.0.0.1:8100, carrier:8100"
    account = await made(admin, {**TWILIO, "base_url": "http://127.0.0.1:8100/"})
    assert account["base_url"] == "http://127.0.0.1:8100"
    other = await admin.post("/v1/provider-accounts", json={**TWILIO, "base_url": "http://127.0.0.1:8101"})
    assert other.status_code == 422


async def test_a_change_sends_the_version_it_saw(admin: httpx2.AsyncClient) -> None:
    account = await made(admin)
    address = f"/v1/provider-accounts/{account['id']}"
    pause = {"provider": "twilio", "status": "paused"}
    assert (await admin.patch(address, json=pause)).status_code == 428
    paused = await admin.patch(address, json=pause, headers=match(account))
    assert (paused.json()["status"], paused.headers["etag"]) == ("paused", '"2"')
    assert (await admin.patch(address, json=pause, headers=match(account))).status_code == 412
    assert (await admin.delete(address, headers=match(account))).status_code == 412
    other = await admin.patch(address, json={"provider": "sip"}, headers=match(paused.json()))
    assert other.json()["errors"][0]["pointer"] == "/provider"


async def test_a_channel_with_its_account_in_one_step(admin: httpx2.AsyncClient) -> None:
    answer = await admin.post("/v1/channels", json={**SMS, "account": TWILIO})
    channel = answer.json()
    assert (answer.status_code, channel["provider"], channel["provider_address"]) == (
        201,
        "twilio",
        SMS["address"],
    )
    taken = await admin.post("/v1/channels", json={**SMS, "account_id": channel["account_id"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "channel-taken")
    voice = {**SMS, "kind": "voice", "account_id": channel["account_id"]}
    assert (await admin.post("/v1/channels", json=voice)).status_code == 201
    for body, pointer in (
        ({**voice, "kind": "rcs"}, "/kind"),
        ({**voice, "account_id": encode_id("acc", new_id())}, "/account_id"),
        ({**voice, "address": "+0049 30"}, "/address"),
    ):
        wrong = await admin.post("/v1/channels", json=body)
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, pointer), wrong.text
    both = await admin.post(
        "/v1/channels", json={**SMS, "account": TWILIO, "account_id": channel["account_id"]}
    )
    assert both.status_code == 422


async def test_a_refused_channel_leaves_no_account(admin: httpx2.AsyncClient) -> None:
    assert (
        await admin.post("/v1/channels", json={**SMS, "kind": "rcs", "account": TWILIO})
    ).status_code == 422
    assert (await admin.get("/v1/provider-accounts")).json()["items"] == []


async def queue(world: Any, channel: dict[str, Any]) -> UUID:
    """A message of the channel that waits in the outbox."""
    tenant, ids = world.tenants["north"], {"con": new_id(), "msg": new_id()}
    values = {"tenant": tenant, "chn": decode_id("chn", channel["id"]), **ids}
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        await db.execute(
            text("INSERT INTO contacts (tenant_id, id, name) VALUES (:tenant, :con, '')"), values
        )
        await db.execute(
            text(
                "INSERT INTO messages (tenant_id, id, contact_id, channel_id, channel_kind, direction, origin, address, "
                "body, status) VALUES (:tenant, :msg, :con, :chn, 'sms', 'out', 'api', '+15550009999', '', 'unknown')"
            ),
            values,
        )
    return ids["msg"]


async def test_a_channel_with_messages_under_way_stays(admin: httpx2.AsyncClient, world: Any) -> None:
    channel = (await admin.post("/v1/channels", json={**SMS, "account": TWILIO})).json()
    message_id = await queue(world, channel)
    address, account = f"/v1/channels/{channel['id']}", f"/v1/provider-accounts/{channel['account_id']}"
    for path in (address, account):
        refused = await admin.delete(path, headers={"If-Match": "*"})
        assert (refused.status_code, refused.json()["code"], refused.json()["messages"]) == (
            409,
            "messages-under-way",
            1,
        )
    async with transaction(world.app.state.engine, Scope.of(world.tenants["north"])) as db:
        done = text("UPDATE messages SET status = 'delivered' WHERE id = :id")
        await db.execute(done, {"id": message_id})
    assert (await admin.delete(address, headers=match(channel))).status_code == 204
    assert (await admin.get(address)).status_code == 404
    assert (await admin.get("/v1/channels")).json()["items"] == []


async def test_a_number_that_comes_back_keeps_its_id(admin: httpx2.AsyncClient) -> None:
    channel = (await admin.post("/v1/channels", json={**SMS, "account": TWILIO})).json()
    await admin.delete(f"/v1/channels/{channel['id']}", headers=match(channel))
    again = await admin.post(
        "/v1/channels", json={**SMS, "name": "Back", "account_id": channel["account_id"]}
    )
    assert (again.status_code, again.json()["id"], again.json()["name"]) == (201, channel["id"], "Back")


async def test_a_renamed_channel_has_a_new_version(admin: httpx2.AsyncClient) -> None:
    channel = (await admin.post("/v1/channels", json={**SMS, "account": TWILIO})).json()
    address = f"/v1/channels/{channel['id']}"
    renamed = await admin.patch(address, json={"name": "Store"}, headers=match(channel))
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Store")
    assert (await admin.patch(address, json={"name": "x"}, headers=match(channel))).status_code == 412


async def test_an_account_goes_with_its_credentials_and_numbers(
    admin: httpx2.AsyncClient, world: Any
) -> None:
    channel = (await admin.post("/v1/channels", json={**SMS, "account": TWILIO})).json()
    gone = await admin.delete(f"/v1/provider-accounts/{channel['account_id']}", headers={"If-Match": "*"})
    assert gone.status_code == 204
    assert (await admin.get(f"/v1/channels/{channel['id']}")).status_code == 404
    async with transaction(world.app.state.engine, Scope.of(world.tenants["north"])) as db:
        assert (await db.execute(text("SELECT count(*) FROM provider_accounts"))).scalar_one() == 0


async def test_only_managers_change_and_nobody_changes_below(world: Any, admin: httpx2.AsyncClient) -> None:
    account = await made(admin)
    address = f"/v1/provider-accounts/{account['id']}"
    for role, held in ROLES.items():
        async with await world.sign_in("north", role) as client:
            posted = await client.post("/v1/provider-accounts", json={})
            assert (posted.status_code == 403) == ("channels:manage" not in held), role
            assert ((await client.get(address)).status_code == 200) == ("channels:read" in held), role
    async with await world.sign_in("acme", "org_admin") as above:
        assert (await above.get(address)).status_code == 200
        change = {"provider": "twilio", "name": "Mine"}
        assert (await above.patch(address, json=change, headers=match(account))).status_code == 404
        assert (await above.delete(address, headers=match(account))).status_code == 404
    async with await world.sign_in("south", "sub_org_admin") as sibling:
        assert (await sibling.get(address)).status_code == 404


async def test_health_speaks_in_words(world: Any, admin: httpx2.AsyncClient, redis: Any) -> None:
    channel = (await admin.post("/v1/channels", json={**SMS, "account": TWILIO})).json()
    account_id = decode_id("acc", channel["account_id"])
    wrong = SendRefused("Twilio does not accept the credentials", "20003", Retry.STOP)
    await HealthStore(redis).learn([Seen(account_id, None, 80)] + [Seen(account_id, wrong, 20)] * 3)
    await queue(world, channel)
    health = (await admin.get(f"/v1/channels/{channel['id']}/health")).json()
    account = health["account"]
    assert (account["state"], account["code"]) == ("open", "20003")
    assert account["score"] <= 10
    assert account["errors"] == [
        {"code": "20003", "count": 3, "reason": "Twilio does not accept the credentials", "retry": "stop"}
    ]
    assert health["statuses"] == [{"status": "unknown", "hour": 1, "day": 1}]
    assert sum(minute["sent"] for minute in health["minutes"]) == 4
    (listed,) = (await admin.get("/v1/provider-accounts")).json()["items"]
    assert (listed["health"]["state"], listed["channels"][0]["id"]) == ("open", channel["id"])


class Links:
    """The actors' client as far as a look at a trunk needs it."""

    async def check_link(self, account: Account) -> Check:
        return Check(
            False, "refused", f"the trunk {account.external_id} refused the registration: 403", None, 3
        )


async def test_a_look_at_an_account_says_what_is_wrong(world: Any, admin: httpx2.AsyncClient) -> None:
    world.app.state.settings.provider_hosts = "127.0.0.1:1"
    account = await made(admin, {**TWILIO, "base_url": "http://127.0.0.1:1"})
    world.app.state.hub = Links()
    found = (await admin.post(f"/v1/provider-accounts/{account['id']}/check")).json()
    assert (found["ok"], found["code"]) == (False, "connection-refused")
    assert "127.0.0.1:1 refuses connections" in found["detail"]
    trunk = await made(admin, SIP)
    found = (await admin.post(f"/v1/provider-accounts/{trunk['id']}/check")).json()
    assert found["detail"] == "the trunk sip.example.com refused the registration: 403"
