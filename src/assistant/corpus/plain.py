"""Plain text files, in any common encoding."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from assistant.corpus.draft import Draft, Job, prose
from assistant.corpus.signature import refuse_foreign
from assistant.domain import Section
from assistant.errors import UnreadableDocumentError
from assistant.text import clean, squeeze

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Beyond ASCII, all that French is written with.
_FRENCH = frozenset("àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ«»’‘“”…–—€°²³§\u00a0·•×÷½¼¾±µ£©®™")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
# Enough to recognise an encoding by; the detector's time grows with what it is given.
_SAMPLE = 200_000


def _mended(data: bytes) -> str | None:
    """Decode UTF-8 into which a few Windows-1252 bytes were pasted; None if it is not that."""
    text = data.decode("utf-8", "surrogateescape")
    strays = sum("\udc80" <= c <= "\udcff" for c in text)
    valid = sum(c > "\x7f" for c in text) - strays
    if strays > valid:
        return None
    return re.sub("[\udc80-\udcff]", lambda m: bytes([ord(m[0]) - 0xDC00]).decode("cp1252", "replace"), text)


def _western(data: bytes) -> str | None:
    """Decode French by the one-byte encoding that makes most accents of it, None if none does."""
    candidates = []
    for encoding in ("cp1252", "mac_roman", "cp850"):
        text = data.decode(encoding, "replace")
        if all(c in _FRENCH for c in set(text) if c > "\x7f"):
            candidates.append(text)
    return max(candidates, key=lambda text: sum(map(text.count, "éèêàùçâîôû")), default=None)


def _guess(data: bytes) -> str | None:
    """Decode bytes that are not UTF-8 by the likeliest encoding."""
    from charset_normalizer import from_bytes

    if not data.startswith(_UTF16):
        known = _mended(data) or _western(data)
        if known is not None:
            return known
    best = from_bytes(data[:_SAMPLE]).best()
    return data.decode(best.encoding, "replace") if best else None


def _unmarked_utf16(data: bytes) -> str | None:
    """Decode UTF-16 without its mark: in Western text, every second byte is null."""
    half = len(data) // 2
    for encoding, nulls in (("utf-16-le", data[1::2]), ("utf-16-be", data[0::2])):
        if half > 8 and nulls.count(0) > half * 0.8:
            return data.decode(encoding, "replace")
    return None


def _text(data: bytes, path: Path) -> str | None:
    """Return the text of *data*, None if it is none."""
    if data.startswith(_UTF16) or data.count(0) * 1_000 <= len(data):
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = _guess(data)
        if text is None:
            message = (
                f"L'encodage du fichier « {path.name} » n'est pas reconnu : "
                "enregistrez-le en UTF-8, puis relancez « assistant index »."
            )
            raise UnreadableDocumentError(message, path=path)
        return text
    return _unmarked_utf16(data)


def decode(data: bytes, path: Path, kind: str = "texte") -> str:
    """Return the text of *data*: UTF-8 if it is, else the likeliest encoding.

    Args:
        data: The bytes of the file.
        path: For the error.
        kind: "texte", or "page" where HTML is expected.

    Raises:
        UnreadableDocumentError: The bytes are not text, or plainly of another kind.
    """
    refuse_foreign(data, path, kind)
    text = _text(data, path)
    # A text holds no control characters; one in fifty is data that happens to decode.
    if text is None or len(_CONTROLS.findall(text)) > len(text) // 50:
        message = f"Le fichier « {path.name} » n'est pas du texte : vérifiez son contenu et son extension."
        raise UnreadableDocumentError(message, path=path)
    return clean(text)


def read(job: Job) -> Draft:
    """Read a text file: paragraphs are parted by blank lines.

    Raises:
        UnreadableDocumentError: The bytes are not text.
    """
    text = decode(job.path.read_bytes(), job.path)
    paragraphs = [squeeze(p) for p in re.split(r"\n[ \u00a0]*\n", text)]
    return Draft(sections=[Section(None, prose(p for p in paragraphs if p))])
