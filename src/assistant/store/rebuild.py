"""Bring the index up to date with the corpus."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from assistant.chunking import chunk_document
from assistant.corpus import FORMATS, FoundFile, read_document, scan
from assistant.corpus.reader import slug_of
from assistant.domain import Document, Passage
from assistant.embedding import Encoder, FloatMatrix
from assistant.errors import AssistantError, CorpusError, IndexLockedError, StoreError
from assistant.lexical import LexicalIndex
from assistant.store import database, layout
from assistant.store.attributes import PLACEHOLDER, Attribute, read_attributes
from assistant.text import tokens
from assistant.vectors import VectorIndex

Progress = Callable[[str, int, int], None]
EMBED_BATCH = 256
SHORT_DOCUMENT = 2
"""Passages of a document that answers one question, its title's."""


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


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def passage_text(title: str, passage: Passage) -> str:
    """Return what is embedded for a passage: its headings count as context."""
    return ". ".join(p for p in (title, passage.section, passage.text) if p)


def sentence_text(title: str, section: str | None, sentence: str) -> str:
    """Return what is embedded for a sentence: the nearest heading is its context."""
    heading = section or title
    return f"{heading}\u00a0: {sentence}" if heading else sentence


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
        message = "Une autre reconstruction de l'index est en cours : attendez qu'elle finisse, puis relancez."
        raise IndexLockedError(message, path=index) from error


class _Headings:
    """Headings that are questions: what stands first under one is expected to answer it.

    So it is in a FAQ. A document short enough to be one answer counts its title as well.
    """

    def __init__(self, document: Document, passages: int) -> None:
        short = passages <= SHORT_DOCUMENT and document.type == "document"
        self._title = document.title if short or _is_question(document.title) else None
        self._seen: set[str | None] = set()

    def of(self, passage: Passage) -> list[str]:
        """Return the headings that the next sentence of *passage* answers, each once."""
        found = [self._title] if self._title and not self._seen else []
        if passage.section not in self._seen and passage.section and _is_question(passage.section):
            found.append(passage.section)
        self._seen.add(passage.section)
        return found


def _is_question(heading: str) -> bool:
    return heading.rstrip().endswith("?")


class BuildWriter:
    """Writes the rows of a new build and remembers what has to be embedded."""

    def __init__(self, folder: Path, attributes: dict[str, Attribute]) -> None:
        self.connection = database.create(folder / layout.DATABASE)
        self.attributes = attributes
        self.texts: dict[str, dict[str, str]] = {"passages": {}, "sentences": {}, "questions": {}}
        self.keys: dict[str, list[str]] = {"passages": [], "sentences": [], "questions": []}
        self.lexical: dict[str, list[dict[str, str]]] = {"passages": [], "sentences": [], "questions": []}
        self.terms: Counter[str] = Counter()

    def _add(self, table: str, text: str) -> tuple[int, str]:
        key = _key(text)
        self.texts[table].setdefault(key, text)
        self.keys[table].append(key)
        return len(self.keys[table]) - 1, key

    def document(self, document: Document, passages: list[Passage], digest: str) -> None:
        """Write one document whole."""
        database.insert_document(self.connection, document, digest)
        expected = dict(document.questions)
        prose = {n for p in passages for s in p.spans if s.row is None for n in s.notes}
        headings = _Headings(document, len(passages))
        for passage in passages:
            row, key = self._add("passages", passage_text(document.title, passage))
            database.insert_passage(self.connection, row, document.slug, passage, key)
            context = f"{document.title} {passage.section or ''}"
            self.lexical["passages"].append({"text": passage.text, "context": context})
            for span in passage.spans:
                text = passage.text[span.start : span.end]
                sentence, key = self._add("sentences", sentence_text(document.title, passage.section, text))
                database.insert_sentence(self.connection, sentence, row, span, key)
                self.lexical["sentences"].append({"text": text, "context": context})
                self.terms.update(set(tokens(text)) | set(tokens(context)))
                if span.row is not None:
                    questions = self._row_questions(document, span.row.attribute)
                    questions += [q for n in span.notes if n not in prose for q in expected.get(n, ())]
                else:
                    questions = [q for n in span.notes for q in expected.get(n, ())]
                self._questions(sentence, [*questions, *headings.of(passage)])

    def _row_questions(self, document: Document, attribute: str) -> list[str]:
        known = self.attributes.get(attribute)
        name = document.assistant or document.provider or document.title
        templates = known.questions if known else (f"{attribute} {PLACEHOLDER}",)
        return [t.replace(PLACEHOLDER, name) for t in templates]

    def _questions(self, sentence: int, questions: list[str]) -> None:
        rows = []
        for question in dict.fromkeys(questions):
            row, key = self._add("questions", question)
            rows.append((row, sentence, question, key))
            self.lexical["questions"].append({"text": question})
            self.terms.update(set(tokens(question)))
        database.insert_questions(self.connection, rows)

    def finish(self) -> None:
        """Write term counts and SQL indexes, and close the database."""
        self.connection.executemany("INSERT INTO terms VALUES (?,?)", sorted(self.terms.items()))
        self.connection.executescript(database.INDEXES)
        self.connection.commit()
        self.connection.close()


