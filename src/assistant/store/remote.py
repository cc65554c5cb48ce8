"""An open index whose rows are in Milvus; documents, sources and terms are in a file of this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path

from assistant.domain import Row
from assistant.embedding import FloatMatrix
from assistant.errors import IndexCorruptedError
from assistant.milvus import Entity, FieldStatistics, Milvus, Table, Tables, query_weights
from assistant.store import catalogue, layout
from assistant.store.index import Index, PassageRow, SentenceRow
from assistant.store.interface import Lexical, Ranking, Vectors
from assistant.text import tokens


@dataclass(frozen=True, slots=True)
class RemoteVectors:
    """The vectors of one collection."""

    table: Table

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.table)

    def search(self, vector: FloatMatrix, *, limit: int) -> Ranking:
        """Return the rows whose vectors lie nearest to *vector*, shape (1, dim), best first, ties by row."""
        return self.table.nearest(vector, limit=limit)

    def rows(self, numbers: Sequence[int]) -> FloatMatrix:
        """Return the vectors of some rows, float32, shape (len(numbers), dim)."""
        return self.table.vectors(numbers)

    def all_vectors(self) -> FloatMatrix:
        """Return every vector, float32, shape (n, dim), by row."""
        return self.table.vectors([e.row for e in self.table.where("row >= 0")])


class RemoteLexical:
    """The words of one collection: BM25 as an inner product."""

    def __init__(self, table: Table, statistics: Mapping[str, FieldStatistics], index: RemoteIndex) -> None:
        """Search *table*, whose fields have *statistics*."""
        self._table = table
        self._statistics = statistics
        self._rows_with = lru_cache(maxsize=100_000)(partial(index.rows_with, table.name))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._table)

    def search(self, query: str | list[str], *, limit: int, weights: dict[str, float]) -> Ranking:
        """Return the rows that best match *query*, best first, ties by row."""
        words = list(dict.fromkeys(tokens(query) if isinstance(query, str) else query))
        wanted = query_weights(words, weights, self._statistics, self._rows_with)
        return self._table.matching(wanted, limit=limit)


class RemoteIndex(Index):
    """One build of the index in Milvus. Threads may share it."""

    file = catalogue.CATALOGUE

    def __init__(self, folder: Path, manifest: layout.Manifest, milvus: Milvus) -> None:
        """Open the build whose catalogue is in *folder*; use :func:`assistant.store.open_index`.

        Raises:
            IndexCorruptedError: Milvus lacks rows.
        """
        self._milvus = milvus
        self._tables = Tables(milvus, folder.name)
        self._names = {self._tables[t].name: t for t in ("passages", "sentences", "questions")}
        super().__init__(folder, manifest)

    def _rankings(self) -> tuple[Mapping[str, Vectors], Mapping[str, Lexical]]:
        vectors: dict[str, Vectors] = {}
        lexical: dict[str, Lexical] = {}
        for name, table in self._names.items():
            found = self._tables[table]
            with self._lock:
                statistics = catalogue.statistics(self._connection, table)
            expected = statistics["text"].rows if "text" in statistics else 0
            if len(found) != expected:
                message = (
                    f"Milvus a {len(found)} lignes sur {expected} de « {name} » : "
                    "refaites l'index par « assistant index --full », "
                    "ou revenez au précédent par « assistant index --rollback »."
                )
                raise IndexCorruptedError(message)
            vectors[table] = RemoteVectors(found)
            lexical[table] = RemoteLexical(found, statistics, self)
        return vectors, lexical

    def rows_with(self, name: str, field: str, term: str) -> int:
        """Return how many rows of the collection *name* hold *term* in *field*."""
        with self._lock:
            return catalogue.rows_with(self._connection, self._names[name], field, term)

    def expect(self, sentences: Sequence[int]) -> None:
        """Fetch what scoring some sentences needs, in three requests rather than hundreds."""
        found = self._tables.sentences.entities(sentences)
        self._tables.passages.entities([int(e.owner) for e in found])
        self._tables.questions.entities([q for e in found for q in e.data["questions"]])

    def _passage(self, row: int) -> PassageRow:
        return self._passage_row(self._tables.passages.entity(row))

    def _passage_row(self, found: Entity) -> PassageRow:
        data = found.data
        return PassageRow(
            found.row,
            self.documents[found.owner],
            data["section"],
            data["page"],
            bool(data["ocr"]),
            data["text"],
        )

    def _sentence(self, row: int) -> SentenceRow:
        found = self._tables.sentences.entity(row)
        data = found.data
        identity = Row(data["attribute"], data["value"]) if data["attribute"] is not None else None
        return SentenceRow(
            row,
            self.passage(int(found.owner)),
            int(data["start"]),
            int(data["stop"]),
            tuple(data["notes"]),
            identity,
        )

    def _sentence_rows(self, passage: int) -> tuple[int, ...]:
        return tuple(map(int, self._tables.passages.entity(passage).data["sentences"]))

    def _question_sentence(self, question: int) -> int:
        return int(self._tables.questions.entity(question).owner)

    def questions_of(self, sentence: int) -> list[str]:
        """Return the expected questions of a sentence."""
        found = self._tables.questions.entities(self.question_rows(sentence))
        return [e.data["text"] for e in found]

    def question_rows(self, sentence: int) -> tuple[int, ...]:
        """Return the rows of a sentence's expected questions, in the order of their texts."""
        return tuple(map(int, self._tables.sentences.entity(sentence).data["questions"]))

    def passages_of(self, slug: str) -> list[PassageRow]:
        """Return the passages of a document, in order."""
        found = list(self._tables.passages.where(f"owner == {_quoted(slug)}"))
        self._tables.sentences.entities([s for e in found for s in e.data["sentences"]])
        return [self._passage_row(e) for e in found]

    @cached_property
    def identity_rows(self) -> tuple[SentenceRow, ...]:
        """Every row of every identity table."""
        found = list(self._tables.sentences.where("marked == true"))
        self._tables.passages.entities([int(e.owner) for e in found])
        return tuple(self.sentence(e.row) for e in found)


def _quoted(text: str) -> str:
    """Return a string literal of Milvus's expressions."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
