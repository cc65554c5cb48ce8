"""Bring the index up to date with the corpus."""

from __future__ import annotations

import errno
import re
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
from assistant.errors import AssistantError, CorpusError, IndexLockedError, IndexWriteError, StoreError
from assistant.milvus import Milvus, MilvusSettings, connect
from assistant.store import layout, publishing
from assistant.store.assembling import Assembled, Assembly, LostDocumentError, Recipe
from assistant.store.attributes import Attribute, read_attributes
from assistant.store.cutting import shard_rows
from assistant.store.memo import Memo
from assistant.store.origin import Origin, RemoteSink, Sink
from assistant.store.writing import Progress


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
    try:
        index.mkdir(parents=True, exist_ok=True)
        lock = FileLock(index / "rebuild.lock", timeout=wait_s).acquire()
    except Timeout as error:
        message = (
            "Une autre reconstruction de l'index est en cours : attendez qu'elle finisse, puis relancez."
        )
        raise IndexLockedError(message, path=index) from error
    except OSError as error:
        raise unwritable(index, error) from error
    with lock:
        yield


def unwritable(index: Path, error: Exception) -> IndexWriteError:
    """Return the error of an index folder that cannot be written."""
    # tantivy words the system's error instead of passing it on.
    told = re.search(r"code: (\d+)", str(error))
    code = getattr(error, "errno", None) or (int(told[1]) if told else 0)
    if code in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} or "full" in str(error):
        why = "le disque est plein"
    elif code in {errno.EACCES, errno.EPERM, errno.EROFS}:
        why = "le dossier est protégé contre l'écriture"
    else:
        why = "le disque a refusé l'écriture"
    message = (
        f"L'index de « {index} » n'a pas pu être écrit ({why}) : libérez de la place ou vérifiez les "
        "droits du dossier, puis relancez ; l'index précédent, s'il y en a un, reste en service."
    )
    return IndexWriteError(message, path=index)


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
        layout.verify_stamps(build, manifest)
    except StoreError:
        return None, None
    return build, manifest


RACY_NS = 2_000_000_000
"""A file that changed so shortly before it was looked at may have changed again within the same tick
of the file system's clock; two seconds is the coarsest there is (FAT)."""


def _trusted(before: layout.Manifest) -> dict[str, FoundFile]:
    """Return the files whose size and time tell whether they have changed."""
    last = before.scanned_ns - RACY_NS
    return {p: FoundFile(p, *v) for p, v in before.files.items() if v[2] < last}


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
    milvus: MilvusSettings | None = None,
) -> RebuildReport:
    """Make the index of *corpus* current; a pure function of (corpus, settings, model).

    Only texts that the last build does not hold are embedded. The new build is written to a
    fresh folder, its manifest last, and made current by one atomic rename: until then the old
    index is whole.

    Raises:
        CorpusError: The corpus folder does not exist, or holds no document.
        IndexLockedError: Another rebuild held the lock for *wait_s* seconds.
        IndexWriteError: The index folder cannot be written.
    """
    started = time.perf_counter()
    if not corpus.is_dir():
        message = (
            f"Le dossier de documents « {corpus} » n'existe pas : "
            "créez-le ou donnez-en un autre par --corpus."
        )
        raise CorpusError(message, path=corpus)
    with locked(index, wait_s):
        remote = None
        if milvus is not None:
            publishing.follow(index, milvus)
            remote = connect(milvus)
        job = _Job(corpus, index, encoder, max_chars, full, progress or (lambda *_: None), remote)
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
    milvus: Milvus | None = None


def _rebuild(job: _Job, started: float) -> RebuildReport:
    build, before = _open_last(job.index)
    known = _trusted(before) if before and not job.full else {}
    scanned_ns = time.time_ns()
    files = scan(job.corpus, known)
    attributes, digest = read_attributes(job.corpus)
    made_of = (layout.FORMAT, job.encoder.fingerprint, job.max_chars, digest, layout.store_of(job.milvus))
    same = before is not None and made_of == (
        before.format,
        before.model,
        before.max_chars,
        before.attributes,
        before.store,
    )
    if before is not None and same and not job.full and _same_files(before, files):
        return _report_unchanged(before, started)
    made = _Made(files, attributes, digest, scanned_ns)
    store = layout.store_of(job.milvus)
    origin = Origin(build, before, model=job.encoder.fingerprint, store=store)
    try:
        plan = _make_plan(files, before, origin.slugs, everything=job.full or not same)
        _demand_documents(plan, job.corpus)
        name = layout.new_name(job.index)
        try:
            report = _build(job, name, plan, origin, made)
        except LostDocumentError:
            # What the last build holds is damaged: the files say it all again.
            plan = _make_plan(files, before, origin.slugs, everything=True)
            report = _build(replace(job, full=True), name, plan, origin, made)
    finally:
        origin.close()
    layout.prune(job.index)
    if job.milvus is not None:
        publishing.prune(job.milvus, name)
    return _report(report, plan, before, job, started)


