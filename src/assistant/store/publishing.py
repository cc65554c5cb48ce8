"""Write a new build's rows to Milvus, put it in service there, follow what is in service."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.domain import Passage
from assistant.embedding import Encoder, FloatMatrix
from assistant.errors import IndexMissingError, StoreError
from assistant.milvus import Milvus, MilvusSettings, Table, connect, row_weights
from assistant.store import database, layout
from assistant.store.catalogue import CATALOGUE, CatalogueWriter, statistics, writing
from assistant.store.memo import Memo
from assistant.store.writing import EMBED_BATCH, Progress, passage_text, sentence_text
from assistant.text import tokens

ROWS_AT_ONCE = 2000
"""Rows in memory at once, whatever the size of the corpus."""
RECENT = 20_000
"""Vectors remembered in case the same text comes again, which Milvus cannot tell before the end."""
_QUERIES = {
    "passages": (
        "SELECT p.row, p.key, p.document, p.section, p.page, p.ocr, p.text, d.title "
        "FROM passages p JOIN documents d ON d.slug = p.document ORDER BY p.row"
    ),
    "sentences": (
        "SELECT s.row, s.key, s.passage, s.start, s.stop, s.notes, s.attribute, s.value, "
        "p.text, p.section, d.title FROM sentences s JOIN passages p ON p.row = s.passage "
        "JOIN documents d ON d.slug = p.document ORDER BY s.row"
    ),
    "questions": "SELECT row, key, sentence, text FROM questions ORDER BY row",
}
_CHILDREN = {
    "passages": "SELECT row FROM sentences WHERE passage=? ORDER BY row",
    "sentences": "SELECT row FROM questions WHERE sentence=? ORDER BY row",
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A row on its way.

    Attributes:
        text: What is embedded.
        fields: Its tokens, by field.
        record: What Milvus is given, vectors left out.
    """

    text: str
    fields: dict[str, list[str]]
    record: dict[str, Any]


def publish(
    milvus: Milvus,
    folder: Path,
    encoder: Encoder,
    last: str | None,
    memo: Memo,
    *,
    progress: Progress,
) -> int:
    """Write the rows of the build in *folder* to Milvus; return how many texts had to be embedded.

    Args:
        milvus: The server.
        folder: The build's folder, whose database is finished.
        encoder: What embeds.
        last: A build in Milvus whose vectors are taken over, or None.
        memo: Vectors that came with the corpus.
        progress: Told about the work.
    """
    connection = database.connect(folder / layout.DATABASE)
    try:
        with writing(folder) as catalogue:
            counts = {t: _count(connection, catalogue, t) for t in _QUERIES}
            total, done, embedded = sum(counts.values()), 0, 0
            for table, rows in counts.items():
                known = Table(milvus, milvus.collection(last, table)) if last else None
                name = milvus.collection(folder.name, table)
                milvus.create(name, dimension=encoder.dimension, rows=rows)
                vectors = _Vectors(encoder, known, memo, as_questions=table == "questions")
                stats = statistics(catalogue.connection, table)
                for lines in _batches(connection, table):
                    found = vectors.of(lines)
                    records = [
                        {**line.record, "vector": vector, "sparse": row_weights(line.fields, stats)}
                        for line, vector in zip(lines, found, strict=True)
                    ]
                    milvus.insert(name, records)
                    done += len(lines)
                    progress("Calcul des vecteurs", done, total)
                milvus.seal(name, rows)
                embedded += vectors.embedded
    finally:
        connection.close()
    return embedded


def _count(connection: sqlite3.Connection, catalogue: CatalogueWriter, table: str) -> int:
    total = 0
    for lines in _batches(connection, table):
        catalogue.count(table, [line.fields for line in lines])
        total += len(lines)
    return total


def _batches(connection: sqlite3.Connection, table: str) -> Iterator[list[_Line]]:
    cursor = connection.execute(_QUERIES[table])
    line = {"passages": _passage, "sentences": _sentence, "questions": _question}[table]
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield [line(connection, row) for row in rows]


def _passage(connection: sqlite3.Connection, r: sqlite3.Row) -> _Line:
    children = [c[0] for c in connection.execute(_CHILDREN["passages"], (r["row"],))]
    data = {
        "section": r["section"],
        "page": r["page"],
        "ocr": bool(r["ocr"]),
        "text": r["text"],
        "sentences": children,
    }
    embedded = passage_text(r["title"], Passage(r["text"], (), r["section"]))
    fields = {"text": tokens(r["text"]), "context": tokens(f"{r['title']} {r['section'] or ''}")}
    return _Line(embedded, fields, _record(r, r["document"], data))


def _sentence(connection: sqlite3.Connection, r: sqlite3.Row) -> _Line:
    children = [c[0] for c in connection.execute(_CHILDREN["sentences"], (r["row"],))]
    text = r["text"][r["start"] : r["stop"]]
    data = {
        "start": r["start"],
        "stop": r["stop"],
        "notes": json.loads(r["notes"]),
        "attribute": r["attribute"],
        "value": r["value"],
        "questions": children,
    }
    fields = {"text": tokens(text), "context": tokens(f"{r['title']} {r['section'] or ''}")}
    record = _record(r, str(r["passage"]), data, marked=r["attribute"] is not None)
    return _Line(sentence_text(r["title"], r["section"], text), fields, record)


