"""An open index: one sealed build, read-only."""

from __future__ import annotations

import json
import sqlite3
import threading
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import accumulate
from math import log
from pathlib import Path
from typing import ClassVar

from assistant.domain import Row, Source
from assistant.errors import IndexCorruptedError, IndexStaleError
from assistant.lexical import LexicalIndex, offsets_of
from assistant.milvus import MilvusSettings, connect
from assistant.store import database, layout
from assistant.store.interface import Lexical, Vectors
from assistant.store.shard import TABLES, Shard, ShardInfo, allow_files, open_shard
from assistant.store.vocabulary import Vocabulary
from assistant.vectors import CodeMatrix, FloatMatrix, StoredVectors


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What the index knows of a document."""

    slug: str
    path: str
    title: str
    type: str
    author: str | None
    updated: str | None
    provider: str | None
    assistant: str | None
    aliases: tuple[str, ...]
    losses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A passage and the document that it stands in."""

    row: int
    document: DocumentRow
    section: str | None
    page: int | None
    ocr: bool
    text: str


@dataclass(frozen=True, slots=True)
class SentenceRow:
    """A sentence: ``passage.text[start:end]``."""

    row: int
    passage: PassageRow
    start: int
    end: int
    notes: tuple[str, ...]
    identity: Row | None

    @property
    def text(self) -> str:
        """The sentence's text."""
        return self.passage.text[self.start : self.end]

    @property
    def document(self) -> DocumentRow:
        """The document that the sentence stands in."""
        return self.passage.document


