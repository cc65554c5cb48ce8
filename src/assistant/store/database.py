"""The SQLite file of a build: documents, passages, sentences, expected questions, sources."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from assistant.domain import Document, Passage, Row, Source, Span

SCHEMA = """
CREATE TABLE documents (
    slug TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, title TEXT NOT NULL, type TEXT NOT NULL,
    author TEXT, updated TEXT, provider TEXT, assistant TEXT, aliases TEXT NOT NULL,
    losses TEXT NOT NULL, questions TEXT NOT NULL, digest TEXT NOT NULL
);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, document TEXT NOT NULL, section TEXT, page INTEGER, ocr INTEGER NOT NULL,
    text TEXT NOT NULL, key TEXT NOT NULL
);
CREATE TABLE sentences (
    row INTEGER PRIMARY KEY, passage INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    notes TEXT NOT NULL, attribute TEXT, value TEXT, key TEXT NOT NULL
);
CREATE TABLE questions (
    row INTEGER PRIMARY KEY, sentence INTEGER NOT NULL, text TEXT NOT NULL, key TEXT NOT NULL
);
CREATE TABLE sources (
    document TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, url TEXT, date TEXT,
    PRIMARY KEY (document, id)
) WITHOUT ROWID;
CREATE TABLE terms (term TEXT PRIMARY KEY, sentences INTEGER NOT NULL) WITHOUT ROWID;
"""
# Made after the rows are in, which is faster than keeping them up to date.
INDEXES = """
CREATE INDEX passages_document ON passages (document);
CREATE INDEX sentences_passage ON sentences (passage);
CREATE INDEX sentences_attribute ON sentences (attribute) WHERE attribute IS NOT NULL;
CREATE INDEX questions_sentence ON questions (sentence);
"""
# A shard is also asked whether it holds a text.
KEY_INDEXES = """
CREATE INDEX passages_key ON passages (key);
CREATE INDEX sentences_key ON sentences (key);
CREATE INDEX questions_key ON questions (key);
"""
# Of each document of a build that is made of shards: what tells where it goes.
SHAPES = """
CREATE TABLE shapes (slug TEXT PRIMARY KEY, content TEXT NOT NULL, weight INTEGER NOT NULL) WITHOUT ROWID;
"""


def create(path: Path) -> sqlite3.Connection:
    """Create the database of a new build."""
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCHEMA)
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """Open the database of a sealed build, read-only; threads may share it."""
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    return connection


def insert_document(connection: sqlite3.Connection, document: Document, digest: str) -> None:
    """Write a document and its primary sources."""
    connection.execute(
        "INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            document.slug,
            document.path,
            document.title,
            document.type,
            document.author,
            document.updated,
            document.provider,
            document.assistant,
            json.dumps(document.aliases, ensure_ascii=False),
            json.dumps(document.losses, ensure_ascii=False),
            json.dumps(document.questions, ensure_ascii=False),
            digest,
        ),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO sources VALUES (?,?,?,?,?)",
        [(document.slug, s.id, s.title, s.url, s.date) for s in document.sources],
    )


def insert_passage(connection: sqlite3.Connection, row: int, slug: str, passage: Passage, key: str) -> None:
    """Write a passage under the number that its vector has."""
    connection.execute(
        "INSERT INTO passages VALUES (?,?,?,?,?,?,?)",
        (row, slug, passage.section, passage.page, int(passage.ocr), passage.text, key),
    )


def insert_sentence(connection: sqlite3.Connection, row: int, passage: int, span: Span, key: str) -> None:
    """Write a sentence under the number that its vector has."""
    connection.execute(
        "INSERT INTO sentences VALUES (?,?,?,?,?,?,?,?)",
        (
            row,
            passage,
            span.start,
            span.end,
            json.dumps(span.notes),
            span.row.attribute if span.row else None,
            span.row.value if span.row else None,
            key,
        ),
    )


def insert_questions(connection: sqlite3.Connection, rows: Iterable[tuple[int, int, str, str]]) -> None:
    """Write expected questions as (row, sentence row, text, key)."""
    connection.executemany("INSERT INTO questions VALUES (?,?,?,?)", rows)


def read_passages(connection: sqlite3.Connection, slug: str) -> list[Passage]:
    """Return the passages of a document as chunking made them."""
    found = []
    for p in connection.execute("SELECT * FROM passages WHERE document=? ORDER BY row", (slug,)).fetchall():
        spans = tuple(
            Span(
                s["start"],
                s["stop"],
                tuple(json.loads(s["notes"])),
                Row(s["attribute"], s["value"]) if s["attribute"] is not None else None,
            )
            for s in connection.execute("SELECT * FROM sentences WHERE passage=? ORDER BY row", (p["row"],))
        )
        found.append(Passage(p["text"], spans, p["section"], p["page"], bool(p["ocr"])))
    return found


def read_document(connection: sqlite3.Connection, slug: str) -> tuple[Document, list[Passage]] | None:
    """Return a document as it was indexed, without its sections, and its passages."""
    d = connection.execute("SELECT * FROM documents WHERE slug=?", (slug,)).fetchone()
    if d is None:
        return None
    sources = tuple(
        Source(s["id"], s["title"], s["url"], s["date"])
        for s in connection.execute("SELECT * FROM sources WHERE document=? ORDER BY id", (slug,))
    )
    document = Document(
        d["slug"],
        d["path"],
        d["title"],
        d["type"],
        (),
        d["author"],
        d["updated"],
        d["provider"],
        d["assistant"],
        tuple(json.loads(d["aliases"])),
        sources,
        tuple((n, tuple(q)) for n, q in json.loads(d["questions"])),
        tuple(json.loads(d["losses"])),
    )
    return document, read_passages(connection, slug)
