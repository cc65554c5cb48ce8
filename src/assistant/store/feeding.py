"""Index documents that are in memory, with no corpus folder: evaluation collections."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from assistant.chunking import chunk_document
from assistant.domain import Document
from assistant.embedding import Encoder
from assistant.store import layout
from assistant.store.assembling import Assembly, Recipe
from assistant.store.cutting import MOST_ROWS
from assistant.store.memo import NOTHING
from assistant.store.rebuild import RebuildReport, locked
from assistant.store.writing import Progress


def index_documents(
    documents: Iterable[Document],
    index: Path,
    encoder: Encoder,
    *,
    max_chars: int,
    progress: Progress | None = None,
) -> RebuildReport:
    """Make an index of *documents* current in the folder *index*.

    What is written for a document is what :func:`assistant.store.rebuild` writes for a file
    that reads as that document; nothing is kept of an earlier build.

    Raises:
        IndexLockedError: A rebuild held the lock for too long.
    """
    started = time.perf_counter()
    show = progress or (lambda *_: None)
    with locked(index, 60.0):
        name = layout.new_name(index)
        folder = index / layout.BUILDS / name
        folder.mkdir(parents=True)
        recipe = Recipe(encoder=encoder, max_chars=max_chars, attributes={}, digest="", memo=NOTHING)
        assembly = Assembly(folder, recipe, None, show, rows=MOST_ROWS)
        added = []
        for document in sorted(documents, key=lambda d: d.path):
            assembly.add(document, chunk_document(document, max_chars=max_chars), "")
            added.append(document.path)
            show("Lecture des documents", len(added), len(added))
        assembled = assembly.finish()
        assembly.close()
        built_at = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = layout.Manifest(
            format=layout.FORMAT,
            model=encoder.fingerprint,
            max_chars=max_chars,
            built_at=built_at,
            files={},
            checksums=assembled.checksums,
            counts={"passages": assembled.passages, "dimension": encoder.dimension},
            stamps=assembled.stamps,
            shards=[s.record() for s in assembled.shards],
        )
        layout.write_manifest(folder, manifest, written=assembled.written)
        layout.switch(index, name)
    return RebuildReport(
        added=tuple(added),
        embedded=assembled.embedded,
        passages=assembled.passages,
        seconds=time.perf_counter() - started,
        built_at=built_at,
    )
