"""The two SQLite files: history and opinions in one, accesses apart, as the CNIL recommends of logs.

Erased rows are overwritten, not merely marked free (``secure_delete``). What a disk still holds of
blocks once written is out of reach of any program: that is what disk encryption is for.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import RecordError

CONTENTS, ACCESSES = "historique.sqlite", "acces.sqlite"
_SCHEMAS = {
    CONTENTS: """
CREATE TABLE IF NOT EXISTS history (
    at TEXT NOT NULL, name TEXT NOT NULL, via TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS feedback (
    at TEXT NOT NULL, name TEXT NOT NULL, useful INTEGER NOT NULL, question TEXT NOT NULL,
    answer TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS history_at ON history (at);
CREATE INDEX IF NOT EXISTS feedback_at ON feedback (at);
""",
    ACCESSES: """
CREATE TABLE IF NOT EXISTS access (
    at TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, method TEXT NOT NULL, route TEXT NOT NULL,
    status INTEGER NOT NULL, duration_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS access_at ON access (at);
""",
}
TABLES = {"history": CONTENTS, "feedback": CONTENTS, "access": ACCESSES}


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows went."""

    history: int = 0
    feedback: int = 0
    access: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.history + self.feedback + self.access


class RecordFiles:
    """Reads and writes the two files of a folder; a file is made by the first row written to it."""

    def __init__(self, folder: Path) -> None:
        """Keep the files in *folder*."""
        self.folder = folder

    def insert(self, table: str, row: dict[str, Any]) -> None:
        """Add *row* to *table*.

        Raises:
            RecordError: The file cannot be written.
        """
        marks = ", ".join(f":{name}" for name in row)
        with self._open(TABLES[table], create=True) as database:
            database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608 - our names

    def delete(self, table: str, where: str, *values: object) -> int:
        """Erase the rows of *table* for which *where* holds; return how many.

        Raises:
            RecordError: The file cannot be written.
        """
        if not (self.folder / TABLES[table]).exists():
            return 0
        with self._open(TABLES[table]) as database:
            return database.execute(f"DELETE FROM {table} WHERE {where}", values).rowcount  # noqa: S608 - our names

    def rows(self, table: str, where: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows of *table* for which *where* holds, the oldest first.

        Raises:
            RecordError: The file cannot be read.
        """
        if not (self.folder / TABLES[table]).exists():
            return []
        with self._open(TABLES[table]) as database:
            found = database.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY at, rowid", values)  # noqa: S608 - our names
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]

    @contextmanager
    def _open(self, file: str, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        path = self.folder / file
        try:
            if create:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                # Made with its rights: SQLite would let the whole machine read it.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(path, timeout=10)) as database, database:
                database.execute("PRAGMA secure_delete = ON")
                database.execute("PRAGMA temp_store = MEMORY")
                database.executescript(_SCHEMAS[file])
                yield database
        except (sqlite3.Error, OSError) as error:
            message = (
                f"Le fichier « {path} » ne peut pas être lu ou écrit : vérifiez ses droits et l’espace "
                "disque, ou supprimez-le s’il est endommagé."
            )
            raise RecordError(message, path=path) from error
