"""Our nearest vectors against plain NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.embedding import FloatMatrix
from assistant.vectors import VectorIndex


def _unit(generator: np.random.Generator, count: int, dimension: int) -> FloatMatrix:
    vectors = generator.normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize(("count", "dimension", "limit"), [(1, 8, 5), (50, 3, 50), (2000, 64, 25)])
def test_faiss_finds_what_numpy_finds(count: int, dimension: int, limit: int, tmp_path: Path) -> None:
    """Same rows, same order, same cosines; saved and read again, still so."""
    generator = np.random.default_rng(count)
    vectors, queries = _unit(generator, count, dimension), _unit(generator, 10, dimension)
    VectorIndex.build(vectors).save(tmp_path / "v.faiss")
    index = VectorIndex.load(tmp_path / "v.faiss")
    for query in queries:
        scores = vectors.astype(np.float64) @ query.astype(np.float64)
        expected = np.argsort(-scores, kind="stable")[:limit]
        found = index.search(query[None, :], limit=limit)
        assert list(expected) == [row for row, _ in found]
        np.testing.assert_allclose(scores[expected], [score for _, score in found], atol=1e-5)
