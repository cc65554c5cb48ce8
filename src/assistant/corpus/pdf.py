"""PDF files, page by page."""

from __future__ import annotations

import re
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from assistant.corpus.draft import Draft, prose
from assistant.domain import Section
from assistant.errors import UnreadableDocumentError
from assistant.text import clean, squeeze

_HYPHEN = re.compile(r"(?<=[a-zà-ÿ])-\n(?=[a-zà-ÿ])")


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a page: blank lines, or a line that ends a sentence early."""
    text = _HYPHEN.sub("", clean(text))
    found: list[list[str]] = [[]]
    for line in text.split("\n"):
        if not line.strip():
            found.append([])
            continue
        found[-1].append(line.strip())
    return [squeeze(" ".join(lines)) for lines in found if lines]


def read(path: Path) -> Draft:
    """Read a PDF; pages without text are named in ``losses``.

    Raises:
        UnreadableDocumentError: The file is damaged or needs a password.
    """
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            message = (
                f"Le PDF « {path.name} » est protégé par un mot de passe : "
                "enregistrez-en une copie sans protection, puis relancez « assistant index »."
            )
            raise UnreadableDocumentError(message, path=path)
        title = str(reader.metadata.title) if reader.metadata and reader.metadata.title else None
        pages = [page.extract_text() for page in reader.pages]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, AssertionError) as error:
        # pypdf meets malformed files with any of these (its docs/user/robustness.md).
        message = (
            f"Le PDF « {path.name} » est endommagé et n'a pas pu être lu : "
            "ouvrez-le puis enregistrez-le de nouveau, ou remplacez-le."
        )
        raise UnreadableDocumentError(message, path=path) from error
    draft = Draft(title=squeeze(clean(title)) if title else None)
    empty = []
    for number, text in enumerate(pages, 1):
        sentences = prose(_paragraphs(text))
        if sentences:
            draft.sections.append(Section(None, sentences, page=number))
        else:
            empty.append(number)
    if empty:
        listed = ", ".join(map(str, empty[:20])) + ("…" if len(empty) > 20 else "")
        draft.losses.append(f"Pages sans texte : {listed}.")
    return draft
