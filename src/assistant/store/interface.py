"""What an open index must offer to those who search it, wherever its rows are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assistant.embedding import FloatMatrix

Ranking = list[tuple[int, float]]


class Vectors(Protocol):
    """The vectors of one table: passages, sentences or questions."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def search(self, vector: FloatMatrix, *, limit: int) -> Ranking:
        """Return the rows whose vectors lie nearest to *vector*, shape (1, dim), best first, ties by row."""
        ...

    def rows(self, numbers: Sequence[int]) -> FloatMatrix:
        """Return the vectors of some rows, float32, shape (len(numbers), dim)."""
        ...

    def all_vectors(self) -> FloatMatrix:
        """Return every vector, float32, shape (n, dim)."""
        ...


class Lexical(Protocol):
    """The words of one table."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def search(self, query: str | list[str], *, limit: int, weights: dict[str, float]) -> Ranking:
        """Return the rows that best match *query* by BM25, best first, ties by row."""
        ...
