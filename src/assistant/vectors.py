"""Nearest vectors; the only module that imports faiss.

Up to ``FLAT_ROWS`` rows the search compares the question with every vector. Beyond, it compares codes
first (one bit a coordinate: on which side of the centre it lies; Hamming distance), then exactly the
``NEAREST_CODES`` nearest of these. Nothing is trained and no row depends on another, the centre aside,
which is rounded so that it stays: the index is the same however it came about, which neither HNSW nor
IVF offer. How they compare: ``benchmarks/nearest.py``, ``docs/index.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
NEAREST_CODES = 4000
"""Rows compared exactly after their codes: for recall@10 of 0.99 and more (benchmarks/nearest.py)."""
CENTRE_STEP = 0.01
"""What the centre is rounded to: well under the spread of a coordinate (0.025 at 384 dimensions), and so
coarse that an edited file rarely moves it."""


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


def centre_of(sums: Sequence[NDArray[np.float64]], count: int) -> FloatMatrix:
    """Return the mean of *count* vectors whose *sums* over parts are given, rounded, float32, shape (dim,).

    Embeddings of one language on one subject lie to one side of the origin: without the centre most
    bits would be the same in every code (recall@10 of 0.82 instead of 0.99).
    """
    mean = np.sum(np.stack(sums), axis=0) / max(count, 1)
    return np.asarray(np.round(mean / CENTRE_STEP) * CENTRE_STEP, dtype=np.float32)


def codes_of(vectors: NDArray[Any], centre: FloatMatrix) -> CodeMatrix:
    """Return on which side of *centre* each coordinate lies, uint8, shape (n, ceil(dim / 8))."""
    return np.packbits(np.asarray(vectors, dtype=np.float32) > centre, axis=1)


def packed(vectors: FloatMatrix) -> NDArray[Any]:
    """Return the vectors as float16 where that loses nothing, else as they are.

    An encoder that rounds to half precision, as :class:`assistant.embedding.SentenceEncoder` does,
    takes half the disk and the memory; any other keeps every bit.
    """
    half = vectors.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), vectors) else vectors


class StoredVectors:
    """The vectors of one table, in parts that may be mapped from files, one after the other."""

    def __init__(
        self,
        parts: Sequence[NDArray[Any]],
        sums: Sequence[NDArray[np.float64]],
        dimension: int,
        *,
        code: Callable[[int, FloatMatrix], CodeMatrix] | None = None,
    ) -> None:
        """Search *parts*.

        Args:
            parts: float16 or float32, shape (n, dimension) each.
            sums: The sum of each part's vectors, shape (dimension,).
            dimension: Coordinates of a vector.
            code: Returns the codes of a part, by its number, around a centre; where they are kept.
        """
        self._parts = list(parts)
        self._starts = np.cumsum([0, *(len(p) for p in parts)])
        self._dimension = dimension
        self._flat: VectorIndex | None = None
        self._codes: Any = None
        if len(self) <= FLAT_ROWS:
            self._flat = VectorIndex.build(self.all_vectors())
            return
        self._centre = centre_of(sums, len(self))
        self._codes = faiss.IndexBinaryFlat(8 * -(-dimension // 8))
        for number, part in enumerate(self._parts):
            if len(part):
                made = codes_of(part, self._centre) if code is None else code(number, self._centre)
                self._codes.add(made)

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
        _, near = self._codes.search(
            codes_of(vector, self._centre), min(max(NEAREST_CODES, 10 * limit), len(self))
        )
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
