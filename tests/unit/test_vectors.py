"""The vector index: cosine, order, shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.embedding import FloatMatrix
from assistant.vectors import VectorIndex


def _rows(*rows: tuple[float, ...]) -> FloatMatrix:
    return np.array(rows, dtype=np.float32)


@pytest.fixture
def vectors() -> VectorIndex:
    """Return an index of three unit vectors of the plane."""
    return VectorIndex.build(_rows((1, 0), (0, 1), (0.6, 0.8)))


def test_scores_are_cosines_best_first(vectors: VectorIndex) -> None:
    """(0.6, 0.8)·(0.8, 0.6) = 0.96, then 0.8, then 0.6."""
    found = vectors.search(_rows((0.8, 0.6)), limit=3)
    assert [row for row, _ in found] == [2, 0, 1]
    assert pytest.approx([0.96, 0.8, 0.6]) == [score for _, score in found]


def test_ties_come_by_row() -> None:
    """Equal vectors are ordered by number."""
    twins = VectorIndex.build(_rows((1, 0), (1, 0), (1, 0)))
    assert [row for row, _ in twins.search(_rows((1, 0)), limit=3)] == [0, 1, 2]


def test_the_limit_may_pass_the_size(vectors: VectorIndex) -> None:
    """There is no row -1."""
    assert len(vectors.search(_rows((1, 0)), limit=100)) == 3
    assert vectors.search(_rows((1, 0)), limit=0) == []


def test_a_wrong_shape_states_both(vectors: VectorIndex) -> None:
    """A vector of another model is a mistake of the caller."""
    with pytest.raises(ValueError, match=r"\(1, 2\), got \(1, 3\)"):
        vectors.search(_rows((1, 0, 0)), limit=1)


def test_saved_vectors_are_read_again(vectors: VectorIndex, tmp_path: Path) -> None:
    """To the last bit."""
    vectors.save(tmp_path / "v.faiss")
    again = VectorIndex.load(tmp_path / "v.faiss")
    assert len(again) == 3
    np.testing.assert_array_equal(vectors.all_vectors(), again.all_vectors())


def test_an_index_of_nothing_finds_nothing(tmp_path: Path) -> None:
    """It can even be saved."""
    empty = VectorIndex.build(np.zeros((0, 2), dtype=np.float32))
    empty.save(tmp_path / "v.faiss")
    assert VectorIndex.load(tmp_path / "v.faiss").search(_rows((1, 0)), limit=3) == []
