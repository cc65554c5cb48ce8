"""What a format's reader gives back, before it becomes a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assistant.corpus.limits import DEFAULT_LIMITS, Limits
from assistant.domain import Section, Sentence, Source
from assistant.text import clean, split_sentences, squeeze

# A paragraph beyond this is cut before it is split into sentences: no writer makes one, and a
# megabyte on one line must not cost more than a megabyte on many.
_LONG = 2_000
_CUT = re.compile(r"(?<=[\wà-ÿ»)][.!?…])[ \n]+(?=[A-ZÀ-ÖØ-Þ«])")


@dataclass
class Draft:
    """The parts of a document that its file states; the rest has defaults.

    Attributes:
        scanned: Pages that bear no text; optical recognition may fill them in.
    """

    title: str | None = None
    type: str | None = None
    author: str | None = None
    updated: str | None = None
    provider: str | None = None
    assistant: str | None = None
    aliases: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read, and how.

    Attributes:
        tick: Called whenever the reading gets on: a page, a table, a thousand elements.
    """

    path: Path
    limits: Limits = DEFAULT_LIMITS
    tick: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and where footnote marks stand in it.

    Attributes:
        marks: Offset and label of each mark, in order.
    """

    text: str
    marks: tuple[tuple[int, str], ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Every label, in order, each once."""
        return tuple(dict.fromkeys(label for _, label in self.marks))

    def sentences(self) -> list[Sentence]:
        """Split into sentences, each with the notes that stand in it or right after it."""
        bounds = list(_bounds(self.text))
        found = []
        for number, (begin, end) in enumerate(bounds):
            # A mark at the very start of a sentence belongs to the one before it.
            limit = bounds[number + 1][0] if number + 1 < len(bounds) else len(self.text)
            labels = (label for at, label in self.marks if begin < at <= limit) if self.marks else ()
            text = squeeze(self.text[begin:end])
            found.append(Sentence(text, tuple(dict.fromkeys(labels)), opens=number == 0))
        return found


class MarkedBuilder:
    """Gathers the pieces of a paragraph and the footnote marks between them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._pieces: list[str] = []
        self._marks: list[tuple[int, str]] = []
        self._length = 0

    def add(self, piece: str) -> None:
        """Append text."""
        self._pieces.append(piece)
        self._length += len(piece)

    def mark(self, label: str) -> None:
        """Put the mark of the footnote *label* after the text so far."""
        self._marks.append((self._length, label))

    def extend(self, text: Marked) -> None:
        """Append a text that has marks of its own."""
        at = 0
        for offset, label in text.marks:
            self.add(text.text[at:offset])
            self.mark(label)
            at = offset
        self.add(text.text[at:])

    def build(self) -> Marked:
        """Return the text, cleaned, with its marks where they now stand; begin anew."""
        raw = "".join(self._pieces)
        text = clean(raw)
        marks = tuple((at if text == raw else len(clean(raw[:at])), label) for at, label in self._marks)
        self.__init__()  # type: ignore[misc] # the same object serves paragraph after paragraph
        return Marked(text, marks)


def _lengths(text: str) -> Iterator[str]:
    """Cut a very long text at ends of sentences, else at spaces; the pieces join to *text*."""
    start = 0
    while len(text) - start > _LONG:
        window = text[start : start + _LONG]
        ends = [m.end() for m in _CUT.finditer(window, _LONG // 2)]
        cut = ends[-1] if ends else window.rfind(" ") + 1 or _LONG
        yield window[:cut]
        start += cut
    yield text[start:]


def _bounds(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each sentence of *text* begins and ends."""
    offset = 0
    for piece in _lengths(text):
        start = 0
        for sentence in split_sentences(piece):
            start = piece.index(sentence, start)
            yield offset + start, offset + start + len(sentence)
            start += len(sentence)
        offset += len(piece)


def prose(paragraphs: Iterable[str]) -> tuple[Sentence, ...]:
    """Return the sentences of *paragraphs*, the first of each marked as opening it."""
    return tuple(sentence for paragraph in paragraphs for sentence in Marked(paragraph).sentences())
