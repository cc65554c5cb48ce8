"""The collections of one build: what they hold, how rows are written, found and fetched."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from assistant.milvus.server import Milvus

FloatMatrix = NDArray[np.float32]
Ranking = list[tuple[int, float]]

TABLES = ("passages", "sentences", "questions")
FLAT_ROWS = 100_000
"""Up to here vectors are compared one by one, as the local index does; beyond, by HNSW."""
HNSW = {"M": 32, "efConstruction": 200}
EF_A_HIT = 4
BATCH = 500
"""Rows of one request: some 2 MB with vectors of 384 numbers, under gRPC's usual 4 MB of a proxy."""
IDENTIFIERS = 1000
CACHED = 50_000


@dataclass(frozen=True, slots=True)
class Entity:
    """A row as Milvus holds it.

    Attributes:
        owner: The document's slug of a passage, the passage's row of a sentence, the sentence's of a
            question.
        data: Everything else that is shown, as JSON.
        vector: float32, shape (dim,).
    """

    row: int
    key: str
    owner: str
    marked: bool
    data: Mapping[str, Any]
    vector: NDArray[np.float32]


class Table:
    """One collection of a sealed build. Threads may share it."""

    def __init__(self, milvus: Milvus, name: str) -> None:
        """Read the collection *name*."""
        self._milvus = milvus
        self.name = name
        self._rows = milvus.count(name)
        self._dimension = milvus.dimension(name)
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Entity] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._rows

    def nearest(self, vector: FloatMatrix, *, limit: int) -> Ranking:
        """Return the rows whose vectors lie nearest to *vector*, shape (1, dim), as VectorIndex does.

        Raises:
            ValueError: *vector* does not have shape (1, dim).
        """
        if vector.shape != (1, self._dimension):
            message = f"vector must have shape (1, {self._dimension}), got {vector.shape}"
            raise ValueError(message)
        limit = min(limit, self._rows)
        if limit <= 0:
            return []
        parameters = {"ef": EF_A_HIT * limit} if self._rows > FLAT_ROWS else {}
        return self._ranked("vector", [float(x) for x in vector[0]], limit, parameters)

    def matching(self, weights: dict[int, float], *, limit: int) -> Ranking:
        """Return the rows whose sparse vectors have the greatest inner product with *weights*."""
        limit = min(limit, self._rows)
        if not weights or limit <= 0:
            return []
        return self._ranked("sparse", weights, limit, {})

    def _ranked(self, field: str, wanted: Any, limit: int, parameters: dict[str, Any]) -> Ranking:
        hits = self._milvus.search(self.name, field, wanted, limit, parameters)
        found = []
        for entity, score in hits:
            self._keep(entity)
            found.append((entity.row, score))
        return sorted(found, key=lambda item: (-item[1], item[0]))

    def entity(self, row: int) -> Entity:
        """Return one row."""
        return self.entities([row])[0]

    def entities(self, rows: Sequence[int]) -> list[Entity]:
        """Return some rows, in the order asked; those not fetched yet come in as few requests as can be.

        Raises:
            KeyError: One does not exist.
        """
        wanted = list(dict.fromkeys(int(r) for r in rows))
        with self._lock:
            found = {r: self._kept[r] for r in wanted if r in self._kept}
        missing = [r for r in wanted if r not in found]
        for start in range(0, len(missing), IDENTIFIERS):
            for entity in self._milvus.get(self.name, missing[start : start + IDENTIFIERS]):
                found[entity.row] = entity
                self._keep(entity)
        return [found[int(r)] for r in rows]

    def where(self, expression: str) -> Iterator[Entity]:
        """Yield the rows for which a Milvus expression holds, by row."""
        found = sorted(self._milvus.scan(self.name, expression), key=lambda e: e.row)
        for entity in found:
            self._keep(entity)
        yield from found

    def by_key(self, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors of the texts that this build holds, by content hash."""
        found: dict[str, NDArray[np.float32]] = {}
        for start in range(0, len(keys), IDENTIFIERS):
            listed = ", ".join(f'"{k}"' for k in keys[start : start + IDENTIFIERS])
            found.update((e.key, e.vector) for e in self._milvus.scan(self.name, f"key in [{listed}]"))
        return found

    def vectors(self, rows: Sequence[int]) -> FloatMatrix:
        """Return the vectors of some rows, float32, shape (len(rows), dim)."""
        if not len(rows):
            return np.zeros((0, self._dimension), dtype=np.float32)
        return np.array([e.vector for e in self.entities(rows)], dtype=np.float32)

    def _keep(self, entity: Entity) -> None:
        with self._lock:
            self._kept[entity.row] = entity
            self._kept.move_to_end(entity.row)
            while len(self._kept) > CACHED:
                self._kept.popitem(last=False)


class Tables:
    """The three collections of a build."""

    def __init__(self, milvus: Milvus, build: str) -> None:
        """Read the build *build*."""
        self.passages, self.sentences, self.questions = (
            Table(milvus, milvus.collection(build, t)) for t in TABLES
        )

    def __getitem__(self, table: str) -> Table:
        """Return a table by name."""
        if table not in TABLES:
            raise KeyError(table)
        found: Table = getattr(self, table)
        return found
