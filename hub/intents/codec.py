"""A model as bytes: a JSON header and plain arrays, nothing that can run code when read.

Layout: `PRLYINT1`, header length (4 bytes, little-endian), header (UTF-8 JSON), zlib stream of the arrays one after
another. Weights and neighbours are int8 with one scale a label or row: 77 labels take about 5 MB instead of 21, and
the accuracy on BANKING77 does not move.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hub.errors import Invalid
from hub.intents.encoder import Encoder, Floats, unit
from hub.intents.features import BUCKETS, TextFeatures
from hub.intents.model import Head, IntentModel, Parts, Scope, check_shapes

MAGIC = b"PRLYINT1"
FORMAT = 1
HEADER_BYTES_MAX = 1 << 20
ARRAY_BYTES_MAX = 1 << 29
_DTYPES = {name: np.dtype(name).newbyteorder("<") for name in ("int8", "int32", "float32")}


@dataclass(eq=False)
class BadModelFile(Invalid):
    """This is not a readable intent model."""

    code: ClassVar[str] = "bad-model-file"


def _squeeze(matrix: Floats, axis: int) -> tuple[npt.NDArray[np.int8], Floats]:
    """`matrix` as int8 and the scales along the other axis that bring it back."""
    scales = np.maximum(np.abs(matrix).max(axis=axis, keepdims=True), 1e-12) / 127
    return np.rint(matrix / scales).astype(np.int8), scales.astype(np.float32)


def to_bytes(model: IntentModel) -> bytes:
    """The model as bytes, readable by `from_bytes` on any machine. Lossy once: int8 weights."""
    parts = model.parts
    arrays: dict[str, npt.NDArray[Any]] = {
        "features.buckets": parts.features.buckets.astype(np.int32),
        "features.idf": parts.features.idf,
        "first.bias": parts.first.bias,
        "second.bias": parts.second.bias,
    }
    matrices = {
        "first.text": parts.first.text,
        "second.text": parts.second.text,
        "second.vector": parts.second.vector,
    }
    for name, matrix in matrices.items():
        assert matrix is not None, name  # every model of ours has it; check_shapes saw to it
        arrays[name], arrays[name + ".scales"] = _squeeze(matrix, axis=0)
    arrays["neighbours"], _ = _squeeze(parts.neighbours, axis=1)  # unit rows: scaled back by their own length
    header = {
        "format": FORMAT,
        "encoder_id": parts.encoder_id,
        "encoder_sha256": parts.encoder_sha256,
        "labels": parts.labels,
        "unknown_idf": parts.features.unknown_idf,
        "temperatures": [parts.first.temperature, parts.second.temperature],
        "margin_min": parts.margin_min,
        "first_scope": asdict(parts.first_scope),
        "second_scope": asdict(parts.second_scope),
        "arrays": [[name, array.dtype.name, list(array.shape)] for name, array in arrays.items()],
    }
    head = json.dumps(header, ensure_ascii=False, allow_nan=False).encode()
    body = b"".join(
        np.ascontiguousarray(array, _DTYPES[array.dtype.name]).tobytes() for array in arrays.values()
    )
    return MAGIC + struct.pack("<I", len(head)) + head + zlib.compress(body, 6)


def _header(data: bytes) -> tuple[dict[str, Any], memoryview]:
    start = len(MAGIC) + 4
    if data[: len(MAGIC)] != MAGIC or len(data) < start:
        raise BadModelFile("The file does not begin like an intent model.")
    (length,) = struct.unpack("<I", data[len(MAGIC) : start])
    if length > HEADER_BYTES_MAX or len(data) < start + length:
        raise BadModelFile("The header is cut off or too long.")
    try:
        header = json.loads(data[start : start + length])
    except ValueError:
        raise BadModelFile("The header is not JSON.") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise BadModelFile(f"The format is not {FORMAT}.")
    return header, memoryview(data)[start + length :]


def _arrays(listed: list[list[Any]], packed: memoryview) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the body. The header says how many bytes there may be, so a zip bomb stays small."""
    sizes = [math.prod(shape) * _DTYPES[dtype].itemsize for _, dtype, shape in listed]
    if any(size < 0 for size in sizes) or sum(sizes) > ARRAY_BYTES_MAX:
        raise BadModelFile("The arrays are too large.")
    unpacker = zlib.decompressobj()
    body = unpacker.decompress(packed, sum(sizes) + 1)
    if (
        len(body) != sum(sizes) or not unpacker.eof
    ):  # the end of the stream is where zlib compares its checksum
        raise BadModelFile("The arrays are cut off.")
    found: dict[str, npt.NDArray[Any]] = {}
    offset = 0
    for (name, dtype, shape), size in zip(listed, sizes, strict=True):
        found[name] = np.frombuffer(body, _DTYPES[dtype], math.prod(shape), offset).reshape(shape)
        offset += size
    return found


def _parts(header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Parts:
    def wide(name: str) -> Floats:
        return np.asarray(arrays[name].astype(np.float32) * arrays[name + ".scales"], np.float32)

    buckets = arrays["features.buckets"].astype(np.int64)
    if buckets.ndim != 1 or (len(buckets) and (buckets.min() < 0 or buckets.max() >= BUCKETS)):
        raise BadModelFile("The columns of the text features are not valid.")
    first_temperature, second_temperature = header["temperatures"]
    return Parts(
        encoder_id=header["encoder_id"],
        encoder_sha256=header["encoder_sha256"],
        labels=tuple(header["labels"]),
        features=TextFeatures(
            buckets, arrays["features.idf"].astype(np.float32), float(header["unknown_idf"])
        ),
        first=Head(
            wide("first.text"), None, arrays["first.bias"].astype(np.float32), float(first_temperature)
        ),
        second=Head(
            wide("second.text"),
            wide("second.vector"),
            arrays["second.bias"].astype(np.float32),
            float(second_temperature),
        ),
        margin_min=float(header["margin_min"]),
        first_scope=Scope(**header["first_scope"]),
        second_scope=Scope(**header["second_scope"]),
        neighbours=unit(arrays["neighbours"].astype(np.float32)),
    )


def from_bytes(data: bytes, encoder: Encoder) -> IntentModel:
    """Read a model. Raises BadModelFile (not such a file, damaged) and EncoderMismatch."""
    header, packed = _header(data)
    try:
        parts = _parts(header, _arrays(header["arrays"], packed))
    except (KeyError, TypeError, ValueError, IndexError, zlib.error) as error:
        raise BadModelFile(f"The model is damaged: {type(error).__name__}.") from None
    wrong = check_shapes(parts)
    if wrong is not None:
        raise BadModelFile(f"The model is damaged: {wrong}.")
    return IntentModel(parts, encoder)
