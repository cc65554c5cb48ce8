"""A document laid out for reading, each sentence addressable and tied to its primary sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from assistant.domain import Source
from assistant.store import Index, SentenceRow
from assistant.web.cards import sentence_anchor
from assistant.web.french import spaced
from assistant.web.markup import visible


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """A sentence and the numbers of the sources listed at the end."""

    text: str
    anchor: str
    notes: tuple[int, ...]
    attribute: str | None = None
    value: str | None = None


@dataclass(slots=True)
class ReadSection:
    """A heading or a page, its paragraphs, and its table rows where it has some."""

    heading: str | None
    page: int | None
    paragraphs: list[list[ReadSentence]] = field(default_factory=list)
    rows: list[ReadSentence] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """What the reading page shows."""

    sections: list[ReadSection] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


def read(index: Index, slug: str) -> Reading:
    """Return the document *slug* as it is indexed."""
    reading = Reading()
    numbers: dict[str, int] = {}
    for passage in index.passages_of(slug):
        last = reading.sections[-1] if reading.sections else None
        if last is None or (last.heading, last.page) != (passage.section, passage.page):
            last = ReadSection(passage.section, passage.page)
            reading.sections.append(last)
        end = None
        for row in index.sentence_rows(passage.row):
            sentence = index.sentence(row)
            shown = _sentence(index, slug, sentence, numbers, reading.sources)
            if shown.attribute is not None:
                last.rows.append(shown)
            elif end is None or "\n" in passage.text[end : sentence.start]:
                last.paragraphs.append([shown])
            else:
                last.paragraphs[-1].append(shown)
            end = sentence.end
    return reading


def _sentence(
    index: Index, slug: str, sentence: SentenceRow, numbers: dict[str, int], sources: list[Source]
) -> ReadSentence:
    notes = []
    for note in sentence.notes:
        source = index.source(slug, note)
        if source is None:
            continue
        if note not in numbers:
            sources.append(source)
            numbers[note] = len(sources)
        notes.append(numbers[note])
    identity = sentence.identity
    return ReadSentence(
        spaced(visible(sentence.text)),
        sentence_anchor(sentence.text),
        tuple(notes),
        visible(identity.attribute) if identity else None,
        spaced(visible(identity.value)) if identity else None,
    )


def sentences_with(index: Index, slug: str, notes: tuple[str, ...], *, limit: int) -> list[str]:
    """Return the sentences of *slug*, its identity table left out, that bear one of *notes*."""
    wanted = set(notes)
    found = (
        sentence.text
        for passage in index.passages_of(slug)
        for sentence in map(index.sentence, index.sentence_rows(passage.row))
        if sentence.identity is None and wanted & set(sentence.notes)
    )
    return list(islice(found, limit))
