"""Columns of a page whose file goes across both, line after line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_SAME_LINE = 2.5
"""Points by which two pieces on one line may differ in height."""
_SAME_EDGE = 6.0
"""Points by which the lines of a column may begin apart: indents, and letters that hang out."""
_LINES = 5
"""Fewer lines side by side than these are a table, a letterhead, a signature."""
_PROSE = 20
"""Characters of an ordinary line of a column; the cells of a table are shorter."""
_GAP = 1.6
"""Times the ordinary distance between lines: more is the space between two paragraphs."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text as the file draws it, and where it begins, in points from the lower left."""

    x: float
    y: float
    text: str


def untangled(pieces: Sequence[Piece]) -> str | None:
    """Return the text of a page, one column after the other, if its file goes across two columns.

    Most files write a column whole, then the next: they are left as they are, and so are tables.
    None means that there is nothing to untangle.
    """
    lines = _lines([p for p in pieces if p.text.strip()])
    both = [at for at, line in enumerate(lines) if len(line) == 2]
    if len(both) < _LINES:
        return None
    left = median(lines[at][0].x for at in both)
    right = median(lines[at][1].x for at in both)
    both = [at for at in both if _begins(lines[at][0], left) and _begins(lines[at][1], right)]
    if len(both) < _LINES or not all(
        median(len(lines[at][side].text.strip()) for at in both) >= _PROSE for side in (0, 1)
    ):
        return None
    first, last = both[0], both[-1]
    # What follows in either column alone belongs to it: columns are seldom equally long.
    while last + 1 < len(lines) and len(lines[last + 1]) == 1 and _follows(lines, last, left, right):
        last += 1
    body = [piece for line in lines[first : last + 1] for piece in line]
    if any(not _begins(p, left) and not _begins(p, right) for p in body):
        return None
    columns = [[p for p in body if _begins(p, edge)] for edge in (left, right)]
    before = [" ".join(p.text.strip() for p in line) for line in lines[:first]]
    after = [" ".join(p.text.strip() for p in line) for line in lines[last + 1 :]]
    return "\n".join([*before, *_spaced(columns[0]), *_spaced(columns[1]), *after])


def _lines(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Group the pieces that follow each other on one line, from left to right."""
    found: list[list[Piece]] = []
    for piece in pieces:
        last = found[-1][-1] if found else None
        if last is not None and abs(last.y - piece.y) <= _SAME_LINE and piece.x > last.x:
            found[-1].append(piece)
        else:
            found.append([piece])
    return found


def _begins(piece: Piece, edge: float) -> bool:
    return abs(piece.x - edge) <= _SAME_EDGE


def _follows(lines: Sequence[Sequence[Piece]], at: int, left: float, right: float) -> bool:
    """Tell whether the line after *at* goes on in a column, at no more than a paragraph's distance."""
    piece, before = lines[at + 1][0], lines[at][0]
    leading = abs(lines[at - 1][0].y - before.y) or abs(piece.y - before.y)
    near = 0 < before.y - piece.y <= 2 * _GAP * leading
    return near and (_begins(piece, left) or _begins(piece, right))


def _spaced(column: Sequence[Piece]) -> list[str]:
    """Return the lines of a column, blank ones where paragraphs stand apart."""
    steps = [a.y - b.y for a, b in pairwise(column)]
    ordinary = median(steps) if steps else 0.0
    found: list[str] = []
    for at, piece in enumerate(column):
        if at and steps[at - 1] > _GAP * ordinary:
            found.append("")
        found.append(piece.text.strip())
    return found
