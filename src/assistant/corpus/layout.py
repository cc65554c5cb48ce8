"""From the lines of a printed page to its paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assistant.text import clean, fold, squeeze

# Latin ligatures of the Alphabetic Presentation Forms block, which PDF fonts map letters to.
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_HYPHENATED = re.compile(r"(?<=[a-zà-ÿœæ])[-\u2010\u00ad]$")
_NUMBER = re.compile(r"\d+")
# A line that is a page number whatever the other pages say.
_FOLIO = re.compile(
    r"(?:p(?:age|\.)?\s*)?[-–—|]?\s*(\d{1,4})\s*(?:(?:/|sur|de|of)\s*\d{1,4})?\s*[-–—|]?", re.IGNORECASE
)
_ITEM = re.compile(r"(?:[•●▪■◦‣\uf0b7\uf0a7»➢✓→–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)°])\s+\S")
_ENDS = re.compile(r"[.!?…:;][\u00a0\u202f ]?[»”\")\]]*$")
# How many lines at the top and at the foot of a page may be a running head or foot.
_EDGE = 4
# A paragraph's last line is shorter than the others; justified text fills nine tenths or more.
_SHORT = 0.85
# Runs of page numbers that one sentence lists.
_SHOWN = 20


def lines_of(text: str) -> list[str]:
    """Return the lines of a page, ligatures undone and spaces squeezed; blank ones are ""."""
    text = _SURROGATE.sub("\ufffd", text).replace("\u00ad\n", "-\n").translate(_LIGATURES)
    return [squeeze(line) for line in clean(text).split("\n")]


def _edges(lines: Sequence[str]) -> list[int]:
    """Return where the first and last lines of a page are that bear text."""
    filled = [at for at, line in enumerate(lines) if line]
    return list(dict.fromkeys(filled[:_EDGE] + filled[-_EDGE:]))


def _keys(line: str, page: int) -> list[str]:
    """Return what a running line has in common with its like on other pages.

    The line itself, or the line less a number that grows as the pages do: "Rapport – 12" on
    page 10 and "Rapport – 13" on page 11 share a key, "Article 1" and "Article 2" on two pages
    that are further apart do not.
    """
    folded = fold(line)
    numbers = [m for m in list(_NUMBER.finditer(folded))[:6] if len(m[0]) <= 5]
    return [folded, *(f"{folded[: m.start()]}#{int(m[0]) - page}#{folded[m.end() :]}" for m in numbers)]


def without_running_lines(pages: Sequence[list[str]]) -> list[list[str]]:
    """Remove heads and feet that are repeated from page to page, and page numbers.

    A repeated line stays where it stands first, as a paragraph of its own: it may be the title.
    """
    counts: Counter[str] = Counter()
    for number, lines in enumerate(pages, 1):
        counts.update({key for at in _edges(lines) for key in _keys(lines[at], number)})
    filled = sum(any(lines) for lines in pages)
    enough = max(3, filled * 2 // 5)
    seen: set[str] = set()
    kept = []
    for number, lines in enumerate(pages, 1):
        dropped = set()
        apart = set()
        edges = _edges(lines)
        for at in edges:
            keys = [key for key in _keys(lines[at], number) if counts[key] >= enough]
            folio = _FOLIO.fullmatch(lines[at])
            first = bool(keys) and keys[0] == fold(lines[at]) and keys[0] not in seen
            outermost = at in {edges[0], edges[-1], max(edges)}
            if (keys and not first) or (folio and outermost and int(folio[1]) == number):
                dropped.add(at)
            elif first:
                apart.add(at)
            seen.update(keys)
        page: list[str] = []
        for at, line in enumerate(lines):
            if at in dropped:
                continue
            above = [""] if at in apart and any(page) else []
            below = [""] if at in apart and at != edges[-1] else []
            page += [*above, line, *below]
        kept.append(page)
    return kept


def _parts(before: str, line: str, width: float) -> bool:
    """Tell whether *line* begins a paragraph after *before*."""
    if _ITEM.match(line):
        return True
    if _HYPHENATED.search(before) and line[:1].islower():
        return False
    if _ENDS.search(before):
        return len(before) < width * _SHORT
    # A heading: a short line that ends without a stop, before a capital or a number.
    starts = line[:1].isupper() or line[:1].isdigit() or line[:1] in "«“"
    return starts and len(before) < width * 0.6


def _join(before: str, line: str) -> str:
    if _HYPHENATED.search(before) and line[:1].islower():
        return before[:-1] + line
    return f"{before} {line}"


def paragraphs_of(lines: Sequence[str]) -> list[str]:
    """Rebuild the paragraphs of a page from its lines; words cut at line ends are made whole."""
    lengths = sorted(len(line) for line in lines if line)
    if not lengths:
        return []
    # The width of the column: most lines reach it, a title or a table may pass it.
    width = lengths[min(len(lengths) - 1, len(lengths) * 9 // 10)]
    found: list[str] = []
    last = ""
    for line in lines:
        if not line:
            last = ""
        elif not last or _parts(last, line, width):
            found.append(line)
            last = line
        else:
            found[-1] = _join(found[-1], line)
            last = line
    return found


def listed(numbers: list[int]) -> str:
    """Return page numbers as a reader sees them ("3, 5 à 9")."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [str(r[0]) if len(r) == 1 else f"{r[0]} à {r[-1]}" for r in runs]
    return ", ".join(words[:_SHOWN]) + ("…" if len(words) > _SHOWN else "")
