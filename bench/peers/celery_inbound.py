"""The peer of `inbound`: FastAPI takes the webhook, Celery does the work, one task a message.

As Celery's documentation recommends: JSON, results ignored, late acknowledgement with idempotent tasks, a prefetch that
suits short tasks, engine and model opened in each worker process, no gossip. The text is classified by the same encoder
and head as in the hub; routing follows the same rules; contact, message and conversation are written through the ORM in
one transaction.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown
from fastapi import FastAPI, HTTPException, Request, Response
from sqlalchemy import DateTime, Engine, ForeignKey, Index, create_engine, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

CONFIG: dict[str, Any] = json.loads(Path(os.environ["PEER_CONFIG"]).read_text())
EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'

celery = Celery("peer", broker=os.environ["PEER_BROKER_URL"])
celery.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=16,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_pool_limit=10,
    broker_transport_options={"visibility_timeout": 3600},
)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[Any] = {datetime: DateTime(timezone=True)}


class Contact(Base):
    __tablename__ = "contacts"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    address: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Conversation(Base):
    __tablename__ = "conversations"
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contacts.id"), primary_key=True)
    status: Mapped[str] = mapped_column(default="idle")
    queue: Mapped[str | None]
    session: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    last_text: Mapped[str] = mapped_column(default="")
    last_at: Mapped[datetime] = mapped_column(server_default=func.now())
    unread: Mapped[int] = mapped_column(default=0)
    intent: Mapped[str | None]
    confidence: Mapped[float | None]
    reason: Mapped[str] = mapped_column(default="")
    __table_args__ = (Index("ix_conversations_list", "status", "last_at"),)


class Message(Base):
    __tablename__ = "messages"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contacts.id"), index=True)
    provider_id: Mapped[str] = mapped_column(unique=True)
    direction: Mapped[str]
    address: Mapped[str]
    body: Mapped[str]
    intent: Mapped[str | None]
    confidence: Mapped[float | None]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class ContactTag(Base):
    __tablename__ = "contact_tags"
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contacts.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


def make_engine() -> Engine:
    """One process works on one task at a time, so it needs one connection and a spare."""
    return create_engine(os.environ["PEER_DATABASE_URL"], pool_size=1, max_overflow=1, pool_pre_ping=False)


# -- the web side

api = FastAPI()


def signed(url: str, fields: list[tuple[str, str]]) -> str:
    text = url + "".join(name + value for name, value in sorted(fields))
    return base64.b64encode(hmac.new(CONFIG["token"].encode(), text.encode(), hashlib.sha1).digest()).decode()


@api.post("/webhooks/twilio/{account}/message")
async def inbound(account: str, request: Request) -> Response:
    form = await request.form()
    fields = [(name, str(value)) for name, value in form.multi_items()]
    url = f"http://{request.headers['host']}{request.url.path}"
    if not hmac.compare_digest(signed(url, fields), request.headers.get("x-twilio-signature", "")):
        raise HTTPException(403, "wrong signature")
    values = dict(fields)
    handle.delay(values["MessageSid"], values["From"], values["To"], values["Body"])
    return Response(EMPTY, media_type="application/xml")


# -- the worker side


class Worker:
    """What a worker process opens once."""

    def __init__(self) -> None:
        from hub.intents.codec import from_bytes
        from hub.intents.encoder import OnnxEncoder

        self.engine = make_engine()
        self.sessions = sessionmaker(self.engine, expire_on_commit=False)
        self.encoder = OnnxEncoder()
        self.model = from_bytes(Path(CONFIG["model"]).read_bytes(), self.encoder)

    def classify(self, text: str) -> tuple[str | None, float]:
        """Encode, then the head: (label or None when out of scope, confidence)."""
        from hub.intents.encoder import canonical
        from hub.intents.model import nearest_cosine

        cleaned = [canonical(text)]
        vectors = self.encoder.encode(cleaned)
        parts = self.model.parts
        logits = parts.second.logits(parts.features.transform(cleaned), vectors)
        answer = self.model.second_answers(logits, nearest_cosine(vectors, parts.neighbours))[0]
        return answer.label, answer.confidence


_worker: Worker | None = None


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _open(**_: Any) -> None:
    global _worker
    _worker = Worker()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def _close(**_: Any) -> None:
    if _worker is not None:
        _worker.engine.dispose()


def normalize(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".!")


@celery.task(bind=True, max_retries=5)  # type: ignore[untyped-decorator]
def handle(self: Any, provider_id: str, sender: str, to: str, body: str) -> None:
    """Store and route one message. Safe to run twice: the provider's id is unique."""
    assert _worker is not None
    with _worker.sessions.begin() as db:
        contact_id = find_contact(db, sender)
        conversation = find_conversation(db, contact_id)
        text = normalize(body)
        known = text in CONFIG["keywords"] or (conversation.session is not None and text in CONFIG["answers"])
        intent, confidence = (None, 0.0) if known else _worker.classify(body)
        statement = insert(Message).values(
            contact_id=contact_id,
            provider_id=provider_id,
            direction="in",
            address=sender,
            body=body,
            intent=intent,
            confidence=confidence,
        )
        stored = db.scalar(statement.on_conflict_do_nothing().returning(Message.id))
        if stored is None:
            return
        now = datetime.now(UTC)
        conversation.last_text, conversation.last_at = body[:160], now
        conversation.intent, conversation.confidence = intent, confidence
        conversation.unread += 1
        route(db, conversation, text, intent, confidence)


def find_contact(db: Session, address: str) -> uuid.UUID:
    found = db.scalar(select(Contact.id).where(Contact.address == address))
    if found is None:
        found = db.scalar(
            insert(Contact).values(address=address).on_conflict_do_nothing().returning(Contact.id)
        )
    return found or db.scalars(select(Contact.id).where(Contact.address == address)).one()


def find_conversation(db: Session, contact_id: uuid.UUID) -> Conversation:
    """The contact's conversation, locked: two workers may have messages of one contact."""
    query = select(Conversation).where(Conversation.contact_id == contact_id).with_for_update()
    found = db.scalar(query)
    if found is None:
        db.execute(insert(Conversation).values(contact_id=contact_id).on_conflict_do_nothing())
        found = db.scalars(query).one()
    return found


def route(db: Session, conversation: Conversation, text: str, intent: str | None, confidence: float) -> None:
    """Flow, then keyword, then intent, then the fallback queue: the same table as the hub's."""
    if conversation.session is not None:
        port = CONFIG["answers"].get(text)
        if port is not None:
            conversation.reason = "answer to a flow"
            conversation.unread = 0
            if tag := CONFIG["tags"].get(port):
                tagged = insert(ContactTag).values(contact_id=conversation.contact_id, tag=tag)
                db.execute(tagged.on_conflict_do_nothing())
            return
        conversation.session = None
    elif conversation.status == "open":
        return
    elif (keyword := CONFIG["keywords"].get(text)) is not None:
        if "flow" in keyword:
            conversation.session = {"flow": keyword["flow"], "node": "ask", "variables": {}}
            conversation.reason, conversation.unread = f"keyword {text}", 0
        else:
            conversation.status, conversation.queue, conversation.reason = (
                "open",
                keyword["queue"],
                f"keyword {text}",
            )
        return
    rule = CONFIG["intents"].get(intent)
    conversation.status = "open"
    if rule is not None and confidence >= (rule["threshold"] or CONFIG["floor"]):
        conversation.queue, conversation.reason = rule["queue"], f"intent {intent} {confidence:.2f}"
    else:
        conversation.queue, conversation.reason = CONFIG["fallback"], "fallback"
