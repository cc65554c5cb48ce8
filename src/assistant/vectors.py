"""Nearest vectors; the only module that imports faiss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

FloatMatrix = NDArray[np.float32]
Ranking = list[tuple[int, float]]
"""Row numbers with their scores, best first."""


class VectorIndex:
    """Unit vectors, searched exactly by inner product, that is cosine similarity."""

    def __init__(self, index: Any) -> None:
        """Wrap a faiss index; use :meth:`build` or :meth:`load`."""
        self._index = index

    @classmethod
    def build(cls, vectors: FloatMatrix) -> VectorIndex:
        """Index *vectors*, float32, shape (n, dim), L2-normalised; row numbers are the ids."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        if len(vectors):
            index.add(np.ascontiguousarray(vectors))
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        """Read an index written by :meth:`save`."""
        return cls(faiss.read_index(str(path)))

    def save(self, path: Path) -> None:
        """Write the index to *path*."""
        faiss.write_index(self._index, str(path))

    def __len__(self) -> int:
        """Return the number of vectors."""
        return int(self._index.ntotal)

    def search(self, vector: FloatMatrix, *, limit: int) -> Ranking:
        """Return the rows whose vectors lie nearest to *vector*.

        Args:
            vector: float32, shape (1, dim), L2-normalised.
            limit: Most rows to return.

        Returns:
            Rows with scores in [-1, 1], best first, ties by row.

        Raises:
            ValueError: *vector* does not have shape (1, dim).
        """
        if vector.shape != (1, self._index.d):
            message = f"vector must have shape (1, {self._index.d}), got {vector.shape}"
            raise ValueError(message)
        limit = min(limit, len(self))
        if limit <= 0:
            return []
        scores, rows = self._index.search(np.ascontiguousarray(vector, dtype=np.float32), limit)
        found = [(int(r), float(s)) for r, s in zip(rows[0], scores[0], strict=True) if r >= 0]
        return sorted(found, key=lambda item: (-item[1], item[0]))

    def rows(self, numbers: Sequence[int]) -> FloatMatrix:
        """Return the vectors of some rows, float32, shape (len(numbers), dim)."""
        if not len(numbers):
            return np.zeros((0, self._index.d), dtype=np.float32)
        matrix: FloatMatrix = self._index.reconstruct_batch(np.asarray(numbers, dtype=np.int64))
        return matrix

    def all_vectors(self) -> FloatMatrix:
        """Return every vector, float32, shape (n, dim)."""
        matrix: FloatMatrix = self._index.reconstruct_n(0, len(self))
        return matrix
