"""Another tenant's things are not there: tried on every path of the OpenAPI document that names one, by every role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from actors.client import Hub
from actors.conversation import ConversationHost
from actors.desk_calls import DeskCalls
from actors.messages import Command
from api.app import create_app
from hub.ids import encode_id, new_id
from hub.settings import Settings
from hub.tenancy.permissions import ROLES
from models.db import Scope, transaction

DOCUMENT = create_app(Settings(), connect_hub=False).openapi()
PREFIX = {
    "contact_id": "con",
    "conversation_id": "cnv",
    "key_id": "key",
    "tenant_id": "ten",
    "campaign_id": "cmp",
    "message_id": "msg",
    "version_id": "int",
    "attribute_id": "att",
    "segment_id": "seg",
    "import_id": "imp",
    "event_id": "evt",
    "note_id": "nte",
    "merge_id": "mrg",
    "view_id": "viw",
    "call_id": "cal",
    "media_id": "med",
    "template_id": "tpl",
    "account_id": "acc",
    "channel_id": "chn",
    "endpoint_id": "whe",
    "delivery_id": "whd",
    "reply_id": "rpl",
    "mention_id": "mtn",
    "queue_id": "que",
    "agent_id": "usr",
    "flow_id": "flw",
    "test_id": "flt",
    "session_id": "fls",
    "simulation_id": "sim",
}
# Parts of a path that are words, not ids: what they are when a foreign thing is asked for, and an unknown one.
WORDS = {
    "kind": ("phone", "phone"),
    "address": ("+447700900999", "+447700900998"),
    "tag": ("secret-tag", "no-such-tag"),
    "version": ("1", "1"),
    "row_number": ("2", "2"),
    "node": ("split", "split"),
}
NEWER = (
    "att",
    "seg",
    "imp",
    "evt",
    "nte",
    "mrg",
    "viw",
    "lost",
    "cal",
    "med",
    "msg",
    "tpl",
    "whe",
    "whd",
    "rpl",
    "mtn",
    "usr",
    "flw",
    "fls",
    "flt",
    "sim",
)
# What a request must hold to get as far as looking for the thing; `own` is replaced by an id of the caller's.
BODIES: dict[str, dict[str, Any]] = {
    "reply": {"text": "hello"},
    "assign_conversation": {"assignee_id": None},
    "transfer_conversation": {"queue_id": "own queue"},
    "snooze_conversation": {"until": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
    "set_priority": {"priority": 1},
    "tag_conversation": {"add": ["mine"]},
    "call_contact": {},
    "transfer_call": {"queue_id": "own queue"},
    "press_keys": {"keys": "1"},
    "mute_call": {"muted": True},
    "update_queue": {"name": "mine now"},
    "put_agent": {"capacity": 1},
    "put_agent_presence": {"status": "online"},
    "change_import": {"policy": "skip"},
    "mend_import_row": {"cells": {"phone": "+447700900001"}},
    "update_contact": {},
    "add_address": {"kind": "phone", "address": "+447700900777"},
    "update_address": {"primary": True},
    "set_consent": {"channel_kind": "sms", "state": "opted_out", "source": "test"},
    "update_attribute": {},
    "update_view": {},
    "merge_contacts": {"winner_id": "own contact", "loser_id": "own contact"},
    "erase_contact": {"reason": "asked"},
    "add_note": {"body": "hello"},
    "edit_note": {"body": "hello"},
    "give_media_to_provider": {"channel_id": "chn_00000000000000000000000000"},
    "edit_template": {"category": "utility", "body": "mine now"},
    "update_segment": {"name": "mine now"},
    "restore_segment": {"version": 1},
    "freeze_segment": {"name": "mine now"},
    "update_provider_account": {"provider": "twilio"},
    "update_channel": {"name": "mine now"},
    "test_channel": {"mode": "credentials"},
    "change_segment_members": {"add": [], "remove": []},
    "update_saved_reply": {"name": "mine now"},
    "correct_intent": {"intent": "refund"},
    "count_saved_reply": {"conversation_id": "cnv_00000000000000000000000000"},
    "update_webhook_endpoint": {"description": "mine now"},
    "rotate_webhook_secret": {},
    "replay_failed_webhooks": {"since": "2026-01-02T03:04:05Z"},
    "update_flow": {"name": "mine now"},
    "save_flow_draft": {"document": {"spec_version": 2, "nodes": []}},
    "inspect_flow": {},
    "publish_flow": {},
    "restore_flow": {"version": 1},
    "keep_flow_test": {"name": "mine now", "run": {"actions": [{"do": "begin"}]}},
    "step_simulation": {"action": {"do": "begin"}},
    "replay_flow": {},
    "begin_flow": {"contacts": [{"contact": {"address": "+447700900777"}}]},
    "decide_flow_experiment": {"kind": "resume"},
}
QUERIES = {"compare_flow_versions": {"from": "1"}}
NAMED = [
    (method, path, operation["operationId"])
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if "{" in path and path.startswith("/v1/")
]
LISTS = [
    path
    for path, item in DOCUMENT["paths"].items()
    if "get" in item and "{" not in path and path != "/v1/stream"
]


class InProcess:
    """The actors' client over a real conversation host in this process: all but the transport between them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.host = ConversationHost("conversation-0", settings)
        self.directories = self.host.directories
        self.engine, self.redis, self.clock = self.host.engine, self.host.redis, self.host.clock
        self.calls = SimpleNamespace(desk=DeskCalls(cast(Hub, self)))

    async def command(self, tenant_id: UUID, contact_id: UUID, event: Any) -> Any:
        [answer] = await self.host.receive([Command(tenant_id, contact_id, event)])
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def wake_campaign(self, campaign_id: UUID) -> None:
        return

    async def close(self) -> None:
        await self.host.close()