def _demand_documents(plan: _Plan, corpus: Path) -> None:
    if not plan.slugs:
        listed = ", ".join(sorted({s.removeprefix(".") for s in FORMATS}))
        message = (
            f"Aucun document à indexer dans « {corpus} » : déposez-y des fichiers ({listed}), "
            "puis relancez « assistant index »."
        )
        raise CorpusError(message, path=corpus)


@dataclass(frozen=True, slots=True)
class _Made:
    """What the corpus folder holds."""

    files: list[FoundFile]
    attributes: dict[str, Attribute]
    digest: str
    scanned_ns: int


def _build(job: _Job, name: str, plan: _Plan, origin: Origin, made: _Made) -> RebuildReport:
    """Write the build *name* and make it current; leave nothing of it where that fails."""
    folder = job.index / layout.BUILDS / name
    try:
        folder.mkdir(parents=True)
        report, assembled = _write_build(job, folder, plan, origin, made)
        built_at = datetime.now(UTC).isoformat(timespec="seconds")
        job.progress("Mise en service", 0, 1)
        layout.write_manifest(
            folder,
            layout.Manifest(
                format=layout.FORMAT,
                model=job.encoder.fingerprint,
                max_chars=job.max_chars,
                built_at=built_at,
                files={f.path: [f.digest, f.size, f.mtime_ns] for f in made.files},
                failed={f.path: f.reason or "" for f in report.failed},
                skipped={f.path: f.reason or "" for f in report.skipped},
                checksums=assembled.checksums,
                counts={"passages": report.passages, "dimension": job.encoder.dimension},
                attributes=made.digest,
                store=layout.store_of(job.milvus),
                stamps=assembled.stamps,
                shards=[s.record() for s in assembled.shards],
                scanned_ns=made.scanned_ns,
            ),
            written=assembled.written,
        )
        if job.milvus is not None:
            publishing.put_in_service(job.milvus, folder)
        layout.switch(job.index, name)
    except BaseException as error:
        if job.milvus is not None:
            publishing.take_back(job.milvus, name)
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, (OSError, sqlite3.OperationalError)):
            raise unwritable(job.index, error) from error
        raise
    return replace(report, built_at=built_at)


def _report(
    report: RebuildReport, plan: _Plan, before: layout.Manifest | None, job: _Job, started: float
) -> RebuildReport:
    """Complete *report* with what came, changed and went since the last build."""
    was = set(before.files) - set(before.skipped) if before else set()
    now = set(plan.slugs)
    changed = {p for p in set(plan.read) & was if before and before.files[p][0] != plan.digests[p].digest}
    made_of = (job.encoder.fingerprint, job.max_chars, layout.FORMAT, layout.store_of(job.milvus))
    other = before is not None and (before.model, before.max_chars, before.format, before.store) != made_of
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


def _sink(job: _Job, folder: Path, origin: Origin, made: _Made) -> Sink:
    recipe = Recipe(
        encoder=job.encoder,
        max_chars=job.max_chars,
        attributes=made.attributes,
        digest=made.digest,
        memo=Memo.load(job.corpus, job.encoder.fingerprint),
    )
    if job.milvus is not None:
        return RemoteSink(job.milvus, folder, recipe, origin, job.progress, full=job.full)
    rows = shard_rows(sum(f.size for f in made.files if Path(f.path).suffix.lower() in FORMATS))
    return Assembly(folder, recipe, None if job.full else origin.shards, job.progress, rows=rows)


def _write_build(
    job: _Job, folder: Path, plan: _Plan, origin: Origin, made: _Made
) -> tuple[RebuildReport, Assembled]:
    sink = _sink(job, folder, origin, made)
    failed: list[FileReport] = []
    losses: list[FileReport] = []
    try:
        to_read = set(plan.read)
        for number, (path, slug) in enumerate(plan.slugs.items()):
            job.progress("Lecture des documents", number, len(plan.slugs))
            digest = plan.digests[path].digest
            if path not in to_read:
                losses += [FileReport(path, loss) for loss in sink.keep(slug, digest)]
                continue
            found = _read(job, path, slug, origin, failed)
            if found is not None:
                sink.add(*found, digest)
                losses += [FileReport(path, loss) for loss in found[0].losses]
        assembled = sink.finish()
    finally:
        sink.close()
    report = RebuildReport(
        skipped=tuple(FileReport(p, r) for p, r in sorted(plan.skipped.items())),
        failed=tuple(failed),
        losses=tuple(losses),
        embedded=assembled.embedded,
        passages=assembled.passages,
    )
    return report, assembled


def _read(
    job: _Job, path: str, slug: str, origin: Origin, failed: list[FileReport]
) -> tuple[Document, list[Passage]] | None:
    """Read a file; where that fails, add it to *failed* and return what was indexed of it, if anything."""
    try:
        document = read_document(job.corpus, path, slug=slug)
        return document, chunk_document(document, max_chars=job.max_chars)
    except AssistantError as error:
        found = origin.document(origin.slugs.get(path))
        kept = " La version indexée auparavant reste consultable." if found else ""
        failed.append(FileReport(path, f"{error}{kept}"))
        return found
