"""The classifier as a service inside one process: models by version, micro-batches, one worker thread, a cache.

No Ray here: an actor holds a `ClassifierCore` and forwards `classify`. One thread on purpose: the encoder uses one
core, and a second batch in parallel would only share it. Use more replicas for more cores.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from threadpoolctl import threadpool_limits

from hub.intents.cache import TEXTS_MAX, PredictionCache
from hub.intents.codec import from_bytes
from hub.intents.encoder import Encoder, OnnxEncoder, canonical
from hub.intents.model import IntentModel, Prediction

Loader = Callable[[str], Awaitable[bytes]]

MODELS_MAX = 8  # some 35 MB each in memory at 77 labels
BATCH_TEXTS_MAX = 128  # about half a second of one core when every text needs the encoder


@dataclass(slots=True)
class Counts:
    """What a classifier has done since it started. `texts` = hits + joined + first_stage + second_stage + failed."""

    texts: int = 0
    cache_hits: int = 0
    joined: int = 0  # the same text was already waiting for its answer
    first_stage: int = 0
    second_stage: int = 0
    failed: int = 0
    batches: int = 0
    models_loaded: int = 0


@dataclass(slots=True)
class _Queue:
    """Texts of one version that wait for the worker, each with the future its callers await."""

    waiting: dict[str, asyncio.Future[Prediction]] = field(default_factory=dict)
    running: dict[str, asyncio.Future[Prediction]] = field(default_factory=dict)
    worker: asyncio.Task[None] | None = None


class ClassifierCore:
    """Classifies texts with the model of a version.

    If `classify` returns, every answer is from that version. If it raises (the loader's error, BadModelFile,
    EncoderMismatch, EncoderUnavailable), nothing was cached and the next call tries again. Callers that ask while the
    worker is busy are answered together in its next batch; equal texts are computed once.
    """

    def __init__(
        self,
        load: Loader,
        *,
        encoder: Encoder | None = None,
        models_max: int = MODELS_MAX,
        cache_texts_max: int = TEXTS_MAX,
    ) -> None:
        """`load` gives the bytes of a version. Without `encoder`, the packaged one is loaded on first use."""
        # Products of this size lose by a second BLAS thread: with two, one text costs 15 ms of CPU instead of 5. The limit
        # holds for the whole process, which is a classifier's own.
        threadpool_limits(1, "blas")
        self._load = load
        self._encoder = encoder
        self._models: OrderedDict[str, IntentModel] = OrderedDict()
        self._models_max = models_max
        self._cache = PredictionCache(cache_texts_max)
        self._queues: dict[str, _Queue] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intents")
        self.counts = Counts()

    async def classify(self, version_id: str, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text, in order."""
        self.counts.texts += len(texts)
        queue = self._queues.get(version_id)
        answers: list[Prediction | asyncio.Future[Prediction]] = []
        for text in map(canonical, texts):
            known = self._cache.get(version_id, text)
            if known is not None:
                self.counts.cache_hits += 1
                answers.append(known)
                continue
            if queue is None:
                queue = self._queues[version_id] = _Queue()
            answers.append(self._ask(queue, text))
        if queue is not None and queue.waiting and queue.worker is None:
            queue.worker = asyncio.create_task(self._work(version_id, queue))
        awaited = [answer for answer in answers if isinstance(answer, asyncio.Future)]
        if awaited:
            # Shielded: one caller that gives up must not cancel the answer of another.
            await asyncio.shield(asyncio.gather(*awaited))
        return [answer.result() if isinstance(answer, asyncio.Future) else answer for answer in answers]

    async def warm(self, version_id: str) -> None:
        """Load encoder and model now, so that the first message does not wait for them."""
        await self._model(version_id)

    async def close(self) -> None:
        """Let the worker finish its batch, then stop its thread."""
        workers = [queue.worker for queue in self._queues.values() if queue.worker is not None]
        await asyncio.gather(*workers, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _ask(self, queue: _Queue, text: str) -> asyncio.Future[Prediction]:
        known = queue.waiting.get(text) or queue.running.get(text)
        if known is not None:
            self.counts.joined += 1
            return known
        future: asyncio.Future[Prediction] = asyncio.get_running_loop().create_future()
        queue.waiting[text] = future
        return future

    async def _work(self, version_id: str, queue: _Queue) -> None:
        """Answer what waits, a batch at a time, until nothing waits."""
        try:
            while queue.waiting:
                texts = list(islice(queue.waiting, BATCH_TEXTS_MAX))
                queue.running = {text: queue.waiting.pop(text) for text in texts}
                await self._run(version_id, queue.running)
                queue.running = {}
        finally:
            for future in (*queue.running.values(), *queue.waiting.values()):  # left over only when cancelled
                future.cancel()
            del self._queues[version_id]

    async def _run(self, version_id: str, batch: dict[str, asyncio.Future[Prediction]]) -> None:
        texts = list(batch)
        self.counts.batches += 1
        try:
            model = await self._model(version_id)
            predictions = await asyncio.get_running_loop().run_in_executor(self._thread, model.predict, texts)
        except Exception as error:  # every caller of the batch gets it; the worker goes on with the next
            self.counts.failed += len(texts)
            for future in batch.values():
                if not future.done():
                    future.set_exception(error)
                    future.exception()  # marks it read: a caller that gave up is no reason for a warning
            return
        for text, prediction in zip(texts, predictions, strict=True):
            self._cache.put(version_id, text, prediction)
            if prediction.stage == "first":
                self.counts.first_stage += 1
            else:
                self.counts.second_stage += 1
            if not batch[text].done():
                batch[text].set_result(prediction)

    async def _model(self, version_id: str) -> IntentModel:
        model = self._models.get(version_id)
        if model is None:
            data = await self._load(version_id)
            model = await asyncio.get_running_loop().run_in_executor(self._thread, self._read, data)
            self._models[version_id] = model
            self.counts.models_loaded += 1
            if len(self._models) > self._models_max:
                self._models.popitem(last=False)
        self._models.move_to_end(version_id)
        return model

    def _read(self, data: bytes) -> IntentModel:
        if self._encoder is None:
            self._encoder = OnnxEncoder()
        return from_bytes(data, self._encoder)