async def plant(world: Any, name: str) -> dict[str, UUID]:
    """One of everything that a path can name, in tenant `name`."""
    tenant = world.tenants[name]
    ids = {what: new_id() for what in ("con", "que", "key", "chn", "cmp", "int", "acc", "rival", *NEWER)}
    values = {"tenant": tenant, **ids}
    statements = """
        INSERT INTO contacts (tenant_id, id, name) VALUES (:tenant, :con, 'Secret Name');
        INSERT INTO contact_addresses (tenant_id, kind, address, contact_id) VALUES (:tenant, 'phone', '+447700900999', :con);
        INSERT INTO contact_tags (tenant_id, tag, contact_id) VALUES (:tenant, 'secret-tag', :con);
        INSERT INTO queues (tenant_id, id, name) VALUES (:tenant, :que, 'Secret Queue');
        INSERT INTO agents (tenant_id, id, kind, name) VALUES (:tenant, :usr, 'bot', 'Secret bot');
        INSERT INTO conversations (tenant_id, contact_id, status, queue_id, last_text, opened_at)
          VALUES (:tenant, :con, 'open', :que, 'Secret text', now());
        INSERT INTO api_keys (tenant_id, id, name, key_hash, last4, scopes)
          VALUES (:tenant, :key, 'Secret key', sha256(uuid_send(:key)), 'abcd', '{contacts:read}');
        INSERT INTO provider_accounts (tenant_id, id, provider, name, external_id, base_url, credentials)
          VALUES (:tenant, :acc, 'twilio', 'Secret account', 'AC0', 'https://api.twilio.com', 'v1.Secret');
        INSERT INTO channels (tenant_id, id, account_id, kind, provider, name, address, provider_address)
          VALUES (:tenant, :chn, :acc, 'sms', 'twilio', 'Secret channel', '+447700900998', CAST(:chn AS text));
        INSERT INTO campaigns (tenant_id, id, name, audience, template, channel_id)
          VALUES (:tenant, :cmp, 'Secret campaign', '{"all": true}', 'hi', :chn);
        INSERT INTO intent_versions (tenant_id, id, number, encoder_id, encoder_sha256, data_sha256, labels, report, artifact)
          VALUES (:tenant, :int, 1, 'Secret encoder', '', '', '[]', '{}', '');
        INSERT INTO unrouted_events (tenant_id, id, account_id, event_key, reason, payload)
          VALUES (:tenant, :rival, :acc, 'Secret event', 'no channel', '{}');
        INSERT INTO attribute_definitions (tenant_id, id, key, label, type) VALUES (:tenant, :att, 'secret', 'Secret', 'text');
        INSERT INTO segments (tenant_id, id, name, kind, condition, members)
          VALUES (:tenant, :seg, 'Secret segment', 'static', NULL, 0);
        INSERT INTO imports (tenant_id, id, name, state) VALUES (:tenant, :imp, 'Secret.csv', 'uploaded');
        INSERT INTO contact_events (tenant_id, id, contact_id, name, at) VALUES (:tenant, :evt, :con, 'Secret event', now());
        INSERT INTO activities (tenant_id, contact_id, id, kind, data)
          VALUES (:tenant, :con, :nte, 'note', jsonb_build_object('body', 'Secret note'));
        INSERT INTO contact_merges (tenant_id, id, winner_id, loser_id, snapshot)
          VALUES (:tenant, :mrg, :con, :lost, jsonb_build_object('name', 'Secret loser'));
        INSERT INTO calls (tenant_id, id, contact_id, channel_id, direction, address, script, reason)
          VALUES (:tenant, :cal, :con, :chn, 'out', '+447700900999', '{}', 'Secret reason');
        INSERT INTO desk_calls (tenant_id, id, contact_id, channel_id, phase, state, waited_from)
          VALUES (:tenant, :cal, :con, :chn, 'queued', jsonb_build_object('note', 'Secret', 'phase', 'queued', 'direction', 'in',
                  'legs', jsonb_build_array(), 'since', now(), 'waited_from', now()), now());
        INSERT INTO call_words (tenant_id, id, call_id, contact_id, key, at, sequence, speaker, body)
          VALUES (:tenant, :cal, :cal, :con, 'GT1:1', now(), 1, 'contact', 'Secret words');
        INSERT INTO messages (tenant_id, id, contact_id, channel_id, channel_kind, direction, origin, address, body, status)
          VALUES (:tenant, :msg, :con, :chn, 'sms', 'in', 'contact', '+447700900999', 'Secret body', 'received');
        INSERT INTO message_terms (tenant_id, message_id, terms) VALUES (:tenant, :msg, terms_of(:tenant, 'Secret body'));
        INSERT INTO intent_corrections (tenant_id, message_id, text, intent) VALUES (:tenant, :msg, 'Secret body', 'secret');
        INSERT INTO media (tenant_id, id, status, source, kind, filename)
          VALUES (:tenant, :med, 'failed', 'upload', 'image', 'Secret.png');
        INSERT INTO message_templates (tenant_id, id, account_id, name, language, category, parameter_format, components, status)
          VALUES (:tenant, :tpl, :acc, 'Secret_template', 'en', 'utility', 'POSITIONAL', '[]', 'APPROVED');
        INSERT INTO webhook_endpoints (tenant_id, id, url, events, secrets)
          VALUES (:tenant, :whe, 'https://secret.example.com', '["message.received"]', 'v1.Secret');
        INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event, body, due_at, began_at)
          VALUES (:tenant, :whd, :whe, 'message.received', '{"Secret": 1}', now(), now());
        INSERT INTO mentions (tenant_id, id, user_id, note_id, contact_id, at) VALUES (:tenant, :mtn, :con, :nte, :con, now());
        INSERT INTO saved_replies (tenant_id, id, name, shortcut, body) VALUES (:tenant, :rpl, 'Secret', 'secret', 'Secret');
        INSERT INTO flows (tenant_id, id, name, definition) VALUES (:tenant, :flw, 'Secret flow', '{"nodes": "Secret"}');
        INSERT INTO flow_sessions (tenant_id, id, flow_id, version, contact_id, state, status, node)
          VALUES (:tenant, :fls, :flw, 1, :con, '{"variables": {"said": "Secret"}}', 'stuck', 'Secret node');
        INSERT INTO flow_drafts (tenant_id, flow_id, document) VALUES (:tenant, :flw, '{"nodes": "Secret"}');
        INSERT INTO flow_versions (tenant_id, flow_id, version, document) VALUES (:tenant, :flw, 1, '{"nodes": "Secret"}');
        INSERT INTO flow_tests (tenant_id, id, flow_id, name, run) VALUES (:tenant, :flt, :flw, 'Secret test', '{}');
        INSERT INTO saved_views (tenant_id, id, area, name, config) VALUES (:tenant, :viw, 'contacts', 'Secret view', '{}')
    """
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        for statement in statements.split(";"):
            await db.execute(text(statement), values)
    return {**ids, "cnv": ids["con"], "ten": tenant}


