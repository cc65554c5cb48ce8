"""Index documents that are in memory, with no corpus folder: evaluation collections."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from assistant.chunking import chunk_document
from assistant.domain import Document
from assistant.embedding import Encoder
from assistant.store import layout
from assistant.store.memo import NOTHING
from assistant.store.rebuild import RebuildReport, locked
from assistant.store.writing import BuildWriter, Progress, write_rankings


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
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
    show = progress or (lambda *_: None)
    with locked(index, 60.0):
        folder = index / layout.BUILDS / name
        folder.mkdir(parents=True)
        writer = BuildWriter(folder, {})
        added = []
        for document in documents:
            writer.document(document, chunk_document(document, max_chars=max_chars), "")
            added.append(document.path)
            show("Lecture des documents", len(added), len(added))
        writer.finish()
        embedded = write_rankings(writer, folder, encoder, None, NOTHING, show)
        passages = len(writer.keys["passages"])
        built_at = now.isoformat(timespec="seconds")
        manifest = layout.Manifest(
            format=layout.FORMAT,
            model=encoder.fingerprint,
            max_chars=max_chars,
            built_at=built_at,
            files={},
            checksums={p.relative_to(folder).as_posix(): layout.checksum(p) for p in layout.contents(folder)},
            counts={"passages": passages},
        )
        layout.write_manifest(folder, manifest)
        layout.switch(index, name)
    return RebuildReport(
        added=tuple(added),
        embedded=embedded,
        passages=passages,
        seconds=time.perf_counter() - started,
        built_at=built_at,
    )