def _question(_: sqlite3.Connection, r: sqlite3.Row) -> _Line:
    return _Line(r["text"], {"text": tokens(r["text"])}, _record(r, str(r["sentence"]), {"text": r["text"]}))


def _record(r: sqlite3.Row, owner: str, data: dict[str, Any], *, marked: bool = False) -> dict[str, Any]:
    return {"row": r["row"], "key": r["key"], "owner": owner, "marked": marked, "data": data}


class _Vectors:
    """Finds vectors in the last build or the corpus's memo; has the others made."""

    def __init__(self, encoder: Encoder, known: Table | None, memo: Memo, *, as_questions: bool) -> None:
        self._encode = encoder.encode_queries if as_questions else encoder.encode_passages
        self._known = known
        self._memo = memo
        self._recent: dict[str, FloatMatrix] = {}
        self.embedded = 0

    def of(self, lines: list[_Line]) -> list[FloatMatrix]:
        """Return the vectors of some lines, float32, shape (dim,) each."""
        texts = {line.record["key"]: line.text for line in lines}
        found = {k: self._recent[k] for k in texts if k in self._recent}
        found.update({k: self._memo.vector(k) for k in texts if k not in found and k in self._memo})
        missing = [k for k in texts if k not in found]
        if self._known is not None:
            found.update(self._known.by_key(missing))
            missing = [k for k in missing if k not in found]
        # Texts of like length together: a batch is padded to its longest.
        missing.sort(key=lambda k: (len(texts[k]), k))
        for start in range(0, len(missing), EMBED_BATCH):
            batch = missing[start : start + EMBED_BATCH]
            found.update(zip(batch, self._encode([texts[k] for k in batch]), strict=True))
        self.embedded += len(missing)
        self._recent.update({k: found[k] for k in missing})
        while len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]
        return [found[line.record["key"]] for line in lines]


# --- what is in service ---------------------------------------------------------------------------


def put_in_service(milvus: Milvus, folder: Path) -> None:
    """Make the build in *folder*, whose manifest is written, the one that every site answers from."""
    names = (CATALOGUE, layout.MANIFEST)
    milvus.put_files(folder.name, {n: (folder / n).read_bytes() for n in names})
    milvus.make_current(folder.name)


def take_back(milvus: Milvus, build: str) -> None:
    """Drop what a failed build left in Milvus, unless it came into service; what fails stays to be pruned."""
    with suppress(StoreError):
        if milvus.current() != build:
            milvus.forget(build)


def follow(index: Path, milvus: MilvusSettings) -> None:
    """Make current in the folder *index* what Milvus has in service, fetching it where need be.

    Raises:
        StoreError: Milvus does not answer, or its build is incomplete.
    """
    server = connect(milvus)
    build = server.current()
    if build is None:
        return
    pointer = index / layout.CURRENT
    known = pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else ""
    if known == build and (index / layout.BUILDS / build / layout.MANIFEST).is_file():
        return
    _fetch(index, server, build)
    layout.switch(index, build)


def _fetch(index: Path, milvus: Milvus, build: str) -> None:
    """Write the catalogue and the manifest of a build to the index folder, if they are not there."""
    folder = index / layout.BUILDS / build
    if (folder / layout.MANIFEST).is_file():
        return
    files = milvus.files(build)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    try:
        (draft / CATALOGUE).write_bytes(files.get(CATALOGUE, b""))
        (draft / layout.MANIFEST).write_bytes(files.get(layout.MANIFEST, b""))
        manifest = layout.read_manifest(draft)
        # The other files of the build stay on the machine that made it.
        only = {CATALOGUE: manifest.checksums.get(CATALOGUE, "")}
        layout.verify(draft, replace(manifest, checksums=only, stamps={}))
        layout.write_manifest(draft, replace(manifest, checksums=only, stamps={}))
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def rollback(index: Path, milvus: MilvusSettings | None = None) -> str:
    """Put the build before the current one in service again, on every site; return its name.

    Raises:
        IndexMissingError: There is none, or it is damaged.
    """
    return layout.rollback(index) if milvus is None else _roll_back(index, connect(milvus))


def _roll_back(index: Path, milvus: Milvus) -> str:
    current = milvus.current() or ""
    older = [b for b in milvus.builds() if b < current]
    if not older:
        message = (
            f"Il n'y a pas d'index précédent dans Milvus, à « {milvus.settings.uri} » : "
            "reconstruisez l'index par « assistant index »."
        )
        raise IndexMissingError(message, path=index)
    _fetch(index, milvus, older[-1])
    milvus.make_current(older[-1])
    layout.switch(index, older[-1])
    return older[-1]


def prune(milvus: Milvus, current: str) -> None:
    """Drop the builds that are neither *current* nor the last ones before it."""
    older = [b for b in milvus.builds() if b < current][-(layout.KEPT_BUILDS - 1) :]
    milvus.prune({current, *older}, before=current)
