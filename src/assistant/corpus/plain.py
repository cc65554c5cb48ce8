"""Plain text files, in any common encoding."""

from __future__ import annotations

import re
from pathlib import Path

from charset_normalizer import from_bytes

from assistant.corpus.draft import Draft, prose
from assistant.domain import Section
from assistant.errors import UnreadableDocumentError
from assistant.text import clean, squeeze


def decode(data: bytes, path: Path) -> str:
    """Return the text of *data*: UTF-8 if it is, else the likeliest encoding.

    Raises:
        UnreadableDocumentError: The bytes are not text.
    """
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = f"Le fichier « {path.name} » n'est pas du texte : vérifiez son extension."
        raise UnreadableDocumentError(message, path=path)
    try:
        return clean(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        best = from_bytes(data).best()
    if best is None:
        message = (
            f"L'encodage du fichier « {path.name} » n'est pas reconnu : "
            "enregistrez-le en UTF-8, puis relancez « assistant index »."
        )
        raise UnreadableDocumentError(message, path=path)
    return clean(str(best))


def read(path: Path) -> Draft:
    """Read a text file: paragraphs are parted by blank lines."""
    text = decode(path.read_bytes(), path)
    paragraphs = [squeeze(p) for p in re.split(r"\n\s*\n", text)]
    return Draft(sections=[Section(None, prose([p for p in paragraphs if p]))])