async def snapshot(world: Any, tenant: UUID) -> list[Any]:
    """What an intruder might have changed."""
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        return [
            (await db.execute(text(f"SELECT t::text FROM {table} t ORDER BY 1"))).all()
            for table in (
                "contacts",
                "contact_addresses",
                "contact_tags",
                "consents",
                "attribute_definitions",
                "activities",
                "contact_events",
                "contact_merges",
                "segments",
                "flows",
                "flow_drafts",
                "flow_versions",
                "flow_tests",
                "flow_sessions",
                "imports",
                "saved_views",
                "conversations",
                "api_keys",
                "provider_accounts",
                "channels",
                "campaigns",
                "intent_versions",
                "messages",
                "calls",
                "desk_calls",
                "call_words",
                "media",
                "message_templates",
                "outbox",
                "intent_corrections",
                "mentions",
                "wrap_ups",
                "saved_replies",
                "saved_reply_uses",
                "webhook_endpoints",
                "webhook_deliveries",
                "tenants",
                "queues",
                "agents",
                "queue_events",
            )
        ]


@pytest.fixture
async def hub(world: Any, settings: Settings) -> AsyncIterator[InProcess]:
    hub = InProcess(settings)
    world.app.state.hub = hub
    yield hub
    await hub.close()


def test_every_parameter_and_body_is_known_here() -> None:
    for method, path, operation_id in NAMED:
        for part in path.split("/"):
            if part.startswith("{"):
                assert part[1:-1] in PREFIX | WORDS, path
        operation = DOCUMENT["paths"][path][method]
        if operation.get("requestBody", {}).get("required"):
            assert operation_id in BODIES, f"{operation_id} needs a body here"


