"""An answer cut into the blocks that the page streams, exports and lets one cite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from assistant.domain import Answer

_MARKERS = re.compile(r"\[(\d{1,3})\]")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_HEADING = re.compile(r"^\s*#{1,6}\s+")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list item, a heading or the place of the table.

    Attributes:
        text: The text with its ``[n]`` markers and ``**bold**``; empty for the table.
        citations: The numbers that the text cites, each once, in order.
    """

    kind: Literal["paragraph", "item", "heading", "table"]
    text: str
    citations: tuple[int, ...] = ()


def cited(text: str) -> tuple[int, ...]:
    """Return the citation numbers in *text*, each once, in order."""
    return tuple(dict.fromkeys(int(n) for n in _MARKERS.findall(text)))


def without_markers(text: str) -> str:
    """Return *text* without ``[n]`` markers and bold."""
    return re.sub(r"\s*\[\d{1,3}\]", "", text).replace("**", "").strip()


def blocks_of(answer: Answer) -> tuple[Block, ...]:
    """Return the blocks of *answer*, the table once, where its Markdown stands.

    The table itself is read from ``answer.table``, whose cells need no parsing.
    """
    found: list[Block] = []
    paragraph: list[str] = []

    def close() -> None:
        if paragraph:
            text = " ".join(paragraph)
            found.append(Block("paragraph", text, cited(text)))
            paragraph.clear()

    for line in answer.answer.splitlines():
        if not line.strip():
            close()
        elif line.lstrip().startswith("|") and answer.table:
            close()
            if not any(b.kind == "table" for b in found):
                found.append(Block("table", ""))
        elif marked := _HEADING.match(line) or _ITEM.match(line):
            close()
            text = line[marked.end() :].strip()
            found.append(Block("heading" if _HEADING.match(line) else "item", text, cited(text)))
        else:
            paragraph.append(line.strip())
    close()
    if answer.table and not any(b.kind == "table" for b in found):
        found.append(Block("table", ""))
    return tuple(found)