def _known_vectors(build: Path | None, table: str) -> tuple[dict[str, int], FloatMatrix | None]:
    """Return key -> row and the vectors of the last build."""
    if build is None:
        return {}, None
    connection = database.connect(build / layout.DATABASE)
    try:
        keys = {k: r for r, k in connection.execute(f"SELECT row, key FROM {table}")}  # noqa: S608 - three constant names
    finally:
        connection.close()
    return keys, VectorIndex.load(build / f"{table}.faiss").all_vectors() if keys else None


def _embed(
    writer: BuildWriter, table: str, encoder: Encoder, build: Path | None, step: Callable[[int], None]
) -> tuple[FloatMatrix, int]:
    """Return the vectors of a table's rows; only keys that the last build lacks are embedded."""
    known, old = _known_vectors(build, table)
    missing = [k for k in writer.texts[table] if k not in known]
    # Texts of like length together: a batch is padded to its longest.
    missing.sort(key=lambda k: (len(writer.texts[table][k]), k))
    encode = encoder.encode_queries if table == "questions" else encoder.encode_passages
    fresh: dict[str, int] = {}
    parts = []
    for start in range(0, len(missing), EMBED_BATCH):
        batch = missing[start : start + EMBED_BATCH]
        parts.append(encode([writer.texts[table][k] for k in batch]))
        fresh.update({k: start + i for i, k in enumerate(batch)})
        step(len(batch))
    made = np.concatenate(parts) if parts else np.zeros((0, encoder.dimension), dtype=np.float32)
    rows = np.empty((len(writer.keys[table]), encoder.dimension), dtype=np.float32)
    for row, key in enumerate(writer.keys[table]):
        rows[row] = made[fresh[key]] if key in fresh else old[known[key]]  # type: ignore[index]
    return rows, len(missing)


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


def _up_to_date(
    before: layout.Manifest | None, files: list[FoundFile], fingerprint: str, max_chars: int, attributes: str
) -> bool:
    return (
        before is not None
        and (before.format, before.model, before.max_chars, before.attributes)
        == (layout.FORMAT, fingerprint, max_chars, attributes)
        and {f.path: f.digest for f in files} == {p: v[0] for p, v in before.files.items()}
    )


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
        message = f"Le dossier de documents « {corpus} » n'existe pas : créez-le ou donnez-en un autre par --corpus."
        raise CorpusError(message, path=corpus)
    with locked(index, wait_s):
        return _rebuild(corpus, index, encoder, max_chars, full, progress or (lambda *_: None), started)


