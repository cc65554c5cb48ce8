"""How much one file may ask of the machine before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may not pass; each refusal names the limit.

    The values leave room for the largest documents that an administration publishes (a state
    budget is 2,000 pages and 60 MB) and stop the hostile ones.

    Attributes:
        max_bytes: Size of a file on disk.
        max_text_bytes: Size of a Markdown or text file: ten times a long novel.
        at_once: Size up to which a text is read in the calling process: the slowest Markdown known
            (nothing but opening brackets) takes under ten seconds at this size, a real fiche is a
            third of it. 0 for a text that must be read apart whatever its size.
        max_pages: Pages of a PDF.
        max_ocr_pages: Pages of one PDF that are read by optical recognition, about 5 s each.
        max_unpacked: Bytes that a DOCX or ODT may hold once unpacked.
        max_ratio: Unpacked over packed size, which real documents keep under 50; looked at
            from 16 MB on, since small files of blanks pass it innocently.
        max_depth: Elements inside elements.
        max_characters: Length of the text that one file may give.
        stall_s: Seconds that a reading may last without getting on (a page counts as progress).
        total_s: Seconds that a reading may last in all.
        memory: Address space of the process that reads, in bytes.
    """

    max_bytes: int = 200 * MEBIBYTE
    max_text_bytes: int = 20 * MEBIBYTE
    at_once: int = 256 * 1024
    max_pages: int = 5_000
    max_ocr_pages: int = 300
    max_unpacked: int = 400 * MEBIBYTE
    max_ratio: int = 200
    max_depth: int = 1_000
    max_characters: int = 30_000_000
    stall_s: float = 30.0
    total_s: float = 600.0
    memory: int = 2048 * MEBIBYTE


DEFAULT_LIMITS = Limits()
RATIO_FROM = 16 * MEBIBYTE


def megabytes(size: int) -> str:
    """Return *size* as a French reader sees it ("2 048 Mo")."""
    return f"{max(1, round(size / MEBIBYTE)):,}".replace(",", "\u202f") + "\u00a0Mo"
