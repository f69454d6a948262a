"""Webhooks on their way to the tenant: bounded in flight, retried, in order where order is asked for."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from carrier.config import Config
from carrier.pool import Origin, Pool, RequestFailed, Response, Target
from carrier.schedule import Schedule
from carrier.store import Lane

log = logging.getLogger("carrier")
LOST_KEPT = 200


@dataclass(slots=True, frozen=True)
class Outcome:
    """What one try brought. `final` means no other will follow; `ok` that the tenant answered 2xx."""

    ok: bool
    final: bool
    tries: int
    status: int | None = None
    body: bytes = b""
    error: str = ""


@dataclass(slots=True)
class Job:
    """One webhook request. `about` names what it tells, for the list of lost ones.

    `retry_refused` also repeats after 3xx and 4xx (Meta does, Twilio does not).
    """

    target: Target
    headers: bytes
    body: bytes
    about: str
    lanes: tuple[Lane, ...] = ()
    on_try: Callable[[Outcome], None] | None = None
    retry_refused: bool = False
    copies: int = 0
    tries: int = 0
    generation: int = 0


class Event(Protocol):
    """What waits in a lane: something that can be started."""

    def launch(self) -> None:
        """Start it; the lane is freed through Delivery.release when it is over."""


@dataclass(slots=True)
class _Road:
    """The requests to one origin: those ready to go and how many workers carry them."""

    ready: deque[Job] = field(default_factory=deque)
    workers: int = 0


@dataclass(slots=True)
class Tally:
    """Counts of webhook requests since the start or the last reset."""

    delivered: int = 0
    tries: int = 0
    retries: int = 0
    refused: int = 0
    lost: int = 0
    statuses: Counter[str] = field(default_factory=Counter)


class Delivery:
    """Sends jobs: at most `webhook_connections_max` at once per origin, the rest in line.

    A connection fault, a timeout or a 5xx is tried again after the waits of `webhook_retry_s`; when those are
    used up the job is lost. A 4xx is an answer: it ends the job (refused) unless the provider repeats it.
    """

    def __init__(self, config: Config, schedule: Schedule) -> None:
        self.pool = Pool(config.webhook_timeout_s)
        self.tally = Tally()
        self.lost: deque[dict[str, Any]] = deque(maxlen=LOST_KEPT)
        self._config = config
        self._schedule = schedule
        self._roads: dict[Origin, _Road] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._generation = 0
        self.open = 0

    def enter(self, lane: Lane, event: Event) -> None:
        """Start an event now, or once those before it in its lane are over."""
        if lane.busy:
            if lane.waiting is None:
                lane.waiting = deque()
            lane.waiting.append(event)
        else:
            lane.busy = True
            event.launch()

    def release(self, lane: Lane) -> None:
        """An event of this lane is over: the next may start."""
        if lane.waiting:
            lane.waiting.popleft().launch()
        else:
            lane.busy = False

    def submit(self, job: Job) -> None:
        """Send a job as soon as a connection is free; over the backlog limit it is lost at once."""
        job.generation = self._generation
        self.open += 1
        if self.open > self._config.webhook_backlog_max:
            self._end(job, Outcome(False, True, 0, error="the carrier's backlog is full"))
            return
        self._put(job)

    def clear(self) -> None:
        """Forget all jobs; those under way are finished but count no more."""
        self._generation += 1
        self.tally = Tally()
        self.lost.clear()
        self.open = 0
        for road in self._roads.values():
            road.ready.clear()

    async def close(self) -> None:
        """Stop all workers and close the connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pool.close()

    def _put(self, job: Job) -> None:
        if job.generation != self._generation:
            return
        road = self._roads.get(job.target.origin)
        if road is None:
            road = self._roads[job.target.origin] = _Road()
        road.ready.append(job)
        if road.workers < self._config.webhook_connections_max:
            road.workers += 1
            task = asyncio.get_running_loop().create_task(self._work(road))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, road: _Road) -> None:
        try:
            while road.ready:
                job = road.ready.popleft()
                try:
                    response = await self.pool.post(job.target, job.headers, job.body)
                except RequestFailed as error:
                    self._tried(job, None, str(error))
                else:
                    self._tried(job, response, "")
        finally:
            road.workers -= 1

    def _tried(self, job: Job, response: Response | None, error: str) -> None:
        if job.generation != self._generation:
            return
        job.tries += 1
        self.tally.tries += 1
        status = response.status if response else None
        self.tally.statuses[str(status) if status else "no answer"] += 1
        body = response.body if response else b""
        waits = self._config.webhook_retry_s
        if status is not None and 200 <= status < 300:
            self._end(job, Outcome(True, True, job.tries, status, body))
        elif status is not None and status < 500 and not job.retry_refused:
            self._end(job, Outcome(False, True, job.tries, status, body))
        elif job.tries > len(waits):
            self._end(job, Outcome(False, True, job.tries, status, body, error))
        else:
            self.tally.retries += 1
            self._tell(job, Outcome(False, False, job.tries, status, body, error))
            self._schedule.after(waits[job.tries - 1], self._put, job)

    def _end(self, job: Job, outcome: Outcome) -> None:
        self.open -= 1
        if outcome.ok:
            self.tally.delivered += 1
        elif outcome.status is not None and outcome.status < 500 and not job.retry_refused:
            self.tally.refused += 1
            self._note(job, outcome)
        else:
            self.tally.lost += 1
            self._note(job, outcome)
        self._tell(job, outcome)
        if job.copies > 0 and outcome.tries:
            # A repeat carries the same idempotency token and stays in its place in the order.
            job.copies -= 1
            job.tries = 0
            self.open += 1
            self._put(job)
            return
        for lane in job.lanes:
            self.release(lane)

    def _tell(self, job: Job, outcome: Outcome) -> None:
        if job.on_try is None:
            return
        try:
            job.on_try(outcome)
        except Exception:
            log.exception("what follows a webhook failed")

    def _note(self, job: Job, outcome: Outcome) -> None:
        self.lost.append(
            {
                "about": job.about,
                "host": job.target.host.decode(),
                "path": job.target.path.split(b"?")[0].decode(),
                "status": outcome.status,
                "error": outcome.error,
                "tries": outcome.tries,
                "at": time.time(),
            }
        )


def form_headers(signature: str) -> bytes:
    """Header lines of a signed Twilio form POST, with a fresh idempotency token."""
    return (
        b"content-type: application/x-www-form-urlencoded; charset=utf-8\r\nuser-agent: TwilioProxy/1.1\r\n"
        b"accept: */*\r\nx-twilio-signature: %b\r\ni-twilio-idempotency-token: %b\r\n"
        % (signature.encode(), str(uuid.uuid4()).encode())
    )


def meta_headers(signature: str) -> bytes:
    """Header lines of a signed Meta webhook."""
    return (
        b"content-type: application/json\r\nuser-agent: facebookexternalua\r\naccept: */*\r\n"
        b"x-hub-signature-256: %b\r\n" % signature.encode()
    )
