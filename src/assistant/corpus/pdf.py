"""PDF files, page by page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError

from assistant.corpus.columns import Piece, untangled
from assistant.corpus.draft import Draft, Job, prose
from assistant.corpus.layout import lines_of, listed, paragraphs_of, without_running_lines
from assistant.corpus.signature import refuse_foreign
from assistant.domain import Section
from assistant.errors import UnreadableDocumentError
from assistant.text import clean, fold, squeeze

_MAX_BOOKMARKS = 5_000


def _damaged(path: Path) -> UnreadableDocumentError:
    message = (
        f"Le PDF « {path.name} » est endommagé et n'a pas pu être lu : "
        "ouvrez-le puis enregistrez-le de nouveau, ou remplacez-le."
    )
    return UnreadableDocumentError(message, path=path)


def _without_prefix(path: Path, start: bytes) -> io.BytesIO:
    """Return the file less what a server or a mail program put before it: offsets count from "%PDF-"."""
    return io.BytesIO(path.read_bytes()[start.index(b"%PDF-") :])


def _open(job: Job) -> tuple[PdfReader, int]:
    """Return the reader and the number of pages.

    Raises:
        UnreadableDocumentError: Not a PDF, damaged, locked, or with too many pages.
    """
    path = job.path
    with path.open("rb") as stream:
        start = stream.read(1024)
    refuse_foreign(start, path, "pdf")
    if b"%PDF-" not in start:
        raise _damaged(path)
    try:
        reader = PdfReader(path if start.startswith(b"%PDF-") else _without_prefix(path, start))
        locked = reader.is_encrypted and not reader.decrypt("")
        job.tick()
        count = 0 if locked else len(reader.pages)
    except MemoryError:
        raise
    except DependencyError as error:
        message = (
            f"Le PDF « {path.name} » est chiffré par un procédé que cette installation ne lit pas : "
            "enregistrez-en une copie sans protection, puis relancez « assistant index »."
        )
        raise UnreadableDocumentError(message, path=path) from error
    except Exception as error:
        # pypdf meets malformed files with almost any exception (its docs/user/robustness.md).
        raise _damaged(path) from error
    if locked:
        message = (
            f"Le PDF « {path.name} » est protégé par un mot de passe : "
            "enregistrez-en une copie sans protection, puis relancez « assistant index »."
        )
        raise UnreadableDocumentError(message, path=path)
    if count > job.limits.max_pages:
        message = (
            f"Le PDF « {path.name} » a {count} pages, plus que la limite de {job.limits.max_pages} : "
            "divisez-le en plusieurs fichiers, puis relancez « assistant index »."
        )
        raise UnreadableDocumentError(message, path=path)
    return reader, count


def _metadata(reader: PdfReader, name: str) -> str | None:
    """Return a property of the document; one that cannot be read counts as absent."""
    try:
        value = getattr(reader.metadata, name, None)
        return squeeze(clean(str(value))) or None if value else None
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - see _open
        return None


def _bookmarks(reader: PdfReader) -> dict[int, list[str]]:
    """Return page number -> titles of the bookmarks that lead there."""
    found: dict[int, list[str]] = {}

    def walk(items: list[Any], parent: str | None) -> Iterator[tuple[int, str]]:
        title = None
        for item in items:
            if isinstance(item, list):
                yield from walk(item, parent or title)
                continue
            title = squeeze(clean(str(item.title)))
            page = reader.get_destination_page_number(item)
            if title and page is not None and page >= 0:
                yield page + 1, f"{parent} > {title}" if parent else title

    try:
        for number, (page, title) in enumerate(walk(list(reader.outline), None)):
            if number >= _MAX_BOOKMARKS:
                break
            found.setdefault(page, []).append(title)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - bookmarks help; a document without good ones is read all the same
        return {}
    return found


def _letters(text: str) -> str:
    return re.sub(r"\W", "", fold(text))


class _Headings:
    """Gives each paragraph the bookmark that it stands under."""

    def __init__(self, bookmarks: dict[int, list[str]]) -> None:
        self._bookmarks = bookmarks
        self._current: str | None = None

    def sections(self, page: int, paragraphs: list[str]) -> Iterator[Section]:
        """Yield the sections of a page."""
        waiting = {_letters(t.rpartition(" > ")[2]): t for t in self._bookmarks.get(page, [])}
        gathered: list[str] = []
        for paragraph in paragraphs:
            title = waiting.pop(_letters(paragraph), None) if len(paragraph) < 300 else None
            if title is None:
                gathered.append(paragraph)
                continue
            if gathered:
                yield Section(self._current, prose(gathered), page=page)
            gathered = []
            self._current = title
        if gathered:
            yield Section(self._current, prose(gathered), page=page)
        if waiting:
            # Bookmarked, but not found among the lines: true from the next page on.
            self._current = list(waiting.values())[-1]


def _text(page: PageObject) -> str:
    """Return the text of a page; columns that the file goes across are put one after the other."""
    pieces: list[Piece] = []

    def note(text: str, page_matrix: list[float], text_matrix: list[float], *_: Any) -> None:
        # Where the text begins, by the two matrices (ISO 32000-1, 9.4.4); turned text is not judged.
        a, b, c, d, e, f = page_matrix[:6]
        x, y = text_matrix[4], text_matrix[5]
        pieces.append(Piece(x * a + y * c + e, x * b + y * d + f, text))

    text = page.extract_text(visitor_text=note)
    return untangled(pieces) or text


def _texts(reader: PdfReader, count: int, job: Job) -> tuple[list[list[str]], list[int]]:
    """Return the lines of each page, and the pages that could not be read."""
    pages: list[list[str]] = []
    broken: list[int] = []
    size = 0
    for number in range(count):
        try:
            text = _text(reader.pages[number])
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - one bad page is named, the others are read
            broken.append(number + 1)
            text = ""
        size += len(text)
        if size > job.limits.max_characters:
            message = (
                f"Le PDF « {job.path.name} » contient plus de {job.limits.max_characters} caractères : "
                "divisez-le en plusieurs fichiers, puis relancez « assistant index »."
            )
            raise UnreadableDocumentError(message, path=job.path)
        pages.append(lines_of(text))
        job.tick()
    return pages, broken


def read(job: Job) -> Draft:
    """Read a PDF; pages without text are named in ``scanned``.

    Raises:
        UnreadableDocumentError: The file is damaged, needs a password or passes a limit.
    """
    reader, count = _open(job)
    pages, broken = _texts(reader, count, job)
    if count and len(broken) == count:
        raise _damaged(job.path)
    draft = Draft(title=_metadata(reader, "title"), author=_metadata(reader, "author"))
    headings = _Headings(_bookmarks(reader))
    for number, lines in enumerate(without_running_lines(pages), 1):
        sections = list(headings.sections(number, paragraphs_of(lines)))
        draft.sections += sections
        if not any(section.sentences for section in sections) and number not in broken:
            draft.scanned.append(number)
        job.tick()
    if broken:
        draft.losses.append(f"Pages endommagées, non lues : {listed(broken)}.")
    return draft
