"""The small part of a build that every machine keeps when rows are in Milvus.

One SQLite file: the documents, their sources, the terms, and what BM25 needs to know of them. It
travels with the build, so that a site which never saw the corpus can answer.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.milvus import FieldStatistics
from assistant.store import database, layout

CATALOGUE = "catalogue.sqlite"
_SCHEMA = """
CREATE TABLE fields (
    corpus TEXT NOT NULL, field TEXT NOT NULL, rows INTEGER NOT NULL, words INTEGER NOT NULL,
    PRIMARY KEY (corpus, field)
) WITHOUT ROWID;
CREATE TABLE frequencies (
    corpus TEXT NOT NULL, field TEXT NOT NULL, term TEXT NOT NULL, rows INTEGER NOT NULL,
    PRIMARY KEY (corpus, field, term)
) WITHOUT ROWID;
"""


class CatalogueWriter:
    """Writes the catalogue of a new build."""

    def __init__(self, folder: Path) -> None:
        """Take the documents, sources and terms of the build in *folder*."""
        self.connection = database.create(folder / CATALOGUE)
        self.connection.executescript(_SCHEMA)
        self.connection.execute("ATTACH ? AS whole", (str(folder / layout.DATABASE),))
        for table in ("documents", "sources", "terms"):
            self.connection.execute(f"INSERT INTO {table} SELECT * FROM whole.{table}")  # noqa: S608 - constant names
        self.connection.commit()
        self.connection.execute("DETACH whole")

    def count(self, table: str, rows: list[dict[str, list[str]]]) -> None:
        """Add rows of *table*, each the tokens of its fields, to the statistics."""
        words: Counter[str] = Counter()
        found: Counter[tuple[str, str]] = Counter()
        for fields in rows:
            for field, tokens in fields.items():
                words[field] += len(tokens)
                found.update((field, term) for term in set(tokens))
        self.connection.executemany(
            "INSERT INTO frequencies VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET rows = rows + excluded.rows",
            [(table, field, term, count) for (field, term), count in found.items()],
        )
        self.connection.executemany(
            "INSERT INTO fields VALUES (?,?,?,?) "
            "ON CONFLICT DO UPDATE SET rows = rows + excluded.rows, words = words + excluded.words",
            [(table, field, len(rows), words[field]) for field in (rows[0] if rows else {})],
        )

    def close(self) -> None:
        """Finish the file."""
        self.connection.commit()
        self.connection.close()


@contextmanager
def writing(folder: Path) -> Iterator[CatalogueWriter]:
    """Yield the writer of the catalogue in *folder*; close it at the end."""
    writer = CatalogueWriter(folder)
    try:
        yield writer
    finally:
        writer.close()


def statistics(connection: sqlite3.Connection, table: str) -> dict[str, FieldStatistics]:
    """Return the statistics of a table's fields."""
    found = connection.execute("SELECT field, rows, words FROM fields WHERE corpus=?", (table,))
    return {field: FieldStatistics(rows, words) for field, rows, words in found.fetchall()}


def rows_with(connection: sqlite3.Connection, table: str, field: str, term: str) -> int:
    """Return how many rows of *table* hold *term* in *field*."""
    found = connection.execute(
        "SELECT rows FROM frequencies WHERE corpus=? AND field=? AND term=?", (table, field, term)
    ).fetchone()
    return int(found[0]) if found else 0
