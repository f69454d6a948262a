"""The peer of `campaign`: Celery with one task a message, receipts at a FastAPI endpoint.

A task renders the template, checks consent, inserts the message, posts it over the keep-alive pool of its worker process
and writes down the answer; a receipt updates its row. No money, no tenants: less work than the hub does.
As Celery's documentation recommends: JSON, ids as arguments, results ignored, late acknowledgement with idempotent
tasks, a prefetch that suits short tasks, engine and HTTP pool opened in each worker process.
"""

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import jinja2
import urllib3
from celery import Celery
from celery.signals import worker_process_init
from fastapi import FastAPI, Request, Response
from sqlalchemy import DateTime, Engine, ForeignKey, create_engine, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

CONFIG: dict[str, Any] = json.loads(Path(os.environ["PEER_CONFIG"]).read_text())
DATABASE_URL = os.environ["PEER_DATABASE_URL"]
ORDER = {"queued": 0, "sent": 1, "delivered": 2, "undelivered": 2, "failed": 2}

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
    broker_transport_options={"visibility_timeout": 3600},
)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[Any] = {datetime: DateTime(timezone=True)}


class Contact(Base):
    __tablename__ = "contacts"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str]
    address: Mapped[str] = mapped_column(unique=True)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Consent(Base):
    __tablename__ = "consents"
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contacts.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]


class Message(Base):
    __tablename__ = "messages"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    campaign: Mapped[int] = mapped_column(index=True)
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contacts.id"))
    body: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued")
    provider_id: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


def make_engine() -> Engine:
    return create_engine(DATABASE_URL, pool_size=1, max_overflow=1)


# -- the worker side


class Worker:
    """What a worker process opens once."""

    def __init__(self) -> None:
        self.sessions = sessionmaker(make_engine(), expire_on_commit=False)
        self.http = urllib3.PoolManager(maxsize=1, retries=False)
        self.template = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False).from_string(
            CONFIG["template"]
        )
        pair = f"{CONFIG['account_sid']}:{CONFIG['token']}"
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }


_worker: Worker | None = None


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _open(**_: Any) -> None:
    global _worker
    _worker = Worker()


@celery.task(bind=True, max_retries=5)  # type: ignore[untyped-decorator]
def send(self: Any, campaign: int, contact_id: str, message_id: str) -> None:
    """Send one message. The row is there before the post: a repeat finds it and does not post again."""
    assert _worker is not None
    with _worker.sessions.begin() as db:
        contact = db.get_one(Contact, uuid.UUID(contact_id))
        refused = select(Consent.state).where(Consent.contact_id == contact.id, Consent.channel == "sms")
        if db.scalar(refused) == "opted_out":
            return
        first_name = contact.name.split(" ")[0]
        text = _worker.template.render(first_name=first_name, name=contact.name, **contact.attributes)
        row = insert(Message).values(
            id=uuid.UUID(message_id), campaign=campaign, contact_id=contact.id, body=text
        )
        if db.scalar(row.on_conflict_do_nothing().returning(Message.id)) is None:
            return
    form = {
        "To": contact.address,
        "From": CONFIG["from"],
        "Body": text,
        "StatusCallback": f"{CONFIG['callback_url']}?ref={message_id}",
    }
    answer = _worker.http.request("POST", CONFIG["send_url"], body=urlencode(form), headers=_worker.headers)
    with _worker.sessions.begin() as db:
        mine = update(Message).where(Message.id == uuid.UUID(message_id))
        if answer.status == 201:
            sent = {"provider_id": answer.json()["sid"], "sent_at": datetime.now(UTC)}
            db.execute(mine.values(**sent))
            db.execute(mine.where(Message.status == "queued").values(status="sent"))
        else:
            db.execute(mine.values(status="failed"))


# -- the web side


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = create_async_engine(DATABASE_URL, pool_size=8)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()


api = FastAPI(lifespan=_lifespan)


@api.post("/launch/{campaign}")
def launch(campaign: int, limit: int) -> dict[str, int]:
    """One task a contact; ids only, as the documentation recommends."""
    with sessionmaker(make_engine())() as db, celery.connection_for_write() as connection:
        ids = db.scalars(select(Contact.id).order_by(Contact.address).limit(limit)).all()
        with celery.amqp.Producer(connection) as producer:
            for contact_id in ids:
                send.apply_async((campaign, str(contact_id), str(uuid.uuid4())), producer=producer)
    return {"queued": len(ids)}


@api.post("/status")
async def status(ref: uuid.UUID, request: Request) -> Response:
    fields = dict(parse_qsl((await request.body()).decode()))
    said = fields["MessageStatus"]
    db: AsyncSession
    async with request.app.state.sessions.begin() as db:
        lower = [name for name, rank in ORDER.items() if rank < ORDER.get(said, 0)]
        values: dict[str, Any] = {"status": said}
        if said == "delivered":
            values["delivered_at"] = datetime.now(UTC)
        await db.execute(update(Message).where(Message.id == ref, Message.status.in_(lower)).values(**values))
    return Response(status_code=204)