class Index:
    """One build of the index. Threads may share it: SQLite is read under a lock.

    What is of the whole build, documents and terms, is in one file; rows are in shards, one after
    the other. A row's number counts through them all.

    Attributes:
        file: Name of the SQLite file of the whole build.
    """

    file: ClassVar[str] = layout.DATABASE

    def __init__(self, folder: Path, manifest: layout.Manifest) -> None:
        """Open the files of *folder*; use :func:`open_index`."""
        self.folder = folder
        self.manifest = manifest
        self._lock = threading.RLock()
        self._connection = database.connect(folder / self.file)
        infos = [ShardInfo.of(r) for r in manifest.shards]
        allow_files(2 * len(infos))
        self._firsts = [i.first for i in infos]
        self._shards = [open_shard(folder, i) for i in infos]
        self._starts = {t: list(accumulate((i.counts[t] for i in infos), initial=0)) for t in TABLES}
        self.vectors, self.lexical = self._rankings()
        self.passage = lru_cache(maxsize=20_000)(self._passage)
        self.sentence = lru_cache(maxsize=100_000)(self._sentence)
        self.sentence_rows = lru_cache(maxsize=20_000)(self._sentence_rows)
        self.question_sentence = lru_cache(maxsize=100_000)(self._question_sentence)
        self.frequency = lru_cache(maxsize=100_000)(self._frequency)

    @property
    def name(self) -> str:
        """The build's name."""
        return self.folder.name

    def _rankings(self) -> tuple[Mapping[str, Vectors], Mapping[str, Lexical]]:
        """Open the vectors and the words of each table."""
        dimension = self.manifest.counts["dimension"]
        vectors: dict[str, Vectors] = {}
        lexical: dict[str, Lexical] = {}
        for table in TABLES:
            vectors[table] = StoredVectors(
                [s.vectors[table] for s in self._shards],
                [s.sums[table] for s in self._shards],
                dimension,
                code=partial(self._code, table),
            )
            groups = [(len(s.info.segments[table]), s.info.counts[table]) for s in self._shards]
            lexical[table] = LexicalIndex.load(self.folder / layout.LEXICAL / table, offsets_of(groups))
        return vectors, lexical

    def _code(self, table: str, shard: int, centre: FloatMatrix) -> CodeMatrix:
        return self._shards[shard].codes(table, centre)

    def expect(self, sentences: Sequence[int]) -> None:
        """Prepare for reading *sentences*; here they are a read away already."""

    def _query(self, sql: str, parameters: Iterable[object] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    def _place(self, table: str, row: int) -> tuple[Shard, int, int]:
        """Return the shard that holds a row, the shard's number, and the row's number in it."""
        starts = self._starts[table]
        # The last shard that begins at or before the row: one without rows begins where the next does.
        number = bisect_right(starts, row) - 1
        return self._shards[number], number, row - starts[number]

    def _shard_of(self, slug: str) -> tuple[Shard, int] | None:
        """Return the shard of a document, and its number."""
        document = self.documents.get(slug)
        if document is None or not self._shards:
            return None
        number = max(0, bisect_right(self._firsts, document.path) - 1)
        return self._shards[number], number

    @cached_property
    def documents(self) -> dict[str, DocumentRow]:
        """The documents by slug, sorted by path."""
        return {
            d["slug"]: DocumentRow(
                d["slug"],
                d["path"],
                d["title"],
                d["type"],
                d["author"],
                d["updated"],
                d["provider"],
                d["assistant"],
                tuple(json.loads(d["aliases"])),
                tuple(json.loads(d["losses"])),
            )
            for d in self._query("SELECT * FROM documents ORDER BY path")
        }

    def _passage(self, row: int) -> PassageRow:
        shard, _, local = self._place("passages", row)
        p = shard.query("SELECT * FROM passages WHERE row=?", (local,))[0]
        return PassageRow(
            row, self.documents[p["document"]], p["section"], p["page"], bool(p["ocr"]), p["text"]
        )

    def _sentence(self, row: int) -> SentenceRow:
        shard, number, local = self._place("sentences", row)
        s = shard.query("SELECT * FROM sentences WHERE row=?", (local,))[0]
        identity = Row(s["attribute"], s["value"]) if s["attribute"] is not None else None
        passage = self.passage(self._starts["passages"][number] + s["passage"])
        return SentenceRow(row, passage, s["start"], s["stop"], tuple(json.loads(s["notes"])), identity)

    def _sentence_rows(self, passage: int) -> tuple[int, ...]:
        shard, number, local = self._place("passages", passage)
        start = self._starts["sentences"][number]
        found = shard.query("SELECT row FROM sentences WHERE passage=? ORDER BY row", (local,))
        return tuple(start + r[0] for r in found)

    def _question_sentence(self, question: int) -> int:
        shard, number, local = self._place("questions", question)
        found = shard.query("SELECT sentence FROM questions WHERE row=?", (local,))
        return self._starts["sentences"][number] + int(found[0][0])

    def questions_of(self, sentence: int) -> list[str]:
        """Return the expected questions of a sentence."""
        shard, _, local = self._place("sentences", sentence)
        return [
            r[0] for r in shard.query("SELECT text FROM questions WHERE sentence=? ORDER BY row", (local,))
        ]

    def question_rows(self, sentence: int) -> tuple[int, ...]:
        """Return the rows of a sentence's expected questions, in the order of their texts."""
        shard, number, local = self._place("sentences", sentence)
        start = self._starts["questions"][number]
        found = shard.query("SELECT row FROM questions WHERE sentence=? ORDER BY row", (local,))
        return tuple(start + r[0] for r in found)

    def passages_of(self, slug: str) -> list[PassageRow]:
        """Return the passages of a document, in order."""
        place = self._shard_of(slug)
        if place is None:
            return []
        shard, number = place
        start = self._starts["passages"][number]
        found = shard.query("SELECT row FROM passages WHERE document=? ORDER BY row", (slug,))
        return [self.passage(start + r[0]) for r in found]

    @cached_property
    def identity_rows(self) -> tuple[SentenceRow, ...]:
        """Every row of every identity table."""
        return tuple(
            self.sentence(self._starts["sentences"][number] + r[0])
            for number, shard in enumerate(self._shards)
            if shard.info.marked
            for r in shard.query("SELECT row FROM sentences WHERE attribute IS NOT NULL ORDER BY row")
        )

    def source(self, document: str, note: str) -> Source | None:
        """Return the primary source that *note* names in *document*."""
        place = self._shard_of(document)
        query = self._query if place is None else place[0].query
        found = query("SELECT * FROM sources WHERE document=? AND id=?", (document, note))
        return Source(found[0]["id"], found[0]["title"], found[0]["url"], found[0]["date"]) if found else None

    def _frequency(self, term: str) -> int:
        found = self._query("SELECT sentences FROM terms WHERE term=?", (term,))
        return int(found[0][0]) if found else 0

    def idf(self, term: str) -> float:
        """Return the inverse document frequency of *term* over sentences and questions.

        ln((N + 1) / (n + 0.5)); a term that no sentence holds weighs the most.
        """
        total = len(self.vectors["sentences"]) + len(self.vectors["questions"])
        return log((total + 1) / (self.frequency(term) + 0.5))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The terms of five letters or more, which tell a word of the dossier from a misspelling."""

        def terms(least: int) -> list[str]:
            return [r[0] for r in self._query("SELECT term FROM terms WHERE LENGTH(term) >= ?", (least,))]

        return Vocabulary(self.frequency, terms)


def open_index(
    index: Path,
    *,
    model: str | None = None,
    max_chars: int | None = None,
    check: bool = True,
    milvus: MilvusSettings | None = None,
) -> Index:
    """Open the current build of the folder *index*.

    Args:
        index: The index folder.
        model: Fingerprint that the index must have been made with, if given.
        max_chars: Passage length that it must have been made with, if given.
        check: Whether the files' checksums are compared with the manifest's.
        milvus: The server that holds the rows, or None where they are in the folder.

    Raises:
        IndexMissingError: No index has been built.
        IndexCorruptedError: A file is missing or altered.
        IndexStaleError: It was made with another model, other settings or another format.
    """
    if milvus is not None:
        # Late: it builds on this module, and few have such a server.
        from assistant.store.publishing import follow

        follow(index, milvus)
    folder = layout.current_build(index)
    manifest = layout.read_manifest(folder)
    stale = None
    if manifest.format != layout.FORMAT:
        stale = "une autre version du logiciel"
    elif model is not None and manifest.model != model:
        stale = f"un autre modèle ({manifest.model.split(':')[0]})"
    elif max_chars is not None and manifest.max_chars != max_chars:
        stale = "une autre longueur de passage"
    elif manifest.store != layout.store_of(milvus):
        stale = f"un autre magasin ({manifest.store})"
    if stale:
        message = (
            f"L'index de « {index} » a été fait avec {stale} : mettez-le à jour par « assistant index »."
        )
        raise IndexStaleError(message, path=index)
    if check:
        layout.verify(folder, manifest)
    try:
        if milvus is None:
            return Index(folder, manifest)
        from assistant.store.remote import RemoteIndex

        return RemoteIndex(folder, manifest, connect(milvus))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, sqlite3.Error) as error:
        message = f"L'index de « {index} » ne s'ouvre pas : reconstruisez-le par « assistant index --full »."
        raise IndexCorruptedError(message, path=index) from error
