"""Footnotes, read as primary sources."""

from __future__ import annotations

import re

from assistant.domain import Source
from assistant.text import squeeze

ADDRESS = re.compile(r"<(https?://[^>\s]+)>|(https?://\S+)")
_ISO_DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
# A year, or year and month, only where the date stands: last, after the title's full stop.
_COARSE_DATE = re.compile(r"[.;]\s+(\d{4}(?:-(?:0[1-9]|1[0-2]))?)[\s.]*$")


def source_of(label: str, text: str) -> Source:
    """Read a footnote: title and publisher, then date, then address.

    The date is as precise as the footnote gives it: "2026-01-16", "2026-01" or "2026".
    """
    address = ADDRESS.search(text)
    url = (address[1] or address[2].rstrip(".,;)")) if address else None
    rest = squeeze(re.sub(r"\b(?:sans date|sans adresse)\b[\s.]*", "", ADDRESS.sub("", text)))
    date = _ISO_DATE.search(rest) or _COARSE_DATE.search(rest)
    title = f"{rest[: date.start()]} {rest[date.end() :]}" if date else rest
    title = re.sub(r"([.,;])(?:\s+[.,;])+", r"\1", squeeze(title))
    title = re.sub(r"(?:[\s,]*[.,;])+\s*$", "", title)
    return Source(label, title or label, url, date[1] if date else None)
