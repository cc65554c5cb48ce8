"""The build that a rebuild starts from: what of it may be taken over."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant.domain import Document, Passage
from assistant.embedding import FloatMatrix
from assistant.errors import IndexCorruptedError
from assistant.store import database, layout
from assistant.store.cutting import Entry
from assistant.store.shard import (
    Shard,
    ShardInfo,
    allow_files,
    open_shard,
    rows_file,
    sums_file,
    vectors_file,
)


class Previous:
    """A sealed build of shards. What is damaged in it counts as not being there."""

    def __init__(self, folder: Path, manifest: layout.Manifest) -> None:
        """Read what the build in *folder* knows of its documents.

        Raises:
            IndexCorruptedError: Its list of documents is damaged.
        """
        layout.verify(folder, manifest, [layout.DATABASE])
        allow_files(2 * len(manifest.shards))
        self.folder = folder
        self.manifest = manifest
        self.shards = [ShardInfo.of(r) for r in manifest.shards]
        self.by_key = {s.key: s for s in self.shards}
        self._firsts = [s.first for s in self.shards]
        self._opened: dict[str, Shard | None] = {}
        connection = database.connect(folder / layout.DATABASE)
        try:
            found = connection.execute(
                "SELECT d.slug, d.path, s.content, s.weight, d.losses "
                "FROM documents d JOIN shapes s ON s.slug = d.slug"
            ).fetchall()
        finally:
            connection.close()
        self.entries = {r["slug"]: Entry(r["slug"], r["path"], r["content"], r["weight"]) for r in found}
        self.losses = {r["slug"]: tuple(json.loads(r["losses"])) for r in found if r["losses"] != "[]"}

    def open(self, info: ShardInfo) -> Shard | None:
        """Open a shard of the build; None where its files are damaged."""
        if info.key not in self._opened:
            try:
                names = [rows_file(info.key), vectors_file(info.key), sums_file(info.key)]
                layout.verify(self.folder, self.manifest, names)
                self._opened[info.key] = open_shard(self.folder, info)
            except (IndexCorruptedError, OSError, ValueError, sqlite3.Error):
                self._opened[info.key] = None
        return self._opened[info.key]

    def _holder(self, path: str) -> ShardInfo:
        """Return the shard where a document of that path stands, or would."""
        return self.shards[max(0, bisect_right(self._firsts, path) - 1)]

    def near(self, paths: Iterable[str]) -> list[ShardInfo]:
        """Return the shards where documents of those paths stand, or would, each once."""
        return list({s.key: s for s in map(self._holder, paths)}.values()) if self.shards else []

    def document(self, slug: str) -> tuple[Document, list[Passage]] | None:
        """Return a document as the build holds it, or None."""
        entry = self.entries.get(slug)
        shard = self.open(self._holder(entry.path)) if entry is not None and self.shards else None
        return shard.document(slug) if shard is not None else None

    def vectors(self, table: str, keys: Iterable[str], near: Sequence[ShardInfo]) -> dict[str, FloatMatrix]:
        """Return the vectors of the texts among *keys* that the build holds; *near* is asked first."""
        missing, found = set(keys), dict[str, FloatMatrix]()
        asked = {s.key for s in near}
        for info in [*near, *(s for s in self.shards if s.key not in asked)]:
            if not missing:
                break
            known = self._known(info, table, missing)
            found |= known
            missing -= known.keys()
        return found

    def _known(self, info: ShardInfo, table: str, keys: set[str]) -> dict[str, FloatMatrix]:
        """Return the vectors of the texts that a shard holds; its bytes are checked if it has any."""
        try:
            found = open_shard(self.folder, info).known(table, keys)
        except (OSError, ValueError, sqlite3.Error):
            return {}
        return found if not found or self.open(info) is not None else {}