def _rebuild(
    corpus: Path, index: Path, encoder: Encoder, max_chars: int, full: bool, progress: Progress, started: float  # noqa: FBT001 - private
) -> RebuildReport:
    build, before = _open_last(index)
    known = {p: FoundFile(p, *v) for p, v in before.files.items()} if before and not full else {}
    files = scan(corpus, known)
    attributes, attributes_digest = read_attributes(corpus)
    fingerprint = encoder.fingerprint
    if not full and _up_to_date(before, files, fingerprint, max_chars, attributes_digest):
        assert before is not None  # noqa: S101 - _up_to_date said so; for the type checker
        return _report_unchanged(before, started)
    reason = None
    if before and (before.model, before.max_chars, before.format) != (fingerprint, max_chars, layout.FORMAT):
        reason = "le modèle ou un réglage a changé : tout l'index est refait"
    comparable = before is not None and before.model == fingerprint and before.format == layout.FORMAT
    everything = full or not comparable or before.max_chars != max_chars or before.attributes != attributes_digest  # type: ignore[union-attr]
    old = database.connect(build / layout.DATABASE) if build and before and before.format == layout.FORMAT else None
    old_slugs = {p: s for s, p in old.execute("SELECT slug, path FROM documents")} if old else {}
    plan = _make_plan(files, before, old_slugs, everything=everything)
    if not plan.slugs:
        message = (
            f"Aucun document à indexer dans « {corpus} » : déposez-y des fichiers "
            f"({', '.join(sorted({s.removeprefix('.') for s in FORMATS}))}), puis relancez « assistant index »."
        )
        raise CorpusError(message, path=corpus)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
    folder = index / layout.BUILDS / name
    folder.mkdir(parents=True)
    try:
        report = _write_build(
            corpus, folder, plan, encoder, max_chars, attributes, old, old_slugs,
            build if comparable and not full else None, progress,
        )
        built_at = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = layout.Manifest(
            format=layout.FORMAT, model=fingerprint, max_chars=max_chars, built_at=built_at,
            files={f.path: [f.digest, f.size, f.mtime_ns] for f in files},
            failed={f.path: f.reason or "" for f in report.failed},
            skipped={f.path: f.reason or "" for f in report.skipped},
            checksums={p.relative_to(folder).as_posix(): layout.checksum(p) for p in layout.contents(folder)},
            counts={"passages": report.passages}, attributes=attributes_digest,
        )
        progress("Mise en service", 0, 1)
        layout.write_manifest(folder, manifest)
        layout.switch(index, name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        if old:
            old.close()
    layout.prune(index)
    was = set(before.files) - set(before.skipped) if before else set()
    now = set(plan.slugs)
    read = set(plan.read)
    changed = {p for p in read & was if before and before.files[p][0] != plan.digests[p].digest}
    return RebuildReport(
        added=tuple(sorted(now - was)), changed=tuple(sorted(changed)),
        removed=tuple(sorted(was - now)), unchanged=tuple(sorted((now & was) - changed)),
        skipped=report.skipped, failed=report.failed, losses=report.losses, embedded=report.embedded,
        passages=report.passages, seconds=time.perf_counter() - started, built_at=built_at, reason=reason,
    )


def _report_unchanged(before: layout.Manifest, started: float) -> RebuildReport:
    return RebuildReport(
        unchanged=tuple(sorted(set(before.files) - set(before.skipped) - set(before.failed))),
        skipped=tuple(FileReport(p, r) for p, r in sorted(before.skipped.items())),
        failed=tuple(FileReport(p, r) for p, r in sorted(before.failed.items())),
        passages=before.counts.get("passages", 0), seconds=time.perf_counter() - started,
        built_at=before.built_at, current=True,
    )


def write_rankings(
    writer: BuildWriter, folder: Path, encoder: Encoder, memo: Path | None, progress: Progress
) -> int:
    """Embed and index what *writer* was given; return how many texts had to be embedded.

    Args:
        writer: The finished writer of the build.
        folder: The build's folder.
        encoder: What embeds.
        memo: An earlier build whose vectors are taken over, or None.
        progress: Told about the work.
    """
    total = sum(len(t) for t in writer.texts.values())
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress("Calcul des vecteurs", done, total)

    embedded = 0
    for table in ("passages", "sentences", "questions"):
        vectors, count = _embed(writer, table, encoder, memo, step)
        embedded += count
        VectorIndex.build(vectors).save(folder / f"{table}.faiss")
        progress("Index lexical", 0, 1)
        LexicalIndex.build(folder / layout.LEXICAL / table, enumerate(writer.lexical[table]))
    return embedded


def _write_build(
    corpus: Path, folder: Path, plan: _Plan, encoder: Encoder, max_chars: int,
    attributes: dict[str, Attribute], old: sqlite3.Connection | None, old_slugs: dict[str, str],
    memo: Path | None, progress: Progress,
) -> RebuildReport:
    writer = BuildWriter(folder, attributes)
    failed, losses = [], []
    to_read = set(plan.read)
    for number, (path, slug) in enumerate(plan.slugs.items()):
        progress("Lecture des documents", number, len(plan.slugs))
        digest = plan.digests[path].digest
        found: tuple[Document, list[Passage]] | None = None
        if path in to_read:
            try:
                document = read_document(corpus, path, slug=slug)
                found = document, chunk_document(document, max_chars=max_chars)
            except AssistantError as error:
                found = database.read_document(old, old_slugs[path]) if old and path in old_slugs else None
                kept = " La version indexée auparavant reste consultable." if found else ""
                failed.append(FileReport(path, f"{error}{kept}"))
        elif old is not None:
            found = database.read_document(old, slug)
        if found is not None:
            writer.document(*found, digest)
            losses += [FileReport(path, loss) for loss in found[0].losses]
    writer.finish()
    embedded = write_rankings(writer, folder, encoder, memo, progress)
    return RebuildReport(
        skipped=tuple(FileReport(p, r) for p, r in sorted(plan.skipped.items())),
        failed=tuple(failed), losses=tuple(losses), embedded=embedded, passages=len(writer.keys["passages"]),
    )
