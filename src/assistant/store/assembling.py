"""Make a build of shards: those of the last build that have not changed are linked, the others written."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant import lexical
from assistant.domain import Document, Passage
from assistant.embedding import Encoder, FloatMatrix
from assistant.lexical import LexicalIndex
from assistant.store import database, layout
from assistant.store.attributes import Attribute
from assistant.store.cutting import Cutter, Entry, key_of
from assistant.store.memo import Memo
from assistant.store.previous import Previous
from assistant.store.shard import (
    SHARDS,
    TABLES,
    ShardInfo,
    rows_file,
    sums_file,
    vectors_file,
    write_vectors,
)
from assistant.store.writing import EMBED_BATCH, BuildWriter, Progress

RECENT = 20_000
"""Vectors remembered in case the same text comes again in the next shards."""


Loaded = tuple[Document, list[Passage]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that the rows of a document depend on, beside the document.

    Attributes:
        digest: That of the attributes' file.
        memo: Vectors that came with the corpus.
    """

    encoder: Encoder
    max_chars: int
    attributes: Mapping[str, Attribute]
    digest: str
    memo: Memo

    @property
    def key(self) -> tuple[str, ...]:
        """What goes into the name of every shard."""
        return (str(layout.FORMAT), self.encoder.fingerprint, str(self.max_chars), self.digest)


@dataclass(frozen=True, slots=True)
class Assembled:
    """What a build came to.

    Attributes:
        embedded: How many texts had to be embedded.
        written: The files that are new; the others are links.
    """

    shards: tuple[ShardInfo, ...]
    passages: int
    embedded: int
    written: tuple[Path, ...]
    checksums: dict[str, str]
    stamps: dict[str, list[int]]


def content_of(document: Document, passages: list[Passage]) -> str:
    """Return the hash of all that an index holds of a document."""
    said = repr((replace(document, sections=()), passages))
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def weight_of(document: Document, passages: list[Passage]) -> int:
    """Return about how many rows a document makes: passages, sentences, expected questions."""
    return sum(1 + len(p.spans) for p in passages) + sum(len(q) for _, q in document.questions)


class LostDocumentError(Exception):
    """The last build lists a document that cannot be read from it: the files have to be read again."""


