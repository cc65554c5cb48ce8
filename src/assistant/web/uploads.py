"""Documents added to the corpus, replaced in it and removed from it through the page.

What comes in is judged before it is accepted: its name, its format, its size, and whether the
confined reader can read it. It then takes its place by one rename. What goes out is put aside in a
hidden folder of the corpus, which is not indexed: nothing is destroyed from the page.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import shutil
import tempfile
import threading
import time
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import anyio

from assistant.corpus import DEFAULT_LIMITS, FORMATS, read_document, scan
from assistant.corpus.formats import known_formats
from assistant.corpus.scan import questions_file
from assistant.domain import Document
from assistant.errors import CorpusError

MAX_BYTES = 50 * (1 << 20)
"""A state report of a thousand pages weighs half of this; larger files go through the folder."""
ASIDE = ".corbeille"
_WAITING = ".depot-"
_OLD_S = 3600.0
# Read apart whatever its size. Recognising a whole scanned file is the rebuild's work: a few pages
# tell whether there is text at all.
_LIMITS = dataclasses.replace(DEFAULT_LIMITS, max_bytes=MAX_BYTES, at_once=0, total_s=120.0, max_ocr_pages=3)
_MAX_NAME = 120
_NAME = re.compile(r"[\w](?:[\w .,'’()&+°-]*[\w)])?", re.UNICODE)
# Names that Windows keeps for devices: a corpus copied there could not be read.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_FOR_EDITORS = "readme.md"
_DISK = {
    errno.ENOSPC: "disque plein",
    errno.EACCES: "droits insuffisants",
    errno.EROFS: "disque en lecture seule",
}


class RefusedFileError(CorpusError):
    """The page may not put this file into the corpus, or take it out.

    Attributes:
        status: The HTTP status that says the same to a program.
    """

    def __init__(self, explanation: str, *, path: str, status: int) -> None:
        """Keep the French sentence, the file it is about, and the status."""
        super().__init__(explanation, path=path)
        self.status = status


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that is now part of the corpus.

    Attributes:
        path: Where it stands in the corpus.
        title: The title that it was read under.
        sentences: How many sentences were read.
        aside: Where the file that it replaces was put, or None.
    """

    path: str
    title: str
    sentences: int
    aside: str | None


def _shown(path: str) -> str:
    """Return what a sentence may repeat of a name that a visitor made up."""
    return "".join(c for c in path[:_MAX_NAME] if c.isprintable())


def checked_name(name: str) -> str:
    """Return *name* as the file will bear it.

    Raises:
        RefusedFileError: It is not a plain file name, or its format is not one that is read.
    """
    name = unicodedata.normalize("NFC", name)
    shown = _shown(name)
    stem, dot, suffix = name.rpartition(".")
    if f".{suffix.lower()}" not in FORMATS or not dot:
        message = (
            f"Le fichier « {shown} » a un format qui n’est pas lu (formats lus : {known_formats()}) : "
            "convertissez-le dans l’un d’eux."
        )
        raise RefusedFileError(message, path=shown, status=415)
    reserved = _DEVICES.fullmatch(stem.split(".")[0].strip()) or name.casefold() == _FOR_EDITORS
    # A file system counts bytes, 255 at most: a companion's longer extension needs room too.
    plain = _NAME.fullmatch(stem) is not None and len(name) <= _MAX_NAME
    if reserved or not plain or len(name.encode()) > 2 * _MAX_NAME:
        message = (
            f"Le nom « {shown} » ne convient pas : renommez le fichier avec des lettres, des chiffres, "
            f"des espaces ou des tirets, {_MAX_NAME} caractères au plus."
        )
        raise RefusedFileError(message, path=shown, status=422)
    return f"{stem}.{suffix.lower()}"


