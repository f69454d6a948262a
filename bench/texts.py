"""Texts for the inbound benchmarks: new ones, short repeats, keywords and answers; and the model both sides use."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data import Row, read_rows
from training.demo_data import OUT_OF_SCOPE, demo_rows
from training.train import TrainedVersion, TrainOptions, train, train_file

DATA_VARIABLE = "HUB_INTENT_DATA"  # a folder with train.csv and test.csv: columns text, label
HELD_OUT_EVERY = (
    3  # of the demo messages every third is never trained on: variations of those are the new texts
)
NEW_EVERY = 10
NEW_OF_TEN = 3

OPENINGS = ("Hi", "Hello", "Good morning", "Hi there", "Hey", "Dear team", "Excuse me", "Sorry to bother you")
NAMES = (
    "Anna",
    "Ben",
    "Carla",
    "Deniz",
    "Erik",
    "Fatima",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Karim",
    "Lena",
    "Marta",
)
DETAILS = (
    "My order number is {number}.",
    "It is about number {number}.",
    "I bought it on the {day}th.",
    "I wrote to you on the {day}th already.",
    "My postcode is {number}.",
    "You can reach me after {day} o'clock.",
    "Reference {number}, please check.",
    "I am a customer since 20{day}.",
)
CLOSINGS = ("Thanks, {name}", "Regards, {name}", "{name}", "Best, {name}", "Please answer soon, {name}")

# What people answer again and again. None is a command (STOP, HELP …), a keyword or an answer of the benchmark's flow.
REPEATS = (
    "ok", "Ok", "thanks", "Thank you", "thank you!", "thx", "ok thanks", "great", "perfect", "good", "sure", "maybe",
    "later", "when?", "when", "where is it", "where is my order?", "how much", "how much?", "not yet", "not now",
    "who is this", "who is this?", "what?", "?", "👍", "❤️", "lol", "call me", "please call me", "refund please",
    "I want my money back", "cancel it please", "are you open today?", "open tomorrow?", "still waiting", "any news?",
    "it came damaged", "wrong size", "talk to a person", "agent please", "nothing yet", "I will", "fine", "done",
    "received", "got it", "yes please", "no thanks", "no thank you", "of course", "see you", "hello", "hi", "Hello?",
)  # fmt: skip


@dataclass(slots=True)
class Words:
    """Where new texts come from, and the trained version that both sides serve."""

    trained: TrainedVersion
    seeds: Sequence[str]
    as_they_are: bool  # real texts are sent unchanged while there are enough of them
    source: str

    def new(self, count: int, seed: int) -> Iterator[str]:
        """`count` texts, no two alike once white space and case are put aside."""
        rng = random.Random(seed)
        seeds = list(self.seeds)
        rng.shuffle(seeds)
        for place in range(count):
            text = seeds[place % len(seeds)]
            yield text if self.as_they_are and place < len(seeds) else _varied(rng, text, place)

    def repeating(self, count: int, seed: int) -> Iterator[str]:
        """Three of ten are new; the others repeat, a few of them much more often than the rest."""
        rng = random.Random(seed)
        fresh = self.new(count, seed)
        weights = [1 / (rank + 1) for rank in range(len(REPEATS))]
        for place in range(count):
            if place % NEW_EVERY < NEW_OF_TEN:
                yield next(fresh)
            else:
                yield rng.choices(REPEATS, weights)[0]


def _varied(rng: random.Random, text: str, place: int) -> str:
    """The text as another person would send it. The number makes it new."""
    detail = rng.choice(DETAILS).format(number=10_000 + place * 7 % 89_999, day=rng.randrange(10, 28))
    closing = rng.choice(CLOSINGS).format(name=rng.choice(NAMES))
    mark = "" if text[-1] in ".!?" else "."
    return f"{rng.choice(OPENINGS)}, {text}{mark} {detail} {closing} {place}"


def rules_text(contact: int, turn: int) -> str:
    """Half of the contacts write a keyword of a queue each time; the others start a flow and go on answering it."""
    if contact % 2:
        return "HOURS"
    return "JOIN" if turn == 0 else ("Yes", "no", "SURE", "yes.")[turn % 4]


def prepare(vectors_folder: Path) -> Words:
    """Train the model that both sides serve: on HUB_INTENT_DATA when it is set, else on two thirds of the demo rows."""
    folder = os.environ.get(DATA_VARIABLE)
    if folder:
        path = Path(folder)
        trained = train_file(path / "train.csv", options=TrainOptions(vectors_folder=vectors_folder))
        return Words(trained, [row.text for row in read_rows(path / "test.csv")], True, path.name)
    rows = demo_rows()
    kept: list[Row] = [row for place, row in enumerate(rows) if place % HELD_OUT_EVERY]
    return Words(
        train(kept, outside=OUT_OF_SCOPE), [row.text for row in rows[::HELD_OUT_EVERY]], False, "demo intents"
    )
