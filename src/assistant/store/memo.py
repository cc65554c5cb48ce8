"""Vectors that come with a corpus, so that its first index takes seconds on an office PC.

``.vecteurs.npz``, at the root of a corpus, holds the embeddings of its texts by content hash, and
the fingerprint of the model that made them. It only saves time: with another model, or without
the file, the same vectors are computed. A text that was edited is simply not found in it.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from assistant.embedding import FloatMatrix

FILE = ".vecteurs.npz"
_KEY_BYTES = 12


class Memo:
    """Embeddings by key; empty where there is no file for the model."""

    def __init__(self, keys: dict[str, int], vectors: FloatMatrix) -> None:
        """Use :meth:`load`."""
        self._keys = keys
        self._vectors = vectors

    def __contains__(self, key: str) -> bool:
        """Tell whether the text of *key* is embedded."""
        return key in self._keys

    def vector(self, key: str) -> FloatMatrix:
        """Return the embedding of *key*'s text, float32, shape (dim,)."""
        row: FloatMatrix = self._vectors[self._keys[key]]
        return row

    @classmethod
    def load(cls, corpus: Path, fingerprint: str) -> Memo:
        """Read the corpus's file, if it has one that *fingerprint* made; a damaged one is ignored."""
        path = corpus / FILE
        if not path.is_file():
            return NOTHING
        try:
            with np.load(path, allow_pickle=False) as stored:
                if str(stored["model"]) != fingerprint:
                    return NOTHING
                keys = [bytes(k).hex() for k in stored["keys"]]
                vectors = stored["vectors"].astype(np.float32)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return NOTHING
        if len(keys) != len(vectors):
            return NOTHING
        return cls({k: i for i, k in enumerate(keys)}, vectors)


NOTHING = Memo({}, np.zeros((0, 0), dtype=np.float32))
"""The memo of a corpus that has none."""


def save(corpus: Path, fingerprint: str, vectors: dict[str, FloatMatrix]) -> Path:
    """Write the memo of a corpus: key -> float32 vector, kept as float16; return its path."""
    keys = sorted(vectors)
    packed = np.frombuffer(b"".join(bytes.fromhex(k) for k in keys), np.uint8).reshape(-1, _KEY_BYTES)
    path = corpus / FILE
    np.savez(
        path,
        model=np.array(fingerprint),
        keys=packed,
        vectors=np.array([vectors[k] for k in keys], dtype=np.float16),
    )
    return path