class Assembly:
    """Takes the documents of a build in the order of their paths."""

    def __init__(
        self, folder: Path, recipe: Recipe, last: Previous | None, progress: Progress, *, rows: int
    ) -> None:
        """Make a build in *folder*.

        Args:
            folder: An empty folder.
            recipe: How rows are made.
            last: The build that shards, documents and vectors may be taken from.
            progress: Told about the work.
            rows: Size of a shard.
        """
        self._folder, self._recipe, self._last, self._progress = folder, recipe, last, progress
        self._cutter = Cutter(rows)
        self._shard: list[Entry] = []
        self._loaded: dict[str, Loaded] = {}
        self._slugs: set[str] = set()
        self._infos: list[ShardInfo] = []
        self._vectors = _Vectors(recipe, last)
        self._checksums: dict[str, str] = {}
        self._stamps: dict[str, list[int]] = {}
        self._written: list[Path] = []
        self._terms: Counter[str] = Counter()
        self._rows = 0
        (folder / SHARDS).mkdir()
        for table in TABLES:
            (folder / layout.LEXICAL / table).mkdir(parents=True)
        self._lists = _copied_lists(folder, last)

    def add(self, document: Document, passages: list[Passage], digest: str) -> None:
        """Take a document that was read."""
        bare = replace(document, sections=())
        entry = Entry(bare.slug, bare.path, content_of(bare, passages), weight_of(bare, passages))
        self._lists.execute("DELETE FROM documents WHERE slug = ? OR path = ?", (bare.slug, bare.path))
        database.insert_document(self._lists, replace(bare, sources=()), digest)
        self._lists.execute(
            "INSERT OR REPLACE INTO shapes VALUES (?,?,?)", (entry.slug, entry.content, entry.weight)
        )
        self._loaded[bare.slug] = bare, passages
        self._take(entry)

    def keep(self, slug: str, digest: str) -> tuple[str, ...]:
        """Take a document over from the last build; return what its reading had lost.

        Its *digest* stands in the last build's lists already.
        """
        del digest
        assert self._last is not None  # noqa: S101 - only what it holds is kept
        self._take(self._last.entries[slug])
        return self._last.losses.get(slug, ())

    def _take(self, entry: Entry) -> None:
        self._slugs.add(entry.slug)
        self._shard.append(entry)
        if self._cutter.ends(entry):
            self._end_shard()

    def _end_shard(self) -> None:
        shard, loaded = self._shard, self._loaded
        self._shard, self._loaded = [], {}
        if not shard:
            return
        key = key_of(self._recipe.key, shard)
        info = self._last.by_key.get(key) if self._last is not None else None
        self._infos.append(self._link(info) if info is not None else self._write(key, shard, loaded))

    def _link(self, info: ShardInfo) -> ShardInfo:
        last = self._last
        assert last is not None  # noqa: S101 - the shard is one of its own
        for name in info.files:
            layout.link(last.folder / name, self._folder / name)
            self._checksums[name] = last.manifest.checksums[name]
            self._stamps[name] = layout.stamp(self._folder / name)
        self._rows += sum(info.counts.values())
        return info

    def _document(self, slug: str, loaded: Mapping[str, Loaded]) -> Loaded:
        found = loaded.get(slug)
        if found is None and self._last is not None:
            found = self._last.document(slug)
        if found is None:
            raise LostDocumentError(slug)
        return found

    def _write(self, key: str, shard: list[Entry], loaded: Mapping[str, Loaded]) -> ShardInfo:
        writer = BuildWriter(self._folder / rows_file(key), dict(self._recipe.attributes))
        for entry in shard:
            writer.document(*self._document(entry.slug, loaded), "")
        writer.finish(database.INDEXES + database.KEY_INDEXES)
        self._rows += sum(len(k) for k in writer.keys.values())
        near = self._last.near(e.path for e in shard) if self._last is not None else []
        vectors = {t: self._vectors.of(writer, t, near, self._step) for t in TABLES}
        self._step(0)
        kind = write_vectors(self._folder, key, vectors)
        self._progress("Index lexical", 0, 1)
        segments, files = {}, [rows_file(key), vectors_file(key), sums_file(key)]
        for table in TABLES:
            segments[table], names = _postings(self._folder, table, writer.lexical[table])
            files += names
        self._terms.update(writer.terms)
        self._seal(files)
        return ShardInfo(
            key=key,
            first=shard[0].path,
            counts={t: len(writer.keys[t]) for t in TABLES},
            marked=writer.marked,
            dimension=self._recipe.encoder.dimension,
            kind=kind,
            segments=segments,
            files=tuple(files),
        )

    def _step(self, waiting: int) -> None:
        self._progress("Calcul des vecteurs", max(0, self._rows - waiting), self._rows)

    def _seal(self, names: Iterable[str]) -> None:
        for name in names:
            path = self._folder / name
            self._checksums[name] = layout.checksum(path)
            self._stamps[name] = layout.stamp(path)
            self._written.append(path)

    def finish(self) -> Assembled:
        """Write what is left and what is of the whole build; say what it came to.

        Raises:
            LostDocumentError: The last build cannot be read.
        """
        self._end_shard()
        self._write_lists()
        names = [layout.DATABASE]
        for table in TABLES:
            folder = self._folder / layout.LEXICAL / table
            lexical.compose(folder, (s for i in self._infos for s in i.segments[table]))
            names.append(f"{layout.LEXICAL}/{table}/{lexical.META}")
        self._seal(names)
        return Assembled(
            shards=tuple(self._infos),
            passages=sum(i.counts["passages"] for i in self._infos),
            embedded=self._vectors.embedded,
            written=tuple(self._written),
            checksums=self._checksums,
            stamps=self._stamps,
        )

    def _write_lists(self) -> None:
        """Make the documents and the terms those of this build: less what went, with what came."""
        listed = [r[0] for r in self._lists.execute("SELECT slug FROM shapes").fetchall()]
        gone = [(slug,) for slug in listed if slug not in self._slugs]
        self._lists.executemany("DELETE FROM documents WHERE slug = ?", gone)
        self._lists.executemany("DELETE FROM shapes WHERE slug = ?", gone)
        now = {i.key for i in self._infos}
        for info in self._last.shards if self._last is not None else ():
            if info.key not in now:
                self._terms.subtract(self._terms_of(info))
        changed = [(t, n) for t, n in sorted(self._terms.items()) if n]
        self._lists.executemany(
            "INSERT INTO terms VALUES (?,?) "
            "ON CONFLICT DO UPDATE SET sentences = sentences + excluded.sentences",
            changed,
        )
        self._lists.executemany(
            "DELETE FROM terms WHERE term = ? AND sentences = 0", [(t,) for t, n in changed if n < 0]
        )
        self._lists.commit()
        self._lists.close()

    def _terms_of(self, info: ShardInfo) -> dict[str, int]:
        shard = self._last.open(info) if self._last is not None else None
        if shard is None:
            raise LostDocumentError(info.first)
        return shard.terms()

    def close(self) -> None:
        """Let go of the files, whether finished or not."""
        self._lists.close()


