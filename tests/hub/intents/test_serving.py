"""The classifier as a service: batches, joins, caches, loads, and fails without leaving anyone waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.errors import NotFound
from hub.intents.codec import BadModelFile
from hub.intents.encoder import OnnxEncoder
from hub.intents.serving import BATCH_TEXTS_MAX, ClassifierCore, Counts
from training.train import TrainedVersion


class Shelf:
    """Stored versions, and how often each was asked for."""

    def __init__(self, data: bytes) -> None:
        self.versions: dict[str, bytes] = {"int_1": data, "int_2": data, "int_bad": b"nonsense"}
        self.asked: list[str] = []

    async def load(self, version: str) -> bytes:
        self.asked.append(version)
        await asyncio.sleep(0)
        if version not in self.versions:
            raise NotFound("no such version")
        return self.versions[version]


@pytest.fixture
def shelf(demo: TrainedVersion) -> Shelf:
    return Shelf(demo.data)


@pytest.fixture
async def core(shelf: Shelf, encoder: OnnxEncoder) -> AsyncIterator[ClassifierCore]:
    core = ClassifierCore(shelf.load, encoder=encoder, models_max=1)
    yield core
    await core.close()


async def test_answers_come_in_order_and_equal_texts_are_computed_once(
    core: ClassifierCore, shelf: Shelf
) -> None:
    texts = ["refund please", "where is my order", "Refund  please", ""]
    labels = [prediction.label for prediction in await core.classify("int_1", texts)]
    assert labels == ["refund", "order_status", "refund", None]
    assert core.counts == Counts(texts=4, joined=1, first_stage=1, second_stage=2, batches=1, models_loaded=1)
    assert shelf.asked == ["int_1"]


async def test_the_second_time_comes_from_the_cache(core: ClassifierCore) -> None:
    first = await core.classify("int_1", ["refund please", "thx"])
    assert await core.classify("int_1", ["THX", "refund please"]) == first[::-1]
    assert (core.counts.cache_hits, core.counts.batches) == (2, 1)


async def test_callers_that_wait_together_are_answered_together(core: ClassifierCore) -> None:
    asked = [core.classify("int_1", [f"where is order {n}", "thanks"]) for n in range(20)]
    answers = await asyncio.gather(*asked)
    assert all(len(answer) == 2 and answer[1].label == "thanks" for answer in answers)
    assert core.counts.batches <= 2
    assert core.counts.joined + core.counts.cache_hits == 19


async def test_large_calls_are_cut_into_batches(core: ClassifierCore) -> None:
    texts = [f"{n}" for n in range(BATCH_TEXTS_MAX + 10)]
    assert len(await core.classify("int_1", texts)) == len(texts)
    assert core.counts.batches == 2


async def test_versions_are_kept_apart_and_the_oldest_leaves_memory(
    core: ClassifierCore, shelf: Shelf
) -> None:
    await asyncio.gather(core.classify("int_1", ["hi"]), core.classify("int_2", ["hi"]))
    await core.classify("int_1", ["hi"])  # answered from the cache: the model is not needed
    await core.classify("int_1", ["hello again"])
    assert len(shelf.asked) == 3
    assert core.counts.models_loaded == 3


async def test_a_version_that_cannot_be_loaded_fails_all_its_callers_and_no_other(
    core: ClassifierCore, shelf: Shelf
) -> None:
    asked = [
        core.classify("int_gone", ["a", "b"]),
        core.classify("int_gone", ["a"]),
        core.classify("int_1", ["thanks"]),
    ]
    gone, also_gone, fine = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(gone, NotFound)
    assert isinstance(also_gone, NotFound)
    assert isinstance(fine, list)
    with pytest.raises(BadModelFile):
        await core.classify("int_bad", ["a"])
    shelf.versions["int_gone"] = shelf.versions["int_1"]
    assert len(await core.classify("int_gone", ["a"])) == 1


async def test_a_caller_that_gives_up_takes_nobody_with_it(core: ClassifierCore) -> None:
    impatient = asyncio.create_task(core.classify("int_1", ["refund please"]))
    patient = asyncio.create_task(core.classify("int_1", ["refund please"]))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient)[0].label == "refund"
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_nothing_asked_is_nothing_done(core: ClassifierCore, shelf: Shelf) -> None:
    assert await core.classify("int_1", []) == []
    assert shelf.asked == []


async def test_warming_loads_before_the_first_text(core: ClassifierCore, shelf: Shelf) -> None:
    await core.warm("int_1")
    await core.classify("int_1", ["thanks"])
    assert shelf.asked == ["int_1"]
