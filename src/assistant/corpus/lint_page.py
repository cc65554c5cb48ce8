"""A Markdown document of the dossier, with the line of everything that may be wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from assistant.corpus.markdown import FRONT_MATTER, front_matter
from assistant.corpus.plain import decode
from assistant.corpus.scan import scan
from assistant.errors import UnreadableDocumentError
from assistant.text import fold, squeeze

_HEADING = re.compile(r"(#{1,6})[ ]+(.*?)[ #]*$")
_MARK = re.compile(r"\[\^[^\]\s]+\]")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_SEPARATOR = re.compile(r"\|?[ :|-]+\|?")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to put right.

    Attributes:
        path: Path in the corpus folder, with forward slashes.
        line: Line of the file, from 1; None where no one line is to blame.
        sentence: In French: what is wrong, and what to do.
    """

    path: str
    line: int | None
    sentence: str


@dataclass(frozen=True)
class Page:
    """A document whose front matter says that it is of the dossier."""

    path: str
    meta: dict[str, Any]
    lines: tuple[str, ...]
    first: int

    @property
    def is_fiche(self) -> bool:
        """Whether it is about one provider."""
        return self.meta.get("type") == "fiche"

    def problem(self, sentence: str, line: int | None = None) -> Problem:
        """Return *sentence* as a problem of this document."""
        return Problem(self.path, line, sentence)

    def line_of(self, key: str) -> int:
        """Return the line of a key of the front matter."""
        pattern = re.compile(rf"[\"']?{re.escape(key)}[\"']?[ ]*:")
        return next((n for n, line in enumerate(self.lines[: self.first], 1) if pattern.match(line)), 1)

    @cached_property
    def body(self) -> tuple[tuple[int, str], ...]:
        """The lines after the front matter, numbered, without blocks of code."""
        kept, fence = [], ""
        for number, line in enumerate(self.lines[self.first :], self.first + 1):
            mark = _FENCE.match(line)
            if mark and (not fence or mark[1].startswith(fence)):
                fence = "" if fence else mark[1]
            elif not fence:
                kept.append((number, line))
        return tuple(kept)

    @cached_property
    def headings(self) -> tuple[tuple[int, int, str], ...]:
        """Line, level and text of each heading, apostrophes made plain."""
        matches = ((number, _HEADING.match(line)) for number, line in self.body)
        return tuple((number, len(m[1]), squeeze(m[2]).replace("’", "'")) for number, m in matches if m)

    def table_under(self, heading: str) -> list[tuple[int, str, str]]:
        """Return line, name and value of each row of the two-column table under *heading*."""
        rows, inside = [], False
        for number, line in self.body:
            match = _HEADING.match(line)
            if match:
                inside = fold(match[2]).startswith(fold(heading))
            elif inside and line.lstrip().startswith("|") and not _SEPARATOR.fullmatch(line.strip()):
                cells = [squeeze(c) for c in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
                if len(cells) == 2:
                    rows.append((number, cells[0], cells[1]))
        return rows[1:]

    @staticmethod
    def without_marks(text: str) -> str:
        """Return *text* without its footnote marks."""
        return squeeze(_MARK.sub("", text))


def pages_of(corpus: Path, found: list[Problem]) -> list[Page]:
    """Return the dossier's documents; those that cannot be read are added to *found*."""
    pages = []
    for file in scan(corpus):
        path = corpus / file.path
        if path.suffix.lower() not in {".md", ".markdown"}:
            continue
        try:
            text = decode(path.read_bytes(), path)
            meta, _ = front_matter(text, path)
        except UnreadableDocumentError as error:
            found.append(Problem(file.path, 1, str(error)))
            continue
        except OSError:
            continue  # indexing says which files cannot be opened
        if "titre" in meta or "type" in meta:
            head = FRONT_MATTER.match(text)
            first = text[: head.end()].count("\n") if head else 0
            pages.append(Page(file.path, meta, tuple(text.split("\n")), first))
    return pages
