"""Cut documents into passages: whole sentences of one section, up to a length."""

from __future__ import annotations

from assistant.domain import Document, Passage, Section, Sentence, Span

MAX_CHARS = 600
"""Length that a passage does not pass unless one sentence does: about 130 tokens of the default
model, the length that it was trained on."""


def _passage(section: Section, sentences: list[Sentence]) -> Passage:
    text, spans = "", []
    for sentence in sentences:
        if text:
            text += "\n" if sentence.opens else " "
        spans.append(Span(len(text), len(text) + len(sentence.text), sentence.notes, sentence.row))
        text += sentence.text
    return Passage(text, tuple(spans), section.heading, section.page, section.ocr)


def _pieces(sentence: Sentence, max_chars: int) -> list[Sentence]:
    """Cut a sentence that is far longer than a passage (tables, lists without stops) at spaces."""
    limit = 4 * max_chars
    if len(sentence.text) <= limit:
        return [sentence]
    found, rest, opens = [], sentence.text, sentence.opens
    while rest:
        cut = len(rest) if len(rest) <= limit else rest.rfind(" ", max_chars, limit)
        cut = limit if cut <= 0 else cut
        found.append(Sentence(rest[:cut].strip(), sentence.notes, opens=opens))
        rest, opens = rest[cut:].strip(), False
    return [s for s in found if s.text]


def chunk_document(document: Document, *, max_chars: int = MAX_CHARS) -> list[Passage]:
    """Return the passages of *document*, in order.

    A passage never crosses a section or a page; it breaks between paragraphs where it can.
    Every sentence stands in exactly one passage, and ``text[start:end]`` of its span is its
    text.

    Raises:
        ValueError: *max_chars* is under 50.
    """
    if max_chars < 50:
        message = f"max_chars must be at least 50, got {max_chars}"
        raise ValueError(message)
    passages = []
    for section in document.sections:
        current: list[Sentence] = []
        size = 0
        for whole in section.sentences:
            for sentence in _pieces(whole, max_chars):
                # A paragraph that would not fit starts a new passage once half is filled.
                full = size + 1 + len(sentence.text) > max_chars
                parted = sentence.opens and size > max_chars * 2 // 3
                if current and (full or parted):
                    passages.append(_passage(section, current))
                    current, size = [], 0
                current.append(sentence)
                size += 1 + len(sentence.text)
        if current:
            passages.append(_passage(section, current))
    return passages