@pytest.mark.parametrize("where", ["rival", "south", "acme"])  # a stranger, a sibling, the parent
@pytest.mark.usefixtures("hub")
async def test_a_foreign_id_is_an_unknown_id(world: Any, where: str) -> None:
    foreign, own = await plant(world, where), await plant(world, "north")
    unknown = {prefix: new_id() for prefix in set(PREFIX.values())}
    before = await snapshot(world, world.tenants[where])
    found: dict[str, set[int]] = {operation_id: set() for _, _, operation_id in NAMED}
    for role in ROLES:
        async with await world.sign_in("north", role) as client:
            for method, path, operation_id in NAMED:
                body = {
                    k: encode_id("que", own["que"]) if v == "own queue" else v
                    for k, v in BODIES.get(operation_id, {}).items()
                }
                answers = []
                for place, ids in enumerate((foreign, unknown)):
                    address = path
                    for name, prefix in PREFIX.items():
                        address = address.replace(f"{{{name}}}", encode_id(prefix, ids[prefix]))
                    for name, words in WORDS.items():
                        address = address.replace(f"{{{name}}}", words[place])
                    answers.append(
                        await client.request(
                            method,
                            address,
                            params=QUERIES.get(operation_id),
                            json=body if method in ("post", "put", "patch") else None,
                        )
                    )
                assert answers[0].status_code in (403, 404), (role, operation_id, answers[0].text)
                assert answers[0].status_code == answers[1].status_code, (role, operation_id)
                same = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in answers]
                assert same[0] == same[1], operation_id
                found[operation_id].add(answers[0].status_code)
    assert {name for name, statuses in found.items() if 404 not in statuses} == set()
    assert await snapshot(world, world.tenants[where]) == before


