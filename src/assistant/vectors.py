"""Nearest vectors; the only module that imports faiss.

Up to ``FLAT_ROWS`` rows the search compares the question with every vector. Beyond, with the signs
of every vector's coordinates first (one bit a coordinate, Hamming distance), then exactly with the
``NEAREST_CODES`` nearest of these. The code of a row depends on nothing but the row: nothing is
trained, a changed row changes no other, and the index is the same however it came about, which
neither HNSW nor IVF offer. How they compare: ``benchmarks/nearest.py``, ``docs/index.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

FloatMatrix = NDArray[np.float32]
CodeMatrix = NDArray[np.uint8]
Ranking = list[tuple[int, float]]
"""Row numbers with their scores, best first."""

FLAT_ROWS = 50_000
"""About 10 ms of exact search on one core, 75 MB at 384 dimensions (benchmarks/nearest.py)."""
NEAREST_CODES = 2000
"""Rows compared exactly after their codes; recall@10 is 1.000 at a million rows (benchmarks/nearest.py)."""


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

    def rows(self, numbers: Sequence[int] | NDArray[np.int64]) -> FloatMatrix:
        """Return the vectors of some rows, float32, shape (len(numbers), dim)."""
        if not len(numbers):
            return np.zeros((0, self._index.d), dtype=np.float32)
        matrix: FloatMatrix = self._index.reconstruct_batch(np.asarray(numbers, dtype=np.int64))
        return matrix

    def all_vectors(self) -> FloatMatrix:
        """Return every vector, float32, shape (n, dim)."""
        matrix: FloatMatrix = self._index.reconstruct_n(0, len(self))
        return matrix


def codes_of(vectors: NDArray[Any]) -> CodeMatrix:
    """Return the signs of the coordinates, one bit each, uint8, shape (n, ceil(dim / 8))."""
    return np.packbits(vectors > 0, axis=1)


def packed(vectors: FloatMatrix) -> NDArray[Any]:
    """Return the vectors as float16 where that loses nothing, else as they are.

    An encoder that rounds to half precision, as :class:`assistant.embedding.SentenceEncoder` does,
    takes half the disk and the memory; any other keeps every bit.
    """
    half = vectors.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), vectors) else vectors


class StoredVectors:
    """The vectors of one table, in parts that may be mapped from files, one after the other."""

    def __init__(self, parts: Sequence[NDArray[Any]], codes: Sequence[CodeMatrix], dimension: int) -> None:
        """Search *parts*, float16 or float32, shape (n, dimension) each; *codes* are theirs.

        Nothing is read of the codes where there are few rows.
        """
        self._parts = list(parts)
        self._starts = np.cumsum([0, *(len(p) for p in parts)])
        self._dimension = dimension
        self._flat: VectorIndex | None = None
        self._codes: Any = None
        if len(self) <= FLAT_ROWS:
            self._flat = VectorIndex.build(self.all_vectors())
        else:
            self._codes = faiss.IndexBinaryFlat(8 * codes[0].shape[1])
            for part in codes:
                self._codes.add(np.ascontiguousarray(part))

    def __len__(self) -> int:
        """Return the number of vectors."""
        return int(self._starts[-1])

    def search(self, vector: FloatMatrix, *, limit: int) -> Ranking:
        """Return the rows whose vectors lie nearest to *vector*, as :meth:`VectorIndex.search` does.

        Raises:
            ValueError: *vector* does not have shape (1, dim).
        """
        if self._flat is not None:
            return self._flat.search(vector, limit=limit)
        if vector.shape != (1, self._dimension):
            message = f"vector must have shape (1, {self._dimension}), got {vector.shape}"
            raise ValueError(message)
        if limit <= 0:
            return []
        _, near = self._codes.search(codes_of(vector), min(max(NEAREST_CODES, 10 * limit), len(self)))
        rows = np.sort(near[0][near[0] >= 0])
        scores = self.rows(rows) @ vector[0]
        # A stable sort of rows in order: ties come by row.
        best = np.argsort(-scores, kind="stable")[:limit]
        return [(int(rows[i]), float(scores[i])) for i in best]

    def rows(self, numbers: Sequence[int] | NDArray[np.int64]) -> FloatMatrix:
        """Return the vectors of some rows, float32, shape (len(numbers), dim)."""
        wanted = np.asarray(numbers, dtype=np.int64)
        if self._flat is not None:
            return self._flat.rows(wanted)
        out = np.empty((len(wanted), self._dimension), dtype=np.float32)
        part = np.searchsorted(self._starts, wanted, side="right") - 1
        for number in np.unique(part):
            mine = part == number
            out[mine] = self._parts[number][wanted[mine] - self._starts[number]]
        return out

    def all_vectors(self) -> FloatMatrix:
        """Return every vector, float32, shape (n, dim)."""
        filled = [np.asarray(p, dtype=np.float32) for p in self._parts if len(p)]
        if not filled:
            return np.zeros((0, self._dimension), dtype=np.float32)
        return np.concatenate(filled)
