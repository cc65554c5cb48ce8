"""What a rebuild starts from and writes to: shards in the index folder, or rows in Milvus."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assistant.domain import Document, Passage
from assistant.errors import IndexCorruptedError
from assistant.milvus import Milvus
from assistant.store import database, layout, publishing
from assistant.store.assembling import Assembled, Recipe
from assistant.store.previous import Previous
from assistant.store.writing import BuildWriter, Progress


class Origin:
    """The build that a rebuild starts from, with what of it may be taken over.

    Attributes:
        slugs: Path -> slug of its documents.
        shards: The build, where it is made of shards and can be read.
        vectors: Its folder, where its rows are in Milvus and of the same model; else None.
    """

    def __init__(
        self, build: Path | None, manifest: layout.Manifest | None, *, model: str, store: str
    ) -> None:
        """Look at *build*, for a rebuild with *model* into *store*; a build of another kind gives nothing."""
        self.slugs: dict[str, str] = {}
        self.shards: Previous | None = None
        self.vectors: Path | None = None
        self._rows: sqlite3.Connection | None = None
        if build is None or manifest is None or (manifest.format, manifest.store) != (layout.FORMAT, store):
            return
        if store == "faiss":
            try:
                self.shards = Previous(build, manifest)
            except (IndexCorruptedError, sqlite3.Error):
                return
            self.slugs = {e.path: e.slug for e in self.shards.entries.values()}
            return
        self.vectors = build if manifest.model == model else None
        # A build that another machine put in Milvus has no texts here: files are read again, vectors kept.
        if (build / layout.DATABASE).is_file():
            self._rows = database.connect(build / layout.DATABASE)
            self.slugs = {p: s for s, p in self._rows.execute("SELECT slug, path FROM documents")}

    def document(self, slug: str | None) -> tuple[Document, list[Passage]] | None:
        """Return a document as the build holds it, or None."""
        if slug is None:
            return None
        if self.shards is not None:
            return self.shards.document(slug)
        return database.read_document(self._rows, slug) if self._rows is not None else None

    def close(self) -> None:
        """Let go of the files."""
        if self._rows is not None:
            self._rows.close()


class Sink(Protocol):
    """What takes the documents of a new build, in the order of their paths."""

    def add(self, document: Document, passages: list[Passage], digest: str) -> None:
        """Take a document that was read."""
        ...

    def keep(self, slug: str, digest: str) -> tuple[str, ...]:
        """Take a document over from the last build; return what its reading had lost."""
        ...

    def finish(self) -> Assembled:
        """Write what is left; say what the build came to."""
        ...

    def close(self) -> None:
        """Let go of the files, whether finished or not."""
        ...


@dataclass(frozen=True, slots=True)
class _Target:
    milvus: Milvus
    folder: Path
    recipe: Recipe
    known: str | None


class RemoteSink:
    """Writes a build's rows to one file, then from there to Milvus."""

    def __init__(
        self, milvus: Milvus, folder: Path, recipe: Recipe, origin: Origin, progress: Progress, *, full: bool
    ) -> None:
        """Write to *milvus*; vectors of *origin* are taken over unless *full*."""
        known = origin.vectors.name if origin.vectors is not None and not full else None
        self._target = _Target(milvus, folder, recipe, known)
        self._origin = origin
        self._progress = progress
        self._writer = BuildWriter(folder / layout.DATABASE, dict(recipe.attributes))

    def add(self, document: Document, passages: list[Passage], digest: str) -> None:
        """Take a document that was read."""
        self._writer.document(document, passages, digest)
        # What Milvus is given is read from the file again: memory must not grow with the corpus.
        for texts in self._writer.texts.values():
            texts.clear()
        for words in self._writer.lexical.values():
            words.clear()

    def keep(self, slug: str, digest: str) -> tuple[str, ...]:
        """Take a document over from the last build; return what its reading had lost."""
        found = self._origin.document(slug)
        if found is None:
            return ()
        self.add(*found, digest)
        return found[0].losses

    def finish(self) -> Assembled:
        """Send the rows; say what the build came to."""
        self._writer.finish()
        to = self._target
        embedded = publishing.publish(
            to.milvus, to.folder, to.recipe.encoder, to.known, to.recipe.memo, progress=self._progress
        )
        files = {p.relative_to(to.folder).as_posix(): p for p in layout.contents(to.folder)}
        return Assembled(
            shards=(),
            passages=len(self._writer.keys["passages"]),
            embedded=embedded,
            written=tuple(files.values()),
            checksums={n: layout.checksum(p) for n, p in files.items()},
            stamps={n: layout.stamp(p) for n, p in files.items()},
        )

    def close(self) -> None:
        """Let go of the file."""
        self._writer.connection.close()
