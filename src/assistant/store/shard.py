"""One shard of a build: the rows, vectors and postings of some documents; never changed once written."""

from __future__ import annotations

import json
import mmap
import os
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Document, Passage
from assistant.embedding import FloatMatrix
from assistant.store import database
from assistant.vectors import CodeMatrix, codes_of, packed

TABLES = ("passages", "sentences", "questions")
SHARDS = "shards"
"""Folder of a build that holds the shards' rows and vectors."""


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """What the manifest says of a shard.

    Attributes:
        key: Hash of all that the shard holds and of how it was made.
        first: Path of its first document; shards are in the order of these.
        counts: Rows by table.
        marked: How many rows of identity tables are among its sentences.
        dimension: Coordinates of a vector.
        kind: NumPy type of the vectors, "float16" or "float32".
        segments: The tantivy segments of each table.
        files: Its files in the build folder.
    """

    key: str
    first: str
    counts: Mapping[str, int]
    marked: int
    dimension: int
    kind: str
    segments: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return what goes into the manifest."""
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> ShardInfo:
        """Return what :meth:`record` wrote."""
        return cls(**{**record, "files": tuple(record["files"])})


def rows_file(key: str) -> str:
    """Return the name, in the build folder, of the SQLite file of a shard."""
    return f"{SHARDS}/{key}.sqlite"


def vectors_file(key: str) -> str:
    """Return the name of its vectors: passages, sentences, questions, one after the other."""
    return f"{SHARDS}/{key}.vectors"


def sums_file(key: str) -> str:
    """Return the name of the sums of its vectors: float64, shape (3, dim), tables in the same order."""
    return f"{SHARDS}/{key}.sums"


def write_vectors(folder: Path, key: str, tables: Mapping[str, FloatMatrix]) -> str:
    """Write the vectors of a shard and their sums; return the NumPy type that they were kept as."""
    vectors = packed(np.concatenate([tables[t] for t in TABLES]))
    (folder / vectors_file(key)).write_bytes(np.ascontiguousarray(vectors).tobytes())
    sums = np.stack([tables[t].sum(axis=0, dtype=np.float64) for t in TABLES])
    (folder / sums_file(key)).write_bytes(sums.tobytes())
    return str(vectors.dtype)


def _map(path: Path, kind: Any, columns: int) -> NDArray[Any]:
    """Return the rows of a file without reading it."""
    if not path.stat().st_size:
        return np.zeros((0, columns), dtype=kind)
    with path.open("rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(mapped, dtype=kind).reshape(-1, columns)


class Shard:
    """An open shard. Threads may share it: SQLite is read under a lock.

    Its files stay open, so that it can be read after the build that it was opened from is deleted.
    """

    def __init__(self, folder: Path, info: ShardInfo) -> None:
        """Open the files of the shard in the build *folder*; use :func:`open_shard`."""
        self.info = info
        self._lock = threading.Lock()
        self._connection = database.connect(folder / rows_file(info.key))
        # Hundreds of shards may be open: each keeps little, the system's cache keeps the rest.
        self._connection.execute("PRAGMA cache_size=-64")
        vectors = _map(folder / vectors_file(info.key), info.kind, info.dimension)
        sums = np.frombuffer((folder / sums_file(info.key)).read_bytes(), dtype=np.float64)
        if len(vectors) != sum(info.counts.values()) or sums.size != len(TABLES) * info.dimension:
            message = f"shard {info.key} has {len(vectors)} vectors and {sums.size} sums"
            raise ValueError(message)
        self.sums = dict(zip(TABLES, sums.reshape(len(TABLES), -1), strict=True))
        self.vectors: dict[str, NDArray[Any]] = {}
        self._codes: dict[str, tuple[bytes, CodeMatrix]] = {}
        start = 0
        for table in TABLES:
            stop = start + info.counts[table]
            self.vectors[table] = vectors[start:stop]
            start = stop

    def codes(self, table: str, centre: FloatMatrix) -> CodeMatrix:
        """Return the codes of a table's vectors around *centre*; the next build may need the same."""
        centre_bytes = centre.tobytes()
        kept = self._codes.get(table)
        if kept is None or kept[0] != centre_bytes:
            kept = self._codes[table] = centre_bytes, codes_of(self.vectors[table], centre)
        return kept[1]

    def query(self, sql: str, parameters: Iterable[object] = ()) -> list[sqlite3.Row]:
        """Return what a statement finds."""
        with self._lock:
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    def document(self, slug: str) -> tuple[Document, list[Passage]] | None:
        """Return a document as it was indexed, without its sections, and its passages."""
        with self._lock:
            return database.read_document(self._connection, slug)

    def known(self, table: str, keys: Iterable[str]) -> dict[str, FloatMatrix]:
        """Return the vectors of the texts among *keys* that the shard holds."""
        wanted = json.dumps(list(keys))
        found = self.query(
            f"SELECT key, row FROM {table} WHERE key IN (SELECT value FROM json_each(?))",  # noqa: S608 - constant names
            (wanted,),
        )
        return {key: self.vectors[table][row].astype(np.float32) for key, row in found}

    def terms(self) -> dict[str, int]:
        """Return in how many sentences and questions each term is."""
        return dict(tuple(r) for r in self.query("SELECT term, sentences FROM terms"))


_open: WeakValueDictionary[tuple[int, int, str], Shard] = WeakValueDictionary()
_open_lock = threading.Lock()


def open_shard(folder: Path, info: ShardInfo) -> Shard:
    """Open a shard; one that is open already, for another build that shares its files, is shared.

    Raises:
        OSError: A file is missing.
        ValueError: The files are not as long as *info* says.
        sqlite3.Error: The rows cannot be read.
    """
    status = (folder / rows_file(info.key)).stat()
    identity = (status.st_dev, status.st_ino, info.key)
    with _open_lock:
        shard = _open.get(identity)
        if shard is None:
            shard = _open[identity] = Shard(folder, info)
        return shard


def allow_files(number: int) -> None:
    """Have the system allow this process *number* open files more than the usual thousand, if it may."""
    if os.name != "posix":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1024 + 2 * number
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
