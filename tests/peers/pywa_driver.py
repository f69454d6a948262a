"""Runs in the peers' environment, with pywa: reads one JSON job from stdin, prints one JSON answer."""

from __future__ import annotations

import json
import sys
from typing import Any

import httpx
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.types import (
    Button,
    CallbackButton,
    CallbackSelection,
    Message,
    MessageStatus,
    Section,
    SectionList,
    SectionRow,
)
from pywa.types.templates import (
    BodyText,
    Buttons,
    QuickReplyButton,
    Template,
    TemplateCategory,
    TemplateLanguage,
)
from pywa.utils import webhook_updates_validator


def client_of(job: dict[str, Any]) -> WhatsApp:
    session = httpx.Client(trust_env=False)
    client = WhatsApp(
        job["phone_id"], job["token"], waba_id=job["waba_id"], session=session, filter_updates=False
    )
    session.base_url = job["base_url"] + "/v26.0"
    return client


def send(job: dict[str, Any]) -> Any:
    """A text, buttons, a list, a place, a file; a template made and sent; and a send that is refused."""
    client, to = client_of(job), job["to"]
    found = {
        "text": client.send_message(to, "Hello", tracker="msg_1").id,
        "buttons": client.send_message(to, "Sure?", buttons=[Button("Yes", "y"), Button("No", "n")]).id,
    }
    rows = [SectionRow("Morning", "m", "9 to 11"), SectionRow("Evening", "e")]
    sections = SectionList("Pick", [Section("Tomorrow", rows)])
    found["list"] = client.send_message(to, "When?", buttons=sections).id
    found["place"] = client.send_location(to, 1.5, 2.5, "Depot").id
    media = client.upload_media(bytes.fromhex(job["png"]), mime_type="image/png", filename="a.png")
    found["image"] = client.send_image(to, media.id, caption="A cat").id
    found["url"] = client.get_media_url(media.id).mime_type
    try:
        client.send_message(to, "x" * 5000)
    except WhatsAppError as error:
        found["refused"] = error.code
    return found


def template(job: dict[str, Any]) -> Any:
    """Make a template, wait for nothing, list it."""
    client = client_of(job)
    body = BodyText("Hello {{1}}, it is ready.", "Ada")
    made = client.create_template(
        Template(
            name="order_ready",
            category=TemplateCategory.UTILITY,
            language=TemplateLanguage.ENGLISH_US,
            components=[body, Buttons(buttons=[QuickReplyButton(text="Thanks")])],
        )
    )
    return {"id": made.id, "status": str(made.status.value)}


def send_template(job: dict[str, Any]) -> Any:
    client = client_of(job)
    sent = client.send_template(
        job["to"], "order_ready", TemplateLanguage.ENGLISH_US, [BodyText.params("Ada")]
    )
    return {"id": sent.id, "listed": [one.status.value for one in client.get_templates()]}


def mark(job: dict[str, Any]) -> Any:
    client = client_of(job)
    return [bool(client.mark_message_as_read(job["id"])), bool(client.indicate_typing(job["id"]))]


def read(job: dict[str, Any]) -> Any:
    """What pywa makes of webhooks: (signature is right, what it is)."""
    client = client_of(job)
    found = []
    for raw, signature in job["hooks"]:
        good = webhook_updates_validator(job["secret"], raw.encode(), signature)
        for entry in json.loads(raw)["entry"]:
            for change in entry["changes"]:
                update = {"object": "whatsapp_business_account", "entry": [{**entry, "changes": [change]}]}
                value = change["value"]
                for status in value.get("statuses", []):
                    whose = [who for who in value["contacts"] if who["wa_id"] == status["recipient_id"]]
                    one = {**value, "statuses": [status], "contacts": whose}
                    update["entry"][0]["changes"] = [{**change, "value": one}]
                    parsed = MessageStatus.from_update(client, update)
                    found.append([good, "status", parsed.id, str(parsed.status.value)])
                for message in value.get("messages", []):
                    kind = message["type"]
                    answer = message.get("interactive", {}).get("type")
                    make = Message if kind not in ("interactive", "button") else CallbackButton
                    make = CallbackSelection if answer == "list_reply" else make
                    parsed = make.from_update(client, update)
                    words = parsed.text if make is Message else [parsed.data, parsed.title]
                    found.append([good, make.__name__, parsed.id, words])
    return found


JOBS = {"send": send, "template": template, "send_template": send_template, "mark": mark, "read": read}

if __name__ == "__main__":
    job = json.load(sys.stdin)
    print(json.dumps(JOBS[job["job"]](job)))