@pytest.mark.usefixtures("hub")
async def test_no_list_shows_another_tenant_s_things(world: Any) -> None:
    foreign = await plant(world, "rival")
    for role in ROLES:
        async with await world.sign_in("north", role) as client:
            for path in LISTS:
                for query in ("", f"?tenant_id={encode_id('ten', foreign['ten'])}"):
                    answer = await client.get(path + query, headers={"X-Tenant-Id": str(foreign["ten"])})
                    assert answer.status_code in (200, 403, 404, 422), (path, answer.text)
                    assert "Secret" not in answer.text, (role, path)


@pytest.mark.usefixtures("hub")
async def test_a_foreign_cursor_or_filter_tells_nothing(world: Any) -> None:
    foreign = await plant(world, "rival")
    async with await world.sign_in("north", "sub_org_admin") as client:
        await client.post("/v1/contacts", json={"phone": "+447700900001", "name": "Own"})
        for path, query in [
            ("/v1/contacts", {"starting_after": encode_id("con", foreign["con"])}),
            ("/v1/contacts", {"tag": "secret-tag"}),
            ("/v1/contacts", {"search": "Secret"}),
            ("/v1/contacts", {"search": "7700900999"}),
            ("/v1/api-keys", {"starting_after": encode_id("key", foreign["key"])}),
            ("/v1/campaigns", {"starting_after": encode_id("cmp", foreign["cmp"])}),
            ("/v1/conversations", {"view": "all", "queue_id": encode_id("que", foreign["que"])}),
            ("/v1/conversations", {"view": "all", "starting_after": encode_id("cnv", foreign["cnv"])}),
            ("/v1/conversations", {"view": "all", "search": "Secret"}),
            ("/v1/search/messages", {"q": "Secret"}),
            ("/v1/tenants", {"starting_after": encode_id("ten", foreign["ten"])}),
        ]:
            answer = await client.get(path, params=query)
            assert answer.status_code in (200, 404), (path, answer.text)
            assert "Secret" not in answer.text


@pytest.mark.usefixtures("hub")
async def test_foreign_ids_inside_a_body_are_unknown_too(world: Any) -> None:
    foreign, own = await plant(world, "rival"), await plant(world, "north")
    conversation = f"/v1/conversations/{encode_id('cnv', own['cnv'])}"
    stranger = encode_id("usr", world.users["rival", "support_agent"])
    async with await world.sign_in("north", "supervisor") as client:
        for path, body in [
            (f"{conversation}/assign", {"assignee_id": stranger}),
            (f"{conversation}/transfer", {"queue_id": encode_id("que", foreign["que"])}),
            (f"{conversation}/messages", {"text": "x", "channel_id": encode_id("chn", foreign["chn"])}),
        ]:
            answer = await client.post(path, json=body)
            refused = answer.status_code == 201 and answer.json()["status"] == "refused"
            assert refused or answer.status_code in (404, 409, 422), (path, answer.status_code, answer.text)
    async with await world.sign_in("north", "campaign_manager") as client:
        body = {
            "name": "x",
            "template": "hi",
            "audience": {"all": True},
            "channel_id": encode_id("chn", foreign["chn"]),
        }
        assert (await client.post("/v1/campaigns", json=body)).status_code in (404, 422)
    async with await world.sign_in("acme", "org_admin") as client:
        for parent in (foreign["ten"], world.tenants["platform"], new_id()):
            body = {"name": "x", "kind": "sub_organization", "parent_id": encode_id("ten", parent)}
            assert (await client.post("/v1/tenants", json=body)).status_code == 404