def _copied_lists(folder: Path, last: Previous | None) -> sqlite3.Connection:
    """Return the database of the whole build, which begins as that of the last one."""
    path = folder / layout.DATABASE
    if last is None:
        connection = database.create(path)
        connection.executescript(database.SHAPES)
        return connection
    shutil.copyfile(last.folder / layout.DATABASE, path)
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
    return connection


def _postings(
    folder: Path, table: str, rows: Sequence[Mapping[str, list[str]]]
) -> tuple[list[dict[str, object]], list[str]]:
    """Index the words of a shard's table; return the segments and their files."""
    if not rows:
        return [], []
    draft = folder / "brouillon"
    LexicalIndex.build(draft, enumerate(rows))
    segments = lexical.segments(draft)
    names = []
    for segment in segments:
        for path in lexical.segment_files(draft, segment):
            name = f"{layout.LEXICAL}/{table}/{path.name}"
            path.rename(folder / name)
            names.append(name)
    shutil.rmtree(draft)
    return segments, names


class _Vectors:
    """Finds vectors in the last build or the corpus's memo; has the others made."""

    def __init__(self, recipe: Recipe, last: Previous | None) -> None:
        self._recipe = recipe
        # Vectors of another model are of no use, though documents are.
        same = last is not None and last.manifest.model == recipe.encoder.fingerprint
        self._last = last if same else None
        self._recent: dict[tuple[bool, str], FloatMatrix] = {}
        self.embedded = 0

    def of(
        self, writer: BuildWriter, table: str, near: list[ShardInfo], step: Callable[[int], None]
    ) -> FloatMatrix:
        """Return the vectors of a table's rows, float32, shape (n, dim).

        *near* are the shards of the last build that are asked first; *step* is told how many
        texts wait.
        """
        encoder, memo, texts = self._recipe.encoder, self._recipe.memo, writer.texts[table]
        asked = table == "questions"
        found = {k: self._recent[asked, k] for k in texts if (asked, k) in self._recent}
        found.update({k: memo.vector(k) for k in texts if k not in found and k in memo})
        if self._last is not None:
            found.update(self._last.vectors(table, [k for k in texts if k not in found], near))
        # Texts of like length together: a batch is padded to its longest.
        missing = sorted((k for k in texts if k not in found), key=lambda k: (len(texts[k]), k))
        encode = encoder.encode_queries if asked else encoder.encode_passages
        for start in range(0, len(missing), EMBED_BATCH):
            batch = missing[start : start + EMBED_BATCH]
            made = encode([texts[k] for k in batch])
            found.update(zip(batch, made, strict=True))
            step(len(missing) - start - len(batch))
        self.embedded += len(missing)
        self._remember({(asked, k): found[k] for k in missing})
        rows = np.empty((len(writer.keys[table]), encoder.dimension), dtype=np.float32)
        for row, key in enumerate(writer.keys[table]):
            rows[row] = found[key]
        return rows

    def _remember(self, made: dict[tuple[bool, str], FloatMatrix]) -> None:
        self._recent.update(made)
        while len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]
