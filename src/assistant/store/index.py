"""An open index: one sealed build, read-only."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import log
from pathlib import Path

from assistant.domain import Row, Source
from assistant.errors import IndexCorruptedError, IndexStaleError
from assistant.lexical import LexicalIndex
from assistant.store import database, layout
from assistant.vectors import VectorIndex


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
    """One build of the index. Threads may share it: SQLite is read under a lock."""

    def __init__(self, folder: Path, manifest: layout.Manifest) -> None:
        """Open the files of *folder*; use :func:`open_index`."""
        self.folder = folder
        self.manifest = manifest
        self._lock = threading.RLock()
        self._connection = database.connect(folder / layout.DATABASE)
        self.vectors = {
            t: VectorIndex.load(folder / f"{t}.faiss") for t in ("passages", "sentences", "questions")
        }
        self.lexical = {
            t: LexicalIndex.load(folder / layout.LEXICAL / t) for t in ("passages", "sentences", "questions")
        }
        self.passage = lru_cache(maxsize=20_000)(self._passage)
        self.sentence = lru_cache(maxsize=100_000)(self._sentence)
        self.sentence_rows = lru_cache(maxsize=20_000)(self._sentence_rows)
        self.question_sentence = lru_cache(maxsize=100_000)(self._question_sentence)
        self.frequency = lru_cache(maxsize=100_000)(self._frequency)

    @property
    def name(self) -> str:
        """The build's name."""
        return self.folder.name

    def _query(self, sql: str, parameters: Iterable[object] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, tuple(parameters)).fetchall()

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
        p = self._query("SELECT * FROM passages WHERE row=?", (row,))[0]
        return PassageRow(
            row, self.documents[p["document"]], p["section"], p["page"], bool(p["ocr"]), p["text"]
        )

    def _sentence(self, row: int) -> SentenceRow:
        s = self._query("SELECT * FROM sentences WHERE row=?", (row,))[0]
        identity = Row(s["attribute"], s["value"]) if s["attribute"] is not None else None
        return SentenceRow(
            row, self.passage(s["passage"]), s["start"], s["stop"], tuple(json.loads(s["notes"])), identity
        )

    def _sentence_rows(self, passage: int) -> tuple[int, ...]:
        return tuple(
            r[0] for r in self._query("SELECT row FROM sentences WHERE passage=? ORDER BY row", (passage,))
        )

    def _question_sentence(self, question: int) -> int:
        return int(self._query("SELECT sentence FROM questions WHERE row=?", (question,))[0][0])

    def questions_of(self, sentence: int) -> list[str]:
        """Return the expected questions of a sentence."""
        return [
            r[0] for r in self._query("SELECT text FROM questions WHERE sentence=? ORDER BY row", (sentence,))
        ]

    def question_rows(self, sentence: int) -> tuple[int, ...]:
        """Return the rows of a sentence's expected questions, in the order of their texts."""
        return tuple(
            r[0] for r in self._query("SELECT row FROM questions WHERE sentence=? ORDER BY row", (sentence,))
        )

    def passages_of(self, slug: str) -> list[PassageRow]:
        """Return the passages of a document, in order."""
        return [
            self.passage(r[0])
            for r in self._query("SELECT row FROM passages WHERE document=? ORDER BY row", (slug,))
        ]

    @cached_property
    def identity_rows(self) -> tuple[SentenceRow, ...]:
        """Every row of every identity table."""
        return tuple(
            self.sentence(r[0])
            for r in self._query("SELECT row FROM sentences WHERE attribute IS NOT NULL ORDER BY row")
        )

    def source(self, document: str, note: str) -> Source | None:
        """Return the primary source that *note* names in *document*."""
        found = self._query("SELECT * FROM sources WHERE document=? AND id=?", (document, note))
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
    def vocabulary(self) -> frozenset[str]:
        """The terms of five letters or more, for correcting misspelt questions."""
        return frozenset(
            r[0] for r in self._query("SELECT term FROM terms WHERE LENGTH(term) >= 5 LIMIT 200000")
        )


def open_index(
    index: Path, *, model: str | None = None, max_chars: int | None = None, check: bool = True
) -> Index:
    """Open the current build of the folder *index*.

    Args:
        index: The index folder.
        model: Fingerprint that the index must have been made with, if given.
        max_chars: Passage length that it must have been made with, if given.
        check: Whether the files' checksums are compared with the manifest's.

    Raises:
        IndexMissingError: No index has been built.
        IndexCorruptedError: A file is missing or altered.
        IndexStaleError: It was made with another model, other settings or another format.
    """
    folder = layout.current_build(index)
    manifest = layout.read_manifest(folder)
    stale = None
    if manifest.format != layout.FORMAT:
        stale = "une autre version du logiciel"
    elif model is not None and manifest.model != model:
        stale = f"un autre modèle ({manifest.model.split(':')[0]})"
    elif max_chars is not None and manifest.max_chars != max_chars:
        stale = "une autre longueur de passage"
    if stale:
        message = (
            f"L'index de « {index} » a été fait avec {stale} : mettez-le à jour par « assistant index »."
        )
        raise IndexStaleError(message, path=index)
    if check:
        layout.verify(folder, manifest)
    try:
        return Index(folder, manifest)
    except (OSError, RuntimeError, ValueError, sqlite3.Error) as error:
        message = f"L'index de « {index} » ne s'ouvre pas : reconstruisez-le par « assistant index --full »."
        raise IndexCorruptedError(message, path=index) from error