class Uploads:
    """What the page may do to the files of a corpus. Threads may share it."""

    def __init__(self, corpus: Path) -> None:
        """Work on the folder *corpus*."""
        self._corpus = corpus
        self._lock = threading.Lock()

    def folders(self) -> list[str]:
        """Return the folders that a document may be put into; "" is the corpus itself."""
        root = self._corpus.resolve()
        found = {""}
        for path in self._corpus.rglob("*"):
            relative = path.relative_to(self._corpus)
            hidden = any(p.startswith(".") for p in relative.parts)
            if not hidden and path.is_dir() and not path.is_symlink() and path.resolve().is_relative_to(root):
                found.add(relative.as_posix())
        return sorted(found)

    def held(self) -> set[str]:
        """Return the paths of the files that the corpus is made of."""
        return {f.path for f in scan(self._corpus)}

    async def add(self, path: str, body: AsyncIterator[bytes], *, confirmed: bool) -> Accepted:
        """Put the file *body* into the corpus as *path*.

        Args:
            path: Folder and name; the folder must exist.
            body: The bytes of the file.
            confirmed: Whether the visitor agrees to replace a file of that name.

        Raises:
            RefusedFileError: The name, format, size or content is refused, or a file of that name
                exists and *confirmed* is False.
        """
        target = await anyio.to_thread.run_sync(self._target, path)
        self._refuse_unconfirmed(target, confirmed=confirmed)
        with self._waiting(target.name) as file:
            await _receive(file, body)
            return await anyio.to_thread.run_sync(self._accept, file, target, confirmed)

    def remove(self, path: str) -> str:
        """Put the file *path* and its questions aside; return where.

        Raises:
            RefusedFileError: The corpus has no such file, or it cannot be moved.
        """
        with self._lock:
            if path not in self.held():
                shown = _shown(path)
                message = f"Le dossier ne contient pas, ou plus, « {shown} » : rechargez la page."
                raise RefusedFileError(message, path=shown, status=404)
            full = self._corpus / path
            questions = questions_file(full)
            with _told(path):
                folder = self._new_aside()
                if questions is not None:
                    questions.replace(folder / questions.name)
                full.replace(folder / full.name)
        return (folder / full.name).relative_to(self._corpus).as_posix()

    def _target(self, path: str) -> Path:
        """Return where *path* stands: an existing file's own spelling where one differs by case only."""
        if path in self.held():
            return self._corpus / path
        pure = PurePosixPath(path)
        folder = "" if str(pure.parent) == "." else str(pure.parent)
        if f"{folder}/{pure.name}".lstrip("/") != path or folder not in self.folders():
            shown = _shown(folder)
            message = f"Le dossier « {shown} » n’existe pas : choisissez-en un de la liste."
            raise RefusedFileError(message, path=shown, status=422)
        name = checked_name(pure.name)
        place = self._corpus / folder
        alike = (p for p in place.iterdir() if _same_name(p.name, name))
        return next(alike, place / name)

    def _refuse_unconfirmed(self, target: Path, *, confirmed: bool) -> None:
        if target.exists() and not confirmed:
            shown = target.relative_to(self._corpus).as_posix()
            message = f"Le dossier contient déjà « {shown} » : confirmez le remplacement, ou changez de nom."
            raise RefusedFileError(message, path=shown, status=409)

    @contextmanager
    def _waiting(self, name: str) -> Iterator[Path]:
        """Give a file of the corpus' own disk, hidden from the index, where the upload waits."""
        for old in self._corpus.glob(f"{_WAITING}*"):
            with suppress(OSError):
                if time.time() - old.stat().st_mtime > _OLD_S:
                    shutil.rmtree(old)
        with _told(name):
            folder = Path(tempfile.mkdtemp(prefix=_WAITING, dir=self._corpus))
        try:
            yield folder / name
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _accept(self, file: Path, target: Path, confirmed: bool) -> Accepted:  # noqa: FBT001 - by position, to a thread
        document = _read(file)
        path = target.relative_to(self._corpus).as_posix()
        with self._lock:
            self._refuse_unconfirmed(target, confirmed=confirmed)
            aside = None
            with _told(path):
                if target.exists():
                    # A copy, so that at every moment the corpus holds one version or the other.
                    aside = self._new_aside() / target.name
                    shutil.copy2(target, aside)
                file.replace(target)
        sentences = sum(len(s.sentences) for s in document.sections)
        where = aside.relative_to(self._corpus).as_posix() if aside else None
        return Accepted(path, document.title, sentences, where)

    def _new_aside(self) -> Path:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        folder = self._corpus / ASIDE / stamp
        folder.mkdir(parents=True)
        return folder


def _same_name(one: str, other: str) -> bool:
    """Tell whether some system would take the two names for one."""
    return unicodedata.normalize("NFC", one).casefold() == unicodedata.normalize("NFC", other).casefold()


async def _receive(file: Path, body: AsyncIterator[bytes]) -> None:
    """Write *body* to *file*, down to the disk.

    Raises:
        RefusedFileError: It is empty, too large, or cannot be written.
    """
    size = 0
    with _told(file.name), file.open("xb") as stream:
        async for chunk in body:
            size += len(chunk)
            if size > MAX_BYTES:
                break
            await anyio.to_thread.run_sync(stream.write, chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if size > MAX_BYTES:
        message = (
            f"Le fichier « {file.name} » pèse plus de {MAX_BYTES >> 20}\u00a0Mo : divisez-le, ou demandez à "
            "l’administrateur de le déposer dans le dossier."
        )
        raise RefusedFileError(message, path=file.name, status=413)


def _read(file: Path) -> Document:
    """Return what the confined reader makes of *file*.

    Raises:
        RefusedFileError: It cannot be read.
    """
    try:
        return read_document(file.parent, file.name, limits=_LIMITS)
    except CorpusError as error:
        raise RefusedFileError(str(error), path=file.name, status=422) from error


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn what the disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        reason = _DISK.get(error.errno or 0, "erreur du disque")
        message = (
            f"Le fichier « {path} » n’a pas pu être enregistré ({reason}) : "
            "demandez à l’administrateur de vérifier les droits et l’espace libre du dossier."
        )
        raise RefusedFileError(message, path=path, status=507) from error
