"""A model's bytes: same answers after, small, and no damage goes unnoticed."""

from __future__ import annotations

import json
import struct
import zlib

import pytest

from hub.intents.codec import MAGIC, BadModelFile, from_bytes, to_bytes
from hub.intents.encoder import OnnxEncoder
from hub.intents.model import EncoderMismatch
from training.demo_data import MESSAGES, OUT_OF_SCOPE
from training.train import TrainedVersion

TEXTS = [text for texts in MESSAGES.values() for text in texts[:5]] + list(OUT_OF_SCOPE)


def test_answers_are_the_same_after_the_trip(demo: TrainedVersion, encoder: OnnxEncoder) -> None:
    again = from_bytes(demo.data, encoder)
    assert again.labels == demo.model.labels
    assert again.predict(TEXTS) == demo.model.predict(TEXTS)


def test_a_second_trip_changes_nothing(demo: TrainedVersion, encoder: OnnxEncoder) -> None:
    first = to_bytes(from_bytes(demo.data, encoder))
    second = to_bytes(from_bytes(first, encoder))
    assert [p.label for p in from_bytes(second, encoder).predict(TEXTS)] == [
        p.label for p in demo.model.predict(TEXTS)
    ]


def repack(data: bytes, **changes: object) -> bytes:
    """The same file with header members changed."""
    start = len(MAGIC) + 4
    (length,) = struct.unpack("<I", data[len(MAGIC) : start])
    header = json.loads(data[start : start + length]) | changes
    head = json.dumps(header).encode()
    return MAGIC + struct.pack("<I", len(head)) + head + data[start + length :]


def test_another_encoder_is_refused(demo: TrainedVersion, encoder: OnnxEncoder) -> None:
    with pytest.raises(EncoderMismatch):
        from_bytes(repack(demo.data, encoder_sha256="0" * 64), encoder)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"labels": ["one"]},
        {"labels": ["one", "two"]},
        {"labels": None},
        {"temperatures": [1]},
        {"temperatures": ["a", "b"]},
        {"arrays": []},
        {"arrays": [["first.text", "object", [1]]]},
        {"arrays": [["first.text", "float32", [1 << 40]]]},
        {"arrays": [["first.text", "float32", [-1, 8]]]},
        {"first_scope": {"surprise": 1}},
        {"unknown_idf": None},
    ],
    ids=str,
)
def test_a_header_that_lies_is_refused(
    demo: TrainedVersion, encoder: OnnxEncoder, changes: dict[str, object]
) -> None:
    with pytest.raises(BadModelFile):
        from_bytes(repack(demo.data, **changes), encoder)


@pytest.mark.parametrize(
    "data", [b"", b"\x80\x04.", MAGIC, MAGIC + b"\xff\xff\xff\xff", MAGIC + b"\x02\x00\x00\x00[]"]
)
def test_other_bytes_are_refused(encoder: OnnxEncoder, data: bytes) -> None:
    with pytest.raises(BadModelFile):
        from_bytes(data, encoder)


def test_a_cut_file_is_refused(demo: TrainedVersion, encoder: OnnxEncoder) -> None:
    for length in [*range(0, len(demo.data), 4_999), len(demo.data) - 1]:
        with pytest.raises(BadModelFile):
            from_bytes(demo.data[:length], encoder)


def test_a_changed_byte_of_the_weights_is_noticed(demo: TrainedVersion, encoder: OnnxEncoder) -> None:
    for at in range(len(demo.data) // 2, len(demo.data), 9_973):
        changed = bytearray(demo.data)
        changed[at] ^= 0xFF
        with pytest.raises(BadModelFile):
            from_bytes(bytes(changed), encoder)


def test_a_bomb_is_not_unpacked(demo: TrainedVersion, encoder: OnnxEncoder) -> None:
    head = json.dumps({"format": 1, "arrays": [["features.idf", "float32", [4]]]}).encode()
    bomb = MAGIC + struct.pack("<I", len(head)) + head + zlib.compress(bytes(50_000_000))
    with pytest.raises(BadModelFile, match="cut off"):
        from_bytes(bomb, encoder)
