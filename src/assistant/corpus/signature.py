"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import UnreadableDocumentError

# First bytes, the French name, and the kind of file that may rightly begin so.
_SIGNATURES = (
    (b"%PDF-", "un PDF", "pdf"),
    (b"PK\x03\x04", "une archive ZIP (ou un DOCX, un ODT)", "archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "un ancien document Office ou un document Office protégé", ""),
    (b"{\\rtf", "un document RTF", ""),
    (b"\x89PNG\r\n", "une image PNG", ""),
    (b"\xff\xd8\xff", "une image JPEG", ""),
    (b"GIF8", "une image GIF", ""),
    (b"II*\0", "une image TIFF", ""),
    (b"MM\0*", "une image TIFF", ""),
    (b"\x1f\x8b", "un fichier compressé (gzip)", ""),
    (b"7z\xbc\xaf\x27\x1c", "une archive 7z", ""),
    (b"Rar!", "une archive RAR", ""),
    (b"\x7fELF", "un programme", ""),
    (b"SQLite format 3\0", "une base SQLite", ""),
    (b"%!PS", "un document PostScript", ""),
)
_PAGE = (b"<!doctype html", b"<html")


def refuse(path: Path, name: str) -> UnreadableDocumentError:
    """Return the error of a file that is *name* whatever its extension says."""
    message = (
        f"Le fichier « {path.name} » n'est pas ce que dit son extension, c'est {name} : "
        "renommez-le, ou enregistrez-le dans un format qui est lu."
    )
    return UnreadableDocumentError(message, path=path)


def refuse_foreign(data: bytes, path: Path, kind: str) -> None:
    """Refuse a file that plainly is of another kind than its extension says.

    Raises:
        UnreadableDocumentError: The first bytes are those of another kind.
    """
    for start, name, rightful in _SIGNATURES:
        if kind != rightful and data.startswith(start):
            raise refuse(path, name)
    if kind != "page" and data[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_PAGE):
        raise refuse(path, "une page HTML")