@pytest.mark.parametrize("field", ["tenant_id", "id", "status", "version", "created_at", "consents", "roles"])
async def test_nobody_sets_what_is_not_theirs_to_set(world: Any, field: str) -> None:
    async with await world.sign_in("north", "sub_org_admin") as client:
        answer = await client.post("/v1/contacts", json={"phone": "+447700900001", field: "x"})
        assert answer.json()["errors"] == [
            {"pointer": f"/{field}", "code": "extra-forbidden", "detail": "Extra inputs are not permitted"}
        ]


async def test_a_parent_reads_below_itself_and_writes_there_only_after_it_went_there(world: Any) -> None:
    north = await plant(world, "north")
    contact = f"/v1/contacts/{encode_id('con', north['con'])}"
    async with await world.sign_in("acme", "org_admin") as client:
        assert (await client.get(contact)).json()["tenant_id"] == encode_id("ten", world.tenants["north"])
        made = await client.post("/v1/contacts", json={"phone": "+447700900999"})
        assert made.json()["tenant_id"] == encode_id("ten", world.tenants["acme"])


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/v1/contacts", "contacts:read"),
        ("GET", "/v1/tags", "contacts:read"),
        ("POST", "/v1/contacts", "contacts:write"),
        ("POST", "/v1/contacts/batch", "contacts:write"),
        ("GET", "/v1/conversations", "inbox:read"),
        ("GET", "/v1/conversations/counts", "inbox:read"),
        ("GET", "/v1/campaigns", "campaigns:read"),
        ("POST", "/v1/campaigns", "campaigns:write"),
        ("GET", "/v1/wallet", "wallet:read"),
        ("GET", "/v1/wallet/transactions", "wallet:read"),
        ("POST", "/v1/wallet/top-ups", "wallet:top_up"),
        ("GET", "/v1/queues", "queues:read"),
        ("GET", "/v1/channels", "channels:read"),
        ("POST", "/v1/channels", "channels:manage"),
        ("GET", "/v1/provider-accounts", "channels:read"),
        ("POST", "/v1/provider-accounts", "channels:manage"),
        ("GET", "/v1/users", "users:read"),
        ("GET", "/v1/api-keys", "keys:manage"),
        ("POST", "/v1/api-keys", "keys:manage"),
        ("POST", "/v1/tenants", "tenants:manage"),
        ("GET", "/v1/intents/versions", "intents:read"),
        ("GET", "/v1/unrouted-events", "platform:read"),
        ("GET", "/v1/webhook-endpoints", "webhooks:manage"),
        ("POST", "/v1/webhook-endpoints", "webhooks:manage"),
    ],
)
async def test_every_role_reaches_what_its_permissions_say(
    world: Any, method: str, path: str, permission: str
) -> None:
    for role, held in ROLES.items():
        async with await world.sign_in("north", role) as client:
            answer: httpx2.Response = await client.request(
                method,
                path,
                json={} if method == "POST" else None,
                headers={"Idempotency-Key": f"{role}{path}"},
            )
            refused = answer.status_code == 403
            assert refused == (permission not in held), (role, answer.text)
            if refused:
                assert answer.json()["permission"] == permission


@pytest.mark.parametrize("path", [path for path in LISTS if path != "/v1/branding"])
async def test_nothing_is_open_to_everybody(anonymous: httpx2.AsyncClient, path: str) -> None:
    assert (await anonymous.get(path)).status_code == 401
