"""Bring the index up to date with the corpus."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.chunking import chunk_document
from assistant.corpus import FORMATS, FoundFile, read_document, scan
from assistant.corpus.reader import slug_of
from assistant.domain import Document, Passage
from assistant.embedding import Encoder
from assistant.errors import AssistantError, CorpusError, IndexLockedError, StoreError
from assistant.store import database, layout
from assistant.store.attributes import Attribute, read_attributes
from assistant.store.memo import Memo
from assistant.store.writing import BuildWriter, Progress, write_rankings


@dataclass(frozen=True, slots=True)
class FileReport:
    """What happened to one file, with the French reason where there is one."""

    path: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild did. ``current`` tells that nothing had changed."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    skipped: tuple[FileReport, ...] = ()
    failed: tuple[FileReport, ...] = ()
    losses: tuple[FileReport, ...] = ()
    embedded: int = 0
    passages: int = 0
    seconds: float = 0.0
    built_at: str = ""
    current: bool = False
    reason: str | None = None


@dataclass(slots=True)
class _Plan:
    """Which files are read, copied or left out."""

    slugs: dict[str, str]
    digests: dict[str, FoundFile]
    read: list[str] = field(default_factory=list)
    copy: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def assign_slugs(paths: list[str]) -> dict[str, str]:
    """Return path -> slug; paths that share a name are told apart by extension, then folder."""
    taken: dict[str, str] = {}
    slugs = {}
    for path in sorted(paths):
        extension = Path(path).suffix.removeprefix(".")
        folder = path.rsplit(".", 1)[0].replace("/", "--")
        for candidate in (slug_of(path), f"{slug_of(path)}-{extension}", f"{folder}-{extension}"):
            if candidate not in taken:
                break
        taken[candidate] = path
        slugs[path] = candidate
    return slugs


@contextmanager
def locked(index: Path, wait_s: float) -> Iterator[None]:
    """Hold the lock of the index folder, made if need be; give up after *wait_s* seconds."""
    index.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(index / "rebuild.lock", timeout=wait_s):
            yield
    except Timeout as error:
        message = (
            "Une autre reconstruction de l'index est en cours : attendez qu'elle finisse, puis relancez."
        )
        raise IndexLockedError(message, path=index) from error


def _make_plan(
    files: list[FoundFile], before: layout.Manifest | None, old_slugs: dict[str, str], *, everything: bool
) -> _Plan:
    supported = [f for f in files if Path(f.path).suffix.lower() in FORMATS]
    plan = _Plan(assign_slugs([f.path for f in supported]), {f.path: f for f in files})
    listed = ", ".join(sorted({s.removeprefix(".") for s in FORMATS}))
    for file in files:
        if file.path not in plan.slugs:
            plan.skipped[file.path] = f"format non lu (formats lus : {listed})"
            continue
        same = (
            before is not None
            and not everything
            and before.files.get(file.path, [None])[0] == file.digest
            and file.path not in before.failed
            and old_slugs.get(file.path) == plan.slugs[file.path]
        )
        (plan.copy if same else plan.read).append(file.path)
    return plan


def _open_last(index: Path) -> tuple[Path | None, layout.Manifest | None]:
    """Return the current build and its manifest, or (None, None) where it cannot be used."""
    try:
        build = layout.current_build(index)
        manifest = layout.read_manifest(build)
        layout.verify(build, manifest)
    except StoreError:
        return None, None
    return build, manifest


def _same_files(before: layout.Manifest, files: list[FoundFile]) -> bool:
    return {f.path: f.digest for f in files} == {p: v[0] for p, v in before.files.items()}


def rebuild(
    corpus: Path,
    index: Path,
    encoder: Encoder,
    *,
    max_chars: int,
    full: bool = False,
    progress: Progress | None = None,
    wait_s: float = 60.0,
) -> RebuildReport:
    """Make the index of *corpus* current; a pure function of (corpus, settings, model).

    Only texts that the last build does not hold are embedded. The new build is written to a
    fresh folder, its manifest last, and made current by one atomic rename: until then the old
    index is whole.

    Raises:
        CorpusError: The corpus folder does not exist, or holds no document.
        IndexLockedError: Another rebuild held the lock for *wait_s* seconds.
    """
    started = time.perf_counter()
    if not corpus.is_dir():
        message = (
            f"Le dossier de documents « {corpus} » n'existe pas : "
            "créez-le ou donnez-en un autre par --corpus."
        )
        raise CorpusError(message, path=corpus)
    with locked(index, wait_s):
        job = _Job(corpus, index, encoder, max_chars, full, progress or (lambda *_: None))
        return _rebuild(job, started)


@dataclass(frozen=True, slots=True)
class _Job:
    """What a rebuild was asked to do."""

    corpus: Path
    index: Path
    encoder: Encoder
    max_chars: int
    full: bool
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Last:
    """The build that a rebuild starts from, with what of it may be taken over.

    Attributes:
        database: Its rows, or None where they cannot be read.
        slugs: Path -> slug of its documents.
        vectors: Its folder, where its vectors are of the same model; else None.
    """

    manifest: layout.Manifest | None
    database: sqlite3.Connection | None
    slugs: dict[str, str]
    vectors: Path | None


def _last(job: _Job, build: Path | None, manifest: layout.Manifest | None) -> _Last:
    if build is None or manifest is None or manifest.format != layout.FORMAT:
        return _Last(manifest, None, {}, None)
    rows = database.connect(build / layout.DATABASE)
    slugs = {p: s for s, p in rows.execute("SELECT slug, path FROM documents")}
    same_model = manifest.model == job.encoder.fingerprint
    return _Last(manifest, rows, slugs, build if same_model and not job.full else None)


def _rebuild(job: _Job, started: float) -> RebuildReport:
    build, before = _open_last(job.index)
    known = {p: FoundFile(p, *v) for p, v in before.files.items()} if before and not job.full else {}
    files = scan(job.corpus, known)
    attributes, digest = read_attributes(job.corpus)
    made_of = (layout.FORMAT, job.encoder.fingerprint, job.max_chars, digest)
    same = before is not None and made_of == (
        before.format,
        before.model,
        before.max_chars,
        before.attributes,
    )
    if before is not None and same and not job.full and _same_files(before, files):
        return _report_unchanged(before, started)
    last = _last(job, build, before)
    try:
        plan = _make_plan(files, before, last.slugs, everything=job.full or not same)
        _demand_documents(plan, job.corpus)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
        report = _build(job, name, plan, last, attributes, files, digest)
    finally:
        if last.database is not None:
            last.database.close()
    layout.prune(job.index)
    return _report(report, plan, before, job, started)


def _demand_documents(plan: _Plan, corpus: Path) -> None:
    if not plan.slugs:
        listed = ", ".join(sorted({s.removeprefix(".") for s in FORMATS}))
        message = (
            f"Aucun document à indexer dans « {corpus} » : déposez-y des fichiers ({listed}), "
            "puis relancez « assistant index »."
        )
        raise CorpusError(message, path=corpus)


def _build(
    job: _Job,
    name: str,
    plan: _Plan,
    last: _Last,
    attributes: dict[str, Attribute],
    files: list[FoundFile],
    digest: str,
) -> RebuildReport:
    """Write the build *name* and make it current; leave nothing of it where that fails."""
    folder = job.index / layout.BUILDS / name
    folder.mkdir(parents=True)
    try:
        report = _write_build(job, folder, plan, last, attributes)
        sums = {p.relative_to(folder).as_posix(): layout.checksum(p) for p in layout.contents(folder)}
        built_at = datetime.now(UTC).isoformat(timespec="seconds")
        job.progress("Mise en service", 0, 1)
        layout.write_manifest(
            folder,
            layout.Manifest(
                format=layout.FORMAT,
                model=job.encoder.fingerprint,
                max_chars=job.max_chars,
                built_at=built_at,
                files={f.path: [f.digest, f.size, f.mtime_ns] for f in files},
                failed={f.path: f.reason or "" for f in report.failed},
                skipped={f.path: f.reason or "" for f in report.skipped},
                checksums=sums,
                counts={"passages": report.passages},
                attributes=digest,
            ),
        )
        layout.switch(job.index, name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return replace(report, built_at=built_at)


def _report(
    report: RebuildReport, plan: _Plan, before: layout.Manifest | None, job: _Job, started: float
) -> RebuildReport:
    """Complete *report* with what came, changed and went since the last build."""
    was = set(before.files) - set(before.skipped) if before else set()
    now = set(plan.slugs)
    changed = {p for p in set(plan.read) & was if before and before.files[p][0] != plan.digests[p].digest}
    made_of = (job.encoder.fingerprint, job.max_chars, layout.FORMAT)
    other = before is not None and (before.model, before.max_chars, before.format) != made_of
    return replace(
        report,
        added=tuple(sorted(now - was)),
        changed=tuple(sorted(changed)),
        removed=tuple(sorted(was - now)),
        unchanged=tuple(sorted((now & was) - changed)),
        seconds=time.perf_counter() - started,
        reason="le modèle ou un réglage a changé : tout l'index est refait" if other else None,
    )


def _report_unchanged(before: layout.Manifest, started: float) -> RebuildReport:
    return RebuildReport(
        unchanged=tuple(sorted(set(before.files) - set(before.skipped) - set(before.failed))),
        skipped=tuple(FileReport(p, r) for p, r in sorted(before.skipped.items())),
        failed=tuple(FileReport(p, r) for p, r in sorted(before.failed.items())),
        passages=before.counts.get("passages", 0),
        seconds=time.perf_counter() - started,
        built_at=before.built_at,
        current=True,
    )


def _write_build(
    job: _Job, folder: Path, plan: _Plan, last: _Last, attributes: dict[str, Attribute]
) -> RebuildReport:
    writer = BuildWriter(folder, attributes)
    failed, losses = [], []
    to_read = set(plan.read)
    for number, (path, slug) in enumerate(plan.slugs.items()):
        job.progress("Lecture des documents", number, len(plan.slugs))
        found: tuple[Document, list[Passage]] | None = None
        if path in to_read:
            try:
                document = read_document(job.corpus, path, slug=slug)
                found = document, chunk_document(document, max_chars=job.max_chars)
            except AssistantError as error:
                found = _as_indexed(last, last.slugs.get(path))
                kept = " La version indexée auparavant reste consultable." if found else ""
                failed.append(FileReport(path, f"{error}{kept}"))
        else:
            found = _as_indexed(last, slug)
        if found is not None:
            writer.document(*found, plan.digests[path].digest)
            losses += [FileReport(path, loss) for loss in found[0].losses]
    writer.finish()
    memo = Memo.load(job.corpus, job.encoder.fingerprint)
    embedded = write_rankings(writer, folder, job.encoder, last.vectors, memo, job.progress)
    return RebuildReport(
        skipped=tuple(FileReport(p, r) for p, r in sorted(plan.skipped.items())),
        failed=tuple(failed),
        losses=tuple(losses),
        embedded=embedded,
        passages=len(writer.keys["passages"]),
    )


def _as_indexed(last: _Last, slug: str | None) -> tuple[Document, list[Passage]] | None:
    """Return a document as the last build holds it, or None."""
    if last.database is None or slug is None:
        return None
    return database.read_document(last.database, slug)
